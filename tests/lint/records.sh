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

check_features() { # NAME FEATURES...
	record=$1
	shift
	for feature in group summary description examples; do
		case " $* " in *" $feature "*) ;; *) wrong "$record: its record has no $feature" ;; esac
	done
}

# The verbs of a command: each is complete, their common man page tells of each option.
check_verbs() { # PROGRAM PREFIX NAME
	page=man/$2-$3.1
	for section in HEADER VERBS EXIT_STATUS GLOBAL_OPTIONS; do
		grep -q "^@$section@\$" "$page.in" 2>/dev/null || wrong "$3: $page.in lacks the line @$section@"
	done
	grep -q -x "MAN_PAGES += $page" man/Makemodule.am || wrong "$3: $page is not in man/Makemodule.am"
	"$1" help "$3" --records >"$work/verbs"
	sort -c "$work/verbs" 2>/dev/null || wrong "$3: its verbs are not sorted by name"
	while read -r verb features; do
		case "$verb $features " in "help "* | *" hidden "*) continue ;; esac
		# shellcheck disable=SC2086 # words
		check_features "$3 $verb" $features
		"$1" "$3" "$verb" --help >"$work/text"
		sed -n -E 's/^ +(-[A-Za-z0-9], )?(--[a-z0-9-]+).*/\2/p' "$work/text" | sort -u >"$work/help"
		"$1" __complete -- "$3" "$verb" -- | sed -n -E 's/^(--[a-z0-9-]+).*/\1/p' | sort -u >"$work/completion"
		same_options "$3 $verb" "help and completion" "$work/help" "$work/completion"
		case " $features " in
		*" mutates "*) grep -q -x -- --dry-run "$work/help" || wrong "$3 $verb: changes things but has no --dry-run" ;;
		esac
		[ ! -e "$build/$page" ] || options_in_man "$build/$page" | comm -13 - "$work/help" |
			sed "s|^|$3 $verb: $page does not tell of |" >>"$work/untold"
	done <"$work/verbs"
	[ ! -e "$work/untold" ] || wrong_lines <"$work/untold"
}

check_command() { # PROGRAM PREFIX NAME FEATURES...
	program=$1 prefix=$2 name=$3
	shift 3
	case " $* " in *" verbs "*)
		check_verbs "$program" "$prefix" "$name"
		return
		;;
	esac
	check_features "$name" "$@"
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
		! grep -q '\.:$' "$build/man/$2-$name.1" 2>/dev/null ||
			wrong "$name: the explanation of an example ends with a full stop"
		[ "$2" != vmnetctl ] || [ -e "tests/cli/$name.bats" ] || wrong "$name: no tests/cli/$name.bats"
	done <"$work/records"
	sort -c "$work/records" 2>/dev/null || wrong "$2: its commands are not sorted by name"
}

check_program "$VMNETCTL" vmnetctl
if [ -x "${VMNETCTL_LAB:-}" ]; then
	check_program "$VMNETCTL_LAB" vmnetctl-lab
fi
verdict
