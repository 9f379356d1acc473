#include <algorithm>
#include <cmath>
#include <map>

#include "scenario_support.hpp"

// Deliveries, removals and failures: from the words of a scenario to the ticks of replicas.

namespace headroom {
namespace {

/// One pool of one-GPU replicas, two to a node, for ten hours; `more` are fields of the pool,
/// `fleet` further fields of the fleet.
std::string shop(const std::string& more, const std::string& fleet = "", const char* gpus = "4",
                 const char* per_replica = "1") {
  return std::string(R"({"schema_version": "1.0", "name": "shop", "time": {"duration": "10h"},
  "fleet": {)") +
         fleet + R"("pools": [{"name": "a", "gpus": )" + gpus +
         R"(, "service_time": "1s", "gpus_per_node": 2, "gpus_per_replica": )" + per_replica +
         (more.empty() ? "" : ", " + more) + R"(}]},
  "classes": [{"name": "c", "stages": [{"pool": "a"}], "rate": "1/s"}]})";
}

std::vector<FleetEvent> events_of(const ResolvedScenario& scenario, std::size_t replication = 0,
                                  std::size_t cell = 0) {
  return scenario.job(replication, 0, cell).config.fleet_events;
}

FleetEvent event(double at_s, FleetEventKind kind, std::uint32_t replica) {
  return {ticks_from_seconds(at_s), kind, PoolId{0}, ReplicaId{replica}};
}
constexpr auto kFault = FleetEventKind::kFault;
constexpr auto kStart = FleetEventKind::kStart;
constexpr auto kRemoval = FleetEventKind::kRemoval;

std::string message_at(const std::string& text, const std::string& pointer) {
  for (const Issue& issue : issues_of(text)) {
    if (issue.pointer != pointer) continue;
    std::string all = issue.code + ": " + issue.message;
    for (const std::string& note : issue.notes) all += " | " + note;
    return all;
  }
  return "nothing";
}

TEST_CASE("a delivery serves after provisioning and loading, a removal takes the highest ids",
          "[scenario][fleet]") {
  const ResolvedScenario scenario = resolve_text(shop(
      R"("deliveries": [{"at": "1h", "gpus": 2, "provisioning_delay": "20min", "model_load": "10min"}],
         "removals": [{"at": "2h", "gpus": 1}, {"at": "1h", "gpus": 1}])"));
  const CellJob job = scenario.job(0, 0, 0);
  CHECK(job.config.pools[0].replicas == 4);
  CHECK(job.config.pools[0].delivered == 2);
  // At 1 h replica 3 is the highest; the delivered ones serve from 1.5 h on as 4 and 5.
  CHECK(job.config.fleet_events ==
        std::vector<FleetEvent>{event(3600, kRemoval, 3), event(5400, kStart, 4),
                                event(5400, kStart, 5), event(7200, kRemoval, 5)});
}

TEST_CASE("a scenario without changes has no events", "[scenario][fleet]") {
  const ResolvedScenario scenario = resolve_text(shop(""));
  CHECK(events_of(scenario).empty());
  CHECK_FALSE(scenario.pools[0].varies);
  CHECK(scenario.expected_gpus(0, 0, 3600) == 4);
}

TEST_CASE("a stated fault takes the lowest nodes of a pool or zone, with all their replicas",
          "[scenario][fleet]") {
  const std::string zones =
      R"("zones": [{"name": "east", "nodes": 1}, {"name": "west", "nodes": 1}])";
  const auto one_node = resolve_text(
      shop(zones, R"("faults": [{"at": "1h", "pool": "a", "nodes": 1, "for": "30min"}], )"));
  CHECK(events_of(one_node) ==
        std::vector<FleetEvent>{event(3600, kFault, 0), event(3600, kFault, 1),
                                event(5400, kStart, 0), event(5400, kStart, 1)});
  const auto west =
      resolve_text(shop(zones, R"("faults": [{"at": "1h", "zone": "west", "for": "30min"}], )"));
  CHECK(events_of(west)[0] == event(3600, kFault, 2));
  CHECK(events_of(west)[3] == event(5400, kStart, 3));
  CHECK(events_of(west).size() == 4);
}

TEST_CASE("a replica over two nodes is down while one of them is", "[scenario][fleet]") {
  // Replicas of 4 GPUs, nodes of 2: replica 0 stands on nodes 0 and 1. Node 0 is out from 1 h to
  // 2 h; nodes 0 and 1 from 1.5 h to 3 h.
  const auto scenario = resolve_text(shop("",
                                          R"("faults": [
    {"at": "1h", "pool": "a", "nodes": 1, "for": "1h"},
    {"at": "1.5h", "pool": "a", "nodes": 2, "for": "1.5h"}], )",
                                          "8", "4"));
  CHECK(events_of(scenario) ==
        std::vector<FleetEvent>{event(3600, kFault, 0), event(10'800, kStart, 0)});
}

TEST_CASE(
    "a replica whose start falls into an outage starts at its end, and one removed in an "
    "outage never again",
    "[scenario][fleet]") {
  // Node 1 holds replicas 2 and 3; a delivery of one at 1 h is replica 3.
  const auto scenario = resolve_text(shop(
      R"("zones": [{"name": "first", "nodes": 1}, {"name": "second", "nodes": 1}],
         "deliveries": [{"at": "1h", "gpus": 1}], "removals": [{"at": "5h", "gpus": 1}])",
      R"("faults": [{"at": "30min", "zone": "second", "for": "1h"},
                    {"at": "4h", "zone": "second", "for": "2h"}], )",
      "3"));
  CHECK(events_of(scenario) ==
        std::vector<FleetEvent>{event(1800, kFault, 2), event(5400, kStart, 2),
                                event(5400, kStart, 3), event(14'400, kFault, 2),
                                event(14'400, kFault, 3), event(18'000, kRemoval, 3),
                                event(21'600, kStart, 2)});
}

TEST_CASE("nodes are up MTBF / (MTBF + mean repair) of the time", "[scenario][fleet]") {
  // 2,000 nodes, MTBF 10 h, repair 1 h exponential, 10 hours: replicas are up in mean
  // 10/11 + 1/11 x (1 - exp(-1.1 x 10)) / (1.1 x 10) of the time, as all begin up
  // (rates 0.1 and 1 an hour; the transient of a two-state chain, integrated).
  const auto scenario = resolve_text(shop(
      R"("failures": {"mean_time_between": "10h", "repair_time": {"kind": "exponential", "mean": "1h"}})",
      "", "4000"));
  const double horizon_s = 36'000;
  double down_s = 0;
  std::map<std::uint32_t, double> since;
  std::size_t faults = 0;
  for (const FleetEvent& e : events_of(scenario)) {
    const std::uint32_t r = index(e.replica);
    if (e.kind == kFault) {
      since[r] = seconds(e.at);
      ++faults;
    } else {
      down_s += seconds(e.at) - since.at(r);
      since.erase(r);
    }
  }
  for (const auto& [r, from] : since) down_s += horizon_s - from;
  const double up = 1 - down_s / (4000 * horizon_s);
  const double expected = 10.0 / 11 + 1.0 / 11 * (1 - std::exp(-11.0)) / 11;
  // One node's share of time down has a standard deviation of about 0.12 (a fault of 1 h now and
  // then in 10 h): 0.0027 in the mean of 2,000 nodes; 4 of them.
  CHECK(std::abs(up - expected) < 0.011);
  // Two replicas to a node fail together: about 2 x 2,000 x 10 h x 0.917 / 10 h.
  CHECK(faults == Approx(3670).epsilon(0.1));
}

TEST_CASE("the failures of a node depend on the seed, replication and node alone",
          "[scenario][fleet]") {
  const std::string failing = R"("failures": {"mean_time_between": "5h", "repair_time": "30min"})";
  const auto few = resolve_text(shop(failing));
  const auto more = few.with_replicas(0, 8);
  std::vector<FleetEvent> of_more = events_of(more);
  std::erase_if(of_more, [](const FleetEvent& e) { return index(e.replica) >= 4; });
  CHECK(events_of(few) == of_more);
  CHECK_FALSE(events_of(few).empty());
  CHECK(events_of(few, 0) != events_of(few, 1));
}

TEST_CASE("changes and faults are dealt out to the cells like the fleet itself",
          "[scenario][fleet]") {
  // 6 replicas, then 9, then 7, over 4 cells: 2 2 1 1, then 3 2 2 2, then 2 2 2 1.
  const auto scenario = resolve_text(shop(
      R"("deliveries": [{"at": "1h", "gpus": 3}], "removals": [{"at": "2h", "gpus": 2}])",
      R"("cells": {"count": 4}, "faults": [{"at": "3h", "pool": "a", "nodes": 1, "for": "1h"}], )",
      "6"));
  REQUIRE(scenario.cells.size() == 4);
  const std::vector<std::vector<std::int64_t>> expected{{2, 3, 2}, {2, 2, 2}, {1, 2, 2}, {1, 2, 1}};
  for (std::size_t cell = 0; cell < 4; ++cell) {
    const CellJob job = scenario.job(0, 0, cell);
    const auto count = [&](FleetEventKind kind) {
      return std::count_if(job.config.fleet_events.begin(), job.config.fleet_events.end(),
                           [kind](const FleetEvent& e) {
                             return e.kind == kind && e.at < ticks_from_seconds(10'000);
                           });
    };
    CHECK(job.config.pools[0].replicas == expected[cell][0]);
    CHECK(count(kStart) == expected[cell][1] - expected[cell][0]);
    CHECK(count(kRemoval) == expected[cell][1] - expected[cell][2]);
  }
  // The one node that fails is in the first cell: both replicas on it.
  CHECK(events_of(scenario, 0, 0).back() == event(14'400, kStart, 1));
  CHECK(events_of(scenario, 0, 1).size() == 0);
  double replicas = 0;
  for (const SimulatedCell& cell : scenario.cells) {
    replicas += cell.weight * static_cast<double>(cell.dealt[0]);
  }
  CHECK(replicas == 9);
}

TEST_CASE("with other replicas the changes stay, and a removal leaves one in each cell",
          "[scenario][fleet]") {
  const auto scenario = resolve_text(shop(R"("removals": [{"at": "2h", "gpus": 3}])"));
  const auto fewer = scenario.with_replicas(0, 2);
  CHECK(events_of(fewer) == std::vector<FleetEvent>{event(7200, kRemoval, 1)});
  CHECK(fewer.expected_gpus(0, 0, 7200) == 2);
  CHECK(fewer.expected_gpus(0, 7200, 36'000) == 1);
}

TEST_CASE("the GPUs that are expected in service follow changes, faults and availability",
          "[scenario][fleet]") {
  const auto scenario = resolve_text(shop(
      R"("deliveries": [{"at": "1h", "gpus": 4}], "removals": [{"at": "3h", "gpus": 2}],
         "failures": {"mean_time_between": "9h", "repair_time": "1h"})",
      R"("faults": [{"at": "2h", "pool": "a", "nodes": 1, "for": "30min"}], )"));
  const double up = 0.9;  // 9 / (9 + 1)
  CHECK(scenario.expected_gpus(0, 0, 3600) == Approx(4 * up));
  CHECK(scenario.expected_gpus(0, 3600, 7200) == Approx(8 * up));
  CHECK(scenario.expected_gpus(0, 7200, 10'800) == Approx((6 + 8) / 2.0 * up));
  CHECK(scenario.expected_gpus(0, 10'800, 36'000) == Approx(6 * up));
}

TEST_CASE("what is wrong with changes is told at its place", "[scenario][fleet][errors]") {
  const auto delivery = [](const std::string& fields) {
    return shop(R"("deliveries": [{"at": "1h", "gpus": 4}, {)" + fields + "}]", "", "8", "4");
  };
  CHECK(message_at(delivery(R"("at": "1h", "gpus": 6)"), "/fleet/pools/0/deliveries/1/gpus") ==
        "E113: 6 GPUs are no whole number of replicas of 4 | nearest: 4 or 8");
  CHECK(message_at(delivery(R"("at": "1h", "gpus": 2)"), "/fleet/pools/0/deliveries/1/gpus") ==
        "E113: 2 GPUs are no whole number of replicas of 4 | nearest: 4");
  CHECK(message_at(delivery(R"("at": "2020-01-01", "gpus": 4)"),
                   "/fleet/pools/0/deliveries/1/at") == "E113: lies before the run's start");
  CHECK(message_at(shop(R"("removals": [{"at": "1h", "gpus": 4}])"), "/fleet/pools/0/removals") ==
        "E113: leave 0 replicas of pool \"a\" after 1h, and one must stay");
  CHECK(message_at(shop(R"("removals": [{"at": "1h", "gpus": 3}])", R"("cells": {"count": 2}, )"),
                   "/fleet/pools/0/removals") ==
        "E113: leave 1 replicas of pool \"a\" after 1h, too few for one in each of 2 cells");
  CHECK(message_at(
            shop(R"("failures": {"mean_time_between": "9h", "repair_time": "1h"})", "", "9", "3"),
            "/fleet/pools/0/gpus_per_node") ==
        "E113: a replica of 3 GPUs and a node of 2 do not divide each other");
  CHECK(message_at(shop(R"("zones": [{"name": "z", "nodes": 3}])"), "/fleet/pools/0/zones") ==
        "E113: hold 3 nodes, and pool \"a\" never has more than 2");
  CHECK(message_at(shop(R"("failures": {"mean_time_between": "60s", "repair_time": "1s"})", "",
                        "10000000"),
                   "/fleet/pools/0/failures/mean_time_between")
            .rfind("E143: about ", 0) == 0);
}

TEST_CASE("what is wrong with stated faults is told at its place", "[scenario][fleet][errors]") {
  const auto fault = [](const std::string& fields) {
    return shop(R"("zones": [{"name": "east", "nodes": 1}])",
                R"("faults": [{"at": "1h", "for": "1h")" + fields + "}], ");
  };
  CHECK(message_at(fault(""), "/fleet/faults/0") == "E106: a fault needs a pool or a zone");
  CHECK(message_at(fault(R"(, "pool": "a")"), "/fleet/faults/0")
            .rfind("E106: how many nodes of the pool fail?", 0) == 0);
  CHECK(message_at(fault(R"(, "pool": "b", "nodes": 1)"), "/fleet/faults/0/pool")
            .rfind("E112: unknown pool \"b\"", 0) == 0);
  CHECK(message_at(fault(R"(, "zone": "eats")"), "/fleet/faults/0/zone")
            .find("did you mean \"east\"?") != std::string::npos);
  CHECK(message_at(fault(R"(, "pool": "a", "nodes": 5)"), "/fleet/faults/0/nodes") ==
        "E113: 5 nodes fail, and pool \"a\" has 2");
  CHECK(message_at(fault(R"(, "zone": "east", "nodes": 2)"), "/fleet/faults/0/nodes") ==
        "E113: 2 nodes fail, and zone \"east\" has 1");
}

TEST_CASE("what would happen after the end is warned about", "[scenario][fleet]") {
  const auto scenario =
      resolve_text(shop(R"("deliveries": [{"at": "9h", "gpus": 2, "provisioning_delay": "2h"}])"));
  CHECK(events_of(scenario).empty());
  CHECK(std::any_of(scenario.warnings.begin(), scenario.warnings.end(),
                    [](const Issue& issue) { return issue.code == "W213"; }));
}

}  // namespace
}  // namespace headroom
