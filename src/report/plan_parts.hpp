#pragma once

#include "checked_json.hpp"
#include "headroom/report/plan_report.hpp"
#include "report_parts.hpp"

/// Parts of make_plan_report, one a block of the report.
namespace headroom {

/// Today's GPUs of the pools that may change.
std::int64_t current_of_free(const PlanReportInput& input);
/// "36,656".
std::string gpus_text(std::int64_t gpus);
/// What a judgement says of each of the targets that it is about.
Json judged_targets(const std::vector<TargetSpec>& targets, const Judgement& judgement);
/// Whose verdict decides: the target furthest beyond its limit, or nearest to it.
Json binding_block(const std::vector<TargetSpec>& targets, const Judgement& judgement);
/// One fleet that was tried.
Json curve_row(const PlanReportInput& input, const CurvePoint& point);
Json knee_block(const PlanReportInput& input);
/// What today's fleet does under the demand; `report` holds the blocks of its run.
Json do_nothing_block(const PlanReportInput& input, const Json& report);
Json alternatives_block(const PlanReportInput& input);
/// What else than GPUs would help, as far as it was worked out.
Json levers_block(const PlanReportInput& input);
void add_plan_warnings(const PlanReportInput& input, Json& warnings);

}  // namespace headroom
