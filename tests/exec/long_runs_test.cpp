#include "headroom/engine/run_cell.hpp"
#include "headroom/scenario/load.hpp"
#include "headroom/workload/request_stream.hpp"
#include "support/catch.hpp"

// Runs as long as the clock allows: sums of two spans of up to 90 days do not fit its 64 bits.

namespace headroom {
namespace {

constexpr double kDay_s = 86'400;

/// One class on a pool of slots, for 90 days or so.
Outcome run_days(const std::string& time, const std::string& service, const std::string& rate,
                 const std::string& more_of_class = "", const std::string& more_of_fleet = "",
                 const std::string& more_of_pool = "") {
  const std::string text = R"({"schema_version": "1.0", "name": "long", "time": {)" + time +
                           R"(}, "fleet": {"pools": [{"name": "p", "gpus": 2, "service_time": ")" +
                           service + "\"" + more_of_pool + "}]" + more_of_fleet +
                           R"(}, "classes": [{"name": "c", "stages": [{"pool": "p"}], "rate": ")" +
                           rate + "\"" + more_of_class + "}]}";
  const ResolvedScenario scenario = resolve(parse_scenario(text, "long.json", ".", {}));
  const CellJob job = scenario.job(0, 0, 0);
  RequestStream requests(*job.workload, job.config.key, 1.0);
  return run_cell(job.config, requests);
}

double ended(const Outcome& outcome, EndState state) {
  double sum = 0;
  for (const GroupTally& group : outcome.groups[0]) {
    sum += group.ended[static_cast<std::size_t>(state)];
  }
  return sum;
}

}  // namespace

TEST_CASE("patience as long as the run makes nobody leave", "[exec][long]") {
  // Four a day for two servers of a day each: half of them wait, the last ones a month.
  const Outcome outcome = run_days(R"("duration": "60d")", "1d", "4/day", R"(, "patience": "90d")");
  CHECK(ended(outcome, EndState::kAbandoned) == 0);
  CHECK(ended(outcome, EndState::kFinished) >= 2 * 55);
  CHECK(ended(outcome, EndState::kFinished) <= 2 * 60);
  for (const GroupTally& group : outcome.groups[0]) {
    CHECK(group.queue_delay.histogram.max() < Ticks{60LL * 86'400 * kTicksPerSecond});
    CHECK(group.queue_delay.histogram.mean_s() >= 0);
  }
}

TEST_CASE("a service that ends after the clock does is unfinished", "[exec][long]") {
  // Who begins after the tenth day would end on the 90th or later, and after day 26.75 beyond the
  // clock.
  const Outcome outcome = run_days(R"("duration": "90d")", "80d", "0.2/day");
  CHECK(ended(outcome, EndState::kFinished) <= 2);
  CHECK(ended(outcome, EndState::kUnfinished) >= 2);
  CHECK(ended(outcome, EndState::kAbandoned) == 0);
  CHECK(outcome.pool_totals[0].busy_ps <= 2 * 80 * kDay_s * kTicksPerSecond);

  const Outcome batches =
      run_days(R"("duration": "90d")", "80d", "0.2/day", "", "",
               R"(, "batching": {"mode": "static", "max_batch": 2, "max_wait": "90d"})");
  CHECK(ended(batches, EndState::kFinished) <= 4);
}

TEST_CASE("a fault may outlast the run", "[exec][long]") {
  const Outcome outcome =
      run_days(R"("duration": "60d")", "1h", "1/day", "",
               R"(, "faults": [{"at": "20d", "pool": "p", "nodes": 1, "for": "90d"}])",
               R"(, "gpus_per_node": 1)");
  CHECK(outcome.pool_totals[0].faults == 1);
  CHECK(outcome.pool_totals[0].starts == 0);
  CHECK(outcome.pool_totals[0].down_ps == Approx(40 * kDay_s * kTicksPerSecond));
}

TEST_CASE("timeline bins of 15 days cover 90 days", "[exec][long]") {
  const Outcome outcome = run_days(R"("duration": "90d", "timeline_step": "15d")", "1h", "10/day");
  REQUIRE(outcome.classes[0].arrivals.size() == 6);
  double arrived = 0;
  for (const double count : outcome.classes[0].arrivals) arrived += count;
  CHECK(arrived == outcome.groups[0][0].arrived);
  for (const double share : outcome.pools[0].busy_share) {
    // 10 a day of an hour each on two servers: 0.21 each, within a few standard deviations.
    CHECK(share == Approx(10.0 / 24 / 2).epsilon(0.4));
  }
}

TEST_CASE("a merged backlog's peak is told of the cell with the largest", "[exec][outcome]") {
  const auto cell = [](double peak, std::int64_t at) {
    Outcome outcome;
    outcome.groups.emplace_back(1);
    outcome.minutes.resize(1);
    outcome.late.resize(1);
    outcome.classes.resize(1);
    outcome.classes[0].backlog_peak = outcome.classes[0].largest_peak = peak;
    outcome.classes[0].backlog_peak_at = Ticks{at};
    return outcome;
  };
  Outcome whole = cell(100, 1);
  whole.merge(cell(300, 2), 1);
  whole.merge(cell(350, 3), 1);
  whole.merge(cell(200, 4), 1);
  CHECK(whole.classes[0].backlog_peak == 950);
  CHECK(whole.classes[0].backlog_peak_at == Ticks{3});
}

}  // namespace headroom
