#include "cells.hpp"

#include <cstdint>
#include <vector>

#include "support/catch.hpp"

using headroom::CellLayout;
using headroom::lay_out_cells;
using headroom::SimulatedCell;

namespace {

double whole_demand(const CellLayout& layout) {
  double sum = 0;
  for (const SimulatedCell& cell : layout.cells) sum += cell.weight * cell.demand_share;
  return sum;
}

double whole_replicas(const CellLayout& layout, std::size_t pool) {
  double sum = 0;
  for (const SimulatedCell& cell : layout.cells) {
    sum += cell.weight * static_cast<double>(cell.replicas[pool]);
  }
  return sum;
}

}  // namespace

TEST_CASE("replicas that divide by the cells give cells of one size", "[scenario][cells]") {
  const std::vector<std::int64_t> replicas{3125};
  const CellLayout layout = lay_out_cells(replicas, 25, 2);
  REQUIRE(layout.sizes.size() == 1);
  CHECK(layout.sizes[0].replicas == std::vector<std::int64_t>{125});
  REQUIRE(layout.cells.size() == 2);
  CHECK(layout.cells[0].demand_share == 1.0 / 25);
  CHECK(layout.cells[0].weight == 12.5);  // 25 cells, 2 of them simulated
}

TEST_CASE("cells of two sizes differ by one replica and are weighted by their number",
          "[scenario][cells]") {
  const std::vector<std::int64_t> replicas{34};
  const CellLayout layout = lay_out_cells(replicas, 8, 2);  // 34 = 2 cells of 5 + 6 cells of 4
  REQUIRE(layout.sizes.size() == 2);
  CHECK(layout.sizes[0].cells == 2);
  CHECK(layout.sizes[0].replicas[0] == 5);
  CHECK(layout.sizes[1].cells == 6);
  CHECK(layout.sizes[1].replicas[0] == 4);
  REQUIRE(layout.cells.size() == 2);
  CHECK(layout.cells[0].weight == 2);
  CHECK(layout.cells[1].weight == 6);
  // The share of the demand per cell does not depend on its size.
  CHECK(layout.cells[0].demand_share == 1.0 / 8);
  CHECK(layout.cells[1].demand_share == 1.0 / 8);
}

TEST_CASE("simulated cells stand for the whole demand and all replicas", "[scenario][cells]") {
  const std::int64_t counts[] = {1, 2, 3, 7, 16};
  for (const std::int64_t count : counts) {
    for (std::int64_t simulate = 0; simulate <= count; ++simulate) {
      const std::vector<std::int64_t> replicas{23, 17, 32};
      const CellLayout layout = lay_out_cells(replicas, count, simulate);
      INFO("cells " << count << ", simulated " << simulate);
      CHECK(whole_demand(layout) == Approx(1.0));
      for (std::size_t p = 0; p < replicas.size(); ++p) {
        CHECK(whole_replicas(layout, p) == Approx(static_cast<double>(replicas[p])));
      }
      for (const auto& size : layout.sizes) CHECK(size.simulated >= 1);
    }
  }
}

TEST_CASE("simulating no number of cells simulates them all, each for itself",
          "[scenario][cells]") {
  const std::vector<std::int64_t> replicas{10};
  const CellLayout layout = lay_out_cells(replicas, 4, 0);
  REQUIRE(layout.cells.size() == 4);
  for (std::uint32_t i = 0; i < 4; ++i) {
    CHECK(layout.cells[i].weight == 1);
    CHECK(layout.cells[i].demand_offset == i / 4.0);
  }
}

TEST_CASE("two pools with different rests give three sizes of cells", "[scenario][cells]") {
  const std::vector<std::int64_t> replicas{9,
                                           13};  // of 8 cells: 1 has 2 + 2, 4 have 1 + 2, 3 1 + 1
  const CellLayout layout = lay_out_cells(replicas, 8, 1);
  REQUIRE(layout.sizes.size() == 3);
  CHECK(layout.sizes[0].cells == 1);
  CHECK(layout.sizes[0].replicas == std::vector<std::int64_t>{2, 2});
  CHECK(layout.sizes[1].cells == 4);
  CHECK(layout.sizes[1].replicas == std::vector<std::int64_t>{1, 2});
  CHECK(layout.sizes[2].cells == 3);
  CHECK(layout.sizes[2].replicas == std::vector<std::int64_t>{1, 1});
  CHECK(layout.cells.size() == 3);  // one of each, though one was asked for
}
