#include <fmt/format.h>

#include <map>
#include <ostream>
#include <tuple>

#include "headroom/latency/deployment.hpp"
#include "headroom/latency/fit.hpp"
#include "sections.hpp"

namespace headroom::validation {
namespace {

namespace fs = std::filesystem;

/// Folders of data/kernels and the GPU of the catalogue that each is.
struct MeasuredGpu {
  const char* folder;
  const char* gpu;
  const char* engine;  ///< whose kernels the shipped coefficients were fitted to
};
constexpr std::array<MeasuredGpu, 4> kGpus{{
    {"a100_sxm", "A100-SXM-80GB", "vllm-0.14.0"},
    {"h100_sxm", "H100-SXM-80GB", "vllm-0.14.0"},
    {"h200_sxm", "H200-SXM-141GB", "vllm-0.14.0"},
    {"b200_sxm", "B200-SXM-180GB", "vllm-0.24.0"},
}};

std::vector<MeasuredRow> read_folder(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<MeasuredRow> rows;
  for (const fs::path& file : files) {
    const MeasuredFile read = read_kernel_csv(file.string());
    rows.insert(rows.end(), read.rows.begin(), read.rows.end());
  }
  return rows;
}

}  // namespace

void write_kernels(const StudyInput& input, std::ostream& out) {
  out << "## Kernels\nErrors of the shipped coefficients, MAPE / median / 90th percentile in %, on "
         "the shapes held back.\n\n| GPU | kernel | dtype | rows | error "
         "|\n|---|---|---|---|---|\n";
  for (const MeasuredGpu& measured : kGpus) {
    const Gpu& gpu = *find_gpu(measured.gpu);
    const KernelSet kernels(gpu, KernelFamily::kFitted, nullptr);
    std::map<std::pair<KernelKind, Dtype>, std::vector<MeasuredRow>> scored;
    for (const MeasuredRow& row :
         read_folder(input.shared / "data" / "kernels" / measured.folder / measured.engine)) {
      if (row.seconds < bound_seconds(gpu, row.shape) || !is_scored(row.shape)) continue;
      scored[{kind_of(row.shape), dtype_of(row.shape)}].push_back(row);
    }
    for (const auto& [key, rows] : scored) {
      const FitErrors e = errors_of(kernels.model(rows[0].shape), rows);
      out << fmt::format("| {} | {} | {} | {} | {:.1f} / {:.1f} / {:.1f} |\n", gpu.name,
                         name(key.first), name(key.second), e.rows, 100 * e.mape, 100 * e.median,
                         100 * e.p90);
    }
  }
  out << "\n";
}

}  // namespace headroom::validation
