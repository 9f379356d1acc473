#include "reach.hpp"

#include <fmt/core.h>

namespace headroom::reference {

void Reach::add(const Scenario& scenario, const ReferenceCounts& counts,
                const std::vector<RequestRecord>& records) {
  ++scenarios;
  requests += static_cast<std::int64_t>(records.size());
  abandonments += counts.abandonments;
  tier_inversions += counts.tier_inversions;
  shared_ticks += counts.shared_ticks;
  for (const GapSummary& each : counts.gaps) gaps += each.count;
  failed_running += counts.failed_running;
  failed_queued += counts.failed_queued;
  moved += counts.moved;
  held += counts.held;

  retries += counts.retries;
  backing_off += counts.backing_off;
  for (const AttemptCounts& each : counts.attempts) {
    attempts += each.begun;
    in_service += each.in_service;
    for (std::size_t i = 1; i < kRejectReasons; ++i) refused[i] += each.rejected[i];
    for (std::size_t i = 0; i < kEndStates; ++i) lost[i] += each.ended[i];
  }

  std::int64_t preempted = 0;
  for (const PoolCounts& pool : counts.pools) {
    preempted += pool.preemptions;
    blocks_reused += pool.blocks_reused;
    mixed_steps += pool.mixed;
    steps += pool.steps;
    starts += pool.starts;
    faults += pool.faults;
    removals += pool.removals;
    steps_cut += pool.steps_cut;
  }
  preemptions += preempted;
  scenarios_with_preemption += preempted > 0;

  bool cut = false;
  for (const RequestRecord& record : records) {
    ++ended[static_cast<std::size_t>(record.end)];
    cut |= record.end == EndState::kUnfinished;
    never_fits += record.reason == RejectReason::kNeverFits;
    context_limit += record.reason == RejectReason::kContextLimit;
    hand_overs += record.stage;
    wasted += record.wasted.count > 0;
    finished_late += record.end == EndState::kFinished && record.attempts > 1;
    refused_hand_overs += record.stage > 0 && record.end == EndState::kRejected;
    repeated_preemptions += record.preemptions > 1;
  }
  horizons_that_cut += cut;

  for (const PoolConfig& pool : scenario.config.pools) {
    const auto mode = static_cast<std::size_t>(pool.mode);
    const auto queueing = static_cast<std::size_t>(pool.queueing);
    ++mode_pools[mode];
    ++queueings[queueing];
    ++combinations[mode * 5 + queueing];
  }
}

std::string Reach::text() const {
  std::string all;
  const auto line = [&all](const char* name, std::int64_t value) {
    all += fmt::format("{:>9}  {}\n", value, name);
  };
  line("scenarios", scenarios);
  line("requests", requests);
  line("finished", ended[0]);
  line("rejected", ended[1]);
  line("abandoned", ended[2]);
  line("failed", ended[3]);
  line("unfinished", ended[4]);
  line("scenarios cut by their horizon", horizons_that_cut);
  line("steps", steps);
  line("steps mixing prefill and decodes", mixed_steps);
  line("inter-token gaps", gaps);
  line("preemptions", preemptions);
  line("scenarios with preemption", scenarios_with_preemption);
  line("requests preempted more than once", repeated_preemptions);
  line("blocks that a preempted request found again", blocks_reused);
  line("tier inversions", tier_inversions);
  line("ticks shared by two kinds of event", shared_ticks);
  line("hand-overs", hand_overs);
  line("refused hand-overs", refused_hand_overs);
  line("refused: never fits", never_fits);
  line("refused: context limit", context_limit);
  line("attempts", attempts);
  line("of these retries", retries);
  line("attempts refused by a token bucket", refused[3]);
  line("attempts refused by a quota", refused[4]);
  line("attempts refused by a queue cap", refused[5]);
  line("attempts left while served", in_service);
  line("attempts failed", lost[3]);
  line("requests finished by a later attempt", finished_late);
  line("requests between attempts at the horizon", backing_off);
  line("requests with wasted replica time", wasted);
  line("replicas started", starts);
  line("faults", faults);
  line("removals", removals);
  line("steps cut by a fault or the horizon", steps_cut);
  line("requests failed on a replica", failed_running);
  line("requests failed in a queue", failed_queued);
  line("requests moved off a removed replica", moved);
  line("requests that found no replica", held);
  return all;
}

}  // namespace headroom::reference
