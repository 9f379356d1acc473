#include "headroom/scenario/axis.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <string_view>

namespace headroom {
namespace {

/// A number and what stands behind it.
struct Measured {
  double number = 0;
  std::string unit;
};

std::optional<Measured> parse_measured(std::string_view text) {
  Measured measured;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, measured.number);
  if (error != std::errc{} || !std::isfinite(measured.number)) return std::nullopt;
  measured.unit.assign(rest, end);
  return measured;
}

std::string written(double number, const std::string& unit) {
  // Twelve digits: 0.1 + 2 x 0.1 is 0.3 to whoever wrote the axis.
  return fmt::format("{:.12g}{}", number, unit);
}

/// FIRST..LAST[:STEP]; nothing, without a problem, when `text` has no "..".
std::optional<std::vector<std::string>> parse_range(const std::string& text, std::string& problem) {
  const std::size_t dots = text.find("..");
  if (dots == std::string::npos) return std::nullopt;
  const std::size_t colon = text.find(':', dots);
  const auto first = parse_measured(text.substr(0, dots));
  const auto last =
      parse_measured(text.substr(dots + 2, colon == std::string::npos ? colon : colon - dots - 2));
  const auto step =
      colon == std::string::npos ? Measured{1, ""} : parse_measured(text.substr(colon + 1));
  if (!first || !last || !step) {
    problem = "'" + text + "' should read FIRST..LAST or FIRST..LAST:STEP in numbers";
    return std::nullopt;
  }
  const std::string unit = first->unit.empty() ? last->unit : first->unit;
  for (const std::string& other : {last->unit, step->unit}) {
    if (other.empty() || other == unit) continue;
    problem = "'" + text + "' mixes the units '" + unit + "' and '" + other + "'";
    return std::nullopt;
  }
  const double steps = (last->number - first->number) / step->number;
  if (!(step->number != 0) || !(steps >= 0)) {
    problem = "'" + text + "' never gets from its first value to its last";
    return std::nullopt;
  }
  if (steps >= static_cast<double>(kMostPoints)) {
    problem = fmt::format("'{}' has more than {} values", text, kMostPoints);
    return std::nullopt;
  }
  std::vector<std::string> values;
  // A billionth of a step more: 0.1..0.3:0.1 is three values though 0.2 / 0.1 is a little less.
  const auto whole = static_cast<std::size_t>(steps + 1e-9);
  for (std::size_t i = 0; i <= whole; ++i) {
    values.push_back(written(first->number + static_cast<double>(i) * step->number, unit));
  }
  return values;
}

std::vector<std::string> split_commas(const std::string& text) {
  std::vector<std::string> parts;
  std::size_t from = 0;
  while (true) {
    const std::size_t comma = text.find(',', from);
    parts.push_back(text.substr(from, comma - from));
    if (comma == std::string::npos) return parts;
    from = comma + 1;
  }
}

}  // namespace

std::optional<Axis> parse_axis(const std::string& text, std::string& problem) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == text.size()) {
    problem = "'" + text + "' should read PATH=FIRST..LAST:STEP or PATH=A,B,C";
    return std::nullopt;
  }
  Axis axis{text.substr(0, equals), {}};
  const std::string values = text.substr(equals + 1);
  problem.clear();
  if (auto range = parse_range(values, problem)) {
    axis.values = std::move(*range);
    return axis;
  }
  if (!problem.empty()) return std::nullopt;
  axis.values = split_commas(values);
  for (const std::string& value : axis.values) {
    if (!value.empty()) continue;
    problem = "'" + text + "' has an empty value";
    return std::nullopt;
  }
  return axis;
}

std::vector<std::vector<std::string>> grid_points(const std::vector<Axis>& axes) {
  std::vector<std::vector<std::string>> points{{}};
  for (const Axis& axis : axes) {
    std::vector<std::vector<std::string>> longer;
    for (const auto& point : points) {
      for (const std::string& value : axis.values) {
        longer.push_back(point);
        longer.back().push_back(value);
      }
    }
    points = std::move(longer);
  }
  return points;
}

}  // namespace headroom
