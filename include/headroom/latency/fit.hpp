#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "headroom/core/error.hpp"
#include "headroom/hardware/gpu.hpp"
#include "headroom/latency/kernel.hpp"
#include "headroom/latency/kernel_file.hpp"
#include "headroom/latency/model.hpp"

/// From measured kernel times to kernel models.
namespace headroom {

/// One measured kernel.
struct MeasuredRow {
  KernelShape shape;
  double seconds = 0;
  int line = 0;  ///< in its file, from 1
};

/// What a CSV file of kernel times held.
struct MeasuredFile {
  std::vector<MeasuredRow> rows;
  std::string header;              ///< its line of column names
  std::vector<std::string> lines;  ///< every data row as it stands, where asked for
  std::vector<int> line_numbers;   ///< of `lines`, in the file
  std::int64_t other_rows =
      0;             ///< of a kind or format the models do not cover (windows, int4, ...)
  std::string kind;  ///< layout the header told: "gemm", "attention_prefill", ...
};
/// What a layer's kernel grid (dense, attention, per_sequence) was measured on: the shapes are the
/// model's.
struct LayerContext {
  const Model* model = nullptr;
  std::int64_t tensor_parallel = 1;
};
/// How a file of kernel times is read.
struct ReadOptions {
  bool needs_time = true;   ///< false: a missing time column leaves MeasuredRow::seconds 0
  bool keep_lines = false;  ///< fill MeasuredFile::lines
};
/// Reads a CSV (also .gz) of kernel times; the layout is told by its header (docs/model-latency.md
/// lists them). Throws InputError: E102 unreadable, E104 unknown header or missing column, E105 a
/// broken row, E106 a layer grid without a model, each with file and line;
/// every broken row of the file at once.
MeasuredFile read_kernel_csv(const std::string& path, const LayerContext& context = {},
                             const ReadOptions& options = {});
/// The same from text; `name` is used in errors.
MeasuredFile parse_kernel_csv(std::string_view text, const std::string& name,
                              const LayerContext& context = {}, const ReadOptions& options = {});

/// Rows whose time can only be in another unit: over a hundred times faster than the physical
/// bound, or over 300 times slower than it while longer than 30 ms. E105, with file and line.
std::vector<Issue> unit_problems(const Gpu& gpu, std::span<const MeasuredRow> rows,
                                 const std::string& file);

/// Whether the row is held back to score: one shape in five, by a hash of the whole shape (the same
/// for every GPU, engine and machine).
bool is_scored(const KernelShape& shape);

/// Another split, which asks more: one weight shape in five (n and k of a GEMM; widths and number
/// of experts) is held back with all its token counts. False for kernels without weights.
bool is_scored_by_weight(const KernelShape& shape);
bool has_weights(KernelKind kind);

/// |predicted / measured - 1| of a model over rows.
/// The same from the deviations themselves.
FitErrors errors_from(std::vector<double> deviations);
FitErrors errors_of(const KernelModel& model, std::span<const MeasuredRow> rows);

/// The server factor (Deployment's) that rows measured in a server or on a hot chip ask for.
struct ServerFactor {
  double factor = 1;
  double rms = 0;         ///< of measured / time alone about it
  std::int64_t rows = 0;  ///< rows that compute more than they wait for memory
};
/// Least squares of measured / alone - 1 = (factor - 1) x share of computing, which is how a step
/// applies the factor (docs/model-latency.md, The chain). `alone_s` are the kernels' times on a
/// cool chip, predicted or measured, one a row. Nothing where fewer than ten rows compute more than
/// they wait for memory: those alone tell. REQUIRES: as many times as rows, all above zero.
std::optional<ServerFactor> server_factor_of(const Gpu& gpu, std::span<const MeasuredRow> rows,
                                             std::span<const double> alone_s);

struct FitOptions {
  /// Which rows are held back and scored.
  enum class Split { kNone, kShape, kWeight };
  Split split = Split::kShape;
  int rounds = 60;   ///< Levenberg-Marquardt steps at most
  int restarts = 1;  ///< passes at most over the coefficients, each moved far to either side
  /// Larger sets are thinned to about this many rows for the search among valleys, and for the last
  /// descent; errors are over all.
  std::size_t search_rows = 1200;
  std::size_t most_rows = 4000;
};
/// Fits the form of `kind` to the rows of that kind and dtype: rows faster than the physical bound
/// are left out and counted, four fifths are fitted, one fifth is scored. Minimises the soft-L1
/// norm of log(predicted / measured), so that outliers pull little. Starts from the generic
/// coefficients and, where given, from `start` too, and keeps the better. REQUIRES: at least one
/// such row. `KernelFit::scored_weights` is left to the caller, who fits once more with
/// Split::kWeight.
KernelFit fit_kernel(const Gpu& gpu, KernelKind kind, Dtype dtype,
                     std::span<const MeasuredRow> rows, std::string source,
                     const FitOptions& options = {}, const KernelFit* start = nullptr);

/// A table of the rows of that kind and dtype (median where a shape was measured more than once).
KernelTable make_table(const Gpu& gpu, KernelKind kind, Dtype dtype,
                       std::span<const MeasuredRow> rows, std::string source,
                       bool hold_back = false);

/// Kernel-model file as JSON text, as json::Document and describe(KernelFile) read it back.
std::string write_kernel_file(const KernelFile& file);

}  // namespace headroom
