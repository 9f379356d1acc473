#pragma once

#include <string>
#include <vector>

#include "checked_json.hpp"
#include "headroom/report/plan_report.hpp"

/// What a plan says of worlds and of single uncertain inputs: blocks of its report, and how they
/// are shown. Both are there only when they were asked for.
namespace headroom {

Json worlds_block(const PlanReportInput& input);
Json tornado_block(const PlanReportInput& input);
/// Schemas of both, as properties of a report.
Json worlds_schema();

/// Lines of a terminal; none when the report has neither.
std::vector<std::string> worlds_lines(const Json& report, const TextStyle& style);
std::string worlds_markdown(const Json& report);

}  // namespace headroom
