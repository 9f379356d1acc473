#pragma once

/// The library's front door. A program needs four lines:
///
///     const auto scenario = headroom::resolve(headroom::load_scenario("spike.json"));
///     const headroom::RunResult result = headroom::run(scenario);
///     for (const auto& verdict : result.main_period().verdicts) ...
///
/// or `headroom::run("spike.json")`. Wrong input throws InputError, which carries every problem
/// found, each with its place.

#include <string>

#include "headroom/core/error.hpp"
#include "headroom/plan/overload.hpp"
#include "headroom/plan/run.hpp"
#include "headroom/scenario/load.hpp"
#include "headroom/scenario/resolved.hpp"

namespace headroom {

/// Reads, resolves and runs a scenario file.
inline RunResult run(const std::string& path, const ScenarioOverrides& overrides = {},
                     const ExecOptions& options = {}) {
  return run(resolve(load_scenario(path, overrides)), options);
}

}  // namespace headroom
