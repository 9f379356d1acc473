#include "plan_ways.hpp"

namespace headroom {

// By hand, beside the writer, like the rest of the plan's schema.
std::string ways_schema() {
  return R"schema({
  "ways_out": {"type": "array", "description": "what can be done instead of adding GPUs", "items": {
    "type": "object", "additionalProperties": false,
    "required": ["lever", "name", "class", "status", "text", "unit", "value", "value_ci", "separated", "at_bound", "verdict_replications",
      "gpus", "gpus_saved", "answer", "beyond", "curve"],
    "properties": {
      "lever": {"enum": ["demand", "rate_limit", "quota", "degrade"]},
      "name": {"type": "string"}, "class": {"type": ["string", "null"]},
      "status": {"enum": ["found", "needless", "none"], "description": "found: with it today's fleet holds; of degrade: some fleet does"},
      "text": {"type": "string"}, "unit": {"type": "string"},
      "value": {"$ref": "#/$defs/value", "description": "largest setting that holds; where none does, the tightest"},
      "value_ci": {"$ref": "#/$defs/interval", "description": "up to the largest that is not excluded"},
      "separated": {"type": "boolean"},
      "at_bound": {"type": "boolean", "description": "the largest setting tried holds: more may"},
      "verdict_replications": {"type": "integer"},
      "gpus": {"type": ["integer", "null"], "description": "of the free pools, that hold with it"},
      "gpus_saved": {"type": ["integer", "null"], "description": "of what the plan needs without it"},
      "answer": {"$ref": "#/$defs/setting_or_null"}, "beyond": {"$ref": "#/$defs/setting_or_null"},
      "curve": {"type": "array", "items": {"$ref": "#/$defs/setting_tried"}}}}},
  "delivery": {"oneOf": [{"type": "null"}, {
    "type": "object", "additionalProperties": false,
    "required": ["status", "headline", "from_s", "from_utc", "asked", "date_step_s", "earliest_s", "stated_gpus", "needed_gpus", "needed_ci",
      "separated", "verdict_replications", "gpus", "gpus_saved", "batches", "answer", "below", "curve", "until", "left_out"],
    "properties": {
      "status": {"enum": ["found", "needless", "none"]}, "headline": {"type": "string"},
      "from_s": {"type": "number", "description": "targets are judged over arrivals from then on"}, "from_utc": {"type": ["string", "null"]},
      "asked": {"type": "boolean", "description": "the date was given; else the earliest that holds"},
      "date_step_s": {"type": "number"}, "earliest_s": {"$ref": "#/$defs/value"},
      "stated_gpus": {"type": "integer"}, "needed_gpus": {"type": ["integer", "null"]}, "needed_ci": {"$ref": "#/$defs/interval"},
      "separated": {"type": "boolean"}, "verdict_replications": {"type": "integer"},
      "gpus": {"type": ["integer", "null"]}, "gpus_saved": {"type": ["integer", "null"]},
      "batches": {"type": "array", "items": {
        "type": "object", "additionalProperties": false, "required": ["pool", "at_s", "at_utc", "gpus", "needed_gpus"],
        "properties": {"pool": {"type": "string"}, "at_s": {"type": "number"}, "at_utc": {"type": ["string", "null"]},
          "gpus": {"type": "integer"}, "needed_gpus": {"type": "integer"}}}},
      "answer": {"$ref": "#/$defs/setting_or_null"}, "below": {"$ref": "#/$defs/setting_or_null"},
      "curve": {"type": "array", "items": {"$ref": "#/$defs/setting_tried"}, "description": "value: GPUs that arrive"},
      "until": {"oneOf": [{"type": "null"}, {
        "type": "object", "additionalProperties": false,
        "required": ["replications", "first_breach_s", "first_breach_utc", "first_breach_target", "worst_s", "worst_target", "lost", "lost_share"],
        "properties": {"replications": {"type": "integer"}, "first_breach_s": {"$ref": "#/$defs/value"}, "first_breach_utc": {"type": ["string", "null"]},
          "first_breach_target": {"type": ["string", "null"]}, "worst_s": {"$ref": "#/$defs/value"}, "worst_target": {"type": ["string", "null"]},
          "lost": {"$ref": "#/$defs/value"}, "lost_share": {"$ref": "#/$defs/value"}}}]},
      "left_out": {"type": "array", "items": {"type": "string"}}}}]},
  "claims": {"type": "array", "items": {
    "type": "object", "additionalProperties": false, "required": ["name", "extra_gpus", "source", "times_answer"],
    "properties": {"name": {"type": "string"}, "extra_gpus": {"type": "integer"}, "source": {"type": "string"}, "times_answer": {"$ref": "#/$defs/value"}}}},
  "rests_on": {"type": "array", "description": "rows of assumptions that the scenario says the answer hangs on most",
    "items": {"type": "object", "required": ["path", "value", "range"]}},
  "$defs": {
    "setting_tried": {
      "type": "object", "additionalProperties": false,
      "required": ["value", "refused_share", "replications", "in_busiest_hours", "confirmed", "rule", "pass", "excluded", "binding", "targets"],
      "properties": {"value": {"type": "number"}, "refused_share": {"$ref": "#/$defs/value"}, "replications": {"type": "integer"},
        "in_busiest_hours": {"type": "integer"}, "confirmed": {"type": "boolean", "description": "held by one whole run after the busiest hours"},
        "rule": {"enum": ["point estimate", "CI bound"]}, "pass": {"type": "boolean"}, "excluded": {"type": "boolean"},
        "binding": {"$ref": "#/$defs/binding"}, "targets": {"$ref": "#/$defs/judged_targets"}}},
    "setting_or_null": {"oneOf": [{"type": "null"}, {"$ref": "#/$defs/setting_tried"}]}
  }
})schema";
}

}  // namespace headroom
