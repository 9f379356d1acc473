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

/// A new head may be admitted by replicas in the middle of a plan, at their first step boundary at
/// or after `earliest`.
void CellRun::scan_for_head(Pool& pool, Slot head, std::int64_t earliest) {
  if (pool.scanned_ticket == live_[head].ticket) return;
  pool.scanned_ticket = live_[head].ticket;
  for (std::uint32_t r = 0; r < pool.replicas.size(); ++r) {
    Replica& replica = pool.replicas[r];
    if (replica.ready || replica.activity != Activity::kDecode) continue;
    cut_plan(pool, r, earliest);
    if (!replica.ready) continue;  // its next boundary is later
    drafts_[r] = open_draft(pool, r);
    at_boundary_.insert(std::upper_bound(at_boundary_.begin(), at_boundary_.end(), r), r);
  }
}

void CellRun::central_token_round(Pool& pool) {
  TieredQueue& queue = pool.queue_of(0);
  bool again = true;
  std::int64_t earliest = now_;
  while (again) {
    // Which ones are ready cannot be guessed: no branch on it.
    at_boundary_.resize(pool.replicas.size());
    std::size_t ready = 0;
    for (std::uint32_t r = 0; r < pool.replicas.size(); ++r) {
      at_boundary_[ready] = r;
      ready += pool.replicas[r].ready ? 1 : 0;
    }
    at_boundary_.resize(ready);
    // The running phases first: their victims may be admitted by replicas that are idle.
    for (const std::uint32_t r : at_boundary_) drafts_[r] = open_draft(pool, r);
    for (std::uint32_t r = 0; r < pool.replicas.size() && !queue.empty(); ++r) {
      const Replica& replica = pool.replicas[r];
      const bool is_idle = replica.activity == Activity::kIdle;
      if (!is_idle || replica.ready) continue;
      if (replica.standing != Standing::kServing) continue;
      at_boundary_.insert(std::upper_bound(at_boundary_.begin(), at_boundary_.end(), r), r);
      drafts_[r] = open_draft(pool, r);
    }

    for (Slot head = queue.head(); head != kNoSlot; head = queue.head()) {
      scan_for_head(pool, head, earliest);
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
    earliest = now_ + 1;             // those with a boundary now are inside their next step
  }
}

}  // namespace headroom
