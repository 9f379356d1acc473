#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "headroom/report/format.hpp"
#include "headroom/report/plan_report.hpp"
#include "headroom/scenario/load.hpp"
#include "small_scenarios.hpp"
#include "support/catch.hpp"
#include "validator.hpp"

using namespace headroom;
using namespace headroom::test;
using Json = nlohmann::ordered_json;

namespace {

/// kSpike with more in its object, and in its pool's.
std::string spike_with(const std::string& more, const std::string& pool = "") {
  std::string text = kSpike;
  text.insert(text.find("\"seed\""), more.empty() ? "" : more + ", ");
  return text.insert(text.find("\"service_time\""), pool);
}

Json ways_report(const std::string& text, const SolveOptions& asked, bool delivery = false) {
  const LoadedScenario loaded = parse_scenario(text, "tiny.json", ".");
  ResolvedScenario resolved = resolve(loaded);
  SolveOptions options_of_ways = asked;
  if (delivery) {
    options_of_ways.delivered = resolved;
    resolved = with_deliveries(resolved, 0);
  }
  PlanOptions options;
  options.looks = fixed_look(static_cast<std::size_t>(resolved.scenario.replications), 0.95);
  Evaluator evaluator({});
  const PlanResult result = plan(resolved, options, evaluator);
  const WaysOut ways = find_ways_out(resolved, options_of_ways, result.plan, options, evaluator);
  return make_plan_report({loaded,
                           resolved,
                           resolved,
                           result,
                           options,
                           {},
                           {"0.0.0", "unknown", "test"},
                           {"", "host"},
                           1.0,
                           {},
                           &ways});
}

void check_screen(const Json& report, const std::vector<std::string>& said) {
  const std::string text = render_plan_text(report, {false, true, 80});
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    INFO(line);
    CHECK(display_width(line) <= 80);
  }
  for (const std::string& part : said) {
    INFO(part << " in\n" << text);
    CHECK(text.find(part) != std::string::npos);
  }
}

PlanLever limit_on_images() {
  PlanLever lever;
  lever.name = "limit images";
  lever.request_class = "image";
  return lever;
}

}  // namespace

TEST_CASE("levers stand in the report with their worth, and on screen", "[report][plan][ways]") {
  SolveOptions asked;
  asked.demand = true;
  asked.caps = {limit_on_images()};
  const Json report = ways_report(spike_with(""), asked);
  check_valid(plan_schema(), report);
  REQUIRE(report["ways_out"].size() == 2);
  const Json& demand = report["ways_out"][0];
  CHECK(demand["lever"] == "demand");
  CHECK(demand["status"] == "found");
  // Four servers of 1 s: 6 a second at the peak, so about two thirds of the demand.
  CHECK(demand["value"].get<double>() > 0.6);
  CHECK(demand["value"].get<double>() < 0.8);
  CHECK(demand["gpus"] == 4);
  CHECK(demand["gpus_saved"] == report["answer"]["needed_gpus"].get<int>() - 4);
  CHECK(demand["answer"]["pass"] == true);
  CHECK(demand["beyond"]["pass"] == false);
  const Json& limit = report["ways_out"][1];
  CHECK(limit["lever"] == "rate_limit");
  CHECK(limit["class"] == "image");
  CHECK(limit["answer"]["refused_share"].get<double>() > 0);
  check_screen(report, {"today's 4 GPUs hold", "x the demand", "rate limit", "GPUs saved"});
  CHECK(render_plan_markdown(report).find("| other way out |") != std::string::npos);
}

TEST_CASE("what a delivery must bring stands in the report batch by batch",
          "[report][plan][ways]") {
  SolveOptions asked;
  asked.from = ticks_from_seconds(480);
  const Json report = ways_report(
      spike_with("", R"("deliveries": [{"at": "6min", "gpus": 2}, {"at": "7min", "gpus": 40}], )"),
      asked, true);
  check_valid(plan_schema(), report);
  const Json& delivery = report["delivery"];
  CHECK(delivery["status"] == "found");
  CHECK(delivery["from_utc"] == "2025-04-01T00:08:00Z");
  CHECK(delivery["stated_gpus"] == 42);
  CHECK(delivery["batches"][0]["at_utc"] == "2025-04-01T00:06:00Z");
  CHECK(delivery["batches"][0]["needed_gpus"] == 2);
  CHECK(delivery["needed_gpus"].get<int>() < 42);
  CHECK(delivery["until"]["replications"] == 3);
  check_screen(report, {"delivery", "hold every target from", "until then"});
}

TEST_CASE("degradations are planned, and one that cannot be built says why",
          "[report][plan][ways]") {
  const std::string text = spike_with("");
  const LoadedScenario loaded = parse_scenario(text, "tiny.json", ".");
  SolveOptions asked;
  asked.degradations.push_back(
      {"half",
       resolve(with_overrides(loaded, {{{"fleet.pools.servers.service_time", "500ms"}}, {}})), ""});
  asked.degradations.push_back({"odd", {}, "no such model"});
  const Json report = ways_report(text, asked);
  check_valid(plan_schema(), report);
  const Json& half = report["ways_out"][0];
  CHECK(half["status"] == "found");
  // Services of half a second need half the servers.
  CHECK(half["gpus"].get<double>() ==
        Approx(report["answer"]["needed_gpus"].get<double>() / 2).margin(1));
  CHECK(half["gpus_saved"] == report["answer"]["needed_gpus"].get<int>() - half["gpus"].get<int>());
  CHECK(report["ways_out"][1]["status"] == "none");
  check_screen(report, {"half: ", "odd: no such model"});
}

TEST_CASE("a claim stands beside the answer, and what it rests on below", "[report][plan][ways]") {
  const Json report = ways_report(
      spike_with(
          R"("plan": {"claims": [{"name": "asked for", "extra_gpus": 100, "source": "a letter"}],
                             "rests_on": ["classes.image.patience"]},
                    "provenance": {"classes.image.patience":
                      {"kind": "assumption", "range": ["1min", "20min"]}})"),
      {});
  check_valid(plan_schema(), report);
  const double extra = report["answer"]["extra_gpus"];
  CHECK(report["claims"][0]["times_answer"].get<double>() == Approx(100 / extra));
  CHECK(report["rests_on"][0]["value"] == "10min");
  check_screen(report, {"asked for: 100 GPUs (a letter)", "times what this plan adds",
                        "classes.image.patience = 10min (1min to 20min)"});
}
