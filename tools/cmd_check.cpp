#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "commands.hpp"
#include "github.hpp"
#include "headroom/json/document.hpp"
#include "headroom/report/check.hpp"
#include "messages.hpp"
#include "report_input.hpp"
#include "run_outputs.hpp"
#include "run_report.hpp"

namespace headroom::tools {
namespace {

using Report = nlohmann::ordered_json;

/// The baseline of a scenario: the file itself, or in a directory the one named like the scenario's
/// file.
std::string baseline_path(const CheckOptions& options, const std::string& scenario) {
  namespace fs = std::filesystem;
  const fs::path given(options.baseline);
  std::error_code ignored;
  const bool directory = options.baseline.back() == '/' || fs::is_directory(given, ignored) ||
                         (options.scenarios.size() > 1 && !given.has_extension());
  if (!directory) return options.baseline;
  if (scenario == "-") {
    throw UsageError("a scenario on standard input has no name for a baseline in " +
                     options.baseline + ": give --baseline FILE");
  }
  return (given / (fs::path(scenario).stem().string() + ".json")).string();
}

std::vector<std::string> baseline_paths(const CheckOptions& options) {
  std::vector<std::string> paths;
  if (options.baseline.empty()) {
    if (options.update_baseline) {
      throw UsageError("--update-baseline needs --baseline FILE|DIR to write to");
    }
    return std::vector<std::string>(options.scenarios.size());
  }
  for (const std::string& scenario : options.scenarios) {
    paths.push_back(baseline_path(options, scenario));
    for (std::size_t i = 0; i + 1 < paths.size(); ++i) {
      if (paths[i] != paths.back()) continue;
      throw UsageError("'" + options.scenarios[i] + "' and '" + scenario +
                       "' would share the baseline " + paths[i] +
                       (paths[i] == options.baseline ? "; give a directory, with a / at its end"
                                                     : ": check them apart"));
    }
  }
  return paths;
}

/// Baselines are read before anything runs. Null: none is asked for, or it is being written.
std::vector<Report> read_baselines(const CheckOptions& options,
                                   const std::vector<std::string>& paths) {
  std::vector<Report> baselines(paths.size());
  if (options.update_baseline || options.baseline.empty()) return baselines;
  std::vector<Issue> issues;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    std::error_code ignored;
    if (!std::filesystem::exists(paths[i], ignored)) {
      Issue issue;
      issue.code = "E102";
      issue.file = paths[i];
      issue.message = "there is no baseline of " + options.scenarios[i];
      issue.notes = {"write it with --update-baseline"};
      issues.push_back(std::move(issue));
    } else {
      baselines[i] = read_report(paths[i], true, issues);
    }
  }
  if (!issues.empty()) throw InputError(std::move(issues));
  return baselines;
}

std::vector<FileUse> files_written(const CheckOptions& options,
                                   const std::vector<std::string>& paths) {
  std::vector<FileUse> files{{options.junit, "--junit"}};
  if (!options.update_baseline) return files;
  for (const std::string& path : paths) files.push_back({path, "a baseline"});
  return files;
}

/// What the command line has it read.
std::vector<FileUse> files_named(const CheckOptions& options,
                                 const std::vector<std::string>& paths) {
  std::vector<FileUse> files;
  for (const std::string& scenario : options.scenarios) files.push_back({scenario, "a scenario"});
  if (options.update_baseline) return files;
  for (const std::string& path : paths) files.push_back({path, "a baseline"});
  return files;
}

/// A check that judges nothing would pass whatever happens.
void require_something_to_judge(const CheckedScenario& checked, const CheckOptions& options,
                                const ScenarioInput& input) {
  if (!checked.report["targets"].empty() || !options.baseline.empty()) return;
  Issue issue;
  issue.code = "E106";
  issue.file = checked.file;
  issue.pointer = "/targets";
  issue.message = "the scenario declares no targets and no --baseline is given: nothing to check";
  input.loaded.document.locate(issue);
  throw InputError({issue});
}

/// Annotations on the lines of the targets that were missed, and of the file for its baseline.
std::string annotations(const CheckedScenario& checked, const ScenarioInput& input) {
  std::string text;
  const Report& targets = checked.report["targets"];
  for (std::size_t i = 0; i < targets.size(); ++i) {
    if (targets[i]["pass"].get<bool>()) continue;
    Issue issue;
    issue.code = targets[i]["id"];
    issue.file = checked.file;
    issue.pointer = fmt::format("/targets/{}", i);
    issue.message = target_failure(targets[i]);
    input.loaded.document.locate(issue);
    text += json::format_issues_github({&issue, 1});
  }
  if (checked.comparison.is_null()) return text;
  for (const Report& row : checked.comparison["metrics"]) {
    if (row["verdict"] != "regressed") continue;
    Issue issue;
    issue.code = "baseline";
    issue.file = checked.file;
    issue.line = issue.column = 1;
    issue.message = regression_text(row);
    text += json::format_issues_github({&issue, 1});
  }
  return text;
}

int exit_code(const Report& check) {
  if (check["verdict"] == "fail") return kTargetMissed;
  return check["verdict"] == "regressed" ? kRegression : kOk;
}

void print_check(const CheckOptions& options, const Report& check, const std::string& notes,
                 const Terminal& terminal) {
  if (options.format == "json") {
    print_answer(report_text(check));
  } else if (options.format == "md") {
    print_answer(render_check_markdown(check));
  } else {
    print_answer(render_check(check, terminal.text_style()) + (options.github ? notes : ""));
  }
  if (options.format != "text" && options.github) fmt::print(stderr, "{}", notes);
}

}  // namespace

int check_command(const CommandLine& line, const Terminal& terminal) {
  const CheckOptions& options = line.check;
  const CompareOptions compare = compare_options(options.comparison);
  if (!compare.gates.empty() && (options.baseline.empty() || options.update_baseline)) {
    throw UsageError("--metric says what is compared with --baseline");
  }
  refuse_second_stdin(options.scenarios);
  const std::vector<std::string> paths = baseline_paths(options);
  const std::vector<FileUse> writes = files_written(options, paths);
  refuse_overlaps(files_named(options, paths), writes);
  const std::vector<Report> baselines = read_baselines(options, paths);
  std::vector<CheckedScenario> all;
  std::vector<Issue> unknown;
  std::string notes;
  for (std::size_t i = 0; i < options.scenarios.size(); ++i) {
    ScenarioRun run = run_for_report(options.scenarios[i], options.run, line.common, terminal);
    refuse_overlaps(files_of(run.input.loaded), writes);
    CheckedScenario checked{options.scenarios[i], std::move(run.report)};
    require_something_to_judge(checked, options, run.input);
    if (!baselines[i].is_null()) {
      checked.comparison = compare_reports({paths[i], baselines[i]},
                                           {options.scenarios[i], checked.report}, compare);
      add_unknown_metrics(checked.comparison, options.scenarios[i], metric_names(checked.report),
                          unknown);
    }
    if (options.update_baseline) {
      write_file(paths[i], report_text(make_baseline(checked.report)));
      if (line.common.verbosity >= 0) fmt::print(stderr, "written  {}\n", paths[i]);
    }
    notes += annotations(checked, run.input);
    all.push_back(std::move(checked));
  }
  if (!unknown.empty()) throw InputError(std::move(unknown));  // else it would be a silent pass
  const Report check = make_check(all, compare, tool_info());
  if (!options.junit.empty()) write_file(options.junit, render_check_junit(check));
  if (options.github) append_step_summary(render_check_markdown(check));
  print_check(options, check, notes, terminal);
  return exit_code(check);
}

}  // namespace headroom::tools
