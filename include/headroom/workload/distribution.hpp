#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "headroom/core/random.hpp"
#include "headroom/json/archive.hpp"

namespace headroom {

/// A distribution as a scenario writes it. Which fields count depends on `kind`:
///
/// - constant: value.
/// - lognormal: (mean, cv), (mean, p50 < mean) or (mu, sigma), the parameters of ln x.
/// - gamma, weibull: mean, cv (standard deviation / mean).
/// - exponential: mean.
/// - uniform: low <= high.
/// - beta: alpha, beta > 0, on [0, 1].
/// - empirical: `quantiles` at `probabilities` (from 0 to 1, both rising; between them linear), or
///   `values` with `weights` (no weights: all alike).
///
/// With `min` or `max` the distribution is conditioned on lying between them: a draw outside is
/// drawn again (at most 64 times, then it is set to the nearer bound), so the mean moves.
struct Distribution {
  std::string kind = "constant";
  std::optional<double> value, mean, cv, p50, mu, sigma, low, high, alpha, beta;
  std::vector<double> probabilities, quantiles, values, weights;
  std::optional<double> min, max;

  static Distribution constant(double value);
  static Distribution lognormal(double mean, double cv);
  static Distribution gamma(double mean, double cv);
  static Distribution weibull(double mean, double cv);
  static Distribution exponential(double mean);
  static Distribution uniform(double low, double high);
};

/// Mean of the distribution, in its own unit. Exact for the plain kinds; with min or max it is
/// integrated over the quantile function (relative error below 1e-3).
/// REQUIRES: a valid distribution (describe checks it).
double mean_of(const Distribution& distribution);

/// Draws from the distribution, again and again. Holds its worked-out constants.
/// REQUIRES: a valid distribution.
std::function<double(RandomStream&)> sampler_of(const Distribution& distribution);

/// Describes a field that holds a distribution, or one bare value for a constant:
/// "output_tokens": 250, "patience": "120s". `dimension` is that of the values (none: plain
/// numbers); `range` bounds every value. Returns whether the field was there.
bool describe_distribution(json::Archive& archive, const json::Field& field, Distribution& value,
                           std::optional<json::Dimension> dimension, const json::Range& range);
/// As above for a field that may be left out.
void describe_distribution(json::Archive& archive, const json::Field& field,
                           std::optional<Distribution>& value,
                           std::optional<json::Dimension> dimension, const json::Range& range);

}  // namespace headroom
