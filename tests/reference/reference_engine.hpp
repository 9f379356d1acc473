#pragma once

#include <cstdint>
#include <vector>

#include "headroom/engine/config.hpp"
#include "headroom/engine/record.hpp"
#include "headroom/workload/request_stream.hpp"

/// The plain engine: docs/serving.md word for word, one event a step, one object a request, linear
/// scans. It exists to be obviously right; the fast engine must agree with it to the last tick.

namespace headroom::reference {

/// Where the requests come from: like RequestStream, but a test can script it.
struct RequestSource {
  virtual ~RequestSource() = default;
  /// The next request in order of (arrival, class), or false when the demand ends.
  virtual bool next(Request& request) = 0;
  /// Work of stage `stage` >= 1.
  virtual StageWork stage_work(ClassId request_class, std::uint64_t entity,
                               std::uint32_t stage) const = 0;
};

/// A RequestStream as a source.
class StreamSource final : public RequestSource {
 public:
  explicit StreamSource(RequestStream& stream) : stream_(stream) {}
  bool next(Request& request) override { return stream_.next(request); }
  StageWork stage_work(ClassId request_class, std::uint64_t entity,
                       std::uint32_t stage) const override {
    return stream_.stage_work(request_class, entity, stage);
  }

 private:
  RequestStream& stream_;
};

/// The inter-token gaps of one class, in ticks.
struct GapSummary {
  std::int64_t count = 0;
  double sum = 0;  ///< runs of many days pass 64 bits
  std::int64_t min = INT64_MAX, max = 0;
  void add(std::int64_t gap);
};

/// [from, to) in simulated time.
struct Span {
  Ticks from{0}, to{0};
};

/// What one pool did.
struct PoolCounts {
  std::int64_t steps = 0;       ///< steps of token pools, batches of static ones, that ended
  std::int64_t mixed = 0;       ///< of these, with prefill and decodes together
  std::int64_t steps_cut = 0;   ///< steps and batches that the horizon or a fault cut
  std::int64_t block_peak = 0;  ///< most KV blocks held at once on all its replicas
  std::int64_t admissions = 0, preemptions = 0;
  std::int64_t blocks_reused = 0;      ///< that a preempted request found again
  Ticks wasted{0};                     ///< replica time spent on attempts that were lost
  std::vector<Span> running;           ///< each stay on a replica
  std::vector<Span> queued;            ///< each stay in a queue
  std::vector<Span> busy;              ///< each step or batch
  std::vector<Span> in_service, down;  ///< of its replicas
  std::int64_t faults = 0, starts = 0, removals = 0;  ///< that found something to do
};

/// Attempts of the requests of one class.
struct AttemptCounts {
  std::int64_t begun = 0;
  std::int64_t ended[kEndStates] = {};         ///< by EndState; sums to begun
  std::int64_t rejected[kRejectReasons] = {};  ///< by RejectReason; [kNone]: those not rejected
  std::int64_t in_service = 0;                 ///< abandoned after their first scheduled work
};

/// What a run met: the reach of a set of scenarios.
struct ReferenceCounts {
  std::vector<GapSummary> gaps;  ///< [class]
  std::vector<PoolCounts> pools;
  std::vector<AttemptCounts> attempts;  ///< [class]
  std::int64_t abandonments = 0;
  std::int64_t failed_running = 0, failed_queued = 0;  ///< requests, by where the fault found them
  std::int64_t moved = 0, held = 0;  ///< requests handed to the router again; that found no replica
  std::int64_t retries = 0;
  std::int64_t backing_off = 0;  ///< requests between two attempts at the horizon
  /// Admissions while an earlier-joined request of a lower tier waited in the same queue.
  std::int64_t tier_inversions = 0;
  /// Ticks at which things of two kinds fell together (step ends, fleet changes,
  /// patience, arrivals).
  std::int64_t shared_ticks = 0;
};

/// Runs one cell from 0 to its horizon; returns the record of every request, in order of (end, id).
/// `counts`, when given, is overwritten. REQUIRES: a valid config; requests sorted by arrival, each
/// before the horizon.
std::vector<RequestRecord> run_reference(const CellConfig& config, RequestSource& source,
                                         ReferenceCounts* counts = nullptr);

}  // namespace headroom::reference
