#pragma once

#include <string>

#include "headroom/core/error.hpp"

namespace headroom::tools {

/// A workflow command of GitHub Actions that annotates the issue's line.
/// level: "error", "warning" or "notice".
std::string github_annotation(const Issue& issue, const char* level);

/// Appends Markdown to the file that GITHUB_STEP_SUMMARY names; nothing when it is not set. Throws
/// InputError when the file cannot be written.
void append_step_summary(const std::string& markdown);

}  // namespace headroom::tools
