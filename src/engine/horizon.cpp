// The end of a run: what is still in the system is unfinished, and nothing has been lost.
#include <algorithm>

#include "cell_run.hpp"
#include "headroom/core/check.hpp"

namespace headroom {

void CellRun::stop_step(Pool& pool, std::uint32_t r, std::int64_t end) {
  Replica& replica = pool.replicas[r];
  pool.totals.busy_ps += static_cast<double>(now_ - replica.start);
  if (replica.activity == Activity::kBatch) return;
  const auto blocks = static_cast<double>(pool.config->kv_blocks);
  const double held_before = blocks - static_cast<double>(replica.free_blocks);
  const bool mixed = pool.config->mode == BatchMode::kChunked;
  const std::int64_t batch = mixed || replica.activity == Activity::kDecode ? replica.decoding : 0;
  std::int64_t tokens = batch;
  for (Slot slot = replica.prefill_first; slot != kNoSlot; slot = live_[slot].next) {
    tokens += live_[slot].chunk;
  }
  tally_size(pool, batch, tokens, now_ - replica.start);
  if (replica.activity == Activity::kDecode) {
    const std::int64_t steps = steps_to_reach(replica, end) - 1;
    if (steps > 0) {
      tally_gaps(pool, r, steps);
      replica.free_blocks -= blocks_for(pool, r, steps);
      replica.steps += static_cast<std::uint64_t>(steps);
      replica.last_decode = replica.start + plan_time(replica, steps);
      pool.totals.steps += static_cast<double>(steps);
    }
  }
  const double held = blocks - static_cast<double>(replica.free_blocks);
  pool.kv.add_line(replica.start, held_before, now_, held);
  pool.totals.kv_block_peak = std::max(pool.totals.kv_block_peak, held);
}

/// Brings the tokens made by the decodes of a replica up to its step count.
void CellRun::settle_decodes(const Pool& pool, std::uint32_t r) {
  const Replica& replica = pool.replicas[r];
  pool.completions.each(r, replica.decoding, replica.soon, [&](std::uint64_t word) {
    LiveRequest& request = live_[Completion::slot(word)];
    const auto steps = static_cast<std::int32_t>(replica.steps - request.decode_from);
    request.made += steps;
    if (steps > 0) request.last_token = replica.last_decode;
  });
}

void CellRun::end_at_horizon() {
  now_ = config_.horizon.count;
  for (Pool& pool : pools_) {
    for (std::uint32_t r = 0; r < pool.replicas.size(); ++r) {
      if (pool.replicas[r].activity != Activity::kIdle) stop_step(pool, r, now_);
      HEADROOM_CHECK(pool.replicas[r].steps >> (64 - kSlotBits) == 0, "steps fit their bits");
      settle_decodes(pool, r);
    }
    check_blocks(pool);
  }
  for (Slot slot = 0; slot < live_.size(); ++slot) {
    LiveRequest& request = live_[slot];
    if (request.where == Where::kFree) continue;
    if (request.where == Where::kQueued) request.time_in_queue += now_ - request.joined;
    AttemptsOf attempts;
    if (follows_attempts_) {
      attempts = {attempts_[slot].number, false, request.where == Where::kBackingOff,
                  attempts_[slot].wasted};
    }
    collector_.ended(request, live_.detail(slot), EndState::kUnfinished, RejectReason::kNone, now_,
                     attempts);
  }
  collector_.flush_records();
}

void CellRun::check_blocks(Pool& pool) const {
  if (pool.rows.empty()) return;
  for (std::uint32_t r = 0; r < pool.replicas.size(); ++r) {
    const Replica& replica = pool.replicas[r];
    std::int64_t held = 0;
    pool.completions.each(r, replica.decoding, replica.soon, [&](std::uint64_t word) {
      held += pool.blocks(known(live_[Completion::slot(word)]) - 1);
    });
    for (Slot slot = replica.prefill_first; slot != kNoSlot; slot = live_[slot].next) {
      held += pool.blocks(live_[slot].computed + live_[slot].chunk);
    }
    // A mixed step has taken the blocks its decodes are about to fill.
    if (replica.activity == Activity::kPrefill && pool.config->mode == BatchMode::kChunked) {
      held += blocks_for(pool, r, 1);
    }
    HEADROOM_CHECK(held + replica.free_blocks == pool.config->kv_blocks,
                   "KV blocks held + free = total");
  }
}

}  // namespace headroom
