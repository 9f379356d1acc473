#pragma once

#include <string>
#include <vector>

#include "headroom/core/error.hpp"
#include "headroom/scenario/load.hpp"
#include "support/catch.hpp"

namespace headroom {

/// A right scenario with every part of it, on which tests plant one fault.
inline std::string whole_scenario() {
  return R"({
  "schema_version": "1.0",
  "name": "whole",
  "time": {"start": "2025-03-31T00:00:00Z", "duration": "1h", "warmup": "5min", "drain": "10min"},
  "fleet": {
    "cells": {"count": 2, "simulate": 1},
    "pools": [
      {"name": "chat", "gpus": 32, "gpu": "A100-SXM-80GB", "model": "Llama-3.1-70B",
       "tensor_parallel": 4,
       "batching": {"mode": "chunked", "max_batch": 128, "token_budget": 1024}},
      {"name": "pixels", "gpus": 8, "service_time": {"kind": "exponential", "mean": "2s"}}
    ]
  },
  "classes": [
    {"name": "paid", "stages": [{"pool": "chat"}], "rate": "2/s",
     "prompt_tokens": 500, "output_tokens": 200, "slo": {"ttft": "1s"}},
    {"name": "image", "tier": 1,
     "stages": [{"pool": "chat", "prompt_tokens": 100, "output_tokens": 1056}, {"pool": "pixels"}],
     "rate": "0.5/s", "patience": "60s"},
    {"name": "plain", "tier": 2, "stages": [{"pool": "pixels"}], "rate": "0.1/s"}
  ],
  "windows": [{"name": "late", "from": "30min", "to": "2025-03-31T00:40:00Z"}],
  "targets": [
    {"id": "first", "class": "paid", "metric": "ttft", "statistic": "p95", "max": "1s",
     "window": "late"},
    {"metric": "slo_attainment", "class": "paid", "min": 0.9, "window": "every_minute"}
  ],
  "provenance": {"fleet.pools.chat.gpus": {"kind": "assumption", "why": "a test", "range": ["16", "64"]}}
})";
}

/// `text` with the first `from` replaced. REQUIRES: it is there.
inline std::string with(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

inline LoadedScenario load_text(const std::string& text, const ScenarioOverrides& overrides = {}) {
  return parse_scenario(text, "t.json", ".", overrides);
}

inline ResolvedScenario resolve_text(const std::string& text) { return resolve(load_text(text)); }

/// All that is wrong with a scenario, from reading it to compiling it.
inline std::vector<Issue> issues_of(const std::string& text) {
  try {
    resolve_text(text);
  } catch (const InputError& error) {
    return {error.issues().begin(), error.issues().end()};
  }
  return {};
}

}  // namespace headroom
