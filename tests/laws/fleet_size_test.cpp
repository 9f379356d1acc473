#include <cmath>

#include "headroom/plan/run.hpp"
#include "headroom/scenario/load.hpp"
#include "support/catch.hpp"

// What more replicas, and cells of two sizes, must and must not change.

namespace headroom::laws {
namespace {

RunResult run_text(const std::string& document,
                   const std::vector<std::pair<std::string, std::string>>& set = {}) {
  return run(resolve(parse_scenario(document, "t.json", ".", {set, {}})));
}

/// M/M/c: the demand of 18 servers.
std::string queue(int servers) {
  return R"({"schema_version": "1.0", "name": "mmc", "replications": 8,
  "time": {"duration": "2h", "warmup": "10min"},
  "fleet": {"pools": [{"name": "p", "gpus": )" +
         std::to_string(servers) + R"(, "service_time": {"kind": "exponential", "mean": "1s"}}]},
  "classes": [{"name": "c", "stages": [{"pool": "p"}], "rate": "18/s"}]})";
}

double erlang_c(int servers, double a) {
  double b = 1;
  for (int c = 1; c <= servers; ++c) b = a * b / (c + a * b);
  return b / (1 - a / servers * (1 - b));
}

}  // namespace

TEST_CASE("more servers never make the mean wait longer, whatever the luck", "[laws]") {
  // The same requests with the same service times meet each fleet, so that every replication alone
  // must obey, and not only the mean of them.
  std::vector<double> before;
  for (int servers = 19; servers <= 27; ++servers) {
    INFO(servers << " servers");
    const RunResult result = run_text(queue(servers));
    const GroupStatistics& group = result.main_period().statistics.groups[0][0];
    const std::vector<double> waits =
        group.latency[static_cast<std::size_t>(Metric::kQueueDelay)].mean.values();
    REQUIRE(waits.size() == 8);
    for (std::size_t r = 0; r < before.size(); ++r) CHECK(waits[r] <= before[r]);
    if (servers >= 20) {  // with 19, 95 % full, two hours scatter too much for a close look
      const double theory = erlang_c(servers, 18) / (servers - 18);
      const double mean =
          group.latency[static_cast<std::size_t>(Metric::kQueueDelay)].mean.estimate(0.95).value;
      CHECK(mean == Approx(theory).epsilon(servers < 22 ? 0.3 : 0.15).margin(5e-4));
    }
    before = waits;
  }
}

TEST_CASE("cells of two sizes together get the whole demand", "[laws][cells]") {
  // 23 replicas in 5 cells: three of 5 and two of 4. A rate that swings and surges.
  const std::string document = R"({"schema_version": "1.0", "name": "cells", "replications": 6,
  "time": {"start": "2025-03-31T10:00:00Z", "duration": "3h"},
  "fleet": {"cells": {"count": 5, "simulate": SIMULATED},
    "pools": [{"name": "p", "gpus": 23, "service_time": {"kind": "exponential", "mean": "1s"}}]},
  "classes": [{"name": "c", "stages": [{"pool": "p"}], "rate": {"base": "10/s",
    "profile": {"name": "azure-conversation-week"},
    "surges": [{"kind": "exponential", "start": "1h", "rise": "20min", "decay": "20min",
      "add": "8/s"}]}}]})";
  for (const int simulated : {0, 2, 3}) {
    INFO(simulated << " cells simulated");
    std::string text = document;
    text.replace(text.find("SIMULATED"), 9, std::to_string(simulated));
    const ResolvedScenario scenario = resolve(parse_scenario(text, "t.json", "."));
    REQUIRE(scenario.sizes.size() == 2);
    double replicas = 0, share = 0;
    for (const SimulatedCell& cell : scenario.cells) {
      replicas += cell.weight * static_cast<double>(cell.replicas[0]);
      share += cell.weight * cell.demand_share;
    }
    CHECK(replicas == Approx(23));
    CHECK(share == Approx(1));
    const RunResult result = run(scenario);
    const double expected = scenario.demand().rate(ClassId{0}).total();
    // 10/s x 3 h of hours 1.1629 to 1.3302, and 8/s x (1 / ln 100 - 1 / 99 + 1) x 20 min.
    const double by_hand =
        10 * 3600 * (1.1629 + 1.2365 + 1.3302) + 8 * 1200 * (1 / std::log(100.0) - 1.0 / 99 + 1);
    CHECK(expected == Approx(by_hand).epsilon(3e-3));
    // A cell that stands for w cells scatters w times its own root.
    double variance = 0;
    for (const SimulatedCell& cell : scenario.cells) {
      variance += cell.weight * cell.weight * cell.demand_share * expected;
    }
    const double arrived =
        result.main_period().statistics.groups[0][0].arrived.estimate(0.95).value;
    CHECK(std::abs(arrived - expected) < 4 * std::sqrt(variance / 6));
    // Utilisation is work over servers, whichever cells stand for the whole.
    CHECK(result.main_period().statistics.pools[0].busy_mean.estimate(0.95).value ==
          Approx(expected / 10'800 / 23).epsilon(0.02));
  }
}

}  // namespace headroom::laws
