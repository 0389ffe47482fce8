# Completion of sdmeta for bash. The program itself says what there is, so that
# this cannot be behind it. `cmake --install` puts it where bash-completion looks.
_sdmeta() {
  local program=${COMP_WORDS[0]} word=${COMP_WORDS[COMP_CWORD]} words=
  if ((COMP_CWORD == 1)); then
    words=$("$program" --help 2>/dev/null |
      sed -n '/^Subcommands:/,$s/^  \([a-z]\{1,\}\) .*/\1/p')
  elif [[ $word == -* ]]; then
    words=$("$program" "${COMP_WORDS[1]}" --help 2>/dev/null |
      sed -n 's/^  \(-[^ ],\)\{0,1\}\(--[a-z-]*\).*/\2/p')
  fi
  # No words: the names of files, which -o default gives.
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _sdmeta sdmeta
