#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every header compiles alone. LINT_CC is the compiler with its flags, as make check sets it.
# shellcheck source=tests/lint/lib.sh
. "$(dirname "$0")/lib.sh"

: "${LINT_CC:?is set by make check}"
for file in $(sources h); do
	case $file in tests/fuzz/* | tests/unit/*) continue ;; esac
	# twice: a guard that does not guard shows too
	printf '#include "config.h"\n#include "%s"\n#include "%s"\n' "$file" "$file" |
		$LINT_CC -I"$top" -fsyntax-only -x c - >/dev/null 2>&1 ||
		wrong "$file:1: does not compile alone"
done
verdict
