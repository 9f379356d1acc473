// One queue for many replicas.
#include <algorithm>

#include "cell_run.hpp"

namespace headroom {

void CellRun::central_admission(Pool& pool) {
  switch (pool.config->mode) {
    case BatchMode::kSlots:
      central_slots(pool);
      break;
    case BatchMode::kStatic:
      central_batches(pool);
      break;
    case BatchMode::kContinuous:
    case BatchMode::kChunked:
      drafts_.resize(std::max(drafts_.size(), pool.replicas.size()));
      central_token_round(pool);
      break;
  }
}

/// A new head may be admitted by replicas in the middle of a plan: at this tick if one of their
/// step boundaries falls on it, else at their next.
void CellRun::scan_for_head(Pool& pool, Slot head) {
  const LiveRequest& request = live_[head];
  if (pool.scanned_head == request.id && pool.scanned_preemptions == request.preemptions) return;
  pool.scanned_head = request.id;
  pool.scanned_preemptions = request.preemptions;
  for (std::uint32_t r = 0; r < pool.replicas.size(); ++r) {
    Replica& replica = pool.replicas[r];
    if (replica.ready || replica.activity != Activity::kDecode || replica.start == now_) continue;
    cut_plan(pool, r);
    if (!replica.ready) continue;  // its next boundary is later
    drafts_[r] = open_draft(pool, r);
    at_boundary_.insert(std::upper_bound(at_boundary_.begin(), at_boundary_.end(), r), r);
  }
}

void CellRun::central_token_round(Pool& pool) {
  TieredQueue& queue = pool.queue_of(0);
  bool again = true;
  while (again) {
    at_boundary_.clear();
    for (std::uint32_t r = 0; r < pool.replicas.size(); ++r) {
      const Replica& replica = pool.replicas[r];
      if (!replica.ready && (replica.activity != Activity::kIdle || queue.empty())) continue;
      at_boundary_.push_back(r);
    }
    for (const std::uint32_t r : at_boundary_) drafts_[r] = open_draft(pool, r);

    for (Slot head = queue.head(); head != kNoSlot; head = queue.head()) {
      scan_for_head(pool, head);
      std::uint32_t best = UINT32_MAX;
      for (const std::uint32_t r : at_boundary_) {
        if (!fits(pool, pool.replicas[r], drafts_[r], live_[head])) continue;
        if (best == UINT32_MAX || pool.replicas[r].admitted < pool.replicas[best].admitted)
          best = r;
      }
      if (best == UINT32_MAX) break;
      admit_to_step(pool, best, drafts_[best], queue, head);
    }
    const std::int64_t waiting = queue.size();
    for (const std::uint32_t r : at_boundary_) {
      pool.replicas[r].ready = false;
      launch(pool, r, drafts_[r]);
    }
    again = queue.size() > waiting;  // a victim may be admitted by a replica that is idle
  }
}

}  // namespace headroom
