#pragma once

#include <algorithm>
#include <boost/container/small_vector.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "completions.hpp"
#include "divisor.hpp"
#include "event_tree.hpp"
#include "headroom/engine/config.hpp"
#include "headroom/engine/outcome.hpp"
#include "large_pages.hpp"
#include "live_request.hpp"
#include "step_series.hpp"

namespace headroom {

enum class Activity : std::uint8_t {
  kIdle,     ///< not inside a step (slots: always)
  kDecode,   ///< a plan of decode steps with a fixed batch
  kPrefill,  ///< one step with prompt tokens in it
  kBatch,    ///< a static batch
};

/// Whether a replica takes work (docs/serving.md, fleet changes).
enum class Standing : std::uint8_t { kOut, kDown, kServing, kLeaving, kGone };

inline constexpr std::uint32_t kNoReplica = UINT32_MAX;

/// A request that joined the decodes of a replica after its last decode step. It is counted in its
/// group from the end of its first decode step on.
struct Fresh {
  std::uint32_t group;
  std::int64_t last_token;
};

struct SlotFinish {
  std::int64_t time;
  Slot slot;
  friend bool operator>(const SlotFinish& a, const SlotFinish& b) { return a.time > b.time; }
};

/// One replica, in two cache lines.
struct alignas(64) Replica {
  // The present plan: step i (from 0) takes first_step + i * step_growth. It may be yet to come,
  // after a step with prompt tokens whose end has been accounted for.
  std::int64_t start = 0;
  std::int64_t first_step = 0;
  std::int64_t step_growth = 0;

  std::uint64_t steps = 0;   ///< decode steps so far: the clock of the completions
  std::int64_t context = 0;  ///< sum over decodes of computed tokens + 1
  std::int64_t free_blocks = 0;
  std::int64_t last_decode = 0;  ///< end of the last step in which decodes made tokens
  std::int32_t event_steps = 0;  ///< of the present plan: done when its event comes
  std::int32_t decoding = 0;     ///< requests that decode: as many are in its row of completions
  std::int32_t soon = 0;         ///< of them, those that are sorted there
  std::int32_t admitted = 0;     ///< all that were admitted
  Activity activity = Activity::kIdle;
  Standing standing = Standing::kServing;
  bool ready = false;            ///< noted for admission at this tick
  std::uint8_t piece = 0;        ///< of decode attention in the plan before: where to look first
  Slot prefill_first = kNoSlot;  ///< requests with prompt tokens in the present step
  Slot partial = kNoSlot;        ///< a prompt that is not finished: the one admitted last
  /// What the present event will look at, to fetch ahead: a request that ends with the plan, or the
  /// first with prompt tokens in the step.
  Slot needed_at_end = kNoSlot;
  boost::container::small_vector<Fresh, 1> fresh;
};
static_assert(sizeof(Replica) == 128);

/// What a replica's next step will hold, while it is being put together.
struct Draft {
  std::int64_t budget = 0;         ///< tokens left
  std::int64_t reserved = 0;       ///< KV blocks promised to this step
  std::int64_t reused = 0;         ///< of them, those that hold what a preempted request left
  std::int64_t tokens = 0;         ///< prompt tokens
  std::int64_t prompts = 0;        ///< with tokens in this step
  std::int64_t rows = 0;           ///< of them, those that end in this step
  std::int64_t prefill_ticks = 0;  ///< prefill attention
  std::int32_t admissions = 0;
  Slot last_prompt = kNoSlot;  ///< of the replica's list
  bool preempted = false;
  bool last_token = false;  ///< somebody's prompt ends with the only token still to make
};

/// Added to the load of a replica that does not serve: no router and no queue picks it.
inline constexpr std::int32_t kOutOfReach = 1 << 30;

/// Rows of small counts start on a cache line: 32 counts of 16 bits.
inline constexpr std::size_t kRowUnit = 32;
/// Groups of requests whose presence on a replica is told by one word of its row.
inline constexpr std::uint32_t kGroupsAWord = 16;

/// The time of a replica shared equally among those that are admitted: what each of them has had
/// who was there all along.
struct ShareClock {
  std::int64_t shared = 0;
  std::int64_t since = 0;  ///< accounted up to here
};

/// A user who leaves at a time, whatever is done for him then.
struct Leaver {
  std::int64_t time;
  std::uint64_t id;
  Slot slot;
  friend bool operator<(const Leaver& a, const Leaver& b) {  // max-heap: the earliest is largest
    return a.time != b.time ? a.time > b.time : a.id > b.id;
  }
};

/// A pool of one cell and everything on it.
struct Pool {
  const PoolConfig* config = nullptr;
  std::size_t first_entity = 0;  ///< of replica 0 in the event tree; the timer follows the last
  bool central = false;
  bool independent = false;  ///< its replicas touch nobody else's queue: may start at once
  bool varies = false;       ///< not all replicas serve all along
  bool runs_on = false;      ///< steps with prompt tokens are planned together with what follows
  bool touched = false;      ///< central: noted for admission at this tick
  std::vector<Replica, LargePages<Replica>> replicas;
  std::vector<TieredQueue, LargePages<TieredQueue>> queues;  ///< one, or one a replica
  TieredQueue held;                    ///< dispatch: requests that found no serving replica
  std::vector<std::uint32_t> serving;  ///< ids, where the pool varies
  /// Token pools, one row a replica: block_tokens counts of decodes by (computed - steps) modulo
  /// block_tokens, then counts of decodes by group, then bits of the groups that have any.
  std::vector<std::uint16_t, LargePages<std::uint16_t>> rows;
  std::size_t row_length = 0;
  /// KV blocks taken off the front of each replica's free ones so far; empty where preempted
  /// requests find nothing again.
  std::vector<std::int64_t> taken;
  CompletionRows completions;
  /// Slots: a min-heap a replica; static batches: the members.
  std::vector<std::vector<SlotFinish>> slot_finishes;
  Divisor block{1};                 ///< tokens of a KV block
  std::vector<std::int32_t> loads;  ///< requests on each replica, queued ones included
  bool ranked = false;
  EventTree ranking{0};  ///< of loads, where the smallest is wanted
  std::uint64_t routed = 0;
  std::vector<ShareClock> shares;            ///< by replica, where attempts are followed
  std::vector<std::vector<Leaver>> leavers;  ///< by replica, heaps; where users leave in service
  std::vector<std::uint32_t> noted;          ///< central: replicas that have become ready
  /// Central: of the head for whose sake plans have been looked at, and when the first of those
  /// that may take it comes to a step boundary.
  std::uint64_t scanned_ticket = 0;
  std::int64_t scanned_until = kNever.count;
  /// Central token pools of many replicas that all serve all along. Of each replica inside a step
  /// its next step boundary, or an earlier time where that one has passed or no head has asked;
  /// kNever for one that is idle or at a boundary. And a bit for each that is idle.
  bool indexed = false;
  EventTree boundaries{0};
  std::vector<std::uint64_t> idle;
  StepSeries running, queued, busy, in_service, down;
  AreaSeries kv;
  PoolTotals totals;

  TieredQueue& queue_of(std::size_t replica) { return queues[central ? 0 : replica]; }
  std::size_t timer_entity() const { return first_entity + replicas.size(); }
  std::size_t serving_count() const { return varies ? serving.size() : replicas.size(); }
  /// The i-th replica that serves.
  std::uint32_t serving_replica(std::size_t i) const {
    return varies ? serving[i] : static_cast<std::uint32_t>(i);
  }
  /// REQUIRES: indexed.
  void note_boundary(std::size_t replica, std::int64_t time, bool is_idle) {
    boundaries.set(replica, time);
    const std::uint64_t bit = std::uint64_t{1} << (replica % 64);
    idle[replica / 64] = (idle[replica / 64] & ~bit) | (is_idle ? bit : 0);
  }
  void change_load(std::size_t replica, std::int32_t change) {
    loads[replica] += change;
    if (ranked) ranking.set(replica, loads[replica]);
  }
  void note_taken(std::size_t replica, std::int64_t count) {
    if (!taken.empty()) taken[replica] += count;
  }
  /// That so many tokens fill. REQUIRES: tokens >= 0.
  std::int64_t blocks(std::int64_t tokens) const {
    return static_cast<std::int64_t>(
        block.quotient(static_cast<std::uint64_t>(tokens + config->block_tokens - 1)));
  }
};

}  // namespace headroom
