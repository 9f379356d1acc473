#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "headroom/core/units.hpp"
#include "headroom/engine/config.hpp"
#include "headroom/engine/record.hpp"
#include "headroom/stats/histogram.hpp"

namespace headroom {

/// One latency over the requests of a group: those that have it, and those that should have it and
/// do not, by how they ended. The missing rank above every value (docs/glossary.md).
struct LatencyTally {
  Histogram histogram;
  std::array<double, kEndStates> missing{};  ///< by EndState; [kFinished] stays 0
  double refused = 0;                        ///< of missing[kRejected], on purpose

  explicit LatencyTally(unsigned bits = 8) : histogram(bits) {}
  double missing_total() const;
  void merge(const LatencyTally& other, double weight);
};

/// Results of the requests of one class that arrived in one stretch of time.
struct GroupTally {
  double arrived = 0;
  std::array<double, kEndStates> ended{};         ///< by EndState; sums to arrived
  std::array<double, kRejectReasons> rejected{};  ///< by RejectReason; [kNone] stays 0
  double in_service = 0;                          ///< of the abandoned, after their attempt began
                                                  ///< to be served
  /// Attempts, all of them: begun, and by how they ended; sums to attempts.
  double attempts = 0;
  std::array<double, kEndStates> attempts_ended{};
  std::array<double, kRejectReasons> attempts_rejected{};
  double attempts_in_service = 0;
  LatencyTally queue_delay, ttft, tpot, e2e, time_in_queue;
  LatencyTally itl;          ///< gaps that happened; missing stays 0
  double slo_met = 0;        ///< finished within all limits of the class's SLO
  double output_tokens = 0;  ///< of finished requests
  double preemptions = 0;
  /// Refused on purpose: by a token bucket, a quota or a queue cap.
  double refused() const;
  void merge(const GroupTally& other, double weight);
};

/// One unit of breach accounting (a minute, or longer in long runs) of one class, by arrival.
struct MinuteTally {
  double arrived = 0;
  double ended[kEndStates] = {};
  double refused = 0;  ///< of ended[kRejected], on purpose
  double slo_met = 0;
  LatencyTally queue_delay{6}, ttft{6}, tpot{6}, e2e{6};
  void merge(const MinuteTally& other, double weight);
};

/// Per class, one entry a timeline bin.
struct ClassTimeline {
  std::vector<double> arrivals;
  std::vector<double>
      queue_len;  ///< time-mean of the backlog: arrived, not yet scheduled, not ended
  std::vector<double> oldest_age_s;  ///< of the oldest in the backlog, at the end of the bin
  double backlog_peak = 0;
  Ticks backlog_peak_at{0};
  double largest_peak = 0;  ///< of the cells merged: whose backlog_peak_at it is
};

/// Per pool, one entry a timeline bin; time-means. Shares are of what is in service, 0 where
/// nothing is.
struct PoolTimeline {
  std::vector<double> in_service;  ///< replicas that serve, or finish what they hold
  std::vector<double> down;        ///< replicas that a fault has stopped
  std::vector<double> running;     ///< requests admitted
  std::vector<double> queued;      ///< requests in the pool's queues
  std::vector<double>
      busy_share;                ///< replicas inside a step or batch (slots: slots in use / slots)
  std::vector<double> kv_share;  ///< KV blocks held / blocks; empty without KV
};

/// A pause of lateness shorter than this does not end it (docs/glossary.md, drain time).
inline constexpr Ticks kDrainPause{300 * kTicksPerSecond};

/// A stretch of time in which some request of the class was queued longer than its drain limit;
/// neighbours less than 5 minutes apart are joined. Sorted, disjoint.
struct LateStretch {
  Ticks from{0}, to{0};
  bool open = false;  ///< still so at the horizon
};

/// What one pool's work costs, for offered load and utilisation.
struct PoolTotals {
  double beyond_fit_ps = 0;  ///< of busy_ps, in steps larger than the kernel models were fitted on
  double largest_batch = 0;  ///< decodes of one step
  double largest_step_tokens = 0;
  double busy_ps = 0;  ///< replica time inside steps or batches
  double steps = 0, plans = 0, cut_plans = 0, mixed_steps = 0;
  double preemptions = 0, admissions = 0;
  double wasted_ps = 0;                         ///< replica time spent on attempts that were lost
  double in_service_ps = 0, down_ps = 0;        ///< replica time
  double starts = 0, faults = 0, removals = 0;  ///< of replicas
  double moved = 0;          ///< requests handed to the router again when their replica was removed
  double held = 0;           ///< times that a request found no serving replica
  double kv_block_peak = 0;  ///< most blocks held at once on one replica
};

/// Counts of what the engine met, to judge speed and the reach of tests.
struct EngineCounters {
  std::uint64_t events = 0;           ///< ticks on which anything happened
  std::uint64_t tier_inversions = 0;  ///< a request overtaken by a later one of a higher tier
};

/// Everything one cell's run produced. Conservation holds (checked before it is returned).
struct Outcome {
  /// [class][stretch]
  std::vector<std::vector<GroupTally>> groups;
  /// [class][minute]
  std::vector<std::vector<MinuteTally>> minutes;
  std::vector<ClassTimeline> classes;
  std::vector<PoolTimeline> pools;
  std::vector<PoolTotals> pool_totals;
  std::vector<std::vector<LateStretch>> late;  ///< [class]
  EngineCounters counters;                     ///< of the cells simulated, never scaled
  double cells = 1;                            ///< how many cells these numbers stand for

  /// Adds another cell's outcome, counted `weight` times (extensive numbers add, shares and ages
  /// are combined as docs/model.md#cells says). REQUIRES: same classes, stretches, bins.
  void merge(const Outcome& other, double weight);
  /// Multiplies extensive numbers. Shares stay.
  void scale(double weight);
};

}  // namespace headroom
