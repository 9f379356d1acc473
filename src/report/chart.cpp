#include <algorithm>
#include <cmath>

#include "headroom/report/format.hpp"

namespace headroom {
namespace {

/// One value a column. A NaN among the values of a column makes it NaN under kMax.
std::vector<double> to_columns(const std::vector<double>& values, std::size_t columns,
                               Combine combine) {
  std::vector<double> result;
  const std::size_t n = values.size();
  if (n == 0) return result;
  for (std::size_t c = 0; c < columns; ++c) {
    const std::size_t from = c * n / columns;
    const std::size_t to = std::max(from + 1, (c + 1) * n / columns);
    double sum = 0;
    double largest = values[from];
    for (std::size_t i = from; i < to; ++i) {
      sum += values[i];
      if (std::isnan(values[i]) || values[i] > largest) largest = values[i];
      if (std::isnan(largest)) break;
    }
    result.push_back(combine == Combine::kMax ? largest : sum / static_cast<double>(to - from));
  }
  return result;
}

std::string cell(long eighths_above, bool unicode) {
  static constexpr const char* kBlocks[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  if (unicode) return kBlocks[std::clamp(eighths_above, 0L, 8L)];
  if (eighths_above <= 0) return " ";
  return eighths_above <= 2 ? "_" : eighths_above <= 5 ? "=" : "#";
}

}  // namespace

std::vector<std::string> draw_chart(const std::vector<double>& values, double top, Combine combine,
                                    const ChartStyle& style) {
  const std::vector<double> columns = to_columns(values, style.columns, combine);
  double scale = top;
  for (const double v : columns) {
    if (!std::isnan(v)) scale = std::max(scale, v);
  }
  std::vector<std::string> lines(style.rows);
  const long full = static_cast<long>(style.rows) * 8;
  for (const double v : columns) {
    long eighths = 0;
    if (!std::isnan(v) && v > 0 && scale > 0) {
      eighths = std::clamp(std::lround(v / scale * static_cast<double>(full)), 1L, full);
    }
    for (std::size_t row = 0; row < style.rows; ++row) {
      const long below = static_cast<long>(style.rows - 1 - row) * 8;
      lines[row] += std::isnan(v) ? "!" : cell(eighths - below, style.unicode);
    }
  }
  return lines;
}

}  // namespace headroom
