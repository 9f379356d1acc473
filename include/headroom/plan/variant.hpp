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

/// The scenario with arrivals so many times as far apart, and with them its windows, its minutes
/// and its end; services, patience and all else take as long as before.
/// REQUIRES: times >= 1; times x horizon <= kMaxRunSpan.
ResolvedScenario with_spacing(const ResolvedScenario& scenario, std::int64_t times);
/// The scenario with the same replicas in service all along: nothing delivered, removed or failing.
ResolvedScenario without_changes(const ResolvedScenario& scenario);

/// The scenario with a token bucket for one class. REQUIRES: rate_per_s > 0.
ResolvedScenario with_rate_limit(const ResolvedScenario& scenario, std::size_t request_class,
                                 const RateLimitConfig& limit);
/// The scenario with a daily quota for one class; its users are those of `quota`. Compiles the
/// demand anew, which reads traces again: where only per_day differs, with_quota_of is the same.
ResolvedScenario with_quota(const ResolvedScenario& scenario, std::size_t request_class,
                            const QuotaConfig& quota);
/// A scenario made by with_quota (or that declares one), with another number a day.
ResolvedScenario with_quota_of(const ResolvedScenario& scenario, std::size_t request_class,
                               std::int64_t per_day);
/// The scenario with targets about a class, or about all together, judged over those that were not
/// refused on purpose: of a capped class, how those let in fare. Shares stay of all that arrived.
ResolvedScenario judged_of_admitted(const ResolvedScenario& scenario, std::size_t request_class);

/// GPUs that one delivery of a pool brings, as resolved.
struct Delivery {
  std::size_t pool = 0;
  Ticks at{0};  ///< they serve from then on
  std::int64_t replicas = 0;
};
/// All deliveries before the horizon, by time, then by pool.
std::vector<Delivery> deliveries_of(const ResolvedScenario& scenario);
/// The scenario with only the first `replicas` of all that its deliveries bring, in that order.
ResolvedScenario with_deliveries(const ResolvedScenario& scenario, std::int64_t replicas);

/// GPUs of all pools.
std::int64_t gpus_of(const ResolvedScenario& scenario, const FleetSize& fleet);
/// GPUs of some of them.
std::int64_t gpus_of(const ResolvedScenario& scenario, const FleetSize& fleet,
                     const std::vector<std::size_t>& pools);

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
