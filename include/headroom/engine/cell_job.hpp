#pragma once

#include <cstdint>
#include <memory>

#include "headroom/engine/config.hpp"
#include "headroom/workload/config.hpp"

namespace headroom {

/// One independent run: a cell in one replication, with its part of the demand.
struct CellJob {
  CellConfig config;
  std::shared_ptr<const WorkloadConfig> workload;
  double demand_share = 1.0;   ///< of the whole demand, in (0, 1]
  double demand_offset = 0.0;  ///< where its part of [0, 1) begins
  double rate_multiplier = 1.0;
  /// Arrivals are so many times as far apart as the workload says; all else is the same.
  std::int64_t arrival_spacing = 1;
  Ticks arrivals_from{0}, arrivals_to = kNever;  ///< who is drawn to arrive outside is left out
  double weight = 1.0;                           ///< how many cells of the fleet it stands for
};

}  // namespace headroom
