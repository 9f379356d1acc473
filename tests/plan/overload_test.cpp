#include "headroom/plan/overload.hpp"

#include <string>

#include "headroom/scenario/load.hpp"
#include "support/catch.hpp"

using headroom::Issue;

namespace {

/// Ten servers of 1 s for an hour; `rate` is the class's rate, `more` further fields.
std::vector<Issue> warnings_at(const std::string& rate, const std::string& more = "") {
  return headroom::overload_warnings(headroom::resolve(headroom::parse_scenario(
      R"({"schema_version": "1.0", "name": "t", "time": {"duration": "1h"},
          "fleet": {"pools": [{"name": "servers", "gpus": 10, "service_time": "1s"}]},
          "classes": [{"name": "c", "stages": [{"pool": "servers"}], "rate": )" +
          rate + "}]" + more + "}",
      "t.json", ".")));
}

}  // namespace

TEST_CASE("load below the fleet's size is no cause for a warning", "[plan][overload]") {
  CHECK(warnings_at(R"("9.9/s")").empty());
}

TEST_CASE("a surge over the fleet's size is named with its time", "[plan][overload]") {
  const auto warnings = warnings_at(
      R"({"base": "5/s", "surges": [{"start": "20min", "duration": "5min", "multiply": 3}]})");
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].code == "W201");
  CHECK(warnings[0].pointer == "/fleet/pools/0/gpus");
  CHECK(warnings[0].message ==
        "pool \"servers\" has 10.0 GPUs and is offered 15.0 GPUs of load 20min after the start: a "
        "queue builds up then");
}

TEST_CASE("a load that is too large in mean has a queue that grows to the end",
          "[plan][overload]") {
  const auto warnings = warnings_at(R"("12/s")");
  REQUIRE(warnings.size() == 1);
  CHECK_THAT(warnings[0].message, ContainsSubstring("12.0 GPUs of load in mean: its queue grows"));
}

TEST_CASE("the first busy period that overloads a pool is named", "[plan][overload]") {
  // 8/s growing by 10 %: 8.8, 9.68, 10.648 in period 3.
  const auto warnings = warnings_at(
      R"("8/s")", R"(, "busy_periods": {"count": 6, "growth": {"kind": "compound", "rate": 0.1}})");
  REQUIRE(warnings.size() == 1);
  CHECK_THAT(warnings[0].message, ContainsSubstring("in month 3"));
}

TEST_CASE("what the gateway refuses is no load", "[plan][overload]") {
  // 12/s for ten servers of 1 s, behind a limit of 9/s; or with two of five wanted a day, 4.8/s.
  CHECK(warnings_at(R"("12/s", "rate_limit": {"rate": "9/s"})").empty());
  CHECK(warnings_at(R"("12/s", "quota": {"per_day": 2, "requests_per_user": 5})").empty());
  const auto warnings = warnings_at(R"("30/s", "quota": {"per_day": 2, "requests_per_user": 5})");
  REQUIRE(warnings.size() == 1);
  CHECK_THAT(warnings[0].message, ContainsSubstring("12.0 GPUs of load"));
}
