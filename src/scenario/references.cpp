#include "references.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "headroom/engine/config.hpp"
#include "headroom/scenario/load.hpp"

namespace headroom {
namespace {

template <class Item>
std::vector<std::string> names_of(const std::vector<Item>& items) {
  std::vector<std::string> names;
  for (const Item& item : items) names.push_back(item.name);
  return names;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// What moves a terminal's cursor, or turns its line round, is no part of a name.
void check_printable(const std::string& name, const std::string& pointer, Problems& problems) {
  const bool control = std::any_of(name.begin(), name.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
  bool turns = false;  // U+202A to U+202E and U+2066 to U+2069, in UTF-8
  for (std::size_t i = 0; i + 2 < name.size(); ++i) {
    const std::string_view sign = std::string_view(name).substr(i, 3);
    turns =
        turns || (sign >= "\u202a" && sign <= "\u202e") || (sign >= "\u2066" && sign <= "\u2069");
  }
  if (control || turns) problems.add("E111", pointer, "the name holds control characters");
}

void check_names(const std::vector<std::string>& names, std::string_view list,
                 std::string_view what, std::string_view key, Problems& problems) {
  std::map<std::string, std::size_t> seen;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string pointer = at_item(list, i, "/" + std::string(key));
    if (names[i].empty()) {
      problems.add("E111", pointer, "the name is empty");
      continue;
    }
    check_printable(names[i], pointer, problems);
    const auto [first, is_new] = seen.emplace(names[i], i);
    if (!is_new) {
      problems.add("E108", pointer, "two " + std::string(what) + " are called \"" + names[i] + "\"",
                   {"the first is " + at_item(list, first->second)});
    }
  }
}

/// "p95-queue-delay-image-spike".
std::string default_id(const ScenarioTarget& target) {
  std::string id = target.latency() ? target.statistic + "-" + target.metric : target.metric;
  if (!target.request_class.empty()) id += "-" + target.request_class;
  if (target.window != "run") id += "-" + target.window;
  std::replace(id.begin(), id.end(), '_', '-');
  return id;
}

void fill_target_ids(std::vector<ScenarioTarget>& targets) {
  std::set<std::string> taken;
  for (const ScenarioTarget& target : targets) taken.insert(target.id);
  for (ScenarioTarget& target : targets) {
    if (!target.id.empty()) continue;
    const std::string plain = default_id(target);
    target.id = plain;
    for (int number = 2; !taken.insert(target.id).second; ++number) {
      target.id = plain + "-" + std::to_string(number);
    }
  }
}

void check_target(const ScenarioTarget& target, const std::string& pointer,
                  const std::vector<std::string>& classes, std::vector<std::string> windows,
                  Problems& problems) {
  if (!target.request_class.empty() && !contains(classes, target.request_class)) {
    problems.add_unknown(pointer + "/class", "class", target.request_class, classes);
  }
  windows.insert(windows.begin(), {"run", "every_minute"});
  if (!contains(windows, target.window)) {
    problems.add_unknown(pointer + "/window", "window", target.window, windows);
  }
  const bool no_minutes =
      target.metric == "itl" || target.metric == "time_in_queue" || target.metric == "drain_time";
  if (target.window == "every_minute" && no_minutes) {
    problems.add("E113", pointer + "/window", target.metric + " is not kept by the minute",
                 {"metrics that are: queue_delay, ttft, tpot, e2e, slo_attainment, goodput, "
                  "abandoned_share, rejected_share"});
  }
}

/// What the engine counts in a few bits.
void check_counts(const std::vector<ScenarioClass>& classes, Problems& problems) {
  if (classes.size() > kMaxClasses) {
    problems.add("E113", "/classes",
                 std::to_string(classes.size()) + " classes; there may be " +
                     std::to_string(kMaxClasses) + " at most");
  }
  std::set<std::int64_t> tiers;
  for (std::size_t c = 0; c < classes.size(); ++c) {
    if (tiers.insert(classes[c].tier).second && tiers.size() == kMaxTiers + 1) {
      problems.add("E113", at_item("/classes", c, "/tier"),
                   "one tier more than the " + std::to_string(kMaxTiers) +
                       " different ones that classes may have");
    }
    const std::size_t stages = classes[c].stages.size();
    if (stages > kMaxStages) {
      problems.add("E113", at_item("/classes", c, "/stages"),
                   std::to_string(stages) + " stages; there may be " + std::to_string(kMaxStages) +
                       " at most");
    }
  }
}

/// Every path that a dotted one may mean, from the rows of explain: fields and what holds them.
std::vector<std::string> known_paths(const std::vector<json::ExplainRow>& rows) {
  std::set<std::string> paths;
  for (const json::ExplainRow& row : rows) {
    if (row.path.rfind("provenance", 0) == 0) continue;
    std::string path = row.path;
    while (paths.insert(path).second) {
      const std::size_t dot = path.rfind('.');
      if (dot == std::string::npos) break;
      path.resize(dot);
    }
  }
  return {paths.begin(), paths.end()};
}

}  // namespace

void check_references(Scenario& scenario, Problems& problems) {
  const std::vector<std::string> pools = names_of(scenario.pools);
  const std::vector<std::string> classes = names_of(scenario.classes);
  const std::vector<std::string> windows = names_of(scenario.windows);
  if (scenario.name.empty()) problems.add("E111", "/name", "the name is empty");
  check_printable(scenario.name, "/name", problems);
  check_names(pools, "/fleet/pools", "pools", "name", problems);
  check_names(classes, "/classes", "classes", "name", problems);
  check_names(windows, "/windows", "windows", "name", problems);
  for (std::size_t i = 0; i < windows.size(); ++i) {
    if (windows[i] == "run" || windows[i] == "every_minute") {
      problems.add("E108", at_item("/windows", i, "/name"),
                   "\"" + windows[i] + "\" is a name that every scenario has");
    }
  }
  for (std::size_t c = 0; c < scenario.classes.size(); ++c) {
    const auto& stages = scenario.classes[c].stages;
    for (std::size_t s = 0; s < stages.size(); ++s) {
      if (contains(pools, stages[s].pool)) continue;
      problems.add_unknown(at_item(at_item("/classes", c, "/stages"), s, "/pool"), "pool",
                           stages[s].pool, pools);
    }
  }
  check_counts(scenario.classes, problems);
  for (std::size_t t = 0; t < scenario.targets.size(); ++t) {
    check_target(scenario.targets[t], at_item("/targets", t), classes, windows, problems);
  }
  fill_target_ids(scenario.targets);
  std::vector<std::string> ids;
  for (const ScenarioTarget& target : scenario.targets) ids.push_back(target.id);
  check_names(ids, "/targets", "targets", "id", problems);
}

void check_windows(const Scenario& scenario, Problems& problems) {
  const double duration_s = seconds(scenario.time.duration);
  const double warmup_s = seconds(scenario.time.warmup);
  for (std::size_t i = 0; i < scenario.windows.size(); ++i) {
    const ScenarioWindow& window = scenario.windows[i];
    const double from = seconds_since_start(scenario.time, window.from);
    const double to = seconds_since_start(scenario.time, window.to);
    const std::string pointer = at_item("/windows", i);
    if (!(from < to)) {
      problems.add("E113", pointer + "/to",
                   "window \"" + window.name + "\" is empty: it must end after it begins");
    } else if (from < 0 || to > duration_s) {
      problems.add("E113", pointer + (from < 0 ? "/from" : "/to"),
                   "window \"" + window.name + "\" reaches outside the run, which is from 0 to " +
                       json::format_quantity(duration_s, json::Dimension::kDuration));
    } else if (to <= warmup_s) {
      problems.add("E113", pointer + "/to",
                   "window \"" + window.name + "\" lies in the warm-up, which does not count");
    }
  }
}

void check_provenance(const Scenario& scenario, const json::Document& document,
                      Problems& problems) {
  if (scenario.provenance.empty()) return;
  Scenario scratch;
  const std::vector<std::string> known =
      known_paths(json::explain(document, [&scratch](json::Archive& a) { describe(a, scratch); }));
  for (const ScenarioProvenance& entry : scenario.provenance) {
    if (std::binary_search(known.begin(), known.end(), entry.path)) continue;
    std::vector<std::string> notes{"list items go by their name: fleet.pools.a100.gpus"};
    const std::string near = nearest_word(entry.path, known);
    if (!near.empty()) notes.push_back("did you mean \"" + near + "\"?");
    std::string key = entry.path;
    for (std::size_t at = 0; (at = key.find_first_of("~/", at)) != std::string::npos; at += 2) {
      key.replace(at, 1, key[at] == '~' ? "~0" : "~1");
    }
    problems.add("E144", "/provenance/" + key, "\"" + entry.path + "\" names no field",
                 std::move(notes));
  }
}

}  // namespace headroom
