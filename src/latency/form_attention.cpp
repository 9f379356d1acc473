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
  kTail,
  kAlone,
  kCorner,
  kBandwidth,
  kKvCost,
  kFewKeys,
  kPack,
  kPastEfficiency,
  kPrefillCount
};

constexpr std::array<Parameter, kPrefillCount> kPrefillParameters{{
    {"launch_us", "time of an empty kernel and its set-up", 9.6, 1, 40},
    {"efficiency", "share of the peak that long blocks of queries reach", 0.65, 0.1, 1},
    {"fill_tokens", "start and end of a block of queries, in keys read", 80, 0, 2000},
    {"tail", "share of the longest block that the other SMs wait for", 0.45, 0, 2},
    {"alone", "time of one block alone on an SM over its share of a full one", 0.7, 0.3, 3},
    {"corner", "exponent that joins throughput and the longest block", 8, 1, 16},
    {"bandwidth", "share of HBM bandwidth at which operands first arrive", 0.55, 0.1, 1},
    {"kv_cost", "slower by this where each query head has its own keys", 0.35, 0, 1},
    {"few_keys", "keys at which that cost has fallen to half", 5000, 100, 100000},
    {"pack", "how far query heads of one KV head share a block when queries are few", 0.5, 0, 1},
    {"past_efficiency", "rate against cached keys over rate against new keys", 1, 0.3, 1.5},
}};

/// Rows of queries and of keys that one thread block works on (FlashAttention-2, arXiv:2307.08691).
constexpr double kQueryBlock = 128;
constexpr double kKeyBlock = 64;

double prefill_seconds(const Gpu& gpu, const KernelShape& any, std::span<const double> c) {
  const auto& s = std::get<PrefillAttentionShape>(any);
  const auto sms = static_cast<double>(gpu.sm_count);
  const auto q = static_cast<double>(s.new_tokens);
  const auto past = static_cast<double>(s.past) / c[kPastEfficiency];
  const double per_head = std::ceil(q / kQueryBlock);
  const double group = static_cast<double>(s.heads) / static_cast<double>(s.kv_heads);
  // A lone query is always packed with the other heads of its KV head, a few queries perhaps.
  const double packed = std::ceil(q * group / kQueryBlock) / group;
  const double pack = q == 1 ? 1 : c[kPack];
  const double blocks = static_cast<double>(s.batch) * static_cast<double>(s.heads) *
                        (per_head + pack * (std::min(packed, per_head) - per_head));
  // Keys that the blocks of one head read: all before them, and their own in full.
  const double own = std::ceil(q / kKeyBlock) * kKeyBlock;
  const double new_keys =
      s.causal ? (per_head - 1) * per_head / 2 * kQueryBlock + own : per_head * own;
  const double longest = past + own + c[kFill];
  const double mean = new_keys / per_head + past + c[kFill];
  const double shared = static_cast<double>(s.kv_heads) / static_cast<double>(s.heads);
  const double slower = 1 + c[kKvCost] * shared / (1 + (past + own) / c[kFewKeys]);
  const double per_key = 2 * kQueryBlock * static_cast<double>(s.head_dim + s.v_head_dim) /
                         (gpu.peak_flops(s.dtype) / sms * c[kEfficiency]) * slower;
  const double full = blocks / sms * mean + c[kTail] * longest * std::min(1.0, blocks / sms);
  const double compute = smooth_max(full, c[kAlone] * longest, c[kCorner]);
  const double stream = work_of(any).bytes / (gpu.hbm_bytes_per_s * c[kBandwidth]);
  return c[kLaunch] * kMicro + compute * per_key + stream;
}

// --- decode --------------------------------------------------------------------------------------

enum DecodeIndex : std::size_t {
  kDecodeLaunch,
  kDecodeBandwidth,
  kBlockBandwidth,
  kSplitTokens,
  kUnsplit,
  kBlockCost,
  kDecodeCorner,
  kDecodeEfficiency,
  kSplitCost,
  kPartCost,
  kFewest,
  kPackCost,
  kCopies,
  kDecodeCount
};

constexpr std::array<Parameter, kDecodeCount> kDecodeParameters{{
    {"launch_us", "time of an empty kernel and its set-up", 10.5, 1, 40},
    {"bandwidth", "share of HBM bandwidth that a full GPU streams", 0.87, 0.2, 1},
    {"block_bandwidth", "bandwidth of one thread block, in even shares of an SM", 12, 0.3, 16},
    {"split_tokens", "keys that one thread block takes before another joins", 128, 16, 4096},
    {"unsplit", "1 where a cache of one head a query head is not split over blocks", 0.6, 0, 1},
    {"block_us", "start and end of one thread block", 3.3, 0, 30},
    {"corner", "exponent that joins streaming, starting and computing", 3, 1, 12},
    {"efficiency", "share of the peak that small blocks of queries reach", 0.35, 0.02, 1},
    {"split_us", "joining the parts of a split cache", 1.2, 0, 40},
    {"part_us", "the same, for each part", 0.15, 0, 3},
    {"fill", "thread blocks an SM at which a cache is no longer split", 1.5, 0.1, 4},
    {"pack_us", "bringing the query heads of one KV head together", 0.5, 0, 10},
    {"copies", "passes over queries and results for that, with several KV heads", 2, 0, 12},
}};

/// Keys that are never split over thread blocks.
constexpr double kSplitBlock = 128;
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
  const double wanted = std::max(1.0, c[kFewest] * sms / streams);
  double parts = std::max(1.0, std::min(wanted, context / c[kSplitTokens]));
  if (group == 1) parts = 1 + (parts - 1) * (1 - c[kUnsplit]);
  const double blocks = streams * parts;

  const double rate = std::min(gpu.hbm_bytes_per_s * c[kDecodeBandwidth],
                               blocks * c[kBlockBandwidth] * gpu.hbm_bytes_per_s / sms);
  const double dim = latent ? static_cast<double>(s.latent_dim) : static_cast<double>(s.head_dim);
  const double rows = std::max(group, kSmallestRows);
  const double compute =
      4 * kv_heads * rows * s.context_sum * dim /
      (gpu.peak_flops(Dtype::kBf16) * c[kDecodeEfficiency] * std::min(1.0, blocks / sms));
  const double start = c[kBlockCost] * kMicro * blocks / sms;
  // A cache of one block of keys is one part; the cost of joining sets in over the second.
  const double joined = parts > 1 ? std::clamp(context / kSplitBlock - 1, 0.0, 1.0) : 0;
  const double split = joined * (c[kSplitCost] + c[kPartCost] * parts);
  const double bytes = work_of(any).bytes;
  const double results = 4 * sequences * static_cast<double>(s.heads) * dim;
  const double copies = kv_heads > 1 ? c[kCopies] * results / gpu.hbm_bytes_per_s : 0;
  const double packing = group > 1 ? c[kPackCost] * kMicro + copies : 0;
  const double work =
      smooth_max(smooth_max(bytes / rate, compute, c[kDecodeCorner]), start, c[kDecodeCorner]);
  return (c[kDecodeLaunch] + split) * kMicro + packing + work;
}

}  // namespace

const FittedForm kPrefillAttentionForm{KernelKind::kPrefillAttention, kPrefillParameters,
                                       prefill_seconds};
const FittedForm kDecodeAttentionForm{KernelKind::kDecodeAttention, kDecodeParameters,
                                      decode_seconds};

}  // namespace headroom
