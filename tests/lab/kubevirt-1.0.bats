# SPDX-License-Identifier: Apache-2.0
# KubeVirt 1.0 as the lab plays it, over the wire: virt-api's answers, requests in a VM's status, quirks

load ../lib/common
load kubevirt

setup_file() {
	needs_kubectl
	needs curl jq
	lab_up --kubevirt 1.0
}

@test "discovery describes v1alpha3 for both versions, without kinds and verbs" {
	for v in v1 v1alpha3; do
		api GET "/apis/subresources.kubevirt.io/$v"
		assert_equal "$code" 200
		assert_equal "$(jq -r .groupVersion <<<"$output")" subresources.kubevirt.io/v1alpha3
		jq -e '.resources[] | select(.name == "virtualmachines/addinterface") |
			.kind == "" and .verbs == null' <<<"$output"
		jq -e '[.resources[].name] | index("virtualmachineinstances/addinterface") | not' \
			<<<"$output"
	done
}

@test "the version is the dialect's" {
	api GET /apis/subresources.kubevirt.io/v1/version
	assert_equal "$(jq -r .gitVersion <<<"$output")" v1.0.0
}

@test "a VM is expanded to itself" {
	make_vm whole
	api GET "$SUB/virtualmachines/whole/expand-spec" "" -H 'Accept: application/json'
	assert_equal "$code" 200
	assert_json '.metadata.name == "whole" and .spec.template.spec.networks[0].name == "default"'
	api GET "$SUB/virtualmachines/nosuch/expand-spec"
	assert_answer 404 'virtualmachine.kubevirt.io "nosuch" not found'
}

@test "routing errors are text" {
	api PUT "$SUB/virtualmachines/x/nosuch" '{}'
	assert_answer 404 $'404: Page Not Found\n'
	api PUT "$SUB/virtualmachineinstances/x/addinterface" '{}'
	assert_answer 404 $'404: Page Not Found\n'
	api POST "$SUB/virtualmachines/x/addinterface" '{}'
	assert_equal "$code" 405
	grep -qi '^allow: PUT$' <<<"$headers"
	api PUT "$SUB/virtualmachines/x/addinterface" '{}' -H 'Accept: application/json'
	assert_answer 406 $'406: Not Acceptable\n\nAvailable representations: '
}

@test "bodies are checked in order, before the VM is looked up" {
	api PUT "$SUB/virtualmachines/none/addinterface" '{}'
	assert_answer 400 'AddInterfaceOptions requires `networkAttachmentDefinitionName` to be set'
	api PUT "$SUB/virtualmachines/none/addinterface"
	assert_answer 400 'AddInterfaceOptions requires `networkAttachmentDefinitionName` to be set'
	api PUT "$SUB/virtualmachines/none/addinterface" "{$NAD1}"
	assert_answer 400 'AddInterfaceOptions requires `name` to be set'
	api PUT "$SUB/virtualmachines/none/removeinterface" '{}'
	assert_answer 400 'RemoveInterfaceOptions requires `name` to be set'
	api PUT "$SUB/virtualmachines/none/addinterface" '{"name":'
	assert_answer 400 'cannot unmarshal Request body to struct, error: unexpected EOF'
	api PUT "$SUB/virtualmachines/none/addinterface" "{\"name\":\"dyn1\",$NAD1}"
	assert_answer 404 'virtualmachine.kubevirt.io "none" not found'
	assert_equal "$(jq -r .details.kind <<<"$output")" virtualmachine
}

@test "without the gate nothing else is looked at" {
	gates='{"spec":{"configuration":{"developerConfiguration":{"featureGates":'
	kc patch kubevirt kubevirt -n kubevirt --type merge -p "${gates}[]}}}}"
	for verb in addinterface removeinterface; do
		api PUT "$SUB/virtualmachines/none/$verb" '{}'
		assert_answer 400 \
			'Unable to Add Interface because the "HotplugNICs" feature gate is not enabled.'
	done
	kc patch kubevirt kubevirt -n kubevirt --type merge -p "${gates}[\"HotplugNICs\"]}}}}"
}

@test "a plug walks from the status over the template to the guest" {
	make_vm walk
	background "$KUBECTL" get vm --field-selector metadata.name=walk --watch -o json
	wait_line "$background_out" '"printableStatus": "Running"'
	api PUT "$SUB/virtualmachines/walk/addinterface" "{\"name\":\"dyn1\",$NAD1}" \
		-H 'Content-Type: text/plain'
	assert_answer 202 ''
	assert_equal "$type" ''
	wait_vmi walk "$(plugged dyn1)"
	assert_equal "$(pod_networks walk)" '["poda1b579e0928"]'
	wait_object vm walk '.status | has("interfaceRequests") | not'
	wait_line "$background_out" '"generation": 2'
	background_end
	jq -e -s '[.[] | (.status.interfaceRequests // []) | length] | max == 1' <<<"$output"
	jq -e -s 'last | .spec.template.spec.networks[1].multus.networkName == "nad1"' <<<"$output"
}

@test "absent stays, the last one stays in the annotation, and its name is used up" {
	make_vm gone
	api PUT "$SUB/virtualmachines/gone/addinterface" "{\"name\":\"dyn1\",$NAD1}"
	api PUT "$SUB/virtualmachines/gone/addinterface" "{\"name\":\"dyn2\",$NAD1}"
	wait_vmi gone "$(plugged dyn1)"
	wait_vmi gone "$(plugged dyn2)"
	api PUT "$SUB/virtualmachines/gone/removeinterface" '{"name":"dyn1"}'
	wait_vmi gone "$(unplugged dyn1)"
	assert_equal "$(pod_networks gone)" '["podc0607dcb253"]'
	wait_object vm gone '.status | has("interfaceRequests") | not'
	api PUT "$SUB/virtualmachines/gone/addinterface" "{\"name\":\"dyn1\",$NAD1}"
	assert_equal "$code" 202
	wait_object vm gone '.status | has("interfaceRequests") | not'
	wait_vmi gone '.spec.domain.devices.interfaces[] | select(.name == "dyn1") | .state == "absent"'
	api PUT "$SUB/virtualmachines/gone/removeinterface" '{"name":"dyn2"}'
	wait_vmi gone '[.status.interfaces[] | select(.name == "dyn2")] | .[0].infoSource == "multus-status"'
	assert_equal "$(pod_networks gone)" '["podc0607dcb253"]'
}

@test "a name that is not there stays asked for, a bad name holds up all others" {
	make_vm stuck
	api PUT "$SUB/virtualmachines/stuck/removeinterface" '{"name":"nosuch"}'
	assert_equal "$code" 202
	api PUT "$SUB/virtualmachines/stuck/addinterface" "{\"name\":\"a.b\",$NAD1}"
	assert_equal "$code" 202
	wait_object vm stuck '.status.conditions[] | select(.type == "Failure") |
		.reason == "HotPlugNetworkInterfaceError" and
		(.message | contains("Network interface name can only contain alphabetical characters"))'
	api PUT "$SUB/virtualmachines/stuck/addinterface" "{\"name\":\"dyn1\",$NAD1}"
	assert_equal "$code" 202
	kc get vm stuck -o json
	assert_json '.status.interfaceRequests | length == 3'
	assert_json '.spec.template.spec.networks | length == 1'
	# an admin clears the queue by a patch of /status, and the rest goes on
	api PATCH "$VMS/stuck/status" '[{"op":"remove","path":"/status/interfaceRequests/1"}]' \
		-H 'Content-Type: application/json-patch+json'
	assert_equal "$code" 200
	wait_vmi stuck "$(plugged dyn1)"
	kc get vm stuck -o json
	assert_json '.status.interfaceRequests == [{"removeInterfaceOptions":{"name":"nosuch"}}]'
}

@test "a lost race is a 422 that reads like a refusal" {
	make_vm race
	lab fault add conflict --match /race/ --count 1
	api PUT "$SUB/virtualmachines/race/addinterface" "{\"name\":\"dyn1\",$NAD1}"
	assert_answer 422 'the server rejected our request due to an error in our request'
	api PUT "$SUB/virtualmachines/race/addinterface" "{\"name\":\"dyn1\",$NAD1}"
	assert_equal "$code" 202
}

@test "a stopped VM takes a request, a VM without lists loses its default" {
	api POST "$VMS" '{"apiVersion":"kubevirt.io/v1","kind":"VirtualMachine","metadata":{"name":"bare"},
		"spec":{"running":false,"template":{"spec":{"domain":{"devices":{}}}}}}' \
		-H 'Content-Type: application/json'
	assert_equal "$code" 201
	api PUT "$SUB/virtualmachines/bare/addinterface" "{\"name\":\"dyn1\",$NAD1}"
	assert_equal "$code" 202
	wait_object vm bare '.spec.template.spec.domain.devices.interfaces == [{"name":"dyn1","bridge":{}}]'
	wait_object vm bare '.status | has("interfaceRequests") | not'
}

@test "fields of later versions are dropped" {
	make_vm newer
	api PATCH "$VMS/newer" '[{"op":"add","path":"/spec/template/spec/domain/devices/interfaces/0/binding",
		"value":{"name":"passt"}}]' -H 'Content-Type: application/json-patch+json'
	[ "$code" = 200 ] || fail "$output"
	jq -e '.spec.template.spec.domain.devices.interfaces == [{"masquerade":{},"name":"default"}]' <<<"$output"
}

@test "migrate drops the node selector it does not know" {
	make_vm mover
	lab fault add migration-slow --match default/mover --value 500
	api PUT "$SUB/virtualmachines/mover/migrate" '{"addedNodeSelector":{"no":"such"}}'
	assert_answer 202 ''
	kc get vmim -l kubevirt.io/vmi-name=mover -o json
	assert_json '.items | length == 1 and (.[0].spec == {"vmiName":"mover"})'
	assert_json '.items[0].metadata.name | startswith("kubevirt-migrate-vm-")'
	name=$(jq -r '.items[0].metadata.name' <<<"$output")
	api PUT "$SUB/virtualmachines/mover/migrate" '{}'
	assert_equal "$code" 500
	[[ $(jq -r .message <<<"$output") == 'Internal error occurred: admission webhook "migration-create-validator.kubevirt.io" denied the request: in-flight migration detected. Active migration job ('* ]]
	wait_object vmim "$name" '.status.phase == "Succeeded"'
	kc get vmim "$name" -o json
	assert_json '[.status.phaseTransitionTimestamps[].phase] == ["Pending", "Scheduling", "Scheduled",
		"PreparingTarget", "TargetReady", "Running", "Succeeded"]'
}

@test "migrate: dry run, bogus dry run, wrong type, no VMI" {
	make_vm dry
	api PUT "$SUB/virtualmachines/dry/migrate" '{"dryRun":["All"]}'
	assert_answer 202 ''
	kc get vmim -l kubevirt.io/vmi-name=dry -o name
	assert_stdout ''
	api PUT "$SUB/virtualmachines/dry/migrate" '{"dryRun":["Bogus"]}'
	assert_equal "$code" 500
	api PUT "$SUB/virtualmachines/dry/migrate" '{"dryRun":"All"}'
	assert_equal "$code" 400
	api PUT "$SUB/virtualmachines/dry/stop"
	assert_equal "$code" 202
	wait_until vmi_gone dry
	api PUT "$SUB/virtualmachines/dry/migrate"
	assert_answer 404 'virtualmachineinstance.kubevirt.io "dry" not found'
}

vmi_gone() {
	! "$KUBECTL" get vmi "$1" >/dev/null 2>&1
}

@test "KubeVirt's edit role may add, but not remove" {
	export KUBECONFIG
	KUBECONFIG=$(lab kubeconfig --user edit)
	api PUT "$SUB/virtualmachines/none/addinterface" "{\"name\":\"dyn1\",$NAD1}"
	assert_equal "$code" 404
	api PUT "$SUB/virtualmachines/none/removeinterface" '{"name":"dyn1"}'
	assert_equal "$code" 403
	[[ $(jq -r .message <<<"$output") == *'cannot update resource "virtualmachines/removeinterface" in API group "subresources.kubevirt.io" in the namespace "default"' ]]
}
