#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "headroom/plan/run.hpp"
#include "headroom/scenario/load.hpp"

namespace headroom {

/// Which program made a report.
struct ToolInfo {
  std::string version;
  std::string commit;
  std::string compiler;
};

/// What may differ between two runs of one scenario; nothing else may.
struct RunBlock {
  std::string started;  ///< UTC, "2026-01-01T00:00:00Z"
  std::string host;
};

/// Everything a report of a run is made of.
struct ReportInput {
  const LoadedScenario& loaded;
  const ResolvedScenario& resolved;
  const RunResult& result;
  ToolInfo tool;
  RunBlock run;
  /// Who set each of the document's overrides ("--set", "--seed", "HEADROOM_SEED"), in their order.
  std::vector<std::string> override_sources;
};

/// The report of `headroom run` (docs/cli.md#report). Metrics are those of the main period.
/// No number in it is NaN or infinite: what is censored is null and named.
nlohmann::ordered_json make_report(const ReportInput& input);

/// A report as text: UTF-8 JSON, ends in a newline. Throws std::logic_error when a number in it is
/// not finite.
std::string report_text(const nlohmann::ordered_json& report);

/// JSON Schema (draft 2020-12) of reports, pretty-printed.
std::string report_schema();

/// How a terminal shows text.
struct TextStyle {
  bool colour = false;
  bool unicode = true;
  std::size_t columns = 80;
};
/// One screen, answer first. `written`: files the report went to.
std::string render_text(const nlohmann::ordered_json& report, const TextStyle& style,
                        const std::vector<std::string>& written = {});
/// One row a (class, window, metric, statistic).
std::string render_csv(const nlohmann::ordered_json& report);
/// Verdicts and metrics as Markdown tables.
std::string render_markdown(const nlohmann::ordered_json& report);

}  // namespace headroom
