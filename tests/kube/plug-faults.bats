#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Each fault of a server against each way of plugging: nothing is lost, nothing is done twice, and the exit status
# says what is.

load ../lib/common

NAD=--network-attachment-definition-name

# Where the dialect of a test keeps what it wrote: METHOD of the write, jq path of the networks
spec_dialect() {
	lab_up --kubevirt 1.9
	lab run web-1 --wait
	write=PATCH
}

put_dialect() {
	lab_up --kubevirt 1.0
	lab run web-1 --wait
	write=PUT
}

# networks - names of the VM's networks, once requests under way have settled
networks() {
	"$KUBECTL" get vm web-1 -o json | jq -r '[.spec.template.spec.networks[].name] | join(" ")'
}

settled() {
	"$KUBECTL" get vm web-1 -o json | jq -e '(.status.interfaceRequests // []) == []' >/dev/null
}

# strikes FAULT... - add an interface while the fault strikes each write; it must be there once
strikes() {
	lab fault add "$@" --method "$write"
	vmn addinterface web-1 --name dyn1 $NAD nad1
	lab fault clear
	wait_until settled
}

assert_added() {
	assert_status 0
	assert_stdout_line 'virtualmachine/web-1 interface "dyn1" added \(.*\)'
	assert_equal "$(networks)" 'default dyn1'
}

assert_not_added() {
	assert_status 1
	assert_stdout ''
	assert_equal "$(networks)" default
}

every_write_fault() {
	local dialect=$1

	"$dialect"
	strikes reset --count 1
	assert_added
	vmn removeinterface web-1 --name dyn1 --wait=20s
	assert_status 0
}

@test "spec patch: answer cut off, request took effect" {
	every_write_fault spec_dialect
}

@test "PUT: answer cut off, request took effect" {
	every_write_fault put_dialect
}

@test "connection cut before the request took effect" {
	spec_dialect
	strikes reset-before --count 1
	assert_added
	put_dialect
	strikes reset-before --count 2
	assert_added
}

@test "500 and nothing happened" {
	spec_dialect
	strikes status --value 500 --count 1
	assert_not_added
	put_dialect
	strikes status --value 500 --count 1
	assert_not_added
}

@test "500 and it happened all the same" {
	spec_dialect
	strikes status-after --value 500 --count 1
	assert_added
	put_dialect
	strikes status-after --value 500 --count 1
	assert_added
}

@test "a redirect is a refusal, not a lost answer" {
	spec_dialect
	strikes status --value 302 --count 1
	assert_not_added
	put_dialect
	strikes status --value 307 --count 1
	assert_not_added
}

@test "429 and 503 with Retry-After are waited for" {
	spec_dialect
	strikes status --value 429 --retry-after 1 --count 1
	assert_added
	put_dialect
	strikes status --value 503 --retry-after 1 --count 1
	assert_added
}

@test "conflicts are planned again" {
	spec_dialect
	strikes conflict --count 5
	assert_added
	put_dialect
	strikes conflict --count 5
	assert_added
}

@test "a webhook's refusal and an absent virt-api are failures" {
	spec_dialect
	strikes webhook --text 'no way' --count 1
	assert_not_added
	assert_stderr_has 'no way'
	lab fault add api-down
	vmn addinterface web-1 --name dyn1 $NAD nad1
	lab fault clear
	assert_not_added
	assert_stderr_has 'kubevirt.io=virt-api'
	put_dialect
	lab fault add api-down
	vmn addinterface web-1 --name dyn1 $NAD nad1
	lab fault clear
	assert_not_added
}

@test "a server that is too slow ends in 124, and what was asked for is not asked twice" {
	put_dialect
	lab fault add latency --value 3000 --method PUT --count 1
	vmn addinterface web-1 --name dyn1 $NAD nad1 --request-timeout 1s
	assert_status 0
	wait_until settled
	assert_equal "$(networks)" 'default dyn1'
	lab fault add latency --value 3000
	vmn addinterface web-1 --name dyn2 $NAD nad1 --request-timeout 500ms
	assert_status 124
	assert_stdout ''
	lab fault clear
}

@test "a removal whose answer is cut off is done once" {
	spec_dialect
	vmn addinterface web-1 --name dyn1 $NAD nad1 --wait=20s
	lab fault add reset --method PATCH --count 1
	vmn removeinterface web-1 --name dyn1 --wait=20s
	assert_status 0
	assert_stdout_has removed
	assert_equal "$(networks)" default
}

@test "a wait survives watches that are cut and histories that are gone" {
	spec_dialect
	lab fault add watch-cut --value 1
	vmn addinterface web-1 --name dyn1 $NAD nad1 --wait=30s
	assert_status 0
	lab fault clear
	lab fault add watch-gone --count 3
	vmn addinterface web-1 --name dyn2 $NAD nad1 --wait=30s
	assert_status 0
	lab fault clear
	lab fault add slow-plug --value 200
	vmn removeinterface web-1 --name dyn1 --wait=30s
	assert_status 0
}

@test "failures of earlier plugs do not end a wait" {
	spec_dialect
	lab fault add plug-error --text broken --count 1
	vmn addinterface web-1 --name dyn1 $NAD nad1 --wait=20s
	assert_status 1
	assert_stderr_has broken
	# The list that the watch of events falls back to has them.
	lab fault add watch-gone --match events --count 1
	lab fault add slow-plug --value 200
	vmn addinterface web-1 --name dyn2 $NAD nad1 --wait=30s
	assert_status 0
}

@test "a cached discovery that the server contradicts is read again" {
	spec_dialect
	vmn addinterface web-1 --name dyn1 $NAD nad1 --dry-run=client
	assert_stdout_has PATCH
	# As if the cluster had been KubeVirt 1.0 minutes ago.
	find "$XDG_CACHE_HOME" -name '*subresources*' -exec \
		sed -i 's|"virtualmachines/start"|"virtualmachines/addinterface"|' {} +
	vmn addinterface web-1 --name dyn1 $NAD nad1 --dry-run=client
	assert_stdout_has PUT
	vmn addinterface web-1 --name dyn1 $NAD nad1 --wait=20s
	assert_status 0
	assert_stdout_has '(spec patch), plugged'
}

@test "a cached discovery is not believed where that would go unnoticed" {
	put_dialect
	vmn addinterface web-1 --name dyn1 $NAD nad1 --dry-run=client
	assert_stdout_has PUT
	# As if the cluster had been a later KubeVirt minutes ago, whose VMs follow their template.
	find "$XDG_CACHE_HOME" -name '*subresources*' -exec sed -i 's|/addinterface"|/gone"|' {} +
	vmn addinterface web-1 --name dyn1 $NAD nad1 --wait=20s
	assert_status 0
	assert_stdout_has '(subresource), plugged'
}

@test "a refusal does not rest on a cached discovery" {
	spec_dialect
	vmn addinterface web-1 --name dyn1 $NAD nad1 --wait=20s
	# As if the cluster had been KubeVirt 1.0 minutes ago, which knows no link state.
	find "$XDG_CACHE_HOME" -name '*subresources*' -exec \
		sed -i 's|"virtualmachines/start"|"virtualmachines/addinterface"|' {} +
	vmn updateinterface web-1 --name dyn1 --state down --wait=20s
	assert_status 0
}

@test "a VM that was stopped and started while the watch was away is another one" {
	spec_dialect
	lab fault add no-plug
	lab fault add watch-gone
	background "$VMNETCTL" addinterface web-1 --name dyn1 $NAD nad1 --wait=30s
	wait_until grep -q 'the VMI has it' "$background_err"
	"$KUBECTL" delete vmi web-1 --wait=false >/dev/null # its own wait would be a watch, too
	background_end ''
	assert_status 1
	assert_stderr_has 'the VM stopped before it was done'
}

@test "a server that is silent at the end of a wait does not make it longer" {
	spec_dialect
	lab fault add no-plug
	lab fault add latency --match /pods --value 20000
	export RUN_TIMEOUT=10
	vmn addinterface web-1 --name dyn1 $NAD nad1 --wait=1s
	assert_status 124
	assert_stderr_has 'stuck at P1'
}

@test "a move to another network is seen without the right to read pods" {
	spec_dialect
	vmn addinterface web-1 --name dyn1 $NAD nad1 --wait=20s
	lab fault add status --value 403 --match /pods
	vmn updateinterface web-1 --name dyn1 $NAD nad2 --wait=40s
	assert_status 0
}

@test "a move that is over before it is watched is seen without the right to read pods" {
	spec_dialect
	vmn addinterface web-1 --name dyn1 $NAD nad1 --wait=20s
	lab fault add status --value 403 --match /pods
	lab fault add latency --method GET --match virtualmachineinstances --value 2000
	vmn updateinterface web-1 --name dyn1 $NAD nad2 --wait=40s
	assert_status 0
}
