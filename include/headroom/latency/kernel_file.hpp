#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "headroom/hardware/gpu.hpp"
#include "headroom/json/archive.hpp"
#include "headroom/latency/kernel.hpp"

namespace headroom {

/// A shape as a point: the dimensions along which kernels are measured, ranges are kept and tables
/// are interpolated. Which ones, by kind: coordinate_names().
struct Coordinates {
  static constexpr std::size_t kMost = 8;
  std::array<double, kMost> value{};
  std::size_t count = 0;
};
Coordinates coordinates_of(const KernelShape& shape);
std::span<const std::string_view> coordinate_names(KernelKind kind);
/// A shape at that point; what is no coordinate has its usual value (causal, gated, even routing).
/// REQUIRES: at.count == coordinate_names(kind).size().
KernelShape shape_at(KernelKind kind, Dtype dtype, const Coordinates& at);

/// Whether shape_at(kind_of, dtype_of, coordinates_of) gives the shape back. Tables hold only such
/// shapes: the engine's own all-reduce, evenly routed experts, attention of one head width.
bool is_on_grid(const KernelShape& shape);

/// Errors of predictions against measurements: |predicted / measured - 1|, in shares of 1.
struct FitErrors {
  std::int64_t rows = 0;
  double mape = 0, median = 0, p90 = 0;
};
void describe(json::Archive& archive, FitErrors& errors);

/// Coefficients of the fitted family for one (GPU, kernel, data type).
struct KernelFit {
  KernelKind kind = KernelKind::kGemm;
  Dtype dtype = Dtype::kBf16;
  std::vector<double> coefficients;          ///< in the order of the kind's form
  std::vector<double> range_min, range_max;  ///< of each coordinate, over the rows fitted
  FitErrors fitted;                          ///< rows used
  FitErrors scored;                          ///< rows held back by the hash of their shape
  FitErrors scored_weights;      ///< fitted again without whole weight shapes; 0 rows: none
  std::int64_t below_bound = 0;  ///< rows left out: faster than the physical bound
  std::string source;            ///< what was measured, where
};
void describe(json::Archive& archive, KernelFit& fit);

/// The user's measured grid of one (kernel, data type): points of coordinates, and seconds.
struct KernelTable {
  KernelKind kind = KernelKind::kGemm;
  Dtype dtype = Dtype::kBf16;
  std::vector<Coordinates> points;
  std::vector<double> seconds;
  std::string source;
};
void describe(json::Archive& archive, KernelTable& table);

/// Everything measured on one GPU: what `headroom fit` writes and the catalogue ships.
class KernelFile {
 public:
  std::string gpu;
  std::vector<KernelFit> fits;
  std::vector<KernelTable> tables;
  std::vector<Provenance> provenance;
};
void describe(json::Archive& archive, KernelFile& file);

/// Shipped fits, one entry a GPU.
std::span<const KernelFile> kernel_files();
/// The shipped fits of that GPU, or nullptr.
const KernelFile* find_kernel_file(std::string_view gpu_name);

/// One coefficient of a kind's fitted form, for listings.
struct CoefficientInfo {
  std::string_view key;
  std::string_view help;
  double generic = 0;
};
std::vector<CoefficientInfo> coefficient_infos(KernelKind kind);
/// Coefficients for a GPU that nobody measured.
std::vector<double> generic_coefficients(KernelKind kind);

std::unique_ptr<KernelModel> make_bound_model(const Gpu& gpu);
/// REQUIRES: fit.coefficients as long as the form's parameters.
std::unique_ptr<KernelModel> make_fitted_model(const Gpu& gpu, const KernelFit& fit);
/// Interpolates log(measured / `fallback`) between the nearest measured points in log coordinates;
/// far from every point it is `fallback`.
std::unique_ptr<KernelModel> make_table_model(const Gpu& gpu, const KernelTable& table,
                                              std::shared_ptr<const KernelModel> fallback);
/// A point whose ratio to `reference` is off by half from the median of its nearest neighbours'
/// says more about that measurement than about the kernel: its time becomes that median's. Returns
/// how many were replaced.
std::size_t replace_outliers(const Gpu& gpu, KernelTable& table,
                             std::shared_ptr<const KernelModel> reference);

enum class KernelFamily;

/// The kernel models of one GPU: for each shape, the model of its kind and data type.
class KernelSet {
 public:
  /// `file` = the user's own, or null for the catalogue's.
  KernelSet(const Gpu& gpu, KernelFamily family, const KernelFile* file);

  double seconds(const KernelShape& shape) const { return model(shape).seconds(shape); }
  const KernelModel& model(const KernelShape& shape) const;
  /// Whether that kind was measured on this GPU (for any data type).
  bool calibrated(KernelKind kind) const { return calibrated_[static_cast<std::size_t>(kind)]; }

 private:
  std::array<std::array<std::shared_ptr<const KernelModel>, kDtypes>, kKernelKinds> models_;
  std::array<bool, kKernelKinds> calibrated_{};
};

}  // namespace headroom
