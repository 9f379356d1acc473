#pragma once

#include "checked_json.hpp"
#include "headroom/report/plan_report.hpp"
#include "report_parts.hpp"

/// Parts of make_plan_report, one a block of the report.
namespace headroom {

/// What a judgement says of each target.
Json judged_targets(const PlanReportInput& input, const Judgement& judgement);
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
