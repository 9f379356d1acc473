#pragma once

#include <string>
#include <vector>

#include "checked_json.hpp"
#include "headroom/report/report.hpp"

/// What the screens of a run and of a plan have in common, read from a report's JSON.
namespace headroom {

/// A number; NaN for anything else.
double real(const Json& value);
/// A text; empty for anything else.
std::string word(const Json& value);

/// Times of the report as a reader wants them: by the clock when the scenario is dated.
class Clock {
 public:
  explicit Clock(const Json& report);
  /// "04-01 12:40 UTC", "12m 00s", or with busy periods "month 5, 12:40 UTC".
  std::string moment(double at_s) const;
  /// Shorter, for an axis.
  std::string tick(double at_s) const;

 private:
  bool dated_ = false;
  double start_s_ = 0;
  std::string period_;  ///< the busy period that is shown
};

/// "p95 queue delay, image, spike".
std::string target_name(const Json& target);
/// "0.72 s", or what stands for a value that there is not.
std::string target_value(const Json& target);
/// "<= 2 s".
std::string target_limit(const Json& target);
/// "[0.61 s, 0.85 s]"; empty without an interval.
std::string target_interval(const Json& target);

/// Demand and p95 queue delay over the report's timeline with a common axis, `height` rows each and
/// an empty line at the end; nothing for a timeline of one bin.
std::vector<std::string> timeline_charts(const Json& report, const Clock& clock,
                                         const TextStyle& style, std::size_t height);

/// "  assumptions   6 of 9 sourced values ..."; empty without any.
std::string assumptions_line(const Json& report);
/// The first warnings, two lines each at most, and how many there are more.
std::vector<std::string> warning_lines(const Json& report, std::size_t most,
                                       const TextStyle& style);

}  // namespace headroom
