#include "headroom/latency/model.hpp"

#include <set>
#include <string>

#include "support/catch.hpp"

namespace headroom {
namespace {

TEST_CASE("every model names the source of its shape", "[latency][model]") {
  for (const Model& model : models()) {
    INFO(model.name);
    std::set<std::string> covered;
    for (const Provenance& p : model.provenance) {
      CHECK(!p.source.empty());
      covered.insert(p.of.begin(), p.of.end());
    }
    if (model.kind == ModelKind::kDiffusion) {
      for (const char* key : {"parameters", "linear_flop", "attention_flop", "activation_bytes",
                              "decoder_flop", "default_steps", "forwards_per_step"}) {
        INFO(key);
        CHECK(covered.count(key) == 1);
      }
    } else {
      for (const char* key :
           {"layers", "d_model", "heads", "kv_heads", "head_dim", "d_ff", "vocab", "max_context"}) {
        INFO(key);
        CHECK(covered.count(key) == 1);
      }
    }
  }
}

TEST_CASE("shapes give the published numbers of parameters", "[latency][model]") {
  struct Known {
    const char* name;
    double total, active;  // in 1e9; the active count leaves the embedding out
  };
  // Model cards and papers named in the catalogue.
  for (const Known& known : {Known{"Llama-2-7B", 6.74, 6.6}, Known{"Llama-2-70B", 68.98, 68.7},
                             Known{"Llama-3.1-8B", 8.03, 7.5}, Known{"Llama-3.1-70B", 70.55, 69.5},
                             Known{"Llama-3.1-405B", 405.85, 403.7}, Known{"Qwen3-32B", 32.8, 32.0},
                             Known{"GPT-J-6B", 6.05, 5.85}, Known{"Mixtral-8x7B", 46.7, 12.8},
                             Known{"Mixtral-8x22B", 140.6, 39.0}, Known{"DeepSeek-V3", 671, 37},
                             Known{"GPT-3-175B", 174.6, 174.6}, Known{"BLOOM-176B", 176.2, 176.2},
                             Known{"GPT-4-class-rumour", 1800, 280}}) {
    INFO(known.name);
    const Model* model = find_model(known.name);
    REQUIRE(model != nullptr);
    CHECK(model->transformer.parameters() / 1e9 == Approx(known.total).epsilon(0.02));
    CHECK(model->transformer.active_parameters() / 1e9 == Approx(known.active).epsilon(0.02));
  }
}

TEST_CASE("KV bytes a token follow from the heads, or from the latent", "[latency][model]") {
  CHECK(find_model("Llama-3.1-70B")->transformer.kv_numbers_per_token() * 2 ==
        2.0 * 80 * 8 * 128 * 2);
  CHECK(find_model("GPT-3-175B")->transformer.kv_numbers_per_token() * 2 ==
        2.0 * 96 * 96 * 128 * 2);
  CHECK(find_model("DeepSeek-V3")->transformer.kv_numbers_per_token() * 2 == 61.0 * (512 + 64) * 2);
}

TEST_CASE("the GPT-4-class stand-in is marked as rumour and nothing else is", "[latency][model]") {
  for (const Model& model : models()) {
    INFO(model.name);
    CHECK(model.is_rumour() == (model.name == "GPT-4-class-rumour"));
  }
}

TEST_CASE("the image generator makes 272, 1,056 or 4,160 tokens", "[latency][model]") {
  const Model* model = find_model("autoregressive-image");
  REQUIRE(model != nullptr);
  CHECK(model->kind == ModelKind::kAutoregressiveImage);
  CHECK(model->image_token_counts == std::vector<std::int64_t>{272, 1056, 4160});
  CHECK(model->image.linear_flop > 0);
}

TEST_CASE("catalogue models are found by any of their spellings", "[latency][model]") {
  CHECK(find_model("llama2-70b") == find_model("Llama-2-70B"));
  CHECK(find_model("FLUX") == find_model("FLUX.1-dev"));
  CHECK(find_model("SDXL") == find_model("SDXL-1.0"));
  CHECK(find_model("Llama-4") == nullptr);
}

}  // namespace
}  // namespace headroom
