# SPDX-License-Identifier: Apache-2.0
# KubeVirt 1.9 as the lab plays it, over the wire: template patches, link states, automatic migrations

load ../lib/common
load kubevirt

setup_file() {
	needs_kubectl
	needs curl jq
	lab_up --kubevirt 1.9
}

IFS_PATH=/spec/template/spec/domain/devices/interfaces
NETS_PATH=/spec/template/spec/networks

# patch_vm NAME JSON-PATCH
patch_vm() {
	api PATCH "$VMS/$1" "$2" -H 'Content-Type: application/json-patch+json'
}

# plug_patch NAME [NAD [BINDING]]
plug_patch() {
	echo "[{\"op\":\"add\",\"path\":\"$IFS_PATH/-\",\"value\":{\"name\":\"$1\",\"${3:-bridge}\":{}}},
		{\"op\":\"add\",\"path\":\"$NETS_PATH/-\",
		 \"value\":{\"name\":\"$1\",\"multus\":{\"networkName\":\"${2:-nad1}\"}}}]"
}

@test "the interface subresources are gone, and discovery says so" {
	for verb in addinterface removeinterface; do
		api PUT "$SUB/virtualmachines/none/$verb" '{}'
		assert_answer 404 $'404: Page Not Found\n'
	done
	api GET /apis/subresources.kubevirt.io/v1
	assert_equal "$(jq -r .groupVersion <<<"$output")" subresources.kubevirt.io/v1
	jq -e '[.resources[].name] | index("virtualmachines/migrate") and
		(index("virtualmachines/addinterface") | not)' <<<"$output"
}

@test "a patch of the template plugs, absent unplugs and leaves nothing" {
	make_vm walk
	patch_vm walk "$(plug_patch dyn1)"
	assert_equal "$code" 200
	wait_vmi walk "$(plugged dyn1)"
	kc get vmi walk -o json
	assert_json '.status.interfaces[1] | .podInterfaceName == "poda1b579e0928" and .queueCount == 1'
	assert_equal "$(pod_networks walk)" '["poda1b579e0928"]'
	wait_vmi walk '.status.interfaces[1].infoSource == "domain, guest-agent, multus-status"'
	patch_vm walk "[{\"op\":\"test\",\"path\":\"$IFS_PATH/1/name\",\"value\":\"dyn1\"},
		{\"op\":\"add\",\"path\":\"$IFS_PATH/1/state\",\"value\":\"absent\"}]"
	assert_equal "$code" 200
	wait_object vm walk '.spec.template.spec.networks | length == 1'
	wait_vmi walk '(.spec.networks | length == 1) and (.status.interfaces | length == 1)'
	assert_equal "$(pod_networks walk)" '[]'
	kc get vm walk -o json
	assert_json '[.status.conditions[].type] | index("RestartRequired") | not'
}

@test "a link goes down and up" {
	make_vm link
	patch_vm link "$(plug_patch dyn1)"
	wait_vmi link '.status.interfaces[1].linkState == "up"'
	patch_vm link "[{\"op\":\"add\",\"path\":\"$IFS_PATH/1/state\",\"value\":\"down\"}]"
	wait_vmi link '.status.interfaces[1].linkState == "down"'
	patch_vm link "[{\"op\":\"replace\",\"path\":\"$IFS_PATH/1/state\",\"value\":\"up\"}]"
	wait_vmi link '.status.interfaces[1].linkState == "up"'
}

@test "another NAD makes the VM migrate by itself" {
	make_vm nad
	patch_vm nad "$(plug_patch dyn1)"
	wait_vmi nad "$(plugged dyn1)"
	patch_vm nad "[{\"op\":\"replace\",\"path\":\"$NETS_PATH/1/multus/networkName\",\"value\":\"nad2\"}]"
	wait_vmi nad '.status.migrationState.completed == true'
	kc get vmim -l kubevirt.io/vmi-name=nad -o json
	assert_json '.items[0].metadata.name | startswith("kubevirt-workload-update-")'
	wait_vmi nad '[.status.conditions[].type] | index("MigrationRequired") | not'
	wait_vmi nad "$(plugged dyn1)"
}

@test "refusals name the field" {
	make_vm refuse
	patch_vm refuse "$(plug_patch a.b)"
	assert_equal "$code" 422
	jq -e '.reason == "Invalid" and (.details.causes[0].field ==
		"spec.template.spec.domain.devices.interfaces[1].name")' <<<"$output"
	assert_equal "$(jq -r .message <<<"$output")" 'admission webhook "virtualmachine-validator.kubevirt.io" denied the request: Network interface name can only contain alphabetical characters, numbers, dashes (-) or underscores (_)'
	patch_vm refuse "$(plug_patch dyn1 nad1 masquerade)"
	assert_answer 422 'admission webhook "virtualmachine-validator.kubevirt.io" denied the request: Masquerade interface only implemented with pod network'
	patch_vm refuse "[{\"op\":\"add\",\"path\":\"$IFS_PATH/0/state\",\"value\":\"absent\"}]"
	assert_equal "$code" 422
	patch_vm refuse "[{\"op\":\"test\",\"path\":\"$IFS_PATH/0/name\",\"value\":\"other\"}]"
	assert_answer 422 'the server rejected our request due to an error in our request'
}

@test "nobody edits a VMI" {
	make_vm mine
	api PATCH /apis/kubevirt.io/v1/namespaces/default/virtualmachineinstances/mine \
		'{"spec":{"hostname":"x"}}' -H 'Content-Type: application/merge-patch+json'
	assert_answer 422 'admission webhook "virtualmachineinstances-update-validator.kubevirt.io" denied the request: update of VMI object is restricted'
}

@test "what is not bridge or SR-IOV is silently not carried, a changed model wants a restart" {
	make_vm odd
	patch_vm odd "[{\"op\":\"add\",\"path\":\"$IFS_PATH/-\",
		\"value\":{\"name\":\"p\",\"binding\":{\"name\":\"x\"}}},
		{\"op\":\"add\",\"path\":\"$NETS_PATH/-\",
		\"value\":{\"name\":\"p\",\"multus\":{\"networkName\":\"nad1\"}}}]"
	assert_equal "$code" 200
	patch_vm odd "$(plug_patch dyn1)"
	wait_vmi odd "$(plugged dyn1)"
	kc get vmi odd -o json
	assert_json '[.spec.networks[].name] == ["default", "dyn1"]'
	patch_vm odd "[{\"op\":\"add\",\"path\":\"$IFS_PATH/0/model\",\"value\":\"e1000\"}]"
	wait_object vm odd '.status.conditions[] | select(.type == "RestartRequired") |
		.message == "a non-live-updatable field was changed in the template spec"'
}

@test "an ordinal pod plugs, but does not unplug" {
	lab run old --ordinal-names --interface blue=nad1 --wait
	wait_vmi old "$(plugged blue)"
	kc get vmi old -o json
	assert_json '.status.interfaces[1].podInterfaceName == "net1"'
	patch_vm old "[{\"op\":\"add\",\"path\":\"$IFS_PATH/1/state\",\"value\":\"absent\"}]"
	assert_equal "$code" 200
	patch_vm old "$(plug_patch dyn1)"
	wait_vmi old "$(plugged dyn1)"
	kc get vmi old -o json
	assert_json '.spec.domain.devices.interfaces[1] | has("state") | not'
}

@test "a migration goes where it is told, waits when it cannot, and is cancelled" {
	make_vm mover
	node=$("$KUBECTL" get vmi mover -o jsonpath='{.status.nodeName}')
	api PUT "$SUB/virtualmachines/mover/migrate" '{"addedNodeSelector":{"no":"such"}}'
	assert_equal "$code" 202
	name=$("$KUBECTL" get vmim -l kubevirt.io/vmi-name=mover -o jsonpath='{.items[0].metadata.name}')
	wait_object vmim "$name" '.status.phase == "Scheduling"'
	wait_until has_event migrationTargetPodUnschedulable "$name"
	kc delete vmim "$name"
	assert_status 0
	assert_equal "$("$KUBECTL" get vmi mover -o jsonpath='{.status.nodeName}')" "$node"
	other=$([ "$node" = node1 ] && echo node2 || echo node1)
	api PUT "$SUB/virtualmachines/mover/migrate" \
		"{\"addedNodeSelector\":{\"kubernetes.io/hostname\":\"$other\"}}"
	wait_vmi mover ".status.nodeName == \"$other\" and .status.migrationState.completed"
}

has_event() {
	"$KUBECTL" get events -o json |
		jq -e --arg r "$1" --arg n "$2" \
			'any(.items[]; .reason == $r and .involvedObject.name == $n)' >/dev/null
}

@test "a tainted node takes no VM that does not tolerate it" {
	make_vm stay
	node=$("$KUBECTL" get vmi stay -o jsonpath='{.status.nodeName}')
	other=$([ "$node" = node1 ] && echo node2 || echo node1)
	"$KUBECTL" taint node "$other" keep=out:NoSchedule >/dev/null
	api PUT "$SUB/virtualmachines/stay/migrate" '{}'
	name=$("$KUBECTL" get vmim -l kubevirt.io/vmi-name=stay -o jsonpath='{.items[0].metadata.name}')
	wait_until has_event migrationTargetPodUnschedulable "$name"
	"$KUBECTL" taint node "$other" keep- >/dev/null
	wait_vmi stay ".status.nodeName == \"$other\" and .status.migrationState.completed"
}

@test "a VM starts paused, that once" {
	make_vm sleepy
	api PUT "$SUB/virtualmachines/sleepy/stop" '{}'
	wait_object vm sleepy '.status.printableStatus == "Stopped"'
	api PUT "$SUB/virtualmachines/sleepy/start" '{"paused":true}'
	assert_equal "$code" 202
	wait_object vm sleepy '.status.printableStatus == "Paused"'
	api PUT "$SUB/virtualmachineinstances/sleepy/unpause" '{}'
	assert_equal "$code" 200
	wait_object vm sleepy '.status.printableStatus == "Running"'
	uid=$("$KUBECTL" get vmi sleepy -o jsonpath='{.metadata.uid}')
	api PUT "$SUB/virtualmachines/sleepy/restart" '{}'
	wait_vmi sleepy ".metadata.uid != \"$uid\" and .status.phase == \"Running\""
	wait_object vm sleepy '.status.printableStatus == "Running"'
}

@test "a failed migration leaves the guest where it was, and says why" {
	make_vm unlucky
	lab fault add migration-fail --text 'no route to host' --match default/unlucky --count 1
	api PUT "$SUB/virtualmachines/unlucky/migrate"
	wait_vmi unlucky '.status.migrationState | .failed and .failureReason == "no route to host"'
	wait_until has_event FailedMigration \
		"$("$KUBECTL" get vmim -l kubevirt.io/vmi-name=unlucky -o jsonpath='{.items[0].metadata.name}')"
}

@test "bridge on the pod network cannot migrate, unless the template allows it" {
	lab run bridge --binding bridge --wait
	wait_vmi bridge '.status.conditions[] | select(.type == "LiveMigratable") | .status == "False"'
	api PUT "$SUB/virtualmachines/bridge/migrate"
	assert_answer 500 'Internal error occurred: admission webhook "migration-create-validator.kubevirt.io" denied the request: Cannot migrate VMI, Reason: InterfaceNotLiveMigratable, Message: cannot migrate VMI which does not use masquerade or a migratable plugin to connect to the pod network'
	api POST "${VMS%virtualmachines}virtualmachineinstancemigrations" \
		'{"apiVersion":"kubevirt.io/v1","kind":"VirtualMachineInstanceMigration","metadata":{"generateName":"x-"},"spec":{"vmiName":"nosuch"}}' \
		-H 'Content-Type: application/json'
	assert_answer 400 'admission webhook "migration-create-validator.kubevirt.io" denied the request: the VMI "default/nosuch" does not exist'
	assert_json 'has("reason") | not'
}

@test "a plug that is never delivered goes on when the fault is cleared" {
	make_vm slow
	lab fault add no-plug --match default/slow
	patch_vm slow "$(plug_patch dyn1)"
	wait_vmi slow '.status.conditions[] | select(.type == "MigrationRequired") |
		.status == "False" and .reason == "AutoMigrationPending"'
	assert_equal "$(pod_networks slow)" '["poda1b579e0928"]'
	lab fault clear no-plug
	wait_vmi slow "$(plugged dyn1)"
}

@test "a lab that is stopped half-way goes on where it was" {
	make_vm half
	lab fault add slow-plug --value 5000
	patch_vm half "$(plug_patch dyn1)"
	wait_vmi half '.spec.networks | length == 2'
	lab down
	lab up
	lab kubeconfig >/dev/null
	wait_vmi half "$(plugged dyn1)"
}

@test "groups are impersonated together with a user only" {
	api GET "$VMS" "" -H "Impersonate-Group: vmnetctl-lab:limited"
	[ "$code" = 500 ]
	api GET "$VMS" "" -H "Impersonate-Group: vmnetctl-lab:limited" -H "Impersonate-User: x"
	[ "$code" = 200 ]
	api DELETE "$VMS" "" -H "Impersonate-Group: vmnetctl-lab:limited" -H "Impersonate-User: x"
	[ "$code" = 403 ]
}

@test "bookmarks come for what kube-apiserver caches, which Events are not" {
	api GET '/api/v1/pods?watch=true&allowWatchBookmarks=true&timeoutSeconds=1'
	[[ $output == *'"BOOKMARK"'* ]] || fail "$output"
	api GET '/api/v1/events?watch=true&allowWatchBookmarks=true&timeoutSeconds=1'
	[[ $output != *'"BOOKMARK"'* ]] || fail "$output"
}
