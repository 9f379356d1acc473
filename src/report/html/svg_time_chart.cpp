#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "html/scale.hpp"
#include "html/svg.hpp"

namespace headroom::html {
namespace {

/// Points a line is drawn with at most; a screen shows no more. The script gets finer ones.
constexpr std::size_t kMostPoints = 320;
/// A band's edges are seen less sharply than its line.
constexpr std::size_t kBandPoints = 160;
constexpr double kBracketRow = 20;
constexpr double kAxisHeight = 20;
constexpr double kHeadroom = 8;  ///< above the largest value

class Drawing {
 public:
  Drawing(const View& view, const TimeChart& chart, double top)
      : view_(view), chart_(chart), top_(top > 0 ? top : 1) {
    for (const ChartBracket& bracket : chart.brackets) rows_ = std::max(rows_, bracket.row + 1);
    plot_y_ = static_cast<double>(rows_) * kBracketRow + 6;
  }

  double height() const { return plot_y_ + kPlotHeight + kAxisHeight; }

  Markup draw() const {
    Markup all = breaches() + grid() + bands() + lines() + lost() + limits() + marks() +
                 brackets() + time_axis();
    return all;
  }

 private:
  double share(double at_s) const {
    return std::clamp(chart_.span_s > 0 ? at_s / chart_.span_s : 0.0, 0.0, 1.0);
  }
  /// Pixels from the plot's upper edge.
  double down(double value) const {
    return kPlotHeight - std::min(value / top_, 1.1) * (kPlotHeight - kHeadroom);
  }
  double floor() const { return plot_y_ + kPlotHeight; }

  Markup breaches() const {
    Markup all;
    for (const ChartSpans& breach : chart_.breaches) {
      for (const Span& span : breach.spans) {
        all += element("rect",
                       {{"x", percent(share(span.from_s))},
                        {"y", coordinate(plot_y_)},
                        {"width", percent(share(span.to_s) - share(span.from_s))},
                        {"height", coordinate(kPlotHeight)},
                        {"class", "breach " + breach.slot}},
                       {});
      }
    }
    return all;
  }

  Markup grid() const {
    Markup all;
    for (const double tick : value_ticks(top_, chart_.unit)) {
      const double y = plot_y_ + down(tick);
      all += svg_line(0, y, 1, y, tick == 0 ? "axis" : "grid");
      if (tick > 0) all += svg_text(0, y - 3, "start", "tick", shown(tick, chart_.unit));
    }
    return all;
  }

  /// At most about `most` points of a line; of the bins that make one, lost ones are left out.
  std::vector<PlotPoint> points(const std::vector<double>& values, std::size_t most_points) const {
    const std::size_t width =
        std::max<std::size_t>(1, (values.size() + most_points - 1) / most_points);
    std::vector<PlotPoint> list;
    for (std::size_t from = 0; from < values.size(); from += width) {
      const std::size_t to = std::min(from + width, values.size());
      double sum = 0;
      double most = 0;
      std::size_t known = 0;
      for (std::size_t i = from; i < to; ++i) {
        if (std::isnan(values[i])) continue;
        sum += values[i];
        most = std::max(most, values[i]);
        ++known;
      }
      const double middle = chart_.step_s * static_cast<double>(from + to) / 2;
      const double value = chart_.keep_peaks ? most : sum / static_cast<double>(known);
      list.push_back(
          {share(middle), known == 0 ? std::numeric_limits<double>::quiet_NaN() : down(value)});
    }
    return list;
  }

  Markup bands() const {
    Markup paths;
    for (const ChartLine& line : chart_.lines) {
      const auto high = points(line.high, kBandPoints);
      auto low = points(line.low, kBandPoints);
      if (high.size() != low.size()) continue;
      // One closed piece for each stretch without losses.
      for (std::size_t from = 0; from < high.size();) {
        std::size_t to = from;
        while (to < high.size() && !std::isnan(high[to].y) && !std::isnan(low[to].y)) ++to;
        if (to > from + 1) {
          std::vector<PlotPoint> piece(high.begin() + static_cast<std::ptrdiff_t>(from),
                                       high.begin() + static_cast<std::ptrdiff_t>(to));
          for (std::size_t i = to; i > from; --i) piece.push_back(low[i - 1]);
          paths += element("path",
                           {{"d", path_through(piece) + "z"}, {"class", "band " + line.slot}}, {});
        }
        from = to + 1;
      }
    }
    return plot_layer(plot_y_, kPlotHeight, paths);
  }

  Markup lines() const {
    Markup paths;
    for (const ChartLine& line : chart_.lines) {
      paths += element(
          "path",
          {{"d", path_through(points(line.values, kMostPoints))}, {"class", "line " + line.slot}},
          {});
    }
    return plot_layer(plot_y_, kPlotHeight, paths);
  }

  /// Where a line has no value because too many requests were lost: a bar along the top.
  Markup lost() const {
    Markup all;
    double y = plot_y_ + 2;
    for (const ChartLine& line : chart_.lines) {
      const auto spans =
          spans_over(line.values, std::numeric_limits<double>::infinity(), chart_.step_s);
      for (const Span& span : spans) {
        all += svg_line(share(span.from_s), y, share(span.to_s), y, "lost " + line.slot);
      }
      if (!spans.empty()) y += 5;
    }
    return all;
  }

  Markup limits() const {
    Markup all;
    for (const ChartLimit& limit : chart_.limits) {
      if (limit.value > top_) continue;
      const double y = plot_y_ + down(limit.value);
      all += svg_line(0, y, 1, y, "limit " + limit.slot) +
             svg_text(1, y - 3, "end", "limit-label " + limit.slot, limit.label);
    }
    return all;
  }

  Markup marks() const {
    Markup all;
    for (const ChartMark& mark : chart_.marks) {
      const double x = share(mark.at_s);
      all += svg_line(x, plot_y_, x, floor(), "mark") +
             svg_text(x, plot_y_ + 10, x > 0.8 ? "end" : "start", "mark-label", mark.label);
    }
    return all;
  }

  Markup brackets() const {
    Markup all;
    for (const ChartBracket& bracket : chart_.brackets) {
      const double y = static_cast<double>(bracket.row) * kBracketRow + 16;
      const double from = share(bracket.span.from_s);
      const double to = share(bracket.span.to_s);
      const bool late = from > 0.75;
      all +=
          svg_line(from, y, to, y, "bracket") + svg_line(from, y, from, y + 5, "bracket") +
          svg_line(to, y, to, y + 5, "bracket") +
          svg_text(late ? to : from, y - 4, late ? "end" : "start", "bracket-label", bracket.label);
    }
    return all;
  }

  Markup time_axis() const {
    Markup all;
    const double step = round_duration(chart_.span_s / 8);
    // Dated runs tick at round times of the day, whenever they start.
    const double start = view_.clock().dated() ? view_.clock().start_s() : 0;
    double at = std::ceil(start / step) * step - start;
    for (int i = 0; at <= chart_.span_s * 1.0001; at += step, ++i) {
      const double x = share(at);
      all += svg_line(x, floor(), x, floor() + 4, "axis") +
             svg_text(x, floor() + 16,
                      x < 0.03   ? "start"
                      : x > 0.97 ? "end"
                                 : "middle",
                      i % 2 == 1 ? "tick minor" : "tick", view_.clock().tick(at, step));
    }
    return all;
  }

  const View& view_;
  const TimeChart& chart_;
  double top_;
  std::size_t rows_ = 0;
  double plot_y_ = 0;
};

}  // namespace

Markup draw_time_chart(const View& view, const TimeChart& chart, double top) {
  const Drawing drawing(view, chart, top);
  const std::string id = view.id(chart.part);
  std::string summary = chart.summary;
  for (const ChartLimit& limit : chart.limits) {
    if (limit.value <= top) continue;
    summary += "; limit " + shown(limit.value, chart.unit) + " is above the chart";
    break;
  }
  std::string description = summary;
  for (const ChartSpans& breach : chart.breaches) {
    double over_s = 0;
    for (const Span& span : breach.spans) over_s += span.to_s - span.from_s;
    for (const Slot& slot : slots(view)) {
      if (slot.key != breach.slot) continue;
      description +=
          fmt::format("; {} over its limit for {}, from {}", slot.label, shown(over_s, "s"),
                      view.clock().moment(breach.spans.front().from_s));
    }
  }
  return element(
      "figure", {{"class", "over-time"}, {"data-chart", id}},
      element("figcaption", element("h3", chart.title) + element("p", summary)) +
          element("div", {{"class", "static"}},
                  described(id, chart.title, description, drawing.height(), drawing.draw())));
}

}  // namespace headroom::html
