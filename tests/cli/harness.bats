# SPDX-License-Identifier: Apache-2.0
# The helpers themselves: a test suite that cannot fail proves nothing.
load ../lib/common

@test "each test has a home of its own" {
	[ "$HOME" = "$BATS_TEST_TMPDIR/home" ]
	[ "$PWD" = "$HOME" ]
	[ "$XDG_CACHE_HOME" = "$HOME/.cache" ]
	[ -z "${KUBECONFIG:-}" ]
	[ "$(stat -c %a "$XDG_RUNTIME_DIR")" = 700 ]
}

@test "stdout, stderr and status are told apart" {
	run_command sh -c 'echo data; echo talk >&2; exit 3'
	assert_status 3
	assert_stdout data
	assert_stderr talk
	run assert_status 0
	[ "$status" -ne 0 ]
}

@test "a crash is never an expected failure" {
	local signal

	for signal in ABRT SEGV BUS FPE ILL KILL; do
		run run_command sh -c "kill -s $signal \$\$"
		[ "$status" -ne 0 ]
		[[ $output == *"crashed or hung"* ]]
	done
	run run_command sh -c "exit $SANITIZER_STATUS"
	[ "$status" -ne 0 ]
}

@test "being interrupted is not a crash" {
	run_command sh -c 'kill -s INT $$'
	assert_status 130
}

@test "a hang is never an expected failure" {
	RUN_TIMEOUT=0.2 run run_command tail -f /dev/null
	[ "$status" -ne 0 ]
	[[ $output == *"crashed or hung"* ]]
}

@test "a sanitizer's report fails the test" {
	local report=$SANITIZER_DIR/sanitizer.1

	echo "ERROR: AddressSanitizer" >"$report"
	run assert_no_sanitizer_report
	[ "$status" -ne 0 ]
	[[ $output == *AddressSanitizer* ]]
}

@test "waiting ends with the event" {
	background sh -c 'echo one; echo two; exec tail -f /dev/null'
	wait_line "$background_out" '^two$'
	background_end
	assert_status 143
	assert_stdout $'one\ntwo'
}

@test "waiting ends with the deadline" {
	WAIT_SECONDS=1 run wait_line /dev/null never
	[ "$status" -ne 0 ]
	WAIT_SECONDS=1 run wait_until false
	[ "$status" -ne 0 ]
}

@test "assertions on text fail when they should" {
	run_command sh -c 'echo "{\"a\": 1}"; echo "a.b" >&2'
	assert_json '.a == 1'
	assert_stdout_has '"a"' 1
	assert_stderr_line 'a\.b'
	assert_stdout_lacks b
	local assertion
	while read -r assertion; do
		if (eval "$assertion") 2>/dev/null; then
			fail "holds: $assertion"
		fi
	done <<-'END'
		assert_json '.a == 2'
		assert_stdout_has '"a"' 2
		assert_stdout_lacks 1
		assert_stderr_line a
		assert_stderr a
		assert_stdout ''
		assert_equal a b
	END
}

@test "needs skips what is not installed" {
	needs sh
	run eval 'needs no-such-program; echo reached'
	[[ $output != *reached* ]]
}
