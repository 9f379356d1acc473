#pragma once

#include "headroom/engine/config.hpp"
#include "headroom/engine/outcome.hpp"
#include "headroom/engine/record.hpp"
#include "headroom/workload/request_stream.hpp"

namespace headroom {

/// Simulates one cell from 0 to its horizon and returns what happened. `sink`, when given, receives
/// every request's record. Contract 2 (conservation, Little's law) is checked at the end.
/// REQUIRES: a valid config (headroom::scenario makes them).
Outcome run_cell(const CellConfig& config, RequestStream& requests, RecordSink* sink = nullptr);

/// As run_cell, but plans one step at a time instead of running ahead: the same results, slower.
/// For benchmarks and tests.
Outcome run_cell_stepwise(const CellConfig& config, RequestStream& requests,
                          RecordSink* sink = nullptr);

}  // namespace headroom
