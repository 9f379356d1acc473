#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "options.hpp"
#include "terminal.hpp"

namespace headroom::tools {

/// One thing a run writes.
struct Output {
  std::string format;  ///< text, json, csv or md
  std::string path;    ///< empty = standard output
};

/// Where the answer goes, by -o, --format and --json. Exactly one output is standard output.
/// Throws UsageError for what cannot be meant.
std::vector<Output> plan_outputs(const RunOptions& options);

/// Files first, standard output last, so that the screen can name the files.
/// Throws InputError when a file cannot be written.
void write_outputs(const std::vector<Output>& outputs, const nlohmann::ordered_json& report,
                   const Terminal& terminal, std::vector<std::string> also_written);

}  // namespace headroom::tools
