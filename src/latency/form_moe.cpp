#include <algorithm>
#include <array>
#include <cmath>

#include "fitted_forms.hpp"

namespace headroom {
namespace {

constexpr double kMicro = 1e-6;

enum Index : std::size_t {
  kLaunch,
  kEfficiency,
  kBlock,
  kFill,
  kBandwidth,
  kCorner,
  kPermute,
  kFavourite,
  kSpread,
  kSaturation,
  kAllRows,
  kGather,
  kCount
};

constexpr std::array<Parameter, kCount> kParameters{{
    {"launch_us", "routing, sorting and the launches of the fused layer", 38, 2, 200},
    {"efficiency", "share of the peak of full blocks of tokens", 0.27, 0.1, 1},
    {"block_tokens", "tokens of one expert that are padded to a block", 80, 4, 256},
    {"fill_us", "start and end of one block of one expert", 0.1, 0.05, 30},
    {"bandwidth", "share of HBM bandwidth at which expert weights stream", 0.85, 0.2, 1},
    {"corner", "exponent that joins compute and memory time", 2.2, 1, 12},
    {"permute", "traffic of gathering and scattering tokens, in passes", 1.5, 0, 40},
    {"favourite", "share of tokens that pick the favourite expert where choices are skewed", 0.7, 0,
     1},
    {"spread", "chance of the other experts to be picked at all, skewed over even", 0.8, 0.05, 1},
    {"saturation", "share of the SMs that streams at half of the bandwidth", 0.05, 0, 3},
    {"all_rows", "passes over the rows of all groups' experts: activation and the final sum", 4, 0,
     10},
    {"gather", "share of the busiest group where choices are skewed, as power of the groups", 0.65,
     0, 1},
}};

/// Rows and columns of the result that one thread block makes.
constexpr double kTileColumns = 128;

double moe_seconds(const Gpu& gpu, const KernelShape& any, std::span<const double> c) {
  const auto& s = std::get<MoeShape>(any);
  const auto sms = static_cast<double>(gpu.sm_count);
  const double experts = static_cast<double>(s.experts) / static_cast<double>(s.ep);
  const auto tokens = static_cast<double>(s.tokens);
  const auto per_token = static_cast<double>(s.per_token);
  const double width = static_cast<double>(s.d_ff) / static_cast<double>(s.tp);
  const auto d = static_cast<double>(s.d_model);
  const double matrices = s.gated ? 3 : 2;

  // Where choices are skewed, the busiest group holds the favourite expert, which takes a share of
  // all tokens, and more than its share of the others.
  const bool skewed = s.skew > 0;
  const double rows = tokens * per_token;
  const double group = std::pow(static_cast<double>(s.ep), skewed ? -c[kGather] : -1);
  const double top = skewed ? std::min(1.0, c[kFavourite] * std::min(1.0, s.skew)) : 0;
  const double favourite = tokens * top;
  const double routed = std::max(rows * group, favourite);
  // Distinct experts visited when each token picks per_token of all; a skewed choice finds fewer.
  const double chance = std::min(1.0, per_token * group / experts) * std::pow(c[kSpread], s.skew);
  const double found = 1 - std::pow(1 - chance, tokens);
  const double visited = skewed ? 1 + (experts - 1) * found : experts * found;
  const double mean = routed / visited;
  // Random choices leave the mean expert half a block short of full blocks.
  const double padded = routed + visited * c[kBlock] / 2;

  const double weights = bytes_of(s.dtype) * visited * matrices * d * width;
  const double moved = 2 * (c[kPermute] * routed + c[kAllRows] * rows) * (d + width);
  const double columns = std::ceil((matrices - 1) * width / kTileColumns) +  //
                         std::ceil(d / kTileColumns);
  const double jobs = visited * std::ceil(mean / 128) * columns;
  const double flop = 2 * padded * matrices * d * width;
  const double waves = std::max(1.0, jobs / sms);
  const double share = std::min(1.0, jobs / (2 * sms));
  const double compute =
      flop / (gpu.peak_flops(s.dtype) * c[kEfficiency] * share) + c[kFill] * kMicro * waves;
  const double reach = share * (1 + c[kSaturation]) / (share + c[kSaturation]);
  const double stream = (weights + moved) / (gpu.hbm_bytes_per_s * c[kBandwidth] * reach);
  return c[kLaunch] * kMicro + smooth_max(compute, stream, c[kCorner]);
}

}  // namespace

const FittedForm kMoeForm{KernelKind::kMoe, kParameters, moe_seconds};

}  // namespace headroom
