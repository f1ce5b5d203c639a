# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What the benchmarks share. Each prints a table of what it measured against the limits that hold, and ends
# with status 0 when every limit does.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILDDIR=$(cd "${1:-$top/build}" && pwd)
PATH=$PATH:/usr/sbin:/sbin
# shellcheck disable=SC2034 # for those who source this
{
	vmnetctl=$BUILDDIR/vmnetctl
	rusage=$BUILDDIR/tests/bench/rusage
}

failures=0
# limit WHAT VALUE OP LIMIT - a row of the table
limit() {
	local verdict=ok

	awk "BEGIN { exit !($2 $3 $4) }" || {
		verdict=MISSED
		failures=$((failures + 1))
	}
	printf '%-64s %8s   %s %-6s %s\n' "$1" "$2" "$3" "$4" "$verdict"
}

# note WHAT VALUE - a row without a limit
note() {
	printf '%-64s %8s\n' "$1" "$2"
}

# calc EXPRESSION [DIGITS]
calc() {
	awk "BEGIN { printf \"%.${2:-2}f\n\", $1 }"
}

# measured FILE COMMAND COLUMN - from what rusage printed; COLUMN 1 CPU, 2 elapsed, 3 peak
measured() {
	awk -v n="$2" -v c="$3" '$4 { exit 1 } NR == n { print $c }' "$1" || {
		echo "$0: a measured command failed" >&2
		return 1
	}
}

# middle FILE - the median of its lines
middle() {
	sort -n "$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}
