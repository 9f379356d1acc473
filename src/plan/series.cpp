#include "headroom/plan/series.hpp"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>

#include "headroom/core/check.hpp"

namespace headroom {
namespace {

constexpr double kNoNumber = std::numeric_limits<double>::quiet_NaN();

double mean_of_values(const std::vector<double>& values) {
  double sum = 0;
  for (const double v : values) sum += v;
  return sum / static_cast<double>(values.size());
}

}  // namespace

double student_t_quantile(double p, double degrees_of_freedom) {
  return boost::math::quantile(boost::math::students_t(degrees_of_freedom), p);
}

double bonferroni_level(double confidence, std::size_t targets) {
  HEADROOM_CHECK(targets >= 1, "a level is asked for at least one target");
  return 1.0 - (1.0 - confidence) / static_cast<double>(targets);
}

double median(std::vector<double> values) {
  if (values.empty()) return kNoNumber;
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

void Series::add(double value) {
  by_replication_.push_back(value);
  if (std::isnan(value)) {
    ++censored_;
  } else {
    values_.push_back(value);
  }
}

double Series::margin(double quantile) const {
  const auto n = static_cast<double>(values_.size());
  const double mean = mean_of_values(values_);
  double squares = 0;
  for (const double v : values_) squares += (v - mean) * (v - mean);
  // Equal values have no spread; asking for it would only bring rounding into the bound.
  if (std::all_of(values_.begin(), values_.end(), [&](double v) { return v == values_[0]; })) {
    return 0;
  }
  return student_t_quantile(quantile, n - 1) * std::sqrt(squares / (n - 1) / n);
}

Estimate Series::estimate(double confidence) const {
  Estimate result;
  result.values = values_.size();
  result.censored = censored_;
  result.empty = empty_;
  if (values_.empty()) return result;
  result.smallest = *std::min_element(values_.begin(), values_.end());
  result.largest = *std::max_element(values_.begin(), values_.end());
  if (censored_ > 0) return result;
  result.value = mean_of_values(values_);
  if (values_.size() >= 2) {
    const double half_width = margin(1 - (1 - confidence) / 2);
    result.low = result.value - half_width;
    result.high = result.value + half_width;
  }
  return result;
}

double Series::upper_bound(double confidence) const {
  if (values_.empty() || censored_ > 0) return kNoNumber;
  const double mean = mean_of_values(values_);
  return values_.size() < 2 ? mean : mean + margin(confidence);
}

double Series::lower_bound(double confidence) const {
  if (values_.empty() || censored_ > 0) return kNoNumber;
  const double mean = mean_of_values(values_);
  return values_.size() < 2 ? mean : mean - margin(confidence);
}

}  // namespace headroom
