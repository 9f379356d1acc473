#include <fmt/format.h>

#include "errors_support.hpp"

// One wrong document a line, each a right scenario with one fault, read from a file as a planner's
// is. tests/scenario plants faults of its own: what is here is not there.

namespace headroom {
namespace {

/// `from` in the right scenario becomes `to`; the issue stands at the first `at` from there on.
struct Document {
  std::string from, to, at;
  std::string code, pointer;
  std::string says;   ///< a part of the message
  std::string notes;  ///< a part of the first note; empty: not looked at
};

/// What differs from the one issue that the document should be refused with; empty where nothing
/// does.
std::string difference(const Document& document) {
  const std::string right = whole_scenario();
  const std::size_t change = right.find(document.from);
  if (change == std::string::npos) return "the right scenario has no " + document.from;
  const std::string text = with(right, document.from, document.to);
  const testing::ScenarioFile file(text);
  const std::vector<Issue> issues = testing::issues_of_file(file);
  if (issues.size() != 1) return fmt::format("{}: {} issues", document.to, issues.size());
  const Issue& issue = issues[0];
  // An object that lacks something is the one around the change.
  const bool inside = text.find(document.at, change) != std::string::npos;
  const std::size_t at = inside ? text.find(document.at, change) : text.rfind(document.at, change);
  if (at == std::string::npos) return "the document has no " + document.at;
  const auto [line, column] = testing::place_of(text, at);
  std::string found;
  const auto compare = [&](const char* what, const auto& is, const auto& expected) {
    if (is != expected)
      found += fmt::format("{}: {} {}, not {}\n", document.to, what, is, expected);
  };
  const auto look_for = [&](const char* what, const std::string& in, const std::string& part) {
    if (in.find(part) == std::string::npos) {
      found += fmt::format("{}: {} \"{}\" lacks \"{}\"\n", document.to, what, in, part);
    }
  };
  compare("code", issue.code, document.code);
  compare("pointer", issue.pointer, document.pointer);
  compare("file", issue.file, file.path());
  compare("line", issue.line, line);
  compare("column", issue.column, column);
  look_for("message", issue.message, document.says);
  if (!document.notes.empty()) {
    look_for("note", issue.notes.empty() ? "" : issue.notes[0], document.notes);
  }
  return found;
}

TEST_CASE("what is no JSON is refused where it stops being so", "[errors]") {
  const Document documents[] = {
      {R"("tier": 1,)", R"("tier": 1,,)", ",\n", "E100", "", "unexpected ','", ""},
      {R"("warmup": "5min", "drain": "10min"})", R"("warmup": "5min", "drain": "10min",})", "}",
       "E100", "", "unexpected '}'", "remove the comma"},
      {R"("gpus": 8)", R"("gpus": NaN)", "NaN", "E100", "", "NaN and infinity are not numbers", ""},
      {R"("gpus": 8)", R"("gpus": Infinity)", "Infinity", "E100", "",
       "NaN and infinity are not numbers", ""},
      {R"("gpus": 8)", R"("gpus": 08)", "08", "E100", "", "unexpected number literal", ""},
      {R"("min": 0.9)", R"("min": .9)", ".9", "E100", "", "invalid literal", ""},
      {R"("min": 0.9)", R"("min": 1e999)", "1e999", "E100", "", "number overflow", ""},
      {R"("name": "whole")", "'name': 'whole'", "'name'", "E100", "", "invalid literal",
       "double quotes"},
      {R"("name": "whole",)", "\"name\": \"whole\"\n  ", R"("time")", "E100", "",
       "expected ',' or '}'", ""},
  };
  for (const Document& document : documents) CHECK(difference(document) == "");
}

TEST_CASE("a field given twice is refused at the second, which names the first", "[errors]") {
  const Document documents[] = {
      {R"("gpus": 32,)", R"("gpus": 32, "gpus": 64,)", R"("gpus": 64)", "E101",
       "/fleet/pools/0/gpus", R"(duplicate key "gpus")", "first given at line 8"},
      {R"("rate": "2/s",)", R"("rate": "2/s", "rate": "3/s",)", R"("rate": "3/s")", "E101",
       "/classes/0/rate", R"(duplicate key "rate")", "first given at line 15"},
      {R"("duration": "1h",)", R"("duration": "1h", "duration_s": 3600,)", R"("duration_s")",
       "E101", "/time", "are the same field; keep one", ""},
      {R"("name": "whole",)", R"("name": "whole", "name": "hole",)", R"("name": "hole")", "E101",
       "/name", R"(duplicate key "name")", "first given at line 3"},
  };
  for (const Document& document : documents) CHECK(difference(document) == "");
}

TEST_CASE("an unknown field comes with the nearest known one, at every level", "[errors]") {
  const Document documents[] = {
      {R"("name": "whole",)", R"("name": "whole", "sede": 1,)", R"("sede")", "E107", "",
       R"(did you mean "seed"?)", ""},
      {R"("drain": "10min")", R"("drian": "10min")", R"("drian")", "E107", "/time",
       R"(did you mean "drain"?)", ""},
      {R"("simulate": 1)", R"("simulated": 1)", R"("simulated")", "E107", "/fleet/cells",
       R"(did you mean "simulate"?)", ""},
      {R"("token_budget": 1024)", R"("tokens_budget": 1024)", R"("tokens_budget")", "E107",
       "/fleet/pools/0/batching", R"(did you mean "token_budget"?)", ""},
      {R"("tensor_parallel": 4)", R"("tensor_paralel": 4)", R"("tensor_paralel")", "E107",
       "/fleet/pools/0", R"(did you mean "tensor_parallel"?)", ""},
      {R"("patience": "60s")", R"("patient": "60s")", R"("patient")", "E107", "/classes/1",
       R"(did you mean "patience"?)", ""},
      {R"("slo": {"ttft": "1s"})", R"("slo": {"tfft": "1s"})", R"("tfft")", "E107",
       "/classes/0/slo", R"(did you mean "ttft"?)", ""},
      {R"("statistic": "p95")", R"("statistics": "p95")", R"("statistics")", "E107", "/targets/0",
       R"(did you mean "statistic"?)", ""},
      {R"("why": "a test")", R"("because": "a test")", R"("because")", "E107",
       "/provenance/fleet.pools.chat.gpus", R"(unknown field "because")",
       "fields not used here yet: source, why"},
  };
  for (const Document& document : documents) CHECK(difference(document) == "");
}

TEST_CASE("values of another type are refused with what is expected", "[errors]") {
  const Document documents[] = {
      {R"("schema_version": "1.0")", R"("schema_version": 1.0)", "1.0", "E110", "/schema_version",
       "", ""},
      {R"("schema_version": "1.0")", R"("schema_version": "2.0")", R"("2.0")", "E112",
       "/schema_version", R"(unknown schema_version "2.0")", "expected one of: 1.0"},
      {R"("stages": [{"pool": "chat"}], "rate": "2/s")",
       R"("stages": {"pool": "chat"}, "rate": "2/s")", R"({"pool": "chat"}, "rate")", "E110",
       "/classes/0/stages", "expected a list of objects, found an object", ""},
      {R"("rate": "2/s")", R"("rate": "soon")", R"("soon")", "E110", "/classes/0/rate",
       R"("soon" is not a rate)", ""},
      {R"("patience": "60s")", R"("patience": "1 minute")", R"("1 minute")", "E121",
       "/classes/1/patience", R"(unknown unit "minute")", ""},
      {R"("min": 0.9)", R"("min": "90%")", R"("90%")", "E110", "/targets/1/min",
       "expected a number", ""},
  };
  for (const Document& document : documents) CHECK(difference(document) == "");
}

TEST_CASE("a number without its unit is refused with the way to write it", "[errors]") {
  const Document documents[] = {
      {R"("rate": "2/s")", R"("rate": 2)", "2,", "E120", "/classes/0/rate", R"(write "2/s")", ""},
      {R"("drain": "10min")", R"("drain": 600)", "600", "E120", "/time/drain", "600 needs a unit",
       ""},
      {R"("ttft": "1s")", R"("ttft": 1)", "1}", "E120", "/classes/0/slo/ttft", R"(write "1s")", ""},
      {R"("from": "30min")", R"("from": 1800)", "1800", "E120", "/windows/0/from",
       "1800 needs a unit", ""},
      {R"("mean": "2s")", R"("mean": 2)", "2}", "E120", "/fleet/pools/1/service_time/mean",
       R"(write "2s")", ""},
      {R"("patience": "60s")", R"("patience": "60")", R"("60")", "E120", "/classes/1/patience",
       R"(write "60s")", ""},
      {R"("tier": 1,)", R"("tier": 1, "fixed_delay": 5,)", "5,\n", "E120", "/classes/1/fixed_delay",
       R"(write "5s")", ""},
      {R"("max": "1s")", R"("max": 1)", "1,\n", "E120", "/targets/0/max", R"(write "1s")", ""},
  };
  for (const Document& document : documents) CHECK(difference(document) == "");
}

TEST_CASE("negative, zero and too large values are refused with what is allowed", "[errors]") {
  const Document documents[] = {
      {R"("warmup": "5min")", R"("warmup": "-5min")", R"("-5min")", "E111", "/time/warmup",
       "between 0s and 90d", ""},
      {R"("rate": "2/s")", R"("rate": "-2/s")", R"("-2/s")", "E111", "/classes/0/rate",
       "at least 0/s", ""},
      {R"("patience": "60s")", R"("patience": "0s")", R"("0s")", "E111", "/classes/1/patience",
       "greater than 0s", ""},
      {R"("mean": "2s")", R"("mean": "0s")", R"("0s")", "E111", "/fleet/pools/1/service_time/mean",
       "greater than 0s", ""},
      {R"("mean": "2s")", R"("mean": "-2s")", R"("-2s")", "E111",
       "/fleet/pools/1/service_time/mean", "greater than 0s", ""},
      {R"("count": 2)", R"("count": 0)", R"(0, "simulate")", "E111", "/fleet/cells/count",
       "between 1 and", ""},
      {R"("simulate": 1)", R"("simulate": -1)", "-1", "E111", "/fleet/cells/simulate",
       "between 0 and", ""},
      {R"("max_batch": 128)", R"("max_batch": -1)", "-1", "E111",
       "/fleet/pools/0/batching/max_batch", "between 0 and 65535", ""},
      {R"("token_budget": 1024)", R"("token_budget": -1)", "-1", "E111",
       "/fleet/pools/0/batching/token_budget", "between 0 and 1048576", ""},
      {R"("tensor_parallel": 4)", R"("tensor_parallel": 0)", "0,\n", "E111",
       "/fleet/pools/0/tensor_parallel", "between 1 and 1024", ""},
      {R"("tier": 1)", R"("tier": -1)", "-1", "E111", "/classes/1/tier", "between 0 and 1000", ""},
      {R"("prompt_tokens": 500)", R"("prompt_tokens": -500)", "-500", "E111",
       "/classes/0/prompt_tokens", "between 0 and", ""},
      {R"("output_tokens": 200)", R"("output_tokens": 1e12)", "1e12", "E111",
       "/classes/0/output_tokens", "1e+12 is out of range", ""},
      {R"("min": 0.9)", R"("min": 1.5)", "1.5", "E111", "/targets/1/min", "between 0 and 1", ""},
      {R"("max": "1s")", R"("max": "-1s")", R"("-1s")", "E111", "/targets/0/max",
       "between 0s and 90d", ""},
      {R"("name": "whole",)", R"("name": "whole", "seed": -1,)", "-1", "E111", "/seed",
       "-1 is out of range", ""},
      {R"("name": "whole",)", R"("name": "whole", "seed": 1.5,)", "1.5", "E110", "/seed",
       "expected a whole number, found 1.5", ""},
      {R"("name": "whole",)", R"("name": "whole", "replications": 0,)", "0,", "E111",
       "/replications", "between 1 and", ""},
      {R"("name": "whole",)", R"("name": "whole", "confidence": 1,)", "1,", "E111", "/confidence",
       "between 0.5 and 0.9999", ""},
      {R"("tensor_parallel": 4,)", R"("tensor_parallel": 4, "kv": {"block_tokens": 0},)", "0}",
       "E111", "/fleet/pools/0/kv/block_tokens", "between 1 and 65536", ""},
      {R"("tensor_parallel": 4,)", R"("tensor_parallel": 4, "kv": {"blocks": -5},)", "-5}", "E111",
       "/fleet/pools/0/kv/blocks", "between 0 and", ""},
      {R"("rate": "2/s",)", R"("rate": "2/s", "prefix_hit_share": 1.2,)", "1.2", "E111",
       "/classes/0/prefix_hit_share", "between 0 and 1", ""},
      {R"("rate": "2/s",)", R"("rate": "2/s", "arrivals": {"process": "gamma", "cv": 0},)", "0}",
       "E111", "/classes/0/arrivals/cv", "between 0.01 and 100", ""},
      {R"("rate": "2/s",)",
       R"("rate": {"base": "2/s", "growth": {"kind": "compound", "rate": -1}},)", "-1}", "E111",
       "/classes/0/rate/growth/rate", "greater than -1", ""},
      {R"("rate": "2/s",)",
       R"("rate": {"base": "2/s", "surges": [{"kind": "step", "multiply": -2}]},)", "-2}", "E111",
       "/classes/0/rate/surges/0/multiply", "at least 0", ""},
      {R"("rate": "2/s",)", R"("rate": {"users": 0, "requests_per_user": "1/day"},)",
       R"(0, "requests_per_user")", "E111", "/classes/0/rate/users", "greater than 0", ""},
  };
  for (const Document& document : documents) CHECK(difference(document) == "");
}

TEST_CASE("unknown words come with those that are known", "[errors]") {
  const Document documents[] = {
      {R"("tensor_parallel": 4,)", R"("tensor_parallel": 4, "queueing": "centrall",)",
       R"("centrall")", "E112", "/fleet/pools/0/queueing", R"(unknown queueing "centrall")",
       "expected one of: central"},
      {R"("kind": "assumption")", R"("kind": "guess")", R"("guess")", "E112",
       "/provenance/fleet.pools.chat.gpus/kind", R"(unknown kind "guess")",
       "fact, derived, assumption, calibrated"},
      {R"("rate": "2/s",)", R"("rate": {"base": "2/s", "profile": {"name": "azure"}},)",
       R"("azure")", "E112", "/classes/0/rate/profile/name", R"(unknown name "azure")",
       "azure-conversation-week"},
      {R"("window": "late"},)", R"("window": "late", "of": "served"},)", R"("served")", "E112",
       "/targets/0/of", R"(unknown of "served")", "offered, admitted"},
  };
  for (const Document& document : documents) CHECK(difference(document) == "");
}

TEST_CASE("what is left out is told where it belongs", "[errors]") {
  const Document documents[] = {
      {R"("name": "chat", "gpus": 32,)", R"("name": "chat",)", R"({"name": "chat")", "E106",
       "/fleet/pools/0", R"(missing field "gpus")", "gpus: GPUs, in whole replicas"},
      {R"("gpu": "A100-SXM-80GB", )", "", R"({"name": "chat")", "E106", "/fleet/pools/0",
       R"(missing field "gpu")", ""},
      {R"("kind": "exponential", "mean": "2s")", R"("kind": "exponential")",
       R"({"kind": "exponential"})", "E106", "/fleet/pools/1/service_time", "needs mean", ""},
      {R"(, "rate": "0.1/s"})", "}", R"({"name": "plain")", "E106", "/classes/2",
       "one of rate or trace", ""},
      {R"("stages": [{"pool": "chat"}], "rate": "2/s",)", R"("rate": "2/s",)", R"({"name": "paid")",
       "E106", "/classes/0", R"(missing field "stages")", "the pools it visits"},
  };
  for (const Document& document : documents) CHECK(difference(document) == "");
}

TEST_CASE("files that are not there are told where the scenario names them", "[errors]") {
  const Document documents[] = {
      {R"("rate": "2/s",)", R"("trace": {"path": "/no/such/trace.csv"},)",
       R"("/no/such/trace.csv")", "E131", "/classes/0/trace/path",
       R"(cannot read "/no/such/trace.csv")", "looked at /no/such/trace.csv"},
      {R"("rate": "2/s",)", R"("trace": {"path": ""},)", R"(""})", "E111", "/classes/0/trace/path",
       "no trace is named", "--set classes.0.trace.path=FILE"},
      {R"("rate": "2/s",)", R"("trace": {},)", "{},\n", "E106", "/classes/0/trace",
       R"(missing field "path")", ""},
      {R"("rate": "2/s",)", R"("rate": {"file": {"path": "no-rates.csv"}},)", R"("no-rates.csv")",
       "E131", "/classes/0/rate/file/path", R"(cannot read "no-rates.csv")", "looked at"},
      {R"("name": "whole",)", R"("name": "whole", "catalogue": {"files": ["no-such.json"]},)",
       R"("no-such.json")", "E102", "/catalogue/files/0", R"("no-such.json": cannot read the file)",
       ""},
  };
  for (const Document& document : documents) CHECK(difference(document) == "");
}

}  // namespace
}  // namespace headroom
