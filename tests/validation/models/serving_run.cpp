// Real vLLM servers in overload, replayed request by request with the kernel tables of their cards:
// scenarios/replay-serving-run.json with the run's own numbers, as `headroom run` simulates it.
#include "serving_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "headroom/core/check.hpp"
#include "headroom/engine/run_cell.hpp"
#include "headroom/latency/fit.hpp"
#include "headroom/scenario/load.hpp"
#include "published_facts.hpp"

namespace headroom::validation {
namespace {

namespace fs = std::filesystem;

/// "The cards talk over PCIe: about 16 GB/s effective and 20 to 40 us a collective."
KernelFit pcie_collectives(const Gpu& gpu) {
  KernelFit fit;
  fit.kind = KernelKind::kCollective;
  fit.coefficients = generic_coefficients(fit.kind);
  const std::vector<CoefficientInfo> infos = coefficient_infos(fit.kind);
  const double rate = 16e9 / link_bytes_per_s(gpu, 2);
  const auto set = [&](std::string_view key, double value) {
    const auto at = std::find_if(infos.begin(), infos.end(),
                                 [key](const CoefficientInfo& info) { return info.key == key; });
    HEADROOM_CHECK(at != infos.end(), "the form has this coefficient");
    fit.coefficients[static_cast<std::size_t>(at - infos.begin())] = value;
  };
  set("nccl_us", 30);
  set("nccl_hop_us", 0);
  set("nccl_ramp", 0);
  set("rank_gain", 0);
  set("engine_rate", 1);
  for (const char* key : {"reduce_rate", "gather_rate", "scatter_rate", "exchange_rate"}) {
    set(key, rate);
  }
  // The same by the engine's own all-reduce, which between two GPUs is one-shot.
  set("base_us", 30);
  set("one_shot", rate);
  set("two_shot_us", 30);
  set("two_shot", rate);
  set("two_shot_ramp", 0);
  set("per_rank_us", 0);
  fit.source = "README of the measurements: about 16 GB/s, 20 to 40 us a collective";
  return fit;
}

class Records final : public RecordSink {
 public:
  explicit Records(std::vector<RequestRecord>& to) : to_(to) {}
  void on_end(const RequestRecord& record) override { to_.push_back(record); }

 private:
  std::vector<RequestRecord>& to_;
};

}  // namespace

const std::array<ServingRun, 2>& serving_runs() {
  static constexpr std::array<ServingRun, 2> kRuns{{
      {"rtx4090-llama-3.1-8b", "rtx4090/llama-3.1-8b", "RTX-4090", "Llama-3.1-8B", 1, 256, 2588, 3,
       5},
      {"rtxpro6000-qwen3-32b-tp2", "rtxpro6000/qwen3-32b", "RTX-PRO-6000", "Qwen3-32B", 2, 128,
       28614, 5, 8},
  }};
  return kRuns;
}

fs::path requests_file(const fs::path& data, const ServingRun& run) {
  return data / "serving_runs" / run.name / "requests.csv";
}

fs::path write_kernel_model(const fs::path& data, const ServingRun& run) {
  const Gpu& gpu = *find_gpu(run.gpu);
  const LayerContext context{find_model(run.model), run.tensor_parallel};
  std::vector<MeasuredRow> rows;
  const std::string folder =
      fmt::format("serving_kernels/{}/tp{}/", run.kernels, run.tensor_parallel);
  for (const char* file : {"dense.csv", "attention.csv", "per_sequence.csv"}) {
    const MeasuredFile read = read_kernel_csv((data / (folder + file)).string(), context);
    rows.insert(rows.end(), read.rows.begin(), read.rows.end());
  }
  KernelFile file;
  file.gpu = gpu.name;
  for (const KernelKind kind : {KernelKind::kGemm, KernelKind::kPrefillAttention,
                                KernelKind::kDecodeAttention, KernelKind::kMemory}) {
    file.tables.push_back(make_table(gpu, kind, Dtype::kBf16, rows, folder));
  }
  if (run.tensor_parallel > 1) file.fits.push_back(pcie_collectives(gpu));
  const fs::path path = fs::temp_directory_path() / fmt::format("headroom-{}.json", run.name);
  std::ofstream(path) << write_kernel_file(file);
  return path;
}

std::vector<RequestRecord> replay(const fs::path& data, const ServingRun& run,
                                  const fs::path& kernels, const ReplayOptions& options) {
  const std::string pool = "fleet.pools.server.";
  ScenarioOverrides overrides;
  const auto set = [&overrides](const std::string& path, const std::string& value) {
    overrides.set.emplace_back(path, value);
  };
  set(pool + "gpu", run.gpu);
  set(pool + "gpus", std::to_string(run.tensor_parallel));
  set(pool + "model", run.model);
  set(pool + "tensor_parallel", std::to_string(run.tensor_parallel));
  set(pool + "engine", kServingPreset);
  set(pool + "family", options.family);
  set(pool + "kernel_file", kernels.string());
  set(pool + "batching.max_batch", std::to_string(run.max_batch));
  set(pool + "kv.blocks", std::to_string(run.kv_blocks));
  set(pool + "kv.reuse_preempted", options.reuse_preempted ? "true" : "false");
  if (options.sequence_host_s) {
    set(pool + "sequence_host_s", fmt::format("{:.9f}s", *options.sequence_host_s));
  }
  set("classes.request.trace.path", fs::absolute(requests_file(data, run)).string());
  const ResolvedScenario scenario = resolve(load_scenario(
      std::string(HEADROOM_SOURCE_DIR) + "/scenarios/replay-serving-run.json", overrides));
  std::vector<RequestRecord> records;
  const CellJob job = scenario.job(0, 0, 0);
  RequestStream requests(*job.workload, job.config.key, job.demand_share, job.rate_multiplier,
                         job.demand_offset);
  Records sink(records);
  run_cell(job.config, requests, &sink);
  std::sort(records.begin(), records.end(),
            [](const auto& a, const auto& b) { return a.id < b.id; });
  return records;
}

ComparedRun compare(const Csv& run, const std::vector<RequestRecord>& records, std::size_t from,
                    std::size_t to) {
  HEADROOM_CHECK(records.size() == run.rows(), "every request of the trace ends once");
  ComparedRun compared;
  const auto put = [](Latencies& to_, double arrival, double scheduled, double first, double last,
                      double tokens) {
    to_.ttft.push_back(first - arrival);
    if (tokens > 1) to_.tpot.push_back((last - first) / (tokens - 1));
    to_.e2e.push_back(last - arrival);
    to_.queue_delay.push_back(scheduled - arrival);
  };
  for (std::size_t i = from; i < std::min(to, records.size()); ++i) {
    const RequestRecord& record = records[i];
    const double tokens = run.number(i, "output_tokens");
    put(compared.measured, run.number(i, "arrival_s"), run.number(i, "scheduled_s"),
        run.number(i, "first_token_s"), run.number(i, "last_token_s"), tokens);
    compared.preemptions += record.preemptions;
    if (record.end != EndState::kFinished) {
      ++compared.lost;
      continue;
    }
    put(compared.simulated, seconds(record.arrival), seconds(record.first_scheduled),
        seconds(record.first_token), seconds(record.last_token), tokens);
  }
  return compared;
}

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

MetricErrors errors_of(const std::vector<double>& simulated, const std::vector<double>& measured) {
  const auto error = [](double model, double real) { return 100 * (model / real - 1); };
  return {error(mean_of(simulated), mean_of(measured)),
          error(percentile(simulated, 0.5), percentile(measured, 0.5)),
          error(percentile(simulated, 0.99), percentile(measured, 0.99))};
}

bool MetricErrors::within(const ServingRun& run) const {
  return std::abs(mean) <= run.bound && std::abs(p50) <= run.bound &&
         std::abs(p99) <= run.bound_p99;
}

}  // namespace headroom::validation
