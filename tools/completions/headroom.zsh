#compdef headroom
# zsh completion of headroom; in ~/.zshrc, after compinit: eval "$(headroom completion zsh)"
_headroom() {
  local -a words_found
  local line files=
  while IFS= read -r line; do
    if [[ $line == :files ]]; then files=1; continue; fi
    words_found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
  done < <("${words[1]}" complete -- "${(@)words[2,CURRENT-1]}" "${words[CURRENT]}" 2>/dev/null)
  (( ${#words_found} )) && _describe -o headroom words_found
  [[ -n $files ]] && _files
  return 0
}
if (( $+functions[compdef] )); then compdef _headroom headroom; fi
