#include "headroom/report/check_report.hpp"

#include <algorithm>
#include <regex>
#include <stdexcept>
#include <string>
#include <vector>

#include "checked_json.hpp"
#include "headroom/report/check.hpp"
#include "headroom/report/plan_report.hpp"
#include "headroom/report/report.hpp"

namespace headroom {
namespace {

/// The keywords of JSON Schema that report_schema() uses, and no others.
class Checker {
 public:
  explicit Checker(const Json& schema) : schema_(schema) {}

  void check(const Json& value, const Json& rule, const std::string& pointer) {
    if (rule.is_boolean()) {
      if (!rule.get<bool>()) issue("E107", pointer, "is not expected here");
      return;
    }
    for (const auto& [keyword, argument] : rule.items()) {
      if (!apply(keyword, argument, value, rule, pointer)) return;
    }
  }

  std::vector<Issue> take() { return std::move(issues_); }

 private:
  void issue(const char* code, const std::string& pointer, const std::string& message) {
    issues_.push_back({code, "", pointer, message, 0, 0, 1, {}});
  }

  static std::string named(const Json& value) {
    const std::string text = value.dump();
    return text.size() > 40 ? text.substr(0, 37) + "..." : text;
  }

  static bool has_type(const Json& value, const std::string& type) {
    if (type == "object") return value.is_object();
    if (type == "array") return value.is_array();
    if (type == "string") return value.is_string();
    if (type == "boolean") return value.is_boolean();
    if (type == "integer") return value.is_number_integer();
    if (type == "number") return value.is_number();
    if (type == "null") return value.is_null();
    throw std::logic_error("report schema: unknown type " + type);
  }

  /// False: what is left of the rule makes no sense for this value.
  bool apply(const std::string& keyword, const Json& argument, const Json& value, const Json& rule,
             const std::string& pointer) {
    if (keyword == "$ref") {
      const std::string target = argument.get<std::string>();  // "#/$defs/name"
      check(value, schema_.at(Json::json_pointer(target.substr(1))), pointer);
    } else if (keyword == "type") {
      return type(argument, value, pointer);
    } else if (keyword == "const") {
      if (value != argument) issue("E112", pointer, named(value) + " should be " + argument.dump());
    } else if (keyword == "enum") {
      if (std::find(argument.begin(), argument.end(), value) == argument.end()) {
        issue("E112", pointer, named(value) + " should be one of " + argument.dump());
      }
    } else if (keyword == "oneOf" || keyword == "anyOf") {
      alternatives(argument, value, pointer);
    } else if (value.is_object()) {
      object(keyword, argument, value, rule, pointer);
    } else if (value.is_array()) {
      array(keyword, argument, value, pointer);
    } else if (value.is_number()) {
      limits(keyword, argument, value.get<double>(), pointer);
    } else if (keyword == "pattern" && value.is_string()) {
      if (!std::regex_search(value.get<std::string>(), std::regex(argument.get<std::string>()))) {
        issue("E111", pointer, named(value) + " should match " + argument.get<std::string>());
      }
    } else {
      known(keyword);
    }
    return true;
  }

  /// A keyword that this checker passed over in silence would be a hole.
  static void known(const std::string& keyword) {
    static const std::vector<std::string> kKnown{"$schema",
                                                 "$id",
                                                 "$defs",
                                                 "title",
                                                 "description",
                                                 "properties",
                                                 "required",
                                                 "items",
                                                 "pattern",
                                                 "additionalProperties",
                                                 "minItems",
                                                 "maxItems",
                                                 "minimum",
                                                 "maximum",
                                                 "exclusiveMinimum",
                                                 "patternProperties",
                                                 "exclusiveMaximum"};
    if (std::find(kKnown.begin(), kKnown.end(), keyword) == kKnown.end()) {
      throw std::logic_error("report schema: unknown keyword " + keyword);
    }
  }

  bool type(const Json& argument, const Json& value, const std::string& pointer) {
    bool found = false;
    if (argument.is_string()) {
      found = has_type(value, argument.get<std::string>());
    } else {
      for (const Json& one : argument) found = found || has_type(value, one.get<std::string>());
    }
    if (!found) issue("E110", pointer, named(value) + " should be of type " + argument.dump());
    return found;
  }

  void alternatives(const Json& rules, const Json& value, const std::string& pointer) {
    for (const Json& rule : rules) {
      Checker one(schema_);
      one.check(value, rule, pointer);
      if (one.issues_.empty()) return;
    }
    issue("E110", pointer, named(value) + " is of none of the forms expected here");
  }

  static std::string below(const std::string& pointer, const std::string& key) {
    std::string out = pointer + "/";
    for (const char c : key) out += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
    return out;
  }

  void object(const std::string& keyword, const Json& argument, const Json& value, const Json& rule,
              const std::string& pointer) {
    if (keyword == "required") {
      for (const Json& key : argument) {
        if (value.contains(key)) continue;
        issue("E106", pointer, "required field \"" + key.get<std::string>() + "\" is missing");
      }
    } else if (keyword == "properties") {
      for (const auto& [key, inner] : argument.items()) {
        if (value.contains(key)) check(value.at(key), inner, below(pointer, key));
      }
    } else if (keyword == "patternProperties" || keyword == "additionalProperties") {
      for (const auto& [key, inner] : value.items()) member(keyword, rule, key, inner, pointer);
    } else {
      known(keyword);
    }
  }

  /// One field under patternProperties, or under additionalProperties if nothing else names it.
  void member(const std::string& keyword, const Json& rule, const std::string& key,
              const Json& value, const std::string& pointer) {
    const bool named_field = rule.contains("properties") && rule["properties"].contains(key);
    bool matched = false;
    if (rule.contains("patternProperties")) {
      for (const auto& [pattern, inner] : rule["patternProperties"].items()) {
        if (!std::regex_search(key, std::regex(pattern))) continue;
        matched = true;
        if (keyword == "patternProperties") check(value, inner, below(pointer, key));
      }
    }
    if (keyword != "additionalProperties" || named_field || matched) return;
    const Json& additional = rule["additionalProperties"];
    if (additional != false) {
      check(value, additional, below(pointer, key));
      return;
    }
    std::vector<std::string> fields;
    if (rule.contains("properties")) {
      for (const auto& [field, ignored] : rule["properties"].items()) fields.push_back(field);
    }
    const std::string near = nearest_word(key, fields);
    issue(
        "E107", below(pointer, key),
        "unknown field \"" + key + "\"" + (near.empty() ? "" : "; did you mean \"" + near + "\"?"));
  }

  void array(const std::string& keyword, const Json& argument, const Json& value,
             const std::string& pointer) {
    if (keyword == "items") {
      for (std::size_t i = 0; i < value.size(); ++i) {
        check(value[i], argument, pointer + "/" + std::to_string(i));
      }
    } else if (keyword == "minItems" && value.size() < argument.get<std::size_t>()) {
      issue("E111", pointer, "should have at least " + argument.dump() + " items");
    } else if (keyword == "maxItems" && value.size() > argument.get<std::size_t>()) {
      issue("E111", pointer, "should have at most " + argument.dump() + " items");
    } else {
      known(keyword);
    }
  }

  void limits(const std::string& keyword, const Json& argument, double value,
              const std::string& pointer) {
    known(keyword);
    if (!argument.is_number()) return;
    const double limit = argument.get<double>();
    const bool wrong = (keyword == "minimum" && value < limit) ||
                       (keyword == "maximum" && value > limit) ||
                       (keyword == "exclusiveMinimum" && value <= limit) ||
                       (keyword == "exclusiveMaximum" && value >= limit);
    if (wrong) {
      issue("E111", pointer, Json(value).dump() + " breaks " + keyword + " " + argument.dump());
    }
  }

  const Json& schema_;
  std::vector<Issue> issues_;
};

std::vector<Issue> check_against(const std::string& schema_text, const Json& document) {
  const Json schema = Json::parse(schema_text);
  Checker checker(schema);
  checker.check(document, schema, "");
  return checker.take();
}

}  // namespace

std::vector<Issue> check_report(const nlohmann::ordered_json& report) {
  const bool plan = report.is_object() && report.contains("kind") && report["kind"] == "plan";
  return check_against(plan ? plan_schema() : report_schema(), report);
}

std::vector<Issue> check_baseline(const nlohmann::ordered_json& baseline) {
  return check_against(baseline_schema(), baseline);
}

}  // namespace headroom
