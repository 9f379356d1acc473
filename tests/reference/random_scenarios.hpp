#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "headroom/engine/config.hpp"
#include "headroom/workload/request_stream.hpp"

namespace headroom::reference {

/// One small cell with its demand, drawn from a seed.
struct Scenario {
  std::uint64_t seed = 0;
  CellConfig config;
  std::vector<Request> requests;
  std::vector<std::vector<StageWork>> later_work;  ///< [entity]; entity = id
};

/// 5 to 80 requests on 1 to 3 pools of 1 to 5 replicas: every mode, queueing and tier, KV memory
/// so small that preemption is frequent, chains, patience, refusals, horizons that cut;
/// in half of them replicas that start, fail and are removed, in half of them gateways and users
/// who leave in service or try again. In half of
/// them all times are multiples of one coarse unit, so that step ends, patience and arrivals often
/// fall on one tick.
///
/// Seeds from kCrowdedSeeds on: 150 to 400 requests, batches of 24 to 150 and memory for many of
/// them, so that rows of decodes grow long.
Scenario random_scenario(std::uint64_t seed);
inline constexpr std::uint64_t kCrowdedSeeds = 1'000'000'000;

/// The scenario in words, for a failing test's message.
std::string describe(const Scenario& scenario);

}  // namespace headroom::reference
