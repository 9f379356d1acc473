#pragma once

#include <span>
#include <vector>

#include "headroom/core/error.hpp"

namespace headroom::tools {

/// The same issues with what helps at a command line: a file name near one that is not there, what
/// a file that is no JSON looks like, where names are listed. A report in the place of a scenario
/// is one issue, not one for each field that differs.
std::vector<Issue> with_advice(std::span<const Issue> issues);

/// The one issue of a scenario that stands in the place of a report.
Issue scenario_for_report(const std::string& file);

}  // namespace headroom::tools
