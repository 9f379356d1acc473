#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "headroom/plan/capacity.hpp"

namespace headroom {
namespace {

/// Beyond this the simulation would cost more than the answer is worth.
constexpr double kMostDemand = 4;
/// Multipliers this near to each other say the same.
constexpr double kNear = 0.03;

double two_digits(double value) { return std::stod(fmt::format("{:.1e}", value)); }

std::vector<double> multipliers_around(double centre) {
  std::vector<double> chosen{1.0};
  for (const double share : {0.8, 1.0, 1.2}) {
    const double wanted = two_digits(std::clamp(share * centre, 0.01, kMostDemand));
    const bool near = std::any_of(chosen.begin(), chosen.end(), [&](double have) {
      return std::abs(have - wanted) < kNear * have;
    });
    if (!near) chosen.push_back(wanted);
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

}  // namespace

std::vector<KneePoint> find_knee(const ResolvedScenario& scenario, double centre,
                                 const Effort& effort, double confidence, Evaluator& evaluator) {
  std::vector<KneePoint> knee;
  for (const double multiplier : multipliers_around(centre)) {
    Candidate candidate{"", scenario};
    if (multiplier != 1) {
      candidate = {fmt::format("demand x {}", multiplier), with_demand(scenario, multiplier)};
    }
    const Evaluation& evaluation = evaluator.evaluate(candidate, effort);
    KneePoint point;
    point.multiplier = multiplier;
    point.judgement = judge_evaluation(evaluation, confidence);
    for (const PeriodResult& period : evaluation.result.periods) {
      for (const PoolLoad& load : period.load) {
        point.peak_load_per_gpu = std::max(point.peak_load_per_gpu, load.peak_per_gpu);
      }
    }
    knee.push_back(std::move(point));
  }
  return knee;
}

KneeBracket knee_bracket(const std::vector<KneePoint>& knee) {
  KneeBracket bracket;
  for (const KneePoint& point : knee) {
    if (!point.judgement.holds) {
      bracket.fails = point.multiplier;
      break;
    }
    bracket.holds = point.multiplier;
  }
  return bracket;
}

}  // namespace headroom
