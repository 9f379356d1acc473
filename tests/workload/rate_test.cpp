#include <algorithm>
#include <cmath>
#include <numeric>

#include "support/catch.hpp"
#include "workload_support.hpp"

using namespace headroom;
using namespace headroom::testing;

namespace {

constexpr double kHour = 3600, kDay = 86'400;

SurgeConfig surge(const std::string& kind, double start_s, double multiply) {
  SurgeConfig s;
  s.kind = kind;
  s.start.seconds = start_s;
  s.multiply = multiply;
  return s;
}

/// Integral by the midpoint rule, for shapes without a short antiderivative.
template <class F>
double midpoint(F f, double from, double to, int cells) {
  double sum = 0;
  for (int i = 0; i < cells; ++i) sum += f(from + (to - from) * (i + 0.5) / cells);
  return sum * (to - from) / cells;
}

}  // namespace

TEST_CASE("a constant rate is one segment and its integral rate times time", "[workload][rate]") {
  const RateFunction rate = rate_of(plain_demand(7.5, 1000));
  CHECK(rate.segments().size() == 1);
  CHECK(rate.value(999.9) == 7.5);
  CHECK(rate.value(1000) == 0);
  CHECK(rate.integral(100, 300) == Approx(1500));
  CHECK(rate.total() == Approx(7500));
}

TEST_CASE("users times requests per user is a rate", "[workload][rate]") {
  WorkloadConfig config = plain_demand(0, 100);
  config.classes[0].rate.users = 8.64e6;
  config.classes[0].rate.requests_per_user_per_s = 2 / kDay;  // two a day
  CHECK(rate_of(config).value(50) == Approx(200));            // 8.64e6 x 2 / 86,400
}

TEST_CASE("a step surge multiplies for its duration and no longer", "[workload][rate]") {
  WorkloadConfig config = plain_demand(18, 1500);
  config.classes[0].rate.surges = {surge("step", 600, 4)};
  config.classes[0].rate.surges[0].duration_s = 360;
  const RateFunction rate = rate_of(config);
  CHECK(rate.segments().size() == 3);
  CHECK(rate.value(599.999) == 18);
  CHECK(rate.value(600) == 72);
  CHECK(rate.value(959.999) == 72);
  CHECK(rate.value(960) == 18);
  CHECK(rate.total() == Approx(18 * 1500 + 54 * 360));
  CHECK(rate.max() == 72);
}

TEST_CASE("a ramp rises, stays and falls in straight lines", "[workload][rate]") {
  WorkloadConfig config = plain_demand(10, 1000);
  SurgeConfig s = surge("ramp", 100, 3);
  s.rise_s = 200;
  s.duration_s = 50;
  s.decay_s = 100;
  config.classes[0].rate.surges = {s};
  const RateFunction rate = rate_of(config);
  CHECK(rate.value(200) == Approx(20));  // half way up from 10 to 30
  CHECK(rate.value(320) == Approx(30));
  CHECK(rate.value(400) == Approx(20));  // half way down, 350 to 450
  CHECK(rate.value(500) == Approx(10));
  // Beyond 10 x 1000: 20 x (200 / 2 + 50 + 100 / 2).
  CHECK(rate.total() == Approx(10'000 + 20 * 200));
  CHECK(rate.segments().size() == 5);
}

TEST_CASE("without duration or decay a ramp keeps its height to the end", "[workload][rate]") {
  WorkloadConfig config = plain_demand(750, 2 * kDay);
  SurgeConfig s = surge("ramp", kDay, 2);
  s.rise_s = 3 * kHour;
  config.classes[0].rate.surges = {s};
  CHECK(rate_of(config).value(kDay + 3 * kHour) == Approx(1500));
  CHECK(rate_of(config).value(2 * kDay - 1) == Approx(1500));
}

TEST_CASE("an added surge adds its rate on top of the multiplied base", "[workload][rate]") {
  WorkloadConfig config = plain_demand(10, 100);
  SurgeConfig added = surge("step", 20, 1);
  added.adds = true;
  added.add_per_s = 5;
  added.duration_s = 40;
  config.classes[0].rate.surges = {surge("step", 0, 3), added};
  const RateFunction rate = rate_of(config);
  CHECK(rate.value(10) == Approx(30));
  CHECK(rate.value(30) == Approx(35));  // not (10 + 5) x 3
  CHECK(rate.value(70) == Approx(30));
}

TEST_CASE("curved surges keep their integral within 0.1 %", "[workload][rate]") {
  const double rise = 600, hold = 120, decay = 300, start = 1000;
  const auto shape = [&](const std::string& kind, double t) {
    if (t < 0) return 0.0;
    if (t < rise) {
      const double x = t / rise;
      if (kind == "exponential") return (std::pow(100, x) - 1) / 99;
      const auto raw = [](double z) { return 1 / (1 + std::exp(-z)); };
      return (raw(12 * x - 6) - raw(-6)) / (raw(6) - raw(-6));
    }
    if (t < rise + hold) return 1.0;
    return std::exp(-(t - rise - hold) / decay);
  };
  for (const std::string kind : {"exponential", "logistic"}) {
    WorkloadConfig config = plain_demand(2, 8000);
    SurgeConfig s = surge(kind, start, 50);
    s.rise_s = rise;
    s.duration_s = hold;
    s.decay_s = decay;
    config.classes[0].rate.surges = {s};
    const RateFunction rate = rate_of(config);
    const auto exact = [&](double t) { return 2 * (1 + 49 * shape(kind, t - start)); };
    // Halves and the whole: an error of one half must not hide in the other.
    for (const auto& [from, to] :
         {std::pair{1000.0, 1600.0}, std::pair{1720.0, 4000.0}, std::pair{0.0, 5000.0}}) {
      const double expected = midpoint(exact, from, to, 1'000'000);
      CHECK(rate.integral(from, to) == Approx(expected).epsilon(1e-3));
      CHECK(rate.integral(from, to) == Approx(expected).epsilon(2e-4));
    }
    for (double t = 1; t < 5000; t += 7.3) CHECK(rate.value(t) == Approx(exact(t)).epsilon(1e-3));
  }
}

TEST_CASE("a surge of points is linear between them and nothing outside", "[workload][rate]") {
  WorkloadConfig config = plain_demand(10, 1000);
  SurgeConfig s = surge("points", 100, 1);
  s.points = {{0, 1, 0}, {100, 3, 0}, {100, 5, 0}, {200, 2, 0}};
  config.classes[0].rate.surges = {s};
  const RateFunction rate = rate_of(config);
  CHECK(rate.value(99) == Approx(10));
  CHECK(rate.value(150) == Approx(20));
  CHECK(rate.value(200) == Approx(50));
  CHECK(rate.value(250) == Approx(35));
  CHECK(rate.value(301) == Approx(10));
}

TEST_CASE("a surge repeats as often as it says", "[workload][rate]") {
  WorkloadConfig config = plain_demand(10, 1000);
  SurgeConfig s = surge("step", 50, 2);
  s.duration_s = 20;
  s.repeat_every_s = 100;
  config.classes[0].rate.surges = {s};
  CHECK(rate_of(config).total() == Approx(10 * (1000 + 10 * 20)));  // starts 50, 150, ..., 950
  s.repeat_times = 3;
  config.classes[0].rate.surges = {s};
  CHECK(rate_of(config).total() == Approx(10 * (1000 + 3 * 20)));
  // Begun long ago: those before time 0 count, and leave one of three.
  s.start.seconds = -150;
  config.classes[0].rate.surges = {s};
  CHECK(rate_of(config).total() == Approx(10 * (1000 + 1 * 20)));  // -150, -50, 50
}

TEST_CASE("a surge of points whose last falls on the next start rests until its first point",
          "[workload][rate]") {
  WorkloadConfig config = plain_demand(1, 400);
  SurgeConfig s = surge("points", 0, 1);
  s.points = {{50, 3, 0}, {100, 3, 0}};
  s.repeat_every_s = 100;
  config.classes[0].rate.surges = {s};
  const RateFunction rate = rate_of(config);
  CHECK(rate.value(75) == Approx(3));
  CHECK(rate.value(125) == Approx(1));
  CHECK(rate.value(175) == Approx(3));
  CHECK(rate.total() == Approx(4 * (50 * 1 + 50 * 3)));
}

TEST_CASE("a surge that repeats twice is not counted to the end of the run", "[workload][rate]") {
  WorkloadConfig config = plain_demand(1, 30 * kDay);
  SurgeConfig s = surge("step", 0, 2);
  s.duration_s = 1;
  s.repeat_every_s = 2;
  s.repeat_times = 2;
  config.classes[0].rate.surges = {s};
  CHECK(rate_of(config).total() == Approx(30 * kDay + 2));
}

TEST_CASE("the Azure conversation week peaks on Monday at 14 UTC at 1.66 of its mean",
          "[workload][rate][profile]") {
  WorkloadConfig config = plain_demand(100, 14 * kDay);  // starts on a Monday
  config.classes[0].rate.profile.name = "azure-conversation-week";
  const RateFunction rate = rate_of(config);
  CHECK(rate.integral(0, 7 * kDay) == Approx(100 * 7 * kDay));
  CHECK(rate.value(14.5 * kHour) == Approx(165.65).epsilon(1e-4));
  CHECK(rate.max() == Approx(165.65).epsilon(1e-4));
  CHECK(rate.value(7 * kDay + 14.5 * kHour) == Approx(rate.value(14.5 * kHour)));
  CHECK(rate.value(6.5 * kDay) == Approx(64.22).epsilon(1e-4));  // Sunday 12 UTC
}

TEST_CASE("the weekday of a profile follows the absolute start", "[workload][rate][profile]") {
  WorkloadConfig config = plain_demand(100, kDay);
  config.classes[0].rate.profile.name = "azure-conversation-week";
  config.start_utc_s = 1743379200;  // 2025-03-31T00:00:00Z, a Monday
  CHECK(rate_of(config).value(14.5 * kHour) == Approx(165.65).epsilon(1e-4));
  config.start_utc_s -= kDay;  // Sunday
  CHECK(rate_of(config).value(14.5 * kHour) == Approx(75.19).epsilon(1e-4));
  // An hour east of UTC lives an hour earlier: at 13 UTC their clock says 14.
  config.start_utc_s += kDay;
  config.classes[0].rate.profile.utc_offset_s = kHour;
  CHECK(rate_of(config).value(13.5 * kHour) == Approx(165.65).epsilon(1e-4));
}

TEST_CASE("linear profiles keep the integral and join mid-hours", "[workload][rate][profile]") {
  WorkloadConfig config = plain_demand(100, 7 * kDay);
  auto& profile = config.classes[0].rate.profile;
  profile.name = "azure-conversation-week";
  profile.interpolation = "linear";
  const RateFunction rate = rate_of(config);
  CHECK(rate.total() == Approx(100 * 7 * kDay));
  CHECK(rate.value(14.5 * kHour) == Approx(165.65).epsilon(1e-4));
  CHECK(rate.value(15 * kHour) == Approx((165.65 + 154.74) / 2).epsilon(1e-4));
}

TEST_CASE("own profiles are normalised by week, by day or not at all",
          "[workload][rate][profile]") {
  WorkloadConfig config = plain_demand(10, kDay);
  auto& profile = config.classes[0].rate.profile;
  profile.values.assign(24, 1.0);
  profile.values[3] = 25.0;  // sum 48, mean 2
  CHECK(rate_of(config).value(3.5 * kHour) == Approx(125));
  CHECK(rate_of(config).total() == Approx(10 * kDay));
  profile.amplitude = 0.5;  // swing of 12.5 - 1 = 11.5 halved: 6.75
  CHECK(rate_of(config).value(3.5 * kHour) == Approx(67.5));
  profile.amplitude = 1;
  profile.normalise = "none";
  CHECK(rate_of(config).value(3.5 * kHour) == Approx(250));

  // A week of days of mean 1, 2, ..., 7, made alike.
  profile.values.clear();
  for (int day = 1; day <= 7; ++day) {
    for (int hour = 0; hour < 24; ++hour) profile.values.push_back(day);
  }
  profile.normalise = "day";
  CHECK(rate_of(config).value(kHour) == Approx(10));
  profile.normalise = "week";
  CHECK(rate_of(config).value(kHour) == Approx(2.5));  // Monday: 1 of a mean of 4
}

TEST_CASE("the built-in profiles have mean 1", "[workload][rate][profile]") {
  for (const NamedSource& source : profiles()) {
    WorkloadConfig config = plain_demand(10, 7 * kDay);
    config.classes[0].rate.profile.name = source.name;
    config.classes[0].rate.profile.normalise = "none";
    CHECK(rate_of(config).total() == Approx(10 * 7 * kDay).epsilon(1e-4));
  }
}

TEST_CASE("compound growth is exact at every month", "[workload][rate][growth]") {
  WorkloadConfig config = plain_demand(100, 61 * kDay);
  auto& growth = config.classes[0].rate.growth;
  growth.kind = "compound";
  growth.rate = 0.074;
  const RateFunction rate = rate_of(config);
  const double month = 365.25 / 12 * kDay;
  CHECK(rate.value(0) == Approx(100));
  CHECK(rate.value(month) == Approx(107.4).epsilon(2e-4));
  CHECK(rate.value(2 * month) == Approx(107.4 * 1.074).epsilon(2e-4));
  // Integral of 100 x 1.074^(t / month) from 0 to T: 100 month (1.074^(T / month) - 1) / ln 1.074.
  const double end = 61 * kDay;
  CHECK(rate.total() ==
        Approx(100 * month * (std::pow(1.074, end / month) - 1) / std::log(1.074)).epsilon(2e-4));
  CHECK(growth_factor(growth, 12 * month, config.start_utc_s) == Approx(std::pow(1.074, 12)));
}

TEST_CASE("dated growth steps at its dates, relative or absolute", "[workload][rate][growth]") {
  WorkloadConfig config = plain_demand(100, 3 * kDay);
  auto& growth = config.classes[0].rate.growth;
  growth.kind = "dated";
  growth.points = {{{config.start_utc_s + 2 * kDay, true}, 1.15}, {{kDay, false}, 1.05}};
  const RateFunction rate = rate_of(config);
  CHECK(rate.value(kDay - 1) == Approx(100));
  CHECK(rate.value(kDay) == Approx(105));
  CHECK(rate.value(2 * kDay) == Approx(115));
  growth.interpolation = "linear";
  CHECK(rate_of(config).value(1.5 * kDay) == Approx(110).epsilon(2e-4));
}

TEST_CASE("a product of profile, growth and surges keeps its integral within 0.1 %",
          "[workload][rate]") {
  WorkloadConfig config = plain_demand(100, 7 * kDay);
  auto& r = config.classes[0].rate;
  r.profile.name = "azure-conversation-week";
  r.profile.interpolation = "linear";
  r.growth.kind = "compound";
  r.growth.rate = 0.5;
  r.growth.per = "day";
  SurgeConfig s = surge("exponential", 2 * kDay, 6);
  s.rise_s = 5 * kHour;
  s.decay_s = 3 * kHour;
  r.surges = {s};

  // Each part alone, multiplied point by point.
  WorkloadConfig alone = plain_demand(1, 7 * kDay);
  alone.classes[0].rate.profile = r.profile;
  const RateFunction profile = rate_of(alone);
  const auto shape = [&](double t) {
    if (t < 0) return 0.0;
    if (t < s.rise_s) return (std::pow(100, t / s.rise_s) - 1) / 99;
    return t - s.rise_s < 12 * s.decay_s ? std::exp(-(t - s.rise_s) / s.decay_s) : 0.0;
  };
  const auto exact = [&](double t) {
    return 100 * profile.value(t) * std::pow(1.5, t / kDay) * (1 + 5 * shape(t - s.start.seconds));
  };
  const double expected = midpoint(exact, 0, 7 * kDay, 2'000'000);
  CHECK(rate_of(config).total() == Approx(expected).epsilon(2e-4));
}

TEST_CASE("rates given as points are linear between and constant outside", "[workload][rate]") {
  WorkloadConfig config = plain_demand(0, 100);
  config.classes[0].rate.points = {{{20, false}, 10}, {{60, false}, 30}};
  const RateFunction rate = rate_of(config);
  CHECK(rate.value(5) == Approx(10));
  CHECK(rate.value(40) == Approx(20));
  CHECK(rate.value(90) == Approx(30));
}

TEST_CASE("a surge that repeats every millisecond for a month is refused", "[workload][rate]") {
  WorkloadConfig config = plain_demand(10, 30 * kDay);
  SurgeConfig s = surge("step", 0, 2);
  s.duration_s = 0.0005;
  s.repeat_every_s = 0.001;
  config.classes[0].rate.surges = {s};
  try {
    compile(config);
    FAIL("expected an InputError");
  } catch (const InputError& error) {
    CHECK(error.issues()[0].code == "E134");
  }
}

TEST_CASE("a cursor stands at the inverse of the integral", "[workload][rate]") {
  RateFunction rate;
  rate.append(ticks_of(10), 0, 4);  // mass 20: t^2 / 5
  rate.append(ticks_of(10), 0, 0);  // nothing
  rate.append(ticks_of(10), 4, 4);  // mass 40
  rate.append(ticks_of(10), 4, 0);  // mass 20
  RateCursor cursor(rate);
  Ticks at;
  REQUIRE(cursor.advance(5, at));  // t^2 / 5 = 5
  CHECK(seconds(at) == Approx(5));
  REQUIRE(cursor.advance(19, at));  // 24: 4 into the third
  CHECK(seconds(at) == Approx(21));
  REQUIRE(cursor.advance(46, at));  // 70: half of the last: 4 u - u^2 / 5 = 10
  CHECK(seconds(at) == Approx(30 + 10 - std::sqrt(50.0)));
  CHECK_FALSE(cursor.advance(10.001, at));
}

TEST_CASE("a cursor never goes back, however small its steps on a slope", "[workload][rate]") {
  // A mass that grows by a few roundings may have the smaller root: about one step in 25 here.
  RateFunction rate;
  rate.append(ticks_of(30 * kDay), 0.1, 1);
  RateCursor cursor(rate);
  Ticks before{0}, at{0};
  int stood = 0;
  for (int i = 0; i < 200'000; ++i) {
    REQUIRE(cursor.advance(i % 100 == 0 ? 7.3 : 1e-12, at));
    REQUIRE(at >= before);
    stood += at == before;
    before = at;
  }
  CHECK(stood > 0);
}
