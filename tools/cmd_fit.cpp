#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "commands.hpp"
#include "headroom/json/document.hpp"
#include "headroom/latency/deployment.hpp"
#include "headroom/report/format.hpp"
#include "kernel_input.hpp"
#include "messages.hpp"
#include "run_outputs.hpp"

namespace headroom::tools {
namespace {

using Json = nlohmann::ordered_json;

/// One kernel and number format: its fit, and how well a table of the same rows does.
struct Fitted {
  KernelFit fit;
  FitErrors table;  ///< rows held back, against a table of the others
};

using Key = std::pair<KernelKind, Dtype>;

Fitted fit_one(const Gpu& gpu, const Key& key, std::span<const MeasuredRow> rows,
               const std::string& source, bool as_table) {
  const auto [kind, dtype] = key;
  Fitted out;
  out.fit = fit_kernel(gpu, kind, dtype, rows, source);
  if (has_weights(kind)) {
    FitOptions by_weight;
    by_weight.split = FitOptions::Split::kWeight;
    out.fit.scored_weights = fit_kernel(gpu, kind, dtype, rows, source, by_weight).scored;
  }
  if (!as_table) return out;
  std::vector<MeasuredRow> scored;
  for (const MeasuredRow& row : rows) {
    if (!is_scored(row.shape) || !is_on_grid(row.shape)) continue;
    if (row.seconds >= bound_seconds(gpu, row.shape)) scored.push_back(row);
  }
  const KernelTable table = make_table(gpu, kind, dtype, rows, source, true);
  if (!table.points.empty()) {
    const auto model = make_table_model(gpu, table, make_fitted_model(gpu, out.fit));
    out.table = errors_of(*model, scored);
  }
  return out;
}

std::string range_text(const KernelFit& fit) {
  std::string text;
  const auto names = coordinate_names(fit.kind);
  for (std::size_t i = 0; i < names.size(); ++i) {
    text += fmt::format("{}{} {:g}", text.empty() ? "" : ", ", names[i], fit.range_min[i]);
    if (fit.range_max[i] > fit.range_min[i]) text += fmt::format("..{:g}", fit.range_max[i]);
  }
  return text;
}

std::string text_answer(const Gpu& gpu, const MeasuredKernels& kernels,
                        const std::vector<Fitted>& all, bool tables, const std::string& out) {
  std::string text = fmt::format(
      "{}: {} rows of {} files; {} of formats that are not modelled left out\n"
      "Errors are MAPE / median / 90th percentile, %.\n\n",
      gpu.name, kernels.rows.size(), kernels.files.size(), kernels.other_rows);
  text += pad_right("kernel", 20) + pad_right("dtype", 7) + pad_right("rows", 8) +
          pad_right("too fast", 10) + pad_right("fitted, 4/5", 21) + pad_right("scored, 1/5", 21) +
          pad_right("new weights", 21) + (tables ? "table, 1/5" : "") + "\n";
  for (const Fitted& one : all) {
    const KernelFit& fit = one.fit;
    text +=
        pad_right(std::string(name(fit.kind)), 20) + pad_right(std::string(name(fit.dtype)), 7) +
        pad_right(std::to_string(fit.fitted.rows + fit.scored.rows), 8) +
        pad_right(std::to_string(fit.below_bound), 10) + pad_right(errors_text(fit.fitted), 21) +
        pad_right(errors_text(fit.scored), 21) + pad_right(errors_text(fit.scored_weights), 21) +
        (tables ? errors_text(one.table) : "") + "\n";
  }
  text += "\nfitted ranges\n";
  for (const Fitted& one : all) {
    text += pad_right(std::string(name(one.fit.kind)), 20) +
            pad_right(std::string(name(one.fit.dtype)), 7) + range_text(one.fit) + "\n";
  }
  text +=
      "\ntoo fast: rows that beat the physical bound, left out. scored: one shape in five, held "
      "back\nby a hash of the whole shape. new weights: fitted again without one weight shape in "
      "five.\n";
  if (!out.empty()) text += "kernel model: " + out + "\n";
  return text;
}

Json errors_json(const FitErrors& errors) {
  return {
      {"rows", errors.rows}, {"mape", errors.mape}, {"median", errors.median}, {"p90", errors.p90}};
}

Json json_answer(const Gpu& gpu, const MeasuredKernels& kernels, const std::vector<Fitted>& all,
                 bool tables, const std::string& out) {
  Json list = Json::array();
  for (const Fitted& one : all) {
    Json entry = {{"kernel", name(one.fit.kind)},
                  {"dtype", name(one.fit.dtype)},
                  {"below_bound", one.fit.below_bound},
                  {"fitted", errors_json(one.fit.fitted)},
                  {"scored", errors_json(one.fit.scored)},
                  {"scored_weights", errors_json(one.fit.scored_weights)}};
    if (tables) entry["table_scored"] = errors_json(one.table);
    list.push_back(std::move(entry));
  }
  return {{"gpu", gpu.name},
          {"files", kernels.files.size()},
          {"rows", kernels.rows.size()},
          {"other_rows", kernels.other_rows},
          {"kernels", std::move(list)},
          {"written", out.empty() ? Json(nullptr) : Json(out)}};
}

}  // namespace

int fit_command(const CommandLine& line, const Terminal&) {
  const FitCommandOptions& options = line.fit;
  if (options.out == "-") {
    throw UsageError("the answer goes to standard output; -o takes a file for the models");
  }
  const std::vector<std::string> files = csv_files(options.files);
  std::vector<FileUse> reads;
  for (const std::string& file : files) reads.push_back({file, "the file of rows"});
  reads.push_back({options.gpu, "--gpu"});
  refuse_overlaps(reads, {{options.out, "-o"}});
  const Gpu gpu = gpu_of(options.gpu);
  const LayerOptions layer(options.model, options.tensor_parallel);
  const MeasuredKernels kernels = read_kernels(files, gpu, layer);
  const bool tables = options.family == "table";
  const std::string source =
      options.source.empty() ? fmt::format("measured on {}", gpu.name) : options.source;

  std::map<Key, std::vector<MeasuredRow>> groups;
  for (const MeasuredRow& row : kernels.rows) {
    groups[{kind_of(row.shape), dtype_of(row.shape)}].push_back(row);
  }
  std::vector<Fitted> all;
  KernelFile file;
  file.gpu = gpu.name;
  for (const auto& [key, rows] : groups) {
    const bool usable = std::any_of(rows.begin(), rows.end(), [&gpu](const MeasuredRow& row) {
      return !is_scored(row.shape) && row.seconds >= bound_seconds(gpu, row.shape);
    });
    if (!usable) continue;
    all.push_back(fit_one(gpu, key, rows, source, tables));
    file.fits.push_back(all.back().fit);
    if (!tables) continue;
    KernelTable table = make_table(gpu, key.first, key.second, rows, source);
    if (!table.points.empty()) file.tables.push_back(std::move(table));
  }
  if (all.empty()) {
    Issue issue;
    issue.code = "E106";
    issue.file = options.files.front();
    issue.message = "no row that a kernel model could be fitted to";
    throw InputError({issue});
  }
  file.provenance.push_back(
      {{tables ? std::vector<std::string>{"fits", "tables"} : std::vector<std::string>{"fits"}},
       source,
       "high",
       "by headroom fit; one shape in five held back and scored; errors are shares of 1"});
  if (!options.out.empty()) write_file(options.out, write_kernel_file(file));
  print_answer(options.json ? json_answer(gpu, kernels, all, tables, options.out)
                                      .dump(2, ' ', false, Json::error_handler_t::replace) +
                                  "\n"
                            : text_answer(gpu, kernels, all, tables, options.out));
  return kOk;
}

}  // namespace headroom::tools
