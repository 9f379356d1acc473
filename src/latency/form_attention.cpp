#include <algorithm>
#include <array>
#include <cmath>

#include "fitted_forms.hpp"

namespace headroom {
namespace {

constexpr double kMicro = 1e-6;

// --- prefill -------------------------------------------------------------------------------------

enum PrefillIndex : std::size_t {
  kLaunch,
  kEfficiency,
  kFill,
  kQuantization,
  kBandwidth,
  kCorner,
  kPastEfficiency,
  kPrefillCount
};

constexpr std::array<Parameter, kPrefillCount> kPrefillParameters{{
    {"launch_us", "time of an empty kernel and its set-up", 9, 1, 40},
    {"efficiency", "share of the peak that a long block of queries reaches", 0.65, 0.1, 1},
    {"fill_tokens", "start and end of a block of queries, in keys read", 150, 0, 4000},
    {"quantization", "share of an unfinished last wave that is lost", 0.6, 0, 1},
    {"bandwidth", "share of HBM bandwidth that is streamed", 0.8, 0.2, 1},
    {"corner", "exponent that joins the mean and the longest SM", 2, 1, 12},
    {"past_efficiency", "rate against cached keys over rate against new keys", 1, 0.3, 1.5},
}};

/// Rows of queries that one thread block works on (FlashAttention-2, arXiv:2307.08691).
constexpr double kQueryBlock = 128;

double prefill_seconds(const Gpu& gpu, const KernelShape& any, std::span<const double> c) {
  const auto& s = std::get<PrefillAttentionShape>(any);
  const auto sms = static_cast<double>(gpu.sm_count);
  const auto q = static_cast<double>(s.new_tokens);
  const auto past = static_cast<double>(s.past) / c[kPastEfficiency];
  const double blocks_per_head = std::ceil(q / kQueryBlock);
  const double blocks =
      static_cast<double>(s.batch) * static_cast<double>(s.heads) * blocks_per_head;
  // Keys that the blocks of one head read: all before them, and themselves in full.
  const double padded = blocks_per_head * kQueryBlock;
  const double new_keys =
      s.causal ? (padded + kQueryBlock) / 2 * blocks_per_head : padded * blocks_per_head;
  const double longest = past + padded + c[kFill];
  const double keys = (new_keys + blocks_per_head * (past + c[kFill])) / blocks_per_head;
  const double per_key = 2 * kQueryBlock * static_cast<double>(s.head_dim + s.v_head_dim) /
                         (gpu.peak_flops(s.dtype) / sms * c[kEfficiency]);
  const double waves = blocks / sms;
  const double counted = waves + c[kQuantization] * (std::ceil(waves) - waves);
  const double compute = smooth_max(counted * keys, std::min(1.0, blocks) * longest, c[kCorner]);
  const double stream = work_of(any).bytes / (gpu.hbm_bytes_per_s * c[kBandwidth]);
  return c[kLaunch] * kMicro + smooth_max(compute * per_key, stream, 3);
}

// --- decode --------------------------------------------------------------------------------------

enum DecodeIndex : std::size_t {
  kDecodeLaunch,
  kDecodeBandwidth,
  kSmBandwidth,
  kSplitTokens,
  kUnsplit,
  kSequenceCost,
  kDecodeCorner,
  kDecodeEfficiency,
  kSplitCost,
  kDecodeCount
};

constexpr std::array<Parameter, kDecodeCount> kDecodeParameters{{
    {"launch_us", "time of an empty kernel and its set-up", 9, 1, 40},
    {"bandwidth", "share of HBM bandwidth that a full GPU streams", 0.85, 0.2, 1},
    {"sm_bandwidth", "bandwidth of one thread block, in even shares of an SM", 1.3, 0.3, 8},
    {"split_tokens", "keys that one thread block takes before another joins", 256, 32, 4096},
    {"unsplit", "1 where a cache of one head a query head is not split over blocks", 0.5, 0, 1},
    {"block_us", "start and end of one thread block", 3, 0, 60},
    {"corner", "exponent that joins streaming and computing", 3, 1, 12},
    {"efficiency", "share of the peak that small blocks of queries reach", 0.3, 0.02, 1},
    {"split_us", "joining the parts of a split cache", 3, 0, 40},
}};

/// Query rows that tensor cores work on, however few query heads share a KV head.
constexpr double kSmallestRows = 16;

double decode_seconds(const Gpu& gpu, const KernelShape& any, std::span<const double> c) {
  const auto& s = std::get<DecodeAttentionShape>(any);
  const auto sms = static_cast<double>(gpu.sm_count);
  const bool latent = s.latent_dim > 0;
  const double kv_heads = latent ? 1 : static_cast<double>(s.kv_heads);
  const double group = static_cast<double>(s.heads) / kv_heads;
  const auto sequences = static_cast<double>(s.sequences);
  const double context = std::max(1.0, s.context_sum / sequences);
  const double streams = sequences * kv_heads * (latent ? std::ceil(group / 64) : 1);

  // Parts of one cache that work at once: enough to fill the GPU, none shorter than split_tokens.
  const double wanted = std::max(1.0, 2 * sms / streams);
  double parts = std::max(1.0, std::min(wanted, context / c[kSplitTokens]));
  if (group == 1) parts = 1 + (parts - 1) * (1 - c[kUnsplit]);
  const double blocks = streams * parts;

  const double bytes = work_of(any).bytes;
  const double share = std::min(gpu.hbm_bytes_per_s * c[kDecodeBandwidth],
                                blocks * c[kSmBandwidth] * gpu.hbm_bytes_per_s / sms);
  const double stream = bytes / share;
  const double dim = latent ? static_cast<double>(s.latent_dim) : static_cast<double>(s.head_dim);
  const double rows = std::max(group, kSmallestRows);
  const double compute =
      4 * kv_heads * rows * s.context_sum * dim /
      (gpu.peak_flops(Dtype::kBf16) * c[kDecodeEfficiency] * std::min(1.0, blocks / sms));
  const double waves = std::max(1.0, blocks / (2 * sms));
  const double split = c[kSplitCost] * (1 - 1 / parts);
  return (c[kDecodeLaunch] + c[kSequenceCost] * waves + split) * kMicro +
         smooth_max(stream, compute, c[kDecodeCorner]);
}

}  // namespace

const FittedForm kPrefillAttentionForm{KernelKind::kPrefillAttention, kPrefillParameters,
                                       prefill_seconds};
const FittedForm kDecodeAttentionForm{KernelKind::kDecodeAttention, kDecodeParameters,
                                      decode_seconds};

}  // namespace headroom
