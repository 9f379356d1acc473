#include "user_days.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "headroom/workload/quota.hpp"
#include "sampler.hpp"

namespace headroom {
namespace {

constexpr double kDay_s = 86'400;
/// Larger days than this, and a tail smaller than that, are counted to the largest day kept.
constexpr std::int32_t kLargestDay = 100'000;
constexpr double kTail = 1e-12;
constexpr std::int32_t kTrials = 500;  // (1/2)^500 is far from the smallest double

}  // namespace

UserDays::UserDays(const Distribution& requests_per_user) {
  const Sampler sampler(requests_per_user);
  const double infinity = std::numeric_limits<double>::infinity();
  const double min = requests_per_user.min.value_or(-infinity);
  const double max = requests_per_user.max.value_or(infinity);
  const auto below = [&sampler](double x) {
    return std::isinf(x) ? (x > 0 ? 1.0 : 0.0) : sampler.probability_below(x);
  };
  const double low = std::isinf(min) ? 0 : below(std::nextafter(min, -infinity));
  const double mass = below(max) - low;
  double before = 0;
  double sum = 0;
  for (std::int32_t n = 1; n <= kLargestDay; ++n) {
    double up_to = std::clamp((below(std::min(n + 0.5, max)) - low) / mass, before, 1.0);
    if (1 - up_to < kTail || n == kLargestDay) up_to = 1;
    sum += n * (up_to - before);
    below_.push_back(sum);
    before = up_to;
    if (up_to == 1) break;
  }
  for (double& share : below_) share /= sum;
}

std::int32_t UserDays::size(double u) const {
  const auto at = std::lower_bound(below_.begin(), below_.end() - 1, u);
  return static_cast<std::int32_t>(at - below_.begin()) + 1;
}

double UserDays::share_within(std::int64_t quota) const {
  double share = 0;
  double before = 0;
  for (std::size_t i = 0; i < below_.size(); ++i) {
    const auto n = static_cast<double>(i + 1);
    share += (below_[i] - before) * std::min(1.0, static_cast<double>(quota) / n);
    before = below_[i];
  }
  return share;
}

std::int32_t draw_binomial(RandomStream& random, std::int32_t n, double p) {
  if (p <= 0 || p >= 1) return p <= 0 ? 0 : n;
  const bool flipped = p > 0.5;  // so that the first term does not vanish
  const double q = flipped ? 1 - p : p;
  std::int32_t successes = 0;
  for (std::int32_t left = n; left > 0; left -= kTrials) {
    const std::int32_t trials = std::min(left, kTrials);
    double u = random.uniform();
    double term = std::exp(trials * std::log1p(-q));
    std::int32_t k = 0;
    while (u > term && k < trials) {
      u -= term;
      term *= static_cast<double>(trials - k) / static_cast<double>(k + 1) * (q / (1 - q));
      ++k;
    }
    successes += k;
  }
  return flipped ? n - successes : successes;
}

double DayShare::before(const RateFunction& rate, double t_s) {
  if (t_s < from_s_ || t_s >= to_s_) {
    const double day = std::floor((clock_s_ + t_s) / kDay_s);
    from_s_ = day * kDay_s - clock_s_;
    to_s_ = from_s_ + kDay_s;
    inside_from_s_ = std::max(from_s_, 0.0);
    const double inside_s = std::min(to_s_, seconds(rate.end())) - inside_from_s_;
    const double mass = rate.integral(inside_from_s_, to_s_);
    rate_outside_ = inside_s > 0 ? mass / inside_s : 0;
    mass_ = mass + rate_outside_ * (kDay_s - inside_s);
  }
  if (mass_ <= 0) return (t_s - from_s_) / kDay_s;
  const double earlier =
      rate.integral(inside_from_s_, t_s) + rate_outside_ * (inside_from_s_ - from_s_);
  return std::clamp(earlier / mass_, 0.0, 1.0);
}

double share_within_quota(const Distribution& requests_per_user, std::int64_t per_day) {
  return UserDays(requests_per_user).share_within(per_day);
}

}  // namespace headroom
