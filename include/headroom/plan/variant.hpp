#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "headroom/hardware/gpu.hpp"
#include "headroom/scenario/resolved.hpp"

/// The same scenario with something else tried: another fleet, more demand.
namespace headroom {

/// Replicas of each pool, in the order of ResolvedScenario::pools.
using FleetSize = std::vector<std::int64_t>;

FleetSize fleet_of(const ResolvedScenario& scenario);
/// The scenario on another fleet; cells are laid out anew.
/// REQUIRES: every pool has a replica in every cell.
ResolvedScenario with_fleet(const ResolvedScenario& scenario, const FleetSize& fleet);
/// The scenario with every class's rate multiplied.
ResolvedScenario with_demand(const ResolvedScenario& scenario, double multiplier);

/// GPUs of all pools.
std::int64_t gpus_of(const ResolvedScenario& scenario, const FleetSize& fleet);

/// In what a pool can grow.
struct PoolStep {
  std::int64_t replicas = 1;   ///< of one step
  std::int64_t gpus = 1;       ///< of one step
  std::int64_t node_gpus = 0;  ///< of one node by the catalogue; 0: the pool names no known GPU
  /// Replicas that the loss of one node takes: those on it, at least one.
  std::int64_t node_replicas = 1;
};
/// A step is one replica. Where replicas and nodes do not fit into each other (12 GPUs on nodes of
/// 8), it is the fewest replicas that fill whole nodes, since nodes are what is bought.
PoolStep pool_step(const ResolvedScenario& scenario, std::size_t pool);

/// The catalogue entry of a pool's GPU, the scenario's own entries first; null when it names none.
const Gpu* pool_gpu(const ResolvedScenario& scenario, std::size_t pool);

/// What GPUs cost, by the catalogue's price list.
struct GpuCost {
  double usd_per_h = 0;       ///< at the lowest listed price
  double usd_per_h_high = 0;  ///< at the highest
  Price lowest, highest;
  double power_w = 0;  ///< of the boards
};
/// Of `gpus` GPUs of a pool. Prices are 0 where the catalogue has none.
GpuCost gpu_cost(const ResolvedScenario& scenario, std::size_t pool, double gpus);

}  // namespace headroom
