#include <algorithm>
#include <cmath>

#include "headroom/plan/capacity.hpp"

namespace headroom {
namespace {

constexpr double kFloorRequests = 3'000;  ///< simulated, of one replication
constexpr std::size_t kFloorReplications = 5;
/// Of each pool in each cell. A few, so that the longest of the requests leave room beside them.
constexpr std::int64_t kFloorReplicas = 8;
/// Enlargements: the first is right unless the estimate was far too low.
constexpr int kMostFloorRounds = 3;
/// A replica that is busy no more than this share of the time serves nearly all requests alone.
constexpr double kAlone = 0.02;
/// Requests beyond a percentile for it to mean something.
constexpr double kBeyondPercentile = 10;

/// The scenario with so little demand, in its first busy period, judged over whole windows.
ResolvedScenario thinned(const ResolvedScenario& scenario, double multiplier) {
  ResolvedScenario other = with_demand(without_changes(scenario), multiplier);
  other.periods.resize(1);
  for (ScenarioTarget& target : other.scenario.targets) {
    if (target.window == "every_minute") target.window = "run";
  }
  return other;
}

/// Seconds that one request of the class takes alone on a replica of its stage's pool, by its mean
/// lengths; on the high side for a batch of pictures.
double alone_s(const ResolvedScenario& scenario, std::size_t request_class, std::uint32_t stage) {
  const ClassId id{static_cast<std::uint32_t>(request_class)};
  PoolConfig pool = scenario.pools[index(scenario.classes[request_class].stages[stage])].config;
  const bool batch = pool.batch_times != nullptr;
  const auto together = batch ? static_cast<double>(pool.batch_times->batch_ps.size() - 1) : 1.0;
  if (!batch) pool.max_batch = 1;
  const LoadShare one{1, scenario.demand().mean_work(id, stage)};
  return together / fluid_capacity(pool, {&one, 1}).requests_per_s;
}

/// Requests in service per replica that are to be expected, of the fullest pool.
double expected_busy(const ResolvedScenario& scenario) {
  std::vector<double> work_s(scenario.pools.size(), 0);
  for (std::size_t c = 0; c < scenario.classes.size(); ++c) {
    const double requests = scenario.demand().rate(ClassId{static_cast<std::uint32_t>(c)}).total() *
                            scenario.periods.front().rate_multiplier;
    if (requests <= 0) continue;
    for (std::uint32_t s = 0; s < scenario.classes[c].stages.size(); ++s) {
      work_s[index(scenario.classes[c].stages[s])] += requests * alone_s(scenario, c, s);
    }
  }
  double most = 0;
  for (std::size_t p = 0; p < work_s.size(); ++p) {
    const auto replicas = static_cast<double>(scenario.pools[p].config.replicas);
    most = std::max(most, work_s[p] / replicas / seconds(scenario.scenario.time.duration));
  }
  return most;
}

/// So far apart that a replica is busy the `kAlone`th part of the time, as far as that is needed
/// and a run may be long; the rest is made up for by more replicas.
ResolvedScenario apart(const ResolvedScenario& scenario, double busy) {
  const double wanted = std::ceil(busy / kAlone);
  if (wanted <= 1) return scenario;
  const auto longest = static_cast<double>(kMaxRunSpan.count / scenario.horizon.count);
  const double spacing = std::min(wanted, longest);
  FleetSize fleet = fleet_of(scenario);
  for (std::int64_t& replicas : fleet) {
    replicas *= static_cast<std::int64_t>(std::ceil(wanted / spacing));
  }
  return with_fleet(with_spacing(scenario, static_cast<std::int64_t>(spacing)), fleet);
}

/// Requests in service per replica, mean over the run, of the fullest pool.
double in_service(const ResolvedScenario& scenario, const RunStatistics& statistics) {
  double most = 0;
  for (std::size_t p = 0; p < scenario.pools.size(); ++p) {
    const std::vector<double>& running = statistics.pools[p].running;
    double sum = 0;
    for (const double r : running) sum += r;
    const auto cells = static_cast<double>(std::max<std::size_t>(1, running.size()));
    most = std::max(most, sum / cells / static_cast<double>(scenario.pools[p].config.replicas));
  }
  return most;
}

/// An empty system serves this class as fast as any: no pool it visits waits for a batch.
bool fastest_when_empty(const ResolvedScenario& scenario, std::size_t request_class) {
  const auto waits = [&](PoolId pool) {
    const PoolConfig& config = scenario.pools[index(pool)].config;
    return config.mode == BatchMode::kStatic && config.max_wait > Ticks{0};
  };
  for (std::size_t c = 0; c < scenario.classes.size(); ++c) {
    if (request_class < scenario.classes.size() && c != request_class) continue;
    const auto& stages = scenario.classes[c].stages;
    if (std::any_of(stages.begin(), stages.end(), waits)) return false;
  }
  return true;
}

/// Enough requests for the statistic to be what it is over many.
bool enough(const TargetSpec& target, double samples) {
  if (!target.statistic || target.statistic->kind != Statistic::Kind::kQuantile) {
    return samples >= kBeyondPercentile;
  }
  return samples * (1 - target.statistic->p) >= kBeyondPercentile;
}

}  // namespace

std::vector<FloorMiss> targets_below_floor(const ResolvedScenario& scenario, Evaluator& evaluator,
                                           double confidence, const std::string& family) {
  double periods = 0;
  for (const ResolvedPeriod& period : scenario.periods) periods += period.rate_multiplier;
  const double requests = scenario.expected_requests / std::max(periods, 1e-9);
  const double multiplier = std::min(1.0, kFloorRequests / std::max(requests, 1.0)) /
                            scenario.periods.front().rate_multiplier;
  ResolvedScenario few = thinned(scenario, multiplier);
  few = with_fleet(few, FleetSize(few.pools.size(), few.scenario.cells.count * kFloorReplicas));
  Candidate candidate{family + " floor", apart(few, expected_busy(few))};
  const Evaluation* floor = &evaluator.evaluate(candidate, kFloorReplications, Detail::kEverything);
  for (int round = 1; round < kMostFloorRounds; ++round) {
    const double busy = in_service(candidate.scenario, floor->result.periods.front().statistics);
    if (busy <= 1.5 * kAlone) break;
    candidate = {candidate.family + ", further apart", apart(candidate.scenario, busy)};
    floor = &evaluator.evaluate(candidate, kFloorReplications, Detail::kEverything);
  }
  std::vector<FloorMiss> misses;
  const RunResult& result = floor->result;
  const Judgement judgement = judge_evaluation(*floor, confidence);
  for (std::size_t t = 0; t < result.spec.targets.size(); ++t) {
    const TargetSpec& target = result.spec.targets[t];
    const TargetVerdict& verdict = judgement.verdicts[t];
    if (target.metric == Metric::kDrain || target.metric == Metric::kGoodput) continue;
    if (!verdict.reason.empty() || !verdict.excluded) continue;
    if (!fastest_when_empty(scenario, target.request_class)) continue;
    if (!enough(target, verdict.samples)) continue;
    const Series& value = result.periods.front().statistics.targets[t].value;
    misses.push_back({t, verdict.value.value,
                      target.lower_limit() ? value.upper_bound(verdict.level)
                                           : value.lower_bound(verdict.level)});
  }
  return misses;
}

std::vector<std::size_t> targets_about_nobody(const ResolvedScenario& scenario) {
  const auto of_tokens = [](const ScenarioTarget& target) {
    return target.metric == "ttft" || target.metric == "itl" || target.metric == "tpot";
  };
  const auto makes_tokens = [&](const ClassConfig& of) {
    return std::any_of(of.stages.begin(), of.stages.end(),
                       [&](PoolId p) { return scenario.pools[index(p)].makes_tokens(); });
  };
  std::vector<std::size_t> nobody;
  for (std::size_t t = 0; t < scenario.scenario.targets.size(); ++t) {
    const ScenarioTarget& target = scenario.scenario.targets[t];
    if (target.metric == "drain_time") continue;  // is 0 where nobody waits
    const ResolvedWindow& window = scenario.windows[scenario.window_index(target.window)];
    const std::size_t wanted = scenario.class_index(target.request_class);
    double requests = 0;
    for (std::size_t c = 0; c < scenario.classes.size(); ++c) {
      if (wanted < scenario.classes.size() && c != wanted) continue;
      if (of_tokens(target) && !makes_tokens(scenario.classes[c])) continue;
      requests += scenario.demand()
                      .rate(ClassId{static_cast<std::uint32_t>(c)})
                      .integral(seconds(window.from), seconds(window.to));
    }
    if (requests <= 0) nobody.push_back(t);
  }
  return nobody;
}

}  // namespace headroom
