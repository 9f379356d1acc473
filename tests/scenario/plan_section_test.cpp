#include <algorithm>

#include "scenario_support.hpp"

namespace headroom {
namespace {

/// The whole scenario with a plan object.
std::string with_plan(const std::string& plan) {
  return with(whole_scenario(), "\"provenance\"", "\"plan\": " + plan + ", \"provenance\"");
}

bool has_issue(const std::string& text, const std::string& code, const std::string& pointer) {
  const std::vector<Issue> issues = issues_of(text);
  return std::any_of(issues.begin(), issues.end(), [&](const Issue& issue) {
    INFO(issue.code << " " << issue.pointer << " " << issue.message);
    return issue.code == code && issue.pointer == pointer;
  });
}

}  // namespace

TEST_CASE("a plan object is read with its claims and levers", "[scenario][plan]") {
  const LoadedScenario loaded = load_text(with_plan(R"({
    "claims": [{"name": "asked for", "extra_gpus": 100, "source": "a letter"}],
    "rests_on": ["fleet.pools.chat.gpus"],
    "levers": [
      {"name": "limit", "kind": "rate_limit", "class": "image", "always": true},
      {"name": "few", "kind": "quota", "class": "image",
       "quota": {"per_day": 8, "requests_per_user": {"kind": "lognormal", "mean": 4, "cv": 1.5}}},
      {"name": "low", "kind": "degrade", "set": ["classes.image.stages.0.output_tokens=272"]}]})"));
  const PlanSection& plan = loaded.scenario.plan;
  CHECK(plan.claims.at(0).extra_gpus == 100);
  CHECK(plan.rests_on.size() == 1);
  REQUIRE(plan.levers.size() == 3);
  CHECK(plan.levers[0].always);
  CHECK(plan.levers[1].quota.per_day == 8);
  CHECK(plan.levers[2].kind == "degrade");
  CHECK(split_setting(plan.levers[2].set.at(0))->second == "272");
}

TEST_CASE("a plan object may only name what is there", "[scenario][plan]") {
  CHECK(
      has_issue(with_plan(R"({"levers": [{"name": "a", "kind": "rate_limit", "class": "imag"}]})"),
                "E112", "/plan/levers/0/class"));
  CHECK(has_issue(with_plan(R"({"levers": [{"name": "a", "kind": "rate_limit", "class": "paid"},
                                           {"name": "a", "kind": "rate_limit", "class": "image"}]})"),
                  "E108", "/plan/levers/1/name"));
  CHECK(has_issue(with_plan(R"({"rests_on": ["fleet.pools.chat.model"]})"), "E144",
                  "/plan/rests_on/0"));
  CHECK(has_issue(with_plan(R"({"claims": [{"name": "a", "extra_gpus": 1}]})"), "E106",
                  "/plan/claims/0"));
}

TEST_CASE("a degradation must leave a scenario that reads", "[scenario][plan]") {
  const auto degrade = [](const std::string& more) {
    return with_plan(R"({"levers": [{"name": "a", "kind": "degrade")" + more + "}]}");
  };
  CHECK(has_issue(degrade(""), "E106", "/plan/levers/0"));
  CHECK(has_issue(degrade(R"(, "set": ["no value"])"), "E111", "/plan/levers/0/set"));
  CHECK(has_issue(degrade(R"(, "set": ["classes.image.stages.7.output_tokens=5"])"), "E103",
                  "/plan/levers/0/set/0"));
  CHECK(has_issue(degrade(R"(, "set": ["classes.image.stages.0.output_tokens=many"])"), "E110",
                  "/plan/levers/0"));
  CHECK(issues_of(degrade(R"(, "set": ["classes.image.stages.0.output_tokens=5"])")).empty());
}

TEST_CASE("a scenario is read again with more set, after what was set before", "[scenario]") {
  const LoadedScenario loaded =
      load_text(whole_scenario(), {{{"fleet.pools.pixels.gpus", "12"}, {"seed", "7"}}, {}});
  const LoadedScenario again = with_overrides(loaded, {{{"fleet.pools.pixels.gpus", "16"}}, {}});
  CHECK(again.scenario.pools[1].gpus == 16);
  CHECK(again.scenario.seed == 7);
  CHECK(again.document.overrides().size() == 2);  // the last of each field
}

TEST_CASE("results of a part of the run leave out windows and targets outside it", "[scenario]") {
  const ResolvedScenario scenario = resolve_text(whole_scenario());
  const Ticks minute = ticks_from_seconds(60);
  const ResolvedScenario early = scenario.with_results_in(minute * 10, minute * 20);
  REQUIRE(early.windows.size() == 1);
  CHECK(early.windows[0].from == minute * 10);
  CHECK(early.windows[0].to == minute * 20);
  REQUIRE(early.scenario.targets.size() == 1);  // the other's window begins at 30 minutes
  CHECK(early.scenario.targets[0].window == "every_minute");
  CHECK(early.collect.stretch_starts == std::vector<Ticks>{Ticks{0}, minute * 10, minute * 20});
  const ResolvedScenario late = scenario.with_results_in(minute * 35, minute * 60);
  REQUIRE(late.windows.size() == 2);
  CHECK(late.windows[1].from == minute * 35);
  CHECK(late.windows[1].to == minute * 40);
  CHECK(late.horizon == scenario.horizon);
}

}  // namespace headroom
