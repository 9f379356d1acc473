#pragma once

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "headroom/core/error.hpp"

namespace headroom {

/// Every way in which a document is no report by its schema (a plan: plan_schema()), by JSON
/// pointer; empty: it may be rendered.
std::vector<Issue> check_report(const nlohmann::ordered_json& report);

}  // namespace headroom
