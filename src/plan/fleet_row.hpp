#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "headroom/plan/capacity.hpp"
#include "headroom/plan/search.hpp"

namespace headroom {

/// A row of fleets, small to large, that variants of one scenario are tried on: number x has x
/// steps. A step of one free pool is a replica (or what fills whole nodes), or half a percent of
/// what the plan found where that is more. Several free pools grow together, in steps of half a
/// percent of the plan's answer, and keep its proportions.
class FleetRow {
 public:
  FleetRow(const ResolvedScenario& scenario, const FleetPlan& plan);

  FleetSize fleet(std::int64_t x) const;
  /// GPUs of the free pools.
  std::int64_t gpus(std::int64_t x) const;
  std::int64_t low() const { return low_; }  ///< smallest fleet that fills the cells
  /// So many times the plan's answer.
  std::int64_t scaled(double ratio) const;
  /// The largest number of at most so many GPUs; low() when there is none.
  std::int64_t largest(std::int64_t most_gpus) const;
  std::int64_t step_gpus() const { return gpus(centre_ + 1) - gpus(centre_); }

 private:
  struct Pool {
    std::size_t index = 0;
    PoolStep step;
    std::int64_t basis = 1;  ///< steps of the plan's answer
    std::int64_t low = 1;    ///< steps
  };
  std::int64_t steps(const Pool& pool, std::int64_t x) const;

  FleetSize today_;
  std::vector<Pool> pools_;
  std::int64_t unit_ = 1;  ///< steps of the only pool in one of the row
  std::int64_t low_ = 1, centre_ = 1;
};

/// Where on a row to look for an answer near `guess`: up to `max_gpus` where the user gave a bound,
/// else to the plan's or twice `largest_guess`, whichever is more.
AxisRange row_range(const FleetRow& row, std::int64_t guess, std::int64_t largest_guess,
                    const FleetPlan& plan, const std::optional<std::int64_t>& max_gpus);

/// How many GPUs a variant should need, by the fluid estimate, for one that `scenario` needs.
double fluid_ratio(const ResolvedScenario& scenario, const ResolvedScenario& variant,
                   const std::vector<std::size_t>& pools);

}  // namespace headroom
