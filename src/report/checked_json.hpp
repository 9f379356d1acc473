#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace headroom {

using Json = nlohmann::ordered_json;

/// A finite number, rounded to 9 significant digits (bins are 0.4 % wide; the rest is noise that
/// hides what changed), written as an integer when it is whole. Throws std::logic_error for NaN and
/// infinity: JSON has neither, and a silent null would pass for a censored value.
Json number(double value);
/// As number, but NaN is null: for statistics that the report names as censored or absent.
Json number_or_null(double value);

/// The document as text, two blanks an indent, lists of numbers on one line, a newline at the end.
/// Throws std::logic_error when any number in it is not finite.
std::string write_checked(const Json& document);

}  // namespace headroom
