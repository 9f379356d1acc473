#include "gateway.hpp"

#include <algorithm>
#include <cmath>
#include <string>

namespace headroom {
namespace {

/// Requests that a full bucket of the whole fleet lets through at once.
double burst_of(const RateLimitConfig& limit) {
  return limit.burst > 0 ? limit.burst : std::max(1.0, limit.rate_per_s);
}

/// A cell's token bucket: at least one token deep.
TokenBucket bucket_of(const RateLimitConfig& limit, double share) {
  const double interval_s = 1 / (limit.rate_per_s * share);
  const double ticks = interval_s * static_cast<double>(kTicksPerSecond);
  const auto longest = static_cast<double>(kMaxRunSpan.count);  // no second token comes in a run
  TokenBucket bucket;
  bucket.interval = Ticks{std::llround(std::clamp(ticks, 1.0, longest))};
  const double deep = std::max(0.0, burst_of(limit) * share - 1) * ticks;
  bucket.depth = Ticks{std::llround(std::min(longest, deep))};
  return bucket;
}

std::int64_t cap_of(const ScenarioPool& pool, const PoolConfig& config, std::int64_t replicas,
                    double share) {
  if (!pool.queue_cap) return kNoQueueCap;
  const std::int64_t queues = config.queueing == Queueing::kCentral ? replicas : 1;
  // 0.29 x 100 is 29, not a hair less.
  return static_cast<std::int64_t>(
      std::floor(share * static_cast<double>(*pool.queue_cap * queues) * (1 + 1e-12)));
}

}  // namespace

void check_gateways(const Scenario& scenario, std::span<const ResolvedPool> pools,
                    Problems& problems) {
  for (std::size_t p = 0; p < pools.size(); ++p) {
    if (scenario.pools[p].queue_cap != 0 || pools[p].config.mode == BatchMode::kSlots) continue;
    problems.add("E113", at_item("/fleet/pools", p, "/queue_cap"),
                 "a cap of 0 would refuse everybody: who arrives during a step waits for its end",
                 {"slots of a service_time have none to wait for"});
  }
  for (std::size_t c = 0; c < scenario.classes.size(); ++c) {
    const ScenarioClass& of = scenario.classes[c];
    if (of.rate_limit &&
        burst_of(*of.rate_limit) / of.rate_limit->rate_per_s > seconds(kMaxRunSpan)) {
      problems.add("E113", at_item("/classes", c, "/rate_limit/burst"),
                   "a bucket so deep takes more than 90 days to fill");
    }
    if (of.queue_share == 1) continue;
    for (const ScenarioStage& stage : of.stages) {
      for (std::size_t p = 0; p < pools.size(); ++p) {
        if (scenario.pools[p].name != stage.pool || pools[p].config.mode == BatchMode::kSlots) {
          continue;
        }
        // What a cell has at least; more of a central queue's replicas are no fewer places.
        const std::int64_t replicas =
            std::max<std::int64_t>(1, pools[p].config.replicas / scenario.cells.count);
        if (scenario.pools[p].queue_cap == 0 ||
            cap_of(scenario.pools[p], pools[p].config, replicas, of.queue_share) > 0) {
          continue;
        }
        problems.add("E113", at_item("/classes", c, "/queue_share"),
                     "its share of pool \"" + stage.pool +
                         "\"'s queue_cap is less than one place: it would refuse everybody");
      }
    }
    const bool capped = std::any_of(of.stages.begin(), of.stages.end(), [&](const auto& stage) {
      return std::any_of(scenario.pools.begin(), scenario.pools.end(), [&](const auto& pool) {
        return pool.name == stage.pool && pool.queue_cap;
      });
    });
    if (capped) continue;
    problems.add(
        "E113", at_item("/classes", c, "/queue_share"),
        "no pool that class \"" + of.name + "\" visits has a queue_cap to take a share of");
  }
}

std::vector<ClassConfig> classes_in_cell(const ResolvedScenario& resolved,
                                         const SimulatedCell& cell) {
  std::vector<ClassConfig> classes = resolved.classes;
  const auto& pools = resolved.scenario.pools;
  const bool caps = std::any_of(pools.begin(), pools.end(),
                                [](const ScenarioPool& pool) { return pool.queue_cap; });
  for (std::size_t c = 0; c < classes.size(); ++c) {
    const ScenarioClass& declared = resolved.scenario.classes[c];
    if (declared.rate_limit) {
      classes[c].bucket = bucket_of(*declared.rate_limit, cell.demand_share);
    }
    for (const PoolId id : classes[c].stages) {
      if (!caps) break;
      const std::size_t p = index(id);
      classes[c].queue_caps.push_back(
          cap_of(pools[p], resolved.pools[p].config, cell.replicas[p], declared.queue_share));
    }
  }
  return classes;
}

}  // namespace headroom
