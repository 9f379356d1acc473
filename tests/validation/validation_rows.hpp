#pragma once

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <string>

#include "queue_case.hpp"
#include "support/catch.hpp"

namespace headroom::validation {

/// With HEADROOM_VALIDATION_ROWS=FILE every check also appends a row of docs/validation.md to FILE.
inline void append_row(const std::string& what, const Interval& interval, double expected) {
  const char* path = std::getenv("HEADROOM_VALIDATION_ROWS");
  if (path == nullptr) return;
  std::ofstream(path, std::ios::app)
      << fmt::format("| {} | {:.4g} | {:.4g} | {:.2g} | {} |\n", what, expected, interval.mean,
                     interval.half_width, interval.contains(expected) ? "yes" : "**no**");
}

inline void check_value(const std::string& what, const Interval& interval, double expected,
                        double widest_share) {
  append_row(what, interval, expected);
  INFO(what << ": expected " << expected << ", got " << interval.mean << " +- "
            << interval.half_width);
  CHECK(interval.contains(expected));
  CHECK(interval.half_width <= widest_share * std::abs(expected));
}

}  // namespace headroom::validation
