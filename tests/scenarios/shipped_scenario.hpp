#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headroom/engine/run_cell.hpp"
#include "headroom/plan/run.hpp"
#include "headroom/scenario/load.hpp"
#include "support/catch.hpp"

/// Shipped scenarios, whole or a short slice of them, for tests that work out what they must give.
namespace headroom::test {

inline constexpr double kHour = 3600;
inline constexpr double kMessagesPerS = 1e9 / 86'400;  // a billion a day, the week's mean

/// Mean over the replications.
inline double value(const Series& series) { return series.estimate(0.95).value; }

/// scenarios/<name>.json as shipped.
inline LoadedScenario load_shipped(const std::string& name,
                                   const ScenarioOverrides& overrides = {}) {
  return load_scenario(std::string(HEADROOM_SOURCE_DIR) + "/scenarios/" + name + ".json",
                       overrides);
}

/// A part of the scenario's time: same fleet, same demand at the same dates. Windows, targets and
/// provenance, which may name other times, are left out.
struct Slice {
  std::string start;  ///< UTC date
  std::string duration;
  std::string warmup = "0s";
  std::string drain = "0s";
  std::vector<std::pair<std::string, std::string>> set;  ///< further --set
};

inline ResolvedScenario resolve_slice(const std::string& name, const Slice& slice) {
  ScenarioOverrides overrides;
  overrides.set = {{"time.start", slice.start},
                   {"time.duration", slice.duration},
                   {"time.warmup", slice.warmup},
                   {"time.drain", slice.drain}};
  overrides.set.insert(overrides.set.end(), slice.set.begin(), slice.set.end());
  overrides.set_json = {{"windows", "[]"},
                        {"targets", "[]"},
                        {"provenance", "{}"},
                        {"uncertain", "[]"},
                        {"plan", "{}"}};
  return resolve(load_shipped(name, overrides));
}

/// One replication of one simulated cell: its own numbers, not the fleet's.
inline Outcome run_one_cell(const ResolvedScenario& scenario, std::size_t replication = 0,
                            std::size_t cell = 0) {
  const CellJob job = scenario.job(replication, 0, cell);
  RequestStream requests(*job.workload, job.config.key, job.demand_share, job.rate_multiplier,
                         job.demand_offset);
  return run_cell(job.config, requests);
}

/// The class's results over all arrivals that count.
inline GroupTally whole_tally(const ResolvedScenario& scenario, const Outcome& outcome,
                              std::string_view request_class) {
  GroupTally sum;
  const std::size_t c = scenario.class_index(std::string(request_class));
  REQUIRE(c < scenario.classes.size());
  for (const std::size_t stretch : scenario.windows[0].stretches) {
    sum.merge(outcome.groups[c][stretch], 1.0);
  }
  return sum;
}

/// Mean over the timeline bins that begin in [from_s, to_s).
inline double mean_of_bins(const std::vector<double>& bins, Ticks step, double from_s,
                           double to_s) {
  double sum = 0;
  double count = 0;
  for (std::size_t b = 0; b < bins.size(); ++b) {
    const double at = static_cast<double>(b) * seconds(step);
    if (at < from_s || at >= to_s) continue;
    sum += bins[b];
    count += 1;
  }
  REQUIRE(count > 0);
  return sum / count;
}

/// Requests of a class that are expected to arrive in [from_s, to_s) of the run, whole fleet.
inline double expected_arrivals(const ResolvedScenario& scenario, std::string_view request_class,
                                double from_s, double to_s) {
  const auto c = static_cast<std::uint32_t>(scenario.class_index(std::string(request_class)));
  return scenario.demand().rate(ClassId{c}).integral(from_s, to_s);
}

/// Fields given in the file whose origin nobody states: neither they nor an object that holds them
/// have a provenance entry. Labels, the seed and the statistical method need none.
inline std::vector<std::string> fields_without_provenance(const LoadedScenario& loaded) {
  const auto starts_with = [](const std::string& text, std::string_view start) {
    return text.rfind(start, 0) == 0;
  };
  std::vector<std::string> missing;
  for (const json::ExplainRow& row : explain_scenario(loaded)) {
    const std::string key = row.path.substr(row.path.rfind('.') + 1);
    const bool label = key == "$schema" || key == "schema_version" || key == "description" ||
                       key == "name" || key == "id";
    const bool method = key == "seed" || key == "replications" || key == "confidence";
    const bool about = starts_with(row.path, "provenance") || starts_with(row.path, "uncertain");
    if (row.source != "scenario" || label || method || about) {
      continue;
    }
    bool covered = false;
    for (const ScenarioProvenance& entry : loaded.scenario.provenance) {
      covered = covered || row.path == entry.path || starts_with(row.path, entry.path + ".");
    }
    if (!covered) missing.push_back(row.path);
  }
  return missing;
}

/// Assumptions that do not say what else is plausible.
inline std::vector<std::string> assumptions_without_range(const LoadedScenario& loaded) {
  std::vector<std::string> missing;
  for (const ScenarioProvenance& entry : loaded.scenario.provenance) {
    if (entry.kind == "assumption" && entry.range.size() != 2) missing.push_back(entry.path);
  }
  return missing;
}

}  // namespace headroom::test
