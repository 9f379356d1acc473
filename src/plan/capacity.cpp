#include "headroom/plan/capacity.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "headroom/core/check.hpp"

namespace headroom {
namespace {

/// Without a bound of the user's: so many times what there is, or what the fluid estimate asks for.
constexpr std::int64_t kDefaultReach = 4;
/// Steps of the common scale that several pools are first sized on, for one fluid estimate.
constexpr std::int64_t kScaleSteps = 20;
/// Rounds over the pools of a group; each ends when nothing changed.
constexpr int kMostRounds = 4;
/// Requests of one replication from which replications are dear.
constexpr double kManyRequests = 1e6;
/// Then so many of a verdict's simulate the whole run, and more only where nobody can tell which
/// hours of it matter and they are asked for.
constexpr std::int64_t kDearReplications = 4;
/// Nodes more than computed that are tried for a fleet that is to outlive one.
constexpr int kMostSpareTries = 3;

/// Fleet sizes over which one plan searches.
class FleetSearch {
 public:
  FleetSearch(const ResolvedScenario& scenario, const PlanOptions& options, Evaluator& evaluator)
      : scenario_(scenario), options_(options), evaluator_(evaluator) {
    for (std::size_t p = 0; p < scenario.pools.size(); ++p) {
      steps_.push_back(pool_step(scenario, p));
      fluid_.push_back(0);
    }
    const RunResult loads = start_run(scenario);
    for (const PeriodResult& period : loads.periods) {
      for (std::size_t p = 0; p < fluid_.size(); ++p) {
        fluid_[p] = std::max(fluid_[p], period.load[p].gpus_needed);
      }
    }
  }

  FleetPlan run();

 private:
  AxisVerdict judge(const FleetSize& fleet, std::size_t level, const std::vector<bool>& judged);
  CurvePoint point(const FleetSize& fleet, std::size_t level, const std::vector<bool>& judged);
  Effort effort(std::size_t level) const;
  double confidence(std::size_t level) const;

  std::int64_t lowest(std::size_t pool) const;
  std::int64_t highest(std::size_t pool) const;
  std::int64_t fluid_steps(std::size_t pool) const;
  void set_bounds();
  std::vector<std::int64_t> known_sizes(std::size_t pool, std::int64_t low,
                                        std::int64_t high) const;

  bool size_pool(std::size_t pool, std::int64_t high, std::int64_t guess, const PoolGroup& group);
  bool size_group(const PoolGroup& group);
  bool scale_group(const PoolGroup& group);
  void add_node_loss();
  void finish();

  const ResolvedScenario& scenario_;
  const PlanOptions& options_;
  Evaluator& evaluator_;
  std::vector<PoolStep> steps_;
  std::vector<double> fluid_;  ///< GPUs by pool, the most of all busy periods
  FleetPlan plan_;
  FleetSize fleet_;                            ///< as far as it has been sized
  std::map<std::size_t, AxisAnswer> answers_;  ///< by pool
  std::size_t level_ = 1;                      ///< of the verdicts
  std::map<FleetSize, CurvePoint> tried_;
};

Effort FleetSearch::effort(std::size_t level) const {
  return level == 0 ? options_.probe_effort() : options_.effort_of(options_.looks[level - 1]);
}

double FleetSearch::confidence(std::size_t level) const {
  return options_.looks[level == 0 ? 0 : level - 1].confidence;
}

CurvePoint FleetSearch::point(const FleetSize& fleet, std::size_t level,
                              const std::vector<bool>& judged) {
  const Evaluation& evaluation =
      evaluator_.evaluate({options_.family, with_fleet(scenario_, fleet)}, effort(level));
  CurvePoint made{fleet, gpus_of(scenario_, fleet),
                  judge_evaluation(evaluation, confidence(level), judged)};
  tried_[fleet] = made;
  return made;
}

AxisVerdict FleetSearch::judge(const FleetSize& fleet, std::size_t level,
                               const std::vector<bool>& judged) {
  const Judgement judgement = point(fleet, level, judged).judgement;
  AxisVerdict verdict{judgement.holds, judgement.excluded, judgement.severity, true};
  if (options_.precision && level > 0) {
    const RunResult& result =
        evaluator_.evaluate({options_.family, with_fleet(scenario_, fleet)}, effort(level)).result;
    for (const PeriodResult& period : result.periods) {
      verdict.precise = verdict.precise && is_precise(period.statistics, result.spec,
                                                      confidence(level), *options_.precision);
    }
  }
  return verdict;
}

std::int64_t FleetSearch::lowest(std::size_t pool) const {
  const std::int64_t cells = scenario_.scenario.cells.count;
  return (cells + steps_[pool].replicas - 1) / steps_[pool].replicas;
}

/// Most steps of a pool when the other free pools have their fewest.
std::int64_t FleetSearch::highest(std::size_t pool) const {
  std::int64_t gpus = plan_.max_gpus;
  for (const std::size_t p : plan_.free) {
    if (p != pool) gpus -= lowest(p) * steps_[p].gpus;
  }
  return gpus / steps_[pool].gpus;
}

std::int64_t FleetSearch::fluid_steps(std::size_t pool) const {
  return std::max(
      lowest(pool),
      static_cast<std::int64_t>(std::ceil(fluid_[pool] / static_cast<double>(steps_[pool].gpus))));
}

void FleetSearch::set_bounds() {
  plan_.max_gpus = 0;
  for (const std::size_t p : plan_.free) {
    const std::int64_t today = scenario_.pools[p].gpus();
    const std::int64_t fluid = fluid_steps(p) * steps_[p].gpus;
    plan_.max_gpus += kDefaultReach * std::max(today, fluid);
  }
  if (options_.max_gpus) plan_.max_gpus = *options_.max_gpus;
}

/// Today's fleet has been simulated already, where all other pools are still as they are today.
std::vector<std::int64_t> FleetSearch::known_sizes(std::size_t pool, std::int64_t low,
                                                   std::int64_t high) const {
  FleetSize as_today = fleet_;
  as_today[pool] = plan_.today[pool];
  const std::int64_t steps = plan_.today[pool] / steps_[pool].replicas;
  const bool known = options_.about_today && as_today == plan_.today &&
                     steps * steps_[pool].replicas == plan_.today[pool];
  if (!known || steps < low || steps > high) return {};
  return {steps};
}

/// The fewest of one pool with the others as they are. False: not even `high` holds.
bool FleetSearch::size_pool(std::size_t pool, std::int64_t high, std::int64_t guess,
                            const PoolGroup& group) {
  const std::int64_t low = lowest(pool);
  if (high < low) return false;
  AxisRange range{low, high, std::clamp(guess, low, high), 1};
  // Square-root staffing: what random arrivals need beyond the mean grows with its root. Source:
  // Halfin and Whitt 1981, doi:10.1287/opre.29.3.567.
  range.stride = static_cast<std::int64_t>(std::ceil(std::sqrt(static_cast<double>(range.guess))));
  range.known = known_sizes(pool, low, high);
  range.interval = options_.interval;
  // Between two multiples of the number of cells, fleets consist of the same two sizes of cell.
  const std::int64_t cells = scenario_.scenario.cells.count;
  range.block = cells / std::gcd(cells, steps_[pool].replicas);
  const AxisAnswer answer =
      search_smallest(range, options_.looks.size(), [&](std::int64_t x, std::size_t level) {
        FleetSize fleet = fleet_;
        fleet[pool] = x * steps_[pool].replicas;
        return judge(fleet, level, group.targets);
      });
  fleet_[pool] = answer.x * steps_[pool].replicas;
  level_ = std::max(level_, answer.look);
  answers_[pool] = answer;
  return answer.found;
}

/// Sizes all pools of a group on one scale: each in proportion to its fluid estimate.
bool FleetSearch::scale_group(const PoolGroup& group) {
  const auto fleet_at = [&](std::int64_t x) {
    FleetSize fleet = fleet_;
    for (const std::size_t p : group.pools) {
      const std::int64_t steps = (fluid_steps(p) * x + kScaleSteps - 1) / kScaleSteps;
      fleet[p] = std::max(lowest(p), steps) * steps_[p].replicas;
    }
    return fleet;
  };
  std::int64_t high = kScaleSteps;
  const auto gpus = [&](std::int64_t x) { return gpus_of(scenario_, fleet_at(x), group.pools); };
  while (gpus(high + 1) <= plan_.max_gpus) ++high;
  while (high > 1 && gpus(high) > plan_.max_gpus) --high;
  const AxisRange range{1, high, std::min(high, kScaleSteps), 2};
  const AxisAnswer answer = search_smallest(range, 1, [&](std::int64_t x, std::size_t level) {
    return judge(fleet_at(x), level, group.targets);
  });
  fleet_ = fleet_at(answer.x);
  return answer.found;
}

/// Pools that classes share: together on one scale, then one after the other, the dearest first,
/// down to what the others allow, until a round changes nothing.
bool FleetSearch::size_group(const PoolGroup& group) {
  if (group.pools.size() == 1) {
    const std::size_t p = group.pools[0];
    return size_pool(p, highest(p), fluid_steps(p), group);
  }
  if (!scale_group(group)) return false;
  std::vector<std::size_t> order = group.pools;
  const auto cost = [&](std::size_t p) {
    FleetSize one(scenario_.pools.size(), 0);
    one[p] = steps_[p].replicas;
    return plan_cost(scenario_, one, {p}, options_.minimize);
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return cost(a) > cost(b); });
  for (int round = 0; round < kMostRounds; ++round) {
    const FleetSize before = fleet_;
    for (const std::size_t p : order) {
      const std::int64_t have = fleet_[p] / steps_[p].replicas;
      if (!size_pool(p, have, have, group)) return false;
    }
    if (fleet_ == before) break;
  }
  return true;
}

/// A node of every free pool more than needed, and for each pool the fleet without its node, which
/// must hold.
void FleetSearch::add_node_loss() {
  FleetSize spare = plan_.needed;
  for (const std::size_t p : plan_.free) {
    const std::int64_t step = steps_[p].replicas;
    spare[p] = (spare[p] + steps_[p].node_replicas + step - 1) / step * step;
  }
  for (const std::size_t p : plan_.free) {
    bool holds = false;
    for (int tries = 0; tries < kMostSpareTries && !holds; ++tries) {
      FleetSize after = spare;
      after[p] -= steps_[p].node_replicas;
      const CurvePoint left = point(after, level_, {});
      holds = left.judgement.holds;
      if (holds) plan_.after_loss = left;
      if (!holds) spare[p] += steps_[p].replicas;
    }
    if (!holds) return;
  }
  plan_.node_loss = spare;
}

void FleetSearch::finish() {
  plan_.needed = fleet_;
  plan_.from = fleet_;
  plan_.separated = true;
  for (const std::size_t p : plan_.free) {
    const AxisAnswer& answer = answers_.at(p);
    plan_.from[p] = answer.from * steps_[p].replicas;
    plan_.separated = plan_.separated && answer.separated;
    plan_.monotone = plan_.monotone && answer.monotone;
    plan_.precise = plan_.precise && answer.precise;
    FleetSize below = fleet_;
    below[p] -= steps_[p].replicas;
    if (answer.x > lowest(p)) plan_.below.push_back(point(below, level_, {}));
  }
  plan_.look = options_.looks[level_ - 1];
  plan_.answer = point(fleet_, level_, {});
  // Groups were judged by their own targets; what no free pool can help shows here.
  const bool within = gpus_of(scenario_, fleet_, plan_.free) <= plan_.max_gpus;
  plan_.status =
      plan_.answer->judgement.holds && within ? PlanStatus::kFound : PlanStatus::kOutOfBounds;
  if (plan_.status == PlanStatus::kFound && options_.node_loss) add_node_loss();
  for (const std::size_t p : plan_.free) {
    const std::int64_t per_replica = scenario_.pools[p].config.gpus_per_replica;
    PoolAnswer answer;
    answer.pool = p;
    answer.current_gpus = scenario_.pools[p].gpus();
    answer.needed_gpus = fleet_[p] * per_replica;
    answer.from_gpus = plan_.from[p] * per_replica;
    answer.separated = answers_.at(p).separated;
    answer.node_loss_gpus = plan_.node_loss ? (*plan_.node_loss)[p] * per_replica : 0;
    answer.step = steps_[p];
    plan_.pools.push_back(answer);
  }
}

FleetPlan FleetSearch::run() {
  plan_.free = free_pools(scenario_, options_.free);
  plan_.today = fleet_of(scenario_);
  plan_.look = options_.looks.front();
  fleet_ = plan_.today;
  set_bounds();
  plan_.nobody = targets_about_nobody(scenario_);
  if (plan_.nobody.empty()) {
    plan_.floor = targets_below_floor(scenario_, evaluator_, confidence(1), options_.family);
  }
  bool found = plan_.floor.empty() && plan_.nobody.empty();
  if (!found) plan_.status = PlanStatus::kInfeasible;
  if (found) {
    for (const PoolGroup& group : pool_groups(scenario_, plan_.free)) {
      if (!found) break;
      found = size_group(group);
    }
    if (found) {
      finish();
    } else {
      plan_.status = PlanStatus::kOutOfBounds;
      plan_.answer = point(fleet_, level_, {});
      plan_.needed = plan_.from = fleet_;
    }
  }
  for (auto& [fleet, tried] : tried_) plan_.curve.push_back(tried);
  std::stable_sort(plan_.curve.begin(), plan_.curve.end(),
                   [](const CurvePoint& a, const CurvePoint& b) { return a.gpus < b.gpus; });
  return plan_;
}

RunResult evaluate_today(const ResolvedScenario& scenario, const PlanOptions& options,
                         Evaluator& evaluator) {
  const std::size_t few = std::min(options.today_replications, options.looks.front().replications);
  return evaluator.evaluate({"", scenario}, few, Detail::kEverything).result;
}

/// Where today's fleet should turn from holding to missing: by the answer when it is of the same
/// GPUs, else where the fluid estimate is full.
double knee_centre(const PlanResult& result, const ResolvedScenario& scenario) {
  if (result.plan.status == PlanStatus::kFound && result.plan.today == fleet_of(scenario)) {
    return plan_cost(scenario, result.plan.today, result.plan.free, Minimize::kGpus) /
           plan_cost(scenario, result.plan.needed, result.plan.free, Minimize::kGpus);
  }
  double fullest = 0;
  for (const PoolLoad& load : result.today.main_period().load) {
    fullest = std::max(fullest, load.peak_per_gpu);
  }
  return fullest > 0 ? 1 / fullest : 1;
}

void add_knee(PlanResult& result, const ResolvedScenario& scenario, const PlanOptions& options,
              Evaluator& evaluator) {
  result.knee = find_knee(scenario, knee_centre(result, scenario), options.probe_effort(),
                          scenario.scenario.confidence, evaluator);
}

void stop(PlanResult& result) {
  result.plan.status = PlanStatus::kStopped;
  result.today.complete = false;
}

}  // namespace

double plan_cost(const ResolvedScenario& scenario, const FleetSize& fleet,
                 const std::vector<std::size_t>& pools, Minimize minimize) {
  double sum = 0;
  for (const std::size_t p : pools) {
    const auto gpus = static_cast<double>(fleet[p] * scenario.pools[p].config.gpus_per_replica);
    const GpuCost cost = gpu_cost(scenario, p, gpus);
    switch (minimize) {
      case Minimize::kGpus:
        sum += gpus;
        break;
      case Minimize::kCost:
        sum +=
            cost.lowest.source.empty() ? std::numeric_limits<double>::infinity() : cost.usd_per_h;
        break;
      case Minimize::kPower:
        sum += cost.power_w > 0 ? cost.power_w : std::numeric_limits<double>::infinity();
        break;
    }
  }
  return sum;
}

Effort PlanOptions::probe_effort() const {
  const std::size_t n = std::min(probe_replications, looks.front().replications);
  return {n, whole_replications == Effort::kAll ? Effort::kAll : 0};
}

std::size_t verdict_replications(const ResolvedScenario& scenario) {
  std::int64_t replications = scenario.scenario.replications;
  if (scenario.expected_requests > kManyRequests && !busiest_hours(scenario)) {
    replications = std::min(replications, kDearReplications);
  }
  return static_cast<std::size_t>(replications);
}

PlanOptions plan_options_for(const ResolvedScenario& scenario, std::vector<Look> looks) {
  PlanOptions options;
  options.looks = std::move(looks);
  if (scenario.expected_requests > kManyRequests) {
    options.probe_replications = 1;
    options.today_replications = 3;
    // Who asks for looks until all is precise has every replication whole: what is not decided in
    // the busiest hours would never be.
    options.whole_replications = options.looks.size() > 1
                                     ? options.looks.back().replications
                                     : static_cast<std::size_t>(kDearReplications);
  }
  return options;
}

std::optional<std::size_t> cheapest(const std::vector<PlanAlternative>& alternatives,
                                    Minimize minimize) {
  std::optional<std::size_t> best;
  const auto cost = [&](const PlanAlternative& a) {
    return plan_cost(*a.scenario, a.plan.needed, a.plan.free, minimize);
  };
  for (std::size_t i = 0; i < alternatives.size(); ++i) {
    if (!alternatives[i].scenario || alternatives[i].plan.status != PlanStatus::kFound) continue;
    if (!best || cost(alternatives[i]) < cost(alternatives[*best])) best = i;
  }
  return best;
}

FleetPlan plan_fleet(const ResolvedScenario& scenario, const PlanOptions& options,
                     Evaluator& evaluator) {
  HEADROOM_CHECK(!options.looks.empty(), "a plan looks at its results");
  HEADROOM_CHECK(!scenario.scenario.targets.empty(), "a plan has targets");
  return FleetSearch(scenario, options, evaluator).run();
}

PlanResult plan(const ResolvedScenario& scenario, const PlanOptions& options,
                Evaluator& evaluator) {
  PlanResult result;
  result.today = start_run(scenario);
  try {
    if (options.about_today) result.today = evaluate_today(scenario, options, evaluator);
    result.plan = plan_fleet(scenario, options, evaluator);
    if (options.about_today) {
      // It may have been near the answer, and be known better by now.
      result.today = evaluate_today(scenario, options, evaluator);
      add_knee(result, scenario, options, evaluator);
    }
  } catch (const SearchStopped&) {
    stop(result);
  }
  result.counts = evaluator.counts();
  result.threads = evaluator.threads();
  return result;
}

PlanResult plan_types(const ResolvedScenario& scenario, std::vector<PlanAlternative>& alternatives,
                      const PlanOptions& options, const ExecOptions& exec) {
  PlanResult result;
  result.today = start_run(scenario);
  const auto add_counts = [&result](const Evaluator& evaluator) {
    const EvaluationCounts& more = evaluator.counts();
    result.counts.candidates += more.candidates;
    result.counts.fleets += more.fleets;
    result.counts.runs += more.runs;
    result.counts.requests += more.requests;
    result.counts.events += more.events;
    result.threads = std::max(result.threads, evaluator.threads());
  };
  Evaluator as_declared(exec);
  try {
    result.today = evaluate_today(scenario, options, as_declared);
    for (PlanAlternative& alternative : alternatives) {
      if (!alternative.scenario) continue;
      Evaluator evaluator(exec);
      alternative.plan = plan_fleet(*alternative.scenario, options, evaluator);
      add_counts(evaluator);
    }
    const auto best = cheapest(alternatives, options.minimize);
    const auto any = std::find_if(alternatives.begin(), alternatives.end(),
                                  [](const PlanAlternative& a) { return a.scenario.has_value(); });
    if (best) {
      result.plan = alternatives[*best].plan;
    } else if (any != alternatives.end()) {
      result.plan = any->plan;
    } else {
      result.plan.status = PlanStatus::kOutOfBounds;
      result.plan.free = free_pools(scenario, options.free);
      result.plan.today = fleet_of(scenario);
    }
    add_knee(result, scenario, options, as_declared);
  } catch (const SearchStopped&) {
    stop(result);
  }
  add_counts(as_declared);
  return result;
}

}  // namespace headroom
