#include "sampler.hpp"

#include <algorithm>
#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/gamma.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/random/beta_distribution.hpp>
#include <boost/random/exponential_distribution.hpp>
#include <boost/random/gamma_distribution.hpp>
#include <boost/random/normal_distribution.hpp>
#include <boost/random/weibull_distribution.hpp>
#include <cmath>
#include <limits>
#include <utility>

#include "headroom/core/check.hpp"

namespace headroom {
namespace {

constexpr int kRedraws = 64;

struct Lognormal {
  double mu, sigma;
};

/// E = exp(mu + sigma^2 / 2), cv^2 = exp(sigma^2) - 1, median = exp(mu).
Lognormal lognormal_parameters(const Distribution& d) {
  if (d.mu) return {*d.mu, d.sigma.value_or(0)};
  if (d.p50) return {std::log(*d.p50), std::sqrt(2 * std::log(*d.mean / *d.p50))};
  const double variance = std::log1p(*d.cv * *d.cv);
  return {std::log(*d.mean) - variance / 2, std::sqrt(variance)};
}

}  // namespace

QuantileTable::QuantileTable(std::vector<double> probabilities, std::vector<double> quantiles)
    : probabilities_(std::move(probabilities)), quantiles_(std::move(quantiles)) {
  const std::size_t cells = 4 * probabilities_.size();
  std::size_t i = 1;
  for (std::size_t k = 0; k < cells; ++k) {
    const double p = static_cast<double>(k) / static_cast<double>(cells);
    while (i + 1 < probabilities_.size() && probabilities_[i] <= p) ++i;
    guide_.push_back(static_cast<std::uint32_t>(i));
  }
}

double QuantileTable::operator()(double p) const {
  const double cell = p * static_cast<double>(guide_.size());
  std::size_t i = guide_[std::min(static_cast<std::size_t>(cell), guide_.size() - 1)];
  while (i + 1 < probabilities_.size() && probabilities_[i] <= p) ++i;
  const double share = (p - probabilities_[i - 1]) / (probabilities_[i] - probabilities_[i - 1]);
  return quantiles_[i - 1] + share * (quantiles_[i] - quantiles_[i - 1]);
}

double QuantileTable::mean() const {
  double sum = 0;
  for (std::size_t i = 1; i < quantiles_.size(); ++i) {
    sum += (probabilities_[i] - probabilities_[i - 1]) * (quantiles_[i] + quantiles_[i - 1]) / 2;
  }
  return sum;
}

double weibull_shape(double cv) {
  const auto cv_of = [](double log_shape) {
    const double k = std::exp(log_shape);
    return std::sqrt(std::expm1(std::lgamma(1 + 2 / k) - 2 * std::lgamma(1 + 1 / k)));
  };
  double low = std::log(0.1), high = std::log(200.0);  // cv about 430 and 0.0064
  for (int i = 0; i < 100; ++i) {
    const double middle = (low + high) / 2;
    (cv_of(middle) > cv ? low : high) = middle;
  }
  return std::exp((low + high) / 2);
}

Sampler::Sampler(const Distribution& d) {
  if (d.kind == "constant") {
    a_ = d.value.value_or(0);
  } else if (d.kind == "lognormal") {
    kind_ = Kind::kLognormal;
    const Lognormal p = lognormal_parameters(d);
    a_ = p.mu;
    b_ = p.sigma;
  } else if (d.kind == "gamma") {
    kind_ = Kind::kGamma;
    a_ = 1 / (*d.cv * *d.cv);
    b_ = *d.mean / a_;
  } else if (d.kind == "weibull") {
    kind_ = Kind::kWeibull;
    a_ = weibull_shape(*d.cv);
    b_ = *d.mean / std::tgamma(1 + 1 / a_);
  } else if (d.kind == "exponential") {
    kind_ = Kind::kExponential;
    a_ = *d.mean;
  } else if (d.kind == "uniform") {
    kind_ = Kind::kUniform;
    a_ = *d.low;
    b_ = *d.high;
  } else if (d.kind == "beta") {
    kind_ = Kind::kBeta;
    a_ = *d.alpha;
    b_ = *d.beta;
  } else if (!d.quantiles.empty()) {
    kind_ = Kind::kQuantiles;
    quantiles_ = std::make_shared<QuantileTable>(d.probabilities, d.quantiles);
  } else {
    HEADROOM_CHECK(d.kind == "empirical" && !d.values.empty(), "a distribution was validated");
    kind_ = Kind::kValues;
    std::vector<std::pair<double, double>> pairs;
    for (std::size_t i = 0; i < d.values.size(); ++i) {
      pairs.emplace_back(d.values[i], d.weights.empty() ? 1.0 : d.weights[i]);
    }
    std::sort(pairs.begin(), pairs.end());
    double total = 0;
    for (const auto& pair : pairs) total += pair.second;
    auto values = std::make_shared<std::vector<double>>();
    auto cumulative = std::make_shared<std::vector<double>>();
    double sum = 0;
    for (const auto& [value, weight] : pairs) {
      sum += weight;
      values->push_back(value);
      cumulative->push_back(sum / total);
    }
    values_ = std::move(values);
    cumulative_ = std::move(cumulative);
  }
  bounded_ = d.min || d.max;
  min_ = d.min.value_or(-std::numeric_limits<double>::infinity());
  max_ = d.max.value_or(std::numeric_limits<double>::infinity());
}

double Sampler::draw(RandomStream& random) const {
  switch (kind_) {
    case Kind::kConstant:
      return a_;
    case Kind::kLognormal:
      return std::exp(boost::random::normal_distribution<double>(a_, b_)(random));
    case Kind::kGamma:
      return boost::random::gamma_distribution<double>(a_, b_)(random);
    case Kind::kWeibull:
      return boost::random::weibull_distribution<double>(a_, b_)(random);
    case Kind::kExponential:
      return a_ * boost::random::exponential_distribution<double>()(random);
    case Kind::kUniform:
      return a_ + (b_ - a_) * random.uniform();
    case Kind::kBeta: {
      const double x = boost::random::beta_distribution<double>(a_, b_)(random);
      // Of shapes near 0 both gammas may underflow: then all of the mass is at 0 and 1.
      return std::isnan(x) ? static_cast<double>(random.uniform() * (a_ + b_) < a_) : x;
    }
    case Kind::kQuantiles:
      return (*quantiles_)(random.uniform());
    case Kind::kValues:
      break;
  }
  return quantile(random.uniform());
}

/// x, or the first draw of those that follow that lies between the bounds.
double Sampler::bounded(double x, RandomStream& random) const {
  for (int i = 0; i < kRedraws && (x < min_ || x > max_); ++i) x = draw(random);
  return std::clamp(x, min_, max_);
}

double Sampler::operator()(RandomStream& random) const {
  const double x = draw(random);
  return bounded_ ? bounded(x, random) : x;
}

void Sampler::fill(RandomStream& random, std::span<double> out) const {
  if (kind_ == Kind::kExponential && !bounded_) {
    boost::random::exponential_distribution<double> unit;
    for (double& x : out) x = a_ * unit(random);
    return;
  }
  for (double& x : out) x = (*this)(random);
}

void Sampler::fill(const StreamKey& key, Purpose purpose, std::uint32_t kind,
                   std::span<const std::uint64_t> entities, std::span<double> out) const {
  if (kind_ == Kind::kConstant && !bounded_) {
    std::fill(out.begin(), out.end(), a_);
    return;
  }
  if (kind_ == Kind::kLognormal) {  // most lengths: worth a loop of its own
    boost::random::normal_distribution<double> normal(a_, b_);
    for (std::size_t i = 0; i < out.size(); ++i) {
      RandomStream random(key, purpose, kind, entities[i]);
      out[i] = std::exp(normal(random));
      if (bounded_ && (out[i] < min_ || out[i] > max_)) out[i] = bounded(out[i], random);
    }
    return;
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    RandomStream random(key, purpose, kind, entities[i]);
    out[i] = (*this)(random);
  }
}

double Sampler::untruncated_mean() const {
  switch (kind_) {
    case Kind::kConstant:
    case Kind::kExponential:
      return a_;
    case Kind::kLognormal:
      return std::exp(a_ + b_ * b_ / 2);
    case Kind::kGamma:
      return a_ * b_;
    case Kind::kWeibull:
      return b_ * std::tgamma(1 + 1 / a_);
    case Kind::kUniform:
      return (a_ + b_) / 2;
    case Kind::kBeta:
      return a_ / (a_ + b_);
    case Kind::kQuantiles:
      return quantiles_->mean();
    case Kind::kValues:
      break;
  }
  double sum = 0, before = 0;
  for (std::size_t i = 0; i < values_->size(); ++i) {
    sum += (*values_)[i] * ((*cumulative_)[i] - before);
    before = (*cumulative_)[i];
  }
  return sum;
}

double Sampler::quantile(double p) const {
  switch (kind_) {
    case Kind::kConstant:
      return a_;
    case Kind::kLognormal:
      if (b_ == 0) return std::exp(a_);
      return std::exp(a_ + b_ * boost::math::quantile(boost::math::normal(), p));
    case Kind::kGamma:
      return boost::math::quantile(boost::math::gamma_distribution<>(a_, b_), p);
    case Kind::kWeibull:
      return b_ * std::pow(-std::log1p(-p), 1 / a_);
    case Kind::kExponential:
      return -a_ * std::log1p(-p);
    case Kind::kUniform:
      return a_ + (b_ - a_) * p;
    case Kind::kBeta:
      return boost::math::quantile(boost::math::beta_distribution<>(a_, b_), p);
    case Kind::kQuantiles:
      return (*quantiles_)(p);
    case Kind::kValues:
      break;
  }
  const auto at = std::lower_bound(cumulative_->begin(), cumulative_->end() - 1, p);
  return (*values_)[static_cast<std::size_t>(at - cumulative_->begin())];
}

double Sampler::probability_below(double x) const {
  if (kind_ == Kind::kConstant) return x >= a_ ? 1 : 0;
  if (kind_ == Kind::kUniform)
    return b_ > a_ ? std::clamp((x - a_) / (b_ - a_), 0.0, 1.0) : x >= a_;
  if (kind_ == Kind::kBeta) {
    if (x <= 0 || x >= 1) return x >= 1 ? 1 : 0;
    return boost::math::cdf(boost::math::beta_distribution<>(a_, b_), x);
  }
  if (kind_ == Kind::kQuantiles || kind_ == Kind::kValues) {
    double low = 0, high = 1;  // the inverse of a function that does not fall
    for (int i = 0; i < 60; ++i) {
      const double middle = (low + high) / 2;
      (quantile(middle) <= x ? low : high) = middle;
    }
    return low;
  }
  if (x <= 0) return 0;
  if (kind_ == Kind::kLognormal) {
    if (b_ == 0) return std::log(x) >= a_ ? 1 : 0;
    return boost::math::cdf(boost::math::normal(), (std::log(x) - a_) / b_);
  }
  if (kind_ == Kind::kGamma) return boost::math::cdf(boost::math::gamma_distribution<>(a_, b_), x);
  if (kind_ == Kind::kWeibull) return -std::expm1(-std::pow(x / b_, a_));
  return -std::expm1(-x / a_);
}

std::function<double(RandomStream&)> sampler_of(const Distribution& distribution) {
  return [sampler = Sampler(distribution)](RandomStream& random) { return sampler(random); };
}

}  // namespace headroom
