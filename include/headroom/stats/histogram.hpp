#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "headroom/core/units.hpp"

namespace headroom {

/// Counts of times in bins of bounded relative width, with exact sums.
///
/// A value of at least 2^bits ticks falls in one of 2^bits equal bins of its power of two (relative
/// width at most 2^-bits: 0.4 % for 8 bits, 1.6 % for 6); smaller values have a bin each. Binning
/// is integer arithmetic, so it is the same on every machine and in any order of adding. Memory is
/// sparse: one array per power of two that occurs.
class Histogram {
 public:
  explicit Histogram(unsigned bits = 8) : bits_(bits) {}

  /// REQUIRES: value >= 0.
  void add(Ticks value, std::uint64_t times = 1);
  /// Adds first, first + step, ..., `terms` values in all, each `times` times. step >= 0.
  void add_progression(Ticks first, std::int64_t step, std::int64_t terms, std::uint64_t times);
  /// Adds another histogram of the same bits, each of its counts `weight` times.
  void merge(const Histogram& other, double weight = 1.0);

  double count() const { return count_; }
  double sum_s() const;        ///< seconds
  double mean_s() const;       ///< 0 when empty
  double variance_s2() const;  ///< of the sample, n - 1; 0 for fewer than two
  Ticks max() const { return max_; }
  Ticks min() const { return min_; }

  /// Value at rank ceil(p * (count + missing)), where the missing rank above every value, in
  /// seconds, interpolated inside its bin; NaN when the rank falls among the missing or there is
  /// nothing. 0 < p <= 1.
  double quantile_s(double p, double missing = 0) const;
  /// Counted values at most `limit`, interpolated inside its bin.
  double count_at_most(Ticks limit) const;
  unsigned bits() const { return bits_; }

 private:
  struct Page {
    std::vector<double> counts;
  };
  void count_in(std::uint64_t value, double times);

  unsigned bits_;
  double count_ = 0;
  double sum_ = 0;          // ticks
  double sum_squares_ = 0;  // s^2
  Ticks min_ = kNever;
  Ticks max_{0};
  std::vector<Page> pages_;  // by power of two above 2^bits; page 0 holds the small values
};

}  // namespace headroom
