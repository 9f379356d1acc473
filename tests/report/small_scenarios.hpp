#pragma once

#include <string>

#include "headroom/plan/run.hpp"
#include "headroom/report/report.hpp"
#include "headroom/scenario/load.hpp"

/// Scenarios of a second or less, run in the test's own process.
namespace headroom::test {

/// Four servers of 1 s each, offered 2 requests a second and, for the middle 5 of 20 minutes, 6:
/// the backlog grows by 2 a second, to about 600.
inline const char* const kSpike = R"({
  "schema_version": "1.0",
  "name": "tiny-spike",
  "time": {"start": "2025-04-01T00:00:00Z", "duration": "20min", "drain": "10min"},
  "fleet": {"pools": [{"name": "servers", "gpus": 4, "service_time": "1s"}]},
  "classes": [{
    "name": "image",
    "stages": [{"pool": "servers"}],
    "rate": {"base": "2/s", "surges": [{"name": "spike", "kind": "step", "start": "5min",
                                         "duration": "5min", "multiply": 3}]},
    "patience": "10min",
    "slo": {"queue_delay": "30s"}
  }],
  "windows": [{"name": "spike", "from": "5min", "to": "10min"}],
  "targets": [
    {"id": "delay", "class": "image", "metric": "queue_delay", "statistic": "p95", "max": "30s",
     "window": "spike"},
    {"id": "lost", "metric": "abandoned_share", "max": 0.5}
  ],
  "seed": 1,
  "replications": 3
})";

struct Ran {
  LoadedScenario loaded;
  ResolvedScenario resolved;
  RunResult result;
};

inline Ran run_text(const std::string& text, const ScenarioOverrides& overrides = {},
                    unsigned threads = 1) {
  LoadedScenario loaded = parse_scenario(text, "tiny.json", ".", overrides);
  ResolvedScenario resolved = resolve(loaded);
  ExecOptions options;
  options.threads = threads;
  RunResult result = run(resolved, options);
  return {std::move(loaded), std::move(resolved), std::move(result)};
}

inline ReportInput input_of(const Ran& ran) {
  return {ran.loaded, ran.resolved, ran.result, {"0.0.0", "unknown", "test"}, {"", "host"}, {}};
}

}  // namespace headroom::test
