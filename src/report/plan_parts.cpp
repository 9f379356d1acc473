#include "plan_parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "headroom/report/format.hpp"

namespace headroom {
namespace {

const MetricEntry& metric_of(const TargetSpec& target) {
  return metrics()[static_cast<std::size_t>(target.metric)];
}

double most_of(const TargetSpec& target) { return metric_of(target).unit == "share" ? 1 : 1e300; }

const MeasureSpec& spec_of(const PlanReportInput& input) { return input.result.today.spec; }

/// What a fleet is in the plan. Today's is not among those of another type of GPU.
std::string role_of(const PlanReportInput& input, const FleetSize& fleet) {
  const FleetPlan& plan = input.result.plan;
  if (plan.status == PlanStatus::kFound && fleet == plan.needed) return "answer";
  for (const CurvePoint& below : plan.below) {
    if (below.fleet == fleet) return "below";
  }
  const bool as_today = std::all_of(plan.free.begin(), plan.free.end(), [&](std::size_t p) {
    return input.planned.pools[p].gpu == input.resolved.pools[p].gpu;
  });
  if (fleet == plan.today && as_today) return "today";
  if (plan.node_loss && fleet == *plan.node_loss) return "node_loss";
  return "tried";
}

Json pool_gpus(const ResolvedScenario& scenario, const FleetSize& fleet) {
  Json gpus = Json::object();
  for (std::size_t p = 0; p < fleet.size(); ++p) {
    gpus[scenario.pools[p].config.name] = fleet[p] * scenario.pools[p].config.gpus_per_replica;
  }
  return gpus;
}

}  // namespace

std::int64_t current_of_free(const PlanReportInput& input) {
  std::int64_t sum = 0;
  for (const std::size_t p : input.result.plan.free) sum += input.resolved.pools[p].gpus();
  return sum;
}

std::string gpus_text(std::int64_t gpus) { return format_count(static_cast<double>(gpus)); }

Json binding_block(const std::vector<TargetSpec>& targets, const Judgement& judgement) {
  if (!judgement.binding) return nullptr;
  const TargetSpec& target = targets[*judgement.binding];
  const TargetVerdict& verdict = judgement.verdicts[*judgement.binding];
  return {{"id", target.id},
          {"unit", std::string(metric_of(target).unit)},
          {"limit", number(target.limit)},
          {"value", number_or_null(verdict.value.value)},
          {"ci", interval(verdict.value.low, verdict.value.high, most_of(target))},
          {"bound", number_or_null(verdict.bound)}};
}

Json judged_targets(const std::vector<TargetSpec>& targets, const Judgement& judgement) {
  Json list = Json::array();
  for (std::size_t t = 0; t < judgement.verdicts.size(); ++t) {
    const TargetVerdict& verdict = judgement.verdicts[t];
    const TargetSpec& target = targets[t];
    Json row = {{"id", target.id},
                {"value", number_or_null(verdict.value.value)},
                {"ci", interval(verdict.value.low, verdict.value.high, most_of(target))},
                {"bound", number_or_null(verdict.bound)},
                {"pass", verdict.pass},
                {"excluded", verdict.excluded}};
    if (!verdict.reason.empty()) row["reason"] = verdict.reason;
    list.push_back(std::move(row));
  }
  return list;
}

Json curve_row(const PlanReportInput& input, const CurvePoint& point) {
  const Judgement& judgement = point.judgement;
  return {{"gpus", point.gpus},
          {"fleet", pool_gpus(input.planned, point.fleet)},
          {"role", role_of(input, point.fleet)},
          {"period", judgement.period},
          {"replications", judgement.replications},
          {"in_busiest_hours", judgement.in_busiest_hours},
          {"confidence", number(judgement.confidence)},
          {"rule", judgement.replications < 3 ? "point estimate" : "CI bound"},
          {"pass", judgement.holds},
          {"excluded", judgement.excluded},
          {"binding", binding_block(spec_of(input).targets, judgement)},
          {"targets", judged_targets(spec_of(input).targets, judgement)}};
}

Json knee_block(const PlanReportInput& input) {
  Json points = Json::array();
  for (const KneePoint& point : input.result.knee) {
    points.push_back({{"multiplier", number(point.multiplier)},
                      {"offered_load_per_gpu", number(point.peak_load_per_gpu)},
                      {"period", point.judgement.period},
                      {"replications", point.judgement.replications},
                      {"in_busiest_hours", point.judgement.in_busiest_hours},
                      {"rule", point.judgement.replications < 3 ? "point estimate" : "CI bound"},
                      {"pass", point.judgement.holds},
                      {"binding", binding_block(spec_of(input).targets, point.judgement)},
                      {"targets", judged_targets(spec_of(input).targets, point.judgement)}});
  }
  const KneeBracket bracket = knee_bracket(input.result.knee);
  const auto or_null = [](const std::optional<double>& m) {
    return m ? number(*m) : Json(nullptr);
  };
  return {{"holds", or_null(bracket.holds)},
          {"fails", or_null(bracket.fails)},
          {"points", std::move(points)}};
}

Json do_nothing_block(const PlanReportInput& input, const Json& report) {
  const PeriodResult& period = input.result.today.main_period();
  Json block = {{"replications", period.statistics.replications},
                {"verdict", report["answer"]["verdict"]},
                {"first_breach_s", nullptr},
                {"first_breach_utc", nullptr},
                {"first_breach_target", nullptr},
                {"worst", nullptr},
                {"worst_s", nullptr},
                {"worst_target", nullptr},
                {"worst_at_s", nullptr},
                {"time_above_s", nullptr}};
  double worst = -1;
  for (const Json& target : report["targets"]) {
    if (target["pass"].get<bool>() || !target.contains("first_breach_s")) continue;
    const Json& at = target["first_breach_s"];
    const Json& first = block["first_breach_s"];
    if (at.is_number() && (first.is_null() || at.get<double>() < first.get<double>())) {
      block["first_breach_s"] = at;
      block["first_breach_utc"] = target["first_breach_utc"];
      block["first_breach_target"] = target["id"];
    }
    if (target["unit"] != "s") continue;
    const bool lost = target["worst"].is_null();
    const double value = lost ? INFINITY : target["worst"].get<double>();
    if (value <= worst) continue;
    worst = value;
    block["worst"] = lost ? "lost" : "value";
    block["worst_s"] = target["worst"];
    block["worst_target"] = target["id"];
    block["worst_at_s"] = target["worst_at_s"];
    block["time_above_s"] = target["time_above_s"];
  }
  const Json& backlog = report["backlog"]["all"];
  block["backlog_peak"] = backlog["peak"];
  block["backlog_peak_at_s"] = backlog["peak_at_s"];
  Json drained = Json::object();
  for (const auto& [window, drain] : backlog["drain_s"].items()) drained[window] = drain["value"];
  block["drain_s"] = std::move(drained);
  const Json& requests = report["requests"]["all"];
  double lost = 0;
  Json by_state = Json::object();
  for (const char* state : {"rejected", "abandoned", "failed", "unfinished"}) {
    by_state[state] = requests[state];
    if (requests[state].is_number()) lost += requests[state].get<double>();
  }
  block["lost"] = number(lost);
  block["lost_by_state"] = std::move(by_state);
  const double arrived = requests["arrived"].is_number() ? requests["arrived"].get<double>() : 0;
  block["lost_share"] = arrived > 0 ? number(lost / arrived) : Json(nullptr);
  return block;
}

Json alternatives_block(const PlanReportInput& input) {
  Json list = Json::array();
  const auto chosen = cheapest(input.alternatives, input.options.minimize);
  for (std::size_t i = 0; i < input.alternatives.size(); ++i) {
    const PlanAlternative& alternative = input.alternatives[i];
    const FleetPlan& plan = alternative.plan;
    const bool found = alternative.scenario && plan.status == PlanStatus::kFound;
    Json row = {{"gpu", alternative.gpu},        {"chosen", chosen && *chosen == i},
                {"needed_gpus", nullptr},        {"needed_ci", nullptr},
                {"usd_per_h", nullptr},          {"power_w", nullptr},
                {"problem", alternative.problem}};
    if (found) {
      const auto cost = [&](const FleetSize& fleet, Minimize minimize) {
        return plan_cost(*alternative.scenario, fleet, plan.free, minimize);
      };
      row["needed_gpus"] = number(cost(plan.needed, Minimize::kGpus));
      row["needed_ci"] = Json::array(
          {number(cost(plan.from, Minimize::kGpus)), number(cost(plan.needed, Minimize::kGpus))});
      const double usd = cost(plan.needed, Minimize::kCost);
      const double power = cost(plan.needed, Minimize::kPower);
      if (std::isfinite(usd)) row["usd_per_h"] = number(usd);
      if (std::isfinite(power)) row["power_w"] = number(power);
    } else if (alternative.problem.empty()) {
      row["problem"] = plan.status == PlanStatus::kInfeasible
                           ? "a target is below the latency of an empty system"
                           : "no fleet within the bounds holds every target";
    }
    list.push_back(std::move(row));
  }
  return list;
}

Json levers_block(const PlanReportInput& input) {
  Json levers = Json::array();
  const KneeBracket bracket = knee_bracket(input.result.knee);
  if (bracket.holds) {
    levers.push_back({{"lever", "demand"},
                      {"multiplier", number(*bracket.holds)},
                      {"text", fmt::format("today's fleet holds {} x the demand (point estimate)",
                                           format_number(*bracket.holds))}});
  }
  return levers;
}

void add_plan_warnings(const PlanReportInput& input, Json& warnings) {
  const FleetPlan& plan = input.result.plan;
  const auto warn = [&](const char* code, std::string message) {
    warnings.push_back({{"code", code}, {"path", ""}, {"message", std::move(message)}});
  };
  if (!plan.monotone) {
    warn("W401",
         "the curve is not monotone: a larger fleet than one that holds misses a target; "
         "see the curve");
  }
  if (plan.status == PlanStatus::kFound && plan.look.replications < 3) {
    warn("W402", "fewer than 3 replications: the answer is a point estimate");
  }
  if (plan.status == PlanStatus::kFound && plan.pools.size() > 1) {
    for (const PoolAnswer& answer : plan.pools) {
      if (!answer.separated) {
        warn("W403",
             fmt::format("pool {}: one step fewer is not excluded at {} replications",
                         input.planned.pools[answer.pool].config.name, plan.look.replications));
      }
    }
  }
}

}  // namespace headroom
