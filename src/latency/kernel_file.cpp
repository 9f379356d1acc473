#include "headroom/latency/kernel_file.hpp"

#include <algorithm>
#include <string>

#include "embedded.hpp"
#include "fitted_forms.hpp"
#include "headroom/json/document.hpp"
#include "headroom/latency/deployment.hpp"

namespace headroom {
namespace {

constexpr std::array<json::Choice, kKernelKinds> kKindChoices{{
    {"gemm", "matrix product"},
    {"attention_prefill", "attention of new tokens over all before them"},
    {"attention_decode", "attention of one new token a sequence"},
    {"memory", "kernels that only move bytes"},
    {"collective", "messages between GPUs"},
    {"moe", "fused mixture-of-experts feed-forward"},
    {"network", "one forward of an image network"},
    {"attention_encoder", "attention of all tokens over all, as encoders and image models do"},
}};

void describe_dtype(json::Archive& archive, Dtype& dtype) {
  std::string format(name(dtype));
  archive.choice({"dtype", "number format that sets its rate"}, format, dtype_choices());
  for (const json::Choice& choice : dtype_choices()) {
    if (choice.name == format) dtype = dtype_from_name(format);
  }
}

/// The coefficients of one kernel's form. Another kernel than the fit's leaves it as it is, unless
/// a document is read that names that kernel.
void describe_form(json::Archive& archive, KernelFit& fit, KernelKind kind) {
  const FittedForm& form = fitted_form(kind);
  std::vector<double> values = fit.coefficients;
  if (fit.kind != kind || values.size() != form.parameters.size()) {
    values = generic_coefficients(kind);
  }
  archive.object_field({"coefficients", "of the form of docs/model-latency.md"},
                       [&](json::Archive& inner) {
                         for (std::size_t i = 0; i < form.parameters.size(); ++i) {
                           const Parameter& p = form.parameters[i];
                           inner.number({p.key, p.help}, values[i], {p.min, p.max});
                         }
                       });
  if (!archive.decoding()) return;
  fit.kind = kind;
  fit.coefficients = std::move(values);
}

std::vector<KernelFile> read_catalogue() {
  const json::Document document = json::Document::parse(
      std::string(embedded::kernels_json()), "kernels.json", json::Document::Comments::kForbidden);
  std::vector<KernelFile> files;
  document.decode([&files](json::Archive& archive) {
    archive.list({"kernels", "shipped fits by GPU", json::Need::kRequired}, files);
  });
  return files;
}

}  // namespace

void describe(json::Archive& archive, FitErrors& errors) {
  archive.integer({"rows", "measurements compared"}, errors.rows, {0, 1e12});
  archive.number({"mape", "mean of |predicted / measured - 1|"}, errors.mape, json::kNonNegative);
  archive.number({"median", "median of the same"}, errors.median, json::kNonNegative);
  archive.number({"p90", "90th percentile of the same"}, errors.p90, json::kNonNegative);
}

void describe(json::Archive& archive, KernelFit& fit) {
  std::vector<json::Archive::Branch> branches;
  for (std::size_t i = 0; i < kKernelKinds; ++i) {
    const auto kind = static_cast<KernelKind>(i);
    branches.push_back({kKindChoices[i].name, kKindChoices[i].summary,
                        [&fit, kind](json::Archive& a) { describe_form(a, fit, kind); }});
  }
  std::string kernel(name(fit.kind));
  archive.variant({"kernel", "which kernel", json::Need::kRequired}, kernel, branches);
  describe_dtype(archive, fit.dtype);
  archive.numbers({"range_min", "smallest value of each coordinate fitted"}, fit.range_min,
                  json::kNonNegative);
  archive.numbers({"range_max", "largest value of each coordinate fitted"}, fit.range_max,
                  json::kNonNegative);
  archive.object({"fitted", "errors on the rows used"}, fit.fitted);
  archive.object({"scored", "errors on the rows held back"}, fit.scored);
  archive.object({"scored_weights", "errors where whole weight shapes are held back instead"},
                 fit.scored_weights);
  archive.integer({"below_bound", "rows left out because they beat the physical bound"},
                  fit.below_bound, {0, 1e12});
  archive.text({"source", "what was measured"}, fit.source);
}

void describe(json::Archive& archive, KernelTable& table) {
  std::string kernel(name(table.kind));
  archive.choice({"kernel", "which kernel", json::Need::kRequired}, kernel, kKindChoices);
  for (std::size_t i = 0; i < kKernelKinds; ++i) {
    if (kKindChoices[i].name == kernel) table.kind = static_cast<KernelKind>(i);
  }
  describe_dtype(archive, table.dtype);
  const std::size_t width = coordinate_names(table.kind).size() + 1;
  std::vector<double> flat;
  for (std::size_t i = 0; i < table.points.size(); ++i) {
    const auto& value = table.points[i].value;
    flat.insert(flat.end(), value.begin(), value.begin() + static_cast<std::ptrdiff_t>(width - 1));
    flat.push_back(table.seconds[i]);
  }
  archive.numbers({"rows", "coordinates and seconds, one row after the other"}, flat,
                  json::kNonNegative);
  if (archive.decoding() && (flat.empty() || flat.size() % width != 0)) {
    archive.problem("rows", "E113",
                    "a row has " + std::to_string(width) + " numbers; found " +
                        std::to_string(flat.size()) + " numbers in all");
    flat.clear();
  }
  table.points.clear();
  table.seconds.clear();
  for (std::size_t at = 0; at + width <= flat.size(); at += width) {
    Coordinates point;
    point.count = width - 1;
    std::copy_n(flat.begin() + static_cast<std::ptrdiff_t>(at), point.count, point.value.begin());
    table.points.push_back(point);
    table.seconds.push_back(flat[at + width - 1]);
  }
  archive.text({"source", "what was measured"}, table.source);
}

void describe(json::Archive& archive, KernelFile& file) {
  archive.text({"gpu", "GPU of the catalogue that was measured", json::Need::kRequired}, file.gpu);
  archive.list({"fits", "coefficients"}, file.fits);
  archive.list({"tables", "measured grids"}, file.tables);
  archive.list({"provenance", "sources of the measurements"}, file.provenance);
}

std::span<const KernelFile> kernel_files() {
  static const std::vector<KernelFile> catalogue = read_catalogue();
  return catalogue;
}

const KernelFile* find_kernel_file(std::string_view gpu_name) {
  const auto files = kernel_files();
  const auto found = std::find_if(files.begin(), files.end(),
                                  [gpu_name](const KernelFile& f) { return f.gpu == gpu_name; });
  return found == files.end() ? nullptr : &*found;
}

std::vector<CoefficientInfo> coefficient_infos(KernelKind kind) {
  std::vector<CoefficientInfo> infos;
  for (const Parameter& p : fitted_form(kind).parameters) {
    infos.push_back({p.key, p.help, p.generic});
  }
  return infos;
}

std::vector<double> generic_coefficients(KernelKind kind) {
  std::vector<double> values;
  for (const Parameter& p : fitted_form(kind).parameters) values.push_back(p.generic);
  return values;
}

}  // namespace headroom
