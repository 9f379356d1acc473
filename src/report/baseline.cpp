#include <array>
#include <string>
#include <utility>

#include "compare_parts.hpp"
#include "headroom/report/check.hpp"

namespace headroom {
namespace {

constexpr const char* kSchemaName = "baseline-1.schema.json";
/// Blocks of a report that a baseline keeps as they are.
constexpr std::array<const char*, 5> kKept{"complete", "tool", "scenario", "method", "targets"};

}  // namespace

nlohmann::ordered_json make_baseline(const nlohmann::ordered_json& report) {
  Json baseline = {{"$schema", kSchemaName}, {"schema_version", "1.0"}, {"kind", "baseline"}};
  for (const char* key : kKept) baseline[key] = report[key];
  Json samples = Json::array();
  for (const Json& sample : report["samples"]) {
    if (is_usual(key_of(sample))) samples.push_back(sample);
  }
  baseline["samples"] = std::move(samples);
  return baseline;
}

std::string baseline_schema() {
  const Json report = Json::parse(report_schema());
  Json schema = {{"$schema", report["$schema"]},
                 {"$id", kSchemaName},
                 {"title", "headroom baseline, version 1"},
                 {"description", "What a later `headroom check --baseline` compares with."},
                 {"type", "object"},
                 {"additionalProperties", false}};
  Json required = {"$schema", "schema_version", "kind"};
  Json properties = {{"$schema", {{"const", kSchemaName}}},
                     {"schema_version", {{"const", "1.0"}}},
                     {"kind", {{"const", "baseline"}}}};
  for (const char* key : kKept) {
    required.push_back(key);
    properties[key] = report["properties"][key];
  }
  required.push_back("samples");
  properties["samples"] = report["properties"]["samples"];
  schema["required"] = std::move(required);
  schema["properties"] = std::move(properties);
  schema["$defs"] = report["$defs"];
  return schema.dump(2) + "\n";
}

}  // namespace headroom
