#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "headroom/plan/capacity.hpp"

namespace headroom::validation {

/// A textbook queue to be sized: Poisson arrivals, exponential service of mean 1 s, `central`,
/// one-slot replicas; with patience, users leave (M/M/c+M).
struct PlanCase {
  std::string name;
  double rate_per_s = 1;
  double patience_s = 0;  ///< mean, exponential; 0 = endless
  std::string metric = "queue_delay";
  std::string statistic = "mean";  ///< of latencies; p50 to p99
  std::int64_t servers = 1;        ///< the fewest that hold the limit, by Erlang
  double requests = 20'000;        ///< of one replication
};

/// Twelve of them.
std::span<const PlanCase> plan_cases();

/// The metric with so many servers, by Erlang C (without patience) or Erlang A.
double known_value(const PlanCase& plan_case, std::int64_t servers);
/// A limit between the metric at `servers` and at one fewer: their geometric mean.
double limit_between(const PlanCase& plan_case);
/// Distance from the limit to the nearer of the two, as a share of the limit.
double nearest_share(const PlanCase& plan_case);

/// The scenario: today's fleet is as large as the load, ten replications.
ResolvedScenario plan_scenario(const PlanCase& plan_case, std::uint64_t seed);

/// Servers that a plan finds for the seed; 0 when it finds none.
std::int64_t planned_servers(const PlanCase& plan_case, std::uint64_t seed,
                             double* requests = nullptr);

}  // namespace headroom::validation
