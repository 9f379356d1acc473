#include <fmt/format.h>

#include <cmath>
#include <map>
#include <ostream>

#include "../../support/all_cores.hpp"
#include "published_serving.hpp"
#include "sections.hpp"
#include "study.hpp"

namespace headroom::validation {
namespace {

/// Errors to reach on the rows that a factor was not fitted on.
constexpr double kMedianBound = 0.15, kP90Bound = 0.35;

struct Line {
  ServingCase c;
  PublishedRun run;
  ServingResult plain;  ///< at speed 1
};
struct Refused {
  std::string id, what, why;
};

/// What a row is scored on: output rate, or the rate of prompts where only a TTFT is published.
double rate_of(const ServingCase& c, const ServingResult& r) {
  return c.kind == ServingKind::kFirstToken ? 1 / r.ttft_s : r.output_tok_s;
}
double measured_rate(const ServingCase& c) {
  return c.kind == ServingKind::kFirstToken ? 1 / c.ttft_s : c.output_tok_s;
}

/// What shows a row's speed. Where arrivals limit the rate, it is the same at any speed, and the
/// time per token tells.
Scored speed_of(const Line& line) {
  Scored s;
  s.id = line.c.id;
  if (line.c.kind == ServingKind::kOnline && line.c.tpot_s > 0) {
    s.predicted = 1 / line.plain.tpot_s;
    s.measured = 1 / line.c.tpot_s;
  } else {
    s.predicted = rate_of(line.c, line.plain);
    s.measured = measured_rate(line.c);
  }
  return s;
}

std::string shape_of(const ServingCase& c) {
  std::string shape = fmt::format("{} {} x{}, {:.0f} in {:.0f} out", c.model, c.precision,
                                  c.deployment.tensor_parallel, c.input.mean, c.output.mean);
  if (c.kind == ServingKind::kStaticBatch) shape += fmt::format(", batch {}", c.concurrency);
  if (c.kind == ServingKind::kClosedLoop) shape += fmt::format(", {} at once", c.concurrency);
  if (c.kind == ServingKind::kOnline) {
    shape +=
        c.offered_per_s > 0 ? fmt::format(", {:g} a second", c.offered_per_s) : ", all at once";
  }
  return shape;
}

/// Prints a group's rows with its factor; returns the errors of the rows that were not fitted.
std::vector<double> write_group(const std::string& group, std::vector<Line>& lines,
                                std::vector<std::string>& misfits, std::ostream& out) {
  std::vector<Scored> speeds;
  for (const Line& line : lines) speeds.push_back(speed_of(line));
  choose_third(speeds);
  const double factor = fitted_factor(speeds);
  std::vector<ServingResult> results(lines.size());
  on_all_cores(lines.size(), [&](std::size_t i) { results[i] = lines[i].run.run(factor); });
  std::vector<double> errors;
  std::string table =
      "| row | GPU | what | measured | predicted | error | |\n|---|---|---|---|---|---|---|\n";
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const ServingCase& c = lines[i].c;
    const ServingResult& r = results[i];
    const double error = rate_of(c, r) / measured_rate(c) - 1;
    if (!speeds[i].fitted) errors.push_back(std::abs(error));
    if (std::abs(error) > kP90Bound) {
      misfits.push_back(
          fmt::format("{} ({}, {}): {:+.0f} %", c.id, c.gpu, shape_of(c), 100 * error));
    }
    const bool prompt = c.kind == ServingKind::kFirstToken;
    table += fmt::format("| {} | {} | {} | {:.0f} {} | {:.0f} | {:+.0f} % | {} |\n", c.id, c.gpu,
                         shape_of(c), prompt ? 1e3 * c.ttft_s : c.output_tok_s,
                         prompt ? "ms" : "tok/s", prompt ? 1e3 * r.ttft_s : r.output_tok_s,
                         100 * error, speeds[i].fitted ? "fitted" : "");
  }
  out << fmt::format("\n<details><summary>{}: factor {:.2f}, {} rows", group, factor, lines.size());
  if (!errors.empty()) {
    out << fmt::format(", error on the rest {:.0f} % (median), {:.0f} % (p90)",
                       100 * median(errors), 100 * percentile(errors, 0.9));
  }
  out << "</summary>\n\n" << table << "\n</details>\n";
  return errors;
}

std::string verdict(double value, double bound) { return value <= bound ? "held" : "missed"; }

void write_summary(const char* what, const std::vector<double>& errors, std::ostream& out) {
  if (errors.empty()) {
    out << fmt::format("| {} | 0 | - | - | |\n", what);
    return;
  }
  const double middle = median(errors);
  const double high = percentile(errors, 0.9);
  out << fmt::format("| {} | {} | {:.1f} % | {:.1f} % | {}, {} |\n", what, errors.size(),
                     100 * middle, 100 * high, verdict(middle, kMedianBound),
                     verdict(high, kP90Bound));
}

}  // namespace

void write_published_throughput(const StudyInput& input, std::ostream& out) {
  std::map<std::string, std::vector<Line>> groups;
  std::vector<Refused> refused;
  std::vector<Line> lines;
  EngineKernels kernels(input.shared);
  for (const FactRow& row : read_facts(input.shared / "facts" / "throughput_refs.csv")) {
    const auto expressed = express(row, kernels);
    const std::string what = row.text("gpu") + ", " + row.text("model");
    if (const std::string* why = std::get_if<std::string>(&expressed)) {
      refused.push_back({row.text("id"), what, *why});
      continue;
    }
    const ServingCase& c = std::get<ServingCase>(expressed);
    // Server rows of MLPerf are told their arrivals: section mlperf-server.
    if (c.mlperf && c.kind != ServingKind::kOffline) continue;
    lines.push_back({c, PublishedRun(c), {}});
  }
  on_all_cores(lines.size(), [&](std::size_t i) { lines[i].plain = lines[i].run.run(1); });
  for (Line& line : lines) {
    const ServingCase& c = line.c;
    if (!line.plain.refusal.empty()) {
      refused.push_back({c.id, c.gpu + ", " + c.model + ", " + shape_of(c), line.plain.refusal});
      continue;
    }
    groups[c.software + ", " + c.year].push_back(std::move(line));
  }

  out << "## Published throughput\n"
         "Every row of `facts/throughput_refs.csv` that the models can express, as a run of the "
         "engine under preset\n`tensorrt-llm`: all requests queued (offline), one batch through "
         "its prompts and steps (static), one prompt\n(time to first token), or Poisson arrivals "
         "(online). One factor on all step times of a (software, year), the median\nover a named "
         "third: the third of its rows whose ids have the smallest hashes (FNV-1a, mixed). The "
         "others are "
         "scored. No other\nnumber was fitted to these rows; the assumptions below were made by "
         "people "
         "who had seen them.\n\n"
         "Taken as the benchmarks' pages say: a cache of 95 % of the memory that weights and "
         "buffers leave, an 8-bit cache "
         "under 8- and 4-bit weights,\n2,048 sequences and 8,192 tokens a step at most, a request "
         "admitted when its whole answer will fit. Online rows give\nmean lengths alone: lognormal "
         "with a coefficient of variation of 0.2 is assumed, and 500 requests. MLPerf's data "
         "sets\nhave no published input length: means of 300 (OpenOrca), 950 (CNN/DailyMail) and "
         "400 "
         "(the mix of Mixtral's test) are\nassumed, and the fewest GPUs a replica whose memory the "
         "weights fill to 60 % at most; GPT-J answers by beam search, four sequences wide.\n\n"
         "Kernels: on A100, H100, H200 and B200 those of TensorRT-LLM (`data/kernels/*/trtllm-*`, "
         "as "
         "tables; experts as\nmeasured with the mildest skew of routing), since the catalogue "
         "describes vLLM's; elsewhere the catalogue's forms.\n";
  std::vector<double> stated;
  std::vector<double> assumed;
  std::vector<std::string> misfits;
  for (auto& [group, members] : groups) {
    std::vector<double>& errors = members[0].c.inputs_stated ? stated : assumed;
    const std::vector<double> more = write_group(group, members, misfits, out);
    errors.insert(errors.end(), more.begin(), more.end());
  }
  out << "\n| rows scored | | median error | p90 | bounds 15 %, 35 % |\n|---|---|---|---|---|\n";
  write_summary("input lengths stated", stated, out);
  write_summary("input lengths assumed (MLPerf offline)", assumed, out);
  out << "\nRows off by more than 35 %, fitted ones included:"
      << (misfits.empty() ? " none.\n" : "\n");
  for (const std::string& misfit : misfits) out << "- " << misfit << "\n";
  out << "\nNot expressed:" << (refused.empty() ? " none.\n" : "\n");
  for (const Refused& r : refused) out << fmt::format("- {} ({}): {}\n", r.id, r.what, r.why);
  out << "\n";
}

}  // namespace headroom::validation
