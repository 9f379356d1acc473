#pragma once

#include <optional>
#include <string>
#include <vector>

#include "options.hpp"

namespace headroom::tools {

/// What became of reading a command line: either a command to carry out, or text to print and a
/// code to leave with (help, version, usage errors).
struct Parsed {
  std::optional<CommandLine> command;
  int exit_code = kOk;
  std::string text;
  bool to_stderr = false;
};

/// arguments: without the program's name. Reads HEADROOM_* from the environment for flags that are
/// not given.
Parsed parse_command_line(std::vector<std::string> arguments);

}  // namespace headroom::tools
