#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "headroom/core/ids.hpp"
#include "headroom/core/random.hpp"
#include "headroom/core/units.hpp"
#include "headroom/latency/step_table.hpp"
#include "headroom/workload/retry.hpp"

namespace headroom {

/// How a replica forms its batch. docs/serving.md has the rules.
enum class BatchMode {
  kStatic,      ///< a batch size and a longest wait; all members start and end together
  kContinuous,  ///< whole prompts first, then one decode step for all that run
  kChunked,     ///< a token budget a step, mixing prefill chunks with decodes
  kSlots,       ///< independent service times, as many at once as there are slots
};

enum class Queueing { kCentral, kRoundRobin, kRandom, kLeastLoaded, kPowerOfTwo };

/// Time of a static batch by its size: batch_ps[n] for n = 1..batch size, entry 0 unused.
struct BatchTable {
  std::vector<std::int64_t> batch_ps;
};

/// One pool of one cell, as the engine sees it: everything resolved to whole numbers.
struct PoolConfig {
  std::string name;
  std::int64_t replicas = 1;   ///< that serve from tick 0 on: ids 0, 1, ...
  std::int64_t delivered = 0;  ///< that start later: the next ids
  std::int64_t gpus_per_replica = 1;
  Queueing queueing = Queueing::kCentral;
  BatchMode mode = BatchMode::kSlots;
  std::int64_t max_batch = 1;      ///< requests in service at once on one replica (slots)
  std::int64_t token_budget = 0;   ///< continuous: tokens of one prefill step; chunked: of one step
  Ticks max_wait{0};               ///< static: longest wait of a batch's oldest request
  std::int64_t block_tokens = 16;  ///< tokens of one KV block
  std::int64_t kv_blocks = 0;      ///< of one replica; continuous and chunked
  /// Prefix caching: a preempted request finds those of its full blocks again that its replica has
  /// not given to others meanwhile.
  bool reuse_preempted = false;
  std::int64_t max_context = 0;  ///< prompt + output tokens a request may have; 0 = no limit
  std::shared_ptr<const StepTable> steps;  ///< continuous and chunked
  /// Largest batch of decodes, and tokens of a step, that the kernel models behind `steps` were
  /// fitted on; 0 = no bound. Time beyond is tallied (design contract 5).
  std::int64_t fitted_batch = 0, fitted_step_tokens = 0;
  std::shared_ptr<const BatchTable> batch_times;  ///< static; absent: the longest drawn service

  std::int64_t all_replicas() const { return replicas + delivered; }
};

inline bool makes_tokens(const PoolConfig& pool) {
  return pool.mode == BatchMode::kContinuous || pool.mode == BatchMode::kChunked;
}

/// What happens to a replica, in the order of work within a tick (docs/serving.md).
enum class FleetEventKind : std::uint8_t {
  kFault,    ///< what runs or queues there fails; down until its next start
  kStart,    ///< serves from now on: delivered, or repaired
  kRemoval,  ///< takes no new work, finishes what runs, is gone then
};

struct FleetEvent {
  Ticks at{0};
  FleetEventKind kind = FleetEventKind::kFault;
  PoolId pool{0};
  ReplicaId replica{0};
  friend auto operator<=>(const FleetEvent&, const FleetEvent&) = default;
};

/// What the engine's and the workload's narrow counters hold.
inline constexpr std::size_t kMaxTiers = 6;  ///< distinct ones
inline constexpr std::size_t kMaxClasses = 4095, kMaxStages = 16;
inline constexpr std::int64_t kMaxBatch = 65'535;

/// Limits of a class's service level objective; a missing one does not count.
struct SloLimits {
  std::optional<Ticks> queue_delay, ttft, tpot, e2e;
};

/// A token bucket of one cell: one request takes one token, a token comes every `interval`, and as
/// many are kept as come in `depth` and one more. interval 0 = no bucket.
struct TokenBucket {
  Ticks interval{0};
  Ticks depth{0};
};

/// From when on Request::timeout counts.
enum class TimeoutFrom {
  kNone,       ///< it does not
  kArrival,    ///< from the beginning of every attempt
  kScheduled,  ///< from an attempt's first scheduled work
};

inline constexpr std::int64_t kNoQueueCap = INT64_MAX;

struct ClassConfig {
  std::string name;
  std::int32_t tier = 0;       ///< 0 is served first
  std::vector<PoolId> stages;  ///< pools in order; at least one
  Ticks fixed_delay{0};        ///< outside the engine: added to TTFT and E2E when reported
  SloLimits slo;
  Ticks drain_limit{0};  ///< smallest queue-delay limit of the class; 0 = until none waits
  TokenBucket bucket;
  std::int64_t daily_quota = 0;  ///< requests of one user a day; 0 = no quota
  /// By stage, how many may wait in the queue that the class joins there; empty = no caps.
  std::vector<std::int64_t> queue_caps;
  bool patience_in_service = false;  ///< patience goes on after the first queue
  TimeoutFrom timeout = TimeoutFrom::kNone;
  RetryRule retry;

  /// Whether a user may leave while he is served.
  bool leaves_in_service() const { return patience_in_service || timeout != TimeoutFrom::kNone; }

  std::int64_t queue_cap(std::size_t stage) const {
    return queue_caps.empty() ? kNoQueueCap : queue_caps[stage];
  }
};

/// What is collected beside the per-request results.
struct CollectConfig {
  /// Sorted starts of disjoint stretches of arrival time, first at 0: results are kept per (class,
  /// stretch), and a window is a set of stretches. Requests of stretches marked as warm-up count
  /// for conservation alone.
  std::vector<Ticks> stretch_starts{Ticks{0}};
  Ticks timeline_step{60 * kTicksPerSecond};  ///< width of one timeline bin; at most 1,440 bins
  Ticks minute{60 * kTicksPerSecond};         ///< width of one unit of breach accounting
  bool minute_ttft = false, minute_tpot = false, minute_e2e = false;  ///< queue delay always
};

/// One cell to simulate.
struct CellConfig {
  std::vector<PoolConfig> pools;
  std::vector<ClassConfig> classes;
  /// Sorted. A replica starts only while it does not serve, and never after its removal; a fault of
  /// one that is down, not started or gone does nothing.
  std::vector<FleetEvent> fleet_events;
  Ticks horizon{0};  ///< nothing happens at or after it
  RunKey key;
  CollectConfig collect;
  /// From so many replicas on a central queue keeps an index of their next step boundaries, where
  /// going through all of them for each head would take longer. Changes no result.
  std::int64_t index_from = 64;
};

}  // namespace headroom
