#include "checked_json.hpp"
#include "headroom/report/plan_report.hpp"
#include "headroom/report/report.hpp"
#include "plan_ways.hpp"
#include "worlds_report.hpp"

namespace headroom {
namespace {

// What a plan adds to the report of a run of today's fleet. By hand, beside the writer; a test
// validates real plans against it with an independent validator.
constexpr const char* kAnswer = R"schema({
  "type": "object", "additionalProperties": false,
  "required": ["verdict", "headline", "gpus", "offered_load_mean_gpus", "offered_load_peak_gpus", "fluid_gpus", "fleet", "today",
    "status", "complete", "targets_declared", "max_gpus", "free_gpus", "judged_gpus", "judged_period", "needed_gpus", "extra_gpus", "extra_ci", "node_loss_gpus",
    "separated", "monotone", "fluid_fleet", "targets", "below", "after_node_loss", "floor", "cost"],
  "properties": {
    "verdict": {"enum": ["pass", "fail", "none"], "description": "of today's fleet"},
    "headline": {"type": "string"},
    "today": {"type": "string", "description": "headline of today's fleet"},
    "gpus": {"type": "integer", "description": "today's, all pools"},
    "offered_load_mean_gpus": {"type": "number"},
    "offered_load_peak_gpus": {"type": "number"},
    "fluid_gpus": {"type": "number"},
    "status": {"enum": ["found", "out_of_bounds", "infeasible", "stopped"]},
    "complete": {"type": "boolean"},
    "targets_declared": {"type": "integer", "minimum": 1},
    "max_gpus": {"type": "integer", "description": "bound of the search, all free pools"},
    "free_gpus": {"type": "integer", "description": "today's, free pools"},
    "judged_gpus": {"type": ["integer", "null"], "description": "free pools of the fleet whose targets are told: the answer, else the last tried"},
    "judged_period": {"type": ["integer", "null"], "description": "index of the busy period that they are told of, the severest"},
    "needed_gpus": {"type": ["integer", "null"], "description": "free pools"},
    "extra_gpus": {"type": ["integer", "null"]},
    "extra_ci": {"$ref": "#/$defs/interval"},
    "node_loss_gpus": {"type": ["integer", "null"], "description": "free pools; the smallest fleet that holds with a node less"},
    "separated": {"type": "boolean", "description": "one step fewer is excluded, in every free pool"},
    "monotone": {"type": "boolean"},
    "fleet": {"type": "array", "items": {
      "type": "object", "additionalProperties": false,
      "required": ["pool", "gpu", "current_gpu", "current", "needed", "needed_ci", "separated", "add", "remove", "step_gpus", "node_gpus", "node_loss"],
      "properties": {"pool": {"type": "string"}, "gpu": {"type": "string"}, "current_gpu": {"type": "string"},
        "current": {"type": "integer"}, "needed": {"type": "integer"}, "needed_ci": {"$ref": "#/$defs/interval"}, "separated": {"type": "boolean"},
        "add": {"type": "integer"}, "remove": {"type": "integer"}, "step_gpus": {"type": "integer"},
        "node_gpus": {"type": ["integer", "null"]}, "node_loss": {"type": ["integer", "null"]}}}},
    "fluid_fleet": {"type": "array", "items": {
      "type": "object", "additionalProperties": false, "required": ["pool", "fluid_gpus"],
      "properties": {"pool": {"type": "string"}, "fluid_gpus": {"type": "number"}}}},
    "targets": {"$ref": "#/$defs/judged_targets"},
    "below": {"type": "array", "items": {"$ref": "#/$defs/fleet_tried"}},
    "after_node_loss": {"oneOf": [{"type": "null"}, {"$ref": "#/$defs/fleet_tried"}]},
    "floor": {"type": "array", "items": {
      "type": "object", "additionalProperties": false, "required": ["id", "value", "bound", "limit"],
      "properties": {"id": {"type": "string"}, "value": {"$ref": "#/$defs/value", "description": "null: no request can count for it"}, "bound": {"$ref": "#/$defs/value"}, "limit": {"type": "number"}}}},
    "cost": {"oneOf": [{"type": "null"}, {
      "type": "object", "additionalProperties": false, "required": ["prices", "gpu_hours", "extra_gpu_hours"],
      "properties": {
        "prices": {"type": "array", "items": {
          "type": "object", "additionalProperties": false, "required": ["gpu", "usd_per_gpu_h", "market", "date", "source"],
          "properties": {"gpu": {"type": "string"}, "usd_per_gpu_h": {"type": "number"}, "market": {"type": "string"}, "date": {"type": "string"}, "source": {"type": "string"}}}},
        "current_usd_per_h": {"$ref": "#/$defs/value"}, "needed_usd_per_h": {"$ref": "#/$defs/value"}, "extra_usd_per_h": {"$ref": "#/$defs/value"},
        "current_usd_per_h_high": {"$ref": "#/$defs/value"}, "needed_usd_per_h_high": {"$ref": "#/$defs/value"}, "extra_usd_per_h_high": {"$ref": "#/$defs/value"},
        "gpu_hours": {"type": "number", "description": "over the scenario's duration"}, "extra_gpu_hours": {"type": "number"},
        "needed_power_w": {"type": "number"}, "extra_power_w": {"type": "number"}}}]}
  }
})schema";

constexpr const char* kTop = R"schema({
  "curve": {"type": "array", "items": {"$ref": "#/$defs/fleet_tried"}, "description": "every fleet tried, by GPUs"},
  "knee": {
    "type": "object", "additionalProperties": false, "required": ["holds", "fails", "points"],
    "properties": {
      "holds": {"$ref": "#/$defs/value", "description": "largest demand multiplier tried below which today's fleet holds"},
      "fails": {"$ref": "#/$defs/value"},
      "points": {"type": "array", "items": {
        "type": "object", "additionalProperties": false,
        "required": ["multiplier", "offered_load_per_gpu", "period", "replications", "in_busiest_hours", "rule", "pass", "binding", "targets"],
        "properties": {"multiplier": {"type": "number"}, "offered_load_per_gpu": {"type": "number"}, "replications": {"type": "integer"},
          "period": {"type": "integer"}, "in_busiest_hours": {"type": "integer"}, "rule": {"enum": ["point estimate", "CI bound"]}, "pass": {"type": "boolean"}, "binding": {"$ref": "#/$defs/binding"}, "targets": {"$ref": "#/$defs/judged_targets"}}}}}
  },
  "do_nothing": {
    "type": "object", "additionalProperties": false,
    "required": ["replications", "verdict", "first_breach_s", "first_breach_utc", "first_breach_target", "worst", "worst_s", "worst_target", "worst_at_s",
      "time_above_s", "backlog_peak", "backlog_peak_at_s", "drain_s", "lost", "lost_by_state", "lost_share"],
    "properties": {
      "replications": {"type": "integer"}, "verdict": {"enum": ["pass", "fail", "none"]},
      "first_breach_s": {"$ref": "#/$defs/value"}, "first_breach_utc": {"type": ["string", "null"]}, "first_breach_target": {"type": ["string", "null"]},
      "worst": {"enum": ["value", "lost", null]}, "worst_s": {"$ref": "#/$defs/value"}, "worst_target": {"type": ["string", "null"]},
      "worst_at_s": {"$ref": "#/$defs/value"}, "time_above_s": {"$ref": "#/$defs/value"},
      "backlog_peak": {"$ref": "#/$defs/value"}, "backlog_peak_at_s": {"$ref": "#/$defs/value"},
      "drain_s": {"type": "object", "additionalProperties": {"$ref": "#/$defs/value"}},
      "lost": {"type": "number"}, "lost_share": {"$ref": "#/$defs/value"},
      "lost_by_state": {"type": "object", "additionalProperties": {"$ref": "#/$defs/value"}}}
  },
  "alternatives": {"type": "array", "description": "types of GPU asked for with --gpu", "items": {
    "type": "object", "additionalProperties": false, "required": ["gpu", "chosen", "needed_gpus", "needed_ci", "usd_per_h", "power_w", "problem"],
    "properties": {"gpu": {"type": "string"}, "chosen": {"type": "boolean"}, "needed_gpus": {"$ref": "#/$defs/value"}, "needed_ci": {"$ref": "#/$defs/interval"},
      "usd_per_h": {"$ref": "#/$defs/value"}, "power_w": {"$ref": "#/$defs/value"}, "problem": {"type": "string"}}}},
  "search": {
    "type": "object", "additionalProperties": false, "required": ["fleets", "candidates", "runs", "requests", "events"],
    "properties": {"fleets": {"type": "integer"}, "candidates": {"type": "integer"}, "runs": {"type": "number"}, "requests": {"type": "number"}, "events": {"type": "number"}}
  }
})schema";

constexpr const char* kDefinitions = R"schema({
  "binding": {"oneOf": [{"type": "null"}, {
    "type": "object", "additionalProperties": false, "required": ["id", "unit", "limit", "value", "ci", "bound"],
    "properties": {"id": {"type": "string"}, "unit": {"enum": ["s", "share", "1/s"]}, "limit": {"type": "number"},
      "value": {"$ref": "#/$defs/value"}, "ci": {"$ref": "#/$defs/interval"}, "bound": {"$ref": "#/$defs/value"}}}],
    "description": "the target furthest beyond its limit, or nearest to it"},
  "judged_targets": {"type": "array", "items": {
    "type": "object", "additionalProperties": false, "required": ["id", "value", "ci", "bound", "pass", "excluded"],
    "properties": {"id": {"type": "string"}, "value": {"$ref": "#/$defs/value"}, "ci": {"$ref": "#/$defs/interval"}, "bound": {"$ref": "#/$defs/value"},
      "pass": {"type": "boolean"}, "excluded": {"type": "boolean"}, "reason": {"enum": ["no samples", "censored"]}}}},
  "fleet_tried": {
    "type": "object", "additionalProperties": false,
    "required": ["gpus", "fleet", "role", "period", "replications", "in_busiest_hours", "confidence", "rule", "pass", "excluded", "binding", "targets"],
    "properties": {"gpus": {"type": "integer"}, "fleet": {"type": "object", "additionalProperties": {"type": "integer"}},
      "role": {"enum": ["answer", "below", "today", "node_loss", "tried"]}, "replications": {"type": "integer"},
      "period": {"type": "integer", "description": "index of the busy period that the targets are of, the severest"},
      "in_busiest_hours": {"type": "integer", "description": "replications that simulated those alone"}, "confidence": {"type": "number"},
      "rule": {"enum": ["point estimate", "CI bound"]}, "pass": {"type": "boolean"}, "excluded": {"type": "boolean"},
      "binding": {"$ref": "#/$defs/binding"}, "targets": {"$ref": "#/$defs/judged_targets"}}}
})schema";

constexpr const char* kMethod = R"schema({
  "type": "object", "additionalProperties": false,
  "required": ["free", "minimize", "looks", "verdict_replications", "verdict_confidence_all", "probe_replications", "busiest_hours", "rule", "node_loss"],
  "properties": {"free": {"type": "array", "items": {"type": "string"}}, "minimize": {"enum": ["gpus", "cost", "power"]},
    "looks": {"type": "array", "items": {"type": "object", "additionalProperties": false, "required": ["replications", "confidence"],
      "properties": {"replications": {"type": "integer"}, "confidence": {"type": "number"}}}},
    "verdict_replications": {"type": "integer"}, "verdict_confidence_all": {"type": "number"}, "probe_replications": {"type": "integer"},
    "busiest_hours": {"oneOf": [{"type": "null"}, {
      "type": "object", "additionalProperties": false, "required": ["from_s", "to_s", "simulated_from_s", "simulated_to_s", "whole_replications"],
      "description": "all that far tries, and a verdict's replications after the whole ones, simulate",
      "properties": {"from_s": {"type": "number"}, "to_s": {"type": "number"}, "simulated_from_s": {"type": "number"}, "simulated_to_s": {"type": "number"},
        "whole_replications": {"type": "integer"}}}]},
    "rule": {"type": "string"}, "node_loss": {"type": "string"}}
})schema";

constexpr const char* kLevers = R"schema({
  "type": "array", "items": {"type": "object", "additionalProperties": false, "required": ["lever", "multiplier", "text"],
    "properties": {"lever": {"type": "string"}, "multiplier": {"type": "number"}, "text": {"type": "string"}}}
})schema";

}  // namespace

std::string plan_schema() {
  Json schema = Json::parse(report_schema());
  schema["$id"] = "plan-1.schema.json";
  schema["title"] = "headroom plan, version 1";
  schema["description"] =
      "What `headroom plan` found out: the report of a run of today's fleet, and what to change. "
      "Times are seconds since the scenario's start unless the key says utc.";
  Json& properties = schema["properties"];
  properties["$schema"] = {{"const", "plan-1.schema.json"}};
  properties["kind"] = {{"const", "plan"}};
  properties["answer"] = Json::parse(kAnswer);
  properties["method"]["properties"]["plan"] = Json::parse(kMethod);
  properties["method"]["required"].push_back("plan");
  properties["why"]["properties"]["levers"] = Json::parse(kLevers);
  properties["why"]["required"].push_back("levers");
  const Json top = Json::parse(kTop);
  for (const auto& [key, value] : top.items()) {
    properties[key] = value;
    schema["required"].push_back(key);
  }
  const Json ways = Json::parse(ways_schema());
  for (const auto& [key, value] : ways.items()) {
    if (key == "$defs") continue;
    properties[key] = value;
    schema["required"].push_back(key);
  }
  for (const auto& [key, value] : ways["$defs"].items()) schema["$defs"][key] = value;
  const Json definitions = Json::parse(kDefinitions);
  for (const auto& [key, value] : definitions.items()) schema["$defs"][key] = value;
  const Json worlds = worlds_schema();
  for (const auto& [key, value] : worlds["properties"].items()) properties[key] = value;
  for (const auto& [key, value] : worlds["definitions"].items()) schema["$defs"][key] = value;
  return schema.dump(2) + "\n";
}

}  // namespace headroom
