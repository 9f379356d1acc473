#include "headroom/plan/variant.hpp"

#include <algorithm>
#include <numeric>

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

std::int64_t gpus_of(const ResolvedScenario& scenario, const FleetSize& fleet) {
  std::int64_t gpus = 0;
  for (std::size_t p = 0; p < fleet.size(); ++p) {
    gpus += fleet[p] * scenario.pools[p].config.gpus_per_replica;
  }
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
