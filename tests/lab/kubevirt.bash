# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # bats and the tests use them
# kubevirt.bash - what the tests of the lab's KubeVirt share: raw requests, a VM, what to wait for

SUB=/apis/subresources.kubevirt.io/v1/namespaces/default
VMS=/apis/kubevirt.io/v1/namespaces/default/virtualmachines

# credentials - take the current user's apart for curl
credentials() {
	local dir=$BATS_TEST_TMPDIR/credentials config

	[ -d "$dir" ] && return
	mkdir -p "$dir"
	config=$("$KUBECTL" config view --raw --minify -o json)
	jq -r '.clusters[0].cluster.server' <<<"$config" >"$dir/server"
	jq -r '.clusters[0].cluster["certificate-authority-data"] | @base64d' <<<"$config" >"$dir/ca"
	jq -r '.users[0].user["client-certificate-data"] | @base64d' <<<"$config" >"$dir/cert"
	jq -r '.users[0].user["client-key-data"] | @base64d' <<<"$config" >"$dir/key"
}

# api METHOD PATH [BODY [CURL-OPTION...]] - sets $code, $type, $output and $headers
api() {
	local method=$1 path=$2 body=${3-} dir=$BATS_TEST_TMPDIR/credentials

	credentials
	shift $(($# > 2 ? 3 : 2))
	output=$(guarded curl -sS --cacert "$dir/ca" --cert "$dir/cert" --key "$dir/key" -X "$method" \
		-D "$dir/headers" ${body:+--data-binary "$body"} "$@" "$(<"$dir/server")$path" &&
		echo .) || fail "curl failed: $output"
	output=${output%.}
	headers=$(tr -d '\r' <"$dir/headers")
	code=$(awk '/^HTTP/ { c = $2 } END { print c }' <<<"$headers")
	type=$(awk -F': ' 'tolower($1) == "content-type" { print $2 }' <<<"$headers")
}

# assert_answer CODE TEXT - what api got: its code, and a Status message or a plain text
assert_answer() {
	local text=$output

	case $type in application/json*) text=$(jq -r .message <<<"$output") ;; esac
	[ "$code" = "$1" ] || fail "code $code, not $1: $output"
	[ "$text" = "$2" ] || fail "'$text', not '$2'"
}

# make_vm NAME - one that runs, with an interface on the pod network
make_vm() {
	lab run "$1" --wait
	wait_vmi "$1" '.status.conditions[]? | select(.type == "AgentConnected")'
}

wait_vmi() {
	wait_object vmi "$1" "$2"
}

# plugged NAME - a condition on a VMI: pod and guest have the interface
plugged() {
	echo ".status.interfaces[]? | select(.name == \"$1\") | .infoSource | split(\", \") |
		(contains([\"domain\"]) and contains([\"multus-status\"]))"
}

# unplugged NAME - no trace of it in the VMI's status
unplugged() {
	echo "[.status.interfaces[]? | select(.name == \"$1\")] | length == 0"
}

# pod_networks VM - the annotation by which Multus is told
pod_networks() {
	"$KUBECTL" get pods -l "vm.kubevirt.io/name=$1" --field-selector status.phase=Running -o json |
		jq -c '[.items[].metadata.annotations["k8s.v1.cni.cncf.io/networks"] // "" |
			select(. != "") | fromjson[] | .interface]'
}

NAD1='"networkAttachmentDefinitionName":"nad1"'
