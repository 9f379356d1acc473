#include "advice.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

namespace headroom::tools {
namespace {

namespace fs = std::filesystem;

constexpr const char* kBegin = "headroom init spike writes a scenario to start from";

/// The beginning of a file, enough to see what it is.
std::string beginning_of(const std::string& file) {
  std::string text(512, '\0');
  std::ifstream in(file, std::ios::binary);
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

std::vector<std::string> names_beside(const fs::path& file) {
  std::vector<std::string> names;
  std::error_code failed;
  const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  for (fs::directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed)) {
    names.push_back(at->path().filename().string());
  }
  std::sort(names.begin(), names.end());  // the system's order is any
  return names;
}

void advise_unreadable(Issue& issue) {
  const fs::path path(issue.file);
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) {
    for (const std::string& name : names_beside(path / "x")) {
      if (!name.ends_with(".json")) continue;
      issue.notes.push_back("name a file in it, for example " + (path / name).string());
      return;
    }
  } else if (!fs::exists(path, ignored)) {
    const std::string near = nearest_word(path.filename().string(), names_beside(path));
    issue.notes.push_back(
        near.empty() ? kBegin : "did you mean \"" + (path.parent_path() / near).string() + "\"?");
  }
}

/// "name: tiny" or "---" at the first line.
bool looks_like_yaml(const std::string& line) {
  const std::size_t colon = line.find(':');
  if (line.starts_with("---") || line.starts_with("# ")) return true;
  return colon != std::string::npos && colon > 0 && line.find_first_of("{}\"',") > colon &&
         (colon + 1 == line.size() || line[colon + 1] == ' ');
}

void advise_no_json(Issue& issue) {
  const std::string text = beginning_of(issue.file);
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) {
    if (fs::exists(issue.file)) issue.notes.push_back(kBegin);
    return;
  }
  if (text[first] == '{' || text[first] == '[' || text[first] == '/') return;
  const std::string line = text.substr(first, text.find_first_of("\r\n", first) - first);
  if (text.starts_with("\x1f\x8b")) {
    issue.notes.push_back("this is a compressed file; a scenario or a report is plain JSON");
  } else if (looks_like_yaml(line)) {
    issue.notes.push_back(std::string("this looks like YAML; scenarios are JSON: ") + kBegin);
  } else if (line.find(',') != std::string::npos) {
    issue.notes.push_back(
        "this looks like CSV; a trace is named in a scenario: headroom init trace writes one");
  } else {
    issue.notes.push_back(std::string("a scenario is one JSON object, { ... }: ") + kBegin);
  }
}

bool is_unknown_kind(const Issue& issue) {
  return issue.code == "E107" && issue.pointer.empty() &&
         issue.message.starts_with("unknown field \"kind\"");
}

Issue report_for_scenario(const std::string& file) {
  Issue issue;
  issue.code = "E110";
  issue.file = file;
  issue.message = "expected a scenario, found a report of headroom";
  issue.notes = {"headroom report " + file +
                 " shows it; what it was run with stands in its "
                 "scenario.effective"};
  return issue;
}

}  // namespace

Issue scenario_for_report(const std::string& file) {
  Issue issue;
  issue.code = "E110";
  issue.file = file;
  issue.message = "expected a report, found a scenario";
  issue.notes = {"headroom run " + file + " -o report.json writes its report"};
  return issue;
}

std::vector<Issue> with_advice(std::span<const Issue> issues) {
  std::set<std::string> reports;
  for (const Issue& issue : issues) {
    if (is_unknown_kind(issue)) reports.insert(issue.file);
  }
  std::vector<Issue> advised;
  for (const Issue& issue : issues) {
    if (reports.contains(issue.file)) {
      if (is_unknown_kind(issue)) advised.push_back(report_for_scenario(issue.file));
      continue;
    }
    advised.push_back(issue);
    Issue& one = advised.back();
    if (one.code == "E102" && one.message.starts_with("cannot read")) advise_unreadable(one);
    if (one.code == "E100") advise_no_json(one);
    if (one.code == "E112" && one.pointer.starts_with("/fleet/")) {
      if (one.pointer.ends_with("/gpu")) one.notes.push_back("headroom gpus lists them");
      if (one.pointer.ends_with("/model")) one.notes.push_back("headroom models lists them");
    }
  }
  return advised;
}

}  // namespace headroom::tools
