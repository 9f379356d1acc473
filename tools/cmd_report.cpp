#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "commands.hpp"
#include "headroom/core/error.hpp"
#include "headroom/report/html.hpp"
#include "headroom/report/junit.hpp"
#include "headroom/report/plan_report.hpp"
#include "headroom/report/report.hpp"
#include "messages.hpp"
#include "report_input.hpp"
#include "run_outputs.hpp"

namespace headroom::tools {
namespace {

using Report = nlohmann::ordered_json;

std::vector<Report> read_reports(const std::vector<std::string>& files) {
  std::vector<Report> reports;
  std::vector<Issue> issues;
  for (const std::string& file : files) reports.push_back(read_report(file, false, issues));
  if (!issues.empty()) throw InputError(std::move(issues));
  return reports;
}

/// What is asked for: by --format, else by the ending of -o; a directory gets HTML, a screen text.
std::string form_of(const ReportOptions& options) {
  if (!options.format.empty()) return options.format;
  if (options.out.empty() || options.out == "-") return "text";
  const std::string path = path_for(options.out, "html");
  const std::string form = path == options.out ? format_of_file(path) : "html";
  if (form.empty()) {
    throw UsageError("'" + options.out +
                     "' does not say its form: end it in .html, .md, .csv, .xml or .txt, or give "
                     "--format");
  }
  if (form == "json") throw UsageError("a report is JSON already; name another form");
  return form;
}

std::string render_one(const Report& report, const std::string& form, const TextStyle& style) {
  const bool plan = report["kind"] == "plan";
  if (form == "csv") return plan ? render_plan_csv(report) : render_csv(report);
  if (form == "md") return plan ? render_plan_markdown(report) : render_markdown(report);
  return plan ? render_plan_text(report, style) : render_text(report, style);
}

std::string render(const std::vector<Report>& reports, const std::string& form,
                   const TextStyle& style) {
  if (form == "html") return render_html(reports);
  if (form == "junit") return render_junit(reports);
  std::string all;
  for (const Report& report : reports) {
    if (!all.empty()) all += "\n";
    all += render_one(report, form, style);
  }
  return all;
}

void refuse_overlaps_of(const ReportOptions& options, const std::string& form) {
  if (options.out.empty() || options.out == "-") return;
  std::vector<FileUse> reads;
  for (const std::string& file : options.files) reads.push_back({file, "a report"});
  refuse_overlaps(reads, {{path_for(options.out, form), "-o"}});
}

}  // namespace

int report_command(const CommandLine& line, const Terminal& terminal) {
  const ReportOptions& options = line.report;
  const std::string form = form_of(options);
  if (form == "csv" && options.files.size() > 1) {
    throw UsageError("--format csv takes one report: its rows do not say which they are of");
  }
  refuse_overlaps_of(options, form);
  const std::vector<Report> reports = read_reports(options.files);
  TextStyle style = terminal.text_style();
  if (options.out.empty() || options.out == "-") {
    print_answer(render(reports, form, style));
    return kOk;
  }
  style.colour = false;
  const std::string path = path_for(options.out, form);
  write_file(path, render(reports, form, style));
  if (line.common.verbosity >= 0) fmt::print(stderr, "written  {}\n", path);
  return kOk;
}

}  // namespace headroom::tools
