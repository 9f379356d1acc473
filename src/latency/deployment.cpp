#include "headroom/latency/deployment.hpp"

#include <algorithm>
#include <array>

#include "embedded.hpp"
#include "headroom/json/document.hpp"
#include "headroom/latency/kernel_file.hpp"

namespace headroom {
namespace {

constexpr std::array<json::Choice, 3> kFamilies{{
    {"bound", "physical floor: peak and bandwidth"},
    {"fitted", "physical form, fitted or generic"},
    {"table", "the user's measured grid"},
}};

constexpr std::array<json::Choice, 2> kAllReduces{{
    {"engine", "the engine's own, one-shot for small messages"},
    {"nccl", "NCCL's rings and trees"},
}};

constexpr json::Range kFactor{0.1, 10};
/// Microseconds to milliseconds in engines; so that any step is far shorter than the longest run.
constexpr json::Range kStepHost{0, 60}, kHost{0, 1};

void optional_seconds(json::Archive& archive, std::string_view key, std::string_view help,
                      std::optional<double>& value, const json::Range& range) {
  double held = value.value_or(0);
  archive.quantity({key, help}, held, json::Dimension::kDuration, range);
  if (archive.decoding() ? archive.has(key) : value.has_value()) value = held;
}

void optional_number(json::Archive& archive, std::string_view key, std::string_view help,
                     std::optional<double>& value, const json::Range& range) {
  double held = value.value_or(1);
  archive.number({key, help}, held, range);
  if (archive.decoding() ? archive.has(key) : value.has_value()) value = held;
}

std::vector<EnginePreset> read_presets() {
  const json::Document document = json::Document::parse(
      std::string(embedded::engines_json()), "engines.json", json::Document::Comments::kForbidden);
  std::vector<EnginePreset> presets;
  document.decode([&presets](json::Archive& archive) {
    archive.list({"engines", "the presets", json::Need::kRequired}, presets, 1);
  });
  return presets;
}

/// Finds `word` among the extras, then in the catalogue; reports the nearest name when unknown.
template <class T, class Find>
const T* look_up(std::string_view key, const std::string& word, const std::vector<T>& extras,
                 std::span<const T> catalogue, Find find, const std::string& pointer,
                 std::vector<Issue>& issues) {
  for (const T& extra : extras) {
    if (extra.name == word) return &extra;
  }
  if (const T* found = find(word)) return found;
  std::vector<std::string> names;
  for (const T& extra : extras) names.push_back(extra.name);
  for (const T& entry : catalogue) names.push_back(entry.name);
  Issue issue;
  issue.code = "E112";
  issue.pointer = pointer + "/" + std::string(key);
  issue.message = "unknown " + std::string(key) + " \"" + word + "\"";
  const std::string near = nearest_word(word, names);
  if (!near.empty()) issue.notes.push_back("did you mean \"" + near + "\"?");
  issues.push_back(std::move(issue));
  return nullptr;
}

void conflict(const std::string& pointer, std::string_view key, std::string message,
              std::vector<Issue>& issues) {
  Issue issue;
  issue.code = "E113";
  issue.pointer = pointer + "/" + std::string(key);
  issue.message = std::move(message);
  issues.push_back(std::move(issue));
}

/// Whether the model can be cut as asked.
void check_parallelism(const Deployment& d, const std::string& pointer,
                       std::vector<Issue>& issues) {
  if (d.model.kind == ModelKind::kDiffusion) {
    if (d.pipeline_parallel > 1) {
      conflict(pointer, "pipeline_parallel", "image pipelines are not cut into stages", issues);
    }
    return;
  }
  const Transformer& t = d.model.transformer;
  const std::int64_t tp = d.tensor_parallel;
  if (t.heads % tp != 0) {
    conflict(pointer, "tensor_parallel",
             std::to_string(t.heads) + " heads of " + d.model.name + " do not divide by " +
                 std::to_string(tp),
             issues);
  } else if (!t.is_latent() && t.kv_heads % tp != 0 && tp % t.kv_heads != 0) {
    conflict(pointer, "tensor_parallel",
             std::to_string(t.kv_heads) + " KV heads of " + d.model.name + " neither divide by " +
                 std::to_string(tp) + " nor divide it",
             issues);
  }
  if (d.pipeline_parallel > t.layers) {
    conflict(pointer, "pipeline_parallel",
             d.model.name + " has only " + std::to_string(t.layers) + " layers", issues);
  }
  const std::int64_t ep = d.expert_parallel;
  if (ep > 1 && !t.is_moe()) {
    conflict(pointer, "expert_parallel", d.model.name + " has no experts", issues);
  } else if (ep > 1 && (t.experts.experts % ep != 0 || (tp % ep != 0 && ep % tp != 0))) {
    conflict(pointer, "expert_parallel",
             "must divide the " + std::to_string(t.experts.experts) +
                 " experts, and divide tensor_parallel or be a multiple of it",
             issues);
  }
}

}  // namespace

void describe(json::Archive& archive, EnginePreset& preset) {
  using json::Dimension;
  archive.text({"name", "name of the preset", json::Need::kRequired}, preset.name);
  archive.text({"summary", "what it stands for"}, preset.summary);
  archive.quantity({"step_host_s", "host time added to each step"}, preset.step_host_s,
                   Dimension::kDuration, kStepHost);
  archive.quantity({"sequence_host_s", "host time added for each sequence that makes a token"},
                   preset.sequence_host_s, Dimension::kDuration, kHost);
  archive.quantity({"layer_host_s", "host time to issue one layer, a floor under its kernels"},
                   preset.layer_host_s, Dimension::kDuration, kHost);
  archive.quantity({"launch_s", "gap added per kernel on the device"}, preset.launch_s,
                   Dimension::kDuration, kHost);
  archive.number({"server_factor", "sustained over benchmarked time of computing kernels"},
                 preset.server_factor, kFactor);
  archive.number(
      {"elementwise_factor", "traffic of norms and rotary embedding over that of fused kernels"},
      preset.elementwise_factor, kFactor);
  archive.choice({"all_reduce", "which all-reduce the engine uses"}, preset.all_reduce,
                 kAllReduces);
  archive.number({"kv_utilisation", "share of device memory the engine may fill"},
                 preset.kv_utilisation, {0, 1, true, false});
  archive.quantity({"reserve_bytes", "context, communicators and graphs of each GPU"},
                   preset.reserve_bytes, Dimension::kBytes, json::kNonNegative);
  archive.list({"provenance", "sources of the numbers"}, preset.provenance);
}

std::span<const EnginePreset> engine_presets() {
  static const std::vector<EnginePreset> presets = read_presets();
  return presets;
}

const EnginePreset* find_engine_preset(std::string_view name) {
  for (const EnginePreset& preset : engine_presets()) {
    if (preset.name == name) return &preset;
  }
  return nullptr;
}

void describe(json::Archive& archive, DeploymentConfig& config) {
  config.pointer = archive.pointer();
  // Not required by the schema: the object may do without a model (a scenario's service_time).
  archive.text({"gpu", "GPU, by catalogue name"}, config.gpu);
  archive.text({"model", "neural network, by catalogue name"}, config.model);
  if (archive.decoding() && !archive.has("gpu")) {
    archive.problem("", "E106", "missing field \"gpu\"");
  }
  if (archive.decoding() && !archive.has("model")) {
    archive.problem("", "E106", "missing field \"model\"");
  }
  archive.choice({"dtype", "number format of the weights"}, config.dtype, dtype_choices());
  std::string kv = config.kv_dtype.empty() ? std::string("bf16") : config.kv_dtype;
  archive.choice({"kv_dtype", "number format of the KV cache"}, kv, dtype_choices());
  if (!archive.decoding() || archive.has("kv_dtype")) config.kv_dtype = kv;
  archive.integer({"tensor_parallel", "GPUs that share each layer"}, config.tensor_parallel,
                  {1, 1024});
  archive.integer({"pipeline_parallel", "stages the layers are cut into"}, config.pipeline_parallel,
                  {1, 1024});
  archive.integer({"expert_parallel", "groups the experts are spread over"}, config.expert_parallel,
                  {1, 1024});
  archive.choice({"family", "law of the kernel times"}, config.family, kFamilies);
  archive.text({"engine", "preset of the inference engine"}, config.engine);
  optional_seconds(archive, "step_host_s", "overrides the preset", config.step_host_s, kStepHost);
  optional_seconds(archive, "sequence_host_s", "overrides the preset", config.sequence_host_s,
                   kHost);
  optional_seconds(archive, "layer_host_s", "overrides the preset", config.layer_host_s, kHost);
  optional_seconds(archive, "launch_s", "overrides the preset", config.launch_s, kHost);
  optional_number(archive, "server_factor", "overrides the preset", config.server_factor, kFactor);
  optional_number(archive, "elementwise_factor", "overrides the preset", config.elementwise_factor,
                  kFactor);
  optional_number(archive, "kv_utilisation", "overrides the preset", config.kv_utilisation,
                  {0, 1, true, false});
  archive.text({"kernel_file", "kernel-model file of `headroom fit`"}, config.kernel_file);
  if (archive.decoding() && config.family == "table" && config.kernel_file.empty()) {
    archive.problem("family", "E113", "family \"table\" needs a kernel_file");
  }
}

void describe(json::Archive& archive, CatalogueExtras& extras) {
  archive.list({"gpus", "GPUs added to the catalogue"}, extras.gpus);
  archive.list({"models", "models added to the catalogue"}, extras.models);
  archive.list({"engines", "engine presets added to the catalogue"}, extras.engines);
}

std::optional<Deployment> resolve_deployment(const DeploymentConfig& config,
                                             const CatalogueExtras& extras,
                                             std::vector<Issue>& issues) {
  const std::size_t before = issues.size();
  const Gpu* gpu =
      look_up("gpu", config.gpu, extras.gpus, gpus(), find_gpu, config.pointer, issues);
  const Model* model =
      look_up("model", config.model, extras.models, models(), find_model, config.pointer, issues);
  const EnginePreset* engine = look_up("engine", config.engine, extras.engines, engine_presets(),
                                       find_engine_preset, config.pointer, issues);
  if (issues.size() > before) return std::nullopt;

  Deployment d;
  d.gpu = *gpu;
  d.model = *model;
  d.engine = *engine;
  d.dtype = dtype_from_name(config.dtype);
  const Dtype half = d.gpu.supports(Dtype::kBf16) ? Dtype::kBf16 : Dtype::kFp16;
  d.kv_dtype = config.kv_dtype.empty() ? half : dtype_from_name(config.kv_dtype);
  d.tensor_parallel = config.tensor_parallel;
  d.pipeline_parallel = config.pipeline_parallel;
  d.expert_parallel = config.expert_parallel;
  for (std::size_t i = 0; i < kFamilies.size(); ++i) {
    if (kFamilies[i].name == config.family) d.family = static_cast<KernelFamily>(i);
  }
  d.engine.step_host_s = config.step_host_s.value_or(d.engine.step_host_s);
  d.engine.sequence_host_s = config.sequence_host_s.value_or(d.engine.sequence_host_s);
  d.engine.layer_host_s = config.layer_host_s.value_or(d.engine.layer_host_s);
  d.engine.launch_s = config.launch_s.value_or(d.engine.launch_s);
  d.engine.server_factor = config.server_factor.value_or(d.engine.server_factor);
  d.engine.elementwise_factor = config.elementwise_factor.value_or(d.engine.elementwise_factor);
  d.engine.kv_utilisation = config.kv_utilisation.value_or(d.engine.kv_utilisation);
  if (!config.kernel_file.empty()) {
    const json::Document document =
        json::Document::read(config.kernel_file, json::Document::Comments::kAllowed);
    auto file = std::make_shared<KernelFile>();
    document.decode([&file](json::Archive& archive) { describe(archive, *file); }, issues);
    const auto wrong = [&](const char* field, std::string message) {
      Issue issue;
      issue.code = "E113";
      issue.pointer = config.pointer + field;
      issue.message = std::move(message);
      issues.push_back(std::move(issue));
    };
    if (d.family == KernelFamily::kTable && issues.size() == before) {
      const Gpu* measured = find_gpu(file->gpu);  // which may name it otherwise
      if (file->tables.empty()) {
        wrong("/family",
              "family \"table\" needs a kernel_file with tables "
              "(headroom fit --family table)");
      } else if ((measured != nullptr ? measured->name : file->gpu) != d.gpu.name) {
        wrong("/kernel_file",
              "its tables are times of " + file->gpu + ", the pool's GPU is " + d.gpu.name);
      }
    }
    d.kernels = std::move(file);
  }
  check_parallelism(d, config.pointer, issues);
  if (issues.size() > before) return std::nullopt;
  return d;
}

}  // namespace headroom
