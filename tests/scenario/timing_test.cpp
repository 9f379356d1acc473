#include <vector>

#include "scenario_support.hpp"

using headroom::kTicksPerSecond;
using headroom::resolve_text;
using headroom::ResolvedScenario;
using headroom::Ticks;
using headroom::with;

namespace {

constexpr Ticks minutes(std::int64_t count) { return {count * 60 * kTicksPerSecond}; }

/// One server for `time`, with `more` fields of the scenario.
ResolvedScenario one_server(const std::string& time, const std::string& more = "") {
  return resolve_text(R"({"schema_version": "1.0", "name": "t", "time": )" + time + R"(,
    "fleet": {"pools": [{"name": "p", "gpus": 1, "service_time": "1s"}]},
    "classes": [{"name": "c", "stages": [{"pool": "p"}], "rate": "1/min"}])" +
                      more + "}");
}

}  // namespace

TEST_CASE("windows are sets of stretches that begin where a window does or ends",
          "[scenario][windows]") {
  const ResolvedScenario r = one_server(
      R"({"start": "2025-03-31T00:00:00Z", "duration": "60min", "warmup": "5min", "drain": "10min"})",
      R"(, "windows": [{"name": "a", "from": "10min", "to": "30min"},
                       {"name": "b", "from": "2025-03-31T00:20:00Z", "to": "60min"}])");
  const std::vector<Ticks> starts{Ticks{0},    minutes(5),  minutes(10),
                                  minutes(20), minutes(30), minutes(60)};
  CHECK(r.collect.stretch_starts == starts);
  REQUIRE(r.windows.size() == 3);
  CHECK(r.windows[0].name == "run");
  CHECK(r.windows[0].stretches == std::vector<std::size_t>{1, 2, 3, 4});  // without the warm-up
  CHECK(r.windows[1].stretches == std::vector<std::size_t>{2, 3});        // 10 to 20 to 30 min
  CHECK(r.windows[2].stretches == std::vector<std::size_t>{3, 4});        // 20 to 30 to 60 min
  CHECK(r.horizon == minutes(70));
  CHECK(r.workload->demand_end == minutes(60));
  CHECK(r.window_index("b") == 2);
  CHECK(r.window_index("every_minute") == 0);
}

TEST_CASE("a window that begins in the warm-up loses that part, with a warning",
          "[scenario][windows]") {
  const ResolvedScenario r =
      one_server(R"({"duration": "60min", "warmup": "5min"})",
                 R"(, "windows": [{"name": "a", "from": "0s", "to": "9min"}])");
  CHECK(r.windows[1].from == minutes(5));
  REQUIRE(r.warnings.size() == 1);
  CHECK(r.warnings[0].code == "W208");
  CHECK(r.warnings[0].pointer == "/windows/0/from");
  CHECK(r.warnings[0].line > 0);
}

TEST_CASE("breach accounting uses the fewest whole minutes that keep to 1,440",
          "[scenario][timeline]") {
  CHECK(one_server(R"({"duration": "24h"})").collect.minute == minutes(1));
  CHECK(one_server(R"({"duration": "24h", "drain": "1s"})").collect.minute == minutes(2));
  CHECK(one_server(R"({"duration": "3d"})").collect.minute == minutes(3));
  CHECK(one_server(R"({"duration": "90d"})").collect.minute == minutes(90));  // 129,600 / 1,440
}

TEST_CASE("timeline bins follow the run's length unless they are given", "[scenario][timeline]") {
  const auto step_s = [](const std::string& time) {
    return headroom::seconds(one_server(time).collect.timeline_step);
  };
  CHECK(step_s(R"({"duration": "5min"})") == 1);   // 300 bins
  CHECK(step_s(R"({"duration": "30min"})") == 5);  // 360 bins
  CHECK(step_s(R"({"duration": "2d"})") == 600);   // 288 bins
  CHECK(step_s(R"({"duration": "90d"})") == 21'600);
  CHECK(step_s(R"({"duration": "2d", "timeline_step": "5min"})") == 300);
}

TEST_CASE("a timeline finer than 1,440 bins is widened, with a warning", "[scenario][timeline]") {
  const ResolvedScenario r = one_server(R"({"duration": "24h", "timeline_step": "10s"})");
  CHECK(headroom::seconds(r.collect.timeline_step) == 60);  // 8,640 bins of 10 s: six together
  REQUIRE(r.warnings.size() == 1);
  CHECK(r.warnings[0].code == "W206");
  CHECK(r.warnings[0].pointer == "/time/timeline_step");
}

TEST_CASE("busy periods multiply the demand by the growth up to them", "[scenario][periods]") {
  const ResolvedScenario r = one_server(R"({"duration": "1h"})",
                                        R"(, "busy_periods": {"count": 13, "every": "month",
                            "growth": {"kind": "compound", "rate": 0.074, "per": "month"}})");
  REQUIRE(r.periods.size() == 13);
  CHECK(r.periods[0].rate_multiplier == Approx(1.0));
  CHECK(r.periods[1].rate_multiplier == Approx(1.074));
  CHECK(r.periods[2].rate_multiplier == Approx(1.074 * 1.074));
  CHECK(r.periods[12].start_s == Approx(365.25 * 86'400));
  CHECK(r.job(0, 2, 0).rate_multiplier == r.periods[2].rate_multiplier);
  // Independent runs: each period has random numbers of its own.
  CHECK(r.job(0, 1, 0).config.key.cell != r.job(0, 2, 0).config.key.cell);
  CHECK(r.job(1, 1, 0).config.key.replication == 1);
}

TEST_CASE("a busy period without demand is refused", "[scenario][periods]") {
  const auto problem = [](const std::string& growth) {
    try {
      one_server(R"({"duration": "60min"})",
                 R"(, "busy_periods": {"count": 20, "every": "year", "growth": )" + growth + "}");
    } catch (const headroom::InputError& error) {
      return error.issues().front().code + " " + error.issues().front().message;
    }
    return std::string();
  };
  CHECK(problem(R"({"kind": "dated", "points": [{"at": "400d", "multiplier": 0}]})")
            .find("E113 year 2 has no demand") == 0);
  CHECK(problem(R"({"kind": "compound", "rate": -0.99, "per": "day"})").find("E113") == 0);
  CHECK(problem(R"({"kind": "compound", "rate": 0.1, "per": "year"})").empty());
}
