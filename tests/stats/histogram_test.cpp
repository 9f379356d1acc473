#include "headroom/stats/histogram.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "headroom/core/random.hpp"
#include "support/catch.hpp"

namespace headroom {
namespace {

Ticks ms(double value) { return ticks_from_seconds(value / 1000); }

TEST_CASE("a histogram's quantiles are within half a bin of the exact ones", "[stats][histogram]") {
  RandomStream random({1, 0, 0}, Purpose::kTest, 0, 0);
  std::vector<std::int64_t> values;
  Histogram histogram;
  for (int i = 0; i < 20'000; ++i) {
    // Seven orders of magnitude, from 1 us to 10 s.
    const Ticks value = ticks_from_seconds(std::pow(10.0, -6 + 7 * random.uniform()));
    values.push_back(value.count);
    histogram.add(value);
  }
  std::sort(values.begin(), values.end());
  for (const double p : {0.01, 0.5, 0.9, 0.95, 0.99, 0.999}) {
    const auto rank = static_cast<std::size_t>(std::ceil(p * 20'000));
    const double exact = seconds(Ticks{values[rank - 1]});
    CHECK(histogram.quantile_s(p) == Approx(exact).epsilon(1.0 / 256));
  }
  CHECK(histogram.quantile_s(1.0) == Approx(seconds(Ticks{values.back()})).epsilon(1.0 / 256));
  CHECK(histogram.max().count == values.back());
  CHECK(histogram.min().count == values.front());
}

TEST_CASE("the missing rank above every value", "[stats][histogram]") {
  Histogram histogram;
  for (int i = 1; i <= 90; ++i) histogram.add(ms(i));
  // 100 requests, 10 of them lost: rank 90 is the largest value, rank 91 is lost.
  CHECK(histogram.quantile_s(0.90, 10) == Approx(0.090).epsilon(0.004));
  CHECK(std::isnan(histogram.quantile_s(0.91, 10)));
  CHECK(std::isnan(Histogram().quantile_s(0.5)));
  CHECK(std::isnan(Histogram().quantile_s(0.5, 3)));
}

TEST_CASE("a progression adds what its terms add one by one", "[stats][histogram]") {
  RandomStream random({2, 0, 0}, Purpose::kTest, 0, 0);
  Progression progression;
  for (int trial = 0; trial < 300; ++trial) {
    const Ticks first{static_cast<std::int64_t>(std::pow(10.0, 10 * random.uniform()))};
    const auto step = trial % 5 == 0 ? 0 : static_cast<std::int64_t>(1e6 * random.uniform());
    const auto terms = 1 + static_cast<std::int64_t>(400 * random.uniform());
    Histogram closed;
    Histogram one_by_one;
    progression.set(first, step, terms);
    closed.add(progression, 3);
    for (std::int64_t j = 0; j < terms; ++j) {
      for (int copy = 0; copy < 3; ++copy) one_by_one.add({first.count + step * j});
    }
    CHECK(closed.count() == one_by_one.count());
    CHECK(closed.sum_s() == Approx(one_by_one.sum_s()));
    // Sums of squares cancel: each of up to 1,200 additions rounds by 1.1e-16 of the sum, so the
    // variance is good to 1,200 * 1.1e-16 = 1.4e-13 of the squared mean.
    const double mean_s = closed.sum_s() / closed.count();
    CHECK(closed.variance_s2() == Approx(one_by_one.variance_s2()).margin(2e-13 * mean_s * mean_s));
    CHECK(closed.min() == one_by_one.min());
    CHECK(closed.max() == one_by_one.max());
    for (const double p : {0.05, 0.5, 0.77, 1.0}) {
      CHECK(closed.quantile_s(p) == one_by_one.quantile_s(p));
    }
  }
}

TEST_CASE("a value added so many times is that value added once, again and again",
          "[stats][histogram]") {
  Histogram at_once, one_by_one;
  for (const std::int64_t value : {0, 1, 255, 256, 511, 512, 513, 70'000, 3}) {
    at_once.add(Ticks{value}, 3);
    for (int i = 0; i < 3; ++i) one_by_one.add(Ticks{value});
  }
  CHECK(at_once.count() == 27);
  CHECK(at_once.sum_s() == one_by_one.sum_s());
  CHECK(at_once.variance_s2() == one_by_one.variance_s2());
  CHECK(at_once.min() == one_by_one.min());
  CHECK(at_once.max() == one_by_one.max());
  for (const double p : {0.01, 0.2, 0.5, 0.8, 1.0}) {
    CHECK(at_once.quantile_s(p) == one_by_one.quantile_s(p));
  }
  // Bins are one value wide up to 2^9, so these counts are exact.
  CHECK(at_once.count_at_most(Ticks{0}) == 3);
  CHECK(at_once.count_at_most(Ticks{511}) == 18);
}

TEST_CASE("merging in any order gives one histogram", "[stats][histogram]") {
  RandomStream random({3, 0, 0}, Purpose::kTest, 0, 0);
  Histogram parts[3];
  Histogram whole;
  for (int i = 0; i < 3000; ++i) {
    const Ticks value = ticks_from_seconds(std::pow(10.0, -3 + 4 * random.uniform()));
    parts[i % 3].add(value);
    whole.add(value);
  }
  Histogram forward;
  Histogram backward;
  for (int i = 0; i < 3; ++i) {
    forward.merge(parts[i]);
    backward.merge(parts[2 - i]);
  }
  for (const double p : {0.1, 0.5, 0.99}) {
    CHECK(forward.quantile_s(p) == whole.quantile_s(p));
    CHECK(backward.quantile_s(p) == whole.quantile_s(p));
  }
  Histogram doubled;
  doubled.merge(whole, 2.0);
  CHECK(doubled.count() == 6000);
  CHECK(doubled.mean_s() == Approx(whole.mean_s()));
  CHECK(doubled.quantile_s(0.5) == Approx(whole.quantile_s(0.5)).epsilon(0.004));
}

TEST_CASE("mean, variance and counts below a limit are those of the values", "[stats][histogram]") {
  Histogram histogram;
  for (const int value : {1, 2, 3, 4}) histogram.add(ms(value));
  CHECK(histogram.mean_s() == Approx(2.5e-3));
  // ((1.5^2 + 0.5^2) * 2) / 3 = 5/3 ms^2
  CHECK(histogram.variance_s2() == Approx(5.0 / 3 * 1e-6));
  CHECK(histogram.count_at_most(ms(0.5)) == 0);
  CHECK(histogram.count_at_most(ms(2.5)) == 2);
  CHECK(histogram.count_at_most(ms(4)) == 4);
}

}  // namespace
}  // namespace headroom
