#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace headroom {

/// One field of a scenario and the values it takes, in order.
struct Axis {
  std::string path;                 ///< dotted, as --set takes it
  std::vector<std::string> values;  ///< as --set takes them
};

/// Points an axis or a grid may have; more is a slip of the keyboard.
inline constexpr std::size_t kMostPoints = 10'000;

/// Reads PATH=FIRST..LAST, PATH=FIRST..LAST:STEP (whole or decimal numbers, LAST included when a
/// step meets it) or PATH=A,B,C. A unit may stand behind FIRST or LAST ("10/s..40/s:10"). Nothing,
/// and `problem` says why, when it is none of these.
std::optional<Axis> parse_axis(const std::string& text, std::string& problem);

/// Every combination, the last axis fastest: point[i] is axis i's value.
std::vector<std::vector<std::string>> grid_points(const std::vector<Axis>& axes);

}  // namespace headroom
