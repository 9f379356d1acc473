#pragma once

#include <string>

namespace headroom::tools {

/// Appends Markdown to the file that GITHUB_STEP_SUMMARY names; nothing when it is not set. Throws
/// InputError when the file cannot be written.
void append_step_summary(const std::string& markdown);

}  // namespace headroom::tools
