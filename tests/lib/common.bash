# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # status, output and stderr are set by bats' run
#
# What every bats file loads first:
#
#	load ../lib/common
#
#	setup_file() { lab_up --kubevirt 1.9; }
#
#	@test "an interface is plugged" {
#		vmn addinterface web-1 --name dyn1 --network-attachment-definition-name nad1
#		assert_status 0
#		assert_stdout 'virtualmachine/web-1 interface "dyn1" added (spec patch)'
#	}
#
# Every test gets a HOME, XDG directories and a TMPDIR of its own. Labs belong to the file
# (lab_up in setup_file) or to one test (lab_up in the test); they are gone at its end,
# however it ended. A file that defines setup, teardown, setup_file or teardown_file itself
# calls common_setup, common_teardown or common_teardown_file from there.

bats_require_minimum_version 1.8.0

# --- what is tested --------------------------------------------------------------------------

TOP=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)
: "${BUILDDIR:=$(if [ -x "$TOP/vmnetctl" ]; then echo "$TOP"; else echo "$TOP/build"; fi)}"
: "${VMNETCTL:=$BUILDDIR/vmnetctl}"
: "${VMNETCTL_LAB:=$BUILDDIR/vmnetctl-lab}"
if [ -z "${KUBECTL:-}" ]; then
	KUBECTL=$BUILDDIR/tools/usr/bin/kubectl
	[ -x "$KUBECTL" ] || KUBECTL=$(command -v kubectl || true)
fi
export TOP BUILDDIR VMNETCTL VMNETCTL_LAB KUBECTL

# A sanitizer's report is never an expected failure: its own exit status, its own files.
SANITIZER_STATUS=99
SANITIZER_DIR=${BATS_FILE_TMPDIR:-${BATS_RUN_TMPDIR:-/tmp}}
export ASAN_OPTIONS=exitcode=$SANITIZER_STATUS:detect_leaks=1:log_path=$SANITIZER_DIR/sanitizer
export LSAN_OPTIONS=exitcode=$SANITIZER_STATUS
export UBSAN_OPTIONS=exitcode=$SANITIZER_STATUS:print_stacktrace=1:log_path=$SANITIZER_DIR/sanitizer

# --- a clean place for each test -------------------------------------------------------------

# sandbox - an environment in DIR that owes nothing to the caller's
sandbox() {
	local dir=$1 name

	for name in ${!KUBE*} ${!VMNETCTL_*} ${!XDG_*}; do
		case $name in
		KUBECTL | VMNETCTL_LAB | VMNETCTL_LAB_DIR) ;;
		KUBECONFIG) [ -n "${LAB_NAME:-}" ] || unset KUBECONFIG ;;
		*) unset "$name" ;;
		esac
	done
	unset NO_COLOR CLICOLOR_FORCE PAGER EDITOR KUBE_EDITOR
	unset http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY
	export HOME=$dir/home TMPDIR=$dir/tmp
	export XDG_CONFIG_HOME=$HOME/.config XDG_CACHE_HOME=$HOME/.cache
	export XDG_DATA_HOME=$HOME/.local/share XDG_STATE_HOME=$HOME/.local/state
	export XDG_RUNTIME_DIR=$dir/run
	export LC_ALL=C.UTF-8 TZ=UTC TERM=dumb
	mkdir -p "$HOME" "$TMPDIR" "$XDG_RUNTIME_DIR"
	chmod 0700 "$XDG_RUNTIME_DIR"
	case :$PATH: in
	*:"$BUILDDIR":*) ;;
	*) export PATH=$BUILDDIR:$PATH ;;
	esac
	cd "$HOME" || return
}

common_setup() {
	sandbox "$BATS_TEST_TMPDIR"
}

common_teardown() {
	jobs_end
	labs_end "$BATS_TEST_TMPDIR"
	assert_no_sanitizer_report
}

common_teardown_file() {
	labs_end "$BATS_FILE_TMPDIR"
	assert_no_sanitizer_report
}

setup() {
	common_setup
}

teardown() {
	common_teardown
}

teardown_file() {
	common_teardown_file
}

# --- running things --------------------------------------------------------------------------

# fail - end the test with a message
fail() {
	printf '%s\n' "$*" >&2
	return 1
}

# guarded - run a command with a deadline; one that hangs is killed and dumps core like a crash
guarded() {
	timeout --preserve-status --signal=ABRT --kill-after=10 "${RUN_TIMEOUT:-60}" "$@"
}

# run_command - run, keep stdout and stderr apart; a crash or a hang fails the test at once
run_command() {
	run --separate-stderr -- guarded "$@"
	assert_no_crash "$*"
}

# vmn - run vmnetctl; then look at $status, $output and $stderr
vmn() {
	run_command "$VMNETCTL" "$@"
}

# kc - run kubectl, which needs_kubectl has found
kc() {
	run_command "$KUBECTL" "$@"
}

needs_kubectl() {
	[ -x "$KUBECTL" ] || skip "no kubectl: scripts/deps gets one"
}

# needs - skip the test unless the programs are there
needs() {
	local program

	for program in "$@"; do
		command -v "$program" >/dev/null || skip "no $program"
	done
}

# needs_mount_namespaces - they want a root directory that is a mount, which a plain chroot has not
needs_mount_namespaces() {
	unshare -m true 2>/dev/null || skip "no mount namespaces here"
}

# background - start a command; its output goes to $background_out and $background_err
background() {
	background_out=$BATS_TEST_TMPDIR/background.$((++background_count)).out
	background_err=${background_out%.out}.err
	: >"$background_out"
	: >"$background_err"
	# 3 and 4 are bats' own: who keeps them open keeps bats waiting.
	"$@" >"$background_out" 2>"$background_err" 3>&- 4>&- &
	background_pid=$!
	background_pids="${background_pids:-} $background_pid"
}
background_count=0

# background_end - send SIGNAL (default TERM, "" for none) to the last one and wait for it:
# sets $status, $output and $stderr as run does
background_end() {
	local signal=${1-TERM}

	[ -z "$signal" ] || kill -s "$signal" "$background_pid" 2>/dev/null || true
	wait_gone "$background_pid"
	status=0
	wait "$background_pid" || status=$?
	output=$(cat "$background_out")
	stderr=$(cat "$background_err")
	assert_no_crash "background command"
}

# jobs_end - end what background started and a failed test left
jobs_end() {
	local pid

	for pid in ${background_pids:-}; do
		kill "$pid" 2>/dev/null || continue
		wait_gone "$pid" || kill -KILL "$pid" 2>/dev/null || true
	done
	background_pids=
}

# --- waiting: for events, with a deadline ----------------------------------------------------

WAIT_SECONDS=${WAIT_SECONDS:-60}

# wait_line FILE REGEX - until a line of a growing FILE matches
wait_line() {
	local tail_pid found=0

	exec {wait_fd}< <(exec tail -n +1 -s 0.1 -F "$1" 2>/dev/null 3>&- 4>&-)
	tail_pid=$!
	timeout "$WAIT_SECONDS" grep -E -m 1 -q -- "$2" <&"$wait_fd" || found=$?
	exec {wait_fd}<&-
	kill "$tail_pid" 2>/dev/null || true
	[ "$found" -eq 0 ] || fail "no line like '$2' in $1 within $WAIT_SECONDS s:
$(cat "$1")"
}

# wait_gone PID - until a process has ended
wait_gone() {
	wait_until process_gone "$1"
}

# process_gone PID - it has ended; a zombie that its parent has yet to reap counts
process_gone() {
	! readlink "/proc/$1/exe" >/dev/null
}

# wait_until COMMAND... - until it succeeds, for what sends no event
wait_until() {
	local end=$((${EPOCHREALTIME/./} + WAIT_SECONDS * 1000000))

	until "$@"; do
		if [ "${EPOCHREALTIME/./}" -ge "$end" ]; then
			fail "not true within $WAIT_SECONDS s: $*"
			return
		fi
		read -rt 0.05 <> <(:) || true
	done
}

# wait_object RESOURCE NAME JQ-CONDITION [KUBECTL-OPTION...] - until a watched object fulfils it.
# By field selector: of a single NAME kubectl watches from "now" and drops the first event, and with
# it whatever changed since its GET.
wait_object() {
	local resource=$1 name=$2 condition=$3 watch_pid found=0

	shift 3
	exec {wait_fd}< <(exec "$KUBECTL" get "$resource" --field-selector "metadata.name=$name" \
		--watch -o json "$@" 2>/dev/null 3>&- 4>&-)
	watch_pid=$!
	timeout "$WAIT_SECONDS" jq -e -n "first(inputs | select($condition)) | true" \
		<&"$wait_fd" >/dev/null 2>&1 || found=$?
	exec {wait_fd}<&-
	kill "$watch_pid" 2>/dev/null || true
	[ "$found" -eq 0 ] || fail "$resource/$name not ($condition) within $WAIT_SECONDS s:
$("$KUBECTL" get "$resource" "$name" -o json "$@" 2>&1)"
}

# --- assertions ------------------------------------------------------------------------------

# show_run - what the last command said, for a failing assertion
show_run() {
	printf 'status: %s\nstdout:\n%s\nstderr:\n%s\n' "$status" "$output" "$stderr" >&2
}

assert_no_crash() {
	case $status in
	132 | 134 | 135 | 136 | 137 | 139 | "$SANITIZER_STATUS")
		show_run
		sanitizer_reports >&2
		fail "crashed or hung (status $status): $1"
		;;
	esac
}

sanitizer_reports() {
	find "$SANITIZER_DIR" -maxdepth 1 -name 'sanitizer.*' -size +0 -exec cat {} +
}

assert_no_sanitizer_report() {
	local reports

	reports=$(sanitizer_reports)
	[ -n "$reports" ] || return 0
	rm -f "$SANITIZER_DIR"/sanitizer.* # the next test is not to blame
	fail "$reports"
}

assert_status() {
	[ "$status" -eq "$1" ] && return
	show_run
	fail "exit status is not $1"
}

# assert_stdout, assert_stderr - exactly this text, trailing newlines aside
assert_stdout() {
	[ "$output" = "$1" ] && return
	show_run
	fail "stdout is not:
$1"
}

assert_stderr() {
	[ "$stderr" = "$1" ] && return
	show_run
	fail "stderr is not:
$1"
}

# assert_stdout_has, assert_stderr_has - each of these strings occurs
assert_stdout_has() {
	assert_has stdout "$output" "$@"
}

assert_stderr_has() {
	assert_has stderr "$stderr" "$@"
}

# assert_stdout_lacks, assert_stderr_lacks - none of these strings occurs
assert_stdout_lacks() {
	assert_lacks stdout "$output" "$@"
}

assert_stderr_lacks() {
	assert_lacks stderr "$stderr" "$@"
}

# assert_stdout_line, assert_stderr_line - a whole line matches this regular expression
assert_stdout_line() {
	grep -E -x -q -- "$1" <<<"$output" && return
	show_run
	fail "no line of stdout matches: $1"
}

assert_stderr_line() {
	grep -E -x -q -- "$1" <<<"$stderr" && return
	show_run
	fail "no line of stderr matches: $1"
}

# assert_json JQ-CONDITION [JQ-OPTION...] - stdout is JSON for which it holds
assert_json() {
	local condition=$1

	shift
	jq -e "$@" "$condition" <<<"$output" >/dev/null && return
	show_run
	fail "stdout is not JSON with: $condition"
}

assert_has() {
	local where=$1 text=$2 wanted

	shift 2
	for wanted in "$@"; do
		[[ $text == *"$wanted"* ]] && continue
		show_run
		fail "$where lacks: $wanted" || return
	done
}

assert_lacks() {
	local where=$1 text=$2 unwanted

	shift 2
	for unwanted in "$@"; do
		[[ $text != *"$unwanted"* ]] && continue
		show_run
		fail "$where has: $unwanted" || return
	done
}

# assert_equal ACTUAL EXPECTED
assert_equal() {
	[ "$1" = "$2" ] || fail "is:       $1
expected: $2"
}

# --- labs ------------------------------------------------------------------------------------

# lab_up [OPTION...] - start a lab of our own and point KUBECONFIG at it; options are those of
# `vmnetctl lab up`. From setup_file it lasts for the file, from a test for that test.
lab_up() {
	local scope=${BATS_TEST_TMPDIR:-$BATS_FILE_TMPDIR}

	[ -x "$VMNETCTL_LAB" ] || fail "no vmnetctl-lab at '$VMNETCTL_LAB'"
	[ -n "${BATS_TEST_TMPDIR:-}" ] || sandbox "$scope"
	export VMNETCTL_LAB_DIR=$scope/labs
	LAB_NAME=t$$-$((++lab_count))
	mkdir -p "$VMNETCTL_LAB_DIR"
	echo "$LAB_NAME" >>"$scope/labs.started"
	lab up "$@" 3>&- 4>&- || fail "cannot start a lab: $(lab logs 2>&1)"
	KUBECONFIG=$(lab kubeconfig)
	export LAB_NAME KUBECONFIG
}
lab_count=0

# lab VERB [ARG...] - the lab's own command, on the lab that lab_up started last
lab() {
	local verb=$1

	shift
	guarded "$VMNETCTL_LAB" "$verb" --name "$LAB_NAME" "$@"
}

# lab_down - stop the lab that lab_up started last
lab_down() {
	lab down
}

# labs_end SCOPE - stop every lab started in a scope; whatever does not stop is a failure
labs_end() {
	local scope=$1 pids pid

	[ -e "$scope/labs.started" ] || return 0
	pids=$(lab_pids "$scope/labs")
	while read -r LAB_NAME; do
		VMNETCTL_LAB_DIR=$scope/labs lab down >/dev/null 2>"$scope/down.err" 3>&- 4>&- || true
	done <"$scope/labs.started"
	rm "$scope/labs.started"
	for pid in $pids; do
		wait_gone "$pid" && continue
		kill -KILL "$pid"
		fail "a lab did not stop: $(cat "$scope/down.err")"
	done
}

# lab_pids DIR - processes whose lab lives below DIR
lab_pids() {
	local environ

	for environ in /proc/[0-9]*/environ; do
		if tr '\0' '\n' 2>/dev/null <"$environ" | grep -q -x "VMNETCTL_LAB_DIR=$1" &&
			[ "$(readlink "${environ%environ}exe")" = "$(realpath "$VMNETCTL_LAB")" ]; then
			environ=${environ#/proc/}
			echo "${environ%/environ}"
		fi
	done
}
