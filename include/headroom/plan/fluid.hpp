#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "headroom/engine/config.hpp"
#include "headroom/plan/measure.hpp"
#include "headroom/workload/compiled.hpp"

namespace headroom {

/// One kind of request on one pool: how many come and what they ask for on average.
struct LoadShare {
  double rate_per_s = 0;
  MeanWork work;
};

/// What keeps a full replica from doing more.
enum class FluidLimit { kNone, kSlots, kBatch, kKvMemory, kTokenBudget };
std::string_view fluid_limit_name(FluidLimit limit);

struct FluidCapacity {
  double requests_per_s = 0;  ///< one replica, full, with this mix
  FluidLimit limit = FluidLimit::kNone;
};

/// Requests a second that one replica finishes when it never lacks work, by mean lengths and in
/// balance: as many prompts are computed as answers end. An estimate, mostly on the high side: it
/// knows neither spread of lengths nor preemption. docs/model.md#fluid-estimate derives it.
///
/// slots: max_batch / mean service. static: the best n / batch time(n). continuous: 1 / (prefill +
/// (output - 1) decode steps / n). chunked: (n / output) / time of the step that holds n decodes
/// and n / output prompts, within the token budget. n = min(max_batch, KV tokens / mean tokens
/// held).
/// REQUIRES: a mix with a positive rate.
FluidCapacity fluid_capacity(const PoolConfig& pool, std::span<const LoadShare> mix);

/// Load offered to a pool in GPUs: arrival rate / capacity x GPUs of one replica. 1 GPU of load
/// keeps one GPU busy all the time.
struct PoolLoad {
  std::string pool;
  double gpus = 0;                       ///< that the pool has at the start
  double mean_gpus = 0;                  ///< offered, over the whole run's window
  double peak_gpus = 0;                  ///< largest bin
  double peak_at_s = 0;                  ///< start of that bin
  double bin_s = 0;                      ///< width of the bins
  FluidLimit limit = FluidLimit::kNone;  ///< at the peak
  std::vector<double> window_mean_gpus;  ///< by window
  std::vector<double> window_peak_gpus;
  /// Fewest GPUs, in whole replicas, that the largest bin does not overload.
  double gpus_needed = 0;
  std::vector<double> offered_gpus;  ///< by bin
  std::vector<double> in_service;    ///< GPUs expected in service, by bin
  double in_service_mean = 0;        ///< GPUs
  /// Largest offered / in service of the bins, where it is and what it is made of. A pool without a
  /// GPU in service counts as one GPU.
  double peak_per_gpu = 0;
  double peak_per_gpu_at_s = 0;
  double gpus_then = 0, offered_then = 0;
};

/// GPUs of a pool expected in service in [from_s, to_s) of the run.
using GpusInService = std::function<double(std::size_t pool, double from_s, double to_s)>;

/// What the gateway lets through of the requests a second that a class offers.
using AdmittedRate = std::function<double(std::size_t request_class, double rate_per_s)>;

/// `pools` are the whole fleet's (replicas of all cells); windows[0] is the whole run.
/// rate_multiplier scales every class's rate. Without `in_service` every replica serves all along;
/// without `admitted` nobody is refused.
std::vector<PoolLoad> offered_load(std::span<const PoolConfig> pools,
                                   std::span<const ClassConfig> classes,
                                   const CompiledWorkload& workload, double rate_multiplier,
                                   std::span<const WindowSpec> windows, Ticks demand_end,
                                   const GpusInService& in_service = {},
                                   const AdmittedRate& admitted = {});

}  // namespace headroom
