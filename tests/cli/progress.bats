# SPDX-License-Identifier: Apache-2.0
# The line that says what is waited for: on a terminal it comes and goes, elsewhere each state is a line.
load ../lib/common

setup() {
	common_setup
	[ -x "$VMNETCTL_LAB" ] || skip "built without the lab"
	lab_up
	lab run web-1 --wait >/dev/null
	lab fault add slow-plug --value 1000
	plug=(addinterface web-1 --name dyn1 --network-attachment-definition-name nad1 --wait=30s)
}

@test "on a terminal it is drawn over itself and erased at the end" {
	needs script
	TERM=xterm run_command script -qec "'$VMNETCTL' ${plug[*]} >result" /dev/null
	assert_status 0
	assert_stdout_has $'\r\033[K'
	[[ $output =~ $'\r\033[K'$'\n'?$ ]] # the last thing drawn is nothing
	grep -q 'interface "dyn1" added' result
}

@test "a dumb terminal gets lines without escape sequences" {
	needs script
	TERM=dumb run_command script -qec "'$VMNETCTL' ${plug[*]} >result" /dev/null
	assert_status 0
	assert_stdout_has 'interface "dyn1" of vm default/web-1'
	assert_stdout_lacks $'\033'
}

@test "elsewhere every state is a line, and --quiet has none" {
	vmn "${plug[@]}"
	assert_status 0
	assert_stderr_lacks $'\r' $'\033'
	assert_stderr_has 'interface "dyn1" of vm default/web-1'
	vmn -q removeinterface web-1 --name dyn1 --wait=30s
	assert_status 0
	assert_stderr ""
}
