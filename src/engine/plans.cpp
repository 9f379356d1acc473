// Runs of decode steps with a fixed batch, planned to their end in closed form.
#include <algorithm>
#include <bit>
#include <cmath>

#include "cell_run.hpp"
#include "headroom/core/check.hpp"

namespace headroom {
namespace {

/// Longest plan, in steps, of steps up to a second that grow by up to 0.4 ms each; and of others.
/// Both keep a plan within ten days, and so every closed sum inside 64 bits.
constexpr std::int64_t kMaxPlanSteps = 65'536, kMaxSlowSteps = 64;
constexpr std::int64_t kSlowStep = kTicksPerSecond, kSlowGrowth = 4 * kTicksPerSecond / 10'000;

}  // namespace

std::int64_t CellRun::blocks_for(const Pool& pool, std::uint32_t r, std::int64_t steps) const {
  const Replica& replica = pool.replicas[r];
  const std::int64_t block = pool.config->block_tokens;
  const std::uint16_t* residues = residues_of(pool, r);
  // A decode takes a block in the step that computes a token at a block's start. Over one full
  // cycle of `block` steps every decode does so once.
  const auto cycles =
      static_cast<std::int64_t>(pool.block.quotient(static_cast<std::uint64_t>(steps)));
  std::int64_t blocks = cycles * replica.decoding;
  const std::uint64_t from = replica.steps + (kPlantedFault == PlantedFault::kBlockPhase ? 1 : 0);
  std::size_t at = residue(pool, 0, from);  // of the next step: one less, around the cycle
  for (std::int64_t i = steps - cycles * block; i > 0; --i) {
    blocks += residues[at];
    at = (at == 0 ? static_cast<std::size_t>(block) : at) - 1;
  }
  return blocks;
}

std::int64_t CellRun::steps_within(const Pool& pool, std::uint32_t r, std::int64_t most) const {
  const Replica& replica = pool.replicas[r];
  const std::int64_t block = pool.config->block_tokens;
  if (pool.blocks(most) * replica.decoding <= replica.free_blocks) return most;
  std::int64_t steps = std::min(most, replica.free_blocks / replica.decoding * block);
  std::int64_t left = replica.free_blocks - blocks_for(pool, r, steps);
  const std::uint16_t* residues = residues_of(pool, r);
  while (steps < most) {
    left -= residues[residue(pool, 0, replica.steps + static_cast<std::uint64_t>(steps))];
    if (left < 0) break;
    ++steps;
  }
  return steps;
}

void CellRun::start_plan(Pool& pool, std::uint32_t r, std::int64_t start, bool one_step) {
  Replica& replica = pool.replicas[r];
  replica.start = start;
  const StepTable& table = *pool.config->steps;
  const std::int64_t n = replica.decoding;
  const auto pieces = table.pieces(n);
  const std::size_t at = table.piece_near(n, replica.context, replica.piece);
  replica.piece = static_cast<std::uint8_t>(std::min<std::size_t>(at, UINT8_MAX));
  const StepTable::Piece* piece = &pieces[at];

  const auto to_finish = static_cast<std::int64_t>(
      Completion::step(pool.completions.first(r, replica.soon)) - replica.steps);
  std::int64_t steps = std::min(to_finish, kMaxPlanSteps);
  if (piece != &pieces.back() && kPlantedFault != PlantedFault::kPieceIgnored) {
    const std::int64_t room = piece[1].context_from - replica.context;
    steps = std::min(steps, (room + n - 1) / n);
  }
  if (rarely(one_step || stepwise_)) steps = 1;
  replica.first_step = (table.dense(n) + table.per_sequence(n)).count + piece->base_ps +
                       piece->slope_ps * (replica.context - piece->context_from);
  replica.step_growth = piece->slope_ps * n;
  if (rarely(replica.first_step > kSlowStep || replica.step_growth > kSlowGrowth)) {
    steps = std::min(steps, kMaxSlowSteps);
  }
  steps = steps_within(pool, r, steps);
  HEADROOM_DCHECK(steps >= 1, "the running phase has made room for one step");

  if (rarely(!pool.leavers.empty() && kPlantedFault != PlantedFault::kNoCutForLeaver)) {
    const std::int64_t leave = first_leave(pool, r);
    if (leave < start + plan_time(replica, steps)) steps = steps_to_reach(replica, leave);
  }
  replica.event_steps = static_cast<std::int32_t>(steps);
  replica.needed_at_end = Completion::slot(pool.completions.first(r, replica.soon));
  pool.totals.plans += 1;
  set_busy(pool, r, Activity::kDecode, plan_time(replica, steps));
}

std::int64_t CellRun::steps_to_reach(const Replica& replica, std::int64_t time) const {
  const std::int64_t span = time - replica.start;
  const auto first = static_cast<double>(replica.first_step);
  const auto growth = static_cast<double>(replica.step_growth);
  // growth/2 j^2 + (first - growth/2) j = span; most plans grow by less than a step in all, and
  // then the root differs from span / first by less than one.
  double guess = static_cast<double>(span) / first;
  if (growth * guess * guess > 2 * first) {
    const double b = first - growth / 2;
    guess = 2 * static_cast<double>(span) /
            (b + std::sqrt(b * b + 2 * growth * static_cast<double>(span)));
  }
  auto steps = std::max<std::int64_t>(1, static_cast<std::int64_t>(guess));
  while (steps > 1 && plan_time(replica, steps - 1) >= span) --steps;
  while (plan_time(replica, steps) < span) ++steps;
  return steps;
}

bool CellRun::may_admit_at_boundary(const Pool& pool, const Replica& replica,
                                    const LiveRequest& head) const {
  if (replica.admitted >= pool.config->max_batch) return false;
  // Blocks only get fewer during a plan: who does not fit now will not fit at its boundaries.
  Draft draft;
  draft.budget =
      pool.config->token_budget - (pool.config->mode == BatchMode::kChunked ? replica.decoding : 0);
  return fits(pool, replica, draft, head);
}

std::int64_t CellRun::first_boundary(const Replica& replica, std::int64_t earliest) const {
  const bool before = replica.start >= earliest && kPlantedFault != PlantedFault::kNoCutAtStart;
  const std::int64_t steps = before ? 0 : steps_to_reach(replica, earliest);
  const bool late = kPlantedFault == PlantedFault::kCutAfterArrival &&
                    replica.start + plan_time(replica, steps) == now_;
  return std::min(late ? steps + 1 : steps, std::int64_t{replica.event_steps});
}

void CellRun::cut_plan(Pool& pool, std::uint32_t r) {
  const Replica& replica = pool.replicas[r];
  if (replica.ready || replica.activity != Activity::kDecode) return;
  const Slot head = pool.queue_of(r).head();
  if (head == kNoSlot || !may_admit_at_boundary(pool, replica, live_[head])) return;
  cut_to(pool, r, first_boundary(replica, now_));
}

void CellRun::cut_to(Pool& pool, std::uint32_t r, std::int64_t steps) {
  Replica& replica = pool.replicas[r];
  if (steps == replica.event_steps) return;
  replica.event_steps = static_cast<std::int32_t>(steps);
  pool.totals.cut_plans += 1;
  const std::int64_t boundary = replica.start + plan_time(replica, steps);
  if (boundary > now_) {
    events_.set(pool.first_entity + r, boundary);  // all that it will look at is at hand
    return;
  }
  end_plan(pool, r);
  set_event(pool, r, kNever.count);
  note_ready(pool, r);
}

/// Calls tell(group, how many of it decode on a replica) for every group that does.
template <class Tell>
void CellRun::each_group(Pool& pool, std::uint32_t r, Tell tell) {
  const std::uint16_t* const groups = groups_of(pool, r);
  const std::uint16_t* const present = present_of(pool, r);
  for (std::uint32_t word = 0; word < group_words_; ++word) {
    for (unsigned left = present[word]; left != 0; left &= left - 1) {
      const std::uint32_t g = word * kGroupsAWord + static_cast<unsigned>(std::countr_zero(left));
      tell(g, groups[g]);
    }
  }
}

void CellRun::tally_gaps(Pool& pool, std::uint32_t r, std::int64_t steps) {
  Replica& replica = pool.replicas[r];
  std::int64_t from = 0;  // steps whose gaps are tallied one by one
  if (replica.last_decode != replica.start || !replica.fresh.empty()) {
    // The first gap also holds what came between the last tokens and this plan: prefill steps.
    from = 1;
    const std::int64_t end = replica.start + replica.first_step;
    each_group(pool, r, [&](std::uint32_t group, std::int64_t count) {
      collector_.token_gap(group, {end - replica.last_decode}, count);
    });
    for (const Fresh& fresh : replica.fresh) {
      collector_.token_gap(fresh.group, {end - fresh.last_token}, 1);
      join_group(pool, r, fresh.group);
    }
    replica.fresh.clear();
  }
  const Ticks first{replica.first_step + from * replica.step_growth};
  if (steps == from + 1) {
    each_group(pool, r, [&](std::uint32_t group, std::int64_t count) {
      collector_.token_gap(group, first, count);
    });
  } else if (steps > from) {
    gaps_.set(first, replica.step_growth, steps - from);
    each_group(pool, r, [&](std::uint32_t group, std::int64_t count) {
      collector_.token_gaps(group, gaps_, count);
    });
  }
}

void CellRun::end_plan(Pool& pool, std::uint32_t r) {
  Replica& replica = pool.replicas[r];
  if (replica.event_steps == 0) return;  // cut before it began
  // The request that ends here was last touched long ago: its cache miss overlaps with the sums.
  prefetch(&live_[replica.needed_at_end]);
  const std::int64_t steps = replica.event_steps;
  HEADROOM_DCHECK(replica.start + plan_time(replica, steps) == now_,
                  "a plan ends at the closed sum of its steps");
  tally_gaps(pool, r, steps);
  const auto blocks = static_cast<double>(pool.config->kv_blocks);
  const double held_before = blocks - static_cast<double>(replica.free_blocks);
  const std::int64_t taken = blocks_for(pool, r, steps);
  replica.free_blocks -= taken;
  pool.note_taken(r, taken);
  HEADROOM_DCHECK(replica.free_blocks >= 0, "a plan ends before the KV blocks do");
  const double held = blocks - static_cast<double>(replica.free_blocks);
  pool.kv.add_line(replica.start, held_before, now_, held);
  pool.totals.kv_block_peak = std::max(pool.totals.kv_block_peak, held);
  pool.totals.busy_ps += static_cast<double>(now_ - replica.start);
  tally_size(pool, replica.decoding, replica.decoding, now_ - replica.start);
  pool.totals.steps += static_cast<double>(steps);
  replica.steps += static_cast<std::uint64_t>(steps);
  replica.context += steps * replica.decoding;
  replica.last_decode = now_;
  finish_completed(pool, r);
}

void CellRun::finish_completed(Pool& pool, std::uint32_t r) {
  Replica& replica = pool.replicas[r];
  std::uint16_t* residues = residues_of(pool, r);
  while (replica.decoding > 0) {
    const std::uint64_t word = pool.completions.first(r, replica.soon);
    if (Completion::step(word) != replica.steps) break;
    HEADROOM_DCHECK(replica.last_decode == now_, "nobody ends with a step that is yet to end");
    const Slot slot = Completion::slot(word);
    LiveRequest& request = live_[slot];
    request.made = request.output;
    request.last_token = now_;
    const std::int64_t computed = std::int64_t{request.prompt} + request.output - 1;
    replica.free_blocks += pool.blocks(computed);
    --residues[residue(pool, computed, replica.steps)];
    leave_group(pool, r, request.group);
    replica.context -= computed + 1;
    pool.completions.pop(r, replica.decoding, replica.soon, replica.steps);
    --replica.decoding;
    leave_replica(pool, r, slot);
    stage_done(slot);
  }
}

}  // namespace headroom
