// Kernels that tools/profile_gpu.py measured on an H200 (PyTorch's, not an engine's), against the
// shipped coefficients, against fits to themselves, cold and hot.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <ostream>
#include <tuple>
#include <vector>

#include "headroom/core/check.hpp"
#include "headroom/latency/deployment.hpp"
#include "headroom/latency/fit.hpp"
#include "sections.hpp"
#include "study.hpp"

namespace headroom::validation {
namespace {

constexpr const char* kH200Gpu = "H200-SXM-141GB";
constexpr const char* kHerePath = HEADROOM_SOURCE_DIR "/tests/validation/models/h200/";

using Rows = std::vector<MeasuredRow>;

Rows rows_of_file(const std::string& folder, const std::string& kind) {
  return read_kernel_csv(kHerePath + folder + "/" + kind + ".csv").rows;
}

/// A part of one kind's rows that is looked at apart.
struct Slice {
  const char* kind;
  const char* what;
  bool (*in)(const KernelShape& shape);
};

double mean_context(const KernelShape& shape) {
  const auto& decode = std::get<DecodeAttentionShape>(shape);
  return decode.context_sum / static_cast<double>(decode.sequences);
}
std::int64_t rows_of_gemm(const KernelShape& shape) { return std::get<GemmShape>(shape).m; }
std::int64_t tokens_of_prefill(const KernelShape& shape) {
  return std::get<PrefillAttentionShape>(shape).new_tokens;
}
bool any_shape(const KernelShape&) { return true; }

constexpr std::array<Slice, 11> kSlices{{
    {"gemm", "all", any_shape},
    {"gemm", "up to 64 rows", [](const KernelShape& s) { return rows_of_gemm(s) <= 64; }},
    {"gemm", "96 to 768 rows",
     [](const KernelShape& s) { return rows_of_gemm(s) > 64 && rows_of_gemm(s) < 1024; }},
    {"gemm", "1,024 rows and more", [](const KernelShape& s) { return rows_of_gemm(s) >= 1024; }},
    {"attention_prefill", "all", any_shape},
    {"attention_prefill", "2,048 tokens and more",
     [](const KernelShape& s) { return tokens_of_prefill(s) >= 2048; }},
    {"attention_encoder", "all", any_shape},
    {"attention_decode", "all", any_shape},
    {"attention_decode", "a million numbers of context and more in all",
     [](const KernelShape& s) {
       const auto& decode = std::get<DecodeAttentionShape>(s);
       return mean_context(s) * static_cast<double>(decode.sequences * decode.kv_heads) >= 1 << 20;
     }},
    {"moe", "all", any_shape},
    {"elementwise", "all", any_shape},
}};

void write_shipped(const Gpu& gpu, std::ostream& out) {
  const KernelSet kernels(gpu, KernelFamily::kFitted, nullptr);
  out << "| kind | rows | MAPE / median / 90th percentile | bias |\n|---|---|---|---|\n";
  for (const Slice& slice : kSlices) {
    ErrorSample errors;
    for (const MeasuredRow& row : rows_of_file("full", slice.kind)) {
      if (!slice.in(row.shape)) continue;
      errors.add(kernels.model(row.shape).seconds(row.shape), row.seconds);
    }
    const ErrorSummary summary = errors.summary();
    out << fmt::format("| {}, {} | {} | {} | {:+.1f} |\n", slice.kind, slice.what, summary.rows,
                       three_errors(summary), summary.bias);
  }
  out << "\n";
}

void write_own_fits(const Gpu& gpu, std::ostream& out) {
  out << "The forms fitted to these rows instead, and tables of them, on the fifth of the shapes "
         "held back:\n\n| kind | rows held back | fitted | table |\n|---|---|---|---|\n";
  for (const char* kind : {"gemm", "attention_prefill", "attention_decode", "moe", "elementwise"}) {
    const Rows rows = rows_of_file("full", kind);
    const KernelKind of = kind_of(rows[0].shape);
    const Dtype dtype = dtype_of(rows[0].shape);
    const KernelFit fit = fit_kernel(gpu, of, dtype, rows, "study");
    Rows scored;
    Rows used;
    for (const MeasuredRow& row : rows) {
      if (row.seconds < bound_seconds(gpu, row.shape)) continue;
      (is_scored(row.shape) ? scored : used).push_back(row);
    }
    std::string table = "-";
    const KernelTable points = make_table(gpu, of, dtype, used, "study");
    if (!points.points.empty()) {
      const auto model = make_table_model(gpu, points, make_fitted_model(gpu, fit));
      Rows on_grid;
      std::copy_if(scored.begin(), scored.end(), std::back_inserter(on_grid),
                   [](const MeasuredRow& row) { return is_on_grid(row.shape); });
      if (!on_grid.empty()) table = errors_text(errors_of(*model, on_grid));
    }
    out << fmt::format("| {} | {} | {} | {} |\n", kind, fit.scored.rows, errors_text(fit.scored),
                       table);
  }
  out << "\n";
}

double middle(std::vector<double> values) {
  HEADROOM_CHECK(!values.empty(), "a band holds rows");
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

std::string band_of(const std::string& kind, const KernelShape& shape) {
  if (kind == "gemm") {
    const std::int64_t m = rows_of_gemm(shape);
    return m <= 64 ? "up to 64 rows" : m < 4096 ? "256 and 1,024 rows" : "4,096 rows";
  }
  if (kind == "attention_prefill") {
    return tokens_of_prefill(shape) < 4096 ? "up to 1,024 tokens" : "4,096 tokens";
  }
  return "all";
}

void write_heat(const Gpu& gpu, std::ostream& out) {
  out << "Hot over cold: the same kernel after a second of itself, over the mean of two cold runs; "
         "noise is the median difference of those two. The server factor is the least squares of "
         "(hot / cold - 1) on the share of computing, as a step applies it.\n\n"
         "| kind | rows | hot / cold, median | least | most | noise, % "
         "|\n|---|---|---|---|---|---|\n";
  std::string factors;
  for (const std::string kind : {"gemm", "attention_prefill", "attention_decode"}) {
    const Rows first = rows_of_file("repeat_1", kind);
    const Rows second = rows_of_file("repeat_2", kind);
    const Rows hot = rows_of_file("hot", kind);
    HEADROOM_CHECK(first.size() == hot.size() && second.size() == hot.size(), "one grid");
    std::map<std::string, std::vector<double>> bands;  // hot / cold
    std::vector<double> alone;
    std::vector<double> noise;
    for (std::size_t i = 0; i < hot.size(); ++i) {
      const double cold = (first[i].seconds + second[i].seconds) / 2;
      alone.push_back(cold);
      noise.push_back(std::abs(second[i].seconds / first[i].seconds - 1));
      bands[band_of(kind, hot[i].shape)].push_back(hot[i].seconds / cold);
    }
    for (const auto& [name, ratios] : bands) {
      const auto [least, most] = std::minmax_element(ratios.begin(), ratios.end());
      out << fmt::format("| {}, {} | {} | {:.3f} | {:.3f} | {:.3f} | {:.1f} |\n", kind, name,
                         ratios.size(), middle(ratios), *least, *most, 100 * middle(noise));
    }
    if (const auto factor = server_factor_of(gpu, hot, alone)) {
      factors += fmt::format("{} {:.2f} ({} rows that compute, rms {:.1f} %)", kind, factor->factor,
                             factor->rows, 100 * factor->rms);
    }
  }
  out << "\nServer factor: " << factors << ".\n\n";
}

}  // namespace

void write_h200(const StudyInput&, std::ostream& out) {
  const Gpu& gpu = *find_gpu(kH200Gpu);
  out << "## An H200 measured by tools/profile_gpu.py\n"
         "3,420 kernels of PyTorch 2.11 (CUDA 13.0) on one H200, measured on 2026-11-26 in under "
         "three minutes (`tests/validation/models/h200`). Nothing shipped was fitted to them: the "
         "coefficients are those of vLLM's kernels on another H200. GEMMs are cuBLAS's in both; "
         "attention (`scaled_dot_product_attention`), experts (`_grouped_mm`) and elementwise "
         "kernels (copy, add) are not the ones an engine calls, so their rows show how far another "
         "library's kernels lie, in %.\n\n";
  write_shipped(gpu, out);
  write_own_fits(gpu, out);
  write_heat(gpu, out);
}

}  // namespace headroom::validation
