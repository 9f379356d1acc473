#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "commands.hpp"
#include "headroom/report/compare.hpp"
#include "messages.hpp"
#include "report_input.hpp"
#include "run_outputs.hpp"
#include "run_report.hpp"

namespace headroom::tools {
namespace {

using Report = nlohmann::ordered_json;

/// Reports are read first, all of them, so that a wrong one costs no run.
std::vector<Report> reports_of(const CommandLine& line, const Terminal& terminal) {
  const std::vector<std::string>& files = line.compare.files;
  std::vector<Report> reports(files.size());
  std::vector<Issue> issues;
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (holds_report(files[i])) reports[i] = read_report(files[i], true, issues);
  }
  if (!issues.empty()) throw InputError(std::move(issues));
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (reports[i].is_null()) {
      reports[i] = run_for_report(files[i], line.compare.run, line.common, terminal).report;
    }
  }
  return reports;
}

int exit_code(const Report& comparison, const std::string& fail_on) {
  for (const Report& one : comparison["comparisons"]) {
    const int regressed = one["counts"]["regressed"];
    const int improved = one["counts"]["improved"];
    if (fail_on == "regression" && regressed > 0) return kRegression;
    if (fail_on == "change" && regressed + improved > 0) return kRegression;
  }
  return kOk;
}

}  // namespace

CompareOptions compare_options(const ComparisonOptions& options) {
  CompareOptions compare;
  compare.alpha = options.alpha;
  compare.noise = options.noise;
  for (const std::string& text : options.metrics) {
    std::string problem;
    const auto gate = parse_metric_gate(text, problem);
    if (!gate) throw UsageError("--metric: " + problem);
    compare.gates.push_back(*gate);
  }
  return compare;
}

void add_unknown_metrics(const nlohmann::ordered_json& comparison, const std::string& file,
                         const std::vector<std::string>& metrics, std::vector<Issue>& issues) {
  for (const std::string name : comparison["not_found"]) {
    Issue issue;
    issue.code = "E112";
    issue.file = file;
    issue.message = "--metric " + name + ": this and its base do not both have it";
    const std::string near = nearest_word(name, metrics);
    if (!near.empty()) issue.notes = {"did you mean '" + near + "'?"};
    issues.push_back(std::move(issue));
  }
}

void refuse_second_stdin(const std::vector<std::string>& files) {
  if (std::count(files.begin(), files.end(), "-") > 1) {
    throw UsageError("- is standard input, which can be read once");
  }
}

int compare_command(const CommandLine& line, const Terminal& terminal) {
  const CompareCommandOptions& options = line.compare;
  const CompareOptions compare = compare_options(options.comparison);
  refuse_second_stdin(options.files);
  const std::vector<Report> reports = reports_of(line, terminal);
  std::vector<NamedReport> named;
  std::vector<std::string> metrics;
  for (const Report& report : reports) {
    for (std::string& name : metric_names(report)) metrics.push_back(std::move(name));
  }
  for (std::size_t i = 0; i < reports.size(); ++i) named.push_back({options.files[i], reports[i]});
  const Report comparison = make_comparison(named, compare, tool_info());
  if (options.format == "json") {
    print_answer(report_text(comparison));
  } else if (options.format == "md") {
    print_answer(render_comparison_markdown(comparison));
  } else {
    print_answer(render_comparison(comparison, terminal.text_style()));
  }
  std::vector<Issue> issues;
  for (const Report& one : comparison["comparisons"]) {
    add_unknown_metrics(one, one["now"]["name"], metrics, issues);
  }
  if (!issues.empty()) throw InputError(std::move(issues));
  return exit_code(comparison, options.fail_on);
}

}  // namespace headroom::tools
