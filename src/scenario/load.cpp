#include "headroom/scenario/load.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "headroom/core/error.hpp"
#include "plan_section.hpp"
#include "references.hpp"
#include "uncertain.hpp"

namespace headroom {
namespace {

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (path == "-" || slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

void apply(json::Document& document, const ScenarioOverrides& overrides) {
  std::vector<Issue> issues;
  const auto attempt = [&issues](const auto& change) {
    try {
      change();
    } catch (const InputError& error) {
      issues.insert(issues.end(), error.issues().begin(), error.issues().end());
    }
  };
  for (const auto& [path, value] : overrides.set) attempt([&] { document.set(path, value); });
  for (const auto& [path, text] : overrides.set_json) {
    attempt([&] { document.set_json(path, text); });
  }
  if (!issues.empty()) throw InputError(std::move(issues));
}

/// True when a list's own names could not be read, so that "unknown" would be our fault.
bool names_unread(const std::vector<Issue>& issues) {
  return std::any_of(issues.begin(), issues.end(), [](const Issue& issue) {
    const bool is_list = issue.pointer == "/fleet" || issue.pointer == "/fleet/pools" ||
                         issue.pointer == "/classes" || issue.pointer == "/windows" ||
                         issue.pointer.empty();
    const std::string ending = "/name";
    return is_list ||
           (issue.pointer.size() >= ending.size() &&
            issue.pointer.compare(issue.pointer.size() - ending.size(), ending.size(), ending) ==
                0) ||
           (issue.code == "E106" && issue.message.find("name") != std::string::npos);
  });
}

template <class Entry>
void append(std::vector<Entry>& to, std::vector<Entry>&& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

/// Entries of catalogue files stand behind the scenario's own, which are looked at first.
void read_catalogues(LoadedScenario& loaded, std::vector<Issue>& issues) {
  const auto& files = loaded.scenario.catalogue_files;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const std::string& file = files[i];
    const bool absolute = !file.empty() && file.front() == '/';
    try {
      CatalogueExtras extras;
      const auto document = json::Document::read(
          absolute ? file : loaded.base_directory + "/" + file, json::Document::Comments::kAllowed);
      document.decode([&extras](json::Archive& a) { describe(a, extras); });
      append(loaded.scenario.catalogue.gpus, std::move(extras.gpus));
      append(loaded.scenario.catalogue.models, std::move(extras.models));
      append(loaded.scenario.catalogue.engines, std::move(extras.engines));
    } catch (const InputError& error) {
      for (Issue issue : error.issues()) {
        if (issue.code == "E102") {  // a file that is not there is told where it is named
          issue.pointer = "/catalogue/files/" + std::to_string(i);
          issue.message = "\"" + file + "\": " + issue.message;
          issue.file.clear();
          loaded.document.locate(issue);
        }
        issues.push_back(std::move(issue));
      }
    }
  }
}

LoadedScenario load(json::Document document, std::string base_directory,
                    const ScenarioOverrides& overrides) {
  apply(document, overrides);
  LoadedScenario loaded{std::move(document), {}, std::move(base_directory)};
  std::vector<Issue> issues;
  loaded.document.decode([&loaded](json::Archive& a) { describe(a, loaded.scenario); }, issues);

  read_catalogues(loaded, issues);

  Problems problems;
  if (!names_unread(issues)) check_references(loaded.scenario, problems);
  if (issues.empty()) {
    check_windows(loaded.scenario, problems);
    check_provenance(loaded.scenario, loaded.document, problems);
    check_plan_section(loaded.scenario, loaded.document, problems);
    check_uncertain(loaded, problems);
  }
  for (Issue& issue : problems.issues) {
    loaded.document.locate(issue);
    issues.push_back(std::move(issue));
  }
  if (!issues.empty()) {
    std::stable_sort(issues.begin(), issues.end(), [](const Issue& a, const Issue& b) {
      return std::tie(a.line, a.column) < std::tie(b.line, b.column);
    });
    throw InputError(std::move(issues));
  }
  return loaded;
}

}  // namespace

LoadedScenario load_scenario(const std::string& path, const ScenarioOverrides& overrides) {
  return load(json::Document::read(path, json::Document::Comments::kAllowed), directory_of(path),
              overrides);
}

LoadedScenario parse_scenario(std::string text, const std::string& file_name,
                              const std::string& base_directory,
                              const ScenarioOverrides& overrides) {
  return load(json::Document::parse(std::move(text), file_name, json::Document::Comments::kAllowed),
              base_directory, overrides);
}

LoadedScenario with_overrides(const LoadedScenario& loaded, const ScenarioOverrides& more) {
  auto document = json::Document::parse(loaded.document.text(), loaded.document.file_name(),
                                        json::Document::Comments::kAllowed);
  for (const json::Document::Override& before : loaded.document.overrides()) {
    document.set_json(before.pointer, before.value_json);
  }
  return load(std::move(document), loaded.base_directory, more);
}

std::vector<json::ExplainRow> explain_scenario(const LoadedScenario& loaded) {
  Scenario scratch;
  return json::explain(loaded.document, [&scratch](json::Archive& a) { describe(a, scratch); });
}

}  // namespace headroom
