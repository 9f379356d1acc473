#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "cli.hpp"
#include "commands.hpp"
#include "headroom/core/error.hpp"
#include "interrupt.hpp"
#include "messages.hpp"
#include "run_report.hpp"
#include "version.hpp"

namespace {

using namespace headroom::tools;

int dispatch(const CommandLine& line, const Terminal& terminal) {
  const struct {
    const char* verb;
    int (*command)(const CommandLine&, const Terminal&);
  } commands[] = {
      {"run", run_command},
      {"plan", plan_command},
      {"report", report_command},
      {"validate", validate_command},
      {"explain", explain_command},
      {"schema", schema_command},
      {"fit", fit_command},
      {"kernels", kernels_command},
      {"gpus", gpus_command},
      {"models", models_command},
      {"list", list_command},
      {"version", version_command},
      {"compare", compare_command},
      {"check", check_command},
      {"sweep", sweep_command},
      {"init", init_command},
      {"completion", completion_command},
      {"complete", complete_command},
  };
  for (const auto& entry : commands) {
    if (line.verb == entry.verb) return entry.command(line, terminal);
  }
  throw std::logic_error("verb '" + line.verb + "' has no command");
}

/// The command line as a shell would read it, to show how a failure was met.
std::string quoted(const std::vector<std::string>& arguments) {
  std::string text = "headroom";
  for (const std::string& argument : arguments) {
    const bool plain =
        !argument.empty() && argument.find_first_not_of(
                                 "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                 "-_./=,:+%@") == std::string::npos;
    text += ' ';
    if (plain) {
      text += argument;
      continue;
    }
    text += '\'';
    for (const char c : argument) text += c == '\'' ? "'\\''" : std::string(1, c);
    text += '\'';
  }
  return text;
}

int internal_error(const char* what, const std::vector<std::string>& arguments) {
  fmt::print(stderr,
             "headroom: internal error: {}\n"
             "  This is a fault of headroom, not of its input; please report this line.\n"
             "  headroom {} ({}, {}); to see it again: {}\n",
             what, kVersion, kCommit, kCompiler, quoted(arguments));
  return kInternalError;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  try {
    const Parsed parsed = parse_command_line(arguments);
    const CommonOptions common = parsed.command ? parsed.command->common : CommonOptions{};
    const Terminal terminal = look_at_terminal(common);
    try {
      if (parsed.command) return dispatch(*parsed.command, terminal);
      if (parsed.to_stderr) {
        std::fputs(parsed.text.c_str(), stderr);
      } else {
        print_answer(parsed.text);
      }
      return parsed.exit_code;
    } catch (const headroom::InputError& error) {
      print_issues(error.issues(), common, terminal);
      return kInputError;
    } catch (const Interrupted&) {
      return interrupt_exit_code();
    }
  } catch (const UsageError& error) {
    fmt::print(stderr, "headroom: {}\n", error.what());
    return kUsageError;
  } catch (const std::exception& error) {
    return internal_error(error.what(), arguments);
  }
}
