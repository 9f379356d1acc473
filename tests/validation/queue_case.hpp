#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "headroom/engine/config.hpp"
#include "headroom/engine/outcome.hpp"
#include "headroom/workload/config.hpp"

namespace headroom::validation {

/// A textbook queue: one class, one pool of `servers` one-slot replicas behind one central queue.
struct QueueCase {
  double rate_per_s = 1;
  Distribution service_s = Distribution::exponential(1);
  std::optional<Distribution> patience_s;
  std::int64_t servers = 1;
  double horizon_s = 20'000;
  double warmup_s = 1'000;  ///< arrivals before this are left out
  std::int64_t replications = 10;
  /// Changes the cell or the demand before it runs (batches, rates over time).
  std::function<void(CellConfig&, WorkloadConfig&)> adjust;
};

/// Runs the replications; each outcome's arrivals after the warm-up are groups[0][1].
std::vector<Outcome> run_replications(const QueueCase& queue);

/// Mean over replications and the half-width of its 99.9 % Student t interval: with fixed seeds a
/// correct engine fails about one check in a thousand at the first writing, and never after.
struct Interval {
  double mean = 0;
  double half_width = 0;
  bool contains(double value) const {
    return value >= mean - half_width && value <= mean + half_width;
  }
};
Interval interval_of(const std::vector<Outcome>& outcomes,
                     const std::function<double(const Outcome&)>& statistic);

/// Statistics of the arrivals after the warm-up.
double mean_wait_s(const Outcome& outcome);
double mean_e2e_s(const Outcome& outcome);
double abandoned_share(const Outcome& outcome);
double mean_time_in_queue_s(const Outcome& outcome);

/// Probability that an arrival waits in M/M/c. Source: Erlang 1917; Gross et al., Fundamentals of
/// Queueing Theory, 4th ed., section 2.3. offered = rate / service rate < servers.
double erlang_c(std::int64_t servers, double offered);

/// Stationary M/M/c+M (Erlang A), from its birth-death chain cut at 2,000 in the system.
/// Source: Garnett, Mandelbaum, Reiman 2002, doi:10.1287/msom.4.3.208.7753.
struct ErlangA {
  double abandon_probability = 0;
  double mean_time_in_queue_s = 0;  ///< of all, those who left included
  double wait_probability = 0;
};
ErlangA erlang_a(std::int64_t servers, double rate, double service_rate, double patience_rate);

}  // namespace headroom::validation
