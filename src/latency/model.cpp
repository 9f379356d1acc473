#include "headroom/latency/model.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace headroom {
namespace {

constexpr std::array<json::Choice, 3> kKinds{{
    {"transformer", "makes text tokens"},
    {"diffusion", "makes pictures in batches of denoising steps"},
    {"autoregressive_image", "makes image tokens, then pixels"},
}};

constexpr std::array<json::Choice, 2> kNetworks{{
    {"unet", "convolutions with attention at the lower resolutions"},
    {"dit", "diffusion transformer"},
}};

json::Need needed(double value) {
  return value == 0 ? json::Need::kRequired : json::Need::kOptional;
}

/// A size that must be given unless it was taken over from another entry.
void size_field(json::Archive& archive, std::string_view key, std::string_view help,
                std::int64_t& value) {
  archive.integer({key, help, needed(static_cast<double>(value))}, value, {1, 1e9});
}

/// Weights of one layer's attention projections.
double attention_parameters(const Transformer& t) {
  const auto d = static_cast<double>(t.d_model);
  const auto heads = static_cast<double>(t.heads);
  if (!t.is_latent()) {
    const auto head_dim = static_cast<double>(t.head_dim);
    return 2 * d * heads * head_dim + 2 * d * static_cast<double>(t.kv_heads) * head_dim;
  }
  // DeepSeek-V2, arXiv:2405.04434, section 2.1: down and up projections of queries and of the
  // cached latent, and the output projection.
  const auto q_rank = static_cast<double>(t.latent.q_rank);
  const auto kv_rank = static_cast<double>(t.latent.kv_rank);
  const auto rope = static_cast<double>(t.latent.rope_head_dim);
  const auto nope = static_cast<double>(t.latent.nope_head_dim);
  const auto v = static_cast<double>(t.latent.v_head_dim);
  const double queries = q_rank > 0 ? d * q_rank + q_rank * heads * (nope + rope)  //
                                    : d * heads * (nope + rope);
  return queries + d * (kv_rank + rope) + kv_rank * heads * (nope + v) + heads * v * d;
}

/// Weights of all feed-forward layers with `routed` experts counted in each mixture layer.
double feed_forward_parameters(const Transformer& t, double routed) {
  const auto d = static_cast<double>(t.d_model);
  const double matrices = t.gated ? 3 : 2;
  const auto layers = static_cast<double>(t.layers);
  if (!t.is_moe()) return layers * matrices * d * static_cast<double>(t.d_ff);
  const auto dense = static_cast<double>(t.experts.dense_layers);
  const double experts = routed + static_cast<double>(t.experts.shared);
  const double router = d * static_cast<double>(t.experts.experts);
  return dense * matrices * d * static_cast<double>(t.d_ff) +
         (layers - dense) * (experts * matrices * d * static_cast<double>(t.experts.d_ff) + router);
}

double body_parameters(const Transformer& t, double routed) {
  const auto d = static_cast<double>(t.d_model);
  const auto layers = static_cast<double>(t.layers);
  return layers * (attention_parameters(t) + 2 * d) + feed_forward_parameters(t, routed) + d;
}

void check_transformer(json::Archive& archive, const Transformer& t) {
  if (t.kv_heads > 0 && t.heads % t.kv_heads != 0) {
    archive.problem("kv_heads", "E113", "heads must be a multiple of kv_heads");
  }
  if (t.experts.per_token > t.experts.experts) {
    archive.problem("experts", "E113", "a token cannot visit more experts than there are");
  }
}

}  // namespace

double Transformer::parameters() const {
  const double embedding = static_cast<double>(vocab) * static_cast<double>(d_model);
  return body_parameters(*this, static_cast<double>(experts.experts)) + (tied ? 1 : 2) * embedding;
}

double Transformer::active_parameters() const {
  const double head = static_cast<double>(vocab) * static_cast<double>(d_model);
  return body_parameters(*this, static_cast<double>(experts.per_token)) + head;
}

double Transformer::kv_numbers_per_token() const {
  const std::int64_t per_layer =
      is_latent() ? latent.kv_rank + latent.rope_head_dim : 2 * kv_heads * head_dim;
  return static_cast<double>(layers * per_layer);
}

bool Model::is_rumour() const {
  return std::any_of(provenance.begin(), provenance.end(),
                     [](const Provenance& p) { return p.certainty == "rumour"; });
}

void describe(json::Archive& archive, LatentAttention& attention) {
  archive.integer({"q_rank", "width of the compressed queries; 0 = not compressed"},
                  attention.q_rank, {0, 1e9});
  size_field(archive, "kv_rank", "cached latent of one token and layer", attention.kv_rank);
  size_field(archive, "rope_head_dim", "rotary part, cached once for all heads",
             attention.rope_head_dim);
  size_field(archive, "nope_head_dim", "part of a head without rotation", attention.nope_head_dim);
  size_field(archive, "v_head_dim", "width of a value head", attention.v_head_dim);
}

void describe(json::Archive& archive, Experts& experts) {
  size_field(archive, "experts", "routed experts of a layer", experts.experts);
  size_field(archive, "per_token", "routed experts a token visits", experts.per_token);
  archive.integer({"shared", "experts every token visits"}, experts.shared, {0, 1024});
  size_field(archive, "d_ff", "width of one expert", experts.d_ff);
  archive.integer({"dense_layers", "first layers without experts"}, experts.dense_layers,
                  {0, 10'000});
}

void describe(json::Archive& archive, Transformer& transformer) {
  size_field(archive, "layers", "transformer layers", transformer.layers);
  size_field(archive, "d_model", "width of the residual stream", transformer.d_model);
  size_field(archive, "heads", "query heads", transformer.heads);
  size_field(archive, "kv_heads", "key and value heads", transformer.kv_heads);
  size_field(archive, "head_dim", "width of one head", transformer.head_dim);
  size_field(archive, "d_ff", "width of the dense feed-forward", transformer.d_ff);
  archive.boolean({"gated", "gate and up projections, as in SwiGLU"}, transformer.gated);
  archive.boolean({"rope", "rotary position embedding"}, transformer.rope);
  archive.boolean({"qk_norm", "queries and keys normalised head by head"}, transformer.qk_norm);
  archive.boolean({"tied", "the LM head shares the embedding"}, transformer.tied);
  size_field(archive, "vocab", "size of the vocabulary", transformer.vocab);
  size_field(archive, "max_context", "longest context in tokens", transformer.max_context);
  archive.object({"latent", "multi-head latent attention"}, transformer.latent);
  archive.object({"experts", "mixture of experts"}, transformer.experts);
  if (archive.decoding()) check_transformer(archive, transformer);
}

void describe(json::Archive& archive, ImagePipeline& pipeline) {
  using json::Dimension;
  using json::kNonNegative;
  archive.choice({"network", "kind of denoiser"}, pipeline.network, kNetworks);
  archive.number({"parameters", "weights of the denoiser", needed(pipeline.parameters)},
                 pipeline.parameters, json::kPositive);
  archive.integer({"reference_px", "side of the square picture the work is stated at"},
                  pipeline.reference_px, {1, 65536});
  archive.quantity(
      {"linear_flop", "one forward of one picture, projections", needed(pipeline.linear_flop)},
      pipeline.linear_flop, Dimension::kFlop, json::kPositive);
  archive.quantity({"conv_flop", "one forward of one picture, convolutions"}, pipeline.conv_flop,
                   Dimension::kFlop, kNonNegative);
  archive.quantity({"attention_flop", "one forward of one picture, grows with tokens squared"},
                   pipeline.attention_flop, Dimension::kFlop, kNonNegative);
  archive.number({"image_tokens", "tokens of the reference picture"}, pipeline.image_tokens,
                 kNonNegative);
  archive.number({"text_tokens", "text tokens joined to them"}, pipeline.text_tokens, kNonNegative);
  archive.quantity({"activation_bytes", "memory traffic of one forward of one picture"},
                   pipeline.activation_bytes, Dimension::kBytes, kNonNegative);
  archive.integer({"kernels", "kernels of one forward"}, pipeline.kernels, {0, 1e6});
  archive.integer({"attention_layers", "attention layers of one forward"},
                  pipeline.attention_layers, {0, 1e6});
  archive.integer({"forwards_per_step", "2 with classifier-free guidance"},
                  pipeline.forwards_per_step, {1, 2});
  archive.integer({"default_steps", "denoising steps when none are stated"}, pipeline.default_steps,
                  {1, 10'000});
  archive.number({"text_encoder_parameters", "weights of the text encoders"},
                 pipeline.text_encoder_parameters, kNonNegative);
  archive.quantity({"text_encoder_flop", "text encoders, per picture"}, pipeline.text_encoder_flop,
                   Dimension::kFlop, kNonNegative);
  archive.number({"decoder_parameters", "weights of the pixel decoder"},
                 pipeline.decoder_parameters, kNonNegative);
  archive.quantity({"decoder_flop", "latent to pixels, per reference picture"},
                   pipeline.decoder_flop, Dimension::kFlop, kNonNegative);
  archive.quantity({"decoder_bytes", "memory traffic of the decoder, per reference picture"},
                   pipeline.decoder_bytes, Dimension::kBytes, kNonNegative);
  archive.boolean(
      {"decoder_overflows_fp16", "the decoder runs in 32 bits unless the deployment is bf16"},
      pipeline.decoder_overflows_fp16);
}

void describe(json::Archive& archive, Model& model) {
  std::string like;
  archive.text({"like", "catalogue model that gives every number not stated here"}, like);
  if (archive.decoding() && !like.empty()) {
    if (const Model* base = find_model(like)) {
      model = *base;
      model.aliases.clear();
    } else {
      archive.problem("like", "E112", "no model called \"" + like + "\" in the catalogue");
    }
  }
  archive.text({"name", "name of the model", json::Need::kRequired}, model.name);
  archive.texts({"aliases", "other spellings of the name"}, model.aliases);
  std::string kind(kKinds[static_cast<std::size_t>(model.kind)].name);
  archive.choice({"kind", "what the model makes"}, kind, kKinds);
  for (std::size_t i = 0; i < kKinds.size(); ++i) {
    if (kKinds[i].name == kind) model.kind = static_cast<ModelKind>(i);
  }
  const bool makes_tokens = model.kind != ModelKind::kDiffusion;
  const bool makes_pixels = model.kind != ModelKind::kTransformer;
  const bool from_base = !like.empty();
  archive.object({"transformer", "the part that makes tokens",
                  makes_tokens && !from_base ? json::Need::kRequired : json::Need::kOptional},
                 model.transformer);
  archive.object({"image", "the part that makes pixels",
                  makes_pixels && !from_base ? json::Need::kRequired : json::Need::kOptional},
                 model.image);
  std::vector<double> counts(model.image_token_counts.begin(), model.image_token_counts.end());
  archive.numbers({"image_token_counts", "output tokens of one picture by quality, low to high"},
                  counts, {1, 1e9});
  model.image_token_counts.clear();
  for (const double count : counts) {
    model.image_token_counts.push_back(static_cast<std::int64_t>(count));
  }
  archive.list({"provenance", "sources of the numbers"}, model.provenance);
}

}  // namespace headroom
