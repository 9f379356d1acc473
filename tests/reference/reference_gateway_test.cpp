#include "hand_cases.hpp"
#include "headroom/workload/retry.hpp"
#include "support/catch.hpp"

// Gateway, leaving and retries, worked out by hand (docs/serving.md).

namespace headroom::reference {
namespace {

/// One pool of one-slot replicas and one class.
CellConfig one_class(std::int64_t replicas, std::int64_t slots = 1,
                     Queueing queueing = Queueing::kCentral) {
  return hand_cell({slots_pool(replicas, slots, queueing)}, {hand_class(0)});
}

RetryRule retry_rule(std::int32_t max_attempts, std::int64_t backoff) {
  RetryRule rule;
  rule.max_attempts = max_attempts;
  rule.abandoned = rule.rejected = rule.failed = true;
  rule.backoff = Ticks{backoff};
  rule.max_backoff = Ticks{1'000'000};
  rule.jitter = 0;
  return rule;
}

/// Adds a request with a timeout.
void add_timed(Demand& demand, std::int64_t arrival, StageWork work, std::int64_t timeout) {
  demand.add(0, arrival, work);
  demand.requests.back().timeout = Ticks{timeout};
}

TEST_CASE("a token bucket holds a burst and gains a token each interval", "[reference][gateway]") {
  CellConfig config = one_class(20);
  config.classes[0].bucket = {Ticks{100}, Ticks{200}};  // three tokens
  Demand demand;
  for (const std::int64_t at : {0, 0, 0, 0, 99, 100, 101, 500, 500, 500, 500}) {
    demand.add(0, at, service(5));
  }
  const HandRun run = run_by_hand(config, demand);
  const std::vector<bool> refused{false, false, false, true,  true, false,
                                  true,  false, false, false, true};
  for (std::size_t i = 0; i < refused.size(); ++i) {
    INFO("request " << i);
    CHECK((run.records[i].end == EndState::kRejected) == refused[i]);
    CHECK((run.records[i].reason == RejectReason::kTokenBucket) == refused[i]);
  }
  CHECK(run.counts.attempts[0].rejected[static_cast<std::size_t>(RejectReason::kTokenBucket)] == 4);
}

TEST_CASE("a quota refuses whose user has made as many, once and for all", "[reference][gateway]") {
  CellConfig config = one_class(1);
  config.classes[0].daily_quota = 2;
  config.classes[0].bucket = {Ticks{100}, Ticks{0}};
  config.classes[0].retry = retry_rule(5, 10);
  Demand demand;
  for (const std::int32_t earlier : {2, 1, 3}) {
    demand.add(0, 0, service(5));
    demand.requests.back().earlier_today = earlier;
  }
  const HandRun run = run_by_hand(config, demand);
  CHECK(run.records[0].reason == RejectReason::kQuota);
  CHECK(run.records[0].attempts == 1);
  CHECK(run.records[1].end == EndState::kFinished);  // who was refused took no token
  CHECK(run.records[2].reason == RejectReason::kQuota);
}

TEST_CASE("a queue cap of 0 is a loss system, and one of 1 lets one wait", "[reference][gateway]") {
  CellConfig config = one_class(1);
  Demand demand;
  demand.add(0, 0, service(10)).add(0, 5, service(10)).add(0, 10, service(10));
  demand.add(0, 10, service(10));
  config.classes[0].queue_caps = {0};
  const HandRun loss = run_by_hand(config, demand);
  CHECK(loss.records[0].end == EndState::kFinished);
  CHECK(loss.records[1].reason == RejectReason::kQueueCap);
  CHECK(loss.records[2].finish == Ticks{20});  // the server is free again at this tick
  CHECK(loss.records[3].reason == RejectReason::kQueueCap);

  config.classes[0].queue_caps = {1};
  const HandRun one = run_by_hand(config, demand);
  CHECK(one.records[1].finish == Ticks{20});
  CHECK(one.records[2].finish == Ticks{30});  // request 1 has left the queue for the free server
  CHECK(one.records[3].reason == RejectReason::kQueueCap);
}

TEST_CASE("with a router the cap is that of the replica's own queue", "[reference][gateway]") {
  CellConfig config = one_class(2, 1, Queueing::kRoundRobin);
  config.classes[0].queue_caps = {1};
  Demand demand;
  for (int i = 0; i < 5; ++i) demand.add(0, i, service(100));
  const HandRun run = run_by_hand(config, demand);
  CHECK(run.records[3].end == EndState::kFinished);
  CHECK(run.records[4].reason == RejectReason::kQueueCap);  // replica 0: one runs, one waits
}

TEST_CASE("a class with a smaller share of the cap is shed first", "[reference][gateway]") {
  CellConfig config = hand_cell({slots_pool(1, 1)});
  config.classes[0].queue_caps = {2};
  config.classes[1].queue_caps = {1};
  Demand demand;
  demand.add(0, 0, service(100)).add(1, 1, service(100)).add(1, 2, service(100));
  demand.add(0, 3, service(100)).add(0, 4, service(100));
  const HandRun run = run_by_hand(config, demand);
  CHECK(run.records[1].end == EndState::kFinished);
  CHECK(run.records[2].reason == RejectReason::kQueueCap);
  CHECK(run.records[3].end == EndState::kFinished);
  CHECK(run.records[4].reason == RejectReason::kQueueCap);
}

TEST_CASE("a user who leaves a slot frees it at once, and his share of the replica is wasted",
          "[reference][leaving]") {
  CellConfig config = one_class(1, 2);
  config.classes[0].timeout = TimeoutFrom::kArrival;
  Demand demand;
  add_timed(demand, 0, service(20), 10);
  demand.add(0, 4, service(20)).add(0, 5, service(1));
  const HandRun run = run_by_hand(config, demand);
  CHECK(run.records[0].end == EndState::kAbandoned);
  CHECK(run.records[0].in_service);
  CHECK(run.records[0].finish == Ticks{10});
  CHECK(run.records[0].wasted == Ticks{7});  // alone for 4, half of the other 6
  CHECK(run.counts.pools[0].wasted == Ticks{7});
  CHECK(run.records[2].first_scheduled == Ticks{10});
  CHECK(run.records[1].end == EndState::kFinished);
  CHECK(run.records[1].wasted == Ticks{0});
}

TEST_CASE("inside a step a user leaves at its end, before which only that end finishes",
          "[reference][leaving]") {
  // Prefill of 4 tokens: 140 ticks; then decode steps of 110 + context: 115, 116, ...
  const auto last = [](std::int32_t output, std::int64_t timeout) {
    CellConfig config = hand_cell({token_pool(BatchMode::kContinuous, 100, 10)}, {hand_class(0)});
    config.classes[0].timeout = TimeoutFrom::kArrival;
    Demand demand;
    add_timed(demand, 0, tokens(4, output), timeout);
    demand.add(0, 300, tokens(4, 1));
    return run_by_hand(config, demand);
  };
  const HandRun leaves = last(5, 200);
  CHECK(leaves.records[0].end == EndState::kAbandoned);
  CHECK(leaves.records[0].finish == Ticks{255});
  CHECK(leaves.records[0].made_tokens == 2);
  CHECK(leaves.records[0].wasted == Ticks{255});
  CHECK(leaves.records[1].first_scheduled == Ticks{300});  // idle since

  CHECK(last(5, 255).records[0].finish == Ticks{255});
  CHECK(last(2, 255).records[0].end == EndState::kFinished);
  const RequestRecord late = last(2, 254).records[0];
  CHECK(late.end == EndState::kAbandoned);
  CHECK(late.finish == Ticks{255});
  CHECK(late.made_tokens == 2);
}

TEST_CASE("a static batch goes on without those who have left it", "[reference][leaving]") {
  PoolConfig pool = slots_pool(1, 2);
  pool.mode = BatchMode::kStatic;
  CellConfig config = hand_cell({pool}, {hand_class(0)});
  config.classes[0].timeout = TimeoutFrom::kArrival;
  Demand demand;
  add_timed(demand, 0, service(10), 6);
  demand.add(0, 0, service(20));
  const HandRun run = run_by_hand(config, demand);
  CHECK(run.records[0].end == EndState::kAbandoned);
  CHECK(run.records[0].finish == Ticks{20});
  CHECK(run.records[0].wasted == Ticks{10});
  CHECK(run.records[1].finish == Ticks{20});
}

TEST_CASE("a timeout may run from the first scheduled work, and ends a wait too",
          "[reference][leaving]") {
  CellConfig config = one_class(1);
  config.classes[0].timeout = TimeoutFrom::kArrival;
  Demand demand;
  demand.add(0, 0, service(50));
  add_timed(demand, 10, service(30), 20);
  const HandRun from_arrival = run_by_hand(config, demand);
  CHECK(from_arrival.records[1].finish == Ticks{30});
  CHECK(from_arrival.records[1].end == EndState::kAbandoned);
  CHECK_FALSE(from_arrival.records[1].in_service);
  config.classes[0].timeout = TimeoutFrom::kScheduled;
  const HandRun from_scheduled = run_by_hand(config, demand);
  CHECK(from_scheduled.records[1].first_scheduled == Ticks{50});
  CHECK(from_scheduled.records[1].finish == Ticks{70});
  CHECK(from_scheduled.records[1].in_service);
}

TEST_CASE("patience goes on in service where the class says so", "[reference][leaving]") {
  CellConfig config = one_class(1);
  Demand demand;
  demand.add(0, 0, service(50), Ticks{20});
  CHECK(run_by_hand(config, demand).records[0].end == EndState::kFinished);
  config.classes[0].patience_in_service = true;
  const HandRun run = run_by_hand(config, demand);
  CHECK(run.records[0].finish == Ticks{20});
  CHECK(run.records[0].in_service);
}

TEST_CASE("who gives up comes back after a back-off that doubles", "[reference][retry]") {
  CellConfig config = one_class(1);
  config.classes[0].retry = retry_rule(3, 30);
  Demand demand;
  demand.add(0, 0, service(100)).add(0, 5, service(100), Ticks{10});
  const HandRun run = run_by_hand(config, demand);
  // Waits 5 to 15, comes again at 45, waits to 55, comes again at 115 to a free server.
  const RequestRecord& record = run.records[1];
  CHECK(record.end == EndState::kFinished);
  CHECK(record.arrival == Ticks{5});
  CHECK(record.attempts == 3);
  CHECK(record.first_scheduled == Ticks{115});
  CHECK(record.finish == Ticks{215});
  CHECK(record.time_in_queue == Ticks{20});
  CHECK(run.counts.attempts[0].begun == 4);
  CHECK(run.counts.attempts[0].ended[static_cast<std::size_t>(EndState::kAbandoned)] == 2);

  config.classes[0].retry.max_attempts = 2;
  const HandRun twice = run_by_hand(config, demand);
  CHECK(twice.records[1].end == EndState::kAbandoned);
  CHECK(twice.records[1].finish == Ticks{55});
  CHECK(twice.records[1].attempts == 2);

  config.horizon = Ticks{40};
  const HandRun cut = run_by_hand(config, demand);
  CHECK(cut.records[1].end == EndState::kUnfinished);
  CHECK(cut.counts.backing_off == 1);
  CHECK(cut.counts.attempts[0].ended[static_cast<std::size_t>(EndState::kUnfinished)] == 1);
}

TEST_CASE("an attempt lost in service begins anew, and keeps what its user saw first",
          "[reference][retry]") {
  // As above: prefill to 140, tokens at 255, 371; leaves at 255. Tries again 100 later, at 355.
  CellConfig config = hand_cell({token_pool(BatchMode::kContinuous, 100, 10)}, {hand_class(0)});
  config.classes[0].retry = retry_rule(2, 100);
  config.classes[0].timeout = TimeoutFrom::kArrival;
  Demand demand;
  add_timed(demand, 0, tokens(4, 3), 250);
  const HandRun run = run_by_hand(config, demand);
  const RequestRecord& record = run.records[0];
  CHECK(record.attempts == 2);
  CHECK(record.end == EndState::kAbandoned);
  CHECK(record.first_scheduled == Ticks{0});
  CHECK(record.first_token == Ticks{140});
  CHECK(record.last_token == Ticks{610});
  CHECK(record.finish == Ticks{610});
  CHECK(record.made_tokens == 2);
  CHECK(record.wasted == Ticks{510});
  CHECK(run.counts.gaps[0].count == 3);  // 255 - 140, 495 - 255, 610 - 495
  CHECK(run.counts.gaps[0].max == 240);
}

TEST_CASE("a refusal can be tried again, one that will not change cannot", "[reference][retry]") {
  CellConfig config = hand_cell({token_pool(BatchMode::kContinuous, 100, 1)}, {hand_class(0)});
  config.classes[0].retry = retry_rule(4, 10);
  config.classes[0].bucket = {Ticks{100}, Ticks{0}};
  Demand demand;
  demand.add(0, 0, tokens(4, 8));   // never fits, but takes the token
  demand.add(0, 30, tokens(2, 1));  // refused at 30, 40 and 60; at 100 there is a token
  const HandRun run = run_by_hand(config, demand);
  CHECK(run.records[0].reason == RejectReason::kNeverFits);
  CHECK(run.records[0].attempts == 1);
  CHECK(run.records[1].end == EndState::kFinished);
  CHECK(run.records[1].attempts == 4);
  CHECK(run.records[1].first_scheduled == Ticks{100});
}

TEST_CASE("work on a request that a later stage refuses is wasted", "[reference][gateway]") {
  CellConfig config =
      hand_cell({slots_pool(1, 1), slots_pool(1, 1)}, {hand_class(0, {PoolId{0}, PoolId{1}})});
  config.classes[0].queue_caps = {kNoQueueCap, 0};
  Demand demand;
  demand.add(0, 0, service(10), kNever, {service(100)});
  demand.add(0, 0, service(30), kNever, {service(100)});
  const HandRun run = run_by_hand(config, demand);
  CHECK(run.records[1].reason == RejectReason::kQueueCap);
  CHECK(run.records[1].stage == 1);
  CHECK(run.records[1].wasted == Ticks{30});
  CHECK(run.counts.pools[0].wasted == Ticks{30});
  CHECK(run.counts.pools[1].wasted == Ticks{0});
}

}  // namespace
}  // namespace headroom::reference
