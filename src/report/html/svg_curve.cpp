#include "html/svg_curve.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "headroom/report/format.hpp"
#include "html/scale.hpp"
#include "html/svg.hpp"

namespace headroom::html {
namespace {

constexpr double kHeight = 210;
constexpr double kTop = 24;  ///< room for the answer's label
constexpr double kLogarithmicFrom = 30;

class CurveDrawing {
 public:
  explicit CurveDrawing(const Curve& curve) : curve_(curve) {
    from_ = curve.points.front().at;
    to_ = curve.points.back().at;
    largest_ = 0;
    smallest_ = std::numeric_limits<double>::infinity();
    const auto meet = [this](double value) {
      if (std::isnan(value)) return;
      largest_ = std::max(largest_, value);
      if (value > 0) smallest_ = std::min(smallest_, value);
    };
    meet(curve.limit);
    for (const CurvePoint& point : curve.points) {
      meet(point.value);
      meet(point.high);
    }
    if (largest_ == 0) largest_ = 1;
    logarithmic_ = largest_ / smallest_ > kLogarithmicFrom;
  }

  double height() const { return kTop + kHeight + 36; }

  Markup draw() const { return grid() + limit() + answer() + line() + points() + axis(); }

 private:
  double across(double at) const {
    return to_ > from_ ? 0.06 + 0.9 * (at - from_) / (to_ - from_) : 0.5;
  }

  double down(double value) const {
    if (std::isnan(value)) return kTop + 6;  // lost: above everything
    double share = value / largest_;
    if (logarithmic_) {
      share = std::log(std::max(value, smallest_) / smallest_) / std::log(largest_ / smallest_);
      share = 0.05 + 0.95 * share;
    }
    return kTop + kHeight - share * (kHeight - 16);
  }

  std::vector<double> ticks() const {
    if (!logarithmic_) return value_ticks(largest_, curve_.unit);
    std::vector<double> list;
    for (double tick = std::pow(10, std::ceil(std::log10(smallest_))); tick <= largest_;
         tick *= 10) {
      list.push_back(tick);
    }
    return list;
  }

  Markup grid() const {
    Markup all;
    for (const double tick : ticks()) {
      const double y = down(tick);
      all += svg_line(0, y, 1, y, "grid") +
             svg_text(0, y - 3, "start", "tick", shown(tick, curve_.unit));
    }
    return all;
  }

  Markup limit() const {
    if (std::isnan(curve_.limit)) return {};
    const double y = down(curve_.limit);
    return svg_line(0, y, 1, y, "limit sa") +
           svg_text(1, y - 4, "end", "limit-label sa", "limit " + shown(curve_.limit, curve_.unit));
  }

  Markup answer() const {
    if (std::isnan(curve_.answer)) return {};
    const double x = across(curve_.answer);
    return svg_line(x, kTop, x, kTop + kHeight, "answer-line") + svg_text(x, kTop - 8,
                                                                          x > 0.7   ? "end"
                                                                          : x < 0.3 ? "start"
                                                                                    : "middle",
                                                                          "answer-label",
                                                                          curve_.answer_label);
  }

  Markup line() const {
    std::vector<PlotPoint> path;
    for (const CurvePoint& point : curve_.points) {
      path.push_back({across(point.at), std::isnan(point.value) ? point.value : down(point.value)});
    }
    return plot_layer(0, kTop + kHeight,
                      element("path", {{"d", path_through(path)}, {"class", "line s0"}}, {}));
  }

  /// A cross cannot be drawn in shares of the width, so it is a letter.
  Markup points() const {
    Markup all;
    for (const CurvePoint& point : curve_.points) {
      const double x = across(point.at);
      const std::string kind = point.pass ? "pass" : "fail";
      if (!std::isnan(point.low) && !std::isnan(point.high)) {
        all += svg_line(x, down(point.low), x, down(point.high), "whisker " + kind);
      }
      if (point.pass) {
        all += element("circle",
                       {{"cx", percent(x)},
                        {"cy", coordinate(down(point.value))},
                        {"r", "5"},
                        {"class", "dot pass"}},
                       {});
      } else {
        all += svg_text(x, down(point.value) + 5, "middle", "cross",
                        std::isnan(point.value) ? "× lost" : "×");
      }
    }
    return all;
  }

  Markup axis() const {
    Markup all = svg_line(0, kTop + kHeight, 1, kTop + kHeight, "axis");
    double last = -1;
    for (const CurvePoint& point : curve_.points) {
      const double x = across(point.at);
      if (x - last < 0.045) continue;  // labels would run into each other
      last = x;
      all += svg_text(x, kTop + kHeight + 15, "middle", "tick", format_number(point.at));
    }
    return all + svg_text(0.5, kTop + kHeight + 32, "middle", "tick", curve_.at_unit);
  }

  const Curve& curve_;
  double from_ = 0;
  double to_ = 0;
  double largest_ = 0;
  double smallest_ = 0;
  bool logarithmic_ = false;
};

}  // namespace

Markup draw_curve(const Curve& curve) {
  const CurveDrawing drawing(curve);
  return element(
      "figure", {{"class", "curve"}},
      element("figcaption", element("h3", curve.title) + element("p", curve.summary)) +
          described(curve.id, curve.title, curve.summary, drawing.height(), drawing.draw()));
}

}  // namespace headroom::html
