#include "screen_parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "headroom/json/document.hpp"
#include "headroom/report/format.hpp"
#include "text_layout.hpp"

namespace headroom {
namespace {

/// Columns left of a chart: label and scale.
constexpr std::size_t kChartMargin = 21;
/// Said in a line of its own.
constexpr const char* kAssumptionsCode = "W209";

std::vector<double> reals(const Json& list) {
  std::vector<double> values;
  for (const Json& v : list) values.push_back(real(v));
  return values;
}

double largest(const std::vector<double>& values) {
  double most = 0;
  for (const double v : values) {
    if (!std::isnan(v)) most = std::max(most, v);
  }
  return most;
}

void add_chart(std::vector<std::string>& lines, const std::string& label, const std::string& top,
               const std::vector<double>& values, Combine combine, const TextStyle& style,
               std::size_t height) {
  const ChartStyle chart{style.columns - kChartMargin, height, style.unicode};
  const auto rows = draw_chart(values, 0, combine, chart);
  const std::string bar = style.unicode ? "│" : "|";
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const std::string left = r == 0 ? label : "";
    const std::string scale = r == 0 ? top : r + 1 == rows.size() ? "0" : "";
    lines.push_back("  " + pad_right(left, 10) + pad_left(scale, 8) + bar + rows[r]);
  }
}

}  // namespace

double real(const Json& value) {
  return value.is_number() ? value.get<double>() : std::numeric_limits<double>::quiet_NaN();
}

std::string word(const Json& value) { return value.is_string() ? value.get<std::string>() : ""; }

Clock::Clock(const Json& report) {
  const Json& start = report["method"]["start_utc"];
  if (start.is_string()) dated_ = json::parse_utc(start.get<std::string>(), start_s_);
  const Json& busy = report["busy_periods"];
  if (busy.is_null()) return;
  period_ = word(busy["every"]) + " " + busy["reported"].dump();
}

std::string Clock::moment(double at_s) const {
  if (std::isnan(at_s)) return "-";
  const std::string utc = json::format_utc(start_s_ + at_s);  // 2025-04-01T12:40:00Z
  const std::string hour = dated_ ? utc.substr(11, 5) + " UTC" : format_seconds(at_s);
  if (!period_.empty()) return period_ + ", " + hour;
  return dated_ ? utc.substr(5, 5) + " " + hour : hour;
}

std::string Clock::tick(double at_s) const {
  if (!dated_) return format_seconds(at_s);
  return json::format_utc(start_s_ + at_s).substr(11, 5);
}

std::string target_value(const Json& target) {
  if (!target["value"].is_null()) return format_value(real(target["value"]), word(target["unit"]));
  if (target.value("reason", "") == "no samples") return "no samples";
  return target["metric"] == "drain_time" ? "> horizon" : "lost";
}

std::string target_limit(const Json& target) {
  for (const auto& [key, value] : target.items()) {
    if (key.rfind("max", 0) == 0) return "<= " + format_value(real(value), word(target["unit"]));
    if (key.rfind("min", 0) == 0) return ">= " + format_value(real(value), word(target["unit"]));
  }
  return "";
}

std::string target_interval(const Json& target) {
  if (target["ci"].is_null()) return "";
  const std::string unit = word(target["unit"]);
  return "[" + format_value(real(target["ci"][0]), unit) + ", " +
         format_value(real(target["ci"][1]), unit) + "]";
}

std::string target_name(const Json& target) {
  std::string name = word(target["statistic"]);
  std::string metric = word(target["metric"]);
  std::replace(metric.begin(), metric.end(), '_', ' ');
  name += (name.empty() ? "" : " ") + metric + ", " + word(target["class"]);
  const std::string window = word(target["window"]);
  if (window == "every_minute") return name + ", any minute";
  return window == "run" ? name : name + ", " + window;
}

std::vector<std::string> timeline_charts(const Json& report, const Clock& clock,
                                         const TextStyle& style, std::size_t height) {
  const Json& timeline = report["timeline"];
  std::vector<double> demand = reals(timeline["arrivals"]);
  const std::vector<double> delay = reals(timeline["queue_delay_p95_s"]["all"]);
  if (demand.size() < 2 || delay.size() < 2) return {};
  const double step_s = real(timeline["step_s"]);
  for (double& d : demand) d /= step_s;
  std::vector<std::string> lines;
  add_chart(lines, "demand", format_number(largest(demand)) + "/s", demand, Combine::kMean, style,
            height);
  add_chart(lines, "p95 delay", format_seconds(largest(delay)), delay, Combine::kMax, style,
            height);
  const std::size_t columns = style.columns - kChartMargin;
  const double span_s = step_s * static_cast<double>(demand.size());
  std::string axis;
  for (int quarter = 0; quarter < 4; ++quarter) {
    const auto at = static_cast<std::size_t>(quarter) * columns / 4;
    axis = pad_right(axis, at) + clock.tick(span_s * quarter / 4);
  }
  const std::string end = clock.tick(span_s);
  if (display_width(axis) + end.size() + 1 < columns) {
    axis = pad_right(axis, columns - end.size()) + end;
  }
  lines.push_back(std::string(kChartMargin, ' ') + axis);
  if (std::any_of(delay.begin(), delay.end(), [](double d) { return std::isnan(d); })) {
    lines.push_back(std::string(kChartMargin, ' ') + "! = lost, or not served before the horizon");
  }
  lines.emplace_back();
  return lines;
}

std::string assumptions_line(const Json& report) {
  std::size_t assumed = 0;
  std::size_t calibrated = 0;
  for (const Json& row : report["assumptions"]) {
    if (row["kind"] == "assumption") ++assumed;
    if (row["kind"] == "calibrated") ++calibrated;
  }
  const std::size_t rows = report["assumptions"].size();
  if (rows == 0) return "";
  return fmt::format("  assumptions   {} of {} sourced values{} (headroom explain lists them)",
                     assumed, rows,
                     calibrated > 0 ? fmt::format(", {} calibrated", calibrated) : "");
}

std::vector<std::string> warning_lines(const Json& report, std::size_t most,
                                       const TextStyle& style) {
  Json warnings = Json::array();
  for (const Json& warning : report["warnings"]) {
    if (warning["code"] != kAssumptionsCode) warnings.push_back(warning);
  }
  std::vector<std::string> all;
  for (std::size_t i = 0; i < std::min(warnings.size(), most); ++i) {
    const std::string text =
        word(warnings[i]["message"]) +
        (word(warnings[i]["path"]).empty() ? "" : " (" + word(warnings[i]["path"]) + ")");
    const auto lines =
        wrap_text(text, "  " + pad_right(word(warnings[i]["code"]), 14), style.columns);
    all.push_back(lines.size() > 2 ? cut_text(lines[0], style.columns) : lines[0]);
    if (lines.size() > 1)
      all.push_back(lines.size() > 2 ? cut_text(lines[1] + " ..", 80) : lines[1]);
  }
  if (warnings.size() > most) {
    all.push_back(fmt::format("  and {} more warnings", warnings.size() - most));
  }
  return all;
}

}  // namespace headroom
