# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # status, output and stderr are set by bats' run
# plug.bash - what the tests of addinterface, removeinterface and updateinterface share

NAD=--network-attachment-definition-name

# add VM IFACE [OPTION...] - vmnetctl addinterface on nad1
add() {
	local vm=$1 iface=$2

	shift 2
	vmn addinterface "$vm" --name "$iface" $NAD nad1 "$@"
}

# plugged_vm VM [IFACE...] - a running VM that has them
plugged_vm() {
	local vm=$1 iface

	shift
	lab run "$vm" --wait
	for iface; do
		add "$vm" "$iface" --wait=20s
		assert_status 0
	done
}

# stopped_vm VM - one with an interface on the pod network, not running
stopped_vm() {
	lab run "$1" --wait
	stop_vm "$1"
	wait_until vmi_gone "$1"
}

stop_vm() {
	"$KUBECTL" patch vm "$1" --type merge -p '{"spec":{"running":null,"runStrategy":"Halted"}}' \
		>/dev/null 2>&1
}

vmi_gone() {
	! "$KUBECTL" get vmi "$1" >/dev/null 2>&1
}

# unlisted_vm VM - one whose template lists neither interfaces nor networks, running
unlisted_vm() {
	"$KUBECTL" create -f - >/dev/null 2>&1 <<-END
		apiVersion: kubevirt.io/v1
		kind: VirtualMachine
		metadata: {name: $1, namespace: default}
		spec:
		  running: true
		  template:
		    spec:
		      domain: {devices: {}, resources: {requests: {memory: 64Mi}}}
	END
	wait_object vmi "$1" '.status.phase == "Running"'
}

# ifaces VM - names (and states) of the template's interfaces; nets VM - of its networks
ifaces() {
	"$KUBECTL" get vm "$1" -o json |
		jq -r '[.spec.template.spec.domain.devices.interfaces[]? |
			.name + if .state then "=" + .state else "" end] | join(" ")'
}

nets() {
	"$KUBECTL" get vm "$1" -o json |
		jq -r '[.spec.template.spec.networks[]? |
			.name + if .multus then "=" + .multus.networkName else "" end] | join(" ")'
}

# generation VM - what a change of its spec raises
generation() {
	"$KUBECTL" get vm "$1" -o jsonpath='{.metadata.generation}'
}
