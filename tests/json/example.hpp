#pragma once

#include <optional>
#include <string>
#include <vector>

#include "headroom/json/document.hpp"

/// A description that uses every kind of field once, for the tests of this layer.
namespace headroom {

struct ExampleLength {
  std::string kind = "constant";
  double value = 100;
  double mean = 250;
  double cv = 1;
  std::vector<double> samples;
};

inline void describe(json::Archive& archive, ExampleLength& length) {
  const json::Archive::Branch branches[] = {
      {"constant", "always the same",
       [&length](json::Archive& a) {
         a.number({"value", "Tokens", json::Need::kRequired}, length.value, json::kPositive);
       }},
      {"lognormal", "lognormal by its mean and coefficient of variation",
       [&length](json::Archive& a) {
         a.number({"mean", "Mean tokens", json::Need::kRequired}, length.mean, json::kPositive);
         a.number({"cv", "Coefficient of variation"}, length.cv, json::kNonNegative);
       }},
      {"empirical", "drawn from a list", [&length](json::Archive& a) {
         a.numbers({"samples", "Values", json::Need::kRequired}, length.samples, json::kPositive);
       }}};
  archive.variant({"kind", "Distribution of the length"}, length.kind, branches);
}

struct ExampleClass {
  std::string name;
  ExampleLength prompt_tokens, output_tokens;
  double patience_s = -1;
};

inline void describe(json::Archive& archive, ExampleClass& c) {
  archive.text({"name", "Name of the class", json::Need::kRequired}, c.name);
  const auto length = [&archive](const json::Field& field, ExampleLength& value) {
    double tokens = 0;
    if (archive.object_or_scalar(field, tokens, {}, json::kPositive,
                                 [&value](json::Archive& a) { describe(a, value); })) {
      value = {"constant", tokens, 0, 0, {}};
    }
  };
  length({"prompt_tokens", "Prompt tokens of a request"}, c.prompt_tokens);
  length({"output_tokens", "Output tokens of a request"}, c.output_tokens);
  archive.object_or_scalar({"patience", "How long a user waits"}, c.patience_s,
                           json::Dimension::kDuration, json::kPositive, [](json::Archive& a) {
                             double mean = 0;
                             a.quantity({"mean", "Mean patience", json::Need::kRequired}, mean,
                                        json::Dimension::kDuration, json::kPositive);
                           });
}

struct ExamplePool {
  std::string name;
  std::string gpu = "A100-SXM-80GB";
  std::int64_t gpus = 8;
  bool spot = false;
  double memory_bytes = 80.0 * 1024 * 1024 * 1024;
  Ticks provisioning = ticks_from_seconds(300);
};

inline constexpr json::Choice kExampleGpus[] = {
    {"A100-SXM-80GB", "Ampere"}, {"H100-SXM-80GB", "Hopper"}, {"L4", "Ada"}};

inline void describe(json::Archive& archive, ExamplePool& pool) {
  archive.text({"name", "Name of the pool", json::Need::kRequired}, pool.name);
  archive.choice({"gpu", "Type of GPU"}, pool.gpu, kExampleGpus);
  archive.integer({"gpus", "Number of GPUs", json::Need::kRequired}, pool.gpus, json::kPositive);
  archive.boolean({"spot", "Whether the GPUs may be taken away"}, pool.spot);
  archive.quantity({"memory", "Memory of one GPU"}, pool.memory_bytes, json::Dimension::kBytes,
                   json::kPositive);
  archive.duration({"provisioning", "Time to get a replica"}, pool.provisioning);
  if (archive.decoding() && pool.gpu == "L4" && archive.has("memory") && pool.memory_bytes > 24e9) {
    archive.problem("memory", "E130", "an L4 has 24 GB");
  }
}

struct ExampleModel {
  std::string name;
  std::int64_t layers = 32;
};

inline void describe(json::Archive& archive, ExampleModel& model) {
  archive.integer({"layers", "Number of layers"}, model.layers, {1, 1000, false, false});
}

struct ExampleFaults {
  double mtbf_s = 1e6;
};

inline void describe(json::Archive& archive, ExampleFaults& faults) {
  archive.quantity({"mtbf", "Mean time between failures", json::Need::kRequired}, faults.mtbf_s,
                   json::Dimension::kDuration, json::kPositive);
}

struct ExampleEngine {
  std::int64_t max_batch = 256;
  double utilisation = 0.9;
};

inline void describe(json::Archive& archive, ExampleEngine& engine) {
  archive.integer({"max_batch", "Largest batch"}, engine.max_batch, json::kPositive);
  archive.number({"utilisation", "Share of the memory that is used"}, engine.utilisation,
                 json::kShare);
}

struct ExampleScenario {
  std::string schema, note;
  json::TimePoint start;
  double horizon_s = 3600;
  double rate_per_s = 1;
  double max_s = 2;
  std::vector<std::string> tags;
  std::vector<ExamplePool> pools;
  std::vector<ExampleClass> classes;
  std::vector<ExampleModel> models;
  ExampleEngine engine;
  std::optional<ExampleFaults> faults;
};

inline void describe(json::Archive& archive, ExampleScenario& s) {
  archive.text({"$schema", "Where the schema is"}, s.schema);
  archive.text({"note", "Free text"}, s.note);
  archive.time_point({"start", "When it starts"}, s.start);
  archive.quantity({"horizon", "How long it runs", json::Need::kRequired}, s.horizon_s,
                   json::Dimension::kDuration, json::kPositive);
  archive.quantity({"rate", "Requests over time"}, s.rate_per_s, json::Dimension::kRate,
                   json::kNonNegative);
  archive.quantity({"max_s", "Limit of the queue delay"}, s.max_s, json::Dimension::kDuration,
                   json::kPositive);
  archive.texts({"tags", "Words to find it by"}, s.tags);
  archive.list({"pools", "Pools of the fleet", json::Need::kRequired}, s.pools, 1);
  archive.list({"classes", "Classes of requests"}, s.classes);
  std::vector<std::string> names;
  for (const ExampleModel& model : s.models) names.push_back(model.name);
  archive.map_field(
      {"models", "Models by name"},
      [&s](json::Archive& a, const std::string& name) {
        s.models.push_back({name, 32});
        describe(a, s.models.back());
      },
      names);
  archive.object({"engine", "Serving engine"}, s.engine);
  archive.optional_object({"faults", "Failures of nodes"}, s.faults);
}

inline constexpr const char* kExampleText = R"({
  // A spike, as a planner would annotate it.
  "$schema": "scenario-1.schema.json",
  "start": "2025-03-31T00:00:00Z",
  "horizon": "1h30min",
  "rate": "1.2M/h",
  "max_s": 2.5,
  "tags": ["spike", "images"],
  "pools": [
    {"name": "a100", "gpus": 16, "provisioning": "5min"},
    {"name": "small", "gpu": "L4", "gpus": 4, "spot": true, "memory": "24GB"}
  ],
  "classes": [
    {"name": "chat", "output_tokens": 250, "patience": "120s"},
    {"name": "image", "output_tokens": {"kind": "lognormal", "mean": 1056}}
  ],
  "models": {"Llama-3.1-8B": {"layers": 32}, "Llama-3.1-70B": {"layers": 80}},
  "engine": {"max_batch": 64} /* the rest as it is */
})";

inline ExampleScenario decode_example(const json::Document& document) {
  ExampleScenario scenario;
  document.decode([&scenario](json::Archive& a) { describe(a, scenario); });
  return scenario;
}

/// All issues of a text, from parsing or decoding.
inline std::vector<Issue> example_issues(const std::string& text) {
  try {
    decode_example(json::Document::parse(text, "example.json", json::Document::Comments::kAllowed));
  } catch (const InputError& error) {
    return {error.issues().begin(), error.issues().end()};
  }
  return {};
}

}  // namespace headroom
