#include <charconv>

#include "headroom/plan/measure.hpp"

namespace headroom {

const std::array<MetricEntry, 11>& metrics() {
  static constexpr std::array<MetricEntry, 11> kEntries{{
      {Metric::kQueueDelay, "queue_delay", "queue_delay_s", "s",
       "time of the first scheduled work minus arrival"},
      {Metric::kTtft, "ttft", "ttft_s", "s", "time to first token: first token minus arrival"},
      {Metric::kItl, "itl", "itl_s", "s", "inter-token latency: gap between two tokens"},
      {Metric::kTpot, "tpot", "tpot_s", "s",
       "time per output token: (last - first token) / (output tokens - 1)"},
      {Metric::kE2e, "e2e", "e2e_s", "s", "end to end: finish minus arrival"},
      {Metric::kTimeInQueue, "time_in_queue", "time_in_queue_s", "s",
       "all time spent queued, of every request that ended"},
      {Metric::kSloAttainment, "slo_attainment", "slo_attainment", "share",
       "finished within all limits of the class's slo / arrived"},
      {Metric::kGoodput, "goodput", "goodput_per_s", "1/s",
       "requests finished within the slo, per second of the window"},
      {Metric::kAbandonedShare, "abandoned_share", "abandoned_share", "share",
       "abandoned / arrived"},
      {Metric::kRejectedShare, "rejected_share", "rejected_share", "share", "rejected / arrived"},
      {Metric::kDrain, "drain_time", "drain_time_s", "s",
       "from the window's end until the oldest queued request is young again"},
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
