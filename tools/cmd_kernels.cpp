#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
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

std::optional<KernelFile> kernel_model(const std::string& path) {
  if (path.empty()) return std::nullopt;
  KernelFile file;
  json::Document::read(path, json::Document::Comments::kAllowed)
      .decode([&file](json::Archive& archive) { describe(archive, file); });
  return file;
}

KernelFamily family_of(const KernelsOptions& options, const std::optional<KernelFile>& file) {
  if (options.family == "bound") return KernelFamily::kBound;
  if (options.family == "fitted") return KernelFamily::kFitted;
  const bool has_tables = file && !file->tables.empty();
  if (options.family == "table" && !has_tables) {
    throw UsageError(
        "--family table needs a --kernel-model with tables (headroom fit --family table)");
  }
  return has_tables ? KernelFamily::kTable : KernelFamily::kFitted;
}

/// One measured row and what the model says about it.
struct Prediction {
  const MeasuredRow* row = nullptr;
  double seconds = 0;
  double outside = 1;  ///< factor beyond the fitted range, 1 inside
  bool below_bound = false;
  double error() const { return seconds / row->seconds - 1; }
};

/// What one kernel and number format came to.
struct Summary {
  FitErrors errors;
  double bias = 0;  ///< mean of predicted / measured - 1
  std::optional<ServerFactor> server;
  std::int64_t below_bound = 0, outside = 0;
};
using Summaries = std::map<std::pair<KernelKind, Dtype>, Summary>;

Summaries summarise(const Gpu& gpu, const std::vector<Prediction>& predictions) {
  struct Kept {
    std::vector<MeasuredRow> rows;
    std::vector<double> seconds, deviations;
    double sum = 0;
  };
  std::map<std::pair<KernelKind, Dtype>, Kept> by_kernel;
  Summaries all;
  for (const Prediction& p : predictions) {
    const std::pair key{kind_of(p.row->shape), dtype_of(p.row->shape)};
    Summary& summary = all[key];
    summary.outside += p.outside > 1 ? 1 : 0;
    summary.below_bound += p.below_bound ? 1 : 0;
    if (p.below_bound) continue;
    Kept& kept = by_kernel[key];
    kept.rows.push_back(*p.row);
    kept.seconds.push_back(p.seconds);
    kept.deviations.push_back(std::abs(p.error()));
    kept.sum += p.error();
  }
  for (auto& [key, kept] : by_kernel) {
    Summary& summary = all[key];
    summary.bias = kept.sum / static_cast<double>(kept.rows.size());
    summary.server = server_factor_of(gpu, kept.rows, kept.seconds);
    summary.errors = errors_from(std::move(kept.deviations));
  }
  return all;
}

std::string table(const Summaries& all) {
  std::string text = pad_right("kernel", 18) + pad_right("dtype", 6) + pad_right("rows", 7) +
                     pad_right("MAPE", 8) + pad_right("median", 8) + pad_right("p90", 8) +
                     pad_right("bias", 9) + pad_right("outside", 8) + "too fast\n";
  std::string factors;
  for (const auto& [key, s] : all) {
    const bool none = s.errors.rows == 0;
    text += pad_right(std::string(name(key.first)), 18) +
            pad_right(std::string(name(key.second)), 6) +
            pad_right(std::to_string(s.errors.rows), 7);
    for (const double value : {s.errors.mape, s.errors.median, s.errors.p90}) {
      text += pad_right(none ? "-" : fmt::format("{:.1f} %", 100 * value), 8);
    }
    text += pad_right(none ? "-" : fmt::format("{:+.1f} %", 100 * s.bias), 9) +
            pad_right(std::to_string(s.outside), 8) + std::to_string(s.below_bound) + "\n";
    if (s.server) {
      factors += fmt::format(
          "server_factor these rows ask for: {:.2f} ({} {}, {} rows, rms {:.1f} %)\n",
          s.server->factor, name(key.first), name(key.second), s.server->rows, 100 * s.server->rms);
    }
  }
  return factors.empty() ? text : text + "\n" + factors;
}

Json table_json(const Summaries& all) {
  Json list = Json::array();
  for (const auto& [key, s] : all) {
    Json row{{"kernel", name(key.first)},
             {"dtype", name(key.second)},
             {"rows", s.errors.rows},
             {"mape", s.errors.mape},
             {"median", s.errors.median},
             {"p90", s.errors.p90},
             {"bias", s.bias},
             {"outside", s.outside},
             {"below_bound", s.below_bound}};
    if (s.server) {
      row["server_factor"] = {
          {"value", s.server->factor}, {"rms", s.server->rms}, {"rows", s.server->rows}};
    }
    list.push_back(std::move(row));
  }
  return list;
}

/// Every input row with predicted_ms, error (predicted / measured - 1, where measured) and outside
/// (factor beyond the fitted range, 1 inside it). Rows of formats that are not modelled keep these
/// empty.
std::string rows_text(const MeasuredFile& file, std::span<const Prediction> predictions) {
  std::string text = file.header + ",predicted_ms,error,outside\n";
  std::size_t next = 0;
  for (std::size_t i = 0; i < file.lines.size(); ++i) {
    text += file.lines[i];
    if (next < predictions.size() && predictions[next].row->line == file.line_numbers[i]) {
      const Prediction& p = predictions[next++];
      text += fmt::format(",{:.6g},", p.seconds * 1e3);
      if (p.row->seconds > 0) text += fmt::format("{:.4f}", p.error());
      text += fmt::format(",{:.4g}\n", p.outside);
    } else {
      text += ",,,\n";
    }
  }
  return text;
}

std::vector<Prediction> predict(const KernelSet& kernels, const Gpu& gpu,
                                const MeasuredFile& file) {
  std::vector<Prediction> predictions;
  predictions.reserve(file.rows.size());
  for (const MeasuredRow& row : file.rows) {
    const KernelModel& model = kernels.model(row.shape);
    predictions.push_back({&row, model.seconds(row.shape), model.outside(row.shape),
                           row.seconds > 0 && row.seconds < bound_seconds(gpu, row.shape)});
  }
  return predictions;
}

int predict_rows(const KernelsOptions& options, const MeasuredFile& file,
                 const std::vector<Prediction>& predictions) {
  const std::string rows = rows_text(file, predictions);
  if (options.json) {
    Json list = Json::array();
    for (const Prediction& p : predictions) {
      list.push_back({{"line", p.row->line},
                      {"predicted_ms", p.seconds * 1e3},
                      {"error", p.row->seconds > 0 ? Json(p.error()) : Json(nullptr)},
                      {"outside", p.outside}});
    }
    if (!options.out.empty()) write_file(options.out, rows);
    print_answer(list.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
  } else if (options.out.empty() || options.out == "-") {
    print_answer(rows);
  } else {
    write_file(options.out, rows);
  }
  return kOk;
}

}  // namespace

int kernels_command(const CommandLine& line, const Terminal&) {
  const KernelsOptions& options = line.kernels;
  const bool evaluates = options.action == "evaluate";
  if (options.out == "-" && (evaluates || options.json)) {
    throw UsageError("the answer goes to standard output; -o takes a file for the rows");
  }
  refuse_overlaps({{options.data, "the file of rows"},
                   {options.kernel_model, "--kernel-model"},
                   {options.gpu, "--gpu"}},
                  {{options.out, "-o"}});
  const Gpu gpu = gpu_of(options.gpu);
  const LayerOptions layer(options.model, options.tensor_parallel);
  const std::optional<KernelFile> own = kernel_model(options.kernel_model);
  const KernelFamily family = family_of(options, own);
  if (family == KernelFamily::kTable && own->gpu != gpu.name) {
    throw UsageError("the tables of " + options.kernel_model + " are times of " + own->gpu +
                     ", not of " + gpu.name + "; --family fitted scales its fits");
  }
  const KernelSet kernels(gpu, family, own ? &*own : nullptr);

  ReadOptions reading;
  reading.needs_time = evaluates;
  reading.keep_lines = true;
  const MeasuredFile file = read_kernel_csv(options.data, layer.context(options.data), reading);
  if (evaluates) {
    std::vector<Issue> units = unit_problems(gpu, file.rows, options.data);
    if (!units.empty()) throw InputError(std::move(units));
    if (file.rows.empty()) {
      Issue issue;
      issue.code = "E130";
      issue.file = options.data;
      issue.message = "no row to evaluate";
      if (file.other_rows > 0) {
        issue.message += fmt::format("; {} of formats that are not modelled", file.other_rows);
      }
      throw InputError({issue});
    }
  }
  const std::vector<Prediction> predictions = predict(kernels, gpu, file);
  if (!evaluates) return predict_rows(options, file, predictions);

  const Summaries summaries = summarise(gpu, predictions);
  if (!options.out.empty()) write_file(options.out, rows_text(file, predictions));
  if (options.json) {
    print_answer(Json{{"gpu", gpu.name},
                      {"data", options.data},
                      {"other_rows", file.other_rows},
                      {"kernels", table_json(summaries)}}
                     .dump(2, ' ', false, Json::error_handler_t::replace) +
                 "\n");
  } else {
    print_answer(
        table(summaries) +
        fmt::format("\noutside: rows beyond the fitted range. too fast: rows that beat the "
                    "physical bound of {},\nleft out of the errors. {} rows of formats that "
                    "are not modelled.\n",
                    gpu.name, file.other_rows));
  }
  return kOk;
}

}  // namespace headroom::tools
