#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "headroom/json/document.hpp"
#include "headroom/scenario/resolved.hpp"
#include "headroom/scenario/scenario.hpp"

namespace headroom {

/// Fields set from outside, in order: dotted path and value.
struct ScenarioOverrides {
  std::vector<std::pair<std::string, std::string>> set;       ///< value: JSON or plain text
  std::vector<std::pair<std::string, std::string>> set_json;  ///< value: JSON text
};

/// A scenario that reads well: fields, units and references between its parts are checked.
struct LoadedScenario {
  json::Document document;
  Scenario scenario;
  std::string base_directory;  ///< of the file: where the scenario's relative paths begin
};

/// Reads a scenario file ("-" = standard input). Throws InputError with every problem found.
LoadedScenario load_scenario(const std::string& path, const ScenarioOverrides& overrides = {});
/// The same for text in memory.
LoadedScenario parse_scenario(std::string text, const std::string& file_name,
                              const std::string& base_directory,
                              const ScenarioOverrides& overrides = {});

/// The same scenario read again with more set, after what was set already. Throws InputError as
/// load_scenario does.
LoadedScenario with_overrides(const LoadedScenario& loaded, const ScenarioOverrides& more);

/// Looks up GPUs and models, compiles step times, reads traces, lays out cells and windows.
/// Throws InputError with every problem found.
ResolvedScenario resolve(const LoadedScenario& loaded);

/// Rows of `headroom explain`: every field, given or not.
std::vector<json::ExplainRow> explain_scenario(const LoadedScenario& loaded);

/// What resolving made of them: replicas, batching and KV blocks in effect, step times, cells, mean
/// work. Source "derived"; no pointer.
std::vector<json::ExplainRow> derived_rows(const ResolvedScenario& resolved);

/// Both together: a default that resolving settled (`max_batch` 0) shows what is in effect, and
/// what is new stands behind the fields of the same object.
std::vector<json::ExplainRow> explain_scenario(const LoadedScenario& loaded,
                                               const ResolvedScenario& resolved);

}  // namespace headroom
