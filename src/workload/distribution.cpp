#include "headroom/workload/distribution.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "sampler.hpp"

namespace headroom {
namespace {

using json::Archive;
using json::Dimension;
using json::Field;
using json::Range;

/// Passes no range, so that schema and explanation show no default.
constexpr double kNotGiven = std::numeric_limits<double>::quiet_NaN();
constexpr Range kShape{0.01, 100};

/// Describes one parameter: a number, or a quantity of the distribution's dimension.
struct Parameters {
  Archive& archive;
  std::optional<Dimension> dimension;
  Range range;

  void value(std::string_view key, std::string_view help, std::optional<double>& into) const {
    plain(key, help, into, dimension, range);
  }
  void number(std::string_view key, std::string_view help, std::optional<double>& into,
              const Range& allowed) const {
    plain(key, help, into, std::nullopt, allowed);
  }
  void plain(std::string_view key, std::string_view help, std::optional<double>& into,
             std::optional<Dimension> of, const Range& allowed) const {
    double held = into.value_or(kNotGiven);
    if (of) {
      archive.quantity({key, help}, held, *of, allowed);
    } else {
      archive.number({key, help}, held, allowed);
    }
    if (!std::isnan(held)) into = held;
  }
  /// A list of values: the key ends in its unit where there is one.
  void values(std::string_view key, std::string_view help, std::vector<double>& into) const {
    const std::string name = std::string(key) + (dimension ? "_s" : "");
    archive.numbers({name, help}, into, range);
  }
};

void need(Archive& a, bool given, std::string_view what) {
  // A parameter that was given and is wrong has its own error.
  if (!a.decoding() || given || a.has(what)) return;
  a.problem("", "E106", "the distribution needs " + std::string(what));
}

bool rises(const std::vector<double>& values, bool strictly) {
  return std::adjacent_find(values.begin(), values.end(), [strictly](double a, double b) {
           return strictly ? a >= b : a > b;
         }) == values.end();
}

bool has_one_weight_each(const Distribution& d) {
  double total = 0;
  for (const double weight : d.weights) total += weight;
  return d.weights.empty() || (d.weights.size() == d.values.size() && total > 0);
}

bool has_probabilities(const Distribution& d) {
  return d.probabilities.size() == d.quantiles.size() && d.quantiles.size() >= 2 &&
         d.probabilities.front() == 0 && d.probabilities.back() == 1 &&
         rises(d.probabilities, true);
}

void describe_empirical(const Parameters& p, Distribution& d) {
  Archive& a = p.archive;
  a.numbers({"probabilities", "probabilities of the quantiles, rising from 0 to 1"},
            d.probabilities, json::kShare);
  p.values("quantiles", "quantiles at those probabilities, linear between them", d.quantiles);
  p.values("values", "values to draw from, instead of quantiles", d.values);
  a.numbers({"weights", "weights of the values; all alike when left out"}, d.weights,
            json::kNonNegative);
  if (!a.decoding()) return;
  if (d.quantiles.empty() == d.values.empty()) {
    a.problem("", "E106", "an empirical distribution needs either quantiles or values");
    return;
  }
  if (!d.values.empty()) {
    if (!has_one_weight_each(d)) {
      a.problem("weights", "E111", "expected one weight for each value, not all 0");
    }
    return;
  }
  if (!has_probabilities(d)) {
    a.problem("probabilities", "E111",
              "expected one probability for each quantile, rising from 0 to 1");
  } else if (!rises(d.quantiles, false)) {
    a.problem(p.dimension ? "quantiles_s" : "quantiles", "E111", "quantiles must not fall");
  }
}

/// The three ways of giving a lognormal distribution.
bool by_logs(const Distribution& d) { return d.mu && d.sigma && !d.mean && !d.cv && !d.p50; }
bool by_cv(const Distribution& d) { return d.mean && d.cv && !d.p50 && !d.mu && !d.sigma; }
bool by_median(const Distribution& d) { return d.mean && d.p50 && !d.cv && !d.mu && !d.sigma; }

void describe_lognormal(const Parameters& p, Distribution& d) {
  p.value("mean", "mean", d.mean);
  p.number("cv", "standard deviation / mean", d.cv, Range{0, 100});
  p.value("p50", "median, instead of cv", d.p50);
  p.number("mu", "mean of the logarithm, instead of mean and cv", d.mu, Range{-50, 50});
  p.number("sigma", "standard deviation of the logarithm, with mu", d.sigma, Range{0, 10});
  Archive& a = p.archive;
  if (!a.decoding()) return;
  if (!by_logs(d) && !by_cv(d) && !by_median(d)) {
    a.problem("", "E106",
              "a lognormal distribution needs mean and cv, mean and p50, or mu and sigma");
  } else if (!by_logs(d) && *d.mean <= 0) {
    a.problem("mean", "E111", "the mean of a lognormal distribution must be above 0");
  } else if (by_median(d) && (*d.p50 <= 0 || *d.p50 > *d.mean)) {
    a.problem("p50", "E111", "the median of a lognormal distribution lies between 0 and its mean");
  }
}

void describe_mean_cv(const Parameters& p, Distribution& d) {
  p.value("mean", "mean", d.mean);
  p.number("cv", "standard deviation / mean", d.cv, kShape);
  need(p.archive, d.mean.has_value() && d.cv.has_value(), "mean and cv");
  if (p.archive.decoding() && d.mean && *d.mean <= 0) {
    p.archive.problem("mean", "E111", "the mean must be above 0");
  }
}

void describe_kind(const Parameters& p, Distribution& d) {
  // A branch may be walked by another archive than the object: each is given its own parameters.
  const auto with = [&p](Archive& a) { return Parameters{a, p.dimension, p.range}; };
  const std::array<Archive::Branch, 8> branches{{
      {"constant", "always the same value",
       [&](Archive& a) {
         with(a).value("value", "the value", d.value);
         need(a, d.value.has_value(), "value");
       }},
      {"lognormal", "logarithm normally distributed",
       [&](Archive& a) { describe_lognormal(with(a), d); }},
      {"gamma", "gamma distribution", [&](Archive& a) { describe_mean_cv(with(a), d); }},
      {"weibull", "Weibull distribution", [&](Archive& a) { describe_mean_cv(with(a), d); }},
      {"exponential", "exponential distribution",
       [&](Archive& a) {
         with(a).value("mean", "mean", d.mean);
         need(a, d.mean.has_value(), "mean");
         if (a.decoding() && d.mean && *d.mean <= 0) {
           a.problem("mean", "E111", "the mean must be above 0");
         }
       }},
      {"uniform", "every value between two bounds alike",
       [&](Archive& a) {
         with(a).value("low", "lower bound", d.low);
         with(a).value("high", "upper bound", d.high);
         need(a, d.low.has_value() && d.high.has_value(), "low and high");
         if (a.decoding() && d.low && d.high && *d.low > *d.high) {
           a.problem("high", "E111", "high must not be below low");
         }
       }},
      {"beta", "beta distribution on 0 to 1",
       [&](Archive& a) {
         with(a).number("alpha", "first shape", d.alpha, Range{0.01, 1e6});
         with(a).number("beta", "second shape", d.beta, Range{0.01, 1e6});
         need(a, d.alpha.has_value() && d.beta.has_value(), "alpha and beta");
       }},
      {"empirical", "quantiles, or values with weights",
       [&](Archive& a) { describe_empirical(with(a), d); }},
  }};
  p.archive.variant({"kind", "family of the distribution"}, d.kind, branches);
}

/// Whether the kind has what it needs and nothing that contradicts it: a Sampler can be made.
bool complete(const Distribution& d) {
  if (d.kind == "constant") return d.value.has_value();
  if (d.kind == "lognormal") {
    if (by_median(d)) return *d.mean > 0 && *d.p50 > 0 && *d.p50 <= *d.mean;
    return by_logs(d) || (by_cv(d) && *d.mean > 0);
  }
  if (d.kind == "gamma" || d.kind == "weibull") return d.mean && *d.mean > 0 && d.cv && *d.cv > 0;
  if (d.kind == "exponential") return d.mean && *d.mean > 0;
  if (d.kind == "uniform") return d.low && d.high && *d.low <= *d.high;
  if (d.kind == "beta") return d.alpha && d.beta && *d.alpha > 0 && *d.beta > 0;
  if (d.kind != "empirical" || d.quantiles.empty() == d.values.empty()) return false;
  if (!d.values.empty()) return has_one_weight_each(d);
  return has_probabilities(d) && rises(d.quantiles, false);
}

/// Redrawing must end soon: at least a tenth of the distribution lies between the bounds.
void check_bounds(Archive& a, const Distribution& d) {
  if (!a.decoding() || (!d.min && !d.max)) return;
  if (d.min && d.max && *d.min > *d.max) {
    a.problem("max", "E111", "max must not be below min");
    return;
  }
  if (!complete(d)) return;
  Distribution free = d;
  free.min.reset();
  free.max.reset();
  const Sampler sampler(free);
  const double below = d.min ? sampler.probability_below(std::nextafter(*d.min, -1e300)) : 0;
  const double upto = d.max ? sampler.probability_below(*d.max) : 1;
  if (upto - below < 0.1) {
    a.problem(d.max ? "max" : "min", "E111",
              "less than a tenth of the distribution lies between min and max");
  }
}

void describe_object(Archive& a, Distribution& d, std::optional<Dimension> dimension,
                     const Range& range) {
  const Parameters p{a, dimension, range};
  describe_kind(p, d);
  p.value("min", "draws below are drawn again", d.min);
  p.value("max", "draws above are drawn again", d.max);
  check_bounds(a, d);
}

}  // namespace

Distribution Distribution::constant(double value) {
  Distribution d;
  d.value = value;
  return d;
}

Distribution Distribution::lognormal(double mean, double cv) {
  Distribution d;
  d.kind = "lognormal";
  d.mean = mean;
  d.cv = cv;
  return d;
}

Distribution Distribution::gamma(double mean, double cv) {
  Distribution d = lognormal(mean, cv);
  d.kind = "gamma";
  return d;
}

Distribution Distribution::weibull(double mean, double cv) {
  Distribution d = lognormal(mean, cv);
  d.kind = "weibull";
  return d;
}

Distribution Distribution::exponential(double mean) {
  Distribution d;
  d.kind = "exponential";
  d.mean = mean;
  return d;
}

Distribution Distribution::uniform(double low, double high) {
  Distribution d;
  d.kind = "uniform";
  d.low = low;
  d.high = high;
  return d;
}

double mean_of(const Distribution& distribution) {
  const Sampler sampler(distribution);
  const double whole = sampler.untruncated_mean();
  const bool low = distribution.min.has_value(), high = distribution.max.has_value();
  if (!low && !high) return whole;

  // E[X; p0 < F(X) < p1] by the midpoint rule over the quantile function, where that is bounded.
  const auto part = [&sampler](double p0, double p1) {
    constexpr int kCells = 20'000;
    double sum = 0;
    for (int i = 0; i < kCells; ++i) sum += sampler.quantile(p0 + (p1 - p0) * (i + 0.5) / kCells);
    return sum / kCells * (p1 - p0);
  };
  const double below =
      low ? sampler.probability_below(std::nextafter(*distribution.min, -1e300)) : 0;
  const double upto = high ? sampler.probability_below(*distribution.max) : 1;
  if (upto <= below) return std::clamp(whole, low ? *distribution.min : whole, whole);
  if (!high) return (whole - part(0, below)) / (1 - below);
  return part(below, upto) / (upto - below);
}

bool describe_distribution(Archive& archive, const Field& field, Distribution& value,
                           std::optional<Dimension> dimension, const Range& range) {
  double scalar = value.value.value_or(kNotGiven);
  bool present = false;
  const bool bare = archive.object_or_scalar(field, scalar, dimension, range, [&](Archive& inner) {
    present = true;
    describe_object(inner, value, dimension, range);
  });
  if (bare) value = Distribution::constant(scalar);
  return bare || (present && archive.has(field.key));
}

void describe_distribution(Archive& archive, const Field& field, std::optional<Distribution>& value,
                           std::optional<Dimension> dimension, const Range& range) {
  Distribution held = value.value_or(Distribution{});
  if (describe_distribution(archive, field, held, dimension, range)) value = std::move(held);
}

}  // namespace headroom
