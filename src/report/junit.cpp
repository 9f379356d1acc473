#include "headroom/report/junit.hpp"

#include <fmt/format.h>

#include <string>

#include "checked_json.hpp"
#include "headroom/report/format.hpp"

namespace headroom {
namespace {

/// XML has no way to write most control characters.
std::string xml(const std::string& plain) {
  std::string out;
  for (const char c : plain) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else if (c == '\n' || c == '\t') {
      out += ' ';
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += "\xEF\xBF\xBD";
    } else {
      out += c;
    }
  }
  return out;
}

std::string shown(const Json& value, const std::string& unit) {
  return value.is_number() ? format_value(value.get<double>(), unit) : "lost";
}

/// "211 s [208 s, 214 s], limit <= 2 s"
std::string reason(const Json& target) {
  const std::string unit = target["unit"];
  std::string text = shown(target["value"], unit);
  if (target.contains("reason")) text += " (" + target["reason"].get<std::string>() + ")";
  if (target["ci"].is_array()) {
    text += fmt::format(" [{}, {}]", shown(target["ci"][0], unit), shown(target["ci"][1], unit));
  }
  for (const auto& [key, value] : target.items()) {
    if (key == "max" || key.starts_with("max_")) text += ", limit <= " + shown(value, unit);
    if (key == "min" || key.starts_with("min_")) text += ", limit >= " + shown(value, unit);
  }
  return text;
}

}  // namespace

std::string render_junit(const std::vector<nlohmann::ordered_json>& reports) {
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
  for (const Json& report : reports) {
    const std::string scenario = report["scenario"]["name"];
    std::string cases;
    std::size_t failures = 0;
    for (const Json& target : report["targets"]) {
      cases += fmt::format("    <testcase classname=\"{}.{}\" name=\"{}\"", xml(scenario),
                           xml(target["window"]), xml(target["id"]));
      if (target["pass"].get<bool>()) {
        cases += "/>\n";
        continue;
      }
      ++failures;
      const std::string why = xml(reason(target));
      cases +=
          fmt::format(">\n      <failure message=\"{0}\">{0}; {1}</failure>\n    </testcase>\n",
                      why, xml(target["rule"]));
    }
    out += fmt::format("  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\">\n{}  </testsuite>\n",
                       xml(scenario), report["targets"].size(), failures, cases);
  }
  return out + "</testsuites>\n";
}

}  // namespace headroom
