#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

load ../lib/common
load plug

setup_file() {
	lab_up --kubevirt 1.9
}

link_state() {
	"$KUBECTL" get vmi "$1" -o json |
		jq -r ".status.interfaces[] | select(.name == \"$2\") | .linkState"
}

@test "link down and up again, of any interface" {
	plugged_vm u1 dyn1
	vmn updateinterface u1 --name dyn1 --state down --wait=20s
	assert_status 0
	assert_stdout 'virtualmachine/u1 interface "dyn1" updated (spec patch), in effect'
	assert_equal "$(link_state u1 dyn1)" down
	vmn updateinterface u1 --name dyn1 --state down
	assert_stdout 'virtualmachine/u1 interface "dyn1" unchanged (already so)'
	vmn updateinterface u1 --name dyn1 --state up --wait=20s
	assert_equal "$(link_state u1 dyn1)" up
	vmn updateinterface u1 --name default --state down --wait=20s
	assert_status 0
	assert_equal "$(link_state u1 default)" down
}

@test "another network, by a migration" {
	plugged_vm u2 dyn1
	vmn updateinterface u2 --name dyn1 $NAD nad2 --wait=40s
	assert_status 0
	assert_equal "$(nets u2)" 'default dyn1=nad2'
	kc get pods -l vm.kubevirt.io/name=u2 --field-selector status.phase=Running -o json
	assert_stdout_has 'default/nad2'
}

@test "what cannot be updated" {
	plugged_vm u3 dyn1
	vmn updateinterface u3 --name dyn1
	assert_status 1
	assert_stderr_has 'nothing to update'
	vmn updateinterface u3 --name nope --state down
	assert_status 1
	assert_stderr_has 'no interface of that name'
	vmn updateinterface u3 --name dyn1 $NAD nope
	assert_status 1
	assert_stderr_has "'default/nope' does not exist"
	vmn updateinterface u3 --name default $NAD nad1
	assert_status 1
	assert_stderr_has 'whose network cannot change'
	vmn updateinterface u3 --name dyn1 --state down --via subresource
	assert_status 1
	assert_stderr_has 'no subresource'
	lab run u4 --wait
	add u4 dyn1 --binding sriov --migrate
	vmn updateinterface u4 --name dyn1 --state down
	assert_status 1
	assert_stderr_has 'no link state'
}

@test "a VM that cannot migrate does not move" {
	lab run u5 --binding bridge --wait
	add u5 dyn1 --wait=20s
	vmn updateinterface u5 --name dyn1 $NAD nad2
	assert_status 1
	assert_stderr_has 'only a migration moves an interface, and the VM cannot migrate' 'stop the VM first'
}

@test "a stopped VM shows it at its next start" {
	stopped_vm u6
	add u6 dyn1
	vmn updateinterface u6 --name dyn1 $NAD nad2 --state down
	assert_status 0
	assert_stdout 'virtualmachine/u6 interface "dyn1" updated (spec patch), from the next start on'
	assert_equal "$(nets u6)" 'default dyn1=nad2'
	assert_equal "$(ifaces u6)" 'default dyn1=down'
}

@test "dry runs change nothing" {
	plugged_vm u7 dyn1
	before=$(generation u7)
	vmn updateinterface u7 --name dyn1 --state down --dry-run=client -o json
	assert_json '.body[1].value == "down"'
	vmn updateinterface u7 --name dyn1 --state down --dry-run=server
	assert_stdout_has '(server dry run)'
	assert_equal "$(generation u7)" "$before"
}

@test "1.0 can neither, but for the next start" {
	lab_up --kubevirt 1.0
	plugged_vm a1 dyn1
	vmn updateinterface a1 --name dyn1 --state down
	assert_status 1
	assert_stderr_has 'cannot set the link state'
	vmn updateinterface a1 --name dyn1 $NAD nad2
	assert_status 1
	assert_stderr_has "cannot move a running VM's interface" '--via spec'
	vmn updateinterface a1 --name dyn1 $NAD nad2 --via spec
	assert_status 0
	assert_stderr_has 'its next start shows the change'
}
