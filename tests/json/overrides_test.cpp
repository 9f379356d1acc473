#include "example.hpp"
#include "support/catch.hpp"

using headroom::InputError;
using headroom::Issue;
using headroom::json::Document;

namespace {

Document example() {
  return Document::parse(headroom::kExampleText, "example.json", Document::Comments::kAllowed);
}

Issue failure_of_set(const std::string& path, const std::string& value = "1") {
  Document document = example();
  try {
    document.set(path, value);
  } catch (const InputError& error) {
    REQUIRE(error.issues().size() == 1);
    // A path that fails leaves the document as it was.
    CHECK(document.dump() == example().dump());
    CHECK(document.overrides().empty());
    return error.issues()[0];
  }
  FAIL("must throw: " << path);
  return {};
}

}  // namespace

TEST_CASE("a value is overridden by dotted path, by name, by index and by pointer",
          "[json][overrides]") {
  Document document = example();
  document.set("pools.a100.gpus", "20");
  document.set("pools.1.gpus", "5");
  document.set("/pools/1/spot", "false");
  document.set("classes.chat.output_tokens", "300");
  document.set("models.Llama-3.1-8B.layers", "33");
  document.set("engine.utilisation", "0.8");
  document.set("faults.mtbf", "30d");
  document.set("horizon", "2h");
  document.set_json("tags", R"(["x"])");
  const auto s = headroom::decode_example(document);
  CHECK(s.pools[0].gpus == 20);
  CHECK(s.pools[1].gpus == 5);
  CHECK_FALSE(s.pools[1].spot);
  CHECK(s.classes[0].output_tokens.value == 300);
  CHECK(s.models[0].layers == 33);
  CHECK(s.engine.utilisation == 0.8);
  CHECK(s.engine.max_batch == 64);
  REQUIRE(s.faults.has_value());
  CHECK(s.faults->mtbf_s == 30 * 86400);
  CHECK(s.horizon_s == 7200);
  CHECK(s.tags == std::vector<std::string>{"x"});
  REQUIRE(document.overrides().size() == 9);
  CHECK(document.overrides()[0].pointer == "/pools/0/gpus");
  CHECK(document.overrides()[0].value_json == "20");
  CHECK(document.overrides()[6].pointer == "/faults/mtbf");
  CHECK(document.overrides()[6].value_json == "\"30d\"");
}

TEST_CASE("the last override of a value counts, and is listed once", "[json][overrides]") {
  Document document = example();
  document.set("pools.a100.gpus", "20");
  document.set("pools.0.gpus", "21");
  REQUIRE(document.overrides().size() == 1);
  CHECK(document.overrides()[0].value_json == "21");
  CHECK(document.dump("/pools/0/gpus") == "21");
}

TEST_CASE("an override under a field's other spelling replaces what the document says",
          "[json][overrides]") {
  Document document = example();
  document.set("horizon_s", "60");
  CHECK(headroom::decode_example(document).horizon_s == 60);
  document.set("horizon", "2min");
  CHECK(headroom::decode_example(document).horizon_s == 120);
}

TEST_CASE("an item is named by its id or class where it has no name", "[json][overrides]") {
  Document document = Document::parse(
      R"({"targets": [{"id": "p95", "class": "chat", "max_s": 1}, {"class": "image", "max_s": 2},
          {"class": "chat"}, {"class": "chat"}]})",
      "t", Document::Comments::kForbidden);
  document.set("targets.p95.max_s", "3");
  document.set("targets.image.max_s", "4");
  CHECK(document.dump("/targets/0/max_s") == "3");
  CHECK(document.dump("/targets/1/max_s") == "4");
  CHECK_THROWS_AS(document.set("targets.chat.max_s", "5"), InputError);
}

TEST_CASE("a path that leads nowhere says what is there", "[json][overrides]") {
  Issue issue = failure_of_set("pools.a101.gpus");
  CHECK(issue.code == "E103");
  CHECK(issue.file == "--set pools.a101.gpus");
  CHECK(issue.pointer == "/pools");
  CHECK(issue.message == "no item \"a101\" in the list /pools");
  CHECK(issue.notes ==
        std::vector<std::string>{"there are: a100, small", "did you mean \"a100\"?"});
  CHECK(failure_of_set("pools.2.gpus").code == "E103");
  CHECK(failure_of_set("pools.-1.gpus").code == "E103");
  CHECK(failure_of_set("tags.5").notes == std::vector<std::string>{"there are items 0 to 1"});
  CHECK(failure_of_set("horizon.s").message ==
        "/horizon is the string \"1h30min\", which has no fields");
  CHECK(failure_of_set("").code == "E103");
  CHECK(failure_of_set("engine..x").code == "E103");
}

TEST_CASE("an error in an overridden value names the override", "[json][overrides]") {
  Document document = example();
  document.set("pools.a100.gpus", "-4");
  document.set("pools.small.gpu", "L5");
  document.set("fauts.mtbf", "1d");
  document.set_json("engine", R"({"max_batch": "x"})");
  std::vector<Issue> issues;
  headroom::ExampleScenario s;
  document.decode([&s](headroom::json::Archive& a) { describe(a, s); }, issues);
  std::vector<std::string> seen;
  for (const Issue& issue : issues) {
    CHECK(issue.line == 0);
    seen.push_back(issue.file + ": " + issue.code + " " + issue.pointer);
  }
  CHECK(seen == std::vector<std::string>{"--set pools.a100.gpus: E111 /pools/0/gpus",
                                         "--set pools.small.gpu: E112 /pools/1/gpu",
                                         "--set-json engine: E110 /engine/max_batch",
                                         "--set fauts.mtbf: E107 "});
}

TEST_CASE("text that must be JSON and is not is an error at the override", "[json][overrides]") {
  Document document = example();
  try {
    document.set_json("engine", "{max_batch: 5}");
    FAIL("must throw");
  } catch (const InputError& error) {
    CHECK(error.issues()[0].code == "E100");
    CHECK(error.issues()[0].file == "--set-json engine");
  }
  document.set("note", "{not json}");
  CHECK(document.dump("/note") == "\"{not json}\"");
}
