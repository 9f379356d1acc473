#pragma once

#include <span>
#include <vector>

#include "headroom/scenario/resolved.hpp"
#include "problems.hpp"

namespace headroom {

/// Fields of gateways and users that contradict each other (E113).
void check_gateways(const Scenario& scenario, std::span<const ResolvedPool> pools,
                    Problems& problems);

/// The classes as one cell has them: its share of rate limits, and the caps of its queues.
std::vector<ClassConfig> classes_in_cell(const ResolvedScenario& resolved,
                                         const SimulatedCell& cell);

}  // namespace headroom
