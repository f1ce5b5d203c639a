# SPDX-License-Identifier: Apache-2.0
load ../lib/common

@test "help lists every command that is not hidden, under a heading" {
	local name rest

	vmn help
	assert_status 0
	assert_stderr ""
	while read -r name rest; do
		[[ $rest == *hidden* ]] || assert_stdout_line "  $name +[a-z].*"
	done < <("$VMNETCTL" help --records)
}

@test "headings come in the order of use, About last" {
	vmn netsetup --help
	assert_equal "$(grep '^[A-Z][A-Za-z ]*:$' <<<"$output" | paste -s -d' ')" \
		"Usage: Interfaces: Looking: Serve: Repair: About: Global options:"
}

@test "help is wrapped to the terminal" {
	COLUMNS=70 vmn help version
	assert_status 0
	[ "$(awk '{ if (length > m) m = length } END { print m }' <<<"$output")" -le 70 ]
}

@test "help of what does not exist guesses" {
	vmn help versio
	assert_status 1
	assert_stderr "vmnetctl: unknown command 'versio'
hint: did you mean 'version'?"
}

@test "an external command's verbs are explained too" {
	vmn help lab up
	assert_status 0
	assert_stdout "$("$VMNETCTL" lab up --help)"
	vmn help version nonsense
	assert_status 1
	assert_stderr_has "'nonsense' is one operand too many"
}

@test "hidden parts stay hidden" {
	vmn help help
	assert_stdout_lacks --man --examples --records
	vmn help
	assert_stdout_lacks __complete
}
