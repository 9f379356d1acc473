#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "headroom/report/report.hpp"

namespace headroom {

/// A metric that a comparison judges. Empty words stand for the usual: statistic by the metric,
/// window "run", class "all".
struct MetricGate {
  std::string target;  ///< id; the other words are then not looked at
  std::string metric, statistic, window, request_class;
  std::optional<bool> higher_is_better;  ///< nothing: as the metric itself
  std::optional<double> threshold;       ///< relative; nothing: CompareOptions::noise
};

/// Reads METRIC[.STATISTIC][@WINDOW][/CLASS][:lower|higher][:THRESHOLD], e.g.
/// "queue_delay.p95@spike:3%" or "target=drain". Nothing, and `problem` says why, when it is
/// none.
std::optional<MetricGate> parse_metric_gate(const std::string& text, std::string& problem);

/// Reads a share, "2%" or "0.02", at least 0. Nothing, and `problem` says why, when it is none.
std::optional<double> parse_share(const std::string& text, std::string& problem);

/// The metrics of a report, written as parse_metric_gate() reads them.
std::vector<std::string> metric_names(const nlohmann::ordered_json& report);

struct CompareOptions {
  double alpha = 0.05;  ///< chance of any false call over all gated metrics together
  double noise = 0.02;  ///< a relative change this small or smaller is called by no evidence
  /// What is judged; empty = every target and, for all classes together in every window, the p95
  /// of queue delay, TTFT and TPOT, mean and p95 of E2E, goodput and the shares lost.
  std::vector<MetricGate> gates;
};

/// A report and what it is called.
struct NamedReport {
  std::string name;
  const nlohmann::ordered_json& report;
};

/// Compares the second report with the first: the scenario fields that differ, then each gated
/// metric's difference with its interval and verdict ("regressed", "improved", "same", or "absent"
/// from one of them). Called
/// when Holm's adjusted p value is below alpha and the change passes the noise gate: relative, for
/// shares at least 0.1 percentage points as well, and at least 1 ms or 0.1 points from a base of 0.
/// Replications are paired when both have the same seed and number of them.
/// Keys: docs/cli.md#compare. Gates that not both reports have are under "not_found".
/// REQUIRES: reports valid by report_schema().
nlohmann::ordered_json compare_reports(const NamedReport& base, const NamedReport& now,
                                       const CompareOptions& options);

/// The document of `headroom compare`: base, options, and a comparison for each other report.
nlohmann::ordered_json make_comparison(const std::vector<NamedReport>& reports,
                                       const CompareOptions& options, const ToolInfo& tool);

/// As text for a terminal, or as Markdown.
std::string render_comparison(const nlohmann::ordered_json& comparison, const TextStyle& style);
std::string render_comparison_markdown(const nlohmann::ordered_json& comparison);

/// One (path, base, now) for each leaf in which two scenarios differ, list items by their name
/// where they have one. Left out: descriptions and provenance, which change no result.
nlohmann::ordered_json scenario_differences(const nlohmann::ordered_json& base,
                                            const nlohmann::ordered_json& now);

}  // namespace headroom
