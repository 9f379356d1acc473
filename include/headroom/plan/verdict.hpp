#pragma once

#include <string>
#include <vector>

#include "headroom/plan/measure.hpp"

namespace headroom {

/// What is said of one target over all replications.
struct TargetVerdict {
  Estimate value;    ///< of the judged statistic
  double bound = 0;  ///< one-sided bound that was compared; NaN: none
  double level = 0;  ///< its confidence, Bonferroni over the targets
  bool pass = false;
  /// Missed beyond doubt: the bound to the other side, at the same level, is beyond the limit too,
  /// or a replication lost it, which leaves no finite mean. Never without samples.
  bool excluded = false;
  bool point_estimate = false;  ///< fewer than 3 replications: the mean itself was compared
  std::string reason;           ///< why it failed without a comparison; else empty
  double samples = 0;           ///< mean population size
  double refused_share = 0;     ///< refused on purpose, mean
  bool by_minute = false;       ///< the following four exist
  double first_breach_s = 0;    ///< median over the replications that breach; NaN: none does
  double breach_share = 0;      ///< share of the replications that breach
  Estimate worst;               ///< worst minute
  double worst_at_s = 0;        ///< median start of the worst minute; NaN: no minute
  Estimate time_above_s;
};

/// Judges every target: it passes when its one-sided bound is within its limit.
std::vector<TargetVerdict> judge(const RunStatistics& statistics, const MeasureSpec& spec,
                                 double confidence);

}  // namespace headroom
