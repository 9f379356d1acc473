#include "headroom/report/format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace headroom {
namespace {

constexpr const char* kMissing = "-";

std::string with_separators(std::string digits) {
  const std::size_t first = digits.find_first_of("0123456789");
  std::size_t point = digits.find('.');
  if (point == std::string::npos) point = digits.size();
  for (std::size_t at = point; at > first + 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

/// Three significant digits in plain notation, without trailing zeros.
std::string three_digits(double value) {
  if (value == 0) return "0";
  const int exponent = static_cast<int>(std::floor(std::log10(std::fabs(value))));
  std::string text = fmt::format("{:.{}f}", value, std::clamp(2 - exponent, 0, 12));
  if (text.find('.') != std::string::npos) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
  }
  return text == "-0" ? "0" : text;
}

std::string two_units(double seconds, double large, char large_name, double small, char small_name,
                      int small_digits) {
  const auto rounded = static_cast<long long>(std::llround(seconds / small));
  const auto ratio = static_cast<long long>(large / small);
  return fmt::format("{}{} {:0{}}{}", rounded / ratio, large_name, rounded % ratio, small_digits,
                     small_name);
}

}  // namespace

std::string format_seconds(double seconds) {
  if (std::isnan(seconds)) return kMissing;
  if (seconds < 0) return "-" + format_seconds(-seconds);
  if (seconds < 0.5e-9) return "0 s";  // a fraction of one tick is rounding, not a time
  if (seconds < 0.9995e-6) return three_digits(seconds * 1e9) + " ns";
  if (seconds < 0.9995e-3) return three_digits(seconds * 1e6) + " us";
  if (seconds < 0.09995) return three_digits(seconds * 1e3) + " ms";
  if (seconds < 119.5) return three_digits(seconds) + " s";
  if (seconds < 3599.5) return two_units(seconds, 60, 'm', 1, 's', 2);
  if (seconds < 48 * 3600 - 30) return two_units(seconds, 3600, 'h', 60, 'm', 2);
  return two_units(seconds, 86400, 'd', 3600, 'h', 1);
}

std::string format_count(double count) {
  if (std::isnan(count)) return kMissing;
  return with_separators(fmt::format("{:.0f}", count));
}

std::string format_short_count(double count) {
  if (std::isnan(count)) return kMissing;
  if (count < 9999.5) return format_count(count);
  if (count < 999.5e3) return three_digits(count / 1e3) + " k";
  if (count < 999.5e6) return three_digits(count / 1e6) + " M";
  return three_digits(count / 1e9) + " B";
}

std::string format_share(double share) {
  if (std::isnan(share)) return kMissing;
  if (share > 0 && share < 1e-6) return "< 0.0001 %";
  return three_digits(share * 100) + " %";
}

std::string format_number(double number) {
  if (std::isnan(number)) return kMissing;
  return with_separators(three_digits(number));
}

std::string format_value(double value, std::string_view unit) {
  if (unit == "s") return format_seconds(value);
  if (unit == "share") return format_share(value);
  if (unit == "1/s") return format_number(value) + "/s";
  return format_number(value);
}

std::size_t display_width(std::string_view text) {
  // Continuation bytes of UTF-8 are 10xxxxxx.
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

std::string pad_right(std::string text, std::size_t width) {
  const std::size_t have = display_width(text);
  if (have < width) text.append(width - have, ' ');
  return text;
}

std::string pad_left(std::string text, std::size_t width) {
  const std::size_t have = display_width(text);
  if (have < width) text.insert(0, width - have, ' ');
  return text;
}

std::string csv_text(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

std::string markdown_text(std::string_view text) {
  std::string out;
  const auto in_word = [&text](std::size_t at) {
    return at < text.size() && std::isalnum(static_cast<unsigned char>(text[at])) != 0;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    // An underscore inside a word is no emphasis.
    const bool marks = text[i] == '_' && !(i > 0 && in_word(i - 1) && in_word(i + 1));
    if (marks || std::string_view("\\|<>`*[]&~").find(text[i]) != std::string_view::npos) {
      out += '\\';
    }
    out += text[i];
  }
  return out;
}

}  // namespace headroom
