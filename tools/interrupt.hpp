#pragma once

#include <atomic>

namespace headroom::tools {

/// Turns the first SIGINT or SIGTERM into a wish to stop soon; a second one ends the process.
void catch_interrupts();
/// Set once such a signal came.
const std::atomic<bool>& interrupted();
/// 130 after SIGINT, 143 after SIGTERM, 0 without.
int interrupt_exit_code();

}  // namespace headroom::tools
