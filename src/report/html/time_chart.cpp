#include "html/time_chart.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "headroom/json/document.hpp"
#include "headroom/report/format.hpp"

namespace headroom::html {
namespace {

/// Windows shorter than this share of the run are worth a bracket; longer ones explain nothing.
constexpr double kBracketShare = 0.4;
constexpr std::size_t kMostDrains = 2;

/// A list of the timeline, of one class or of all.
std::vector<double> timeline_of(const View& view, const Slot& slot, const std::string& list) {
  const std::string base =
      slot.class_name.empty() ? "/timeline" : pointer({"timeline", "by_class", slot.class_name});
  return reals(view.at(base + list));
}

std::string delay_pointer(const Slot& slot) {
  const std::string base = "/timeline/queue_delay_p95_s";
  return slot.class_name.empty() ? base + "/all" : base + pointer({"by_class", slot.class_name});
}

std::string band_pointer(const Slot& slot, const char* side) {
  const std::string base = "/timeline/queue_delay_p95_s/ci";
  return (slot.class_name.empty() ? base + "/all" : base + pointer({"by_class", slot.class_name})) +
         "/" + side;
}

std::pair<double, std::size_t> peak_of(const std::vector<double>& values) {
  std::size_t at = 0;
  double peak = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] > peak) {
      peak = values[i];
      at = i;
    }
  }
  return {peak, at};
}

TimeChart named(const char* part, const char* title, std::string_view unit) {
  TimeChart chart;
  chart.part = part;
  chart.title = title;
  chart.unit = unit;
  return chart;
}

void finish(TimeChart& chart) {
  for (const ChartLine& line : chart.lines) {
    chart.top = std::max({chart.top, largest(line.values), largest(line.high)});
    chart.span_s = std::max(chart.span_s, chart.step_s * static_cast<double>(line.values.size()));
  }
  // A limit far above everything that happened would flatten it; it is named in the legend.
  for (const ChartLimit& limit : chart.limits) {
    if (chart.top == 0 || limit.value < 4 * chart.top) chart.top = std::max(chart.top, limit.value);
  }
}

/// Puts each bracket into the first row in which it does not run into an earlier one.
void place_brackets(TimeChart& chart) {
  // A label needs some width of its own, however short its stretch: per character, of the chart.
  constexpr double kCharacter = 0.009;
  std::array<double, 2> ends{-1, -1};
  for (ChartBracket& bracket : chart.brackets) {
    bracket.row = ends[0] > bracket.span.from_s / chart.span_s ? 1 : 0;
    const double label = kCharacter * static_cast<double>(bracket.label.size());
    ends[bracket.row] =
        std::max(bracket.span.to_s / chart.span_s, bracket.span.from_s / chart.span_s + label);
  }
}

std::string first_words(const std::string& metric, const std::string& at) {
  return at.empty() ? metric : metric + " at " + at;
}

/// Targets of one class (or of all) on p95 queue delay: their limits.
void add_limits(const View& view, const Slot& slot, TimeChart& chart) {
  const Json& targets = view.at("/targets");
  const std::string wanted = slot.class_name.empty() ? "all" : slot.class_name;
  for (const Json& target : targets) {
    if (word(target["metric"]) != "queue_delay" || word(target["statistic"]) != "p95") continue;
    if (word(target["class"]) != wanted || !target.contains("max_s")) continue;
    const double limit = real(target["max_s"]);
    chart.limits.push_back({slot.key, limit, word(target["id"]) + ": " + format_seconds(limit)});
  }
}

/// What the class's lowest p95 limit makes of its line.
void add_breaches(const ChartLine& line, TimeChart& chart) {
  double lowest = std::numeric_limits<double>::infinity();
  for (const ChartLimit& limit : chart.limits) {
    if (limit.slot == line.slot) lowest = std::min(lowest, limit.value);
  }
  if (std::isinf(lowest)) return;
  auto spans = spans_over(line.values, lowest, chart.step_s);
  if (!spans.empty()) chart.breaches.push_back({line.slot, std::move(spans)});
}

void add_windows(const View& view, TimeChart& chart) {
  for (const auto& [window, span] : view.at("/method/windows").items()) {
    const Span at{real(span["from_s"]), real(span["to_s"])};
    if (window == "run" || at.to_s - at.from_s > kBracketShare * chart.span_s) continue;
    chart.brackets.push_back({at, window, 0});
  }
  place_brackets(chart);
}

/// Longest drain of a window over the classes that have a limit to be drained to; NaN: not drained
/// before the horizon; negative: no such class.
double longest_drain(const View& view, const std::string& window) {
  double longest = -1;
  for (const auto& [name, backlog] : view.at("/backlog/by_class").items()) {
    if (!(real(backlog["drain_limit_s"]) > 0) || !backlog["drain_s"].contains(window)) continue;
    const double drain = real(backlog["drain_s"][window]["value"]);
    if (std::isnan(drain)) return drain;
    longest = std::max(longest, drain);
  }
  return longest;
}

void add_drains(const View& view, TimeChart& chart) {
  for (const auto& [window, span] : view.at("/method/windows").items()) {
    if (window == "run" || chart.brackets.size() == kMostDrains) continue;
    const double drain = longest_drain(view, window);
    if (drain <= 0) continue;
    const double from = real(span["to_s"]);
    if (from >= chart.span_s) continue;
    const bool never = std::isnan(drain);
    chart.brackets.push_back(
        {{from, never ? chart.span_s : from + drain},
         "after " + window + (never ? ": not drained" : ": drained in " + format_seconds(drain)),
         0});
  }
  place_brackets(chart);
}

/// A duration of the scenario as it is written ("90s"); 0 when it is not there.
double duration_of(const Json& object, const char* key) {
  double value = 0;
  std::string problem;
  if (object.contains(key)) {
    json::parse_quantity(word(object[key]), json::Dimension::kDuration, value, problem);
  }
  return value;
}

/// "at" of a delivery or removal, by the clock or since the start, as seconds since the start.
double moment_of(const View& view, const Json& change) {
  double utc_s = 0;
  if (view.clock().dated() && json::parse_utc(word(change["at"]), utc_s)) {
    return utc_s - view.clock().start_s();
  }
  return duration_of(change, "at");
}

}  // namespace

double largest(const std::vector<double>& values) { return peak_of(values).first; }

std::vector<Span> spans_over(const std::vector<double>& values, double limit, double step_s) {
  std::vector<Span> spans;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] <= limit) continue;  // NaN is not
    const double from = step_s * static_cast<double>(i);
    if (!spans.empty() && spans.back().to_s == from) {
      spans.back().to_s = from + step_s;
    } else {
      spans.push_back({from, from + step_s});
    }
  }
  return spans;
}

std::vector<Slot> slots(const View& view) {
  std::vector<std::pair<double, std::string>> classes;
  for (const auto& [name, group] : view.at("/requests/by_class").items()) {
    classes.emplace_back(real(group["arrived"]), name);
  }
  auto busiest = classes;
  std::stable_sort(busiest.begin(), busiest.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  if (busiest.size() > kMostClasses) busiest.resize(kMostClasses);
  std::vector<Slot> list;
  if (classes.size() != 1) list.push_back({"sa", "all classes", ""});
  for (const auto& one : classes) {
    if (std::find(busiest.begin(), busiest.end(), one) == busiest.end()) continue;
    const std::size_t number = list.size() - (classes.size() != 1 ? 1 : 0);
    list.push_back({fmt::format("s{}", number), one.second, one.second});
  }
  return list;
}

std::size_t classes_left_out(const View& view) {
  const std::size_t classes = view.at("/requests/by_class").size();
  return classes > kMostClasses ? classes - kMostClasses : 0;
}

TimeChart demand_chart(const View& view) {
  TimeChart chart = named("demand", "Demand", "1/s");
  chart.step_s = view.real("/timeline/step_s");
  for (const Slot& slot : slots(view)) {
    std::vector<double> rates = timeline_of(view, slot, "/arrivals");
    for (double& rate : rates) rate /= chart.step_s;
    chart.lines.push_back({slot.key, std::move(rates), {}, {}});
  }
  finish(chart);
  add_windows(view, chart);
  chart.marks = delivery_marks(view);
  if (!chart.lines.empty()) {
    const auto [peak, at] = peak_of(chart.lines.front().values);
    chart.summary =
        fmt::format("{}; bins of {}",
                    first_words("peak " + format_number(peak) + " requests/s",
                                view.clock().moment(chart.step_s * static_cast<double>(at))),
                    format_seconds(chart.step_s));
  }
  return chart;
}

TimeChart delay_chart(const View& view) {
  TimeChart chart = named("delay", "Queue delay, p95", "s");
  chart.step_s = view.real("/timeline/queue_delay_p95_s/step_s");
  chart.keep_peaks = true;
  double worst = 0;
  std::string where;
  std::size_t lost = 0;
  for (const Slot& slot : slots(view)) {
    ChartLine line{slot.key, reals(view.at(delay_pointer(slot))),
                   reals(view.at(band_pointer(slot, "low"))),
                   reals(view.at(band_pointer(slot, "high")))};
    const auto [peak, at] = peak_of(line.values);
    if (peak > worst) {
      worst = peak;
      where = view.clock().moment(chart.step_s * static_cast<double>(at));
      if (!slot.class_name.empty()) where += ", " + slot.class_name;
    }
    lost += static_cast<std::size_t>(
        std::count_if(line.values.begin(), line.values.end(), [](double v) { return v != v; }));
    add_limits(view, slot, chart);
    add_breaches(line, chart);
    chart.lines.push_back(std::move(line));
  }
  finish(chart);
  chart.marks = delivery_marks(view);
  chart.summary = fmt::format("worst {}; bins of {}", first_words(format_seconds(worst), where),
                              format_seconds(chart.step_s));
  if (lost > 0) {
    chart.summary += "; a bar along the top: p95 falls among requests that were never served";
  }
  return chart;
}

TimeChart backlog_chart(const View& view) {
  TimeChart chart = named("backlog", "Backlog", "count");
  chart.step_s = view.real("/timeline/step_s");
  chart.keep_peaks = true;
  for (const Slot& slot : slots(view)) {
    chart.lines.push_back({slot.key, timeline_of(view, slot, "/queue_len/mean"), {}, {}});
  }
  finish(chart);
  add_drains(view, chart);
  chart.marks = delivery_marks(view);
  chart.summary = fmt::format(
      "peak {}", first_words(format_count(view.real("/backlog/all/peak")) + " requests waiting",
                             view.clock().moment(view.real("/backlog/all/peak_at_s"))));
  return chart;
}

std::vector<ChartMark> delivery_marks(const View& view) {
  std::vector<ChartMark> marks;
  for (const Json& pool : view.at("/scenario/effective/fleet/pools")) {
    if (pool.contains("deliveries")) {
      for (const Json& delivery : pool["deliveries"]) {
        const double load_s =
            duration_of(delivery, "provisioning_delay") + duration_of(delivery, "model_load");
        marks.push_back({moment_of(view, delivery) + load_s,
                         "+" + format_count(real(delivery["gpus"])) + " GPUs serve"});
      }
    }
    if (pool.contains("removals")) {
      for (const Json& removal : pool["removals"]) {
        marks.push_back(
            {moment_of(view, removal), "-" + format_count(real(removal["gpus"])) + " GPUs"});
      }
    }
  }
  return marks;
}

}  // namespace headroom::html
