#include "headroom/plan/search.hpp"

#include <cmath>
#include <map>

#include "support/catch.hpp"

namespace headroom {
namespace {

/// A made-up row: value(x) = limit x (turn - 0.5) / x, so that x >= turn holds. At level k the
/// bound is the value plus or minus `noise[k]` of it.
struct Row {
  std::int64_t turn = 37;
  std::vector<double> noise{0, 0};
  std::map<std::pair<std::int64_t, std::size_t>, int> tried;

  AxisVerdict at(std::int64_t x, std::size_t level) {
    ++tried[{x, level}];
    const double ratio = (static_cast<double>(turn) - 0.5) / static_cast<double>(x);
    return {ratio * (1 + noise[level]) <= 1, ratio * (1 - noise[level]) > 1,
            std::log(ratio * (1 + noise[level]))};
  }
  AxisAnswer search(const AxisRange& range) {
    return search_smallest(range, noise.size() - 1,
                           [this](std::int64_t x, std::size_t level) { return at(x, level); });
  }
  std::size_t tries_at(std::size_t level) const {
    std::size_t n = 0;
    for (const auto& [key, count] : tried) n += key.second == level ? 1 : 0;
    return n;
  }
};

TEST_CASE("the search finds the smallest that holds from any guess", "[plan][search]") {
  for (const std::int64_t guess : {1, 10, 36, 37, 38, 90, 500}) {
    Row row;
    const AxisAnswer answer = row.search({1, 500, guess, 6});
    INFO("guess " << guess);
    CHECK(answer.found);
    CHECK(answer.x == 37);
    CHECK(answer.from == 37);
    CHECK(answer.separated);
    CHECK(answer.monotone);
  }
}

TEST_CASE("nothing is tried twice, and the answer's neighbours always are", "[plan][search]") {
  Row row;
  row.search({1, 10'000, 20, 5});
  for (const auto& [key, count] : row.tried) CHECK(count == 1);
  for (const std::int64_t x : {36, 37, 38, 39}) CHECK(row.tried.count({x, 1}) == 1);
  // 10,000 candidates, and the first guess half of the answer.
  CHECK(row.tries_at(0) <= 8);
  CHECK(row.tries_at(1) == 4);
}

TEST_CASE(
    "the answer is the smallest whose upper bound holds, its interval starts where no lower "
    "bound excludes",
    "[plan][search]") {
  // Bounds 10 % to either side: x holds from 36.5 x 1.1 = 40.15, so 41; x is excluded while
  // 36.5 x 0.9 / x > 1, up to 32. Probes see the value itself and stop at 37.
  Row row;
  row.noise = {0, 0.1};
  const AxisAnswer answer = row.search({1, 500, 20, 5});
  CHECK(answer.x == 41);
  CHECK(answer.from == 33);
  CHECK_FALSE(answer.separated);
}

TEST_CASE("a second look narrows what the first left open", "[plan][search]") {
  Row row;
  row.noise = {0, 0.1, 0.001};
  const AxisAnswer answer = row.search({1, 500, 20, 5});
  CHECK(answer.x == 37);
  CHECK(answer.separated);
  CHECK(answer.look == 2);
}

TEST_CASE("a look that separates is the last", "[plan][search]") {
  Row row;
  row.noise = {0, 0.001, 0.0001};
  const AxisAnswer answer = row.search({1, 500, 20, 5});
  CHECK(answer.look == 1);
  CHECK(row.tries_at(2) == 0);
}

TEST_CASE("probes go by ends of blocks, and no step leaves a block before its end is tried",
          "[plan][search]") {
  // The turn is at 137, bounds 10 % to either side: 151 holds, 123 is the smallest not excluded.
  Row row;
  row.turn = 137;
  row.noise = {0, 0.1};
  AxisRange range{1, 5'000, 60, 8};
  range.block = 25;
  const AxisAnswer answer = row.search(range);
  CHECK(answer.x == 151);
  CHECK(answer.from == 123);
  std::int64_t outside = 0;  // of the probes, in another block than where they end
  for (const auto& [key, count] : row.tried) {
    if (key.second == 0 && (key.first < 126 || key.first > 150)) {
      ++outside;
      CHECK(key.first % 25 == 0);
    }
  }
  CHECK(outside >= 1);
  // Verdicts are from 123 to 153; the step that leaves 126 to 150 downwards, of 32 by then, lands
  // in 76 to 100, and no other block is touched.
  for (const auto& [key, count] : row.tried) {
    if (key.second == 1) CHECK((key.first >= 76 && key.first <= 175));
  }
  CHECK(row.tried.count({126, 1}) == 1);
  CHECK(row.tried.count({150, 1}) == 1);
}

TEST_CASE("without one that holds the search says so", "[plan][search]") {
  Row row;
  const AxisAnswer answer = row.search({1, 30, 12, 3});
  CHECK_FALSE(answer.found);
  CHECK(answer.x == 30);
  CHECK(row.tried.count({30, 1}) == 1);
}

TEST_CASE("the smallest of the range may be the answer", "[plan][search]") {
  Row row;
  row.turn = 1;
  const AxisAnswer answer = row.search({1, 30, 12, 3});
  CHECK(answer.found);
  CHECK(answer.x == 1);
  CHECK(answer.separated);
}

TEST_CASE("a row that turns twice is reported as not monotone", "[plan][search]") {
  // Holds from 10 on, but not at 12.
  const auto judge = [](std::int64_t x, std::size_t) {
    const bool holds = x >= 10 && x != 12;
    return AxisVerdict{holds, !holds, holds ? -0.1 : 0.1};
  };
  const AxisAnswer answer = search_smallest({1, 20, 10, 2}, 1, judge);
  CHECK(answer.x == 10);
  CHECK_FALSE(answer.monotone);
}

TEST_CASE("lost requests everywhere below do not keep the search from going on", "[plan][search]") {
  const auto judge = [](std::int64_t x, std::size_t) {
    const bool holds = x >= 700;
    return AxisVerdict{holds, !holds, holds ? -1.0 : INFINITY};
  };
  const AxisAnswer answer = search_smallest({1, 5'000, 300, 18}, 1, judge);
  CHECK(answer.x == 700);
}

}  // namespace
}  // namespace headroom
