// Pools whose requests bring their own service time, and static batches.
#include <algorithm>
#include <functional>

#include "cell_run.hpp"

namespace headroom {

/// Puts the head of a queue on a free slot.
void CellRun::begin_service(Pool& pool, std::uint32_t r, TieredQueue& queue) {
  const Slot slot = queue.head();
  admit(pool, r, queue, slot);
  std::int64_t& service = live_.detail(slot).service;
  service = std::min(at_least_one_tick(service), kNever.count - now_);
  auto& finishes = pool.slot_finishes[r];
  finishes.push_back({now_ + service, slot});
  std::push_heap(finishes.begin(), finishes.end(), std::greater<>());
  pool.busy.add(1, now_);
}

void CellRun::begin_slots(Pool& pool, std::uint32_t r) {
  Replica& replica = pool.replicas[r];
  TieredQueue& queue = pool.queue_of(r);
  while (replica.admitted < pool.config->max_batch && !queue.empty()) {
    begin_service(pool, r, queue);
  }
  set_event(pool, r, slots_event(pool, r));
}

void CellRun::end_slots(Pool& pool, std::uint32_t r) {
  auto& finishes = pool.slot_finishes[r];
  while (!finishes.empty() && finishes.front().time == now_) {
    const Slot slot = finishes.front().slot;
    std::pop_heap(finishes.begin(), finishes.end(), std::greater<>());
    finishes.pop_back();
    pool.busy.add(-1, now_);
    pool.totals.busy_ps += static_cast<double>(live_.detail(slot).service);
    leave_replica(pool, r, slot);
    stage_done(slot);
  }
  // Who leaves at this tick is dealt with in its course.
  const std::int64_t next = slots_event(pool, r);
  set_event(pool, r, next > now_ ? next : kNever.count);
}

void CellRun::central_slots(Pool& pool) {
  TieredQueue& queue = pool.queue_of(0);
  // loads holds the admitted requests of each replica: its first entity has the fewest, then the
  // lowest id.
  while (!queue.empty() && pool.ranking.first_time() < pool.config->max_batch) {
    const auto r = static_cast<std::uint32_t>(pool.ranking.first_entity());
    begin_service(pool, r, queue);
    set_event(pool, r, slots_event(pool, r));
  }
}

bool CellRun::begin_batch(Pool& pool, std::uint32_t r) {
  Replica& replica = pool.replicas[r];
  TieredQueue& queue = pool.queue_of(r);
  const std::int64_t oldest = queue.oldest_joined(live_);
  const bool full = queue.size() >= pool.config->max_batch;
  const bool waited = oldest != kNever.count && now_ - oldest >= pool.config->max_wait.count;
  if (queue.empty() || !(full || waited)) return false;
  const std::int64_t size = std::min(pool.config->max_batch, queue.size());
  std::int64_t longest = 1;
  for (std::int64_t i = 0; i < size; ++i) {
    const Slot slot = queue.head();
    admit(pool, r, queue, slot);
    longest = std::max(longest, live_.detail(slot).service);
    pool.slot_finishes[r].push_back({0, slot});
  }
  const std::int64_t duration =
      pool.config->batch_times
          ? at_least_one_tick(pool.config->batch_times->batch_ps[static_cast<std::size_t>(size)])
          : longest;
  pool.totals.steps += 1;
  replica.start = now_;
  set_busy(pool, r, Activity::kBatch, std::min(duration, kNever.count - now_));
  return true;
}

void CellRun::end_batch(Pool& pool, std::uint32_t r) {
  Replica& replica = pool.replicas[r];
  pool.totals.busy_ps += static_cast<double>(now_ - replica.start);
  for (const SlotFinish& member : pool.slot_finishes[r]) {
    leave_replica(pool, r, member.slot);
    stage_done(member.slot);
  }
  pool.slot_finishes[r].clear();
}

void CellRun::central_batches(Pool& pool) {
  bool starts = true;  // another batch, as far as the queue is concerned
  for (std::uint32_t r = 0; r < pool.replicas.size(); ++r) {
    Replica& replica = pool.replicas[r];
    if (!replica.ready && replica.activity != Activity::kIdle) continue;
    const bool begins = starts && replica.standing == Standing::kServing;
    if (begins) starts = begin_batch(pool, r);
    if (replica.ready && !(begins && starts)) set_idle(pool, r);
    replica.ready = false;
  }
  const bool idle = pool.ranking.first_time() == 0;
  const std::int64_t oldest = pool.queue_of(0).oldest_joined(live_);
  const bool wait = idle && oldest != kNever.count;
  events_.set(pool.timer_entity(),
              wait ? later(oldest, pool.config->max_wait.count) : kNever.count);
}

}  // namespace headroom
