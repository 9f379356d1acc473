#include "headroom/plan/difference.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "support/catch.hpp"

namespace headroom {
namespace {

constexpr double kLost = std::numeric_limits<double>::quiet_NaN();

TEST_CASE("pairs are compared by the t interval of their differences", "[plan][compare]") {
  const std::vector<double> base{10, 20, 30, 40};
  const std::vector<double> now{11, 22, 31, 42};
  const Difference d = compare_values(base, now, true, 0.95);
  // Differences 1, 2, 1, 2: mean 1.5, variance 1/3, standard error sqrt(1/12) = 0.288675.
  CHECK(d.delta == Approx(1.5));
  CHECK(d.relative() == Approx(1.5 / 25));
  // t(0.975, 3) = 3.18245; half-width 0.918693.
  CHECK(d.low == Approx(1.5 - 0.918693).epsilon(1e-5));
  CHECK(d.high == Approx(1.5 + 0.918693).epsilon(1e-5));
  // t = 1.5 / 0.288675 = 5.19615 with 3 degrees of freedom: two-sided p = 0.013847.
  CHECK(d.p_value == Approx(0.013847).epsilon(1e-3));
}

TEST_CASE("the same values unpaired are told apart by Welch's test, less sharply",
          "[plan][compare]") {
  const std::vector<double> base{10, 20, 30, 40};
  const std::vector<double> now{11, 22, 31, 42};
  const Difference d = compare_values(base, now, false, 0.95);
  CHECK(d.delta == Approx(1.5));
  // Variances 500/3 = 166.667 and 173.667 (11, 22, 31, 42 about 26.5); standard error
  // sqrt(166.667/4 + 173.667/4) = 9.22406; t = 0.1626: nothing to call.
  CHECK((d.high - d.low) / 2 > 9.22406 * 2.4);
  CHECK(d.p_value > 0.8);
}

TEST_CASE("equal numbers differ by exactly nothing, a constant shift without doubt",
          "[plan][compare]") {
  const std::vector<double> base{3.5, 4.25, 7};
  const Difference same = compare_values(base, base, true, 0.95);
  CHECK(same.delta == 0);
  CHECK(same.p_value == 1);
  const std::vector<double> shifted{4, 4.75, 7.5};
  const Difference moved = compare_values(base, shifted, true, 0.95);
  CHECK(moved.delta == Approx(0.5));
  CHECK(moved.p_value == 0);
  CHECK(moved.low == moved.high);
}

TEST_CASE("one replication a side is no evidence", "[plan][compare]") {
  const std::vector<double> one{1}, two{2};
  for (const bool paired : {true, false}) {
    const Difference d = compare_values(one, two, paired, 0.95);
    CHECK(d.delta == Approx(1));
    CHECK(std::isnan(d.low));
    CHECK(d.p_value == 1);
  }
}

TEST_CASE("censored replications are counted instead of averaged", "[plan][compare]") {
  const std::vector<double> fine{1, 1, 1, 1, 1, 1, 1, 1};
  const std::vector<double> lost{kLost, kLost, kLost, kLost, kLost, kLost, kLost, kLost};
  const Difference paired = compare_values(fine, lost, true, 0.95);
  CHECK(paired.censored_now == 8);
  CHECK(std::isnan(paired.now));
  CHECK(paired.base == 1);
  // Eight of eight the same way: 2 / 2^8.
  CHECK(paired.p_value == Approx(2.0 / 256));
  // Unpaired: one table in (16 choose 8) = 12,870 is as unlikely, and its mirror.
  const Difference apart = compare_values(fine, lost, false, 0.95);
  CHECK(apart.p_value == Approx(2.0 / 12870));
  CHECK(compare_values(lost, lost, true, 0.95).p_value == 1);
}

TEST_CASE("Holm's adjustment multiplies the smallest p most and never reorders",
          "[plan][compare]") {
  const std::vector<double> p{0.01, 0.04, 0.03, 0.005};
  // Sorted: 0.005 x 4, 0.01 x 3, 0.03 x 2, 0.04 x 1 made monotone: 0.02, 0.03, 0.06, 0.06.
  const std::vector<double> adjusted = holm_adjusted(p);
  CHECK(adjusted[3] == Approx(0.02));
  CHECK(adjusted[0] == Approx(0.03));
  CHECK(adjusted[2] == Approx(0.06));
  CHECK(adjusted[1] == Approx(0.06));
  CHECK(holm_adjusted(std::vector<double>{0.9, 0.9})[0] == 1);
}

}  // namespace
}  // namespace headroom
