#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "random_scenarios.hpp"
#include "reference_engine.hpp"

namespace headroom::reference {

/// What a set of scenarios met: agreement means little where nothing happened.
struct Reach {
  std::int64_t scenarios = 0, requests = 0, horizons_that_cut = 0;
  std::int64_t preemptions = 0, scenarios_with_preemption = 0, repeated_preemptions = 0;
  std::int64_t blocks_reused = 0;
  std::int64_t abandonments = 0, mixed_steps = 0, steps = 0, tier_inversions = 0, shared_ticks = 0;
  std::int64_t never_fits = 0, context_limit = 0, refused_hand_overs = 0, hand_overs = 0;
  std::int64_t gaps = 0;
  std::int64_t starts = 0, faults = 0, removals = 0, steps_cut = 0;
  std::int64_t failed_running = 0, failed_queued = 0, moved = 0, held = 0;
  std::int64_t attempts = 0, retries = 0, backing_off = 0, in_service = 0, wasted = 0;
  std::int64_t finished_late = 0;                      ///< finished by an attempt after the first
  std::array<std::int64_t, kRejectReasons> refused{};  ///< attempts by RejectReason
  std::array<std::int64_t, kEndStates> lost{};         ///< attempts by EndState
  std::array<std::int64_t, 5> ended{};                 ///< by EndState
  std::array<std::int64_t, 4> mode_pools{};            ///< pools by BatchMode
  std::array<std::int64_t, 5> queueings{};             ///< pools by Queueing
  std::array<std::int64_t, 20> combinations{};         ///< pools by mode * 5 + queueing

  void add(const Scenario& scenario, const ReferenceCounts& counts,
           const std::vector<RequestRecord>& records);
  std::string text() const;
};

}  // namespace headroom::reference
