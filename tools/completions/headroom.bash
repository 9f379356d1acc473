# bash completion of headroom; in ~/.bashrc: eval "$(headroom completion bash)"
_headroom() {
  local line files=
  local current=${COMP_WORDS[COMP_CWORD]}
  # bash breaks words at "="; the value after it is completed alone
  [ "$current" = "=" ] && current=
  COMPREPLY=()
  while IFS= read -r line; do
    if [ "$line" = ":files" ]; then files=1; continue; fi
    COMPREPLY+=("${line%%$'\t'*}")
  done < <("${COMP_WORDS[0]}" complete -- "${COMP_WORDS[@]:1:COMP_CWORD-1}" "$current" 2>/dev/null)
  if [ -n "$files" ]; then
    while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$current")
    compopt -o filenames 2>/dev/null
  fi
}
complete -F _headroom headroom
