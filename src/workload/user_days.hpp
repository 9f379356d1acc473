#pragma once

#include <cstdint>
#include <vector>

#include "headroom/core/random.hpp"
#include "headroom/workload/config.hpp"
#include "headroom/workload/rate_function.hpp"

namespace headroom {

/// How many requests one user makes a day, as a request sees it. A declared number per user is
/// rounded, at least 1; a request is one of a user with n of them in proportion to n.
class UserDays {
 public:
  UserDays() = default;
  explicit UserDays(const Distribution& requests_per_user);

  /// Requests of the day of one request's user, that one included.
  std::int32_t size(double u) const;
  /// E[min(N, quota)] / E[N].
  double share_within(std::int64_t quota) const;

 private:
  std::vector<double> below_;  ///< [n - 1]: share of the requests whose user makes n or fewer
};

/// Successes among n independent trials, by inversion, 500 trials to a uniform number.
std::int32_t draw_binomial(RandomStream& random, std::int32_t n, double p);

/// Where in its day the demand stands. Days begin at 00:00 UTC less utc_offset. What of a day lies
/// outside the run counts at the mean rate of the part inside.
class DayShare {
 public:
  DayShare() = default;
  DayShare(double start_utc_s, double utc_offset_s) : clock_s_(start_utc_s + utc_offset_s) {}

  /// Share of the day's expected requests that come before t. Cheapest when t does not fall.
  double before(const RateFunction& rate, double t_s);

 private:
  double clock_s_ = 0;            ///< local time at time 0 of the run
  double from_s_ = 0, to_s_ = 0;  ///< the day, in the run's time; empty at first
  double inside_from_s_ = 0;
  double mass_ = 0, rate_outside_ = 0;
};

}  // namespace headroom
