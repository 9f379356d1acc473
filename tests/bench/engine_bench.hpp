#pragma once

#include <cstdint>

#include "headroom/engine/config.hpp"
#include "headroom/workload/config.hpp"

namespace headroom::bench {

/// One engine benchmark: Llama-3.1-8B on one A100 a replica, lognormal lengths (mean 600 in, 250
/// out), one class, a patience of 60 s, power-of-two routing, KV blocks on.
struct Case {
  BatchMode mode = BatchMode::kContinuous;
  std::int64_t replicas = 1000;
  std::int64_t requests = 2'000'000;  ///< expected number
  double load = 0.85;                 ///< of what the replicas serve with their batch full
  std::uint64_t seed = 42;
  bool stepwise = false;
  Queueing queueing = Queueing::kPowerOfTwo;
};

/// What a case came to.
struct Result {
  double wall_s = 0;
  double cpu_s = 0;     ///< processor time of the one thread
  double requests = 0;  ///< arrived
  double finished = 0, preempted = 0, abandoned = 0;
  double steps = 0, plans = 0, cut_plans = 0;
  double queue_delay_p99_s = 0, e2e_p99_s = 0;
  double kv_share = 0;    ///< mean share of KV blocks held in the second half
  double batch_mean = 0;  ///< requests running on a replica, second half
};

Result run(const Case& bench_case);

/// Largest resident set of this process so far, bytes.
double peak_memory_bytes();

}  // namespace headroom::bench
