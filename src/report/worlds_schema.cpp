#include <nlohmann/json.hpp>

#include "worlds_report.hpp"

namespace headroom {
namespace {

// As in plan_schema.cpp: by hand, beside the writer, and checked against real reports.
constexpr const char* kWorlds = R"schema({
  "uncertain_inputs": {"type": "array", "items": {
    "type": "object", "additionalProperties": false, "required": ["name", "kind", "fields"],
    "properties": {"name": {"type": "string"}, "kind": {"enum": ["uniform", "log_uniform", "triangular", "normal", "lognormal"]},
      "fields": {"type": "array", "items": {
        "type": "object", "additionalProperties": false, "required": ["path", "stated", "low", "high"],
        "properties": {"path": {"type": "string"}, "stated": {"type": "string"}, "low": {"type": "string"}, "high": {"type": "string"}}}}}}},
  "worlds_search": {
    "type": "object", "additionalProperties": false, "required": ["candidates", "runs", "requests", "events"],
    "properties": {"candidates": {"type": "integer"}, "runs": {"type": "number"}, "requests": {"type": "number"}, "events": {"type": "number"}}},
  "worlds_point": {
    "type": "object", "additionalProperties": false, "required": ["gpus", "hold", "worlds", "simulated", "whole", "share", "ci"],
    "properties": {"gpus": {"type": "integer"}, "hold": {"type": "integer", "description": "worlds in which every target holds"},
      "worlds": {"type": "integer"}, "simulated": {"type": "integer", "description": "of them; the rest follows from larger or smaller fleets"},
      "whole": {"type": "integer", "description": "of the simulated, by whole runs; the others by their busiest hours alone"},
      "share": {"type": "number"}, "ci": {"$ref": "#/$defs/interval"}}},
  "tornado_end": {
    "type": "object", "additionalProperties": false, "required": ["values", "found", "below_floor", "gpus", "more_gpus"],
    "properties": {"values": {"type": "array", "items": {"type": "string"}, "description": "by field of the input"},
      "found": {"type": "boolean", "description": "false: no fleet up to `gpus` holds"},
      "below_floor": {"type": "boolean", "description": "even an empty fleet misses a target: none of any size holds"},
      "gpus": {"type": "integer", "description": "needed"}, "more_gpus": {"type": "integer", "description": "than as stated"}}}
})schema";

constexpr const char* kBlocks = R"schema({
  "worlds": {
    "description": "plan --worlds: the smallest fleet that holds in a share of all drawn worlds",
    "type": "object", "additionalProperties": false,
    "required": ["headline", "status", "worlds", "assurance", "confidence", "replications", "free_gpus", "needed_gpus", "extra_gpus", "from_gpus",
      "step_gpus", "max_gpus", "possible", "answer", "below", "curve", "inputs", "drawn", "search"],
    "properties": {
      "headline": {"type": "string"}, "status": {"enum": ["found", "out_of_bounds", "stopped"]},
      "worlds": {"type": "integer", "minimum": 1}, "assurance": {"type": "number"}, "confidence": {"type": "number", "description": "of the interval of the share"},
      "replications": {"type": "integer", "description": "of each world and fleet"},
      "free_gpus": {"type": "integer", "description": "today's"},
      "needed_gpus": {"type": ["integer", "null"]}, "extra_gpus": {"type": ["integer", "null"]},
      "from_gpus": {"type": ["integer", "null"], "description": "smallest fleet whose share's interval reaches the one asked for"},
      "step_gpus": {"type": "integer"}, "max_gpus": {"type": "integer"},
      "possible": {"type": "integer", "description": "worlds in which no target is missed even on an empty fleet"},
      "answer": {"oneOf": [{"type": "null"}, {"$ref": "#/$defs/worlds_point"}]},
      "below": {"oneOf": [{"type": "null"}, {"$ref": "#/$defs/worlds_point"}], "description": "one step less"},
      "curve": {"type": "array", "items": {"$ref": "#/$defs/worlds_point"}},
      "inputs": {"$ref": "#/$defs/uncertain_inputs"},
      "drawn": {"type": "array", "items": {
        "type": "object", "additionalProperties": false, "required": ["world", "values", "holds_gpus", "fails_gpus", "below_floor"],
        "properties": {"world": {"type": "integer"}, "values": {"type": "array", "items": {"type": "string"}, "description": "by input, of its first field"},
          "holds_gpus": {"type": ["integer", "null"], "description": "smallest fleet tried that holds"},
          "fails_gpus": {"type": ["integer", "null"], "description": "largest fleet tried that does not"},
          "below_floor": {"type": "array", "items": {"type": "string"}, "description": "targets that an empty fleet of any size misses"}}}},
      "search": {"$ref": "#/$defs/worlds_search"}}},
  "tornado": {
    "description": "plan --tornado: the answer with one uncertain input at its low and its high; the one that moves it most first",
    "type": "object", "additionalProperties": false,
    "required": ["status", "replications", "in_busiest_hours", "free_gpus", "stated_gpus", "stated_found", "step_gpus", "max_gpus", "inputs", "rows", "search"],
    "properties": {
      "status": {"enum": ["found", "stopped"]}, "replications": {"type": "integer"},
      "in_busiest_hours": {"type": "boolean", "description": "the ends were tried in their busiest hours alone"},
      "free_gpus": {"type": "integer", "description": "today's"},
      "stated_gpus": {"type": "integer", "description": "needed with every input as stated, by the same rule"}, "stated_found": {"type": "boolean"},
      "step_gpus": {"type": "integer"}, "max_gpus": {"type": "integer"},
      "inputs": {"$ref": "#/$defs/uncertain_inputs"},
      "rows": {"type": "array", "items": {
        "type": "object", "additionalProperties": false, "required": ["input", "low", "high", "swing_gpus"],
        "properties": {"input": {"type": "string"}, "low": {"$ref": "#/$defs/tornado_end"}, "high": {"$ref": "#/$defs/tornado_end"}, "swing_gpus": {"type": "integer"}}}},
      "search": {"$ref": "#/$defs/worlds_search"}}}
})schema";

}  // namespace

Json worlds_schema() {
  return {{"properties", Json::parse(kBlocks)}, {"definitions", Json::parse(kWorlds)}};
}

}  // namespace headroom
