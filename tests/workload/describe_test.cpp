#include "headroom/json/document.hpp"
#include "support/catch.hpp"
#include "workload_support.hpp"

using namespace headroom;
using namespace headroom::testing;

namespace {

std::vector<Issue> decode(const std::string& text, ClassDemand& demand) {
  const auto document = json::Document::parse(text, "s.json", json::Document::Comments::kAllowed);
  std::vector<Issue> issues;
  document.decode([&demand](json::Archive& a) { describe(a, demand); }, issues);
  return issues;
}

void check_fine(const std::string& text, ClassDemand& demand) {
  const auto issues = decode(text, demand);
  for (const Issue& issue : issues) UNSCOPED_INFO(issue.pointer << ": " << issue.message);
  CHECK(issues.empty());
}

/// The text's only problem.
void check_problem(const std::string& text, const std::string& code, const std::string& pointer) {
  ClassDemand demand;
  const auto issues = decode(text, demand);
  INFO(text);
  REQUIRE(issues.size() >= 1);
  UNSCOPED_INFO(issues[0].message);
  CHECK(issues[0].code == code);
  CHECK(issues[0].pointer == pointer);
}

}  // namespace

TEST_CASE("the short forms of a class read as constants", "[workload][describe]") {
  ClassDemand demand;
  check_fine(
      R"({"rate": "7200/h", "prompt_tokens": 600, "output_tokens": 250, "patience": "2min"})",
      demand);
  CHECK(demand.rate.base_per_s == Approx(2));
  CHECK(mean_of(*demand.output_tokens) == 250);
  CHECK(mean_of(*demand.patience_s) == 120);
  CHECK_FALSE(demand.prefix_hit_share.has_value());
}

TEST_CASE("a full class reads into its parts", "[workload][describe]") {
  ClassDemand demand;
  check_fine(R"({
    "rate": {
      "users": 5e8, "requests_per_user": "2/day",
      "profile": {"name": "azure-conversation-week", "interpolation": "linear", "amplitude": 0.7},
      "growth": {"kind": "dated", "points": [{"at": "2025-03-31T00:00:00Z", "multiplier": 1.05}]},
      "surges": [
        {"name": "launch", "kind": "ramp", "start": "1d", "rise": "3h", "multiply": 2},
        {"name": "sign-ups", "kind": "exponential", "start": "17h", "rise": "10min",
         "duration": "50min", "decay": "40min", "add": "695/s", "repeat_every": "1d"},
        {"kind": "points", "start": "0s",
         "points": [{"after": "0s", "multiply": 1}, {"after": "1h", "multiply": 2}]}]
    },
    "arrivals": {"process": "gamma", "cv": 1.5},
    "prompt_tokens": {"kind": "lognormal", "mean": 600, "p50": 400, "max": 8192},
    "output_tokens": {"kind": "empirical", "values": [272, 1056], "weights": [1, 3]},
    "prefix_hit_share": {"kind": "uniform", "low": 0.2, "high": 0.8},
    "patience": {"kind": "exponential", "mean": "120s", "min": "1s"}
  })",
             demand);
  CHECK(*demand.rate.users == 5e8);
  CHECK(demand.rate.growth.points.at(0).at.absolute);
  REQUIRE(demand.rate.surges.size() == 3);
  CHECK_FALSE(demand.rate.surges[0].adds);
  CHECK(demand.rate.surges[1].adds);
  CHECK(demand.rate.surges[1].add_per_s == 695);
  CHECK(demand.rate.surges[1].decay_s == 2400);
  CHECK(demand.rate.surges[2].points.at(1).after_s == 3600);
  CHECK(demand.arrivals.cv == 1.5);
  CHECK(*demand.prompt_tokens->max == 8192);
  CHECK(mean_of(*demand.output_tokens) == Approx(860));
}

TEST_CASE("a trace and joint lengths read into their parts", "[workload][describe]") {
  ClassDemand demand;
  check_fine(R"({
    "trace": {"path": "t.csv.gz",
      "columns": {"arrival": "ts", "prompt_tokens": "in", "output_tokens": "out", "class": "kind"},
      "arrival_unit": "ms", "spread": "3s", "rate_scale": 2, "loop": true,
      "filters": [{"column": "ok", "any_of": ["yes"]}]}
  })",
             demand);
  REQUIRE(demand.trace.has_value());
  CHECK(demand.trace->pointer == "/trace");
  CHECK(demand.trace->spread_s == 3);
  CHECK(has_lengths(demand, 0));
  CHECK_FALSE(has_service(demand, 0));

  ClassDemand joint;
  check_fine(R"({"rate": "1/s", "lengths": {"kind": "joint",
    "prompt_probabilities": [0, 0.5, 1], "prompt_quantiles": [1, 100, 1000],
    "output_probabilities": [0, 1],
    "groups": [{"output_quantiles": [1, 10]}, {"output_quantiles": [100, 300]}]}})",
             joint);
  WorkloadConfig config = plain_demand(1, 10);
  config.classes[0] = joint;
  CHECK(compile(config)->mean_work(ClassId{0}, 0).output_tokens == Approx((5.5 + 200) / 2));
  // 0.5 x (1 + 100) / 2 + 0.5 x (100 + 1,000) / 2
  CHECK(compile(config)->mean_work(ClassId{0}, 0).prompt_tokens == Approx(300.25));
}

TEST_CASE("what is wrong with a demand is told at its place", "[workload][describe][errors]") {
  check_problem(R"({"prompt_tokens": 5})", "E106", "");
  check_problem(R"({"rate": "1/s", "trace": {"path": "t.csv"}})", "E106", "");
  check_problem(R"({"rate": 5})", "E120", "/rate");
  check_problem(R"({"rate": "-5/s"})", "E111", "/rate");
  check_problem(R"({"rate": {"profile": {"name": "flat"}}})", "E106", "/rate");
  check_problem(R"({"rate": {"base": "1/s", "users": 5, "requests_per_user": "1/day"}})", "E106",
                "/rate");
  check_problem(R"({"rate": {"base": "1/s", "profile": {"name": "azure-converstion-week"}}})",
                "E112", "/rate/profile/name");
  check_problem(R"({"rate": {"base": "1/s", "profile": {"values": [1, 2]}}})", "E111",
                "/rate/profile/values");
  check_problem(R"({"rate": {"base": "1/s", "surges": [{"kind": "step", "start": "0s"}]}})", "E106",
                "/rate/surges/0");
  check_problem(
      R"({"rate": {"base": "1/s", "surges": [{"kind": "step", "multiply": 2, "add": "1/s"}]}})",
      "E106", "/rate/surges/0");
  check_problem(
      R"({"rate": {"base": "1/s", "surges": [{"kind": "step", "multiply": 2, "durration": "1s"}]}})",
      "E107", "/rate/surges/0");
  check_problem(R"({"rate": {"base": "1/s", "surges": [{"kind": "logistic", "multiply": 2}]}})",
                "E106", "/rate/surges/0");
  check_problem(R"({"rate": {"base": "1/s", "surges": [{"kind": "step", "multiply": 2,
                   "duration": "1h", "repeat_every": "30min"}]}})",
                "E111", "/rate/surges/0/repeat_every");
  check_problem(R"({"rate": "1/s", "arrivals": {"process": "gamma"}})", "E106", "/arrivals");
  check_problem(R"({"rate": "1/s", "arrivals": {"process": "markov_modulated"}})", "E106",
                "/arrivals");
  check_problem(R"({"rate": "1/s", "arrivals": {"process": "markov_modulated",
                   "states": [{"factor": 1, "mean_sojourn": "1s"}]}})",
                "E111", "/arrivals/states");
  check_problem(R"({"rate": "1/s", "arrivals": {"process": "markov_modulated",
                   "states": [{"factor": 0, "mean_sojourn": "1s"},
                              {"factor": 0, "mean_sojourn": "1s"}]}})",
                "E111", "/arrivals/states");
  check_problem(R"({"rate": "1/s", "arrivals": {"process": "markov_modulated",
                   "states": [{"factor": -1, "mean_sojourn": "1s"},
                              {"factor": 1, "mean_sojourn": "1s"}]}})",
                "E111", "/arrivals/states/0/factor");
  check_problem(R"({"rate": "1/s", "output_tokens": -1})", "E111", "/output_tokens");
  check_problem(R"({"rate": "1/s", "output_tokens": {"kind": "lognormal", "mean": 5}})", "E106",
                "/output_tokens");
  check_problem(
      R"({"rate": "1/s", "output_tokens": {"kind": "exponential", "mean": 10, "min": 90}})", "E111",
      "/output_tokens/min");
  check_problem(R"({"rate": "1/s", "output_tokens": {"kind": "empirical",
                   "probabilities": [0, 0.5], "quantiles": [1, 2]}})",
                "E111", "/output_tokens/probabilities");
  check_problem(R"({"rate": "1/s", "prefix_hit_share": 1.5})", "E111", "/prefix_hit_share");
  check_problem(R"({"rate": "1/s", "patience": 30})", "E120", "/patience");
  check_problem(R"({"rate": "1/s", "lengths": {"kind": "table"}, "prompt_tokens": 5})", "E111",
                "/lengths");
  check_problem(R"({"rate": "1/s", "lengths": {"kind": "table", "table": "azure-2023-chat"}})",
                "E112", "/lengths/table");
}

TEST_CASE("points that add and points that multiply do not mix", "[workload][describe][errors]") {
  ClassDemand demand;
  check_fine(R"({"rate": {"base": "1/s", "surges": [{"kind": "points",
                "points": [{"after": "0s", "add": "5/s"}, {"after": "1h", "add": "0/s"}]}]}})",
             demand);
  CHECK(demand.rate.surges[0].adds);
  check_problem(R"({"rate": {"base": "1/s", "surges": [{"kind": "points",
                   "points": [{"after": "0s", "add": "5/s"}, {"after": "1h", "multiply": 2}]}]}})",
                "E111", "/rate/surges/0/points");
}

TEST_CASE("what was left out is explained as such, and has no default in the schema",
          "[workload][describe]") {
  const auto body = [](json::Archive& a) {
    ClassDemand demand;
    describe(a, demand);
  };
  const auto document = json::Document::parse(
      R"({"rate": {"base": "1/s", "surges": [{"multiply": 2}]},
          "output_tokens": {"kind": "lognormal", "mean": 5, "cv": 1}})",
      "s.json", json::Document::Comments::kForbidden);
  const auto rows = json::explain(document, body);
  const auto value = [&rows](const std::string& pointer) -> std::string {
    for (const auto& row : rows) {
      if (row.pointer == pointer) return row.value;
    }
    return "no such row";
  };
  CHECK(value("/rate/base") == "1/s");
  CHECK(value("/rate/surges/0/multiply") == "2");
  CHECK(value("/rate/surges/0/add") == "none");
  CHECK(value("/output_tokens/cv") == "1");
  CHECK(value("/output_tokens/p50") == "none");
  CHECK(value("/output_tokens/max") == "none");
  const std::string schema = json::write_schema("class", "class.json", body);
  CHECK(schema.find("null") == std::string::npos);
  CHECK(schema.find("NaN") == std::string::npos);
}
