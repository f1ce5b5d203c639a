#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Many writers to one VM: nobody's change is lost, nothing is there twice.

load ../lib/common

WRITERS=16 EACH=20

# Every writer plugs its own interfaces, one command after another.
write_all() {
	local writer i pids=

	for writer in $(seq "$WRITERS"); do
		{
			for i in $(seq "$EACH"); do
				"$VMNETCTL" addinterface web-1 --name "w${writer}x$i" \
					--network-attachment-definition-name nad1 ||
					echo "writer $writer, interface $i" >>"$BATS_TEST_TMPDIR/failed"
			done
		} >/dev/null 2>>"$BATS_TEST_TMPDIR/errors" 3>&- 4>&- &
		pids="$pids $!"
	done
	# shellcheck disable=SC2086 # one operand each
	wait $pids
	[ ! -e "$BATS_TEST_TMPDIR/failed" ] || fail "$(cat "$BATS_TEST_TMPDIR/failed")
$(grep -v warning: "$BATS_TEST_TMPDIR/errors")"
}

# assert_all KIND SPEC - all interfaces are there, and their networks, each once
assert_all() {
	local want=$((WRITERS * EACH + 1))

	wait_object "$1" web-1 "$2 | .networks | length == $want"
	kc get "$1" web-1 -o json
	assert_json "$2 | (.networks | map(.name) | unique | length == $want) and
		(.domain.devices.interfaces | map(.name) | length == $want and (unique | length == $want))"
}

@test "16 writers, 20 interfaces each, spec patch" {
	lab_up --kubevirt 1.9
	lab run web-1 --wait
	write_all
	assert_all vm .spec.template.spec
	assert_all vmi .spec
}

@test "16 writers, 20 interfaces each, PUT to the VM" {
	lab_up --kubevirt 1.0
	lab run web-1 --wait
	write_all
	assert_all vm .spec.template.spec
	assert_all vmi .spec
}

@test "16 writers, 20 interfaces each, PUT to the VMI" {
	lab_up --kubevirt 1.0-rc
	lab run web-1 --wait
	write_all
	assert_all vmi .spec
	assert_equal "$("$KUBECTL" get vm web-1 -o json | jq '.spec.template.spec.networks | length')" 1
}

@test "one writer adds what another removes, and neither harms a third" {
	lab_up --kubevirt 1.9
	lab run web-1 --wait
	WRITERS=4 EACH=5
	write_all
	vmn removeinterface web-1 --name w1x1 --wait=20s
	assert_status 0
	for i in 1 2 3; do
		background "$VMNETCTL" addinterface web-1 --name "n$i" \
			--network-attachment-definition-name nad1
		vmn removeinterface web-1 --name "w2x$i"
		assert_status 0
		background_end ''
		assert_status 0
	done
	wait_object vm web-1 '.spec.template.spec.networks | length == 20'
}
