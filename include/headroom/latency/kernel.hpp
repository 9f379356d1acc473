#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <variant>

#include "headroom/hardware/gpu.hpp"

namespace headroom {

/// C[m, n] = A[m, k] B[k, n]: m tokens against a weight of k x n. `dtype` is that of weights and
/// multiplication; activations and results are 16-bit unless the dtype is narrower on input.
struct GemmShape {
  std::int64_t m = 1, n = 1, k = 1;
  Dtype dtype = Dtype::kBf16;
};

/// Attention of `new_tokens` tokens of each of `batch` sequences over themselves and `past` cached
/// tokens. Heads are those of one GPU.
struct PrefillAttentionShape {
  std::int64_t batch = 1, new_tokens = 1, past = 0;
  std::int64_t heads = 1, kv_heads = 1;
  std::int64_t head_dim = 128;    ///< of queries and keys
  std::int64_t v_head_dim = 128;  ///< of values
  Dtype dtype = Dtype::kBf16, kv_dtype = Dtype::kBf16;
  bool causal = true;
};

/// One new token for each of `sequences`, which read `context_sum` cached tokens together (the new
/// ones included). Heads are those of one GPU. `latent_dim` > 0: one shared latent of that width is
/// read per token (MLA, absorbed form) instead of keys and values per head.
struct DecodeAttentionShape {
  std::int64_t sequences = 1;
  double context_sum = 1;
  std::int64_t heads = 1, kv_heads = 1, head_dim = 128;
  std::int64_t latent_dim = 0;
  Dtype kv_dtype = Dtype::kBf16;
};

/// A kernel that moves `bytes` through device memory and computes next to nothing: norms, rotary
/// embedding, activation, residual, embedding, sampling.
struct MemoryShape {
  double bytes = 0;
};

enum class Collective { kAllReduce, kAllGather, kReduceScatter, kAllToAll, kSendRecv };
std::string_view name(Collective op);

/// A message between `ranks` GPUs. `bytes` = message of one rank before an all-reduce or
/// all-to-all, after an all-gather, of a send. `engine` = the engine's own all-reduce, fused and
/// one-shot for small messages, instead of NCCL's.
struct CollectiveShape {
  Collective op = Collective::kAllReduce;
  double bytes = 0;
  std::int64_t ranks = 2;
  bool engine = true;
};

/// Fused mixture-of-experts feed-forward of one GPU. The layer's `experts` are spread over `ep`
/// groups, each expert's width over `tp` GPUs; `tokens` is what the GPU's group is given before
/// routing. skew: exponent of the power law by which tokens choose experts; 0 = evenly.
struct MoeShape {
  std::int64_t tokens = 1, d_model = 1, d_ff = 1, per_token = 1, experts = 1;
  std::int64_t tp = 1, ep = 1;
  bool gated = true;
  double skew = 0;
  Dtype dtype = Dtype::kBf16;
};

/// A whole image network (denoiser forward, text encoder or pixel decoder) as one lump of work.
struct NetworkShape {
  double linear_flop = 0;  ///< projections: matrix multiplications
  double attention_flop = 0;
  double bytes = 0;  ///< activations and weights
  Dtype dtype = Dtype::kFp16;
  double conv_flop = 0;   ///< convolutions at latent resolution
  double pixel_flop = 0;  ///< convolutions of few channels at pixel resolution (pixel decoders)
  double kernels = 0;     ///< how many kernels it is made of
};

using KernelShape = std::variant<GemmShape, PrefillAttentionShape, DecodeAttentionShape,
                                 MemoryShape, CollectiveShape, MoeShape, NetworkShape>;

/// What is measured apart: the alternatives of KernelShape in order, then attention without a
/// causal mask, which has kernels of its own.
enum class KernelKind {
  kGemm,
  kPrefillAttention,
  kDecodeAttention,
  kMemory,
  kCollective,
  kMoe,
  kNetwork,
  kEncoderAttention,
};
inline constexpr std::size_t kKernelKinds = 8;
std::string_view name(KernelKind kind);
constexpr KernelKind kind_of(const KernelShape& shape) {
  if (const auto* attention = std::get_if<PrefillAttentionShape>(&shape)) {
    return attention->causal ? KernelKind::kPrefillAttention : KernelKind::kEncoderAttention;
  }
  return static_cast<KernelKind>(shape.index());
}
/// The format that sets a kernel's rate: of weights, of queries, of the cache; bf16 where none
/// does.
Dtype dtype_of(const KernelShape& shape);

/// Work of a kernel.
struct Work {
  double flop = 0;
  double bytes = 0;       ///< device memory traffic that no schedule avoids
  double link_bytes = 0;  ///< through one GPU's link, each way, that no algorithm avoids
};
Work work_of(const KernelShape& shape);
/// Bandwidth that a collective over `ranks` GPUs can use, each way: the node's link, PCIe where the
/// link joins fewer, the network across nodes.
double link_bytes_per_s(const Gpu& gpu, std::int64_t ranks);

/// The physical floor, seconds: max(flop / peak, bytes / HBM bandwidth, link bytes / link
/// bandwidth). Source: roofline, Williams et al. 2009, doi:10.1145/1498765.1498785.
double bound_seconds(const Gpu& gpu, const KernelShape& shape);

/// A law for kernel times.
class KernelModel {
 public:
  virtual ~KernelModel() = default;
  /// Seconds of one kernel on an otherwise idle GPU, launch gap left out. >= bound_seconds.
  virtual double seconds(const KernelShape& shape) const = 0;
  /// How far the shape lies outside the measured range, as a factor on its worst dimension: 1
  /// inside, 2 = twice the largest (or half the smallest) value. 1 for laws that were not measured.
  virtual double outside(const KernelShape& shape) const = 0;
};

}  // namespace headroom
