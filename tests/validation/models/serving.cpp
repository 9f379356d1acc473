// Real vLLM servers in overload, replayed request by request with the kernel tables of their cards:
// scenarios/replay-serving-run.json with the run's own numbers, by the code path of `headroom run`.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <memory>
#include <ostream>

#include "csv.hpp"
#include "headroom/core/check.hpp"
#include "headroom/latency/fit.hpp"
#include "headroom/plan/run.hpp"
#include "headroom/scenario/load.hpp"
#include "sections.hpp"
#include "study.hpp"

namespace headroom::validation {
namespace {

namespace fs = std::filesystem;

/// A run and what its meta.json and the data's README state of it.
struct ServingRun {
  const char* name;     ///< folder under serving_runs
  const char* kernels;  ///< folder under serving_kernels
  const char* gpu;
  const char* model;
  std::int64_t tensor_parallel, max_batch, kv_blocks;
  double bound, bound_p99;  ///< errors to reach, %
};
constexpr std::array<ServingRun, 2> kRuns{{
    {"rtx4090-llama-3.1-8b", "rtx4090/llama-3.1-8b", "RTX-4090", "Llama-3.1-8B", 1, 256, 2588, 3,
     5},
    {"rtxpro6000-qwen3-32b-tp2", "rtxpro6000/qwen3-32b", "RTX-PRO-6000", "Qwen3-32B", 2, 128, 28614,
     5, 8},
}};
constexpr std::size_t kCalibrated = 100;  ///< requests of the first run that set the host's time
constexpr const char* kPreset = "vllm-v1-2026";

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
  set("nccl_per_step_us", 0);
  set("nccl_ramp", 0);
  set("gather_latency", 1);
  for (const char* key : {"reduce_rate", "gather_rate", "scatter_rate", "exchange_rate"}) {
    set(key, rate);
  }
  // No other algorithm is any faster.
  set("base_us", 40);
  set("one_shot", 0.1);
  set("two_shot_us", 60);
  set("two_shot", 0.1);
  fit.source = "README of the measurements: about 16 GB/s, 20 to 40 us a collective";
  return fit;
}

/// The card's grids as tables of a kernel-model file, written where the scenario finds it.
fs::path write_kernel_model(const StudyInput& input, const ServingRun& run) {
  const Gpu& gpu = *find_gpu(run.gpu);
  const LayerContext context{find_model(run.model), run.tensor_parallel};
  std::vector<MeasuredRow> rows;
  const std::string folder =
      fmt::format("serving_kernels/{}/tp{}/", run.kernels, run.tensor_parallel);
  for (const char* file : {"dense.csv", "attention.csv", "per_sequence.csv"}) {
    const MeasuredFile read = read_kernel_csv(data_file(input, folder + file), context);
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

class Records final : public RecordSink {
 public:
  explicit Records(std::vector<RequestRecord>& to) : to_(to) {}
  void on_end(const RequestRecord& record) override { to_.push_back(record); }

 private:
  std::vector<RequestRecord>& to_;
};

struct Options {
  std::optional<double> sequence_host_s;
  bool reuse = true;
  const char* family = "table";
};

/// Every request of the run, in order of arrival, as the scenario simulates it.
std::vector<RequestRecord> replay(const StudyInput& input, const ServingRun& run,
                                  const fs::path& kernels, const Options& options) {
  const std::string pool = "fleet.pools.server.";
  ScenarioOverrides overrides;
  const auto set = [&overrides](const std::string& path, const std::string& value) {
    overrides.set.emplace_back(path, value);
  };
  set(pool + "gpu", run.gpu);
  set(pool + "gpus", std::to_string(run.tensor_parallel));
  set(pool + "model", run.model);
  set(pool + "tensor_parallel", std::to_string(run.tensor_parallel));
  set(pool + "engine", kPreset);
  set(pool + "family", options.family);
  set(pool + "kernel_file", kernels.string());
  set(pool + "batching.max_batch", std::to_string(run.max_batch));
  set(pool + "kv.blocks", std::to_string(run.kv_blocks));
  set(pool + "kv.reuse_preempted", options.reuse ? "true" : "false");
  if (options.sequence_host_s) {
    set(pool + "sequence_host_s", fmt::format("{:.9f}s", *options.sequence_host_s));
  }
  set("classes.request.trace.path",
      fs::absolute(data_file(input, fmt::format("serving_runs/{}/requests.csv", run.name)))
          .string());
  const ResolvedScenario scenario = resolve(load_scenario(
      std::string(HEADROOM_SOURCE_DIR) + "/scenarios/replay-serving-run.json", overrides));
  std::vector<RequestRecord> records;
  ExecOptions exec;
  exec.threads = 1;
  exec.records = [&records](const JobIndex&) { return std::make_unique<Records>(records); };
  headroom::run(scenario, exec);
  std::sort(records.begin(), records.end(),
            [](const auto& a, const auto& b) { return a.id < b.id; });
  return records;
}

/// The four metrics of the bounds, in seconds, one entry a request.
struct Latencies {
  std::vector<double> ttft, tpot, e2e, queue_delay;
};
constexpr std::array<std::pair<const char*, std::vector<double> Latencies::*>, 4> kMetrics{
    {{"TTFT", &Latencies::ttft},
     {"TPOT", &Latencies::tpot},
     {"E2E", &Latencies::e2e},
     {"queue delay", &Latencies::queue_delay}}};

struct Compared {
  Latencies measured, simulated;
  std::int64_t preemptions = 0, lost = 0;
};

Compared compare(const Csv& run, const std::vector<RequestRecord>& records, std::size_t from,
                 std::size_t to) {
  HEADROOM_CHECK(records.size() == run.rows(), "every request of the trace ends once");
  Compared compared;
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

double percentile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  const double rank = std::ceil(share * static_cast<double>(values.size()));
  return values[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
}

/// The sequence_host_s at which the mean E2E of the first requests of the first run is met, by
/// halving: more host time never ends requests earlier.
double calibrate(const StudyInput& input, const fs::path& kernels) {
  const Csv run(data_file(input, fmt::format("serving_runs/{}/requests.csv", kRuns[0].name)));
  double low = 0;
  double high = 40e-6;
  for (int i = 0; i < 7; ++i) {
    const double middle = (low + high) / 2;
    Options options;
    options.sequence_host_s = middle;
    const Compared c = compare(run, replay(input, kRuns[0], kernels, options), 0, kCalibrated);
    (mean_of(c.simulated.e2e) < mean_of(c.measured.e2e) ? low : high) = middle;
  }
  return (low + high) / 2;
}

std::string error_rows(const Compared& compared, const ServingRun& run, bool judged) {
  std::string text;
  for (const auto& [name, member] : kMetrics) {
    const std::vector<double>& real = compared.measured.*member;
    const std::vector<double>& model = compared.simulated.*member;
    const auto error = [](double simulated, double measured) {
      return 100 * (simulated / measured - 1);
    };
    const double mean = error(mean_of(model), mean_of(real));
    const double p50 = error(percentile(model, 0.5), percentile(real, 0.5));
    const double p99 = error(percentile(model, 0.99), percentile(real, 0.99));
    const bool held =
        std::abs(mean) <= run.bound && std::abs(p50) <= run.bound && std::abs(p99) <= run.bound_p99;
    text += fmt::format("| {} | {:.4g} s | {:.4g} s | {:+.1f} | {:+.1f} | {:+.1f} | {} |\n", name,
                        mean_of(real), mean_of(model), mean, p50, p99,
                        judged ? (held ? "yes" : "NO") : "-");
  }
  return text;
}

constexpr const char* kHead =
    "| | measured mean | simulated mean | mean, % off | p50, % off | p99, % off | bound held |\n"
    "|---|---|---|---|---|---|---|\n";

}  // namespace

void write_serving(const StudyInput& input, std::ostream& out) {
  std::array<fs::path, 2> kernels;
  for (std::size_t i = 0; i < kRuns.size(); ++i) kernels[i] = write_kernel_model(input, kRuns[i]);
  const double calibrated = calibrate(input, kernels[0]);
  const EnginePreset* preset = find_engine_preset(kPreset);
  HEADROOM_CHECK(preset != nullptr, "the catalogue has the preset");

  out << fmt::format(
      "## Real vLLM servers in overload\n"
      "300 ShareGPT requests at about 10 a second against vLLM 0.19 on cards that cannot keep up\n"
      "(casys-kaist/LLMServingSim @ 5daddb2), replayed by `scenarios/replay-serving-run.json` "
      "with\n"
      "the card's own kernel grids as tables; compared request by request. One engine preset for\n"
      "both, `{}`. Tuned: its host time for each sequence, on the mean E2E of the first {} "
      "requests\n"
      "of the first run (now {:.1f} us; shipped {:.1f} us). Everything else is as the runs' "
      "`meta.json`\n"
      "and the data's README state: blocks, batch, chunk budget, prefix caching, and for the "
      "second\n"
      "run KV blocks by memory arithmetic and collectives over PCIe at 16 GB/s and 30 us. Kernel\n"
      "tables were profiled inside the engine, so no server factor. Bounds: mean and p50 within 3 "
      "%\n"
      "(second run 5 %), p99 within 5 % (8 %).\n\n",
      kPreset, kCalibrated, calibrated * 1e6, preset->sequence_host_s * 1e6);

  std::string variants =
      "| variant | run | mean TTFT | mean TPOT | mean E2E | mean queue delay | preemptions |\n"
      "|---|---|---|---|---|---|---|\n";
  for (std::size_t i = 0; i < kRuns.size(); ++i) {
    const ServingRun& run = kRuns[i];
    const Csv measured(data_file(input, fmt::format("serving_runs/{}/requests.csv", run.name)));
    const std::vector<RequestRecord> records = replay(input, run, kernels[i], {});
    const std::size_t from = i == 0 ? kCalibrated : 0;
    const Compared scored = compare(measured, records, from, records.size());
    out << fmt::format("**{}**, {} of {} requests scored, {} unfinished, {} preemptions\n\n",
                       run.name, records.size() - from, records.size(), scored.lost,
                       scored.preemptions);
    out << kHead << error_rows(scored, run, true) << "\n";
    if (i == 0) {
      out << "The requests that the preset was calibrated on:\n\n"
          << kHead << error_rows(compare(measured, records, 0, kCalibrated), run, false) << "\n";
    }
    std::vector<std::string> plot;
    for (std::size_t r = 0; r < records.size(); ++r) {
      plot.push_back(
          fmt::format("{},{:.4f},{:.4f},{:.4f},{:.4f},{:.4f},{:.4f}", r,
                      measured.number(r, "scheduled_s"), seconds(records[r].first_scheduled),
                      measured.number(r, "first_token_s"), seconds(records[r].first_token),
                      measured.number(r, "last_token_s"), seconds(records[r].last_token)));
    }
    write_plot(input, fmt::format("serving-{}", run.name),
               "request,scheduled_s,simulated_scheduled_s,first_token_s,simulated_first_token_s,"
               "last_token_s,simulated_last_token_s",
               plot);
    const auto variant = [&](const char* label, const Options& options) {
      const std::vector<RequestRecord> other = replay(input, run, kernels[i], options);
      const Compared c = compare(measured, other, from, other.size());
      variants += fmt::format("| {} | {} |", label, run.name);
      for (const auto& [name, member] : kMetrics) {
        variants += fmt::format(
            " {:+.1f} |", 100 * (mean_of(c.simulated.*member) / mean_of(c.measured.*member) - 1));
      }
      variants += fmt::format(" {} |\n", c.preemptions);
    };
    variant("as above", {});
    Options forgetful;
    forgetful.reuse = false;
    variant("a preempted request recomputes everything", forgetful);
    Options no_host;
    no_host.sequence_host_s = 0;
    variant("no host time", no_host);
    Options fitted;
    fitted.family = "fitted";
    variant("fitted kernels instead of tables", fitted);
  }
  out << "What each part is worth, mean errors in % on the same requests:\n\n" << variants << "\n";
  for (const fs::path& path : kernels) fs::remove(path);
}

}  // namespace headroom::validation
