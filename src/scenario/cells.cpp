#include "cells.hpp"

#include <algorithm>
#include <set>

#include "headroom/core/check.hpp"

namespace headroom {
namespace {

/// How many of each size to simulate: one each, the rest where a simulated cell stands for most.
void share_out(std::vector<CellSize>& sizes, std::int64_t simulate) {
  for (CellSize& size : sizes) size.simulated = 1;
  for (auto left = simulate - static_cast<std::int64_t>(sizes.size()); left > 0; --left) {
    const auto most =
        std::max_element(sizes.begin(), sizes.end(), [](const CellSize& a, const CellSize& b) {
          return a.cells * b.simulated < b.cells * a.simulated;  // a.cells/a.simulated < b's
        });
    if (most->simulated == most->cells) break;
    ++most->simulated;
  }
}

}  // namespace

CellLayout lay_out_cells(std::span<const std::int64_t> replicas, std::int64_t count,
                         std::int64_t simulate, std::span<const std::int64_t> others) {
  std::set<std::int64_t> edges{0, count};
  for (const std::int64_t number : replicas) {
    HEADROOM_CHECK(number >= count, "every cell has a replica of each pool");
    edges.insert(number % count);
  }
  for (const std::int64_t number : others) edges.insert(number % count);
  CellLayout layout;
  for (auto from = edges.begin(); std::next(from) != edges.end(); ++from) {
    CellSize size;
    size.cells = *std::next(from) - *from;
    const auto part = [&](std::int64_t number) {
      return number / count + (*from < number % count ? 1 : 0);
    };
    for (const std::int64_t number : replicas) size.replicas.push_back(part(number));
    for (const std::int64_t number : others) size.dealt.push_back(part(number));
    layout.sizes.push_back(std::move(size));
  }
  share_out(layout.sizes, simulate == 0 ? count : simulate);

  // Cells are exchangeable, so simulated ones take the first numbers and with them the same demand
  // whatever the sizes are: common random numbers between fleets.
  std::uint32_t number = 0;
  for (const CellSize& size : layout.sizes) {
    for (std::int64_t i = 0; i < size.simulated; ++i) {
      SimulatedCell cell;
      cell.number = number++;
      cell.replicas = size.replicas;
      cell.dealt = size.dealt;
      cell.demand_share = 1.0 / static_cast<double>(count);
      cell.demand_offset = static_cast<double>(cell.number) / static_cast<double>(count);
      cell.weight = static_cast<double>(size.cells) / static_cast<double>(size.simulated);
      layout.cells.push_back(std::move(cell));
    }
  }
  return layout;
}

}  // namespace headroom
