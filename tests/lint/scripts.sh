#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Our scripts pass shellcheck.
# shellcheck source=tests/lint/lib.sh
. "$(dirname "$0")/lib.sh"

findings=$(mktemp)
trap 'rm -f "$findings"' EXIT
command -v shellcheck >/dev/null || exit 77
# check EXCLUDE... - shellcheck the files named on stdin
check() {
	xargs -r shellcheck --external-sources --severity warning --format gcc "$@" >>"$findings" || true
}

scripts | grep -v '\.bats$' | check
# bats sets variables, and cuts each test out into a shell of its own
scripts | grep '\.bats$' | check --exclude SC2030,SC2031,SC2089,SC2090,SC2119,SC2120,SC2154,SC2209
wrong_lines <"$findings"
verdict
