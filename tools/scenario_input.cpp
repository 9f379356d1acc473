#include "scenario_input.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
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

/// The objects of a list in the scenario's JSON that `keep` keeps, each after `change`.
template <class Change>
std::string edited_list(const json::Document& document, const char* pointer, Change keep) {
  auto kept = nlohmann::ordered_json::array();
  auto list = nlohmann::ordered_json::parse(document.dump(pointer));
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (keep(i, list[i])) kept.push_back(std::move(list[i]));
  }
  return kept.dump();
}

/// A map by dotted path, without the entries at or below any of `paths`.
std::string without_paths(const std::string& map_json, const std::vector<std::string>& paths) {
  auto map = nlohmann::ordered_json::parse(map_json);
  auto kept = nlohmann::ordered_json::object();
  for (auto& [key, value] : map.items()) {
    const bool below = std::any_of(paths.begin(), paths.end(), [&key = key](const auto& path) {
      return key == path || key.rfind(path + ".", 0) == 0;
    });
    if (!below) kept[key] = std::move(value);
  }
  return kept.dump();
}

/// A shortened run keeps the windows it reaches, cut where it ends, and the targets that still have
/// a window to be judged in.
void cut_windows(const LoadedScenario& loaded, double end_s, Changes& changes,
                 std::vector<Issue>& warnings) {
  const Scenario& scenario = loaded.scenario;
  const auto after_start = [&](const json::TimePoint& at) {
    return at.absolute ? at.seconds - scenario.time.start.seconds : at.seconds;
  };
  const std::string end = json::format_quantity(end_s, json::Dimension::kDuration);
  std::vector<std::string> gone;
  for (const ScenarioWindow& window : scenario.windows) {
    if (after_start(window.from) >= end_s) gone.push_back(window.name);
  }
  const auto is_gone = [&](const std::string& name) {
    return std::find(gone.begin(), gone.end(), name) != gone.end();
  };
  const auto change = [&](const char* path, std::string json) {
    changes.overrides.set_json.emplace_back(path, std::move(json));
    changes.json_sources.emplace_back("--until");
  };
  if (!scenario.windows.empty()) {
    change("windows", edited_list(loaded.document, "/windows", [&](std::size_t i, auto& item) {
             if (after_start(scenario.windows[i].to) > end_s) item["to"] = end;
             return !is_gone(scenario.windows[i].name);
           }));
  }
  std::string dropped;
  std::vector<std::string> paths;  // of what is gone
  for (const std::string& name : gone) paths.push_back("windows." + name);
  for (const ScenarioTarget& target : scenario.targets) {
    if (!is_gone(target.window)) continue;
    dropped += (dropped.empty() ? "" : ", ") + target.id;
    paths.push_back("targets." + target.id);
  }
  if (!paths.empty() && loaded.document.contains("/provenance")) {
    change("provenance", without_paths(loaded.document.dump("/provenance"), paths));
  }
  if (!dropped.empty()) {
    Issue warning;
    warning.code = "W305";
    warning.file = "--until";
    warning.message = "targets whose window begins later are left out: " + dropped;
    warnings.push_back(std::move(warning));
    change("targets", edited_list(loaded.document, "/targets", [&](std::size_t i, auto&) {
             return !is_gone(scenario.targets[i].window);
           }));
  }
}

/// Shortens the demand, and what comes after it, to end at --until.
void end_early(const std::string& until, const LoadedScenario& loaded, Changes& changes,
               std::vector<Issue>& warnings) {
  const ScenarioTime& time = loaded.scenario.time;
  const double end_s = until_seconds(until, time);
  const double duration_s = seconds(time.duration);
  if (!(end_s > 0)) throw UsageError("--until " + until + " is not after the scenario's start");
  if (end_s >= seconds(time.horizon())) return;
  const auto text = [](double s) { return json::format_quantity(s, json::Dimension::kDuration); };
  changes.set("time.duration", text(std::min(duration_s, end_s)), "--until");
  changes.set("time.drain", text(std::max(0.0, end_s - duration_s)), "--until");
  cut_windows(loaded, std::min(duration_s, end_s), changes, warnings);
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
  std::vector<Issue> warnings;
  if (run != nullptr && !run->until.empty()) {
    end_early(run->until, loaded, changes, warnings);
    loaded = load(changes.overrides);
  }
  std::vector<std::string> sources = changes.sources;
  sources.insert(sources.end(), changes.json_sources.begin(), changes.json_sources.end());
  return {std::move(loaded), std::move(sources), std::move(warnings)};
}

}  // namespace headroom::tools
