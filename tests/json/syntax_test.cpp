#include <string>
#include <vector>

#include "headroom/json/document.hpp"
#include "support/catch.hpp"

using headroom::InputError;
using headroom::Issue;
using headroom::json::Document;

namespace {

std::vector<Issue> issues_of(const std::string& text,
                             Document::Comments comments = Document::Comments::kForbidden) {
  try {
    Document::parse(text, "t.json", comments);
  } catch (const InputError& error) {
    return {error.issues().begin(), error.issues().end()};
  }
  return {};
}

void check_place(const std::string& text, const std::string& code, int line, int column,
                 int length) {
  INFO(text);
  const auto issues = issues_of(text);
  REQUIRE(issues.size() == 1);
  CHECK(issues[0].code == code);
  CHECK(issues[0].file == "t.json");
  CHECK(issues[0].line == line);
  CHECK(issues[0].column == column);
  CHECK(issues[0].length == length);
}

std::string message(const std::string& text) {
  const auto issues = issues_of(text);
  REQUIRE(issues.size() == 1);
  return issues[0].message + (issues[0].notes.empty() ? "" : " | " + issues[0].notes[0]);
}

}  // namespace

TEST_CASE("a syntax error names the line, the column and the length of what is refused",
          "[json][syntax]") {
  check_place("{\"a\": 1,}", "E100", 1, 9, 1);
  check_place("{\"a\": NaN}", "E100", 1, 7, 3);
  check_place("{\"a\":\n  [1,\n   tru]}", "E100", 3, 4, 3);
  check_place("[1 23]", "E100", 1, 4, 2);
  check_place("[1, \"b\" \"cde\"]", "E100", 1, 9, 5);
  check_place("{\"a\": 1", "E100", 1, 8, 1);
  check_place("{\n\"a\" 1}", "E100", 2, 5, 1);
  check_place("[1e999]", "E100", 1, 2, 5);
  check_place("[01]", "E100", 1, 2, 2);
  check_place("{} x", "E100", 1, 4, 1);
  check_place("[\"a\nb\"]", "E100", 1, 4, 1);
  check_place("{'a': 1}", "E100", 1, 2, 1);
  check_place("", "E100", 1, 1, 1);
  check_place(std::string("{}\0{}", 5), "E100", 1, 3, 1);
  // Columns count characters, not bytes: the four of "äöü" with its quote stand before.
  check_place("[\"äöü\", x]", "E100", 1, 9, 1);
  // 130 levels are more than the 128 allowed.
  check_place(std::string(130, '['), "E100", 1, 129, 1);
}

TEST_CASE("a syntax error says what to do", "[json][syntax]") {
  CHECK(message("{\"a\": NaN}") == "not valid JSON: NaN and infinity are not numbers here");
  CHECK(message("{\"a\": -Infinity}").find("not valid JSON") == 0);
  CHECK_THAT(message("{\"a\": 1,}"), ContainsSubstring("remove the comma before }"));
  CHECK_THAT(message("{\"a\":\n[1"),
             ContainsSubstring("the [ at line 2, column 1 is never closed"));
  CHECK_THAT(message("[1 2]"), ContainsSubstring("expected ',' or ']'"));
  CHECK_THAT(message("// x\n{}"), ContainsSubstring("comments are not accepted"));
  CHECK_THAT(message("{\"a\": True}"), ContainsSubstring("lower case"));
  CHECK_THAT(message("{'a': 1}"), ContainsSubstring("double quotes"));
  CHECK(message("  \n") == "not valid JSON: the text is empty");
}

TEST_CASE("every duplicate key is reported by its pointer, with the place of the first",
          "[json][syntax]") {
  const auto issues = issues_of(
      "{\"a\": 1,\n"
      " \"b\": [{}, {\"x/y\": 1, \"x/y\": 2}],\n"
      " \"a\": 3}");
  REQUIRE(issues.size() == 2);
  CHECK(issues[0].code == "E101");
  CHECK(issues[0].pointer == "/b/1/x~1y");
  CHECK(issues[0].line == 2);
  CHECK(issues[0].column == 23);
  CHECK(issues[0].length == 5);
  CHECK(issues[0].notes == std::vector<std::string>{"first given at line 2, column 13"});
  CHECK(issues[1].pointer == "/a");
  CHECK(issues[1].line == 3);
  CHECK(issues[1].column == 2);
}

TEST_CASE("a duplicate key is found among few members and among many", "[json][syntax]") {
  for (const int members : {2, 16, 17, 18, 40, 1000}) {
    for (const int again : {0, members / 2, members - 1}) {
      std::string text = "{";
      for (int i = 0; i < members; ++i) text += "\"k" + std::to_string(i) + "\": 0, ";
      CHECK(issues_of(text + "\"other\": 0}").empty());
      const auto issues = issues_of(text + "\"k" + std::to_string(again) + "\": 0}");
      REQUIRE(issues.size() == 1);
      CHECK(issues[0].pointer == "/k" + std::to_string(again));
    }
  }
}

TEST_CASE("comments are accepted where they are allowed, and nowhere else", "[json][syntax]") {
  const std::string text = "// one\n{\"a\": /* two */ 1 /* \"three\": 3 */}";
  CHECK(issues_of(text, Document::Comments::kAllowed).empty());
  CHECK(issues_of(text, Document::Comments::kForbidden).size() == 1);
  CHECK(issues_of("{} /* open", Document::Comments::kAllowed).size() == 1);
}

TEST_CASE("a file that cannot be read is E102 with its name", "[json][syntax]") {
  for (const char* path : {"/does/not/exist.json", "/"}) {
    try {
      Document::read(path, Document::Comments::kAllowed);
      FAIL("must throw");
    } catch (const InputError& error) {
      REQUIRE(error.issues().size() == 1);
      CHECK(error.issues()[0].code == "E102");
      CHECK(error.issues()[0].file == path);
    }
  }
}
