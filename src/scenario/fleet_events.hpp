#pragma once

#include <vector>

#include "headroom/core/random.hpp"
#include "headroom/scenario/resolved.hpp"

namespace headroom {

/// What happens to the replicas of one simulated cell in one run, as docs/serving.md ("Fleet
/// changes and faults") says: its part of the changes and stated faults, and its nodes' failures,
/// drawn by `key`. Sets `replicas` and `delivered` of the cell's pools.
std::vector<FleetEvent> fleet_events(const ResolvedScenario& resolved, const SimulatedCell& cell,
                                     const RunKey& key, std::vector<PoolConfig>& pools);

}  // namespace headroom
