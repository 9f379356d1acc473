#include "example.hpp"
#include "support/catch.hpp"

using headroom::Issue;
using headroom::json::format_issues;

namespace {

/// The document of the sketch in cli.md, cut down: the fields stand where the sketch shows them.
const std::string kSource =
    "{\n"
    "  \"pools\": [\n"
    "    { \"name\": \"a100\",\n"
    "      \"gpu\": \"A100-90\",\n"
    "      \"gpus\": 1 }\n"
    "  ],\n"
    "  \"horizn\": \"1h\",\n"
    "  \"horizon\": \"1h\",\n"
    "  \"classes\": [{\"name\": \"c\", \"patience\": 500}]\n"
    "}\n";

}  // namespace

TEST_CASE("issues are shown with their place, an excerpt, notes and a count", "[json][issues]") {
  auto issues = headroom::example_issues(kSource);
  REQUIRE(issues.size() == 3);
  CHECK(format_issues(issues, kSource, false) ==
        "example.json:4:14: error[E112]: unknown gpu \"A100-90\"\n"
        "  |\n"
        "3 |     { \"name\": \"a100\",\n"
        "4 |       \"gpu\": \"A100-90\",\n"
        "  |              ^^^^^^^^^ at /pools/0/gpu\n"
        "  |\n"
        "  = expected one of: A100-SXM-80GB, H100-SXM-80GB, L4\n"
        "example.json:7:3: error[E107]: unknown field \"horizn\"; did you mean \"horizon\"?\n"
        "example.json:9:41: error[E120]: 500 needs a unit at /classes/0/patience; write \"500ms\"\n"
        "3 errors in 1 file (all reported, not just the first).   exit 3\n");
}

TEST_CASE("an issue of an override is shown without a line", "[json][issues]") {
  Issue issue;
  issue.code = "E111";
  issue.file = "--set pools.a100.gpus";
  issue.pointer = "/pools/0/gpus";
  issue.message = "-4 is out of range; expected greater than 0";
  CHECK(format_issues(std::vector{issue}, kSource, false) ==
        "--set pools.a100.gpus: error[E111]: -4 is out of range at /pools/0/gpus; expected greater "
        "than 0\n"
        "1 error in --set (all reported, not just the first).   exit 3\n");
}

TEST_CASE("an excerpt of a very long line is a window around the place", "[json][issues]") {
  const std::string long_list = "[" + std::string(3000, ' ') + "1 2" + std::string(3000, ' ') + "]";
  const auto issues = headroom::example_issues(long_list);
  REQUIRE(issues.size() == 1);
  const std::string shown = format_issues(issues, long_list, false);
  CHECK(shown.size() < 700);
  CHECK_THAT(shown, ContainsSubstring("1 2 "));
  // The caret stands under the 2: as far from the bar as the 2 is.
  const auto line = shown.find("1 | ");
  const auto two = shown.find("1 2", line) + 2 - (line + 4);
  const auto under = shown.find("  | ", line);
  CHECK(shown.find('^', under) - (under + 4) == two);
}

TEST_CASE("colour wraps words and changes none", "[json][issues]") {
  const auto issues = headroom::example_issues(kSource);
  std::string coloured = format_issues(issues, kSource, true);
  CHECK_THAT(coloured, ContainsSubstring("\x1b[1;31merror[E112]:\x1b[0m"));
  for (const std::string code : {"\x1b[0m", "\x1b[1m", "\x1b[1;31m", "\x1b[1;34m"}) {
    for (auto at = coloured.find(code); at != std::string::npos; at = coloured.find(code)) {
      coloured.erase(at, code.size());
    }
  }
  CHECK(coloured == format_issues(issues, kSource, false));
}

TEST_CASE("issues of several files show each file's own text", "[json][issues]") {
  Issue first;
  first.code = "E100";
  first.file = "a.json";
  first.line = 1;
  first.column = 2;
  first.message = "m";
  Issue second = first;
  second.file = "b.json";
  const headroom::json::SourceText sources[] = {{"a.json", "[x]"}, {"c.json", "[y]"}};
  CHECK(format_issues(std::vector{first, second}, sources, false) ==
        "a.json:1:2: error[E100]: m\n"
        "  |\n"
        "1 | [x]\n"
        "  |  ^\n"
        "b.json:1:2: error[E100]: m\n"
        "2 errors in 2 files (all reported, not just the first).   exit 3\n");
  CHECK(format_issues({}, std::string(), false).empty());
}

TEST_CASE("GitHub gets one escaped command an issue", "[json][issues]") {
  Issue issue;
  issue.code = "E112";
  issue.file = "a,b:c.json";
  issue.line = 31;
  issue.column = 14;
  issue.pointer = "/gpu";
  issue.message = "unknown GPU \"100%\"";
  issue.notes = {"did you mean \"A100\"?"};
  CHECK(headroom::json::format_issues_github(std::vector{issue}) ==
        "::error file=a%2Cb%3Ac.json,line=31,col=14,title=E112::unknown GPU \"100%25\" at "
        "/gpu%0Adid you mean \"A100\"?\n");
  issue = {};
  issue.code = "E111";
  issue.file = "--set x";
  issue.message = "m";
  CHECK(headroom::json::format_issues_github(std::vector{issue}) ==
        "::error title=E111::--set x: m\n");
}

TEST_CASE("an issue as JSON is an object with every field", "[json][issues]") {
  const auto issues = headroom::example_issues(kSource);
  CHECK(
      headroom::json::format_issue_json(issues[1]) ==
      R"({"code":"E107","severity":"error","file":"example.json","line":7,"column":3,"length":8,)"
      R"("pointer":"","message":"unknown field \"horizn\"; did you mean \"horizon\"?","notes":[]})");
  Issue nowhere;
  nowhere.code = "W101";
  nowhere.message = "m";
  CHECK(headroom::json::format_issue_json(nowhere, "warning") ==
        R"({"code":"W101","severity":"warning","file":"","line":null,"column":null,"length":1,)"
        R"("pointer":"","message":"m","notes":[]})");
}
