#include <vector>

#include "headroom/engine/run_cell.hpp"
#include "support/catch.hpp"

// The worked example of docs/architecture.md, figure for figure.

namespace headroom {
namespace {

constexpr std::int64_t kMicrosecond = 1'000'000;  // ticks
constexpr std::int64_t kMillisecond = 1'000 * kMicrosecond;

/// dense(t) = 11.13 ms + 10 us t; decode attention 20 ns a context token; prefill attention 0.
std::shared_ptr<const StepTable> example_steps() {
  StepTable::Parts parts;
  const std::int64_t first = 11'130 * kMicrosecond;
  parts.dense_ps = {0, first + 10 * kMicrosecond, first + 20 * kMicrosecond};
  parts.per_sequence_ps = {0, 0};
  parts.decode_pieces.assign(9, {{0, 0, 20'000}});
  parts.decode_pieces[0] = {{0, 0, 0}};
  parts.prefill = {{0, 1}, {0, 1}, {0, 0, 0, 0}};
  return std::make_shared<const StepTable>(std::move(parts));
}

CellConfig example_cell(std::int64_t kv_blocks, Ticks horizon) {
  PoolConfig pool;
  pool.mode = BatchMode::kContinuous;
  pool.max_batch = 8;
  pool.token_budget = 4'096;
  pool.block_tokens = 16;
  pool.kv_blocks = kv_blocks;
  pool.steps = example_steps();
  ClassConfig chat;
  chat.stages = {PoolId{0}};
  CellConfig cell;
  cell.pools = {pool};
  cell.classes = {chat};
  cell.horizon = horizon;
  return cell;
}

Request request(std::uint64_t id, std::int64_t arrival, std::int32_t prompt, std::int32_t output) {
  Request made;
  made.id = RequestId{id};
  made.entity = id;
  made.arrival = Ticks{arrival};
  made.work = {prompt, output, 0, Ticks{0}};
  return made;
}

const std::vector<Request> kThree{request(0, 0, 499, 41), request(1, 0, 899, 121),
                                  request(2, 0, 599, 301)};

struct Records : RecordSink {
  std::vector<RequestRecord> by_id = std::vector<RequestRecord>(4);
  void on_end(const RequestRecord& record) override { by_id[index(record.id)] = record; }
};

struct ExampleRun {
  Outcome outcome;
  Records records;
};

ExampleRun run(const CellConfig& cell, std::vector<Request> requests) {
  ExampleRun done;
  RequestStream stream = RequestStream::from_requests(std::move(requests));
  done.outcome = run_cell(cell, stream, &done.records);
  return done;
}

/// Time of the first k steps of the example's plan.
constexpr std::int64_t plan_ps(std::int64_t k) {
  return k * 11'200 * kMicrosecond + 60'000 * (k * (k - 1) / 2);
}

TEST_CASE("the architecture page's plan of 40 steps ends where the closed sum says", "[docs]") {
  static_assert(plan_ps(40) == 448'046'800'000);
  const auto done = run(example_cell(1'000, Ticks{5'000 * kMillisecond}), kThree);
  const std::int64_t prefill = 31'100 * kMicrosecond;  // dense(499 + 899 + 599)
  CHECK(done.records.by_id[0].first_token == Ticks{prefill});
  CHECK(done.records.by_id[0].finish == Ticks{prefill + plan_ps(40)});
  CHECK(done.outcome.pool_totals[0].plans == 3);  // one a completion: after 40, 120, 300 steps
  CHECK(done.outcome.pool_totals[0].steps == 301);
}

TEST_CASE("the architecture page's arrival cuts the plan after nine steps", "[docs]") {
  static_assert(plan_ps(8) == 89'601'680'000 && plan_ps(9) == 100'802'160'000);
  std::vector<Request> four = kThree;
  const std::int64_t start = 31'100 * kMicrosecond;
  const std::int64_t arrival = start + 100 * kMillisecond;
  four.push_back(request(3, arrival, 64, 10));
  const auto done = run(example_cell(1'000, Ticks{5'000 * kMillisecond}), four);
  CHECK(done.records.by_id[3].first_scheduled == Ticks{start + plan_ps(9)});
  // Queue delay 0.80216 ms, then a prefill step of dense(64) = 11.77 ms.
  CHECK(done.records.by_id[3].first_scheduled.count - arrival == 802'160'000);
  CHECK(done.records.by_id[3].first_token.count - arrival == 12'572'160'000);
  CHECK(done.outcome.pool_totals[0].cut_plans == 1);
}

TEST_CASE("the architecture page's five free blocks last for 29 steps", "[docs]") {
  // 499, 899 and 599 tokens hold 32 + 57 + 38 = 127 blocks.
  const std::int64_t end_of_plan = 31'100 * kMicrosecond + plan_ps(29);
  static_assert(plan_ps(29) == 324'824'360'000);
  // The horizon is exclusive: one tick later the preemption at the plan's end has happened.
  const auto before = run(example_cell(132, Ticks{end_of_plan}), kThree);
  CHECK(before.records.by_id[2].preemptions == 0);
  const auto after = run(example_cell(132, Ticks{end_of_plan + 1}), kThree);
  CHECK(after.records.by_id[2].preemptions == 1);
  CHECK(after.records.by_id[2].made_tokens == 30);  // one by prefill, 29 by the plan
}

}  // namespace
}  // namespace headroom
