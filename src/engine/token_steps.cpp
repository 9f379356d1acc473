// Building and ending the steps of replicas that make tokens, continuous and chunked.
#include <algorithm>

#include "cell_run.hpp"
#include "headroom/core/check.hpp"

namespace headroom {

Draft CellRun::open_draft(Pool& pool, std::uint32_t r) {
  Draft draft;
  draft.budget = pool.config->token_budget;
  if (pool.config->mode == BatchMode::kChunked) running_phase(pool, r, draft);
  return draft;
}

/// Tokens whose KV a waiting request would find. The free blocks of a replica form a queue: taken
/// at the front, freed at the back, a victim's with its last tokens foremost. A victim that waits
/// behind another was preempted before it, so that blocks found again are never in front of those
/// of one that still waits: counting what was taken tells what is left.
std::int64_t CellRun::found_tokens(const Pool& pool, const Replica& replica, const Draft& draft,
                                   const LiveRequest& request) const {
  if (pool.taken.empty() || request.computed == 0 ||
      &replica != &pool.replicas[request.served_by]) {
    return request.cached;
  }
  const std::int64_t taken = pool.taken[request.served_by] + draft.reserved - draft.reused;
  std::int64_t lost =
      std::max<std::int64_t>(0, taken - static_cast<std::int64_t>(request.decode_from));
  if (kPlantedFault == PlantedFault::kReuseTaken) lost = 0;
  const std::int64_t left =
      std::min(pool.blocks(request.computed) - lost, request.computed / pool.config->block_tokens);
  return std::max<std::int64_t>(request.cached, left * pool.config->block_tokens);
}

bool CellRun::fits(const Pool& pool, const Replica& replica, const Draft& draft,
                   const LiveRequest& request) const {
  if (rarely(replica.admitted >= pool.config->max_batch)) return false;
  // A queue of its own holds only what a removed replica may still admit.
  if (rarely(pool.central && replica.standing != Standing::kServing &&
             kPlantedFault != PlantedFault::kRemovedAdmits)) {
    return false;
  }
  if (rarely(draft.preempted && kPlantedFault != PlantedFault::kAdmitAfterPreempting)) return false;
  const std::int64_t found = found_tokens(pool, replica, draft, request);
  const std::int64_t to_compute = known(request) - found;
  const std::int64_t free = replica.free_blocks - draft.reserved;
  if (pool.config->mode == BatchMode::kContinuous) {
    if (draft.admissions > 0 && to_compute > draft.budget) return false;
    return pool.blocks(known(request)) <= free;
  }
  if (draft.budget <= 0) return false;
  return pool.blocks(found + std::min(to_compute, draft.budget)) <= free;
}

void CellRun::admit_to_step(Pool& pool, std::uint32_t r, Draft& draft, TieredQueue& queue,
                            Slot slot) {
  Replica& replica = pool.replicas[r];
  LiveRequest& request = live_[slot];
  const std::int64_t found = found_tokens(pool, replica, draft, request);
  if (found > request.cached) draft.reused += found / pool.config->block_tokens;
  admit(pool, r, queue, slot);
  const std::int64_t to_compute = known(request) - found;
  const std::int64_t chunk =
      pool.config->mode == BatchMode::kContinuous ? to_compute : std::min(to_compute, draft.budget);
  request.computed = static_cast<std::int32_t>(found);
  request.chunk = static_cast<std::int32_t>(chunk);
  draft.reserved += pool.blocks(found + chunk);
  draft.budget -= chunk;
  draft.tokens += chunk;
  ++draft.prompts;
  draft.rows += chunk == to_compute ? 1 : 0;
  draft.last_token = draft.last_token || request.made + 1 == request.output;
  draft.prefill_ticks += pool.config->steps->prefill_attention(chunk, found).count;
  ++draft.admissions;
  request.next = kNoSlot;
  (draft.last_prompt == kNoSlot ? replica.prefill_first : live_[draft.last_prompt].next) = slot;
  draft.last_prompt = slot;
}

void CellRun::begin_token_step(Pool& pool, std::uint32_t r) {
  TieredQueue& queue = pool.queue_of(r);
  Draft draft = open_draft(pool, r);
  for (Slot head = queue.head(); head != kNoSlot; head = queue.head()) {
    if (!fits(pool, pool.replicas[r], draft, live_[head])) break;
    admit_to_step(pool, r, draft, queue, head);
  }
  launch(pool, r, draft);
}

void CellRun::launch(Pool& pool, std::uint32_t r, Draft& draft) {
  Replica& replica = pool.replicas[r];
  if (replica.prefill_first != kNoSlot) {
    start_prefill_step(pool, r, draft);
    return;
  }
  if (pool.config->mode == BatchMode::kContinuous) {
    // No decode takes more than one block in a step, so most steps need no count.
    while (rarely(replica.decoding > replica.free_blocks &&
                  blocks_for_next(pool, r) > replica.free_blocks)) {
      preempt(pool, r);
      draft.preempted = true;
    }
  }
  if (rarely(replica.decoding == 0)) {
    HEADROOM_DCHECK(replica.admitted == 0, "a replica without work is empty");
    set_idle(pool, r);
    return;
  }
  // After preempting nobody was admitted; the next boundary is the first at which the head may be.
  start_plan(pool, r, now_, draft.preempted);
}

void CellRun::start_prefill_step(Pool& pool, std::uint32_t r, const Draft& draft) {
  Replica& replica = pool.replicas[r];
  const StepTable& table = *pool.config->steps;
  const bool mixed = pool.config->mode == BatchMode::kChunked;
  const std::int64_t decodes = mixed ? replica.decoding : 0;
  const std::int64_t duration = table
                                    .step(decodes + draft.tokens, decodes + draft.rows, decodes,
                                          decodes > 0 ? replica.context : 0, {draft.prefill_ticks})
                                    .count;
  if (decodes > 0) pool.totals.mixed_steps += 1;
  replica.free_blocks -= draft.reserved;
  pool.note_taken(r, draft.reserved - draft.reused);
  HEADROOM_DCHECK(replica.free_blocks >= 0, "a step reserves only free blocks");
  replica.start = now_;
  replica.first_step = duration;
  replica.step_growth = 0;
  replica.event_steps = 1;
  pool.totals.steps += 1;
  if (plan_follows(pool, r, draft, now_ + duration)) {
    end_prefill_step(pool, r, now_ + duration);
    start_plan(pool, r, now_ + duration, false);
    return;
  }
  replica.needed_at_end = replica.prefill_first;
  set_busy(pool, r, Activity::kPrefill, duration);
}

/// Nobody ends with the step, every prompt in it does, and there are blocks for one step more of
/// all decodes; nobody waits. An arrival in the step cuts the plan before its first step, which is
/// the boundary at which it would have been admitted.
bool CellRun::plan_follows(const Pool& pool, std::uint32_t r, const Draft& draft,
                           std::int64_t end) const {
  const Replica& replica = pool.replicas[r];
  if (!pool.runs_on || draft.rows != draft.prompts || draft.last_token) return false;
  if (replica.decoding + draft.prompts > replica.free_blocks) return false;
  if (end >= config_.horizon.count || !pool.queues[pool.central ? 0 : r].empty()) return false;
  if (pool.config->mode == BatchMode::kContinuous || replica.decoding == 0) return true;
  return Completion::step(pool.completions.first(r, replica.soon)) != replica.steps + 1;
}

void CellRun::end_prefill_step(Pool& pool, std::uint32_t r, std::int64_t end) {
  Replica& replica = pool.replicas[r];
  prefetch(&live_[replica.prefill_first]);
  if (replica.decoding > 0) {
    prefetch(&live_[Completion::slot(pool.completions.first(r, replica.soon))]);
  }
  const double held =
      static_cast<double>(pool.config->kv_blocks) - static_cast<double>(replica.free_blocks);
  pool.kv.add_line(replica.start, held, end, held);
  pool.totals.kv_block_peak = std::max(pool.totals.kv_block_peak, held);
  pool.totals.busy_ps += static_cast<double>(end - replica.start);
  const std::int64_t decodes = replica.decoding;
  if (pool.config->mode == BatchMode::kChunked) {
    if (replica.decoding > 0) tally_gaps(pool, r, 1);
    ++replica.steps;
    replica.context += replica.decoding;
    replica.last_decode = end;
    finish_completed(pool, r);
  }
  const bool mixed = pool.config->mode == BatchMode::kChunked;
  std::int64_t tokens = mixed ? decodes : 0;
  replica.partial = kNoSlot;
  Slot slot = replica.prefill_first;
  replica.prefill_first = kNoSlot;
  while (slot != kNoSlot) {
    LiveRequest& request = live_[slot];
    const Slot next = request.next;
    tokens += request.chunk;
    request.computed += request.chunk;
    if (request.computed == known(request)) {
      prompt_done(pool, r, slot, end);
    } else {
      replica.partial = slot;
    }
    slot = next;
  }
  tally_size(pool, mixed ? decodes : 0, tokens, end - replica.start);
}

void CellRun::tally_size(Pool& pool, std::int64_t batch, std::int64_t tokens,
                         std::int64_t duration) {
  PoolTotals& totals = pool.totals;
  totals.largest_batch = std::max(totals.largest_batch, static_cast<double>(batch));
  totals.largest_step_tokens = std::max(totals.largest_step_tokens, static_cast<double>(tokens));
  const bool beyond =
      (pool.config->fitted_batch > 0 && batch > pool.config->fitted_batch) ||
      (pool.config->fitted_step_tokens > 0 && tokens > pool.config->fitted_step_tokens);
  if (beyond) totals.beyond_fit_ps += static_cast<double>(duration);
}

void CellRun::prompt_done(Pool& pool, std::uint32_t r, Slot slot, std::int64_t end) {
  Replica& replica = pool.replicas[r];
  LiveRequest& request = live_[slot];
  ++request.made;
  if (request.first_token == kNever.count) {
    request.first_token = end;
    collector_.first_token(request);
  } else {
    collector_.token_gap(request.group, {end - request.last_token}, 1);
  }
  request.last_token = end;
  if (request.made == request.output) {
    replica.free_blocks += pool.blocks(request.computed);
    leave_replica(pool, r, slot);
    stage_done(slot);
    return;
  }
  request.decode_from = replica.steps;
  const std::uint64_t last_step =
      replica.steps + static_cast<std::uint64_t>(request.output - request.made);
  pool.completions.add(r, replica.decoding, replica.soon, Completion::pack(last_step, slot));
  ++residues_of(pool, r)[residue(pool, request.computed, replica.steps)];
  replica.context += request.computed + 1;
  ++replica.decoding;
  // In a chunked pool every step is everyone's step, so the next gap is that step's length.
  if (pool.config->mode == BatchMode::kContinuous) {
    replica.fresh.push_back({request.group, end});
  } else {
    join_group(pool, r, request.group);
  }
}

}  // namespace headroom
