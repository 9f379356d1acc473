// Making room when KV blocks run out: the running phase and preemption by recompute.
#include <algorithm>

#include "cell_run.hpp"
#include "headroom/core/check.hpp"

namespace headroom {

Slot CellRun::pick_victim(const Pool& pool, std::uint32_t r) const {
  const Replica& replica = pool.replicas[r];
  Slot victim = replica.partial;
  const auto worse = [this](Slot a, Slot b) {  // a is the better victim
    const LiveRequest& x = live_[a];
    const LiveRequest& y = live_[b];
    if (x.tier != y.tier) return x.tier > y.tier;
    return kPlantedFault == PlantedFault::kFirstAdmittedIsVictim ? x.admission < y.admission
                                                                 : x.admission > y.admission;
  };
  pool.completions.each(r, replica.decoding, replica.soon, [&](std::uint64_t word) {
    const Slot slot = Completion::slot(word);
    if (victim == kNoSlot || worse(slot, victim)) victim = slot;
  });
  return victim;
}

/// Takes a request out of what a token pool's replica works on, its tokens brought up to date and
/// its blocks freed. REQUIRES: the replica is at a step boundary.
void CellRun::take_off(Pool& pool, std::uint32_t r, Slot slot) {
  Replica& replica = pool.replicas[r];
  LiveRequest& request = live_[slot];
  if (slot == replica.partial) {
    replica.free_blocks += pool.blocks(request.computed);
    replica.partial = kNoSlot;
  } else {
    const auto steps = static_cast<std::int32_t>(replica.steps - request.decode_from);
    request.made += steps;
    if (steps > 0) request.last_token = replica.last_decode;
    const auto fresh =
        std::find_if(replica.fresh.begin(), replica.fresh.end(), [&](const Fresh& f) {
          return steps == 0 && f.group == request.group && f.last_token == request.last_token;
        });
    if (fresh != replica.fresh.end()) {
      replica.fresh.erase(fresh);
    } else {
      leave_group(pool, r, request.group);
    }
    const std::int64_t computed = known(request) - 1;
    replica.free_blocks += pool.blocks(computed);
    request.computed = static_cast<std::int32_t>(computed);
    --residues_of(pool, r)[residue(pool, computed, replica.steps)];
    replica.context -= computed + 1;
    pool.completions.remove(r, replica.decoding, replica.soon, replica.steps, slot);
    --replica.decoding;
  }
}

void CellRun::preempt(Pool& pool, std::uint32_t r) {
  const Slot victim = pick_victim(pool, r);
  HEADROOM_DCHECK(victim != kNoSlot, "blocks run out only while somebody holds them");
  LiveRequest& request = live_[victim];
  const std::int64_t free_before = pool.replicas[r].free_blocks;
  take_off(pool, r, victim);
  if (follows_attempts_) note_stay(pool, r, victim);
  if (kPlantedFault == PlantedFault::kRecomputeForgets) {
    request.output -= request.made;  // forgets them altogether
    request.made = 0;
  }
  // Waiting, these two say what it may find again: found_tokens().
  if (pool.taken.empty()) {
    request.computed = 0;
  } else {
    request.decode_from = static_cast<std::uint64_t>(pool.taken[r] + free_before);
  }
  ++live_.detail(victim).preemptions;
  pool.totals.preemptions += 1;
  collector_.preempted(request);

  request.where = Where::kQueued;
  request.joined = now_;
  request.offered = true;
  if (pool.central) live_.detail(victim).ticket = ++tickets_;
  --pool.replicas[r].admitted;
  pool.running.add(-1, now_);
  pool.queued.add(1, now_);
  if (pool.central) pool.change_load(r, -1);
  TieredQueue& queue = pool.queue_of(r);
  if (kPlantedFault == PlantedFault::kVictimToBack) {
    queue.push_back(live_, victim);
  } else {
    queue.push_front(live_, victim);
  }
  request.expiry = leaves_at(victim);  // for patience he leaves no longer
  if (request.expiry != kNever.count) {
    request.watched = false;
    watch(victim);
  }
}

void CellRun::running_phase(Pool& pool, std::uint32_t r, Draft& draft) {
  Replica& replica = pool.replicas[r];
  // Decodes in order of admission, then the unfinished prompt, which was admitted last. Going
  // through them one by one preempts exactly until what the rest need is there, so the needs of all
  // decodes can be taken together.
  while (replica.decoding > 0 && blocks_for_next(pool, r) > replica.free_blocks) {
    preempt(pool, r);
    draft.preempted = true;
  }
  if (replica.partial != kNoSlot) {
    const Slot slot = replica.partial;
    LiveRequest& request = live_[slot];
    const std::int64_t chunk =
        std::min(known(request) - request.computed, draft.budget - replica.decoding);
    const std::int64_t more = pool.blocks(request.computed + chunk) - pool.blocks(request.computed);
    while (replica.partial == slot && blocks_for_next(pool, r) + more > replica.free_blocks) {
      preempt(pool, r);
      draft.preempted = true;
    }
    if (replica.partial == slot) {
      request.chunk = static_cast<std::int32_t>(chunk);
      draft.reserved += more;
      draft.budget -= chunk;
      draft.tokens += chunk;
      ++draft.prompts;
      draft.rows += request.computed + chunk == known(request) ? 1 : 0;
      draft.last_token = draft.last_token || request.made + 1 == request.output;
      draft.prefill_ticks += pool.config->steps->prefill_attention(chunk, request.computed).count;
      request.next = kNoSlot;
      replica.prefill_first = draft.last_prompt = slot;
    }
  }
  draft.budget -= replica.decoding;
  draft.reserved += blocks_for_next(pool, r);
}

}  // namespace headroom
