#pragma once

#include <string>

#include "random_scenarios.hpp"
#include "reach.hpp"

namespace headroom::reference {

/// What came of running one scenario through both engines.
struct Comparison {
  /// Empty when they agree in everything; else the first differences, both sides, the scenario and
  /// how to run it again.
  std::string difference;
  double plans = 0, cut_plans = 0, largest_batch = 0;  ///< of the fast engine
};

/// Runs `scenario` through the plain engine, the fast one and the fast one step by step, and
/// compares every field of every record, their order, and the totals that both keep. `reach`
/// receives what the plain engine met.
Comparison compare_engines(const Scenario& scenario, Reach& reach);

}  // namespace headroom::reference
