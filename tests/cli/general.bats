# SPDX-License-Identifier: Apache-2.0
# What holds for every command: how it is named, how it fails, where its output goes.
load ../lib/common

commands() {
	"$VMNETCTL" help --records | cut -d' ' -f1
}

@test "without a command: one error, one hint, nothing on stdout" {
	vmn
	assert_status 1
	assert_stdout ""
	assert_stderr "vmnetctl: command missing
hint: see 'vmnetctl help'"
}

@test "an unknown command is refused with a guess" {
	vmn mirgat
	assert_status 1
	assert_stdout ""
	assert_stderr_has "vmnetctl: unknown command 'mirgat'"
	vmn versoin
	assert_status 1
	assert_stderr "vmnetctl: unknown command 'versoin'
hint: did you mean 'version'?"
}

@test "commands and options have no abbreviations" {
	vmn vers --client
	assert_status 1
	assert_stderr_has "unknown command 'vers'" "did you mean 'version'?"
	vmn version --clien
	assert_status 1
	assert_stderr_has "unknown option '--clien'" "did you mean '--client'?"
}

@test "every command explains itself, three ways the same" {
	local name help

	for name in $(commands); do
		vmn "$name" --help
		assert_status 0
		assert_stderr ""
		help=$output
		assert_stdout_has "Usage:" "vmnetctl $name"
		vmn help "$name"
		assert_stdout "$help"
		vmn --help "$name"
		assert_stdout "$help"
		vmn "$name" -h
		assert_stdout "$help"
	done
}

@test "every command refuses an option it does not have, and says where to look" {
	local name

	for name in $(commands); do
		vmn "$name" --no-such-option
		assert_status 1
		assert_stdout ""
		assert_stderr "vmnetctl: unknown option '--no-such-option'
hint: see 'vmnetctl $name --help'"
	done
}

@test "global options stand before and after the command" {
	vmn -o json version --client
	assert_status 0
	assert_json '.clientVersion.gitVersion | startswith("v")'
	vmn version --client -o json
	assert_json '.clientVersion.gitVersion | startswith("v")'
	vmn version --output=yaml --client
	assert_stdout_has "clientVersion:"
}

@test "an output format that a command does not have is refused" {
	vmn version --client -o dot
	assert_status 1
	assert_stderr "vmnetctl: version has no output format 'dot'
hint: it takes -o json|yaml"
	vmn version --client -o jsn
	assert_status 1
	assert_stderr_has "'jsn' is not one of its values" "json"
}

@test "operands are counted" {
	vmn completion
	assert_status 1
	assert_stderr_has "completion: operand missing" "usage: vmnetctl completion bash|fish|zsh"
	vmn completion bash zsh
	assert_status 1
	assert_stderr_has "'zsh' is one operand too many"
}

@test "with -o json an error is a Status object too, on the last line of stderr" {
	vmn version -o json --kubeconfig "$HOME/none"
	assert_status 1
	assert_stderr_has "vmnetctl: "
	tail -n 1 <<<"$stderr" | jq -e '.kind == "Status" and .apiVersion == "v1" and
		.status == "Failure" and (.message | length > 0)'
}

@test "with -o json a wrong command line is a Status object too, wherever -o stands" {
	local words

	for words in '-o json nonsense' 'nonsense -o json' 'version --nonsense -o json' \
		'version --nonsense --output=json' '--nonsense -ojson' 'completion -o json'; do
		# shellcheck disable=SC2086 # words
		vmn $words
		assert_status 1
		tail -n 1 <<<"$stderr" | jq -e '.kind == "Status" and .reason == "BadRequest"'
	done
	vmn version --nonsense -- -o json
	assert_stderr_lacks '"Status"'
}

@test "a server's or a file's control characters do not reach the terminal" {
	vmn version --kubeconfig $'/tmp/\033[31mevil\r\nname'
	assert_status 1
	[[ $stderr != *$'\033'* && $stderr != *$'\r'* ]]
	assert_stderr_has "?[31mevil"
}

@test "a full disk is an error" {
	run --separate-stderr -- bash -c '"$VMNETCTL" help >/dev/full'
	assert_status 1
	assert_stderr "vmnetctl: cannot write to standard output: No space left on device"
	# more than stdio keeps: it failed earlier, and no cause is made up
	run --separate-stderr -- bash -c '"$VMNETCTL" help addinterface >/dev/full'
	assert_status 1
	assert_stderr "vmnetctl: cannot write to standard output"
	run --separate-stderr -- bash -c '"$VMNETCTL" version --client -o json >/dev/full'
	assert_status 1
}

@test "a reader that goes away needs no message" {
	run --separate-stderr -- bash -c 'set -o pipefail; "$VMNETCTL" help | true'
	[ "$status" -le 1 ] # 0 when help was written before the reader was gone
	assert_stderr ""
	# a pipe that has no reader from the start
	run --separate-stderr -- bash -c '
		exec {w}> >(:); wait $!; "$VMNETCTL" help >&"$w"'
	assert_status 1
	assert_stderr ""
}

@test "closed standard descriptors are neither used nor a crash" {
	run --separate-stderr -- bash -c '"$VMNETCTL" version --client >&-'
	assert_status 1
	run --separate-stderr -- bash -c '"$VMNETCTL" version --client 2>&-'
	assert_status 0
	run --separate-stderr -- bash -c '"$VMNETCTL" version --client <&- 2>&-'
	assert_status 0
}

@test "--version names the program and its version" {
	vmn --version
	assert_status 0
	assert_stdout_line 'vmnetctl [0-9]+\.[0-9]+\.[0-9]+'
	vmn version --version
	assert_stdout_line 'vmnetctl [0-9]+\.[0-9]+\.[0-9]+'
}

# external NAME - an executable that tells how it was called
external() {
	mkdir -p "$HOME/bin"
	printf '#!/bin/sh\nprintf "<%%s>" "$@"\nexit 7\n' >"$HOME/bin/vmnetctl-$1"
	chmod +x "$HOME/bin/vmnetctl-$1"
	PATH=$HOME/bin:$PATH
}

@test "an unknown command runs as vmnetctl-COMMAND with the global options before it" {
	external frob
	vmn -n web --context=c frob a --b -- c
	assert_status 7
	assert_stdout "<-n><web><--context=c><a><--b><--><c>"
	vmn help frob
	assert_stdout "<--help>"
	vmn --help frob
	assert_stdout "<--help>"
	vmn help
	assert_stdout_line '  frob'
}

@test "an external command gets its signals back" {
	external sig
	printf '#!/bin/sh\ngrep SigIgn /proc/self/status\n' >"$HOME/bin/vmnetctl-sig"
	vmn sig
	assert_stdout "$(grep SigIgn /proc/self/status)"
}

@test "what is no name of a command is not looked up" {
	external frob
	mkdir -p sub
	cp bin/vmnetctl-frob sub/vmnetctl-x
	vmn ../sub/frob
	assert_status 1
	assert_stderr_has "unknown command '../sub/frob'"
	PATH=sub:$PATH vmn x # a relative folder of PATH
	assert_status 1
	assert_stderr_has "unknown command 'x'"
}

@test "as kubectl-vmnet it does the same" {
	ln -s "$VMNETCTL" kubectl-vmnet
	run_command ./kubectl-vmnet version --client
	assert_status 0
	assert_stdout_line 'Client version: v.*'
}

@test "as kubectl-vmnet it says how it is called" {
	ln -s "$VMNETCTL" kubectl-vmnet
	run_command ./kubectl-vmnet help version
	assert_stdout_has "  kubectl vmnet version [OPTION...]"
	run_command ./kubectl-vmnet version --no-such-option
	assert_stderr "vmnetctl: unknown option '--no-such-option'
hint: see 'kubectl vmnet version --help'"
}

@test "no colour where there is no terminal, or NO_COLOR is set" {
	vmn help
	[[ $output != *$'\033'* ]]
	NO_COLOR=1 vmn help
	[[ $output != *$'\033'* ]]
}
