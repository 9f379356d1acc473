#include <string>

#include "headroom/headroom.hpp"
#include "support/catch.hpp"

TEST_CASE("a program reads, runs and judges a scenario through one header", "[headroom]") {
  headroom::ScenarioOverrides overrides;
  overrides.set = {{"replications", "3"}, {"time.duration", "1h"}};
  const headroom::RunResult result =
      headroom::run(std::string(HEADROOM_SOURCE_DIR) + "/scenarios/erlang-c.json", overrides);
  CHECK(result.complete);
  CHECK(result.exec.replications_delivered == 3);
  // 8 requests a second for 1 h, three times: 86,400 expected; 3 standard deviations are 882.
  CHECK(result.exec.requests == Approx(86'400).margin(882));
  REQUIRE(result.main_period().verdicts.size() == 2);
  // 8/s x 1 s / 10 servers: busy 80 % of the time.
  const auto busy = result.main_period().statistics.pools.at(0).busy_mean.estimate(0.95);
  CHECK(busy.value == Approx(0.8).margin(0.02));
}
