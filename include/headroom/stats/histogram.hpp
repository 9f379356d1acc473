#pragma once

#include <bit>
#include <cstdint>
#include <vector>

#include "headroom/core/check.hpp"
#include "headroom/core/units.hpp"

namespace headroom {

/// The times first, first + step, ..., sorted into the bins of a Histogram once, to be added to as
/// many of them as they concern.
class Progression {
 public:
  explicit Progression(unsigned bits = 8) : bits_(bits) {}

  /// REQUIRES: first >= 0, step >= 0, terms >= 1.
  void set(Ticks first, std::int64_t step, std::int64_t terms);

 private:
  friend class Histogram;
  struct Part {
    std::uint64_t bin;
    double terms;
  };
  void split(std::int64_t step, std::int64_t terms);

  unsigned bits_;
  Ticks first_{0}, last_{0};
  std::uint64_t first_bin_ = 0, last_bin_ = 0;
  double terms_ = 0, sum_ = 0, sum_squares_ = 0;  // ticks, ticks^2
  std::vector<Part> parts_;                       // where there is more than one bin
};

/// Counts of times in bins of bounded relative width, with exact count, minimum and maximum.
///
/// A value of at least 2^bits ticks falls in one of 2^bits equal bins of its power of two (relative
/// width at most 2^-bits: 0.4 % for 8 bits, 1.6 % for 6); smaller values have a bin each. Binning
/// is integer arithmetic on the tick count, so it is the same on every machine and for any order of
/// adding, and costs a shift where a logarithmic axis costs a logarithm. Memory covers the powers
/// of two between the smallest and the largest value seen.
class Histogram {
 public:
  explicit Histogram(unsigned bits = 8) : bits_(bits) {}

  /// Adds `value` once. REQUIRES: value >= 0.
  void add(Ticks value) { add(value, 1); }

  /// Adds `value` so many times. REQUIRES: value >= 0.
  /// Not inlined, as the next add(): one copy in the instruction cache is worth more than a call.
  [[gnu::noinline]] void add(Ticks value, double times) {
    const std::uint64_t bin = bin_of(value.count);
    if (bin - first_bin_ >= counts_.size()) {  // below the first one as well
      add_beyond(value, times);
      return;
    }
    counts_[bin - first_bin_] += times;
    count_ += times;
    const auto v = static_cast<double>(value.count);
    sum_ += times * v;
    sum_squares_ += times * (v * v);
    if (value < min_) min_ = value;
    if (value > max_) max_ = value;
  }

  /// Adds every value of a progression so many times. REQUIRES: its bits are this histogram's.
  [[gnu::noinline]] void add(const Progression& values, double times) {
    HEADROOM_DCHECK(values.bits_ == bits_, "a progression is sorted into a histogram's own bins");
    if (values.first_bin_ < first_bin_ || values.last_bin_ - first_bin_ >= counts_.size()) {
      cover(values.first_bin_);
      cover(values.last_bin_);
    }
    if (values.first_bin_ == values.last_bin_) {
      counts_[values.first_bin_ - first_bin_] += values.terms_ * times;
    } else {
      add_split(values, times);
    }
    count_ += values.terms_ * times;
    sum_ += times * values.sum_;
    sum_squares_ += times * values.sum_squares_;
    if (values.first_ < min_) min_ = values.first_;
    if (values.last_ > max_) max_ = values.last_;
  }

  /// Adds another histogram of the same bits, each of its counts `weight` times.
  void merge(const Histogram& other, double weight = 1.0);

  double count() const { return count_; }
  double sum_s() const;               ///< seconds
  double mean_s() const;              ///< seconds; 0 when empty
  double variance_s2() const;         ///< of the sample (n - 1), s^2; 0 for fewer than two
  Ticks max() const { return max_; }  ///< 0 when empty
  Ticks min() const { return min_; }  ///< kNever when empty
  unsigned bits() const { return bits_; }

  /// Value at rank ceil(p * (count + missing)), where the missing rank above every value, in
  /// seconds, interpolated inside its bin; NaN when the rank falls among the missing or when there
  /// is nothing. REQUIRES: 0 < p <= 1.
  double quantile_s(double p, double missing = 0) const;

  /// How many of the counted values are at most `limit`, interpolated inside its bin.
  double count_at_most(Ticks limit) const;

 private:
  friend class Progression;
  static std::uint64_t bin_of(std::int64_t value, unsigned bits) {
    const auto v = static_cast<std::uint64_t>(value);
    // The highest bit that counts; for a value that is its own bin the one that makes shift 0.
    const auto top = static_cast<unsigned>(std::bit_width(v | (std::uint64_t{1} << bits)));
    const unsigned shift = top - bits - 1;
    return (static_cast<std::uint64_t>(shift) << bits) + (v >> shift);
  }
  /// Smallest value of a bin; the first value beyond it is lower_edge(bin + 1).
  static std::uint64_t lower_edge(std::uint64_t bin, unsigned bits) {
    const std::uint64_t per_octave = std::uint64_t{1} << bits;
    if (bin < 2 * per_octave) return bin;
    const std::uint64_t shift = (bin >> bits) - 1;
    return (bin - (shift << bits)) << shift;
  }
  std::uint64_t bin_of(std::int64_t value) const { return bin_of(value, bits_); }
  std::uint64_t lower_edge(std::uint64_t bin) const { return lower_edge(bin, bits_); }
  /// Grows the covered range, in whole powers of two, to include `bin`.
  void cover(std::uint64_t bin);
  /// add() of a value outside the covered range.
  void add_beyond(Ticks value, double times);
  void add_split(const Progression& values, double times);

  unsigned bits_;
  std::uint64_t first_bin_ = 0;  // bin of counts_[0], a multiple of 2^bits
  std::vector<double> counts_;
  double count_ = 0;
  double sum_ = 0;          // ticks
  double sum_squares_ = 0;  // ticks^2
  Ticks min_ = kNever;
  Ticks max_{0};
};

}  // namespace headroom
