#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace headroom::html {

/// Round values from 0 up to at most `top`, evenly spaced, at most `most` of them beside 0. Seconds
/// from a minute on go by minutes and hours.
std::vector<double> value_ticks(double top, std::string_view unit, std::size_t most = 4);
/// The smallest of 1, 2, 5, 10, 15, 30 s, the same in minutes, 1 h ... 12 h, whole days that is at
/// least `least_s`.
double round_duration(double least_s);
/// A number for an SVG attribute: one decimal, none when it is whole.
std::string coordinate(double value);
/// "12.34%".
std::string percent(double share);

}  // namespace headroom::html
