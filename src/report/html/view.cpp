#include "html/view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "headroom/json/document.hpp"
#include "headroom/report/format.hpp"

namespace headroom::html {
namespace {

constexpr double kDay = 86'400;

std::string escaped_key(std::string_view key) {
  std::string out = "/";
  for (const char c : key) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

/// "1 Apr" from "2025-04-01T12:40:00Z".
std::string day_of(const std::string& utc) {
  constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto number = [&utc](std::size_t at) {
    return utc.size() < 10 || std::isdigit(static_cast<unsigned char>(utc[at])) == 0
               ? 0
               : std::atoi(utc.substr(at, 2).c_str());
  };
  const int month = number(5);
  if (month < 1 || month > 12) return utc;  // an edited report may hold any number of seconds
  return fmt::format("{} {}", number(8), kMonths.at(static_cast<std::size_t>(month - 1)));
}

}  // namespace

std::string pointer(std::initializer_list<std::string_view> keys) {
  std::string out;
  for (const std::string_view key : keys) out += escaped_key(key);
  return out;
}

std::string pointer(std::string_view list, std::size_t index, std::string_view key) {
  return fmt::format("{}/{}{}", list, index, escaped_key(key));
}

double real(const Json& value) {
  return value.is_number() ? value.get<double>() : std::numeric_limits<double>::quiet_NaN();
}

std::string word(const Json& value) { return value.is_string() ? value.get<std::string>() : ""; }

std::vector<double> reals(const Json& list) {
  std::vector<double> values;
  if (!list.is_array()) return values;
  values.reserve(list.size());
  for (const Json& value : list) values.push_back(real(value));
  return values;
}

std::string spaced(std::string words) {
  std::replace(words.begin(), words.end(), '_', ' ');
  return words;
}

Clock::Clock(const Json& report) {
  const Json::json_pointer start("/method/start_utc");
  if (report.contains(start)) dated_ = json::parse_utc(word(report.at(start)), start_s_);
  if (!report.contains("busy_periods") || report["busy_periods"].is_null()) return;
  const Json& busy = report["busy_periods"];
  period_ = word(busy["every"]) + " " + busy["reported"].dump();
}

std::string Clock::moment(double at_s) const {
  if (std::isnan(at_s)) return "-";
  if (!dated_) return (period_.empty() ? "" : period_ + ", ") + format_seconds(at_s);
  const std::string utc = json::format_utc(start_s_ + at_s);
  const std::string hour = utc.substr(11, 5) + " UTC";
  return (period_.empty() ? day_of(utc) : period_ + ",") + " " + hour;
}

std::string Clock::tick(double at_s, double step_s) const {
  if (!dated_) return format_seconds(at_s);
  const std::string utc = json::format_utc(start_s_ + at_s);
  const bool midnight = std::fmod(start_s_ + at_s, kDay) == 0;
  if (midnight && period_.empty()) return day_of(utc);
  return utc.substr(11, step_s < 60 ? 8 : 5);
}

const Json& View::at(const std::string& pointer) const {
  static const Json none = nullptr;
  const Json::json_pointer place(pointer);
  return report_->contains(place) ? report_->at(place) : none;
}

std::string View::id(std::string_view part) const { return fmt::format("r{}-{}", index_, part); }

Markup View::value(const std::string& pointer, std::string_view unit,
                   std::string_view missing) const {
  const Json& found = at(pointer);
  if (!found.is_number()) return element("span", {{"data-path", pointer}}, text(missing));
  return element("data", {{"value", found.dump()}, {"data-path", pointer}},
                 text(unit == "exact" ? found.dump() : shown(found.get<double>(), unit)));
}

Markup View::range(const std::string& pointer, std::string_view unit,
                   std::string_view missing) const {
  const Json& found = at(pointer);
  if (!found.is_array() || found.size() != 2) return text(missing);
  return value(pointer + "/0", unit) + text(" to ") + value(pointer + "/1", unit);
}

std::string shown(double value, std::string_view unit) {
  if (unit == "count") return format_count(value);
  return format_value(value, unit);
}

}  // namespace headroom::html
