#pragma once

#include <span>
#include <vector>

#include "headroom/core/error.hpp"
#include "headroom/plan/fluid.hpp"
#include "headroom/scenario/resolved.hpp"

namespace headroom {

/// What the fluid estimate takes to be in service. REQUIRES: the scenario outlives it.
GpusInService expected_in_service(const ResolvedScenario& scenario);

/// What the fluid estimate takes to come past the gateway: of a class with a quota the mean share
/// of the day's requests that are within it (more early in the day, fewer late); of one with a
/// rate limit no more than that rate. Retries of the refused are left out. REQUIRES: as above.
AdmittedRate expected_admitted(const ResolvedScenario& scenario);

/// Pools that are offered more load than they have GPUs then, by the fluid estimate: W201, one a
/// pool, at its `gpus`. With busy periods the first that overloads the pool is named. Nothing is
/// run.
std::vector<Issue> overload_warnings(const ResolvedScenario& scenario);

}  // namespace headroom
