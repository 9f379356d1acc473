#include "checked_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <stdexcept>

namespace headroom {
namespace {

constexpr double kExactWhole = 9007199254740992.0;  // 2^53

/// Lists of scalars stay on one line: a timeline has 1,440 of them.
bool is_flat(const Json& list) {
  return std::all_of(list.begin(), list.end(),
                     [](const Json& item) { return !item.is_structured(); });
}

void write(const Json& value, std::size_t indent, std::string& out) {
  const std::string inner(indent + 2, ' ');
  if (value.is_object() && !value.empty()) {
    out += "{\n";
    bool first = true;
    for (const auto& [key, item] : value.items()) {
      if (!first) out += ",\n";
      first = false;
      out += inner + Json(key).dump() + ": ";
      write(item, indent + 2, out);
    }
    out += "\n" + std::string(indent, ' ') + "}";
  } else if (value.is_array() && !value.empty()) {
    const bool flat = is_flat(value);
    out += flat ? "[" : "[\n";
    bool first = true;
    for (const Json& item : value) {
      if (!first) out += flat ? ", " : ",\n";
      first = false;
      if (!flat) out += inner;
      write(item, indent + 2, out);
    }
    out += flat ? "]" : "\n" + std::string(indent, ' ') + "]";
  } else {
    if (value.is_number_float() && !std::isfinite(value.get<double>())) {
      throw std::logic_error("a report would hold a number that is not finite");
    }
    out += value.dump(-1, ' ', false, Json::error_handler_t::replace);
  }
}

}  // namespace

Json number(double value) {
  if (!std::isfinite(value)) {
    throw std::logic_error("a report would hold a number that is not finite");
  }
  if (std::floor(value) == value && std::fabs(value) < kExactWhole) {
    return static_cast<std::int64_t>(value);
  }
  return std::strtod(fmt::format("{:.9g}", value).c_str(), nullptr);
}

Json number_or_null(double value) { return std::isnan(value) ? Json(nullptr) : number(value); }

std::string write_checked(const Json& document) {
  std::string out;
  write(document, 0, out);
  return out + "\n";
}

}  // namespace headroom
