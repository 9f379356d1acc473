#include "html/scale.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>

namespace headroom::html {
namespace {

double round_number(double least) {
  const double power = std::pow(10.0, std::floor(std::log10(least)));
  for (const double digit : {1.0, 2.0, 2.5, 5.0, 10.0}) {
    if (digit * power >= least * (1 - 1e-9)) return digit * power;
  }
  return 10 * power;
}

}  // namespace

double round_duration(double least_s) {
  constexpr double kDay = 86'400;
  for (const double step :
       {1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1'800.0, 3'600.0,
        7'200.0, 10'800.0, 14'400.0, 21'600.0, 43'200.0, kDay}) {
    if (step >= least_s) return step;
  }
  return kDay * std::ceil(least_s / kDay);
}

std::vector<double> value_ticks(double top, std::string_view unit, std::size_t most) {
  std::vector<double> ticks{0.0};
  if (!(top > 0)) return ticks;
  const double least = top / static_cast<double>(most);
  const double step = unit == "s" && least > 5 ? round_duration(least) : round_number(least);
  for (std::size_t i = 1; step * static_cast<double>(i) <= top * (1 + 1e-9); ++i) {
    ticks.push_back(step * static_cast<double>(i));
  }
  return ticks;
}

std::string coordinate(double value) {
  const double tenths = std::round(value * 10);
  if (tenths == 0) return "0";
  std::string text = fmt::format("{:.1f}", tenths / 10);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text;
}

std::string percent(double share) {
  std::string text = fmt::format("{:.2f}", share * 100);
  while (text.ends_with('0')) text.pop_back();
  if (text.ends_with('.')) text.pop_back();
  return text + "%";
}

}  // namespace headroom::html
