#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "headroom/json/archive.hpp"

namespace headroom::json {

/// A unit as written after a number. SI value = number * numerator / denominator; two factors, so
/// that "12us" is 12 / 1e6, the double nearest to 1.2e-5, and not 12 * 1e-6.
struct Unit {
  std::string_view name;
  double numerator = 1;
  double denominator = 1;
  bool canonical = true;  ///< written by format_quantity; the others are only read
};

/// Units of a dimension, the SI unit first.
std::span<const Unit> units(Dimension dimension);

/// "duration", "rate", ...: for messages.
std::string_view dimension_name(Dimension dimension);
/// A good example: "90s", "120/s".
std::string_view dimension_example(Dimension dimension);
/// The SI unit for tables: "s", "1/s", "bytes".
std::string_view si_unit(Dimension dimension);
/// What a key ends in when it counts the SI unit: "_s", "_per_s", "_bytes".
std::string_view si_suffix(Dimension dimension);
/// The unit that a key names in its ending ("delay_ms": 1/1000), if any.
std::optional<Unit> unit_of_key(std::string_view key, Dimension dimension);

enum class QuantityError { kNone, kNotAQuantity, kUnitMissing, kUnitUnknown };

/// parse_quantity, with the kind of problem.
QuantityError read_quantity(std::string_view text, Dimension dimension, double& si_value,
                            std::string& problem);

/// `500 needs a unit; write "500ms"`.
std::string unit_missing_message(std::string_view number, Dimension dimension);

/// Regular expression (ECMA 262) of the strings that parse.
std::string quantity_pattern(Dimension dimension, bool may_be_negative);
/// Regular expression of the absolute times that parse.
std::string utc_pattern();

}  // namespace headroom::json
