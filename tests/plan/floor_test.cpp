#include <string>

#include "headroom/plan/capacity.hpp"
#include "headroom/scenario/load.hpp"
#include "support/catch.hpp"

namespace headroom {
namespace {

ResolvedScenario chat_of(const std::string& text) {
  return resolve(parse_scenario(text, "floor.json", "."));
}

/// Chat on one pool with one queue: two minutes of 40 a second, each served for several seconds.
std::string chat(const std::string& target) {
  return R"({"schema_version": "1.0", "name": "chat", "time": {"duration": "2min"},
    "fleet": {"pools": [{"name": "chat", "gpus": 8, "gpu": "A100-SXM-80GB", "model": "Llama-3.1-8B"}]},
    "classes": [{"name": "chat", "stages": [{"pool": "chat"}], "rate": "40/s",
                 "prompt_tokens": 1000, "output_tokens": 500}],
    "targets": [)" +
         target + R"(], "replications": 3})";
}

TEST_CASE("a run of seconds is spread out to 90 days, its bins to no more than 15",
          "[plan][floor]") {
  const ResolvedScenario scenario = chat_of(R"({
    "schema_version": "1.0", "name": "short", "time": {"duration": "10s"},
    "fleet": {"pools": [{"name": "p", "gpus": 24, "service_time": "5s"}]},
    "classes": [{"name": "c", "stages": [{"pool": "p"}], "rate": "1/s"}],
    "targets": [{"metric": "queue_delay", "class": "c", "statistic": "p95", "max": "1s"}]})");
  const std::int64_t times = kMaxRunSpan.count / scenario.horizon.count;
  const ResolvedScenario apart = with_spacing(scenario, times);
  CHECK(apart.horizon == scenario.horizon * times);
  CHECK(apart.collect.minute == Ticks{15LL * 86'400 * kTicksPerSecond});
  Evaluator evaluator({});
  const RunStatistics statistics =
      evaluator.evaluate({"", apart}, 2).result.main_period().statistics;
  CHECK(statistics.groups.back()[0].arrived.estimate(0.95).value == Approx(10).margin(8));
}

TEST_CASE("the floor of a token model is what a request takes alone", "[plan][floor]") {
  const ResolvedScenario scenario =
      chat_of(chat(R"({"id": "e2e", "metric": "e2e", "statistic": "mean", "max": "100ms"})"));
  Evaluator evaluator({});
  const auto misses = targets_below_floor(scenario, evaluator, 0.95);
  REQUIRE(misses.size() == 1);
  // One prefill of 1,000 tokens and 499 decode steps of a batch of one, by the same step times.
  const StepTable& steps = *scenario.pools[0].config.steps;
  double alone_s =
      seconds(steps.dense(1000) + steps.per_sequence(1) + steps.prefill_attention(1000, 0));
  for (int made = 1; made < 500; ++made) alone_s += seconds(steps.decode_step(1, 1000 + made));
  CHECK(misses[0].value == Approx(alone_s).epsilon(0.01));
  // Few requests on few replicas, however many it would take side by side.
  CHECK(evaluator.counts().requests < 20'000);
}

TEST_CASE("spreading arrivals out leaves the requests as they are", "[plan][floor]") {
  const ResolvedScenario scenario =
      chat_of(chat(R"({"metric": "e2e", "statistic": "mean", "max": "100s"})"));
  const ResolvedScenario apart = with_spacing(scenario, 1000);
  CHECK(apart.horizon == scenario.horizon * 1000);
  CHECK(apart.windows.front().to == scenario.windows.front().to * 1000);
  Evaluator evaluator({});
  const auto count = [&](const ResolvedScenario& of, const char* family) {
    const RunStatistics& s = evaluator.evaluate({family, of}, 1).result.main_period().statistics;
    return s.groups.back().front().arrived.values().front();
  };
  CHECK(count(apart, "apart") == count(scenario, ""));
}

TEST_CASE("a target that no request can count for is known without a search", "[plan][floor]") {
  std::string text =
      chat(R"({"id": "night", "metric": "queue_delay", "max": "1s", "window": "night"},
                            {"id": "day", "metric": "queue_delay", "max": "1s"})");
  // Nobody comes in the second minute.
  text.replace(
      text.find("\"40/s\""), 6,
      R"({"base": "40/s", "surges": [{"name": "off", "kind": "step", "start": "1min", "multiply": 0}]})");
  text.replace(text.find("\"targets\""), 9,
               R"("windows": [{"name": "night", "from": "1min", "to": "2min"}], "targets")");
  const ResolvedScenario scenario = chat_of(text);
  CHECK(targets_about_nobody(scenario) == std::vector<std::size_t>{0});
  Evaluator evaluator({});
  PlanOptions options;
  options.looks = fixed_look(3, 0.95);
  options.about_today = false;
  const FleetPlan plan = plan_fleet(scenario, options, evaluator);
  CHECK(plan.status == PlanStatus::kInfeasible);
  CHECK(plan.nobody == std::vector<std::size_t>{0});
  CHECK(evaluator.counts().requests == 0);
}

}  // namespace
}  // namespace headroom
