#include "plan_section.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "headroom/core/error.hpp"

namespace headroom {
namespace {

/// Sets one thing; what is wrong with it becomes a problem at `pointer`.
template <class Change>
void attempt(const std::string& pointer, Problems& problems, Change change) {
  try {
    change();
  } catch (const InputError& error) {
    const Issue& first = error.issues().front();
    problems.add(first.code, pointer, first.message, first.notes);
  }
}

void check_degradation(const PlanLever& lever, const json::Document& document,
                       const std::string& pointer, Problems& problems) {
  auto changed = json::Document::parse(document.text(), document.file_name(),
                                       json::Document::Comments::kAllowed);
  for (const json::Document::Override& before : document.overrides()) {
    changed.set_json(before.pointer, before.value_json);
  }
  const std::size_t known = problems.issues.size();
  const auto apply = [&](const std::vector<std::string>& settings, const std::string& key,
                         auto set) {
    for (std::size_t i = 0; i < settings.size(); ++i) {
      const auto setting = split_setting(settings[i]);
      if (!setting) continue;  // told when it was read
      attempt(at_item(pointer + key, i), problems, [&] { set(*setting); });
    }
  };
  apply(lever.set, "/set", [&](const auto& s) { changed.set(s.first, s.second); });
  apply(lever.set_json, "/set_json", [&](const auto& s) { changed.set_json(s.first, s.second); });
  if (problems.issues.size() > known) return;
  attempt(pointer, problems, [&] {
    Scenario scratch;
    changed.decode([&scratch](json::Archive& a) { describe(a, scratch); });
  });
}

template <class Item>
void check_doubles(const std::vector<Item>& items, const std::string& list, std::string_view what,
                   Problems& problems) {
  std::set<std::string> seen;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (seen.insert(items[i].name).second) continue;
    problems.add("E108", at_item(list, i, "/name"),
                 "two " + std::string(what) + " are called \"" + items[i].name + "\"");
  }
}

}  // namespace

void check_plan_section(const Scenario& scenario, const json::Document& document,
                        Problems& problems) {
  const PlanSection& plan = scenario.plan;
  check_doubles(plan.claims, "/plan/claims", "claims", problems);
  check_doubles(plan.levers, "/plan/levers", "levers", problems);
  std::vector<std::string> classes;
  for (const ScenarioClass& of : scenario.classes) classes.push_back(of.name);
  std::vector<std::string> sourced;
  for (const ScenarioProvenance& entry : scenario.provenance) sourced.push_back(entry.path);
  for (std::size_t i = 0; i < plan.levers.size(); ++i) {
    const PlanLever& lever = plan.levers[i];
    const std::string pointer = at_item("/plan/levers", i);
    if (lever.kind == "degrade") {
      check_degradation(lever, document, pointer, problems);
    } else if (std::find(classes.begin(), classes.end(), lever.request_class) == classes.end()) {
      problems.add_unknown(pointer + "/class", "class", lever.request_class, classes);
    }
  }
  if (sourced.empty()) return;  // left out as a whole
  for (std::size_t i = 0; i < plan.rests_on.size(); ++i) {
    if (std::find(sourced.begin(), sourced.end(), plan.rests_on[i]) != sourced.end()) continue;
    problems.add("E144", at_item("/plan/rests_on", i),
                 "\"" + plan.rests_on[i] + "\" has no entry in provenance");
  }
}

}  // namespace headroom
