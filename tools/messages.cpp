#include "messages.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "headroom/json/document.hpp"
#include "issue_json.hpp"

namespace headroom::tools {
namespace {

std::string text_of(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void print_json_lines(std::span<const Issue> issues, const char* level) {
  for (const Issue& issue : issues) {
    nlohmann::ordered_json line = {{"level", level}};
    line.update(issue_json(issue));
    fmt::print(stderr, "{}\n", line.dump());
  }
}

}  // namespace

void print_answer(const std::string& text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (!written || std::fflush(stdout) != 0) {
    throw std::runtime_error("standard output cannot be written");
  }
}

void print_issues(std::span<const Issue> issues, const CommonOptions& common,
                  const Terminal& terminal) {
  if (common.log_format == "json") return print_json_lines(issues, "error");
  // Excerpts come from the file an issue is in: a trace's lines are not the scenario's.
  std::map<std::string, std::vector<Issue>> by_file;
  std::vector<std::string> order;
  for (const Issue& issue : issues) {
    if (!by_file.contains(issue.file)) order.push_back(issue.file);
    by_file[issue.file].push_back(issue);
  }
  for (const std::string& file : order) {
    const std::string text = json::format_issues(by_file[file], text_of(file), terminal.err_colour);
    fmt::print(stderr, "{}{}", text, !text.empty() && text.back() == '\n' ? "" : "\n");
  }
}

void print_warnings(std::span<const Issue> warnings, const CommonOptions& common,
                    const Terminal& terminal) {
  if (common.verbosity < 0) return;
  if (common.log_format == "json") return print_json_lines(warnings, "warning");
  for (const Issue& warning : warnings) {
    std::string place = warning.file;
    if (warning.line > 0) place += fmt::format(":{}:{}", warning.line, warning.column);
    const std::string label = fmt::format("warning[{}]", warning.code);
    fmt::print(stderr, "{}{}{}: {}{}\n", place, place.empty() ? "" : ": ",
               terminal.err_colour ? "\033[33m" + label + "\033[0m" : label, warning.message,
               warning.pointer.empty() ? "" : " at " + warning.pointer);
  }
}

void cannot_write(const std::string& file) {
  Issue issue;
  issue.code = "E102";
  issue.file = file;
  issue.message = "cannot be written";
  throw InputError({issue});
}

}  // namespace headroom::tools
