#pragma once

#include <boost/heap/d_ary_heap.hpp>
#include <cstdint>
#include <functional>
#include <vector>

#include "collector.hpp"
#include "event_tree.hpp"
#include "headroom/engine/run_cell.hpp"
#include "live_request.hpp"
#include "planted_fault.hpp"
#include "rarely.hpp"
#include "replica.hpp"

namespace headroom {

/// One cell's simulation. The rules are docs/serving.md; docs/architecture.md explains running
/// ahead. Split over several files: cell_run.cpp (ticks and queues), routing.cpp, token_steps.cpp
/// (building and ending steps of continuous and chunked pools), plans.cpp (runs of decode steps),
/// preemption.cpp, gateway.cpp (who is refused, leaves or tries again), fleet_changes.cpp (replicas
/// that start, fail and are removed), central.cpp (one queue for many replicas), simple_pools.cpp
/// (slots and static batches), horizon.cpp (the end). They are one translation unit: what is
/// `inline` here is on the way of every event, small or called from a place or two.
class CellRun {
 public:
  CellRun(const CellConfig& config, RequestStream& requests, RecordSink* sink, RunMonitor* monitor,
          bool stepwise);
  Outcome run();

 private:
  struct RoutePair {
    std::uint32_t a = 0, b = 0;  // a <= b
  };

  // cell_run.cpp: ticks and queues
  void tick();
  void set_event(Pool& pool, std::uint32_t r, std::int64_t time);
  inline void fetch_state(std::size_t entity) const;
  inline void fetch_requests(std::size_t entity) const;
  inline void fetch_for_arrival();
  inline void next_arrival();
  inline void patience();
  inline void arrivals();
  void hand_overs();
  inline bool refused(Slot slot);
  inline RejectReason cannot_serve(const LiveRequest& request) const;
  inline void admission();
  inline void begin(Pool& pool, std::uint32_t r);
  inline void end_event(Pool& pool, std::uint32_t r);
  void note_ready(Pool& pool, std::uint32_t r);
  void watch(Slot slot);
  void watch_queue(TieredQueue& queue);
  inline void take_from_queue(Pool& pool, TieredQueue& queue, Slot slot);
  void admit(Pool& pool, std::uint32_t r, TieredQueue& queue, Slot slot);
  inline void leave_replica(Pool& pool, std::uint32_t r, Slot slot);
  inline void stage_done(Slot slot);
  void set_idle(Pool& pool, std::uint32_t r);
  /// REQUIRES: replica.start is set.
  inline void set_busy(Pool& pool, std::uint32_t r, Activity activity, std::int64_t duration);

  // routing.cpp
  /// moved_off: the removed replica whose queue it was in.
  void join(Slot slot, std::uint32_t moved_off = kNoReplica);
  std::uint32_t route(Pool& pool, Slot slot, std::uint32_t moved_off);
  static inline std::uint32_t less_loaded(const Pool& pool, const RoutePair& pair);
  inline RoutePair draw_pair(const Pool& pool, std::uint32_t kind, std::uint64_t id,
                             std::uint64_t entity, std::uint32_t stage,
                             std::uint32_t moved_off) const;

  // horizon.cpp
  void end_at_horizon();
  /// Accounts for the step or plan that a replica is inside of and will not end: its steps that end
  /// before `end`. REQUIRES: it is inside one.
  void stop_step(Pool& pool, std::uint32_t r, std::int64_t end);
  void settle_decodes(const Pool& pool, std::uint32_t r);
  void check_blocks(Pool& pool) const;

  // gateway.cpp: who is refused, leaves or tries again
  void follow_attempts();
  RejectReason gateway(Slot slot);
  bool full(const Pool& pool, const LiveRequest& request) const;
  void attempt_over(Slot slot, EndState end, RejectReason reason);
  std::int64_t back_off(Slot slot, EndState end, RejectReason reason) const;
  void begin_request(Slot slot);
  void begin_attempt(Slot slot);
  void try_again();
  bool retries_due() const { return !retries_.empty() && retries_.top().time <= now_; }
  void advance_share(Pool& pool, std::uint32_t r);
  void note_admission(Pool& pool, std::uint32_t r, Slot slot);
  void note_stay(Pool& pool, std::uint32_t r, Slot slot);
  std::int64_t leaves_at(Slot slot) const {
    return follows_attempts_ ? attempts_[slot].leaves_at : kNever.count;
  }
  /// When the first user of those on a replica leaves; kNever when nobody does.
  std::int64_t first_leave(Pool& pool, std::uint32_t r);
  void leave_at_boundaries();
  void leave_in_service(Pool& pool, std::uint32_t r, Slot slot);
  std::int64_t slots_event(Pool& pool, std::uint32_t r);

  // fleet_changes.cpp
  void change_fleet();
  void fault(Pool& pool, std::uint32_t r);
  void start(Pool& pool, std::uint32_t r);
  bool remove(Pool& pool, std::uint32_t r);
  void let_go_if_empty(Pool& pool, std::uint32_t r);
  void hand_on(Pool& pool, TieredQueue& queue, std::uint32_t moved_off);
  void hold(Pool& pool, Slot slot);
  void fail(Pool& pool, Slot slot);
  void clear(Pool& pool, std::uint32_t r);
  std::vector<Slot> admitted_on(const Pool& pool, std::uint32_t r) const;

  // token_steps.cpp
  inline Draft open_draft(Pool& pool, std::uint32_t r);
  inline std::int64_t found_tokens(const Pool& pool, const Replica& replica, const Draft& draft,
                                   const LiveRequest& request) const;
  inline bool fits(const Pool& pool, const Replica& replica, const Draft& draft,
                   const LiveRequest& request) const;
  inline void admit_to_step(Pool& pool, std::uint32_t r, Draft& draft, TieredQueue& queue,
                            Slot slot);
  inline void launch(Pool& pool, std::uint32_t r, Draft& draft);
  inline void tally_size(Pool& pool, std::int64_t batch, std::int64_t tokens,
                         std::int64_t duration);
  inline void begin_token_step(Pool& pool, std::uint32_t r);
  inline void start_prefill_step(Pool& pool, std::uint32_t r, const Draft& draft);
  /// Whether what comes after a step that is about to start is known: a plan.
  inline bool plan_follows(const Pool& pool, std::uint32_t r, const Draft& draft,
                           std::int64_t end) const;
  /// Accounts for the present step with prompt tokens, which ends at `end`: now, or later where
  /// nothing can change what happens then.
  void end_prefill_step(Pool& pool, std::uint32_t r, std::int64_t end);
  void prompt_done(Pool& pool, std::uint32_t r, Slot slot, std::int64_t end);
  std::int64_t known(const LiveRequest& request) const { return request.prompt + request.made; }

  // plans.cpp
  void start_plan(Pool& pool, std::uint32_t r, std::int64_t start, bool one_step);
  inline void end_plan(Pool& pool, std::uint32_t r);
  /// Ends the plan at its first step boundary from now on, if the head may be admitted there.
  inline void cut_plan(Pool& pool, std::uint32_t r);
  /// Ends the plan after so many of its steps: none where it has yet to start.
  inline void cut_to(Pool& pool, std::uint32_t r, std::int64_t steps);
  /// Steps of a plan until its first boundary at or after `earliest`.
  inline std::int64_t first_boundary(const Replica& replica, std::int64_t earliest) const;
  void tally_gaps(Pool& pool, std::uint32_t r, std::int64_t steps);
  template <class Tell>
  void each_group(Pool& pool, std::uint32_t r, Tell tell);
  inline void finish_completed(Pool& pool, std::uint32_t r);
  inline std::int64_t blocks_for(const Pool& pool, std::uint32_t r, std::int64_t steps) const;
  /// KV blocks that the decodes of a replica take in its next step: blocks_for() of one step.
  static std::int64_t blocks_for_next(const Pool& pool, std::uint32_t r) {
    const std::uint64_t from =
        pool.replicas[r].steps + (kPlantedFault == PlantedFault::kBlockPhase ? 1 : 0);
    return residues_of(pool, r)[residue(pool, 0, from)];
  }
  inline std::int64_t steps_within(const Pool& pool, std::uint32_t r, std::int64_t most) const;
  std::int64_t plan_time(const Replica& replica, std::int64_t steps) const {
    return steps * replica.first_step + replica.step_growth * (steps * (steps - 1) / 2);
  }
  inline std::int64_t steps_to_reach(const Replica& replica, std::int64_t time) const;
  inline bool may_admit_at_boundary(const Pool& pool, const Replica& replica,
                                    const LiveRequest& head) const;

  // preemption.cpp
  Slot pick_victim(const Pool& pool, std::uint32_t r) const;
  void preempt(Pool& pool, std::uint32_t r);
  void take_off(Pool& pool, std::uint32_t r, Slot slot);
  void running_phase(Pool& pool, std::uint32_t r, Draft& draft);

  // central.cpp
  void central_admission(Pool& pool);
  void central_token_round(Pool& pool);
  void scan_for_head(Pool& pool, Slot head, std::int64_t earliest);
  void go_through_all(Pool& pool, const LiveRequest& head, std::int64_t earliest);
  bool ask_index(Pool& pool, const LiveRequest& head, std::int64_t earliest);
  void gather_at_boundary(Pool& pool);
  std::uint32_t taker_of(const Pool& pool, Slot head) const;

  // simple_pools.cpp
  void begin_service(Pool& pool, std::uint32_t r, TieredQueue& queue);
  void begin_slots(Pool& pool, std::uint32_t r);
  void end_slots(Pool& pool, std::uint32_t r);
  void central_slots(Pool& pool);
  static std::int64_t at_least_one_tick(std::int64_t service) { return service > 1 ? service : 1; }
  bool begin_batch(Pool& pool, std::uint32_t r);
  void end_batch(Pool& pool, std::uint32_t r);
  void central_batches(Pool& pool);

  static std::uint16_t* residues_of(Pool& pool, std::uint32_t r) {
    return pool.rows.data() + r * pool.row_length;
  }
  static const std::uint16_t* residues_of(const Pool& pool, std::uint32_t r) {
    return pool.rows.data() + r * pool.row_length;
  }
  static std::uint16_t* groups_of(Pool& pool, std::uint32_t r) {
    return residues_of(pool, r) + pool.config->block_tokens;
  }
  /// Bits of the groups that decode on a replica.
  std::uint16_t* present_of(Pool& pool, std::uint32_t r) const {
    return groups_of(pool, r) + group_count_;
  }
  void join_group(Pool& pool, std::uint32_t r, std::uint32_t group) {
    ++groups_of(pool, r)[group];
    present_of(pool, r)[group / kGroupsAWord] |=
        static_cast<std::uint16_t>(1U << (group % kGroupsAWord));
  }
  void leave_group(Pool& pool, std::uint32_t r, std::uint32_t group) {
    const bool last = --groups_of(pool, r)[group] == 0;
    present_of(pool, r)[group / kGroupsAWord] &=
        static_cast<std::uint16_t>(~(unsigned{last} << (group % kGroupsAWord)));
  }
  /// Where a decode with `computed` tokens stands in the block cycle, `steps` into its replica.
  static std::size_t residue(const Pool& pool, std::int64_t computed, std::uint64_t steps) {
    const auto block = static_cast<std::uint64_t>(pool.config->block_tokens);
    const std::uint64_t phase = pool.block.remainder(steps);
    return pool.block.remainder(static_cast<std::uint64_t>(computed) + block - phase);
  }

  using Expiry = Leaver;
  bool still_waits(const Expiry& expiry) const;

  const CellConfig& config_;
  const StreamKey stream_key_;
  RequestStream& requests_;
  const bool stepwise_;
  Collector collector_;
  const std::uint32_t group_count_, group_words_;
  LiveRequests live_;
  std::vector<Pool> pools_;
  struct Place {
    std::uint32_t pool, replica;  // replica = count: the pool's timer
  };
  Place place_of(std::size_t entity) const {
    std::uint32_t pool = 0;  // there are few, so this costs less than a table of all entities
    while (entity > pools_[pool].timer_entity()) ++pool;
    return {pool, static_cast<std::uint32_t>(entity - pools_[pool].first_entity)};
  }
  EventTree events_;
  const bool fetches_ahead_;
  boost::heap::d_ary_heap<Expiry, boost::heap::arity<4>> expiries_;
  std::vector<std::uint8_t> tier_of_class_;  // dense
  std::size_t tier_count_ = 1;
  std::vector<std::uint8_t> keeps_detail_;  // by class: RequestDetail is kept

  std::int64_t now_ = 0;
  Request next_request_;
  std::int64_t next_arrival_ = kNever.count;
  std::size_t fleet_event_ = 0;  // the next
  std::int64_t next_change_ = kNever.count;
  RoutePair next_pair_;               // drawn for the next arrival, where its router draws
  std::vector<std::uint32_t> ready_;  // entities to offer admission at this tick
  struct HandOver {
    std::uint64_t id;
    Slot slot;
  };
  std::vector<HandOver> hand_overs_;
  /// What an attempt needs beside its LiveRequest, where a class's rules ask for it.
  struct Attempt {
    std::int64_t patience = kNever.count, timeout = kNever.count;  // as drawn
    StageWork work;                                                // of stage 0
    std::int32_t number = 1;
    bool scheduled = false;
    std::int64_t leaves_at = kNever.count;
    std::int64_t share_from = 0;  // its replica's share clock at admission
    std::int64_t wasted = 0;      // on the attempts before
  };
  bool follows_attempts_ = false;
  std::vector<Attempt> attempts_;     // by slot
  std::size_t stages_ = 1;            // the most that a class has
  std::vector<std::int64_t> spent_;   // replica time of this attempt, by slot and stage
  std::vector<Wide> bucket_full_at_;  // by class; empty when no class has a bucket or quota
  bool caps_ = false;                 // some queue has a cap
  bool any_central_ = false;          // some pool has one queue for all its replicas
  boost::heap::d_ary_heap<Expiry, boost::heap::arity<4>> retries_;
  std::vector<std::uint32_t> ended_;  // entities whose step ended at this tick, who may be left

  Progression gaps_;
  std::uint64_t admissions_ = 0;
  std::uint64_t tickets_ = 0;
  std::vector<Draft> drafts_;               // central: by replica
  std::vector<std::uint32_t> at_boundary_;  // central: replicas that take part in a round
  struct Boundary {
    std::uint32_t replica;
    std::int64_t steps;
  };
  std::vector<Boundary> boundaries_;  // central: the first that a head may meet
  struct TakenOut {
    std::uint32_t replica;
    std::int64_t time;
  };
  std::vector<TakenOut> taken_out_;  // of a pool's index, while it is asked
  EngineCounters counters_;
};

}  // namespace headroom
