#include "compare_cases.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "headroom/plan/run.hpp"
#include "headroom/report/compare.hpp"
#include "headroom/scenario/load.hpp"

namespace headroom::validation {
namespace {

constexpr double kSlower = 1.05;
/// Requests a second at which the GPU below has a load of 0.8.
constexpr double kModelRate = 23.4;

/// Ten servers with a mean service time of 1 s times `slower`, offered 8 requests a second.
std::string queue(double slower) {
  return fmt::format(R"({{"schema_version": "1.0", "name": "queue",
    "time": {{"duration": "45min", "warmup": "5min", "drain": "1min"}},
    "fleet": {{"pools": [{{"name": "servers", "gpus": 10,
               "service_time": {{"kind": "exponential", "mean": "{}s"}}}}]}},
    "classes": [{{"name": "customer", "stages": [{{"pool": "servers"}}], "rate": "8/s"}}],
    "replications": 10}})",
                     slower);
}

/// One GPU that makes tokens. By the law `bound` a kernel takes what its operations or its bytes
/// take at the data sheet's peaks; with those, and the host's times, changed by one factor, every
/// step is longer by it. One GPU alone, so that there is no network to slow down.
std::string model(double slower) {
  return fmt::format(R"({{"schema_version": "1.0", "name": "model",
    "time": {{"duration": "12min", "warmup": "2min", "drain": "1min"}},
    "catalogue": {{"gpus": [{{"name": "own", "like": "H100-SXM-80GB", "bf16_flops": "{:.6f}TFLOPS",
                              "hbm_bytes_per_s": "{:.6f}GB/s"}}]}},
    "fleet": {{"pools": [{{"name": "gpu", "gpus": 1, "gpu": "own", "model": "Llama-3.1-8B",
               "family": "bound", "step_host_s": {:.9f}, "sequence_host_s": {:.9f},
               "launch_s": {:.12f}, "batching": {{"max_batch": 64}}}}]}},
    "classes": [{{"name": "chat", "stages": [{{"pool": "gpu"}}], "rate": "{}/s",
                  "prompt_tokens": {{"kind": "lognormal", "mean": 1000, "cv": 1}},
                  "output_tokens": {{"kind": "lognormal", "mean": 200, "cv": 0.8}}}}],
    "replications": 10}})",
                     989 / slower, 3350 / slower, 0.0015 * slower, 5e-6 * slower, 7e-7 * slower,
                     kModelRate);
}

LoadedScenario loaded_of(const std::string& text, std::uint64_t seed) {
  return parse_scenario(text, "case.json", ".", {{{"seed", std::to_string(seed)}}, {}});
}

}  // namespace

std::vector<CompareCase> compare_cases() {
  return {{"ten servers", queue(1), queue(kSlower)},
          {"a GPU that makes tokens", model(1), model(kSlower)}};
}

double offered_load(const CompareCase& compare_case) {
  const RunResult loads = start_run(resolve(loaded_of(compare_case.scenario, 1)));
  const PoolLoad& pool = loads.periods.front().load.front();
  return pool.mean_gpus / pool.in_service_mean;
}

nlohmann::ordered_json report_of(const CompareCase& compare_case, std::uint64_t seed, bool slower) {
  const LoadedScenario loaded =
      loaded_of(slower ? compare_case.slower : compare_case.scenario, seed);
  const ResolvedScenario resolved = resolve(loaded);
  ExecOptions exec;
  exec.threads = 1;
  const RunResult result = run(resolved, exec);
  return make_report({loaded, resolved, result, {"0.0.0", "unknown", "study"}, {"", "host"}, {}});
}

Called called(const nlohmann::ordered_json& base, const nlohmann::ordered_json& now) {
  const nlohmann::ordered_json comparison =
      compare_reports({"base", base}, {"now", now}, CompareOptions{});
  Called result;
  for (const auto& row : comparison["metrics"]) {
    const bool differs = row["verdict"] != "same";
    result.any = result.any || differs;
    if (row["name"] == "e2e.mean") result.e2e_mean = row["verdict"] == "regressed";
  }
  return result;
}

}  // namespace headroom::validation
