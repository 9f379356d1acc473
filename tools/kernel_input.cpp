#include "kernel_input.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/algorithm/string/predicate.hpp>
#include <filesystem>

#include "commands.hpp"
#include "headroom/core/error.hpp"
#include "headroom/json/document.hpp"

namespace headroom::tools {
namespace {

namespace fs = std::filesystem;

bool is_csv(const std::string& path) {
  return boost::iends_with(path, ".csv") || boost::iends_with(path, ".csv.gz");
}

template <class Entry>
[[noreturn]] void unknown(const char* kind, const std::string& name, std::span<const Entry> all) {
  std::vector<std::string> known;
  for (const Entry& entry : all) {
    known.push_back(entry.name);
    known.insert(known.end(), entry.aliases.begin(), entry.aliases.end());
  }
  const std::string near = nearest_word(name, known);
  throw UsageError(fmt::format("unknown {} '{}'{}", kind, name,
                               near.empty() ? "" : "; did you mean '" + near + "'?"));
}

}  // namespace

Gpu gpu_of(const std::string& name_or_file) {
  if (const Gpu* gpu = find_gpu(name_or_file)) return *gpu;
  if (!name_or_file.ends_with(".json")) unknown("GPU", name_or_file, gpus());
  Gpu gpu;
  json::Document::read(name_or_file, json::Document::Comments::kAllowed)
      .decode([&gpu](json::Archive& archive) { describe(archive, gpu); });
  return gpu;
}

LayerOptions::LayerOptions(const std::string& model, std::int64_t tensor_parallel) {
  if (model.empty()) return;
  context_.model = find_model(model);
  context_.tensor_parallel = tensor_parallel;
  if (context_.model == nullptr) unknown("model", model, models());
  if (context_.model->kind == ModelKind::kDiffusion) {
    throw UsageError("--model: " + context_.model->name +
                     " is an image model; a layer's kernel grid is of a transformer");
  }
}

LayerContext LayerOptions::context(const std::string& file) const {
  LayerContext context = context_;
  if (context.tensor_parallel > 0) return context;
  context.tensor_parallel = 1;
  const std::string folder = fs::absolute(file).parent_path().filename().string();
  if (folder.size() > 2 && folder.starts_with("tp") &&
      folder.find_first_not_of("0123456789", 2) == std::string::npos) {
    context.tensor_parallel = std::max<std::int64_t>(1, std::atoll(folder.c_str() + 2));
  }
  return context;
}

std::vector<std::string> csv_files(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    if (!fs::is_directory(path)) {
      files.push_back(path);
      continue;
    }
    std::vector<std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator(path)) {
      if (entry.is_regular_file() && is_csv(entry.path().string())) {
        found.push_back(entry.path().string());
      }
    }
    if (found.empty()) throw UsageError("no .csv or .csv.gz file under '" + path + "'");
    std::sort(found.begin(), found.end());
    files.insert(files.end(), found.begin(), found.end());
  }
  return files;
}

MeasuredKernels read_kernels(const std::vector<std::string>& files, const Gpu& gpu,
                             const LayerOptions& layer) {
  MeasuredKernels kernels;
  std::vector<Issue> issues;
  for (const std::string& file : files) {
    try {
      const MeasuredFile read = read_kernel_csv(file, layer.context(file));
      const std::vector<Issue> units = unit_problems(gpu, read.rows, file);
      issues.insert(issues.end(), units.begin(), units.end());
      kernels.rows.insert(kernels.rows.end(), read.rows.begin(), read.rows.end());
      kernels.other_rows += read.other_rows;
      kernels.files.push_back(file);
    } catch (const InputError& error) {
      issues.insert(issues.end(), error.issues().begin(), error.issues().end());
    }
  }
  if (!issues.empty()) throw InputError(std::move(issues));
  return kernels;
}

std::string errors_text(const FitErrors& errors) {
  if (errors.rows == 0) return "-";
  return fmt::format("{:.1f} / {:.1f} / {:.1f}", 100 * errors.mape, 100 * errors.median,
                     100 * errors.p90);
}

}  // namespace headroom::tools
