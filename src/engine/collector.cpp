#include "collector.hpp"

#include <algorithm>
#include <utility>

#include "headroom/core/check.hpp"

namespace headroom {
namespace {

std::size_t bins_for(Ticks horizon, Ticks width) {
  return static_cast<std::size_t>(std::max<std::int64_t>(1, bins_of(horizon, width)));
}

/// Ends of requests after which a monitor is told.
constexpr std::int64_t kTellEvery = 4096;

/// Of this stage and those before it: only then is there anything kept of them.
std::int32_t output_so_far(const LiveRequest& request, const RequestDetail& detail) {
  return request.output + (request.stage > 0 ? detail.earlier_output : 0);
}

}  // namespace

Collector::Collector(const CellConfig& config, RequestStream& requests, RecordSink* sink,
                     RunMonitor* monitor)
    : config_(config),
      requests_(requests),
      sink_(sink),
      monitor_(monitor),
      stretch_count_(config.collect.stretch_starts.size()),
      bins_(bins_for(config.horizon, config.collect.timeline_step)),
      minute_count_(bins_for(config.horizon, config.collect.minute)),
      arrival_minute_(config.collect.minute),
      arrival_bin_(config.collect.timeline_step),
      edge_(config.collect.timeline_step),
      groups_(config.classes.size() * stretch_count_),
      minutes_(config.classes.size() * minute_count_) {
  for (const ClassConfig& request_class : config.classes) {
    bool tokens = false;
    for (const PoolId pool : request_class.stages) {
      tokens = tokens || makes_tokens(config.pools[index(pool)]);
    }
    makes_tokens_.push_back(tokens);
    ClassState state;
    state.backlog = StepSeries(bins_, config.collect.timeline_step);
    state.arrivals.assign(bins_, 0);
    state.oldest_arrival.assign(bins_, kNever.count);
    classes_.push_back(std::move(state));
  }
}

void Collector::account_population(std::int64_t now, int change) {
  population_area_ += Wide{population_} * (now - population_since_);
  population_since_ = now;
  population_ += change;
}

void Collector::arrived(LiveRequest& request) {
  const std::int64_t now = request.arrival;
  const auto& starts = config_.collect.stretch_starts;
  while (stretch_ + 1 < starts.size() && starts[stretch_ + 1].count <= now) ++stretch_;
  request.group = static_cast<std::uint32_t>(request.request_class * stretch_count_ + stretch_);
  request.minute = static_cast<std::uint32_t>(arrival_minute_.cell_of(now));
  groups_[request.group].arrived += 1;
  minute_of(request).arrived += 1;
  ClassState& state = classes_[request.request_class];
  state.arrivals[static_cast<std::size_t>(arrival_bin_.cell_of(now))] += 1;
  change_backlog(request.request_class, +1, now);
  account_population(now, +1);
}

/// The peak is over the values that stood for some time: a request that is scheduled at the tick of
/// its arrival was never in the backlog.
void Collector::change_backlog(std::uint32_t request_class, int change, std::int64_t now) {
  ClassState& state = classes_[request_class];
  if (now > state.backlog_since && state.backlog.value() > state.backlog_peak) {
    state.backlog_peak = state.backlog.value();
    state.backlog_peak_at = state.backlog_since;
  }
  state.backlog.add(change, now);
  state.backlog_since = now;
}

/// A request that leaves the backlog at `now` has been late since `from`.
void Collector::note_late(std::uint32_t request_class, std::int64_t from, std::int64_t now) {
  std::vector<LateStretch>& late = classes_[request_class].late;
  if (!late.empty() && late.back().from.count <= from &&
      late.back().to.count + kDrainPause.count >= from) {
    late.back().to = {now};  // nearly always
    return;
  }
  // Calls come in order of `now`, so a new stretch can only swallow the newest ones.
  while (!late.empty() && late.back().to.count + kDrainPause.count >= from) {
    from = std::min(from, late.back().from.count);
    late.pop_back();
  }
  late.push_back({{from}, {now}, false});
}

void Collector::leave_backlog(LiveRequest& request, std::int64_t now) {
  ClassState& state = classes_[request.request_class];
  change_backlog(request.request_class, -1, now);
  const std::int64_t late_from =
      later(request.arrival, config_.classes[request.request_class].drain_limit.count);
  if (now > late_from) note_late(request.request_class, late_from, now);
  // Ends of bins at which it was the oldest so far. An earlier end is covered already once a later
  // one is: whoever was older there was in the backlog all along.
  const std::int64_t width = config_.collect.timeline_step.count;
  for (std::int64_t edge = edge_.cell_of(now - 1); edge >= 1; --edge) {
    if (edge * width < request.arrival) break;
    std::int64_t& oldest = state.oldest_arrival[static_cast<std::size_t>(edge - 1)];
    if (oldest <= request.arrival) break;
    oldest = request.arrival;
  }
  if (now >= config_.horizon.count) {
    state.oldest_arrival.back() = std::min(state.oldest_arrival.back(), request.arrival);
  }
}

void Collector::first_scheduled(LiveRequest& request, std::int64_t now) {
  request.first_scheduled = now;
  leave_backlog(request, now);
  const Ticks delay{now - request.arrival};
  ++scheduled_;
  delay_s_ += seconds(delay);
  groups_[request.group].queue_delay.histogram.add(delay);
  minute_of(request).queue_delay.histogram.add(delay);
}

void Collector::first_token(const LiveRequest& request) {
  const Ticks ttft{request.first_token - request.arrival +
                   config_.classes[request.request_class].fixed_delay.count};
  groups_[request.group].ttft.histogram.add(ttft);
  if (config_.collect.minute_ttft) minute_of(request).ttft.histogram.add(ttft);
}

void Collector::tally_missing(const LiveRequest& request, const RequestDetail& detail, EndState end,
                              RejectReason reason) {
  const auto state = static_cast<std::size_t>(end);
  const double refused = on_purpose(reason) ? 1 : 0;
  const auto miss = [state, refused](LatencyTally& tally) {
    tally.missing[state] += 1;
    tally.refused += refused;
  };
  GroupTally& group = groups_[request.group];
  MinuteTally& minute = minute_of(request);
  if (request.first_scheduled == kNever.count) {
    miss(group.queue_delay);
    miss(minute.queue_delay);
  }
  miss(group.e2e);
  miss(minute.e2e);
  if (!makes_tokens_[request.request_class]) return;
  if (request.first_token == kNever.count) {
    miss(group.ttft);
    miss(minute.ttft);
  }
  std::int32_t output = output_so_far(request, detail);
  const auto& stages = config_.classes[request.request_class].stages;
  for (std::size_t stage = request.stage + 1U; stage < stages.size(); ++stage) {
    output += requests_
                  .stage_work(ClassId{request.request_class}, detail.entity,
                              static_cast<std::uint32_t>(stage))
                  .output_tokens;
  }
  if (output >= 2) {
    miss(group.tpot);
    miss(minute.tpot);
  }
}

RequestRecord Collector::record_of(const LiveRequest& request, const RequestDetail& detail,
                                   EndState end, RejectReason reason, std::int64_t now,
                                   const AttemptsOf& attempts) const {
  RequestRecord record;
  record.id = RequestId{request.id};
  record.request_class = ClassId{request.request_class};
  record.end = end;
  record.reason = reason;
  record.arrival = {request.arrival};
  record.first_scheduled = {request.first_scheduled};
  record.first_token = {request.first_token};
  record.last_token = {request.last_token};
  record.finish = {now};
  record.time_in_queue = {request.time_in_queue};
  record.prompt_tokens = detail.first_prompt;
  record.output_tokens = detail.earlier_output + request.output;
  record.made_tokens = detail.earlier_made + request.made;
  record.preemptions = detail.preemptions;
  record.stage = request.stage;
  record.pool = config_.classes[request.request_class].stages[request.stage];
  record.replica = ReplicaId{request.served_by};
  record.attempts = attempts.attempts;
  record.in_service = attempts.in_service;
  record.wasted = {attempts.wasted};
  return record;
}

void Collector::attempt_lost(const LiveRequest& request, EndState end, RejectReason reason,
                             bool in_service) {
  GroupTally& group = groups_[request.group];
  group.attempts_ended[static_cast<std::size_t>(end)] += 1;
  if (end == EndState::kRejected) group.attempts_rejected[static_cast<std::size_t>(reason)] += 1;
  if (in_service) group.attempts_in_service += 1;
}

void Collector::ended(LiveRequest& request, const RequestDetail& detail, EndState end,
                      RejectReason reason, std::int64_t now, const AttemptsOf& attempts) {
  const ClassConfig& request_class = config_.classes[request.request_class];
  GroupTally& group = groups_[request.group];
  MinuteTally& minute = minute_of(request);
  const auto state = static_cast<std::size_t>(end);
  group.ended[state] += 1;
  minute.ended[state] += 1;
  group.time_in_queue.histogram.add({request.time_in_queue});
  if (end == EndState::kRejected) {
    group.rejected[static_cast<std::size_t>(reason)] += 1;
    if (on_purpose(reason)) minute.refused += 1;
  }
  if (attempts.in_service) group.in_service += 1;
  if (attempts.backing_off) group.attempts_ended[state] -= 1;  // its attempts have all ended
  // Who has finished was scheduled; its cache line with that time need not be looked at.
  if (end != EndState::kFinished && request.first_scheduled == kNever.count) {
    leave_backlog(request, now);
  }
  account_population(now, -1);
  sojourn_sum_ += now - request.arrival;

  if (end == EndState::kFinished) {
    const Ticks e2e{now - request.arrival + request_class.fixed_delay.count};
    group.e2e.histogram.add(e2e);
    if (config_.collect.minute_e2e) minute.e2e.histogram.add(e2e);
    const std::int32_t output = output_so_far(request, detail);
    Ticks tpot{0};
    if (output >= 2 && request.first_token != kNever.count) {
      tpot = {(request.last_token - request.first_token) / (output - 1)};
      group.tpot.histogram.add(tpot);
      if (config_.collect.minute_tpot) minute.tpot.histogram.add(tpot);
    }
    group.output_tokens += output;
    const SloLimits& slo = request_class.slo;
    const std::int64_t ttft =
        request.first_token == kNever.count
            ? 0
            : request.first_token - request.arrival + request_class.fixed_delay.count;
    const bool met =
        (!slo.queue_delay || request.first_scheduled - request.arrival <= slo.queue_delay->count) &&
        (!slo.ttft || ttft <= slo.ttft->count) && (!slo.tpot || tpot <= *slo.tpot) &&
        (!slo.e2e || e2e <= *slo.e2e);
    if (met) {
      group.slo_met += 1;
      minute.slo_met += 1;
    }
  } else {
    tally_missing(request, detail, end, reason);
  }
  if (sink_ != nullptr)
    pending_records_.push_back(record_of(request, detail, end, reason, now, attempts));
  if (++ended_ == kTellEvery) tell(now);
}

void Collector::tell(std::int64_t now) {
  if (monitor_ != nullptr) {
    monitor_->on_progress({{now}, ended_, scheduled_, delay_s_});
  }
  ended_ = scheduled_ = 0;
  delay_s_ = 0;
}

void Collector::write_records() {
  std::sort(pending_records_.begin(), pending_records_.end(),
            [](const RequestRecord& a, const RequestRecord& b) { return a.id < b.id; });
  for (const RequestRecord& record : pending_records_) sink_->on_end(record);
  pending_records_.clear();
}

Outcome Collector::finish(std::int64_t horizon) {
  account_population(horizon, 0);
  HEADROOM_CHECK(population_ == 0, "every request in the system at the horizon was ended");
  HEADROOM_CHECK(population_area_ == sojourn_sum_, "Little's law: area under N = sum of sojourns");
  tell(horizon);

  Outcome outcome;
  for (std::size_t c = 0; c < classes_.size(); ++c) {
    std::vector<GroupTally> stretches;
    for (std::size_t s = 0; s < stretch_count_; ++s) {
      GroupTally& group = groups_[c * stretch_count_ + s];
      double ends = 0;
      for (const double count : group.ended) ends += count;
      HEADROOM_CHECK(ends == group.arrived, "arrived = sum of the end states");
      // So far of the attempts after the first, and of those before the last.
      double attempts_ended = 0;
      group.attempts += group.arrived;
      for (std::size_t i = 0; i < kEndStates; ++i) {
        group.attempts_ended[i] += group.ended[i];
        attempts_ended += group.attempts_ended[i];
      }
      for (std::size_t i = 0; i < kRejectReasons; ++i) {
        group.attempts_rejected[i] += group.rejected[i];
      }
      group.attempts_in_service += group.in_service;
      HEADROOM_CHECK(attempts_ended == group.attempts, "attempts = sum of their end states");
      stretches.push_back(std::move(group));
    }
    outcome.groups.push_back(std::move(stretches));
    const auto first = minutes_.begin() + static_cast<std::ptrdiff_t>(c * minute_count_);
    outcome.minutes.emplace_back(
        std::make_move_iterator(first),
        std::make_move_iterator(first + static_cast<std::ptrdiff_t>(minute_count_)));

    ClassState& state = classes_[c];
    state.backlog.advance(horizon);
    ClassTimeline timeline;
    timeline.arrivals = std::move(state.arrivals);
    timeline.queue_len = state.backlog.means(config_.horizon);
    timeline.backlog_peak = timeline.largest_peak = state.backlog_peak;
    timeline.backlog_peak_at = {state.backlog_peak_at};
    for (std::size_t bin = 0; bin < bins_; ++bin) {
      const std::int64_t width = config_.collect.timeline_step.count;
      const std::int64_t edge = std::min(horizon, static_cast<std::int64_t>(bin + 1) * width);
      const std::int64_t oldest = state.oldest_arrival[bin];
      timeline.oldest_age_s.push_back(oldest > edge ? 0 : seconds({edge - oldest}));
    }
    outcome.classes.push_back(std::move(timeline));
    if (!state.late.empty()) state.late.back().open = state.late.back().to.count >= horizon;
    outcome.late.push_back(std::move(state.late));
  }
  return outcome;
}

}  // namespace headroom
