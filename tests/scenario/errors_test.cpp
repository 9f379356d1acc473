#include <algorithm>
#include <string>
#include <vector>

#include "scenario_support.hpp"

using headroom::Issue;
using headroom::issues_of;
using headroom::whole_scenario;
using headroom::with;

namespace {

/// `from` in the right scenario becomes `to`; `at` is text that begins at the place of the issue.
struct Fault {
  std::string from, to;
  std::string code, pointer, at;
  std::string says;  // a part of the message
};

void check_fault(const Fault& fault) {
  const std::string text = with(whole_scenario(), fault.from, fault.to);
  const std::vector<Issue> issues = issues_of(text);
  INFO(fault.from << "  ->  " << fault.to);
  REQUIRE(issues.size() == 1);
  const Issue& issue = issues[0];
  CHECK(issue.code == fault.code);
  CHECK(issue.pointer == fault.pointer);
  CHECK_THAT(issue.message, ContainsSubstring(fault.says));
  CHECK(issue.file == "t.json");
  const std::size_t offset = text.find(fault.at);
  REQUIRE(offset != std::string::npos);
  const std::string before = text.substr(0, offset);
  const std::size_t newline = before.rfind('\n');
  CHECK(issue.line == 1 + std::count(before.begin(), before.end(), '\n'));
  CHECK(issue.column == static_cast<int>(offset - (newline == std::string::npos ? 0 : newline)));
}

}  // namespace

TEST_CASE("the scenario on which faults are planted is right", "[scenario][errors]") {
  CHECK(issues_of(whole_scenario()).empty());
}

TEST_CASE("names that name nothing are reported at their place", "[scenario][errors]") {
  const Fault faults[] = {
      {R"("stages": [{"pool": "pixels"}])", R"("stages": [{"pool": "pixel"}])", "E112",
       "/classes/2/stages/0/pool", "\"pixel\"", "unknown pool \"pixel\""},
      {R"("class": "paid", "metric": "ttft")", R"("class": "payed", "metric": "ttft")", "E112",
       "/targets/0/class", "\"payed\"", "unknown class \"payed\""},
      {R"("window": "late")", R"("window": "lately")", "E112", "/targets/0/window", "\"lately\"",
       "unknown window \"lately\""},
      {R"("metric": "ttft")", R"("metric": "tftt")", "E112", "/targets/0/metric", "\"tftt\"",
       "tftt"},
      {"A100-SXM-80GB", "A100-90", "E112", "/fleet/pools/0/gpu", "\"A100-90\"",
       "unknown gpu \"A100-90\""},
      {"Llama-3.1-70B", "Llama-3.1-71B", "E112", "/fleet/pools/0/model", "\"Llama-3.1-71B\"",
       "unknown model"},
      {R"("mode": "chunked")", R"("mode": "chunky")", "E112", "/fleet/pools/0/batching/mode",
       "\"chunky\"", "chunky"},
      {R"("fleet.pools.chat.gpus")", R"("fleet.pools.chat.gpu_count")", "E144",
       "/provenance/fleet.pools.chat.gpu_count", "{\"kind\": \"assumption\"", "names no field"},
  };
  for (const Fault& fault : faults) check_fault(fault);
}

TEST_CASE("an unknown name comes with the nearest known one", "[scenario][errors]") {
  const std::vector<Issue> issues =
      issues_of(with(whole_scenario(), R"("window": "late")", R"("window": "lat")"));
  REQUIRE(issues.size() == 1);
  REQUIRE(issues[0].notes.size() == 2);
  CHECK(issues[0].notes[0] == "expected one of: run, every_minute, late");
  CHECK(issues[0].notes[1] == "did you mean \"late\"?");
}

TEST_CASE("names used twice are reported at the second", "[scenario][errors]") {
  const Fault faults[] = {
      {R"("name": "pixels")", R"("name": "chat")", "E108", "/fleet/pools/1/name",
       "\"chat\", \"gpus\": 8", "two pools are called \"chat\""},
      {R"("name": "plain")", R"("name": "paid")", "E108", "/classes/2/name",
       "\"paid\", \"tier\": 2", "two classes are called \"paid\""},
      {R"("name": "late")", R"("name": "run")", "E108", "/windows/0/name", "\"run\"",
       "every scenario has"},
  };
  for (const Fault& fault : faults) {
    const auto issues = issues_of(with(whole_scenario(), fault.from, fault.to));
    INFO(fault.to);
    const auto found = std::find_if(issues.begin(), issues.end(), [&fault](const Issue& issue) {
      return issue.code == fault.code && issue.pointer == fault.pointer;
    });
    REQUIRE(found != issues.end());
    CHECK_THAT(found->message, ContainsSubstring(fault.says));
    CHECK(found->line > 0);
  }
}

TEST_CASE("times that make no sense are reported at their place", "[scenario][errors]") {
  const Fault faults[] = {
      {R"("duration": "1h")", R"("duration": "91d")", "E142", "/time/duration", "\"91d\"",
       "at most 90 days"},
      {R"("duration": "1h", "warmup": "5min", "drain": "10min")",
       R"("duration": "89d", "warmup": "5min", "drain": "2d")", "E142", "/time/drain", "\"2d\"",
       "at most 90 days"},
      {R"("duration": "1h")", R"("duration": 60)", "E120", "/time/duration", "60, \"warmup\"",
       "needs a unit"},
      {R"("duration": "1h")", R"("duration": "0s")", "E111", "/time/duration", "\"0s\"",
       "greater than"},
      {R"("duration": "1h", )", "", "E106", "/time", "{\"start\"", "duration"},
      {R"("warmup": "5min")", R"("warmup": "1h")", "E113", "/time/warmup", "\"1h\", \"drain\"",
       "leaves nothing"},
      {R"("start": "2025-03-31T00:00:00Z")", R"("start": "5min")", "E113", "/time/start",
       "\"5min\", \"duration\"", "UTC date"},
      {R"("from": "30min")", R"("from": "40min")", "E113", "/windows/0/to",
       "\"2025-03-31T00:40:00Z\"", "is empty"},
      {R"("from": "30min", "to": "2025-03-31T00:40:00Z")", R"("from": "30min", "to": "61min")",
       "E113", "/windows/0/to", "\"61min\"", "outside the run"},
      {R"("from": "30min")", R"("from": "2025-03-30T23:00:00Z")", "E113", "/windows/0/from",
       "\"2025-03-30T23:00:00Z\"", "outside the run"},
      {R"("from": "30min", "to": "2025-03-31T00:40:00Z")", R"("from": "1min", "to": "4min")",
       "E113", "/windows/0/to", "\"4min\"", "warm-up"},
  };
  for (const Fault& fault : faults) {
    if (fault.from.find("start") != std::string::npos) {
      // The window's absolute end is then outside the run as well: look at the first issue alone.
      const auto issues = issues_of(with(whole_scenario(), fault.from, fault.to));
      REQUIRE_FALSE(issues.empty());
      CHECK(issues[0].code == fault.code);
      CHECK(issues[0].pointer == fault.pointer);
      continue;
    }
    check_fault(fault);
  }
}

TEST_CASE("pools that cannot be are reported at their place", "[scenario][errors]") {
  const Fault faults[] = {
      {R"("gpus": 32)", R"("gpus": 30)", "E113", "/fleet/pools/0/gpus", "30, \"gpu\"",
       "30 GPUs are no whole number of replicas of 4"},
      {R"("gpus": 32)", R"("gpus": 0)", "E111", "/fleet/pools/0/gpus", "0, \"gpu\"",
       "between 1 and"},
      {R"("gpus": 32)", R"("gpus": -8)", "E111", "/fleet/pools/0/gpus", "-8", "between 1 and"},
      {R"("gpus": 32)", R"("gpus": 3.5)", "E110", "/fleet/pools/0/gpus", "3.5", "3.5"},
      {R"("token_budget": 1024)", R"("token_budget": 64)", "E113",
       "/fleet/pools/0/batching/token_budget", "64}", "cannot hold"},
      {R"("tensor_parallel": 4)", R"("tensor_parallel": 3)", "E113",
       "/fleet/pools/0/tensor_parallel", "3,", "do not divide"},
      {R"("tensor_parallel": 4)", R"("tensor_parallel": 1)", "E141", "/fleet/pools/0/model",
       "\"Llama-3.1-70B\"", "bytes"},
      {R"("mode": "chunked", "max_batch": 128, "token_budget": 1024)",
       R"("mode": "static", "max_batch": 128)", "E113", "/fleet/pools/0/batching/mode",
       "\"static\"", "makes tokens"},
      {R"("mode": "chunked", "max_batch": 128, "token_budget": 1024)",
       R"("mode": "slots", "max_batch": 128)", "E113", "/fleet/pools/0/batching/mode", "\"slots\"",
       "service_time"},
      {R"("mean": "2s"})", R"("mean": "2s"}, "batching": {"mode": "chunked"})", "E113",
       "/fleet/pools/1/batching/mode", "\"chunked\"}}", "needs a model"},
      {R"("kind": "exponential")", R"("kind": "exponent")", "E112",
       "/fleet/pools/1/service_time/kind", "\"exponent\"", "exponent"},
      {R"("mean": "2s"})", R"("mean": "2s"}, "model": "SDXL-1.0")", "E107", "/fleet/pools/1",
       "\"model\": \"SDXL-1.0\"", "model"},
      {R"("count": 2)", R"("count": 9)", "E113", "/fleet/cells/count", "9, ", "too few"},
      {R"("simulate": 1)", R"("simulate": 3)", "E113", "/fleet/cells/simulate", "3}", "of 2"},
      {R"("tensor_parallel": 4,)", R"("tensor_parallel": 4, "max_context": 200000,)", "E113",
       "/fleet/pools/0/max_context", "200000", "was made for 131,072 tokens"},
      {R"("tensor_parallel": 4,)", R"("tensor_parallel": 4, "image": {"steps": 4},)", "E113",
       "/fleet/pools/0/image", "{\"steps\"", "image pipeline"},
  };
  for (const Fault& fault : faults) {
    if (fault.code == "E107") {
      const auto issues = issues_of(with(whole_scenario(), fault.from, fault.to));
      REQUIRE(issues.size() == 1);
      CHECK(issues[0].code == "E107");
      CHECK_THAT(issues[0].message, ContainsSubstring(fault.says));
      continue;
    }
    check_fault(fault);
  }
}

TEST_CASE("a wrong number of GPUs names the two nearest that would do", "[scenario][errors]") {
  const auto issues = issues_of(with(whole_scenario(), R"("gpus": 32)", R"("gpus": 30)"));
  REQUIRE(issues.size() == 1);
  REQUIRE(issues[0].notes.size() == 1);
  CHECK(issues[0].notes[0] == "nearest: 28 or 32");
}

TEST_CASE("classes and targets that ask for what cannot be are reported", "[scenario][errors]") {
  const Fault faults[] = {
      {R"("prompt_tokens": 500, "output_tokens": 200, )", "", "E140", "/classes/0/stages/0",
       "{\"pool\": \"chat\"}]", "makes tokens"},
      {R"([{"pool": "pixels"}])", R"([{"pool": "pixels", "output_tokens": 5}])", "E113",
       "/classes/2/stages/0", "{\"pool\": \"pixels\", \"output", "makes no tokens"},
      {R"([{"pool": "chat"}])", R"([{"pool": "chat", "service": "1s"}])", "E113",
       "/classes/0/stages/0/service", "\"1s\"}]", "has a model"},
      {R"([{"pool": "chat"}])", "[]", "E111", "/classes/0/stages", "[], \"rate\"", "at least"},
      {R"("rate": "0.1/s")", R"("rate": "0.1/s", "slo": {"ttft": "3s"})", "E113",
       "/classes/2/slo/ttft", "\"3s\"}}", "makes no tokens"},
      {R"("class": "paid", "min")", R"("class": "plain", "min")", "E113", "/targets/1/metric",
       "\"slo_attainment\"", "has no slo"},
      {R"("max": "1s",)", R"("max": "1s", "min": 3,)", "E107", "", "\"min\": 3", "min"},
      {R"("max": "1s",)", "", "E106", "/targets/0", "{\"id\"", "max"},
      {R"("metric": "ttft", "statistic": "p95", "max": "1s",
     "window": "late")",
       R"("metric": "itl", "statistic": "p95", "max": "1s",
     "window": "every_minute")",
       "E113", "/targets/0/window", "\"every_minute\"}", "not kept by the minute"},
      {R"("statistic": "p95")", R"("statistic": "p97")", "E112", "/targets/0/statistic", "\"p97\"",
       "p97"},
      {R"("why": "a test", "range": ["16", "64"])", R"("range": ["16"])", "E111",
       "/provenance/fleet.pools.chat.gpus/range", "[\"16\"]", "low and high"},
      {R"("kind": "assumption", "why": "a test", )", R"("kind": "fact", )", "E106",
       "/provenance/fleet.pools.chat.gpus", "{\"kind\": \"fact\"", "source"},
  };
  for (const Fault& fault : faults) {
    if (fault.code == "E107") {
      const auto issues = issues_of(with(whole_scenario(), fault.from, fault.to));
      REQUIRE(issues.size() == 1);
      CHECK(issues[0].code == "E107");
      continue;
    }
    check_fault(fault);
  }
}

TEST_CASE("a scenario of too many requests is refused with their number", "[scenario][errors]") {
  // 1 h of 1e8/s in half of the cells, 10 replications: 1.8e12 requests.
  const auto issues =
      issues_of(with(whole_scenario(), R"("rate": "0.1/s")", R"("rate": "100M/s")"));
  REQUIRE(issues.size() == 1);
  CHECK(issues[0].code == "E143");
  CHECK(issues[0].pointer == "/time/duration");
  CHECK_THAT(issues[0].message, ContainsSubstring("1.8e+12 requests"));
}

TEST_CASE("all problems of a scenario are reported at once, in order", "[scenario][errors]") {
  std::string text = with(whole_scenario(), R"("window": "late")", R"("window": "later")");
  text = with(text, R"("stages": [{"pool": "pixels"}])", R"("stages": [{"pool": "pixie"}])");
  text = with(text, R"("patience": "60s")", R"("patience": 60)");
  const std::vector<Issue> issues = issues_of(text);
  REQUIRE(issues.size() == 3);
  CHECK(issues[0].pointer == "/classes/1/patience");
  CHECK(issues[1].pointer == "/classes/2/stages/0/pool");
  CHECK(issues[2].pointer == "/targets/0/window");
  CHECK(std::is_sorted(issues.begin(), issues.end(),
                       [](const Issue& a, const Issue& b) { return a.line < b.line; }));
}
