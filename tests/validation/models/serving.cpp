// The section on real serving runs: how far the replays of serving_run.hpp are off.
#include <fmt/format.h>

#include <array>
#include <ostream>

#include "headroom/core/check.hpp"
#include "headroom/latency/deployment.hpp"
#include "sections.hpp"
#include "serving_run.hpp"
#include "study.hpp"

namespace headroom::validation {
namespace {

namespace fs = std::filesystem;

/// The sequence_host_s at which the mean E2E of the first requests of the first run is met, by
/// halving: more host time never ends requests earlier.
double calibrate(const fs::path& data, const fs::path& kernels) {
  const ServingRun& first = serving_runs()[0];
  const Csv run(requests_file(data, first).string());
  double low = 0;
  double high = 40e-6;
  for (int i = 0; i < 7; ++i) {
    const double middle = (low + high) / 2;
    ReplayOptions options;
    options.sequence_host_s = middle;
    const ComparedRun c = compare(run, replay(data, first, kernels, options), 0, kCalibrated);
    (mean_of(c.simulated.e2e) < mean_of(c.measured.e2e) ? low : high) = middle;
  }
  return (low + high) / 2;
}

std::string error_rows(const ComparedRun& compared, const ServingRun& run, bool judged) {
  std::string text;
  for (const auto& [name, member] : kMetrics) {
    const std::vector<double>& real = compared.measured.*member;
    const std::vector<double>& model = compared.simulated.*member;
    const MetricErrors errors = errors_of(model, real);
    text += fmt::format("| {} | {:.4g} s | {:.4g} s | {:+.1f} | {:+.1f} | {:+.1f} | {} |\n", name,
                        mean_of(real), mean_of(model), errors.mean, errors.p50, errors.p99,
                        judged ? (errors.within(run) ? "yes" : "NO") : "-");
  }
  return text;
}

constexpr const char* kHead =
    "| | measured mean | simulated mean | mean, % off | p50, % off | p99, % off | bound held |\n"
    "|---|---|---|---|---|---|---|\n";

}  // namespace

void write_serving(const StudyInput& input, std::ostream& out) {
  const fs::path data = input.shared / "data";
  const auto& runs = serving_runs();
  std::array<fs::path, 2> kernels;
  for (std::size_t i = 0; i < runs.size(); ++i) kernels[i] = write_kernel_model(data, runs[i]);
  const double calibrated = calibrate(data, kernels[0]);
  const EnginePreset* preset = find_engine_preset(kServingPreset);
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
      kServingPreset, kCalibrated, calibrated * 1e6, preset->sequence_host_s * 1e6);

  std::string variants =
      "| variant | run | mean TTFT | mean TPOT | mean E2E | mean queue delay | preemptions |\n"
      "|---|---|---|---|---|---|---|\n";
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const ServingRun& run = runs[i];
    const Csv measured(requests_file(data, run).string());
    const std::vector<RequestRecord> records = replay(data, run, kernels[i]);
    const std::size_t from = i == 0 ? kCalibrated : 0;
    const ComparedRun scored = compare(measured, records, from, records.size());
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
    const auto variant = [&](const char* label, const ReplayOptions& options) {
      const std::vector<RequestRecord> other = replay(data, run, kernels[i], options);
      const ComparedRun c = compare(measured, other, from, other.size());
      variants += fmt::format("| {} | {} |", label, run.name);
      for (const auto& [name, member] : kMetrics) {
        variants += fmt::format(
            " {:+.1f} |", 100 * (mean_of(c.simulated.*member) / mean_of(c.measured.*member) - 1));
      }
      variants += fmt::format(" {} |\n", c.preemptions);
    };
    variant("as above", {});
    ReplayOptions forgetful;
    forgetful.reuse_preempted = false;
    variant("a preempted request recomputes everything", forgetful);
    ReplayOptions no_host;
    no_host.sequence_host_s = 0;
    variant("no host time", no_host);
    ReplayOptions fitted;
    fitted.family = "fitted";
    variant("fitted kernels instead of tables", fitted);
  }
  out << "What each part is worth, mean errors in % on the same requests:\n\n" << variants << "\n";
  for (const fs::path& path : kernels) fs::remove(path);
}

}  // namespace headroom::validation
