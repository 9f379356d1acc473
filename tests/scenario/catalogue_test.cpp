// One scenario for every GPU x model of the catalogues: what fits is checked against formulas
// worked out here, what does not is refused with the bytes.
#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include "headroom/hardware/gpu.hpp"
#include "headroom/latency/deployment.hpp"
#include "headroom/latency/model.hpp"
#include "scenario_support.hpp"

namespace headroom {
namespace {

std::string scenario_of(const Gpu& gpu, const Model& model, std::int64_t tensor) {
  return R"({"schema_version": "1.0", "name": "pair", "time": {"duration": "1min"},
    "fleet": {"pools": [{"name": "p", "gpus": )" +
         std::to_string(tensor) + R"(, "gpu": ")" + gpu.name + R"(", "model": ")" + model.name +
         R"(", "tensor_parallel": )" + std::to_string(tensor) +
         R"(, "dtype": "fp16", "batching": {"mode": "chunked", "max_batch": 8, "token_budget": 256},
         "max_context": 1024}]},
    "classes": [{"name": "c", "stages": [{"pool": "p"}], "rate": "0.1/s",
                 "prompt_tokens": 200, "output_tokens": 50}]})";
}

/// The refusal's text, or empty when the scenario resolves into `resolved`.
std::string refusal_of(const std::string& text, std::optional<ResolvedScenario>& resolved) {
  try {
    resolved = resolve(parse_scenario(text, "pair.json", "."));
    return "";
  } catch (const InputError& error) {
    std::string all;
    for (const Issue& issue : error.issues()) all += issue.code + " " + issue.message + "\n";
    return all;
  }
}

void check_fit(const Gpu& gpu, const Model& model, std::int64_t tensor,
               const ResolvedScenario& resolved) {
  const ResolvedPool& pool = resolved.pools[0];
  REQUIRE(pool.kv);
  const auto ranks = static_cast<double>(tensor);
  const Transformer& shape = model.transformer;

  // Weights: two bytes a parameter, spread over the ranks; embeddings and norms may be held whole.
  const double weights = 2 * shape.parameters() / ranks;
  CHECK(pool.kv->weight_bytes == Approx(weights).epsilon(0.1));
  // KV: (memory x utilisation - weights - activations) / bytes per block, per rank.
  const double usable = gpu.hbm_bytes * pool.deployment->engine.kv_utilisation;
  CHECK(pool.kv->usable_bytes == Approx(usable).epsilon(1e-9));
  const double free = usable - pool.kv->weight_bytes - pool.kv->activation_bytes;
  const double per_block = pool.kv->bytes_per_token * 16;
  CHECK(static_cast<double>(pool.config.kv_blocks) == std::floor(free / per_block));
  // A token's KV on one rank: 2 (K and V) x layers x KV heads of this rank x head size x 2 bytes.
  if (!shape.is_latent()) {
    const double heads =
        std::max(1.0, static_cast<double>(shape.kv_heads) / static_cast<double>(tensor));
    const double bytes =
        2.0 * static_cast<double>(shape.layers) * heads * static_cast<double>(shape.head_dim) * 2;
    CHECK(pool.kv->bytes_per_token == Approx(bytes));
  }

  // A lone decode reads the active weights once: never faster than HBM allows, and at most ten
  // times slower on a GPU whose launches and collectives cost more than its memory.
  const double active = 2 * shape.active_parameters() / ranks;
  const double floor_s =
      0.9 * active / gpu.hbm_bytes_per_s;  // the embedding is looked up, not read
  const double step_s = seconds(pool.config.steps->decode_step(1, 200));
  CHECK(step_s >= floor_s);
  CHECK(step_s <= 10 * active / gpu.hbm_bytes_per_s + 0.02);
}

TEST_CASE("every GPU x model is a scenario that fits by the formulas, or is refused with the bytes",
          "[scenario][catalogue]") {
  int fitted = 0;
  int refused = 0;
  for (const Gpu& gpu : gpus()) {
    for (const Model& model : models()) {
      if (model.transformer.layers == 0) continue;
      bool fits = false;
      for (std::int64_t tensor = 1; tensor <= 8 && !fits; tensor *= 2) {
        INFO(gpu.name << " x " << tensor << ", " << model.name);
        std::optional<ResolvedScenario> resolved;
        const std::string refusal = refusal_of(scenario_of(gpu, model, tensor), resolved);
        if (resolved) {
          check_fit(gpu, model, tensor, *resolved);
          fits = true;
          ++fitted;
        } else if (refusal.find("E113") == std::string::npos) {  // heads do not divide
          CHECK(refusal.find("E141") != std::string::npos);
          const bool names_bytes =
              refusal.find("GB") != std::string::npos || refusal.find("GiB") != std::string::npos;
          CHECK(names_bytes);
          ++refused;
        }
      }
    }
  }
  CHECK(fitted > 100);
  CHECK(refused > 100);
}

}  // namespace
}  // namespace headroom
