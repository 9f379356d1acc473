#pragma once

#include <vector>

#include "headroom/core/units.hpp"
#include "headroom/workload/rate_function.hpp"

namespace headroom {

/// How a piece goes from its first to its last value, x = 0..1 along it.
enum class Rise {
  kLinear,            ///< x
  kExponential,       ///< (100^x - 1) / 99: slow, then steep
  kLogistic,          ///< logistic curve between its 0.25 % and 99.75 % points, rescaled to 0..1
  kExponentialDecay,  ///< 1 - exp(-12 x): steep, then slow
  kGeometric,         ///< from x (to / from)^x: constant relative growth
};

/// A function of time, smooth between the starts of its pieces.
class Curve {
 public:
  struct Piece {
    double start_s = 0;
    double length_s = 0;  ///< over which it goes from `from` to `to`; beyond it stays at `to`
    double from = 0, to = 0;
    Rise rise = Rise::kLinear;

    double value(double t_s) const;
  };

  /// `before` holds until the first piece.
  explicit Curve(double before) { pieces_.push_back({-1e18, 0, before, before}); }

  /// REQUIRES: starts are added in order; of equal starts the last one counts.
  void add(const Piece& piece);
  /// A piece that stays at `value`.
  void hold(double start_s, double value) { add({start_s, 0, value, value}); }

  const Piece& piece_at(double t_s) const;
  const std::vector<Piece>& pieces() const { return pieces_; }

 private:
  std::vector<Piece> pieces_;
};

/// product of `factors` + sum of `terms`, as a piecewise linear rate on [0, end).
///
/// Exact where the result is linear between the starts of the pieces. Elsewhere it is cut until the
/// chord is within 2e-4 of the curve, relative to the curve's largest value on that chord: the
/// integral is then off by less than 1.4e-4, since a chord's mean error is two thirds of its
/// largest (for a parabola).
RateFunction combine(const std::vector<Curve>& factors, const std::vector<Curve>& terms, Ticks end);

}  // namespace headroom
