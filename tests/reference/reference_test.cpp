#include "hand_cases.hpp"
#include "support/catch.hpp"

// Every expected tick is worked out in the comment beside it from docs/serving.md.

namespace headroom::reference {
namespace {

TEST_CASE("a slot serves one request at a time, and the next starts as it ends",
          "[reference][slots]") {
  const auto run =
      run_by_hand(hand_cell({slots_pool(1, 2)}),
                  Demand().add(0, 0, service(100)).add(0, 10, service(30)).add(0, 20, service(5)));
  CHECK(run.records[0].finish == Ticks{100});          // 0 + 100
  CHECK(run.records[1].finish == Ticks{40});           // 10 + 30
  CHECK(run.records[2].first_scheduled == Ticks{40});  // both slots taken until 40
  CHECK(run.records[2].finish == Ticks{45});           // 40 + 5
  CHECK(run.records[2].time_in_queue == Ticks{20});    // 40 - 20
  CHECK(run.records[2].end == EndState::kFinished);
  CHECK(run.counts.gaps[0].count == 0);
}

TEST_CASE("a drawn service of nothing takes one tick", "[reference][slots]") {
  const auto run = run_by_hand(hand_cell({slots_pool(1, 1)}), Demand().add(0, 7, service(0)));
  CHECK(run.records[0].finish == Ticks{8});
}

TEST_CASE("the central queue's head goes to the replica with fewest running, then lowest id",
          "[reference][central]") {
  const auto run = run_by_hand(hand_cell({slots_pool(2, 2)}), Demand()
                                                                  .add(0, 0, service(100))
                                                                  .add(0, 1, service(100))
                                                                  .add(0, 2, service(10))
                                                                  .add(0, 20, service(100))
                                                                  .add(0, 21, service(100)));
  CHECK(run.records[0].replica == ReplicaId{0});  // 0 and 0 running
  CHECK(run.records[1].replica == ReplicaId{1});  // 1 and 0
  CHECK(run.records[2].replica == ReplicaId{0});  // 1 and 1; ends at 12
  CHECK(run.records[3].replica == ReplicaId{0});  // 1 and 1 again
  CHECK(run.records[4].replica == ReplicaId{1});  // 2 and 1
}

TEST_CASE("patience ends before a slot that frees at the same tick can help",
          "[reference][patience]") {
  const auto run =
      run_by_hand(hand_cell({slots_pool(1, 1)}), Demand()
                                                     .add(0, 0, service(100), Ticks{1})
                                                     .add(0, 10, service(5), Ticks{90})
                                                     .add(0, 11, service(5), Ticks{90}));
  CHECK(run.records[0].end == EndState::kFinished);   // served at once; patience is for queues
  CHECK(run.records[1].end == EndState::kAbandoned);  // 10 + 90 = 100 = end of the first
  CHECK(run.records[1].finish == Ticks{100});
  CHECK(run.records[1].time_in_queue == Ticks{90});
  CHECK(run.records[1].first_scheduled == kNever);
  CHECK(run.records[1].replica == ReplicaId{UINT32_MAX});
  CHECK(run.records[2].end == EndState::kFinished);  // would leave at 101, starts at 100
  CHECK(run.records[2].finish == Ticks{105});
  CHECK(run.counts.abandonments == 1);
  CHECK(run.counts.shared_ticks == 1);  // tick 100
}

TEST_CASE("a higher tier overtakes those who wait, and is counted as an inversion",
          "[reference][tiers]") {
  const auto run =
      run_by_hand(hand_cell({slots_pool(1, 1)}),
                  Demand().add(0, 0, service(100)).add(1, 10, service(10)).add(0, 20, service(10)));
  CHECK(run.records[2].first_scheduled == Ticks{100});
  CHECK(run.records[1].first_scheduled == Ticks{110});
  CHECK(run.counts.tier_inversions == 1);
}

TEST_CASE("a static batch starts when full or when its oldest has waited long enough",
          "[reference][static]") {
  PoolConfig pool = slots_pool(1, 3);
  pool.mode = BatchMode::kStatic;
  pool.max_wait = Ticks{50};
  auto times = std::make_shared<BatchTable>();
  times->batch_ps = {0, 100, 150, 190};
  pool.batch_times = times;
  const auto run = run_by_hand(hand_cell({pool}), Demand()
                                                      .add(0, 0, {})
                                                      .add(0, 20, {})
                                                      .add(0, 60, {})
                                                      .add(0, 70, {})
                                                      .add(0, 80, {})
                                                      .add(0, 100, {})
                                                      .add(0, 1000, {})
                                                      .add(0, 1001, {})
                                                      .add(0, 1002, {}));
  CHECK(run.records[0].first_scheduled == Ticks{50});  // waited 50
  CHECK(run.records[1].first_scheduled == Ticks{50});
  CHECK(run.records[1].finish == Ticks{200});            // 50 + 150 for two
  CHECK(run.records[2].first_scheduled == Ticks{200});   // three of four
  CHECK(run.records[4].finish == Ticks{390});            // 200 + 190
  CHECK(run.records[5].first_scheduled == Ticks{390});   // has waited 290 >= 50
  CHECK(run.records[5].finish == Ticks{490});            // 390 + 100
  CHECK(run.records[6].first_scheduled == Ticks{1002});  // full before 1050
  CHECK(run.counts.pools[0].steps == 4);
}

TEST_CASE("a static batch without a table lasts its longest member, whichever tier waited longest",
          "[reference][static]") {
  PoolConfig pool = slots_pool(1, 2);
  pool.mode = BatchMode::kStatic;
  pool.max_wait = Ticks{30};
  const auto run = run_by_hand(hand_cell({pool}), Demand()
                                                      .add(0, 0, service(40))
                                                      .add(1, 1, service(70))
                                                      .add(1, 20, service(5))
                                                      .add(0, 90, service(8)));
  CHECK(run.records[0].first_scheduled == Ticks{1});  // full with the second
  CHECK(run.records[0].finish == Ticks{71});          // 1 + max(40, 70)
  // Request 2 has waited 51 >= 30 at 71: alone at once.
  CHECK(run.records[2].first_scheduled == Ticks{71});
  CHECK(run.records[2].finish == Ticks{76});
  CHECK(run.records[3].first_scheduled == Ticks{120});  // 90 + 30
}

TEST_CASE("under central, idle static replicas take batches in order while the condition holds",
          "[reference][static][central]") {
  PoolConfig pool = slots_pool(3, 2);
  pool.mode = BatchMode::kStatic;
  pool.max_wait = Ticks{1000};
  Demand demand;
  for (int i = 0; i < 5; ++i) demand.add(0, 10, service(100));
  const auto run = run_by_hand(hand_cell({pool}), demand);
  CHECK(run.records[1].replica == ReplicaId{0});
  CHECK(run.records[3].replica == ReplicaId{1});
  // The fifth is alone: 10 + 1000 on replica 0, free since 110.
  CHECK(run.records[4].first_scheduled == Ticks{1010});
  CHECK(run.records[4].replica == ReplicaId{0});
}

TEST_CASE("a hand-over joins the next pool at the tick it leaves, behind new arrivals",
          "[reference][stages]") {
  const auto run =
      run_by_hand(hand_cell({slots_pool(1, 1), slots_pool(1, 1)},
                            {hand_class(0, {PoolId{0}, PoolId{1}}), hand_class(0, {PoolId{1}})}),
                  Demand().add(0, 0, service(100), kNever, {service(7)}).add(1, 100, service(50)));
  CHECK(run.records[1].first_scheduled == Ticks{100});
  CHECK(run.records[0].first_scheduled == Ticks{0});
  CHECK(run.records[0].time_in_queue == Ticks{50});  // 100 to 150 on pool 1
  CHECK(run.records[0].finish == Ticks{157});
  CHECK(run.records[0].stage == 1);
  CHECK(run.records[0].pool == PoolId{1});
}

TEST_CASE("patience counts on the first stage alone", "[reference][stages][patience]") {
  const auto run = run_by_hand(
      hand_cell({slots_pool(2, 1), slots_pool(1, 1)}, {hand_class(0, {PoolId{0}, PoolId{1}})}),
      Demand()
          .add(0, 0, service(10), Ticks{20}, {service(100)})
          .add(0, 0, service(10), Ticks{20}, {service(100)}));
  CHECK(run.records[1].finish == Ticks{210});  // queued from 10 to 110 without leaving
  CHECK(run.records[1].end == EndState::kFinished);
}

TEST_CASE("nothing happens at the horizon", "[reference][horizon]") {
  const auto run = run_by_hand(
      hand_cell({slots_pool(1, 1)}, {}, Ticks{100}),
      Demand().add(0, 0, service(100)).add(0, 30, service(10), Ticks{70}).add(0, 99, service(1)));
  for (const RequestRecord& record : run.records) {
    CHECK(record.end == EndState::kUnfinished);
    CHECK(record.finish == Ticks{100});
  }
  CHECK(run.records[0].time_in_queue == Ticks{0});
  CHECK(run.records[1].time_in_queue == Ticks{70});
  CHECK(run.records[2].time_in_queue == Ticks{1});
}

TEST_CASE("round_robin counts the requests it routed, not those refused", "[reference][routers]") {
  PoolConfig pool = token_pool(BatchMode::kContinuous, 100, 2, 3);
  pool.queueing = Queueing::kRoundRobin;
  const auto run = run_by_hand(hand_cell({pool}), Demand()
                                                      .add(0, 0, tokens(1, 1))
                                                      .add(0, 0, tokens(100, 1))  // never fits
                                                      .add(0, 0, tokens(1, 1))
                                                      .add(0, 0, tokens(1, 1))
                                                      .add(0, 0, tokens(1, 1)));
  CHECK(run.records[0].replica == ReplicaId{0});
  CHECK(run.records[1].end == EndState::kRejected);
  CHECK(run.records[2].replica == ReplicaId{1});
  CHECK(run.records[3].replica == ReplicaId{2});
  CHECK(run.records[4].replica == ReplicaId{0});
}

TEST_CASE("least_loaded counts queued and admitted, and never moves a request",
          "[reference][routers]") {
  const auto run = run_by_hand(hand_cell({slots_pool(2, 1, Queueing::kLeastLoaded)}),
                               Demand()
                                   .add(0, 0, service(100))   // replica 0
                                   .add(0, 1, service(10))    // replica 1
                                   .add(0, 2, service(10))    // 1 and 1: replica 0, queued
                                   .add(0, 3, service(10))    // 2 and 1: replica 1, queued
                                   .add(0, 4, service(10)));  // 2 and 2: replica 0, queued
  CHECK(run.records[2].replica == ReplicaId{0});
  CHECK(run.records[2].first_scheduled == Ticks{100});  // replica 1 idles from 21 on
  CHECK(run.records[3].finish == Ticks{21});
  CHECK(run.records[4].first_scheduled == Ticks{110});
}

TEST_CASE("random and power_of_two draw from the request's own route stream",
          "[reference][routers]") {
  const std::uint64_t entity = 2;
  CellConfig config = hand_cell({slots_pool(5, 1, Queueing::kRandom)});
  config.key.seed = 99;
  Demand demand;
  for (int i = 0; i < 3; ++i) demand.add(0, 0, service(10));
  RandomStream stream(config.key, Purpose::kRoute, 0, entity * 16 + 0);
  const auto first = static_cast<std::uint32_t>(stream.uniform() * 5);
  auto second = static_cast<std::uint32_t>(stream.uniform() * 4);
  if (second >= first) ++second;
  CHECK(run_by_hand(config, demand).records[entity].replica == ReplicaId{first});

  // One request of that entity on an empty pool: both loads are 0, so the lower id.
  config.pools[0].queueing = Queueing::kPowerOfTwo;
  Demand alone;
  alone.add(0, 0, service(10));
  alone.requests[0].entity = entity;
  CHECK(run_by_hand(config, alone).records[0].replica == ReplicaId{std::min(first, second)});
}

}  // namespace
}  // namespace headroom::reference
