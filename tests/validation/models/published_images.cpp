#include "published_images.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <map>
#include <ostream>

#include "headroom/latency/fit.hpp"
#include "published_facts.hpp"
#include "sections.hpp"

namespace headroom::validation {
namespace {

/// One family's rows, one factor, each row scored with the factor of the others. Returns the
/// median error, or nothing for fewer than two rows.
std::optional<double> write_family(const std::string& family, const std::vector<ImageCase>& cases,
                                   std::vector<std::string>& misfits, std::ostream& out) {
  std::vector<Scored> rows;
  std::vector<const ImageCase*> shown;
  for (const ImageCase& c : cases) {
    if (c.family != family || !c.refusal.empty()) continue;
    // Speeds: a factor above 1 means faster than predicted.
    rows.push_back({c.id, 1 / predicted_seconds(c), 1 / c.measured_s, false});
    shown.push_back(&c);
  }
  if (rows.size() < 2) return {};
  std::vector<double> errors;
  std::string table =
      "| row | GPU | pipeline | measured, s | predicted, s | factor of the others | error | |\n"
      "|---|---|---|---|---|---|---|---|\n";
  std::vector<double> ratios;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const ImageCase& c = *shown[i];
    const double factor = factor_without(rows, i);
    const double seconds = 1 / (rows[i].predicted * factor);
    errors.push_back(std::abs(seconds / c.measured_s - 1));
    ratios.push_back(rows[i].measured / rows[i].predicted);
    if (errors.back() > 0.35) {
      misfits.push_back(fmt::format("{} ({}, {}, {}): {:+.0f} %", c.id, c.gpu, c.model, c.software,
                                    100 * (seconds / c.measured_s - 1)));
    }
    table += fmt::format(
        "| {} | {}{} | {}, {} px, {} steps, {} | {:.3g} | {:.3g} | {:.2f} | {:+.0f} % | {} |\n",
        c.id, c.gpu,
        c.deployment.tensor_parallel > 1 ? fmt::format(" x{}", c.deployment.tensor_parallel) : "",
        c.model, c.batch.resolution, c.batch.steps,
        c.pictures > 1 ? fmt::format("{} pictures", c.pictures) : "1 picture", c.measured_s,
        seconds, factor, 100 * (seconds / c.measured_s - 1),
        c.denoiser_alone ? "denoiser alone" : c.note);
  }
  out << fmt::format(
      "\n<details><summary>{}: {} rows, speed factor {:.2f}, median error {:.1f} %, largest {:.0f} "
      "%</summary>\n\n{}\n</details>\n",
      family, rows.size(), median(ratios), 100 * median(errors), 100 * percentile(errors, 1),
      table);
  return median(errors);
}

/// What share of the nominal peak measured attention of a picture's kind reaches: what the form's
/// attention efficiency stands for.
void write_attention(const std::filesystem::path& shared, std::ostream& out) {
  struct Folder {
    const char* gpu;
    const char* path;
  };
  constexpr std::array<Folder, 3> kFolders{{{"H100-SXM-80GB", "h100_sxm"},
                                            {"H200-SXM-141GB", "h200_sxm"},
                                            {"B200-SXM-180GB", "b200_sxm"}}};
  out << "\nNon-causal attention as measured (`attention_encoder`, 16 bits, 8 heads and pictures "
         "or "
         "more), median share of the nominal peak:\n\n| GPU | head width | 1,024 to 4,095 tokens | "
         "4,096 and more |\n|---|---|---|---|\n";
  for (const Folder& folder : kFolders) {
    const Gpu& gpu = *find_gpu(folder.gpu);
    std::map<std::int64_t, std::array<std::vector<double>, 2>> shares;
    for (const MeasuredRow& row : read_kernel_csv((shared / "data" / "kernels" / folder.path /
                                                   "vllm-0.24.0" / "attention_encoder.csv")
                                                      .string())
                                      .rows) {
      const auto& s = std::get<PrefillAttentionShape>(row.shape);
      if (s.new_tokens < 1024 || s.batch * s.heads < 8) continue;
      shares[s.head_dim][s.new_tokens < 4096 ? 0 : 1].push_back(
          work_of(row.shape).flop / row.seconds / gpu.peak_flops(Dtype::kBf16));
    }
    for (const auto& [width, by_length] : shares) {
      out << fmt::format("| {} | {} | {} | {} |\n", gpu.name, width,
                         by_length[0].empty() ? "-" : fmt::format("{:.2f}", median(by_length[0])),
                         by_length[1].empty() ? "-" : fmt::format("{:.2f}", median(by_length[1])));
    }
  }
}

}  // namespace

void write_published_images(const StudyInput& input, std::ostream& out) {
  const std::vector<ImageCase> cases = image_cases(input.shared);
  out << "## Published pictures\n"
         "Every row of `facts/image_refs.csv` that the models can express. One speed factor a "
         "family, the median of measured over\npredicted speed; each row is scored with the "
         "factor of the others. The coefficients of the image form (seven, one set for\nall GPUs "
         "and models) were set with all these rows in sight, so the errors say how well one form "
         "holds them together.\n";
  std::vector<std::string> misfits;
  std::string summary = "\n| family | median error, leave one out | bound 20 % |\n|---|---|---|\n";
  for (const char* family : {"eager", "compiled", "TensorRT", "quantised", "MLPerf offline"}) {
    if (const auto error = write_family(family, cases, misfits, out)) {
      summary += fmt::format("| {} | {:.1f} % | {} |\n", family, 100 * *error,
                             *error <= 0.2 ? "held" : "missed");
    }
  }
  out << summary << "\nRows off by more than 35 %:" << (misfits.empty() ? " none.\n" : "\n");
  for (const std::string& misfit : misfits) out << "- " << misfit << "\n";
  out << "\nNot expressed:\n";
  for (const ImageCase& c : cases) {
    if (!c.refusal.empty())
      out << fmt::format("- {} ({}, {}): {}\n", c.id, c.model, c.software, c.refusal);
  }
  write_attention(input.shared, out);
  out << "\nServer rows are queueing checks: MLPerf server rows.\n\n";
}

}  // namespace headroom::validation
