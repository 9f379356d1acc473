#include "headroom/report/compare.hpp"

#include <nlohmann/json.hpp>
#include <string>

#include "headroom/report/check.hpp"
#include "small_scenarios.hpp"
#include "support/catch.hpp"

namespace headroom {
namespace {

using Json = nlohmann::ordered_json;

/// Two servers of 1 s mean, offered 1.4 requests a second: load 0.7, in a minute's run.
constexpr const char* kCalm = R"({
  "schema_version": "1.0",
  "name": "calm",
  "time": {"duration": "30min", "drain": "5min"},
  "fleet": {"pools": [{"name": "servers", "gpus": 2,
                       "service_time": {"kind": "exponential", "mean": "1s"}}]},
  "classes": [{"name": "image", "stages": [{"pool": "servers"}], "rate": "1.4/s"}],
  "targets": [{"id": "answer", "metric": "e2e", "statistic": "mean", "max": "5s"}],
  "seed": 1,
  "replications": 10
})";

Json report_with(const ScenarioOverrides& overrides) {
  const test::Ran ran = test::run_text(kCalm, overrides);
  return make_report(test::input_of(ran));
}

Json compared(const Json& base, const Json& now, const CompareOptions& options = {}) {
  return compare_reports({"base", base}, {"now", now}, options);
}

const Json& row_named(const Json& comparison, const std::string& name) {
  for (const Json& row : comparison["metrics"]) {
    if (row["name"] == name) return row;
  }
  FAIL("no row " << name);
  return comparison;
}

TEST_CASE("a report compared with itself differs in nothing", "[report][compare]") {
  const Json report = report_with({});
  const Json same = compared(report, report);
  CHECK(same["counts"]["same"] == same["metrics"].size());
  CHECK(same["metrics"].size() >= 7);  // the target, and what all classes usually have
  CHECK(same["differences"].empty());
  CHECK(same["notices"].empty());
  for (const Json& row : same["metrics"]) {
    CHECK(row["delta"] == 0);
    CHECK(row["p"] == 1);
    CHECK(row["paired"] == true);
  }
}

TEST_CASE("slower service is called a regression, with the field that did it",
          "[report][compare]") {
  const Json base = report_with({});
  const Json now = report_with({{{"fleet.pools.servers.service_time.mean", "1.1s"}}, {}});
  const Json comparison = compared(base, now);
  REQUIRE(comparison["differences"].size() == 1);
  CHECK(comparison["differences"][0]["path"] == "fleet.pools.servers.service_time.mean");
  CHECK(comparison["differences"][0]["now"] == "1.1s");
  const Json& answer = row_named(comparison, "answer");
  CHECK(answer["verdict"] == "regressed");
  CHECK(answer["relative"].get<double>() > 0.1);
  // The other way round the same numbers are an improvement.
  const Json back = compared(now, base);
  CHECK(row_named(back, "answer")["verdict"] == "improved");
}

TEST_CASE("a change within the noise gate is not called, however sure it is", "[report][compare]") {
  const Json base = report_with({});
  const Json now = report_with({{{"fleet.pools.servers.service_time.mean", "1.1s"}}, {}});
  CompareOptions wide;
  wide.noise = 5;
  const Json comparison = compared(base, now, wide);
  CHECK(row_named(comparison, "answer")["verdict"] == "same");
  CHECK(row_named(comparison, "answer")["p_adjusted"].get<double>() < 0.05);
}

TEST_CASE("other seeds are not paired, and the report says so", "[report][compare]") {
  const Json comparison = compared(report_with({}), report_with({{{"seed", "2"}}, {}}));
  CHECK(comparison["notices"].dump().find("seeds differ") != std::string::npos);
  CHECK(row_named(comparison, "answer")["paired"] == false);
}

TEST_CASE("other numbers from the same scenario and seed are blamed on the program",
          "[report][compare]") {
  const Json base = report_with({});
  Json now = base;
  now["tool"]["version"] = "9.9.9";
  for (Json& value : now["samples"][0]["values"]) value = value.get<double>() * 1.5;
  const Json comparison = compared(base, now);
  CHECK(comparison["notices"].dump().find("model changed") != std::string::npos);
  CHECK(comparison["notices"].dump().find("9.9.9") != std::string::npos);
}

TEST_CASE("lost replications are a regression though they have no mean", "[report][compare]") {
  const Json base = report_with({});
  Json now = base;
  for (Json& value : now["samples"][0]["values"]) value = nullptr;
  const Json comparison = compared(base, now);
  const Json& row = comparison["metrics"][0];
  CHECK(row["now"].is_null());
  CHECK(row["censored_replications"]["now"] == 10);
  // Ten of ten one way, p = 2 / 2^10; Holm multiplies by the number of metrics, 8 here at most.
  CHECK(row["verdict"] == "regressed");
}

TEST_CASE("a gate names its metric, statistic, window, class, side and threshold",
          "[report][compare]") {
  std::string problem;
  const auto gate = parse_metric_gate("queue_delay.p99@spike/image:higher:5%", problem);
  REQUIRE(gate);
  CHECK(gate->metric == "queue_delay");
  CHECK(gate->statistic == "p99");
  CHECK(gate->window == "spike");
  CHECK(gate->request_class == "image");
  CHECK(gate->higher_is_better == true);
  CHECK(*gate->threshold == Approx(0.05));
  CHECK_FALSE(parse_metric_gate("queue_dely", problem));
  CHECK(problem.find("queue_delay") != std::string::npos);
  CHECK_FALSE(parse_metric_gate("e2e.p42", problem));
  CHECK_FALSE(parse_metric_gate("e2e:sideways", problem));
}

TEST_CASE("only the metrics asked for are judged, and one nobody has is named",
          "[report][compare]") {
  const Json report = report_with({});
  CompareOptions options;
  std::string problem;
  options.gates = {*parse_metric_gate("e2e.p99", problem),
                   *parse_metric_gate("e2e.p99@nowhere", problem)};
  const Json comparison = compared(report, report, options);
  REQUIRE(comparison["metrics"].size() == 1);
  CHECK(comparison["metrics"][0]["name"] == "e2e.p99");
  REQUIRE(comparison["not_found"].size() == 1);
  CHECK(comparison["not_found"][0] == "e2e.p99@nowhere");
}

TEST_CASE("a metric of one report alone is neither compared nor within noise",
          "[report][compare]") {
  const Json base = report_with({});
  Json now = base;
  Json& samples = now["samples"];
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (samples[i].contains("target")) samples.erase(i--);
  }
  const Json comparison = compared(base, now);
  CHECK(comparison["counts"]["absent"].get<int>() > 0);
  CHECK(comparison["counts"]["absent"].get<int>() + comparison["counts"]["same"].get<int>() ==
        static_cast<int>(comparison["metrics"].size()));
}

TEST_CASE("a baseline compares as the report it was made of", "[report][compare]") {
  const Json report = report_with({});
  const Json now = report_with({{{"fleet.pools.servers.service_time.mean", "1.1s"}}, {}});
  const Json baseline = make_baseline(report);
  CHECK_FALSE(baseline.contains("timeline"));
  CHECK(compared(baseline, now)["metrics"] == compared(report, now)["metrics"]);
}

TEST_CASE("a check fails on a target before it regresses", "[report][check]") {
  const Json base = report_with({});
  const Json slow = report_with({{{"fleet.pools.servers.service_time.mean", "1.1s"}}, {}});
  const Json missed = report_with({{{"targets.answer.max", "10ms"}}, {}});
  const ToolInfo tool{"0", "x", "y"};
  const auto verdict_of = [&](const Json& report, const Json& comparison) {
    return make_check({{"calm.json", report, comparison}}, {}, tool);
  };
  CHECK(verdict_of(base, nullptr)["verdict"] == "pass");
  CHECK(verdict_of(slow, compared(base, slow))["verdict"] == "regressed");
  const Json failed = verdict_of(missed, compared(base, slow));
  CHECK(failed["verdict"] == "fail");
  const std::string junit = render_check_junit(failed);
  CHECK(junit.find("<testcase classname=\"calm.run\" name=\"answer\">") != std::string::npos);
  CHECK(junit.find("limit &lt;= 10 ms") != std::string::npos);
  CHECK(junit.find("classname=\"calm.baseline\"") != std::string::npos);
}

}  // namespace
}  // namespace headroom
