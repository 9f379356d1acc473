#include <stdexcept>
#include <string>
#include <string_view>

#include "shell_words.hpp"

// Each script, under tools/completions, hands the words so far to `headroom complete`, which
// answers a line a word: the word, a tab, what it means. A line ":files" says that a file may stand
// there.
namespace headroom::embedded {

std::string_view completion_bash();
std::string_view completion_zsh();
std::string_view completion_fish();

}  // namespace headroom::embedded

namespace headroom::tools {

std::string completion_script(const std::string& shell) {
  if (shell == "bash") return std::string(embedded::completion_bash());
  if (shell == "zsh") return std::string(embedded::completion_zsh());
  if (shell == "fish") return std::string(embedded::completion_fish());
  throw std::logic_error("no completion for the shell " + shell);
}

}  // namespace headroom::tools
