#include <algorithm>
#include <cmath>

#include "shipped_scenario.hpp"

// GPUs that arrive in two batches and a node that fails, against figures worked out by hand. The
// fleet is short of GPUs for an hour, so it works without a pause and everything is a fluid:
// 15 pictures a second of 1.8 s each are 27 GPUs of load.

namespace headroom::test {
namespace {

constexpr double kRate = 15, kServiceS = 1.8;

double made_per_s(double gpus) { return gpus / kServiceS; }

RunResult run_delivery() {
  ScenarioOverrides overrides;
  overrides.set = {{"replications", "4"}};
  return run(resolve(load_shipped("delivery-catches-up", overrides)));
}

}  // namespace

TEST_CASE("the second delivery drains the backlog that the first let grow, around a node's failure",
          "[scenarios][delivery]") {
  const RunResult result = run_delivery();
  const PeriodResult& period = result.main_period();

  // 16 GPUs from 20 min on, 24 from 40, 40 from 80: the backlog grows to the second delivery.
  const double first = (kRate - made_per_s(16)) * 1200;         // 7,333 at 40 min
  const double peak = first + (kRate - made_per_s(24)) * 2400;  // 11,333 at 80 min
  CHECK(peak == Approx(11'333).margin(1));
  CHECK(value(period.statistics.backlog[0].peak) == Approx(peak).epsilon(0.05));
  CHECK(value(period.statistics.backlog[0].peak_at_s) == Approx(4800).margin(120));

  // It drains at 40 GPUs to 90 min, at 32 while the node is down to 120 min, at 40 again.
  const double at_fault = peak - (made_per_s(40) - kRate) * 600;         // 7,000
  const double at_repair = at_fault - (made_per_s(32) - kRate) * 1800;   // 2,000
  const double drained_s = 7200 + at_repair / (made_per_s(40) - kRate);  // 7,477
  CHECK(drained_s - 4800 == Approx(2677).margin(1));
  CHECK(value(period.statistics.backlog[0].drain_s[1]) == Approx(drained_s - 4800).epsilon(0.05));

  // First come, first served: who comes at t waits until what stands before him is made. The
  // longest wait is of those whose turn comes with the second delivery: B(t) / 13.33 = 4,800 - t
  // with B(t) = 7,333 + 1.667 (t - 2,400), so t = 4,044 and the wait 756 s.
  const double slope = (kRate - made_per_s(24)) / made_per_s(24);
  const double turn = (4800 - first / made_per_s(24) + slope * 2400) / (1 + slope);
  CHECK(4800 - turn == Approx(755.6).margin(0.1));
  const auto delay = static_cast<std::size_t>(Metric::kQueueDelay);
  CHECK(value(period.statistics.groups[0][0].latency[delay].max) ==
        Approx(4800 - turn).epsilon(0.05));

  // All 8 GPUs of the node are at work when it fails, one picture each.
  const auto failed = static_cast<std::size_t>(EndState::kFailed);
  CHECK(value(period.statistics.groups[0][0].ended[failed]) == 8);
  CHECK(value(period.statistics.pools[0].faults) == 8);
  CHECK(value(period.statistics.pools[0].starts) == 8 + 16 + 8);

  // 190 min of 16 GPUs, 150 of 8 and 110 of 16, less 30 of 8.
  const double gpu_hours = (190.0 * 16 + 150 * 8 + 110 * 16 - 30 * 8) / 60;
  CHECK(value(period.statistics.pools[0].in_service_ps) * 1e-12 / 3600 == Approx(gpu_hours));
  CHECK(value(period.statistics.pools[0].down_ps) * 1e-12 / 3600 == Approx(4));
  CHECK(period.holds());
}

TEST_CASE("offered load is weighed against the GPUs that are there at the time",
          "[scenarios][delivery]") {
  const ResolvedScenario scenario = resolve(load_shipped("delivery-catches-up"));
  const RunResult result = run_delivery();
  const PoolLoad& load = result.main_period().load[0];
  CHECK(load.peak_gpus == Approx(kRate * kServiceS));          // 27
  CHECK(load.peak_per_gpu == Approx(kRate * kServiceS / 16));  // on the 16 of before the delivery
  CHECK(load.peak_per_gpu_at_s == Approx(1200));
  CHECK(load.in_service[39] == Approx(16));
  CHECK(load.in_service[40] == Approx(24));
  CHECK(load.in_service[85] == Approx(40));
  CHECK(load.in_service[100] == Approx(32));
  CHECK(load.in_service[125] == Approx(40));
  const auto& timeline = result.main_period().statistics.pools[0];
  CHECK(timeline.in_service[100] == Approx(32));
  CHECK(timeline.down[100] == Approx(8));
  CHECK(timeline.busy_share[100] == Approx(1));  // of the 32
}

TEST_CASE("every number of the delivery scenario says where it comes from",
          "[scenarios][delivery]") {
  const LoadedScenario loaded = load_shipped("delivery-catches-up");
  CHECK(fields_without_provenance(loaded).empty());
  CHECK(assumptions_without_range(loaded).empty());
}

}  // namespace headroom::test
