# SPDX-License-Identifier: Apache-2.0
# inspect, against the lab
load ../lib/common

setup_file() {
	lab_up --kubevirt 1.9
}

setup() {
	common_setup
	needs_kubectl
}

# faults do not outlive their test
teardown() {
	lab fault clear
	common_teardown
}

# plug VM - give it interface dyn1 on nad1
plug() {
	"$KUBECTL" patch vm "$1" --type json -p '[
		{"op":"add","path":"/spec/template/spec/domain/devices/interfaces/-","value":{"name":"dyn1","bridge":{}}},
		{"op":"add","path":"/spec/template/spec/networks/-","value":{"name":"dyn1","multus":{"networkName":"nad1"}}}]' >/dev/null
}

# wait_step VM STEP - until inspect says so for dyn1
wait_step() {
	wait_until step_is "$1" "$2"
}

step_is() {
	"$VMNETCTL" inspect vm "$1" -o json |
		jq -e --arg s "$2" 'any(.interfaces[]; .name == "dyn1" and .step == $s)' >/dev/null
}

@test "all hops of a plugged interface agree" {
	lab run --wait hop-1 >/dev/null
	plug hop-1
	wait_until plugged hop-1
	vmn inspect vm hop-1 -o json
	assert_status 0
	assert_json '.kind == "VirtualMachine" and .name == "hop-1" and .podNaming == "hashed"'
	assert_json '.interfaces[] | select(.name == "dyn1") | .binding == "bridge" and .network == "default/nad1"
		and .podInterfaceNames.pod == "poda1b579e0928" and .otherPodInterfaceNames.pod == "net1"
		and (.macAddress | length) == 17 and all(.hops[]; .status == "ok")'
	assert_json '.interfaces[] | select(.name == "default") | all(.hops[]; .status == "ok" or .status == "notApplicable")'
}

plugged() {
	step_is "$1" P5 || step_is "$1" P6
}

@test "a plug that nobody delivers stands at P2, with the likely cause" {
	lab run --wait hop-2 >/dev/null
	lab fault add no-plug --match default/hop-2
	plug hop-2
	wait_step hop-2 P2
	vmn inspect vm hop-2 -o json
	assert_json '.interfaces[] | select(.name == "dyn1") | (.stuckText | contains("dynamic-networks-controller"))
		and any(.hops[]; .hop == "podAnnotation" and .status == "ok")
		and any(.hops[]; .hop == "networkStatus" and .status == "missing")'
}

@test "an unplug that the guest refuses is seen" {
	lab run --wait hop-3 >/dev/null
	plug hop-3
	wait_until plugged hop-3
	lab fault add no-unplug --match default/hop-3
	"$KUBECTL" patch vm hop-3 --type json -p '[
		{"op":"test","path":"/spec/template/spec/domain/devices/interfaces/1/name","value":"dyn1"},
		{"op":"add","path":"/spec/template/spec/domain/devices/interfaces/1/state","value":"absent"}]' >/dev/null
	wait_step hop-3 U2
	vmn inspect vm hop-3 -o json
	assert_json '.interfaces[] | select(.name == "dyn1") | .operation == "unplug"
		and .stuckText == "the guest has not released the device"
		and any(.hops[]; .hop == "vmiStatus" and .status == "leftover")'
}

@test "a network attachment definition that does not exist is missing" {
	lab run --wait hop-4 >/dev/null
	"$KUBECTL" patch vm hop-4 --type json -p '[
		{"op":"add","path":"/spec/template/spec/domain/devices/interfaces/-","value":{"name":"dyn1","bridge":{}}},
		{"op":"add","path":"/spec/template/spec/networks/-","value":{"name":"dyn1","multus":{"networkName":"nosuch"}}}]' >/dev/null
	vmn inspect vm hop-4 -o json
	assert_json '.interfaces[] | select(.name == "dyn1") | any(.hops[]; .hop == "nad" and .status == "missing")'
}

@test "table, wide, name, yaml, tree" {
	lab run --wait fmt-1 >/dev/null
	vmn inspect vm fmt-1
	assert_status 0
	assert_stdout_line 'INTERFACE +BINDING +NETWORK +STEP .*'
	assert_stdout_line 'default +.* +pod +.*'
	vmn inspect vm/fmt-1 -o wide
	assert_stdout_has "k6t-eth0"
	vmn inspect vm/fmt-1 -o name
	assert_stdout "virtualmachine.kubevirt.io/fmt-1"
	vmn inspect virtualmachine.kubevirt.io/fmt-1 -o name # what it prints, it reads
	assert_stdout "virtualmachine.kubevirt.io/fmt-1"
	vmn inspect vmi fmt-1 -o yaml
	assert_stdout_line 'name: fmt-1'
	vmn inspect vm fmt-1 -o tree
	assert_stdout_has "vm default/fmt-1" "interface default" "template" "vmiStatus" "links in the pod"
}

@test "a report that finds no room is told once" {
	"$KUBECTL" create -f - >/dev/null <<-END
		{"apiVersion":"kubevirt.io/v1","kind":"VirtualMachine","metadata":{"name":"full-1"},"spec":{"runStrategy":"Halted",
		"template":{"spec":{"domain":{"devices":{"interfaces":[$(printf '{"name":"n%d","bridge":{}},' {1..19}){"name":"n20","bridge":{}}]}},
		"networks":[$(printf '{"name":"n%d","multus":{"networkName":"nad1"}},' {1..19}){"name":"n20","multus":{"networkName":"nad1"}}]}}}}
	END
	run --separate-stderr -- bash -c '"$VMNETCTL" inspect vm full-1 -o json >/dev/full'
	assert_status 1
	assert_equal "$(grep '^vmnetctl:' <<<"$stderr")" 'vmnetctl: cannot write the document: No space left on device'
}

@test "what may not be read is unknown, not missing" {
	lab run --wait see-1 >/dev/null
	vmn --context limited inspect vm see-1 -o json
	assert_status 0
	assert_json '.interfaces[] | select(.name == "default") | any(.hops[]; .hop == "template" and .status == "ok")
		and any(.hops[]; .hop == "vmiSpec" and .status == "unknown")
		and all(.hops[]; .status != "missing")'
	vmn --context nobody inspect vm see-1
	assert_status 1
	assert_stderr_has "Error from server (Forbidden)"
}

@test "a stopped VM has what its template says" {
	lab run --wait off-1 >/dev/null
	"$KUBECTL" patch vm off-1 --type merge -p '{"spec":{"runStrategy":"Halted","running":null}}' >/dev/null
	"$KUBECTL" wait --for=delete vmi/off-1 --timeout=20s >/dev/null 2>&1 || true
	vmn inspect vm off-1 -o json
	assert_status 0
	assert_json '.phase == null and (.interfaces[0].hops[] | select(.hop == "vmiSpec") | .status) == "notApplicable"'
	vmn inspect vmi off-1
	assert_status 1
	assert_stderr_has "not found" "hint: the VM is there but does not run: vmnetctl inspect vm off-1"
}

@test "a migration with its phases and events" {
	local name

	lab run --wait mig-1 >/dev/null
	vmn migrate mig-1 --wait -o name
	name=${output#*/}
	vmn inspect migration "$name" -o json
	assert_status 0
	assert_json '.phase == "Succeeded" and .vmi == "mig-1" and .sourceNode != .targetNode
		and .phases[0].phase == "Pending" and .phases[-1].phase == "Succeeded"
		and any(.events[]; .reason == "SuccessfulMigration")'
	vmn inspect "vmim/$name" -o tree
	assert_stdout_has "migration $name" "Succeeded" "Scheduling" "event SuccessfulMigration"
	vmn inspect vm mig-1 -o json
	assert_json '.migration.name == $n' --arg n "$name"
	vmn inspect migration nosuch
	assert_status 1
	assert_stderr_has '"nosuch" not found'
}

@test "during a migration there are two pods, and the guest's is the active one" {
	lab run --wait mig-3 >/dev/null
	lab fault add migration-slow --match default/mig-3 --value 20000
	background "$VMNETCTL" migrate mig-3 --wait
	wait_line "$background_err" "default/mig-3: Scheduling"
	vmn inspect vm mig-3 -o json
	assert_json '(.pods | length) == 2 and [.pods[] | select(.isActive) | .node] == [.node]
		and .migration.phase == "Scheduling" and .migration.sourceNode == .node'
	vmn migrate mig-3 --cancel
	assert_status 0
}

@test "KubeVirt 1.0: ordinal names, leftovers, a blocked queue" {
	lab_up --kubevirt 1.0
	lab run --wait --ordinal-names --interface red=nad1 old-1 >/dev/null
	vmn inspect vm old-1 -o json
	assert_json '.podNaming == "ordinal" and (.interfaces[] | select(.name == "red")
		| .podInterfaceNames.pod == "net1" and .otherPodInterfaceNames.pod == "podb1f51a511f1"
		and all(.hops[]; .status == "ok"))'
	lab run --wait old-2 >/dev/null
	"$VMNETCTL" addinterface old-2 --name dyn1 --network-attachment-definition-name nad1 --wait >/dev/null
	"$VMNETCTL" removeinterface old-2 --name dyn1 --wait >/dev/null
	vmn inspect vm old-2 -o json
	assert_json '.interfaces[] | select(.name == "dyn1") | .operation == "unplug" and (.step | test("U[34]"))
		and any(.hops[]; .hop == "template" and .status == "leftover")'
	"$KUBECTL" replace --raw /apis/subresources.kubevirt.io/v1/namespaces/default/virtualmachines/old-2/addinterface \
		-f - <<<'{"name":"bad.name","networkAttachmentDefinitionName":"nad1"}' >/dev/null
	wait_until plug_error_of old-2
	vmn inspect vm old-2 -o json
	assert_json '.interfaces[] | select(.name == "bad.name") | .pendingRequest == "add"
		and .network == "default/nad1" and any(.hops[]; .hop == "nad" and .status == "ok")'
}

plug_error_of() {
	"$VMNETCTL" inspect vm "$1" -o json | jq -e '.plugError | contains("alphabetical")' >/dev/null
}

@test "all migrations, of a namespace and of all" {
	lab run --wait mig-2 >/dev/null
	"$VMNETCTL" migrate mig-2 --wait >/dev/null 2>&1
	vmn inspect migration
	assert_status 0
	assert_stdout_line 'NAMESPACE +NAME +VMI +PHASE +SOURCE +TARGET +DURATION'
	assert_stdout_line 'default +kubevirt-migrate-vm-[a-z0-9]+ +mig-2 +Succeeded .*'
	vmn inspect migrations -A -o json
	assert_json 'any(.items[]; .vmi == "mig-2" and .namespace == "default")'
	vmn inspect migration -A -o yaml
	assert_stdout_line 'items:'
	assert_stdout_line '  vmi: mig-2'
	vmn inspect migration -n kube-system
	assert_status 0
	assert_stdout ""
	assert_stderr_has "there are no migrations in namespace kube-system"
	vmn inspect migration -n kube-system -o json
	assert_json '.items == []'
	vmn inspect migration -n kube-system -o yaml
	assert_stdout_line 'items: *\[\]'
}

@test "--watch prints a document a line whenever something changed" {
	lab run --wait watch-1 >/dev/null
	background "$VMNETCTL" inspect vm watch-1 --watch -o json
	wait_line "$background_out" '"name":"watch-1"'
	plug watch-1
	wait_line "$background_out" '"step":"P5"'
	background_end INT
	assert_status 130
	jq -e -s 'length > 1 and all(.[]; .name == "watch-1")' "$background_out" >/dev/null
}

@test "wrong command lines" {
	vmn inspect
	assert_status 1
	vmn inspect house h
	assert_status 1
	assert_stderr_has "'house' is not a kind" "hint: kinds: vm, vmi, migration"
	vmn inspect vm
	assert_status 1
	assert_stderr_has "its name is missing"
	vmn inspect vm/a b
	assert_status 1
	vmn inspect vm/
	assert_status 1
	vmn inspect migration --watch
	assert_status 1
	vmn inspect vm a -A
	assert_status 1
}
