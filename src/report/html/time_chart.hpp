#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "html/view.hpp"

namespace headroom::html {

/// Classes a chart can tell apart by colour; the page has as many, and one for all together.
constexpr std::size_t kMostClasses = 7;

/// One line's place on the page: "s0" to "s6" for classes, "sa" for all together. Style sheet,
/// toggles and script go by it, never by a class's name.
struct Slot {
  std::string key;
  std::string label;       ///< the class's name; "all classes"
  std::string class_name;  ///< empty for all together
};
/// Lines of a report's charts: a single class alone; of several all together, then the busiest
/// kMostClasses in the scenario's order.
std::vector<Slot> slots(const View& view);
/// How many classes have no line of their own.
std::size_t classes_left_out(const View& view);

struct Span {
  double from_s = 0;
  double to_s = 0;
};

struct ChartLine {
  std::string slot;
  std::vector<double> values;     ///< NaN: lost, or later than the horizon
  std::vector<double> low, high;  ///< confidence band; empty without one
};
/// A horizontal line at a target's limit.
struct ChartLimit {
  std::string slot;
  double value = 0;
  std::string label;
};
/// When a class was over its limit, or lost.
struct ChartSpans {
  std::string slot;
  std::vector<Span> spans;
};
/// A moment across the whole height: a delivery, a first breach.
struct ChartMark {
  double at_s = 0;
  std::string label;
};
/// A stretch named above the plot: a window, a drain.
struct ChartBracket {
  Span span;
  std::string label;
  std::size_t row = 0;  ///< from above; brackets that would run into each other take two rows
};

/// One quantity over the run's time, as both the drawing and the script take it.
struct TimeChart {
  std::string part;  ///< "demand", "delay" or "backlog"
  std::string title;
  std::string summary;
  std::string_view unit;
  double step_s = 0;
  double span_s = 0;
  double top = 0;           ///< largest value to be drawn
  bool keep_peaks = false;  ///< thinned by the largest value rather than by the mean
  std::vector<ChartLine> lines;
  std::vector<ChartLimit> limits;
  std::vector<ChartSpans> breaches;
  std::vector<ChartMark> marks;
  std::vector<ChartBracket> brackets;
};

TimeChart demand_chart(const View& view);
TimeChart delay_chart(const View& view);
TimeChart backlog_chart(const View& view);

/// Deliveries and removals of GPUs that the scenario schedules, at the moment from which they
/// count.
std::vector<ChartMark> delivery_marks(const View& view);

/// Bins where `values` is above `limit` or lost (NaN), neighbours joined.
std::vector<Span> spans_over(const std::vector<double>& values, double limit, double step_s);
/// Largest of the values that are not lost; 0 when there is none.
double largest(const std::vector<double>& values);

}  // namespace headroom::html
