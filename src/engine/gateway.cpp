// Who is refused on purpose, who leaves while he is served, who tries again: docs/serving.md,
// "Gateway", "Leaving" and "Retries".
#include <algorithm>

#include "cell_run.hpp"
#include "headroom/core/check.hpp"

namespace headroom {
namespace {

/// Whether a class's work can be wasted: then it is known what it cost.
bool can_be_wasted(const CellConfig& config, const ClassConfig& of) {
  if (of.leaves_in_service() || !config.fleet_events.empty()) return true;
  for (std::size_t stage = 1; stage < of.stages.size(); ++stage) {
    if (of.queue_cap(stage) != kNoQueueCap) return true;
  }
  return false;
}

/// Lost for what others do; not for a request's own size at a later stage.
bool is_wasted(EndState end, RejectReason reason) {
  return end == EndState::kAbandoned || end == EndState::kFailed ||
         reason == RejectReason::kQueueCap;
}

}  // namespace

/// Sets up what the classes' rules need, and nothing where they need nothing.
void CellRun::follow_attempts() {
  for (const ClassConfig& of : config_.classes) {
    follows_attempts_ =
        follows_attempts_ || of.retry.max_attempts > 1 || can_be_wasted(config_, of);
    if (of.bucket.interval.count > 0 || of.daily_quota > 0) {
      bucket_full_at_.resize(config_.classes.size(), 0);
    }
    caps_ = caps_ || !of.queue_caps.empty();
    stages_ = std::max(stages_, of.stages.size());
    for (const PoolId id : of.stages) {
      Pool& pool = pools_[index(id)];
      if (of.leaves_in_service()) pool.leavers.resize(pool.replicas.size());
    }
  }
  for (Pool& pool : pools_) {
    if (follows_attempts_) pool.shares.resize(pool.replicas.size());
  }
}

RejectReason CellRun::gateway(Slot slot) {
  if (bucket_full_at_.empty()) return RejectReason::kNone;
  const LiveRequest& request = live_[slot];
  const ClassConfig& of = config_.classes[request.request_class];
  const std::int32_t number = follows_attempts_ ? attempts_[slot].number : 1;
  const bool counts = number == 1 || kPlantedFault == PlantedFault::kQuotaOnRetries;
  if (counts && of.daily_quota > 0 && next_request_.earlier_today >= of.daily_quota) {
    return RejectReason::kQuota;
  }
  if (of.bucket.interval.count == 0) return RejectReason::kNone;
  Wide& full_at = bucket_full_at_[request.request_class];  // may lie months beyond the run
  if (full_at < now_) full_at = now_;
  const Wide missing = full_at - now_;
  const std::int64_t depth = of.bucket.depth.count;
  if (kPlantedFault == PlantedFault::kBucketEdge ? missing >= depth && depth > 0
                                                 : missing > depth) {
    return RejectReason::kTokenBucket;
  }
  full_at += of.bucket.interval.count;
  return RejectReason::kNone;
}

/// Whether as many wait as may in the queue that a request is about to join.
bool CellRun::full(const Pool& pool, const LiveRequest& request) const {
  std::int64_t room = config_.classes[request.request_class].queue_cap(request.stage);
  if (room == kNoQueueCap) return false;
  const bool held = request.replica == kNoReplica;
  const TieredQueue& queue = held ? pool.held : pool.queues[pool.central ? 0 : request.replica];
  if (pool.config->mode == BatchMode::kSlots && kPlantedFault != PlantedFault::kCapWithoutSlots) {
    const auto free_slots = [&pool](std::size_t r) {
      return pool.config->max_batch - pool.replicas[r].admitted;
    };
    if (!pool.central) {
      if (!held) room += free_slots(request.replica);
    } else if (pool.varies) {
      for (const std::uint32_t r : pool.serving) room += free_slots(r);
    } else {
      room += static_cast<std::int64_t>(pool.replicas.size()) * pool.config->max_batch -
              static_cast<std::int64_t>(pool.running.value());
    }
  }
  return queue.size() >= room;
}

void CellRun::begin_request(Slot slot) {
  if (slot >= attempts_.size()) {
    attempts_.resize(slot + std::size_t{1});
    spent_.resize(attempts_.size() * stages_);
  }
  Attempt& attempt = attempts_[slot];
  attempt = Attempt{};
  attempt.patience = next_request_.patience.count;
  attempt.timeout = next_request_.timeout.count;
  attempt.work = next_request_.work;
  begin_attempt(slot);
}

void CellRun::begin_attempt(Slot slot) {
  LiveRequest& request = live_[slot];
  Attempt& attempt = attempts_[slot];
  const ClassConfig& of = config_.classes[request.request_class];
  attempt.scheduled = false;
  attempt.leaves_at = of.patience_in_service ? later(now_, attempt.patience) : kNever.count;
  if (of.timeout == TimeoutFrom::kArrival) {
    attempt.leaves_at = std::min(attempt.leaves_at, later(now_, attempt.timeout));
  }
  std::fill_n(spent_.begin() + static_cast<std::ptrdiff_t>(slot * stages_), stages_, 0);
  request.expiry = std::min(attempt.leaves_at, later(now_, attempt.patience));
  request.watched = request.expiry == kNever.count;
}

/// Attempts that are due, in order of id.
void CellRun::try_again() {
  while (retries_due()) {
    const Slot slot = retries_.top().slot;
    retries_.pop();
    LiveRequest& request = live_[slot];
    Attempt& attempt = attempts_[slot];
    ++attempt.number;
    request.stage = 0;
    RequestDetail& detail = live_.detail(slot);
    detail.earlier_output = detail.earlier_made = 0;
    request.made = request.computed = 0;
    request.prompt = attempt.work.prompt_tokens;
    request.output = attempt.work.output_tokens;
    request.cached = attempt.work.cached_tokens;
    detail.service = attempt.work.service.count;
    begin_attempt(slot);
    collector_.tried_again(request);
    if (!refused(slot)) join(slot);
  }
}

void CellRun::attempt_over(Slot slot, EndState end, RejectReason reason) {
  LiveRequest& request = live_[slot];
  if (!rarely(follows_attempts_)) {
    collector_.ended(request, live_.detail(slot), end, reason, now_);
    live_.remove(slot);
    return;
  }
  Attempt& attempt = attempts_[slot];
  const bool in_service = end == EndState::kAbandoned && attempt.scheduled;
  const auto& stages = config_.classes[request.request_class].stages;
  for (std::size_t stage = 0; is_wasted(end, reason) && stage < stages.size(); ++stage) {
    const std::int64_t spent = spent_[slot * stages_ + stage];
    pools_[index(stages[stage])].totals.wasted_ps += static_cast<double>(spent);
    attempt.wasted += spent;
  }
  const std::int64_t delay = back_off(slot, end, reason);
  if (delay == kNever.count) {
    collector_.ended(request, live_.detail(slot), end, reason, now_,
                     {attempt.number, in_service, false, attempt.wasted});
    live_.remove(slot);
    return;
  }
  collector_.attempt_lost(request, end, reason, in_service);
  request.where = Where::kBackingOff;
  retries_.push({later(now_, delay), request.id, slot});
}

std::int64_t CellRun::back_off(Slot slot, EndState end, RejectReason reason) const {
  const LiveRequest& request = live_[slot];
  const RetryRule& rule = config_.classes[request.request_class].retry;
  const std::int32_t number = attempts_[slot].number;
  if (number >= rule.max_attempts) return kNever.count;
  const bool refused = reason == RejectReason::kTokenBucket || reason == RejectReason::kQueueCap;
  const bool tried_again = (end == EndState::kAbandoned && rule.abandoned) ||
                           (end == EndState::kFailed && rule.failed) ||
                           (end == EndState::kRejected && rule.rejected && refused);
  if (!tried_again) return kNever.count;
  return retry_delay(rule, config_.key, ClassId{request.request_class}, live_.detail(slot).entity,
                     number)
      .count;
}

/// To be called before the number of requests admitted to a replica changes.
void CellRun::advance_share(Pool& pool, std::uint32_t r) {
  ShareClock& clock = pool.shares[r];
  const std::int64_t admitted =
      kPlantedFault == PlantedFault::kWasteUnshared ? 1 : pool.replicas[r].admitted;
  if (now_ > clock.since && pool.replicas[r].admitted > 0) {
    clock.shared += (now_ - clock.since) / admitted;
  }
  clock.since = now_;
}

void CellRun::note_admission(Pool& pool, std::uint32_t r, Slot slot) {
  advance_share(pool, r);
  LiveRequest& request = live_[slot];
  Attempt& attempt = attempts_[slot];
  attempt.share_from = pool.shares[r].shared;
  const bool from_scheduled =
      config_.classes[request.request_class].timeout == TimeoutFrom::kScheduled;
  if (from_scheduled && !attempt.scheduled) {
    attempt.leaves_at = std::min(attempt.leaves_at, later(now_, attempt.timeout));
  }
  attempt.scheduled = true;
  if (attempt.leaves_at == kNever.count) return;
  auto& leavers = pool.leavers[r];
  leavers.push_back({attempt.leaves_at, request.id, slot});
  std::push_heap(leavers.begin(), leavers.end());
}

/// The end of a stay on a replica.
void CellRun::note_stay(Pool& pool, std::uint32_t r, Slot slot) {
  advance_share(pool, r);
  spent_[slot * stages_ + live_[slot].stage] += pool.shares[r].shared - attempts_[slot].share_from;
}

std::int64_t CellRun::first_leave(Pool& pool, std::uint32_t r) {
  if (pool.leavers.empty()) return kNever.count;
  auto& leavers = pool.leavers[r];
  const auto is_here = [&](const Leaver& leaver) {
    const LiveRequest& request = live_[leaver.slot];
    return request.where == Where::kAdmitted && request.id == leaver.id && request.replica == r &&
           attempts_[leaver.slot].leaves_at == leaver.time &&
           &pools_[index(config_.classes[request.request_class].stages[request.stage])] == &pool;
  };
  while (!leavers.empty() && !is_here(leavers.front())) {
    std::pop_heap(leavers.begin(), leavers.end());
    leavers.pop_back();
  }
  return leavers.empty() ? kNever.count : leavers.front().time;
}

/// Those on replicas whose step, or somebody's service, ended at this tick; after its faults.
void CellRun::leave_at_boundaries() {
  for (const std::uint32_t entity : ended_) {
    const Place place = place_of(entity);
    Pool& pool = pools_[place.pool];
    while (first_leave(pool, place.replica) <= now_) {
      leave_in_service(pool, place.replica, pool.leavers[place.replica].front().slot);
    }
    // The others are let go when they find nothing to do next.
    if (pool.config->mode == BatchMode::kSlots) let_go_if_empty(pool, place.replica);
  }
  ended_.clear();
}

void CellRun::leave_in_service(Pool& pool, std::uint32_t r, Slot slot) {
  if (pool.config->mode == BatchMode::kSlots) {
    auto& finishes = pool.slot_finishes[r];
    const auto finish = std::find_if(finishes.begin(), finishes.end(),
                                     [slot](const SlotFinish& f) { return f.slot == slot; });
    const std::int64_t began = finish->time - live_.detail(slot).service;
    pool.totals.busy_ps += static_cast<double>(now_ - began);
    pool.busy.add(-1, now_);
    finishes.erase(finish);
    std::make_heap(finishes.begin(), finishes.end(), std::greater<>());
    leave_replica(pool, r, slot);
    set_event(pool, r, slots_event(pool, r));
  } else {
    take_off(pool, r, slot);
    leave_replica(pool, r, slot);
  }
  attempt_over(slot, EndState::kAbandoned, RejectReason::kNone);
}

/// Next finish of a slot, or the leaving of a user before it.
std::int64_t CellRun::slots_event(Pool& pool, std::uint32_t r) {
  const auto& finishes = pool.slot_finishes[r];
  if (finishes.empty()) return kNever.count;
  return std::min(finishes.front().time, first_leave(pool, r));
}

}  // namespace headroom
