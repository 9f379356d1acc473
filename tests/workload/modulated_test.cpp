#include <cmath>
#include <vector>

#include "support/catch.hpp"
#include "workload_support.hpp"

using namespace headroom;
using namespace headroom::testing;

namespace {

WorkloadConfig modulated(double rate_per_s, double end_s, std::vector<ArrivalState> states) {
  WorkloadConfig config = plain_demand(rate_per_s, end_s);
  config.classes[0].arrivals.process = "markov_modulated";
  config.classes[0].arrivals.states = std::move(states);
  return config;
}

std::vector<double> counts(const std::vector<Request>& requests, double window_s, double end_s) {
  std::vector<double> result(static_cast<std::size_t>(end_s / window_s), 0.0);
  for (const Request& request : requests) {
    const auto window = static_cast<std::size_t>(seconds(request.arrival) / window_s);
    if (window < result.size()) result[window] += 1;
  }
  return result;
}

/// Variance over mean.
double dispersion(const std::vector<double>& values) {
  const Moments m = moments(values);
  return m.cv * m.cv * m.mean;
}

}  // namespace

TEST_CASE("a Markov-modulated process has the index of dispersion worked out for two states",
          "[workload][arrivals]") {
  // Rates 5 and 45 per s, mean sojourns 30 s and 10 s: r1 = 1/30, r2 = 1/10, r = r1 + r2 = 2/15,
  // shares 3/4 and 1/4, mean rate 3/4 x 5 + 1/4 x 45 = 15. The variance of the rate is
  // 3/4 x 1/4 x 40^2 = 300 and its autocovariance 300 exp(-r t), so the count of a window t has
  //   variance / mean = 1 + (2 x 300 / (15 r)) (1 - (1 - exp(-r t)) / (r t))
  //                   = 1 + 300 (1 - (1 - exp(-r t)) / (r t)).
  // (Fischer and Meier-Hellstern 1993, the MMPP cookbook, Performance Evaluation 18, eq. 12.)
  const double end_s = 400'000;
  const auto requests = all_requests(modulated(15, end_s, {{1.0 / 3, 30}, {3, 10}}), {7, 0, 0});
  // Of 400,000 s the mean count is 6 million; its variance is 301 times that.
  CHECK(std::abs(static_cast<double>(requests.size()) - 6e6) <= 4 * std::sqrt(301 * 6e6));
  for (const double window_s : {1.0, 10.0, 100.0}) {
    const double rt = 2.0 / 15 * window_s;
    const double expected = 1 + 300 * (1 - (1 - std::exp(-rt)) / rt);
    INFO("window " << window_s << " s, expected " << expected);
    // About 10,000 changes of state: a standard error of 1 to 2 % at these windows.
    CHECK(dispersion(counts(requests, window_s, end_s)) == Approx(expected).epsilon(0.08));
  }
}

TEST_CASE("factors keep the mean rate, or are taken as they stand", "[workload][arrivals]") {
  // Time-mean of the factors: (4 x 60 + 0 x 20 + 1 x 20) / 100 = 2.6.
  WorkloadConfig config = modulated(10, 100'000, {{4, 60}, {0, 20}, {1, 20}});
  CHECK(rate_of(config).value(5) == Approx(10));
  config.classes[0].arrivals.keeps_mean = false;
  CHECK(rate_of(config).value(5) == Approx(26));
  CHECK(rate_of(config).total() == Approx(2.6e6));
  const auto requests = all_requests(config);
  // 1,000 rounds of three exponential sojourns: the count's standard error is near 3 %.
  CHECK(static_cast<double>(requests.size()) == Approx(2.6e6).epsilon(0.1));
  // A whole second without a request lies in a silent sojourn: at 10 a second exp(-10) of them are
  // empty. A fifth of the time is silent, with a standard error of about sqrt(2 / 1,000) of that;
  // a sojourn of L seconds holds L - 1 whole ones in mean.
  double silent = 0;
  for (const double count : counts(requests, 1, 100'000)) silent += count == 0 ? 1 : 0;
  CHECK(silent / 100'000 == Approx(0.2 * 19 / 20).epsilon(0.2));
}

TEST_CASE("one state is a Poisson process, and a sojourn longer than the run changes nothing",
          "[workload][arrivals]") {
  const auto plain = all_requests(plain_demand(20, 2000));
  const auto one = all_requests(modulated(20, 2000, {{7, 5}, {7, 50}}));
  REQUIRE(plain.size() == one.size());
  for (std::size_t i = 0; i < plain.size(); ++i) {
    REQUIRE(std::abs(seconds(plain[i].arrival - one[i].arrival)) < 1e-6);
  }
}

TEST_CASE("cells share the states of their demand, not its draws", "[workload][arrivals]") {
  const WorkloadConfig config = modulated(200, 20'000, {{1, 100}, {9, 100}});
  const auto a = counts(all_requests(config, {3, 0, 0}, 0.5), 10, 20'000);
  const auto b = counts(all_requests(config, {3, 0, 1}, 0.5), 10, 20'000);
  const auto other = counts(all_requests(config, {3, 1, 1}, 0.5), 10, 20'000);
  CHECK(a != b);
  const auto correlation = [](const std::vector<double>& x, const std::vector<double>& y) {
    const Moments mx = moments(x), my = moments(y);
    double sum = 0;
    for (std::size_t i = 0; i < x.size(); ++i) sum += (x[i] - mx.mean) * (y[i] - my.mean);
    return sum / static_cast<double>(x.size()) / (mx.mean * mx.cv * my.mean * my.cv);
  };
  // Counts of about 200 or 1,800: all but the Poisson noise is common. 200 independent sojourns
  // leave a correlation of about 0.1 by chance.
  CHECK(correlation(a, b) > 0.95);
  CHECK(std::abs(correlation(a, other)) < 0.4);
}

TEST_CASE("modulation follows a rate that changes", "[workload][arrivals]") {
  WorkloadConfig config = modulated(0, 200'000, {{1, 20}, {3, 20}});
  config.classes[0].rate.points = {{{0, false}, 5}, {{200'000, false}, 15}};
  const auto halves = counts(all_requests(config), 100'000, 200'000);
  // Integrals of 5 + t / 20,000: 750,000 and 1,250,000. Factors 0.5 and 1.5 of mean 1: the rate's
  // relative variance is 1/4 with autocorrelation exp(-t / 10), so over 100,000 s the relative
  // standard error is sqrt(1/4 x 2 x 10 / 100,000) = 0.7 %.
  CHECK(halves[0] == Approx(750'000).epsilon(0.03));
  CHECK(halves[1] == Approx(1'250'000).epsilon(0.03));
}
