#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace headroom {

/// JUnit XML: a suite for each report, a case for each target; a miss is a failure.
std::string render_junit(const std::vector<nlohmann::ordered_json>& reports);

}  // namespace headroom
