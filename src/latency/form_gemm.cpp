#include <algorithm>
#include <array>
#include <cmath>

#include "fitted_forms.hpp"

namespace headroom {
namespace {

enum Index : std::size_t {
  kLaunch,
  kEfficiency,
  kTileCost,
  kFill,
  kStore,
  kQuantization,
  kBelief,
  kBandwidth,
  kSaturation,
  kCorner,
  kSplitCost,
  kSplitTraffic,
  kNarrowInput,
  kVector,
  kSingleRow,
  kSmallTile,
  kCount
};

constexpr std::array<Parameter, kCount> kParameters{{
    {"launch_us", "time of an empty kernel inside a graph", 2.4, 0.5, 12},
    {"efficiency", "share of the peak that the largest tile reaches", 0.95, 0.3, 1},
    {"tile_cost", "width at which a tile's operand traffic halves its rate", 6, 0, 80},
    {"fill_us", "start of one tile: filling its pipeline, in proportion where k is below 512", 1.2,
     0.01, 12},
    {"store_us", "end of a tile of 256 x 128 results, smaller ones in proportion", 2, 0, 12},
    {"quantization", "share of an unfinished last wave that is lost", 0.6, 0, 1},
    {"belief", "the same as the library reckons with when it picks a tile", 0.4, 0, 1},
    {"bandwidth", "share of HBM bandwidth that a full GPU streams", 0.84, 0.3, 1.0},
    {"saturation", "share of the SMs that streams at half of that", 0.15, 0, 3},
    {"corner", "exponent that joins compute and memory time", 3, 1, 12},
    {"split_us", "extra time of a kernel that splits k", 2.5, 0, 12},
    {"split_traffic", "cost of partial sums, in bytes through HBM a byte", 0.3, 0, 4},
    {"narrow_input", "passes over 16-bit activations to narrow them, below 16 bits", 2, 0, 20},
    {"vector_us", "start of the kernel for a single row, beyond an empty one, 16 bits", 4, 0, 20},
    {"single_row_us", "extra time of a single row below 16 bits, which tiles do not take", 1, 0,
     40},
    {"small_tile", "rate of tiles with fewer than 128 x 128 results over that of larger ones", 0.6,
     0.2, 1.2},
}};

struct Tile {
  double rows, columns;
};
/// Shapes that cuBLAS, CUTLASS and their kin choose from.
constexpr std::array<Tile, 6> kTiles{
    {{256, 128}, {128, 256}, {128, 128}, {128, 64}, {64, 128}, {64, 64}}};
constexpr std::array<double, 10> kSplits{{1, 2, 3, 4, 6, 8, 12, 16, 24, 32}};
constexpr double kMicro = 1e-6;
/// A split shorter than this is never worth its partial sums.
constexpr double kShortestSplit = 256;
/// Depth of k that fills a tile's pipeline: a shorter product never gets it full.
constexpr double kFillDepth = 512;

double gemm_seconds(const Gpu& gpu, const KernelShape& any, std::span<const double> c) {
  const auto& shape = std::get<GemmShape>(any);
  const auto m = static_cast<double>(shape.m);
  const auto n = static_cast<double>(shape.n);
  const auto k = static_cast<double>(shape.k);
  const auto sms = static_cast<double>(gpu.sm_count);
  const double sm_flops = gpu.peak_flops(shape.dtype) / sms * c[kEfficiency];
  const double bandwidth = gpu.hbm_bytes_per_s * c[kBandwidth];
  const double bytes = work_of(any).bytes;
  const double width = bytes_of(shape.dtype);

  double least = 1e300;
  double best = 1e300;
  for (const Tile& tile : kTiles) {
    const double tiles = std::ceil(m / tile.rows) * std::ceil(n / tile.columns);
    const double intensity = tile.rows * tile.columns / (tile.rows + tile.columns);
    const double small = tile.rows * tile.columns < 128 * 128 ? c[kSmallTile] : 1;
    const double rate = small * sm_flops * intensity / (intensity + c[kTileCost] * width / 2);
    for (const double split : kSplits) {
      if (split > 1 && (k / split < kShortestSplit || tiles * split > 4 * sms)) break;
      const double jobs = tiles * split;
      const double waves = jobs / sms;
      const double unfinished = std::ceil(waves) - waves;
      const double tile_time = 2 * tile.rows * tile.columns * (k / split) / rate +
                               (c[kFill] * std::min(1.0, k / split / kFillDepth) +
                                c[kStore] * tile.rows * tile.columns / 32768) *
                                   kMicro;
      const double share = std::min(1.0, jobs / sms);
      const double reach = share * (1 + c[kSaturation]) / (share + c[kSaturation]);
      const double partial = split > 1 ? 8 * m * n * split * c[kSplitTraffic] : 0;
      const double stream = (bytes + partial) / (bandwidth * reach);
      const double joining = split > 1 ? c[kSplitCost] * kMicro : 0;
      const double busy = (waves + c[kBelief] * unfinished) * tile_time;
      if (std::max(busy, stream) + joining >= least) continue;
      const double believed = smooth_max(busy, stream, c[kCorner]) + joining;
      if (believed >= least) continue;
      least = believed;
      best = smooth_max((waves + c[kQuantization] * unfinished) * tile_time, stream, c[kCorner]) +
             joining;
    }
  }
  if (m == 1 && width >= 2) best = std::min(best, c[kVector] * kMicro + bytes / bandwidth);
  if (m == 1 && width < 2) best += c[kSingleRow] * kMicro;
  const double narrowing = width < 2 ? c[kNarrowInput] * 2 * m * k / gpu.hbm_bytes_per_s : 0;
  return best + narrowing + c[kLaunch] * kMicro;
}

}  // namespace

const FittedForm kGemmForm{KernelKind::kGemm, kParameters, gemm_seconds};

}  // namespace headroom
