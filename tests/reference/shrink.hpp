#pragma once

#include "random_scenarios.hpp"

namespace headroom::reference {

/// The scenario with as few requests, and these with as few tokens, as still make the engines
/// differ. REQUIRES: they differ on `scenario`.
Scenario shrink(Scenario scenario);

}  // namespace headroom::reference
