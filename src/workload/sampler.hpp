#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "headroom/core/random.hpp"
#include "headroom/workload/distribution.hpp"

namespace headroom {

/// Piecewise linear quantile function: x at probability p.
class QuantileTable {
 public:
  QuantileTable() = default;
  /// REQUIRES: as many of both, at least 2; probabilities rise from 0 to 1; quantiles do not fall.
  QuantileTable(std::vector<double> probabilities, std::vector<double> quantiles);

  double operator()(double p) const;
  double mean() const;

 private:
  std::vector<double> probabilities_, quantiles_;
  /// guide_[k]: where to start looking for p in [k, k + 1) / size, so that a look-up is a step or
  /// two rather than a binary search.
  std::vector<std::uint32_t> guide_;
};

/// Shape k of the Weibull distribution whose coefficient of variation is cv:
/// cv^2 = G(1 + 2/k) / G(1 + 1/k)^2 - 1, solved by bisection.
/// REQUIRES: 0.01 <= cv <= 100.
double weibull_shape(double cv);

/// A Distribution with its constants worked out, ready to draw.
class Sampler {
 public:
  Sampler() = default;
  explicit Sampler(const Distribution& distribution);

  double operator()(RandomStream& random) const;
  /// One draw for each of `out`, one after the other from the same stream.
  void fill(RandomStream& random, std::span<double> out) const;
  /// One draw for each entity from the stream of its own.
  void fill(const StreamKey& key, Purpose purpose, std::uint32_t kind,
            std::span<const std::uint64_t> entities, std::span<double> out) const;
  /// Mean without regard to min and max.
  double untruncated_mean() const;
  /// Distribution function and its inverse, without regard to min and max.
  double probability_below(double x) const;
  double quantile(double p) const;

 private:
  enum class Kind {
    kConstant,
    kLognormal,
    kGamma,
    kWeibull,
    kExponential,
    kUniform,
    kBeta,
    kQuantiles,
    kValues
  };
  double draw(RandomStream& random) const;
  double bounded(double x, RandomStream& random) const;

  Kind kind_ = Kind::kConstant;
  // Constant: a. Lognormal: mu, sigma. Gamma, Weibull: shape, scale. Exponential: mean.
  // Uniform: low, high. Beta: alpha, beta.
  double a_ = 0, b_ = 0;
  bool bounded_ = false;
  double min_ = 0, max_ = 0;
  std::shared_ptr<const QuantileTable> quantiles_;
  std::shared_ptr<const std::vector<double>> values_, cumulative_;  // kValues
};

}  // namespace headroom
