#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "headroom/core/error.hpp"

namespace headroom::tools {

/// Reads a report, or a baseline where `baselines` allows it, and checks it against its schema.
/// What is wrong with it joins `issues`; the result is then null.
nlohmann::ordered_json read_report(const std::string& path, bool baselines,
                                   std::vector<Issue>& issues);

/// Whether the file holds a report or baseline rather than a scenario: a top-level "kind".
/// False too when it cannot be read: reading it as a scenario says why.
bool holds_report(const std::string& path);

}  // namespace headroom::tools
