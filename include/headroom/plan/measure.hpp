#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "headroom/core/units.hpp"
#include "headroom/engine/outcome.hpp"
#include "headroom/plan/series.hpp"

namespace headroom {

/// A quantity that targets and reports name. docs/glossary.md defines each.
enum class Metric {
  kQueueDelay,
  kTtft,
  kItl,
  kTpot,
  kE2e,
  kTimeInQueue,
  kSloAttainment,
  kGoodput,
  kAbandonedShare,
  kRejectedShare,
  kDrain,
};
inline constexpr std::size_t kLatencyMetrics = 6;  ///< the first six have a distribution

struct MetricEntry {
  Metric metric;
  std::string_view name;  ///< as written in a scenario; metric_choices() has what it means
  std::string_view key;   ///< with its unit, as a report's key
  std::string_view unit;  ///< "s", "share" or "1/s"
};
/// In the order of Metric.
const std::array<MetricEntry, 11>& metrics();
std::optional<Metric> find_metric(std::string_view name);

/// Which number of a distribution.
struct Statistic {
  enum class Kind { kMean, kMax, kQuantile };
  Kind kind = Kind::kQuantile;
  double p = 0.95;  ///< of kQuantile
};
/// "mean", "max", "p50", "p99.9"; nothing for other words and for p outside (0, 100).
std::optional<Statistic> parse_statistic(std::string_view text);

struct TimeSpan {
  Ticks from{0}, to{0};  ///< half open
};

/// A named set of stretches of arrival time.
struct WindowSpec {
  std::string name;
  std::vector<std::size_t> stretches;  ///< indices into Outcome::groups[class]
  std::vector<TimeSpan> spans;         ///< the same times; sorted, disjoint, not empty
  double length_s() const;
};

/// A target, resolved. Its limit is an upper one, for kSloAttainment and kGoodput a lower one.
struct TargetSpec {
  std::string id;
  std::size_t request_class = 0;  ///< index; classes.size() = all classes together
  Metric metric = Metric::kQueueDelay;
  std::optional<Statistic> statistic;  ///< of latencies only
  std::string statistic_name;          ///< as written
  std::size_t window = 0;              ///< index into MeasureSpec::windows
  bool every_minute = false;           ///< the worst minute of the window is judged
  bool admitted = false;               ///< those refused on purpose leave the population
  double limit = 0;                    ///< SI
  bool lower_limit() const {
    return metric == Metric::kSloAttainment || metric == Metric::kGoodput;
  }
};

/// What is worked out of every replication.
struct MeasureSpec {
  std::vector<std::string> classes;
  std::vector<std::string> pools;
  std::vector<WindowSpec> windows;  ///< [0] is the whole run without its warm-up
  std::vector<TargetSpec> targets;
  Ticks horizon{0};
  Ticks minute{60 * kTicksPerSecond};         ///< CollectConfig::minute of the run
  Ticks timeline_step{60 * kTicksPerSecond};  ///< CollectConfig::timeline_step of the run
  /// Minutes with fewer arrivals are joined. 20 times the largest weight a simulated cell has, so
  /// that a percentile of a minute stands on 20 requests that were simulated.
  double least_minute_arrivals = 20;
};

struct LatencyStatistics {
  Series count;
  std::array<Series, kEndStates> missing;  ///< of kItl: requests, outside every rank
  Series mean, std_deviation, p50, p90, p95, p99, max;
};

/// Results of one class, or of all, in one window.
struct GroupStatistics {
  Series arrived;
  std::array<Series, kEndStates> ended;
  std::array<Series, kRejectReasons> rejected;  ///< by RejectReason; [kNone] is empty
  Series in_service;                            ///< of the abandoned, while they were served
  Series attempts;                              ///< of all requests, the first ones included
  std::array<Series, kEndStates> attempts_ended;
  std::array<Series, kRejectReasons> attempts_rejected;  ///< as rejected
  Series preemptions;
  Series offered_per_s, throughput_per_s, goodput_per_s, output_tokens_per_s;
  Series slo_attainment;
  std::array<Series, kEndStates> share;  ///< ended by state / arrived
  std::array<LatencyStatistics, kLatencyMetrics> latency;
};

struct BacklogStatistics {
  Series peak;                  ///< requests
  Series peak_at_s;             ///< since the run's start
  std::vector<Series> drain_s;  ///< by window: from its end
};

struct TargetStatistics {
  Series value;
  Series samples;                      ///< size of the population judged
  Series refused_share;                ///< refused on purpose / arrived
  std::vector<double> first_breach_s;  ///< of the replications that breach, since run start
  std::vector<double> worst_at_s;      ///< start of the worst minute
  Series worst;                        ///< worst minute
  Series time_above_s;
  bool by_minute = false;  ///< false: the metric has no minutes (itl, time_in_queue, drain_time)
};

/// Mean over replications, one entry a bin; NaN where a bin's value is censored or empty.
struct ClassTimelineStatistics {
  std::vector<double> arrivals, queue_len, queue_len_max, oldest_age_s;
  /// One entry a minute unit (MeasureSpec::minute), joined minutes repeat their value.
  std::vector<double> queue_delay_p95_s;
  /// Sum over the replications of the squared distances from that mean: the line's interval.
  std::vector<double> queue_delay_p95_spread;
  std::vector<double> queue_delay_censored;  ///< replications in which it is
};

struct PoolStatistics {
  Series busy_mean, busy_peak;  ///< share of replicas at work; peak = largest bin
  Series kv_mean, kv_peak;      ///< share of KV blocks held; empty without KV
  Series preemptions, admissions;
  Series in_service_ps, down_ps;  ///< replica time in service; stopped by a fault
  Series starts, faults, removals, moved, held;
  Series wasted_s;          ///< replica time spent on attempts that were lost
  Series beyond_fit_share;  ///< of busy time, in steps beyond the kernel models' fitted range
  Series largest_batch, largest_step_tokens;
  std::vector<double> running, queued, busy_share, kv_share;  ///< by timeline bin, means
  std::vector<double> in_service, down;                       ///< replicas
};

/// Everything over the replications so far. Index classes.size() is all classes together.
struct RunStatistics {
  std::size_t replications = 0;
  std::vector<std::vector<GroupStatistics>> groups;  ///< [class][window]
  std::vector<BacklogStatistics> backlog;            ///< [class]
  std::vector<TargetStatistics> targets;             ///< [target]
  std::vector<ClassTimelineStatistics> timeline;     ///< [class]
  std::vector<PoolStatistics> pools;                 ///< [pool]
  double events = 0;
};

RunStatistics make_statistics(const MeasureSpec& spec);
/// Adds one replication's whole-fleet outcome. Call in order of the replications: sums are formed
/// in this order, so that the number of threads cannot change a bit of them.
void add_replication(RunStatistics& statistics, const MeasureSpec& spec, const Outcome& outcome);

/// The same for the targets alone; all else of the statistics stays empty. Enough to judge by, and
/// all that keep_for_targets leaves to be said.
void add_targets_of_replication(RunStatistics& statistics, const MeasureSpec& spec,
                                const Outcome& outcome);
/// The values of some targets in a further replication, and nothing else of it.
/// REQUIRES: wanted has an entry a target.
void add_target_values(RunStatistics& statistics, const MeasureSpec& spec, const Outcome& outcome,
                       const std::vector<bool>& wanted);
/// Drops what no target looks at: timelines, and the minutes of classes and latencies that none is
/// judged by. Such outcomes can be merged with each other and not with whole ones.
void keep_for_targets(Outcome& outcome, const MeasureSpec& spec);

// --- parts, for tests ---------------------------------------------------------------------------

/// A minute unit, or several that were joined.
struct JoinedMinute {
  Ticks from{0}, to{0};
  MinuteTally tally;
};
/// Joins neighbouring minutes until each has `least` arrivals; a rest at the end joins the one
/// before it (docs/glossary.md, first breach). `end`: of the arrivals, which cuts the last minute.
std::vector<JoinedMinute> join_minutes(const std::vector<MinuteTally>& minutes, Ticks minute,
                                       const std::vector<TimeSpan>& spans, double least,
                                       Ticks end = kNever);

/// Seconds from `end` until the class is no longer late (docs/glossary.md, drain time): 0 when it
/// is not late then, NaN when it stays late to the horizon.
double drain_seconds(const std::vector<LateStretch>& late, Ticks end);

/// One statistic of a tally with `refused` of its missing left out. NaN where it falls among the
/// missing. REQUIRES: somebody in the population.
double statistic_of(const LatencyTally& tally, const Statistic& statistic, double refused = 0);

}  // namespace headroom
