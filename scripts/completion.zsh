#compdef sdmeta
# Completion of sdmeta for zsh. The program itself says what there is, so that
# this cannot be behind it. `cmake --install` puts it where zsh looks.
local -a found
if ((CURRENT == 2)); then
  found=(${(f)"$($words[1] --help 2>/dev/null |
    sed -n '/^Subcommands:/,$s/^  \([a-z]\{1,\}\)  *\(.*\)/\1:\2/p')"})
  _describe command found
elif [[ $PREFIX == -* ]]; then
  found=(${(f)"$($words[1] $words[2] --help 2>/dev/null |
    sed -n 's/^  \(-[^ ],\)\{0,1\}\(--[a-z-]*\)[^a-z]*  *\(.*\)/\2:\3/p')"})
  _describe -o option found
else
  _files
fi
