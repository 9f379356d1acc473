#include "scenario_input.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <iterator>
#include <optional>

#include "commands.hpp"
#include "headroom/json/document.hpp"

namespace headroom::tools {
namespace {

struct Changes {
  ScenarioOverrides overrides;
  std::vector<std::string> sources;       ///< of overrides.set
  std::vector<std::string> json_sources;  ///< of overrides.set_json

  void set(const char* path, std::string value, const char* source) {
    overrides.set.emplace_back(path, std::move(value));
    sources.emplace_back(source);
  }
};

Changes changes_of(const std::vector<Override>& given, const RunOptions* run) {
  Changes changes;
  for (const Override& change : given) {
    if (change.is_json) {
      changes.overrides.set_json.emplace_back(change.path, change.value);
      changes.json_sources.emplace_back("--set-json");
    } else {
      changes.set(change.path.c_str(), change.value, "--set");
    }
  }
  if (run == nullptr) return changes;
  if (run->replications) changes.set("replications", fmt::format("{}", *run->replications), "-n");
  if (run->seed) changes.set("seed", fmt::format("{}", *run->seed), "--seed");
  if (!run->timeline.empty()) changes.set("time.timeline_step", run->timeline, "--timeline");
  return changes;
}

/// Seconds since the scenario's start at which a run under --until ends.
double until_seconds(const std::string& until, const ScenarioTime& time) {
  double seconds_utc = 0;
  if (json::parse_utc(until, seconds_utc)) return seconds_utc - time.start.seconds;
  double after_s = 0;
  std::string problem;
  if (!json::parse_quantity(until, json::Dimension::kDuration, after_s, problem)) {
    throw UsageError("--until: " + problem);
  }
  return after_s;
}

/// Shortens the demand, and what comes after it, to end at --until.
void end_early(const std::string& until, const ScenarioTime& time, Changes& changes) {
  const double end_s = until_seconds(until, time);
  const double duration_s = seconds(time.duration);
  if (!(end_s > 0)) throw UsageError("--until " + until + " is not after the scenario's start");
  if (end_s >= seconds(time.horizon())) return;
  const auto text = [](double s) { return json::format_quantity(s, json::Dimension::kDuration); };
  changes.set("time.duration", text(std::min(duration_s, end_s)), "--until");
  changes.set("time.drain", text(std::max(0.0, end_s - duration_s)), "--until");
}

}  // namespace

ScenarioInput read_scenario(const std::string& path, const std::vector<Override>& overrides,
                            const RunOptions* run) {
  std::optional<std::string> piped;  // standard input can be read once only
  if (path == "-") {
    piped.emplace(std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>());
  }
  const auto load = [&](const ScenarioOverrides& with) {
    return piped ? parse_scenario(*piped, "<stdin>", ".", with) : load_scenario(path, with);
  };
  Changes changes = changes_of(overrides, run);
  LoadedScenario loaded = load(changes.overrides);
  if (run != nullptr && !run->until.empty()) {
    end_early(run->until, loaded.scenario.time, changes);
    loaded = load(changes.overrides);
  }
  std::vector<std::string> sources = changes.sources;
  sources.insert(sources.end(), changes.json_sources.begin(), changes.json_sources.end());
  return {std::move(loaded), std::move(sources)};
}

}  // namespace headroom::tools
