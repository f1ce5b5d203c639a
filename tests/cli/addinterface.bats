#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

load ../lib/common
load plug

setup_file() {
	lab_up --kubevirt 1.9
}

@test "a running VM gets an interface" {
	lab run a1 --wait
	vmn addinterface a1 --name dyn1 $NAD nad1
	assert_status 0
	assert_stdout 'virtualmachine/a1 interface "dyn1" added (spec patch)'
	assert_stderr ''
	assert_equal "$(ifaces a1)" 'default dyn1'
	assert_equal "$(nets a1)" 'default dyn1=nad1'
}

@test "--wait returns when the guest has it" {
	lab run a2 --wait
	add a2 dyn1 --wait=20s
	assert_status 0
	assert_stdout 'virtualmachine/a2 interface "dyn1" added (spec patch), plugged'
	kc get vmi a2 -o json
	assert_json '.status.interfaces[] | select(.name == "dyn1") | .infoSource |
		split(", ") | contains(["domain", "multus-status"])'
}

@test "what is there already is left as it is" {
	plugged_vm a3 dyn1
	before=$(generation a3)
	add a3 dyn1
	assert_status 0
	assert_stdout 'virtualmachine/a3 interface "dyn1" unchanged (already there)'
	vmn addinterface a3 --name dyn1 $NAD default/nad1 --wait=20s
	assert_status 0
	assert_stdout 'virtualmachine/a3 interface "dyn1" unchanged (plugged)'
	assert_equal "$(generation a3)" "$before"
}

@test "the same name on another network is refused" {
	plugged_vm a4 dyn1
	vmn addinterface a4 --name dyn1 $NAD nad2
	assert_status 1
	assert_stdout ''
	assert_stderr_line "vmnetctl: cannot add interface \"dyn1\" to vm default/a4: the VM has an interface of that name on network 'nad1'"
	assert_stderr_has 'hint: choose another name, or move the interface with vmnetctl updateinterface a4'
}

@test "wrong names, MAC addresses, bindings and states are refused before anything is sent" {
	lab run a5 --wait
	before=$(generation a5)
	for iface in a.b 'a b' '' 'ä'; do
		add a5 "$iface"
		assert_status 1
		assert_stderr_has 'is not an interface name'
	done
	for nad in NAD a/b/c /b 'a b'; do
		vmn addinterface a5 --name dyn1 $NAD "$nad"
		assert_status 1
		assert_stderr_has 'is not the name of a network attachment definition'
	done
	add a5 dyn1 --mac-address 02:00
	assert_stderr_has "'02:00' is not a MAC address"
	add a5 dyn1 --mac-address 01:00:5e:00:00:01
	assert_stderr_has 'multicast'
	add a5 dyn1 --binding masquerade
	assert_stderr_has 'masquerade works on the pod network only'
	add a5 dyn1 --binding bond
	assert_stderr_has "binding 'bond' is none of"
	add a5 dyn1 --state sideways
	assert_stderr_has "state 'sideways' is neither up nor down"
	add a5 dyn1 --binding sriov --state up
	assert_stderr_has 'no link state'
	assert_equal "$(generation a5)" "$before"
}

@test "usage" {
	vmn addinterface --name dyn1 $NAD nad1
	assert_status 1
	assert_stderr_has 'which VM?'
	vmn addinterface a1 --all --name dyn1 $NAD nad1
	assert_status 1
	assert_stderr_has 'do not go with'
	vmn addinterface -l '' --name dyn1 $NAD nad1
	assert_status 1
	assert_stderr_has 'the selector is empty'
	add pod/a1 dyn1
	assert_status 1
	assert_stderr_has "'pod/a1' is neither a VM nor a VMI"
	add A_1 dyn1
	assert_status 1
	assert_stderr_has "'A_1' is not the name of a VM"
	vmn addinterface a1 $NAD nad1
	assert_status 1
	assert_stderr_has "option '--name' is required"
}

@test "a network that does not exist is refused, one that may not be read is a warning" {
	lab run a6 --wait
	vmn addinterface a6 --name dyn1 $NAD nope
	assert_status 1
	assert_stderr_has "network attachment definition 'default/nope' does not exist" 'hint: create it'
	vmn addinterface a6 --name dyn1 $NAD elsewhere/nope
	assert_status 1
	assert_stderr_has "'elsewhere/nope' does not exist"
	assert_equal "$(ifaces a6)" default
	vmn --context limited addinterface a6 --name dyn1 $NAD nope
	assert_status 0
	assert_stderr_has "warning: vm default/a6: cannot read network attachment definition 'default/nope'"
}

@test "bindings that a running VM would ignore are refused, a stopped one takes them" {
	lab run a7 --wait
	add a7 dyn1 --binding-plugin passt
	assert_status 1
	assert_stderr_has 'a running VM takes interfaces with binding bridge or sriov only, not passt' \
		'hint: stop the VM, add the interface, start it'
	add a7 dyn1 --binding managedTap
	assert_status 1
	stopped_vm a8
	add a8 dyn1 --binding-plugin passt
	assert_status 0
	assert_stdout 'virtualmachine/a8 interface "dyn1" added (spec patch), from the next start on'
	kc get vm a8 -o json
	assert_json '.spec.template.spec.domain.devices.interfaces[1] == {name: "dyn1", binding: {name: "passt"}}'
	add a8 dyn2 --binding bridge --binding-plugin passt
	assert_status 1
}

@test "options reach the interface" {
	lab run a9 --wait
	add a9 dyn1 --mac-address 02-00-00-00-00-0a --model e1000 --state down --wait=20s
	assert_status 0
	kc get vmi a9 -o json
	assert_json '.spec.domain.devices.interfaces[1] ==
		{name: "dyn1", bridge: {}, macAddress: "02:00:00:00:00:0a", model: "e1000", state: "down"}'
	add a9 dyn1 --mac-address 02:00:00:00:00:0b
	assert_status 1
	assert_stderr_has 'with another MAC address'
	add a9 dyn1 --model virtio
	assert_stderr_has 'with another model'
}

@test "the server's own refusal is shown" {
	lab run a10 --wait
	add a10 dyn1 --model nonsense
	assert_status 1
	assert_stderr_has 'Error from server' 'nonsense'
}

@test "the default interface's name is taken" {
	lab run a11 --wait
	add a11 default
	assert_status 1
	assert_stderr_has "the VM's default interface has that name"
}

@test "a VM that lists nothing keeps its default interface and needs no restart" {
	unlisted_vm a12
	add a12 dyn1 --wait=20s
	assert_status 0
	assert_equal "$(ifaces a12)" 'default dyn1'
	kc get vm a12 -o json
	assert_json '[.status.conditions[]? | select(.type == "RestartRequired" and .status == "True")] == []'
}

@test "SR-IOV comes with a migration" {
	lab run a13 --wait
	add a13 dyn1 --binding sriov
	assert_status 0
	assert_stderr_has 'only a migration finishes this'
	lab run a14 --wait
	add a14 dyn1 --binding sriov --migrate
	assert_status 0
	assert_stdout 'virtualmachine/a14 interface "dyn1" added (spec patch), plugged'
}

@test "missing VMs and namespaces" {
	add nosuch dyn1
	assert_status 1
	assert_stderr_line 'vmnetctl: cannot add interface "dyn1" to vm default/nosuch: Error from server \(NotFound\): virtualmachines.kubevirt.io "nosuch" not found'
	add nosuch dyn1 -n nowhere
	assert_status 1
	assert_stderr_has 'vm nowhere/nosuch'
}

@test "several VMs: each is reported, one failure makes the status 1" {
	lab run b1 b2 --wait
	vmn addinterface b1 nosuch vm/b2 b1 --name dyn1 $NAD nad1
	assert_status 1
	assert_equal "$(sort <<<"$output")" 'virtualmachine/b1 interface "dyn1" added (spec patch)
virtualmachine/b2 interface "dyn1" added (spec patch)'
	assert_stderr_has 'vm default/nosuch: Error from server (NotFound)'
}

@test "a selector, a whole namespace, all namespaces" {
	"$KUBECTL" create namespace many >/dev/null
	lab run c -n many --count 30 --wait
	"$KUBECTL" label vm -n many c-1 c-2 tier=web >/dev/null
	vmn addinterface -n many -l tier=web --name dyn1 $NAD default/nad1 --wait=30s
	assert_status 0
	assert_equal "$(grep -c 'added (spec patch), plugged' <<<"$output")" 2
	vmn addinterface -n many --all --name dyn1 $NAD default/nad1
	assert_status 0
	assert_equal "$(grep -c 'added (spec patch)$' <<<"$output")" 28
	assert_equal "$(grep -c 'unchanged (already there)$' <<<"$output")" 2
	vmn addinterface -A -l tier=web --name dyn1 $NAD default/nad1
	assert_status 0
	assert_equal "$(sort <<<"$output")" 'virtualmachine/c-1 interface "dyn1" unchanged (already there) in namespace many
virtualmachine/c-2 interface "dyn1" unchanged (already there) in namespace many'
	vmn addinterface -n many -l tier=none --name dyn1 $NAD default/nad1
	assert_status 0
	assert_stderr_has 'no VM matches'
}

@test "many names are read as a list" {
	"$KUBECTL" create namespace names >/dev/null
	lab run n -n names --count 20 --wait
	# shellcheck disable=SC2046 # one operand each
	vmn addinterface -v=6 -n names $(seq -f n-%g 20) gone --name dyn1 $NAD default/nad1
	assert_status 1
	assert_equal "$(grep -c 'added (spec patch)$' <<<"$output")" 20
	assert_stderr_has 'vm names/gone'
	assert_equal "$(grep -c '^GET .*/n-7 ' <<<"$stderr")" 0
}

@test "--dry-run=client prints the request and sends none" {
	lab run d1 --wait
	before=$(generation d1)
	add d1 dyn1 --dry-run=client
	assert_status 0
	assert_stdout_line 'PATCH /apis/kubevirt.io/v1/namespaces/default/virtualmachines/d1'
	assert_stdout_line '\[\{"op":"test",.*\]'
	add d1 dyn1 --dry-run=client -o json
	assert_status 0
	assert_json '.method == "PATCH" and .contentType == "application/json-patch+json" and
		(.body[2] == {op: "add", path: "/spec/template/spec/domain/devices/interfaces/-",
			value: {name: "dyn1", bridge: {}}})'
	add d1 dyn1 --dry-run=client -o yaml
	assert_stdout_line 'method: PATCH'
	assert_equal "$(generation d1)" "$before"
	# What is printed is what kubectl can send.
	add d1 dyn1 --dry-run=client -o json
	kc patch vm d1 --type json -p "$(jq -c .body <<<"$output")"
	assert_status 0
	assert_equal "$(ifaces d1)" 'default dyn1'
}

@test "--dry-run=server lets the server judge" {
	lab run d2 --wait
	before=$(generation d2)
	add d2 dyn1 --dry-run=server
	assert_status 0
	assert_stdout 'virtualmachine/d2 interface "dyn1" added (spec patch) (server dry run)'
	add d2 dyn1 --dry-run=server --model nonsense
	assert_status 1
	assert_stderr_has nonsense
	assert_equal "$(generation d2)" "$before"
}

@test "-o name, json and yaml" {
	lab run o1 --wait
	add o1 dyn1 -o name
	assert_stdout virtualmachine.kubevirt.io/o1
	add o1 dyn2 -o json
	assert_json '.kind == "VirtualMachine" and .spec.template.spec.networks[2].name == "dyn2"'
	add o1 dyn3 --wait=20s -o yaml
	assert_stdout_line 'kind: VirtualMachine'
	add o1 dyn3 -o json
	assert_json '.spec.template.spec.networks[3].name == "dyn3"'
	add nosuch dyn1 -o json
	assert_status 1
	jq -e '.kind == "Status" and .reason == "NotFound"' <<<"$(tail -1 <<<"$stderr")"
}

@test "what limited users may and may not" {
	lab run p1 --wait
	vmn --context nobody addinterface p1 --name dyn1 $NAD nad1
	assert_status 1
	assert_stderr_has Forbidden
	vmn --context limited addinterface p1 --name dyn1 $NAD nad1
	assert_status 0
	lab run p2
	vmn --context limited addinterface p1 p2 --name dyn2 $NAD nad1 --wait
	assert_status 1
	assert_equal "$(grep -c 'it is asked for, but VMIs cannot be watched: .*(Forbidden)' <<<"$stderr")" 2
	assert_stderr_has 'hint: the change is made or was there; to wait for its end takes the rights to list and watch'
}

@test "a VM that is being deleted is refused" {
	lab run x1 --wait
	"$KUBECTL" patch vm x1 --type merge -p '{"metadata":{"finalizers":["tests/hold"]}}' >/dev/null 2>&1
	"$KUBECTL" delete vm x1 --wait=false >/dev/null
	add x1 dyn1
	assert_status 1
	assert_stderr_has 'the VM is being deleted'
	"$KUBECTL" patch vm x1 --type merge -p '{"metadata":{"finalizers":null}}' >/dev/null 2>&1
}

# --- waiting in vain ---------------------------------------------------------------------

@test "--wait that runs out tells where the plug is stuck" {
	lab run w1 --wait
	lab fault add no-plug --match default/w1
	add w1 dyn1 --wait=1s
	assert_status 124
	assert_stdout ''
	assert_stderr_has 'stuck at P2 (the pod was asked for it)' 'dynamic-networks-controller' '--migrate'
}

@test "SIGINT ends the waiting, not the plug" {
	lab run w8 w9 --wait
	lab fault add no-plug --match default/w8
	background env --default-signal=INT "$VMNETCTL" addinterface w8 w9 --name dyn1 $NAD nad1 --wait
	wait_line "$background_err" 'waiting for 1 of 2 VMs'
	background_end INT
	assert_status 130
	assert_stderr_has 'interrupted' 'hint: what was sent for 1 VM is not taken back'
	lab fault clear
	add w8 dyn1 --wait=20s
	assert_stdout 'virtualmachine/w8 interface "dyn1" unchanged (plugged)'
}

@test "--wait ends early when somebody removes the interface again" {
	lab run w7 --wait
	lab fault add no-plug --match default/w7
	background "$VMNETCTL" addinterface w7 --name dyn1 $NAD nad1 --wait=60s
	wait_until grep -q 'the VMI has it' "$background_err"
	vmn removeinterface w7 --name dyn1
	assert_status 0
	background_end ''
	assert_status 1
	assert_stderr_has 'vm default/w7: it was removed again while it was waited for'
}

@test "--wait ends the retries of a conflict that stays" {
	local start=${EPOCHREALTIME/./}

	lab run w6 --wait
	lab fault add conflict --match w6
	add w6 dyn1 --wait=1s
	assert_status 1
	assert_stderr_has 'cannot add interface "dyn1" to vm default/w6'
	[ $((${EPOCHREALTIME/./} - start)) -lt 20000000 ]
}

@test "--migrate finishes what nothing else attaches" {
	lab run w2 --wait
	lab fault add no-plug --match default/w2
	add w2 dyn1 --wait=50s --migrate
	assert_status 0
	assert_stdout_has plugged
	kc get vmim
	assert_stdout_has w2
}

# update_methods JSON - whether KubeVirt migrates by itself what needs it
update_methods() {
	"$KUBECTL" patch kubevirt kubevirt -n kubevirt --type merge \
		-p "{\"spec\":{\"workloadUpdateStrategy\":{\"workloadUpdateMethods\":$1}}}" >/dev/null
}

@test "--migrate asks again when another migration was in the way and came to nothing" {
	lab run mg1 --wait
	update_methods '[]'
	lab fault add migration-slow --value 20000 --match default/mg1
	vmn migrate mg1
	assert_status 0
	background "$VMNETCTL" addinterface mg1 --name dyn1 $NAD nad1 --binding sriov --migrate --wait=50s
	wait_line "$background_err" 'migrating vm default/mg1'
	lab fault clear
	vmn migrate mg1 --cancel --wait=20s
	background_end ''
	update_methods '["LiveMigrate"]'
	assert_status 0
}

@test "--wait ends early when KubeVirt reports a failure" {
	lab run w3 --wait
	lab fault add plug-error --match default/w3 --text 'no such bridge'
	add w3 dyn1 --wait=60s
	assert_status 1
	assert_stderr_has 'KubeVirt reports NicHotplug' 'no such bridge'
}

@test "--wait ends early when the VM stops" {
	lab run w4 --wait
	lab fault add no-plug --match default/w4
	background "$VMNETCTL" addinterface w4 --name dyn1 $NAD nad1 --wait=60s
	wait_line "$background_err" 'the VMI has it'
	stop_vm w4
	background_end ''
	assert_status 1
	assert_stderr_has 'the VM'
}

@test "a signal ends the wait" {
	lab run w5 --wait
	lab fault add no-plug --match default/w5
	background "$VMNETCTL" addinterface w5 --name dyn1 $NAD nad1 --wait=60s
	wait_line "$background_err" 'the VMI has it'
	background_end TERM
	assert_status 143
}

# --- KubeVirt 1.0 ----------------------------------------------------------------------------

@test "1.0: PUT to the VM, and what it cannot say" {
	lab_up --kubevirt 1.0
	lab run a1 --wait
	add a1 dyn1 --wait=20s
	assert_status 0
	assert_stdout 'virtualmachine/a1 interface "dyn1" added (subresource), plugged'
	assert_equal "$(nets a1)" 'default dyn1=nad1'
	add a1 dyn2 -o json
	assert_json '.kind == "VirtualMachine"'
	vmn addinterface a1 --name dyn1 $NAD nad2
	assert_status 1
	assert_stderr_has "on network 'nad1'"
	add a1 dyn3 --mac-address 02:00:00:00:00:01
	assert_status 1
	assert_stderr_has 'cannot carry a MAC address' '--via spec'
	add a1 dyn3 --binding sriov
	assert_stderr_has 'cannot carry a binding'
	add a1 dyn3 --dry-run=server
	assert_status 1
	assert_stderr_has 'has no dry run' '--dry-run=client'
	add a1 dyn3 --dry-run=client
	assert_stdout 'PUT /apis/subresources.kubevirt.io/v1/namespaces/default/virtualmachines/a1/addinterface
{"networkAttachmentDefinitionName":"nad1","name":"dyn3"}'
	add a1 dyn3 --via spec --mac-address 02:00:00:00:00:01
	assert_status 0
	assert_stdout 'virtualmachine/a1 interface "dyn3" added (spec patch), from the next start on'
	assert_stderr_has 'comes with its next start'
}

@test "1.0: a VM that lists nothing keeps its default interface" {
	lab_up --kubevirt 1.0
	unlisted_vm a1
	add a1 dyn1 --dry-run=client
	assert_equal "$(grep -c ^PATCH <<<"$output")" 1
	assert_equal "$(grep -c ^PUT <<<"$output")" 1
	add a1 dyn1 --wait=20s
	assert_status 0
	assert_equal "$(ifaces a1)" 'default dyn1'
}

@test "1.0: the leftover of a removed interface" {
	lab_up --kubevirt 1.0
	plugged_vm a1 dyn1
	vmn removeinterface a1 --name dyn1 --wait=20s
	assert_status 0
	add a1 dyn1
	assert_status 1
	assert_stderr_has 'stays in the running VM' \
		'hint: choose another name, or stop the VM, remove the interface once more, and start it'
	start_vm() {
		"$KUBECTL" patch vm "$1" --type merge -p '{"spec":{"runStrategy":"Always"}}' >/dev/null 2>&1
		wait_object vmi "$1" '.status.phase == "Running"'
	}
	stop_vm a1
	wait_until vmi_gone a1
	start_vm a1
	add a1 dyn1
	assert_status 1
	assert_stderr_has 'stays in the running VM'
	stop_vm a1
	wait_until vmi_gone a1
	vmn removeinterface a1 --name dyn1
	assert_status 0
	start_vm a1
	add a1 dyn1 --wait=20s
	assert_status 0
}

@test "1.0: a queue blocked behind it does not end the wait" {
	lab_up --kubevirt 1.0
	lab run a1 --wait
	lab fault add no-plug --match default/a1
	background "$VMNETCTL" addinterface a1 --name dyn1 $NAD nad1 --wait=40s
	wait_line "$background_err" 'the VMI has it'
	vmn addinterface a1 --name dyn2 $NAD nad1 --dry-run=client -o json
	"$KUBECTL" replace --raw "$(jq -r .path <<<"$output")" -f - \
		<<<'{"name":"a.b","networkAttachmentDefinitionName":"nad1"}'
	wait_object vm a1 '.status.conditions[]? | select(.reason == "HotPlugNetworkInterfaceError")'
	lab fault clear
	background_end ''
	assert_status 0
}

@test "1.0: a blocked queue is seen, and the hint unblocks it" {
	lab_up --kubevirt 1.0
	lab run a1 --wait
	vmn addinterface a1 --name dyn1 $NAD nad1 --dry-run=client -o json
	"$KUBECTL" replace --raw "$(jq -r .path <<<"$output")" -f - \
		<<<'{"name":"a.b","networkAttachmentDefinitionName":"nad1"}'
	wait_object vm a1 '.status.conditions[]? | select(.reason == "HotPlugNetworkInterfaceError")'
	add a1 dyn1
	assert_status 1
	assert_stderr_has "queue of interface requests is blocked" \
		'hint: kubectl patch vm a1 -n default --subresource=status --type=json' \
		'/status/interfaceRequests/0'
}

@test "a server that does not know what a network attachment definition is" {
	lab_up
	lab run a1 --wait
	lab fault add status --value 404 --match network-attachment
	vmn addinterface a1 --name dyn1 $NAD nosuchnad
	assert_status 0
	assert_stderr_has 'is Multus installed'
	lab fault clear
	vmn addinterface a1 --name dyn2 $NAD nosuchnad
	assert_status 1
	assert_stderr_has "'default/nosuchnad' does not exist"
}

@test "1.0: the feature gate" {
	lab_up --kubevirt 1.0
	lab run a1 --wait
	"$KUBECTL" patch kubevirt -n kubevirt kubevirt --type merge \
		-p '{"spec":{"configuration":{"developerConfiguration":{"featureGates":[]}}}}' >/dev/null
	add a1 dyn1
	assert_status 1
	assert_stderr_has 'feature gate is not enabled' 'hint: add HotplugNICs to'
}

# --- KubeVirt 1.0.0-rc.0 --------------------------------------------------------------------------

@test "1.0-rc: the VMI alone, or with --persist the VM" {
	lab_up --kubevirt 1.0-rc
	lab run a1 --wait
	add a1 dyn1 --wait=20s
	assert_status 0
	assert_stdout 'virtualmachineinstance/a1 interface "dyn1" added (subresource), plugged'
	assert_equal "$(ifaces a1)" default
	add vmi/a1 dyn1
	assert_stdout 'virtualmachineinstance/a1 interface "dyn1" unchanged (already there)'
	add a1 dyn2 --persist --wait=20s
	assert_status 0
	assert_stdout 'virtualmachine/a1 interface "dyn2" added (subresource), plugged'
	assert_equal "$(ifaces a1)" 'default dyn2'
	stopped_vm a2
	add a2 dyn1
	assert_status 1
	assert_stderr_has 'not running' '--persist'
	add a2 dyn1 --persist
	assert_status 0
}
