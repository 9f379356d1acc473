#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <ostream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "../../support/all_cores.hpp"
#include "headroom/latency/deployment.hpp"
#include "headroom/latency/fit.hpp"
#include "sections.hpp"
#include "study.hpp"

namespace headroom::validation {
namespace {

namespace fs = std::filesystem;
using Key = std::pair<KernelKind, Dtype>;
using Groups = std::map<Key, std::vector<MeasuredRow>>;

/// Folders of data/kernels and the GPU of the catalogue that each is.
struct MeasuredGpu {
  const char* folder;
  const char* name;
  const char* engine;  ///< folders whose kernels the shipped coefficients were fitted to start so
};
constexpr std::array<MeasuredGpu, 4> kGpus{{
    {"a100_sxm", "A100-SXM-80GB", "vllm"},
    {"h100_sxm", "H100-SXM-80GB", "vllm"},
    {"h200_sxm", "H200-SXM-141GB", "vllm"},
    {"b200_sxm", "B200-SXM-180GB", "vllm"},
}};

/// The rows of one GPU under folders whose name starts with one of `engines`, by kernel and format;
/// those that beat the physical bound are left out.
Groups read_gpu(const StudyInput& input, const MeasuredGpu& measured,
                std::initializer_list<std::string_view> engines) {
  const Gpu& gpu = *find_gpu(measured.name);
  std::vector<fs::path> files;
  for (const auto& engine :
       fs::directory_iterator(input.shared / "data" / "kernels" / measured.folder)) {
    const std::string folder = engine.path().filename().string();
    if (std::none_of(engines.begin(), engines.end(),
                     [&folder](std::string_view start) { return folder.starts_with(start); })) {
      continue;
    }
    for (const auto& file : fs::directory_iterator(engine.path())) files.push_back(file.path());
  }
  std::sort(files.begin(), files.end());
  Groups groups;
  for (const fs::path& file : files) {
    for (const MeasuredRow& row : read_kernel_csv(file.string()).rows) {
      if (row.seconds < bound_seconds(gpu, row.shape)) continue;
      groups[{kind_of(row.shape), dtype_of(row.shape)}].push_back(row);
    }
  }
  return groups;
}

template <class Keep>
std::vector<MeasuredRow> kept(const std::vector<MeasuredRow>& rows, Keep keep) {
  std::vector<MeasuredRow> out;
  std::copy_if(rows.begin(), rows.end(), std::back_inserter(out),
               [&keep](const MeasuredRow& row) { return keep(row.shape); });
  return out;
}

/// Errors to keep to: MAPE, median and 90th percentile.
struct Bound {
  double mape, median, p90;
};
constexpr Bound kGemmTable{0.05, 0.03, 0.11}, kGemmFitted{0.08, 0.06, 0.18};
constexpr Bound kAttentionTable{0.045, 0.025, 0.10}, kAttentionFitted{0.09, 0.06, 0.22};
constexpr Bound kReduceTable{0.05, 0.03, 0.10}, kReduceFitted{0.07, 0.04, 0.16};
constexpr Bound kFamilyTable{0.06, 0.04, 0.13}, kFamilyFitted{0.08, 0.06, 0.18};

/// A hair more for errors that would be printed as the bound.
bool within(const FitErrors& e, const Bound& b) {
  constexpr double kHair = 5e-4;
  return e.mape <= b.mape + kHair && e.median <= b.median + kHair && e.p90 <= b.p90 + kHair;
}
std::string held_text(const FitErrors& fitted, const Bound& fitted_bound, const FitErrors& table,
                      const Bound& table_bound) {
  const auto word = [](bool held) { return held ? "yes" : "NO"; };
  return fmt::format("{}, {}", word(within(fitted, fitted_bound)),
                     word(within(table, table_bound)));
}

/// Bounds are set for bf16 kernels of A100 and H100.
bool has_bounds(const Gpu& gpu, const Key& key) {
  return key.second == Dtype::kBf16 && (gpu.name == "A100-SXM-80GB" || gpu.name == "H100-SXM-80GB");
}

bool is_engine_reduce(const KernelShape& shape) {
  const auto* message = std::get_if<CollectiveShape>(&shape);
  return message != nullptr && message->engine;
}

/// The same fit with these rows alone, none held back.
KernelFit fit_to(const Gpu& gpu, const Key& key, const std::vector<MeasuredRow>& rows) {
  FitOptions all;
  all.split = FitOptions::Split::kNone;
  return fit_kernel(gpu, key.first, key.second, rows, "study", all);
}

/// A table of these rows over that fit; the fit alone where none of them lies on a grid.
std::unique_ptr<KernelModel> table_of(const Gpu& gpu, const Key& key,
                                      const std::vector<MeasuredRow>& rows, const KernelFit& fit) {
  KernelTable table = make_table(gpu, key.first, key.second, rows, "study");
  if (table.points.empty()) return make_fitted_model(gpu, fit);
  return make_table_model(gpu, table, make_fitted_model(gpu, fit));
}

// --- shapes held back --------------------------------------------------------------------------

void write_held_back(const StudyInput& input, std::ostream& out) {
  out << "### Shapes held back\n\nThe shipped coefficients on the four fifths of the shapes they "
         "were "
         "fitted to and on the fifth held back by a hash of the whole shape, and a table of the "
         "four "
         "fifths on that fifth. MAPE / median / 90th percentile, %. Bounds, fitted and table: GEMM "
         "8 / 6 / 18 and 5 / 3 / 11, attention 9 / 6 / 22 and 4.5 / 2.5 / 10.\n\n"
         "| GPU | kernel | dtype | rows held back | fitted, own rows | fitted | table | bounds "
         "held "
         "|\n|---|---|---|---|---|---|---|---|\n";
  for (const MeasuredGpu& measured : kGpus) {
    const Gpu& gpu = *find_gpu(measured.name);
    const KernelSet kernels(gpu, KernelFamily::kFitted, nullptr);
    for (const auto& [key, rows] : read_gpu(input, measured, {measured.engine, "nccl"})) {
      const auto scored = kept(rows, is_scored);
      const auto used = kept(rows, [](const KernelShape& s) { return !is_scored(s); });
      const KernelModel& model = kernels.model(rows[0].shape);
      const auto on_grid = kept(scored, is_on_grid);
      const FitErrors fitted = errors_of(model, scored);
      FitErrors table;
      const KernelTable points = make_table(gpu, key.first, key.second, used, "study");
      if (!points.points.empty() && !on_grid.empty()) {
        const std::shared_ptr<const KernelModel> fallback(&model, [](const KernelModel*) {});
        table = errors_of(*make_table_model(gpu, points, fallback), on_grid);
      }
      std::string held = "-";
      if (has_bounds(gpu, key) && key.first == KernelKind::kGemm) {
        held = held_text(fitted, kGemmFitted, table, kGemmTable);
      } else if (has_bounds(gpu, key) && (key.first == KernelKind::kPrefillAttention ||
                                          key.first == KernelKind::kDecodeAttention)) {
        held = held_text(fitted, kAttentionFitted, table, kAttentionTable);
      }
      out << fmt::format("| {} | {} | {} | {} | {} | {} | {} | {} |\n", gpu.name, name(key.first),
                         name(key.second), scored.size(), errors_text(errors_of(model, used)),
                         errors_text(fitted), errors_text(table), held);
    }
  }
  out << "\nTables hold evenly routed experts and the engine's own all-reduce alone.\n\n";
}

// --- the engine's all-reduce -------------------------------------------------------------------

/// A held-back row of the engine's all-reduce.
struct ReduceRow {
  CollectiveShape shape;
  double measured_s, fitted_s;
  double error() const { return fitted_s / measured_s - 1; }
};

constexpr std::array<std::pair<double, const char*>, 4> kMessageBands{
    {{64.0 * 1024, "to 64 KiB"},
     {512.0 * 1024, "to 512 KiB"},
     {4.0 * 1024 * 1024, "to 4 MiB"},
     {1e18, "more"}}};

/// Signed errors by ranks and size of the message, and the rows that are off by most.
void write_reduce_residuals(const Gpu& gpu, std::vector<ReduceRow> rows, std::ostream& by_shape,
                            std::ostream& worst) {
  std::map<std::int64_t, std::array<std::vector<double>, kMessageBands.size()>> by_ranks;
  for (const ReduceRow& row : rows) {
    std::size_t band = 0;
    while (row.shape.bytes > kMessageBands[band].first) ++band;
    by_ranks[row.shape.ranks][band].push_back(100 * row.error());
  }
  for (auto& [ranks, bands] : by_ranks) {
    by_shape << fmt::format("| {} | {} |", gpu.name, ranks);
    for (std::vector<double>& errors : bands) {
      if (errors.empty()) {
        by_shape << " |";
        continue;
      }
      std::sort(errors.begin(), errors.end());
      by_shape << fmt::format(" {:+.0f} ({:+.0f} to {:+.0f}, {}) |", errors[errors.size() / 2],
                              errors.front(), errors.back(), errors.size());
    }
    by_shape << "\n";
  }
  constexpr std::size_t kWorst = 4;
  std::sort(rows.begin(), rows.end(), [](const ReduceRow& a, const ReduceRow& b) {
    return std::abs(a.error()) > std::abs(b.error());
  });
  for (std::size_t i = 0; i < std::min(kWorst, rows.size()); ++i) {
    const ReduceRow& row = rows[i];
    worst << fmt::format("| {} | {} | {:.0f} KiB | {:.1f} | {:.1f} | {:+.0f} |\n", gpu.name,
                         row.shape.ranks, row.shape.bytes / 1024, 1e6 * row.measured_s,
                         1e6 * row.fitted_s, 100 * row.error());
  }
}

/// Forty rows a GPU are too few for one fifth: each fifth in turn is held back.
void write_engine_reduce(const StudyInput& input, std::ostream& out) {
  constexpr std::size_t kFolds = 5;
  out << "### The engine's own all-reduce\n\nEach fifth of its rows held back in turn, fitted "
         "together with NCCL's; NCCL's own rows by the shipped coefficients, one fifth held "
         "back. Bounds: fitted 7 / 4 / 16, table 5 / 3 / 10.\n\n| GPU | rows | fitted | table | "
         "NCCL | bounds held |\n|---|---|---|---|---|---|\n";
  std::ostringstream by_shape;
  std::ostringstream worst;
  for (const MeasuredGpu& measured : kGpus) {
    const Gpu& gpu = *find_gpu(measured.name);
    const Key key{KernelKind::kCollective, Dtype::kBf16};
    const Groups groups = read_gpu(input, measured, {measured.engine, "nccl"});
    const std::vector<MeasuredRow>& rows = groups.at(key);
    std::array<std::vector<double>, kFolds> fitted_by_fold;
    std::array<std::vector<double>, kFolds> table_by_fold;
    std::array<std::vector<ReduceRow>, kFolds> rows_by_fold;
    on_all_cores(kFolds, [&](std::size_t fold) {
      std::vector<MeasuredRow> used;
      std::vector<MeasuredRow> held;
      std::size_t place = 0;
      for (const MeasuredRow& row : rows) {
        const bool out_of_fold = is_engine_reduce(row.shape) && place++ % kFolds == fold;
        (out_of_fold ? held : used).push_back(row);
      }
      const KernelFit fit = fit_to(gpu, key, used);
      const auto form = make_fitted_model(gpu, fit);
      const auto grid = table_of(gpu, key, used, fit);
      for (const MeasuredRow& row : held) {
        rows_by_fold[fold].push_back(
            {std::get<CollectiveShape>(row.shape), row.seconds, form->seconds(row.shape)});
        fitted_by_fold[fold].push_back(std::abs(rows_by_fold[fold].back().error()));
        table_by_fold[fold].push_back(std::abs(grid->seconds(row.shape) / row.seconds - 1));
      }
    });
    std::vector<double> fitted;
    std::vector<double> table;
    std::vector<ReduceRow> held_rows;
    for (std::size_t fold = 0; fold < kFolds; ++fold) {
      held_rows.insert(held_rows.end(), rows_by_fold[fold].begin(), rows_by_fold[fold].end());
      fitted.insert(fitted.end(), fitted_by_fold[fold].begin(), fitted_by_fold[fold].end());
      table.insert(table.end(), table_by_fold[fold].begin(), table_by_fold[fold].end());
    }
    const auto nccl =
        kept(rows, [](const KernelShape& s) { return !is_engine_reduce(s) && is_scored(s); });
    const KernelSet shipped(gpu, KernelFamily::kFitted, nullptr);
    const std::size_t count = fitted.size();
    const FitErrors form = errors_from(std::move(fitted));
    const FitErrors grid = errors_from(std::move(table));
    out << fmt::format("| {} | {} | {} | {} | {} | {} |\n", gpu.name, count, errors_text(form),
                       errors_text(grid),
                       errors_text(errors_of(shipped.model(rows[0].shape), nccl)),
                       held_text(form, kReduceFitted, grid, kReduceTable));
    write_reduce_residuals(gpu, std::move(held_rows), by_shape, worst);
  }
  out << "\nThe fitted form on those rows by ranks and message: median of predicted / measured - "
         "1, "
         "(least to most, rows), %:\n\n| GPU | ranks |";
  for (const auto& band : kMessageBands) out << fmt::format(" {} |", band.second);
  out << "\n|---|---|---|---|---|---|\n" << by_shape.str();
  out << "\nThe rows that are off by most. Each was measured once; where a longer message took "
         "less "
         "than a shorter one, that is the noise.\n\n| GPU | ranks | message | measured, us | "
         "fitted, "
         "us | error, % |\n|---|---|---|---|---|---|\n"
      << worst.str();
  out << "\n";
}

// --- whole families left out -------------------------------------------------------------------

struct Family {
  Key key;
  const char* what;
  bool (*in)(const KernelShape& shape);
};

bool has_width(const KernelShape& shape, std::int64_t width) {
  if (const auto* gemm = std::get_if<GemmShape>(&shape))
    return gemm->n == width || gemm->k == width;
  if (const auto* moe = std::get_if<MoeShape>(&shape)) return moe->d_model == width;
  return false;
}

constexpr std::array<Family, 8> kFamilies{{
    {{KernelKind::kGemm, Dtype::kBf16},
     "n or k = 4096",
     [](const KernelShape& s) { return has_width(s, 4096); }},
    {{KernelKind::kGemm, Dtype::kBf16},
     "n or k = 7168",
     [](const KernelShape& s) { return has_width(s, 7168); }},
    {{KernelKind::kGemm, Dtype::kFp8},
     "n or k = 4096",
     [](const KernelShape& s) { return has_width(s, 4096); }},
    {{KernelKind::kPrefillAttention, Dtype::kBf16},
     "8 KV heads",
     [](const KernelShape& s) { return std::get<PrefillAttentionShape>(s).kv_heads == 8; }},
    {{KernelKind::kPrefillAttention, Dtype::kBf16},
     "64 heads",
     [](const KernelShape& s) { return std::get<PrefillAttentionShape>(s).heads == 64; }},
    {{KernelKind::kDecodeAttention, Dtype::kBf16},
     "8 KV heads",
     [](const KernelShape& s) { return std::get<DecodeAttentionShape>(s).kv_heads == 8; }},
    {{KernelKind::kDecodeAttention, Dtype::kBf16},
     "64 heads",
     [](const KernelShape& s) { return std::get<DecodeAttentionShape>(s).heads == 64; }},
    {{KernelKind::kMoe, Dtype::kBf16},
     "d_model = 4096",
     [](const KernelShape& s) { return has_width(s, 4096); }},
}};

void write_families(const StudyInput& input, std::ostream& out) {
  out << "### A whole family of shapes left out\n\nFitted to all other shapes, scored on the "
         "family. Bounds for GEMM: fitted 8 / 6 / 18, table 6 / 4 / 13.\n\n| GPU | kernel | dtype "
         "| "
         "left out | rows | fitted | table | bounds held |\n|---|---|---|---|---|---|---|---|\n";
  struct Case {
    const Gpu* gpu;
    const Family* family;
    std::vector<MeasuredRow> left_out, used;
    std::string row;
  };
  std::vector<Case> cases;
  for (const MeasuredGpu& measured : kGpus) {
    const Groups groups = read_gpu(input, measured, {measured.engine});
    for (const Family& family : kFamilies) {
      const auto found = groups.find(family.key);
      if (found == groups.end()) continue;
      Case c{find_gpu(measured.name), &family, kept(found->second, family.in), {}, {}};
      c.used = kept(found->second, [&family](const KernelShape& s) { return !family.in(s); });
      if (!c.left_out.empty() && !c.used.empty()) cases.push_back(std::move(c));
    }
  }
  on_all_cores(cases.size(), [&cases](std::size_t i) {
    Case& c = cases[i];
    const Key key = c.family->key;
    const KernelFit fit = fit_to(*c.gpu, key, c.used);
    const auto grid = table_of(*c.gpu, key, c.used, fit);
    const FitErrors fitted = errors_of(*make_fitted_model(*c.gpu, fit), c.left_out);
    const FitErrors table = errors_of(*grid, kept(c.left_out, is_on_grid));
    const bool bounded = has_bounds(*c.gpu, key) && key.first == KernelKind::kGemm;
    c.row = fmt::format("| {} | {} | {} | {} | {} | {} | {} | {} |\n", c.gpu->name, name(key.first),
                        name(key.second), c.family->what, c.left_out.size(), errors_text(fitted),
                        errors_text(table),
                        bounded ? held_text(fitted, kFamilyFitted, table, kFamilyTable) : "-");
  });
  for (const Case& c : cases) out << c.row;
  out << "\n";
}

// --- a GPU left out ----------------------------------------------------------------------------

/// Weights that come from memory and take longer than the multiplication.
bool streams_weights(const Gpu& gpu, const KernelShape& shape) {
  const auto* gemm = std::get_if<GemmShape>(&shape);
  if (gemm == nullptr) return false;
  const Work work = work_of(shape);
  const double weights =
      static_cast<double>(gemm->n) * static_cast<double>(gemm->k) * bytes_of(gemm->dtype);
  return 6 * weights > gpu.l2_bytes &&  // cycled over six copies
         work.bytes / gpu.hbm_bytes_per_s > work.flop / gpu.peak_flops(gemm->dtype);
}

bool is_long_attention(const KernelShape& shape) {
  if (const auto* prefill = std::get_if<PrefillAttentionShape>(&shape)) {
    return prefill->new_tokens >= 512;
  }
  if (const auto* decode = std::get_if<DecodeAttentionShape>(&shape)) {
    return decode->context_sum / static_cast<double>(decode->sequences) >= 512;
  }
  return false;
}

/// `kernels` on the GPU's rows: weight streaming, all GEMMs, long prefill and decode.
std::string transfer_row(const Gpu& gpu, const Groups& groups, const KernelSet& kernels) {
  std::string row;
  const auto add = [&](KernelKind kind, auto keep) {
    const auto found = groups.find({kind, Dtype::kBf16});
    if (found == groups.end()) return;
    const auto rows = kept(found->second, keep);
    row += " | " + errors_text(errors_of(kernels.model(found->second[0].shape), rows));
  };
  add(KernelKind::kGemm, [&gpu](const KernelShape& s) { return streams_weights(gpu, s); });
  add(KernelKind::kGemm, [](const KernelShape&) { return true; });
  add(KernelKind::kPrefillAttention, is_long_attention);
  add(KernelKind::kDecodeAttention, is_long_attention);
  add(KernelKind::kMoe, [](const KernelShape&) { return true; });
  return row;
}

void write_transfer(const StudyInput& input, std::ostream& out) {
  out << "### A GPU left out, known by its data sheet\n\nIts rows (bf16) by coefficients that were "
         "fitted to another GPU, or by the usual ones, which lie amid those of the four. Long: 512 "
         "tokens or more.\n\n| GPU | coefficients of | GEMM that streams weights | all GEMMs | "
         "long "
         "prefill | long decode | experts |\n|---|---|---|---|---|---|---|\n";
  for (const MeasuredGpu& measured : kGpus) {
    Gpu gpu = *find_gpu(measured.name);
    const Groups groups = read_gpu(input, measured, {measured.engine});
    for (const MeasuredGpu& donor : kGpus) {
      if (&donor == &measured) continue;
      const KernelSet kernels(gpu, KernelFamily::kFitted, find_kernel_file(donor.name));
      out << fmt::format("| {} | {}{} |\n", gpu.name, donor.name,
                         transfer_row(gpu, groups, kernels));
    }
    Gpu unknown = gpu;
    unknown.name = "unknown";
    unknown.architecture = "unknown";
    const KernelSet usual(unknown, KernelFamily::kFitted, nullptr);
    out << fmt::format("| {} | usual{} |\n", gpu.name, transfer_row(gpu, groups, usual));
  }
  out << "\n";
}

// --- the same kernels of another engine --------------------------------------------------------

void write_second_opinion(const StudyInput& input, std::ostream& out) {
  out << "### TensorRT-LLM's kernels\n\nThe shipped coefficients, fitted to vLLM's kernels, on "
         "those "
         "of TensorRT-LLM (A100: 1.0.0, else 1.3.0rc20). Bias: median of predicted / measured "
         "- 1.\n\n| GPU | kernel | dtype | rows | error | bias |\n|---|---|---|---|---|---|\n";
  for (const MeasuredGpu& measured : kGpus) {
    const Gpu& gpu = *find_gpu(measured.name);
    const KernelSet kernels(gpu, KernelFamily::kFitted, nullptr);
    for (const auto& [key, rows] : read_gpu(input, measured, {"trtllm"})) {
      const KernelModel& model = kernels.model(rows[0].shape);
      std::vector<double> ratios;
      for (const MeasuredRow& row : rows) {
        ratios.push_back(model.seconds(row.shape) / row.seconds - 1);
      }
      const auto middle = ratios.begin() + static_cast<std::ptrdiff_t>(ratios.size() / 2);
      std::nth_element(ratios.begin(), middle, ratios.end());
      out << fmt::format("| {} | {} | {} | {} | {} | {:+.0f} % |\n", gpu.name, name(key.first),
                         name(key.second), rows.size(), errors_text(errors_of(model, rows)),
                         100 * *middle);
    }
  }
  out << "\n";
}

// --- residuals by shape ------------------------------------------------------------------------

void write_residuals(const StudyInput& input, std::ostream& out) {
  out << "### Where the fits are off\n\nMedian of predicted / measured - 1 (rows), %, by the first "
         "coordinate (tokens of a GEMM, prompts, sequences), powers of four.\n\n"
         "| GPU | kernel |";
  constexpr int kBins = 7;
  for (int bin = 0; bin < kBins; ++bin) out << fmt::format(" {} |", 1 << (2 * bin));
  out << "\n|---|---|---|---|---|---|---|---|---|\n";
  for (const MeasuredGpu& measured : kGpus) {
    const Gpu& gpu = *find_gpu(measured.name);
    const KernelSet kernels(gpu, KernelFamily::kFitted, nullptr);
    for (const auto& [key, rows] : read_gpu(input, measured, {measured.engine})) {
      if (key.second != Dtype::kBf16 || key.first == KernelKind::kCollective) continue;
      const KernelModel& model = kernels.model(rows[0].shape);
      std::array<std::vector<double>, kBins> bins;
      for (const MeasuredRow& row : rows) {
        const double place = std::log2(coordinates_of(row.shape).value[0]) / 2;
        const auto bin = static_cast<std::size_t>(std::clamp(place, 0.0, kBins - 1.0));
        bins[bin].push_back(model.seconds(row.shape) / row.seconds - 1);
      }
      out << fmt::format("| {} | {} |", gpu.name, name(key.first));
      for (std::vector<double>& bin : bins) {
        if (bin.empty()) {
          out << " - |";
          continue;
        }
        const auto middle = bin.begin() + static_cast<std::ptrdiff_t>(bin.size() / 2);
        std::nth_element(bin.begin(), middle, bin.end());
        out << fmt::format(" {:+.0f} ({}) |", 100 * *middle, bin.size());
      }
      out << "\n";
    }
  }
  out << "\n";
}

}  // namespace

void write_kernels(const StudyInput& input, std::ostream& out) {
  out << "## Kernels\n\nMeasured by ai-dynamo/aiconfigurator @ 095f58a51c4c (vLLM 0.14.0, on B200 "
         "and "
         "for encoders 0.24.0; NCCL), fitted by `tools/fit-kernels`. Rows that beat the physical "
         "bound are left out. Repeats of one run differ by about 1 %, engine versions by 2 to 3 % "
         "(GEMM, median) and 13 to 27 % (attention).\n\n";
  write_held_back(input, out);
  write_engine_reduce(input, out);
  write_families(input, out);
  write_transfer(input, out);
  write_second_opinion(input, out);
  write_residuals(input, out);
}

}  // namespace headroom::validation
