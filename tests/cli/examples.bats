# SPDX-License-Identifier: Apache-2.0
# The examples of help and man pages do what they say: each runs in a lab of its own.
load ../lib/common

# world COMMAND - what its examples take for granted: web-1 runs, with dyn1 where that is to be changed
world() {
	local -a interface=()

	case $1 in
	removeinterface | updateinterface) interface=(--interface dyn1=nad1) ;;
	esac
	lab_up --kubevirt 1.9
	lab run web-1 --wait "${interface[@]}" >/dev/null
}

# examples_of COMMAND... - run them all
examples_of() {
	local name line

	for name in "$@"; do
		while IFS= read -r line; do
			world "$name"
			run_command bash -o pipefail -c "$line" </dev/null
			[ "$status" -eq 0 ] || {
				show_run
				fail "this example of '$name' fails: $line"
			}
			lab_down
		done < <("$VMNETCTL" help --examples "$name")
	done
}

@test "every example of every command works" {
	local -a names

	[ -x "$VMNETCTL_LAB" ] || skip "built without the lab"
	mapfile -t names < <("$VMNETCTL" help --records | cut -d' ' -f1)
	[ "${#names[@]}" -gt 3 ]
	examples_of "${names[@]}"
}
