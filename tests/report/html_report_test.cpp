#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "headroom/report/check_report.hpp"
#include "headroom/report/html.hpp"
#include "headroom/report/junit.hpp"
#include "headroom/report/report.hpp"
#include "small_scenarios.hpp"
#include "support/catch.hpp"

using namespace headroom;
using namespace headroom::test;
using Json = nlohmann::ordered_json;

namespace {

/// One run for all cases of this file.
const Json& spike_report() {
  static const Json report = [] {
    const Ran ran = run_text(kSpike);
    return Json::parse(report_text(make_report(input_of(ran))));
  }();
  return report;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++found;
  }
  return found;
}

}  // namespace

TEST_CASE("the page says the answer and every section of its report", "[report][html]") {
  const std::string page = render_html({spike_report()});
  CHECK(has(page, "<h1><bdi>tiny-spike</bdi></h1>"));
  CHECK(has(page, spike_report()["answer"]["headline"].get<std::string>()));
  for (const char* id :
       {"answer", "targets", "time", "utilisation", "ends", "times", "provenance"}) {
    CHECK(has(page, "<section id=\"" + std::string(id) + "\""));
  }
  CHECK_FALSE(has(page, "<section id=\"curve\""));  // only a plan has one
  CHECK(count(page, "class=\"over-time\"") == 3);
  CHECK(has(page, spike_report()["scenario"]["sha256"].get<std::string>()));
  CHECK(has(page, "class=\"breach s0\""));  // the limit is missed in the spike
  CHECK(has(page, "class=\"band s0\""));    // three replications have an interval
  CHECK(page == render_html({spike_report()}));
}

TEST_CASE("reports of different lengths and none of some parts still make a page",
          "[report][html]") {
  Json bare = spike_report();
  bare["targets"] = Json::array();
  bare["assumptions"] = Json::array();
  bare["warnings"] = Json::array();
  bare["timeline"]["t_s"] = Json::array();
  bare["timeline"]["by_pool"] = Json::object();
  const std::string page = render_html({bare});
  CHECK_FALSE(has(page, "<section id=\"time\""));
  CHECK_FALSE(has(page, "<section id=\"targets\""));
  const std::string both = render_html({spike_report(), bare});
  CHECK(has(both, "2 reports side by side"));
  CHECK(has(both, "A: tiny-spike"));
  CHECK(has(both, "B: tiny-spike"));
  CHECK(has(both, "not in this report"));
}

TEST_CASE("a lost percentile is drawn as lost and named so", "[report][html]") {
  Json report = spike_report();
  Json& line = report["timeline"]["queue_delay_p95_s"];
  for (std::size_t i = 8; i < 12; ++i) {
    line["all"][i] = nullptr;
    line["by_class"]["image"][i] = nullptr;
    for (const char* side : {"low", "high"}) line["ci"]["by_class"]["image"][side][i] = nullptr;
  }
  const std::string page = render_html({report});
  CHECK(count(page, "class=\"lost s0\"") == 1);
  CHECK(has(page, "then lost"));
  CHECK(has(page, "requests that were never served"));
}

TEST_CASE("names from a scenario never become markup", "[report][html]") {
  Json report = spike_report();
  report["scenario"]["name"] = "</title><script>alert(1)</script>";
  report["targets"][0]["id"] = "\"><img src=x>";
  report["warnings"].push_back({{"code", "W999"}, {"path", ""}, {"message", "<svg onload=x>"}});
  const std::string page = render_html({report});
  CHECK_FALSE(has(page, "<script>alert"));
  CHECK_FALSE(has(page, "<img"));
  CHECK_FALSE(has(page, "<svg onload"));
  CHECK(has(page, "&lt;/title&gt;&lt;script&gt;alert(1)"));
}

TEST_CASE("a report as written has nothing wrong with it", "[report][check]") {
  CHECK(check_report(spike_report()).empty());
}

TEST_CASE("whatever is wrong with a report is named by its pointer, all at once",
          "[report][check]") {
  Json report = spike_report();
  report["targets"][0]["pass"] = "yes";
  report["pools"][0].erase("gpus");
  report["answer"]["verdikt"] = "pass";
  report["scenario"]["sha256"] = "abc";
  report["method"]["seed"] = nullptr;
  report["schema_version"] = "9.0";
  std::vector<std::string> found;
  for (const Issue& issue : check_report(report)) found.push_back(issue.code + " " + issue.pointer);
  std::sort(found.begin(), found.end());
  CHECK(found == std::vector<std::string>{"E106 /pools/0", "E107 /answer/verdikt",
                                          "E110 /method/seed", "E110 /targets/0/pass",
                                          "E111 /scenario/sha256", "E112 /schema_version"});
  const auto issues = check_report(report);
  const auto unknown = std::find_if(issues.begin(), issues.end(),
                                    [](const Issue& issue) { return issue.code == "E107"; });
  CHECK(has(unknown->message, "did you mean \"verdict\"?"));
  CHECK_FALSE(check_report(Json::array()).empty());
}

TEST_CASE("JUnit has a case a target, and a failure for each that is missed", "[report][junit]") {
  Json report = spike_report();
  report["targets"][1]["id"] = "a<b&\"c\"";
  const std::string xml = render_junit({report});
  // The spike asks for 1.5 times the capacity for 5 minutes, so that delay is far above 30 s; as
  // patience is 10 minutes, nobody leaves.
  CHECK(has(xml, "<testsuite name=\"tiny-spike\" tests=\"2\" failures=\"1\">"));
  CHECK(has(xml, "<testcase classname=\"tiny-spike.spike\" name=\"delay\">"));
  CHECK(has(xml, ", limit &lt;= 30 s"));
  CHECK(has(xml, "<testcase classname=\"tiny-spike.run\" name=\"a&lt;b&amp;&quot;c&quot;\"/>"));
}
