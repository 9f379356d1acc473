#include <algorithm>
#include <cmath>

#include "headroom/plan/capacity.hpp"

namespace headroom {
namespace {

constexpr double kFloorRequests = 3'000;  ///< simulated, of one replication
constexpr std::size_t kFloorReplications = 5;
/// Enlargements: the first is right unless a queue hid how much work there is.
constexpr int kMostFloorRounds = 3;
/// A replica that is busy no more than this share of the time serves nearly all requests alone.
constexpr double kAlone = 0.02;
/// Requests beyond a percentile for it to mean something.
constexpr double kBeyondPercentile = 10;

/// The scenario with so little demand, in its first busy period, judged over whole windows.
ResolvedScenario nearly_empty(const ResolvedScenario& scenario, double multiplier) {
  ResolvedScenario other = with_demand(scenario, multiplier);
  other.periods.resize(1);
  for (ScenarioTarget& target : other.scenario.targets) {
    if (target.window == "every_minute") target.window = "run";
  }
  return other;
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
                                           double confidence) {
  double periods = 0;
  for (const ResolvedPeriod& period : scenario.periods) periods += period.rate_multiplier;
  const double requests = scenario.expected_requests / std::max(periods, 1e-9);
  const double multiplier = std::min(1.0, kFloorRequests / std::max(requests, 1.0)) /
                            scenario.periods.front().rate_multiplier;
  Candidate candidate{"floor", nearly_empty(scenario, multiplier)};
  const Evaluation* floor = &evaluator.evaluate(candidate, kFloorReplications, Detail::kEverything);
  for (int round = 0; round < kMostFloorRounds; ++round) {
    const double busy = in_service(candidate.scenario, floor->result.periods.front().statistics);
    if (busy <= kAlone) break;
    // The same requests on so many more replicas that they hardly meet.
    FleetSize fleet = fleet_of(candidate.scenario);
    for (std::int64_t& replicas : fleet) {
      replicas *= static_cast<std::int64_t>(std::ceil(busy / kAlone));
    }
    candidate.scenario = with_fleet(candidate.scenario, fleet);
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

}  // namespace headroom
