#include "headroom/plan/fluid.hpp"

#include <memory>

#include "support/catch.hpp"

using namespace headroom;

namespace {

constexpr std::int64_t kMs = 1'000'000'000;  // picoseconds

/// dense 1 ms + 0.01 ms a token, 0.1 ms a row, attention 0.001 ms a context token, no prefill term.
std::shared_ptr<const StepTable> linear_steps() {
  StepTable::Parts parts;
  parts.dense_ps = {0, kMs + kMs / 100, kMs + 2 * kMs / 100};
  parts.per_sequence_ps = {0, kMs / 10};
  parts.decode_pieces.push_back({{0, 0, 0}});
  for (int n = 1; n <= 64; ++n) parts.decode_pieces.push_back({{0, 0, kMs / 1000}});
  parts.prefill.chunks = {0, 1};
  parts.prefill.pasts = {0, 1};
  parts.prefill.time_ps = {0, 0, 0, 0};
  return std::make_shared<StepTable>(parts);
}

PoolConfig token_pool(BatchMode mode) {
  PoolConfig pool;
  pool.mode = mode;
  pool.max_batch = 64;
  pool.token_budget = 2048;
  pool.kv_blocks = 100000;
  pool.steps = linear_steps();
  return pool;
}

}  // namespace

TEST_CASE("slots finish as many requests as they hold per mean service", "[plan][fluid]") {
  PoolConfig pool;
  pool.mode = BatchMode::kSlots;
  pool.max_batch = 4;
  const LoadShare mix[] = {{1.0, {0, 0, 0, 0.5}}, {3.0, {0, 0, 0, 0.1}}};
  // Mean service (1 x 0.5 + 3 x 0.1) / 4 = 0.2 s; 4 / 0.2 = 20 a second.
  CHECK(fluid_capacity(pool, mix).requests_per_s == Approx(20));
  CHECK(fluid_capacity(pool, mix).limit == FluidLimit::kSlots);
}

TEST_CASE("a static pool is as good as its best batch", "[plan][fluid]") {
  PoolConfig pool;
  pool.mode = BatchMode::kStatic;
  pool.max_batch = 2;
  pool.batch_times = std::make_shared<BatchTable>(BatchTable{{0, 1000 * kMs, 1600 * kMs}});
  const LoadShare mix[] = {{1.0, {}}};
  CHECK(fluid_capacity(pool, mix).requests_per_s == Approx(2 / 1.6));
}

TEST_CASE("a chunked step in balance computes as many prompts as it ends answers",
          "[plan][fluid]") {
  const PoolConfig pool = token_pool(BatchMode::kChunked);
  const LoadShare mix[] = {{1.0, {100, 100, 0, 0}}};
  // n = 64 decodes, 64 / 100 answers and prompts a step: 128 tokens. dense 1 + 1.28 ms; rows 64.64
  // -> 65: 6.5 ms; context 64 x (100 + 50) = 9,600: 9.6 ms. 0.64 / 18.38 ms.
  CHECK(fluid_capacity(pool, mix).requests_per_s == Approx(0.64 / 18.38e-3).epsilon(1e-6));
  CHECK(fluid_capacity(pool, mix).limit == FluidLimit::kBatch);
}

TEST_CASE("the token budget binds when prompts are long", "[plan][fluid]") {
  PoolConfig pool = token_pool(BatchMode::kChunked);
  pool.token_budget = 64;
  const LoadShare mix[] = {{1.0, {300, 100, 0, 0}}};
  // Each answered token costs 1 + 3 tokens of budget: 16 decodes of 64.
  const FluidCapacity capacity = fluid_capacity(pool, mix);
  CHECK(capacity.limit == FluidLimit::kTokenBudget);
  // dense 1.64; rows 16.16 -> 16: 1.6; context 16 x 350 = 5,600: 5.6 ms. 0.16 / 8.84 ms.
  CHECK(capacity.requests_per_s == Approx(0.16 / 8.84e-3).epsilon(1e-6));
}

TEST_CASE("KV memory binds when contexts are long", "[plan][fluid]") {
  PoolConfig pool = token_pool(BatchMode::kChunked);
  pool.kv_blocks = 100;  // 1,600 tokens; a request holds 150 + 8 on average: 10.1
  const LoadShare mix[] = {{1.0, {100, 100, 0, 0}}};
  CHECK(fluid_capacity(pool, mix).limit == FluidLimit::kKvMemory);
}

TEST_CASE("continuous batching pays for prompts and for decode steps in turn", "[plan][fluid]") {
  const PoolConfig pool = token_pool(BatchMode::kContinuous);
  const LoadShare mix[] = {{1.0, {256, 101, 0, 0}}};
  // 8 prompts share a prefill step: (1 + 20.48 + 0.8) / 8 = 2.785 ms each. A decode step of 64 with
  // context 64 x 306.5 = 19,616: 1 + 0.64 + 6.4 + 19.616 = 27.656 ms, / 64 x 100 steps.
  CHECK(fluid_capacity(pool, mix).requests_per_s ==
        Approx(1 / (2.785e-3 + 100 * 27.656e-3 / 64)).epsilon(1e-6));
}
