#pragma once

#include <string>
#include <vector>

#include "html/time_chart.hpp"

namespace headroom::html {

/// What the script draws its charts from: JSON that holds no "<", so that nothing in it can end the
/// element it stands in.
class ChartData {
 public:
  /// `top`: as for draw_time_chart.
  void add(const View& view, const TimeChart& chart, double top);
  std::string json() const;
  /// Bins that one entry of the thinnest line stands for; 1: every bin is there.
  std::size_t largest_group() const { return largest_group_; }

 private:
  Json charts_ = Json::array();
  std::size_t largest_group_ = 1;
};

}  // namespace headroom::html
