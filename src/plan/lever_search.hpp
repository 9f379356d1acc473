#pragma once

#include <functional>
#include <map>
#include <string>

#include "headroom/plan/solve.hpp"

namespace headroom {

/// The settings of a lever: number 1 is the mildest, `count` the tightest.
struct LeverAxis {
  std::int64_t count = 1;
  std::int64_t guess = 1;
  std::int64_t stride = 1;
  std::vector<std::int64_t> known{};  ///< AxisRange::known
  std::function<double(std::int64_t)> value;
  std::function<Candidate(std::int64_t)> candidate;
};

/// What a search along an axis found out.
struct AxisResult {
  AxisAnswer answer;
  Look look;
  std::map<std::int64_t, LeverPoint> tried;  ///< at the most replications each
  std::vector<TargetSpec> targets;
};

/// The mildest setting that holds every target; by the looks of the options.
/// `capped`: the class whose refused share is noted, or the number of classes.
AxisResult search_axis(const LeverAxis& axis, std::size_t capped, const PlanOptions& options,
                       Evaluator& evaluator);

/// About a hundredth of the value, rounded down to 1, 2 or 5 times a power of ten.
double nice_step(double value);

}  // namespace headroom
