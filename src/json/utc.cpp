#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <system_error>

#include "headroom/json/document.hpp"
#include "node.hpp"
#include "quantity.hpp"

namespace headroom::json {
namespace {

/// Takes exactly `digits` decimal digits off the front.
bool take_number(std::string_view& text, std::size_t digits, int& value) {
  if (text.size() < digits) return false;
  value = 0;
  for (const char c : text.substr(0, digits)) {
    if (c < '0' || c > '9') return false;
    value = 10 * value + (c - '0');
  }
  text.remove_prefix(digits);
  return true;
}

bool take(std::string_view& text, char expected) {
  if (text.empty() || text.front() != expected) return false;
  text.remove_prefix(1);
  return true;
}

/// ":30" or ":30.25", or nothing.
bool take_seconds(std::string_view& text, double& value) {
  if (!take(text, ':')) return true;
  int whole = 0;
  if (!take_number(text, 2, whole) || whole > 59) return false;
  value = whole;
  if (text.empty() || text.front() != '.') return true;
  const auto end = text.find_first_not_of("0123456789", 1);
  const std::string fraction = "0" + std::string(text.substr(0, end));
  if (fraction.size() < 3) return false;
  double part = 0;
  std::from_chars(fraction.data(), fraction.data() + fraction.size(), part);
  value += part;
  text.remove_prefix(fraction.size() - 1);
  return true;
}

}  // namespace

bool parse_utc(std::string_view text, double& seconds_since_1970) {
  namespace chr = std::chrono;
  int year = 0, month = 0, day = 0, hour = 0, minute = 0;
  double second = 0;
  if (!take_number(text, 4, year) || !take(text, '-') || !take_number(text, 2, month) ||
      !take(text, '-') || !take_number(text, 2, day)) {
    return false;
  }
  const chr::year_month_day date{chr::year{year}, chr::month{static_cast<unsigned>(month)},
                                 chr::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return false;
  if (!text.empty()) {
    if (!take(text, 'T') || !take_number(text, 2, hour) || !take(text, ':') ||
        !take_number(text, 2, minute) || !take_seconds(text, second) || !take(text, 'Z') ||
        !text.empty() || hour > 23 || minute > 59) {
      return false;
    }
  }
  const auto days = chr::sys_days{date}.time_since_epoch().count();
  seconds_since_1970 =
      static_cast<double>(std::int64_t{86'400} * days + 3'600 * hour + 60 * minute) + second;
  return true;
}

std::string format_utc(double seconds_since_1970) {
  namespace chr = std::chrono;
  // Doubles near 1.7e9 step by 2.4e-7: microseconds are what they can hold.
  double whole = std::floor(seconds_since_1970);
  auto micros = std::llround((seconds_since_1970 - whole) * 1e6);
  if (micros == 1'000'000) {
    whole += 1;
    micros = 0;
  }
  const auto total = static_cast<std::int64_t>(whole);
  const std::int64_t days = total >= 0 ? total / 86'400 : -((86'399 - total) / 86'400);
  const auto rest = static_cast<int>(total - 86'400 * days);
  const chr::year_month_day date{chr::sys_days{chr::days{days}}};
  std::array<char, 64> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%04d-%02u-%02uT%02d:%02d:%02d",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), rest / 3600, rest / 60 % 60, rest % 60);
  std::string text = buffer.data();
  if (micros != 0) {
    std::snprintf(buffer.data(), buffer.size(), ".%06lld", static_cast<long long>(micros));
    text += buffer.data();
    text.erase(text.find_last_not_of('0') + 1);
  }
  return text + "Z";
}

std::string utc_pattern() {
  return R"(^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?Z)?$)";
}

}  // namespace headroom::json
