#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "checked_json.hpp"
#include "html/markup.hpp"

namespace headroom::html {

/// Joins keys to a JSON pointer; "/" and "~" inside a key are escaped.
std::string pointer(std::initializer_list<std::string_view> keys);
std::string pointer(std::string_view list, std::size_t index, std::string_view key);

/// A number, else NaN.
double real(const Json& value);
/// A string, else "".
std::string word(const Json& value);
/// The numbers of a list; null (censored) is NaN.
std::vector<double> reals(const Json& list);
/// "queue delay" from "queue_delay".
std::string spaced(std::string words);

/// When something in a report happened, by the clock if its scenario is dated.
class Clock {
 public:
  Clock() = default;
  explicit Clock(const Json& report);
  bool dated() const { return dated_; }
  /// Seconds since 1970 of the report's start; 0 when not dated.
  double start_s() const { return start_s_; }
  /// "1 Apr 12:40 UTC", "12m 00s"; with busy periods "month 5, 12:40 UTC".
  std::string moment(double at_s) const;
  /// For an axis whose labels stand `step_s` apart: "12:40", "1 Apr", "90 s".
  std::string tick(double at_s, double step_s) const;

 private:
  bool dated_ = false;
  double start_s_ = 0;
  std::string period_;
};

/// One saved report and the questions a page asks of it.
class View {
 public:
  /// The report must outlive the view. `index`: its place on the page.
  View(const Json& report, std::size_t index) : report_(&report), index_(index), clock_(report) {}

  const Json& json() const { return *report_; }
  std::size_t index() const { return index_; }
  const Clock& clock() const { return clock_; }
  /// The value at a JSON pointer; null when there is none.
  const Json& at(const std::string& pointer) const;
  double real(const std::string& pointer) const { return html::real(at(pointer)); }
  std::string word(const std::string& pointer) const { return html::word(at(pointer)); }
  bool has(const std::string& pointer) const { return !at(pointer).is_null(); }
  /// An id that is unique on the page.
  std::string id(std::string_view part) const;

  /// The number at a pointer as people read it, in an element that also holds the exact number and
  /// where in the report it stands. `missing` stands for null; unit "exact": every digit.
  Markup value(const std::string& pointer, std::string_view unit,
               std::string_view missing = "-") const;
  /// "208 s to 214 s" of a pair [low, high]; `missing` for null.
  Markup range(const std::string& pointer, std::string_view unit,
               std::string_view missing = "-") const;

 private:
  const Json* report_;
  std::size_t index_;
  Clock clock_;
};

/// A value in a unit of reports ("s", "share", "1/s", "count", "GPUs", ...) as people read it.
std::string shown(double value, std::string_view unit);

}  // namespace headroom::html
