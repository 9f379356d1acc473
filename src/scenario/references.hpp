#pragma once

#include "headroom/json/document.hpp"
#include "headroom/scenario/scenario.hpp"
#include "problems.hpp"

namespace headroom {

/// Names that are used twice, and names that name nothing: pools of stages, classes and windows of
/// targets. Fills target ids that were left out.
void check_references(Scenario& scenario, Problems& problems);

/// Windows: inside the run, not empty, not all of it warm-up.
void check_windows(const Scenario& scenario, Problems& problems);

/// Paths of `provenance` that name no field of the scenario.
void check_provenance(const Scenario& scenario, const json::Document& document, Problems& problems);

}  // namespace headroom
