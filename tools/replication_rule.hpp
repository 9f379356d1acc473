#pragma once

#include <vector>

#include "headroom/plan/looks.hpp"
#include "headroom/report/report.hpp"
#include "options.hpp"

namespace headroom::tools {

/// Throws UsageError for --precision without -n auto.
void check_replication_rule(const RunOptions& options);
/// What --precision asks for; 5 % without it.
Precision precision_of(const RunOptions& options);
/// The looks of -n auto.
std::vector<Look> auto_looks(double confidence);

/// Time and machine of a run that begins now.
RunBlock run_block();

}  // namespace headroom::tools
