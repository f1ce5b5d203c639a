# SPDX-License-Identifier: Apache-2.0
# Signals end a command that waits; its exit status says so.
load ../lib/common

setup() {
	common_setup
	needs python3
	# a server that listens, reads, tells that it did, and never answers
	python3 -u -c '
import socket
s = socket.create_server(("127.0.0.1", 0))
print("port", s.getsockname()[1])
kept = []
while True:
    c = s.accept()[0]
    kept.append(c)
    c.recv(1)
    print("asked")
' >server.out 3>&- 4>&- &
	server=$!
	wait_line server.out '^port'
	url=http://127.0.0.1:$(awk '/^port/ { print $2 }' server.out)
}

teardown() {
	kill "$server"
	common_teardown
}

# interrupted SIGNAL - start a command that waits for the server, then send the signal
interrupted() {
	background env --default-signal=INT "$VMNETCTL" version -s "$url"
	wait_line server.out '^asked'
	background_end "$1"
}

@test "interrupted, it ends as by that signal" {
	interrupted INT
	assert_status 130
	assert_stdout_line 'Client version: .*'
}

@test "terminated, it ends as by that signal" {
	interrupted TERM
	assert_status 143
}

@test "a request timeout is exit status 124" {
	vmn version -s "$url" --request-timeout 200ms
	assert_status 124
	assert_stderr_has "vmnetctl: "
}
