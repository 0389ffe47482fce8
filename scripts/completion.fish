# Completion of sdmeta for fish. The program itself says what there is, so that
# this cannot be behind it. `cmake --install` puts it where fish looks.
function __sdmeta_commands
    sdmeta --help 2>/dev/null |
        sed -n '/^Subcommands:/,$s/^  \([a-z]\{1,\}\)  *\(.*\)/\1\t\2/p'
end

function __sdmeta_options
    sdmeta (commandline -opc)[2] --help 2>/dev/null |
        sed -n 's/^  \(-[^ ],\)\{0,1\}\(--[a-z-]*\)[^a-z]*  *\(.*\)/\2\t\3/p'
end

complete -c sdmeta -n 'test (count (commandline -opc)) -eq 1' -f -a '(__sdmeta_commands)'
complete -c sdmeta -n 'test (count (commandline -opc)) -gt 1' -a '(__sdmeta_options)'
