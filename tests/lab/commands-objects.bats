# SPDX-License-Identifier: Apache-2.0
# vmnetctl lab run, vmnetctl lab fault

load ../lib/common

# labcmd VERB [ARG...] - as vmn, for the lab's own commands
labcmd() {
	run_command "$VMNETCTL_LAB" "$1" --name "$LAB_NAME" "${@:2}"
}

setup_file() {
	lab_up --kubevirt 1.9
}

@test "run makes VMs and waits until they run" {
	labcmd run a b --wait
	assert_status 0
	assert_stdout_has 'virtualmachine/a created' 'virtualmachine/b created'
	vmn inspect vm a -o json
	assert_status 0
	labcmd run a
	assert_status 1
	assert_stderr_has "cannot create vm 'a'" 'already exists'
}

@test "run takes a count, checks names first, and has a dry run" {
	labcmd run n --count 3 -o json
	assert_status 0
	assert_equal "$(jq -r -s 'map(.metadata.name) | sort | join(" ")' <<<"$output")" 'n-1 n-2 n-3'
	labcmd run ok Not_ok
	assert_status 1
	assert_stdout ''
	labcmd run dry --interface blue=nad1 --no-guest-agent --dry-run=client
	assert_status 0
	assert_stdout_has 'name: dry' 'networkName: nad1' 'lab.vmnetctl/no-guest-agent'
	labcmd run dry --dry-run=server
	assert_status 0
	for size in much 0 -1Gi; do
		labcmd run dry --memory=$size
		assert_status 1
		assert_stderr_has "'$size' is not a size"
	done
	labcmd run dry --interface blue
	assert_status 1
	assert_stderr_has "'blue' is not NAME=NAD"
}

@test "faults are added, listed and cleared; unknown ones are named" {
	labcmd fault add latency --value 1 --method GET --match /no/such --count 3
	assert_status 0
	labcmd fault list -o json
	assert_json '.items == [{"kind":"latency","method":"GET","match":"/no/such","value":1,"count":3}]'
	labcmd fault list
	assert_stdout_has KIND latency /no/such
	labcmd fault clear latency
	labcmd fault list
	assert_stdout ''
	labcmd fault add nonsense
	assert_status 1
	assert_stderr_has "there is no fault 'nonsense'" 'slow-plug'
	labcmd fault add latency --value x
	assert_status 1
	labcmd fault add latency
	assert_status 1
	assert_stderr_has "fault 'latency' needs a value above 0"
	labcmd fault add status --value 42
	assert_status 1
	assert_stderr_has "fault 'status' needs a value from 300 to 599"
}

@test "virt-api away: 503 as text, 500 for writes of its objects" {
	lab run away --wait
	lab fault add api-down
	vmn migrate away
	assert_status 1
	# Its discovery is gone too, and a cached one is not believed when it leads to a patch.
	vmn addinterface away --name dyn1 --network-attachment-definition-name nad1
	assert_status 1
	assert_stderr_has 'cannot ask what KubeVirt can do' 'kubevirt.io=virt-api'
	lab fault clear
	vmn addinterface away --name dyn1 --network-attachment-definition-name nad1 --dry-run=client
	lab fault add api-down
	vmn addinterface away --name dyn1 --network-attachment-definition-name nad1
	assert_status 1
	assert_stderr_has 'cannot ask what KubeVirt can do' 'kubevirt.io=virt-api'
	kc patch vm away --type merge -p '{"spec":{"template":{"metadata":{"labels":{"a":"b"}}}}}'
	assert_status 1
	assert_stderr_has 'failed calling webhook'
	lab fault clear
	vmn addinterface away --name dyn1 --network-attachment-definition-name nad1 --wait
	assert_status 0
}

@test "a webhook that denies says why" {
	lab run denied --wait
	lab fault add webhook --text 'not on Fridays' --match default/denied --count 1
	vmn addinterface denied --name dyn1 --network-attachment-definition-name nad1
	assert_status 1
	assert_stderr_has 'not on Fridays'
}
