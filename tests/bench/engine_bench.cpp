#include "engine_bench.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <numeric>

#include "headroom/engine/run_cell.hpp"
#include "headroom/latency/deployment.hpp"
#include "headroom/workload/compiled.hpp"
#include "headroom/workload/request_stream.hpp"
#include "parts_bench.hpp"

namespace headroom::bench {
namespace {

constexpr std::int64_t kMaxBatch = 128;
constexpr std::int64_t kTokenBudget = 2048;
constexpr double kMeanPrompt = 600;
constexpr double kMeanOutput = 250;

double mean_of_second_half(const std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  return std::accumulate(middle, values.end(), 0.0) / static_cast<double>(values.end() - middle);
}

PoolConfig make_pool(const Case& bench_case) {
  std::vector<Issue> issues;
  DeploymentConfig names;
  names.gpu = "A100-SXM-80GB";
  names.model = "Llama-3.1-8B";
  const auto deployment = resolve_deployment(names, {}, issues);
  if (!deployment) throw InputError(issues);
  const Limits limits{kMaxBatch, 8192, 8192};
  PoolConfig pool;
  pool.name = "bench";
  pool.replicas = bench_case.replicas;
  pool.queueing = bench_case.queueing;
  pool.mode = bench_case.mode;
  pool.max_batch = kMaxBatch;
  pool.token_budget = kTokenBudget;
  pool.kv_blocks = kv_capacity(*deployment, limits).blocks;
  pool.max_context = limits.max_context;
  pool.steps = compile_steps(*deployment, limits).steps;
  return pool;
}

/// GPU seconds of a mean request on a replica whose batch is full.
double work_s(const PoolConfig& pool) {
  const StepTable& steps = *pool.steps;
  const auto prompt = static_cast<std::int64_t>(kMeanPrompt);
  const auto context = static_cast<std::int64_t>(kMeanPrompt + kMeanOutput / 2) * kMaxBatch;
  const Ticks prefill = steps.dense(prompt) + steps.prefill_attention(prompt, 0);
  const Ticks decode = steps.decode_step(kMaxBatch, context);
  return seconds(prefill) + kMeanOutput * seconds(decode) / static_cast<double>(kMaxBatch);
}

}  // namespace

Result run(const Case& bench_case) {
  CellConfig cell;
  cell.pools.push_back(make_pool(bench_case));
  const double rate_per_s =
      bench_case.load * static_cast<double>(bench_case.replicas) / work_s(cell.pools[0]);
  ClassConfig request_class;
  request_class.name = "chat";
  request_class.stages = {PoolId{0}};
  request_class.slo.ttft = ticks_from_seconds(2);
  cell.classes.push_back(request_class);
  cell.horizon = ticks_from_seconds(static_cast<double>(bench_case.requests) / rate_per_s);
  cell.key = RunKey{bench_case.seed, 0, 0};
  const Ticks widest{(cell.horizon.count + 1439) / 1440};
  cell.collect.timeline_step = std::max(cell.collect.timeline_step, widest);
  cell.collect.minute = cell.collect.timeline_step;

  WorkloadConfig workload;
  workload.demand_end = cell.horizon;
  ClassDemand demand;
  demand.name = "chat";
  demand.rate.base_per_s = rate_per_s;
  demand.prompt_tokens = Distribution::lognormal(kMeanPrompt, 1.0);
  demand.output_tokens = Distribution::lognormal(kMeanOutput, 1.0);
  demand.patience_s = Distribution::constant(60);
  demand.stages.resize(1);
  workload.classes.push_back(demand);
  prepare(workload);
  RequestStream requests(workload, cell.key, 1.0);

  const auto start = std::chrono::steady_clock::now();
  const double cpu_start = processor_s();
  const Outcome outcome =
      bench_case.stepwise ? run_cell_stepwise(cell, requests) : run_cell(cell, requests);
  Result result;
  result.wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  result.cpu_s = processor_s() - cpu_start;
  const GroupTally& group = outcome.groups[0][0];
  result.requests = group.arrived;
  result.finished = group.ended[static_cast<std::size_t>(EndState::kFinished)];
  result.abandoned = group.ended[static_cast<std::size_t>(EndState::kAbandoned)];
  result.preempted = group.preemptions;
  result.steps = outcome.pool_totals[0].steps;
  result.plans = outcome.pool_totals[0].plans;
  result.cut_plans = outcome.pool_totals[0].cut_plans;
  result.queue_delay_p99_s =
      group.queue_delay.histogram.quantile_s(0.99, group.queue_delay.missing_total());
  result.e2e_p99_s = group.e2e.histogram.quantile_s(0.99);
  result.kv_share = mean_of_second_half(outcome.pools[0].kv_share);
  result.batch_mean =
      mean_of_second_half(outcome.pools[0].running) / static_cast<double>(bench_case.replicas);
  return result;
}

double peak_memory_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024;
}

}  // namespace headroom::bench
