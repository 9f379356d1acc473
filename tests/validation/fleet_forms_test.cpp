// Deliveries and failures against closed forms.
#include <cmath>
#include <numeric>

#include "headroom/engine/run_cell.hpp"
#include "headroom/scenario/load.hpp"
#include "queue_case.hpp"
#include "support/catch.hpp"

namespace headroom::validation {
namespace {

TEST_CASE(
    "a delivery to an overloaded M/M/c drains its backlog as a fluid, then waits are Erlang's",
    "[validation][fleet]") {
  // 38 a second on 30 servers of 1 a second for 1,000 s: a backlog of 8,000. Then 60 servers: it
  // falls by 22 a second and is gone after 364 s more. In queue-seconds that is a triangle of
  // height 8,000 and base 1,364.
  QueueCase queue;
  queue.rate_per_s = 38;
  queue.servers = 30;
  queue.horizon_s = 12'000;
  queue.warmup_s = 2'000;
  queue.adjust = [](CellConfig& cell, WorkloadConfig&) {
    cell.pools[0].delivered = 30;
    for (std::uint32_t r = 30; r < 60; ++r) {
      cell.fleet_events.push_back(
          {ticks_from_seconds(1000), FleetEventKind::kStart, PoolId{0}, ReplicaId{r}});
    }
  };
  const std::vector<Outcome> outcomes = run_replications(queue);
  const double peak = (38 - 30) * 1000.0;
  const double drain_s = peak / (60 - 38);
  CHECK(drain_s == Approx(363.6).margin(0.1));
  const Interval highest =
      interval_of(outcomes, [](const Outcome& outcome) { return outcome.classes[0].backlog_peak; });
  // The first 30 never queue, and what comes and goes at random before the servers are full: 1 %.
  CHECK(std::abs(highest.mean - peak) < highest.half_width + 0.01 * peak);
  // Arrivals less ends over 1,000 s: variance (38 + 30) x 1,000, so 261; 4.78 x 261 / sqrt(10) =
  // 395.
  CHECK(highest.half_width < 0.08 * peak);
  const Interval area = interval_of(outcomes, [](const Outcome& outcome) {
    const auto& bins = outcome.classes[0].queue_len;  // of 120 s; the first 2,000 s
    return 120 * std::accumulate(bins.begin(), bins.begin() + 17, 0.0);
  });
  const double triangle = peak * (1000 + drain_s) / 2;
  CHECK(std::abs(area.mean - triangle) < area.half_width + 0.02 * triangle);
  const Interval late = interval_of(outcomes, [](const Outcome& outcome) {
    return seconds(outcome.late[0].front().to);  // the end of the first spell with anybody waiting
  });
  CHECK(std::abs(late.mean - (1000 + drain_s)) < late.half_width + 0.05 * drain_s);

  const double wait_s = erlang_c(60, 38) / (60 - 38);  // 0.6 ms: almost nobody waits
  const Interval wait = interval_of(outcomes, mean_wait_s);
  CHECK(std::abs(wait.mean - wait_s) < std::max(wait.half_width, 1e-5));
}

TEST_CASE("an M/M/c that loses servers to a removal waits as Erlang says for those left",
          "[validation][fleet]") {
  QueueCase queue;
  queue.rate_per_s = 4;
  queue.servers = 9;
  queue.horizon_s = 60'000;
  queue.warmup_s = 2'000;
  queue.adjust = [](CellConfig& cell, WorkloadConfig&) {
    for (std::uint32_t r = 5; r < 9; ++r) {
      cell.fleet_events.push_back(
          {ticks_from_seconds(1000), FleetEventKind::kRemoval, PoolId{0}, ReplicaId{r}});
    }
  };
  const Interval wait = interval_of(run_replications(queue), mean_wait_s);
  CHECK(wait.contains(erlang_c(5, 4) / (5 - 4)));
  CHECK(wait.half_width < 0.1 * wait.mean);
}

TEST_CASE("the share of time in service is MTBF / (MTBF + mean repair)", "[validation][fleet]") {
  // Eight nodes of one GPU, up 2 h in mean, in repair half an hour: 80 %. All begin up, which adds
  // 0.2 / (0.5 + 2) h to each node's time in service: the transient of a two-state chain.
  const LoadedScenario loaded = parse_scenario(R"({
    "schema_version": "1.0", "name": "failing", "time": {"duration": "20d"},
    "fleet": {"pools": [{"name": "a", "gpus": 8, "service_time": "1s", "gpus_per_node": 1,
      "failures": {"mean_time_between": "2h",
                   "repair_time": {"kind": "exponential", "mean": "30min"}}}]},
    "classes": [{"name": "c", "stages": [{"pool": "a"}], "rate": "0.01/s"}]})",
                                               "failing.json", ".");
  const ResolvedScenario scenario = resolve(loaded);
  std::vector<Outcome> outcomes;
  for (std::size_t replication = 0; replication < 10; ++replication) {
    const CellJob job = scenario.job(replication, 0, 0);
    RequestStream requests(*job.workload, job.config.key, 1.0);
    outcomes.push_back(run_cell(job.config, requests));
  }
  const double hours = 480;
  const double expected = 0.8 + 0.2 / 2.5 / hours;
  const Interval share = interval_of(outcomes, [hours](const Outcome& outcome) {
    return outcome.pool_totals[0].in_service_ps * 1e-12 / 3600 / (8 * hours);
  });
  CHECK(share.contains(expected));
  CHECK(share.half_width < 0.02);
  const Interval faults =
      interval_of(outcomes, [](const Outcome& outcome) { return outcome.pool_totals[0].faults; });
  CHECK(faults.contains(8 * hours * expected / 2));  // one every 2 h up
}

}  // namespace
}  // namespace headroom::validation
