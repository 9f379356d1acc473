#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace headroom {

/// One self-contained HTML page: the answer first, charts as inline SVG, everything in it without
/// JavaScript; with it, and with the chart library that the build found, the charts are live.
/// Several reports stand side by side. Nothing in the page is fetched, and a content security
/// policy forbids it. REQUIRES: at least one report, of runs or plans, each passed by
/// check_report().
std::string render_html(const std::vector<nlohmann::ordered_json>& reports);

}  // namespace headroom
