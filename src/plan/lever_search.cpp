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

/// Where settings were judged in the busiest hours alone: the answer must hold in a whole run, too,
/// else the next tighter one is it. What share is refused is then that run's.
void confirm(AxisResult& result, const LeverAxis& axis, std::size_t capped,
             const AxisJudge& in_hours, Evaluator& evaluator) {
  AxisAnswer& answer = result.answer;
  while (answer.found) {
    LeverPoint& point = result.tried.at(answer.x);
    if (point.judgement.in_busiest_hours < point.judgement.replications) return;
    const Evaluation& whole = evaluator.evaluate(axis.candidate(answer.x), 1);
    const Judgement once = judge_evaluation(whole, result.look.confidence);
    point.refused_share = refused_of(whole, once, capped);
    point.confirmed = once.holds && point.judgement.holds;
    if (point.confirmed) return;
    answer.found = answer.x < axis.count;
    answer.separated = false;  // one run excludes nothing
    if (answer.found) in_hours(++answer.x, answer.look);
  }
}

}  // namespace

AxisResult search_axis(const LeverAxis& axis, std::size_t capped, const PlanOptions& options,
                       Evaluator& evaluator) {
  AxisResult result;
  AxisRange range{1,           axis.count, std::clamp<std::int64_t>(axis.guess, 1, axis.count),
                  axis.stride, axis.known, options.interval};
  const AxisJudge judge = [&](std::int64_t x, std::size_t level) {
    const Look& look = options.looks[level == 0 ? 0 : level - 1];
    const Effort effort = level == 0 ? options.probe_effort() : options.effort_of(look);
    const Evaluation& evaluation = evaluator.evaluate(axis.candidate(x), effort);
    const Judgement judgement = judge_evaluation(evaluation, look.confidence);
    result.tried[x] = {axis.value(x), refused_of(evaluation, judgement, capped), judgement};
    result.targets = evaluation.result.spec.targets;
    return AxisVerdict{judgement.holds, judgement.excluded, judgement.severity, true};
  };
  result.answer = search_smallest(range, options.looks.size(), judge);
  result.look = options.looks[std::min(result.answer.look, options.looks.size()) - 1];
  confirm(result, axis, capped, judge, evaluator);
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
