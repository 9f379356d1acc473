#include "headroom/latency/kernel.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "real.hpp"

namespace headroom {
namespace {

/// Activations enter a GEMM in the dtype of its multiplication; results leave in 16 bits.
constexpr double kResultBytes = 2;

Work work(const GemmShape& s) {
  const double width = bytes_of(s.dtype);
  return {2 * real(s.m) * real(s.n) * real(s.k),
          width * (real(s.m) * real(s.k) + real(s.n) * real(s.k)) +
              kResultBytes * real(s.m) * real(s.n),
          0};
}

Work work(const PrefillAttentionShape& s) {
  const double q = real(s.new_tokens);
  // Each query reads the past, and of the new tokens itself and those before it.
  const double pairs = q * real(s.past) + (s.causal ? q * (q + 1) / 2 : q * q);
  const double heads = real(s.batch) * real(s.heads);
  const double kv = real(s.batch) * real(s.kv_heads) * (real(s.past) + q);
  const double width = real(s.head_dim) + real(s.v_head_dim);
  return {2 * heads * pairs * width,
          bytes_of(s.dtype) * heads * q * width + bytes_of(s.kv_dtype) * kv * width, 0};
}

Work work(const DecodeAttentionShape& s) {
  const double heads = real(s.heads);
  if (s.latent_dim > 0) {
    const double latent = real(s.latent_dim);
    return {4 * heads * s.context_sum * latent,
            bytes_of(s.kv_dtype) * s.context_sum * latent +
                2 * kResultBytes * real(s.sequences) * heads * latent,
            0};
  }
  const double dim = real(s.head_dim);
  return {4 * heads * s.context_sum * dim,
          2 * bytes_of(s.kv_dtype) * real(s.kv_heads) * s.context_sum * dim +
              2 * kResultBytes * real(s.sequences) * heads * dim,
          0};
}

Work work(const MemoryShape& s) { return {0, s.bytes, 0}; }

Work work(const CollectiveShape& s) {
  if (s.ranks <= 1) return {};
  const double others = (real(s.ranks) - 1) / real(s.ranks);
  switch (s.op) {
    case Collective::kAllReduce:
      // Every GPU sends its message at least once, even where the switch adds them up.
      return {0, 0, s.bytes};
    case Collective::kAllGather:
    case Collective::kReduceScatter:
    case Collective::kAllToAll:
      return {0, 0, s.bytes * others};
    case Collective::kSendRecv:
      return {0, 0, s.bytes};
  }
  return {};
}

Work work(const MoeShape& s) {
  const double routed = real(s.tokens) * real(s.per_token);
  const double per_expert = (s.gated ? 3 : 2) * real(s.d_model) * real(s.d_ff) / real(s.tp);
  const double local = real(s.experts) / real(s.ep);
  // At least one expert's weights, at most all that are held; routed tokens spread evenly over
  // groups. The fewest distinct experts that one token needs here bound the traffic from below.
  const double visited = std::min(local, std::max(1.0, std::floor(real(s.per_token) / real(s.ep))));
  return {2 * routed / real(s.ep) * per_expert, bytes_of(s.dtype) * visited * per_expert, 0};
}

Work work(const NetworkShape& s) {
  return {s.linear_flop + s.attention_flop + s.conv_flop + s.pixel_flop, s.bytes, 0};
}

constexpr std::array<std::string_view, kKernelKinds> kKindNames{
    "gemm", "attention_prefill", "attention_decode", "memory", "collective",
    "moe",  "network",           "attention_encoder"};

}  // namespace

std::string_view name(Collective op) {
  switch (op) {
    case Collective::kAllReduce:
      return "all_reduce";
    case Collective::kAllGather:
      return "all_gather";
    case Collective::kReduceScatter:
      return "reduce_scatter";
    case Collective::kAllToAll:
      return "alltoall";
    case Collective::kSendRecv:
      return "send_recv";
  }
  return "";
}

std::string_view name(KernelKind kind) { return kKindNames[static_cast<std::size_t>(kind)]; }

Dtype dtype_of(const KernelShape& shape) {
  struct Pick {
    Dtype operator()(const GemmShape& s) const { return s.dtype; }
    Dtype operator()(const PrefillAttentionShape& s) const { return s.kv_dtype; }
    Dtype operator()(const DecodeAttentionShape& s) const { return s.kv_dtype; }
    Dtype operator()(const MemoryShape&) const { return Dtype::kBf16; }
    Dtype operator()(const CollectiveShape&) const { return Dtype::kBf16; }
    Dtype operator()(const MoeShape& s) const { return s.dtype; }
    Dtype operator()(const NetworkShape& s) const { return s.dtype; }
  };
  return std::visit(Pick{}, shape);
}

Work work_of(const KernelShape& shape) {
  return std::visit([](const auto& s) { return work(s); }, shape);
}

double link_bytes_per_s(const Gpu& gpu, std::int64_t ranks) {
  if (ranks <= std::min(gpu.link_gpus, gpu.gpus_per_node)) return gpu.link_bytes_per_s;
  if (ranks <= gpu.gpus_per_node) return gpu.host_link_bytes_per_s;
  return gpu.inter_node_bytes_per_s;
}

double bound_seconds(const Gpu& gpu, const KernelShape& shape) {
  const Work work = work_of(shape);
  // Activations may stay in the last-level cache between two kernels; weights and KV may not.
  const double held = std::holds_alternative<MemoryShape>(shape) ? gpu.l2_bytes : 0;
  double seconds = std::max(0.0, work.bytes - held) / gpu.hbm_bytes_per_s;
  if (work.flop > 0) {
    // Attention multiplies in the dtype of its queries, 16 bits unless stated.
    const auto* prefill = std::get_if<PrefillAttentionShape>(&shape);
    const Dtype math = prefill != nullptr                                    ? prefill->dtype
                       : std::holds_alternative<DecodeAttentionShape>(shape) ? Dtype::kBf16
                                                                             : dtype_of(shape);
    seconds = std::max(seconds, work.flop / gpu.peak_flops(math));
  }
  if (const auto* message = std::get_if<CollectiveShape>(&shape)) {
    seconds = std::max(seconds, work.link_bytes / link_bytes_per_s(gpu, message->ranks));
  }
  return seconds;
}

}  // namespace headroom
