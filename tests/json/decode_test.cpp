#include "example.hpp"
#include "support/catch.hpp"

using headroom::decode_example;
using headroom::json::Document;

namespace {

headroom::ExampleScenario decoded(const std::string& text) {
  return decode_example(Document::parse(text, "t", Document::Comments::kAllowed));
}

}  // namespace

TEST_CASE("a document decodes to SI units, defaults kept where it says nothing", "[json][decode]") {
  const auto s = decoded(headroom::kExampleText);
  CHECK(s.schema == "scenario-1.schema.json");
  CHECK(s.start.absolute);
  CHECK(s.start.seconds == 20178 * 86400.0);  // days from 1970-01-01 to 2025-03-31
  CHECK(s.horizon_s == 5400);
  CHECK(s.rate_per_s == 1.2e6 / 3600);
  CHECK(s.max_s == 2.5);
  CHECK(s.tags == std::vector<std::string>{"spike", "images"});
  REQUIRE(s.pools.size() == 2);
  CHECK(s.pools[0].name == "a100");
  CHECK(s.pools[0].gpu == "A100-SXM-80GB");
  CHECK(s.pools[0].gpus == 16);
  CHECK(s.pools[0].provisioning == headroom::ticks_from_seconds(300));
  CHECK(s.pools[1].spot);
  CHECK(s.pools[1].memory_bytes == 24e9);
  REQUIRE(s.classes.size() == 2);
  CHECK(s.classes[0].output_tokens.kind == "constant");
  CHECK(s.classes[0].output_tokens.value == 250);
  CHECK(s.classes[0].patience_s == 120);
  CHECK(s.classes[1].output_tokens.kind == "lognormal");
  CHECK(s.classes[1].output_tokens.mean == 1056);
  CHECK(s.classes[1].output_tokens.cv == 1);
  CHECK(s.classes[1].patience_s == -1);
  REQUIRE(s.models.size() == 2);
  CHECK(s.models[0].name == "Llama-3.1-8B");
  CHECK(s.models[1].layers == 80);
  CHECK(s.engine.max_batch == 64);
  CHECK(s.engine.utilisation == 0.9);
  CHECK_FALSE(s.faults.has_value());
}

TEST_CASE("a bare number is a quantity under a key that ends in its unit", "[json][decode]") {
  const auto s = decoded(R"({"horizon_s": 90, "rate_per_s": 2.5, "start_s": 12, "max_s": "250ms",
    "pools": [{"name": "a", "gpus": 1e3, "memory_bytes": 1e9, "provisioning_s": 60}],
    "classes": [{"name": "c", "patience_s": 30}], "faults": {"mtbf_s": 5}})");
  CHECK(s.horizon_s == 90);
  CHECK(s.rate_per_s == 2.5);
  CHECK(s.start.seconds == 12);
  CHECK_FALSE(s.start.absolute);
  CHECK(s.max_s == 0.25);
  CHECK(s.pools[0].gpus == 1000);
  CHECK(s.pools[0].memory_bytes == 1e9);
  CHECK(s.pools[0].provisioning == headroom::ticks_from_seconds(60));
  CHECK(s.classes[0].patience_s == 30);
  REQUIRE(s.faults.has_value());
  CHECK(s.faults->mtbf_s == 5);
}

TEST_CASE("a default duration keeps the picoseconds that a double of seconds loses",
          "[json][decode]") {
  headroom::Ticks value{9'007'199'254'740'993'001};
  const auto document = Document::parse("{}", "t", Document::Comments::kForbidden);
  document.decode([&value](headroom::json::Archive& a) { a.duration({"wait", ""}, value); });
  CHECK(value.count == 9'007'199'254'740'993'001);
  value = headroom::kNever;
  document.decode([&value](headroom::json::Archive& a) { a.duration({"wait", ""}, value); });
  CHECK(value == headroom::kNever);
}
