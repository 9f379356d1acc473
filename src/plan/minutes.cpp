#include <algorithm>
#include <cmath>
#include <limits>

#include "headroom/core/check.hpp"
#include "headroom/plan/measure.hpp"

namespace headroom {
namespace {

/// Drain asks for 5 quiet minutes (docs/glossary.md).
constexpr Ticks kQuiet{300 * kTicksPerSecond};

void join_span(const std::vector<MinuteTally>& minutes, Ticks minute, std::size_t first,
               std::size_t last, double least, Ticks end, std::vector<JoinedMinute>& joined) {
  const std::size_t joined_before = joined.size();
  JoinedMinute open;
  bool is_open = false;
  for (std::size_t i = first; i < last; ++i) {
    const Ticks from = minute * static_cast<std::int64_t>(i);
    if (!is_open) open = JoinedMinute{from, from, MinuteTally{}};
    is_open = true;
    open.tally.merge(minutes[i], 1);
    open.to = from < end ? std::min(from + minute, end) : from + minute;
    if (open.tally.arrived >= least) {
      joined.push_back(std::move(open));
      is_open = false;
    }
  }
  if (!is_open) return;
  if (joined.size() > joined_before) {
    joined.back().tally.merge(open.tally, 1);
    joined.back().to = open.to;
  } else {
    joined.push_back(std::move(open));
  }
}

}  // namespace

std::vector<JoinedMinute> join_minutes(const std::vector<MinuteTally>& minutes, Ticks minute,
                                       const std::vector<TimeSpan>& spans, double least,
                                       Ticks end) {
  HEADROOM_CHECK(minute.count > 0, "a minute unit has a length");
  std::vector<JoinedMinute> joined;
  for (const TimeSpan& span : spans) {
    // Minutes that start inside the span; a span that holds no start has the minute around it.
    auto first = static_cast<std::size_t>((span.from.count + minute.count - 1) / minute.count);
    auto last = static_cast<std::size_t>((span.to.count + minute.count - 1) / minute.count);
    if (first >= last) {
      first = static_cast<std::size_t>(span.from.count / minute.count);
      last = first + 1;
    }
    join_span(minutes, minute, first, std::min(last, minutes.size()), least, end, joined);
  }
  return joined;
}

double drain_seconds(const std::vector<LateStretch>& late, Ticks end) {
  // Gaps between stretches are 5 minutes or longer, so only the time before the first may be a
  // shorter one that does not count as quiet.
  Ticks quiet_from{0};
  for (const LateStretch& stretch : late) {
    const bool quiet_before = quiet_from > Ticks{0} || stretch.from >= kQuiet;
    if (end < stretch.from && quiet_before) return 0;
    if (end < stretch.to || stretch.open) {
      return stretch.open ? std::numeric_limits<double>::quiet_NaN() : seconds(stretch.to - end);
    }
    quiet_from = stretch.to;
  }
  return 0;
}

double statistic_of(const LatencyTally& tally, const Statistic& statistic, double refused) {
  const Histogram& histogram = tally.histogram;
  const double missing = std::max(0.0, tally.missing_total() - refused);
  HEADROOM_CHECK(histogram.count() + missing > 0, "a statistic is asked of somebody");
  if (statistic.kind == Statistic::Kind::kQuantile) {
    return histogram.quantile_s(statistic.p, missing);
  }
  if (histogram.count() <= 0) return std::numeric_limits<double>::quiet_NaN();
  return statistic.kind == Statistic::Kind::kMean ? histogram.mean_s() : seconds(histogram.max());
}

}  // namespace headroom
