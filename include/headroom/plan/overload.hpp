#pragma once

#include <span>
#include <vector>

#include "headroom/core/error.hpp"
#include "headroom/plan/fluid.hpp"
#include "headroom/scenario/resolved.hpp"

namespace headroom {

/// What the fluid estimate takes to be in service. REQUIRES: the scenario outlives it.
GpusInService expected_in_service(const ResolvedScenario& scenario);

/// Pools that are offered more load than they have GPUs then, by the fluid estimate: W201, one a
/// pool, at its `gpus`. With busy periods the first that overloads the pool is named. Nothing is
/// run.
std::vector<Issue> overload_warnings(const ResolvedScenario& scenario);

}  // namespace headroom
