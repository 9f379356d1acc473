#pragma once

#include "headroom/scenario/resolved.hpp"
#include "problems.hpp"

namespace headroom {

/// Too many requests to simulate: a problem (E143) or, for many, a warning (W205) with what to do.
void check_size(const ResolvedScenario& resolved, Problems& problems, Problems& warnings);

/// What a reader of the results should know: cells of two sizes, assumptions, pools nobody uses,
/// classes without requests, and the workload's own warnings. docs/cli.md lists the codes.
void add_warnings(const ResolvedScenario& resolved, Problems& warnings);

}  // namespace headroom
