#include "headroom/plan/looks.hpp"

#include <array>

#include "headroom/plan/run.hpp"
#include "headroom/scenario/load.hpp"
#include "support/catch.hpp"

namespace headroom {
namespace {

TEST_CASE("the error is spent in proportion to the replications and no more than there is",
          "[plan][looks]") {
  constexpr std::array<std::size_t, 3> counts{5, 10, 40};
  const auto looks = spending_looks(counts, 0.95);
  REQUIRE(looks.size() == 3);
  // 5 % x 5/40, 5/40 and 30/40.
  CHECK(looks[0].confidence == Approx(1 - 0.05 / 8));
  CHECK(looks[1].confidence == Approx(1 - 0.05 / 8));
  CHECK(looks[2].confidence == Approx(1 - 0.05 * 3 / 4));
  double spent = 0;
  for (const Look& look : looks) spent += 1 - look.confidence;
  CHECK(spent == Approx(0.05));
}

/// Two servers of a mean of 1 s, 1.2 requests a second.
constexpr const char* kQueue = R"({
  "schema_version": "1.0", "name": "queue",
  "time": {"duration": "30min", "warmup": "2min"},
  "fleet": {"pools": [{"name": "servers", "gpus": 2, "service_time": {"kind": "exponential", "mean": "1s"}}]},
  "classes": [{"name": "call", "stages": [{"pool": "servers"}], "rate": "1.2/s"}],
  "targets": [{"class": "call", "metric": "e2e", "statistic": "mean", "max": "3s"}]
})";

TEST_CASE("-n auto stops at the first look that is precise, whatever the threads",
          "[plan][looks]") {
  const ResolvedScenario scenario = resolve(parse_scenario(kQueue, "queue.json", "."));
  constexpr std::array<std::size_t, 4> counts{4, 8, 16, 64};
  const auto looks = spending_looks(counts, 0.95);
  ExecOptions one, two;
  one.threads = 1;
  two.threads = 2;
  const RunResult coarse = run_until_precise(scenario, {0.2}, looks, one);
  const RunResult fine = run_until_precise(scenario, {0.04}, looks, one);
  const RunResult again = run_until_precise(scenario, {0.04}, looks, two);
  REQUIRE(coarse.sequential);
  CHECK(coarse.sequential->reached);
  CHECK(fine.sequential->reached);
  const auto n = [](const RunResult& r) { return r.main_period().statistics.replications; };
  CHECK(n(coarse) < n(fine));
  CHECK(n(fine) == n(again));
  CHECK(n(fine) == looks[fine.sequential->stopped_at].replications);
  CHECK(fine.confidence == looks[fine.sequential->stopped_at].confidence);
  const Estimate value = fine.main_period().verdicts[0].value;
  CHECK((value.high - value.low) / 2 <= 0.04 * value.value);
  CHECK(again.main_period().verdicts[0].value.value == value.value);
}

TEST_CASE("-n auto says when the cap comes before the precision", "[plan][looks]") {
  const ResolvedScenario scenario = resolve(parse_scenario(kQueue, "queue.json", "."));
  constexpr std::array<std::size_t, 2> counts{3, 5};
  const RunResult result = run_until_precise(scenario, {0.0001}, spending_looks(counts, 0.95), {});
  REQUIRE(result.sequential);
  CHECK_FALSE(result.sequential->reached);
  CHECK(result.main_period().statistics.replications == 5);
}

TEST_CASE("replications added later are the ones a longer run has", "[plan][looks]") {
  ResolvedScenario scenario = resolve(parse_scenario(kQueue, "queue.json", "."));
  constexpr std::array<std::size_t, 2> counts{3, 5};
  const RunResult stepwise =
      run_until_precise(scenario, {0.0001}, spending_looks(counts, 0.95), {});
  scenario.scenario.replications = 5;
  const RunResult at_once = run(scenario);
  CHECK(stepwise.main_period().statistics.targets[0].value.values() ==
        at_once.main_period().statistics.targets[0].value.values());
}

}  // namespace
}  // namespace headroom
