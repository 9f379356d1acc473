#include <utility>

#include "headroom/latency/deployment.hpp"
#include "headroom/latency/kernel_file.hpp"

namespace headroom {
namespace {

/// The measured GPU whose generation and tensor cores are nearest: its coefficients are shares of
/// the data sheet, so they carry over.
const KernelFile* nearest_relative(const Gpu& gpu) {
  struct Relative {
    std::string_view architecture, gpu;
  };
  constexpr std::array<Relative, 4> kRelatives{{{"Ampere", "A100-SXM-80GB"},
                                                {"Ada", "RTX-4090"},
                                                {"Hopper", "H100-SXM-80GB"},
                                                {"Blackwell", "B200-SXM-180GB"}}};
  for (const Relative& relative : kRelatives) {
    if (gpu.architecture == relative.architecture) return find_kernel_file(relative.gpu);
  }
  return nullptr;
}

/// The fit of (kind, dtype), else of the same width, else of 16 bits.
const KernelFit* pick(const KernelFile* file, KernelKind kind, Dtype dtype) {
  if (file == nullptr) return nullptr;
  const KernelFit* best = nullptr;
  int best_rank = 0;
  for (const KernelFit& fit : file->fits) {
    if (fit.kind != kind) continue;
    const int rank = fit.dtype == dtype                       ? 3
                     : bytes_of(fit.dtype) == bytes_of(dtype) ? 2
                     : fit.dtype == Dtype::kBf16              ? 1
                                                              : 0;
    if (rank > best_rank) {
      best = &fit;
      best_rank = rank;
    }
  }
  return best;
}

KernelFit generic_fit(KernelKind kind, Dtype dtype) {
  KernelFit fit;
  fit.kind = kind;
  fit.dtype = dtype;
  fit.coefficients = generic_coefficients(kind);
  return fit;
}

}  // namespace

KernelSet::KernelSet(const Gpu& gpu, KernelFamily family, const KernelFile* file) {
  const KernelFile* own = find_kernel_file(gpu.name);
  const KernelFile* relative = own == nullptr ? nearest_relative(gpu) : nullptr;
  const std::shared_ptr<const KernelModel> bound = make_bound_model(gpu);
  for (std::size_t k = 0; k < kKernelKinds; ++k) {
    for (std::size_t d = 0; d < kDtypes; ++d) {
      const auto kind = static_cast<KernelKind>(k);
      const auto dtype = static_cast<Dtype>(d);
      std::shared_ptr<const KernelModel>& model = models_[k][d];
      if (family == KernelFamily::kBound) {
        model = bound;
        continue;
      }
      const KernelFit* fit = pick(file, kind, dtype);
      if (fit == nullptr) fit = pick(own, kind, dtype);
      if (fit != nullptr) {
        calibrated_[k] = true;
        model = make_fitted_model(gpu, *fit);
      } else {
        KernelFit borrowed = generic_fit(kind, dtype);
        if (const KernelFit* similar = pick(relative, kind, dtype)) borrowed = *similar;
        borrowed.range_min.clear();  // of another GPU: says nothing about this one
        borrowed.range_max.clear();
        model = make_fitted_model(gpu, borrowed);
      }
      if (family != KernelFamily::kTable || file == nullptr) continue;
      for (const KernelTable& table : file->tables) {
        if (table.kind != kind || table.dtype != dtype) continue;
        model = make_table_model(gpu, table, model);
        calibrated_[k] = true;
      }
    }
  }
}

const KernelModel& KernelSet::model(const KernelShape& shape) const {
  return *models_[static_cast<std::size_t>(kind_of(shape))]
                 [static_cast<std::size_t>(dtype_of(shape))];
}

}  // namespace headroom
