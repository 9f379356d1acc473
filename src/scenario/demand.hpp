#pragma once

#include <span>
#include <vector>

#include "headroom/scenario/resolved.hpp"
#include "problems.hpp"

namespace headroom {

/// Each class as the engine sees it. REQUIRES: stages name pools that exist.
std::vector<ClassConfig> resolve_classes(const Scenario& scenario);

/// The demand, its stages filled from their pools (service times, whether tokens are made), not yet
/// prepared. Appends problems: stages without lengths, limits on what a class cannot have.
WorkloadConfig resolve_demand(const Scenario& scenario, std::span<const ResolvedPool> pools,
                              std::string base_directory, Problems& problems);

}  // namespace headroom
