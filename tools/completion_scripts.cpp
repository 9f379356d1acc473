#include <stdexcept>
#include <string>

#include "shell_words.hpp"

namespace headroom::tools {
namespace {

// Each script hands the words so far to `headroom complete`, which answers a line per word: the
// word, a tab, what it means. A line ":files" says that a file may stand there.

constexpr const char* kBash =
    R"(# bash completion of headroom; in ~/.bashrc: eval "$(headroom completion bash)" _headroom() {
  local line word files = local current = ${COMP_WORDS[COMP_CWORD]}
#bash breaks words at "="; the value after it is completed alone
      ["$current" = "="]&& current = COMPREPLY = () while IFS = read - r line;
  do
    if
      ["$line" = ":files"];
  then files = 1;
  continue;
  fi
    word=${line%%$'\t'*}
    COMPREPLY+=("$word")
  done < <("${COMP_WORDS[0]}" complete -- "${COMP_WORDS[@]:1:COMP_CWORD-1}" "$current" 2>/dev/null)
  if [ -n "$files" ];
  then while IFS = read - r line;
  do COMPREPLY += ("$line");
  done < <(compgen - f-- "$current") compopt - o filenames 2> / dev / null fi
}
complete -F _headroom headroom
)";

constexpr const char* kZsh = R"(#compdef headroom
# zsh completion of headroom; in ~/.zshrc, after compinit: eval "$(headroom completion zsh)"
_headroom() {
  local - a words_found local line files = while IFS = read - r line;
  do
    if
      [[$line ==:files]];
  then files = 1;
  continue;
  fi
    words_found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
  done < <("${words[1]}" complete -- "${(@)words[2,CURRENT-1]}" "${words[CURRENT]}" 2>/dev/null)
  (( ${#words_found} )) && _describe -o headroom words_found
  [[ -n $files ]] && _files
}
if (($ + functions[compdef]))
  ;
then compdef _headroom headroom; fi
)";

constexpr const char* kFish = R"(# fish completion of headroom; in ~/.config/fish/config.fish: headroom completion fish | source
function __headroom_complete
    set -l tokens (commandline -opc)
    set -l current (commandline -ct)
    for line in ($tokens[1] complete -- $tokens[2..-1] "$current" 2>/dev/null)
        if test "$line" = ":files"
            __fish_complete_path "$current"
        else
            echo $line
        end
    end
end
complete -c headroom -f -a '(__headroom_complete)'
)";

}  // namespace

std::string completion_script(const std::string& shell) {
  if (shell == "bash") return kBash;
  if (shell == "zsh") return kZsh;
  if (shell == "fish") return kFish;
  throw std::logic_error("no completion for the shell " + shell);
}

}  // namespace headroom::tools
