// One queue for many replicas.
#include <algorithm>
#include <bit>

#include "cell_run.hpp"

namespace headroom {

void CellRun::central_admission(Pool& pool) {
  switch (pool.config->mode) {
    case BatchMode::kSlots:
      pool.noted.clear();
      central_slots(pool);
      break;
    case BatchMode::kStatic:
      pool.noted.clear();
      central_batches(pool);
      break;
    case BatchMode::kContinuous:
    case BatchMode::kChunked:
      central_token_round(pool);
      break;
  }
}

/// A new head may be admitted by a replica in the middle of a plan, at its first step boundary at
/// or after `earliest`. Only who comes to a boundary first can take the head, so only such a plan
/// is cut. When nobody has taken it then, the others are looked at again: blocks have got fewer
/// since.
void CellRun::scan_for_head(Pool& pool, Slot head, std::int64_t earliest) {
  pool.scanned_ticket = live_.detail(head).ticket;
  pool.scanned_until = kNever.count;
  boundaries_.clear();
  if (!pool.indexed || !ask_index(pool, live_[head], earliest)) {
    go_through_all(pool, live_[head], earliest);
  }
  for (const Boundary& boundary : boundaries_) {
    const std::uint32_t r = boundary.replica;
    cut_to(pool, r, boundary.steps);
    if (!pool.replicas[r].ready) continue;  // its next boundary is later
    drafts_[r] = open_draft(pool, r);
    at_boundary_.insert(std::upper_bound(at_boundary_.begin(), at_boundary_.end(), r), r);
  }
}

/// Finds the replicas, in order, that come to a boundary first of those that may admit the head.
void CellRun::go_through_all(Pool& pool, const LiveRequest& head, std::int64_t earliest) {
  for (std::uint32_t r = 0; r < pool.replicas.size(); ++r) {
    const Replica& replica = pool.replicas[r];
    if (replica.ready || replica.activity == Activity::kIdle) continue;
    std::int64_t steps = replica.event_steps;
    if (replica.activity == Activity::kDecode) {
      if (!may_admit_at_boundary(pool, replica, head)) continue;
      steps = first_boundary(replica, earliest);
    }
    const std::int64_t time = replica.start + plan_time(replica, steps);
    if (time < pool.scanned_until) {
      pool.scanned_until = time;
      boundaries_.clear();
    }
    if (time == pool.scanned_until) boundaries_.push_back({r, steps});
  }
}

/// The same from the index, whose times are brought up to date as far as they come first. False
/// where too many of the first may not admit the head: then nothing has been found.
bool CellRun::ask_index(Pool& pool, const LiveRequest& head, std::int64_t earliest) {
  const std::size_t most = std::min<std::size_t>(32, pool.replicas.size() / 2 + 1);
  taken_out_.clear();
  while (taken_out_.size() < most && pool.boundaries.first_time() <= pool.scanned_until &&
         pool.boundaries.first_time() != kNever.count) {
    const auto r = static_cast<std::uint32_t>(pool.boundaries.first_entity());
    const std::int64_t time = pool.boundaries.first_time();
    const Replica& replica = pool.replicas[r];
    const bool decodes = replica.activity == Activity::kDecode;
    const std::int64_t steps = decodes ? first_boundary(replica, earliest) : replica.event_steps;
    const std::int64_t next = replica.start + plan_time(replica, steps);
    if (next > time) {
      pool.boundaries.set(r, next);
      continue;
    }
    taken_out_.push_back({r, time});
    pool.boundaries.set(r, kNever.count);
    if (decodes && !may_admit_at_boundary(pool, replica, head)) continue;
    pool.scanned_until = time;
    boundaries_.push_back({r, steps});
  }
  for (const auto& [r, time] : taken_out_) pool.boundaries.set(r, time);
  if (taken_out_.size() < most) return true;
  pool.scanned_until = kNever.count;
  boundaries_.clear();
  return false;
}

/// The replicas at a step boundary, in order, their drafts opened. The running phases come first:
/// their victims may be admitted by replicas that are idle. Of those, who are alike, only as many
/// are looked at as there are requests that wait.
void CellRun::gather_at_boundary(Pool& pool) {
  at_boundary_.swap(pool.noted);
  pool.noted.clear();
  if (at_boundary_.size() > 1) {
    std::sort(at_boundary_.begin(), at_boundary_.end());
    at_boundary_.erase(std::unique(at_boundary_.begin(), at_boundary_.end()), at_boundary_.end());
  }
  std::erase_if(at_boundary_, [&pool](std::uint32_t r) { return !pool.replicas[r].ready; });
  for (const std::uint32_t r : at_boundary_) drafts_[r] = open_draft(pool, r);
  const bool all_busy = pool.busy.value() == static_cast<double>(pool.replicas.size());
  if (all_busy || pool.queues[0].empty()) return;
  std::int64_t wanted = pool.queues[0].size();
  const auto look_at = [&](std::uint32_t r) {
    const Replica& replica = pool.replicas[r];
    if (replica.activity != Activity::kIdle || replica.ready) return;
    if (replica.standing != Standing::kServing) return;
    --wanted;
    at_boundary_.insert(std::upper_bound(at_boundary_.begin(), at_boundary_.end(), r), r);
    drafts_[r] = open_draft(pool, r);
  };
  if (!pool.indexed) {
    for (std::uint32_t r = 0; r < pool.replicas.size() && wanted > 0; ++r) look_at(r);
    return;
  }
  for (std::size_t word = 0; word < pool.idle.size() && wanted > 0; ++word) {
    for (std::uint64_t left = pool.idle[word]; left != 0 && wanted > 0; left &= left - 1) {
      look_at(
          static_cast<std::uint32_t>(64 * word + static_cast<unsigned>(std::countr_zero(left))));
    }
  }
}

/// Of the replicas at a boundary that may admit the head the one with the fewest admitted.
std::uint32_t CellRun::taker_of(const Pool& pool, Slot head) const {
  std::uint32_t best = kNoReplica;
  for (const std::uint32_t r : at_boundary_) {
    if (!fits(pool, pool.replicas[r], drafts_[r], live_[head])) continue;
    if (best == kNoReplica || pool.replicas[r].admitted < pool.replicas[best].admitted) best = r;
  }
  return best;
}

void CellRun::central_token_round(Pool& pool) {
  TieredQueue& queue = pool.queues[0];
  bool again = true;
  std::int64_t earliest = now_;
  while (again) {
    gather_at_boundary(pool);
    for (Slot head = queue.head(); head != kNoSlot; head = queue.head()) {
      std::uint32_t taker = taker_of(pool, head);
      // Nobody whose plan may be cut has fewer than none admitted.
      const bool empty = taker != kNoReplica && pool.replicas[taker].admitted == 0;
      if (!empty && pool.scanned_ticket != live_.detail(head).ticket) {
        scan_for_head(pool, head, earliest);
        taker = taker_of(pool, head);
      }
      if (taker == kNoReplica) {
        const bool look = kPlantedFault != PlantedFault::kNoSecondLook;
        if (pool.scanned_until <= now_ && look) scan_for_head(pool, head, now_ + 1);
        break;
      }
      admit_to_step(pool, taker, drafts_[taker], queue, head);
    }
    const std::int64_t waiting = queue.size();
    for (const std::uint32_t r : at_boundary_) {
      pool.replicas[r].ready = false;
      launch(pool, r, drafts_[r]);
    }
    at_boundary_.clear();
    again = queue.size() > waiting;  // a victim may be admitted by a replica that is idle
    earliest = now_ + 1;             // those with a boundary now are inside their next step
  }
}

}  // namespace headroom
