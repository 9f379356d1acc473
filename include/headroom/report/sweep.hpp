#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "headroom/report/report.hpp"
#include "headroom/scenario/axis.hpp"

namespace headroom {

/// One point of a sweep: a report, or why there is none.
struct SweepPoint {
  std::vector<std::string> values;          ///< by axis
  nlohmann::ordered_json report = nullptr;  ///< null when the point could not be run
  std::string error;
};

/// The table of `headroom sweep`: {"axes", "columns": [{"name", "unit"}], "rows": [{"values",
/// "cells", "error"}]}. Columns: GPUs, whether all targets hold, each target's value with its
/// interval and verdict, then for all classes the arrivals, p95 queue delay, p95 TTFT, mean and p95
/// E2E, goodput, shares lost and the offered load per GPU.
nlohmann::ordered_json make_sweep(const std::string& scenario, const std::vector<Axis>& axes,
                                  const std::vector<SweepPoint>& points, const ToolInfo& tool);
std::string render_sweep(const nlohmann::ordered_json& sweep, const TextStyle& style);
/// One line a point under a header; numbers in SI units, null empty.
std::string render_sweep_csv(const nlohmann::ordered_json& sweep);

}  // namespace headroom
