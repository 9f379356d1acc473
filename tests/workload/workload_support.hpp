#pragma once

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "headroom/workload/compiled.hpp"
#include "headroom/workload/config.hpp"
#include "headroom/workload/request_stream.hpp"

namespace headroom::testing {

inline Ticks ticks_of(double s) { return ticks_from_seconds(s); }

/// One class with a constant rate and fixed lengths, from Monday 6 January 2025, 00:00 UTC.
inline WorkloadConfig plain_demand(double rate_per_s, double end_s) {
  WorkloadConfig config;
  config.start_utc_s = 1736121600;
  config.demand_end = ticks_of(end_s);
  config.classes.resize(1);
  config.classes[0].name = "chat";
  config.classes[0].rate.base_per_s = rate_per_s;
  config.classes[0].prompt_tokens = Distribution::constant(100);
  config.classes[0].output_tokens = Distribution::constant(10);
  return config;
}

/// The rate of class 0.
inline RateFunction rate_of(const WorkloadConfig& config) {
  return compile(config)->rate(ClassId{0});
}

inline std::vector<Request> all_requests(const WorkloadConfig& config,
                                         const RunKey& key = {1, 0, 0}, double share = 1.0,
                                         double multiplier = 1.0, double offset = 0.0) {
  RequestStream stream(config, key, share, multiplier, offset);
  std::vector<Request> requests;
  Request request;
  while (stream.next(request)) requests.push_back(request);
  return requests;
}

struct Moments {
  double mean = 0, cv = 0;
  std::size_t count = 0;
};

inline Moments moments(const std::vector<double>& values) {
  Moments m;
  m.count = values.size();
  for (const double x : values) m.mean += x / static_cast<double>(values.size());
  double squares = 0;
  for (const double x : values) squares += (x - m.mean) * (x - m.mean);
  m.cv = std::sqrt(squares / static_cast<double>(values.size() - 1)) / m.mean;
  return m;
}

}  // namespace headroom::testing
