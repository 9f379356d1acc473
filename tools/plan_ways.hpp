#pragma once

#include "headroom/plan/solve.hpp"
#include "headroom/scenario/load.hpp"
#include "options.hpp"

namespace headroom::tools {

/// What a plan is to look for beside the fleet: what --solve asks for, and the levers that the
/// scenario wants in every plan. Throws UsageError or InputError when the scenario has nothing of
/// the kind.
SolveOptions solve_options(const CommandLine& line, const LoadedScenario& loaded,
                           const ResolvedScenario& scenario);

/// The scenario that the plain plan is of: under --solve delivery nothing arrives.
ResolvedScenario plan_base(const CommandLine& line, ResolvedScenario scenario);

/// Whether what --solve asked for has an answer.
bool has_answer(const CommandLine& line, const WaysOut& ways);

}  // namespace headroom::tools
