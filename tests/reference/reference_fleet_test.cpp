#include "hand_cases.hpp"
#include "support/catch.hpp"

// Replicas that start, fail and are removed; every tick is worked out from docs/serving.md.

namespace headroom::reference {
namespace {

CellConfig with_events(PoolConfig pool, std::vector<FleetEvent> events) {
  CellConfig config = hand_cell({std::move(pool)});
  config.fleet_events = std::move(events);
  return config;
}

FleetEvent fault(std::int64_t at, std::uint32_t replica) {
  return {Ticks{at}, FleetEventKind::kFault, PoolId{0}, ReplicaId{replica}};
}
FleetEvent start(std::int64_t at, std::uint32_t replica) {
  return {Ticks{at}, FleetEventKind::kStart, PoolId{0}, ReplicaId{replica}};
}
FleetEvent removal(std::int64_t at, std::uint32_t replica) {
  return {Ticks{at}, FleetEventKind::kRemoval, PoolId{0}, ReplicaId{replica}};
}

TEST_CASE("a delivered replica takes the head of the central queue as it starts",
          "[reference][fleet]") {
  PoolConfig pool = slots_pool(1, 1);
  pool.delivered = 1;
  const auto run =
      run_by_hand(with_events(pool, {start(50, 1)}),
                  Demand().add(0, 0, service(100)).add(0, 1, service(100)).add(0, 2, service(100)));
  CHECK(run.records[0].finish == Ticks{100});
  CHECK(run.records[1].first_scheduled == Ticks{50});
  CHECK(run.records[1].replica == ReplicaId{1});
  CHECK(run.records[1].finish == Ticks{150});
  CHECK(run.records[2].first_scheduled == Ticks{100});
  CHECK(run.counts.pools[0].starts == 1);
  REQUIRE(run.counts.pools[0].in_service.size() == 2);
  CHECK(run.counts.pools[0].in_service[1].from == Ticks{50});
}

TEST_CASE("a removed replica finishes what runs and hands its queue to the router again",
          "[reference][fleet]") {
  Demand demand;
  for (int i = 0; i < 6; ++i) demand.add(0, i, service(100));  // request i to replica i mod 3
  const auto run =
      run_by_hand(with_events(slots_pool(3, 1, Queueing::kRoundRobin), {removal(10, 2)}), demand);
  CHECK(run.records[2].finish == Ticks{102});  // 2 + 100, on the removed one
  CHECK(run.records[2].replica == ReplicaId{2});
  // The seventh routing: 6 mod 2 = 0, behind request 3, which runs from 100 to 200.
  CHECK(run.records[5].replica == ReplicaId{0});
  CHECK(run.records[5].first_scheduled == Ticks{200});
  CHECK(run.records[5].time_in_queue == Ticks{195});  // 200 - 5, both queues
  CHECK(run.counts.moved == 1);
  REQUIRE(run.counts.pools[0].in_service.size() == 3);
  CHECK(run.counts.pools[0].in_service[0].to == Ticks{102});  // gone when request 2 ends
}

TEST_CASE("under central a removal moves nothing, and the others go on with the queue",
          "[reference][fleet]") {
  const auto run =
      run_by_hand(with_events(slots_pool(2, 1), {removal(10, 1)}),
                  Demand().add(0, 0, service(100)).add(0, 1, service(20)).add(0, 2, service(5)));
  CHECK(run.records[1].finish == Ticks{21});
  CHECK(run.records[2].first_scheduled == Ticks{100});  // replica 1, free at 21, is gone
  CHECK(run.records[2].replica == ReplicaId{0});
  CHECK(run.counts.moved == 0);
}

TEST_CASE("a fault fails what runs and queues on its replica, at its tick", "[reference][fleet]") {
  const auto run = run_by_hand(
      with_events(slots_pool(2, 1, Queueing::kRoundRobin), {fault(10, 0), start(60, 0)}),
      Demand()
          .add(0, 0, service(100))
          .add(0, 1, service(100))
          .add(0, 2, service(100))    // queued behind 0
          .add(0, 20, service(10))    // replica 1 alone serves: 3 mod 1
          .add(0, 70, service(10)));  // 4 mod 2 = 0, back in service
  for (const int lost : {0, 2}) {
    CHECK(run.records[lost].end == EndState::kFailed);
    CHECK(run.records[lost].finish == Ticks{10});
  }
  CHECK(run.records[0].first_scheduled == Ticks{0});
  CHECK(run.records[2].first_scheduled == kNever);
  CHECK(run.records[2].time_in_queue == Ticks{8});  // 10 - 2
  CHECK(run.records[3].replica == ReplicaId{1});
  CHECK(run.records[3].first_scheduled == Ticks{101});
  CHECK(run.records[4].replica == ReplicaId{0});
  CHECK(run.records[4].finish == Ticks{80});
  CHECK(run.counts.failed_running == 1);
  CHECK(run.counts.failed_queued == 1);
  REQUIRE(run.counts.pools[0].down.size() == 1);
  CHECK(run.counts.pools[0].down[0].from == Ticks{10});
  CHECK(run.counts.pools[0].down[0].to == Ticks{60});
}

TEST_CASE("a fault leaves the central queue alone, and a request that ends at its tick has ended",
          "[reference][fleet]") {
  const auto run = run_by_hand(
      with_events(slots_pool(1, 1), {fault(100, 0), start(150, 0)}),
      Demand().add(0, 0, service(100)).add(0, 1, service(30)).add(0, 2, service(30), Ticks{120}));
  CHECK(run.records[0].end == EndState::kFinished);
  CHECK(run.records[0].finish == Ticks{100});
  CHECK(run.records[1].first_scheduled == Ticks{150});
  CHECK(run.records[1].finish == Ticks{180});
  CHECK(run.records[2].end == EndState::kAbandoned);  // 2 + 120 = 122, while the replica is down
}

TEST_CASE("tokens of steps that ended by the fault's tick were made", "[reference][fleet]") {
  // Prefill of 2 tokens: 100 + 20 = 120. Decode steps: 110 + context of 3, 4, ...: tokens at 233
  // and 233 + 114 = 347.
  const auto made_at = [](std::int64_t tick) {
    return run_by_hand(with_events(token_pool(BatchMode::kContinuous, 100, 100), {fault(tick, 0)}),
                       Demand().add(0, 0, tokens(2, 10)));
  };
  CHECK(made_at(119).records[0].made_tokens == 0);
  CHECK(made_at(119).records[0].first_token == kNever);
  CHECK(made_at(120).records[0].made_tokens == 1);
  CHECK(made_at(232).records[0].made_tokens == 1);
  CHECK(made_at(233).records[0].made_tokens == 2);
  CHECK(made_at(346).records[0].last_token == Ticks{233});
  CHECK(made_at(347).records[0].made_tokens == 3);
  CHECK(made_at(347).records[0].last_token == Ticks{347});
  CHECK(made_at(347).records[0].end == EndState::kFailed);
}

TEST_CASE("requests that find no replica are held until one starts, and may lose patience",
          "[reference][fleet]") {
  const auto run = run_by_hand(
      with_events(slots_pool(1, 1, Queueing::kLeastLoaded), {fault(10, 0), start(60, 0)}),
      Demand()
          .add(0, 20, service(10), Ticks{30})
          .add(1, 25, service(10))  // of the lower tier
          .add(0, 30, service(10)));
  CHECK(run.records[0].end == EndState::kAbandoned);
  CHECK(run.records[0].finish == Ticks{50});
  CHECK(run.records[2].first_scheduled == Ticks{60});  // the better tier first
  CHECK(run.records[1].first_scheduled == Ticks{70});
  CHECK(run.records[1].time_in_queue == Ticks{45});
  CHECK(run.counts.held == 3);
}

TEST_CASE("a removal beside a fault hands the queue to the replicas left", "[reference][fleet]") {
  const auto run = run_by_hand(
      with_events(slots_pool(3, 1, Queueing::kRoundRobin), {fault(10, 0), removal(10, 2)}),
      Demand()
          .add(0, 0, service(100))
          .add(0, 1, service(100))
          .add(0, 2, service(100))
          .add(0, 3, service(100))    // queued on 0: fails
          .add(0, 4, service(100))    // queued on 1
          .add(0, 5, service(100)));  // queued on 2: to replica 1
  CHECK(run.records[3].end == EndState::kFailed);
  CHECK(run.records[5].replica == ReplicaId{1});
  CHECK(run.records[5].first_scheduled == Ticks{201});  // behind 1 and 4
}

TEST_CASE("a removed replica admits again what it preempted, and is gone after it",
          "[reference][fleet]") {
  // Blocks of 4 tokens, 4 of them. Requests 0 and 2 of 4 + 6 tokens hold 2 blocks each until both
  // have computed 8 and want a third: 2, admitted last, is preempted, with 5 tokens made. 0 makes
  // its last token in that step; 2 then recomputes 9 tokens and makes its sixth.
  const auto run =
      run_by_hand(with_events(
                      [] {
                        PoolConfig pool = token_pool(BatchMode::kContinuous, 100, 4, 2);
                        pool.queueing = Queueing::kRoundRobin;
                        return pool;
                      }(),
                      {removal(1, 0)}),
                  Demand().add(0, 0, tokens(4, 6)).add(0, 0, tokens(1, 1)).add(0, 0, tokens(4, 6)));
  CHECK(run.records[2].preemptions == 1);
  CHECK(run.records[2].replica == ReplicaId{0});
  CHECK(run.records[2].end == EndState::kFinished);
  // Prefill of 9 tokens: 100 + 90.
  CHECK(run.records[2].finish == run.records[0].finish + Ticks{190});
  CHECK(run.counts.moved == 0);
  CHECK(run.counts.pools[0].in_service[0].to == run.records[2].finish);
}

TEST_CASE("a fault of a removed replica is the end of it", "[reference][fleet]") {
  const auto run =
      run_by_hand(with_events(slots_pool(2, 1), {removal(5, 1), fault(10, 1)}),
                  Demand().add(0, 0, service(100)).add(0, 1, service(100)).add(0, 20, service(10)));
  CHECK(run.records[1].end == EndState::kFailed);
  CHECK(run.records[2].first_scheduled == Ticks{100});
  CHECK(run.counts.pools[0].down.empty());
  CHECK(run.counts.pools[0].faults == 1);
}

}  // namespace
}  // namespace headroom::reference
