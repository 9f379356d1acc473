#pragma once

#include <utility>
#include <vector>

#include "headroom/engine/outcome.hpp"
#include "headroom/plan/measure.hpp"

/// Outcomes written by hand, small enough to work every statistic out on paper.
namespace headroom::test {

inline constexpr std::int64_t kMinute = 60;

inline Ticks at(double s) { return ticks_from_seconds(s); }

/// One class "chat", one pool "a100", a run of `minutes` minutes in one stretch.
inline MeasureSpec one_class_spec(std::int64_t minutes) {
  MeasureSpec spec;
  spec.classes = {"chat"};
  spec.pools = {"a100"};
  spec.horizon = at(static_cast<double>(minutes * kMinute));
  spec.windows = {{"run", {0}, {{Ticks{0}, spec.horizon}}}};
  return spec;
}

inline TargetSpec p95_queue_delay(double max_s) {
  TargetSpec target;
  target.id = "p95-queue-delay";
  target.metric = Metric::kQueueDelay;
  target.statistic = parse_statistic("p95");
  target.statistic_name = "p95";
  target.limit = max_s;
  return target;
}

inline Outcome empty_outcome(const MeasureSpec& spec, std::size_t stretches = 1) {
  Outcome outcome;
  const auto minutes =
      static_cast<std::size_t>((spec.horizon.count + spec.minute.count - 1) / spec.minute.count);
  outcome.groups.assign(spec.classes.size(), std::vector<GroupTally>(stretches));
  outcome.minutes.assign(spec.classes.size(), std::vector<MinuteTally>(minutes));
  outcome.classes.resize(spec.classes.size());
  for (ClassTimeline& line : outcome.classes) {
    line.arrivals.assign(minutes, 0);
    line.queue_len.assign(minutes, 0);
    line.oldest_age_s.assign(minutes, 0);
  }
  outcome.pools.resize(spec.pools.size());
  outcome.pool_totals.resize(spec.pools.size());
  outcome.late.resize(spec.classes.size());
  return outcome;
}

inline void count(double& arrived, double& ended) {
  arrived += 1;
  ended += 1;
}

/// A request that arrived in a minute and finished: `delay_s` in the queue, `e2e_s` in all.
inline void finish(Outcome& outcome, std::size_t minute, double delay_s, double e2e_s,
                   bool slo_met = true, std::size_t request_class = 0, std::size_t stretch = 0) {
  constexpr auto kFinished = static_cast<std::size_t>(EndState::kFinished);
  GroupTally& group = outcome.groups[request_class][stretch];
  MinuteTally& in_minute = outcome.minutes[request_class][minute];
  count(group.arrived, group.ended[kFinished]);
  count(in_minute.arrived, in_minute.ended[kFinished]);
  group.queue_delay.histogram.add(at(delay_s));
  group.e2e.histogram.add(at(e2e_s));
  group.time_in_queue.histogram.add(at(delay_s));
  in_minute.queue_delay.histogram.add(at(delay_s));
  in_minute.e2e.histogram.add(at(e2e_s));
  group.slo_met += slo_met ? 1 : 0;
  in_minute.slo_met += slo_met ? 1 : 0;
  outcome.classes[request_class].arrivals[minute] += 1;
}

/// A request that never was served.
inline void lose(Outcome& outcome, std::size_t minute, EndState how, double waited_s = 1,
                 std::size_t request_class = 0, std::size_t stretch = 0) {
  const auto state = static_cast<std::size_t>(how);
  GroupTally& group = outcome.groups[request_class][stretch];
  MinuteTally& in_minute = outcome.minutes[request_class][minute];
  count(group.arrived, group.ended[state]);
  count(in_minute.arrived, in_minute.ended[state]);
  group.queue_delay.missing[state] += 1;
  group.e2e.missing[state] += 1;
  group.time_in_queue.histogram.add(at(waited_s));
  in_minute.queue_delay.missing[state] += 1;
  in_minute.e2e.missing[state] += 1;
  outcome.classes[request_class].arrivals[minute] += 1;
}

/// A request refused at the gateway.
inline void refuse(Outcome& outcome, std::size_t minute, RejectReason reason) {
  lose(outcome, minute, EndState::kRejected, 0);
  GroupTally& group = outcome.groups[0][0];
  MinuteTally& in_minute = outcome.minutes[0][minute];
  group.rejected[static_cast<std::size_t>(reason)] += 1;
  if (!on_purpose(reason)) return;
  for (double* refused : {&in_minute.refused, &group.queue_delay.refused, &group.e2e.refused,
                          &in_minute.queue_delay.refused, &in_minute.e2e.refused}) {
    *refused += 1;
  }
}

inline RunStatistics statistics_of(const MeasureSpec& spec, const std::vector<Outcome>& outcomes) {
  RunStatistics statistics = make_statistics(spec);
  for (const Outcome& outcome : outcomes) add_replication(statistics, spec, outcome);
  return statistics;
}

}  // namespace headroom::test
