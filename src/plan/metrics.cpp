#include <charconv>

#include "headroom/plan/measure.hpp"

namespace headroom {

const std::array<MetricEntry, 11>& metrics() {
  static constexpr std::array<MetricEntry, 11> kEntries{{
      {Metric::kQueueDelay, "queue_delay", "queue_delay_s", "s"},
      {Metric::kTtft, "ttft", "ttft_s", "s"},
      {Metric::kItl, "itl", "itl_s", "s"},
      {Metric::kTpot, "tpot", "tpot_s", "s"},
      {Metric::kE2e, "e2e", "e2e_s", "s"},
      {Metric::kTimeInQueue, "time_in_queue", "time_in_queue_s", "s"},
      {Metric::kSloAttainment, "slo_attainment", "slo_attainment", "share"},
      {Metric::kGoodput, "goodput", "goodput_per_s", "1/s"},
      {Metric::kAbandonedShare, "abandoned_share", "abandoned_share", "share"},
      {Metric::kRejectedShare, "rejected_share", "rejected_share", "share"},
      {Metric::kDrain, "drain_time", "drain_time_s", "s"},
  }};
  return kEntries;
}

std::optional<Metric> find_metric(std::string_view name) {
  for (const MetricEntry& entry : metrics()) {
    if (entry.name == name) return entry.metric;
  }
  return std::nullopt;
}

std::optional<Statistic> parse_statistic(std::string_view text) {
  if (text == "mean") return Statistic{Statistic::Kind::kMean, 0};
  if (text == "max") return Statistic{Statistic::Kind::kMax, 0};
  if (text.size() < 2 || text.front() != 'p') return std::nullopt;
  double percent = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data() + 1, end, percent, std::chars_format::fixed);
  if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
  if (!(percent > 0 && percent < 100)) return std::nullopt;
  return Statistic{Statistic::Kind::kQuantile, percent / 100};
}

double WindowSpec::length_s() const {
  Ticks sum{0};
  for (const TimeSpan& span : spans) sum += span.to - span.from;
  return seconds(sum);
}

}  // namespace headroom
