#include "published_serving.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "headroom/engine/run_cell.hpp"
#include "headroom/workload/config.hpp"

namespace headroom::validation {
namespace {

/// TensorRT-LLM's benchmark builds its engines for 2,048 sequences and 8,192 tokens a step.
constexpr std::int64_t kMostSequences = 2048;
constexpr std::int64_t kStepTokens = 8192;
/// Share of the memory that weights and buffers leave which the cache takes; the page of v0.17 says
/// so.
constexpr double kKvShare = 0.95;

KvCapacity cache_of(Deployment& d, const Limits& limits) {
  d.engine.kv_utilisation = 1;
  const KvCapacity whole = kv_capacity(d, limits);
  const double taken = (whole.weight_bytes + whole.activation_bytes) / d.gpu.hbm_bytes;
  if (!whole.fits || taken >= 1) return whole;
  d.engine.kv_utilisation = taken + kKvShare * (1 - taken);
  return kv_capacity(d, limits);
}

/// Requests of the benchmark pages' runs: long ones are fewer.
std::int64_t requests_of(double input, double output) {
  if (input + output <= 256) return 30'000;
  if (input + output <= 2200) return 3'000;
  return input >= 10'000 ? 1'000 : 1'500;
}

std::string dtype_of_precision(const std::string& precision) {
  if (precision == "FP8") return "fp8";
  if (precision == "FP16") return "fp16";
  if (precision == "BF16") return "bf16";
  if (precision == "FP4" || precision == "NVFP4") return "fp4";
  return "";
}

/// Assumed where MLPerf's data sets have no published input length. Spread of the outputs: what
/// makes the published p99 latency, about p99 length x TPOT, 3 to 4 times its mean.
void assume_mlperf(ServingCase& c) {
  c.inputs_stated = false;
  if (c.model == "GPT-J-6B") {  // CNN/DailyMail: news articles and a short instruction
    c.beams = 4;                // the test's rules: beam search, four wide
    c.input = {950, 0.5, 1919};
    c.output.cv = 0.3;
    c.output.most = 128;
  } else if (c.model == "Mixtral-8x7B") {  // a third each of chat, grade-school maths and code
    c.input = {400, 0.8, 1024};
    c.output.cv = 1.0;
    c.output.most = 1024;
  } else {  // OpenOrca
    c.input = {300, 0.9, 1024};
    c.output.cv = 0.8;
    c.output.most = 1024;
  }
}

/// Fewest GPUs whose memory the weights fill to 60 % at most.
std::int64_t assumed_parallel(const Deployment& d, std::int64_t gpus) {
  std::int64_t tp = 1;
  const double bytes = d.model.transformer.parameters() * bytes_of(d.dtype);
  while (tp < gpus && bytes > 0.6 * d.gpu.hbm_bytes * static_cast<double>(tp)) tp *= 2;
  return tp;
}

double milliseconds(const FactRow& row, const char* column) {
  return row.number(column).value_or(0) * 1e-3;
}

Distribution distribution_of(const Lengths& lengths) {
  Distribution d = lengths.cv > 0 ? Distribution::lognormal(lengths.mean, lengths.cv)
                                  : Distribution::constant(lengths.mean);
  if (lengths.cv > 0) d.min = 1;
  if (lengths.most > 0 && lengths.cv > 0) d.max = static_cast<double>(lengths.most);
  return d;
}

/// Lengths whose mean is the stated one after the cut.
Distribution cut_distribution(const Lengths& lengths) {
  Lengths raised = lengths;
  for (int i = 0; i < 8 && lengths.cv > 0; ++i) {
    raised.mean *= lengths.mean / mean_of(distribution_of(raised));
  }
  return distribution_of(raised);
}

/// Keeps what is scored of each request.
class Times final : public RecordSink {
 public:
  explicit Times(std::int64_t beams) : beams_(beams) {}
  void on_end(const RequestRecord& r) override {
    if (static_cast<std::int64_t>(index(r.id)) % beams_ != 0) return;
    if (r.end != EndState::kFinished) {
      ++lost_;
      return;
    }
    tokens_ += r.made_tokens;
    last_ = std::max(last_, seconds(r.finish));
    ttft_.push_back(seconds(r.first_token - r.arrival));
    latency_.push_back(seconds(r.finish - r.arrival));
    if (r.made_tokens > 1) {
      tpot_.push_back(seconds(r.last_token - r.first_token) / (r.made_tokens - 1));
    }
  }
  ServingResult result(double speed) const {
    ServingResult out;
    out.output_tok_s = last_ > 0 ? static_cast<double>(tokens_) / last_ * speed : 0;
    const auto fill = [&](const std::vector<double>& values, double& mean, double& p99) {
      if (values.empty()) return;
      double sum = 0;
      for (const double v : values) sum += v;
      mean = sum / static_cast<double>(values.size()) / speed;
      p99 = percentile(values, 0.99) / speed;
    };
    fill(ttft_, out.ttft_s, out.ttft_p99_s);
    fill(tpot_, out.tpot_s, out.tpot_p99_s);
    fill(latency_, out.latency_s, out.latency_p99_s);
    if (lost_ > 0) out.refusal = std::to_string(lost_) + " requests did not end";
    return out;
  }

 private:
  std::int64_t beams_;
  std::int64_t tokens_ = 0, lost_ = 0;
  double last_ = 0;
  std::vector<double> ttft_, tpot_, latency_;
};

}  // namespace

std::variant<ServingCase, std::string> express(const FactRow& row, EngineKernels& kernels) {
  ServingCase c;
  c.id = row.text("id");
  c.software = row.text("software");
  c.year = row.text("date").substr(0, 4);
  c.model = row.text("model");
  c.precision = row.text("precision");
  c.gpu = row.text("gpu");
  DeploymentConfig config;
  // A cooler for servers with other air flow, the same chip.
  config.gpu = c.gpu.ends_with("-CTS") ? c.gpu.substr(0, c.gpu.size() - 4) : c.gpu;
  config.model = c.model;
  config.dtype = dtype_of_precision(c.precision);
  config.engine = "tensorrt-llm";
  if (find_gpu(config.gpu) == nullptr) return "no GPU \"" + c.gpu + "\" in the catalogue";
  if (find_model(config.model) == nullptr) return "no model \"" + c.model + "\" in the catalogue";
  if (config.dtype.empty()) return "no data type \"" + c.precision + "\"";
  if (config.dtype == "fp8" || config.dtype == "fp4") config.kv_dtype = "fp8";
  const std::string& metric = row.text("metric_kind");
  c.mlperf = metric.starts_with("mlperf_");
  if (metric == "offline_output_tok_s" || metric == "mlperf_offline_output_tok_s") {
    c.kind = ServingKind::kOffline;
  } else if (metric == "static_batch_output_tok_s") {
    c.kind = ServingKind::kStaticBatch;
  } else if (metric.starts_with("ttft_ms")) {
    c.kind = ServingKind::kFirstToken;
  } else if (metric.starts_with("closed_loop")) {
    c.kind = ServingKind::kClosedLoop;
  } else if (metric == "online_output_tok_s" || c.mlperf) {
    c.kind = ServingKind::kOnline;
  } else {
    return "no run for \"" + metric + "\"";
  }
  const auto gpus = static_cast<std::int64_t>(row.number("gpus").value_or(0));
  if (gpus < 1) return "the number of GPUs is not stated";
  std::vector<Issue> issues;
  config.tensor_parallel = static_cast<std::int64_t>(row.number("tp").value_or(1));
  std::optional<Deployment> deployment = resolve_deployment(config, {}, issues);
  if (deployment && !row.number("tp")) {
    config.tensor_parallel = assumed_parallel(*deployment, gpus);
    deployment = resolve_deployment(config, {}, issues);
  }
  if (!deployment) return issues.empty() ? "cannot be resolved" : issues[0].message;
  c.deployment = *deployment;
  c.replicas = std::max<std::int64_t>(1, gpus / c.deployment.gpus_per_replica());
  c.own_kernels = kernels.give(c.deployment);
  c.input.mean = row.number("isl_mean").value_or(0);
  c.output.mean = row.number("osl_mean").value_or(0);
  if (c.output.mean < 1) return "the output length is not stated";
  if (c.mlperf) {
    assume_mlperf(c);
  } else if (c.input.mean < 1) {
    return "the input length is not stated";
  } else if (c.kind == ServingKind::kOnline) {
    // Means of a data set. With everything queued the 500 requests of 467 and 256 tokens ended in
    // 31 s at 85 ms a token: no answer was much longer than the mean.
    c.input.cv = c.output.cv = 0.2;
  }
  c.concurrency = static_cast<std::int64_t>(row.number("batch_or_concurrency").value_or(0));
  c.offered_per_s = row.number("offered_qps").value_or(0);
  c.requests = requests_of(c.input.mean, c.output.mean);
  if (c.kind == ServingKind::kOnline) c.requests = 500;
  if (c.mlperf) {
    c.requests = 6'000 * c.replicas;
    c.searched = c.kind == ServingKind::kOnline && c.offered_per_s <= 0;
    const bool interactive = metric.find("interactive") != std::string::npos;
    c.ttft_limit_s = interactive ? 0.45 : 2.0;
    c.tpot_limit_s = interactive ? 0.04 : 0.2;
    if (c.model == "GPT-J-6B") c.latency_limit_s = 20;
  }
  if (c.kind == ServingKind::kStaticBatch || c.kind == ServingKind::kClosedLoop) {
    if (c.concurrency < 1) return "the batch is not stated";
    if (c.kind == ServingKind::kStaticBatch) c.requests = c.concurrency;
    if (c.kind == ServingKind::kClosedLoop) c.requests = 20 * c.concurrency;
  }
  c.output_tok_s = row.number("output_tok_s").value_or(0);
  c.ttft_s = milliseconds(row, "ttft_mean_ms");
  c.ttft_p99_s = milliseconds(row, "ttft_p99_ms");
  c.tpot_s = milliseconds(row, "tpot_mean_ms");
  c.tpot_p99_s = milliseconds(row, "tpot_p99_ms");
  c.latency_s = row.number("latency_mean_s").value_or(0);
  c.latency_p99_s = row.number("latency_p99_s").value_or(0);
  return c;
}

PublishedRun::PublishedRun(const ServingCase& served) : case_(served) {
  ServingCase& c = case_;
  max_batch_ = c.concurrency > 0 ? c.concurrency : kMostSequences;
  Limits limits;
  limits.max_batch = max_batch_;
  limits.max_step_tokens = std::max<std::int64_t>(kStepTokens, std::llround(c.input.mean));
  const auto most = [](const Lengths& l) {
    return l.most > 0 ? l.most : static_cast<std::int64_t>(std::llround(l.mean));
  };
  limits.max_context = most(c.input) + most(c.output);
  // TensorRT-LLM admits a request when its whole answer will fit, and an engine is built for no
  // more sequences than do: its buffers shrink with them.
  const auto whole = static_cast<std::int64_t>(std::llround(c.input.mean + c.output.mean)) + 16;
  const std::int64_t wanted = max_batch_;
  std::int64_t built = wanted;
  for (int round = 0; round < 3; ++round) {
    limits.max_batch = built;
    kv_ = cache_of(c.deployment, limits);
    const std::int64_t held = kv_.fits ? std::max<std::int64_t>(1, kv_.tokens / whole) : 64;
    if (c.input.cv <= 0) max_batch_ = std::min(wanted, held);
    built = std::min(wanted, 2 * held);
  }
  limits.max_batch = max_batch_;
  compiled_ = compile_steps(c.deployment, limits);
}

ServingResult PublishedRun::first_token(double speed) const {
  const auto prompt = static_cast<std::int64_t>(std::llround(case_.input.mean));
  const StepBatch batch{{{prompt, 0}}, 0, 0, 1};
  ServingResult out;
  out.ttft_s = step_seconds_direct(case_.deployment, batch) / speed;
  return out;
}

ServingResult PublishedRun::static_batch(double speed) const {
  // Prompts in steps of the token budget, then every sequence to its last token.
  const StepTable& steps = *compiled_.steps;
  const auto prompt = static_cast<std::int64_t>(std::llround(case_.input.mean));
  const auto output = static_cast<std::int64_t>(std::llround(case_.output.mean));
  const std::int64_t together = std::max<std::int64_t>(1, kStepTokens / prompt);
  Ticks sum{0};
  for (std::int64_t done = 0; done < case_.concurrency; done += together) {
    const std::int64_t n = std::min(together, case_.concurrency - done);
    sum += steps.step(n * prompt, n, 0, 0, steps.prefill_attention(prompt, 0) * n);
  }
  // A batch that outgrows the cache is split, as the benchmark's micro-batches are.
  const std::int64_t at_once = std::min(case_.concurrency, max_batch_);
  const std::int64_t parts = (case_.concurrency + at_once - 1) / at_once;
  const std::int64_t n = (case_.concurrency + parts - 1) / parts;
  for (std::int64_t token = 1; token < output; ++token) {
    sum += steps.decode_step(n, n * (prompt + token)) * parts;
  }
  ServingResult out;
  out.output_tok_s = static_cast<double>(case_.concurrency * output) / seconds(sum) * speed;
  out.largest_batch = static_cast<double>(n);
  return out;
}

ServingResult PublishedRun::run(double speed) const { return run_at(case_.offered_per_s, speed); }

ServingResult PublishedRun::run_at(double offered_per_s, double speed) const {
  const ServingCase& c = case_;
  if (!kv_.fits) {
    ServingResult out;
    out.refusal = kv_.refusal;
    return out;
  }
  if (c.kind == ServingKind::kFirstToken) return first_token(speed);
  if (c.kind == ServingKind::kStaticBatch) return static_batch(speed);
  CellConfig cell;
  PoolConfig pool;
  pool.name = "gpus";
  pool.replicas = c.replicas;
  pool.gpus_per_replica = c.deployment.gpus_per_replica();
  pool.mode = BatchMode::kChunked;
  pool.max_batch = max_batch_;
  pool.token_budget = kStepTokens;
  pool.kv_blocks = kv_.blocks;
  pool.steps = compiled_.steps;
  cell.pools.push_back(pool);
  ClassConfig request_class;
  request_class.name = "request";
  request_class.stages = {PoolId{0}};
  cell.classes.push_back(request_class);

  // The server test's rules: arrivals for ten minutes, and every request counts.
  const double rate = offered_per_s / speed;
  const bool steady = c.mlperf && offered_per_s > 0;
  const double span = steady ? 600 * speed : 86'400.0 * 30;
  cell.horizon = ticks_from_seconds(steady ? 3 * span : 86'400.0 * 60);
  cell.collect.timeline_step = cell.collect.minute =
      ticks_from_seconds(seconds(cell.horizon) / 1000);
  WorkloadConfig workload;
  workload.demand_end = ticks_from_seconds(span);
  ClassDemand demand;
  demand.name = "request";
  demand.rate.base_per_s = rate > 0 ? rate : 1000;
  StageDemand stage;
  stage.prompt_tokens = cut_distribution(c.input);
  stage.output_tokens = cut_distribution(c.output);
  demand.stages = {stage};
  workload.classes.push_back(demand);
  prepare(workload);
  cell.key = RunKey{2025, 0, 0};
  RequestStream drawn(workload, cell.key, 1.0);
  std::vector<Request> requests;
  Request request;
  while ((steady || std::ssize(requests) < c.requests * c.beams) && drawn.next(request)) {
    if (rate <= 0) request.arrival = Ticks{0};
    for (std::int64_t beam = 0; beam < c.beams; ++beam) {
      request.entity = requests.size();
      request.id = RequestId{requests.size()};
      // Further beams read and hold the prompt's cache with the first: they bring one token.
      if (beam > 0) request.work.prompt_tokens = 1;
      requests.push_back(request);
    }
  }
  RequestStream stream = RequestStream::from_requests(std::move(requests));
  Times times(c.beams);
  const Outcome outcome = run_cell(cell, stream, &times);
  ServingResult out = times.result(speed);
  out.largest_batch = outcome.pool_totals[0].largest_batch;
  return out;
}

double PublishedRun::largest_rate(double speed) const {
  const auto holds = [&](double rate) {
    const ServingResult r = run_at(rate, speed);
    if (!r.refusal.empty()) return false;
    if (case_.latency_limit_s > 0) return r.latency_p99_s <= case_.latency_limit_s;
    return r.ttft_p99_s <= case_.ttft_limit_s && r.tpot_p99_s <= case_.tpot_limit_s;
  };
  double low = 0;
  double high = case_.output_tok_s / case_.output.mean;  // what was measured, to start near
  while (high < 1e5 && holds(high)) {
    low = high;
    high *= 1.25;
  }
  while (high - low > 0.02 * high) {
    const double middle = (low + high) / 2;
    (holds(middle) ? low : high) = middle;
  }
  return low;
}

}  // namespace headroom::validation
