#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "headroom/core/random.hpp"
#include "headroom/latency/deployment.hpp"
#include "headroom/latency/fit.hpp"
#include "support/catch.hpp"

namespace headroom {
namespace {

Deployment make(const char* gpu, const char* model, std::int64_t tp, std::int64_t pp,
                const char* engine) {
  Deployment d;
  d.gpu = *find_gpu(gpu);
  d.model = *find_model(model);
  d.engine = *find_engine_preset(engine);
  d.tensor_parallel = tp;
  d.pipeline_parallel = pp;
  return d;
}

double table_seconds(const StepTable& table, const StepBatch& batch) {
  std::int64_t tokens = batch.decodes;
  Ticks prefill{0};
  for (const StepBatch::Chunk& chunk : batch.prefills) {
    tokens += chunk.new_tokens;
    prefill += table.prefill_attention(chunk.new_tokens, chunk.past);
  }
  return seconds(table.step(tokens, batch.rows, batch.decodes, batch.context_sum, prefill));
}

std::int64_t log_uniform(RandomStream& random, double low, double high) {
  return std::llround(low * std::pow(high / low, random.uniform()));
}

/// Tokens that a step holds in the KV cache when it ends.
std::int64_t held(const StepBatch& batch) {
  std::int64_t tokens = batch.context_sum;
  for (const StepBatch::Chunk& chunk : batch.prefills) tokens += chunk.new_tokens + chunk.past;
  return tokens;
}

/// Up to max_batch decodes of up to max_context tokens, and chunks up to the token budget.
StepBatch draw_step(RandomStream& random, const Limits& limits) {
  StepBatch batch;
  const bool prefill = random.uniform() < 0.6;
  if (!prefill || random.uniform() < 0.8) {
    batch.decodes = log_uniform(random, 1, static_cast<double>(limits.max_batch));
    const auto context = log_uniform(random, 1, static_cast<double>(limits.max_context));
    batch.context_sum = batch.decodes * context;
    batch.rows = batch.decodes;
  }
  if (prefill) {
    std::int64_t left = limits.max_step_tokens - batch.decodes;
    const int chunks = 1 + static_cast<int>(random.uniform() * 3);
    for (int i = 0; i < chunks && left > 0; ++i) {
      const std::int64_t chunk = log_uniform(random, 1, static_cast<double>(left));
      const std::int64_t past =
          random.uniform() < 0.3
              ? 0
              : log_uniform(random, 1, static_cast<double>(limits.max_context - chunk));
      batch.prefills.push_back({chunk, past});
      left -= chunk;
      ++batch.rows;
    }
  }
  return batch;
}

/// A step that a run could reach: one that the KV memory holds.
StepBatch random_step(RandomStream& random, const Limits& limits, std::int64_t kv_tokens) {
  while (true) {
    StepBatch batch = draw_step(random, limits);
    if (held(batch) <= kv_tokens) return batch;
  }
}

void check_table(const Deployment& d, const Limits& limits, int draws) {
  constexpr double bound = 0.005;
  const KvCapacity capacity = kv_capacity(d, limits);
  REQUIRE(capacity.fits);
  const CompiledSteps compiled = compile_steps(d, limits);
  RandomStream random({11, 0, 0}, Purpose::kTest, 2, static_cast<std::uint64_t>(draws));
  double worst = 0;
  for (int i = 0; i < draws; ++i) {
    const StepBatch batch = random_step(random, limits, capacity.tokens);
    const double direct = step_seconds_direct(d, batch);
    const double table = table_seconds(*compiled.steps, batch);
    INFO(d.model.name << " on " << d.gpu.name << ": decodes " << batch.decodes << " context "
                      << batch.context_sum << " chunks " << batch.prefills.size() << " first "
                      << (batch.prefills.empty() ? 0 : batch.prefills[0].new_tokens) << " past "
                      << (batch.prefills.empty() ? 0 : batch.prefills[0].past) << " direct "
                      << direct << " table " << table);
    CHECK(table == Approx(direct).epsilon(bound));
    worst = std::max(worst, std::abs(table / direct - 1));
  }
  INFO("worst " << worst);
  CHECK(worst < bound);
}

TEST_CASE("a step table is within 0.5 % of the kernels it was made from", "[latency][steps]") {
  const Limits limits{1100, 8192, 131072};
  SECTION("70B on eight A100s") {
    check_table(make("A100-SXM-80GB", "Llama-3.1-70B", 8, 1, "vllm-v1"), limits, 400);
  }
  SECTION("8B on an H100") {
    check_table(make("H100-SXM-80GB", "Llama-3.1-8B", 1, 1, "tensorrt-llm"), limits, 400);
  }
  SECTION("405B in two stages of eight H200s") {
    check_table(make("H200-SXM-141GB", "Llama-3.1-405B", 8, 2, "vllm-v1"), limits, 200);
  }
  SECTION("a mixture of experts") {
    check_table(make("H100-SXM-80GB", "Mixtral-8x7B", 2, 1, "vllm-v1"), {512, 4096, 32768}, 200);
  }
  SECTION("latent attention with experts over 32 GPUs") {
    Deployment d = make("H200-SXM-141GB", "DeepSeek-V3", 1, 1, "vllm-v1");
    d.expert_parallel = 32;
    d.dtype = Dtype::kFp8;
    check_table(d, {512, 8192, 65536}, 200);
  }
  SECTION("as many heads as KV heads") {
    check_table(make("RTX-4090", "Llama-2-7B", 1, 1, "vllm-v1"), {256, 2048, 4096}, 200);
  }
}

/// The deployment with measured grids in place of its fits.
Deployment with_tables(Deployment d, const std::vector<MeasuredRow>& rows) {
  auto file = std::make_shared<KernelFile>();
  file->gpu = d.gpu.name;
  for (const KernelKind kind :
       {KernelKind::kGemm, KernelKind::kPrefillAttention, KernelKind::kDecodeAttention}) {
    file->tables.push_back(make_table(d.gpu, kind, Dtype::kBf16, rows, "test"));
  }
  d.kernels = std::move(file);
  d.family = KernelFamily::kTable;
  return d;
}

TEST_CASE("a step table follows measured grids, kinks included, within 0.5 %", "[latency][steps]") {
  // Points at every second doubling, each off the fitted law by up to 8 % of its own: rougher than
  // real grids, whose neighbours err alike.
  const Deployment d = make("A100-SXM-80GB", "Llama-3.1-8B", 1, 1, "vllm-v1");
  const KernelSet fitted(d.gpu, KernelFamily::kFitted, nullptr);
  RandomStream random({11, 0, 0}, Purpose::kTest, 3, 0);
  std::vector<MeasuredRow> rows;
  const auto add = [&](const KernelShape& shape) {
    const double noise = 1 + 0.08 * (2 * random.uniform() - 1);
    rows.push_back({shape, fitted.seconds(shape) * noise, 0});
  };
  const Transformer& t = d.model.transformer;
  for (std::int64_t x = 1; x <= 4096; x *= 4) {
    for (const auto& [n, k] : {std::pair{6144, 4096}, {4096, 4096}, {28672, 4096}, {4096, 14336}}) {
      add(GemmShape{x, n, k, Dtype::kBf16});
    }
    add(PrefillAttentionShape{1, 4 * x, 0, t.heads, t.kv_heads, 128, 128});
  }
  for (std::int64_t n = 1; n <= 256; n *= 4) {
    for (std::int64_t context = 16; context <= 32768; context *= 4) {
      add(DecodeAttentionShape{n, static_cast<double>(n * context), t.heads, t.kv_heads, 128});
    }
  }
  check_table(with_tables(d, rows), {256, 4096, 32768}, 400);
}

TEST_CASE("a step table follows the measured grids of an A100 within 0.5 %",
          "[latency][steps][shared]") {
  const std::string folder =
      std::string(HEADROOM_SOURCE_DIR) + "/../shared/data/kernels/a100_sxm/vllm-0.14.0/";
  if (!std::filesystem::exists(folder)) {
    std::printf("skipped: the measured kernels are not there\n");
    return;
  }
  std::vector<MeasuredRow> rows;
  for (const char* name : {"gemm.csv", "attention_prefill.csv", "attention_decode.csv"}) {
    const MeasuredFile file = read_kernel_csv(folder + name);
    rows.insert(rows.end(), file.rows.begin(), file.rows.end());
  }
  check_table(with_tables(make("A100-SXM-80GB", "Llama-3.1-70B", 8, 1, "vllm-v1"), rows),
              {300, 8192, 131072}, 400);
  check_table(with_tables(make("A100-SXM-80GB", "Llama-3.1-8B", 1, 1, "vllm-v1"), rows),
              {256, 2048, 32768}, 400);
}

TEST_CASE("under eager launches mixed steps are within 0.5 % too", "[latency][steps]") {
  // Attention hides behind the host's floor, more of it in a step of few tokens.
  check_table(make("A100-SXM-80GB", "Llama-2-70B", 8, 1, "eager-2023"), {256, 4096, 4096}, 600);
  check_table(make("H100-SXM-80GB", "Llama-2-7B", 1, 1, "eager-2023-h100"), {128, 2048, 4096}, 400);
}

TEST_CASE("a step of decodes takes the same alone and as a step that might hold prompts",
          "[latency][steps]") {
  const Deployment d = make("A100-SXM-80GB", "Llama-2-70B", 8, 1, "eager-2023");
  const auto table = compile_steps(d, {64, 2048, 4096}).steps;
  for (std::int64_t n = 1; n <= 64; n += 9) {
    for (std::int64_t context = 16; context <= 4096; context *= 4) {
      CHECK(table->step(n, n, n, n * context, Ticks{0}) == table->decode_step(n, n * context));
    }
  }
}

TEST_CASE("a large pool compiles in under 0.3 s", "[latency][steps]") {
  const Deployment d = make("A100-SXM-80GB", "Llama-3.1-70B", 8, 1, "vllm-v1");
  const auto start = std::chrono::steady_clock::now();
  const CompiledSteps compiled = compile_steps(d, {1100, 8192, 131072});
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  CHECK(compiled.steps->max_batch() == 1100);
  for (std::int64_t n = 1; n <= 1100; ++n) CHECK(compiled.steps->pieces(n).size() <= 32);
  CHECK(taken.count() < 2.0);  // an unoptimised build with sanitizers is several times slower
}

TEST_CASE("beyond its largest step a table goes on at the slope of its upper half",
          "[latency][steps]") {
  const Deployment d = make("A100-SXM-80GB", "Llama-3.1-70B", 8, 1, "vllm-v1");
  const auto table = compile_steps(d, {64, 2048, 8192}).steps;
  const double slope =
      static_cast<double>(table->dense(2048).count - table->dense(1024).count) / 1024;
  const double beyond =
      static_cast<double>(table->dense(4096).count - table->dense(2048).count) / 2048;
  CHECK(beyond == Approx(slope).epsilon(0.01));
}

TEST_CASE("twice the context never takes less time", "[latency][steps]") {
  const Deployment d = make("H100-SXM-80GB", "Llama-3.1-70B", 4, 1, "vllm-v1");
  const auto table = compile_steps(d, {256, 8192, 32768}).steps;
  for (std::int64_t n = 1; n <= 256; n += 5) {
    for (std::int64_t context = 16; context <= 16384; context *= 2) {
      const std::int64_t once = table->decode_attention(n, n * context).count;
      const std::int64_t twice = table->decode_attention(n, 2 * n * context).count;
      INFO(n << " sequences of " << context << ": " << once << " then " << twice);
      CHECK(once <= twice);
    }
  }
}

}  // namespace
}  // namespace headroom
