#include <cmath>
#include <vector>

#include "headroom/workload/quota.hpp"
#include "headroom/workload/retry.hpp"
#include "support/catch.hpp"
#include "user_days.hpp"
#include "workload_support.hpp"

using namespace headroom;
using namespace headroom::testing;

namespace {

Distribution values_of(std::vector<double> values, std::vector<double> weights) {
  Distribution d;
  d.kind = "empirical";
  d.values = std::move(values);
  d.weights = std::move(weights);
  return d;
}

}  // namespace

TEST_CASE("a request is one of a user with n of them in proportion to n", "[workload][quota]") {
  // Of 100 users 50 make 1, 30 make 2, 20 make 10: 50, 60 and 200 of 310 requests.
  const UserDays days(values_of({1, 2, 10}, {50, 30, 20}));
  CHECK(days.size(0.10) == 1);
  CHECK(days.size(50.0 / 310 - 1e-6) == 1);
  CHECK(days.size(50.0 / 310 + 1e-6) == 2);
  CHECK(days.size(110.0 / 310 - 1e-6) == 2);
  CHECK(days.size(110.0 / 310 + 1e-6) == 10);
  CHECK(days.size(1 - 1e-12) == 10);
  CHECK(days.share_within(3) == Approx((50 + 60 + 20 * 3) / 310.0));
  CHECK(days.share_within(1) == Approx(100 / 310.0));
  CHECK(days.share_within(10) == Approx(1));
}

TEST_CASE("numbers per user are rounded, at least 1, and within min and max", "[workload][quota]") {
  // Uniform on (0, 3): below 1.5 one, to 2.5 two, the rest three: 1/2, 1/3, 1/6; mean 5/3.
  CHECK(share_within_quota(Distribution::uniform(0, 3), 1) == Approx(1 / (5.0 / 3)).epsilon(1e-9));
  Distribution cut = Distribution::exponential(1);
  cut.min = 2;
  cut.max = 2.4;
  CHECK(share_within_quota(cut, 1) == Approx(0.5).epsilon(1e-9));
  // A geometric law: P(N > n) = e^-(n + 1/2) for n >= 1, so E[N] = 1 + e^-1.5 / (1 - e^-1).
  const double mean = 1 + std::exp(-1.5) / (1 - std::exp(-1));
  CHECK(share_within_quota(Distribution::exponential(1), 1) == Approx(1 / mean).epsilon(1e-9));
  CHECK(share_within_quota(Distribution::constant(7), 7) == 1);
}

TEST_CASE("a binomial draw has the mean and variance of its law, of few trials and of many",
          "[workload][quota]") {
  for (const auto& [n, p] :
       {std::pair{1, 0.3}, {7, 0.5}, {40, 0.93}, {1200, 0.02}, {1200, 0.7}, {30'000, 0.4}}) {
    double sum = 0, squares = 0;
    const int draws = 4000;
    for (int i = 0; i < draws; ++i) {
      RandomStream random({1, 0, 0}, Purpose::kTest, 5, static_cast<std::uint64_t>(i));
      const std::int32_t k = draw_binomial(random, n, p);
      REQUIRE(k >= 0);
      REQUIRE(k <= n);
      sum += k;
      squares += static_cast<double>(k) * k;
    }
    INFO(n << " trials of " << p);
    const double mean = sum / draws, variance = squares / draws - mean * mean;
    const double sigma = std::sqrt(n * p * (1 - p));
    CHECK(std::abs(mean - n * p) < 5 * sigma / std::sqrt(draws));
    CHECK(variance == Approx(sigma * sigma).epsilon(0.15));
  }
  RandomStream random({1, 0, 0}, Purpose::kTest, 5, 0);
  CHECK(draw_binomial(random, 9, 0) == 0);
  CHECK(draw_binomial(random, 9, 1) == 9);
  CHECK(draw_binomial(random, 0, 0.5) == 0);
}

TEST_CASE("a day is shared by its expected demand, and what lies outside the run by the mean of it",
          "[workload][quota]") {
  // 36 hours from 12:00 UTC: 12 h at 1/s, then 24 h at 1, 3, 1 and 1 in quarters.
  RateFunction rate;
  const auto hours = [](double h) { return ticks_from_seconds(3600 * h); };
  for (const auto& [length, level] :
       {std::pair{12.0, 1.0}, {6.0, 1.0}, {6.0, 3.0}, {6.0, 1.0}, {6.0, 1.0}}) {
    rate.append(hours(length), level, level);
  }
  DayShare day(12 * 3600, 0);
  CHECK(day.before(rate, 0) == Approx(0.5));
  CHECK(day.before(rate, 6 * 3600) == Approx(0.75));
  CHECK(day.before(rate, 12 * 3600) == Approx(0));
  CHECK(day.before(rate, 18 * 3600) == Approx(1.0 / 6));
  CHECK(day.before(rate, 24 * 3600) == Approx(4.0 / 6));
  CHECK(day.before(rate, 36 * 3600 - 1) == Approx(1).margin(1e-4));
  DayShare ahead(12 * 3600, 6 * 3600);  // local midnight is at 18:00 UTC
  CHECK(ahead.before(rate, 6 * 3600 - 1) == Approx(1).margin(1e-4));
  CHECK(ahead.before(rate, 6 * 3600) == Approx(0));
}

TEST_CASE("how many a user made before depends on nothing but the request", "[workload][quota]") {
  WorkloadConfig config = plain_demand(5, 86'400);
  config.classes[0].quota = QuotaConfig{3, Distribution::gamma(6, 1), 0};
  prepare(config);
  const auto requests = all_requests(config);
  double earlier = 0, evening = 0, in_evening = 0;
  for (const Request& request : requests) {
    earlier += request.earlier_today;
    if (seconds(request.arrival) < 80'000) continue;
    evening += request.earlier_today;
    in_evening += 1;
  }
  const auto n = static_cast<double>(requests.size());
  // Size-biased, (N - 1) has a mean of E[N^2] / E[N] - 1, about 11; half of them came earlier.
  CHECK(earlier / n == Approx(5.5).epsilon(0.05));
  CHECK(evening / in_evening == Approx(11 * 83'200 / 86'400.0).epsilon(0.08));
  config.classes[0].quota->per_day = 9;  // its size is not the quota's
  prepare(config);
  const auto again = all_requests(config);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    REQUIRE(again[i].earlier_today == requests[i].earlier_today);
  }
}

TEST_CASE("a back-off doubles to its cap, less a jitter, and some give up", "[workload][retry]") {
  RetryRule rule;
  rule.backoff = ticks_from_seconds(2);
  rule.max_backoff = ticks_from_seconds(10);
  rule.jitter = 0;
  const RunKey key{7, 0, 0};
  for (const auto& [attempt, expected_s] :
       {std::pair{1, 2.0}, {2, 4.0}, {3, 8.0}, {4, 10.0}, {50, 10.0}}) {
    CHECK(retry_delay(rule, key, ClassId{0}, 3, attempt) == ticks_from_seconds(expected_s));
  }
  rule.jitter = 0.5;
  rule.probability = 0.6;
  double sum = 0, tries = 0;
  for (std::uint64_t entity = 0; entity < 5000; ++entity) {
    const Ticks delay = retry_delay(rule, key, ClassId{1}, entity, 1);
    if (delay == kNever) continue;
    REQUIRE(delay <= ticks_from_seconds(2));
    REQUIRE(delay >= ticks_from_seconds(1));
    sum += seconds(delay);
    tries += 1;
  }
  CHECK(tries / 5000 == Approx(0.6).margin(0.03));
  CHECK(sum / tries == Approx(1.5).epsilon(0.02));
  rule.backoff = Ticks{0};
  rule.probability = 1;
  CHECK(retry_delay(rule, key, ClassId{1}, 0, 1) == Ticks{1});
}
