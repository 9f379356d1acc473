#include "headroom/plan/measure.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "headroom/core/check.hpp"
#include "target_values.hpp"

namespace headroom {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

const LatencyTally& tally_of(const GroupTally& group, std::size_t metric) {
  const std::array<const LatencyTally*, kLatencyMetrics> tallies{
      &group.queue_delay, &group.ttft, &group.itl, &group.tpot, &group.e2e, &group.time_in_queue};
  return *tallies[metric];
}

void add_or_empty(Series& series, double value, bool any) {
  if (any) {
    series.add(value);
  } else {
    series.add_empty();
  }
}

void add_latency(LatencyStatistics& into, const LatencyTally& tally,
                 const std::array<double, kEndStates>& missing) {
  const Histogram& histogram = tally.histogram;
  into.count.add(histogram.count());
  for (std::size_t i = 0; i < kEndStates; ++i) into.missing[i].add(missing[i]);
  const double lost = tally.missing_total();
  const bool any = histogram.count() + lost > 0;
  const bool has = histogram.count() > 0;
  add_or_empty(into.mean, has ? histogram.mean_s() : kNone, any);
  add_or_empty(into.std_deviation, has ? std::sqrt(histogram.variance_s2()) : kNone, any);
  add_or_empty(into.max, has ? seconds(histogram.max()) : kNone, any);
  const auto quantile = [&](double p) { return any ? histogram.quantile_s(p, lost) : kNone; };
  add_or_empty(into.p50, quantile(0.50), any);
  add_or_empty(into.p90, quantile(0.90), any);
  add_or_empty(into.p95, quantile(0.95), any);
  add_or_empty(into.p99, quantile(0.99), any);
}

void add_group(GroupStatistics& into, const GroupTally& group, double length_s) {
  const auto state = [](EndState s) { return static_cast<std::size_t>(s); };
  into.arrived.add(group.arrived);
  const bool any = group.arrived > 0;
  for (std::size_t i = 0; i < kEndStates; ++i) {
    into.ended[i].add(group.ended[i]);
    add_or_empty(into.share[i], group.ended[i] / group.arrived, any);
  }
  for (std::size_t i = 1; i < kRejectReasons; ++i) {
    into.rejected[i].add(group.rejected[i]);
    into.attempts_rejected[i].add(group.attempts_rejected[i]);
  }
  into.in_service.add(group.in_service);
  into.attempts.add(group.attempts);
  for (std::size_t i = 0; i < kEndStates; ++i) into.attempts_ended[i].add(group.attempts_ended[i]);
  into.preemptions.add(group.preemptions);
  into.offered_per_s.add(group.arrived / length_s);
  into.throughput_per_s.add(group.ended[state(EndState::kFinished)] / length_s);
  into.goodput_per_s.add(group.slo_met / length_s);
  into.output_tokens_per_s.add(group.output_tokens / length_s);
  add_or_empty(into.slo_attainment, group.slo_met / group.arrived, any);
  for (std::size_t m = 0; m < kLatencyMetrics; ++m) {
    // The lost among the requests that would have had gaps between tokens are those without TPOT.
    const bool gaps = static_cast<Metric>(m) == Metric::kItl;
    add_latency(into.latency[m], tally_of(group, m),
                gaps ? group.tpot.missing : tally_of(group, m).missing);
  }
}

/// Tallies of one class, or of all, per window.
std::vector<GroupTally> window_tallies(const MeasureSpec& spec, const Outcome& outcome,
                                       std::size_t request_class) {
  std::vector<GroupTally> tallies(spec.windows.size());
  for (std::size_t w = 0; w < spec.windows.size(); ++w) {
    for (std::size_t c = 0; c < spec.classes.size(); ++c) {
      if (request_class != spec.classes.size() && c != request_class) continue;
      for (const std::size_t s : spec.windows[w].stretches) {
        tallies[w].merge(outcome.groups[c][s], 1);
      }
    }
  }
  return tallies;
}

std::vector<MinuteTally> minute_tallies(const MeasureSpec& spec, const Outcome& outcome,
                                        std::size_t request_class) {
  if (request_class < spec.classes.size()) return outcome.minutes[request_class];
  std::vector<MinuteTally> all;
  for (const auto& minutes : outcome.minutes) {
    if (all.empty()) all.resize(minutes.size());
    for (std::size_t i = 0; i < minutes.size(); ++i) all[i].merge(minutes[i], 1);
  }
  return all;
}

/// drain[class][window] of one replication; `all` (the last) is the largest. NaN: never.
std::vector<std::vector<double>> drains(const MeasureSpec& spec, const Outcome& outcome) {
  const std::size_t classes = spec.classes.size();
  std::vector<std::vector<double>> result(classes + 1,
                                          std::vector<double>(spec.windows.size(), 0.0));
  for (std::size_t w = 0; w < spec.windows.size(); ++w) {
    const Ticks end = spec.windows[w].spans.back().to;
    double& all = result[classes][w];
    for (std::size_t c = 0; c < classes; ++c) {
      const double drain = drain_seconds(outcome.late[c], end);
      result[c][w] = drain;
      if (std::isnan(drain) || drain > all) all = drain;  // a NaN stays: nothing compares above it
    }
  }
  return result;
}

/// The targets of one class, or of all.
void add_targets(RunStatistics& statistics, const MeasureSpec& spec, std::size_t request_class,
                 const std::vector<GroupTally>& tallies, const std::vector<MinuteTally>& minutes,
                 const std::vector<double>& drain) {
  std::map<std::size_t, std::vector<JoinedMinute>> joined;  // by window: targets share them
  for (std::size_t t = 0; t < spec.targets.size(); ++t) {
    const TargetSpec& target = spec.targets[t];
    if (target.request_class != request_class) continue;
    std::vector<JoinedMinute>& of_window = joined[target.window];
    if (of_window.empty() && has_minutes(target.metric)) {
      of_window = join_minutes(minutes, spec.minute, spec.windows[target.window].spans,
                               spec.least_minute_arrivals, spec.windows[0].spans.back().to);
    }
    add_target(statistics.targets[t], spec, target,
               {tallies[target.window], of_window, drain[target.window]});
  }
}

/// Targets that a class's results enter: its own, and those about all classes.
bool concerns(const TargetSpec& target, const MeasureSpec& spec, std::size_t request_class) {
  return target.request_class == request_class || target.request_class == spec.classes.size();
}

void keep_minutes_for_targets(std::vector<MinuteTally>& minutes, const MeasureSpec& spec,
                              std::size_t request_class) {
  std::array<bool, kLatencyMetrics> judged{};
  bool any = false;
  for (const TargetSpec& target : spec.targets) {
    if (!concerns(target, spec, request_class) || !has_minutes(target.metric)) continue;
    any = true;
    const auto metric = static_cast<std::size_t>(target.metric);
    if (metric < kLatencyMetrics) judged[metric] = true;
  }
  if (!any) {
    minutes.clear();
    minutes.shrink_to_fit();
    return;
  }
  const auto drop = [&judged](Metric metric, LatencyTally& tally) {
    if (!judged[static_cast<std::size_t>(metric)]) tally = LatencyTally{tally.histogram.bits()};
  };
  for (MinuteTally& minute : minutes) {
    drop(Metric::kQueueDelay, minute.queue_delay);
    drop(Metric::kTtft, minute.ttft);
    drop(Metric::kTpot, minute.tpot);
    drop(Metric::kE2e, minute.e2e);
  }
}

void add_to_mean(std::vector<double>& mean, const std::vector<double>& values, double n) {
  mean.resize(std::max(mean.size(), values.size()), 0.0);
  for (std::size_t i = 0; i < values.size(); ++i) mean[i] += (values[i] - mean[i]) / n;
}

void add_to_max(std::vector<double>& largest, const std::vector<double>& values) {
  largest.resize(std::max(largest.size(), values.size()), 0.0);
  for (std::size_t i = 0; i < values.size(); ++i) largest[i] = std::max(largest[i], values[i]);
}

/// p95 queue delay by minute unit; joined minutes repeat theirs. `n` counts this replication.
void add_delay_line(ClassTimelineStatistics& into, const MeasureSpec& spec,
                    const std::vector<MinuteTally>& minutes, double n) {
  into.queue_delay_p95_s.resize(minutes.size(), 0.0);
  into.queue_delay_p95_spread.resize(minutes.size(), 0.0);
  into.queue_delay_censored.resize(minutes.size(), 0.0);
  const std::vector<TimeSpan> whole{{Ticks{0}, spec.horizon}};
  const Statistic p95{Statistic::Kind::kQuantile, 0.95};
  for (const JoinedMinute& joined :
       join_minutes(minutes, spec.minute, whole, spec.least_minute_arrivals)) {
    const LatencyTally& tally = joined.tally.queue_delay;
    const bool any = tally.histogram.count() + tally.missing_total() > 0;
    const double value = any ? statistic_of(tally, p95) : 0.0;
    const auto first = static_cast<std::size_t>(joined.from.count / spec.minute.count);
    const auto last = static_cast<std::size_t>(joined.to.count / spec.minute.count);
    for (std::size_t i = first; i < std::min(last, minutes.size()); ++i) {
      if (std::isnan(value)) into.queue_delay_censored[i] += 1;
      const double before = value - into.queue_delay_p95_s[i];  // Welford 1962
      into.queue_delay_p95_s[i] += before / n;
      into.queue_delay_p95_spread[i] += before * (value - into.queue_delay_p95_s[i]);
    }
  }
}

void add_class_timeline(ClassTimelineStatistics& into, BacklogStatistics& backlog,
                        const ClassTimeline& line, double n) {
  add_to_mean(into.arrivals, line.arrivals, n);
  add_to_mean(into.queue_len, line.queue_len, n);
  add_to_max(into.queue_len_max, line.queue_len);
  add_to_mean(into.oldest_age_s, line.oldest_age_s, n);
  backlog.peak.add(line.backlog_peak);
  add_or_empty(backlog.peak_at_s, seconds(line.backlog_peak_at), line.backlog_peak > 0);
}

/// All classes together: counts add, the oldest is the oldest of any. The peak is the largest bin
/// mean: peaks of classes need not fall on one moment.
ClassTimeline sum_of(const std::vector<ClassTimeline>& classes, Ticks step) {
  ClassTimeline sum;
  for (const ClassTimeline& line : classes) {
    const auto add = [](std::vector<double>& into, const std::vector<double>& values) {
      into.resize(std::max(into.size(), values.size()), 0.0);
      for (std::size_t i = 0; i < values.size(); ++i) into[i] += values[i];
    };
    add(sum.arrivals, line.arrivals);
    add(sum.queue_len, line.queue_len);
    add_to_max(sum.oldest_age_s, line.oldest_age_s);
  }
  for (std::size_t i = 0; i < sum.queue_len.size(); ++i) {
    if (sum.queue_len[i] > sum.backlog_peak) {
      sum.backlog_peak = sum.queue_len[i];
      sum.backlog_peak_at = step * static_cast<std::int64_t>(i);
    }
  }
  if (classes.size() == 1) {
    sum.backlog_peak = classes[0].backlog_peak;
    sum.backlog_peak_at = classes[0].backlog_peak_at;
  }
  return sum;
}

/// Mean over the bins, each with the weight of the replicas that it is a share of.
void add_share(Series& mean, Series& peak, const std::vector<double>& bins,
               const std::vector<double>& in_service) {
  double sum = 0, weights = 0;
  double largest = 0;
  const bool fixed = std::all_of(in_service.begin(), in_service.end(),
                                 [&in_service](double r) { return r == in_service.front(); });
  for (std::size_t i = 0; i < bins.size(); ++i) {
    const double weight = fixed ? 1 : in_service[i];
    sum += weight * bins[i];
    weights += weight;
    largest = std::max(largest, bins[i]);
  }
  add_or_empty(mean, weights > 0 ? sum / weights : 0, !bins.empty());
  add_or_empty(peak, largest, !bins.empty());
}

void add_pool(PoolStatistics& into, const PoolTimeline& line, const PoolTotals& totals, double n) {
  add_share(into.busy_mean, into.busy_peak, line.busy_share, line.in_service);
  add_share(into.kv_mean, into.kv_peak, line.kv_share, line.in_service);
  into.preemptions.add(totals.preemptions);
  into.wasted_s.add(totals.wasted_ps / static_cast<double>(kTicksPerSecond));
  into.beyond_fit_share.add(totals.busy_ps > 0 ? totals.beyond_fit_ps / totals.busy_ps : 0);
  into.largest_batch.add(totals.largest_batch);
  into.largest_step_tokens.add(totals.largest_step_tokens);
  into.admissions.add(totals.admissions);
  into.in_service_ps.add(totals.in_service_ps);
  into.down_ps.add(totals.down_ps);
  into.starts.add(totals.starts);
  into.faults.add(totals.faults);
  into.removals.add(totals.removals);
  into.moved.add(totals.moved);
  into.held.add(totals.held);
  add_to_mean(into.running, line.running, n);
  add_to_mean(into.queued, line.queued, n);
  add_to_mean(into.busy_share, line.busy_share, n);
  add_to_mean(into.kv_share, line.kv_share, n);
  add_to_mean(into.in_service, line.in_service, n);
  add_to_mean(into.down, line.down, n);
}

}  // namespace

RunStatistics make_statistics(const MeasureSpec& spec) {
  HEADROOM_CHECK(!spec.windows.empty(), "the whole run is a window");
  for (const WindowSpec& window : spec.windows) {
    HEADROOM_CHECK(!window.spans.empty() && window.length_s() > 0, "a window is not empty");
  }
  const std::size_t rows = spec.classes.size() + 1;
  RunStatistics statistics;
  statistics.groups.assign(rows, std::vector<GroupStatistics>(spec.windows.size()));
  statistics.backlog.resize(rows);
  for (auto& backlog : statistics.backlog) backlog.drain_s.resize(spec.windows.size());
  statistics.timeline.resize(rows);
  statistics.pools.resize(spec.pools.size());
  statistics.targets.resize(spec.targets.size());
  return statistics;
}

void add_replication(RunStatistics& statistics, const MeasureSpec& spec, const Outcome& outcome) {
  const std::size_t all = spec.classes.size();
  statistics.replications += 1;
  const auto n = static_cast<double>(statistics.replications);
  const auto drain = drains(spec, outcome);

  for (std::size_t c = 0; c <= all; ++c) {
    const std::vector<GroupTally> tallies = window_tallies(spec, outcome, c);
    const std::vector<MinuteTally> minutes = minute_tallies(spec, outcome, c);
    for (std::size_t w = 0; w < spec.windows.size(); ++w) {
      add_group(statistics.groups[c][w], tallies[w], spec.windows[w].length_s());
      statistics.backlog[c].drain_s[w].add(drain[c][w]);
    }
    add_targets(statistics, spec, c, tallies, minutes, drain[c]);
    add_class_timeline(statistics.timeline[c], statistics.backlog[c],
                       c < all ? outcome.classes[c] : sum_of(outcome.classes, spec.timeline_step),
                       n);
    add_delay_line(statistics.timeline[c], spec, minutes, n);
  }
  for (std::size_t p = 0; p < spec.pools.size(); ++p) {
    add_pool(statistics.pools[p], outcome.pools[p], outcome.pool_totals[p], n);
  }
  statistics.events += static_cast<double>(outcome.counters.events);
}

void add_targets_of_replication(RunStatistics& statistics, const MeasureSpec& spec,
                                const Outcome& outcome) {
  statistics.replications += 1;
  const auto drain = drains(spec, outcome);
  for (std::size_t c = 0; c <= spec.classes.size(); ++c) {
    const bool judged = std::any_of(spec.targets.begin(), spec.targets.end(),
                                    [c](const TargetSpec& t) { return t.request_class == c; });
    if (!judged) continue;
    const std::vector<GroupTally> tallies = window_tallies(spec, outcome, c);
    if (c < spec.classes.size()) {
      add_targets(statistics, spec, c, tallies, outcome.minutes[c], drain[c]);
    } else {
      add_targets(statistics, spec, c, tallies, minute_tallies(spec, outcome, c), drain[c]);
    }
  }
  statistics.events += static_cast<double>(outcome.counters.events);
}

void add_target_values(RunStatistics& statistics, const MeasureSpec& spec, const Outcome& outcome,
                       const std::vector<bool>& wanted) {
  RunStatistics of_this = make_statistics(spec);
  add_targets_of_replication(of_this, spec, outcome);
  for (std::size_t t = 0; t < spec.targets.size(); ++t) {
    const Series& value = of_this.targets[t].value;
    Series& into = statistics.targets[t].value;
    if (!wanted[t]) continue;
    if (value.by_replication().empty()) {
      into.add_empty();
    } else {
      into.add(value.by_replication().front());
    }
  }
}

void keep_for_targets(Outcome& outcome, const MeasureSpec& spec) {
  for (ClassTimeline& line : outcome.classes) line = ClassTimeline{};
  for (PoolTimeline& line : outcome.pools) line = PoolTimeline{};
  for (std::size_t c = 0; c < outcome.minutes.size(); ++c) {
    keep_minutes_for_targets(outcome.minutes[c], spec, c);
  }
}

}  // namespace headroom
