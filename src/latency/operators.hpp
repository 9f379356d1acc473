#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>

#include "headroom/latency/deployment.hpp"
#include "headroom/latency/kernel.hpp"
#include "headroom/latency/kernel_file.hpp"

/// The operators of a transformer step as engines run them, one GPU's part under a parallelism.
/// Each function calls sink(name, shape, count) once per operator; `count` is how often the kernel
/// runs on the critical path of one step.
namespace headroom {

inline constexpr double kActivationBytes = 2;  ///< 16-bit activations

/// A transformer's shapes on one GPU.
struct Slice {
  explicit Slice(const Deployment& d)
      : t(d.model.transformer),
        tp(d.tensor_parallel),
        pp(d.pipeline_parallel),
        ep(d.expert_parallel),
        groups(std::max<std::int64_t>(1, ep / tp)),
        heads(std::max<std::int64_t>(1, t.heads / tp)),
        kv_heads(std::max<std::int64_t>(1, t.kv_heads / tp)),
        layers(static_cast<double>(t.layers)),
        dense_layers(t.is_moe() ? static_cast<double>(t.experts.dense_layers) : layers),
        moe_layers(layers - dense_layers),
        dtype(d.dtype),
        kv_dtype(d.kv_dtype),
        engine_all_reduce(d.engine.all_reduce == "engine"),
        unfused(d.engine.elementwise_factor) {}

  const Transformer& t;
  std::int64_t tp, pp, ep;
  std::int64_t groups;  ///< data-parallel attention groups
  std::int64_t heads, kv_heads;
  double layers, dense_layers, moe_layers;
  Dtype dtype, kv_dtype;
  bool engine_all_reduce;
  double unfused;  ///< traffic of norms and rotary embedding over that of fused kernels

  /// Tokens (or rows, or sequences) that one GPU sees at a time: the batch is cut into one
  /// micro-batch a pipeline stage and spread over the attention groups.
  std::int64_t share(std::int64_t whole) const {
    const std::int64_t parts = pp * groups;
    return (whole + parts - 1) / parts;
  }
};

template <class Sink>
void all_reduce(const Slice& s, std::int64_t tokens, double count, Sink&& sink) {
  if (s.tp <= 1) return;
  const double bytes =
      kActivationBytes * static_cast<double>(tokens) * static_cast<double>(s.t.d_model);
  sink("all_reduce", CollectiveShape{Collective::kAllReduce, bytes, s.tp, s.engine_all_reduce},
       count);
}

/// A kernel that reads and writes `numbers` activations in all.
template <class Sink>
void elementwise(std::string_view name, double numbers, double count, Sink&& sink) {
  sink(name, MemoryShape{kActivationBytes * numbers}, count);
}

template <class Sink>
void attention_projections(const Slice& s, std::int64_t tokens, Sink&& sink) {
  const Transformer& t = s.t;
  const double rows = static_cast<double>(tokens);
  if (t.is_latent()) {
    const LatentAttention& a = t.latent;
    sink("qkv_down", GemmShape{tokens, a.q_rank + a.kv_rank + a.rope_head_dim, t.d_model, s.dtype},
         s.layers);
    sink("q_up",
         GemmShape{tokens, s.heads * (a.nope_head_dim + a.rope_head_dim), a.q_rank, s.dtype},
         s.layers);
    // Prefill expands keys and values; decode folds the same matrices into queries and outputs.
    sink("kv_up", GemmShape{tokens, s.heads * (a.nope_head_dim + a.v_head_dim), a.kv_rank, s.dtype},
         s.layers);
    sink("attention_out", GemmShape{tokens, t.d_model, s.heads * a.v_head_dim, s.dtype}, s.layers);
    elementwise("rope", s.unfused * 2 * rows * static_cast<double>((s.heads + 1) * a.rope_head_dim),
                s.layers, sink);
    elementwise("kv_write", 2 * rows * static_cast<double>(a.kv_rank + a.rope_head_dim), s.layers,
                sink);
    return;
  }
  sink("qkv", GemmShape{tokens, (s.heads + 2 * s.kv_heads) * t.head_dim, t.d_model, s.dtype},
       s.layers);
  sink("attention_out", GemmShape{tokens, t.d_model, s.heads * t.head_dim, s.dtype}, s.layers);
  if (t.qk_norm) {
    elementwise("qk_norm",
                s.unfused * 2 * rows * static_cast<double>((s.heads + s.kv_heads) * t.head_dim),
                s.layers, sink);
  }
  if (t.rope) {
    elementwise("rope",
                s.unfused * 2 * rows * static_cast<double>((s.heads + s.kv_heads) * t.head_dim),
                s.layers, sink);
  }
  elementwise("kv_write", 2 * rows * static_cast<double>(2 * s.kv_heads * t.head_dim), s.layers,
              sink);
}

/// A dense feed-forward of width d_ff on one GPU.
template <class Sink>
void feed_forward(const Slice& s, std::int64_t tokens, std::int64_t d_ff, double count,
                  Sink&& sink) {
  const std::int64_t width = std::max<std::int64_t>(1, d_ff / s.tp);
  const std::int64_t up = s.t.gated ? 2 * width : width;
  sink(s.t.gated ? "gate_up" : "up", GemmShape{tokens, up, s.t.d_model, s.dtype}, count);
  elementwise("activation", static_cast<double>(tokens) * static_cast<double>(up + width), count,
              sink);
  sink("down", GemmShape{tokens, s.t.d_model, width, s.dtype}, count);
}

/// Routed and shared experts. `tokens` is one attention group's share.
template <class Sink>
void mixture(const Slice& s, std::int64_t tokens, Sink&& sink) {
  const Transformer& t = s.t;
  const bool travels = s.groups > 1;
  const std::int64_t inside = travels ? 1 : s.tp / s.ep;
  sink("router", GemmShape{tokens, t.experts.experts, t.d_model, s.dtype}, s.moe_layers);
  if (travels) {
    // Each GPU sends its tokens, once for every expert they visit, and gets as many back.
    const double rows = static_cast<double>(tokens) / static_cast<double>(s.tp);
    const double bytes = kActivationBytes * rows * static_cast<double>(t.experts.per_token) *
                         static_cast<double>(t.d_model);
    sink("dispatch", CollectiveShape{Collective::kAllToAll, bytes, s.ep, false}, s.moe_layers);
    sink("combine", CollectiveShape{Collective::kAllToAll, bytes, s.ep, false}, s.moe_layers);
  }
  sink("experts",
       MoeShape{tokens * s.groups, t.d_model, t.experts.d_ff, t.experts.per_token,
                t.experts.experts, inside, s.ep, t.gated, 0, s.dtype},
       s.moe_layers);
  if (t.experts.shared > 0) {
    feed_forward(s, tokens, t.experts.shared * t.experts.d_ff, s.moe_layers, sink);
  }
}

/// Everything that depends on the step's tokens alone. `tokens` is Slice::share of them.
template <class Sink>
void dense_operators(const Slice& s, std::int64_t tokens, Sink&& sink) {
  const Transformer& t = s.t;
  const double rows = static_cast<double>(tokens);
  const auto d = static_cast<double>(t.d_model);
  elementwise("embedding", 2 * rows * d, 1, sink);
  all_reduce(s, tokens, 1, sink);  // the embedding is split by vocabulary
  // Residual addition fused with the norm: reads and writes both streams.
  elementwise("norm", s.unfused * 4 * rows * d, 2 * s.layers + 1, sink);
  attention_projections(s, tokens, sink);
  if (s.dense_layers > 0) feed_forward(s, tokens, t.d_ff, s.dense_layers, sink);
  if (s.moe_layers > 0) mixture(s, tokens, sink);
  // After attention and after the feed-forward; with travelling tokens `combine` does the latter.
  all_reduce(s, tokens, s.layers + s.dense_layers + (s.groups > 1 ? 0 : s.moe_layers), sink);
  if (s.pp > 1) {
    const double bytes = kActivationBytes * rows * d;
    sink("send_recv", CollectiveShape{Collective::kSendRecv, bytes, 2, false},
         static_cast<double>(s.pp));
  }
}

/// Logits and sampling of `rows` sequences (Slice::share of them), on the last pipeline stage: with
/// p stages every micro-batch passes it once.
template <class Sink>
void row_operators(const Slice& s, std::int64_t rows, Sink&& sink) {
  const auto stages = static_cast<double>(s.pp);
  const std::int64_t slice = (s.t.vocab + s.tp - 1) / s.tp;
  const double logits = static_cast<double>(rows) * static_cast<double>(s.t.vocab);
  // Engines keep the LM head in 16 bits, whatever the weights' format.
  sink("lm_head", GemmShape{rows, slice, s.t.d_model, Dtype::kBf16}, stages);
  if (s.tp > 1) {
    sink("gather_logits",
         CollectiveShape{Collective::kAllGather, kActivationBytes * logits, s.tp, false}, stages);
  }
  // About eight small kernels (widen, temperature, softmax, sort or pick) that read and write
  // logits partly out of cache: three 16-bit passes in all meet the sampler times of vLLM 0.19
  // within a fifth (casys-kaist/LLMServingSim, RTX 4090 and RTX PRO 6000).
  constexpr double kKernels = 8;
  elementwise("sampler", 3 * logits / kKernels, kKernels * stages, sink);
}

template <class Sink>
void decode_operators(const Slice& s, std::int64_t sequences, double context_sum, Sink&& sink) {
  const double share = context_sum / static_cast<double>(s.pp * s.groups);
  const bool latent = s.t.is_latent();
  const std::int64_t latent_dim = latent ? s.t.latent.kv_rank + s.t.latent.rope_head_dim : 0;
  sink("attention_decode",
       DecodeAttentionShape{s.share(sequences), share, s.heads, s.kv_heads, s.t.head_dim,
                            latent_dim, s.kv_dtype},
       s.layers);
}

/// One sequence's chunk. Chunks of one step are added: thread blocks of different sequences share
/// the GPU, but each chunk is large. With p stages a chunk passes L/p layers on each, one by one;
/// with attention groups, other groups work on other chunks meanwhile.
template <class Sink>
void prefill_operators(const Slice& s, std::int64_t chunk, std::int64_t past, Sink&& sink) {
  const bool latent = s.t.is_latent();
  const LatentAttention& a = s.t.latent;
  const std::int64_t dim = latent ? a.nope_head_dim + a.rope_head_dim : s.t.head_dim;
  sink("attention_prefill",
       PrefillAttentionShape{1, chunk, past, s.heads, latent ? s.heads : s.kv_heads, dim,
                             latent ? a.v_head_dim : dim, Dtype::kBf16, s.kv_dtype, true},
       s.layers / static_cast<double>(s.groups));
}

/// How much a kernel computes rather than waits for memory, 0 to 1: c^2 / (c^2 + m^2), c = flop /
/// peak and m = bytes / HBM bandwidth. What lower clocks slow (docs/model-latency.md, The chain).
double computing_share(const Gpu& gpu, const KernelShape& shape);

/// A deployment's operators timed: kernels, clocks and launch gaps.
class OperatorClock {
 public:
  explicit OperatorClock(const Deployment& deployment);

  /// Seconds of one kernel as it runs in a server.
  double seconds(const KernelShape& shape) const;
  const KernelSet& kernels() const { return kernels_; }

 private:
  const Gpu& gpu_;
  double server_factor_, launch_s_;
  KernelSet kernels_;
};

}  // namespace headroom
