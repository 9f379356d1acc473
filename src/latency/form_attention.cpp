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
  kKvPasses,
  kWrite,
  kThrottle,
  kSoftmax,
  kWide,
  kPack,
  kPastEfficiency,
  kPrefillCount
};

constexpr std::array<Parameter, kPrefillCount> kPrefillParameters{{
    {"launch_us", "time of an empty kernel and its set-up", 9.6, 1, 40},
    {"efficiency",
     "share of the peak that long blocks of queries reach, exponentials counted as work", 0.85, 0.1,
     2},
    {"fill_tokens", "start and end of a block of queries, in keys read", 150, 0, 2000},
    {"tail", "share of the longest block that the other SMs wait for", 0.45, 0, 2},
    {"alone", "time of one block alone on an SM over its share of a full one", 0.9, 0.3, 3},
    {"corner", "exponent that joins throughput and the longest block", 8, 1, 16},
    {"bandwidth", "share of HBM bandwidth at which operands first arrive", 0.9, 0.1, 1},
    {"kv_passes", "passes over keys and values, writing them to the cache included", 2, 1, 40},
    {"write_us", "time of one thread block that writes a token's keys and values to the cache", 3,
     0, 20},
    {"throttle", "slower by this in the long run: the clock drops under sustained load", 0.1, 0,
     0.6},
    {"softmax", "cost of one exponential, in multiply-adds of the tensor cores", 60, 0, 600},
    {"wide", "slower by this where a head is wider than 256: tiles shrink to fit", 0.5, 0, 4},
    {"pack", "how far query heads of one KV head share a block when queries are few", 0.5, 0, 1},
    {"past_efficiency", "rate against cached keys over rate against new keys", 1, 0.3, 1.5},
}};

/// Rows of queries and of keys that one thread block works on (FlashAttention-2, arXiv:2307.08691).
constexpr double kQueryBlock = 128;
constexpr double kKeyBlock = 64;
/// Seconds after which half of the drop of the clock has set in.
constexpr double kLongKernel = 5e-3;
/// Threads of an SM, and most threads of a block that writes a token's keys to the cache (vLLM's
/// reshape_and_cache).
constexpr double kThreads = 2048;
constexpr double kWriteThreads = 512;

/// Widest head whose tiles fit on chip at full size.
constexpr std::int64_t kWidestHead = 256;

/// Head width as the tensor cores see it, in steps of 16.
double multiple(std::int64_t dim) { return static_cast<double>((dim + 15) / 16 * 16); }

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
  const double width = multiple(s.head_dim) + multiple(s.v_head_dim);
  const double narrow = s.head_dim > kWidestHead ? 1 + c[kWide] : 1;
  const double per_key = 2 * kQueryBlock * (width + c[kSoftmax]) * narrow /
                         (gpu.peak_flops(s.dtype) / sms * c[kEfficiency]);
  const double full = blocks / sms * mean + c[kTail] * longest * std::min(1.0, blocks / sms);
  const double compute = smooth_max(full, c[kAlone] * longest, c[kCorner]);
  // Keys and values enter the cache by a kernel of one thread block a token.
  const auto tokens = static_cast<double>(s.batch * s.new_tokens);
  const auto kv_width = static_cast<double>(s.kv_heads * s.head_dim);
  const double written =
      !s.causal ? 0
                : tokens * static_cast<double>(s.kv_heads * (s.head_dim + s.v_head_dim)) *
                      bytes_of(s.kv_dtype);
  const double write_waves =
      !s.causal ? 0 : tokens * std::min(kv_width, kWriteThreads) / (kThreads * sms);
  const double stream =
      (work_of(any).bytes + (c[kKvPasses] - 1) * written) / (gpu.hbm_bytes_per_s * c[kBandwidth]) +
      c[kWrite] * kMicro * write_waves;
  const double math = compute * per_key;
  return c[kLaunch] * kMicro + math * (1 + c[kThrottle] * math / (math + kLongKernel)) + stream;
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
  kMostParts,
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
    {"most_parts", "most parts of one KV head's caches over all sequences, two a sequence aside",
     120, 16, 600},
    {"pack_us", "bringing the query heads of one KV head together", 0.5, 0, 10},
    {"copies", "passes over queries and results for that, with several KV heads", 2, 0, 12},
}};

/// Keys that are never split over thread blocks.
constexpr double kSplitBlock = 128;
/// Parts that a cache may always be split into.
constexpr double kLeastParts = 2;
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
  const double most = std::max(kLeastParts, c[kMostParts] / sequences);
  double parts = std::max(1.0, std::min({wanted, context / c[kSplitTokens], most}));
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
  // One sequence, or one KV head, needs no copy: its query heads already lie side by side.
  const bool packs = group > 1 && kv_heads > 1 && sequences > 1;
  const double packing =
      packs ? c[kPackCost] * kMicro + c[kCopies] * results / gpu.hbm_bytes_per_s : 0;
  const double work =
      smooth_max(smooth_max(bytes / rate, compute, c[kDecodeCorner]), start, c[kDecodeCorner]);
  return (c[kDecodeLaunch] + split) * kMicro + packing + work;
}

}  // namespace

const FittedForm kPrefillAttentionForm{KernelKind::kPrefillAttention, kPrefillParameters,
                                       prefill_seconds};
const FittedForm kEncoderAttentionForm{KernelKind::kEncoderAttention, kPrefillParameters,
                                       prefill_seconds};
const FittedForm kDecodeAttentionForm{KernelKind::kDecodeAttention, kDecodeParameters,
                                      decode_seconds};

}  // namespace headroom
