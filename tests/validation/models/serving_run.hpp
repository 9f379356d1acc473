#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include "csv.hpp"
#include "headroom/engine/record.hpp"

/// Real vLLM servers in overload, replayed request by request with the kernel tables of their
/// cards: scenarios/replay-serving-run.json with the run's own numbers, by the code path of
/// `headroom run`.
namespace headroom::validation {

/// A run and what its meta.json and the data's README state of it.
struct ServingRun {
  const char* name;     ///< folder under serving_runs
  const char* kernels;  ///< folder under serving_kernels
  const char* gpu;
  const char* model;
  std::int64_t tensor_parallel, max_batch, kv_blocks;
  double bound, bound_p99;  ///< errors to reach, %
};
const std::array<ServingRun, 2>& serving_runs();
inline constexpr std::size_t kCalibrated = 100;  ///< requests of the first run set the host's time
inline constexpr const char* kServingPreset = "vllm-v1-2026";

/// requests.csv of the run. data: the folder of the measurements.
std::filesystem::path requests_file(const std::filesystem::path& data, const ServingRun& run);
/// The card's grids as tables of a kernel-model file, written to the folder of temporary files.
std::filesystem::path write_kernel_model(const std::filesystem::path& data, const ServingRun& run);

struct ReplayOptions {
  std::optional<double> sequence_host_s;  ///< absent: the preset's
  bool reuse_preempted = true;
  const char* family = "table";
};
/// Every request of the run, in order of arrival, as the scenario simulates it.
std::vector<RequestRecord> replay(const std::filesystem::path& data, const ServingRun& run,
                                  const std::filesystem::path& kernels,
                                  const ReplayOptions& options = {});

/// The four metrics of the bounds, in seconds, one entry a request.
struct Latencies {
  std::vector<double> ttft, tpot, e2e, queue_delay;
};
inline constexpr std::array<std::pair<const char*, std::vector<double> Latencies::*>, 4> kMetrics{
    {{"TTFT", &Latencies::ttft},
     {"TPOT", &Latencies::tpot},
     {"E2E", &Latencies::e2e},
     {"queue delay", &Latencies::queue_delay}}};

struct ComparedRun {
  Latencies measured, simulated;
  std::int64_t preemptions = 0, lost = 0;
};
/// Requests [from, to) of the run.
ComparedRun compare(const Csv& run, const std::vector<RequestRecord>& records, std::size_t from,
                    std::size_t to);

/// Simulated / measured - 1, in %.
struct MetricErrors {
  double mean = 0, p50 = 0, p99 = 0;
  bool within(const ServingRun& run) const;
};
MetricErrors errors_of(const std::vector<double>& simulated, const std::vector<double>& measured);
double mean_of(const std::vector<double>& values);

}  // namespace headroom::validation
