#include "headroom/report/report.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "headroom/report/format.hpp"
#include "small_scenarios.hpp"
#include "support/catch.hpp"
#include "validator.hpp"

using namespace headroom;
using namespace headroom::test;
using Json = nlohmann::ordered_json;

namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

const Json& target(const Json& report, const std::string& id) {
  for (const Json& t : report["targets"]) {
    if (t["id"] == id) return t;
  }
  throw std::runtime_error("no target " + id);
}

}  // namespace

TEST_CASE("a report says what the fluid estimate of a step overload says", "[report]") {
  const Ran ran = run_text(kSpike);
  const Json report = make_report(input_of(ran));
  // Load 2/s x 1 s = 2 GPUs of 4; in the spike 6. Backlog after 5 minutes at +2/s: 600.
  CHECK(report["answer"]["offered_load_peak_gpus"].get<double>() == Approx(6).epsilon(1e-6));
  CHECK(report["answer"]["fluid_gpus"] == 6);
  CHECK(report["why"]["offered_load_per_gpu"].get<double>() == Approx(1.5).epsilon(1e-6));
  CHECK(report["why"]["window"] == "spike");
  // Random arrivals: 1,800 in the spike, standard deviation 42.
  CHECK(report["backlog"]["by_class"]["image"]["peak"].get<double>() == Approx(600).margin(130));
  // Oldest under 30 s: 600 - (4 - 2) t = 30 s x 4/s gives t = 240 s.
  CHECK(report["backlog"]["all"]["drain_s"]["spike"]["value"].get<double>() ==
        Approx(240).margin(70));
  CHECK(target(report, "delay")["pass"] == false);
  CHECK(target(report, "lost")["pass"] == true);
  CHECK(report["answer"]["verdict"] == "fail");
  // The queue passes 30 s x 4/s = 120 requests 60 s into the spike: minute 6.
  CHECK(target(report, "delay")["first_breach_s"].get<double>() == Approx(360).margin(61));
  const double duration = 20 * 60;
  CHECK(report["requests"]["all"]["arrived"].get<double>() ==
        Approx(duration * 2 + 300 * 4).margin(250));
}

TEST_CASE("every report is valid by its own schema", "[report][schema]") {
  check_valid(report_schema(), make_report(input_of(run_text(kSpike))));
}

TEST_CASE("refusals, attempts and wasted time are counted and shown", "[report][schema]") {
  // In the spike 5.5 of 6 a second come to 4 servers of 1 s; 8 may wait, up to 2 s, and leave
  // at 2.5 s.
  ScenarioOverrides overrides;
  overrides.set_json = {{"fleet.pools.servers.queue_cap", "2"},
                        {"classes.image.timeout", R"({"after": "2.5s"})"},
                        {"classes.image.rate_limit", R"({"rate": "5.5/s", "burst": 5})"},
                        {"classes.image.retry", R"({"max_attempts": 2, "backoff": "20s"})"}};
  const Ran ran = run_text(kSpike, overrides);
  const Json report = make_report(input_of(ran));
  check_valid(report_schema(), report);
  const Json& all = report["requests"]["all"];
  const auto count = [&all](const std::string& key) { return all[key].get<double>(); };
  CHECK(count("rejected_queue_cap") > 50);
  CHECK(count("rejected_token_bucket") > 50);
  CHECK(count("rejected_quota") == 0);
  CHECK(count("rejected_queue_cap") + count("rejected_token_bucket") ==
        Approx(count("rejected")).epsilon(1e-9));
  CHECK(count("abandoned_in_service") > 10);
  CHECK(count("attempts") > count("arrived") + 100);
  CHECK(count("attempts") == Approx(count("attempts_finished") + count("attempts_rejected") +
                                    count("attempts_abandoned") + count("attempts_failed") +
                                    count("attempts_unfinished"))
                                 .epsilon(1e-9));
  CHECK(report["pools"][0]["wasted_gpu_s"].get<double>() > 5);
  std::string screen;  // in one line
  for (const std::string& line : lines_of(render_text(report, {false, false, 80}, {}))) {
    screen += line.substr(std::min(line.size(), line.find_first_not_of(' '))) + ' ';
  }
  CHECK_THAT(screen, Catch::Contains("gateway") && Catch::Contains("by queue cap") &&
                         Catch::Contains("attempts a request") &&
                         Catch::Contains("left while served") && Catch::Contains("GPU-hours on"));
  const std::string plain =
      render_text(make_report(input_of(run_text(kSpike))), {false, false, 80}, {});
  CHECK_THAT(plain, !Catch::Contains("gateway"));
}

TEST_CASE("a report in which everything is censored is valid too", "[report][schema]") {
  // One server of an hour: nearly nobody is served before the horizon.
  ScenarioOverrides overrides;
  overrides.set = {{"fleet.pools.servers.service_time", "2h"}, {"replications", "1"}};
  const Ran ran = run_text(kSpike, overrides);
  const Json report = make_report(input_of(ran));
  const Json& delay = report["metrics"]["queue_delay_s"]["all"];
  CHECK(delay["p95"].is_null());
  CHECK(std::find(delay["censored"].begin(), delay["censored"].end(), "p95") !=
        delay["censored"].end());
  CHECK(target(report, "delay")["value"].is_null());
  CHECK(target(report, "delay")["reason"] == "censored");
  CHECK(target(report, "delay")["rule"] == "point estimate");
  check_valid(report_schema(), report);
  CHECK(report_text(report).find("nan") == std::string::npos);
}

TEST_CASE("only the run block depends on the number of threads", "[report]") {
  Json one = make_report(input_of(run_text(kSpike, {}, 1)));
  Json two = make_report(input_of(run_text(kSpike, {}, 2)));
  one.erase("run");
  two.erase("run");
  CHECK(report_text(one) == report_text(two));
}

TEST_CASE("busy periods are reported one by one, with the first that fails", "[report]") {
  ScenarioOverrides overrides;
  overrides.set = {{"replications", "2"}};
  // Growth of 25 % a month: 2/s of 4 becomes 4/s of 4 after ln 2 / ln 1.25 = 3.1 months.
  overrides.set_json = {
      {"busy_periods",
       R"({"count": 6, "every": "month", "growth": {"kind": "compound", "rate": 0.25}})"},
      {"classes.image.rate", R"({"base": "2/s"})"},
      {"targets",
       R"([{"id": "delay", "metric": "queue_delay", "statistic": "p95", "max": "30s"}])"}};
  const Ran ran = run_text(kSpike, overrides);
  const Json report = make_report(input_of(ran));
  REQUIRE(report["busy_periods"].is_object());
  REQUIRE(report["busy_periods"]["periods"].size() == 6);
  const Json& periods = report["busy_periods"]["periods"];
  CHECK(periods[0]["pass"] == true);
  CHECK(periods[5]["pass"] == false);
  CHECK(periods[2]["rate_multiplier"].get<double>() == Approx(1.25 * 1.25));
  CHECK(report["busy_periods"]["first_failing"].get<int>() >= 3);
  check_valid(report_schema(), report);
  const std::string first = report["busy_periods"]["first_failing"].dump();
  const std::string text = render_text(report, {});
  CHECK(text.find("hold until month " + first) != std::string::npos);
  // Moments are told by the period's number: its date stands in the list of periods.
  CHECK(text.find("month " + first + ", ") != std::string::npos);
  const std::string markdown = render_markdown(report);
  CHECK(markdown.find("| month | from | demand | load per GPU | verdict |") != std::string::npos);
  CHECK(markdown.find("| 2 | ") != std::string::npos);
  for (const Json& target : periods[5]["targets"]) {
    if (!target["ci"].is_null()) CHECK(target["ci"][0].get<double>() >= 0);
  }
}

TEST_CASE("where every period holds, the busiest is reported, not the last", "[report]") {
  ScenarioOverrides overrides;
  overrides.set = {{"replications", "2"}};
  // 1/s, 1.5/s from the second month on, 0.5/s from the third.
  overrides.set_json = {
      {"busy_periods",
       R"({"count": 4, "every": "month", "growth": {"kind": "dated", "points": [
             {"at": "10d", "multiplier": 1.5}, {"at": "50d", "multiplier": 0.5}]}})"},
      {"classes.image.rate", R"({"base": "1/s"})"},
      {"targets",
       R"([{"id": "delay", "metric": "queue_delay", "statistic": "p95", "max": "10h"}])"}};
  const Ran ran = run_text(kSpike, overrides);
  const Json report = make_report(input_of(ran));
  CHECK(report["busy_periods"]["first_failing"].is_null());
  CHECK(report["busy_periods"]["reported"] == 1);
  const double per_gpu = report["busy_periods"]["periods"][1]["offered_load_per_gpu"];
  CHECK(report["why"]["offered_load_per_gpu"].get<double>() == Approx(per_gpu));
  const std::string headline = report["answer"]["headline"];
  CHECK(headline.find("(1.5 x demand in month 1)") != std::string::npos);
}

TEST_CASE("a pool whose replicas change is reported with what was in service when",
          "[report][fleet]") {
  ScenarioOverrides overrides;
  overrides.set_json = {
      {"fleet.pools.servers.deliveries", R"([{"at": "10min", "gpus": 2}])"},
      {"fleet.pools.servers.removals", R"([{"at": "20min", "gpus": 1}])"},
      {"fleet.faults", R"([{"at": "6min", "pool": "servers", "nodes": 1, "for": "2min"}])"},
      {"fleet.pools.servers.gpus_per_node", "1"}};
  const Ran ran = run_text(kSpike, overrides);
  const Json report = make_report(input_of(ran));
  check_valid(report_schema(), report);
  const Json& pool = report["pools"][0];
  CHECK(pool["gpus"] == 4);
  // 30 min of 4, 20 of 2 more, 10 of 1 less, and 2 of 1 less: the removed one is idle at 20 min,
  // when the backlog is gone, or ends its call of 1 s.
  const double hours = (30 * 4 + 20 * 2 - 10 * 1 - 2 * 1) / 60.0;
  CHECK(pool["gpu_hours"].get<double>() == Approx(hours).margin(1.0 / 3600));
  const Json& changes = pool["fleet_changes"];
  CHECK(changes["gpus_least"] == 3);
  CHECK(changes["gpus_most"] == 6);
  CHECK(changes["gpu_hours_down"].get<double>() == Approx(2 / 60.0));
  CHECK(changes["replica_faults"] == 1);
  CHECK(changes["replicas_started"] == 3);
  CHECK(changes["replicas_removed"] == 1);
  CHECK(report["timeline"]["by_pool"]["servers"].contains("gpus_in_service"));
  CHECK(report["answer"]["headline"].get<std::string>().rfind("4 to 6 GPUs", 0) == 0);
  // 6 a second of 1 s each on the 3 that are left from 6 to 8 min.
  CHECK(pool["offered_load"]["peak_per_gpu"].get<double>() == Approx(2));
  CHECK(pool["offered_load"]["peak_gpus"].get<double>() == Approx(6));
}

TEST_CASE("an interval keeps to what is possible", "[report]") {
  // Two replications, one that misses a little: Student's t alone goes beyond 100 %.
  ScenarioOverrides overrides;
  overrides.set = {{"replications", "2"}, {"time.duration", "3min"}, {"time.drain", "0s"}};
  overrides.set_json = {
      {"windows", "[]"},
      {"targets", R"([{"id": "kept", "class": "image", "metric": "slo_attainment", "min": 0.5}])"}};
  const Json report = make_report(input_of(run_text(kSpike, overrides)));
  const Json& ci = report["targets"][0]["ci"];
  REQUIRE(ci.is_array());
  CHECK(ci[0].get<double>() >= 0);
  CHECK(ci[1].get<double>() <= 1);
}

TEST_CASE("the screen answers first and fits", "[report][text]") {
  const Json report = make_report(input_of(run_text(kSpike)));
  for (const bool unicode : {true, false}) {
    const auto lines = lines_of(render_text(report, {false, unicode, 80}, {"out/report.json"}));
    CHECK(lines.size() <= 40);
    for (const std::string& line : lines) {
      CAPTURE(line);
      CHECK(display_width(line) <= 80);
      CHECK(line.find('\033') == std::string::npos);
      if (!unicode) {
        CHECK(std::all_of(line.begin(), line.end(),
                          [](char c) { return static_cast<unsigned char>(c) < 128; }));
      }
    }
    REQUIRE(lines.size() > 4);
    CHECK(lines[3].rfind("FAIL  4 GPUs miss 1 of 2 targets", 0) == 0);
  }
}

TEST_CASE("many targets, classes and busy periods still fit one screen", "[report][text]") {
  std::string targets = "[";
  for (int i = 0; i < 12; ++i) {
    targets += std::string(i > 0 ? "," : "") + R"({"id": "t)" + std::to_string(i) +
               R"(", "class": "image", "metric": "queue_delay", "max": "1ms", "window": "spike"})";
  }
  ScenarioOverrides overrides;
  overrides.set = {{"replications", "2"}};
  overrides.set_json = {
      {"targets", targets + "]"},
      {"busy_periods",
       R"({"count": 20, "every": "month", "growth": {"kind": "compound", "rate": 0.02}})"}};
  const Json report = make_report(input_of(run_text(kSpike, overrides)));
  const std::string text = render_text(report, {}, {"out/report.json"});
  CAPTURE(text);
  CHECK(lines_of(text).size() <= 40);
  for (const std::string& line : lines_of(text)) CHECK(display_width(line) <= 80);
}

TEST_CASE("colour adds marks and takes no words away", "[report][text]") {
  const Json report = make_report(input_of(run_text(kSpike)));
  std::string coloured = render_text(report, {true, true, 80});
  CHECK(coloured.find("\033[1;31mFAIL") != std::string::npos);
  std::string plain;
  for (std::size_t i = 0; i < coloured.size(); ++i) {
    if (coloured[i] == '\033') {
      while (coloured[i] != 'm') ++i;
    } else {
      plain += coloured[i];
    }
  }
  const std::string uncoloured = render_text(report, {false, true, 80});
  CHECK(lines_of(plain).size() == lines_of(uncoloured).size());
}

TEST_CASE("CSV has one row a statistic and Markdown one a group", "[report][tables]") {
  const Json report = make_report(input_of(run_text(kSpike)));
  const auto rows = lines_of(render_csv(report));
  CHECK(rows[0] == "class,window,metric,statistic,value,ci_low,ci_high,unit,note");
  CHECK(std::count_if(rows.begin(), rows.end(), [](const std::string& row) {
          return row.rfind("image,spike,queue_delay_s,p95,", 0) == 0;
        }) == 1);
  for (const std::string& row : rows) CHECK(std::count(row.begin(), row.end(), ',') == 8);
  const std::string markdown = render_markdown(report);
  CHECK(markdown.find("| delay | image | spike |") != std::string::npos);
  CHECK(markdown.find("**FAIL**") != std::string::npos);
}

TEST_CASE("a report names files without their folders", "[report]") {
  ScenarioOverrides overrides;
  const std::string trace = std::string(HEADROOM_BINARY_DIR) + "/report_test_trace.csv";
  {
    std::ofstream out(trace);
    out << "arrival_s\n";
    for (int i = 0; i < 100; ++i) out << i << "\n";
  }
  overrides.set_json = {{"classes.image.trace", R"({"path": ")" + trace + R"("})"},
                        {"replications", "1"}};
  std::string text = kSpike;
  const std::size_t from = text.find("\"rate\":");
  text.erase(from, text.find("\"patience\"") - from);
  const Json report = make_report(input_of(run_text(text, overrides)));
  const std::string written = report_text(report);
  CHECK(written.find(HEADROOM_BINARY_DIR) == std::string::npos);
  REQUIRE(report["scenario"]["inputs"].size() == 1);
  CHECK(report["scenario"]["inputs"][0]["file"] == "report_test_trace.csv");
  CHECK(report["scenario"]["inputs"][0]["sha256"].get<std::string>().size() == 64);
  CHECK(report["scenario"]["effective"]["classes"][0]["trace"]["path"] == "report_test_trace.csv");
  check_valid(report_schema(), report);
}
