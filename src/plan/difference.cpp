#include "headroom/plan/difference.hpp"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/hypergeometric.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <numeric>

#include "headroom/core/check.hpp"
#include "headroom/plan/series.hpp"

namespace headroom {
namespace {

struct Moments {
  double n = 0, mean = 0, variance = 0;  ///< variance of one value, n - 1 in the denominator
};

Moments moments_of(std::span<const double> values) {
  Moments m;
  m.n = static_cast<double>(values.size());
  for (const double v : values) m.mean += v / m.n;
  // Equal values have no spread; summing squares would only bring in rounding.
  if (std::all_of(values.begin(), values.end(), [&](double v) { return v == values[0]; })) {
    m.mean = values.empty() ? 0 : values[0];
    return m;
  }
  for (const double v : values) m.variance += (v - m.mean) * (v - m.mean) / (m.n - 1);
  return m;
}

/// Interval and p value of a mean difference with its standard error.
void judge_mean(Difference& d, double error, double freedom, double confidence) {
  if (error == 0) {
    d.low = d.high = d.delta;
    d.p_value = d.delta == 0 ? 1 : 0;
    return;
  }
  const double half = student_t_quantile(1 - (1 - confidence) / 2, freedom) * error;
  d.low = d.delta - half;
  d.high = d.delta + half;
  const boost::math::students_t law(freedom);
  d.p_value = 2 * boost::math::cdf(boost::math::complement(law, std::abs(d.delta) / error));
}

void compare_paired(Difference& d, std::span<const double> base, std::span<const double> now,
                    double confidence) {
  std::vector<double> differences;
  for (std::size_t i = 0; i < base.size(); ++i) differences.push_back(now[i] - base[i]);
  const Moments m = moments_of(differences);
  d.delta = m.mean;
  d.values = base.size();
  if (m.n >= 2) judge_mean(d, std::sqrt(m.variance / m.n), m.n - 1, confidence);
}

void compare_apart(Difference& d, const Moments& base, const Moments& now, double confidence) {
  d.values = static_cast<std::size_t>(std::min(base.n, now.n));
  if (d.values < 2) return;
  const double a = base.variance / base.n;
  const double b = now.variance / now.n;
  // Without any spread the degrees of freedom are 0 / 0 and are not asked for.
  const double freedom =
      a + b == 0 ? 1 : (a + b) * (a + b) / (a * a / (base.n - 1) + b * b / (now.n - 1));
  judge_mean(d, std::sqrt(a + b), freedom, confidence);
}

/// Two-sided exact sign test: as many of `one` and `other` heads and tails of a fair coin.
double sign_test(std::size_t one, std::size_t other) {
  if (one == other) return 1;
  const auto n = static_cast<double>(one + other);
  const auto few = static_cast<double>(std::min(one, other));
  return std::min(1.0, 2 * boost::math::cdf(boost::math::binomial(n, 0.5), few));
}

/// Two-sided Fisher test: tables as unlikely as the one met, or more so.
double fisher_test(std::size_t lost_base, std::size_t n_base, std::size_t lost_now,
                   std::size_t n_now) {
  const auto marked = static_cast<unsigned>(lost_base + lost_now);
  const auto drawn = static_cast<unsigned>(n_now);
  const auto total = static_cast<unsigned>(n_base + n_now);
  const boost::math::hypergeometric law(marked, drawn, total);
  const double met = boost::math::pdf(law, static_cast<unsigned>(lost_now));
  const unsigned least = drawn + marked > total ? drawn + marked - total : 0;
  double p = 0;
  for (unsigned k = least; k <= std::min(marked, drawn); ++k) {
    const double chance = boost::math::pdf(law, k);
    if (chance <= met * (1 + 1e-9)) p += chance;
  }
  return std::min(1.0, p);
}

void compare_censored(Difference& d, std::span<const double> base, std::span<const double> now) {
  if (!d.paired) {
    d.values = std::min(base.size(), now.size());
    d.p_value = fisher_test(d.censored_base, base.size(), d.censored_now, now.size());
    return;
  }
  std::size_t only_base = 0, only_now = 0;
  for (std::size_t i = 0; i < base.size(); ++i) {
    only_base += std::isnan(base[i]) && !std::isnan(now[i]);
    only_now += std::isnan(now[i]) && !std::isnan(base[i]);
  }
  d.values = base.size();
  d.p_value = sign_test(only_base, only_now);
}

std::size_t count_nan(std::span<const double> values) {
  return static_cast<std::size_t>(
      std::count_if(values.begin(), values.end(), [](double v) { return std::isnan(v); }));
}

}  // namespace

double Difference::relative() const {
  return base == 0 ? std::numeric_limits<double>::quiet_NaN() : delta / base;
}

Difference compare_values(std::span<const double> base, std::span<const double> now, bool paired,
                          double confidence) {
  HEADROOM_CHECK(!paired || base.size() == now.size(), "pairs have two halves");
  Difference d;
  d.paired = paired;
  d.censored_base = count_nan(base);
  d.censored_now = count_nan(now);
  const Moments a = moments_of(base);
  const Moments b = moments_of(now);
  if (d.censored_base == 0 && !base.empty()) d.base = a.mean;
  if (d.censored_now == 0 && !now.empty()) d.now = b.mean;
  if (base.empty() || now.empty()) return d;
  if (d.censored()) {
    compare_censored(d, base, now);
    return d;
  }
  d.delta = b.mean - a.mean;
  if (paired) {
    compare_paired(d, base, now, confidence);
  } else {
    compare_apart(d, a, b, confidence);
  }
  return d;
}

std::vector<double> holm_adjusted(std::span<const double> p_values) {
  std::vector<std::size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return p_values[a] < p_values[b]; });
  std::vector<double> adjusted(p_values.size());
  double so_far = 0;
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    const auto left = static_cast<double>(order.size() - rank);
    so_far = std::max(so_far, std::min(1.0, left * p_values[order[rank]]));
    adjusted[order[rank]] = so_far;
  }
  return adjusted;
}

}  // namespace headroom
