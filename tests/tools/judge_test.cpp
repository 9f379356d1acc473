#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "process.hpp"
#include "support/catch.hpp"

using namespace headroom::test;
using Json = nlohmann::ordered_json;

namespace {

/// A file or directory of one test, removed at the end of its scope.
class Scratch {
 public:
  explicit Scratch(const std::string& name) : path(scratch(name)) {}
  ~Scratch() { std::filesystem::remove_all(path); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const std::string path;
};

/// What kTiny holds at any load below 4 a second; 1 ms of waiting is out of its reach. Twenty
/// replications, so that a change of load is told from luck.
const char* const kHolds = "--set targets.delay.max=60s -n 20";

}  // namespace

TEST_CASE("check exits 99 for a missed target and 0 when all hold", "[tools][check]") {
  const ScenarioFile tiny(kTiny);
  const Ended missed = tool("check " + tiny.path());
  CHECK(missed.code == 99);
  CHECK(has(missed.out, "FAIL"));
  const Ended held = tool("check " + tiny.path() + " " + kHolds);
  CHECK(held.code == 0);
  CHECK(has(held.out, "1 of 1 scenarios pass"));
}

TEST_CASE("check writes a baseline, agrees with it, and exits 98 for a worse one",
          "[tools][check]") {
  const ScenarioFile tiny(kTiny);
  const Scratch baseline("baseline.json");
  const std::string check = "check " + tiny.path() + " " + kHolds + " --baseline " + baseline.path;
  REQUIRE(tool(check).code == 3);  // there is none yet
  REQUIRE(tool(check + " --update-baseline").code == 0);
  const Ended same = tool(check);
  CHECK(same.code == 0);
  CHECK(has(same.out, "0 regressed, 0 improved"));
  // 3.9 a second instead of 3 on four servers: load 0.975 instead of 0.75; the target still holds.
  const Ended worse = tool(check + " --set classes.call.rate.base=3.9/s");
  CHECK(worse.code == 98);
  CHECK(has(worse.out, "REGRESSED"));
  CHECK(has(worse.out, "classes.call.rate.base"));
}

TEST_CASE("a baseline is one file per scenario in a directory", "[tools][check]") {
  const ScenarioFile one(kTiny, "one.json");
  const ScenarioFile two(kTiny, "two.json");
  const Scratch baselines("baselines");
  const std::string check = "check " + one.path() + " " + two.path() + " " + kHolds +
                            " --baseline " + baselines.path + "/";
  REQUIRE(tool(check + " --update-baseline").code == 0);
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& file : std::filesystem::directory_iterator(baselines.path)) {
    ++files;
  }
  CHECK(files == 2);
  CHECK(tool(check).code == 0);
}

TEST_CASE("check writes JUnit XML, annotations and the step summary", "[tools][check]") {
  const ScenarioFile tiny(kTiny);
  const Scratch junit("check.xml");
  const Scratch summary("summary.md");
  const Ended ended = tool("check " + tiny.path() + " --github --junit " + junit.path,
                           "GITHUB_STEP_SUMMARY=" + summary.path);
  CHECK(ended.code == 99);
  // The target stands on line 7 of kTiny.
  CHECK(has(ended.out, "::error file=" + tiny.path() + ",line=7,"));
  const std::string xml = read_file(junit.path);
  CHECK(has(xml, "<testcase classname=\"tiny.run\" name=\"delay\">"));
  CHECK(has(xml, "<failure message="));
  CHECK(has(read_file(summary.path), "| delay |"));
}

TEST_CASE("a check that would judge nothing is an input error", "[tools][check]") {
  const ScenarioFile tiny(kTiny);
  const Ended ended = tool("check " + tiny.path() + " --set-json targets=[]");
  CHECK(ended.code == 3);
  CHECK(has(ended.err, "nothing to check"));
}

TEST_CASE("compare takes reports and scenarios and judges only when asked", "[tools][compare]") {
  const ScenarioFile tiny(kTiny);
  const Scratch base("base.json");
  const Scratch worse("worse.json");
  const std::string run = "run " + tiny.path() + " -n 20";
  REQUIRE(tool(run + " -o " + base.path).code == 0);
  REQUIRE(tool(run + " --set classes.call.rate.base=3.9/s -o " + worse.path).code == 0);
  const std::string compare = "compare " + base.path + " " + worse.path;
  const Ended shown = tool(compare);
  CHECK(shown.code == 0);
  CHECK(has(shown.out, "REGRESSED"));
  CHECK(has(shown.out, "classes.call.rate.base  3/s -> 3.9/s"));
  CHECK(tool(compare + " --fail-on regression").code == 98);
  const Ended document = tool(compare + " --json");
  const Json comparison = Json::parse(document.out);
  CHECK(comparison["kind"] == "compare");
  CHECK(comparison["comparisons"][0]["counts"]["regressed"] > 0);
  // The scenario itself, run anew, is what its report said.
  const Ended same = tool("compare " + base.path + " " + tiny.path() + " -n 20 --fail-on change");
  CHECK(same.code == 0);
  CHECK(has(same.out, "0 regressed, 0 improved"));
}

TEST_CASE("a baseline of the same program and scenario brings no notice", "[tools][check]") {
  const ScenarioFile tiny(kTiny);
  const Scratch baseline("quiet.json");
  const std::string check = "check " + tiny.path() + " " + kHolds + " --baseline " + baseline.path;
  REQUIRE(tool(check + " --update-baseline").code == 0);
  CHECK_FALSE(has(tool(check).out, "model changed"));
  // Another seed is another draw, which the notice would call by its own name.
  CHECK(has(tool(check + " --seed 7").out, "seeds differ"));
}

TEST_CASE("a metric that names nothing is an error, never a silent pass", "[tools][compare]") {
  const ScenarioFile tiny(kTiny);
  const Scratch baseline("named.json");
  const std::string twice = "compare " + tiny.path() + " " + tiny.path() + " -n 2 --metric ";
  const Ended target = tool(twice + "target=dely");
  CHECK(target.code == 3);
  CHECK(has(target.err, "did you mean 'target=delay'?"));
  CHECK(tool(twice + "queue_delay.p95/cal").code == 3);
  CHECK(tool(twice + "queue_delay.p95@spik").code == 3);
  CHECK(tool(twice + "target=delay").code == 0);
  const std::string check = "check " + tiny.path() + " " + kHolds;
  CHECK(tool(check + " --metric target=delay").code == 2);  // compared with nothing
  REQUIRE(tool(check + " --baseline " + baseline.path + " --update-baseline").code == 0);
  CHECK(tool(check + " --baseline " + baseline.path + " --metric target=dely").code == 3);
  CHECK(tool(check + " --baseline " + baseline.path + " --metric target=delay").code == 0);
  CHECK(tool("compare - -").code == 2);
}

TEST_CASE("a target that one side lacks is not within noise", "[tools][check]") {
  const ScenarioFile with(kTiny, "gone.json");
  std::string text = kTiny;
  text.replace(text.find("\"id\": \"delay\""), 13, "\"id\": \"other\"");
  const ScenarioFile without(text, "renamed.json");
  const Scratch baseline("gone-baseline.json");
  const std::string more = std::string(" ") + kHolds + " --baseline " + baseline.path;
  REQUIRE(tool("check " + with.path() + more + " --update-baseline").code == 0);
  std::string moved = more;
  moved.replace(moved.find("delay"), 5, "other");
  const Ended usual = tool("check " + without.path() + moved);
  INFO(usual.err);
  CHECK(usual.code == 0);
  CHECK(has(usual.out, "2 only in one report"));
  const Ended asked = tool("check " + without.path() + moved + " --metric target=delay");
  CHECK(asked.code == 3);
  CHECK(has(asked.err, "do not both have it"));
}

TEST_CASE("compare refuses what is no report, with its place", "[tools][compare]") {
  const ScenarioFile tiny(kTiny);
  const ScenarioFile broken(R"({"kind": "run", "schema_version": "1.0"})", "broken.json");
  const Ended ended = tool("compare " + broken.path() + " " + tiny.path());
  CHECK(ended.code == 3);
  CHECK(has(ended.err, "required field \"samples\" is missing"));
  CHECK(tool("compare " + tiny.path()).code == 2);
  CHECK(tool("compare " + tiny.path() + " " + tiny.path() + " --metric nonsense").code == 2);
}

TEST_CASE("sweep makes one row a point and says what a wrong point lacks", "[tools][sweep]") {
  const ScenarioFile tiny(kTiny);
  const std::string sweep = "sweep " + tiny.path() + " --axis fleet.pools.servers.gpus=";
  const Ended table = tool(sweep + "4..6 --format csv -q");
  CHECK(table.code == 0);
  std::size_t lines = 0;
  for (const char c : table.out) lines += c == '\n';
  CHECK(lines == 4);
  CHECK(has(table.out, "fleet.pools.servers.gpus,gpus,holds,delay,"));
  const Ended partly = tool(sweep + "4,0 --json -q");
  CHECK(partly.code == 5);
  const Json document = Json::parse(partly.out);
  CHECK(document["rows"][0]["error"].is_null());
  CHECK(document["rows"][1]["cells"].is_null());
  CHECK(tool(sweep + "0 -q").code == 3);
  CHECK(tool(sweep + "4..1").code == 2);
}

TEST_CASE("an axis that a flag, a variable or another axis sets is refused", "[tools][sweep]") {
  const ScenarioFile tiny(kTiny);
  const std::string sweep = "sweep " + tiny.path() + " -q --axis ";
  CHECK(tool(sweep + "seed=1,2 --seed 5").code == 2);
  const Ended variable = tool(sweep + "seed=1,2", "HEADROOM_SEED=5");
  CHECK(variable.code == 2);
  CHECK(has(variable.err, "HEADROOM_SEED"));
  CHECK(tool(sweep + "replications=1,2 -n 3").code == 2);
  CHECK(tool(sweep + "fleet.pools.servers.gpus=4,5 --axis fleet.pools.servers.gpus=6,7").code == 2);
  const std::string gpus = sweep + "fleet.pools.servers.gpus=4,5 -n 1 ";
  CHECK(tool(gpus + "--axis fleet.pools.0.gpus=6,7").code == 2);  // the same place
  CHECK(tool(gpus + "--set-json fleet.pools.0.gpus=6").code == 2);
  CHECK(tool(gpus + "--set fleet.pools.servers.gpus=9").code == 0);  // the axis comes after it
  CHECK(tool(sweep + "seed=1,2 -n 1").code == 0);
}

TEST_CASE("a dry run of a sweep lists the grid and runs nothing", "[tools][sweep]") {
  const ScenarioFile tiny(kTiny);
  const Ended ended = tool("sweep " + tiny.path() +
                           " --axis fleet.pools.servers.gpus=4,5 --axis seed=1..3 --dry-run -j 1");
  CHECK(ended.code == 0);
  CHECK(has(ended.out, "fleet.pools.servers.gpus=5 seed=2\n"));
  // 6 points x 3 replications x 600 s x 3 requests a second = 32,400 requests.
  CHECK(has(ended.out, "6 points, 0.0324 M requests"));
}
