#include "headroom/plan/variant.hpp"

#include <algorithm>
#include <memory>
#include <numeric>
#include <utility>

#include "headroom/core/check.hpp"

namespace headroom {

FleetSize fleet_of(const ResolvedScenario& scenario) {
  FleetSize fleet;
  for (const ResolvedPool& pool : scenario.pools) fleet.push_back(pool.config.replicas);
  return fleet;
}

ResolvedScenario with_fleet(const ResolvedScenario& scenario, const FleetSize& fleet) {
  HEADROOM_CHECK(fleet.size() == scenario.pools.size(), "a fleet has every pool");
  ResolvedScenario other = scenario;
  for (std::size_t p = 0; p < fleet.size(); ++p) {
    if (other.pools[p].config.replicas != fleet[p]) other = other.with_replicas(p, fleet[p]);
  }
  return other;
}

ResolvedScenario with_demand(const ResolvedScenario& scenario, double multiplier) {
  ResolvedScenario other = scenario;
  for (ResolvedPeriod& period : other.periods) period.rate_multiplier *= multiplier;
  other.expected_requests *= multiplier;
  return other;
}

/// As of a scenario's time.timeline_step: the end of a bin in which a run of 90 days ends is still
/// within 64 bits.
constexpr Ticks kLongestBin{15LL * 86'400 * kTicksPerSecond};

ResolvedScenario with_spacing(const ResolvedScenario& scenario, std::int64_t times) {
  HEADROOM_CHECK(times >= 1 && scenario.horizon.count <= kMaxRunSpan.count / times,
                 "a run that is spread out is no longer than the longest");
  ResolvedScenario other = scenario;
  other.arrival_spacing *= times;
  for (Ticks* length : {&other.horizon, &other.scenario.time.duration, &other.scenario.time.warmup,
                        &other.scenario.time.drain}) {
    *length = *length * times;
  }
  // A bin or a minute may be much longer than the run.
  for (Ticks* bin : {&other.collect.timeline_step, &other.collect.minute}) {
    *bin = bin->count > kLongestBin.count / times ? kLongestBin : *bin * times;
  }
  for (Ticks& start : other.collect.stretch_starts) start = start * times;
  for (ResolvedWindow& window : other.windows) {
    window.from = window.from * times;
    window.to = window.to * times;
  }
  return other;
}

ResolvedScenario without_changes(const ResolvedScenario& scenario) {
  ResolvedScenario other = scenario;
  other.faults.clear();
  for (ResolvedPool& pool : other.pools) {
    pool.changes.clear();
    pool.zones.clear();
    pool.failures.reset();
    pool.varies = false;
  }
  return other.with_replicas(0, other.pools.front().config.replicas);  // lays out the cells anew
}

ResolvedScenario with_rate_limit(const ResolvedScenario& scenario, std::size_t request_class,
                                 const RateLimitConfig& limit) {
  ResolvedScenario other = scenario;
  other.scenario.classes.at(request_class).rate_limit = limit;
  return other;
}

ResolvedScenario with_quota(const ResolvedScenario& scenario, std::size_t request_class,
                            const QuotaConfig& quota) {
  auto workload = std::make_shared<WorkloadConfig>(*scenario.workload);
  workload->classes.at(request_class).quota = quota;
  workload->compiled = nullptr;
  prepare(*workload);
  ResolvedScenario other = scenario;
  other.workload = std::move(workload);
  other.scenario.classes.at(request_class).demand.quota = quota;
  return with_quota_of(other, request_class, quota.per_day);
}

ResolvedScenario with_quota_of(const ResolvedScenario& scenario, std::size_t request_class,
                               std::int64_t per_day) {
  HEADROOM_CHECK(scenario.workload->classes.at(request_class).quota.has_value(),
                 "the class's users are known");
  ResolvedScenario other = scenario;
  other.classes.at(request_class).daily_quota = per_day;
  other.scenario.classes.at(request_class).demand.quota->per_day = per_day;
  return other;
}

ResolvedScenario judged_of_admitted(const ResolvedScenario& scenario, std::size_t request_class) {
  ResolvedScenario other = scenario;
  for (ScenarioTarget& target : other.scenario.targets) {
    const std::size_t about = scenario.class_index(target.request_class);
    const bool of_some = target.latency() || target.metric == "slo_attainment";
    const bool concerns = about == request_class || about == scenario.classes.size();
    if (of_some && concerns) target.of = "admitted";
  }
  return other;
}

std::vector<Delivery> deliveries_of(const ResolvedScenario& scenario) {
  std::vector<Delivery> all;
  for (std::size_t p = 0; p < scenario.pools.size(); ++p) {
    for (const ResolvedChange& change : scenario.pools[p].changes) {
      if (change.replicas > 0) all.push_back({p, change.at, change.replicas});
    }
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Delivery& a, const Delivery& b) { return a.at < b.at; });
  return all;
}

ResolvedScenario with_deliveries(const ResolvedScenario& scenario, std::int64_t replicas) {
  ResolvedScenario other = scenario;
  std::vector<std::vector<ResolvedChange>> kept(other.pools.size());
  for (const Delivery& delivery : deliveries_of(scenario)) {
    const std::int64_t come = std::min(replicas, delivery.replicas);
    if (come > 0) kept[delivery.pool].push_back({delivery.at, come});
    replicas -= come;
  }
  for (std::size_t p = 0; p < other.pools.size(); ++p) {
    ResolvedPool& pool = other.pools[p];
    for (const ResolvedChange& change : pool.changes) {
      if (change.replicas < 0) kept[p].push_back(change);
    }
    std::stable_sort(kept[p].begin(), kept[p].end(), [](const auto& a, const auto& b) {
      return a.at != b.at ? a.at < b.at : a.replicas > 0 && b.replicas < 0;
    });
    pool.changes = std::move(kept[p]);
    const bool hit = std::any_of(other.faults.begin(), other.faults.end(),
                                 [p](const ResolvedFault& f) { return f.pool == p; });
    pool.varies = !pool.changes.empty() || pool.failures.has_value() || hit;
  }
  return other.with_replicas(0, other.pools.front().config.replicas);  // lays out the cells anew
}

std::int64_t gpus_of(const ResolvedScenario& scenario, const FleetSize& fleet) {
  std::int64_t gpus = 0;
  for (std::size_t p = 0; p < fleet.size(); ++p) {
    gpus += fleet[p] * scenario.pools[p].config.gpus_per_replica;
  }
  return gpus;
}

std::int64_t gpus_of(const ResolvedScenario& scenario, const FleetSize& fleet,
                     const std::vector<std::size_t>& pools) {
  std::int64_t gpus = 0;
  for (const std::size_t p : pools) gpus += fleet[p] * scenario.pools[p].config.gpus_per_replica;
  return gpus;
}

const Gpu* pool_gpu(const ResolvedScenario& scenario, std::size_t pool) {
  const ResolvedPool& resolved = scenario.pools.at(pool);
  if (resolved.deployment) return &resolved.deployment->gpu;
  for (const Gpu& gpu : scenario.scenario.catalogue.gpus) {
    if (gpu.name == resolved.gpu) return &gpu;
  }
  return find_gpu(resolved.gpu);
}

PoolStep pool_step(const ResolvedScenario& scenario, std::size_t pool) {
  const std::int64_t replica_gpus = scenario.pools.at(pool).config.gpus_per_replica;
  PoolStep step;
  if (const Gpu* gpu = pool_gpu(scenario, pool)) step.node_gpus = gpu->gpus_per_node;
  const std::int64_t declared = scenario.scenario.pools.at(pool).gpus_per_node;
  if (declared > 0) step.node_gpus = declared;
  if (step.node_gpus > 0) {
    const bool fits = step.node_gpus % replica_gpus == 0 || replica_gpus % step.node_gpus == 0;
    if (!fits) step.replicas = std::lcm(step.node_gpus, replica_gpus) / replica_gpus;
    step.node_replicas = std::max<std::int64_t>(1, step.node_gpus / replica_gpus);
    // A replica that lies across a border of nodes dies with either of them.
    if (!fits && step.node_gpus > replica_gpus) step.node_replicas += 1;
    if (!fits && step.node_gpus < replica_gpus) step.node_replicas = 2;
  }
  step.gpus = step.replicas * replica_gpus;
  return step;
}

GpuCost gpu_cost(const ResolvedScenario& scenario, std::size_t pool, double gpus) {
  GpuCost cost;
  const Gpu* gpu = pool_gpu(scenario, pool);
  if (gpu == nullptr) return cost;
  cost.power_w = gpus * gpu->power_w;
  if (gpu->prices.empty()) return cost;
  const auto cheaper = [](const Price& a, const Price& b) {
    return a.usd_per_gpu_h < b.usd_per_gpu_h;
  };
  cost.lowest = *std::min_element(gpu->prices.begin(), gpu->prices.end(), cheaper);
  cost.highest = *std::max_element(gpu->prices.begin(), gpu->prices.end(), cheaper);
  cost.usd_per_h = gpus * cost.lowest.usd_per_gpu_h;
  cost.usd_per_h_high = gpus * cost.highest.usd_per_gpu_h;
  return cost;
}

}  // namespace headroom
