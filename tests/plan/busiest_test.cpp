#include "headroom/plan/busiest.hpp"

#include <string>

#include "headroom/plan/capacity.hpp"
#include "headroom/plan/solve.hpp"
#include "headroom/scenario/load.hpp"
#include "support/catch.hpp"

namespace headroom {
namespace {

constexpr const char* kTarget =
    R"("metric": "queue_delay", "statistic": "mean", "max": "2s", "window": "every_minute")";

/// Ten hours on servers of one second: 8 calls a second, 16 in an hour from the fifth on, in which
/// 95 % are reached after some minutes at either end.
ResolvedScenario calls(const std::string& target, const std::string& pool = "",
                       std::int64_t cells = 1) {
  const std::string of_cells =
      cells > 1 ? R"("cells": {"count": )" + std::to_string(cells) + R"(, "simulate": 1}, )" : "";
  return resolve(parse_scenario(
      R"({"schema_version": "1.0", "name": "calls", "time": {"duration": "10h", "drain": "10min"},
      "fleet": {)" +
          of_cells +
          R"("pools": [{"name": "servers", "gpus": 24, "gpu": "A100-SXM-80GB",
        "service_time": {"kind": "exponential", "mean": "1s"})" +
          pool + R"(}]},
      "classes": [{"name": "call", "stages": [{"pool": "servers"}], "rate": {"base": "8/s",
        "surges": [{"name": "rush", "kind": "step", "start": "5h", "duration": "1h", "multiply": 2}]}, "slo": {"queue_delay": "2s"}}],
      "windows": [{"name": "evening", "from": "7h", "to": "8h"}],
      "targets": [{"class": "call", )" +
          target + R"(}], "replications": 8})",
      "calls.json", "."));
}

Ticks hours(double h) { return ticks_from_seconds(3600 * h); }

TEST_CASE("the busiest hours hold the surge, with a lead to fill the queues", "[plan][busiest]") {
  const auto found = busiest_hours(calls(kTarget));
  REQUIRE(found.has_value());
  CHECK(found->decide.from == hours(5));
  CHECK(found->decide.to == hours(6));
  // Ten times two seconds are less than a quarter of an hour.
  CHECK(found->simulate.from == hours(4.75));
  CHECK(found->simulate.to == hours(6));
}

TEST_CASE("a patient target asks for a longer lead, a drain time for a longer end",
          "[plan][busiest]") {
  const auto slow = busiest_hours(
      calls(R"("metric": "e2e", "statistic": "p95", "max": "3min", "window": "every_minute")"));
  REQUIRE(slow.has_value());
  CHECK(slow->simulate.from == hours(4.5));
  const auto drain =
      busiest_hours(calls(R"("metric": "drain_time", "max": "20min", "window": "evening")"));
  REQUIRE(drain.has_value());
  CHECK(drain->decide.from == hours(5));
  CHECK(drain->decide.to == hours(8));
  CHECK(drain->simulate.to == hours(8) + hours(1.0 / 3));
}

TEST_CASE("no hours are told apart where the whole run counts or GPUs come and go",
          "[plan][busiest]") {
  CHECK_FALSE(busiest_hours(calls(R"("metric": "e2e", "statistic": "p95", "max": "3s")")));
  CHECK_FALSE(
      busiest_hours(calls(R"("metric": "goodput", "min": "1/s", "window": "every_minute")")));
  CHECK_FALSE(busiest_hours(calls(kTarget, R"(, "deliveries": [{"at": "2h", "gpus": 8}])")));
  // The tenfold lead of a limit of 40 minutes is all that comes before.
  CHECK_FALSE(busiest_hours(
      calls(R"("metric": "e2e", "statistic": "mean", "max": "40min", "window": "every_minute")")));
}

TEST_CASE("in its busiest hours a fleet serves the requests that it serves then in the whole run",
          "[plan][busiest]") {
  const ResolvedScenario scenario = calls(kTarget);
  Evaluator evaluator({});
  const Evaluation& whole = evaluator.evaluate({"", scenario}, 3, Detail::kEverything);
  const double of_whole = evaluator.counts().requests;
  const Evaluation& part = evaluator.evaluate({"other", scenario}, {3, 0});
  // 8 x 10 h + 8 x 1 h of requests, against 8 x 0.25 h + 16 x 1 h.
  CHECK(of_whole == Approx(3 * 8 * 11 * 3600).epsilon(0.01));
  CHECK(evaluator.counts().requests - of_whole == Approx(3 * 8 * 2.25 * 3600).epsilon(0.02));
  CHECK(part.in_busiest_hours() == 3);
  CHECK(whole.in_busiest_hours() == 0);
  // The worst minute is in the rush, where both serve the same calls from the same queue: servers
  // of a queue that was empty since the rush began forget how it began.
  CHECK(part.result.main_period().statistics.targets[0].value.values() ==
        whole.result.main_period().statistics.targets[0].value.values());
}

TEST_CASE("a fleet whose whole run is known is not simulated in part", "[plan][busiest]") {
  const ResolvedScenario scenario = calls(kTarget);
  Evaluator evaluator({});
  evaluator.evaluate({"", scenario}, 2, Detail::kEverything);
  const double before = evaluator.counts().requests;
  CHECK(evaluator.evaluate({"", scenario}, {1, 0}).in_busiest_hours() == 0);
  CHECK(evaluator.counts().requests == before);
  CHECK(evaluator.counts().candidates == 1);
}

TEST_CASE("replications of the busiest hours count for what is decided in them",
          "[plan][busiest]") {
  // The whole day's share of the abandoned by the minute is 0 at its worst minute, the first: it
  // says nothing of the rush, so that only the whole replications count for it.
  ResolvedScenario scenario = resolve(parse_scenario(
      R"({"schema_version": "1.0", "name": "calls", "time": {"duration": "10h", "drain": "10min"},
      "fleet": {"pools": [{"name": "servers", "gpus": 24, "gpu": "A100-SXM-80GB",
        "service_time": {"kind": "exponential", "mean": "1s"}}]},
      "classes": [{"name": "call", "stages": [{"pool": "servers"}], "rate": {"base": "8/s",
        "surges": [{"name": "rush", "kind": "step", "start": "5h", "duration": "1h", "multiply": 2}]}}],
      "targets": [{"class": "call", )" +
          std::string(kTarget) +
          R"(}, {"class": "call", "metric": "abandoned_share", "max": 0.1, "window": "every_minute"}],
      "replications": 8})",
      "calls.json", "."));
  Evaluator evaluator({});
  const Evaluation& mixed = evaluator.evaluate({"", scenario}, {8, 3});
  const RunStatistics& statistics = mixed.result.main_period().statistics;
  CHECK(mixed.replications() == 8);
  CHECK(mixed.in_busiest_hours() == 5);
  CHECK(statistics.targets[0].value.values().size() == 8);
  CHECK(statistics.targets[1].value.values().size() == 3);
  // Replication i is the same one, whole or not.
  Evaluator other({});
  const Evaluation& whole = other.evaluate({"", scenario}, 8);
  CHECK(statistics.targets[0].value.values() ==
        whole.result.main_period().statistics.targets[0].value.values());
}

TEST_CASE("a plan by busiest hours ends where the plan by whole runs does", "[plan][busiest]") {
  const ResolvedScenario scenario = calls(kTarget, "", 4);
  PlanOptions options;
  options.looks = fixed_look(8, 0.95);
  options.probe_replications = 1;
  options.today_replications = 2;
  Evaluator whole_evaluator({});
  const PlanResult whole = plan(scenario, options, whole_evaluator);
  options.whole_replications = 3;
  ExecOptions two_threads;
  two_threads.threads = 2;
  Evaluator evaluator(two_threads);
  const PlanResult part = plan(scenario, options, evaluator);
  REQUIRE(whole.plan.status == PlanStatus::kFound);
  REQUIRE(part.plan.status == PlanStatus::kFound);
  CHECK(part.plan.needed == whole.plan.needed);
  CHECK(part.counts.requests < 0.6 * whole.counts.requests);
  CHECK(part.plan.answer->judgement.replications == 8);
  CHECK(part.plan.answer->judgement.in_busiest_hours == 5);
  ExecOptions one_thread;
  one_thread.threads = 1;
  Evaluator alone(one_thread);
  const PlanResult by_one = plan(scenario, options, alone);
  REQUIRE(by_one.plan.curve.size() == part.plan.curve.size());
  for (std::size_t i = 0; i < part.plan.curve.size(); ++i) {
    const CurvePoint& point = part.plan.curve[i];
    const Judgement& j = point.judgement;
    CHECK(by_one.plan.curve[i].judgement.severity == j.severity);
    const bool probe = j.replications == 1 && j.in_busiest_hours == 1;
    const bool verdict = j.replications == 8 && j.in_busiest_hours == 5;
    CHECK((probe || verdict || point.fleet == part.plan.today));
  }
}

TEST_CASE("a cap that is found in the busiest hours is confirmed by a whole run",
          "[plan][busiest]") {
  // In the rush 4 + 12 calls a second for 12 servers, before and after 8.
  const ResolvedScenario scenario = resolve(parse_scenario(
      R"({"schema_version": "1.0", "name": "calls", "time": {"duration": "10h", "drain": "10min"},
      "fleet": {"pools": [{"name": "servers", "gpus": 12, "gpu": "A100-SXM-80GB",
        "service_time": {"kind": "exponential", "mean": "1s"}}]},
      "classes": [{"name": "paid", "stages": [{"pool": "servers"}], "rate": "4/s"},
        {"name": "free", "stages": [{"pool": "servers"}], "rate": {"base": "4/s",
        "surges": [{"name": "rush", "kind": "step", "start": "5h", "duration": "1h", "multiply": 3}]}}],
      "targets": [{"class": "paid", )" +
          std::string(kTarget) + R"(}, {"class": "free", )" + kTarget + R"(}], "replications": 8})",
      "calls.json", "."));
  PlanOptions options;
  options.looks = fixed_look(8, 0.95);
  options.probe_replications = 1;
  options.whole_replications = 3;
  options.about_today = false;
  Evaluator evaluator({});
  const FleetPlan plain = plan_fleet(scenario, options, evaluator);
  REQUIRE(plain.status == PlanStatus::kFound);
  PlanLever lever;
  lever.name = "cap";
  lever.kind = "rate_limit";
  lever.request_class = "free";
  const LeverAnswer answer = solve_cap(scenario, lever, plain, coarse_options(options), evaluator);
  REQUIRE(answer.status == LeverStatus::kFound);
  REQUIRE(answer.answer);
  CHECK(answer.answer->confirmed);
  CHECK(answer.answer->judgement.in_busiest_hours == 3);
  // Of 9 x 4 and 12 of the rush some 5 are refused, of the rush and a quarter of an hour some 5
  // of 13.
  CHECK(answer.answer->refused_share > 0.05);
  CHECK(answer.answer->refused_share < 0.2);
  REQUIRE(answer.beyond);
  CHECK_FALSE(answer.beyond->confirmed);
}

}  // namespace
}  // namespace headroom
