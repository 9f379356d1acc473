#include <string>

#include "commands.hpp"
#include "messages.hpp"
#include "shell_words.hpp"

namespace headroom::tools {

int completion_command(const CommandLine& line, const Terminal&) {
  print_answer(completion_script(line.topic));
  return kOk;
}

int complete_command(const CommandLine& line, const Terminal&) {
  const std::string current = line.words.empty() ? "" : line.words.back();
  std::string text;
  for (const ShellWord& one : complete(line.words)) {
    if (one.word.empty()) {
      text += ":files\n";
    } else if (one.word.starts_with(current)) {
      text += one.word + "\t" + one.help + "\n";
    }
  }
  if (!text.empty()) print_answer(text);
  return kOk;
}

}  // namespace headroom::tools
