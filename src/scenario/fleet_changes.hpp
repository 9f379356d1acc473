#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "headroom/scenario/resolved.hpp"
#include "problems.hpp"

namespace headroom {

/// Changes, nodes, zones and failures of the pools, and the stated faults.
/// REQUIRES: resolved.pools and resolved.horizon are set. Appends what is wrong.
void resolve_fleet_changes(const Scenario& scenario, ResolvedScenario& resolved, Problems& problems,
                           Problems& warnings);

/// Numbers of the whole fleet that are dealt out to its cells beside the replicas at the start, in
/// this order: by pool, its replicas after each change, then the end of each of its zones, in
/// nodes; then the nodes of each fault. A removal leaves one replica in each cell.
std::vector<std::int64_t> numbers_to_deal(const ResolvedScenario& resolved);

/// One cell's part of them, by name.
struct DealtPool {
  std::vector<std::int64_t> replicas;   ///< after each change
  std::vector<std::int64_t> zone_ends;  ///< in nodes of the cell
};
struct Dealt {
  std::vector<DealtPool> pools;
  std::vector<std::int64_t> fault_nodes;
};
Dealt read_dealt(const ResolvedScenario& resolved, std::span<const std::int64_t> numbers);

}  // namespace headroom
