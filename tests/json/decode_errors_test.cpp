#include <functional>

#include "example.hpp"
#include "support/catch.hpp"

using headroom::example_issues;
using headroom::Issue;
using headroom::json::Archive;
using headroom::json::Document;

namespace {

/// One thing wrong in a document that is right but for it. `text` stands on line 3 from column 3.
struct Fault {
  std::string text;
  std::string code, pointer, message;
  int column, length;
};

std::string around(const std::string& fields) {
  return "{\n  \"horizon\": \"1h\", \"pools\": [{\"name\": \"p\", \"gpus\": 1}],\n  " + fields +
         "\n}";
}

std::vector<Issue> issues_of(const std::string& text, const std::function<void(Archive&)>& body) {
  std::vector<Issue> issues;
  Document::parse(text, "t.json", Document::Comments::kForbidden).decode(body, issues);
  return issues;
}

}  // namespace

TEST_CASE("every kind of error has its code, pointer, line, column and length", "[json][errors]") {
  const Fault faults[] = {
      {R"("note": 5)", "E110", "/note", "expected a string, found 5", 11, 1},
      {R"("note": null)", "E110", "/note", "expected a string, found null", 11, 4},
      {R"("rate": true)", "E110", "/rate", "expected a rate such as \"120/s\", found true", 11, 4},
      {R"("rate": "fast")", "E110", "/rate", "\"fast\" is not a rate; write for example \"120/s\"",
       11, 6},
      {R"("rate": 12)", "E120", "/rate", "12 needs a unit; write \"12/s\"", 11, 2},
      {R"("rate": "12")", "E120", "/rate", "12 needs a unit; write \"12/s\"", 11, 4},
      {R"("rate": "12/min ute")", "E121", "/rate",
       "unknown unit \"/min ute\" in \"12/min ute\"; expected /s, /min, /h, /day, /week, each also "
       "with k, M or B (thousand, million, billion)",
       11, 12},
      {R"("rate": "-1/s")", "E111", "/rate", "\"-1/s\" is out of range; expected at least 0/s", 11,
       6},
      {R"("max_s": 0)", "E111", "/max_s", "0 is out of range; expected greater than 0s", 12, 1},
      {R"("max_s": -2.5)", "E111", "/max_s", "-2.5 is out of range; expected greater than 0s", 12,
       4},
      {R"("rate": "1/s", "rate_per_s": 1)", "E101", "",
       "\"rate_per_s\" and \"rate\" are the same field; keep one", 18, 12},
      {R"("start": "2025-02-30T00:00:00Z")", "E110", "/start",
       "\"2025-02-30T00:00:00Z\" is not a time in UTC; write for example \"2025-03-31T17:00:00Z\"",
       12, 22},
      {R"("start": 12)", "E120", "/start", "12 needs a unit; write \"12s\"", 12, 2},
      {R"("start": [])", "E110", "/start",
       "expected a time such as \"12h\" or \"2025-03-31T17:00:00Z\", found a list", 12, 1},
      {R"("tags": "a")", "E110", "/tags", "expected a list of strings, found the string \"a\"", 11,
       3},
      {R"("tags": ["a", 5])", "E110", "/tags/1", "expected a string, found 5", 17, 1},
      {R"("classes": {})", "E110", "/classes", "expected a list of objects, found an object", 14,
       1},
      {R"("classes": [5])", "E110", "/classes/0", "expected an object, found 5", 15, 1},
      {R"("classes": [{}])", "E106", "/classes/0", "missing field \"name\"", 15, 1},
      {R"("models": [])", "E110", "/models", "expected an object of named entries, found a list",
       13, 1},
      {R"("models": {"m": 5})", "E110", "/models/m", "expected an object, found 5", 19, 1},
      {R"("models": {"m": {"layers": 0}})", "E111", "/models/m/layers",
       "0 is out of range; expected between 1 and 1000", 30, 1},
      {R"("models": {"m": {"layers": 1.5}})", "E110", "/models/m/layers",
       "expected a whole number, found 1.5", 30, 3},
      {R"("models": {"m": {"layers": "5"}})", "E110", "/models/m/layers",
       "expected a whole number, found the string \"5\"", 30, 3},
      {R"("engine": {"utilisation": 1.01})", "E111", "/engine/utilisation",
       "1.01 is out of range; expected between 0 and 1", 29, 4},
      {R"("engine": {"utilisation": "90%"})", "E110", "/engine/utilisation",
       "expected a number, found the string \"90%\"", 29, 5},
      {R"("engine": [])", "E110", "/engine", "expected an object, found a list", 13, 1},
      {R"("engine": {"max_bach": 5})", "E107", "/engine",
       "unknown field \"max_bach\"; did you mean \"max_batch\"?", 14, 10},
      {R"("colour": "red")", "E107", "", "unknown field \"colour\"", 3, 8},
      {R"("faults": {})", "E106", "/faults", "missing field \"mtbf\"", 13, 1},
      {R"("faults": {"mtbf": "1month"})", "E121", "/faults/mtbf",
       "\"month\" in \"1month\" is not a unit, since its length varies; write days, for example "
       "\"30d\"",
       22, 8},
      {R"("pools ": [])", "E107", "", "unknown field \"pools \"; did you mean \"pools\"?", 3, 8},
      {R"("classes": [{"name": "c", "output_tokens": "many"}])", "E110", "/classes/0/output_tokens",
       "expected a number or an object, found the string \"many\"", 46, 6},
      {R"("classes": [{"name": "c", "output_tokens": 0}])", "E111", "/classes/0/output_tokens",
       "0 is out of range; expected greater than 0", 46, 1},
      {R"("classes": [{"name": "c", "patience": 120}])", "E120", "/classes/0/patience",
       "120 needs a unit; write \"120s\"", 41, 3},
      {R"("classes": [{"name": "c", "patience": []}])", "E110", "/classes/0/patience",
       "expected a duration such as \"90s\", or an object, found a list", 41, 1},
      {R"("classes": [{"name": "c", "output_tokens": {"kind": "lognorml", "mean": 5}}])", "E112",
       "/classes/0/output_tokens/kind", "unknown kind \"lognorml\"", 55, 10},
      {R"("classes": [{"name": "c", "output_tokens": {"kind": 5}}])", "E110",
       "/classes/0/output_tokens/kind",
       "expected one of the words constant, lognormal, empirical, found 5", 55, 1},
      {R"("classes": [{"name": "c", "output_tokens": {"value": 5, "cv": 1}}])", "E107",
       "/classes/0/output_tokens", "unknown field \"cv\"; it goes with kind \"lognormal\"", 59, 4},
      {R"("classes": [{"name": "c", "output_tokens": {"kind": "empirical", "samples": [1, -1]}}])",
       "E111", "/classes/0/output_tokens/samples/1", "-1 is out of range; expected greater than 0",
       83, 2},
  };
  for (const Fault& fault : faults) {
    INFO(fault.text);
    const auto issues = example_issues(around(fault.text));
    // The first line of what is right gives the object its commas.
    REQUIRE(issues.size() == 1);
    CHECK(issues[0].code == fault.code);
    CHECK(issues[0].file == "example.json");
    CHECK(issues[0].pointer == fault.pointer);
    CHECK(issues[0].message == fault.message);
    CHECK(issues[0].line == 3);
    CHECK(issues[0].column == fault.column);
    CHECK(issues[0].length == fault.length);
  }
}

TEST_CASE("all issues of a document are reported, in its order", "[json][errors]") {
  const auto issues = example_issues(
      "{\n"
      "  \"pools\": [\n"
      "    {\"gpus\": 0, \"gpu\": \"A100-SXM-80G\", \"nam\": \"x\"},\n"
      "    {\"name\": \"b\", \"gpus\": 1, \"gpu\": \"L4\", \"memory\": \"80GiB\"}\n"
      "  ],\n"
      "  \"rate\": 5\n"
      "}");
  std::vector<std::string> seen;
  for (const Issue& issue : issues) {
    seen.push_back(issue.code + " " + issue.pointer + " " + std::to_string(issue.line) + ":" +
                   std::to_string(issue.column));
  }
  CHECK(seen == std::vector<std::string>{"E106  1:1", "E106 /pools/0 3:5",
                                         "E111 /pools/0/gpus 3:14", "E112 /pools/0/gpu 3:24",
                                         "E107 /pools/0 3:40", "E130 /pools/1/memory 4:53",
                                         "E120 /rate 6:11"});
  REQUIRE(issues.size() == 7);
  CHECK(issues[3].notes ==
        std::vector<std::string>{"expected one of: A100-SXM-80GB, H100-SXM-80GB, L4",
                                 "did you mean \"A100-SXM-80GB\"?"});
  CHECK(issues[4].message == "unknown field \"nam\"; did you mean \"name\"?");
}

TEST_CASE("a list shorter than it must be, and a root that is no object, are refused",
          "[json][errors]") {
  const auto empty = example_issues(R"({"horizon": "1h", "pools": []})");
  REQUIRE(empty.size() == 1);
  CHECK(empty[0].code == "E111");
  CHECK(empty[0].pointer == "/pools");
  CHECK(empty[0].message == "the list is empty; expected at least 1 item");
  const auto list = example_issues("[]");
  REQUIRE(list.size() == 1);
  CHECK(list[0].code == "E110");
  CHECK(list[0].pointer.empty());
  CHECK(list[0].message == "expected an object, found a list");
}

TEST_CASE("a wrong value leaves the default in place", "[json][errors]") {
  double share = 0.5;
  std::int64_t count = 7;
  headroom::Ticks wait{5};
  const auto issues = issues_of(R"({"share": 2, "count": 1e30, "wait": "200d"})", [&](Archive& a) {
    a.number({"share", ""}, share, headroom::json::kShare);
    a.integer({"count", ""}, count, headroom::json::kAnyNumber);
    a.duration({"wait", ""}, wait);
  });
  CHECK(issues.size() == 3);
  CHECK(share == 0.5);
  CHECK(count == 7);
  CHECK(wait.count == 5);
  // 90 days is the longest run, and the longest duration that whole picoseconds are read for.
  CHECK(issues[2].message == "\"200d\" is out of range; expected between 0s and 90d");
}

TEST_CASE("a missing word of a variant is not followed by errors about its fields",
          "[json][errors]") {
  const auto describe_it = [](Archive& a) {
    std::string kind;
    double x = 0;
    double y = 0;
    const Archive::Branch branches[] = {{"one", "",
                                         [&x](Archive& b) {
                                           b.number({"x", ""}, x, headroom::json::kAnyNumber);
                                         }},
                                        {"two", "", [&y](Archive& b) {
                                           b.number({"y", ""}, y, headroom::json::kAnyNumber);
                                         }}};
    a.variant({"kind", "", headroom::json::Need::kRequired}, kind, branches);
  };
  const auto missing = issues_of(R"({"x": 1, "y": 2, "z": 3})", describe_it);
  REQUIRE(missing.size() == 2);
  CHECK(missing[0].code == "E106");
  CHECK(missing[1].code == "E107");
  CHECK(missing[1].message == "unknown field \"z\"; did you mean \"x\"?");
}
