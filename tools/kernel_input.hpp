#pragma once

#include <optional>
#include <string>
#include <vector>

#include "headroom/hardware/gpu.hpp"
#include "headroom/latency/fit.hpp"
#include "headroom/latency/model.hpp"

namespace headroom::tools {

/// A GPU of the catalogue by name or alias, or the data sheet in a JSON file: one object as the
/// catalogue has it. Throws UsageError for an unknown name, InputError for a wrong file.
Gpu gpu_of(const std::string& name_or_file);

/// What a layer's kernel grid was measured on. Throws UsageError for an unknown model.
class LayerOptions {
 public:
  LayerOptions(const std::string& model, std::int64_t tensor_parallel);
  /// For that file: without a tensor parallelism its folder tells it ("tp2"), else 1.
  LayerContext context(const std::string& file) const;

 private:
  LayerContext context_;
};

/// Every CSV (also .gz) that the paths name: files as they are, of folders all below them, sorted.
/// Throws UsageError where there is none.
std::vector<std::string> csv_files(const std::vector<std::string>& paths);

/// Rows of all files.
struct MeasuredKernels {
  std::vector<MeasuredRow> rows;
  std::vector<std::string> files;
  std::int64_t other_rows = 0;  ///< of formats that are not modelled
};
/// Reads the files whole before it complains: throws InputError with every broken row, missing
/// column and time in another unit of all of them.
MeasuredKernels read_kernels(const std::vector<std::string>& files, const Gpu& gpu,
                             const LayerOptions& layer);

/// "8.1 / 5.7 / 17.8": MAPE, median, 90th percentile in per cent; "-" without rows.
std::string errors_text(const FitErrors& errors);

}  // namespace headroom::tools
