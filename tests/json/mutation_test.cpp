#include <random>

#include "example.hpp"
#include "support/catch.hpp"

using headroom::InputError;
using headroom::json::Document;

namespace {

/// Parses, decodes, explains, overrides and dumps. Whatever the text is, only InputError may come
/// out, and every issue in it has a code, a message and a place inside the text. Whether it passed.
bool must_parse_or_refuse(const std::string& text) {
  try {
    Document document = Document::parse(text, "m.json", Document::Comments::kAllowed);
    headroom::decode_example(document);
    headroom::ExampleScenario s;
    document.explain([&s](headroom::json::Archive& a) { describe(a, s); });
    const std::string dumped = document.dump();
    CHECK(Document::parse(dumped, "d", Document::Comments::kForbidden).dump() == dumped);
    document.set("pools.a100.gpus", "3");
    return true;
  } catch (const InputError& error) {
    if (error.issues().empty()) FAIL("an InputError without issues");
    for (const headroom::Issue& issue : error.issues()) {
      const bool placed = issue.line >= 1 && issue.column >= 1 && issue.length >= 1;
      const bool override_path = issue.file.starts_with("--set");
      if (issue.code.empty() || issue.message.empty() || (!placed && !override_path)) {
        FAIL("an issue without code, message or place: " << issue.message << "\n" << text);
      }
    }
    headroom::json::format_issues(error.issues(), text, true);
    for (const headroom::Issue& issue : error.issues()) headroom::json::format_issue_json(issue);
    return false;
  }
}

}  // namespace

TEST_CASE("a document cut at any byte parses or is refused", "[json][fuzz]") {
  const std::string text = headroom::kExampleText;
  const std::size_t whole = text.rfind('}') + 1;
  for (std::size_t length = 0; length <= text.size(); ++length) {
    CHECK(must_parse_or_refuse(text.substr(0, length)) == (length >= whole));
  }
}

TEST_CASE("a document with any byte changed, removed or added parses or is refused",
          "[json][fuzz]") {
  const std::string text = headroom::kExampleText;
  const std::string bytes = std::string("\"\\{}[],:/*-0e.\n\t a\xff\xc3\x80", 21) + '\0';
  std::mt19937_64 random(31);
  int passed = 0, refused = 0;
  const auto tried = [&](const std::string& changed) {
    ++(must_parse_or_refuse(changed) ? passed : refused);
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    tried(text.substr(0, i) + text.substr(i + 1));
    for (int n = 0; n < 3; ++n) {
      const char byte = bytes[random() % bytes.size()];
      std::string changed = text;
      changed[i] = byte;
      tried(changed);
      tried(text.substr(0, i) + byte + text.substr(i));
    }
  }
  CHECK(passed > 100);
  CHECK(refused > 100);
}

TEST_CASE("a document with any value replaced decodes or is refused", "[json][fuzz]") {
  const std::string text = headroom::kExampleText;
  const auto document = Document::parse(text, "m", Document::Comments::kAllowed);
  const char* const pointers[] = {"/$schema",
                                  "/start",
                                  "/horizon",
                                  "/rate",
                                  "/max_s",
                                  "/tags",
                                  "/tags/0",
                                  "/pools",
                                  "/pools/0",
                                  "/pools/0/name",
                                  "/pools/0/gpus",
                                  "/pools/0/provisioning",
                                  "/pools/1/gpu",
                                  "/pools/1/memory",
                                  "/classes",
                                  "/classes/0",
                                  "/classes/0/output_tokens",
                                  "/classes/0/patience",
                                  "/classes/1/output_tokens/kind",
                                  "/models",
                                  "/models/Llama-3.1-8B",
                                  "/engine",
                                  "/engine/max_batch"};
  const char* const values[] = {"null",
                                "true",
                                "0",
                                "-1",
                                "1e308",
                                "-0.0",
                                "18446744073709551615",
                                "\"\"",
                                "\"NaN\"",
                                "\"1e400s\"",
                                "\"-5s\"",
                                "[]",
                                "[[]]",
                                "{}",
                                "{\"kind\": 5}",
                                "{\"name\": \"\"}",
                                "[{}]",
                                "[1e300]"};
  for (const char* pointer : pointers) {
    for (const char* value : values) {
      Document changed = Document::parse(text, "m", Document::Comments::kAllowed);
      changed.set_json(pointer, value);
      must_parse_or_refuse(changed.dump());
    }
  }
}
