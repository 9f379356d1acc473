#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "headroom/report/compare.hpp"

namespace headroom {

/// One scenario under `headroom check`.
struct CheckedScenario {
  std::string file;                             ///< as the user named it
  nlohmann::ordered_json report;                ///< of the run
  nlohmann::ordered_json comparison = nullptr;  ///< of compare_reports; null without a baseline
};

/// The document of `headroom check`: verdict "pass", "regressed" (targets hold, the baseline's
/// numbers do not) or "fail" (a target is missed), and both for each scenario.
nlohmann::ordered_json make_check(const std::vector<CheckedScenario>& checked,
                                  const CompareOptions& options, const ToolInfo& tool);

/// For a terminal; as Markdown, for a step summary; as JUnit XML, a suite for each scenario and a
/// case for each target and each gated metric of the baseline.
std::string render_check(const nlohmann::ordered_json& check, const TextStyle& style);
std::string render_check_markdown(const nlohmann::ordered_json& check);
std::string render_check_junit(const nlohmann::ordered_json& check);

/// What of a report a later comparison needs: targets and samples of the usual gates, without
/// timeline and run block. Same bytes for the same scenario, seed and build.
nlohmann::ordered_json make_baseline(const nlohmann::ordered_json& report);
/// JSON Schema of make_baseline's documents.
std::string baseline_schema();
/// As check_report, of a baseline.
std::vector<Issue> check_baseline(const nlohmann::ordered_json& baseline);

/// "211 s [208 s, 214 s], limit <= 2 s": why a target of a report fails.
std::string target_failure(const nlohmann::ordered_json& target);
/// "queue_delay.p95: 0.72 s -> 0.87 s, +20.8 % [+17.9, +23.7]" of a row of a comparison.
std::string regression_text(const nlohmann::ordered_json& row);

}  // namespace headroom
