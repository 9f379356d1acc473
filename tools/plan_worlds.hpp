#pragma once

#include <optional>

#include "headroom/plan/worlds.hpp"
#include "options.hpp"

namespace headroom::tools {

/// What --worlds and --tornado add to a plan.
struct PlanWorlds {
  WorldsOptions options;
  std::optional<WorldsPlan> worlds;
  std::optional<Tornado> tornado;

  bool stopped() const;
  /// No fleet within the bounds holds in the share of worlds asked for.
  bool without_answer() const;
};

/// Whether the command line and the scenario go together. Throws InputError or UsageError.
void check_worlds(const CommandLine& line, const LoadedScenario& loaded);

/// Searches what the command line asks for. A plan that was stopped, or whose targets no fleet
/// holds, has no worlds.
PlanWorlds find_worlds(const CommandLine& line, const LoadedScenario& loaded,
                       const ResolvedScenario& scenario, const PlanResult& result,
                       const PlanOptions& options, const ExecOptions& exec);

}  // namespace headroom::tools
