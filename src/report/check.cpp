#include "headroom/report/check.hpp"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "compare_parts.hpp"
#include "headroom/report/format.hpp"
#include "text_layout.hpp"

namespace headroom {
namespace {

std::size_t missed(const Json& targets) {
  std::size_t n = 0;
  for (const Json& target : targets) n += !target["pass"].get<bool>();
  return n;
}

int regressed(const Json& comparison) {
  return comparison.is_null() ? 0 : comparison["counts"]["regressed"].get<int>();
}

Json scenario_of(const CheckedScenario& checked) {
  const Json& targets = checked.report["targets"];
  const std::size_t misses = missed(targets);
  const char* verdict = misses > 0                          ? "fail"
                        : regressed(checked.comparison) > 0 ? "regressed"
                                                            : "pass";
  return {{"file", checked.file},
          {"scenario", checked.report["scenario"]["name"]},
          {"verdict", verdict},
          {"headline", checked.report["answer"]["headline"]},
          {"missed", misses},
          {"targets", targets},
          {"baseline", checked.comparison}};
}

std::string limit_of(const Json& target) {
  const std::string unit = target["unit"];
  for (const auto& [key, value] : target.items()) {
    if (key == "max" || key.starts_with("max_")) return "<= " + shown_value(value, unit);
    if (key == "min" || key.starts_with("min_")) return ">= " + shown_value(value, unit);
  }
  return "";
}

std::string interval_of(const Json& target) {
  if (!target["ci"].is_array()) return "";
  const std::string unit = target["unit"];
  return fmt::format(" [{}, {}]", shown_value(target["ci"][0], unit),
                     shown_value(target["ci"][1], unit));
}

/// "211 s [208 s, 214 s]"
std::string value_of(const Json& target) {
  return shown_value(target["value"], target["unit"]) + interval_of(target);
}

std::string word_of(const std::string& verdict) {
  return verdict == "fail" ? "FAIL" : verdict == "regressed" ? "REGRESSED" : "PASS";
}

std::string painted(const std::string& verdict, const Paint& paint) {
  const std::string word = word_of(verdict);
  return verdict == "pass" ? paint.good(word) : paint.bad(word);
}

void add_scenario(const Json& scenario, const Paint& paint, std::size_t columns, std::string& out) {
  out += fmt::format("{}  {}\n", painted(scenario["verdict"], paint),
                     paint.strong(scenario["file"].get<std::string>()));
  for (const std::string& line :
       wrap_text(scenario["headline"].get<std::string>(), "      ", columns)) {
    out += line + "\n";
  }
  for (const Json& target : scenario["targets"]) {
    const bool pass = target["pass"];
    out += fmt::format("      {}{}{} {}\n",
                       pad_right(cut_text(target["id"].get<std::string>(), 24), 26),
                       pad_right(value_of(target) + " ", 30),
                       pass ? paint.good("PASS") : paint.bad("FAIL"), limit_of(target));
  }
  const Json& baseline = scenario["baseline"];
  if (baseline.is_null()) return;
  out += "      baseline: " + shown_counts(baseline) + "\n";
  for (const Json& notice : baseline["notices"]) {
    for (const std::string& line :
         wrap_text(notice.get<std::string>(), "        note  ", columns)) {
      out += line + "\n";
    }
  }
  for (const Json& field : baseline["differences"]) {
    out += fmt::format("        differs  {}\n", field["path"].get<std::string>());
  }
  for (const Json& row : baseline["metrics"]) {
    if (row["verdict"] == "same") continue;
    const bool worse = row["verdict"] == "regressed";
    out += fmt::format("        {}{} {}\n",
                       pad_right(cut_text(row["name"].get<std::string>(), 28), 30),
                       pad_right(shown_delta(row) + " ", 26),
                       row["verdict"] == "absent" ? "-"
                       : worse                    ? paint.bad("REGRESSED")
                                                  : paint.good("IMPROVED"));
  }
}

}  // namespace

nlohmann::ordered_json make_check(const std::vector<CheckedScenario>& checked,
                                  const CompareOptions& options, const ToolInfo& tool) {
  Json scenarios = Json::array();
  bool failed = false;
  bool worse = false;
  for (const CheckedScenario& one : checked) {
    scenarios.push_back(scenario_of(one));
    failed = failed || scenarios.back()["verdict"] == "fail";
    worse = worse || regressed(one.comparison) > 0;
  }
  return {{"schema_version", "1.0"},
          {"kind", "check"},
          {"tool",
           {{"name", "headroom"},
            {"version", tool.version},
            {"commit", tool.commit},
            {"compiler", tool.compiler}}},
          {"verdict", failed  ? "fail"
                      : worse ? "regressed"
                              : "pass"},
          {"alpha", number(options.alpha)},
          {"noise", number(options.noise)},
          {"scenarios", std::move(scenarios)}};
}

std::string target_failure(const nlohmann::ordered_json& target) {
  std::string text = value_of(target);
  if (target.contains("reason")) text += " (" + target["reason"].get<std::string>() + ")";
  return text + ", limit " + limit_of(target);
}

std::string regression_text(const nlohmann::ordered_json& row) {
  const std::string unit = row["unit"];
  return fmt::format("{}: {} -> {}, {}", row["name"].get<std::string>(),
                     shown_value(row["base"], unit), shown_value(row["now"], unit),
                     shown_delta(row));
}

std::string render_check(const nlohmann::ordered_json& check, const TextStyle& style) {
  const Paint paint(style.colour);
  std::string out;
  std::size_t passed = 0;
  for (const Json& scenario : check["scenarios"]) {
    add_scenario(scenario, paint, style.columns, out);
    passed += scenario["verdict"] == "pass";
  }
  out += fmt::format("{} of {} scenarios pass\n", passed, check["scenarios"].size());
  return out;
}

std::string render_check_markdown(const nlohmann::ordered_json& check) {
  std::string out = "## headroom check: " + word_of(check["verdict"]) + "\n";
  for (const Json& scenario : check["scenarios"]) {
    out += fmt::format(
        "\n### {}: {}\n\n{}\n", markdown_text(scenario["scenario"].get<std::string>()),
        word_of(scenario["verdict"]), markdown_text(scenario["headline"].get<std::string>()));
    if (!scenario["targets"].empty()) {
      out += "\n| target | value | limit | verdict |\n|---|---|---|---|\n";
    }
    for (const Json& target : scenario["targets"]) {
      out += fmt::format("| {} | {} | {} | {} |\n", markdown_text(target["id"].get<std::string>()),
                         value_of(target), limit_of(target),
                         target["pass"].get<bool>() ? "PASS" : "**FAIL**");
    }
    const Json& baseline = scenario["baseline"];
    if (baseline.is_null()) continue;
    out += "\nAgainst the baseline: " + shown_counts(baseline) + "\n";
    for (const Json& notice : baseline["notices"]) out += "- " + notice.get<std::string>() + "\n";
    out += markdown_rows(baseline, false);
  }
  return out;
}

}  // namespace headroom
