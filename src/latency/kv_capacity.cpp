#include <algorithm>
#include <cmath>

#include "headroom/latency/deployment.hpp"
#include "operators.hpp"

namespace headroom {
namespace {

/// Weights on the fullest GPU. Embedding and LM head stay in 16 bits and are split by vocabulary;
/// layers are spread over stages, experts over expert groups, all else over the tensor group.
double weight_bytes(const Deployment& d) {
  const Transformer& t = d.model.transformer;
  const auto tp = static_cast<double>(d.tensor_parallel);
  const auto pp = static_cast<double>(d.pipeline_parallel);
  const double embedding =
      (t.tied ? 1 : 2) * static_cast<double>(t.vocab) * static_cast<double>(t.d_model);
  double routed = 0;
  if (t.is_moe()) {
    routed = static_cast<double>(t.layers - t.experts.dense_layers) *
             static_cast<double>(t.experts.experts) * (t.gated ? 3 : 2) *
             static_cast<double>(t.d_model) * static_cast<double>(t.experts.d_ff);
  }
  const double body = t.parameters() - embedding - routed;
  double spread = tp;
  // KV heads fewer than the tensor group are replicated: their projections are on every GPU.
  double replicated = 0;
  if (!t.is_latent() && d.tensor_parallel > t.kv_heads) {
    const double kv = 2 * static_cast<double>(t.layers * t.d_model * t.kv_heads * t.head_dim);
    replicated = kv * (1.0 / static_cast<double>(t.kv_heads) - 1.0 / tp);
  }
  const double experts_over = std::max(tp, static_cast<double>(d.expert_parallel));
  const double layers = bytes_of(d.dtype) * (body / spread + replicated + routed / experts_over);
  // The first stage holds the embedding, the last the head; the fuller of the two counts.
  const double ends = kActivationBytes * embedding / tp / (d.pipeline_parallel > 1 ? 2 : 1);
  return layers / pp + ends;
}

/// Peak of activations beside the KV cache: a step of the largest size through the widest layer,
/// and logits in 16 and 32 bits with one 32-bit copy for sampling.
double activation_bytes(const Deployment& d, const Limits& limits) {
  const Transformer& t = d.model.transformer;
  const Slice s(d);
  const auto tokens = static_cast<double>(s.share(limits.max_step_tokens));
  const auto rows = static_cast<double>(s.share(limits.max_batch));
  const double width = t.is_moe() ? static_cast<double>(t.experts.per_token * t.experts.d_ff)
                                  : static_cast<double>(t.d_ff);
  const double feed_forward = (t.gated ? 3 : 2) * width / static_cast<double>(s.tp);
  return kActivationBytes * tokens * (4 * static_cast<double>(t.d_model) + feed_forward) +
         10 * rows * static_cast<double>(t.vocab);
}

std::string gigabytes(double bytes) {
  const std::string digits = std::to_string(bytes / 1e9);
  return digits.substr(0, digits.find('.') + 2) + " GB";
}

}  // namespace

std::int64_t Deployment::gpus_per_replica() const {
  return pipeline_parallel * std::max(tensor_parallel, expert_parallel);
}

double kv_bytes_per_token(const Model& model, Dtype kv_dtype) {
  return model.transformer.kv_numbers_per_token() * bytes_of(kv_dtype);
}

KvCapacity kv_capacity(const Deployment& deployment, const Limits& limits,
                       std::int64_t block_tokens) {
  const Transformer& t = deployment.model.transformer;
  const Slice s(deployment);
  KvCapacity kv;
  const double per_layer = t.is_latent()
                               ? static_cast<double>(t.latent.kv_rank + t.latent.rope_head_dim)
                               : static_cast<double>(2 * s.kv_heads * t.head_dim);
  kv.bytes_per_token =
      std::ceil(s.layers / static_cast<double>(s.pp)) * per_layer * bytes_of(deployment.kv_dtype);
  kv.usable_bytes = deployment.gpu.hbm_bytes * deployment.engine.kv_utilisation;
  kv.weight_bytes = weight_bytes(deployment);
  kv.activation_bytes = activation_bytes(deployment, limits) + deployment.engine.reserve_bytes;
  const double left = kv.usable_bytes - kv.weight_bytes - kv.activation_bytes;
  const double block = kv.bytes_per_token * static_cast<double>(block_tokens);
  if (left < block) {
    kv.refusal = deployment.model.name + " does not fit " + deployment.gpu.name + " x " +
                 std::to_string(deployment.gpus_per_replica()) + ": each GPU would hold " +
                 gigabytes(kv.weight_bytes) + " of weights (" +
                 std::to_string(std::llround(kv.weight_bytes)) + " bytes) and " +
                 gigabytes(kv.activation_bytes) + " of activations, and may use " +
                 gigabytes(kv.usable_bytes) + " (" + std::to_string(std::llround(kv.usable_bytes)) +
                 " bytes)";
    return kv;
  }
  kv.fits = true;
  // Attention groups hold different sequences: their caches add up.
  kv.blocks = static_cast<std::int64_t>(left / block) * s.groups;
  kv.tokens = kv.blocks * block_tokens;
  return kv;
}

}  // namespace headroom
