#include "messages.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

#include "advice.hpp"
#include "headroom/json/document.hpp"

namespace headroom::tools {
namespace {

std::string text_of(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void print_json_lines(std::span<const Issue> issues, const char* level) {
  for (const Issue& issue : issues) {
    nlohmann::ordered_json line = {{"level", level}};
    line.update(nlohmann::ordered_json::parse(json::format_issue_json(issue, level)));
    fmt::print(stderr, "{}\n", line.dump());
  }
}

}  // namespace

void print_answer(const std::string& text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (!written || std::fflush(stdout) != 0) {
    cannot_write("standard output");
  }
}

void print_issues(std::span<const Issue> found, const CommonOptions& common,
                  const Terminal& terminal) {
  const std::vector<Issue> issues = with_advice(found);
  if (common.log_format == "json") return print_json_lines(issues, "error");
  std::vector<json::SourceText> sources;
  std::set<std::string> seen;
  for (const Issue& issue : issues) {
    if (issue.code == "E102") continue;  // not to be read: a directory, for example
    if (issue.file.ends_with(".gz") || !seen.insert(issue.file).second) continue;
    std::string text = text_of(issue.file);
    if (!text.empty()) sources.push_back({issue.file, std::move(text)});
  }
  fmt::print(stderr, "{}", json::format_issues(issues, sources, terminal.err_colour));
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
