#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every command is complete: man page, tests, summary, examples, --dry-run where it changes something; and
# help, man page and completion know the same options. Asks the built programs.
# shellcheck source=tests/lint/lib.sh
. "$(dirname "$0")/lib.sh"

: "${VMNETCTL:?is set by make check}"
build=${BUILDDIR:-$(dirname "$VMNETCTL")}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# options_in_help, options_in_man, options_in_completion - long options, sorted
options_in_help() {
	"$1" "$2" --help | sed -n -E 's/^ +(-[A-Za-z0-9], )?(--[a-z0-9-]+).*/\2/p' | sort -u
}

options_in_man() {
	sed -n -E '/^\.TP/{n;s/\\-/-/g;s/.*\\fB(--[a-z0-9-]+)\\fR.*/\1/p;}' "$1" | sort -u
}

options_in_completion() {
	"$1" __complete -- "$2" -- | sed -n -E 's/^(--[a-z0-9-]+).*/\1/p' | sort -u
}

same_options() { # COMMAND NAME FILE FILE
	diff "$3" "$4" >"$work/diff" || wrong "$1: $2 know different options: $(grep '^[<>]' "$work/diff" | tr '\n' ' ')"
}

check_man() { # COMMAND PAGE
	if ! grep -q '^@HEADER@$' "man/$2.1.in" 2>/dev/null; then
		wrong "$1: no man page man/$2.1.in with a line @HEADER@"
		return
	fi
	for section in OPTIONS EXIT_STATUS EXAMPLES; do
		grep -q "^@$section@\$" "man/$2.1.in" || wrong "$1: man/$2.1.in lacks the line @$section@"
	done
	grep -q -x "MAN_PAGES += man/$2.1" man/Makemodule.am || wrong "$1: man/$2.1 is not in man/Makemodule.am"
	[ -e "$build/man/$2.1" ] || return 0
	options_in_man "$build/man/$2.1" >"$work/man"
	same_options "$1" "help and man page" "$work/help" "$work/man"
	if command -v mandoc >/dev/null; then
		mandoc -T lint "$build/man/$2.1" >"$work/mandoc" || true
		wrong_lines <"$work/mandoc"
	fi
}

check_command() { # PROGRAM PREFIX NAME FEATURES...
	program=$1 prefix=$2 name=$3
	shift 3
	for feature in group summary description examples; do
		case " $* " in *" $feature "*) ;; *) wrong "$name: its record has no $feature" ;; esac
	done
	options_in_help "$program" "$name" >"$work/help"
	options_in_completion "$program" "$name" >"$work/completion"
	same_options "$name" "help and completion" "$work/help" "$work/completion"
	case " $* " in
	*" mutates "*) grep -q -x -- --dry-run "$work/help" || wrong "$name: changes things but has no --dry-run" ;;
	esac
	check_man "$name" "$prefix-$name"
	summary=$("$program" "$name" --help | head -n 1)
	[ "${#summary}" -le 78 ] || wrong "$name: its summary is too long for a line of its man page"
}

check_program() { # PROGRAM PREFIX
	"$1" help --records >"$work/records"
	while read -r name features; do
		case " $features " in *" hidden "*) continue ;; esac
		# shellcheck disable=SC2086 # words
		check_command "$1" "$2" "$name" $features
		[ "$2" != vmnetctl ] || [ -e "tests/cli/$name.bats" ] || wrong "$name: no tests/cli/$name.bats"
	done <"$work/records"
	sort -c "$work/records" 2>/dev/null || wrong "$2: its commands are not sorted by name"
}

check_program "$VMNETCTL" vmnetctl
if [ -x "${VMNETCTL_LAB:-}" ]; then
	check_program "$VMNETCTL_LAB" vmnetctl-lab
fi
verdict
