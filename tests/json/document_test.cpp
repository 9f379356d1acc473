#include "headroom/json/document.hpp"

#include "example.hpp"
#include "support/catch.hpp"

using headroom::Issue;
using headroom::json::Document;

namespace {

Issue located(const Document& document, const std::string& pointer) {
  Issue issue;
  issue.pointer = pointer;
  document.locate(issue);
  return issue;
}

}  // namespace

TEST_CASE("every value of a document is found at its line, column and length", "[json][document]") {
  const auto document = Document::parse(
      "{\n"
      "  \"name\": \"a \\\"b\\\\\",\n"
      "  \"list\": [1, -2.5e3, true,null , {\"k\": {}}],  // comment \"x\"\n"
      "  \"ä\": \"ö\", \"last\": false\n"
      "}",
      "t.json", Document::Comments::kAllowed);
  const auto check = [&document](const std::string& pointer, int line, int column, int length) {
    INFO(pointer);
    const Issue issue = located(document, pointer);
    CHECK(issue.file == "t.json");
    CHECK(issue.line == line);
    CHECK(issue.column == column);
    CHECK(issue.length == length);
  };
  check("", 1, 1, 1);
  check("/name", 2, 11, 9);
  check("/list", 3, 11, 1);
  check("/list/0", 3, 12, 1);
  check("/list/1", 3, 15, 6);
  check("/list/2", 3, 23, 4);
  check("/list/3", 3, 28, 4);
  check("/list/4", 3, 35, 1);
  check("/list/4/k", 3, 41, 1);
  check("/ä", 4, 8, 3);
  check("/last", 4, 21, 5);
  // Nothing there: the place of what is there on the way.
  check("/list/9/x", 3, 11, 1);
  check("/nothing", 1, 1, 1);
}

TEST_CASE("a document keeps its key order and its numbers", "[json][document]") {
  const auto document = Document::parse(
      R"({"z": 1, "a": [1.5, 12345678901234567, 1e300, "x\u00e4\n"], "m": {"b": null, "a": true}})",
      "t", Document::Comments::kForbidden);
  CHECK(document.dump() ==
        "{\"z\":1,\"a\":[1.5,12345678901234567,1e+300,\"xä\\n\"],\"m\":{\"b\":null,\"a\":true}}");
  CHECK(document.dump("/a/1") == "12345678901234567");
  CHECK(document.dump("/m") == R"({"b":null,"a":true})");
  CHECK(document.contains("/m/b"));
  CHECK_FALSE(document.contains("/m/c"));
  CHECK_FALSE(document.contains("/a/4"));
  CHECK_THROWS_AS(document.dump("/m/c"), headroom::InputError);
}

TEST_CASE("the sha256 of a document is that of its text as read", "[json][document]") {
  auto document = Document::parse("{}", "t", Document::Comments::kForbidden);
  // printf '{}' | sha256sum
  const std::string expected = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
  CHECK(document.sha256() == expected);
  document.set("a", "1");
  CHECK(document.sha256() == expected);
}

TEST_CASE("a large document parses in linear time", "[json][document]") {
  std::string text = "[";
  for (int i = 0; i < 20'000; ++i) {
    text +=
        (i > 0 ? "," : "") + std::string(R"({"t": 12.5, "in": 100, "out": 20, "s": "x"})") + "\n";
  }
  text += "]";
  const auto document = Document::parse(text, "t", Document::Comments::kForbidden);
  CHECK(document.dump("/19999/out") == "20");
  CHECK(located(document, "/19999/t").line == 20'000);
}
