#include "example.hpp"
#include "support/catch.hpp"

using headroom::json::Document;

namespace {

Document schema_of_example() {
  headroom::ExampleScenario scenario;
  return Document::parse(headroom::json::write_schema(
                             "Example", "example-1.schema.json",
                             [&scenario](headroom::json::Archive& a) { describe(a, scenario); }),
                         "schema", Document::Comments::kForbidden);
}

}  // namespace

TEST_CASE("a schema states help, type, range, default and what is required", "[json][schema]") {
  const auto schema = schema_of_example();
  CHECK(schema.dump("/$schema") == "\"https://json-schema.org/draft/2020-12/schema\"");
  CHECK(schema.dump("/$id") == "\"example-1.schema.json\"");
  CHECK(schema.dump("/title") == "\"Example\"");
  CHECK(schema.dump("/additionalProperties") == "false");
  // The horizon is required as well, under one of its two spellings.
  CHECK(schema.dump("/required") == R"(["pools"])");
  CHECK(schema.dump("/allOf/1") ==
        R"({"oneOf":[{"required":["horizon"]},{"required":["horizon_s"]}]})");
  CHECK(schema.dump("/properties/engine/properties/max_batch") ==
        R"({"description":"Largest batch","type":"integer","exclusiveMinimum":0,"default":256})");
  CHECK(schema.dump("/properties/engine/properties/utilisation") ==
        R"({"description":"Share of the memory that is used","type":"number","minimum":0,)"
        R"("maximum":1,"default":0.9})");
  CHECK(schema.dump("/properties/pools/minItems") == "1");
  CHECK(schema.dump("/properties/pools/items/properties/gpu/enum") ==
        R"(["A100-SXM-80GB","H100-SXM-80GB","L4"])");
  CHECK(schema.dump("/properties/pools/items/properties/memory/default") == "\"80GiB\"");
  CHECK(schema.dump("/properties/pools/items/required") == R"(["name","gpus"])");
  CHECK(schema.dump("/properties/max_s/type") == R"(["number","string"])");
  CHECK(schema.dump("/properties/max_s/exclusiveMinimum") == "0");
}

TEST_CASE("an object that several fields hold is written once, under $defs", "[json][schema]") {
  const auto schema = schema_of_example();
  const std::string in_class = "/properties/classes/items/properties/";
  CHECK(schema.dump(in_class + "output_tokens/oneOf/1") == R"({"$ref":"#/$defs/prompt_tokens"})");
  CHECK(schema.dump(in_class + "prompt_tokens/oneOf/1") == R"({"$ref":"#/$defs/prompt_tokens"})");
  CHECK(schema.contains("/$defs/prompt_tokens/properties/kind"));
  CHECK(schema.contains("/properties/pools/items/properties"));
}
