#include <algorithm>
#include <string>

#include "scenario_support.hpp"

using headroom::explain_scenario;
using headroom::InputError;
using headroom::load_scenario;
using headroom::load_text;
using headroom::LoadedScenario;
using headroom::resolve;
using headroom::Scenario;
using headroom::ScenarioOverrides;
using headroom::whole_scenario;

namespace {

const std::string kMinimal = R"({
  "schema_version": "1.0",
  "name": "minimal",
  "time": {"duration": "1h"},
  "fleet": {"pools": [{"name": "servers", "gpus": 4, "service_time": "1s"}]},
  "classes": [{"name": "call", "stages": [{"pool": "servers"}], "rate": "3/s"}]
})";

}  // namespace

TEST_CASE("a scenario needs a time, a pool and a class, all else has defaults",
          "[scenario][load]") {
  const Scenario scenario = load_text(kMinimal).scenario;
  CHECK(scenario.replications == 10);
  CHECK(scenario.confidence == 0.95);
  CHECK(scenario.cells.count == 1);
  CHECK(scenario.pools[0].queueing == "central");
  CHECK(scenario.classes[0].demand.rate.base_per_s == 3);
  CHECK(scenario.time.start.seconds == 1735689600);  // 2025-01-01T00:00:00Z
}

TEST_CASE("comments are allowed in scenarios", "[scenario][load]") {
  CHECK_NOTHROW(load_text("// why we ask\n" + kMinimal + " /* done */"));
}

TEST_CASE("targets without an id are called by their parts", "[scenario][load]") {
  const Scenario scenario = load_text(whole_scenario()).scenario;
  CHECK(scenario.targets[0].id == "first");
  CHECK(scenario.targets[1].id == "slo-attainment-paid-every-minute");
}

TEST_CASE("a target's metric decides the unit of its limit", "[scenario][load]") {
  const Scenario scenario = load_text(whole_scenario()).scenario;
  CHECK(scenario.targets[0].limit == 1.0);  // "1s"
  CHECK(scenario.targets[1].limit == 0.9);  // a share
  CHECK(scenario.targets[1].lower_limit());
  CHECK_FALSE(scenario.targets[1].latency());
}

TEST_CASE("values set from outside replace the file's", "[scenario][load]") {
  ScenarioOverrides overrides;
  overrides.set = {{"fleet.pools.servers.gpus", "7"}, {"seed", "9"}, {"time.duration", "2h"}};
  overrides.set_json = {{"classes.call.rate", R"({"base": "5/s"})"}};
  const Scenario scenario = load_text(kMinimal, overrides).scenario;
  CHECK(scenario.pools[0].gpus == 7);
  CHECK(scenario.seed == 9);
  CHECK(headroom::seconds(scenario.time.duration) == 7200);
  CHECK(scenario.classes[0].demand.rate.base_per_s == 5);
}

TEST_CASE("a value set from outside that is wrong is reported as such", "[scenario][load]") {
  ScenarioOverrides overrides;
  overrides.set = {{"fleet.pools.servers.gpus", "none"}, {"fleet.pools.service.gpus", "3"}};
  try {
    load_text(kMinimal, overrides);
    FAIL("it was accepted");
  } catch (const InputError& error) {
    REQUIRE(error.issues().size() == 1);  // the path that leads nowhere stops it first
    CHECK(error.issues()[0].code == "E103");
  }
}

TEST_CASE("a file that is not there is an input error", "[scenario][load]") {
  CHECK_THROWS_AS(load_scenario("no/such/scenario.json"), InputError);
}

TEST_CASE("explain lists every field of a scenario with its value, default and source",
          "[scenario][explain]") {
  const auto rows = explain_scenario(load_text(kMinimal));
  const auto row = [&rows](const std::string& path) {
    const auto found =
        std::find_if(rows.begin(), rows.end(), [&path](const auto& r) { return r.path == path; });
    REQUIRE(found != rows.end());
    return *found;
  };
  CHECK(row("fleet.pools.servers.gpus").value == "4");
  CHECK(row("fleet.pools.servers.gpus").source == "scenario");
  CHECK(row("classes.call.rate").value == "3/s");
  CHECK(row("replications").value == "10");
  CHECK(row("replications").source == "default");
  CHECK(row("time.warmup").value == "0s");
  CHECK(row("time.duration").default_value == "required");
}

TEST_CASE("every scenario that is shipped resolves without a problem", "[scenario][load]") {
  const std::string names[] = {"erlang-c",      "small-image-shop", "small-fleet",
                               "growth-gemini", "growth-copilot",   "growth-claude"};
  for (const std::string& name : names) {
    INFO(name);
    const std::string path = std::string(HEADROOM_SOURCE_DIR) + "/scenarios/" + name + ".json";
    const LoadedScenario loaded = load_scenario(path);
    CHECK(loaded.scenario.name == name);
    CHECK_NOTHROW(resolve(loaded));
  }
}
