#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "headroom/core/units.hpp"

namespace headroom {

/// A rate over time, requests per second, piecewise linear with jumps, from 0 to its end. Its
/// integral is exact, and a RateCursor inverts it by walking.
class RateFunction {
 public:
  struct Segment {
    Ticks start{0};
    double rate_per_s = 0;    ///< at its start
    double slope_per_s2 = 0;  ///< 0 where the rate is constant
    double length_s = 0;
    double mass = 0;         ///< integral over it: expected requests
    double mass_before = 0;  ///< integral from 0 to its start
  };

  RateFunction() = default;
  static RateFunction constant(double rate_per_s, Ticks end);

  /// Adds a segment behind the last, with the rate at its two ends.
  /// REQUIRES: length > 0; rates finite and >= 0.
  void append(Ticks length, double rate_at_start, double rate_at_end);

  /// The same shape, `factor` times as high. REQUIRES: factor >= 0.
  RateFunction scaled(double factor) const;

  /// Requests per second at t, the right limit at a jump; 0 outside [0, end).
  double value(double t_s) const;
  /// Expected requests in [from, to).
  double integral(double from_s, double to_s) const;
  double total() const;
  double max() const;
  Ticks end() const { return end_; }
  std::span<const Segment> segments() const { return segments_; }

 private:
  double mass_before(double t_s) const;
  std::size_t segment_at(double t_s) const;

  std::vector<Segment> segments_;
  Ticks end_{0};
};

/// Walks along the integral of a rate: after advance(g1), ..., advance(gk) it stands where the
/// integral is g1 + ... + gk.
class RateCursor {
 public:
  /// The function must outlive the cursor.
  explicit RateCursor(const RateFunction& rate) : rate_(&rate) {}

  /// Moves on by `mass` >= 0 of the integral; `at` never goes back. False, and stays at the end,
  /// when there is not so much.
  bool advance(double mass, Ticks& at);

 private:
  const RateFunction* rate_;
  std::size_t segment_ = 0;
  double used_ = 0;  // mass of this segment that is behind us
  Ticks reached_{0};
};

}  // namespace headroom
