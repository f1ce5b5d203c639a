#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The house style that can be seen without understanding: licences, guards, order of includes, lines, doc blocks.
# shellcheck source=tests/lint/lib.sh
. "$(dirname "$0")/lib.sh"

columns=115 # 100 is the aim, clang-format sees to it; a literal that says something may stand out
findings=$(mktemp)
trap 'rm -f "$findings" "$findings.sorted"' EXIT

for file in $(sources) $(scripts) $(find . -name Makemodule.am | sed 's|^\./||') configure.ac; do
	head -n 3 "$file" | grep -q 'SPDX-License-Identifier: Apache-2.0' ||
		echo "$file:1: no SPDX line"
	grep -n -E '[[:space:]]+$' "$file" | sed -E "s|^([0-9]+):.*|$file:\\1: blanks at the end of the line|"
	[ -z "$(tail -c 1 "$file")" ] || echo "$file:1: no newline at the end"
done >>"$findings"

for file in $(sources); do
	expand "$file" | awk -v file="$file" -v max="$columns" '
		length($0) > max && !/[\200-\377]/ { printf "%s:%d: longer than %d columns\n", file, NR, max }'
	grep -n -E '^ {8}' "$file" | sed -E "s|^([0-9]+):.*|$file:\\1: indented with blanks|"
done >>"$findings"

# Debian 12's: another version lays out a little differently.
if clang-format --version 2>/dev/null | grep -q 'version 14\.'; then
	# shellcheck disable=SC2046 # words
	clang-format --dry-run $(sources) 2>&1 |
		sed -n -E 's|^([^ ]*:[0-9]+):[0-9]+: warning: .*|\1: not as .clang-format lays it out|p'
fi >>"$findings"

for file in $(sources c); do
	case $(grep -m 1 '#include' "$file") in
	'#include "config.h"') ;;
	*) echo "$file:1: config.h is not the first include" ;;
	esac
done >>"$findings"

for file in $(sources h); do
	case $file in
	lib/*) guard=VMN_${file#lib/} ;;
	tests/*) guard=VMN_TESTS_${file##*/} ;;
	*) guard=VMN_$file ;;
	esac
	guard=$(echo "$guard" | tr 'a-z/.-' 'A-Z___')
	grep -q "^#ifndef ${guard}\$" "$file" || echo "$file:1: no include guard $guard"
done >>"$findings"

# A function of a header is told about by a comment in its paragraph; only endings need none.
for file in $(sources h); do
	case $file in tests/*) continue ;; esac
	awk -v file="$file" '
		function flush(   i) {
			if (!told)
				for (i = 1; i <= n; i++)
					print file ":" where[i] ": no comment tells what this does: " what[i]
			n = told = 0
		}
		/^$/ { if (!comment) flush(); next }
		/\/\*/ { told = 1; comment = 1 }
		/\*\// { comment = 0; if (/^ *\*\/ *$/ || /\*\/ *$/) next }
		comment { next }
		/^[a-z].*[ *][a-z_]+\(/ && !/^(typedef|static|#|extern const|return)/ {
			name = $0; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name)
			if (name !~ /(_free|_free_p|_clear|_close|_close_p|_put_p)$/ && name == tolower(name)) {
				n++; where[n] = NR; what[n] = name
			}
		}
		END { flush() }' "$file"
done >>"$findings"

sort -u "$findings" >"$findings.sorted"
wrong_lines <"$findings.sorted"
verdict
