# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# What the lint scripts share. Each script is called with the tree to look at (default: this one),
# prints "FILE:LINE: what is wrong" and ends with 1 when there was anything.
set -eu
LC_ALL=C
export LC_ALL

top=${1:-$(cd "$(dirname "$0")/../.." && pwd)}
cd "$top"
found=0

# wrong TEXT - one finding
wrong() {
	echo "$*"
	found=1
}

# wrong_lines - every line of stdin is a finding
wrong_lines() {
	while IFS= read -r line; do
		wrong "$line"
	done
}

# sources [ENDING] - our C files, sorted
# shellcheck disable=SC2120 # not the script's own argument
sources() {
	find cli completions lab lib subcommands tests -name "*.${1:-[ch]}" \
		! -path 'completions/shims.h' 2>/dev/null | sort
}

# scripts - our shell scripts
scripts() {
	find .ci completions scripts tests -type f 2>/dev/null | sort |
		while read -r file; do
			case $file in
			*.c | *.h | *.fish | *.zsh | *.json | */corpus/*) continue ;;
			*.bats | *.bash | *.sh) echo "$file" ;;
			*) if head -n 1 "$file" | grep -q -E '^#! ?/(usr/)?bin/(env )?(ba)?sh'; then echo "$file"; fi ;;
			esac
		done
}

# code FILE - its C code line by line, comments and the insides of strings left out
code() {
	awk '
	{
		out = ""; i = 1; n = length($0)
		while (i <= n) {
			two = substr($0, i, 2); c = substr($0, i, 1)
			if (comment) {
				if (two == "*/") { comment = 0; i++ }
			} else if (two == "/*") {
				comment = 1; i++
			} else if (two == "//") {
				break
			} else if (c == "\"" || c == "'\''") {
				out = out c
				for (i++; i <= n && substr($0, i, 1) != c; i++)
					if (substr($0, i, 1) == "\\") i++
				out = out c
			} else {
				out = out c
			}
			i++
		}
		print out
	}' "$1"
}

verdict() {
	exit "$found"
}
