#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "file_uses.hpp"
#include "options.hpp"
#include "terminal.hpp"

namespace headroom::tools {

/// One thing a run writes.
struct Output {
  std::string format;  ///< text, json, csv, md, html or junit
  std::string path;    ///< empty = standard output
};

/// Where the answer goes, by -o, --format and --json. Exactly one output is standard output.
/// Throws UsageError for what cannot be meant.
std::vector<Output> plan_outputs(const RunOptions& options);

/// The files that -o makes.
std::vector<FileUse> files_of(const std::vector<Output>& outputs);
/// These and that of --requests.
std::vector<FileUse> files_written(const RunOptions& options, const std::vector<Output>& outputs);

/// Files first, standard output last, so that the screen can name the files.
/// Throws InputError when a file cannot be written.
void write_outputs(const std::vector<Output>& outputs, const nlohmann::ordered_json& report,
                   const Terminal& terminal, std::vector<std::string> also_written);

/// The form that a file's ending names ("html" of "x.html"); empty when it names none.
std::string format_of_file(const std::string& file);
/// Where `out`, a directory or a file, puts a report of this form.
std::string path_for(const std::string& out, const std::string& format);
/// Writes a file, and the directories it stands in. Throws InputError when that fails.
void write_file(const std::string& path, const std::string& text);

}  // namespace headroom::tools
