#include "headroom/latency/deployment.hpp"

#include <algorithm>
#include <cmath>

#include "headroom/json/document.hpp"
#include "support/catch.hpp"

namespace headroom {
namespace {

Deployment make(const char* gpu, const char* model, std::int64_t tp,
                KernelFamily family = KernelFamily::kFitted) {
  Deployment d;
  d.gpu = *find_gpu(gpu);
  d.model = *find_model(model);
  d.engine = *find_engine_preset("vllm-v1");
  d.tensor_parallel = tp;
  d.family = family;
  return d;
}

/// The smallest tensor parallelism of 1, 2, 4, 8 that divides the heads and holds the weights in
/// 85 % of the memory; 0 when none does.
std::int64_t smallest_fit(const Gpu& gpu, const Model& model) {
  for (const std::int64_t tp : {1, 2, 4, 8}) {
    if (model.transformer.heads % tp != 0) continue;
    const double weights = 2 * model.transformer.parameters() / static_cast<double>(tp);
    if (weights < 0.85 * gpu.hbm_bytes) return tp;
  }
  return 0;
}

TEST_CASE("every model that fits a GPU has the KV capacity that memory arithmetic gives",
          "[latency][deployment]") {
  int fitting = 0;
  int refused = 0;
  const Limits limits{64, 2048, 2048};
  for (const Gpu& gpu : gpus()) {
    for (const Model& model : models()) {
      if (model.kind == ModelKind::kDiffusion) continue;
      INFO(model.name << " on " << gpu.name);
      const std::int64_t tp = smallest_fit(gpu, model);
      Deployment d = make(gpu.name.c_str(), model.name.c_str(), tp == 0 ? 8 : tp);
      const KvCapacity kv = kv_capacity(d, limits, 16);
      if (!kv.fits) {
        // Refused with the bytes, and only when weights, activations and a block pass the memory.
        const std::string bytes = std::to_string(std::llround(kv.usable_bytes)) + " bytes";
        CHECK(kv.refusal.find(bytes) != std::string::npos);
        CHECK(kv.refusal.find(model.name) != std::string::npos);
        CHECK(kv.weight_bytes + kv.activation_bytes + 16 * kv.bytes_per_token > kv.usable_bytes);
        ++refused;
        continue;
      }
      ++fitting;
      const std::int64_t gpus = d.tensor_parallel;
      const Transformer& t = model.transformer;
      const double per_gpu =
          t.is_latent() ? static_cast<double>(t.layers) * 576 * 2
                        : 2.0 * 2 * static_cast<double>(t.layers * t.head_dim) *
                              static_cast<double>(std::max<std::int64_t>(1, t.kv_heads / gpus));
      const double left = 0.9 * gpu.hbm_bytes - kv.weight_bytes - kv.activation_bytes;
      CHECK(kv.bytes_per_token == per_gpu);
      CHECK(kv.tokens == 16 * static_cast<std::int64_t>(left / (16 * per_gpu)));
      // Weights: all parameters in 16 bits, one tp-th each (KV projections may be replicated).
      CHECK(kv.weight_bytes ==
            Approx(2 * t.parameters() / static_cast<double>(gpus)).epsilon(0.03));
    }
  }
  CHECK(fitting > 150);
  CHECK(refused > 5);
}

TEST_CASE("a lone decode step takes at least its weights over the bandwidth, and not much more",
          "[latency][deployment]") {
  const Limits limits{64, 2048, 2048};
  for (const Gpu& gpu : gpus()) {
    for (const Model& model : models()) {
      if (model.kind == ModelKind::kDiffusion) continue;
      const std::int64_t tp = smallest_fit(gpu, model);
      if (tp == 0) continue;
      INFO(model.name << " on " << gpu.name << " x " << tp);
      const Transformer& t = model.transformer;
      const auto context = 512.0;
      // One token reads the active weights once, and the KV cache of its context.
      const double bytes = 2 * t.active_parameters() + 2 * t.kv_numbers_per_token() * context;
      const double floor = bytes / (static_cast<double>(tp) * gpu.hbm_bytes_per_s);

      Deployment d = make(gpu.name.c_str(), model.name.c_str(), tp, KernelFamily::kBound);
      d.engine.step_host_s = d.engine.layer_host_s = d.engine.launch_s = 0;
      const StepBatch lone{{}, 1, 512, 1};
      const double bound = step_seconds_direct(d, lone);
      // The bound adds activations and the collectives' bytes: a few per cent; experts chosen by
      // one token may be spread unevenly over a group.
      CHECK(bound >= 0.97 * floor);
      CHECK(bound <= (t.is_moe() ? 1.2 : 1.1) * floor + 1e-4);
      CHECK(static_cast<double>(compile_steps(d, limits).steps->decode_step(1, 512).count) / 1e12 ==
            Approx(bound).epsilon(0.005));

      d.family = KernelFamily::kFitted;
      const double fitted = step_seconds_direct(d, lone);
      CHECK(fitted >= bound);
      // Kernels reach 40 % of the bandwidth or better; launches of small models add microseconds,
      // routing and sorting of experts a tenth of a millisecond.
      const double launches = t.is_moe() ? 400e-6 : 150e-6;
      CHECK(fitted <= 2.5 * bound + launches * static_cast<double>(t.layers));
    }
  }
}

TEST_CASE("70B in bf16 on eight A100s cannot step faster than about 19 ms",
          "[latency][deployment]") {
  const Deployment d = make("A100-SXM-80GB", "Llama-3.1-70B", 8);
  const double step = step_seconds_direct(d, StepBatch{{}, 1, 1000, 1});
  // 141 GB of weights over 8 x 2.04 TB/s is 8.65 ms; kernels, collectives and the host double it.
  CHECK(step > 0.015);
  CHECK(step < 0.021);
}

TEST_CASE("70B on eight A100s keeps 1.43 million tokens of KV", "[latency][deployment]") {
  const Deployment d = make("A100-SXM-80GB", "Llama-3.1-70B", 8);
  const KvCapacity kv = kv_capacity(d, Limits{1100, 8192, 8192}, 16);
  REQUIRE(kv.fits);
  // 8 x 80 GiB x 0.9 - 141.1 GB of weights, over 327,680 bytes a token, is 1.457 M; activations
  // and the engine's reserve take a few per cent of it.
  const double ceiling = (8 * 80 * 1073741824.0 * 0.9 - 141.1e9) / 327680;
  CHECK(static_cast<double>(kv.tokens) < ceiling);
  CHECK(static_cast<double>(kv.tokens) == Approx(1.43e6).epsilon(0.05));
}

TEST_CASE("vLLM's own count of KV blocks is met within a tenth", "[latency][deployment]") {
  // Llama-3.1-8B on an RTX 4090 with 256 sequences and 2,048 tokens a step: 2,588 blocks of 16
  // (casys-kaist/LLMServingSim, serving run of vLLM 0.19). The card reports 25,250,627,584 bytes.
  Deployment d = make("RTX-4090", "Llama-3.1-8B", 1);
  d.gpu.hbm_bytes = 25'250'627'584.0;
  const KvCapacity kv = kv_capacity(d, Limits{256, 2048, 32768}, 16);
  REQUIRE(kv.fits);
  CHECK(static_cast<double>(kv.blocks) == Approx(2588).epsilon(0.1));
}

TEST_CASE("prefill of a chat request costs about 0.57 of 0.84 GPU-seconds",
          "[latency][deployment]") {
  const Deployment d = make("A100-SXM-80GB", "Llama-3.1-70B", 8);
  // 1,155 prompt tokens, half of them cached, 14 requests in a step of about 8k tokens.
  StepBatch prefill;
  for (int i = 0; i < 14; ++i) prefill.prefills.push_back({578, 577});
  prefill.rows = 14;
  const double prefill_gpu_s = 8 * step_seconds_direct(d, prefill) / 14;
  CHECK(prefill_gpu_s == Approx(0.57).epsilon(0.25));
  // 211 decode steps shared by 1,100 sequences of about 1,260 tokens.
  const double step = step_seconds_direct(d, StepBatch{{}, 1100, 1100 * 1260, 1100});
  const double decode_gpu_s = 8 * 211 * step / 1100;
  CHECK(prefill_gpu_s + decode_gpu_s == Approx(0.84).epsilon(0.25));
}

TEST_CASE("pipeline stages pass micro-batches: p stages on n/p tokens each, plus the hand-overs",
          "[latency][deployment]") {
  Deployment one = make("A100-SXM-80GB", "Llama-3.1-70B", 8);
  one.engine.step_host_s = 0;
  Deployment two = one;
  two.pipeline_parallel = 2;
  CHECK(two.gpus_per_replica() == 16);
  const auto layers = [](const Deployment& d, std::int64_t n) {
    double sum = 0;
    for (const OperatorTime& op : step_operators(d, StepBatch{{}, n, n * 1000, 0})) {
      if (op.name != "send_recv") sum += op.seconds;
    }
    return sum;
  };
  // 256 sequences in two stages: each layer sees 128 at a time, all 80 layers in the period.
  CHECK(layers(two, 256) == Approx(layers(one, 128)));
}

TEST_CASE("tensor groups wider than the KV heads replicate them", "[latency][deployment]") {
  Deployment d = make("H100-SXM-80GB", "Llama-3.1-70B", 16);
  const KvCapacity kv = kv_capacity(d, Limits{64, 2048, 2048});
  CHECK(kv.bytes_per_token == 2.0 * 80 * 1 * 128 * 2);  // one whole head on each GPU
}

TEST_CASE("experts over more GPUs than the tensor group travel by all-to-all",
          "[latency][deployment]") {
  Deployment d = make("H100-SXM-80GB", "DeepSeek-V3", 1);
  d.dtype = Dtype::kFp8;
  d.expert_parallel = 32;
  CHECK(d.gpus_per_replica() == 32);
  const auto operators = step_operators(d, StepBatch{{}, 64, 64 * 1000, 64});
  const auto has = [&operators](const std::string& name) {
    return std::any_of(operators.begin(), operators.end(),
                       [&name](const OperatorTime& op) { return op.name == name; });
  };
  CHECK(has("dispatch"));
  CHECK(has("combine"));
  CHECK(!has("all_reduce"));
}

TEST_CASE("eager launches set a floor under decode steps", "[latency][deployment]") {
  Deployment d = make("A100-SXM-80GB", "Llama-2-70B", 8);
  d.engine = *find_engine_preset("eager-2023");
  const double floor = 80 * d.engine.layer_host_s + d.engine.step_host_s;
  const double step = step_seconds_direct(d, StepBatch{{}, 1, 512, 1});
  CHECK(step >= floor);
  CHECK(step <= floor + 2e-3);  // logits and sampling come after
  const auto table = compile_steps(d, Limits{64, 2048, 4096}).steps;
  CHECK(static_cast<double>(table->decode_step(1, 512).count) / 1e12 ==
        Approx(step).epsilon(0.005));
}

TEST_CASE("unknown names are reported at their place with the nearest known one",
          "[latency][deployment]") {
  DeploymentConfig config;
  config.gpu = "A100-SXM-80G";
  config.model = "Llama-3.1-70B";
  config.pointer = "/fleet/pools/0";
  std::vector<Issue> issues;
  CHECK(!resolve_deployment(config, {}, issues).has_value());
  REQUIRE(issues.size() == 1);
  CHECK(issues[0].code == "E112");
  CHECK(issues[0].pointer == "/fleet/pools/0/gpu");
  REQUIRE(issues[0].notes.size() == 1);
  CHECK(issues[0].notes[0] == "did you mean \"A100-SXM-80GB\"?");
}

TEST_CASE("a parallelism that does not divide the model is refused", "[latency][deployment]") {
  DeploymentConfig config;
  config.gpu = "A100-SXM-80GB";
  config.model = "Llama-3.1-8B";
  config.tensor_parallel = 3;
  std::vector<Issue> issues;
  CHECK(!resolve_deployment(config, {}, issues).has_value());
  REQUIRE(issues.size() == 1);
  CHECK(issues[0].code == "E113");
  CHECK(issues[0].pointer == "/tensor_parallel");
}

TEST_CASE("a scenario's own GPU replaces the catalogue's of that name", "[latency][deployment]") {
  CatalogueExtras extras;
  extras.gpus.push_back(*find_gpu("A100-SXM-80GB"));
  extras.gpus[0].hbm_bytes_per_s = 3e12;
  DeploymentConfig config;
  config.gpu = "A100-SXM-80GB";
  config.model = "Llama-3.1-8B";
  std::vector<Issue> issues;
  const auto d = resolve_deployment(config, extras, issues);
  REQUIRE(d.has_value());
  CHECK(d->gpu.hbm_bytes_per_s == 3e12);
}

TEST_CASE("a deployment read from JSON keeps its overrides", "[latency][deployment]") {
  const auto document = json::Document::parse(
      R"({"gpu": "H100", "model": "Llama-3.1-8B", "dtype": "fp8", "engine": "tensorrt-llm",
          "step_host_s": "2ms", "kv_utilisation": 0.8})",
      "test.json", json::Document::Comments::kForbidden);
  DeploymentConfig config;
  document.decode([&config](json::Archive& a) { describe(a, config); });
  std::vector<Issue> issues;
  const auto d = resolve_deployment(config, {}, issues);
  REQUIRE(d.has_value());
  CHECK(d->dtype == Dtype::kFp8);
  CHECK(d->kv_dtype == Dtype::kBf16);
  CHECK(d->engine.step_host_s == 0.002);
  CHECK(d->engine.kv_utilisation == 0.8);
  CHECK(d->engine.launch_s == find_engine_preset("tensorrt-llm")->launch_s);
}

TEST_CASE("an SDXL picture of 30 guided steps takes 2 to 4 seconds on an A100",
          "[latency][deployment]") {
  Deployment d = make("A100-SXM-80GB", "SDXL-1.0", 1);
  d.dtype = Dtype::kFp16;
  const std::vector<std::int64_t> batch = compile_batches(d, ImageBatch{4, 30, 1024, 2});
  REQUIRE(batch.size() == 5);
  CHECK(batch[0] == 0);
  // Published: 2.5 s compiled, 2.7 s TensorRT, 3.7 to 4.6 s eager.
  CHECK(static_cast<double>(batch[1]) / 1e12 > 2.0);
  CHECK(static_cast<double>(batch[1]) / 1e12 < 4.0);
  // Larger batches gain a little a picture and never take less in all.
  CHECK(batch[4] < 4 * batch[1]);
  CHECK(batch[4] > 3 * batch[1]);
}

TEST_CASE("a pixel decoder of the image generator takes about an A100-second",
          "[latency][deployment]") {
  Deployment d = make("A100-SXM-80GB", "AR-Image-70B", 1);
  d.dtype = Dtype::kFp16;
  const auto batch = compile_batches(d, ImageBatch{1, 0, 0, 0});
  CHECK(static_cast<double>(batch[1]) / 1e12 == Approx(1.0).epsilon(0.25));
}

}  // namespace
}  // namespace headroom
