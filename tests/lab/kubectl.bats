#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # status, output and stderr are set by bats' run
# kubectl works against a lab as against a cluster. Tried with 1.20 and with current ones: KUBECTL.

load ../lib/common

setup_file() {
	lab_up
}

setup() {
	common_setup
	needs_kubectl
	ns=t$BATS_TEST_NUMBER
	"$KUBECTL" create namespace "$ns" >/dev/null
	"$KUBECTL" config view --raw --flatten >"$BATS_TEST_TMPDIR/kubeconfig"
	KUBECONFIG=$BATS_TEST_TMPDIR/kubeconfig
	export KUBECONFIG
	"$KUBECTL" config set-context --current --namespace "$ns" >/dev/null
}

# vm NAME [RUN-STRATEGY] - a manifest
vm() {
	cat <<-YAML
		apiVersion: kubevirt.io/v1
		kind: VirtualMachine
		metadata:
		  name: $1
		  labels: {app: web}
		spec:
		  runStrategy: ${2:-Halted}
		  template:
		    spec:
		      domain:
		        devices:
		          interfaces: [{name: default, masquerade: {}}]
		      networks: [{name: default, pod: {}}]
	YAML
}

create_vm() {
	vm "$@" | "$KUBECTL" create -f - >/dev/null
}

@test "version, cluster-info, api-versions and api-resources" {
	kc version
	assert_status 0
	assert_stdout_has "v1.31"
	kc cluster-info
	assert_status 0
	assert_stdout_has "https://127.0.0.1:"
	kc api-versions
	assert_stdout_line "kubevirt.io/v1"
	assert_stdout_line "subresources.kubevirt.io/v1"
	kc api-resources
	assert_status 0
	assert_stdout_line "virtualmachineinstances +vmi,vmis +kubevirt.io/v1 +true +VirtualMachineInstance"
	kc get --raw /readyz
	assert_stdout ok
	kc get --raw /
	assert_json '.paths | contains(["/api/v1", "/apis/kubevirt.io/v1", "/version"])'
}

@test "get prints tables, wide, yaml, json, jsonpath and names" {
	create_vm web-1 Always
	kc wait --for=condition=Ready vm/web-1 --timeout=30s
	assert_status 0
	kc get vm
	assert_stdout_line "NAME +AGE +STATUS +READY"
	assert_stdout_line "web-1 +[0-9]+s +Running +True"
	kc get vmi -o wide
	assert_stdout_line "NAME +AGE +PHASE +IP +NODENAME +READY +LIVE-MIGRATABLE +PAUSED"
	kc get pods -o wide
	assert_stdout_line "NAME +READY +STATUS +RESTARTS +AGE +IP +NODE +NOMINATED NODE +READINESS GATES"
	"$KUBECTL" create service nodeport web --tcp=80 --node-port=31080
	kc get service web
	assert_stdout_line "web +NodePort +<none> +<none> +80:31080/TCP +[0-9]+s"
	kc get nad
	assert_status 0
	kc get vm web-1 -o yaml
	assert_stdout_line "kind: VirtualMachine"
	kc get vms -o json
	assert_json '.kind == "List" and (.items | length) == 1'
	kc get vm web-1 -o 'jsonpath={.spec.template.spec.networks[0].name}'
	assert_stdout default
	kc get vm,vmi -o name
	assert_stdout "virtualmachine.kubevirt.io/web-1
virtualmachineinstance.kubevirt.io/web-1"
	kc get vm -A --show-labels
	assert_stdout_line "$ns +web-1 .*app=web"
	kc get vm web-2
	assert_status 1
	assert_stderr 'Error from server (NotFound): virtualmachines.kubevirt.io "web-2" not found'
}

@test "lists come in pages and by selectors" {
	for i in 1 2 3 4 5; do create_vm "vm-$i"; done
	kc get vm --chunk-size 2 -o name
	assert_equal "$(wc -l <<<"$output")" 5
	"$KUBECTL" label vm vm-3 app=db --overwrite >/dev/null
	kc get vm -l app=db -o name
	assert_stdout virtualmachine.kubevirt.io/vm-3
	kc get vm -l 'app in (web),!none' -o name
	assert_equal "$(wc -l <<<"$output")" 4
	kc get vm --field-selector metadata.name=vm-2 -o name
	assert_stdout virtualmachine.kubevirt.io/vm-2
}

@test "a watch shows each change" {
	create_vm web-1
	background "$KUBECTL" get vm --watch --output-watch-events
	wait_line "$background_out" '^ADDED +web-1'
	"$KUBECTL" label vm web-1 a=b >/dev/null
	wait_line "$background_out" '^MODIFIED +web-1'
	"$KUBECTL" delete vm web-1 >/dev/null
	wait_line "$background_out" '^DELETED +web-1'
	background_end
}

@test "apply creates, changes and leaves alone" {
	vm web-1 >vm.yaml
	kc apply -f vm.yaml
	assert_stdout "virtualmachine.kubevirt.io/web-1 created"
	kc apply -f vm.yaml
	assert_stdout "virtualmachine.kubevirt.io/web-1 unchanged"
	sed -i 's/app: web/app: other/' vm.yaml
	kc apply -f vm.yaml
	assert_stdout "virtualmachine.kubevirt.io/web-1 configured"
	kc get vm web-1 -o 'jsonpath={.metadata.labels.app} {.metadata.generation}'
	assert_stdout "other 1"
	kc create -f vm.yaml
	assert_status 1
	assert_stderr_has '(AlreadyExists)' 'virtualmachines.kubevirt.io "web-1" already exists'
	sed 's/name: web-1/name: Web_1/' vm.yaml >bad.yaml
	kc create -f bad.yaml
	assert_status 1
	assert_stderr_has 'The VirtualMachine "Web_1" is invalid: metadata.name: '
	kc apply -f vm.yaml --dry-run=server
	assert_stdout_has "(server dry run)"
	sed 's/Halted/Manual/' vm.yaml >manual.yaml
	kc diff -f manual.yaml
	assert_status 1
	assert_stdout_has "+  runStrategy: Manual"
	kc delete vm web-1 --dry-run=server
	assert_status 0
	kc create namespace nosuch --dry-run=server
	assert_status 0
	kc get vm web-1 -o 'jsonpath={.spec.runStrategy}'
	assert_stdout Halted
}

@test "edit and replace, with optimistic concurrency" {
	create_vm web-1
	EDITOR='sed -i s/Halted/Manual/' kc edit vm web-1
	assert_status 0
	assert_stdout "virtualmachine.kubevirt.io/web-1 edited"
	"$KUBECTL" get vm web-1 -o yaml >old.yaml
	"$KUBECTL" label vm web-1 newer=yes >/dev/null
	kc replace -f old.yaml
	assert_status 1
	assert_stderr_has "the object has been modified"
	EDITOR='sed -i s/Active/Active/' kc edit namespace "$ns"
	assert_status 0
}

@test "patch: JSON, merge; a failed test is 422, a strategic one 415" {
	create_vm web-1
	kc patch vm web-1 --type=json -p '[{"op":"add","path":"/metadata/labels/x","value":"1"}]'
	assert_stdout "virtualmachine.kubevirt.io/web-1 patched"
	kc patch vm web-1 --type=merge -p '{"metadata":{"labels":{"x":null,"y":"2"}}}'
	assert_status 0
	kc get vm web-1 -o 'jsonpath={.metadata.labels}'
	assert_json '. == {"app": "web", "y": "2"}'
	kc patch vm web-1 --type=json -p '[{"op":"test","path":"/metadata/labels/y","value":"3"}]'
	assert_status 1
	assert_stderr_has "The request is invalid"
	kc patch vm web-1 --type=strategic -p '{}'
	assert_status 1
	assert_stderr_has "application/merge-patch+json"
}

@test "label, annotate; nodes and namespaces too" {
	create_vm web-1
	kc label vm web-1 a=b
	assert_stdout "virtualmachine.kubevirt.io/web-1 labeled"
	kc annotate vm web-1 c=d
	assert_stdout "virtualmachine.kubevirt.io/web-1 annotated"
	kc label node node1 "$ns=1"
	assert_status 0
	kc annotate namespace "$ns" c=d
	assert_status 0
	kc get namespaces -l "kubernetes.io/metadata.name in ($ns,default)" -o name
	assert_stdout "namespace/default
namespace/$ns"
	kc get nodes -l "$ns=1" -o name
	assert_stdout node/node1
	kc cordon node1
	assert_status 0
	kc get node node1
	assert_stdout_has SchedulingDisabled
	kc uncordon node1
	assert_status 0
}

@test "describe and events" {
	create_vm web-1 Always
	kc wait --for=condition=Ready vm/web-1 --timeout=30s
	kc describe vm web-1
	assert_status 0
	assert_stdout_line "Name: +web-1"
	assert_stdout_has "SuccessfulCreate"
	kc describe node node1
	assert_status 0
	kc describe namespace "$ns"
	assert_status 0
	kc get events --field-selector involvedObject.kind=VirtualMachine
	assert_stdout_line "[0-9]+s +Normal +SuccessfulCreate +virtualmachine/web-1 .*"
	kc get events -o 'jsonpath={range .items[*]}{.reason} {.source.component}{"\n"}{end}'
	assert_stdout_line "Scheduled default-scheduler"
	assert_stdout_line "SuccessfulCreate virtualmachine-controller"
	assert_stdout_line "Started virt-handler"
}

@test "delete, wait for it, by namespace too" {
	create_vm web-1 Always
	create_vm web-2
	kc wait --for=condition=Ready vm/web-1 --timeout=30s
	background "$KUBECTL" wait -v=6 --for=delete vmi/web-1 --timeout=30s
	wait_line "$background_err" 'GET .*/virtualmachineinstances' # it has seen the VMI
	kc delete vm web-1
	assert_stdout "virtualmachine.kubevirt.io \"web-1\" deleted"
	background_end ""
	assert_status 0
	kc get vmi,pod -o name
	assert_stdout ""
	kc delete namespace "$ns" --timeout=30s
	assert_status 0
	kc get vm -n "$ns" -o name
	assert_stdout ""
	kc get namespace "$ns"
	assert_status 1
	kc delete namespace default
	assert_status 1
	assert_stderr_has '(Forbidden): namespaces "default" is forbidden: this namespace may not be deleted'
}

# child NAME OWNER - a network that OWNER, another one, owns
child() {
	local uid

	uid=$("$KUBECTL" get net-attach-def "$2" -o 'jsonpath={.metadata.uid}')
	network "$1" "ownerReferences: [{apiVersion: k8s.cni.cncf.io/v1,
	    kind: NetworkAttachmentDefinition, name: $2, uid: $uid, blockOwnerDeletion: true}]"
}

network() {
	"$KUBECTL" create -f - >/dev/null <<-YAML
		apiVersion: k8s.cni.cncf.io/v1
		kind: NetworkAttachmentDefinition
		metadata:
		  name: $1
		  ${2:-}
	YAML
}

@test "what an owner leaves is collected, unless it is orphaned" {
	network parent
	child one parent
	kc delete net-attach-def parent
	assert_status 0
	wait_object_gone net-attach-def one

	network parent
	child two parent
	uid=$("$KUBECTL" get net-attach-def parent -o 'jsonpath={.metadata.uid}')
	kc delete --raw "/apis/k8s.cni.cncf.io/v1/namespaces/$ns/network-attachment-definitions/parent?propagationPolicy=Orphan"
	assert_status 0
	kc get net-attach-def two -o 'jsonpath={.metadata.ownerReferences}'
	assert_stdout_lacks "$uid"

	network parent
	child three parent
	kc delete --raw "/apis/k8s.cni.cncf.io/v1/namespaces/$ns/network-attachment-definitions/parent?propagationPolicy=Foreground"
	assert_status 0
	wait_object_gone net-attach-def parent
	kc get net-attach-def -o name
	assert_stdout networkattachmentdefinition.k8s.cni.cncf.io/two
}

# wait_object_gone RESOURCE NAME - until it cannot be got; an empty name is gone
wait_object_gone() {
	[ -z "$2" ] || wait_until eval "! '$KUBECTL' get '$1' '${2#*/}' >/dev/null 2>&1"
}

@test "auth whoami" {
	# As kubectl sends it since 1.27.
	echo '{"kind":"SelfSubjectReview","apiVersion":"authentication.k8s.io/v1","metadata":{}}' >review
	kc create --raw /apis/authentication.k8s.io/v1/selfsubjectreviews -f review --as limited
	assert_status 0
	assert_equal "$(jq -r .status.userInfo.username <<<"$output")" limited
	assert_equal "$(jq -c .status.userInfo.groups <<<"$output")" \
		'["vmnetctl-lab:limited","system:authenticated"]'
	kc api-resources --api-group=authentication.k8s.io -o name
	assert_stdout selfsubjectreviews.authentication.k8s.io
}

@test "auth can-i, for oneself and as others" {
	kc auth can-i delete vms
	assert_stdout yes
	kc auth can-i get vms --as nobody
	assert_stdout no
	kc auth can-i patch virtualmachines.kubevirt.io --as limited
	assert_stdout yes
	kc auth can-i list pods --as limited
	assert_stdout no
	kc auth can-i --list --as limited
	assert_status 0
	assert_stdout_line "virtualmachines.kubevirt.io .*\[get list patch\]"
	kc get nodes --as edit
	assert_status 1
	assert_stderr_has 'User "edit" cannot list resource "nodes" in API group "" at the cluster scope'
}
