#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "advice.hpp"
#include "commands.hpp"
#include "headroom/core/error.hpp"
#include "headroom/plan/overload.hpp"
#include "headroom/scenario/load.hpp"
#include "issue_json.hpp"
#include "messages.hpp"

namespace headroom::tools {
namespace {

struct Checked {
  std::string file;
  std::vector<Issue> errors, warnings;
};

Checked check(const std::string& file) {
  Checked checked{file, {}, {}};
  try {
    const LoadedScenario loaded = load_scenario(file);
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

/// The characters that a workflow command's value may not hold.
std::string escaped(const std::string& text, bool property) {
  std::string out;
  for (const char c : text) {
    if (c == '%') {
      out += "%25";
    } else if (c == '\n') {
      out += "%0A";
    } else if (c == '\r') {
      out += "%0D";
    } else if (property && c == ':') {
      out += "%3A";
    } else if (property && c == ',') {
      out += "%2C";
    } else {
      out += c;
    }
  }
  return out;
}

std::string annotation(const Issue& issue, const char* level) {
  return fmt::format(
      "::{} file={},line={},col={},title={}::{}\n", level, escaped(issue.file, true), issue.line,
      issue.column, issue.code,
      escaped(issue.message + (issue.pointer.empty() ? "" : " at " + issue.pointer), false));
}

std::string as_github(const std::vector<Checked>& files) {
  std::string text;
  for (const Checked& file : files) {
    for (const Issue& issue : with_advice(file.errors)) text += annotation(issue, "error");
    for (const Issue& issue : file.warnings) text += annotation(issue, "warning");
  }
  return text;
}

std::string as_json(const std::vector<Checked>& files) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Checked& file : files) {
    nlohmann::ordered_json errors = nlohmann::ordered_json::array();
    nlohmann::ordered_json warnings = nlohmann::ordered_json::array();
    for (const Issue& issue : with_advice(file.errors)) errors.push_back(issue_json(issue));
    for (const Issue& issue : file.warnings) warnings.push_back(issue_json(issue));
    list.push_back({{"file", file.file},
                    {"valid", file.errors.empty()},
                    {"errors", std::move(errors)},
                    {"warnings", std::move(warnings)}});
  }
  return list.dump(2) + "\n";
}

}  // namespace

int validate_command(const CommandLine& line, const Terminal& terminal) {
  std::vector<Checked> files;
  bool valid = true;
  for (const std::string& file : line.validate.files) {
    files.push_back(check(file));
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
