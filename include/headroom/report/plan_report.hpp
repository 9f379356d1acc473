#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "headroom/plan/capacity.hpp"
#include "headroom/plan/solve.hpp"
#include "headroom/plan/worlds.hpp"
#include "headroom/report/report.hpp"

namespace headroom {

/// Everything a report of a plan is made of.
struct PlanReportInput {
  const LoadedScenario& loaded;
  const ResolvedScenario& resolved;  ///< as declared: today's fleet
  const ResolvedScenario& planned;   ///< what result.plan is of: `resolved`, or the alternative's
  const PlanResult& result;
  const PlanOptions& options;
  /// The types of GPU that were asked for; empty without --gpu.
  std::vector<PlanAlternative> alternatives;
  ToolInfo tool;
  RunBlock run;
  double wall_s = 0;
  std::vector<std::string> override_sources;
  const WaysOut* ways = nullptr;       ///< beside the fleet; null: nothing was asked for
  WorldsOptions worlds_options{};      ///< of the next two
  const WorldsPlan* worlds = nullptr;  ///< null: not asked for
  const Tornado* tornado = nullptr;    ///< likewise
};

/// The report of `headroom plan` (docs/planning.md#report): that of a run of today's fleet, with
/// what to change, the curve, the knee and what doing nothing means.
nlohmann::ordered_json make_plan_report(const PlanReportInput& input);

/// JSON Schema (draft 2020-12) of plans, pretty-printed.
std::string plan_schema();

/// One screen, answer first. `written`: files the report went to.
std::string render_plan_text(const nlohmann::ordered_json& report, const TextStyle& style,
                             const std::vector<std::string>& written = {});
/// The curve: one row a (fleet, target).
std::string render_plan_csv(const nlohmann::ordered_json& report);
/// Answer, targets, curve and knee as Markdown tables.
std::string render_plan_markdown(const nlohmann::ordered_json& report);

}  // namespace headroom
