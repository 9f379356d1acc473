#pragma once

#include <cstdint>
#include <memory>
#include <queue>
#include <string>
#include <vector>

#include "headroom/core/random.hpp"
#include "headroom/workload/compiled.hpp"
#include "rate_compile.hpp"

namespace headroom {

/// The rows of a trace that one class uses, sorted by time (ties: order in the file). A list that
/// the trace has no column for is empty.
struct TraceRows {
  std::vector<std::int64_t> at_ns;  ///< since the trace's origin, less what was skipped; >= 0
  std::vector<std::int32_t> prompt_tokens, output_tokens;  ///< >= 1
  std::vector<std::int64_t> service_ps;                    ///< >= 1
  std::int64_t loop_ns = 0;                                ///< length of one loop

  std::uint64_t size() const { return at_ns.size(); }
};

/// Reads a trace. `needs_arrivals`: false when only lengths are wanted, then rows need no time.
/// Throws InputError, E130 to E133.
std::shared_ptr<const TraceRows> load_trace(const TraceConfig& trace, const WorkloadConfig& config,
                                            const std::string& class_name, bool needs_arrivals,
                                            WorkloadInput& input, std::vector<Issue>& warnings);

/// Reads a rate file. Throws InputError, E130 to E133.
std::vector<RateRow> load_rates(const RateFileConfig& file, const WorkloadConfig& config,
                                WorkloadInput& input);

/// Requests of a trace over time: counts in bins of 60 s or more, scaled as the trace is.
RateFunction trace_rate(const TraceRows& rows, const TraceConfig& trace, double start_utc_s,
                        Ticks end);

/// Replays a trace in order of time. Row s (rows are counted through the loops) has the entity
/// s x 2^20 + copy. What is drawn for a row (copies, jitter, which cell) is keyed by seed,
/// replication and row, not by the cell, so that all cells draw alike and share the rows out.
class TraceCursor {
 public:
  TraceCursor(const TraceRows& rows, const TraceConfig& trace, double start_utc_s, Ticks end,
              const RunKey& key, std::uint32_t class_index, double share, double offset,
              double rate_multiplier);

  /// The next request, in order of (time, entity). False at the end.
  bool next(Ticks& at, std::uint64_t& entity);

  static constexpr unsigned kCopyBits = 20;

 private:
  struct Pending {
    Ticks at;
    std::uint64_t entity;
    friend bool operator>(const Pending& a, const Pending& b) {
      return a.at != b.at ? a.at > b.at : a.entity > b.entity;
    }
  };
  double row_start_s(std::uint64_t row) const;
  Ticks tick(std::uint64_t row, double start_s, double jitter_s) const;
  void emit_copies(std::uint64_t row, double start_s);

  const TraceRows& rows_;
  const TraceConfig& trace_;
  double start_s_;
  Ticks end_;
  RunKey key_;
  std::uint32_t class_index_;
  double share_, offset_, copies_;
  std::uint64_t row_ = 0;
  bool exhausted_ = false;
  std::priority_queue<Pending, std::vector<Pending>, std::greater<>> pending_;
};

}  // namespace headroom
