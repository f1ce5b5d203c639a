# SPDX-License-Identifier: Apache-2.0
# netsetup: what all verbs share, and those that need no guest. The verbs that change a namespace are
# tested in tests/netns/.
load ../lib/common

setup() {
	common_setup
	export VMNETCTL_STATE_DIR=$BATS_TEST_TMPDIR/state
}

# needs_netns - "${inside[@]}" COMMAND then runs it as root in an empty network namespace
needs_netns() {
	inside=(unshare --net --)
	[ "$(id -u)" -eq 0 ] || inside=(unshare --user --map-root-user --net --)
	"${inside[@]}" true 2>/dev/null || skip "network namespaces are not permitted here"
}

@test "the verbs are listed, and explained" {
	vmn netsetup --help
	assert_status 0
	assert_stdout_has "  recover "
	vmn netsetup recover --help
	assert_stdout_has "vmnetctl netsetup recover - take back"
	vmn help netsetup recover
	assert_stdout_has "vmnetctl netsetup recover - take back"
}

@test "a verb that is missing or unknown is refused with a hint" {
	vmn netsetup
	assert_status 1
	assert_stderr_has "command missing"
	vmn netsetup recovr
	assert_status 1
	assert_stderr_has "did you mean 'recover'?"
}

@test "a namespace that is none is refused" {
	vmn netsetup recover --netns no-such-namespace
	assert_status 1
	assert_stderr_has "cannot open network namespace 'no-such-namespace': No such file or directory"
	vmn netsetup recover --netns /dev/null
	assert_stderr_has "'/dev/null' is not a network namespace"
	vmn netsetup recover --netns pid:x
	assert_stderr_has "'pid:x' does not name a network namespace"
}

@test "the capability that is missing is named" {
	command -v setpriv >/dev/null || skip "no setpriv"
	run_command setpriv --bounding-set -all --inh-caps -all --no-new-privs \
		"$VMNETCTL" netsetup recover
	[ "$(id -u)" -eq 0 ] || skip "not root"
	assert_status 1
	assert_stderr_has "CAP_NET_ADMIN is missing"
}

@test "there is nothing to recover in a new namespace" {
	needs_netns
	run_command "${inside[@]}" "$VMNETCTL" netsetup recover
	assert_status 0
	assert_stdout "nothing to recover"
	run_command "${inside[@]}" "$VMNETCTL" netsetup recover --dry-run -o json
	assert_equal "$(jq -c .takenBack <<<"$output")" "[]"
	[ "$(stat -c %a "$VMNETCTL_STATE_DIR")" = 700 ]
}

@test "announce shows its frames, and refuses what is no address" {
	needs_netns
	run_command "${inside[@]}" "$VMNETCTL" netsetup announce -i lo --mac-address 02:00:00:00:00:01 \
		--address 10.0.2.2,fd10::2 --dry-run
	assert_status 0
	assert_equal "$(cut -c1-11 <<<"$output" | paste -s -d,)" "RARP       ,ARP request,ARP reply  ,NA         "
	run_command "${inside[@]}" "$VMNETCTL" netsetup announce -i lo --address 10.0.2 --dry-run
	assert_status 1
	assert_stderr_has "'10.0.2' is not an IP address"
	run_command "${inside[@]}" "$VMNETCTL" netsetup announce -i nope
	assert_status 1
	assert_stderr_has "there is no link 'nope'"
}
