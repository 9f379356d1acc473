#include "headroom/report/plan_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "headroom/json/document.hpp"
#include "headroom/report/format.hpp"
#include "plan_parts.hpp"
#include "plan_ways.hpp"
#include "worlds_report.hpp"

namespace headroom {
namespace {

std::string status_word(PlanStatus status) {
  switch (status) {
    case PlanStatus::kFound:
      return "found";
    case PlanStatus::kOutOfBounds:
      return "out_of_bounds";
    case PlanStatus::kInfeasible:
      return "infeasible";
    case PlanStatus::kStopped:
      break;
  }
  return "stopped";
}

/// One type of GPU instead of another, in which case nothing of today's pool remains.
bool replaces(const PlanReportInput& input, std::size_t pool) {
  return input.planned.pools[pool].gpu != input.resolved.pools[pool].gpu;
}

std::int64_t current_gpus(const PlanReportInput& input, std::size_t pool) {
  return input.resolved.pools[pool].gpus();
}

Json fleet_block(const PlanReportInput& input) {
  Json list = Json::array();
  for (const PoolAnswer& answer : input.result.plan.pools) {
    const std::int64_t current = current_gpus(input, answer.pool);
    const bool other = replaces(input, answer.pool);
    const std::int64_t add = answer.needed_gpus - (other ? 0 : current);
    const std::int64_t remove = current - (other ? 0 : answer.needed_gpus);
    list.push_back(
        {{"pool", input.planned.pools[answer.pool].config.name},
         {"gpu", input.planned.pools[answer.pool].gpu},
         {"current_gpu", input.resolved.pools[answer.pool].gpu},
         {"current", current},
         {"needed", answer.needed_gpus},
         {"needed_ci", Json::array({answer.from_gpus, answer.needed_gpus})},
         {"separated", answer.separated},
         {"add", std::max<std::int64_t>(0, add)},
         {"remove", std::max<std::int64_t>(0, remove)},
         {"step_gpus", answer.step.gpus},
         {"node_gpus", answer.step.node_gpus == 0 ? Json(nullptr) : Json(answer.step.node_gpus)},
         {"node_loss", answer.node_loss_gpus == 0 ? Json(nullptr) : Json(answer.node_loss_gpus)}});
  }
  return list;
}

/// GPUs of the free pools, by a number of each answer.
template <class Of>
std::int64_t sum_of(const FleetPlan& plan, Of of) {
  std::int64_t sum = 0;
  for (const PoolAnswer& answer : plan.pools) sum += of(answer);
  return sum;
}

std::int64_t free_gpus(const PlanReportInput& input, const FleetSize& fleet) {
  return gpus_of(input.planned, fleet, input.result.plan.free);
}

std::string signed_text(std::int64_t gpus) { return (gpus > 0 ? "+" : "") + gpus_text(gpus); }

std::string floor_text(const PlanReportInput& input) {
  const std::vector<std::size_t>& nobody = input.result.plan.nobody;
  if (!nobody.empty()) {
    return fmt::format(
        "no fleet holds {}: no request can count for it, and a target without any "
        "is missed",
        input.result.today.spec.targets[nobody.front()].id);
  }
  const FloorMiss& miss = input.result.plan.floor.front();
  const TargetSpec& target = input.result.today.spec.targets[miss.target];
  const std::string unit(metrics()[static_cast<std::size_t>(target.metric)].unit);
  return fmt::format("no fleet holds {}: with nothing else in the system it is {}, the limit is {}",
                     target.id, format_value(miss.value, unit), format_value(target.limit, unit));
}

/// Targets that a judgement fails, by name.
std::string missed(const PlanReportInput& input, const Judgement& judgement) {
  std::string names;
  std::size_t count = 0;
  for (std::size_t t = 0; t < judgement.verdicts.size(); ++t) {
    if (judgement.verdicts[t].pass) continue;
    if (++count <= 2) {
      names += (names.empty() ? "" : ", ") + input.result.today.spec.targets[t].id;
    }
  }
  if (count > 2) names += fmt::format(" and {} more", count - 2);
  return names;
}

/// "3 more in a, 5 to spare in b" where some pools grow and others shrink; else empty.
std::string moves_text(const PlanReportInput& input) {
  std::string more, less;
  for (const PoolAnswer& answer : input.result.plan.pools) {
    const std::int64_t change = answer.needed_gpus - current_gpus(input, answer.pool);
    if (change == 0) continue;
    std::string& side = change > 0 ? more : less;
    side +=
        fmt::format("{}{} {} in {}", side.empty() ? "" : ", ", gpus_text(std::abs(change)),
                    change > 0 ? "more" : "to spare", input.planned.pools[answer.pool].config.name);
  }
  return more.empty() || less.empty() ? "" : more + ", " + less;
}

std::string found_headline(const PlanReportInput& input) {
  const FleetPlan& plan = input.result.plan;
  const std::int64_t now = current_of_free(input);
  const std::int64_t needed = sum_of(plan, [](const auto& a) { return a.needed_gpus; });
  const std::int64_t from = sum_of(plan, [](const auto& a) { return a.from_gpus; });
  const std::size_t targets = input.result.today.spec.targets.size();
  const std::string hold =
      targets == 1 ? "hold the target" : fmt::format("hold all {} targets", targets);
  const bool other_type = std::any_of(plan.free.begin(), plan.free.end(),
                                      [&](std::size_t p) { return replaces(input, p); });
  if (other_type) {
    std::string text =
        fmt::format("{} x {} in place of {} GPUs {}", gpus_text(needed),
                    input.planned.pools[plan.free.front()].gpu, gpus_text(now), hold);
    if (from < needed) text += fmt::format(" ({} not excluded)", gpus_text(from));
    return text;
  }
  std::string interval;
  if (plan.separated && from == needed) interval = ", one step less does not";
  if (from < needed) {
    interval =
        fmt::format(", interval {} to {}", signed_text(from - now), signed_text(needed - now));
  }
  const std::string moves = moves_text(input);
  if (!moves.empty()) {
    return fmt::format("{}: {} GPUs instead of {} {}{}", moves, gpus_text(needed), gpus_text(now),
                       hold, interval.empty() ? "" : " (" + interval.substr(2) + ")");
  }
  if (needed == now) {
    return fmt::format("today's {} GPUs {}{}", gpus_text(now), hold,
                       interval.empty() ? "" : " (" + interval.substr(2) + ")");
  }
  if (needed < now) {
    return fmt::format("{} GPUs to spare: {} instead of {} {}{}", gpus_text(now - needed),
                       gpus_text(needed), gpus_text(now), hold,
                       interval.empty() ? "" : " (" + interval.substr(2) + ")");
  }
  return fmt::format("{} more GPUs: {} instead of {} {}{}", gpus_text(needed - now),
                     gpus_text(needed), gpus_text(now), hold,
                     interval.empty() ? "" : " (" + interval.substr(2) + ")");
}

/// The fleet tried last holds when the free pools, each sized by its own targets, are together too
/// many. Else it misses, be it targets that no free pool can help.
std::string out_of_bounds_headline(const PlanReportInput& input) {
  const FleetPlan& plan = input.result.plan;
  const Judgement& judgement = plan.answer->judgement;
  const std::string most =
      fmt::format("no fleet of up to {} GPUs holds every target: ", gpus_text(plan.max_gpus));
  const std::int64_t gpus = free_gpus(input, plan.answer->fleet);
  if (judgement.holds && plan.pools.empty()) {
    return most + "the smallest that can be built is larger";  // nothing was sized: today's holds
  }
  if (judgement.holds) return fmt::format("{}{} are needed", most, gpus_text(gpus));
  return fmt::format("{}{} GPUs still miss {}", most, gpus_text(gpus), missed(input, judgement));
}

std::string plan_headline(const PlanReportInput& input) {
  const FleetPlan& plan = input.result.plan;
  switch (plan.status) {
    case PlanStatus::kFound:
      return found_headline(input);
    case PlanStatus::kInfeasible:
      return floor_text(input);
    case PlanStatus::kOutOfBounds:
      if (!plan.answer) return "none of the GPU types asked for can serve the model";
      return out_of_bounds_headline(input);
    case PlanStatus::kStopped:
      break;
  }
  return "stopped before there was an answer";
}

Json cost_block(const PlanReportInput& input) {
  const FleetPlan& plan = input.result.plan;
  double now = 0, now_high = 0, needed = 0, needed_high = 0, power = 0, power_now = 0;
  bool priced = true;
  Json prices = Json::array();
  const auto add_price = [&](const ResolvedScenario& scenario, std::size_t p) {
    const GpuCost one = gpu_cost(scenario, p, 1);
    const std::string gpu = scenario.pools[p].gpu;
    priced = priced && !one.lowest.source.empty();
    const bool known = std::any_of(prices.begin(), prices.end(),
                                   [&](const Json& row) { return row["gpu"] == gpu; });
    if (known || one.lowest.source.empty()) return;
    const auto row = [&](const Price& price) {
      return Json{{"gpu", gpu},
                  {"usd_per_gpu_h", number(price.usd_per_gpu_h)},
                  {"market", price.market},
                  {"date", price.date},
                  {"source", price.source}};
    };
    prices.push_back(row(one.lowest));
    if (one.highest.usd_per_gpu_h > one.lowest.usd_per_gpu_h) prices.push_back(row(one.highest));
  };
  for (const PoolAnswer& answer : plan.pools) {
    const std::size_t p = answer.pool;
    const GpuCost today = gpu_cost(input.resolved, p, static_cast<double>(current_gpus(input, p)));
    const GpuCost then = gpu_cost(input.planned, p, static_cast<double>(answer.needed_gpus));
    add_price(input.resolved, p);
    add_price(input.planned, p);
    now += today.usd_per_h;
    now_high += today.usd_per_h_high;
    needed += then.usd_per_h;
    needed_high += then.usd_per_h_high;
    power += then.power_w;
    power_now += today.power_w;
  }
  const double hours = seconds(input.resolved.scenario.time.duration) / 3600;
  const auto gpus = static_cast<double>(sum_of(plan, [](const auto& a) { return a.needed_gpus; }));
  const auto have = static_cast<double>(current_of_free(input));
  const auto dollars = [&](double value) { return priced ? number(value) : Json(nullptr); };
  return {{"prices", std::move(prices)},
          {"current_usd_per_h", dollars(now)},
          {"needed_usd_per_h", dollars(needed)},
          {"extra_usd_per_h", dollars(needed - now)},
          {"current_usd_per_h_high", dollars(now_high)},
          {"needed_usd_per_h_high", dollars(needed_high)},
          {"extra_usd_per_h_high", dollars(needed_high - now_high)},
          {"gpu_hours", number(gpus * hours)},
          {"extra_gpu_hours", number((gpus - have) * hours)},
          {"needed_power_w", number(power)},
          {"extra_power_w", number(power - power_now)}};
}

Json plan_answer_block(const PlanReportInput& input, Json base) {
  const FleetPlan& plan = input.result.plan;
  const std::size_t targets = input.result.today.spec.targets.size();
  base["today"] = base["headline"];
  base["headline"] = plan_headline(input);
  base["status"] = status_word(plan.status);
  base["complete"] = plan.status != PlanStatus::kStopped;
  base["targets_declared"] = targets;
  base["max_gpus"] = plan.max_gpus;
  const bool found = plan.status == PlanStatus::kFound;
  const std::int64_t now = current_of_free(input);
  base["free_gpus"] = now;
  base["needed_gpus"] = nullptr;
  base["extra_gpus"] = nullptr;
  base["extra_ci"] = nullptr;
  base["node_loss_gpus"] = nullptr;
  if (found) {
    const std::int64_t needed = sum_of(plan, [](const auto& a) { return a.needed_gpus; });
    const std::int64_t from = sum_of(plan, [](const auto& a) { return a.from_gpus; });
    base["needed_gpus"] = needed;
    base["extra_gpus"] = needed - now;
    base["extra_ci"] = Json::array({from - now, needed - now});
    if (plan.node_loss) {
      base["node_loss_gpus"] = sum_of(plan, [](const auto& a) { return a.node_loss_gpus; });
    }
  }
  base["separated"] = found && plan.separated;
  base["monotone"] = plan.monotone;
  base["fleet"] = fleet_block(input);
  base["fluid_fleet"] = Json::array();
  for (const PoolLoad& load : input.result.today.main_period().load) {
    base["fluid_fleet"].push_back({{"pool", load.pool}, {"fluid_gpus", number(load.gpus_needed)}});
  }
  base["judged_gpus"] = plan.answer ? Json(free_gpus(input, plan.answer->fleet)) : Json(nullptr);
  base["judged_period"] = plan.answer ? Json(plan.answer->judgement.period) : Json(nullptr);
  base["targets"] = plan.answer
                        ? judged_targets(input.result.today.spec.targets, plan.answer->judgement)
                        : Json::array();
  base["below"] = Json::array();
  for (const CurvePoint& point : plan.below) base["below"].push_back(curve_row(input, point));
  base["after_node_loss"] = plan.after_loss ? curve_row(input, *plan.after_loss) : Json(nullptr);
  base["floor"] = Json::array();
  for (const FloorMiss& miss : plan.floor) {
    const TargetSpec& target = input.result.today.spec.targets[miss.target];
    base["floor"].push_back({{"id", target.id},
                             {"value", number(miss.value)},
                             {"bound", number_or_null(miss.bound)},
                             {"limit", number(target.limit)}});
  }
  for (const std::size_t t : plan.nobody) {
    const TargetSpec& target = input.result.today.spec.targets[t];
    base["floor"].push_back({{"id", target.id},
                             {"value", nullptr},
                             {"bound", nullptr},
                             {"limit", number(target.limit)}});
  }
  base["cost"] = found ? cost_block(input) : Json(nullptr);
  return base;
}

/// What is not simulated of every replication, if anything.
Json busiest_hours_block(const PlanReportInput& input) {
  if (input.options.whole_replications == Effort::kAll) return nullptr;
  const auto hours = busiest_hours(input.planned);
  if (!hours) return nullptr;
  return {{"from_s", number(seconds(hours->decide.from))},
          {"to_s", number(seconds(hours->decide.to))},
          {"simulated_from_s", number(seconds(hours->simulate.from))},
          {"simulated_to_s", number(seconds(hours->simulate.to))},
          {"whole_replications", input.options.whole_replications}};
}

Json plan_method_block(const PlanReportInput& input) {
  const PlanOptions& options = input.options;
  Json looks = Json::array();
  for (const Look& look : options.looks) {
    looks.push_back({{"replications", look.replications}, {"confidence", number(look.confidence)}});
  }
  Json free = Json::array();
  for (const std::size_t p : input.result.plan.free) {
    free.push_back(input.resolved.pools[p].config.name);
  }
  const char* minimize = options.minimize == Minimize::kGpus   ? "gpus"
                         : options.minimize == Minimize::kCost ? "cost"
                                                               : "power";
  return {{"free", std::move(free)},
          {"minimize", minimize},
          {"looks", std::move(looks)},
          {"verdict_replications", input.result.plan.look.replications},
          {"verdict_confidence_all", number(input.result.plan.look.confidence)},
          {"probe_replications", options.probe_replications},
          {"busiest_hours", busiest_hours_block(input)},
          {"rule",
           "smallest fleet whose one-sided bounds all hold (Bonferroni over the targets), "
           "common random numbers between fleets"},
          {"node_loss",
           "smallest fleet that still holds with one node less, replicas spread "
           "evenly over the cells again"}};
}

}  // namespace

nlohmann::ordered_json make_plan_report(const PlanReportInput& input) {
  const PlanResult& result = input.result;
  Json report = make_report(
      {input.loaded, input.resolved, result.today, input.tool, input.run, input.override_sources});
  report["$schema"] = "plan-1.schema.json";
  report["kind"] = "plan";
  report["complete"] =
      result.plan.status != PlanStatus::kStopped && !(input.ways != nullptr && input.ways->stopped);
  report["method"]["plan"] = plan_method_block(input);
  report["answer"] = plan_answer_block(input, report["answer"]);
  Json curve = Json::array();
  for (const CurvePoint& point : result.plan.curve) curve.push_back(curve_row(input, point));
  report["curve"] = std::move(curve);
  report["knee"] = knee_block(input);
  report["do_nothing"] = do_nothing_block(input, report);
  report["alternatives"] = alternatives_block(input);
  if (input.worlds != nullptr) report["worlds"] = worlds_block(input);
  if (input.tornado != nullptr) report["tornado"] = tornado_block(input);
  report["why"]["levers"] = levers_block(input);
  add_plan_warnings(input, report["warnings"]);
  report["ways_out"] = ways_out_block(input);
  report["delivery"] = delivery_block(input);
  report["claims"] = claims_block(input);
  report["rests_on"] = rests_on_block(input, report["assumptions"]);
  report["search"] = {{"fleets", result.counts.fleets},
                      {"candidates", result.counts.candidates},
                      {"runs", number(result.counts.runs)},
                      {"requests", number(result.counts.requests)},
                      {"events", number(result.counts.events)}};
  const Json run = {{"started", input.run.started},
                    {"wall_s", number(input.wall_s)},
                    {"events", number(result.counts.events)},
                    {"requests", number(result.counts.requests)},
                    {"threads", result.threads},
                    {"host", input.run.host}};
  report.erase("run");
  report["run"] = run;
  return report;
}

}  // namespace headroom
