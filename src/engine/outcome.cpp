#include "headroom/engine/outcome.hpp"

#include <algorithm>

#include "headroom/core/check.hpp"

namespace headroom {
namespace {

void add(std::vector<double>& to, const std::vector<double>& from, double weight) {
  HEADROOM_CHECK(to.size() == from.size(), "merged timelines have the same bins");
  for (std::size_t i = 0; i < to.size(); ++i) to[i] += weight * from[i];
}

/// Mean share of the replicas of `to` and, `weight` times, of `from`; 0 where none is in service.
void average(std::vector<double>& to, const std::vector<double>& in_service,
             const std::vector<double>& from, const std::vector<double>& from_in_service,
             double weight) {
  HEADROOM_CHECK(to.size() == from.size() && (to.empty() || to.size() == in_service.size()),
                 "merged timelines have the same bins");
  for (std::size_t i = 0; i < to.size(); ++i) {
    const double more = weight * from_in_service[i];
    const double all = in_service[i] + more;
    to[i] = all > 0 ? (to[i] * in_service[i] + from[i] * more) / all : 0;
  }
}

template <std::size_t N>
void add(std::array<double, N>& to, const std::array<double, N>& from, double weight) {
  for (std::size_t i = 0; i < N; ++i) to[i] += weight * from[i];
}

/// Union of two sorted lists of stretches, joined over pauses that do not end lateness.
std::vector<LateStretch> unite(std::vector<LateStretch> a, const std::vector<LateStretch>& b) {
  a.insert(a.end(), b.begin(), b.end());
  std::sort(a.begin(), a.end(),
            [](const LateStretch& x, const LateStretch& y) { return x.from < y.from; });
  std::vector<LateStretch> joined;
  for (const LateStretch& stretch : a) {
    if (!joined.empty() && joined.back().to.count + kDrainPause.count >= stretch.from.count) {
      joined.back().to = std::max(joined.back().to, stretch.to);
      joined.back().open = joined.back().open || stretch.open;
    } else {
      joined.push_back(stretch);
    }
  }
  return joined;
}

}  // namespace

double LatencyTally::missing_total() const {
  double total = 0;
  for (const double count : missing) total += count;
  return total;
}

void LatencyTally::merge(const LatencyTally& other, double weight) {
  histogram.merge(other.histogram, weight);
  add(missing, other.missing, weight);
  refused += weight * other.refused;
}

double GroupTally::refused() const {
  double sum = 0;
  for (std::size_t reason = 0; reason < kRejectReasons; ++reason) {
    if (on_purpose(static_cast<RejectReason>(reason))) sum += rejected[reason];
  }
  return sum;
}

void GroupTally::merge(const GroupTally& other, double weight) {
  arrived += weight * other.arrived;
  add(ended, other.ended, weight);
  add(rejected, other.rejected, weight);
  in_service += weight * other.in_service;
  attempts += weight * other.attempts;
  add(attempts_ended, other.attempts_ended, weight);
  add(attempts_rejected, other.attempts_rejected, weight);
  attempts_in_service += weight * other.attempts_in_service;
  queue_delay.merge(other.queue_delay, weight);
  ttft.merge(other.ttft, weight);
  tpot.merge(other.tpot, weight);
  e2e.merge(other.e2e, weight);
  time_in_queue.merge(other.time_in_queue, weight);
  itl.merge(other.itl, weight);
  slo_met += weight * other.slo_met;
  output_tokens += weight * other.output_tokens;
  preemptions += weight * other.preemptions;
}

void MinuteTally::merge(const MinuteTally& other, double weight) {
  arrived += weight * other.arrived;
  for (std::size_t i = 0; i < kEndStates; ++i) ended[i] += weight * other.ended[i];
  refused += weight * other.refused;
  slo_met += weight * other.slo_met;
  queue_delay.merge(other.queue_delay, weight);
  ttft.merge(other.ttft, weight);
  tpot.merge(other.tpot, weight);
  e2e.merge(other.e2e, weight);
}

void Outcome::merge(const Outcome& other, double weight) {
  HEADROOM_CHECK(groups.size() == other.groups.size() && pools.size() == other.pools.size(),
                 "merged outcomes have the same classes and pools");
  for (std::size_t c = 0; c < groups.size(); ++c) {
    for (std::size_t s = 0; s < groups[c].size(); ++s) {
      groups[c][s].merge(other.groups[c][s], weight);
    }
    for (std::size_t m = 0; m < minutes[c].size(); ++m) {
      minutes[c][m].merge(other.minutes[c][m], weight);
    }
    add(classes[c].arrivals, other.classes[c].arrivals, weight);
    add(classes[c].queue_len, other.classes[c].queue_len, weight);
    for (std::size_t i = 0; i < classes[c].oldest_age_s.size(); ++i) {
      classes[c].oldest_age_s[i] =
          std::max(classes[c].oldest_age_s[i], other.classes[c].oldest_age_s[i]);
    }
    // Peaks of cells need not fall together: their sum bounds the fleet's from above.
    if (weight * other.classes[c].largest_peak > classes[c].largest_peak) {
      classes[c].largest_peak = weight * other.classes[c].largest_peak;
      classes[c].backlog_peak_at = other.classes[c].backlog_peak_at;
    }
    classes[c].backlog_peak += weight * other.classes[c].backlog_peak;
    late[c] = unite(std::move(late[c]), other.late[c]);
  }
  for (std::size_t p = 0; p < pools.size(); ++p) {
    add(pools[p].running, other.pools[p].running, weight);
    add(pools[p].queued, other.pools[p].queued, weight);
    const PoolTimeline& from = other.pools[p];
    average(pools[p].busy_share, pools[p].in_service, from.busy_share, from.in_service, weight);
    average(pools[p].kv_share, pools[p].in_service, from.kv_share, from.in_service, weight);
    add(pools[p].in_service, from.in_service, weight);
    add(pools[p].down, from.down, weight);
    PoolTotals& totals = pool_totals[p];
    const PoolTotals& more = other.pool_totals[p];
    totals.busy_ps += weight * more.busy_ps;
    totals.beyond_fit_ps += weight * more.beyond_fit_ps;
    totals.largest_batch = std::max(totals.largest_batch, more.largest_batch);
    totals.largest_step_tokens = std::max(totals.largest_step_tokens, more.largest_step_tokens);
    totals.steps += weight * more.steps;
    totals.plans += weight * more.plans;
    totals.cut_plans += weight * more.cut_plans;
    totals.mixed_steps += weight * more.mixed_steps;
    totals.preemptions += weight * more.preemptions;
    totals.admissions += weight * more.admissions;
    totals.wasted_ps += weight * more.wasted_ps;
    totals.in_service_ps += weight * more.in_service_ps;
    totals.down_ps += weight * more.down_ps;
    totals.starts += weight * more.starts;
    totals.faults += weight * more.faults;
    totals.removals += weight * more.removals;
    totals.moved += weight * more.moved;
    totals.held += weight * more.held;
    totals.kv_block_peak = std::max(totals.kv_block_peak, more.kv_block_peak);
  }
  counters.events += other.counters.events;
  counters.tier_inversions += other.counters.tier_inversions;
  cells += weight * other.cells;
}

void Outcome::scale(double weight) {
  if (weight == 1) return;
  for (auto& stretches : groups) {
    for (GroupTally& group : stretches) {
      GroupTally scaled;
      scaled.merge(group, weight);
      group = std::move(scaled);
    }
  }
  for (auto& class_minutes : minutes) {
    for (MinuteTally& minute : class_minutes) {
      MinuteTally scaled;
      scaled.merge(minute, weight);
      minute = std::move(scaled);
    }
  }
  const auto times = [weight](std::vector<double>& values) {
    for (double& value : values) value *= weight;
  };
  for (ClassTimeline& timeline : classes) {
    times(timeline.arrivals);
    times(timeline.queue_len);
    timeline.backlog_peak *= weight;
    timeline.largest_peak *= weight;
  }
  for (PoolTimeline& timeline : pools) {
    times(timeline.running);
    times(timeline.queued);
    times(timeline.in_service);
    times(timeline.down);
  }
  for (PoolTotals& totals : pool_totals) {
    for (double* value :
         {&totals.busy_ps, &totals.beyond_fit_ps, &totals.steps, &totals.plans, &totals.cut_plans,
          &totals.mixed_steps, &totals.preemptions, &totals.admissions, &totals.wasted_ps,
          &totals.in_service_ps, &totals.down_ps, &totals.starts, &totals.faults, &totals.removals,
          &totals.moved, &totals.held}) {
      *value *= weight;
    }
  }
  cells *= weight;
}

}  // namespace headroom
