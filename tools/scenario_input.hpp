#pragma once

#include <string>
#include <vector>

#include "headroom/core/error.hpp"
#include "headroom/scenario/load.hpp"
#include "options.hpp"

namespace headroom::tools {

/// A scenario with everything the command line says about it applied.
struct ScenarioInput {
  LoadedScenario loaded;
  std::vector<std::string> override_sources;  ///< by LoadedScenario::document.overrides()
  std::vector<Issue> warnings;                ///< what --until leaves out
};

/// Reads `path` ("-" = standard input) and applies overrides: --set in order, then -n, --seed,
/// --timeline and --until, then --set-json. Throws InputError.
ScenarioInput read_scenario(const std::string& path, const std::vector<Override>& overrides,
                            const RunOptions* run = nullptr);

}  // namespace headroom::tools
