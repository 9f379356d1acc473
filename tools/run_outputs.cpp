#include "run_outputs.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "headroom/report/html.hpp"
#include "headroom/report/junit.hpp"
#include "headroom/report/plan_report.hpp"
#include "headroom/report/report.hpp"
#include "messages.hpp"

namespace headroom::tools {
namespace {

std::string extension_of(const std::string& format) {
  if (format == "text") return "txt";
  return format == "junit" ? "xml" : format;
}

bool names_directory(const std::string& out) {
  std::error_code ignored;
  if (out.back() == '/') return true;
  if (std::filesystem::exists(out, ignored)) return std::filesystem::is_directory(out, ignored);
  return !std::filesystem::path(out).has_extension();
}

std::vector<Output> into_directory(const std::string& directory,
                                   const std::vector<std::string>& formats) {
  std::vector<Output> outputs;
  for (const std::string& format : formats) {
    outputs.push_back({format, path_for(directory, format)});
  }
  return outputs;
}

Output into_file(const std::string& file, const std::vector<std::string>& formats) {
  if (formats.size() > 1) throw UsageError("-o FILE takes one --format; give a directory");
  const std::string format = formats.empty() ? format_of_file(file) : formats.front();
  if (format.empty()) {
    throw UsageError("'" + file +
                     "' does not say its form: end it in .json, .html, .csv, .md, .xml or "
                     ".txt, or give --format");
  }
  return {format, file};
}

void refuse_overlaps_of(const RunOptions& options, const std::vector<Output>& outputs) {
  refuse_overlaps({{options.scenario, "the scenario"}}, files_written(options, outputs));
}

std::string render_plan(const Output& output, const nlohmann::ordered_json& report,
                        const Terminal& terminal, const std::vector<std::string>& written) {
  if (output.format == "csv") return render_plan_csv(report);
  if (output.format == "md") return render_plan_markdown(report);
  TextStyle style = terminal.text_style();
  if (!output.path.empty()) style.colour = false;
  return render_plan_text(report, style, written);
}

std::string render(const Output& output, const nlohmann::ordered_json& report,
                   const Terminal& terminal, const std::vector<std::string>& written) {
  if (output.format == "json") return report_text(report);
  if (output.format == "html") return render_html({report});
  if (output.format == "junit") return render_junit({report});
  if (report["kind"] == "plan") return render_plan(output, report, terminal, written);
  if (output.format == "csv") return render_csv(report);
  if (output.format == "md") return render_markdown(report);
  TextStyle style = terminal.text_style();
  if (!output.path.empty()) style.colour = false;
  return render_text(report, style, written);
}

}  // namespace

std::string format_of_file(const std::string& file) {
  const std::string extension = std::filesystem::path(file).extension().string();
  for (const char* format : {"text", "json", "csv", "md", "html", "junit"}) {
    if (extension == "." + extension_of(format)) return format;
  }
  return "";
}

std::string path_for(const std::string& out, const std::string& format) {
  if (!names_directory(out)) return out;
  return (std::filesystem::path(out) / ("report." + extension_of(format))).string();
}

void write_file(const std::string& path, const std::string& text) {
  const std::filesystem::path file(path);
  std::error_code failed;
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path(), failed);
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (failed || !out) cannot_write(path);
}

std::vector<FileUse> files_of(const std::vector<Output>& outputs) {
  std::vector<FileUse> files;
  for (const Output& output : outputs) files.push_back({output.path, "-o"});
  return files;
}

std::vector<FileUse> files_written(const RunOptions& options, const std::vector<Output>& outputs) {
  std::vector<FileUse> files = files_of(outputs);
  files.push_back({options.requests, "--requests"});
  return files;
}

std::vector<Output> plan_outputs(const RunOptions& options) {
  std::vector<std::string> formats;
  for (const std::string& format : options.formats) {
    if (std::find(formats.begin(), formats.end(), format) == formats.end()) {
      formats.push_back(format);
    }
  }
  const bool to_stdout = options.out.empty() || options.out == "-";
  std::vector<Output> outputs;
  if (to_stdout) {
    if (options.json && (formats.empty() || formats.front() != "json")) {
      formats.insert(formats.begin(), "json");
    }
    if (formats.size() > 1) {
      throw UsageError("standard output takes one form; several need -o DIR");
    }
    const std::string form = options.out == "-" ? "json" : "text";
    outputs.push_back({formats.empty() ? form : formats.front(), ""});
    refuse_overlaps_of(options, outputs);
    return outputs;
  }
  if (names_directory(options.out)) {
    if (formats.empty()) formats = {"json", "html"};
    outputs = into_directory(options.out, formats);
  } else {
    outputs.push_back(into_file(options.out, formats));
  }
  outputs.push_back({options.json ? "json" : "text", ""});
  refuse_overlaps_of(options, outputs);
  return outputs;
}

void write_outputs(const std::vector<Output>& outputs, const nlohmann::ordered_json& report,
                   const Terminal& terminal, std::vector<std::string> also_written) {
  std::vector<std::string> written;
  for (const Output& output : outputs) {
    if (output.path.empty()) continue;
    write_file(output.path, render(output, report, terminal, {}));
    written.push_back(output.path);
  }
  written.insert(written.end(), also_written.begin(), also_written.end());
  for (const Output& output : outputs) {
    if (output.path.empty()) print_answer(render(output, report, terminal, written));
  }
}

}  // namespace headroom::tools
