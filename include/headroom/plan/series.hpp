#pragma once

#include <cstddef>
#include <limits>
#include <vector>

namespace headroom {

/// What is said of one statistic over the replications. Numbers are NaN where there is none:
/// `value` when it is censored in any replication or no replication had one; `low`, `high` (two-
/// sided Student t interval of the mean) with fewer than two values as well.
struct Estimate {
  double value = std::numeric_limits<double>::quiet_NaN();
  double low = std::numeric_limits<double>::quiet_NaN();
  double high = std::numeric_limits<double>::quiet_NaN();
  double smallest = std::numeric_limits<double>::quiet_NaN();  ///< over replications that have it
  double largest = std::numeric_limits<double>::quiet_NaN();
  std::size_t values = 0;    ///< replications that have a value
  std::size_t censored = 0;  ///< replications in which it ranks among the lost or never came
  std::size_t empty = 0;     ///< replications without any request it could be said of

  bool has_value() const { return values > 0 && censored == 0; }
};

/// One statistic, a value a replication, in order of the replications.
class Series {
 public:
  /// A value; NaN counts as censored.
  void add(double value);
  void add_censored() { add(std::numeric_limits<double>::quiet_NaN()); }
  void add_empty() { ++empty_; }

  /// Mean over the replications with its interval at `confidence` (0.95 = 95 %). Replications
  /// without any request are left out; a censored one makes the whole censored.
  Estimate estimate(double confidence) const;

  /// One-sided bound of the mean at `confidence`: above (upper) or below it; the mean itself with
  /// fewer than two values; NaN when censored or without values.
  double upper_bound(double confidence) const;
  double lower_bound(double confidence) const;

  const std::vector<double>& values() const { return values_; }
  /// One entry a replication, NaN where it is censored. Those without any request are left out.
  const std::vector<double>& by_replication() const { return by_replication_; }
  std::size_t censored() const { return censored_; }
  std::size_t empty() const { return empty_; }

 private:
  double margin(double quantile) const;

  std::vector<double> values_;
  std::vector<double> by_replication_;
  std::size_t censored_ = 0;
  std::size_t empty_ = 0;
};

/// Quantile of Student's t distribution. REQUIRES: 0 < p < 1; degrees_of_freedom > 0.
double student_t_quantile(double p, double degrees_of_freedom);

/// Level of each one-sided bound when `targets` targets are judged together, so that all hold at
/// `confidence`: 1 - (1 - confidence) / targets (Bonferroni). REQUIRES: targets >= 1.
double bonferroni_level(double confidence, std::size_t targets);

/// Middle value, the mean of the two middle ones for an even number; NaN when empty.
double median(std::vector<double> values);

}  // namespace headroom
