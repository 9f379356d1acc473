#include "html/chart_data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "html/scale.hpp"

namespace headroom::html {
namespace {

/// Numbers of one chart at most, over all its lines and bands: with six bytes a number, three
/// charts stay below 110 kB however long the run is.
constexpr std::size_t kMostNumbers = 6'000;

/// Four significant digits: a chart shows no more.
Json rounded(double value) {
  if (std::isnan(value)) return nullptr;
  return number(std::strtod(fmt::format("{:.4g}", value).c_str(), nullptr));
}

Json thinned(const std::vector<double>& values, std::size_t group, bool keep_peaks) {
  Json list = Json::array();
  for (std::size_t from = 0; from < values.size(); from += group) {
    const std::size_t to = std::min(from + group, values.size());
    double sum = 0;
    double most = 0;
    bool lost = false;
    for (std::size_t i = from; i < to; ++i) {
      lost = lost || std::isnan(values[i]);
      sum += values[i];
      most = std::max(most, values[i]);
    }
    const double value = keep_peaks ? most : sum / static_cast<double>(to - from);
    list.push_back(lost ? Json(nullptr) : rounded(value));
  }
  return list;
}

std::string without_angles(std::string json) {
  std::string out;
  out.reserve(json.size());
  for (const char c : json) {
    if (c == '<') {
      out += "\\u003c";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

void ChartData::add(const View& view, const TimeChart& chart, double top) {
  std::size_t numbers = 0;
  for (const ChartLine& line : chart.lines) {
    numbers += line.values.size() + line.low.size() + line.high.size();
  }
  const std::size_t group = std::max<std::size_t>(1, (numbers + kMostNumbers - 1) / kMostNumbers);
  largest_group_ = std::max(largest_group_, group);
  Json lines = Json::array();
  for (const ChartLine& line : chart.lines) {
    Json one = {{"slot", line.slot}, {"values", thinned(line.values, group, chart.keep_peaks)}};
    if (!line.low.empty() && line.low.size() == line.high.size()) {
      one["low"] = thinned(line.low, group, false);
      one["high"] = thinned(line.high, group, true);
    }
    lines.push_back(std::move(one));
  }
  Json limits = Json::array();
  for (const ChartLimit& limit : chart.limits) {
    limits.push_back({{"slot", limit.slot}, {"value", number(limit.value)}});
  }
  Json breaches = Json::array();
  for (const ChartSpans& breach : chart.breaches) {
    for (const Span& span : breach.spans) {
      breaches.push_back({{"slot", breach.slot}, {"from", span.from_s}, {"to", span.to_s}});
    }
  }
  Json brackets = Json::array();
  for (const ChartBracket& bracket : chart.brackets) {
    brackets.push_back({{"from", bracket.span.from_s},
                        {"to", bracket.span.to_s},
                        {"label", harmless(bracket.label)},
                        {"row", bracket.row}});
  }
  Json marks = Json::array();
  for (const ChartMark& mark : chart.marks) {
    marks.push_back({{"at", number(mark.at_s)}, {"label", harmless(mark.label)}});
  }
  charts_.push_back({{"id", view.id(chart.part)},
                     {"report", view.index()},
                     {"part", chart.part},
                     {"title", chart.title},
                     {"unit", std::string(chart.unit)},
                     {"start", view.clock().dated() ? Json(view.clock().start_s()) : Json(nullptr)},
                     {"step", number(chart.step_s * static_cast<double>(group))},
                     {"span", number(chart.span_s)},
                     {"top", number(top > 0 ? top : 1)},
                     {"ticks", value_ticks(top, chart.unit)},
                     {"lines", std::move(lines)},
                     {"limits", std::move(limits)},
                     {"breaches", std::move(breaches)},
                     {"marks", std::move(marks)},
                     {"brackets", std::move(brackets)}});
}

std::string ChartData::json() const { return without_angles(charts_.dump()); }

}  // namespace headroom::html
