#include "warnings.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>

#include "fleet_changes.hpp"
#include "headroom/json/document.hpp"

namespace headroom {
namespace {

constexpr double kMany = 1e9;
constexpr double kTooMany = 1e11;
/// One core's pace, for advice only: docs/performance.md has what was measured.
constexpr double kRequestsPerSecond = 1e6;

std::string rounded(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", value);
  return text;
}

std::string time_text(double seconds_of_core) {
  const double hours = seconds_of_core / 3600;
  return hours < 48 ? rounded(hours) + " hours" : rounded(hours / 24) + " days";
}

void warn_cells(const ResolvedScenario& resolved, Problems& warnings) {
  const bool changes = std::any_of(resolved.pools.begin(), resolved.pools.end(),
                                   [](const ResolvedPool& pool) { return pool.varies; });
  if (resolved.sizes.size() > 1) {
    std::string text = changes ? "replicas, changes or faults do not divide by the cells: "
                               : "replicas do not divide by the cells: ";
    for (std::size_t i = 0; i < resolved.sizes.size(); ++i) {
      const CellSize& size = resolved.sizes[i];
      const Dealt dealt = read_dealt(resolved, size.dealt);
      text += (i == 0 ? "" : ", ") + std::to_string(size.cells) + " cells of ";
      for (std::size_t p = 0; p < size.replicas.size(); ++p) {
        text += (p == 0 ? "" : " + ") + std::to_string(size.replicas[p]);
        for (const std::int64_t after : dealt.pools[p].replicas)
          text += "/" + std::to_string(after);
      }
    }
    warnings.add("W202", "/fleet/cells/count",
                 text + (changes ? " replicas (at the start/after each change)" : " replicas"));
  }
  const std::int64_t asked = resolved.scenario.cells.simulate;
  if (asked > 0 && static_cast<std::int64_t>(resolved.cells.size()) > asked) {
    warnings.add(
        "W207", "/fleet/cells/simulate",
        std::to_string(resolved.cells.size()) + " cells are simulated, at least one of each size");
  }
}

void warn_assumptions(const Scenario& scenario, Problems& warnings) {
  const auto count = [&scenario](const char* kind) {
    return std::count_if(scenario.provenance.begin(), scenario.provenance.end(),
                         [kind](const ScenarioProvenance& p) { return p.kind == kind; });
  };
  const auto assumptions = count("assumption");
  const auto calibrated = count("calibrated");
  if (assumptions + calibrated == 0) return;
  std::string text = std::to_string(assumptions) +
                     (assumptions == 1 ? " value is an assumption" : " values are assumptions");
  if (calibrated > 0) text += ", " + std::to_string(calibrated) + " calibrated";
  warnings.add(
      "W209", "/provenance",
      text + ", of " + std::to_string(scenario.provenance.size()) + " whose origin is stated");
}

void warn_idle(const ResolvedScenario& resolved, Problems& warnings) {
  for (std::size_t p = 0; p < resolved.pools.size(); ++p) {
    const bool used =
        std::any_of(resolved.classes.begin(), resolved.classes.end(), [p](const ClassConfig& c) {
          return std::any_of(c.stages.begin(), c.stages.end(),
                             [p](PoolId id) { return index(id) == p; });
        });
    if (used) continue;
    warnings.add("W210", at_item("/fleet/pools", p, "/name"),
                 "no class uses pool \"" + resolved.pools[p].config.name + "\"");
  }
  for (std::size_t c = 0; c < resolved.classes.size(); ++c) {
    if (resolved.demand().rate(ClassId{static_cast<std::uint32_t>(c)}).total() > 0) continue;
    warnings.add("W212", at_item("/classes", c),
                 "class \"" + resolved.classes[c].name + "\" has no requests");
  }
}

}  // namespace

void check_size(const ResolvedScenario& resolved, Problems& problems, Problems& warnings) {
  const double requests =
      resolved.expected_requests * static_cast<double>(resolved.scenario.replications);
  if (requests < kMany) return;
  const std::string text = "about " + rounded(requests) + " requests would be simulated, " +
                           time_text(requests / kRequestsPerSecond) + " of one core";
  const std::vector<std::string> notes{
      "simulate fewer cells (fleet.cells), fewer replications or a shorter time"};
  if (requests > kTooMany) {
    problems.add("E143", "/time/duration", text, notes);
  } else {
    warnings.add("W205", "/time/duration", text, notes);
  }
}

void add_warnings(const ResolvedScenario& resolved, Problems& warnings) {
  warn_cells(resolved, warnings);
  warn_idle(resolved, warnings);
  warn_assumptions(resolved.scenario, warnings);
  const std::vector<Issue>& workload = resolved.demand().warnings();
  warnings.issues.insert(warnings.issues.end(), workload.begin(), workload.end());
}

}  // namespace headroom
