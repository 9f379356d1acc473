#pragma once

#include "headroom/scenario/load.hpp"
#include "problems.hpp"

namespace headroom {

/// Whether what the scenario calls uncertain are numbers that it gives, and whether they can take
/// the values that may be drawn: E145, E146.
void check_uncertain(const LoadedScenario& loaded, Problems& problems);

}  // namespace headroom
