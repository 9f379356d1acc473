#include "html/svg_tornado.hpp"

#include <algorithm>

#include "headroom/report/format.hpp"
#include "html/scale.hpp"
#include "html/svg.hpp"

namespace headroom::html {
namespace {

constexpr double kTornadoTop = 26;  ///< room for the label of the stated answer
constexpr double kRowHeight = 58;   ///< name, bar, what its ends are
constexpr double kBarHeight = 14;
constexpr double kLeft = 0.01, kRight = 0.99;

class TornadoDrawing {
 public:
  explicit TornadoDrawing(const TornadoChart& chart) : chart_(chart) {
    least_ = most_ = chart.stated;
    for (const TornadoBar& bar : chart.bars) {
      least_ = std::min({least_, bar.low.gpus, bar.high.gpus});
      most_ = std::max({most_, bar.low.gpus, bar.high.gpus});
    }
  }

  double height() const {
    return kTornadoTop + kRowHeight * static_cast<double>(chart_.bars.size()) + 4;
  }

  Markup draw() const {
    Markup all;
    for (std::size_t i = 0; i < chart_.bars.size(); ++i) {
      all += row(chart_.bars[i], kTornadoTop + kRowHeight * static_cast<double>(i));
    }
    const double x = across(chart_.stated);
    return all + svg_line(x, kTornadoTop - 6, x, height(), "answer-line") +
           svg_text(x, kTornadoTop - 12,
                    x > 0.7   ? "end"
                    : x < 0.3 ? "start"
                              : "middle",
                    "answer-label", format_count(chart_.stated) + " GPUs");
  }

 private:
  double across(double gpus) const {
    return most_ > least_ ? kLeft + (kRight - kLeft) * (gpus - least_) / (most_ - least_) : 0.5;
  }

  Markup half(const TornadoMark& mark, double y, const std::string& classes) const {
    const double from = std::min(across(mark.gpus), across(chart_.stated));
    const double to = std::max(across(mark.gpus), across(chart_.stated));
    return element("rect",
                   {{"x", percent(from)},
                    {"y", coordinate(y)},
                    {"width", percent(to - from)},
                    {"height", coordinate(kBarHeight)},
                    {"class", classes}},
                   {});
  }

  static std::string words(const TornadoMark& mark) {
    return mark.value + ": " + (mark.bounded ? "" : "> ") + format_count(mark.gpus);
  }

  /// Ends are written below the bar, each on its side of the page: they fit on any screen.
  Markup row(const TornadoBar& bar, double top) const {
    const double y = top + 18;
    const bool rises = bar.low.gpus <= bar.high.gpus;
    const TornadoMark& left = rises ? bar.low : bar.high;
    const TornadoMark& right = rises ? bar.high : bar.low;
    return svg_text(0, top + 12, "start", "tornado-name", bar.input) +
           half(bar.low, y, "tornado-low") + half(bar.high, y, "tornado-high") +
           svg_text(0, y + 27, "start", "tick", words(left)) +
           svg_text(1, y + 27, "end", "tick", words(right));
  }

  const TornadoChart& chart_;
  double least_ = 0, most_ = 0;
};

}  // namespace

Markup draw_tornado(const TornadoChart& chart) {
  const TornadoDrawing drawing(chart);
  return element(
      "figure", {{"class", "tornado"}},
      element("figcaption", element("h3", chart.title) + element("p", chart.summary)) +
          described(chart.id, chart.title, chart.summary, drawing.height(), drawing.draw()));
}

}  // namespace headroom::html
