#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

load ../lib/common
load plug

setup_file() {
	lab_up --kubevirt 1.9
}

@test "a running VM loses an interface, --wait until VM and VMI are rid of it" {
	plugged_vm r1 dyn1 dyn2
	vmn removeinterface r1 --name dyn1 --wait=20s
	assert_status 0
	assert_stdout 'virtualmachine/r1 interface "dyn1" removed (spec patch), unplugged'
	assert_equal "$(ifaces r1)" 'default dyn2'
	assert_equal "$(nets r1)" 'default dyn2=nad1'
	kc get vmi r1 -o json
	assert_json '[.spec.networks[].name] == ["default", "dyn2"] and
		([.status.interfaces[].name] | contains(["dyn1"]) | not)'
}

@test "it can come back" {
	plugged_vm r2 dyn1
	vmn removeinterface r2 --name dyn1 --wait=20s
	assert_status 0
	add r2 dyn1 --wait=20s
	assert_status 0
}

@test "a stopped VM loses both entries at once" {
	stopped_vm r3
	add r3 dyn1
	vmn removeinterface r3 --name dyn1 --wait
	assert_status 0
	assert_stdout 'virtualmachine/r3 interface "dyn1" removed (spec patch), from the next start on'
	assert_equal "$(ifaces r3)" default
	assert_equal "$(nets r3)" default
}

@test "what is not there is refused, with what is" {
	plugged_vm r4 dyn1
	vmn removeinterface r4 --name dyn2
	assert_status 1
	assert_stderr 'vmnetctl: cannot remove interface "dyn2" from vm default/r4: the VM has no interface of that name
hint: it has default, dyn1'
}

@test "the default interface stays" {
	plugged_vm r5
	vmn removeinterface r5 --name default
	assert_status 1
	assert_stderr_has "it is the VM's default interface"
	unlisted_vm r6
	vmn removeinterface r6 --name default
	assert_status 1
	assert_stderr_has "it is the VM's default interface"
}

@test "SR-IOV and ordinal names cannot be unplugged" {
	lab run r7 --wait
	add r7 dyn1 --binding sriov --migrate
	assert_status 0
	vmn removeinterface r7 --name dyn1
	assert_status 1
	assert_stderr_has 'binding bridge only, not sriov' 'hint: stop the VM'
	lab run r8 --ordinal-names --interface dyn1=nad1 --wait
	vmn removeinterface r8 --name dyn1
	assert_status 1
	assert_stderr_has 'ordinal interface names' 'hint: stop the VM'
}

@test "what only the VMI has goes too" {
	plugged_vm r9 dyn1
	"$KUBECTL" patch vm r9 --type json -p '[
		{"op":"remove","path":"/spec/template/spec/domain/devices/interfaces/1"},
		{"op":"remove","path":"/spec/template/spec/networks/1"}]' >/dev/null 2>&1
	assert_equal "$(ifaces r9)" default
	vmn removeinterface r9 --name dyn1 --wait=20s
	assert_status 0
	assert_equal "$(ifaces r9)" default
	kc get vmi r9 -o json
	assert_json '[.spec.networks[].name] == ["default"]'
}

@test "a failed plug's event does not end the wait for the removal" {
	plugged_vm r12 dyn1
	lab fault add no-unplug --match default/r12
	background "$VMNETCTL" removeinterface r12 --name dyn1 --wait=40s
	wait_line "$background_err" 'the VMI marks it absent'
	"$KUBECTL" create -f - >/dev/null <<-END
		apiVersion: v1
		kind: Event
		metadata: {name: r12.1, namespace: default}
		involvedObject: {kind: VirtualMachineInstance, namespace: default, name: r12}
		type: Warning
		reason: NicHotplug
		message: no such bridge
	END
	lab fault clear
	background_end ''
	assert_status 0
}

@test "a guest that does not let go" {
	plugged_vm r10 dyn1
	lab fault add no-unplug --match default/r10
	vmn removeinterface r10 --name dyn1 --wait=1s
	assert_status 124
	assert_stderr_has 'the guest has not released the device'
	vmn removeinterface r10 --name dyn1
	assert_status 0
	assert_stdout 'virtualmachine/r10 interface "dyn1" unchanged (already being removed)'
	add r10 dyn1
	assert_status 1
	assert_stderr_has 'is being removed' 'removeinterface r10 --name dyn1 --wait'
}

@test "dry runs change nothing" {
	plugged_vm r11 dyn1
	before=$(generation r11)
	vmn removeinterface r11 --name dyn1 --dry-run=client -o json
	assert_status 0
	assert_json '.body[1] == {op: "add", path: "/spec/template/spec/domain/devices/interfaces/1/state",
		value: "absent"}'
	vmn removeinterface r11 --name dyn1 --dry-run=server
	assert_status 0
	assert_equal "$(generation r11)" "$before"
}

# --- KubeVirt 1.0 ----------------------------------------------------------------------------

@test "1.0: PUT to the VM; a stopped one is patched, so that nothing is left over" {
	lab_up --kubevirt 1.0
	plugged_vm a1 dyn1
	vmn removeinterface a1 --name dyn1 --wait=20s
	assert_status 0
	assert_stdout 'virtualmachine/a1 interface "dyn1" removed (subresource), unplugged'
	assert_equal "$(ifaces a1)" 'default dyn1=absent'
	vmn removeinterface a1 --name dyn1
	assert_stdout 'virtualmachine/a1 interface "dyn1" unchanged (already removed)'
	vmn removeinterface a1 --name nope
	assert_status 1
	kc get vm a1 -o json
	assert_json '(.status.interfaceRequests // []) == []'
	add a1 sr1 --binding sriov --via spec
	assert_status 0
	vmn removeinterface a1 --name sr1
	assert_status 1
	assert_stderr_has 'binding bridge only, not sriov' 'hint: stop the VM'
	kc get vm a1 -o json
	assert_json '(.status.interfaceRequests // []) == []'
	stopped_vm a2
	add a2 dyn1
	wait_object vm a2 '.spec.template.spec.networks | length == 2'
	vmn removeinterface a2 --name dyn1
	assert_status 0
	assert_equal "$(ifaces a2)" default
}

@test "1.0: the last ones leave their links in the pod, and --wait ends all the same" {
	lab_up --kubevirt 1.0
	plugged_vm a1 dyn1
	vmn removeinterface a1 --name dyn1 --wait=20s
	assert_status 0
	assert_stdout 'virtualmachine/a1 interface "dyn1" removed (subresource), unplugged'
	assert_stderr_has 'leaves its link in the pod'
	kc get vmi a1 -o json
	assert_json '[.status.interfaces[] | select(.infoSource == "multus-status")] | length == 1'
	# Under way together: neither is the last one when it is asked for.
	plugged_vm a2 dyn1 dyn2
	"$VMNETCTL" removeinterface a2 --name dyn1 3>&-
	vmn removeinterface a2 --name dyn2 --wait=20s
	assert_status 0
	vmn removeinterface a2 --name dyn1 --wait=20s
	assert_status 0
}

@test "1.0: ordinal names, which only the pod tells" {
	lab_up --kubevirt 1.0
	lab run a1 --ordinal-names --interface dyn1=nad1 --wait
	vmn removeinterface a1 --name dyn1
	assert_status 1
	assert_stderr_has 'ordinal interface names'
}

@test "1.0: the roles admin and edit may add and not remove" {
	lab_up --kubevirt 1.0
	plugged_vm a1 dyn1
	vmn --context edit addinterface a1 --name dyn2 $NAD nad1
	assert_status 0
	vmn --context edit removeinterface a1 --name dyn1
	assert_status 1
	assert_stderr_has Forbidden "hint: KubeVirt 1.0's roles admin and edit lack it" \
		virtualmachines/removeinterface
}

@test "1.0-rc: the VMI alone, with a warning; --persist the VM" {
	lab_up --kubevirt 1.0-rc
	lab run a1 --wait
	add a1 dyn1 --persist --wait=20s
	vmn removeinterface a1 --name dyn1 --wait=20s
	assert_status 0
	assert_stdout 'virtualmachineinstance/a1 interface "dyn1" removed (subresource), unplugged'
	assert_stderr_has 'keeps the interface for its next start'
	add a1 dyn2 --persist --wait=20s
	vmn removeinterface a1 --name dyn2 --persist --wait=20s
	assert_status 0
	assert_stdout 'virtualmachine/a1 interface "dyn2" removed (subresource), unplugged'
}
