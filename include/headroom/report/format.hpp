#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace headroom {

/// Numbers as people read them, three significant digits. NaN is "-" everywhere.

/// "12 ns", "350 us", "48 ms", "0.72 s", "1.93 s", "6m 13s", "2h 05m", "3d 4h".
std::string format_seconds(double seconds);
/// Whole number with separators: "9,900".
std::string format_count(double count);
/// "46 k", "18 M", "950".
std::string format_short_count(double count);
/// "97.3 %" from 0.973.
std::string format_share(double share);
/// "41.8" (3 significant digits, separators from 1,000 on, no trailing zeros).
std::string format_number(double number);
/// A value in one of a report's units: "s", "share", "1/s".
std::string format_value(double value, std::string_view unit);

/// A field of a CSV file: in quotes where a comma, a quote or a line end is in it (RFC 4180).
std::string csv_text(const std::string& text);
/// Text that Markdown shows as it is, in a table's cell too.
std::string markdown_text(std::string_view text);

/// Characters of a UTF-8 text as a terminal counts them (one column each; the tool prints no wide
/// ones).
std::size_t display_width(std::string_view text);
/// Pads with blanks to `width` columns; longer text stays.
std::string pad_right(std::string text, std::size_t width);
std::string pad_left(std::string text, std::size_t width);
/// Breaks text at blanks into lines of at most `columns`; the first begins with `first`, the others
/// with as many blanks as `first` has columns. A longer word has a line of its own.
std::vector<std::string> wrap_text(std::string_view text, const std::string& first,
                                   std::size_t columns);

struct ChartStyle {
  std::size_t columns = 60;
  std::size_t rows = 3;
  bool unicode = true;  ///< false: ASCII
};
/// How several values that share a column are shown.
enum class Combine { kMean, kMax };
/// A bar for each column, from the top row down; the values are spread evenly over all columns, so
/// that charts of one span line up. Scaled so that `top` (or the largest value) fills
/// all rows; any positive value shows something. NaN (lost, or later than the horizon) is a column
/// of '!' over the whole height.
std::vector<std::string> draw_chart(const std::vector<double>& values, double top, Combine combine,
                                    const ChartStyle& style);

}  // namespace headroom
