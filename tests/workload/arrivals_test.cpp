#include <cmath>

#include "support/catch.hpp"
#include "workload_support.hpp"

using namespace headroom;
using namespace headroom::testing;

namespace {

std::vector<double> gaps(const std::vector<Request>& requests) {
  std::vector<double> result;
  for (std::size_t i = 1; i < requests.size(); ++i) {
    result.push_back(seconds(requests[i].arrival - requests[i - 1].arrival));
  }
  return result;
}

}  // namespace

TEST_CASE("Poisson arrivals number the integral of the rate, in every quarter",
          "[workload][arrivals]") {
  WorkloadConfig config = plain_demand(100, 4000);
  SurgeConfig ramp;
  ramp.kind = "ramp";
  ramp.start.seconds = 1000;
  ramp.rise_s = 1000;
  ramp.duration_s = 500;
  ramp.decay_s = 700;
  ramp.multiply = 4;
  config.classes[0].rate.surges = {ramp};
  const RateFunction rate = rate_of(config);
  std::vector<double> counts(4, 0.0);
  for (const Request& r : all_requests(config)) {
    counts[static_cast<std::size_t>(seconds(r.arrival) / 1000)] += 1;
  }
  for (int quarter = 0; quarter < 4; ++quarter) {
    const double expected = rate.integral(1000.0 * quarter, 1000.0 * (quarter + 1));
    CHECK(std::abs(counts[static_cast<std::size_t>(quarter)] - expected) <=
          4 * std::sqrt(expected));  // the variance of a Poisson count is its mean
  }
}

TEST_CASE("renewal processes have the coefficient of variation they name", "[workload][arrivals]") {
  for (const ArrivalConfig& arrivals :
       {ArrivalConfig{"poisson", 1}, ArrivalConfig{"gamma", 0.5}, ArrivalConfig{"gamma", 2},
        ArrivalConfig{"weibull", 0.5}, ArrivalConfig{"weibull", 2}}) {
    WorkloadConfig config = plain_demand(100, 4000);
    config.classes[0].arrivals = arrivals;
    const auto requests = all_requests(config);
    const Moments m = moments(gaps(requests));
    INFO(arrivals.process << " " << arrivals.cv);
    // 400,000 gaps: the mean's standard error is cv / sqrt(n), that of cv below 1 % for cv 2.
    CHECK(std::abs(m.mean - 0.01) <= 4 * 0.01 * arrivals.cv / std::sqrt(4e5));
    CHECK(m.cv == Approx(arrivals.cv).epsilon(0.03));
    // A renewal count's standard deviation is cv sqrt(n).
    CHECK(std::abs(static_cast<double>(requests.size()) - 4e5) <= 4 * arrivals.cv * std::sqrt(4e5));
  }
}

TEST_CASE("constant spacing under a ramp stands exactly at the inverse of the integral",
          "[workload][arrivals]") {
  // Rate 2 + t / 50 on [0, 100): integral 2 t + t^2 / 100 = k at t = -100 + sqrt(10^4 + 100 k).
  WorkloadConfig config = plain_demand(0, 100);
  config.classes[0].rate.points = {{{0, false}, 2}, {{100, false}, 4}};
  config.classes[0].arrivals.process = "constant";
  const auto requests = all_requests(config);
  REQUIRE(requests.size() == 299);  // total 300, reached only at the end, which is outside
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const double k = static_cast<double>(i + 1);
    const double exact = -100 + std::sqrt(1e4 + 100 * k);
    REQUIRE(std::abs(seconds(requests[i].arrival) - exact) < 1e-9);  // 1 ns
  }
}

TEST_CASE("renewal gaps keep their shape under a changing rate", "[workload][arrivals]") {
  // Seen on the clock of the integral, the gaps of a surge are those of the quiet time.
  WorkloadConfig config = plain_demand(50, 4000);
  config.classes[0].arrivals = {"gamma", 0.5};
  SurgeConfig step;
  step.start.seconds = 1000;
  step.duration_s = 1000;
  step.multiply = 5;
  config.classes[0].rate.surges = {step};
  const RateFunction rate = rate_of(config);
  std::vector<double> unit;
  double before = 0;
  for (const Request& r : all_requests(config)) {
    const double mass = rate.integral(0, seconds(r.arrival));
    unit.push_back(mass - before);
    before = mass;
  }
  const Moments m = moments(unit);  // 400,000 gaps of mean 1
  CHECK(std::abs(m.mean - 1) <= 4 * 0.5 / std::sqrt(4e5));
  CHECK(m.cv == Approx(0.5).epsilon(0.01));
}

TEST_CASE("a share and a multiplier scale the rate, not the spacing's cv", "[workload][arrivals]") {
  WorkloadConfig config = plain_demand(1000, 1000);
  config.classes[0].arrivals = {"gamma", 0.5};
  const auto requests = all_requests(config, {1, 0, 0}, 0.25, 1.2);
  CHECK(std::abs(static_cast<double>(requests.size()) - 3e5) <= 4 * 0.5 * std::sqrt(3e5));
  CHECK(moments(gaps(requests)).cv == Approx(0.5).epsilon(0.01));
}

TEST_CASE("a class without demand, and a demand of no length, have no requests",
          "[workload][arrivals]") {
  CHECK(all_requests(plain_demand(0, 1000)).empty());
  CHECK(all_requests(plain_demand(10, 0)).empty());
}
