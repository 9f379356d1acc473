#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "advice.hpp"
#include "commands.hpp"
#include "headroom/core/error.hpp"
#include "headroom/json/document.hpp"
#include "headroom/plan/overload.hpp"
#include "headroom/scenario/load.hpp"
#include "messages.hpp"
#include "scenario_input.hpp"

namespace headroom::tools {
namespace {

struct Checked {
  std::string file;
  std::vector<Issue> errors, warnings;
};

Checked check(const std::string& file, const std::vector<Override>& overrides) {
  Checked checked{file, {}, {}};
  try {
    const LoadedScenario loaded = read_scenario(file, overrides).loaded;
    const ResolvedScenario scenario = resolve(loaded);
    checked.warnings = overload_warnings(scenario);
    checked.warnings.insert(checked.warnings.end(), scenario.warnings.begin(),
                            scenario.warnings.end());
    for (Issue& warning : checked.warnings) {
      if (warning.file.empty()) warning.file = file;
      if (warning.line == 0 && !warning.pointer.empty()) loaded.document.locate(warning);
    }
  } catch (const InputError& error) {
    checked.errors.assign(error.issues().begin(), error.issues().end());
  }
  return checked;
}

std::string as_github(const std::vector<Checked>& files) {
  std::string text;
  for (const Checked& file : files) {
    text += json::format_issues_github(with_advice(file.errors), "error");
    text += json::format_issues_github(file.warnings, "warning");
  }
  return text;
}

nlohmann::ordered_json issues_json(const std::vector<Issue>& issues, const char* severity) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Issue& issue : issues) {
    list.push_back(nlohmann::ordered_json::parse(json::format_issue_json(issue, severity)));
  }
  return list;
}

std::string as_json(const std::vector<Checked>& files) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Checked& file : files) {
    list.push_back({{"file", file.file},
                    {"valid", file.errors.empty()},
                    {"errors", issues_json(with_advice(file.errors), "error")},
                    {"warnings", issues_json(file.warnings, "warning")}});
  }
  return list.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace

int validate_command(const CommandLine& line, const Terminal& terminal) {
  std::vector<Checked> files;
  bool valid = true;
  for (const std::string& file : line.validate.files) {
    files.push_back(check(file, line.validate.overrides));
    valid = valid && files.back().errors.empty();
  }
  if (line.validate.format == "json") {
    print_answer(as_json(files));
  } else if (line.validate.format == "github") {
    print_answer(as_github(files));
  } else {
    for (const Checked& file : files) {
      print_issues(file.errors, line.common, terminal);
      print_warnings(file.warnings, line.common, terminal);
      if (file.errors.empty()) print_answer(file.file + ": valid\n");
    }
  }
  return valid ? kOk : kInputError;
}

}  // namespace headroom::tools
