#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "process.hpp"
#include "support/catch.hpp"

using namespace headroom::test;
using Json = nlohmann::ordered_json;

namespace {

/// kTiny with another limit. Load 3 in Poisson arrivals on servers of exactly 1 s: four wait often,
/// six hardly ever.
std::string tiny(const std::string& limit) {
  std::string text = kTiny;
  return text.replace(text.find("1ms"), 3, limit);
}

}  // namespace

TEST_CASE("plan answers with a number of GPUs and exits 0", "[tools][plan]") {
  const ScenarioFile file(tiny("300ms"));
  const Ended ended = tool("plan " + file.path());
  CHECK(ended.code == 0);
  CHECK(has(ended.out, "PLAN"));
  CHECK(has(ended.out, "more GPU"));
  CHECK(has(ended.out, "<- answer"));
}

TEST_CASE("plan --json is one document that says how it was asked", "[tools][plan]") {
  const ScenarioFile file(tiny("300ms"));
  const Ended ended = tool("plan " + file.path() + " --json --confidence 0.9 --minimize cost -n 4");
  REQUIRE(ended.code == 0);
  const Json report = Json::parse(ended.out);
  CHECK(report["kind"] == "plan");
  CHECK(report["method"]["confidence"] == 0.9);
  CHECK(report["method"]["plan"]["minimize"] == "cost");
  CHECK(report["method"]["plan"]["verdict_replications"] == 4);
  CHECK(report["answer"]["status"] == "found");
}

TEST_CASE("a plan is the same for any number of threads", "[tools][plan]") {
  const ScenarioFile file(tiny("300ms"));
  const std::string one = tool("plan " + file.path() + " --json -j 1").out;
  const std::string two = tool("plan " + file.path() + " --json -j 2").out;
  CHECK(without_run_block(one) == without_run_block(two));
}

TEST_CASE("plan exits 4 without an answer, 10 on request when GPUs are needed", "[tools][plan]") {
  const ScenarioFile file(tiny("300ms"));
  const Ended bounded = tool("plan " + file.path() + " --max 4");
  CHECK(bounded.code == 4);
  CHECK(has(bounded.err, "no answer"));
  CHECK(has(bounded.out, "no fleet of up to 4 GPUs"));
  CHECK(tool("plan " + file.path() + " --detailed-exitcode").code == 10);
  const ScenarioFile easy(tiny("10s"));
  CHECK(tool("plan " + easy.path() + " --detailed-exitcode").code == 0);
  // Requests of 1 s, none of which can be done in less.
  std::string impossible = tiny("900ms");
  impossible.replace(impossible.find("queue_delay"), 11, "e2e");
  const ScenarioFile none(impossible);
  const Ended infeasible = tool("plan " + none.path());
  CHECK(infeasible.code == 4);
  CHECK(has(infeasible.out, "nothing else in the system"));
}

/// kTiny whose rate may be half as high or half higher again.
std::string uncertain_tiny() {
  std::string text = tiny("300ms");
  const std::string seed = "\"targets\"";
  return text.insert(text.find(seed), R"("uncertain": [{"name": "demand",
    "paths": ["classes.call.rate.base"], "factor": [0.5, 1.5]}], )");
}

TEST_CASE("plan draws worlds and says what moves its answer", "[tools][plan][worlds]") {
  const ScenarioFile file(uncertain_tiny());
  const std::string asked = "plan " + file.path() + " --worlds 10 --assurance 0.8 --tornado";
  const Ended ended = tool(asked);
  CHECK(ended.code == 0);
  CHECK(has(ended.out, "of 10 worlds"));
  CHECK(has(ended.out, "moves the answer"));
  CHECK(has(ended.out, "demand"));
  const Json report = Json::parse(tool(asked + " --json -j 1").out);
  CHECK(report["worlds"]["worlds"] == 10);
  CHECK(report["worlds"]["assurance"] == 0.8);
  CHECK(report["worlds"]["answer"]["hold"].get<int>() >= 8);
  CHECK(report["tornado"]["rows"].size() == 1);
  CHECK(without_run_block(tool(asked + " --json -j 2").out) ==
        without_run_block(tool(asked + " --json -j 1").out));
  // --confidence is the level of intervals, not the share of worlds.
  const Json wide = Json::parse(tool(asked + " --json --confidence 0.99").out);
  CHECK(wide["worlds"]["confidence"] == 0.99);
  CHECK(wide["worlds"]["needed_gpus"] == report["worlds"]["needed_gpus"]);
  CHECK(wide["worlds"]["answer"]["ci"][0] < report["worlds"]["answer"]["ci"][0]);
}

TEST_CASE("plan --worlds exits 4 when too few worlds hold within the bounds",
          "[tools][plan][worlds]") {
  const ScenarioFile file(uncertain_tiny());
  // The stated demand of 3 a second holds on 5 GPUs; one half higher does not.
  const Json plain = Json::parse(tool("plan " + file.path() + " --json").out);
  const std::string most = plain["answer"]["needed_gpus"].dump();
  const Ended bounded = tool("plan " + file.path() + " --worlds 20 --assurance 1 --max " + most);
  CHECK(bounded.code == 4);
  CHECK(has(bounded.err, "no answer"));
  CHECK(has(bounded.err, "100 % of the worlds"));
}

TEST_CASE("plan refuses worlds that there are not", "[tools][plan][worlds]") {
  const ScenarioFile certain(tiny("300ms"));
  const Ended none = tool("plan " + certain.path() + " --worlds 5");
  CHECK(none.code == 3);
  CHECK(has(none.err, "calls no input uncertain"));
  CHECK(tool("plan " + certain.path() + " --tornado").code == 3);
  const ScenarioFile file(uncertain_tiny());
  CHECK(tool("plan " + file.path() + " --assurance 0.9").code == 2);  // of no worlds
  CHECK(tool("plan " + file.path() + " --worlds 0").code == 2);
  CHECK(tool("plan " + file.path() + " --worlds 5 --assurance 90").code == 2);
  CHECK(tool("plan " + file.path() + " --worlds 5 --gpu H100-SXM-80GB").code == 2);
}

TEST_CASE("plan refuses what it cannot mean", "[tools][plan]") {
  const ScenarioFile file(tiny("300ms"));
  const Ended pool = tool("plan " + file.path() + " --free server");
  CHECK(pool.code == 2);
  CHECK(has(pool.err, "did you mean 'servers'?"));
  CHECK(tool("plan " + file.path() + " --gpu H100-SXM-80GB").code == 2);  // a plain service time
  CHECK(tool("plan " + file.path() + " --precision 5%").code == 2);       // without -n auto
  CHECK(tool("plan " + file.path() + " -n 0").code == 2);
  CHECK(tool("plan " + file.path() + " -n many").code == 2);
  std::string none = kTiny;
  const auto from = none.find("  \"targets\"");
  none.erase(from, none.find('\n', from) - from + 1);
  const ScenarioFile without(none);
  const Ended ended = tool("plan " + without.path());
  CHECK(ended.code == 3);
  CHECK(has(ended.err, "at least one target"));
}

TEST_CASE("-n auto stops by itself, and exits 4 where the precision is out of reach",
          "[tools][run]") {
  const ScenarioFile file(tiny("300ms"));
  const Ended easy = tool("run " + file.path() + " -n auto --precision 50% --json");
  CHECK(easy.code == 0);
  const Json report = Json::parse(easy.out);
  CHECK(report["method"]["sequential"]["reached"] == true);
  CHECK(report["method"]["replications"] == report["method"]["sequential"]["stopped_at"]);
  const Ended hard = tool("run " + file.path() + " -n auto --precision 0.01%");
  CHECK(hard.code == 4);
  CHECK(has(hard.out, "W307"));
}

TEST_CASE("plan chooses a GPU type where the model decides the speed", "[tools][plan]") {
  const ScenarioFile file(R"({
    "schema_version": "1.0", "name": "chat", "time": {"duration": "2min", "drain": "30s"},
    "fleet": {"pools": [{"name": "chat", "gpus": 2, "gpu": "A100-SXM-80GB", "model": "Llama-3.1-8B"}]},
    "classes": [{"name": "chat", "stages": [{"pool": "chat", "prompt_tokens": 500, "output_tokens": 200}],
                 "rate": "40/s"}],
    "targets": [{"id": "answer", "metric": "e2e", "statistic": "p95", "max": "10s"}],
    "replications": 3
  })");
  const std::string types = " --gpu A100-SXM-80GB --gpu H100-SXM-80GB --gpu L4 --json";
  const Ended cheap = tool("plan " + file.path() + types + " --minimize cost");
  INFO(cheap.err);
  REQUIRE((cheap.code == 0 || cheap.code == 4));
  const Json report = Json::parse(cheap.out);
  REQUIRE(report["alternatives"].size() == 3);
  int chosen = 0;
  double least = 1e300;
  double picked = 0;
  for (const Json& row : report["alternatives"]) {
    if (row["usd_per_h"].is_number()) least = std::min(least, row["usd_per_h"].get<double>());
    if (!row["chosen"].get<bool>()) continue;
    ++chosen;
    picked = row["usd_per_h"].get<double>();
  }
  CHECK(chosen == 1);
  CHECK(picked == least);
  const bool other = report["answer"]["fleet"][0]["gpu"] != "A100-SXM-80GB";
  for (const Json& row : report["curve"]) CHECK((row["role"] != "today" || !other));
  CHECK(tool("plan " + file.path() + " --gpu A100-90").code == 3);
}

TEST_CASE("plan --solve answers beside the fleet, in GPUs saved", "[tools][plan]") {
  const ScenarioFile file(tiny("300ms"));
  const Ended demand = tool("plan " + file.path() + " --solve demand");
  CHECK(demand.code == 0);
  CHECK(has(demand.out, "x the demand"));
  CHECK(has(demand.out, "GPUs saved"));
  // The only class needs no name.
  const Ended limit = tool("plan " + file.path() + " --solve rate-limit --json");
  REQUIRE(limit.code == 0);
  const Json way = Json::parse(limit.out)["ways_out"][0];
  CHECK(way["lever"] == "rate_limit");
  CHECK(way["class"] == "call");
  CHECK(way["status"] == "found");
  // 3 a second in Poisson arrivals: a bucket of that rate refuses what comes in bursts.
  CHECK(way["value"].get<double>() > 2);
  CHECK(way["value"].get<double>() < 4.5);
}

TEST_CASE("plan --solve is the same for any number of threads", "[tools][plan]") {
  const ScenarioFile file(tiny("300ms"));
  const std::string command = "plan " + file.path() + " --solve rate-limit --json -j ";
  CHECK(without_run_block(tool(command + "1").out) == without_run_block(tool(command + "2").out));
}

TEST_CASE("plan --solve refuses what it cannot mean, and exits 4 without an answer",
          "[tools][plan]") {
  const ScenarioFile file(tiny("300ms"));
  const std::string plan = "plan " + file.path();
  CHECK(tool(plan + " --solve miracles").code == 2);
  CHECK(tool(plan + " --class call").code == 2);
  CHECK(tool(plan + " --from 5min").code == 2);
  CHECK(tool(plan + " --solve demand --gpu H100-SXM-80GB").code == 2);
  const Ended unknown = tool(plan + " --solve rate-limit --class cal");
  CHECK(unknown.code == 2);
  CHECK(has(unknown.err, "did you mean 'call'?"));
  const Ended none = tool(plan + " --solve delivery");
  CHECK(none.code == 3);
  CHECK(has(none.err, "no pool has deliveries"));
  CHECK(tool(plan + " --solve degrade").code == 3);

  // One more is too few from any date on; two more are enough from five minutes on.
  std::string text = tiny("300ms");
  const std::string at = "\"service_time\"";
  text.insert(text.find(at), "\"deliveries\": [{\"at\": \"2min\", \"gpus\": 3}], ");
  const ScenarioFile delivered(text);
  const Ended found = tool("plan " + delivered.path() + " --solve delivery --from 5min");
  CHECK(found.code == 0);
  CHECK(has(found.out, "hold every target from 5m 00s on"));
  CHECK(tool("plan " + delivered.path() + " --solve delivery --from 1h").code == 2);
  std::string hopeless = text;
  hopeless.replace(hopeless.find("\"3/s\""), 5, "\"30/s\"");
  const ScenarioFile never(hopeless);
  const Ended no_answer = tool("plan " + never.path() + " --solve delivery --max 40");
  CHECK(no_answer.code == 4);
  CHECK(has(no_answer.err, "no answer"));
}

TEST_CASE("plan works out declared degradations", "[tools][plan]") {
  std::string text = tiny("300ms");
  text.insert(text.find("\"seed\""),
              "\"plan\": {\"levers\": [{\"name\": \"half\", \"kind\": \"degrade\", "
              "\"set\": [\"fleet.pools.servers.service_time=500ms\"]}]}, ");
  const ScenarioFile file(text);
  const Ended ended = tool("plan " + file.path() + " --solve degrade");
  CHECK(ended.code == 0);
  CHECK(has(ended.out, "half: "));
  CHECK(has(ended.out, "GPUs saved"));
}
