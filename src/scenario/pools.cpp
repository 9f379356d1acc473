#include "pools.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>

#include "headroom/core/check.hpp"
#include "headroom/policy/names.hpp"

namespace headroom {
namespace {

constexpr std::int64_t kDefaultBatch = 256;  // vLLM's max_num_seqs
constexpr std::int64_t kDefaultPictures = 16;
constexpr std::int64_t kChunkedBudget = 2048;     // vLLM v1's max_num_batched_tokens, serving
constexpr std::int64_t kContinuousBudget = 8192;  // tokens of one whole-prompt prefill step
/// Prompts beyond it go on with the last slope of the step table, which is compute-bound by far.
constexpr std::int64_t kLongestWholePrompt = 32'768;

std::string count_text(double value, const char* unit) {
  std::string digits = std::to_string(static_cast<std::int64_t>(value));
  for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), 1, ',');
  }
  return digits + " " + unit;
}

Queueing queueing_of(const std::string& name) {
  const auto policies = queueing_policies();
  const auto found = std::find_if(policies.begin(), policies.end(),
                                  [&name](const PolicyName& p) { return p.name == name; });
  HEADROOM_CHECK(found != policies.end(), "the decoder lets only known queueing names pass");
  return static_cast<Queueing>(found - policies.begin());
}

BatchMode mode_of(const std::string& name) {
  const auto modes = batching_modes();
  const auto found = std::find_if(modes.begin(), modes.end(),
                                  [&name](const PolicyName& p) { return p.name == name; });
  HEADROOM_CHECK(found != modes.end(), "the decoder lets only known batching modes pass");
  return static_cast<BatchMode>(found - modes.begin());
}

/// Whole replicas only; says what would be.
void check_whole_replicas(const ScenarioPool& pool, std::int64_t gpus_per_replica,
                          const std::string& pointer, Problems& problems) {
  const std::int64_t rest = pool.gpus % gpus_per_replica;
  if (rest == 0) return;
  const std::int64_t below = pool.gpus - rest;
  const std::int64_t above = below + gpus_per_replica;
  problems.add("E113", pointer + "/gpus",
               std::to_string(pool.gpus) + " GPUs are no whole number of replicas of " +
                   std::to_string(gpus_per_replica),
               {below > 0 ? "nearest: " + std::to_string(below) + " or " + std::to_string(above)
                          : "nearest: " + std::to_string(above)});
}

/// A pool with a service_time needs no GPU, but one that it names must exist: prices and reports
/// go by it.
void check_gpu_name(const ScenarioPool& pool, const CatalogueExtras& extras,
                    const std::string& pointer, Problems& problems) {
  const std::string& name = pool.deployment.gpu;
  if (name.empty() || find_gpu(name) != nullptr) return;
  std::vector<std::string> known;
  for (const Gpu& gpu : extras.gpus) known.push_back(gpu.name);
  if (std::find(known.begin(), known.end(), name) != known.end()) return;
  for (const Gpu& gpu : gpus()) known.push_back(gpu.name);
  std::vector<std::string> notes = {"headroom gpus lists them"};
  const std::string nearest = nearest_word(name, known);
  if (!nearest.empty()) notes.push_back("did you mean \"" + nearest + "\"?");
  problems.add("E112", pointer + "/gpu", "unknown GPU \"" + name + "\"", notes);
}

void resolve_service_time(const ScenarioPool& pool, const std::string& pointer,
                          ResolvedPool& resolved, Problems& problems) {
  PoolConfig& config = resolved.config;
  resolved.gpu = pool.deployment.gpu;
  if (const Gpu* gpu = find_gpu(resolved.gpu)) resolved.gpus_per_node = gpu->gpus_per_node;
  resolved.model = "service_time";
  resolved.mean_service_s = mean_of(*pool.service_time_s);
  config.gpus_per_replica = pool.gpus_per_replica;
  config.mode = pool.batching.mode == "auto" ? BatchMode::kSlots : mode_of(pool.batching.mode);
  config.max_batch = std::max<std::int64_t>(1, pool.batching.max_batch);
  config.max_wait = pool.batching.max_wait;
  if (config.mode != BatchMode::kSlots && config.mode != BatchMode::kStatic) {
    problems.add("E113", pointer + "/batching/mode",
                 pool.batching.mode + " batching needs a model that makes tokens",
                 {"a pool with a service_time has slots or static batches"});
  } else if (pool.batching.mode == "auto" && pool.batching.max_wait.count > 0) {
    problems.add("E113", pointer + "/batching/max_wait", "slots wait for nobody",
                 {"did you mean mode \"static\"?"});
  }
}

/// Weights of an image pipeline against the memory of its GPUs; a picture's activations are small
/// beside them.
void check_pipeline_fits(const Deployment& deployment, const std::string& pointer,
                         Problems& problems) {
  const ImagePipeline& image = deployment.model.image;
  const double parameters =
      image.parameters + image.text_encoder_parameters + image.decoder_parameters;
  const double weights = parameters * bytes_of(deployment.dtype);
  const double usable = deployment.gpu.hbm_bytes * deployment.engine.kv_utilisation *
                        static_cast<double>(deployment.gpus_per_replica());
  if (weights <= usable) return;
  problems.add(
      "E141", pointer + "/model",
      deployment.model.name + " does not fit " + deployment.gpu.name + " x " +
          std::to_string(deployment.gpus_per_replica()) + ": " + count_text(weights, "bytes") +
          " of weights, and " + count_text(usable, "bytes") + " may be used",
      {"a GPU with more memory, more of them a replica (tensor_parallel), or a smaller dtype"});
}

void resolve_static(const ScenarioPool& pool, const std::string& pointer, ResolvedPool& resolved,
                    const PoolContext& context) {
  PoolConfig& config = resolved.config;
  if (resolved.deployment->model.kind == ModelKind::kTransformer) {
    context.problems.add("E113", pointer + "/batching/mode",
                         "static batches are for pictures and service times; " +
                             resolved.deployment->model.name + " makes tokens",
                         {"use \"continuous\" or \"chunked\""});
    return;
  }
  config.max_batch = pool.batching.max_batch > 0 ? pool.batching.max_batch : kDefaultPictures;
  config.max_wait = pool.batching.max_wait;
  check_pipeline_fits(*resolved.deployment, pointer, context.problems);
  ImageBatch batch;
  batch.max_batch = config.max_batch;
  batch.steps = pool.image.steps;
  batch.resolution = pool.image.resolution;
  if (pool.image.guidance) batch.forwards_per_step = *pool.image.guidance ? 2 : 1;
  auto table = std::make_shared<BatchTable>();
  table->batch_ps = compile_batches(*resolved.deployment, batch);
  config.batch_times = std::move(table);
}

void check_budget(const ScenarioPool& pool, const std::string& pointer, const PoolConfig& config,
                  Problems& problems) {
  if (config.mode != BatchMode::kChunked || config.token_budget >= config.max_batch) return;
  const bool budget_given = pool.batching.token_budget > 0;
  problems.add("E113", pointer + (budget_given ? "/batching/token_budget" : "/batching/max_batch"),
               "a step of " + count_text(static_cast<double>(config.token_budget), "tokens") +
                   " cannot hold one token of each of " +
                   count_text(static_cast<double>(config.max_batch), "requests"),
               {"token_budget must be at least max_batch"});
}

void resolve_context(const ScenarioPool& pool, const std::string& pointer, ResolvedPool& resolved,
                     Problems& problems) {
  const std::int64_t longest = resolved.deployment->model.transformer.max_context;
  resolved.config.max_context = pool.max_context > 0 ? pool.max_context : longest;
  if (longest > 0 && pool.max_context > longest) {
    problems.add("E113", pointer + "/max_context",
                 resolved.deployment->model.name + " was made for " +
                     count_text(static_cast<double>(longest), "tokens"));
  }
}

void resolve_tokens(const ScenarioPool& pool, const std::string& pointer, ResolvedPool& resolved,
                    const PoolContext& context) {
  PoolConfig& config = resolved.config;
  const Deployment& deployment = *resolved.deployment;
  if (deployment.model.kind == ModelKind::kDiffusion) {
    context.problems.add("E113", pointer + "/batching/mode",
                         pool.batching.mode + " batching is for tokens; " + deployment.model.name +
                             " makes pictures",
                         {"use \"static\""});
    return;
  }
  if (pool.batching.mode == "auto" && pool.batching.max_wait.count > 0) {
    context.problems.add("E113", pointer + "/batching/max_wait",
                         "chunked batching waits for nobody");
  }
  config.max_batch = pool.batching.max_batch > 0 ? pool.batching.max_batch : kDefaultBatch;
  config.token_budget = pool.batching.token_budget;
  if (config.token_budget == 0) {
    config.token_budget = config.mode == BatchMode::kChunked
                              ? std::max(kChunkedBudget, config.max_batch)
                              : kContinuousBudget;
  }
  check_budget(pool, pointer, config, context.problems);
  resolve_context(pool, pointer, resolved, context.problems);

  Limits limits;
  limits.max_batch = config.max_batch;
  limits.max_context = config.max_context;
  limits.max_step_tokens = config.token_budget;
  if (config.mode == BatchMode::kContinuous) {  // the first prompt of a step always fits
    limits.max_step_tokens =
        std::max(config.token_budget, std::min(config.max_context, kLongestWholePrompt));
  }
  config.block_tokens = pool.kv.block_tokens;
  config.reuse_preempted = pool.kv.reuse_preempted;
  resolved.kv = kv_capacity(deployment, limits, config.block_tokens);
  if (!resolved.kv->fits) {
    context.problems.add(
        "E141", pointer + "/model", resolved.kv->refusal,
        {"a GPU with more memory, more of them a replica (tensor_parallel), or a smaller dtype"});
    return;
  }
  config.kv_blocks = pool.kv.blocks > 0 ? pool.kv.blocks : resolved.kv->blocks;
  if (pool.kv.blocks > resolved.kv->blocks) {
    context.warnings.add("W211", pointer + "/kv/blocks",
                         count_text(static_cast<double>(pool.kv.blocks), "KV blocks") +
                             " are more than the memory's " + std::to_string(resolved.kv->blocks));
  }
  CompiledSteps compiled = compile_steps(deployment, limits);
  config.steps = std::move(compiled.steps);
  resolved.range = std::move(compiled.range);
  config.fitted_batch = resolved.range.batch;
  config.fitted_step_tokens = resolved.range.step_tokens;
  for (const std::string& note : resolved.range.notes) {
    context.warnings.add("W203", pointer + "/model", note);
  }
  if (!resolved.range.calibrated) {
    context.warnings.add("W204", pointer + "/gpu",
                         "kernel times on " + deployment.gpu.name +
                             " are estimated from its data sheet, not measured");
  }
}

void resolve_model(const ScenarioPool& pool, const std::string& pointer, ResolvedPool& resolved,
                   const PoolContext& context) {
  DeploymentConfig named = pool.deployment;
  named.pointer = pointer;
  if (!named.kernel_file.empty() && named.kernel_file.front() != '/') {
    named.kernel_file = context.base_directory + "/" + named.kernel_file;
  }
  std::optional<Deployment> deployment;
  try {
    deployment = resolve_deployment(named, context.extras, context.problems.issues);
  } catch (const InputError& error) {  // its kernel file
    auto& issues = context.problems.issues;
    issues.insert(issues.end(), error.issues().begin(), error.issues().end());
  }
  if (!deployment) return;
  resolved.deployment = std::move(deployment);
  resolved.gpu = resolved.deployment->gpu.name;
  resolved.gpus_per_node = resolved.deployment->gpu.gpus_per_node;
  resolved.model = resolved.deployment->model.name;
  PoolConfig& config = resolved.config;
  config.gpus_per_replica = resolved.deployment->gpus_per_replica();
  const ModelKind kind = resolved.deployment->model.kind;
  config.mode = pool.batching.mode != "auto"    ? mode_of(pool.batching.mode)
                : kind == ModelKind::kDiffusion ? BatchMode::kStatic
                                                : BatchMode::kChunked;
  const bool pictures = config.mode == BatchMode::kStatic;
  if (!pictures && (pool.image.steps > 0 || pool.image.resolution > 0 || pool.image.guidance)) {
    context.problems.add("E113", pointer + "/image",
                         "these settings are for an image pipeline in static batches");
  }
  if (config.mode == BatchMode::kSlots) {
    context.problems.add("E113", pointer + "/batching/mode",
                         "slots need a service_time instead of a model");
  } else if (pictures) {
    resolve_static(pool, pointer, resolved, context);
  } else {
    resolve_tokens(pool, pointer, resolved, context);
  }
}

}  // namespace

ResolvedPool resolve_pool(const ScenarioPool& pool, const std::string& pointer,
                          const PoolContext& context) {
  ResolvedPool resolved;
  resolved.config.name = pool.name;
  resolved.config.queueing = queueing_of(pool.queueing);
  if (pool.service_time_s) {
    check_gpu_name(pool, context.extras, pointer, context.problems);
    resolve_service_time(pool, pointer, resolved, context.problems);
  } else {
    resolve_model(pool, pointer, resolved, context);
    if (!resolved.deployment) return resolved;  // its replicas are not known
  }
  check_whole_replicas(pool, resolved.config.gpus_per_replica, pointer, context.problems);
  resolved.config.replicas = pool.gpus / resolved.config.gpus_per_replica;
  return resolved;
}

}  // namespace headroom
