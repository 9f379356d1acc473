#include "quantity.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <system_error>
#include <vector>

#include "headroom/core/error.hpp"
#include "headroom/json/document.hpp"
#include "node.hpp"

namespace headroom::json {
namespace {

constexpr double kMinute = 60;
constexpr double kHour = 3600;
constexpr double kDay = 86'400;
constexpr double kWeek = 7 * kDay;

constexpr double kKibi = 1024;
constexpr double kMebi = kKibi * kKibi;
constexpr double kGibi = kMebi * kKibi;
constexpr double kTebi = kGibi * kKibi;
constexpr double kPebi = kTebi * kKibi;

constexpr Unit kDurations[] = {
    {"s", 1, 1},    {"ps", 1, 1e12},     {"ns", 1, 1e9},  {"us", 1, 1e6}, {"µs", 1, 1e6, false},
    {"ms", 1, 1e3}, {"min", kMinute, 1}, {"h", kHour, 1}, {"d", kDay, 1}, {"w", kWeek, 1, false}};

constexpr Unit kRates[] = {{"/s", 1, 1},
                           {"k/s", 1e3, 1},
                           {"M/s", 1e6, 1},
                           {"B/s", 1e9, 1},
                           {"/min", 1, kMinute},
                           {"k/min", 1e3, kMinute},
                           {"M/min", 1e6, kMinute},
                           {"B/min", 1e9, kMinute},
                           {"/h", 1, kHour},
                           {"k/h", 1e3, kHour},
                           {"M/h", 1e6, kHour},
                           {"B/h", 1e9, kHour},
                           {"/day", 1, kDay},
                           {"k/day", 1e3, kDay},
                           {"M/day", 1e6, kDay},
                           {"B/day", 1e9, kDay},
                           {"/week", 1, kWeek},
                           {"k/week", 1e3, kWeek},
                           {"M/week", 1e6, kWeek},
                           {"B/week", 1e9, kWeek},
                           {"/d", 1, kDay, false},
                           {"k/d", 1e3, kDay, false},
                           {"M/d", 1e6, kDay, false},
                           {"B/d", 1e9, kDay, false}};

constexpr Unit kBytesUnits[] = {{"B", 1, 1},       {"kB", 1e3, 1},    {"MB", 1e6, 1},
                                {"GB", 1e9, 1},    {"TB", 1e12, 1},   {"PB", 1e15, 1},
                                {"KiB", kKibi, 1}, {"MiB", kMebi, 1}, {"GiB", kGibi, 1},
                                {"TiB", kTebi, 1}, {"PiB", kPebi, 1}, {"KB", 1e3, 1, false}};

constexpr Unit kByteRates[] = {{"B/s", 1, 1},
                               {"kB/s", 1e3, 1},
                               {"MB/s", 1e6, 1},
                               {"GB/s", 1e9, 1},
                               {"TB/s", 1e12, 1},
                               {"PB/s", 1e15, 1},
                               {"KiB/s", kKibi, 1},
                               {"MiB/s", kMebi, 1},
                               {"GiB/s", kGibi, 1},
                               {"TiB/s", kTebi, 1},
                               {"kbit/s", 1e3, 8, false},
                               {"Mbit/s", 1e6, 8, false},
                               {"Gbit/s", 1e9, 8, false},
                               {"Tbit/s", 1e12, 8, false}};

constexpr Unit kFlopRates[] = {{"FLOPS", 1, 1},
                               {"kFLOPS", 1e3, 1},
                               {"MFLOPS", 1e6, 1},
                               {"GFLOPS", 1e9, 1},
                               {"TFLOPS", 1e12, 1},
                               {"PFLOPS", 1e15, 1},
                               {"EFLOPS", 1e18, 1},
                               {"GFLOP/s", 1e9, 1, false},
                               {"TFLOP/s", 1e12, 1, false},
                               {"PFLOP/s", 1e15, 1, false}};

constexpr Unit kFlops[] = {{"FLOP", 1, 1},     {"kFLOP", 1e3, 1},  {"MFLOP", 1e6, 1},
                           {"GFLOP", 1e9, 1},  {"TFLOP", 1e12, 1}, {"PFLOP", 1e15, 1},
                           {"EFLOP", 1e18, 1}, {"ZFLOP", 1e21, 1}};

constexpr Unit kMoney[] = {{"USD/h", 1, 1}, {"USD/hour", 1, 1, false}};

constexpr Unit kPowers[] = {{"W", 1, 1}, {"mW", 1, 1e3}, {"kW", 1e3, 1}, {"MW", 1e6, 1}};

struct DimensionText {
  Dimension dimension;
  std::span<const Unit> units;
  std::string_view name, example, si_unit, si_suffix;
  std::string_view expected;  ///< units to name when one is unknown
};

constexpr DimensionText kDimensions[] = {
    {Dimension::kDuration, kDurations, "duration", "90s", "s", "_s", "ns, us, ms, s, min, h, d"},
    {Dimension::kRate, kRates, "rate", "120/s", "1/s", "_per_s",
     "/s, /min, /h, /day, /week, each also with k, M or B (thousand, million, billion)"},
    {Dimension::kBytes, kBytesUnits, "size", "80GiB", "bytes", "_bytes",
     "B, kB, MB, GB, TB, KiB, MiB, GiB, TiB"},
    {Dimension::kBytesPerS, kByteRates, "bandwidth", "600GB/s", "bytes/s", "_bytes_per_s",
     "MB/s, GB/s, TB/s, GiB/s, Gbit/s"},
    {Dimension::kFlops, kFlopRates, "computing rate", "312TFLOPS", "FLOP/s", "_flops",
     "GFLOPS, TFLOPS, PFLOPS"},
    {Dimension::kFlop, kFlops, "number of operations", "6TFLOP", "FLOP", "_flop",
     "MFLOP, GFLOP, TFLOP, PFLOP"},
    {Dimension::kMoneyPerHour, kMoney, "price", "2.5USD/h", "USD/h", "_usd_per_h", "USD/h"},
    {Dimension::kPower, kPowers, "power", "400W", "W", "_w", "W, kW, MW"}};

const DimensionText& text_of(Dimension dimension) {
  return *std::find_if(std::begin(kDimensions), std::end(kDimensions),
                       [dimension](const DimensionText& t) { return t.dimension == dimension; });
}

struct KeyUnit {
  Dimension dimension;
  std::string_view suffix;
  Unit unit;
};

/// Longer endings stand before those they end in.
constexpr KeyUnit kKeyUnits[] = {{Dimension::kDuration, "_ps", {"ps", 1, 1e12}},
                                 {Dimension::kDuration, "_ns", {"ns", 1, 1e9}},
                                 {Dimension::kDuration, "_us", {"us", 1, 1e6}},
                                 {Dimension::kDuration, "_ms", {"ms", 1, 1e3}},
                                 {Dimension::kDuration, "_s", {"s", 1, 1}},
                                 {Dimension::kDuration, "_min", {"min", kMinute, 1}},
                                 {Dimension::kDuration, "_h", {"h", kHour, 1}},
                                 {Dimension::kDuration, "_days", {"d", kDay, 1}},
                                 {Dimension::kRate, "_per_s", {"/s", 1, 1}},
                                 {Dimension::kRate, "_per_min", {"/min", 1, kMinute}},
                                 {Dimension::kRate, "_per_h", {"/h", 1, kHour}},
                                 {Dimension::kRate, "_per_day", {"/day", 1, kDay}},
                                 {Dimension::kRate, "_per_week", {"/week", 1, kWeek}},
                                 {Dimension::kBytes, "_bytes", {"B", 1, 1}},
                                 {Dimension::kBytes, "_mib", {"MiB", kMebi, 1}},
                                 {Dimension::kBytes, "_gib", {"GiB", kGibi, 1}},
                                 {Dimension::kBytes, "_gb", {"GB", 1e9, 1}},
                                 {Dimension::kBytesPerS, "_bytes_per_s", {"B/s", 1, 1}},
                                 {Dimension::kBytesPerS, "_gb_per_s", {"GB/s", 1e9, 1}},
                                 {Dimension::kFlops, "_flops", {"FLOPS", 1, 1}},
                                 {Dimension::kFlops, "_tflops", {"TFLOPS", 1e12, 1}},
                                 {Dimension::kFlop, "_flop", {"FLOP", 1, 1}},
                                 {Dimension::kFlop, "_gflop", {"GFLOP", 1e9, 1}},
                                 {Dimension::kFlop, "_tflop", {"TFLOP", 1e12, 1}},
                                 {Dimension::kMoneyPerHour, "_usd_per_h", {"USD/h", 1, 1}},
                                 {Dimension::kPower, "_w", {"W", 1, 1}},
                                 {Dimension::kPower, "_kw", {"kW", 1e3, 1}}};

/// The longest prefix that is a decimal number; "inf" and "nan", which from_chars would read, are
/// none. Returns its length, 0 when there is none.
std::size_t read_number(std::string_view text, double& value) {
  if (text.empty() || text[0] < '0' || text[0] > '9') return 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return 0;
  return static_cast<std::size_t>(end - text.data());
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

const Unit* find_unit(std::string_view name, Dimension dimension) {
  const auto all = units(dimension);
  const auto found =
      std::find_if(all.begin(), all.end(), [name](const Unit& unit) { return unit.name == name; });
  return found == all.end() ? nullptr : &*found;
}

/// The unit's text ends where a digit follows that starts the next part ("1h30min").
std::string_view unit_text(std::string_view rest) {
  const auto end =
      std::find_if(rest.begin(), rest.end(), [](char c) { return c >= '0' && c <= '9'; });
  return trimmed(rest.substr(0, static_cast<std::size_t>(end - rest.begin())));
}

/// Units as people say them. "m" is none: it may be min, ms or months.
struct SpokenUnit {
  Dimension dimension;
  std::string_view said, unit;
};

constexpr SpokenUnit kSpokenUnits[] = {{Dimension::kDuration, "millisecond", "ms"},
                                       {Dimension::kDuration, "msec", "ms"},
                                       {Dimension::kDuration, "second", "s"},
                                       {Dimension::kDuration, "sec", "s"},
                                       {Dimension::kDuration, "minute", "min"},
                                       {Dimension::kDuration, "min", "min"},
                                       {Dimension::kDuration, "hour", "h"},
                                       {Dimension::kDuration, "hr", "h"},
                                       {Dimension::kDuration, "day", "d"},
                                       {Dimension::kDuration, "week", "w"},
                                       {Dimension::kRate, "rps", "/s"},
                                       {Dimension::kRate, "qps", "/s"},
                                       {Dimension::kRate, "hz", "/s"},
                                       {Dimension::kRate, "rpm", "/min"}};

/// The unit that a word means: a spelling in the wrong case, "minutes", "req/s", "per second".
std::string_view unit_meant(std::string_view word, Dimension dimension) {
  const auto same = [](std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return (x | 0x20) == (y | 0x20); });
  };
  for (const Unit& unit : units(dimension)) {
    if (same(unit.name, word)) return unit.name;
  }
  const std::string_view singular = word.ends_with('s') ? word.substr(0, word.size() - 1) : word;
  for (const SpokenUnit& spoken : kSpokenUnits) {
    if (spoken.dimension != dimension) continue;
    if (same(spoken.said, word) || same(spoken.said, singular)) return spoken.unit;
  }
  if (dimension != Dimension::kRate) return {};
  // "requests/s", "per minute": what stands after the slash, or after "per", is a time.
  std::size_t after = word.find('/');
  after = after != std::string_view::npos ? after + 1 : word.find("per ");
  if (after == std::string_view::npos) return {};
  if (word.substr(after).starts_with("per ")) after += 4;
  std::string_view time = word.substr(after);
  if (find_unit(time, Dimension::kDuration) == nullptr) {
    time = unit_meant(time, Dimension::kDuration);
  }
  for (const Unit& unit : kRates) {
    if (!time.empty() && unit.name.starts_with('/') && unit.name.substr(1) == time) {
      return unit.name;
    }
  }
  return {};
}

std::string unit_unknown_message(std::string_view unit, std::string_view text,
                                 Dimension dimension) {
  if (dimension == Dimension::kDuration &&
      (unit.starts_with("mon") || unit == "mo" || unit.starts_with("year") || unit == "y")) {
    return in_quotes(unit) + " in " + in_quotes(text) +
           " is not a unit, since its length varies; write days, for example \"30d\"";
  }
  for (const DimensionText& other : kDimensions) {
    if (other.dimension != dimension && find_unit(unit, other.dimension) != nullptr) {
      return in_quotes(text) + " is a " + std::string(other.name) + ", not a " +
             std::string(dimension_name(dimension)) + "; write for example " +
             in_quotes(dimension_example(dimension));
    }
  }
  std::string message = "unknown unit " + in_quotes(unit) + " in " + in_quotes(text) +
                        "; expected " + std::string(text_of(dimension).expected);
  const std::string_view meant = unit_meant(unit, dimension);
  return meant.empty() ? message : message + " (did you mean " + in_quotes(meant) + "?)";
}

/// "-" and the part of the text after it.
bool take_sign(std::string_view& text) {
  if (text.empty() || text[0] != '-') return false;
  text.remove_prefix(1);
  return true;
}

std::string in_unit(double si_value, const Unit& unit) {
  return number_text(si_value * unit.denominator / unit.numerator) + std::string(unit.name);
}

bool reads_back(const std::string& text, double si_value, Dimension dimension) {
  double value = 0;
  std::string problem;
  return read_quantity(text, dimension, value, problem) == QuantityError::kNone &&
         value == si_value;
}

/// "1h30min" for whole seconds from two minutes on; empty when a decimal in one unit says it.
std::string compound_duration(double si_value) {
  if (si_value < 2 * kMinute || si_value > 1e9 || si_value != std::floor(si_value)) return "";
  auto rest = static_cast<std::int64_t>(si_value);
  std::string text;
  const std::pair<std::int64_t, const char*> parts[] = {
      {86'400, "d"}, {3'600, "h"}, {60, "min"}, {1, "s"}};
  for (const auto& [length, name] : parts) {
    if (rest >= length) text += std::to_string(rest / length) + name;
    rest %= length;
  }
  return text;
}

}  // namespace

std::span<const Unit> units(Dimension dimension) { return text_of(dimension).units; }
std::string_view dimension_name(Dimension dimension) { return text_of(dimension).name; }
std::string_view dimension_example(Dimension dimension) { return text_of(dimension).example; }
std::string_view si_unit(Dimension dimension) { return text_of(dimension).si_unit; }
std::string_view si_suffix(Dimension dimension) { return text_of(dimension).si_suffix; }

std::optional<Unit> unit_of_key(std::string_view key, Dimension dimension) {
  // "rate_per_s" ends in "_s" too, but counts no seconds: only the field's dimension is looked at.
  for (const KeyUnit& candidate : kKeyUnits) {
    if (candidate.dimension == dimension && key.ends_with(candidate.suffix)) return candidate.unit;
  }
  return std::nullopt;
}

std::string unit_missing_message(std::string_view number, Dimension dimension) {
  double value = 0;
  std::string_view digits = number;
  take_sign(digits);
  read_number(digits, value);
  std::string_view unit;
  switch (dimension) {
    case Dimension::kDuration:
      // Hundreds are milliseconds more often than seconds in latency targets.
      unit = value >= 500 ? "ms" : "s";
      break;
    case Dimension::kBytes:
      unit = value <= 4096 ? "GiB" : "B";
      break;
    case Dimension::kBytesPerS:
      unit = value <= 1e5 ? "GB/s" : "B/s";
      break;
    case Dimension::kFlops:
      unit = value <= 1e6 ? "TFLOPS" : "FLOPS";
      break;
    case Dimension::kFlop:
      unit = value <= 1e6 ? "TFLOP" : "FLOP";
      break;
    case Dimension::kRate:
    case Dimension::kMoneyPerHour:
    case Dimension::kPower:
      unit = units(dimension).front().name;
      break;
  }
  return std::string(number) + " needs a unit; write \"" + std::string(number) + std::string(unit) +
         "\"";
}

QuantityError read_quantity(std::string_view text, Dimension dimension, double& si_value,
                            std::string& problem) {
  std::string_view rest = trimmed(text);
  const bool negative = take_sign(rest);
  const auto not_a_quantity = [&] {
    problem = in_quotes(text) + " is not a " + std::string(dimension_name(dimension)) +
              "; write for example " + in_quotes(dimension_example(dimension));
    return QuantityError::kNotAQuantity;
  };

  double sum = 0;
  double last_unit = HUGE_VAL;
  do {
    double number = 0;
    const std::size_t digits = read_number(rest, number);
    if (digits == 0) return not_a_quantity();
    const std::string_view after = trimmed(rest.substr(digits));
    const std::string_view name = unit_text(after);
    if (name.empty()) {
      // "500", but also the "30" of "1h30".
      if (!after.empty()) return not_a_quantity();
      problem = unit_missing_message(trimmed(text), dimension);
      return QuantityError::kUnitMissing;
    }
    const Unit* unit = find_unit(name, dimension);
    if (unit == nullptr) {
      problem = unit_unknown_message(name, text, dimension);
      return QuantityError::kUnitUnknown;
    }
    // "1h30min" goes from long to short; "30min1h" or "1h1h" is more likely a slip.
    const double size = unit->numerator / unit->denominator;
    if (size >= last_unit) return not_a_quantity();
    last_unit = size;
    sum += number * unit->numerator / unit->denominator;
    rest = trimmed(after.substr(name.size()));
  } while (!rest.empty() && dimension == Dimension::kDuration);
  if (!rest.empty() || !std::isfinite(sum)) return not_a_quantity();
  si_value = negative ? -sum : sum;
  return QuantityError::kNone;
}

bool parse_quantity(std::string_view text, Dimension dimension, double& si_value,
                    std::string& problem) {
  return read_quantity(text, dimension, si_value, problem) == QuantityError::kNone;
}

std::string format_quantity(double si_value, Dimension dimension) {
  if (!std::isfinite(si_value)) return "none";
  if (si_value < 0) return "-" + format_quantity(-si_value, dimension);
  const auto all = units(dimension);
  std::string best = in_unit(si_value, all.front());
  if (si_value == 0) return best;
  if (dimension == Dimension::kDuration) {
    if (std::string compound = compound_duration(si_value); !compound.empty()) return compound;
    // Between a second and two minutes seconds read best: 90s, not 1.5min.
    if (si_value >= 1) return best;
    // Below, the unit that leaves a number from 1 to 1000: 250ms, not 0.25s.
    for (const Unit& unit : all) {
      const double number = si_value * unit.denominator / unit.numerator;
      std::string text = in_unit(si_value, unit);
      const bool fits = unit.canonical && number >= 1 && number < 1000;
      if (fits && reads_back(text, si_value, dimension)) return text;
    }
  }
  for (const Unit& unit : all) {
    if (!unit.canonical) continue;
    std::string text = in_unit(si_value, unit);
    if (text.size() < best.size() && reads_back(text, si_value, dimension)) best = std::move(text);
  }
  return best;
}

std::string quantity_pattern(Dimension dimension, bool may_be_negative) {
  std::vector<std::string_view> names;
  for (const Unit& unit : units(dimension)) names.push_back(unit.name);
  // Longest first, so that an engine that takes the first alternative still reads "min" whole.
  std::stable_sort(names.begin(), names.end(),
                   [](std::string_view a, std::string_view b) { return a.size() > b.size(); });
  std::string alternatives;
  for (const std::string_view name : names) {
    if (!alternatives.empty()) alternatives += '|';
    alternatives += name;
  }
  const std::string part = R"([0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)? *()" + alternatives + ")";
  const std::string sign = may_be_negative ? "-?" : "";
  if (dimension != Dimension::kDuration) return "^ *" + sign + part + " *$";
  return "^ *" + sign + part + "( *" + part + ")* *$";
}

}  // namespace headroom::json
