#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "headroom/hardware/gpu.hpp"
#include "headroom/json/archive.hpp"

namespace headroom {

/// Multi-head latent attention (DeepSeek-V2, arXiv:2405.04434): the cache holds one compressed
/// vector a token and layer instead of keys and values per head. kv_rank 0 = not used.
struct LatentAttention {
  std::int64_t q_rank = 0;         ///< query compression; 0 = none
  std::int64_t kv_rank = 0;        ///< cached latent
  std::int64_t rope_head_dim = 0;  ///< cached beside it, shared by all heads
  std::int64_t nope_head_dim = 0;
  std::int64_t v_head_dim = 0;
};
void describe(json::Archive& archive, LatentAttention& attention);

/// Mixture-of-experts feed-forward. experts 0 = a dense model.
struct Experts {
  std::int64_t experts = 0;       ///< routed
  std::int64_t per_token = 0;     ///< routed experts a token visits
  std::int64_t shared = 0;        ///< experts every token visits
  std::int64_t d_ff = 0;          ///< of one expert
  std::int64_t dense_layers = 0;  ///< first layers that keep the dense feed-forward
};
void describe(json::Archive& archive, Experts& experts);

/// A decoder-only transformer.
struct Transformer {
  std::int64_t layers = 0;
  std::int64_t d_model = 0;
  std::int64_t heads = 0;
  std::int64_t kv_heads = 0;
  std::int64_t head_dim = 0;
  std::int64_t d_ff = 0;  ///< dense feed-forward width
  bool gated = true;      ///< gate and up projections (SwiGLU) instead of one
  bool rope = true;       ///< rotary embedding of queries and keys
  bool qk_norm = false;   ///< queries and keys are normalised head by head (Qwen3)
  bool tied = false;      ///< LM head shares the embedding's weights
  std::int64_t vocab = 0;
  std::int64_t max_context = 0;
  LatentAttention latent;
  Experts experts;

  bool is_moe() const { return experts.experts > 0; }
  bool is_latent() const { return latent.kv_rank > 0; }
  /// Weights by the shapes: projections, feed-forward, norms, embedding, LM head.
  double parameters() const;
  /// Weights one token is multiplied with (routed experts it visits; the embedding row left out).
  double active_parameters() const;
  /// KV cache of one token over all layers, in numbers (not bytes).
  double kv_numbers_per_token() const;
};
void describe(json::Archive& archive, Transformer& transformer);

/// A denoiser with its text encoder and pixel decoder: an image pipeline, or the pixel stage of an
/// autoregressive image generator. Work is stated at a reference picture and scaled by tokens or
/// pixels.
struct ImagePipeline {
  std::string network = "unet";      ///< "unet" or "dit"
  double parameters = 0;             ///< of the denoiser
  std::int64_t reference_px = 1024;  ///< side of the square picture the work below is stated at
  double linear_flop = 0;            ///< one forward of one picture: projections
  double conv_flop = 0;              ///< one forward of one picture: convolutions
  double attention_flop = 0;         ///< one forward of one picture: grows with tokens squared
  double image_tokens = 0;           ///< at the reference picture
  double text_tokens = 0;       ///< joined to them (DiT); 0 where text enters by cross-attention
  double activation_bytes = 0;  ///< device memory traffic of one forward of one picture
  std::int64_t kernels = 0;     ///< kernels of one forward, for launch cost
  std::int64_t attention_layers = 0;   ///< of one forward: messages when GPUs share a picture
  std::int64_t forwards_per_step = 1;  ///< 2 with classifier-free guidance
  std::int64_t default_steps = 1;
  double text_encoder_parameters = 0;
  double text_encoder_flop = 0;  ///< per picture
  double decoder_parameters = 0;
  double decoder_flop = 0;   ///< latent to pixels, per reference picture
  double decoder_bytes = 0;  ///< its device memory traffic
  /// The decoder's values overflow fp16: it runs in 32 bits unless the deployment is bf16.
  bool decoder_overflows_fp16 = false;
};
void describe(json::Archive& archive, ImagePipeline& pipeline);

enum class ModelKind {
  kTransformer,          ///< makes text tokens
  kDiffusion,            ///< makes pictures in batches of denoising steps
  kAutoregressiveImage,  ///< makes image tokens with `transformer`, pixels with `image`
};

/// One neural network, by its shapes.
struct Model {
  std::string name;  ///< "Llama-3.1-70B"
  std::vector<std::string> aliases;
  ModelKind kind = ModelKind::kTransformer;
  Transformer transformer;
  ImagePipeline image;
  std::vector<std::int64_t> image_token_counts;  ///< output tokens by quality, low to high
  std::vector<Provenance> provenance;

  /// True where a number rests on an unconfirmed leak.
  bool is_rumour() const;
};
/// Reads one model. `"like": "Llama-3.1-70B"` starts from that catalogue entry.
void describe(json::Archive& archive, Model& model);

/// The built-in catalogue, in file order.
std::span<const Model> models();
/// By name or alias, case ignored; nullptr when unknown.
const Model* find_model(std::string_view name_or_alias);

}  // namespace headroom
