#include "html/svg.hpp"

#include <fmt/format.h>

#include <cmath>

#include "html/scale.hpp"

namespace headroom::html {

Markup described(const std::string& id, const std::string& title, const std::string& description,
                 double height, const Markup& drawing) {
  const std::string labels = id + "-t " + id + "-d";
  return element("svg",
                 {{"role", "img"},
                  {"aria-labelledby", labels},
                  {"width", "100%"},
                  {"height", coordinate(height)},
                  {"class", "chart"}},
                 element("title", {{"id", id + "-t"}}, text(title)) +
                     element("desc", {{"id", id + "-d"}}, text(description)) + drawing);
}

Markup svg_text(double x_share, double y, const std::string& anchor, const std::string& classes,
                const std::string& label) {
  return element(
      "text",
      {{"x", percent(x_share)}, {"y", coordinate(y)}, {"text-anchor", anchor}, {"class", classes}},
      text(label));
}

Markup svg_line(double x1_share, double y1, double x2_share, double y2,
                const std::string& classes) {
  return element("line",
                 {{"x1", percent(x1_share)},
                  {"y1", coordinate(y1)},
                  {"x2", percent(x2_share)},
                  {"y2", coordinate(y2)},
                  {"class", classes}},
                 {});
}

std::string path_through(const std::vector<PlotPoint>& points) {
  std::string path;
  bool down = false;
  double x = 0;
  double y = 0;
  for (const PlotPoint& point : points) {
    if (std::isnan(point.y)) {
      down = false;
      continue;
    }
    // Differences of rounded positions, so that rounding does not add up along the line.
    const double px = std::round(point.x_share * 10'000) / 10;
    const double py = std::round(point.y * 10) / 10;
    if (!down) {
      path += fmt::format("M{} {}", coordinate(px), coordinate(py));
    } else {
      const std::string dy = coordinate(py - y);
      path += fmt::format("l{}{}{}", coordinate(px - x), dy.front() == '-' ? "" : " ", dy);
    }
    down = true;
    x = px;
    y = py;
  }
  return path;
}

Markup plot_layer(double y, double height, const Markup& paths) {
  return element("svg",
                 {{"x", "0"},
                  {"y", coordinate(y)},
                  {"width", "100%"},
                  {"height", coordinate(height)},
                  {"viewBox", "0 0 1000 " + coordinate(height)},
                  {"preserveAspectRatio", "none"}},
                 paths);
}

}  // namespace headroom::html
