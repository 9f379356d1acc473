#include <vector>

#include "headroom/latency/model.hpp"
#include "support/catch.hpp"

/// The work of one forward, counted layer by layer from the public configurations, against the
/// numbers in the catalogue.
namespace headroom {
namespace {

/// What a network's layers add up to, for one picture.
struct Count {
  double conv_flop = 0, linear_flop = 0, attention_flop = 0, parameters = 0;
  double moved = 0;  ///< numbers read and written outside matrix multiplications
  std::int64_t kernels = 0, attention_layers = 0;

  void conv(double in, double out, double pixels, double side = 3) {
    conv_flop += 2 * side * side * in * out * pixels;
    parameters += side * side * in * out + out;
    ++kernels;
  }
  void linear(double in, double out, double tokens, bool bias = true) {
    linear_flop += 2 * in * out * tokens;
    parameters += in * out + (bias ? out : 0);
    ++kernels;
  }
  void norm(double width, double tokens, double passes) {
    parameters += 2 * width;
    moves(width, tokens, passes);
  }
  void moves(double width, double tokens, double passes) {
    moved += passes * width * tokens;
    ++kernels;
  }
};

/// unet/config.json of a Stable Diffusion model.
struct UnetConfig {
  std::vector<double> widths;          ///< block_out_channels
  std::vector<int> transformer_depth;  ///< transformer_layers_per_block; 0 = a level without
  int middle_depth = 1;
  double context_width = 768;  ///< cross_attention_dim
  double latent_side = 64;     ///< an eighth of the picture's
  bool linear_projection = false;
  double added_embedding = 0;  ///< width of the pooled text and size embedding
};
constexpr double kContextTokens = 77;
constexpr int kBlocksOfALevel = 2;

void residual_block(Count& c, double in, double out, double pixels, double embedding) {
  c.norm(in, pixels, 3);
  c.moves(in, pixels, 2);  // SiLU
  c.conv(in, out, pixels);
  c.linear(embedding, out, 1);
  ++c.kernels;  // SiLU of the time embedding
  c.moves(out, pixels, 2);
  c.norm(out, pixels, 3);
  c.moves(out, pixels, 2);
  c.conv(out, out, pixels);
  if (in != out) c.conv(in, out, pixels, 1);
  c.moves(out, pixels, 3);
}

void attend(Count& c, double width, double tokens, double keys, double key_width) {
  c.norm(width, tokens, 2);
  c.linear(width, width, tokens, false);
  c.linear(key_width, width, keys, false);
  c.linear(key_width, width, keys, false);
  c.attention_flop += 4 * tokens * keys * width;
  ++c.attention_layers;
  c.moves(width, tokens, 2);
  c.moved += 2 * width * keys;
  c.linear(width, width, tokens);
  c.moves(width, tokens, 3);
}

void transformer(Count& c, const UnetConfig& u, double width, double tokens, int depth) {
  if (depth == 0) return;
  const auto project = [&] {
    u.linear_projection ? c.linear(width, width, tokens) : c.conv(width, width, tokens, 1);
    c.moves(width, tokens, 2);
  };
  c.norm(width, tokens, 3);
  project();
  for (int i = 0; i < depth; ++i) {
    attend(c, width, tokens, tokens, width);
    attend(c, width, tokens, kContextTokens, u.context_width);
    c.norm(width, tokens, 2);
    c.linear(width, 8 * width, tokens);  // GEGLU: value and gate
    c.moves(4 * width, tokens, 5);
    ++c.kernels;
    c.linear(4 * width, width, tokens);
    c.moves(width, tokens, 3);
  }
  project();
  c.moves(width, tokens, 3);
}

Count count_unet(const UnetConfig& u) {
  Count c;
  const double embedding = 4 * u.widths[0];
  c.parameters += u.widths[0] * embedding + embedding + embedding * embedding + embedding;
  if (u.added_embedding > 0) {
    c.parameters += (u.added_embedding + 1) * embedding + (embedding + 1) * embedding;
  }
  double side = u.latent_side;
  double width = u.widths[0];
  c.conv(4, width, side * side);
  std::vector<double> skips{width};
  for (std::size_t level = 0; level < u.widths.size(); ++level) {
    for (int i = 0; i < kBlocksOfALevel; ++i) {
      residual_block(c, width, u.widths[level], side * side, embedding);
      width = u.widths[level];
      transformer(c, u, width, side * side, u.transformer_depth[level]);
      skips.push_back(width);
    }
    if (level + 1 == u.widths.size()) continue;
    side /= 2;
    c.conv(width, width, side * side);
    skips.push_back(width);
  }
  residual_block(c, width, width, side * side, embedding);
  transformer(c, u, width, side * side, u.middle_depth);
  residual_block(c, width, width, side * side, embedding);
  for (std::size_t level = u.widths.size(); level-- > 0;) {
    for (int i = 0; i <= kBlocksOfALevel; ++i) {
      c.moves(width + skips.back(), side * side, 2);
      residual_block(c, width + skips.back(), u.widths[level], side * side, embedding);
      skips.pop_back();
      width = u.widths[level];
      transformer(c, u, width, side * side, u.transformer_depth[level]);
    }
    if (level == 0) continue;
    side *= 2;
    c.moves(width, side * side, 1);
    c.conv(width, width, side * side);
  }
  c.norm(width, side * side, 3);
  c.moves(width, side * side, 2);
  c.conv(width, 4, side * side);
  return c;
}

void check_unet(const char* name, const UnetConfig& config) {
  INFO(name);
  const ImagePipeline& image = find_model(name)->image;
  const Count c = count_unet(config);
  CHECK(image.parameters == Approx(c.parameters).epsilon(0.005));
  CHECK(image.conv_flop == Approx(c.conv_flop).epsilon(0.005));
  CHECK(image.linear_flop == Approx(c.linear_flop).epsilon(0.005));
  CHECK(image.attention_flop == Approx(c.attention_flop).epsilon(0.005));
  CHECK(image.activation_bytes == Approx(2 * c.moved).epsilon(0.01));
  CHECK(image.kernels == c.kernels);
  CHECK(image.attention_layers == c.attention_layers);
}

TEST_CASE("a U-Net's work in the catalogue is that of its public configuration",
          "[latency][model]") {
  check_unet("SD-1.5", {{320, 640, 1280, 1280}, {1, 1, 1, 0}, 1, 768, 64, false, 0});
  check_unet("SDXL-1.0", {{320, 640, 1280}, {0, 2, 10}, 10, 2048, 128, true, 2816});
}

TEST_CASE("a diffusion transformer's work in the catalogue is that of its blocks",
          "[latency][model]") {
  // A block multiplies each token with 4 d^2 weights in attention and 8 d^2 in its feed-forward;
  // scores and values take 4 tokens^2 d.
  const auto linear = [](double blocks, double tokens, double d) {
    return 2 * blocks * tokens * 12 * d * d;
  };
  const auto attention = [](double blocks, double tokens, double d) {
    return 4 * blocks * tokens * tokens * d;
  };
  const ImagePipeline& sd3 = find_model("SD3-medium")->image;
  CHECK(sd3.linear_flop == Approx(linear(24, 4096 + 333, 1536)).epsilon(0.005));
  CHECK(sd3.attention_flop == Approx(attention(24, 4096 + 333, 1536)).epsilon(0.005));
  // Both streams have their own weights, and 6 d^2 each that make shifts, scales and gates.
  CHECK(sd3.parameters == Approx(24 * 2 * 18 * 1536.0 * 1536).epsilon(0.01));
  for (const char* name : {"FLUX.1-dev", "FLUX.1-schnell"}) {
    const ImagePipeline& flux = find_model(name)->image;
    // 19 double blocks, 38 single ones whose feed-forward runs beside attention.
    CHECK(flux.linear_flop == Approx(linear(57, 4096 + 512, 3072)).epsilon(0.005));
    CHECK(flux.attention_flop == Approx(attention(57, 4096 + 512, 3072)).epsilon(0.005));
    CHECK(flux.parameters == Approx((19 * 36 + 38 * 15) * 3072.0 * 3072).epsilon(0.01));
  }
}

TEST_CASE("a pixel decoder's work in the catalogue is that of its convolutions",
          "[latency][model]") {
  // AutoencoderKL: widths 512, 512, 256, 128 from the latent's side up, two blocks in the middle
  // and three a level, each of two 3 x 3 convolutions; a level ends with one on the doubled side.
  const auto decoder = [](double latent_side) {
    Count c;
    double side = latent_side;
    c.conv(4, 512, side * side);
    for (int i = 0; i < 4; ++i) c.conv(512, 512, side * side);
    double width = 512;
    for (const double out : {512.0, 512.0, 256.0, 128.0}) {
      for (int block = 0; block < 3; ++block) {
        c.conv(width, out, side * side);
        c.conv(out, out, side * side);
        if (width != out) c.conv(width, out, side * side, 1);
        width = out;
      }
      if (out == 128) continue;
      side *= 2;
      c.conv(width, width, side * side);
    }
    c.conv(width, 3, side * side);
    return c.conv_flop;
  };
  CHECK(find_model("SD-1.5")->image.decoder_flop == Approx(decoder(64)).epsilon(0.02));
  for (const char* name : {"SDXL-1.0", "SD3-medium", "FLUX.1-dev", "FLUX.1-schnell"}) {
    CHECK(find_model(name)->image.decoder_flop == Approx(decoder(128)).epsilon(0.02));
  }
}

}  // namespace
}  // namespace headroom
