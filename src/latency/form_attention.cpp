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
  kResident,
  kDecodeTail,
  kFirstKeys,
  kDecodeCount
};

constexpr std::array<Parameter, kDecodeCount> kDecodeParameters{{
    {"launch_us", "time of an empty kernel and its set-up", 10.5, 1, 40},
    {"bandwidth", "share of HBM bandwidth that a full GPU streams", 0.9, 0.2, 1},
    {"block_bandwidth", "bandwidth of one thread block, in even shares of an SM", 1.2, 0.3, 16},
    {"split_tokens", "keys that one thread block takes before another joins", 128, 16, 4096},
    {"unsplit", "1 where a cache of one head a query head is not split over blocks", 0.6, 0, 1},
    {"block_us", "start and end of one thread block", 3.3, 0, 30},
    {"corner", "exponent that joins streaming, starting and computing", 3, 1, 12},
    {"efficiency", "share of the peak that small blocks of queries reach", 0.35, 0.02, 1},
    {"split_us", "joining the parts of a split cache", 0.6, 0, 40},
    {"part_us", "the same, for each part", 0.15, 0, 3},
    {"fill", "thread blocks an SM at which a cache is no longer split", 0.8, 0.1, 4},
    {"most_parts", "most parts of one KV head's caches over all sequences, two a sequence aside",
     75, 16, 600},
    {"pack_us", "bringing the query heads of one KV head together", 0.5, 0, 10},
    {"copies", "passes over queries and results for that, with several KV heads", 2, 0, 12},
    {"resident", "thread blocks that one SM works on at a time", 1.8, 1, 8},
    {"tail", "share of an unfinished last wave of blocks that is lost", 0.8, 0, 1},
    {"first_keys", "keys of a block that arrive while the kernel starts", 90, 0, 256},
}};

/// Keys that are never split over thread blocks.
constexpr double kSplitBlock = 128;
/// Parts that a cache may always be split into.
constexpr double kLeastParts = 2;
/// Query rows that tensor cores work on, however few query heads share a KV head.
constexpr double kSmallestRows = 16;

/// What depends on how caches are split: reading keys and values, computing, starting blocks and
/// joining parts.
class SplitCaches {
 public:
  SplitCaches(const Gpu& gpu, const DecodeAttentionShape& s, std::span<const double> c)
      : c_(c), sms_(static_cast<double>(gpu.sm_count)) {
    const bool latent = s.latent_dim > 0;
    const double kv_heads = latent ? 1 : static_cast<double>(s.kv_heads);
    group_ = static_cast<double>(s.heads) / kv_heads;
    context_ = std::max(1.0, s.context_sum / static_cast<double>(s.sequences));
    streams_ = kv_heads * (latent ? std::ceil(group_ / 64) : 1);
    const double dim = latent ? static_cast<double>(s.latent_dim) : static_cast<double>(s.head_dim);
    key_bytes_ = kv_heads * (latent ? dim : 2 * dim) * bytes_of(s.kv_dtype) / streams_;
    bandwidth_ = gpu.hbm_bytes_per_s * c[kDecodeBandwidth];
    block_rate_ = gpu.hbm_bytes_per_s / sms_ * c[kBlockBandwidth];
    const double rows = std::max(group_, kSmallestRows);
    compute_ = 4 * kv_heads * rows * context_ * dim /
               (gpu.peak_flops(Dtype::kBf16) * c[kDecodeEfficiency]);
  }

  /// Seconds at so many sequences. A larger batch is never faster: its caches are split less, which
  /// saves joining and costs streaming, so the law has peaks where parts are shortest and where
  /// caches are last split in two. They hold for larger batches.
  double seconds(double sequences) const {
    double most = raw(sequences);
    const double shortest = most_parts(1) * c_[kSplitTokens] / context_;
    for (const double peak : {shortest, most_parts(1) / kLeastParts}) {
      if (peak < sequences) most = std::max(most, raw(std::max(1.0, peak)));
    }
    return most;
  }

 private:
  /// Enough to fill the GPU, and not too many in all.
  double most_parts(double sequences) const {
    const double wanted = c_[kFewest] * sms_ / (streams_ * sequences);
    return std::max(1.0, std::min(wanted, std::max(kLeastParts, c_[kMostParts] / sequences)));
  }

  double raw(double sequences) const {
    double most = most_parts(sequences);
    if (group_ == 1) most = 1 + (most - 1) * (1 - c_[kUnsplit]);
    const double parts = std::clamp(context_ / c_[kSplitTokens], 1.0, most);
    const double blocks = streams_ * sequences * parts;
    // A block's keys, those aside that come while the kernel starts.
    const double bytes = context_ / parts * key_bytes_;
    const double late = std::max(0.0, context_ / parts - c_[kFirstKeys]) * key_bytes_;
    // Full waves of blocks, and a last one that may leave SMs idle.
    const double slots = sms_ * c_[kResident];
    const double full = std::floor(blocks / slots);
    const double left = blocks - full * slots;
    const double alone = late / block_rate_;
    const double share = left * bytes / bandwidth_;
    const double last = left > 0 ? share + c_[kDecodeTail] * std::max(0.0, alone - share) : 0;
    const double lone = full > 0 ? last : std::max(share, alone);
    const double stream = full * std::max(slots * bytes / bandwidth_, alone) + lone;
    const double compute = compute_ * sequences / std::min(1.0, blocks / sms_);
    const double start = c_[kBlockCost] * kMicro * blocks / sms_;
    const double corner = c_[kDecodeCorner];
    const double work = smooth_max(smooth_max(stream, compute, corner), start, corner);
    // A cache of one block of keys is one part; the cost of joining sets in over the second.
    const double joined =
        std::clamp(context_ / kSplitBlock - 1, 0.0, 1.0) * std::min(1.0, parts - 1);
    return work + joined * (c_[kSplitCost] + c_[kPartCost] * parts) * kMicro;
  }

  std::span<const double> c_;
  double sms_, group_ = 1, context_ = 1, streams_ = 1, key_bytes_ = 0;
  double bandwidth_ = 1, block_rate_ = 1, compute_ = 0;
};

double decode_seconds(const Gpu& gpu, const KernelShape& any, std::span<const double> c) {
  const auto& s = std::get<DecodeAttentionShape>(any);
  const bool latent = s.latent_dim > 0;
  const auto sequences = static_cast<double>(s.sequences);
  const double dim = latent ? static_cast<double>(s.latent_dim) : static_cast<double>(s.head_dim);
  // Queries and results in 16 bits.
  const double results = 4 * sequences * static_cast<double>(s.heads) * dim;
  // One sequence, or one KV head, needs no copy: its query heads already lie side by side.
  const bool packs = !latent && s.heads > s.kv_heads && s.kv_heads > 1 && s.sequences > 1;
  const double packing = packs ? c[kPackCost] * kMicro : 0;
  const double passes = 1 / c[kDecodeBandwidth] + (packs ? c[kCopies] : 0);
  return c[kDecodeLaunch] * kMicro + packing + passes * results / gpu.hbm_bytes_per_s +
         SplitCaches(gpu, s, c).seconds(sequences);
}

}  // namespace

const FittedForm kPrefillAttentionForm{KernelKind::kPrefillAttention, kPrefillParameters,
                                       prefill_seconds};
const FittedForm kEncoderAttentionForm{KernelKind::kEncoderAttention, kPrefillParameters,
                                       prefill_seconds};
const FittedForm kDecodeAttentionForm{KernelKind::kDecodeAttention, kDecodeParameters,
                                      decode_seconds};

}  // namespace headroom
