#include <algorithm>
#include <cmath>

#include "headroom/engine/run_cell.hpp"
#include "headroom/workload/config.hpp"
#include "published_facts.hpp"
#include "published_images.hpp"

namespace headroom::validation {
namespace {

bool has(const std::string& text, const char* word) { return text.find(word) != text.npos; }

/// Order matters: what is quantised is so whatever compiles it.
std::string family_of(const std::string& metric, const std::string& software,
                      const std::string& precision) {
  if (metric == "mlperf_offline") return "MLPerf offline";
  if (metric == "mlperf_server") return "MLPerf server";
  if (has(software, "quantised") || precision == "FP8" || precision == "mixed" ||
      precision == "INT8" || has(software, "fp8")) {
    return "quantised";
  }
  if (has(software, "TensorRT")) return "TensorRT";
  if (has(software, "compile") && !has(software, "no compile")) return "compiled";
  return "eager";
}

/// The catalogue's name: the words a row adds are dropped.
std::string gpu_name(std::string gpu) {
  const std::size_t bracket = gpu.find(" (");
  if (bracket != std::string::npos) gpu.resize(bracket);
  return gpu;
}

std::string dtype_of(const ImageCase& c, const Gpu& gpu) {
  if (has(c.precision, "INT8")) return "int8";
  if (has(c.precision, "FP8") || c.precision == "mixed") {
    return gpu.supports(Dtype::kFp8) ? "fp8" : "int8";
  }
  if (c.precision == "BF16") return "bf16";
  if (c.precision == "FP16") return "fp16";
  return "";
}

/// Hosts: Python of 2023 and before on older machines; later PyTorch on the hosts of H100 and L40S.
std::string engine_of(const ImageCase& c, const Gpu& gpu) {
  if (c.family == "compiled") return "vllm-v1";
  if (c.family != "eager") return "tensorrt-llm";
  return gpu.architecture == "Hopper" || gpu.architecture == "Ada" ? "eager-2023-h100"
                                                                   : "eager-2023";
}

void set_measured(ImageCase& c, const FactRow& row, const std::string& metric) {
  const double seconds = row.number("latency_s").value_or(0);
  c.denoiser_alone = metric == "denoiser_forward_s" || metric == "images_per_s_from_it_s";
  if (metric == "latency_end_to_end") {
    c.extra_s = 0.1;
    c.note = "0.1 s of network assumed";
  }
  c.measured_s = seconds;
  if (!c.family.starts_with("MLPerf")) return;
  // Pictures in a batch as NVIDIA's configuration has them; one GPU's rate.
  c.pictures = c.family == "MLPerf offline" ? 32 : 8;
  const double rate = row.number("images_per_s_per_gpu").value_or(0);
  c.measured_s = rate > 0 ? static_cast<double>(c.pictures) / rate : 0;
  c.offered_per_s = row.number("offered_qps").value_or(0);
  c.latency_s = row.number("latency_mean_s").value_or(seconds);
  c.latency_p99_s = row.number("latency_p99_s").value_or(0);
}

void set_work(ImageCase& c, const FactRow& row, const std::string& metric) {
  c.batch.steps = static_cast<std::int64_t>(row.number("steps").value_or(0));
  const std::string& size = row.text("resolution");
  c.batch.resolution = std::atoll(size.c_str());
  if (const auto batch = row.number("batch"); batch && !c.family.starts_with("MLPerf")) {
    c.pictures = static_cast<std::int64_t>(*batch);
  }
  if (metric == "denoiser_forward_s") {
    c.batch.steps = 1;
    c.batch.forwards_per_step = 1;
  }
  if (has(c.model, "LCM")) c.batch.forwards_per_step = 1;  // distilled: no guidance
  if (has(c.software, "CFG off after step 8")) {
    // Eight guided steps and twelve plain ones: 28 forwards; the refiner's are taken as the base's.
    c.batch.steps = 28;
    c.batch.forwards_per_step = 1;
    c.note = "28 forwards";
  }
  c.batch.max_batch = c.pictures;
}

ImageCase case_of(const FactRow& row) {
  ImageCase c;
  const std::string& metric = row.text("metric_kind");
  c.id = row.text("id");
  c.gpu = row.text("gpu");
  c.model = row.text("model");
  c.software = row.text("software");
  c.precision = row.text("precision");
  c.family = family_of(metric, c.software, c.precision);
  const Gpu* gpu = find_gpu(gpu_name(c.gpu));
  if (gpu == nullptr && gpu_name(c.gpu) == "V100") gpu = find_gpu("V100-SXM-32GB");
  if (gpu == nullptr) {
    c.refusal = "no GPU \"" + c.gpu + "\" in the catalogue";
    return c;
  }
  if (find_model(c.model) == nullptr) {
    c.refusal = "no model \"" + c.model + "\" in the catalogue";
    return c;
  }
  set_measured(c, row, metric);
  set_work(c, row, metric);
  if (c.measured_s <= 0) {
    c.refusal = "no time stated";
    return c;
  }
  DeploymentConfig config;
  config.gpu = gpu->name;
  config.model = c.model;
  config.dtype = dtype_of(c, *gpu);
  if (config.dtype.empty()) {
    c.refusal = "no data type \"" + c.precision + "\"";
    return c;
  }
  config.engine = engine_of(c, *gpu);
  const auto gpus = static_cast<std::int64_t>(row.number("gpus").value_or(1));
  // Several GPUs share one picture, or each makes its own (MLPerf).
  (c.family.starts_with("MLPerf") ? c.replicas : config.tensor_parallel) = gpus;
  std::vector<Issue> issues;
  if (const auto deployment = resolve_deployment(config, {}, issues)) {
    c.deployment = *deployment;
  } else {
    c.refusal = issues.empty() ? "cannot be resolved" : issues[0].message;
  }
  return c;
}

class Latencies final : public RecordSink {
 public:
  void on_end(const RequestRecord& r) override {
    if (r.end == EndState::kFinished) values_.push_back(seconds(r.finish - r.arrival));
  }
  const std::vector<double>& values() const { return values_; }

 private:
  std::vector<double> values_;
};

}  // namespace

std::vector<ImageCase> image_cases(const std::filesystem::path& shared) {
  std::vector<ImageCase> cases;
  for (const FactRow& row : read_facts(shared / "facts" / "image_refs.csv")) {
    cases.push_back(case_of(row));
  }
  return cases;
}

double predicted_seconds(const ImageCase& image) {
  double sum = image.extra_s;
  for (const OperatorTime& op : image_operators(image.deployment, image.batch, image.pictures)) {
    if (image.denoiser_alone && op.name != "denoise" && op.name != "exchange") continue;
    sum += op.seconds;
  }
  return sum;
}

ImageQueue run_image_queue(const ImageCase& image, double speed) {
  ImageBatch batch = image.batch;
  batch.max_batch = image.pictures;
  auto table = std::make_shared<BatchTable>();
  table->batch_ps = compile_batches(image.deployment, batch);
  for (std::int64_t& ps : table->batch_ps) {
    ps = std::llround(static_cast<double>(ps) / speed);
  }
  CellConfig cell;
  PoolConfig pool;
  pool.name = "gpus";
  pool.replicas = image.replicas;
  pool.mode = BatchMode::kStatic;
  pool.max_batch = image.pictures;
  pool.max_wait = ticks_from_seconds(2);
  pool.batch_times = table;
  cell.pools.push_back(pool);
  ClassConfig request_class;
  request_class.name = "picture";
  request_class.stages = {PoolId{0}};
  cell.classes.push_back(request_class);
  constexpr double kSpan = 600;  // the test's rules: ten minutes, every request counts
  cell.horizon = ticks_from_seconds(6 * kSpan);
  cell.collect.timeline_step = cell.collect.minute = ticks_from_seconds(60);
  WorkloadConfig workload;
  workload.demand_end = ticks_from_seconds(kSpan);
  ClassDemand demand;
  demand.name = "picture";
  demand.rate.base_per_s = image.offered_per_s;
  StageDemand stage;
  stage.makes_tokens = false;
  stage.service_s = Distribution::constant(1);  // the batch table goes before it
  demand.stages = {stage};
  workload.classes.push_back(demand);
  prepare(workload);
  cell.key = RunKey{2025, 0, 0};
  RequestStream requests(workload, cell.key, 1.0);
  Latencies latencies;
  run_cell(cell, requests, &latencies);
  ImageQueue out;
  const double full = static_cast<double>(table->batch_ps.back()) * 1e-12;
  out.load = image.offered_per_s * full /
             (static_cast<double>(image.replicas) * static_cast<double>(image.pictures));
  double sum = 0;
  for (const double v : latencies.values()) sum += v;
  out.latency_s = sum / static_cast<double>(latencies.values().size());
  out.latency_p99_s = percentile(latencies.values(), 0.99);
  return out;
}

}  // namespace headroom::validation
