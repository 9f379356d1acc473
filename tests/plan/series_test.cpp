#include "headroom/plan/series.hpp"

#include <cmath>

#include "support/catch.hpp"

using namespace headroom;

TEST_CASE("the interval of a mean is Student's t", "[plan][series]") {
  Series series;
  for (const double v : {1.0, 2.0, 3.0}) series.add(v);
  const Estimate estimate = series.estimate(0.95);
  // mean 2; variance ((1-2)^2 + 0 + (3-2)^2) / 2 = 1; error 1 / sqrt 3; t(0.975, 2) = 4.302653.
  CHECK(estimate.value == Approx(2));
  CHECK(estimate.low == Approx(2 - 4.302653 / std::sqrt(3.0)).epsilon(1e-6));
  CHECK(estimate.high == Approx(2 + 4.302653 / std::sqrt(3.0)).epsilon(1e-6));
  CHECK(estimate.smallest == 1);
  CHECK(estimate.largest == 3);
  // One-sided: t(0.95, 2) = 2.919986.
  CHECK(series.upper_bound(0.95) == Approx(2 + 2.919986 / std::sqrt(3.0)).epsilon(1e-6));
  CHECK(series.lower_bound(0.95) == Approx(2 - 2.919986 / std::sqrt(3.0)).epsilon(1e-6));
}

TEST_CASE("equal values have an interval without width", "[plan][series]") {
  Series series;
  for (int i = 0; i < 10; ++i) series.add(0.1);
  CHECK(series.upper_bound(0.99) == series.estimate(0.9).value);
}

TEST_CASE("one value has no interval and is its own bound", "[plan][series]") {
  Series series;
  series.add(7);
  CHECK(series.estimate(0.95).value == 7);
  CHECK(std::isnan(series.estimate(0.95).low));
  CHECK(series.upper_bound(0.95) == 7);
}

TEST_CASE("a value censored in one replication is censored in all", "[plan][series]") {
  Series series;
  series.add(1);
  series.add(std::nan(""));
  series.add(2);
  const Estimate estimate = series.estimate(0.95);
  CHECK_FALSE(estimate.has_value());
  CHECK(std::isnan(estimate.value));
  CHECK(estimate.censored == 1);
  CHECK(estimate.values == 2);
  CHECK(std::isnan(series.upper_bound(0.95)));
}

TEST_CASE("replications without any request are left out of the mean", "[plan][series]") {
  Series series;
  series.add(4);
  series.add_empty();
  series.add(6);
  CHECK(series.estimate(0.95).value == Approx(5));
  CHECK(series.estimate(0.95).empty == 1);
}

TEST_CASE("judging several targets at once narrows the level of each", "[plan][series]") {
  CHECK(bonferroni_level(0.95, 1) == Approx(0.95));
  CHECK(bonferroni_level(0.95, 5) == Approx(1 - 0.05 / 5));
}

TEST_CASE("the median of an even number is the mean of the two in the middle", "[plan][series]") {
  CHECK(median({3, 1, 2}) == 2);
  CHECK(median({4, 1, 2, 3}) == 2.5);
  CHECK(std::isnan(median({})));
}
