#include "target_values.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace headroom {
namespace {

const LatencyTally& tally_of(const GroupTally& group, Metric metric) {
  switch (metric) {
    case Metric::kTtft:
      return group.ttft;
    case Metric::kItl:
      return group.itl;
    case Metric::kTpot:
      return group.tpot;
    case Metric::kE2e:
      return group.e2e;
    case Metric::kTimeInQueue:
      return group.time_in_queue;
    default:
      return group.queue_delay;
  }
}

/// Null for metrics that are not kept by the minute.
const LatencyTally* tally_of(const MinuteTally& minute, Metric metric) {
  switch (metric) {
    case Metric::kQueueDelay:
      return &minute.queue_delay;
    case Metric::kTtft:
      return &minute.ttft;
    case Metric::kTpot:
      return &minute.tpot;
    case Metric::kE2e:
      return &minute.e2e;
    default:
      return nullptr;
  }
}

bool is_latency(Metric metric) { return static_cast<std::size_t>(metric) < kLatencyMetrics; }

/// A rate or share of those who arrived less `refused`; nothing when there is nobody whom a share
/// could be said of.
template <class Tally>
std::optional<double> share_of(const Tally& tally, Metric metric, double length_s, double refused) {
  if (metric == Metric::kGoodput) return tally.slo_met / length_s;
  const double population = tally.arrived - refused;
  if (population <= 0) return std::nullopt;
  const auto ended = [&](EndState s) { return tally.ended[static_cast<std::size_t>(s)]; };
  if (metric == Metric::kSloAttainment) return tally.slo_met / population;
  if (metric == Metric::kAbandonedShare) return ended(EndState::kAbandoned) / population;
  return (ended(EndState::kRejected) - refused) / population;
}

/// Those who have the quantity or should have it, less `refused` of the latter.
double population_of(const LatencyTally& tally, double refused) {
  return tally.histogram.count() + std::max(0.0, tally.missing_total() - refused);
}

/// The target's value in one joined minute: nothing when nobody is in its population, NaN when it
/// is censored.
std::optional<double> minute_value(const JoinedMinute& joined, const TargetSpec& target) {
  if (!is_latency(target.metric)) {
    return share_of(joined.tally, target.metric, seconds(joined.to - joined.from),
                    target.admitted ? joined.tally.refused : 0);
  }
  const LatencyTally* tally = tally_of(joined.tally, target.metric);
  if (tally == nullptr) return std::nullopt;
  const double refused = target.admitted ? tally->refused : 0;
  if (population_of(*tally, refused) <= 0) return std::nullopt;
  return statistic_of(*tally, *target.statistic, refused);
}

bool breaks(double value, const TargetSpec& target) {
  if (std::isnan(value)) return true;
  return target.lower_limit() ? value < target.limit : value > target.limit;
}

bool is_worse(double value, double than, const TargetSpec& target) {
  if (std::isnan(than)) return false;
  if (std::isnan(value)) return true;
  return target.lower_limit() ? value < than : value > than;
}

struct MinuteVerdicts {
  std::optional<double> worst;  ///< NaN: censored
  double worst_at_s = 0;
  std::optional<double> first_breach_s;
  double time_above_s = 0;
};

MinuteVerdicts judge_minutes(const TargetSpec& target, const std::vector<JoinedMinute>& minutes) {
  MinuteVerdicts verdicts;
  for (const JoinedMinute& joined : minutes) {
    const std::optional<double> value = minute_value(joined, target);
    if (!value) continue;
    if (!verdicts.worst || is_worse(*value, *verdicts.worst, target)) {
      verdicts.worst = value;
      verdicts.worst_at_s = seconds(joined.from);
    }
    if (!breaks(*value, target)) continue;
    if (!verdicts.first_breach_s) verdicts.first_breach_s = seconds(joined.from);
    verdicts.time_above_s += seconds(joined.to - joined.from);
  }
  return verdicts;
}

void add_window_value(TargetStatistics& into, const MeasureSpec& spec, const TargetSpec& target,
                      const TargetInput& input) {
  if (target.metric == Metric::kDrain) {
    into.value.add(input.drain_s);
    into.samples.add(input.window.arrived);
    return;
  }
  if (!is_latency(target.metric)) {
    const double refused = target.admitted ? input.window.refused() : 0;
    const auto value =
        share_of(input.window, target.metric, spec.windows[target.window].length_s(), refused);
    into.samples.add(input.window.arrived - refused);
    if (value && input.window.arrived > refused) {
      into.value.add(*value);
    } else {
      into.value.add_empty();
    }
    return;
  }
  const LatencyTally& tally = tally_of(input.window, target.metric);
  const double refused = target.admitted ? tally.refused : 0;
  const double population = population_of(tally, refused);
  into.samples.add(population);
  if (population > 0) {
    into.value.add(statistic_of(tally, *target.statistic, refused));
  } else {
    into.value.add_empty();
  }
}

}  // namespace

bool has_minutes(Metric metric) {
  const MinuteTally none;
  return metric != Metric::kDrain && (!is_latency(metric) || tally_of(none, metric) != nullptr);
}

void add_target(TargetStatistics& into, const MeasureSpec& spec, const TargetSpec& target,
                const TargetInput& input) {
  const double arrived = input.window.arrived;
  const double refused = input.window.refused();
  into.refused_share.add(arrived > 0 ? refused / arrived : 0);
  if (!target.every_minute) add_window_value(into, spec, target, input);

  into.by_minute = has_minutes(target.metric);
  if (!into.by_minute) return;
  const MinuteVerdicts minutes = judge_minutes(target, input.minutes);
  if (minutes.worst) {
    into.worst.add(*minutes.worst);
    into.worst_at_s.push_back(minutes.worst_at_s);
  } else {
    into.worst.add_empty();
  }
  if (minutes.first_breach_s) into.first_breach_s.push_back(*minutes.first_breach_s);
  into.time_above_s.add(minutes.time_above_s);
  if (target.every_minute) {
    into.samples.add(target.admitted ? arrived - refused : arrived);
    if (minutes.worst) {
      into.value.add(*minutes.worst);
    } else {
      into.value.add_empty();
    }
  }
}

}  // namespace headroom
