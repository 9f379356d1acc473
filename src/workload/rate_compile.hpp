#pragma once

#include <span>
#include <string>
#include <vector>

#include "headroom/workload/config.hpp"
#include "headroom/workload/rate_function.hpp"

namespace headroom {

/// One row of a rate file: from `at_s` (file time) on the rate is rate_per_s.
struct RateRow {
  double at_s = 0;
  double rate_per_s = 0;
};

/// Rate of one class on [0, end). `rows`: of rate.file, sorted, at least one when it is given.
/// Appends issues (E134) when surges repeat too often.
RateFunction compile_rate(const RateConfig& rate, std::span<const RateRow> rows, double start_utc_s,
                          Ticks end, const std::string& pointer, std::vector<Issue>& issues);

/// Seconds since the run's start.
double since_start(const json::TimePoint& at, double start_utc_s);

/// Values of a built-in profile by hour (24, or 168 from Monday 00:00 UTC), mean about 1; empty
/// when there is no such profile. REQUIRES nothing; "flat" gives {1, ..., 1}.
std::vector<double> profile_values(const std::string& name);

}  // namespace headroom
