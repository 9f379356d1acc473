#include "headroom/engine/run_cell.hpp"

#include "cell_run.hpp"

namespace headroom {

Outcome run_cell(const CellConfig& config, RequestStream& requests, RecordSink* sink,
                 RunMonitor* monitor) {
  return CellRun(config, requests, sink, monitor, /*stepwise=*/false).run();
}

Outcome run_cell_stepwise(const CellConfig& config, RequestStream& requests, RecordSink* sink) {
  return CellRun(config, requests, sink, nullptr, /*stepwise=*/true).run();
}

}  // namespace headroom
