#include "lever_search.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace headroom {
namespace {

/// Largest share refused on purpose of the targets about the class alone; NaN without any.
double refused_of(const Evaluation& evaluation, const Judgement& judgement, std::size_t capped) {
  double refused = std::numeric_limits<double>::quiet_NaN();
  const std::vector<TargetSpec>& targets = evaluation.result.spec.targets;
  for (std::size_t t = 0; t < targets.size(); ++t) {
    if (targets[t].request_class != capped) continue;
    refused = std::fmax(refused, judgement.verdicts[t].refused_share);
  }
  return refused;
}

}  // namespace

AxisResult search_axis(const LeverAxis& axis, std::size_t capped, const PlanOptions& options,
                       Evaluator& evaluator) {
  AxisResult result;
  AxisRange range{1,           axis.count, std::clamp<std::int64_t>(axis.guess, 1, axis.count),
                  axis.stride, axis.known, options.interval};
  const auto judge = [&](std::int64_t x, std::size_t level) {
    const Look& look = options.looks[level == 0 ? 0 : level - 1];
    const std::size_t replications =
        level == 0 ? std::min(options.probe_replications, look.replications) : look.replications;
    const Candidate candidate = axis.candidate(x);
    const Evaluation& evaluation = evaluator.evaluate(candidate, replications);
    const Judgement judgement = judge_evaluation(evaluation, look.confidence);
    result.tried[x] = {axis.value(x), refused_of(evaluation, judgement, capped), judgement};
    result.targets = evaluation.result.spec.targets;
    return AxisVerdict{judgement.holds, judgement.excluded, judgement.severity, true};
  };
  result.answer = search_smallest(range, options.looks.size(), judge);
  result.look = options.looks[std::min(result.answer.look, options.looks.size()) - 1];
  return result;
}

double nice_step(double value) {
  const double raw = value / 100;
  const double power = std::pow(10, std::floor(std::log10(raw)));
  for (const double digit : {5.0, 2.0}) {
    if (raw >= digit * power) return digit * power;
  }
  return power;
}

}  // namespace headroom
