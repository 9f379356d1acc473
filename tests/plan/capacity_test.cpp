#include "headroom/plan/capacity.hpp"

#include <cmath>
#include <string>

#include "headroom/scenario/load.hpp"
#include "support/catch.hpp"

namespace headroom {
namespace {

std::string queue(const std::string& fleet, const std::string& targets,
                  const std::string& time = R"({"duration": "40min", "warmup": "5min"})") {
  return R"({"schema_version": "1.0", "name": "queue", "time": )" + time + R"(,
    "fleet": )" +
         fleet + R"(,
    "classes": [{"name": "call", "stages": [{"pool": "servers"}], "rate": "8/s"}],
    "targets": )" +
         targets + R"(, "replications": 6})";
}

const std::string kServers =
    R"({"pools": [{"name": "servers", "gpus": 9, "gpu": "A100-SXM-80GB",
         "service_time": {"kind": "exponential", "mean": "1s"}}]})";
const std::string kMeanDelay =
    R"([{"class": "call", "metric": "queue_delay", "statistic": "mean", "max": "150ms"}])";

ResolvedScenario resolved(const std::string& text) {
  return resolve(parse_scenario(text, "queue.json", "."));
}

PlanOptions options_for(const ResolvedScenario& scenario) {
  PlanOptions options;
  options.looks = fixed_look(static_cast<std::size_t>(scenario.scenario.replications), 0.95);
  return options;
}

TEST_CASE("a plan for M/M/c finds Erlang's number of servers, from too few and from too many",
          "[plan][capacity]") {
  // Load 8: Erlang C gives a mean wait of 0.409 / 2 = 205 ms for 10 servers and 0.245 / 3 = 82 ms
  // for 11. The limit of 150 ms is in between.
  for (const int gpus : {9, 30}) {
    ResolvedScenario scenario = resolved(queue(kServers, kMeanDelay)).with_replicas(0, gpus);
    Evaluator evaluator({});
    const PlanResult result = plan(scenario, options_for(scenario), evaluator);
    INFO("today " << gpus);
    REQUIRE(result.plan.status == PlanStatus::kFound);
    CHECK(result.plan.needed == FleetSize{11});
    CHECK(result.plan.separated);
    CHECK(result.plan.monotone);
    REQUIRE(result.plan.pools.size() == 1);
    CHECK(result.plan.pools[0].needed_gpus == 11);
    CHECK(result.plan.pools[0].from_gpus == 11);
    // A node of eight A100s: 19 servers leave 11.
    CHECK(result.plan.node_loss == FleetSize{19});
    CHECK(result.plan.after_loss->fleet == FleetSize{11});
    REQUIRE(result.plan.below.size() == 1);
    CHECK(result.plan.below[0].fleet == FleetSize{10});
    CHECK(result.plan.below[0].judgement.excluded);
    // The answer, one below and two above are simulated with all replications.
    for (const std::int64_t servers : {10, 11, 12, 13}) {
      bool simulated = false;
      for (const CurvePoint& point : result.plan.curve) {
        simulated = simulated || (point.gpus == servers && point.judgement.replications == 6);
      }
      CHECK(simulated);
    }
    CHECK(result.counts.requests > 0);
  }
}

TEST_CASE("the knee says at which demand today's fleet breaks", "[plan][capacity]") {
  // Eleven servers hold 8 /s and not 1.2 times as much: Erlang C, load 9.6 of 11, waits 352 ms.
  const ResolvedScenario scenario = resolved(queue(kServers, kMeanDelay)).with_replicas(0, 11);
  Evaluator evaluator({});
  const PlanResult result = plan(scenario, options_for(scenario), evaluator);
  REQUIRE(result.knee.size() == 3);
  CHECK(result.knee[0].multiplier == 0.8);
  CHECK(result.knee[0].judgement.holds);
  CHECK(result.knee[1].multiplier == 1);
  CHECK_FALSE(result.knee[2].judgement.holds);
  CHECK(result.knee[2].peak_load_per_gpu == Approx(8 * 1.2 / 11));
  CHECK(knee_bracket(result.knee).holds == 1.0);
  CHECK(knee_bracket(result.knee).fails == 1.2);
}

TEST_CASE("a target below the empty system's latency is infeasible at once, with its floor",
          "[plan][capacity]") {
  // A request of 1 s in mean is not done in 0.9 s, however many servers there are.
  const ResolvedScenario scenario = resolved(queue(
      kServers, R"([{"class": "call", "metric": "e2e", "statistic": "mean", "max": "900ms"}])"));
  Evaluator evaluator({});
  const PlanResult result = plan(scenario, options_for(scenario), evaluator);
  CHECK(result.plan.status == PlanStatus::kInfeasible);
  REQUIRE(result.plan.floor.size() == 1);
  CHECK(result.plan.floor[0].target == 0);
  CHECK(result.plan.floor[0].value == Approx(1).epsilon(0.05));
  CHECK(result.plan.curve.empty());  // nothing was searched
}

TEST_CASE("a plan without room under its bound says so", "[plan][capacity]") {
  const ResolvedScenario scenario = resolved(queue(kServers, kMeanDelay));
  Evaluator evaluator({});
  PlanOptions options = options_for(scenario);
  options.max_gpus = 10;
  const PlanResult result = plan(scenario, options, evaluator);
  CHECK(result.plan.status == PlanStatus::kOutOfBounds);
  CHECK(result.plan.answer->fleet == FleetSize{10});
  CHECK_FALSE(result.plan.answer->judgement.holds);
}

TEST_CASE("cells are simulated once and weighed anew for every fleet", "[plan][capacity]") {
  // Four cells; fleets of 41 to 43 are made of cells of 10 and 11 servers.
  const std::string cells =
      R"({"cells": {"count": 4, "simulate": 2}, "pools": [{"name": "servers", "gpus": 42,
           "service_time": {"kind": "exponential", "mean": "1s"}}]})";
  std::string text = queue(cells, kMeanDelay);
  text.replace(text.find("8/s"), 3, "32/s");
  const ResolvedScenario scenario = resolved(text);
  Evaluator evaluator({});
  std::vector<double> requests;
  for (const std::int64_t servers : {41, 42, 43}) {
    const ResolvedScenario fleet = with_fleet(scenario, {servers});
    const Evaluation& evaluation = evaluator.evaluate({"", fleet}, 3);
    requests.push_back(evaluator.counts().requests);
    ResolvedScenario plain = fleet;
    plain.scenario.replications = 3;
    const RunResult simulated = run(plain);
    CHECK(evaluation.result.main_period().statistics.targets[0].value.values() ==
          simulated.main_period().statistics.targets[0].value.values());
  }
  CHECK(requests[1] == requests[0]);
  CHECK(requests[2] == requests[0]);
  CHECK(evaluator.counts().fleets == 3);
  CHECK(evaluator.counts().runs == 6);  // 3 replications of a cell of either size

  // The whole of it, too.
  ResolvedScenario plain = scenario;
  plain.scenario.replications = 3;
  CHECK(evaluator.evaluate({"", scenario}, 3, Detail::kEverything)
            .result.main_period()
            .statistics.pools[0]
            .busy_mean.values() == run(plain).main_period().statistics.pools[0].busy_mean.values());

  Evaluator forgetful({}, 1);  // room for no outcome but the last
  const Evaluation& again = forgetful.evaluate({"", scenario}, 3);
  CHECK(again.result.main_period().statistics.targets[0].value.values() ==
        evaluator.evaluate({"", scenario}, 3)
            .result.main_period()
            .statistics.targets[0]
            .value.values());
}

constexpr const char* kTwoPools = R"({
  "schema_version": "1.0", "name": "two", "time": {"duration": "30min", "warmup": "5min"},
  "fleet": {"pools": [
    {"name": "a", "gpus": 3, "service_time": {"kind": "exponential", "mean": "1s"}},
    {"name": "b", "gpus": 3, "service_time": {"kind": "exponential", "mean": "500ms"}}]},
  "classes": [{"name": "call", "stages": [{"pool": "a"}], "rate": "4/s"},
              {"name": "chat", "stages": [{"pool": "b"}], "rate": "4/s"}],
  "targets": [
    {"class": "call", "metric": "queue_delay", "statistic": "mean", "max": "250ms"},
    {"class": "chat", "metric": "queue_delay", "statistic": "mean", "max": "100ms"}],
  "replications": 5
})";

TEST_CASE("pools that no class shares are sized each on its own, shared ones together",
          "[plan][capacity]") {
  const ResolvedScenario apart = resolved(kTwoPools);
  CHECK(free_pools(apart, {}) == std::vector<std::size_t>{0, 1});
  CHECK(free_pools(apart, {"b"}) == std::vector<std::size_t>{1});
  const auto groups = pool_groups(apart, {0, 1});
  REQUIRE(groups.size() == 2);
  CHECK(groups[1].pools == std::vector<std::size_t>{1});
  CHECK(groups[1].targets == std::vector<bool>{false, true});

  std::string text = kTwoPools;
  text.replace(text.find(R"([{"pool": "a"}])"), 15, R"([{"pool": "a"}, {"pool": "b"}])");
  const ResolvedScenario shared = resolved(text);
  REQUIRE(pool_groups(shared, {0, 1}).size() == 1);
  CHECK(pool_groups(shared, {0, 1})[0].targets == std::vector<bool>{true, true});
}

TEST_CASE("each pool of a plan is the least that Erlang allows", "[plan][capacity]") {
  // Load 4 on servers of 1 s: 554 ms for 5, 142 ms for 6. Load 2 on servers of 0.5 s: 222 ms for
  // 3, 43 ms for 4.
  const ResolvedScenario scenario = resolved(kTwoPools);
  Evaluator evaluator({});
  PlanOptions options = options_for(scenario);
  options.about_today = false;
  const FleetPlan found = plan_fleet(scenario, options, evaluator);
  CHECK(found.status == PlanStatus::kFound);
  CHECK(found.needed == FleetSize{6, 4});
  CHECK(found.separated);
}

TEST_CASE("pools in a row are sized together, none larger than it must be", "[plan][capacity]") {
  // By Burke's theorem the second queue of a tandem of M/M/c queues is one as well. E2E = 1 + 0.5 s
  // and the two waits: 1.69 s for 6 and 4 servers (waits of 142 and 43 ms); 1.86 s for 6 and
  // 3, 2.10 s for 5 and 4, 1.77 s for 7 and 3.
  const std::string text = R"({
    "schema_version": "1.0", "name": "row", "time": {"duration": "30min", "warmup": "5min"},
    "fleet": {"pools": [
      {"name": "a", "gpus": 3, "service_time": {"kind": "exponential", "mean": "1s"}},
      {"name": "b", "gpus": 3, "service_time": {"kind": "exponential", "mean": "500ms"}}]},
    "classes": [{"name": "call", "stages": [{"pool": "a"}, {"pool": "b"}], "rate": "4/s"}],
    "targets": [{"class": "call", "metric": "e2e", "statistic": "mean", "max": "1.75s"}],
    "replications": 5})";
  const ResolvedScenario scenario = resolved(text);
  Evaluator evaluator({});
  PlanOptions options = options_for(scenario);
  options.about_today = false;
  const FleetPlan found = plan_fleet(scenario, options, evaluator);
  REQUIRE(found.status == PlanStatus::kFound);
  CHECK(found.answer->judgement.holds);
  REQUIRE(found.below.size() == 2);
  CHECK_FALSE(found.below[0].judgement.holds);
  CHECK_FALSE(found.below[1].judgement.holds);
  CHECK(found.needed == FleetSize{6, 4});
}

TEST_CASE("a plan does not depend on the number of threads", "[plan][capacity]") {
  const ResolvedScenario scenario = resolved(queue(kServers, kMeanDelay));
  std::vector<double> bounds[2];
  for (unsigned threads = 1; threads <= 2; ++threads) {
    ExecOptions exec;
    exec.threads = threads;
    Evaluator evaluator(exec);
    const PlanResult result = plan(scenario, options_for(scenario), evaluator);
    for (const CurvePoint& point : result.plan.curve) {
      bounds[threads - 1].push_back(point.judgement.verdicts[0].bound);
    }
  }
  CHECK(bounds[0] == bounds[1]);
}

TEST_CASE("a pool grows in whole replicas, and in whole nodes where replicas straddle them",
          "[plan][capacity]") {
  const auto step_of = [](int gpus_per_replica) {
    std::string fleet = kServers;
    fleet.insert(fleet.find("\"gpu\""),
                 "\"gpus_per_replica\": " + std::to_string(gpus_per_replica) + ", ");
    fleet.replace(fleet.find("\"gpus\": 9"), 9,
                  "\"gpus\": " + std::to_string(gpus_per_replica * 12));
    return pool_step(resolved(queue(fleet, kMeanDelay)), 0);
  };
  // Nodes of 8: replicas of 2 share one, of 16 take two, of 12 fill three nodes by twos.
  CHECK(step_of(2).replicas == 1);
  CHECK(step_of(2).node_replicas == 4);
  CHECK(step_of(16).gpus == 16);
  CHECK(step_of(16).node_replicas == 1);
  CHECK(step_of(12).replicas == 2);
  CHECK(step_of(12).gpus == 24);
  CHECK(step_of(12).node_replicas == 2);
}

}  // namespace
}  // namespace headroom
