# SPDX-License-Identifier: Apache-2.0
# fish completion for vmnetctl: asks the program itself

function __vmnetctl_complete
    set -l words (commandline -opc)
    set -l word (commandline -ct)
    set -l program $words[1]
    set -l hints 0

    type -q -- $program
    or set program vmnetctl
    for line in (command $program __complete -- $words[2..-1] "$word" 2>/dev/null)
        switch $line
            case ':*'
                set hints (string sub -s 2 -- $line)
            case '*'
                echo -- $line
        end
    end
    if test (math "bitand($hints, 4)") -eq 0
        __fish_complete_path (string replace -r -- '^--[^=]*=' '' "$word")
    end
end

for program in vmnetctl vmnetctl-lab kubectl-vmnet
    complete -c $program -f -a '(__vmnetctl_complete)'
end
