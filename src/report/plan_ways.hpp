#pragma once

#include <string>
#include <vector>

#include "checked_json.hpp"
#include "headroom/report/plan_report.hpp"
#include "screen_parts.hpp"

/// What a plan says beside its fleet: the other ways out, what others said is needed, what the
/// answer rests on.
namespace headroom {

/// report["ways_out"]: one row a lever.
Json ways_out_block(const PlanReportInput& input);
/// report["delivery"]: null when none was in question.
Json delivery_block(const PlanReportInput& input);
/// report["claims"]: the scenario's, and how many times the answer each is.
Json claims_block(const PlanReportInput& input);
/// report["rests_on"]: rows of report["assumptions"] that the scenario names.
Json rests_on_block(const PlanReportInput& input, const Json& assumptions);

/// Properties of the schema for these four.
std::string ways_schema();

/// The same on the screen; empty where a report has none of it.
std::vector<std::string> claim_lines(const Json& report, const TextStyle& style);
std::vector<std::string> rests_on_lines(const Json& report, const TextStyle& style);
std::vector<std::string> ways_lines(const Json& report, const Clock& clock, const TextStyle& style);
/// As Markdown tables.
std::string ways_markdown(const Json& report);

}  // namespace headroom
