#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "headroom/core/error.hpp"
#include "headroom/hardware/gpu.hpp"
#include "headroom/json/archive.hpp"
#include "headroom/latency/model.hpp"
#include "headroom/latency/step_table.hpp"

/// From (model, GPU, parallelism, engine) to the step times a pool runs on. docs/model-latency.md
/// has every equation with its source.
namespace headroom {

class KernelFile;

/// Which kind of law gives kernel times.
enum class KernelFamily {
  kBound,   ///< max(flops/peak, bytes/HBM bandwidth), the physical floor
  kFitted,  ///< physical form with fitted or generic coefficients; the default
  kTable,   ///< the user's measured grid, fitted where the grid says nothing
};

/// What an inference engine adds to its kernels. All of it is explicit and may be overridden.
struct EnginePreset {
  std::string name;
  std::string summary;
  double step_host_s = 0;      ///< added to each step: scheduling, sampling, detokenizing, Python
  double sequence_host_s = 0;  ///< the same for each sequence that makes a token
  double layer_host_s = 0;   ///< host time to issue one layer; a step's kernels cannot beat the sum
  double launch_s = 0;       ///< gap added per kernel on the device
  double server_factor = 1;  ///< sustained over benchmarked kernel time (hot chip, lower clocks)
  /// Memory traffic of norms and rotary embedding over that of fused kernels.
  double elementwise_factor = 1;
  std::string all_reduce = "engine";  ///< "engine" (one-shot, inside a node) or "nccl"
  double kv_utilisation = 0.9;        ///< share of device memory the engine may fill
  double reserve_bytes = 0;           ///< of each GPU: context, communicators, graphs
  std::vector<Provenance> provenance;
};
void describe(json::Archive& archive, EnginePreset& preset);
/// eager-2023, vllm-v1, tensorrt-llm.
std::span<const EnginePreset> engine_presets();
const EnginePreset* find_engine_preset(std::string_view name);

/// A deployment as a scenario writes it: names and numbers, nothing looked up yet.
struct DeploymentConfig {
  std::string gpu;
  std::string model;
  std::string dtype = "bf16";
  std::string kv_dtype;  ///< empty = as dtype, at least 8 bits
  std::int64_t tensor_parallel = 1;
  std::int64_t pipeline_parallel = 1;
  std::int64_t expert_parallel = 1;
  std::string family = "fitted";
  std::string engine = "vllm-v1";
  /// Overrides of the preset's numbers; absent = the preset's.
  std::optional<double> step_host_s, sequence_host_s, layer_host_s, launch_s, server_factor,
      elementwise_factor, kv_utilisation;
  std::string kernel_file;  ///< path of a kernel-model file, empty = the catalogue's
  std::string pointer;      ///< where it stood, for issues raised on resolving
};
void describe(json::Archive& archive, DeploymentConfig& config);

/// Entries a scenario adds to the catalogues; one of a known name replaces it.
struct CatalogueExtras {
  std::vector<Gpu> gpus;
  std::vector<Model> models;
  std::vector<EnginePreset> engines;
};
/// Keys gpus, models, engines (lists) of the object being described.
void describe(json::Archive& archive, CatalogueExtras& extras);

/// One replica: a model on GPUs under a parallelism, driven by an engine.
///
/// expert_parallel divides tensor_parallel (experts spread inside the tensor group) or is a
/// multiple of it (attention then is data parallel over the groups, tokens travel by all-to-all).
struct Deployment {
  Gpu gpu;
  Model model;
  Dtype dtype = Dtype::kBf16;
  Dtype kv_dtype = Dtype::kBf16;
  std::int64_t tensor_parallel = 1;
  std::int64_t pipeline_parallel = 1;
  std::int64_t expert_parallel = 1;
  KernelFamily family = KernelFamily::kFitted;
  EnginePreset engine;
  std::shared_ptr<const KernelFile> kernels;  ///< user's kernel models; null = the catalogue's

  std::int64_t gpus_per_replica() const;
};

/// Looks the names up (extras first) and checks that the parallelism divides the model. Appends
/// issues under config.pointer (E112 unknown word with the nearest known one, E113 cross-field) and
/// returns nothing when there are any.
std::optional<Deployment> resolve_deployment(const DeploymentConfig& config,
                                             const CatalogueExtras& extras,
                                             std::vector<Issue>& issues);

/// The largest batch, step and context a pool can reach.
struct Limits {
  std::int64_t max_batch = 256;
  std::int64_t max_step_tokens = 8192;  ///< token budget of a step, or longest prompt
  std::int64_t max_context = 0;         ///< tokens of one sequence; 0 = the model's
};

/// One step's work, to sum kernels directly.
struct StepBatch {
  struct Chunk {
    std::int64_t new_tokens = 0;
    std::int64_t past = 0;
  };
  std::vector<Chunk> prefills;
  std::int64_t decodes = 0;      ///< sequences that decode one token
  std::int64_t context_sum = 0;  ///< KV tokens they read together, the new ones included
  std::int64_t rows = 0;         ///< sequences whose logits are sampled
};

/// One operator of a step: what it is, how often it runs on the critical path, and its time.
struct OperatorTime {
  std::string name;    ///< "qkv", "attention_decode", "all_reduce", "host", ...
  std::string kernel;  ///< kernel model that gave it: "gemm", "attention_decode", ... or "engine"
  double count = 0;
  double seconds = 0;  ///< all `count` of them
};
/// The operators of one step in order, host and launch cost included. Their sum is the step's time.
std::vector<OperatorTime> step_operators(const Deployment& deployment, const StepBatch& batch);
/// Direct kernel sum of one step, seconds.
double step_seconds_direct(const Deployment& deployment, const StepBatch& batch);

/// Where the kernel models behind a table were fitted (contract 5). A kernel outside its range goes
/// on with the physical bound, scaled by its ratio to the bound at the edge of the range.
struct StepRange {
  bool calibrated = false;         ///< coefficients measured on this GPU, not generic ones
  std::int64_t step_tokens = 0;    ///< largest step inside every range
  std::int64_t batch = 0;          ///< largest number of decoding sequences
  std::int64_t context = 0;        ///< longest context of one sequence
  std::string first_to_leave;      ///< kernel that sets the smallest of these; empty = none leaves
  std::vector<std::string> notes;  ///< one sentence per kernel that the limits take outside
};

struct CompiledSteps {
  std::shared_ptr<const StepTable> steps;
  StepRange range;
};
/// The deployment's step times within 0.5 % of the direct sum up to the limits.
/// REQUIRES: a model that makes tokens.
CompiledSteps compile_steps(const Deployment& deployment, const Limits& limits);

/// Time of a static batch of pictures through an image pipeline.
struct ImageBatch {
  std::int64_t max_batch = 1;
  std::int64_t steps = 0;              ///< denoising steps; 0 = the model's default
  std::int64_t resolution = 0;         ///< side of the square picture in pixels; 0 = the reference
  std::int64_t forwards_per_step = 0;  ///< 2 = with guidance; 0 = the model's default
};
/// batch_ps[n] for n = 1..max_batch (entry 0 is 0): text encoder, denoising steps, pixel decoder.
/// REQUIRES: a model with an image pipeline (diffusion, or the pixel stage of an image generator).
std::vector<std::int64_t> compile_batches(const Deployment& deployment, const ImageBatch& batch);
/// The same for one batch, seconds, by operator.
std::vector<OperatorTime> image_operators(const Deployment& deployment, const ImageBatch& batch,
                                          std::int64_t pictures);

/// KV memory of one replica, and whether the model fits at all. Bytes are of the fullest GPU.
struct KvCapacity {
  bool fits = false;
  std::int64_t blocks = 0;     ///< of block_tokens each, for the whole replica
  std::int64_t tokens = 0;     ///< blocks x block_tokens
  double bytes_per_token = 0;  ///< on one GPU (a replica's KV heads are spread or replicated)
  double usable_bytes = 0;     ///< memory x utilisation
  double weight_bytes = 0;
  double activation_bytes = 0;  ///< peak of a step, and the engine's reserve
  std::string refusal;          ///< one sentence with the bytes when it does not fit
};
KvCapacity kv_capacity(const Deployment& deployment, const Limits& limits,
                       std::int64_t block_tokens = 16);

/// KV cache bytes of one token over the whole replica, replication left out: what a transfer moves.
double kv_bytes_per_token(const Model& model, Dtype kv_dtype);

}  // namespace headroom
