#include <algorithm>

#include "example.hpp"
#include "support/catch.hpp"

using headroom::json::Document;
using headroom::json::ExplainRow;

namespace {

std::vector<ExplainRow> rows_of(const Document& document) {
  headroom::ExampleScenario s;
  return headroom::json::explain(document, [&s](headroom::json::Archive& a) { describe(a, s); });
}

ExplainRow row(const std::vector<ExplainRow>& rows, const std::string& path) {
  const auto found = std::find_if(rows.begin(), rows.end(),
                                  [&path](const ExplainRow& r) { return r.path == path; });
  INFO(path);
  REQUIRE(found != rows.end());
  return *found;
}

}  // namespace

TEST_CASE("explain lists every field with value, unit, default and source", "[json][explain]") {
  Document document =
      Document::parse(headroom::kExampleText, "example.json", Document::Comments::kAllowed);
  document.set("pools.small.gpus", "6");
  const auto rows = rows_of(document);
  const auto check = [&rows](const std::string& path, const std::string& pointer,
                             const std::string& value, const std::string& unit,
                             const std::string& default_value, const std::string& source) {
    const ExplainRow r = row(rows, path);
    CHECK(r.pointer == pointer);
    CHECK(r.value == value);
    CHECK(r.unit == unit);
    CHECK(r.default_value == default_value);
    CHECK(r.source == source);
  };
  check("horizon", "/horizon", "1h30min", "s", "required", "scenario");
  check("rate", "/rate", "1.2M/h", "1/s", "1/s", "scenario");
  check("start", "/start", "2025-03-31T00:00:00Z", "time", "0s", "scenario");
  check("tags", "/tags", "[spike, images]", "list of texts", "[]", "scenario");
  check("note", "/note", "-", "text", "-", "default");
  check("pools.a100.gpu", "/pools/0/gpu", "A100-SXM-80GB", "word", "A100-SXM-80GB", "default");
  check("pools.a100.memory", "/pools/0/memory", "80GiB", "bytes", "80GiB", "default");
  check("pools.small.gpus", "/pools/1/gpus", "6", "integer", "required", "--set");
  check("pools.small.spot", "/pools/1/spot", "true", "boolean", "false", "scenario");
  check("classes.chat.output_tokens", "/classes/0/output_tokens", "250", "number", "not given",
        "scenario");
  check("classes.image.output_tokens.kind", "/classes/1/output_tokens/kind", "lognormal", "word",
        "constant", "scenario");
  check("classes.image.output_tokens.cv", "/classes/1/output_tokens/cv", "1", "number", "1",
        "default");
  check("classes.image.patience", "/classes/1/patience", "not given", "s", "not given", "default");
  check("models.Llama-3.1-70B.layers", "/models/Llama-3.1-70B/layers", "80", "integer", "32",
        "scenario");
  check("engine.max_batch", "/engine/max_batch", "64", "integer", "256", "scenario");
  check("engine.utilisation", "/engine/utilisation", "0.9", "number", "0.9", "default");
  check("faults", "/faults", "not given", "object", "not given", "default");
  CHECK(row(rows, "engine.max_batch").help == "Largest batch");
}

TEST_CASE("explain lists the defaults of an object that is left out", "[json][explain]") {
  const auto rows =
      rows_of(Document::parse(R"({"horizon_s": 60, "pools": [{"name": "a", "gpus": 1}]})", "t",
                              Document::Comments::kForbidden));
  CHECK(row(rows, "engine.max_batch").value == "256");
  CHECK(row(rows, "engine.max_batch").source == "default");
  CHECK(row(rows, "horizon_s").value == "60s");
  CHECK(row(rows, "classes").value == "empty");
  CHECK(std::none_of(rows.begin(), rows.end(),
                     [](const ExplainRow& r) { return r.path == "engine"; }));
}

TEST_CASE("explain refuses a document that does not decode", "[json][explain]") {
  const auto document = Document::parse("{}", "t", Document::Comments::kForbidden);
  CHECK_THROWS_AS(rows_of(document), headroom::InputError);
}
