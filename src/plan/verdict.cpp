#include "headroom/plan/verdict.hpp"

#include <cmath>

namespace headroom {
namespace {

/// Below this many replications an interval is too wide to be of use, and a verdict says so.
constexpr std::size_t kLeastReplications = 3;

/// The bound on the side that a target's limit is not on, against the limit.
bool surely_missed(const TargetStatistics& statistics, const TargetSpec& target,
                   const TargetVerdict& verdict) {
  if (target.lower_limit()) {
    return (verdict.point_estimate ? verdict.value.value
                                   : statistics.value.upper_bound(verdict.level)) < target.limit;
  }
  return (verdict.point_estimate ? verdict.value.value
                                 : statistics.value.lower_bound(verdict.level)) > target.limit;
}

TargetVerdict judge_one(const TargetStatistics& statistics, const TargetSpec& target,
                        std::size_t replications, double confidence, std::size_t targets) {
  TargetVerdict verdict;
  verdict.level = bonferroni_level(confidence, targets);
  verdict.value = statistics.value.estimate(confidence);
  verdict.point_estimate = replications < kLeastReplications;
  if (verdict.point_estimate) {
    verdict.bound = verdict.value.value;
  } else {
    verdict.bound = target.lower_limit() ? statistics.value.lower_bound(verdict.level)
                                         : statistics.value.upper_bound(verdict.level);
  }
  const double samples = statistics.samples.estimate(confidence).value;
  verdict.samples = std::isnan(samples) ? 0 : samples;
  if (verdict.samples <= 0 || verdict.value.values + verdict.value.censored == 0) {
    verdict.reason = "no samples";
  } else if (verdict.value.censored > 0) {
    verdict.reason = "censored";
    verdict.excluded = true;
  } else {
    verdict.pass =
        target.lower_limit() ? verdict.bound >= target.limit : verdict.bound <= target.limit;
    verdict.excluded = surely_missed(statistics, target, verdict);
  }
  const double refused = statistics.refused_share.estimate(confidence).value;
  verdict.refused_share = std::isnan(refused) ? 0 : refused;
  verdict.by_minute = statistics.by_minute;
  verdict.first_breach_s = median(statistics.first_breach_s);
  verdict.breach_share = replications == 0 ? 0
                                           : static_cast<double>(statistics.first_breach_s.size()) /
                                                 static_cast<double>(replications);
  verdict.worst = statistics.worst.estimate(confidence);
  verdict.worst_at_s = median(statistics.worst_at_s);
  verdict.time_above_s = statistics.time_above_s.estimate(confidence);
  return verdict;
}

}  // namespace

std::vector<TargetVerdict> judge(const RunStatistics& statistics, const MeasureSpec& spec,
                                 double confidence) {
  std::vector<TargetVerdict> verdicts;
  for (std::size_t t = 0; t < spec.targets.size(); ++t) {
    verdicts.push_back(judge_one(statistics.targets[t], spec.targets[t], statistics.replications,
                                 confidence, spec.targets.size()));
  }
  return verdicts;
}

}  // namespace headroom
