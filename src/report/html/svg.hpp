#pragma once

#include <string>

#include "html/markup.hpp"
#include "html/time_chart.hpp"

/// Charts as inline SVG: they need no script, print sharp, and take their colours from the style
/// sheet. Across, positions are shares of the width, so that text keeps its size on every screen;
/// down, they are pixels.
namespace headroom::html {

/// Height of a time chart's plot, in pixels.
constexpr double kPlotHeight = 150;

/// The figure of one quantity over time, with its heading, summary and description.
/// `top`: the value at the plot's upper edge, for charts that stand side by side.
Markup draw_time_chart(const View& view, const TimeChart& chart, double top);

/// <title> and <desc> for who cannot see the drawing.
Markup described(const std::string& id, const std::string& title, const std::string& description,
                 double height, const Markup& drawing);
Markup svg_text(double x_share, double y, const std::string& anchor, const std::string& classes,
                const std::string& label);
Markup svg_line(double x1_share, double y1, double x2_share, double y2, const std::string& classes);

/// "M0 12.5L3 11..." through the points (share of the width, pixels), a new piece after each NaN.
struct PlotPoint {
  double x_share = 0;
  double y = 0;
};
std::string path_through(const std::vector<PlotPoint>& points);
/// A stretched layer for paths given in thousandths of the width.
Markup plot_layer(double y, double height, const Markup& paths);

}  // namespace headroom::html
