#pragma once

#include <optional>

#include "headroom/plan/measure.hpp"
#include "headroom/scenario/resolved.hpp"

/// The hours of a run by which its targets are decided, so that not every replication of a long run
/// need simulate all of it. docs/planning.md#busiest-hours has the rule and what rests on it.
namespace headroom {

struct BusiestHours {
  /// Holds every part of the run in which some pool is offered at least nine tenths of the most it
  /// ever is, by the fluid estimate, and the windows of targets that are judged by one.
  TimeSpan decide;
  /// Who arrives then is simulated: earlier by ten times the largest latency that a target allows,
  /// at least a quarter of an hour, for the queues to be what they would be, and later by the
  /// longest drain time allowed.
  TimeSpan simulate;
};

/// Nothing where it would be no rule or no saving: a target over the whole run or about goodput,
/// pools whose number of replicas changes, arrivals that were spread out or left out, more than
/// half of the demand in the hours to simulate.
std::optional<BusiestHours> busiest_hours(const ResolvedScenario& scenario);

/// The scenario without the arrivals outside `hours`. Those within are the same requests.
ResolvedScenario with_arrivals_in(const ResolvedScenario& scenario, TimeSpan hours);

/// Whether what a replication said of a target is what these hours say: it is judged by a window
/// within them, or the worst minute of every replication so far lies in them.
bool decided_in(const BusiestHours& hours, const MeasureSpec& spec, const TargetSpec& target,
                const TargetStatistics& so_far);

}  // namespace headroom
