# fish completion for pgtoken. The table of commands is filled in from --help when the package is built.

set -g __pgtoken_commands

# Whether the words of the line so far are those of a command: __pgtoken_at "pgtoken roles retire"
function __pgtoken_at
    set -l command pgtoken
    for word in (commandline -opc)[2..]
        if contains -- "$command $word" $__pgtoken_commands
            set command "$command $word"
        end
    end
    test "$command" = "$argv[1]"
end

# Entries, services, roles, servers and kinds; silent where there are none, and never for long.
function __pgtoken_names
    timeout 2 pgtoken __complete $argv[1] -- (commandline -opc) 2>/dev/null
end

complete -c pgtoken -f
# @commands
