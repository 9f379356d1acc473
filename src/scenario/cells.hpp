#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "headroom/scenario/resolved.hpp"

namespace headroom {

struct CellLayout {
  std::vector<CellSize> sizes;  ///< largest first
  std::vector<SimulatedCell> cells;
};

/// Deals each pool's replicas out to `count` cells, as evenly as whole replicas go: cells of a pool
/// differ by one replica at most. `others` are dealt out in the same way (CellSize::dealt). Every
/// cell has the same share of the demand. `simulate` of them (0 = all) are simulated, at least one
/// of each size; the others are taken to be like those of their size. REQUIRES: count >= 1; every
/// pool has at least `count` replicas.
CellLayout lay_out_cells(std::span<const std::int64_t> replicas, std::int64_t count,
                         std::int64_t simulate, std::span<const std::int64_t> others = {});

}  // namespace headroom
