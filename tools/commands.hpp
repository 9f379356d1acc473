#pragma once

#include <stdexcept>
#include <string>

#include "headroom/report/compare.hpp"
#include "options.hpp"
#include "terminal.hpp"

/// The commands, one file each: cmd_VERB.cpp. Each writes its answer to standard output, everything
/// else to standard error, and returns the exit code.
namespace headroom::tools {

/// A command line that reads well but cannot be carried out; exit code 2.
class UsageError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// What --alpha, --noise and --metric ask for. Throws UsageError.
CompareOptions compare_options(const ComparisonOptions& options);
/// Throws UsageError when - is named more than once.
void refuse_second_stdin(const std::vector<std::string>& files);
/// An issue for each metric that was asked for and that neither of two reports has. `metrics`:
/// those that there are, to name the nearest.
void add_unknown_metrics(const nlohmann::ordered_json& comparison, const std::string& file,
                         const std::vector<std::string>& metrics, std::vector<Issue>& issues);

int run_command(const CommandLine& line, const Terminal& terminal);
int plan_command(const CommandLine& line, const Terminal& terminal);
int report_command(const CommandLine& line, const Terminal& terminal);
int compare_command(const CommandLine& line, const Terminal& terminal);
int check_command(const CommandLine& line, const Terminal& terminal);
int init_command(const CommandLine& line, const Terminal& terminal);
int completion_command(const CommandLine& line, const Terminal& terminal);
int complete_command(const CommandLine& line, const Terminal& terminal);
int sweep_command(const CommandLine& line, const Terminal& terminal);
int validate_command(const CommandLine& line, const Terminal& terminal);
int explain_command(const CommandLine& line, const Terminal& terminal);
int schema_command(const CommandLine& line, const Terminal& terminal);
int fit_command(const CommandLine& line, const Terminal& terminal);
int kernels_command(const CommandLine& line, const Terminal& terminal);
int gpus_command(const CommandLine& line, const Terminal& terminal);
int models_command(const CommandLine& line, const Terminal& terminal);
int list_command(const CommandLine& line, const Terminal& terminal);
int version_command(const CommandLine& line, const Terminal& terminal);

}  // namespace headroom::tools
