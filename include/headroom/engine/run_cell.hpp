#pragma once

#include "headroom/engine/config.hpp"
#include "headroom/engine/outcome.hpp"
#include "headroom/engine/record.hpp"
#include "headroom/workload/request_stream.hpp"

namespace headroom {

/// How far a run is: what has happened since it told last.
struct RunProgress {
  Ticks now{0};
  std::int64_t ended = 0;      ///< requests
  std::int64_t scheduled = 0;  ///< requests worked on for the first time
  double queue_delay_s = 0;    ///< summed over them
};

/// Told now and then, every few thousand requests that end, how far a run is. May throw to end it.
class RunMonitor {
 public:
  virtual ~RunMonitor() = default;
  virtual void on_progress(const RunProgress& progress) = 0;
};

/// Simulates one cell from 0 to its horizon and returns what happened. `sink`, when given, receives
/// every request's record; `monitor` hears how far the run is. Contract 2 (conservation, Little's
/// law) is checked at the end.
/// REQUIRES: a valid config (headroom::scenario makes them).
Outcome run_cell(const CellConfig& config, RequestStream& requests, RecordSink* sink = nullptr,
                 RunMonitor* monitor = nullptr);

/// As run_cell, but plans one step at a time instead of running ahead: the same results, slower.
/// For benchmarks and tests.
Outcome run_cell_stepwise(const CellConfig& config, RequestStream& requests,
                          RecordSink* sink = nullptr);

}  // namespace headroom
