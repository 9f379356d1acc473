#pragma once

#include <vector>

#include "headroom/plan/measure.hpp"

namespace headroom {

/// What one replication says about a target's class.
struct TargetInput {
  const GroupTally& window;                  ///< of the target's window
  const std::vector<JoinedMinute>& minutes;  ///< of the target's window; empty without minutes
  double drain_s;                            ///< of the target's window; NaN: never
};

/// Whether a target's metric is kept by the minute.
bool has_minutes(Metric metric);

void add_target(TargetStatistics& into, const MeasureSpec& spec, const TargetSpec& target,
                const TargetInput& input);

}  // namespace headroom
