#include <string>

#include "process.hpp"
#include "support/catch.hpp"

/// No command writes over what it reads, or two things into one file: exit 2, every file as it was.
using namespace headroom::test;

namespace {

void check_refused(const std::string& command, const std::string& read) {
  const std::string before = read_file(read);
  const Ended ended = tool(command);
  INFO(command << ": " << ended.err);
  CHECK(ended.code == 2);
  CHECK(has(ended.err, "is both"));
  CHECK(read_file(read) == before);
}

constexpr const char* kReplay = R"({
  "schema_version": "1.0",
  "name": "replay",
  "time": {"duration": "10min"},
  "fleet": {"pools": [{"name": "servers", "gpus": 4, "service_time": "1s"}]},
  "classes": [{"name": "call", "stages": [{"pool": "servers"}],
               "trace": {"path": "PATH", "columns": {"arrival": "t"}, "arrival_unit": "s"}}],
  "targets": [{"id": "delay", "metric": "queue_delay", "statistic": "p95", "max": "1s"}],
  "replications": 1
})";

TEST_CASE("a run's files are its own", "[tools][run]") {
  const ScenarioFile tiny(kTiny, "same.json");
  const std::string rows = scratch("same.csv");
  const std::string run = "run " + tiny.path() + " -n 1 ";
  check_refused(run + "-o " + tiny.path(), tiny.path());
  check_refused(run + "--requests " + tiny.path(), tiny.path());
  check_refused(run + "-o " + rows + " --requests " + rows, tiny.path());
  for (const char* options : {"-o ''", "--requests ''", "--requests -"}) {
    CHECK(tool(run + options).code == 2);
  }
  CHECK(tool(run + "-o /dev/null --format json --requests /dev/null").code == 0);
}

TEST_CASE("a trace is written over by no command", "[tools]") {
  const ScenarioFile trace("t\n0\n1\n2\n", "overlap.csv");
  // As an absolute path, and as a user in the scenario's folder would write it.
  const std::string name = trace.path().substr(trace.path().find_last_of('/') + 1);
  for (const std::string& path : {trace.path(), name}) {
    std::string text = kReplay;
    text.replace(text.find("PATH"), 4, path);
    const ScenarioFile replay(text, "overlap.json");
    const std::string scenario = replay.path() + " -n 1 -q ";
    check_refused("run " + scenario + "--requests " + trace.path(), trace.path());
    check_refused("run " + scenario + "-o " + trace.path(), trace.path());
    check_refused("plan " + scenario + "-o " + trace.path(), trace.path());
    check_refused("check " + scenario + "--junit " + trace.path(), trace.path());
    check_refused("sweep " + scenario + "--axis seed=1,2 -o " + trace.path(), trace.path());
    CHECK(tool("run " + scenario).code == 0);
  }
}

TEST_CASE("a pipe is both sides of itself, and a hard link the file it leads to", "[tools][run]") {
  const ScenarioFile tiny(kTiny, "piped.json");
  const std::string run =
      " run /dev/stdin -n 1 -q --format json -o /dev/stdout | grep -c schema_version'";
  CHECK(tool("version",
             "bash -o pipefail -c 'cat " + tiny.path() + " | " + HEADROOM_TOOL + run + " && env")
            .code == 0);
  const std::string link = scratch("piped-link.json");
  REQUIRE(::link(tiny.path().c_str(), link.c_str()) == 0);
  check_refused("run " + tiny.path() + " -n 1 -o " + link, tiny.path());
  unlink(link.c_str());
}

TEST_CASE("check and sweep leave their scenarios as they are", "[tools][check][sweep]") {
  const ScenarioFile tiny(kTiny, "kept.json");
  const std::string folder = tiny.path().substr(0, tiny.path().find_last_of('/') + 1);
  const std::string check = "check " + tiny.path() + " -n 1 -q ";
  check_refused(check + "--junit " + tiny.path(), tiny.path());
  check_refused(check + "--update-baseline --baseline " + tiny.path(), tiny.path());
  check_refused(check + "--update-baseline --baseline " + folder, tiny.path());
  check_refused("sweep " + tiny.path() + " --axis seed=1,2 -q -o " + tiny.path(), tiny.path());

  const std::string baseline = scratch("kept-baseline.json");
  REQUIRE(tool(check + "--update-baseline --baseline " + baseline).code == 99);
  check_refused(check + "--baseline " + baseline + " --junit " + baseline, baseline);
  unlink(baseline.c_str());

  const Ended nameless =
      tool("check - --update-baseline --baseline " + folder + " <" + tiny.path());
  CHECK(nameless.code == 2);
  CHECK(has(nameless.err, "give --baseline FILE"));
}

TEST_CASE("a sweep into a file of no known form is refused before it runs", "[tools][sweep]") {
  const ScenarioFile tiny(kTiny, "swept.json");
  const Ended ended = tool("sweep " + tiny.path() + " --axis seed=1,2 -o " + scratch("x.pdf"));
  CHECK(ended.code == 2);
  CHECK_FALSE(has(ended.err, "1 of 2"));
}

TEST_CASE("report, fit and kernels write to other files than they read",
          "[tools][report][fit][kernels]") {
  const std::string report = scratch("kept-report.json");
  const ScenarioFile tiny(kTiny, "reported.json");
  REQUIRE(tool("run " + tiny.path() + " -n 1 -q -o " + report).code == 0);
  check_refused("report " + report + " --format html -o " + report, report);
  unlink(report.c_str());

  const ScenarioFile rows("m,n,k,dtype,time_ms\n1,4096,4096,bf16,0.02\n", "kept-rows.csv");
  const std::string gpu = " --gpu A100-SXM-80GB ";
  check_refused("fit " + rows.path() + gpu + "-o " + rows.path(), rows.path());
  check_refused("kernels predict " + rows.path() + gpu + "-o " + rows.path(), rows.path());
  for (const std::string& command : {"fit " + rows.path(), "kernels evaluate " + rows.path()}) {
    CHECK(tool(command + gpu + "-o -").code == 2);
  }
}

}  // namespace
