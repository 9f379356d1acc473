#include "headroom/report/report.hpp"

namespace headroom {
namespace {

// Beside the writer, by hand: what report.cpp and its parts put in, and nothing more at the top
// level. A test validates real reports against it with an independent validator.
constexpr const char* kHead = R"schema({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "$id": "report-1.schema.json",
  "title": "headroom report, version 1",
  "description": "What `headroom run` found out. Times are seconds since the scenario's start unless the key says utc. A statistic that is null and named in `censored` ranks among the requests that were lost or not served before the horizon. Only the block `run` may differ between two runs of one scenario.",
  "type": "object",
  "additionalProperties": false,
  "required": ["$schema", "schema_version", "kind", "complete", "tool", "scenario", "method",
    "answer", "targets", "requests", "metrics", "samples", "timeline", "backlog", "pools", "busy_periods",
    "why", "assumptions", "warnings", "run"],
  "properties": {
    "$schema": {"const": "report-1.schema.json"},
    "schema_version": {"const": "1.0"},
    "kind": {"const": "run"},
    "complete": {"type": "boolean", "description": "false: stopped early; values are of the replications that ended"},
    "tool": {
      "type": "object", "additionalProperties": false,
      "required": ["name", "version", "commit", "compiler"],
      "properties": {"name": {"const": "headroom"}, "version": {"type": "string"}, "commit": {"type": "string"}, "compiler": {"type": "string"}}
    },
    "scenario": {
      "type": "object", "additionalProperties": false,
      "required": ["name", "description", "sha256", "overrides", "inputs", "effective"],
      "properties": {
        "name": {"type": "string"},
        "description": {"type": "string"},
        "sha256": {"$ref": "#/$defs/sha256"},
        "overrides": {"type": "array", "items": {
          "type": "object", "additionalProperties": false, "required": ["path", "value", "from"],
          "properties": {"path": {"type": "string"}, "value": true, "from": {"type": "string"}}}},
        "inputs": {"type": "array", "items": {
          "type": "object", "additionalProperties": false, "required": ["role", "file", "sha256"],
          "properties": {"role": {"type": "string"}, "file": {"type": "string", "pattern": "^[^/]*$"}, "sha256": {"$ref": "#/$defs/sha256"}, "rows": {"type": "integer"}}}},
        "effective": {"type": "object", "description": "the scenario after overrides; paths cut to base names"}
      }
    },
    "method": {
      "type": "object", "additionalProperties": false,
      "required": ["seed", "replications", "replications_asked", "crn", "start_utc", "duration_s", "warmup_s",
        "horizon_s", "confidence", "interval_confidence", "verdict_confidence", "sequential", "quantiles", "minute_s", "least_minute_arrivals", "windows", "cells"],
      "properties": {
        "seed": {"type": "integer"},
        "replications": {"type": "integer", "minimum": 0},
        "replications_asked": {"type": "integer", "minimum": 1},
        "crn": {"type": "boolean"},
        "start_utc": {"type": ["string", "null"], "description": "null: the scenario is not dated"},
        "duration_s": {"type": "number"},
        "warmup_s": {"type": "number"},
        "horizon_s": {"type": "number"},
        "confidence": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
        "interval_confidence": {"type": "number", "description": "of the intervals: as confidence; with -n auto, that of the look at which it stopped"},
        "verdict_confidence": {"type": "number", "description": "of each one-sided bound, Bonferroni over the targets"},
        "sequential": {
          "type": ["object", "null"], "additionalProperties": false, "description": "how -n auto chose the number of replications",
          "required": ["precision", "rule", "looks", "stopped_at", "reached"],
          "properties": {"precision": {"type": "number"}, "rule": {"type": "string"}, "stopped_at": {"type": "integer"}, "reached": {"type": "boolean"},
            "looks": {"type": "array", "items": {"type": "object", "additionalProperties": false, "required": ["replications", "confidence"],
              "properties": {"replications": {"type": "integer"}, "confidence": {"type": "number"}}}}}
        },
        "quantiles": {"type": "string"},
        "minute_s": {"type": "number", "description": "unit of breach accounting"},
        "least_minute_arrivals": {"type": "number", "description": "minutes with fewer are joined"},
        "windows": {"type": "object", "additionalProperties": {
          "type": "object", "additionalProperties": false, "required": ["from_s", "to_s"],
          "properties": {"from_s": {"type": "number"}, "to_s": {"type": "number"}}}},
        "cells": {
          "type": "object", "additionalProperties": false, "required": ["count", "simulated", "grain", "sizes"],
          "properties": {"count": {"type": "integer"}, "simulated": {"type": "integer"}, "grain": {"type": "string"},
            "sizes": {"type": "array", "items": {
              "type": "object", "additionalProperties": false, "required": ["cells", "simulated", "replicas"],
              "properties": {"cells": {"type": "integer"}, "simulated": {"type": "integer"},
                "replicas": {"type": "object", "additionalProperties": {"type": "integer"}}}}}}
        }
      }
    },
)schema";

constexpr const char* kAnswer = R"schema(    "answer": {
      "type": "object", "additionalProperties": false,
      "required": ["verdict", "headline", "gpus", "offered_load_mean_gpus", "offered_load_peak_gpus", "fluid_gpus", "fleet"],
      "properties": {
        "verdict": {"enum": ["pass", "fail", "none"], "description": "none: no targets, or nothing to judge"},
        "headline": {"type": "string"},
        "gpus": {"type": "integer"},
        "offered_load_mean_gpus": {"type": "number"},
        "offered_load_peak_gpus": {"type": "number"},
        "fluid_gpus": {"type": "number", "description": "fewest GPUs that the largest bin of mean demand does not overload"},
        "fleet": {"type": "array", "items": {
          "type": "object", "additionalProperties": false, "required": ["pool", "current", "fluid_gpus"],
          "properties": {"pool": {"type": "string"}, "current": {"type": "number"}, "fluid_gpus": {"type": "number"}}}}
      }
    },
    "targets": {"type": "array", "items": {"$ref": "#/$defs/target"}},
    "requests": {
      "type": "object", "additionalProperties": false, "required": ["all", "by_class", "by_window"],
      "properties": {
        "all": {"$ref": "#/$defs/group"},
        "by_class": {"type": "object", "additionalProperties": {"$ref": "#/$defs/group"}},
        "by_window": {"type": "object", "additionalProperties": {
          "type": "object", "additionalProperties": false, "required": ["all", "by_class"],
          "properties": {"all": {"$ref": "#/$defs/group"},
            "by_class": {"type": "object", "additionalProperties": {"$ref": "#/$defs/group"}}}}}
      }
    },
    "metrics": {
      "type": "object", "additionalProperties": false,
      "properties": {
        "queue_delay_s": {"$ref": "#/$defs/metric"}, "ttft_s": {"$ref": "#/$defs/metric"},
        "itl_s": {"$ref": "#/$defs/metric"}, "tpot_s": {"$ref": "#/$defs/metric"},
        "e2e_s": {"$ref": "#/$defs/metric"}, "time_in_queue_s": {"$ref": "#/$defs/metric"}
      }
    },
    "samples": {"type": "array", "description": "values one a replication, for comparisons; null = censored", "items": {
      "type": "object", "additionalProperties": false, "required": ["metric", "statistic", "class", "window", "unit", "better", "values"],
      "properties": {
        "target": {"type": "string", "description": "id of the target whose judged value this is"},
        "period": {"type": "integer", "description": "busy period, where there are several"},
        "metric": {"type": "string"},
        "statistic": {"type": ["string", "null"]},
        "class": {"type": "string"},
        "window": {"type": "string"},
        "unit": {"enum": ["s", "share", "1/s"]},
        "better": {"enum": ["lower", "higher"]},
        "values": {"type": "array", "items": {"type": ["number", "null"]}}}}},
    "timeline": {
      "type": "object", "additionalProperties": false,
      "required": ["step_s", "t_s", "arrivals", "queue_len", "oldest_age_s", "busy_gpus", "by_class", "by_pool", "queue_delay_p95_s"],
      "properties": {
        "step_s": {"type": "number", "exclusiveMinimum": 0},
        "t_s": {"$ref": "#/$defs/line"},
        "arrivals": {"$ref": "#/$defs/line"},
        "queue_len": {"$ref": "#/$defs/queue_len"},
        "oldest_age_s": {"$ref": "#/$defs/line"},
        "busy_gpus": {"$ref": "#/$defs/line"},
        "by_class": {"type": "object", "additionalProperties": {
          "type": "object", "additionalProperties": false, "required": ["arrivals", "queue_len", "oldest_age_s"],
          "properties": {"arrivals": {"$ref": "#/$defs/line"}, "queue_len": {"$ref": "#/$defs/queue_len"}, "oldest_age_s": {"$ref": "#/$defs/line"}}}},
        "by_pool": {"type": "object", "additionalProperties": {
          "type": "object", "additionalProperties": false, "required": ["running", "queued", "busy_share"],
          "properties": {"running": {"$ref": "#/$defs/line"}, "queued": {"$ref": "#/$defs/line"}, "busy_share": {"$ref": "#/$defs/line"}, "kv_share": {"$ref": "#/$defs/line"},
            "gpus_in_service": {"$ref": "#/$defs/line"}, "gpus_down": {"$ref": "#/$defs/line"}}}},
        "queue_delay_p95_s": {
          "type": "object", "additionalProperties": false, "required": ["step_s", "t_s", "all", "by_class"],
          "properties": {"step_s": {"type": "number"}, "t_s": {"$ref": "#/$defs/line"}, "all": {"$ref": "#/$defs/line"},
            "by_class": {"type": "object", "additionalProperties": {"$ref": "#/$defs/line"}},
            "ci": {"type": "object", "additionalProperties": false, "required": ["all", "by_class"],
              "description": "interval over the replications; absent with one of them",
              "properties": {"all": {"$ref": "#/$defs/band"},
                "by_class": {"type": "object", "additionalProperties": {"$ref": "#/$defs/band"}}}}}}
      }
    },
    "backlog": {
      "type": "object", "additionalProperties": false, "required": ["all", "by_class"],
      "properties": {"all": {"$ref": "#/$defs/backlog"},
        "by_class": {"type": "object", "additionalProperties": {"$ref": "#/$defs/backlog"}}}
    },
    "pools": {"type": "array", "items": {"$ref": "#/$defs/pool"}},
    "busy_periods": {
      "type": ["object", "null"], "additionalProperties": false, "required": ["every", "first_failing", "reported", "periods"],
      "properties": {
        "every": {"type": "string"},
        "first_failing": {"type": ["integer", "null"]},
        "reported": {"type": "integer", "description": "the period that the rest of the report is about"},
        "periods": {"type": "array", "items": {
          "type": "object", "additionalProperties": false,
          "required": ["index", "start_s", "start_utc", "rate_multiplier", "offered_load_per_gpu", "fluid_gpus", "replications", "pass", "targets"],
          "properties": {
            "index": {"type": "integer"}, "start_s": {"type": "number"}, "start_utc": {"type": ["string", "null"]},
            "rate_multiplier": {"type": "number"}, "offered_load_per_gpu": {"type": "number"}, "fluid_gpus": {"type": "number"},
            "replications": {"type": "integer"}, "pass": {"type": "boolean"},
            "targets": {"type": "array", "items": {
              "type": "object", "additionalProperties": false, "required": ["id", "value", "ci", "pass"],
              "properties": {"id": {"type": "string"}, "value": {"type": ["number", "null"]}, "ci": {"$ref": "#/$defs/interval"}, "pass": {"type": "boolean"}}}}}}}
      }
    },
    "why": {
      "type": "object", "additionalProperties": false,
      "required": ["binding", "pool", "window", "at_s", "offered_load_per_gpu"],
      "properties": {"binding": {"type": "string"}, "pool": {"type": "string"}, "window": {"type": ["string", "null"]},
        "at_s": {"type": "number"}, "offered_load_per_gpu": {"type": "number"}}
    },
    "assumptions": {"type": "array", "items": {
      "type": "object", "additionalProperties": false, "required": ["path", "kind", "value", "source", "why", "range"],
      "properties": {"path": {"type": "string"}, "kind": {"enum": ["fact", "derived", "assumption", "calibrated"]},
        "value": {"type": ["string", "null"]}, "source": {"type": "string"}, "why": {"type": "string"},
        "range": {"type": "array", "items": {"type": "string"}}}}},
    "warnings": {"type": "array", "items": {
      "type": "object", "additionalProperties": false, "required": ["code", "path", "message"],
      "properties": {"code": {"type": "string", "pattern": "^W[0-9]{3}$"}, "path": {"type": "string"}, "message": {"type": "string"}}}},
    "run": {
      "type": "object", "additionalProperties": false, "required": ["started", "wall_s", "events", "requests", "threads", "host"],
      "properties": {"started": {"type": "string"}, "wall_s": {"type": "number"}, "events": {"type": "number"},
        "requests": {"type": "number"}, "threads": {"type": "integer"}, "host": {"type": "string"}}
    }
  },
)schema";

constexpr const char* kDefinitions = R"schema(  "$defs": {
    "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    "value": {"type": ["number", "null"]},
    "interval": {"oneOf": [{"type": "null"}, {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}]},
    "intervals": {"type": "object", "additionalProperties": {"$ref": "#/$defs/interval"}},
    "line": {"type": "array", "items": {"type": ["number", "null"]}},
    "band": {
      "type": "object", "additionalProperties": false, "required": ["low", "high"],
      "properties": {"low": {"$ref": "#/$defs/line"}, "high": {"$ref": "#/$defs/line"}}
    },
    "queue_len": {
      "type": "object", "additionalProperties": false, "required": ["mean", "max"],
      "properties": {"mean": {"$ref": "#/$defs/line"}, "max": {"$ref": "#/$defs/line"}}
    },
    "target": {
      "type": "object", "additionalProperties": false,
      "required": ["id", "metric", "statistic", "unit", "window", "class", "of", "value", "ci", "bound", "samples", "pass", "rule"],
      "properties": {
        "id": {"type": "string"}, "metric": {"type": "string"}, "statistic": {"type": ["string", "null"]},
        "unit": {"enum": ["s", "share", "1/s"]}, "window": {"type": "string"}, "class": {"type": "string"},
        "of": {"enum": ["offered", "admitted"]},
        "max_s": {"type": "number"}, "max": {"type": "number"}, "min": {"type": "number"}, "min_per_s": {"type": "number"},
        "value": {"$ref": "#/$defs/value"}, "ci": {"$ref": "#/$defs/interval"}, "bound": {"$ref": "#/$defs/value"},
        "samples": {"type": "number", "description": "mean number of requests judged, a replication"},
        "pass": {"type": "boolean"},
        "rule": {"enum": ["upper CI bound", "lower CI bound", "point estimate"]},
        "reason": {"enum": ["no samples", "censored"]},
        "censored": {"type": "array", "items": {"type": "string"}},
        "censored_replications": {"type": "integer"},
        "refused_share": {"type": "number"},
        "first_breach_s": {"type": ["number", "null"], "description": "median over the replications that breach"},
        "first_breach_utc": {"type": ["string", "null"]},
        "breach_share": {"type": "number", "minimum": 0, "maximum": 1},
        "worst": {"$ref": "#/$defs/value"}, "worst_ci": {"$ref": "#/$defs/interval"},
        "worst_censored_replications": {"type": "integer"},
        "worst_at_s": {"$ref": "#/$defs/value"},
        "time_above_s": {"$ref": "#/$defs/value"}, "time_above_range_s": {"$ref": "#/$defs/interval"}
      }
    },
    "group": {
      "type": "object", "additionalProperties": false,
      "required": ["arrived", "finished", "rejected", "abandoned", "failed", "unfinished", "attempts", "slo_attainment", "goodput_per_s"],
      "patternProperties": {
        "^(arrived|finished|rejected|abandoned|failed|unfinished|preemptions|abandoned_in_service)$": {"$ref": "#/$defs/value"},
        "^(attempts_)?rejected_(never_fits|context_limit|token_bucket|quota|queue_cap)$": {"$ref": "#/$defs/value"},
        "^attempts(_(finished|rejected|abandoned|failed|unfinished))?$": {"$ref": "#/$defs/value"},
        "^(offered|throughput|goodput|output_tokens)_per_s$": {"$ref": "#/$defs/value"},
        "^(slo_attainment|rejected_share|abandoned_share|failed_share|unfinished_share)$": {"$ref": "#/$defs/value"},
        "^(ci|range)$": {"$ref": "#/$defs/intervals"}
      }
    },
    "metric": {
      "type": "object", "additionalProperties": false, "required": ["unit", "all", "by_class", "by_window"],
      "properties": {
        "unit": {"const": "s"},
        "all": {"$ref": "#/$defs/latency"},
        "by_class": {"type": "object", "additionalProperties": {"$ref": "#/$defs/latency"}},
        "by_window": {"type": "object", "additionalProperties": {
          "type": "object", "additionalProperties": false, "required": ["all", "by_class"],
          "properties": {"all": {"$ref": "#/$defs/latency"},
            "by_class": {"type": "object", "additionalProperties": {"$ref": "#/$defs/latency"}}}}}
      }
    },
    "latency": {
      "type": "object", "additionalProperties": false,
      "required": ["count", "missing", "censored", "mean", "std", "p50", "p90", "p95", "p99", "max", "ci", "range"],
      "properties": {
        "count": {"$ref": "#/$defs/value"},
        "missing": {"type": "object", "additionalProperties": false, "required": ["rejected", "abandoned", "failed", "unfinished"],
          "properties": {"rejected": {"$ref": "#/$defs/value"}, "abandoned": {"$ref": "#/$defs/value"}, "failed": {"$ref": "#/$defs/value"}, "unfinished": {"$ref": "#/$defs/value"}}},
        "censored": {"type": "array", "items": {"enum": ["mean", "std", "p50", "p90", "p95", "p99", "max"]}},
        "censored_replications": {"type": "object", "additionalProperties": {"type": "integer"}},
        "mean": {"$ref": "#/$defs/value"}, "std": {"$ref": "#/$defs/value"}, "p50": {"$ref": "#/$defs/value"}, "p90": {"$ref": "#/$defs/value"},
        "p95": {"$ref": "#/$defs/value"}, "p99": {"$ref": "#/$defs/value"}, "max": {"$ref": "#/$defs/value"},
        "ci": {"$ref": "#/$defs/intervals"}, "range": {"$ref": "#/$defs/intervals"}
      }
    },
    "backlog": {
      "type": "object", "additionalProperties": false, "required": ["peak", "peak_at_s", "drain_s"],
      "properties": {
        "peak": {"$ref": "#/$defs/value"}, "peak_at_s": {"$ref": "#/$defs/value"}, "range": {"$ref": "#/$defs/intervals"},
        "drain_limit_s": {"type": "number", "description": "0: drained when none waits"},
        "drain_s": {"type": "object", "additionalProperties": {
          "type": "object", "additionalProperties": false, "required": ["value", "ci", "censored_replications"],
          "properties": {"value": {"$ref": "#/$defs/value"}, "ci": {"$ref": "#/$defs/interval"}, "censored_replications": {"type": "integer"}}}}
      }
    },
    "pool": {
      "type": "object", "additionalProperties": false,
      "required": ["name", "gpu", "model", "gpus", "replicas", "gpus_per_replica", "batching", "queueing", "max_batch", "busy_mean", "busy_peak", "preemptions", "gpu_hours", "offered_load"],
      "properties": {
        "name": {"type": "string"}, "gpu": {"type": "string"}, "model": {"type": "string"},
        "gpus": {"type": "integer"}, "replicas": {"type": "integer"}, "gpus_per_replica": {"type": "integer"},
        "batching": {"enum": ["slots", "static", "continuous", "chunked"]},
        "queueing": {"enum": ["central", "round_robin", "random", "least_loaded", "power_of_two"]},
        "max_batch": {"type": "integer"},
        "busy_mean": {"$ref": "#/$defs/value"}, "busy_peak": {"$ref": "#/$defs/value"}, "preemptions": {"$ref": "#/$defs/value"},
        "wasted_gpu_s": {"type": ["number", "null"], "description": "GPU time spent on attempts that were lost, in one replication"},
        "gpu_hours": {"$ref": "#/$defs/value", "description": "of GPUs in service, to the horizon"},
        "fleet_changes": {
          "type": "object", "additionalProperties": false,
          "required": ["gpus_least", "gpus_most", "gpu_hours_down", "replicas_started", "replica_faults", "replicas_removed", "requests_moved", "requests_held"],
          "description": "only of a pool whose replicas change or fail; means over the replications",
          "properties": {
            "gpus_least": {"type": "number", "description": "in service, least timeline bin"}, "gpus_most": {"type": "number"},
            "gpu_hours_down": {"$ref": "#/$defs/value", "description": "stopped by a fault, until the repair"},
            "replicas_started": {"$ref": "#/$defs/value", "description": "deliveries and repairs"}, "replica_faults": {"$ref": "#/$defs/value"}, "replicas_removed": {"$ref": "#/$defs/value"},
            "requests_moved": {"$ref": "#/$defs/value", "description": "to another replica, when theirs was removed"},
            "requests_held": {"$ref": "#/$defs/value", "description": "found no replica in service"}}},
        "kv_blocks": {"type": "integer"}, "block_tokens": {"type": "integer"}, "kv_mean": {"$ref": "#/$defs/value"}, "kv_peak": {"$ref": "#/$defs/value"},
        "kernel_range": {
          "type": "object", "additionalProperties": false, "required": ["calibrated", "step_tokens", "batch", "context", "notes"],
          "properties": {"calibrated": {"type": "boolean"}, "step_tokens": {"type": "integer"}, "batch": {"type": "integer"}, "context": {"type": "integer"},
            "notes": {"type": "array", "items": {"type": "string"}}}},
        "offered_load": {
          "type": "object", "additionalProperties": false,
          "required": ["mean_gpus", "peak_gpus", "peak_at_s", "peak_per_gpu", "full_replica_limit", "fluid_gpus", "by_window"],
          "properties": {"mean_gpus": {"type": "number"}, "peak_gpus": {"type": "number"}, "peak_at_s": {"type": "number"}, "peak_per_gpu": {"type": "number"},
            "full_replica_limit": {"enum": ["none", "slots", "batch size", "KV memory", "token budget"]}, "fluid_gpus": {"type": "number"},
            "by_window": {"type": "object", "additionalProperties": {
              "type": "object", "additionalProperties": false, "required": ["mean_gpus", "peak_gpus"],
              "properties": {"mean_gpus": {"type": "number"}, "peak_gpus": {"type": "number"}}}}}}
      }
    }
  }
}
)schema";

}  // namespace

std::string report_schema() { return std::string(kHead) + kAnswer + kDefinitions; }

}  // namespace headroom
