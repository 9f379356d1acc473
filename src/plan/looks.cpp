#include "headroom/plan/looks.hpp"

#include <algorithm>
#include <cmath>

#include "headroom/core/check.hpp"

namespace headroom {
namespace {

bool series_is_precise(const Series& series, double confidence, double share) {
  const Estimate estimate = series.estimate(confidence);
  if (estimate.values == 0) return true;  // lost in all, or about nobody: more runs change nothing
  if (estimate.censored > 0 || std::isnan(estimate.high)) return false;
  return (estimate.high - estimate.low) / 2 <= share * std::abs(estimate.value);
}

}  // namespace

std::vector<Look> fixed_look(std::size_t replications, double confidence) {
  return {{replications, confidence}};
}

std::vector<Look> spending_looks(std::span<const std::size_t> replications, double confidence) {
  HEADROOM_CHECK(!replications.empty(), "there is a look");
  std::vector<Look> looks;
  std::size_t before = 0;
  for (const std::size_t n : replications) {
    HEADROOM_CHECK(n > before, "looks are at growing counts");
    const double spent = (1 - confidence) * static_cast<double>(n - before) /
                         static_cast<double>(replications.back());
    looks.push_back({n, 1 - spent});
    before = n;
  }
  return looks;
}

bool is_precise(const RunStatistics& statistics, const MeasureSpec& spec, double confidence,
                double share) {
  const auto precise = [&](const Series& series) {
    return series_is_precise(series, confidence, share);
  };
  if (!spec.targets.empty()) {
    return std::all_of(statistics.targets.begin(), statistics.targets.end(),
                       [&](const TargetStatistics& t) { return precise(t.value); });
  }
  const auto& latency = statistics.groups.back()[0].latency;
  return precise(latency[static_cast<std::size_t>(Metric::kQueueDelay)].mean) &&
         precise(latency[static_cast<std::size_t>(Metric::kE2e)].mean);
}

}  // namespace headroom
