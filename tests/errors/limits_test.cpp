#include "errors_support.hpp"
#include "headroom/workload/request_stream.hpp"

// Files that cannot be scenarios, traces that cannot be replayed, and runs that are too long.

namespace headroom {
namespace {

using testing::issues_of_file;
using testing::ScenarioFile;

/// The right scenario with its first class replaying trace.csv, a file beside it.
std::string with_trace(const std::string& more = "") {
  return with(whole_scenario(), R"("rate": "2/s",
     "prompt_tokens": 500, "output_tokens": 200,)",
              R"("trace": {"path": "trace.csv", "columns": {"arrival": "at", "prompt_tokens": "in",
      "output_tokens": "out"})" +
                  more + "},");
}

Issue only_trace_issue(const std::string& rows, const std::string& more = "") {
  const ScenarioFile file(with_trace(more));
  file.write("trace.csv", rows);
  const std::vector<Issue> issues = issues_of_file(file);
  REQUIRE(issues.size() == 1);
  return issues[0];
}

bool warns(const ResolvedScenario& scenario, const std::string& code, const std::string& says) {
  return std::any_of(scenario.warnings.begin(), scenario.warnings.end(), [&](const Issue& issue) {
    return issue.code == code && issue.message.find(says) != std::string::npos;
  });
}

}  // namespace

TEST_CASE("files that hold no scenario are refused with the reason", "[errors]") {
  const auto first = [](const std::string& text) {
    const auto issues = issues_of_file(ScenarioFile(text));
    REQUIRE_FALSE(issues.empty());
    CHECK(issues[0].line >= 1);
    CHECK(issues[0].column >= 1);
    return issues[0].code;
  };
  CHECK(first("") == "E100");
  CHECK(first("   \n\n") == "E100");
  CHECK(first("not json") == "E100");
  CHECK(first("[]") == "E110");
  CHECK(first("null") == "E110");
  CHECK(first("{}") == "E106");
  CHECK(first(whole_scenario() + whole_scenario()) == "E100");
  CHECK(first(whole_scenario().substr(0, 500)) == "E100");
  CHECK(first(std::string("\0\0\0\0", 4)) == "E100");
  try {
    load_scenario(ScenarioFile("{}").folder());
    FAIL("expected an InputError");
  } catch (const InputError& error) {
    CHECK(error.issues()[0].code == "E102");
  }
}

TEST_CASE("an empty trace is refused where the scenario names it", "[errors][trace]") {
  for (const std::string& rows : {std::string(), std::string("at,in,out\n")}) {
    const Issue issue = only_trace_issue(rows);
    CHECK(issue.code == "E130");
    CHECK(issue.pointer == "/classes/0/trace");
    CHECK(issue.line == 15);
    CHECK_THAT(issue.message, ContainsSubstring("has no rows"));
  }
  const Issue filtered =
      only_trace_issue("at,in,out\n1,5,5\n", R"(, "filters": [{"column": "in", "min": 100}])");
  CHECK(filtered.code == "E130");
  CHECK_THAT(filtered.message, ContainsSubstring("none of the trace's 1 rows pass its filters"));
}

TEST_CASE("a trace's wrong cells are told in the trace's own lines", "[errors][trace]") {
  const Issue number = only_trace_issue("at,in,out\n1,5,5\n2,5,many\n");
  CHECK(number.code == "E133");
  CHECK(number.file == "trace.csv");
  CHECK(number.line == 3);
  CHECK(number.column == 5);
  CHECK(only_trace_issue("at,in,out\n1,5,5\n2,nan,5\n").line == 3);
  CHECK(only_trace_issue("at,in,out\n1,-5,5\n").column == 3);
  CHECK(only_trace_issue("at,in,out\ninf,5,5\n").code == "E133");
  const Issue column = only_trace_issue("at,inn,out\n1,5,5\n");
  CHECK(column.code == "E132");
  CHECK_THAT(column.message, ContainsSubstring("\"in\""));
}

TEST_CASE("a trace out of order is sorted, and the warning says so at its place",
          "[errors][trace]") {
  const ScenarioFile file(with_trace());
  file.write("trace.csv", "at,in,out\n5,10,1\n1,20,2\n9,30,3\n2,40,4\n");
  const ResolvedScenario scenario = resolve(load_scenario(file.path()));
  CHECK(warns(scenario, "W130", "were out of order and were sorted"));
  const auto warning = std::find_if(scenario.warnings.begin(), scenario.warnings.end(),
                                    [](const Issue& issue) { return issue.code == "W130"; });
  CHECK(warning->pointer == "/classes/0/trace");
  CHECK(warning->line == 15);
  // Sorted: the row at 1 s comes first, and time 0 is its time.
  const CellJob job = scenario.job(0, 0, 0);
  RequestStream requests(*job.workload, job.config.key, 1.0);
  std::vector<std::pair<double, int>> got;
  Request request;
  while (requests.next(request)) {
    if (index(request.request_class) == 0) {
      got.emplace_back(seconds(request.arrival), request.work.prompt_tokens);
    }
  }
  CHECK(got == std::vector<std::pair<double, int>>{{0, 20}, {1, 40}, {4, 10}, {8, 30}});
}

TEST_CASE("a billion requests are warned of, a hundred billion refused", "[errors][size]") {
  // One class, one cell, one hour, one replication: rate x 3,600 requests.
  const auto text = [](const std::string& rate) {
    return R"({"schema_version": "1.0", "name": "big",
 "time": {"duration": "1h"}, "replications": 1,
 "fleet": {"pools": [{"name": "p", "gpus": 4, "service_time": "1s"}]},
 "classes": [{"name": "c", "stages": [{"pool": "p"}], "rate": ")" +
           rate + "\"}]}";
  };
  const auto resolved = [&](const std::string& rate) {
    return resolve(load_scenario(ScenarioFile(text(rate)).path()));
  };
  CHECK_FALSE(warns(resolved("0.9B/h"), "W205", "requests"));
  const ResolvedScenario billion = resolved("1.2B/h");
  CHECK(warns(billion, "W205", "about 1.2e+09 requests would be simulated"));
  CHECK(warns(billion, "W205", "0.333 hours of one core"));  // at a million a second
  const auto issues = issues_of_file(ScenarioFile(text("150B/h")));
  REQUIRE(issues.size() == 1);
  CHECK(issues[0].code == "E143");
  CHECK(issues[0].pointer == "/time/duration");
  CHECK(issues[0].line == 2);
  CHECK(issues[0].column == 23);
  CHECK_THAT(issues[0].message, ContainsSubstring("1.5e+11 requests"));
  REQUIRE_FALSE(issues[0].notes.empty());
  CHECK_THAT(issues[0].notes[0], ContainsSubstring("simulate fewer cells"));
}

TEST_CASE("errors of several parts come together, each at its line", "[errors]") {
  std::string text = whole_scenario();
  text = with(text, R"("gpus": 32)", R"("gpus": "many")");
  text = with(text, R"("rate": "2/s")", R"("rate": 2)");
  text = with(text, R"("tier": 1)", R"("tier": -1)");
  text = with(text, R"("min": 0.9)", R"("minn": 0.9)");
  const auto issues = issues_of_file(ScenarioFile(text));
  REQUIRE(issues.size() >= 4);
  CHECK(std::is_sorted(issues.begin(), issues.end(),
                       [](const Issue& a, const Issue& b) { return a.line < b.line; }));
  for (const Issue& issue : issues) {
    CHECK(issue.line > 0);
    CHECK(issue.column > 0);
  }
}

TEST_CASE("lengths of zero on a pool that makes tokens count as one token", "[errors]") {
  const ScenarioFile file(
      with(whole_scenario(), R"("output_tokens": 200)", R"("output_tokens": 0)"));
  const ResolvedScenario scenario = resolve(load_scenario(file.path()));
  const CellJob job = scenario.job(0, 0, 0);
  RequestStream requests(*job.workload, job.config.key, 1.0);
  Request request;
  while (requests.next(request)) {
    if (index(request.request_class) == 0) CHECK(request.work.output_tokens == 1);
  }
}

TEST_CASE("rows outside the run are left out with a warning", "[errors][trace]") {
  const ScenarioFile file(with_trace());
  // Arrivals end after an hour; the first row falls on 0.
  file.write("trace.csv", "at,in,out\n0,5,5\n3599,5,5\n3600,5,5\n9000,5,5\n");
  const ResolvedScenario scenario = resolve(load_scenario(file.path()));
  CHECK(warns(scenario, "W132", "2 of 4 rows of \"trace.csv\" fall outside the run's arrivals"));
  file.write("trace.csv", "at,in,out\n0,5,5\n3599,5,5\n");
  CHECK_FALSE(warns(resolve(load_scenario(file.path())), "W132", "rows"));
}

TEST_CASE("a column that is there twice is refused", "[errors][trace]") {
  const Issue twice = only_trace_issue("at,in,out,in\n1,5,5,6\n");
  CHECK(twice.code == "E132");
  CHECK_THAT(twice.message, ContainsSubstring("two columns \"in\""));
}

TEST_CASE("what the engine counts in a few bits is bounded by the scenario", "[errors][size]") {
  const auto refused = [](const std::string& classes, const std::string& pool = "") {
    const std::string text = R"({"schema_version": "1.0", "name": "big", "time": {"duration": "1h"},
 "fleet": {"pools": [{"name": "p", "gpus": 4, "service_time": "1s")" +
                             pool + R"(}]}, "classes": [)" + classes + "]}";
    const auto issues = issues_of_file(ScenarioFile(text));
    REQUIRE(issues.size() == 1);
    CHECK(issues[0].line > 0);
    return issues[0].pointer + " " + issues[0].message;
  };
  const auto class_of = [](std::size_t number, std::size_t tier, std::size_t stages) {
    std::string text = R"({"name": "c)" + std::to_string(number) + R"(", "rate": "1/h", "tier": )" +
                       std::to_string(tier) + R"(, "stages": [)";
    for (std::size_t s = 0; s < stages; ++s) text += R"({"pool": "p"},)";
    text.back() = ']';
    return text + "}";
  };
  const auto classes = [&](std::size_t count, std::size_t tiers) {
    std::string text;
    for (std::size_t c = 0; c < count; ++c) text += class_of(c, c % tiers, 1) + ",";
    text.pop_back();
    return text;
  };
  CHECK(issues_of_file(ScenarioFile(R"({"schema_version": "1.0", "name": "big",
 "time": {"duration": "1h"}, "fleet": {"pools": [{"name": "p", "gpus": 4, "service_time": "1s"}]},
 "classes": [)" + classes(12, 6) + "," +
                                    class_of(12, 0, 16) + "]}"))
            .empty());
  CHECK(refused(classes(8, 7)) ==
        "/classes/6/tier one tier more than the 6 different ones that classes may have");
  CHECK(refused(class_of(0, 0, 17)) == "/classes/0/stages 17 stages; there may be 16 at most");
  CHECK(refused(classes(4096, 1)) == "/classes 4096 classes; there may be 4095 at most");
  CHECK_THAT(refused(class_of(0, 0, 1), R"(, "batching": {"max_batch": 65536})"),
             ContainsSubstring("expected between 0 and 65535"));
  CHECK_THAT(refused(class_of(0, 0, 1), R"(, "batching": {"max_batch": 1e308})"),
             ContainsSubstring("out of range"));
}

TEST_CASE("a GPU that is too slow to be one is refused", "[errors]") {
  const auto issues = issues_of_file(ScenarioFile(
      with(with(whole_scenario(), R"("gpu": "A100-SXM-80GB")", R"("gpu": "slow")"), R"("fleet": {)",
           R"("catalogue": {"gpus": [{"name": "slow", "like": "A100-SXM-80GB",
      "hbm_bytes_per_s": 1, "bf16_flops": 1, "fp16_flops": 1}]}, "fleet": {)")));
  REQUIRE(issues.size() == 2);
  std::string all;
  for (const Issue& issue : issues) all += issue.pointer + " " + issue.message + "\n";
  CHECK_THAT(all, ContainsSubstring("/catalogue/gpus/0/hbm_bytes_per_s"));
  CHECK_THAT(all, ContainsSubstring("expected at least 1GB/s"));
  CHECK_THAT(all, ContainsSubstring("/catalogue/gpus/0/bf16_flops"));
}

TEST_CASE("a name holds nothing that a terminal obeys", "[errors]") {
  const auto issues = issues_of_file(
      ScenarioFile(with(with(whole_scenario(), R"("name": "whole")", "\"name\": \"a\\u001b[31mb\""),
                        R"("name": "late")", "\"name\": \"a\\u202eb\"")));
  REQUIRE(issues.size() >= 2);
  CHECK(issues[0].pointer == "/name");
  CHECK_THAT(issues[0].message, ContainsSubstring("control characters"));
  CHECK(std::any_of(issues.begin(), issues.end(),
                    [](const Issue& issue) { return issue.pointer == "/windows/0/name"; }));
}

}  // namespace headroom
