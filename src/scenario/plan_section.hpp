#pragma once

#include "headroom/json/document.hpp"
#include "headroom/scenario/scenario.hpp"
#include "problems.hpp"

namespace headroom {

/// The classes and provenance that the plan object names, and what its degradations set: each must
/// leave a scenario that reads.
void check_plan_section(const Scenario& scenario, const json::Document& document,
                        Problems& problems);

}  // namespace headroom
