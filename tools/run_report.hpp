#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "options.hpp"
#include "scenario_input.hpp"
#include "terminal.hpp"

namespace headroom::tools {

/// A scenario that was read and carried out.
struct ScenarioRun {
  ScenarioInput input;
  nlohmann::ordered_json report;
};

/// Reads `scenario` with the overrides, replications, seed, jobs, timeline and end of `options`,
/// runs it with a progress line and makes its report. Warnings go to stderr. Throws InputError, and
/// Interrupted when a signal ended it.
ScenarioRun run_for_report(const std::string& scenario, const RunOptions& options,
                           const CommonOptions& common, const Terminal& terminal);

/// A signal ended the run; main leaves with interrupt_exit_code().
class Interrupted : public std::runtime_error {
 public:
  Interrupted() : std::runtime_error("interrupted") {}
};

/// Version, commit and compiler of this program.
ToolInfo tool_info();

}  // namespace headroom::tools
