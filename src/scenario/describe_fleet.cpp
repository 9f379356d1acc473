#include <array>

#include "headroom/engine/config.hpp"
#include "headroom/policy/names.hpp"
#include "headroom/scenario/scenario.hpp"
#include "words.hpp"

namespace headroom {
namespace {

using json::Archive;
using json::Dimension;
using json::Range;

constexpr Range kCount{1, 1e7};
constexpr Range kServiceTime{0, 7'776'000, true, false};  // 90 days, the longest run
constexpr Range kTokens{0, 1e8};

void max_batch(Archive& a, BatchingConfig& batching) {
  a.integer({"max_batch", "requests in service at once on one replica; 0 = by the mode"},
            batching.max_batch, Range{0, static_cast<double>(kMaxBatch)});
}

void token_budget(Archive& a, BatchingConfig& batching) {
  a.integer({"token_budget", "most tokens of one step (continuous: of one prefill step); 0 = auto"},
            batching.token_budget, Range{0, 1'048'576});
}

void max_wait(Archive& a, BatchingConfig& batching) {
  a.duration({"max_wait", "longest wait of a batch's oldest request before it starts unfilled"},
             batching.max_wait);
}

}  // namespace

void describe(Archive& a, CellsConfig& cells) {
  a.integer({"count", "parts of the fleet that share no queue"}, cells.count, Range{1, 1e6});
  a.integer({"simulate", "how many of them are simulated; 0 = all"}, cells.simulate, Range{0, 1e6});
  if (a.decoding() && cells.simulate > cells.count) {
    a.problem("simulate", "E113",
              "cannot simulate " + std::to_string(cells.simulate) + " cells of " +
                  std::to_string(cells.count));
  }
}

void describe(Archive& a, BatchingConfig& batching) {
  const auto all = [&batching](Archive& b) {
    max_batch(b, batching);
    token_budget(b, batching);
    max_wait(b, batching);
  };
  const auto tokens = [&batching](Archive& b) {
    max_batch(b, batching);
    token_budget(b, batching);
  };
  const std::array<Archive::Branch, 5> branches{{
      {"auto", "slots for a service_time, static for an image pipeline, else chunked", all},
      {batching_modes()[0].name, batching_modes()[0].summary,
       [&batching](Archive& b) {
         max_batch(b, batching);
         max_wait(b, batching);
       }},
      {batching_modes()[1].name, batching_modes()[1].summary, tokens},
      {batching_modes()[2].name, batching_modes()[2].summary, tokens},
      {batching_modes()[3].name, batching_modes()[3].summary,
       [&batching](Archive& b) { max_batch(b, batching); }},
  }};
  a.variant({"mode", "how a replica forms its batch"}, batching.mode, branches);
}

void describe(Archive& a, KvConfig& kv) {
  a.integer({"block_tokens", "tokens of one KV block"}, kv.block_tokens, Range{1, 65'536});
  a.integer({"blocks", "KV blocks of one replica; 0 = as many as the memory holds"}, kv.blocks,
            Range{0, 1e12});
  a.boolean(
      {"reuse_preempted", "a preempted request finds again what prefix caching still holds of it"},
      kv.reuse_preempted);
}

void describe(Archive& a, ImageConfig& image) {
  a.integer({"steps", "denoising steps; 0 = the model's own"}, image.steps, Range{0, 10'000});
  a.integer({"resolution", "side of the square picture in pixels; 0 = the model's own"},
            image.resolution, Range{0, 65'536});
  bool guidance = image.guidance.value_or(false);
  a.boolean({"guidance", "classifier-free guidance, two passes a step; without: the model's own"},
            guidance);
  if (a.has("guidance")) image.guidance = guidance;
}

void describe(Archive& a, ScenarioPool& pool) {
  a.text({"name", "what stages call it", json::Need::kRequired}, pool.name);
  a.integer({"gpus", "GPUs, in whole replicas", json::Need::kRequired}, pool.gpus, kCount);
  describe_distribution(
      a, {"service_time", "time to serve one request, instead of a model: planners know this one"},
      pool.service_time_s, Dimension::kDuration, kServiceTime);
  a.integer({"gpus_per_replica", "with service_time; a model's parallelism says it otherwise"},
            pool.gpus_per_replica, kCount);
  if (!a.decoding() || !pool.service_time_s) {
    describe(a, pool.deployment);
    a.object({"kv", "cache of keys and values"}, pool.kv);
    a.object({"image", "pictures of an image pipeline"}, pool.image);
    a.integer({"max_context", "prompt + output tokens a request may have; 0 = the model's"},
              pool.max_context, kTokens);
    if (a.decoding() && a.has("gpus_per_replica")) {
      a.problem("gpus_per_replica", "E113",
                "goes with service_time; a model's replica has tensor x pipeline parallel GPUs");
    }
  } else {
    a.text({"gpu", "name of the GPU, for reports"}, pool.deployment.gpu);
  }
  a.object({"batching", "how a replica forms its batch"}, pool.batching);
  a.choice({"queueing", "where requests wait and who gives them to replicas"}, pool.queueing,
           choices_of(queueing_policies()));
  std::int64_t cap = pool.queue_cap.value_or(-1);
  a.integer({"queue_cap", "requests that may wait for one replica (central: times the replicas)"},
            cap, Range{0, 1e9});
  if (a.has("queue_cap")) pool.queue_cap = cap;
  a.list({"deliveries", "GPUs that come later"}, pool.deliveries);
  a.list({"removals", "GPUs that leave"}, pool.removals);
  a.integer({"gpus_per_node", "GPUs that fail together; 0 = the catalogue's, else 8"},
            pool.gpus_per_node, Range{0, 4096});
  a.list({"zones", "nodes that can fail together, in order of the pool's nodes"}, pool.zones);
  a.optional_object({"failures", "nodes that fail at random"}, pool.failures);
}

}  // namespace headroom
