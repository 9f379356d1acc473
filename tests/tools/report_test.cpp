#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "process.hpp"
#include "support/catch.hpp"

using namespace headroom::test;
using Json = nlohmann::ordered_json;

namespace {

/// Where one run has left its report.
class SavedRun {
 public:
  SavedRun() : directory_(scratch("saved")) {
    const ScenarioFile tiny(kTiny, "saved_scenario.json");  // a test has one of its own
    ended = tool("-q run " + tiny.path() + " -o " + directory_);
  }
  ~SavedRun() { std::filesystem::remove_all(directory_); }
  std::string path(const std::string& name) const { return directory_ + "/" + name; }
  Ended ended;

 private:
  std::string directory_;
};

}  // namespace

TEST_CASE("a directory gets the report as JSON and as a page, and report draws the same page",
          "[tools][report]") {
  const SavedRun run;
  REQUIRE(run.ended.code == 0);
  const std::string page = read_file(run.path("report.html"));
  CHECK(page.rfind("<!doctype html>", 0) == 0);
  const Ended again = tool("report " + run.path("report.json") + " --format html");
  CHECK(again.code == 0);
  CHECK(again.out == page);
}

TEST_CASE("a saved report is rendered as run renders it", "[tools][report]") {
  const ScenarioFile tiny(kTiny);
  const SavedRun run;
  for (const char* form : {"md", "csv", "junit", "text"}) {
    const Ended saved = tool("-q report " + run.path("report.json") + " --format " + form);
    CHECK(saved.code == 0);
    CHECK(saved.out == tool("-q run " + tiny.path() + " --format " + form).out);
  }
  CHECK(has(tool("report - <" + run.path("report.json")).out, "tiny"));
}

TEST_CASE("the ending of -o names the form and a directory gets a page", "[tools][report]") {
  const SavedRun run;
  const std::string report = run.path("report.json");
  CHECK(tool("-q report " + report + " -o " + run.path("x.md")).code == 0);
  CHECK(has(read_file(run.path("x.md")), "| target |"));
  CHECK(tool("-q report " + report + " -o " + run.path("x.xml")).code == 0);
  CHECK(has(read_file(run.path("x.xml")), "<testsuites>"));
  CHECK(tool("-q report " + report + " " + report + " -o " + run.path("both/")).code == 0);
  CHECK(has(read_file(run.path("both/report.html")), "2 reports side by side"));
  CHECK(tool("report " + report + " -o " + run.path("x.doc")).code == 2);
  CHECK(tool("report " + report + " -o " + run.path("x.json")).code == 2);
  CHECK(tool("report " + report + " " + report + " --format csv").code == 2);
}

TEST_CASE("what is no report exits 3 and says where", "[tools][report]") {
  const SavedRun run;
  Json report = Json::parse(read_file(run.path("report.json")));
  report["targets"][0]["pass"] = "yes";
  report["pools"][0].erase("gpus");
  const ScenarioFile wrong(report.dump(2), "wrong.json");
  const Ended ended = tool("report " + wrong.path() + " --format html");
  CHECK(ended.code == 3);
  CHECK(ended.out.empty());
  CHECK(has(ended.err, "/targets/0/pass"));
  CHECK(has(ended.err, "/pools/0"));
  CHECK(tool("report " + run.path("absent.json")).code == 3);
  const ScenarioFile scenario(kTiny, "scenario-not-report.json");
  CHECK(tool("report " + scenario.path()).code == 3);
  const ScenarioFile broken("{\"kind\": \"run\",", "broken.json");
  CHECK(tool("report " + broken.path()).code == 3);
}
