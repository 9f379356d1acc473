#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <string>

#include "headroom/plan/worlds.hpp"
#include "headroom/report/check_report.hpp"
#include "headroom/report/format.hpp"
#include "headroom/report/html.hpp"
#include "headroom/report/plan_report.hpp"
#include "headroom/scenario/load.hpp"
#include "small_scenarios.hpp"
#include "support/catch.hpp"
#include "validator.hpp"

using namespace headroom;
using namespace headroom::test;
using Json = nlohmann::ordered_json;

namespace {

/// kSpike with two inputs that are uncertain, one of them with a name that would be markup.
std::string uncertain_spike() {
  std::string text = kSpike;
  const std::string seed = "\"seed\": 1";
  return text.insert(text.find(seed), R"("uncertain": [
    {"name": "<b>calm | demand</b>", "paths": ["classes.image.rate.base"], "range": ["1.5/s", "3/s"]},
    {"name": "spike", "paths": ["classes.image.rate.surges.spike.multiply"], "range": ["2", "4"],
     "kind": "triangular"}], )");
}

struct Uncertain {
  LoadedScenario loaded;
  ResolvedScenario resolved;
  PlanOptions plan_options;
  PlanResult result;
  WorldsOptions options;
  WorldsPlan worlds;
  Tornado tornado;
};

Uncertain with_worlds(std::optional<std::int64_t> most = {}, unsigned threads = 1) {
  LoadedScenario loaded = parse_scenario(uncertain_spike(), "tiny.json", ".");
  ResolvedScenario resolved = resolve(loaded);
  Uncertain made{std::move(loaded), std::move(resolved), {}, {}, {}, {}, {}};
  made.plan_options.looks = fixed_look(3, 0.95);
  made.options.worlds = 12;
  made.options.assurance = 0.75;
  made.options.max_gpus = most;
  ExecOptions exec;
  exec.threads = threads;
  Evaluator evaluator(exec);
  made.result = plan(made.resolved, made.plan_options, evaluator);
  made.worlds = plan_worlds(made.loaded, made.resolved, made.result.plan, made.options, exec);
  made.tornado = find_tornado(made.loaded, made.resolved, made.result.plan, made.options, exec);
  return made;
}

PlanReportInput input_of(const Uncertain& made) {
  return {made.loaded,
          made.resolved,
          made.resolved,
          made.result,
          made.plan_options,
          {},
          {"0.0.0", "unknown", "test"},
          {"", "host"},
          1.0,
          {},
          nullptr,
          made.options,
          &made.worlds,
          &made.tornado};
}

Json report_of(const Uncertain& made) { return make_plan_report(input_of(made)); }

TEST_CASE("a plan with worlds and a tornado is valid and says what it found",
          "[report][plan][worlds]") {
  const Uncertain made = with_worlds();
  const Json report = report_of(made);
  check_valid(plan_schema(), report);
  const Json& worlds = report["worlds"];
  CHECK(worlds["status"] == "found");
  CHECK(worlds["worlds"] == 12);
  CHECK(worlds["answer"]["gpus"] == worlds["needed_gpus"]);
  CHECK(worlds["answer"]["hold"].get<int>() >= 9);
  CHECK(worlds["below"]["hold"].get<int>() < 9);
  CHECK(worlds["extra_gpus"].get<int>() == worlds["needed_gpus"].get<int>() - 4);
  CHECK(worlds["drawn"].size() == 12);
  CHECK(worlds["inputs"][1]["fields"][0]["stated"] == "3");
  const Json& rows = report["tornado"]["rows"];
  REQUIRE(rows.size() == 2);
  CHECK(rows[0]["swing_gpus"].get<int>() >= rows[1]["swing_gpus"].get<int>());
  for (const Json& row : rows) {
    CHECK(row["high"]["gpus"].get<int>() >= row["low"]["gpus"].get<int>());
    CHECK(row["high"]["more_gpus"].get<int>() ==
          row["high"]["gpus"].get<int>() - report["tornado"]["stated_gpus"].get<int>());
  }
  // Without being asked for, neither is there.
  PlanReportInput without = input_of(made);
  without.worlds = nullptr;
  without.tornado = nullptr;
  CHECK_FALSE(make_plan_report(without).contains("worlds"));
  CHECK_FALSE(make_plan_report(without).contains("tornado"));
  CHECK(report_of(with_worlds({}, 2))["worlds"] == worlds);
}

TEST_CASE("a screen says what was tried in the busiest hours alone", "[report][plan][worlds]") {
  Uncertain made = with_worlds();
  const TextStyle style{false, true, 80};
  const std::string whole = render_plan_text(Json::parse(report_text(report_of(made))), style);
  CHECK_THAT(whole, !ContainsSubstring("busiest"));
  for (WorldsPoint& point : made.worlds.curve) point.whole = 0;
  made.tornado.in_busiest_hours = true;
  const Json report = Json::parse(report_text(report_of(made)));
  check_valid(plan_schema(), report);
  CHECK(report["worlds"]["curve"][0]["whole"] == 0);
  const std::string text = render_plan_text(report, style);
  CHECK_THAT(text, ContainsSubstring("as stated; busiest hours)"));
  CHECK_THAT(text, ContainsSubstring("whole runs"));
}

TEST_CASE("a report tells worlds in which an empty fleet misses a target",
          "[report][plan][worlds]") {
  Uncertain made = with_worlds();
  const std::string target = made.result.today.spec.targets.front().id;
  made.worlds.status = PlanStatus::kOutOfBounds;
  made.worlds.wanted = 9;
  made.worlds.possible = 8;
  for (std::size_t w = 0; w < 4; ++w) made.worlds.worlds[w].floor = {{0, 9, 9}};
  made.worlds.answer->gpus = 7;
  made.worlds.answer->hold = 8;
  made.tornado.rows[0].high.found = false;
  made.tornado.rows[0].high.below_floor = true;

  const Json report = Json::parse(report_text(report_of(made)));
  check_valid(plan_schema(), report);
  CHECK(check_report(report).empty());
  CHECK(report["worlds"]["drawn"][0]["below_floor"] == Json::array({target}));
  CHECK(report["worlds"]["drawn"][4]["below_floor"].empty());
  const std::string headline = report["worlds"]["headline"];
  CHECK_THAT(headline, ContainsSubstring("in 4 of 12 an empty one misses " + target));
  CHECK_THAT(headline, ContainsSubstring("7 GPUs hold them all in the other 8"));
  CHECK_THAT(render_plan_text(report, {false, true, 80}), ContainsSubstring(": no fleet"));
  CHECK_THAT(render_html({report}), ContainsSubstring("no fleet, not even "));

  // In none of them a fleet holds: there is no answer to show.
  made.worlds.possible = 0;
  made.worlds.answer.reset();
  made.worlds.below.reset();
  const Json none = Json::parse(report_text(report_of(made)));
  check_valid(plan_schema(), none);
  CHECK(none["worlds"]["answer"].is_null());
  CHECK_THAT(render_plan_text(none, {false, true, 80}), ContainsSubstring("no fleet of any size"));
  CHECK_THAT(render_html({none}), ContainsSubstring("in 12 of 12"));
}

TEST_CASE("worlds and the tornado keep to the columns of the screen", "[report][plan][worlds]") {
  const Json report = report_of(with_worlds());
  for (const bool unicode : {false, true}) {
    const std::string text = render_plan_text(report, {false, unicode, 80});
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
      INFO(line);
      CHECK(display_width(line) <= 80);
    }
    CHECK_THAT(text, ContainsSubstring("hold every target in"));
    CHECK_THAT(text, ContainsSubstring("moves the answer"));
    CHECK_THAT(text, ContainsSubstring("2: "));  // the spike at its low
  }
  const std::string markdown = render_plan_markdown(report);
  CHECK_THAT(markdown, ContainsSubstring("| worlds that hold |"));
  CHECK_THAT(markdown, ContainsSubstring("\\<b\\>calm \\| demand\\</b\\>"));
}

TEST_CASE("a page shows worlds and the tornado, and no markup of theirs",
          "[report][html][worlds]") {
  const Json report = Json::parse(report_text(report_of(with_worlds())));
  CHECK(check_report(report).empty());
  const std::string page = render_html({report});
  CHECK_THAT(page, ContainsSubstring("<section id=\"worlds\""));
  CHECK_THAT(page, ContainsSubstring("<section id=\"tornado\""));
  CHECK_THAT(page, ContainsSubstring("class=\"tornado-high\""));
  CHECK(page.find("<b>calm") == std::string::npos);
  CHECK_THAT(page, ContainsSubstring("&lt;b&gt;calm"));
  CHECK_THAT(page, ContainsSubstring("data-base=\"/tornado/rows/0\""));
}

TEST_CASE("worlds that no fleet within the bounds holds say so", "[report][plan][worlds]") {
  const Uncertain made = with_worlds(3);
  const Json report = report_of(made);
  check_valid(plan_schema(), report);
  CHECK(report["worlds"]["status"] == "out_of_bounds");
  CHECK(report["worlds"]["needed_gpus"].is_null());
  CHECK_THAT(report["worlds"]["headline"].get<std::string>(),
             ContainsSubstring("no fleet up to 3 GPUs"));
  CHECK_THAT(render_plan_text(report, {false, false, 80}), ContainsSubstring("> 3"));
}

}  // namespace
