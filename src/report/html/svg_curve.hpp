#pragma once

#include <string>
#include <vector>

#include "html/view.hpp"

namespace headroom::html {

/// One fleet (or demand) tried, with what it makes of one target.
struct CurvePoint {
  double at = 0;     ///< GPUs, or a multiplier of demand
  double value = 0;  ///< NaN: lost
  double low = 0;    ///< NaN without an interval
  double high = 0;
  bool pass = false;
};

struct Curve {
  std::string id;
  std::string title;
  std::string summary;
  std::string unit;     ///< of the values
  std::string at_unit;  ///< "GPUs", "x demand"
  double limit = 0;     ///< NaN without one
  double answer = 0;    ///< where the answer is marked; NaN without one
  std::string answer_label;
  std::vector<CurvePoint> points;  ///< by `at`
};

/// The curve as a figure. Values that span more than a factor of 30 stand on a logarithmic scale.
/// A fleet that passes is a disc, one that fails a cross, so that colour is not needed to tell.
/// REQUIRES: at least two points.
Markup draw_curve(const Curve& curve);

}  // namespace headroom::html
