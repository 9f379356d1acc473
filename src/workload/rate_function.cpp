#include "headroom/workload/rate_function.hpp"

#include <algorithm>
#include <cmath>

#include "headroom/core/check.hpp"

namespace headroom {

RateFunction RateFunction::constant(double rate_per_s, Ticks end) {
  RateFunction rate;
  if (end.count > 0) rate.append(end, rate_per_s, rate_per_s);
  return rate;
}

void RateFunction::append(Ticks length, double rate_at_start, double rate_at_end) {
  HEADROOM_CHECK(length.count > 0 && rate_at_start >= 0 && rate_at_end >= 0,
                 "a rate segment has a length and rates of at least 0");
  Segment segment;
  segment.start = end_;
  segment.rate_per_s = rate_at_start;
  segment.length_s = seconds(length);
  segment.slope_per_s2 = (rate_at_end - rate_at_start) / segment.length_s;
  segment.mass = (rate_at_start + rate_at_end) / 2 * segment.length_s;
  segment.mass_before = total();
  segments_.push_back(segment);
  end_ += length;
}

RateFunction RateFunction::scaled(double factor) const {
  HEADROOM_CHECK(factor >= 0, "a rate is not negative");
  RateFunction rate = *this;
  for (Segment& segment : rate.segments_) {
    segment.rate_per_s *= factor;
    segment.slope_per_s2 *= factor;
    segment.mass *= factor;
    segment.mass_before *= factor;
  }
  return rate;
}

std::size_t RateFunction::segment_at(double t_s) const {
  const auto after =
      std::upper_bound(segments_.begin(), segments_.end(), t_s,
                       [](double t, const Segment& segment) { return t < seconds(segment.start); });
  return after == segments_.begin() ? 0 : static_cast<std::size_t>(after - segments_.begin()) - 1;
}

double RateFunction::value(double t_s) const {
  if (t_s < 0 || t_s >= seconds(end_)) return 0;
  const Segment& segment = segments_[segment_at(t_s)];
  return segment.rate_per_s + segment.slope_per_s2 * (t_s - seconds(segment.start));
}

double RateFunction::mass_before(double t_s) const {
  if (segments_.empty() || t_s <= 0) return 0;
  const Segment& segment = segments_[segment_at(t_s)];
  const double dt = std::min(t_s - seconds(segment.start), segment.length_s);
  return segment.mass_before + dt * (segment.rate_per_s + segment.slope_per_s2 * dt / 2);
}

double RateFunction::integral(double from_s, double to_s) const {
  return to_s <= from_s ? 0 : mass_before(to_s) - mass_before(from_s);
}

double RateFunction::total() const {
  return segments_.empty() ? 0 : segments_.back().mass_before + segments_.back().mass;
}

double RateFunction::max() const {
  double most = 0;
  for (const Segment& s : segments_) {
    most = std::max({most, s.rate_per_s, s.rate_per_s + s.slope_per_s2 * s.length_s});
  }
  return most;
}

bool RateCursor::advance(double mass, Ticks& at) {
  const auto segments = rate_->segments();
  used_ += mass;
  while (segment_ < segments.size() && used_ >= segments[segment_].mass) {
    used_ -= segments[segment_].mass;
    ++segment_;
  }
  if (segment_ == segments.size()) {
    used_ = 0;
    return false;
  }
  const RateFunction::Segment& s = segments[segment_];
  // Inverse of m = r dt + slope dt^2 / 2, in the form that does not cancel for small slopes.
  double dt = 0;
  if (s.slope_per_s2 == 0) {
    dt = used_ / s.rate_per_s;
  } else if (used_ > 0) {
    const double squared = s.rate_per_s * s.rate_per_s + 2 * s.slope_per_s2 * used_;
    dt = 2 * used_ / (s.rate_per_s + std::sqrt(std::max(0.0, squared)));
  }
  // Rounding must not carry the last request of a segment, or of the demand, beyond its end.
  const Ticks last =
      (segment_ + 1 < segments.size() ? segments[segment_ + 1].start : rate_->end()) - Ticks{1};
  // And of two masses that differ by a rounding the larger may have the smaller root.
  reached_ = std::max(reached_, std::min(s.start + ticks_from_seconds(dt), last));
  at = reached_;
  return true;
}

}  // namespace headroom
