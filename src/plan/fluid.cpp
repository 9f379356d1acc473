#include "headroom/plan/fluid.hpp"

#include <algorithm>
#include <cmath>

#include "headroom/core/check.hpp"

namespace headroom {
namespace {

/// Load is looked at in bins of a minute, wider ones in runs of more than a day.
constexpr double kBinSeconds = 60;
constexpr double kMostBins = 1440;

/// Means over the mix, weighted by rate; context is weighted by the time a request decodes too.
struct MeanRequest {
  double computed_prompt = 0;  ///< prompt tokens that cost prefill
  double cached = 0;
  double output = 0;
  double held_tokens = 0;  ///< mean tokens a decoding request holds
  double service_s = 0;
};

MeanRequest mean_request(std::span<const LoadShare> mix) {
  MeanRequest mean;
  double rate = 0;
  double decodes = 0;
  for (const LoadShare& share : mix) {
    const MeanWork& work = share.work;
    rate += share.rate_per_s;
    mean.computed_prompt += share.rate_per_s * (work.prompt_tokens - work.cached_tokens);
    mean.cached += share.rate_per_s * work.cached_tokens;
    mean.service_s += share.rate_per_s * work.service_s;
    const double share_decodes = share.rate_per_s * work.output_tokens;
    decodes += share_decodes;
    mean.held_tokens += share_decodes * (work.prompt_tokens + work.output_tokens / 2);
  }
  HEADROOM_CHECK(rate > 0, "a mix has a rate");
  mean.computed_prompt = std::max(1.0, mean.computed_prompt / rate);
  mean.cached /= rate;
  mean.service_s /= rate;
  mean.output = std::max(1.0, decodes / rate);
  mean.held_tokens = decodes > 0 ? std::max(1.0, mean.held_tokens / decodes) : 1.0;
  return mean;
}

std::int64_t whole(double value) { return std::max<std::int64_t>(1, std::llround(value)); }

/// Largest batch by slots and memory; half a block a request is lost to the last one's rest.
std::pair<double, FluidLimit> batch_bound(const PoolConfig& pool, const MeanRequest& mean) {
  const auto slots = static_cast<double>(pool.max_batch);
  const double held = mean.held_tokens + static_cast<double>(pool.block_tokens) / 2;
  const double by_memory =
      std::max(1.0, static_cast<double>(pool.kv_blocks * pool.block_tokens) / held);
  return by_memory < slots ? std::pair{by_memory, FluidLimit::kKvMemory}
                           : std::pair{slots, FluidLimit::kBatch};
}

FluidCapacity chunked_capacity(const PoolConfig& pool, const MeanRequest& mean) {
  auto [n, limit] = batch_bound(pool, mean);
  const double tokens_per_decode = 1 + mean.computed_prompt / mean.output;
  const auto budget = static_cast<double>(pool.token_budget);
  if (n * tokens_per_decode > budget) {
    n = std::max(1.0, budget / tokens_per_decode);
    limit = FluidLimit::kTokenBudget;
  }
  const double finished = n / mean.output;  // requests that end, and prompts computed, a step
  const Ticks prefill =
      pool.steps->prefill_attention(whole(mean.computed_prompt), std::llround(mean.cached));
  const double step_s = seconds(
      pool.steps->step(whole(n * tokens_per_decode), whole(n + finished),
                       std::min(whole(n), pool.steps->max_batch()), whole(n * mean.held_tokens),
                       {std::llround(finished * static_cast<double>(prefill.count))}));
  return {finished / step_s, limit};
}

FluidCapacity continuous_capacity(const PoolConfig& pool, const MeanRequest& mean) {
  const auto [n, limit] = batch_bound(pool, mean);
  const double together =
      std::max(1.0, std::floor(static_cast<double>(pool.token_budget) / mean.computed_prompt));
  const Ticks prefill =
      pool.steps->prefill_attention(whole(mean.computed_prompt), std::llround(mean.cached));
  const double prefill_s =
      seconds(pool.steps->step(whole(together * mean.computed_prompt), whole(together), 0, 0,
                               prefill * whole(together))) /
      together;
  const std::int64_t decodes = std::min(whole(n), pool.steps->max_batch());
  const double decode_s =
      seconds(pool.steps->decode_step(decodes, whole(n * mean.held_tokens))) / n;
  return {1 / (prefill_s + (mean.output - 1) * decode_s), limit};
}

FluidCapacity static_capacity(const PoolConfig& pool, const MeanRequest& mean) {
  if (!pool.batch_times) {
    return {static_cast<double>(pool.max_batch) / mean.service_s, FluidLimit::kBatch};
  }
  double best = 0;
  const auto& times = pool.batch_times->batch_ps;
  for (std::size_t n = 1; n < times.size(); ++n) {
    best = std::max(best, static_cast<double>(n) / seconds(Ticks{times[n]}));
  }
  return {best, FluidLimit::kBatch};
}

/// The classes' stages that visit each pool: (class, stage).
std::vector<std::vector<std::pair<std::size_t, std::uint32_t>>> visits(
    std::size_t pools, std::span<const ClassConfig> classes) {
  std::vector<std::vector<std::pair<std::size_t, std::uint32_t>>> by_pool(pools);
  for (std::size_t c = 0; c < classes.size(); ++c) {
    for (std::uint32_t s = 0; s < classes[c].stages.size(); ++s) {
      by_pool[index(classes[c].stages[s])].emplace_back(c, s);
    }
  }
  return by_pool;
}

/// Mean and largest of the bins whose middle lies inside a window; of one that is shorter than a
/// bin, that around its begin. The last bin ends with the demand.
void add_window(PoolLoad& load, const WindowSpec& window, double end_s) {
  double sum = 0;
  double count = 0;
  double peak = 0;
  for (std::size_t b = 0; b < load.offered_gpus.size(); ++b) {
    const double from = static_cast<double>(b) * load.bin_s;
    const double mid = (from + std::min(end_s, from + load.bin_s)) / 2;
    const bool inside = std::any_of(window.spans.begin(), window.spans.end(), [&](TimeSpan s) {
      return seconds(s.from) <= mid && mid < seconds(s.to);
    });
    if (!inside) continue;
    sum += load.offered_gpus[b];
    count += 1;
    peak = std::max(peak, load.offered_gpus[b]);
  }
  const auto around = static_cast<std::size_t>(seconds(window.spans.front().from) / load.bin_s);
  if (count == 0 && around < load.offered_gpus.size()) {
    sum = peak = load.offered_gpus[around];
    count = 1;
  }
  load.window_mean_gpus.push_back(count > 0 ? sum / count : 0);
  load.window_peak_gpus.push_back(peak);
}

/// What is offered to a pool and what serves it, in one bin.
void add_bin(PoolLoad& load, double from_s, double offered, double gpus) {
  load.offered_gpus.push_back(offered);
  load.in_service.push_back(gpus);
  if (offered <= 0) return;
  // Any load on none is an overload; as a number it is told as that on one.
  const double per_gpu = gpus > 0 ? offered / gpus : std::max(1.0, offered);
  if (per_gpu <= load.peak_per_gpu) return;
  load.peak_per_gpu = per_gpu;
  load.peak_per_gpu_at_s = from_s;
  load.gpus_then = gpus;
  load.offered_then = offered;
}

}  // namespace

std::string_view fluid_limit_name(FluidLimit limit) {
  switch (limit) {
    case FluidLimit::kSlots:
      return "slots";
    case FluidLimit::kBatch:
      return "batch size";
    case FluidLimit::kKvMemory:
      return "KV memory";
    case FluidLimit::kTokenBudget:
      return "token budget";
    case FluidLimit::kNone:
      break;
  }
  return "none";
}

FluidCapacity fluid_capacity(const PoolConfig& pool, std::span<const LoadShare> mix) {
  const MeanRequest mean = mean_request(mix);
  switch (pool.mode) {
    case BatchMode::kChunked:
      return chunked_capacity(pool, mean);
    case BatchMode::kContinuous:
      return continuous_capacity(pool, mean);
    case BatchMode::kStatic:
      return static_capacity(pool, mean);
    case BatchMode::kSlots:
      break;
  }
  return {static_cast<double>(pool.max_batch) / mean.service_s, FluidLimit::kSlots};
}

std::vector<PoolLoad> offered_load(std::span<const PoolConfig> pools,
                                   std::span<const ClassConfig> classes,
                                   const CompiledWorkload& workload, double rate_multiplier,
                                   std::span<const WindowSpec> windows, Ticks demand_end,
                                   const GpusInService& in_service, const AdmittedRate& admitted) {
  const double end_s = seconds(demand_end);
  const double bin_s = kBinSeconds * std::ceil(std::max(1.0, end_s / kBinSeconds / kMostBins));
  const auto bins = static_cast<std::size_t>(std::ceil(end_s / bin_s));
  const auto by_pool = visits(pools.size(), classes);
  std::vector<PoolLoad> loads;
  for (std::size_t p = 0; p < pools.size(); ++p) {
    const auto gpus_per_replica = static_cast<double>(pools[p].gpus_per_replica);
    PoolLoad load;
    load.pool = pools[p].name;
    load.gpus = static_cast<double>(pools[p].replicas) * gpus_per_replica;
    load.bin_s = bin_s;
    for (std::size_t b = 0; b < bins; ++b) {
      const double from = static_cast<double>(b) * bin_s;
      const double to = std::min(end_s, from + bin_s);
      std::vector<LoadShare> mix;
      double rate = 0;
      for (const auto& [c, stage] : by_pool[p]) {
        const ClassId id{static_cast<std::uint32_t>(c)};
        const double arrivals = workload.rate(id).integral(from, to);
        if (arrivals <= 0) continue;
        double of_class = rate_multiplier * arrivals / (to - from);
        if (admitted) of_class = admitted(c, of_class);
        mix.push_back({of_class, workload.mean_work(id, stage)});
        rate += of_class;
      }
      double offered = 0;
      if (rate > 0) {
        const FluidCapacity capacity = fluid_capacity(pools[p], mix);
        offered = rate / capacity.requests_per_s * gpus_per_replica;
        if (offered > load.peak_gpus) {
          load.peak_gpus = offered;
          load.peak_at_s = from;
          load.limit = capacity.limit;
        }
      }
      add_bin(load, from, offered, in_service ? in_service(p, from, to) : load.gpus);
    }
    for (const double gpus : load.in_service) {
      load.in_service_mean += gpus / static_cast<double>(bins);
    }
    for (const WindowSpec& window : windows) add_window(load, window, end_s);
    load.mean_gpus = load.window_mean_gpus.empty() ? 0 : load.window_mean_gpus.front();
    load.gpus_needed = std::ceil(load.peak_gpus / gpus_per_replica) * gpus_per_replica;
    loads.push_back(std::move(load));
  }
  return loads;
}

}  // namespace headroom
