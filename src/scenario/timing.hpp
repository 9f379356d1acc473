#pragma once

#include <vector>

#include "headroom/scenario/resolved.hpp"
#include "problems.hpp"

namespace headroom {

/// Windows (the whole run first), the stretches of arrival time they are made of, and the widths of
/// timeline bins and minutes. Appends a warning when the timeline had to be widened.
void resolve_timing(const Scenario& scenario, ResolvedScenario& resolved, Problems& warnings);

/// The sampled busy periods; one plain period without them.
std::vector<ResolvedPeriod> resolve_periods(const Scenario& scenario);
/// A period has some demand (E113).
void check_periods(const std::vector<ResolvedPeriod>& periods, const Scenario& scenario,
                   Problems& problems);

}  // namespace headroom
