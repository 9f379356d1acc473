#include <fmt/format.h>

#include <cmath>
#include <map>
#include <ostream>

#include "../../support/all_cores.hpp"
#include "published_images.hpp"
#include "published_serving.hpp"
#include "sections.hpp"
#include "study.hpp"

namespace headroom::validation {
namespace {

std::string pair_of(double measured, double predicted, double unit, const char* format) {
  if (measured <= 0) return "-";
  return fmt::format("{} / {}", fmt::format(fmt::runtime(format), measured * unit),
                     fmt::format(fmt::runtime(format), predicted * unit));
}

/// Speeds that offline rows show: of the same software, model and GPU, else of software and model.
class OfflineSpeeds {
 public:
  explicit OfflineSpeeds(const std::vector<ServingCase>& cases) {
    std::vector<ServingResult> results(cases.size());
    on_all_cores(cases.size(), [&](std::size_t i) {
      if (cases[i].kind == ServingKind::kOffline) results[i] = PublishedRun(cases[i]).run(1);
    });
    for (std::size_t i = 0; i < cases.size(); ++i) {
      const ServingCase& c = cases[i];
      const ServingResult& r = results[i];
      if (c.kind != ServingKind::kOffline || !r.refusal.empty()) continue;
      const double ratio = c.output_tok_s / r.output_tok_s;
      ratios_[key_of(c)].push_back(ratio);
      ratios_[key_of(c) + "|" + c.gpu].push_back(ratio);
    }
  }
  double of(const ServingCase& c) const {
    auto at = ratios_.find(key_of(c) + "|" + c.gpu);
    if (at == ratios_.end()) at = ratios_.find(key_of(c));
    return at == ratios_.end() ? 1 : median(at->second);
  }

 private:
  static std::string key_of(const ServingCase& c) { return c.software + "|" + c.model; }
  std::map<std::string, std::vector<double>> ratios_;
};

struct Errors {
  std::vector<double> mean, p99;
  void add(double measured_mean, double mean_s, double measured_p99, double p99_s) {
    if (measured_mean > 0) mean.push_back(std::abs(mean_s / measured_mean - 1));
    if (measured_p99 > 0) p99.push_back(std::abs(p99_s / measured_p99 - 1));
  }
};

/// A server row played.
struct Played {
  double speed = 1;
  ServingResult result;  ///< at the rate offered, where one is stated
  double rate = 0;       ///< largest within the limits
};
std::vector<Played> play(const std::vector<ServingCase>& cases, const OfflineSpeeds& speeds) {
  std::vector<Played> played(cases.size());
  on_all_cores(cases.size(), [&](std::size_t i) {
    const ServingCase& c = cases[i];
    if (c.kind != ServingKind::kOnline) return;
    Played& p = played[i];
    p.speed = speeds.of(c);
    const PublishedRun run(c);
    if (!c.searched) p.result = run.run(p.speed);
    if (p.result.refusal.empty()) p.rate = run.largest_rate(p.speed);
  });
  return played;
}

void write_language(const std::vector<ServingCase>& cases, std::ostream& out) {
  const std::vector<Played> played = play(cases, OfflineSpeeds(cases));
  Errors errors;
  std::vector<double> rates;
  std::string loads =
      "| row | system | speed | offered a second | latency mean, s | latency p99, s | TTFT mean, "
      "ms "
      "| TTFT p99, ms | TPOT mean, ms | TPOT p99, ms | largest batch | largest rate within limits "
      "|\n"
      "|---|---|---|---|---|---|---|---|---|---|---|---|\n";
  std::string searched =
      "| row | system | limits, TTFT and TPOT p99 | requests a second | error |\n"
      "|---|---|---|---|---|\n";
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const ServingCase& c = cases[i];
    if (c.kind != ServingKind::kOnline) continue;
    const auto& [speed, r, rate] = played[i];
    const std::string system =
        fmt::format("{} x{}, {}", c.gpu, c.replicas * c.deployment.gpus_per_replica(), c.model);
    if (c.searched) {
      const double measured = c.output_tok_s / c.output.mean;
      rates.push_back(std::abs(rate / measured - 1));
      searched += fmt::format("| {} | {} | {:.0f} ms, {:.0f} ms | {:.1f} / {:.1f} | {:+.0f} % |\n",
                              c.id, system, 1e3 * c.ttft_limit_s, 1e3 * c.tpot_limit_s, measured,
                              rate, 100 * (rate / measured - 1));
      continue;
    }
    if (!r.refusal.empty()) {
      loads += fmt::format("| {} | {} | {:.2f} | {:g} | {} |||||||||\n", c.id, system, speed,
                           c.offered_per_s, r.refusal);
      continue;
    }
    rates.push_back(std::abs(rate / c.offered_per_s - 1));
    errors.add(c.latency_s, r.latency_s, c.latency_p99_s, r.latency_p99_s);
    loads += fmt::format(
        "| {} | {} | {:.2f} | {:g} | {} | {} | {} | {} | {} | {} | {:.0f} | {:.1f} |\n", c.id,
        system, speed, c.offered_per_s, pair_of(c.latency_s, r.latency_s, 1, "{:.1f}"),
        pair_of(c.latency_p99_s, r.latency_p99_s, 1, "{:.1f}"),
        pair_of(c.ttft_s, r.ttft_s, 1e3, "{:.0f}"),
        pair_of(c.ttft_p99_s, r.ttft_p99_s, 1e3, "{:.0f}"),
        pair_of(c.tpot_s, r.tpot_s, 1e3, "{:.0f}"),
        pair_of(c.tpot_p99_s, r.tpot_p99_s, 1e3, "{:.0f}"), r.largest_batch, rate);
  }
  out << "### Language models\nMeasured / predicted.\n\n" << loads;
  if (!errors.mean.empty()) {
    out << fmt::format(
        "\nError of the mean latency: median {:.0f} %, largest {:.0f} %; of its p99: "
        "median {:.0f} %, largest {:.0f} %.\n",
        100 * median(errors.mean), 100 * percentile(errors.mean, 1), 100 * median(errors.p99),
        100 * percentile(errors.p99, 1));
  }
  if (!rates.empty()) {
    out << "\nSubmitters raise the offered load until the test's limits (p99 of TTFT and TPOT, of "
           "the whole request for GPT-J) hold just so:\nthe last column is the rate at which they "
           "do in the model, by bisection. Rows that state no offered load, against the rate "
           "they\nserved:\n\n"
        << searched
        << fmt::format(
               "\nLargest rate within the limits, all rows: median error {:.0f} %, largest "
               "{:.0f} %.\n",
               100 * median(rates), 100 * percentile(rates, 1));
  }
}

void write_pictures(const std::vector<ImageCase>& cases, std::ostream& out) {
  // The speed that offline rows of the same GPU show, else the median of all.
  std::map<std::string, double> of_gpu;
  std::vector<double> all;
  for (const ImageCase& c : cases) {
    if (c.family != "MLPerf offline" || !c.refusal.empty()) continue;
    of_gpu[c.deployment.gpu.name] = predicted_seconds(c) / c.measured_s;
    all.push_back(of_gpu[c.deployment.gpu.name]);
  }
  Errors errors;
  std::string table =
      "| row | system | speed | offered a second | load | latency mean, s | latency p99, s |\n"
      "|---|---|---|---|---|---|---|\n";
  for (const ImageCase& c : cases) {
    if (c.family != "MLPerf server") continue;
    if (!c.refusal.empty() || c.offered_per_s <= 0 || all.empty()) {
      table += fmt::format("| {} | {} | - | | | {} | |\n", c.id, c.gpu,
                           c.refusal.empty() ? "no offered load stated" : c.refusal);
      continue;
    }
    const auto at = of_gpu.find(c.deployment.gpu.name);
    const double speed = at == of_gpu.end() ? median(all) : at->second;
    const ImageQueue q = run_image_queue(c, speed);
    errors.add(c.latency_s, q.latency_s, c.latency_p99_s, q.latency_p99_s);
    table +=
        fmt::format("| {} | {} x{} | {:.2f} | {:g} | {:.2f} | {} | {} |\n", c.id, c.gpu, c.replicas,
                    speed, c.offered_per_s, q.load, pair_of(c.latency_s, q.latency_s, 1, "{:.1f}"),
                    pair_of(c.latency_p99_s, q.latency_p99_s, 1, "{:.1f}"));
  }
  out << "\n### Pictures\nSDXL, static batches of 8 prompts a GPU, started full or when the oldest "
         "prompt has waited 2 s (assumed). Measured / predicted.\n\n"
      << table;
  if (!errors.mean.empty()) {
    out << fmt::format(
        "\nError of the mean latency: median {:.0f} %, largest {:.0f} %; of its p99: "
        "median {:.0f} %, largest {:.0f} %.\n",
        100 * median(errors.mean), 100 * percentile(errors.mean, 1), 100 * median(errors.p99),
        100 * percentile(errors.p99, 1));
  }
}

}  // namespace

void write_mlperf_server(const StudyInput& input, std::ostream& out) {
  std::vector<ServingCase> cases;
  EngineKernels kernels(input.shared);
  for (const FactRow& row : read_facts(input.shared / "facts" / "throughput_refs.csv")) {
    const auto expressed = express(row, kernels);
    if (const ServingCase* c = std::get_if<ServingCase>(&expressed); c != nullptr && c->mlperf) {
      cases.push_back(*c);
    }
  }
  out << "## MLPerf server rows\n"
         "Offered load in, latencies out: Poisson arrivals for ten minutes, every request counted, "
         "at a central queue before the\nreplicas of the system, run through the engine. Lengths "
         "and "
         "parallelism are assumed as under Published throughput. Step times\nare divided by the "
         "speed that the offline rows of the same software, model and GPU show (where there are "
         "none, of the same\nsoftware and model), so that what is checked is queueing. Every row "
         "is "
         "here.\n\n";
  write_language(cases, out);
  write_pictures(image_cases(input.shared), out);
  out << "\n";
}

}  // namespace headroom::validation
