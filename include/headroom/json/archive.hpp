#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headroom/core/units.hpp"

/// One description of every JSON object the project reads.
///
/// A struct that is read from JSON has one free function beside it,
///
///     void describe(json::Archive& archive, PoolConfig& pool);
///
/// which names its fields once: key, help, unit, range, whether it is required. The value a field
/// holds before the call is its default. Three archives walk that one description: the decoder
/// fills the struct and collects every error at its place, the schema writer emits JSON Schema, and
/// the explainer lists effective value, unit, default and source. Nothing can fall out of step.
namespace headroom::json {

enum class Need { kRequired, kOptional };

/// One field's name and text. `key` is snake_case; `help` is one sentence without a full stop.
struct Field {
  std::string_view key;
  std::string_view help;
  Need need = Need::kOptional;
};

/// Bounds of a number; open bounds exclude the value itself. NaN and infinity never pass.
struct Range {
  double min = -1e300;
  double max = 1e300;
  bool open_min = false;
  bool open_max = false;
};
inline constexpr Range kAnyNumber{};
inline constexpr Range kPositive{0, 1e300, true, false};
inline constexpr Range kNonNegative{0, 1e300, false, false};
inline constexpr Range kShare{0, 1, false, false};

/// What a quantity string measures; the decoded value is in the SI unit given here.
enum class Dimension {
  kDuration,      ///< s: "90s" "250ms" "12us" "3ns" "5min" "2h" "7d" "1h30min"
  kRate,          ///< per second: "120/s" "1.2M/h" "1B/day" "5/min" "3/week"
  kBytes,         ///< bytes: "80GiB" "40GB" "16KiB" "5B"
  kBytesPerS,     ///< bytes/s: "2039GB/s" "2TB/s"
  kFlops,         ///< floating-point operations per second: "312TFLOPS" "1.3PFLOPS"
  kFlop,          ///< operations: "5.98TFLOP"
  kMoneyPerHour,  ///< US dollars per hour: "5.12USD/h"
  kPower,         ///< W: "400W"
};

struct Choice {
  std::string_view name;
  std::string_view summary;
};

/// A point in time in a scenario: relative to its start ("12h") or absolute, UTC
/// ("2025-03-31T17:00:00Z"). Decoded to seconds since the scenario's start where
/// `absolute` is false, to seconds since 1970-01-01T00:00:00Z where it is true.
struct TimePoint {
  double seconds = 0;
  bool absolute = false;
};

class Archive {
 public:
  virtual ~Archive() = default;

  // --- leaves -----------------------------------------------------------------------------------
  virtual void boolean(const Field& field, bool& value) = 0;
  virtual void integer(const Field& field, std::int64_t& value, const Range& range) = 0;
  /// A dimensionless number.
  virtual void number(const Field& field, double& value, const Range& range) = 0;
  /// A string with a unit, or a bare number when `key` ends in its unit (`_s`, `_ms`, `_per_h`,
  /// `_gib`, ...). `value` is in the dimension's SI unit; so is `range`. A field whose key names no
  /// unit may also be written with the ending of the SI unit: "duration": "90s" is the same as
  /// "duration_s": 90 (`_per_s`, `_bytes`, `_bytes_per_s`, `_flops`, `_flop`, `_usd_per_h`, `_w`).
  virtual void quantity(const Field& field, double& value, Dimension dimension,
                        const Range& range) = 0;
  /// "12h", "2025-03-31T17:00:00Z", "2025-03-31", or a bare number under `key`_s.
  virtual void time_point(const Field& field, TimePoint& value) = 0;
  virtual void text(const Field& field, std::string& value) = 0;
  /// A word out of a fixed list; `value` is one of the names. Unknown words get "did you mean".
  virtual void choice(const Field& field, std::string& value, std::span<const Choice> choices) = 0;
  /// Plain numbers in a list, e.g. the points of a table.
  virtual void numbers(const Field& field, std::vector<double>& values, const Range& range) = 0;
  virtual void texts(const Field& field, std::vector<std::string>& values) = 0;

  // --- containers (use the templates below) -----------------------------------------------------
  /// One object under a key. `body` describes its fields; it runs once when the object is present
  /// (decoding, explaining) or always (schema). Returns whether the object was present.
  virtual bool object_field(const Field& field, const std::function<void(Archive&)>& body) = 0;
  /// After object_field returned false: the object is left out, and the values that `body`
  /// describes are what holds. Only listing archives care; nothing is read or reported.
  virtual void default_object(const Field& /*field*/,
                              const std::function<void(Archive&)>& /*body*/) {}
  /// A list of objects. `resize(n)` is called once with the number present; `item(archive, i)`
  /// describes item i. The schema writer calls resize(1) and item 0.
  virtual void list_field(const Field& field, std::size_t min_items,
                          const std::function<void(std::size_t)>& resize,
                          const std::function<void(Archive&, std::size_t)>& item,
                          std::size_t current) = 0;
  /// An object whose keys are free names, each with an object value (in order of appearance).
  virtual void map_field(const Field& field,
                         const std::function<void(Archive&, const std::string& name)>& item,
                         std::span<const std::string> current) = 0;

  struct Branch {
    std::string_view name;
    std::string_view summary;
    std::function<void(Archive&)> fields;
  };
  /// A word that decides which further fields this object has ("kind": "lognormal"). Decoding runs
  /// the chosen branch; the schema writer runs every branch (oneOf). To explain a misplaced field,
  /// decoding may first run other branches on an archive that only notes keys (decoding() is false
  /// there and no value changes), so a branch should do no more than describe its fields.
  virtual void variant(const Field& field, std::string& chosen,
                       std::span<const Branch> branches) = 0;
  /// The object under `field` may also be written as one bare number or quantity string (e.g.
  /// "output_tokens": 250, or "patience": "120s"). When it was, sets `value` (SI) and returns true
  /// and `body` is not run; when it is an object, runs `body` and returns false; false too when the
  /// field is absent (`has` tells). `dimension` empty = dimensionless.
  virtual bool object_or_scalar(const Field& field, double& value,
                                std::optional<Dimension> dimension, const Range& range,
                                const std::function<void(Archive&)>& body) = 0;

  // --- cross-field checks -----------------------------------------------------------------------
  /// True while decoding a user's document: only then do cross-field checks make sense.
  virtual bool decoding() const = 0;
  /// Whether the key was given in the document (decoding); false otherwise.
  virtual bool has(std::string_view key) const = 0;
  /// Reports a problem at `key` of the object being described ("" = the object itself).
  virtual void problem(std::string_view key, std::string_view code, std::string message,
                       std::vector<std::string> notes = {}) = 0;
  /// JSON pointer of the object being described ("/fleet/pools/0"), to report on later.
  virtual std::string pointer() const = 0;

  // --- conveniences -----------------------------------------------------------------------------
  template <class T>
  bool object(const Field& field, T& value) {
    const auto body = [&value](Archive& a) { describe(a, value); };
    const bool present = object_field(field, body);
    if (!present) default_object(field, body);
    return present;
  }
  /// An optional object: engaged when present.
  template <class T>
  void optional_object(const Field& field, std::optional<T>& value) {
    T held = value.value_or(T{});
    if (object_field(field, [&held](Archive& a) { describe(a, held); })) value = std::move(held);
  }
  template <class T>
  void list(const Field& field, std::vector<T>& values, std::size_t min_items = 0) {
    list_field(
        field, min_items, [&values](std::size_t n) { values.resize(n); },
        [&values](Archive& a, std::size_t i) { describe(a, values[i]); }, values.size());
  }
  void duration(const Field& field, Ticks& value, const Range& range_s = kNonNegative) {
    // -1 stands for "never": outside every range, so it is shown as no default.
    const double before = value == kNever ? -1.0 : seconds(value);
    double s = before;
    Range range = range_s;
    if (range.max > seconds(kMaxRunSpan)) range.max = seconds(kMaxRunSpan);
    quantity(field, s, Dimension::kDuration, range);
    // An untouched value keeps its picoseconds, which a double of seconds may not hold.
    if (s != before) value = ticks_from_seconds(s);
  }
};

}  // namespace headroom::json
