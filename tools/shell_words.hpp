#pragma once

#include <string>
#include <vector>

namespace headroom::tools {

/// A word that may stand next on a command line, and what it means.
struct ShellWord {
  std::string word, help;
};

/// What may be completed at the last of `words`, the (perhaps empty) beginning of one; the words
/// before it are whole, without the program's name. Verbs, flags and the words that options take
/// are read from the very options that parse_command_line knows; names of GPUs and models from the
/// catalogue. Where a file may stand, a word "" is among the results.
std::vector<ShellWord> complete(const std::vector<std::string>& words);

/// The script that teaches a shell to ask `headroom complete`: bash, zsh or fish.
/// REQUIRES: one of the three.
std::string completion_script(const std::string& shell);

}  // namespace headroom::tools
