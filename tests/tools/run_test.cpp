#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "process.hpp"
#include "support/catch.hpp"

using namespace headroom::test;
using Json = nlohmann::ordered_json;

namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

}  // namespace

TEST_CASE("run exits 0 whatever the verdict", "[tools][run]") {
  const ScenarioFile tiny(kTiny);
  const Ended ended = tool("run " + tiny.path());
  CHECK(ended.code == 0);
  CHECK(has(ended.out, "FAIL"));  // 4 servers at load 0.75 make 1 ms impossible
}

TEST_CASE("--json prints exactly one document and nothing else", "[tools][run]") {
  const ScenarioFile tiny(kTiny);
  const Ended ended = tool("run " + tiny.path() + " --json -q");
  CHECK(ended.code == 0);
  const Json report = Json::parse(ended.out);  // throws when something follows
  CHECK(report["kind"] == "run");
  CHECK(report["complete"] == true);
  CHECK(ended.err.empty());
}

TEST_CASE("the number of threads changes nothing but the run block", "[tools][run]") {
  const ScenarioFile tiny(kTiny);
  const std::string one = tool("run " + tiny.path() + " --json -j 1").out;
  const std::string two = tool("run " + tiny.path() + " --json -j 2").out;
  CHECK(without_run_block(one) == without_run_block(two));
}

TEST_CASE("flags change the scenario and the report says who did", "[tools][run]") {
  const ScenarioFile tiny(kTiny);
  const Json report =
      Json::parse(tool("run " + tiny.path() +
                       " --json -n 2 --seed 9 --set fleet.pools.servers.gpus=8 --timeline 30s "
                       "--set-json 'confidence=0.9' --until 5min")
                      .out);
  CHECK(report["method"]["seed"] == 9);
  CHECK(report["method"]["replications"] == 2);
  CHECK(report["method"]["confidence"] == 0.9);
  CHECK(report["method"]["horizon_s"] == 300);
  CHECK(report["timeline"]["step_s"] == 30);
  CHECK(report["pools"][0]["gpus"] == 8);
  std::vector<std::string> from;
  for (const Json& change : report["scenario"]["overrides"]) from.push_back(change["from"]);
  CHECK(from == std::vector<std::string>{"--set", "-n", "--seed", "--timeline", "--until",
                                         "--until", "--set-json"});
  CHECK(report["scenario"]["overrides"][0]["path"] == "/fleet/pools/0/gpus");
  CHECK(report["scenario"]["overrides"][0]["value"] == 8);
}

TEST_CASE("--until cuts windows and names the targets it leaves out", "[tools][run]") {
  std::string text = kTiny;
  text.insert(text.find("\"targets\""),
              R"("windows": [{"name": "early", "from": "1min", "to": "6min"},
                             {"name": "late", "from": "7min", "to": "9min"}],)");
  text.insert(text.find("{\"id\": \"delay\""),
              R"({"id": "late-delay", "metric": "queue_delay", "max": "1s", "window": "late"},)");
  const ScenarioFile file(text);
  const Ended ended = tool("run " + file.path() + " --json --until 5min");
  CHECK(ended.code == 0);
  CHECK(has(ended.err, "late-delay"));
  const Json report = Json::parse(ended.out);
  CHECK(report["method"]["windows"]["early"]["to_s"] == 300);
  CHECK_FALSE(report["method"]["windows"].contains("late"));
  REQUIRE(report["targets"].size() == 1);
  CHECK(report["targets"][0]["id"] == "delay");
}

TEST_CASE("a scenario may come from standard input", "[tools][run]") {
  const ScenarioFile tiny(kTiny);
  const Ended ended = tool("run - --json -q < " + tiny.path());
  CHECK(ended.code == 0);
  CHECK(Json::parse(ended.out)["scenario"]["name"] == "tiny");
}

TEST_CASE("-o writes files and the answer still goes to the screen", "[tools][run]") {
  const ScenarioFile tiny(kTiny);
  const std::string directory = scratch("out");
  const Ended ended =
      tool("run " + tiny.path() + " -o " + directory + " --format json --format md");
  CHECK(ended.code == 0);
  CHECK(has(ended.out, directory + "/report.json"));
  CHECK(Json::parse(read_file(directory + "/report.json"))["kind"] == "run");
  CHECK(has(read_file(directory + "/report.md"), "## tiny"));
  const std::string csv = scratch("metrics.csv");
  CHECK(tool("run " + tiny.path() + " -o " + csv).code == 0);
  CHECK(read_file(csv).rfind("class,window,metric", 0) == 0);
  CHECK(tool("run " + tiny.path() + " -o " + scratch("report.xyz")).code == 2);
  std::system(("rm -rf '" + directory + "' '" + csv + "'").c_str());
}

TEST_CASE("colour follows the terminal, NO_COLOR and --color", "[tools][run]") {
  const ScenarioFile tiny(kTiny);
  const std::string run = "run " + tiny.path() + " -n 1";
  CHECK_FALSE(has(tool(run).out, "\033["));  // a pipe
  CHECK(has(tool(run + " --color=always").out, "\033["));
  CHECK(has(tool(run + " --color always", "NO_COLOR=1").out, "\033["));
  CHECK(has(tool(run, "CLICOLOR_FORCE=1").out, "\033["));
  CHECK_FALSE(has(tool(run + " --color=never", "CLICOLOR_FORCE=1").out, "\033["));
  CHECK_FALSE(has(tool(run, "NO_COLOR=1 TERM=xterm").out, "\033["));
}

TEST_CASE("charts are ASCII where the locale is not UTF-8", "[tools][run]") {
  const ScenarioFile tiny(kTiny);
  const std::string run = "run " + tiny.path() + " -n 1";
  CHECK(has(tool(run, "LC_ALL=C.UTF-8").out, "█"));
  for (const char c : tool(run, "LC_ALL=C").out) {
    CHECK(static_cast<unsigned char>(c) < 128);
  }
}

TEST_CASE("there is one row a request, in the same order for any number of threads",
          "[tools][run]") {
  const ScenarioFile tiny(kTiny);
  const std::string plain = scratch("rows.csv");
  const std::string zipped = scratch("rows.csv.gz");
  const Ended ended = tool("run " + tiny.path() + " --json -j 1 --requests " + plain);
  REQUIRE(ended.code == 0);
  REQUIRE(tool("run " + tiny.path() + " -j 2 --requests " + zipped).code == 0);
  REQUIRE(std::system(("gzip -dc " + zipped + " > " + plain + ".2").c_str()) == 0);
  const std::string text = read_file(plain);
  CHECK(text == read_file(plain + ".2"));
  const auto rows = lines_of(text);
  // Mean over three replications x 3 = all arrivals, and a header.
  const double arrived = Json::parse(ended.out)["requests"]["all"]["arrived"];
  CHECK(static_cast<double>(rows.size() - 1) == Approx(3 * arrived).margin(0.01));
  CHECK(rows[0].rfind("replication,period,cell,request,class,arrival_s", 0) == 0);
  CHECK(rows[1].rfind("0,0,0,", 0) == 0);
  CHECK(rows.back().rfind("2,0,0,", 0) == 0);
  CHECK(std::system(("ls " + plain + ".part-* >/dev/null 2>&1").c_str()) != 0);
  std::system(("rm -f " + plain + " " + plain + ".2 " + zipped).c_str());
}

TEST_CASE("rows that cannot be written end the run with an error", "[tools][run]") {
  const ScenarioFile tiny(kTiny);
  for (const std::string& file : {std::string("/dev/full"), scratch("no/such/folder/rows.csv")}) {
    const Ended ended = tool("run " + tiny.path() + " -n 1 --requests " + file);
    CHECK(ended.code == 3);
    CHECK(has(ended.err, "E102"));
    CHECK(has(ended.err, "cannot be written"));
  }
  // A file of at most 8 KB, plain and packed: the parts do not fit.
  for (const char* name : {"full.csv", "full.csv.gz"}) {
    const std::string rows = scratch(name);
    const Ended ended = tool("run " + tiny.path() + " -n 2 -q --requests " + rows,
                             "sh -c 'trap \"\" XFSZ; ulimit -f 16; exec \"$@\"' limited");
    CHECK(ended.code == 3);
    CHECK(has(ended.err, "cannot be written"));
    unlink(rows.c_str());
  }
}

TEST_CASE("standard output that takes nothing is an error of the user's, not a fault",
          "[tools][run]") {
  const ScenarioFile tiny(kTiny);
  for (const std::string& command :
       {std::string("version"), std::string("help"), "run " + tiny.path() + " -n 1"}) {
    const std::string err = scratch("full.err");
    CHECK(tool(command + " >/dev/full 2>" + err + " #").code == 3);
    CHECK(has(read_file(err), "standard output"));
    CHECK_FALSE(has(read_file(err), "internal error"));
    unlink(err.c_str());
  }
}

TEST_CASE("an interrupted run says so and keeps what it has", "[tools][run]") {
  // Replications short enough that some are done when the signal comes, however slow the machine,
  // and so many that it comes while they run: 3/s for 6 hours, 100,000 times.
  std::string text = kTiny;
  text.replace(text.find("10min"), 5, "6h");
  const ScenarioFile lasting(text);
  const std::string out = scratch("interrupted.json");
  const std::string err = scratch("interrupted.err");
  const int status =
      std::system(("timeout --foreground --preserve-status -s INT 3 " + std::string(HEADROOM_TOOL) +
                   " run " + lasting.path() + " -n 100000 -j 1 --json -q >" + out + " 2>" + err)
                      .c_str());
  CHECK(WEXITSTATUS(status) == 130);
  const Json report = Json::parse(read_file(out));
  CHECK(report["complete"] == false);
  CHECK(report["method"]["replications"] < 100000);
  std::system(("rm -f " + out + " " + err).c_str());
}

TEST_CASE("progress goes to standard error, and only where wanted", "[tools][run]") {
  const ScenarioFile tiny(kTiny);
  const Ended ended = tool("run " + tiny.path() + " --no-progress");
  CHECK(ended.err.empty());
  CHECK(tool("run " + tiny.path(), "CI=true").err.empty());
}
