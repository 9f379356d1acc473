#include <cmath>

#include "shipped_scenario.hpp"

using namespace headroom;
using namespace headroom::test;

namespace {

const char* const kBaseline = "chat-baseline";

/// 24 March 14 UTC, the quiet day's largest hour, after half an hour of the one before.
ResolvedScenario crest() {
  return resolve_slice(
      kBaseline,
      {"2025-03-24T13:30:00Z", "90min", "30min", "10min", {{"time.timeline_step", "10s"}}});
}

}  // namespace

TEST_CASE("every number of the quiet day says where it comes from", "[scenarios][baseline]") {
  const LoadedScenario loaded = load_shipped(kBaseline);
  CHECK(fields_without_provenance(loaded) == std::vector<std::string>{});
  CHECK(assumptions_without_range(loaded) == std::vector<std::string>{});
}

TEST_CASE("the quiet day runs on the spike's fleet, chat only", "[scenarios][baseline]") {
  const ResolvedScenario quiet = resolve(load_shipped(kBaseline));
  const ResolvedScenario spike = resolve(load_shipped("image-generation-spike"));
  REQUIRE(quiet.pools.size() == spike.pools.size());
  for (std::size_t p = 0; p < quiet.pools.size(); ++p) {
    CHECK(quiet.pools[p].gpus() == spike.pools[p].gpus());
    CHECK(quiet.pools[p].config.max_batch == spike.pools[p].config.max_batch);
    CHECK(quiet.pools[p].config.token_budget == spike.pools[p].config.token_budget);
    CHECK(quiet.pools[p].config.kv_blocks == spike.pools[p].config.kv_blocks);
  }
  CHECK(quiet.sizes[0].cells == spike.sizes[0].cells);
  REQUIRE(quiet.classes.size() == 2);
  // 24 hours of a Monday: the profile's 24 values, a billion a day. Their sum is 28.3385.
  const double monday[] = {0.9734, 1.0961, 1.1012, 0.9085, 0.9163, 0.9947, 1.1341, 1.2068,
                           1.2697, 1.1811, 1.1629, 1.2365, 1.3302, 1.4851, 1.6565, 1.5474,
                           1.3573, 1.281,  1.2602, 1.2396, 1.1683, 0.9406, 0.9196, 0.9714};
  double sum = 0;
  for (const double value : monday) sum += value;
  CHECK(expected_arrivals(quiet, "chat-paid", 0, 24 * kHour) +
            expected_arrivals(quiet, "chat-free", 0, 24 * kHour) ==
        Approx(kMessagesPerS * kHour * sum).epsilon(1e-4));
}

TEST_CASE("at the quiet day's crest an answer takes about ten seconds", "[scenarios][baseline]") {
  const ResolvedScenario scenario = crest();
  const Outcome outcome = run_one_cell(scenario);
  const GroupTally paid = whole_tally(scenario, outcome, "chat-paid");
  const GroupTally free = whole_tally(scenario, outcome, "chat-free");

  // 19,172 messages a second over 625 cells: 30.7/s a cell.
  const double rate = kMessagesPerS * 1.6565 / 625;
  CHECK(rate == Approx(30.7).epsilon(0.002));
  const double arrived = paid.arrived + free.arrived;
  CHECK(std::abs(arrived - rate * kHour) < 4 * std::sqrt(rate * kHour));
  CHECK(paid.arrived / arrived == Approx(0.17).epsilon(0.03));

  // The estimate by hand of the facts' collection says 9 s, with a quarter of doubt.
  const double answer_s = free.e2e.histogram.mean_s();
  CHECK(answer_s > 9 * 0.75);
  CHECK(answer_s < 9 * 1.25);
  CHECK(free.queue_delay.histogram.quantile_s(0.95) < 2);

  // Little's law: rate x time = requests running and queued on the cell's five replicas.
  const PoolTimeline& pool = outcome.pools[0];
  const Ticks step = scenario.collect.timeline_step;
  const double running = mean_of_bins(pool.running, step, 1800, 5400);
  const double in_pool = running + mean_of_bins(pool.queued, step, 1800, 5400);
  CHECK(in_pool == Approx(arrived / kHour * answer_s).epsilon(0.03));

  // Utilisation of KV memory: each holds 1,155 tokens of prompt and on average half its answer
  // (longer answers run longer: up to all of 211), whole blocks of 16.
  const double low = running / 5 * 1'155 / static_cast<double>(scenario.pools[0].kv->tokens);
  const double high =
      running / 5 * (1'155 + 330) / static_cast<double>(scenario.pools[0].kv->tokens);
  const double held = mean_of_bins(pool.kv_share, step, 1800, 5400);
  CHECK(held > 0.85 * low);
  CHECK(held < high);
}
