#include "headroom/plan/solve.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "headroom/core/check.hpp"
#include "lever_search.hpp"

namespace headroom {
namespace {

constexpr std::size_t kCoarseReplications = 3;
/// Largest rate limit that is tried, times the class's largest rate.
constexpr double kMildestLimit = 1.5;

/// Today's GPUs for each that the demand needs: by the plan, else by the fluid estimate.
double share_held(const ResolvedScenario& today, const FleetPlan& plain) {
  if (plain.status == PlanStatus::kFound) {
    return static_cast<double>(gpus_of(today, plain.today, plain.free)) /
           static_cast<double>(gpus_of(today, plain.needed, plain.free));
  }
  double fullest = 0;
  for (const PeriodResult& period : start_run(today).periods) {
    for (const PoolLoad& load : period.load) fullest = std::max(fullest, load.peak_per_gpu);
  }
  return fullest > 0 ? 1 / fullest : 1;
}

/// Sets what every search along an axis says. The larger a setting's value the milder it is.
void take(LeverAnswer& answer, const LeverAxis& axis, AxisResult&& found) {
  answer.targets = std::move(found.targets);
  answer.look = found.look;
  const std::int64_t x = found.answer.x;
  answer.status = found.answer.found ? LeverStatus::kFound : LeverStatus::kNone;
  answer.answer = found.tried.at(x);
  if (found.answer.found) {
    answer.value = axis.value(x);
    answer.open = axis.value(found.answer.from);
    answer.separated = found.answer.separated && x > 1;
    answer.at_bound = x == 1;
    if (x > 1) answer.beyond = found.tried.at(x - 1);
  }
  for (auto& [number, point] : found.tried) answer.curve.push_back(std::move(point));
  std::reverse(answer.curve.begin(), answer.curve.end());
}

/// GPUs that a lever with which today's fleet holds spares.
void add_worth(LeverAnswer& answer, const ResolvedScenario& today, const FleetPlan& plain) {
  if (answer.status != LeverStatus::kFound && answer.status != LeverStatus::kNeedless) return;
  answer.gpus = gpus_of(today, plain.today, plain.free);
  if (plain.status != PlanStatus::kFound) return;
  const std::int64_t needed = gpus_of(today, plain.needed, plain.free);
  answer.saved = std::max<std::int64_t>(0, needed - *answer.gpus);
}

/// The fleet that holds under a variant, and what it spares.
void add_fleet(LeverAnswer& answer, const ResolvedScenario& scenario, std::string family,
               const FleetPlan& plain, PlanOptions options, Evaluator& evaluator) {
  options.family = std::move(family);
  options.about_today = false;
  options.node_loss = false;
  answer.fleet = plan_fleet(scenario, options, evaluator);
  const FleetPlan& fleet = *answer.fleet;
  if (fleet.status != PlanStatus::kFound) return;
  answer.gpus = gpus_of(scenario, fleet.needed, fleet.free);
  if (plain.status != PlanStatus::kFound) return;
  std::int64_t needed = 0;
  for (const PoolAnswer& pool : plain.pools) needed += pool.needed_gpus;
  answer.saved = needed - *answer.gpus;
}

bool holds_today(const ResolvedScenario& today, const FleetPlan& plain) {
  return plain.status == PlanStatus::kFound &&
         gpus_of(today, plain.needed, plain.free) <= gpus_of(today, plain.today, plain.free);
}

/// Largest rate of a class, of all busy periods.
double peak_rate(const ResolvedScenario& scenario, std::size_t request_class) {
  double largest = 0;
  for (const ResolvedPeriod& period : scenario.periods) {
    largest = std::max(largest, period.rate_multiplier);
  }
  const ClassId id{static_cast<std::uint32_t>(request_class)};
  return scenario.demand().rate(id).max() * largest;
}

/// Settings 1 to count of a value that falls by `step`.
void set_values(LeverAxis& axis, double top, double step, double guess) {
  axis.count = std::max<std::int64_t>(1, std::llround(std::ceil(top / step - 1e-9)));
  const std::int64_t count = axis.count;
  axis.value = [count, step](std::int64_t x) {
    return std::stod(fmt::format("{:.6g}", step * static_cast<double>(count + 1 - x)));
  };
  axis.guess = count + 1 - std::llround(guess / step);
  axis.stride = std::max<std::int64_t>(1, std::llround(0.05 * guess / step));
}

LeverAxis rate_limit_axis(const ResolvedScenario& judged, const PlanLever& lever, std::size_t c,
                          double share) {
  LeverAxis axis;
  const double peak = peak_rate(judged, c);
  HEADROOM_CHECK(peak > 0, "a class that is capped has demand");
  // A bucket at the class's own rate refuses what comes in bursts, so larger ones are tried too.
  set_values(axis, kMildestLimit * peak, nice_step(peak), peak * std::min(1.0, share));
  axis.candidate = [&judged, &lever, c, value = axis.value](std::int64_t x) {
    const RateLimitConfig limit{value(x), lever.burst};
    return Candidate{fmt::format("{} at {}/s", lever.name, limit.rate_per_s),
                     with_rate_limit(judged, c, limit)};
  };
  return axis;
}

LeverAxis quota_axis(const ResolvedScenario& judged, const PlanLever& lever, std::size_t c) {
  LeverAxis axis;
  axis.count = lever.quota.per_day;
  axis.guess = (axis.count + 1) / 2;
  const auto per_day = [count = axis.count](std::int64_t x) { return count + 1 - x; };
  axis.value = [per_day](std::int64_t x) { return static_cast<double>(per_day(x)); };
  axis.candidate = [&judged, &lever, c, per_day](std::int64_t x) {
    return Candidate{fmt::format("{} of {} a day", lever.name, per_day(x)),
                     with_quota_of(judged, c, per_day(x))};
  };
  return axis;
}

}  // namespace

PlanOptions coarse_options(const PlanOptions& options) {
  PlanOptions coarse = options;
  const Look& first = options.looks.front();
  coarse.looks = fixed_look(std::min(first.replications, kCoarseReplications), first.confidence);
  coarse.probe_replications = 1;
  if (coarse.whole_replications != Effort::kAll) coarse.whole_replications = 0;
  coarse.precision.reset();
  coarse.interval = false;
  return coarse;
}

LeverAnswer solve_demand(const ResolvedScenario& today, const FleetPlan& plain,
                         const PlanOptions& options, Evaluator& evaluator) {
  LeverAnswer answer;
  const double guess = share_held(today, plain);
  LeverAxis axis;
  set_values(axis, 2 * std::max(guess, 1.0), nice_step(guess), guess);
  axis.candidate = [&today, &axis](std::int64_t x) {
    const double multiplier = axis.value(x);
    if (multiplier == 1) return Candidate{"", today};
    return Candidate{fmt::format("demand x {}", multiplier), with_demand(today, multiplier)};
  };
  const std::int64_t as_it_is = axis.count + 1 - std::llround(1 / nice_step(guess));
  if (as_it_is >= 1 && as_it_is <= axis.count && axis.value(as_it_is) == 1) {
    axis.known = {as_it_is};
  }
  take(answer, axis, search_axis(axis, today.classes.size(), options, evaluator));
  add_worth(answer, today, plain);
  return answer;
}

LeverAnswer solve_cap(const ResolvedScenario& today, const PlanLever& lever, const FleetPlan& plain,
                      const PlanOptions& options, Evaluator& evaluator) {
  const std::size_t c = today.class_index(lever.request_class);
  LeverAnswer answer;
  answer.kind = lever.kind == "quota" ? LeverKind::kQuota : LeverKind::kRateLimit;
  answer.name = lever.name;
  answer.request_class = lever.request_class;
  if (holds_today(today, plain)) {
    answer.status = LeverStatus::kNeedless;
    add_worth(answer, today, plain);
    return answer;
  }
  ResolvedScenario judged = judged_of_admitted(today, c);
  if (answer.kind == LeverKind::kQuota) judged = with_quota(judged, c, lever.quota);
  const LeverAxis axis = answer.kind == LeverKind::kQuota
                             ? quota_axis(judged, lever, c)
                             : rate_limit_axis(judged, lever, c, share_held(today, plain));
  take(answer, axis, search_axis(axis, c, options, evaluator));
  if (answer.status == LeverStatus::kFound) {
    add_worth(answer, today, plain);
  } else {
    const Candidate tightest = axis.candidate(axis.count);
    answer.value = answer.open = axis.value(axis.count);
    add_fleet(answer, tightest.scenario, tightest.family, plain, options, evaluator);
  }
  return answer;
}

LeverAnswer solve_degradation(const Degradation& degradation, const FleetPlan& plain,
                              const PlanOptions& options, Evaluator& evaluator) {
  LeverAnswer answer;
  answer.kind = LeverKind::kDegrade;
  answer.name = degradation.name;
  answer.look = options.looks.front();
  answer.problem = degradation.problem;
  answer.status = LeverStatus::kNone;
  if (!degradation.scenario) return answer;
  answer.targets = measure_spec(*degradation.scenario).targets;
  add_fleet(answer, *degradation.scenario, "degraded: " + degradation.name, plain, options,
            evaluator);
  if (answer.fleet->status == PlanStatus::kFound) answer.status = LeverStatus::kFound;
  answer.look = answer.fleet->look;
  return answer;
}

WaysOut find_ways_out(const ResolvedScenario& today, const SolveOptions& asked,
                      const FleetPlan& plain, const PlanOptions& options, Evaluator& evaluator) {
  WaysOut ways;
  if (plain.status == PlanStatus::kStopped) return ways;
  // A target that no fleet holds is held by no cap and no delivery; something cheaper may help.
  const bool hopeless = plain.status == PlanStatus::kInfeasible;
  try {
    if (asked.demand && !hopeless) {
      ways.levers.push_back(solve_demand(today, plain, options, evaluator));
    }
    for (const PlanLever& lever : asked.caps) {
      if (!hopeless) ways.levers.push_back(solve_cap(today, lever, plain, options, evaluator));
    }
    if (asked.delivered && !hopeless) {
      ways.delivery = solve_delivery(*asked.delivered, asked.from, plain, options, evaluator);
    }
    for (const Degradation& degradation : asked.degradations) {
      ways.levers.push_back(solve_degradation(degradation, plain, options, evaluator));
    }
  } catch (const SearchStopped&) {
    ways.stopped = true;
  }
  return ways;
}

}  // namespace headroom
