// Replicas that start, fail and are removed: docs/serving.md, "Fleet changes and faults".
#include <algorithm>

#include "cell_run.hpp"
#include "headroom/core/check.hpp"

namespace headroom {

void CellRun::change_fleet() {
  const auto& events = config_.fleet_events;
  std::vector<Place> removed;
  for (; fleet_event_ < events.size() && events[fleet_event_].at.count == now_; ++fleet_event_) {
    const FleetEvent& event = events[fleet_event_];
    const std::uint32_t r = index(event.replica);
    Pool& pool = pools_[index(event.pool)];
    switch (event.kind) {
      case FleetEventKind::kFault:
        fault(pool, r);
        break;
      case FleetEventKind::kStart:
        start(pool, r);
        break;
      case FleetEventKind::kRemoval:
        if (remove(pool, r)) removed.push_back({index(event.pool), r});
        break;
    }
  }
  next_change_ = fleet_event_ < events.size() ? events[fleet_event_].at.count : kNever.count;
  for (Pool& pool : pools_) {
    if (!pool.serving.empty()) hand_on(pool, pool.held, kNoReplica);
  }
  for (const Place place : removed) {
    Pool& pool = pools_[place.pool];
    if (!pool.central) hand_on(pool, pool.queues[place.replica], place.replica);
    let_go_if_empty(pool, place.replica);
  }
}

void CellRun::fault(Pool& pool, std::uint32_t r) {
  Replica& replica = pool.replicas[r];
  const bool serves = replica.standing == Standing::kServing;
  if (!serves && replica.standing != Standing::kLeaving) return;
  pool.totals.faults += 1;
  // Noted for admission at this tick, it has ended its step.
  if (replica.activity != Activity::kIdle && !replica.ready) {
    stop_step(pool, r, now_ + (kPlantedFault == PlantedFault::kFaultTakesStep ? 0 : 1));
  }
  settle_decodes(pool, r);
  if (pool.config->mode == BatchMode::kSlots) {
    for (const SlotFinish& member : pool.slot_finishes[r]) {
      const std::int64_t service = live_.detail(member.slot).service;
      pool.totals.busy_ps += static_cast<double>(now_ - (member.time - service));
    }
  }
  for (const Slot slot : admitted_on(pool, r)) fail(pool, slot);
  if (pool.central) {  // it may have been the one whose boundary the head waits for
    pool.scanned_ticket = 0;
    pool.touched = true;
  }
  if (!pool.central && kPlantedFault != PlantedFault::kFaultSparesQueue) {
    TieredQueue& queue = pool.queues[r];
    while (!queue.empty()) fail(pool, queue.head());
  }
  clear(pool, r);
  pool.in_service.add(-1, now_);
  if (!serves) {
    replica.standing = Standing::kGone;
    return;
  }
  replica.standing = Standing::kDown;
  std::erase(pool.serving, r);
  pool.down.add(1, now_);
}

/// Decodes, prompts in progress, slots or members of a batch.
std::vector<Slot> CellRun::admitted_on(const Pool& pool, std::uint32_t r) const {
  const Replica& replica = pool.replicas[r];
  std::vector<Slot> slots;
  for (const SlotFinish& member : pool.slot_finishes[r]) slots.push_back(member.slot);
  pool.completions.each(r, replica.decoding, replica.soon,
                        [&](std::uint64_t word) { slots.push_back(Completion::slot(word)); });
  if (replica.prefill_first == kNoSlot && replica.partial != kNoSlot) {
    slots.push_back(replica.partial);
  }
  for (Slot slot = replica.prefill_first; slot != kNoSlot; slot = live_[slot].next) {
    slots.push_back(slot);
  }
  HEADROOM_CHECK(static_cast<std::int32_t>(slots.size()) == replica.admitted,
                 "a replica knows all that it has admitted");
  return slots;
}

void CellRun::fail(Pool& pool, Slot slot) {
  LiveRequest& request = live_[slot];
  if (request.where == Where::kQueued) {
    take_from_queue(pool, pool.queue_of(request.replica), slot);
  } else {
    if (follows_attempts_) note_stay(pool, request.replica, slot);
    pool.running.add(-1, now_);
  }
  attempt_over(slot, EndState::kFailed, RejectReason::kNone);
}

void CellRun::clear(Pool& pool, std::uint32_t r) {
  Replica& replica = pool.replicas[r];
  if (pool.config->mode == BatchMode::kSlots) {
    pool.busy.add(-replica.admitted, now_);
  } else if (replica.activity != Activity::kIdle) {
    pool.busy.add(-1, now_);
  }
  replica.activity = Activity::kIdle;
  replica.fresh.clear();
  pool.slot_finishes[r].clear();
  replica.prefill_first = replica.partial = replica.needed_at_end = kNoSlot;
  replica.decoding = replica.soon = replica.admitted = 0;
  replica.context = 0;
  replica.free_blocks = pool.config->kv_blocks;
  pool.note_taken(r, pool.config->kv_blocks);  // what victims left is lost with the rest
  if (!pool.rows.empty()) std::fill_n(residues_of(pool, r), pool.row_length, std::uint16_t{0});
  set_event(pool, r, kNever.count);
  // Under dispatch it stays on the list of those that are offered admission.
  if (pool.central) replica.ready = false;
  const auto queued = pool.central ? 0 : static_cast<std::int32_t>(pool.queues[r].size());
  pool.change_load(r, kOutOfReach + queued - pool.loads[r]);
}

void CellRun::start(Pool& pool, std::uint32_t r) {
  Replica& replica = pool.replicas[r];
  HEADROOM_CHECK(replica.standing == Standing::kOut || replica.standing == Standing::kDown,
                 "a replica starts while it does not serve");
  pool.totals.starts += 1;
  pool.in_service.add(1, now_);
  if (replica.standing == Standing::kDown) pool.down.add(-1, now_);
  replica.standing = Standing::kServing;
  pool.serving.insert(std::lower_bound(pool.serving.begin(), pool.serving.end(), r), r);
  pool.change_load(r, -kOutOfReach);
  if (pool.central) pool.touched = true;
}

/// True when it goes on until it has finished what it holds.
bool CellRun::remove(Pool& pool, std::uint32_t r) {
  Replica& replica = pool.replicas[r];
  pool.totals.removals += 1;
  const bool serves = replica.standing == Standing::kServing;
  if (replica.standing == Standing::kDown) pool.down.add(-1, now_);
  replica.standing = serves ? Standing::kLeaving : Standing::kGone;
  if (!serves) return false;
  if (kPlantedFault != PlantedFault::kRemovedIsRouted) std::erase(pool.serving, r);
  pool.change_load(r, kOutOfReach);
  return true;
}

void CellRun::let_go_if_empty(Pool& pool, std::uint32_t r) {
  Replica& replica = pool.replicas[r];
  if (replica.standing != Standing::kLeaving || replica.admitted > 0) return;
  if (!pool.central && !pool.queues[r].empty()) return;
  replica.standing = Standing::kGone;
  pool.in_service.add(-1, now_);
}

void CellRun::hand_on(Pool& pool, TieredQueue& queue, std::uint32_t moved_off) {
  std::vector<Slot> slots;
  while (!queue.empty()) {
    slots.push_back(queue.head());
    take_from_queue(pool, queue, slots.back());
  }
  if (moved_off != kNoReplica) {
    pool.change_load(moved_off, -static_cast<std::int32_t>(slots.size()));
    pool.totals.moved += static_cast<double>(slots.size());
  }
  for (const Slot slot : slots) join(slot, moved_off);
}

void CellRun::hold(Pool& pool, Slot slot) {
  LiveRequest& request = live_[slot];
  request.replica = kNoReplica;
  pool.held.push_back(live_, slot);
  pool.queued.add(1, now_);
  pool.totals.held += 1;
  watch(slot);
}

}  // namespace headroom
