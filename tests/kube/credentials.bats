# SPDX-License-Identifier: Apache-2.0
# Every kind of credential, taken from kubeconfig files and flags to a real server: the lab. It tells
# who it takes us for when it refuses something.
load ../lib/common

setup_file() {
	needs jq
	lab_up
	export D=$BATS_FILE_TMPDIR
	KUBECONFIG=$KUBECONFIG "$BUILDDIR/tests/kube/kubeconfig_dump" >"$D/lab.json" ||
		skip "make check builds kubeconfig_dump"
}

setup() {
	common_setup
	LAB_KUBECONFIG=$KUBECONFIG
	unset KUBECONFIG
	of_lab '.users.limited["client-certificate-data"]' | base64 -d >cert.pem
	of_lab '.users.limited["client-key-data"]' | base64 -d >key.pem
	of_lab '.users["limited-token"].token' >token
}

# of_lab FILTER - a value of the lab's kubeconfig
of_lab() {
	jq -r "$1" "$D/lab.json"
}

# config USER-YAML [CLUSTER-YAML] - write $PWD/config for the lab's server, and use it
config() {
	cat >config <<-EOF
		apiVersion: v1
		kind: Config
		current-context: x
		contexts: [{name: x, context: {cluster: c, user: u, namespace: kube-system}}]
		users: [{name: u, user: $1}]
		clusters:
		- name: c
		  cluster:
		    server: $(of_lab '.clusters[].server')
		    ${2:-certificate-authority-data: $(of_lab '.clusters[]["certificate-authority-data"]')}
	EOF
	export KUBECONFIG=$PWD/config
}

# known_as NAME [OPTION...] - the server takes us for NAME, who may not do this
known_as() {
	local name=$1

	shift
	vmn inspect migration "$@"
	assert_status 1
	assert_stderr_has "User \"$name\" cannot list resource"
}

# plugin NAME SCRIPT - an executable credential plugin that counts its runs
plugin() {
	printf '#!/bin/sh\necho run >>"%s/runs"\n%s\n' "$PWD" "$2" >"$1"
	chmod +x "$1"
}

# reply VERSION STATUS-JSON - an ExecCredential
reply() {
	printf '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/%s","status":%s}' \
		"$1" "$2"
}

@test "client certificate: data, files beside the kubeconfig, flags" {
	config "{client-certificate-data: $(of_lab '.users.limited["client-certificate-data"]'),
		client-key-data: $(of_lab '.users.limited["client-key-data"]')}"
	known_as limited
	config '{client-certificate: cert.pem, client-key: ./key.pem}'
	cd /
	known_as limited
	cd "$HOME"
	config '{}'
	known_as limited --client-certificate cert.pem --client-key key.pem
	known_as system:anonymous
}

@test "client certificate: what is missing or wrong is said before anything is sent" {
	config '{client-certificate: cert.pem}'
	vmn inspect migration
	assert_status 1
	assert_stderr "vmnetctl: user 'u' has a client-certificate but no client-key"
	config '{client-certificate: cert.pem, client-key-data: "not base64!"}'
	vmn inspect migration
	assert_stderr "vmnetctl: client-key-data of user 'u' is not base64"
	config '{client-certificate: nothing.pem, client-key: key.pem}'
	vmn inspect migration
	assert_stderr_has "client-certificate of user 'u': cannot open '$HOME/nothing.pem'"
}

@test "token: in the file, by flag, from a file" {
	config "{token: $(cat token)}"
	known_as limited
	config '{}'
	known_as limited --token "$(cat token)"
	config '{tokenFile: token}'
	known_as limited
	of_lab '.users["nobody-token"].token' >token
	known_as nobody
	rm token
	vmn inspect migration
	assert_status 1
	assert_stderr_has "token file '$HOME/token' of user 'u': cannot open"
}

@test "token file: rotated while --wait watches" {
	lab run --wait rotating >/dev/null
	of_lab '.users["admin-token"].token' >token
	config '{tokenFile: token}'
	# every watch ends after one event, so that the next one asks with the token of that time
	lab fault add watch-cut --value 1 --match virtualmachineinstances
	lab fault add no-plug --match rotating
	background "$VMNETCTL" addinterface rotating -n default --name dyn1 \
		--network-attachment-definition-name nad1 --wait=60s
	wait_line "$background_err" 'the VMI has it'
	of_lab '.users["edit-token"].token' >token
	lab fault add status --value 401 --count 1 --match virtualmachineinstances
	lab fault clear no-plug
	background_end ''
	lab fault list >faults
	lab fault clear
	assert_equal "$status" 0
	assert_has "the 401 struck" "$(cat faults)" watch-cut
	assert_lacks "the 401 struck" "$(cat faults)" 401
}

@test "token: a wrong one is a 401" {
	config '{token: n0-such-t0ken}'
	vmn inspect migration
	assert_status 1
	assert_stderr_has Unauthorized
	assert_stderr_lacks n0-such-t0ken
}

@test "basic: sent, though servers of today take it for nobody" {
	config '{username: limited, password: s3cret}'
	known_as system:anonymous -v9
	assert_stderr_has '> Authorization: <redacted>'
	assert_stderr_lacks s3cret "$(printf limited:s3cret | base64)"
}

@test "exec plugin: token, v1 and v1beta1, run once" {
	local version

	for version in v1 v1beta1; do
		rm -f runs
		plugin get-token "echo '$(reply $version "{\"token\":\"$(cat token)\"}")'"
		config "{exec: {apiVersion: client.authentication.k8s.io/$version,
			interactiveMode: IfAvailable, command: ./get-token}}"
		cd /
		known_as limited
		cd "$HOME"
		assert_equal "$(cat runs)" run
	done
}

@test "exec plugin: certificate and key in the reply" {
	plugin get-cert "echo '$(reply v1 "$(jq -n --rawfile c cert.pem --rawfile k key.pem \
		'{clientCertificateData: $c, clientKeyData: $k}')")'"
	config '{exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never,
		command: ./get-cert}}'
	known_as limited
}

@test "exec plugin: asked again after a 401, once" {
	# shellcheck disable=SC2016 # expanded in the plugin
	plugin get-token 'cd "${0%/*}"
		test "$(wc -l <runs)" -gt 1 && exec cat second
		exec cat first'
	reply v1 '{"token":"revoked"}' >first
	reply v1 "{\"token\":\"$(cat token)\"}" >second
	config '{exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never,
		command: ./get-token}}'
	known_as limited
	assert_equal "$(wc -l <runs)" 2
	rm runs
	cp first second
	vmn inspect migration
	assert_status 1
	assert_stderr_has Unauthorized
	assert_equal "$(wc -l <runs)" 2
}

@test "exec plugin: what it is told" {
	plugin get-token "printf '%s' \"\$KUBERNETES_EXEC_INFO\" >'$HOME/info'
		echo \"\$1 \$WHO\" >'$HOME/told'
		echo '$(reply v1 "{\"token\":\"$(cat token)\"}")'"
	config '{exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never,
		command: ./get-token, args: [a b], env: [{name: WHO, value: me}],
		provideClusterInfo: true}}' "certificate-authority-data: $(
		of_lab '.clusters[]["certificate-authority-data"]')
    extensions: [{name: client.authentication.k8s.io/exec, extension: {audience: x}}]"
	known_as limited
	assert_equal "$(cat told)" "a b me"
	assert_equal "$(jq -c '[.kind, .apiVersion, .spec.interactive, .spec.cluster.config]' info)" \
		'["ExecCredential","client.authentication.k8s.io/v1",false,{"audience":"x"}]'
	assert_equal "$(jq -r .spec.cluster.server info)" "$(of_lab '.clusters[].server')"
	assert_equal "$(jq -r '.spec.cluster["certificate-authority-data"]' info)" \
		"$(of_lab '.clusters[]["certificate-authority-data"]')"
}

@test "exec plugin: its words reach the user, its reply does not" {
	plugin get-token "echo 'please log in' >&2
		echo '$(reply v1 "{\"token\":\"$(cat token)\"}")'"
	config '{exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never,
		command: ./get-token}}'
	vmn -v9 inspect migration
	assert_stderr_has 'please log in'
	assert_stderr_lacks "$(cat token)"
	plugin get-token 'echo "no session" >&2; echo s3cret; exit 1'
	vmn -v9 inspect migration
	assert_status 1
	assert_stderr_has 'no session' "exec plugin '$HOME/get-token': it failed with exit status 1"
	assert_stderr_lacks s3cret
}

@test "exec plugin: may ask questions on a terminal, where it is allowed to" {
	local mode

	needs script
	# shellcheck disable=SC2016 # expanded in the plugin
	plugin get-token 'read -r token
		printf '"'$(reply v1 '{"token":"%s"}')'"' "$token"'
	for mode in IfAvailable Always; do
		config "{exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: $mode,
			command: ./get-token}}"
		run_command script -qec "$VMNETCTL inspect migration" /dev/null <token
		assert_stdout_has 'User "limited" cannot list resource'
	done
	vmn inspect migration </dev/null
	assert_status 1
	assert_stderr_has 'wants to ask questions, but stdin is not a terminal'
}

@test "exec plugin: its time is not the request's" {
	plugin get-token "sleep 2; echo '$(reply v1 "{\"token\":\"$(cat token)\"}")'"
	config '{exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never,
		command: ./get-token}}'
	known_as limited --request-timeout 1500ms
}

@test "exec plugin: ends with us" {
	plugin get-token 'while :; do sleep 1; done'
	config '{exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never,
		command: ./get-token}}'
	: >runs
	background "$VMNETCTL" inspect migration
	wait_line runs run
	background_end
	assert_equal "$status" 143
	assert_equal "$(pgrep -f "$HOME/get-token")" ''
}

@test "exec plugin: missing, with its install hint" {
	config '{exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: vmnetctl-no-plugin,
		installHint: "get it at https://example.org"}}'
	vmn inspect migration
	assert_status 1
	assert_stderr_has "cannot run 'vmnetctl-no-plugin': No such file or directory" \
		'hint: get it at https://example.org'
	config '{exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: x}}'
	vmn inspect migration
	assert_stderr_has 'v1alpha1 was removed'
}

@test "auth-provider: gone, and it says so" {
	config '{auth-provider: {name: gcp}}'
	vmn inspect migration
	assert_status 1
	assert_stderr_has "auth-provider 'gcp', which no longer exists" 'hint: '
}

@test "impersonation: flags and kubeconfig" {
	export KUBECONFIG=$LAB_KUBECONFIG
	known_as jane --as jane
	known_as jane --as jane --as-group nobodies --as-uid 7
	config "{token: $(of_lab '.users["admin-token"].token'), as: joe, as-groups: [a, b],
		as-user-extra: {scopes: [x]}}"
	known_as joe
	known_as jane --as jane
	export KUBECONFIG=$LAB_KUBECONFIG
	vmn --context nobody --as jane inspect migration
	assert_status 1
	assert_stderr_has 'User "nobody" cannot impersonate'
	vmn --as-group g inspect migration
	assert_status 1
	assert_stderr_has 'hint: name the user with --as'
}

@test "credentials and clusters from different files" {
	config "{token: $(cat token)}"
	printf 'current-context: z\ncontexts: [{name: z, context: {cluster: c, user: v}}]\n' >first
	printf 'users: [{name: v, user: {tokenFile: token}}]\n' >second
	KUBECONFIG=first:/nonexistent:second:config known_as limited -n kube-system
}

@test "the server is checked: CA by file, by flag, wrong, none, not at all" {
	of_lab '.clusters[]["certificate-authority-data"]' | base64 -d >ca.pem
	config "{token: $(cat token)}" 'certificate-authority: ca.pem'
	known_as limited
	config "{token: $(cat token)}" 'disable-compression: true'
	known_as limited --certificate-authority ca.pem
	vmn inspect migration
	assert_status 1
	assert_stderr_has certificate
	known_as limited --insecure-skip-tls-verify
	assert_stderr_has 'vmnetctl: warning: the certificate of https://'
	config "{token: $(cat token)}" 'certificate-authority: cert.pem'
	vmn inspect migration
	assert_status 1
	config "{token: $(cat token)}" 'certificate-authority: ca.pem
    insecure-skip-tls-verify: true'
	vmn inspect migration
	assert_status 1
	assert_stderr_has "certificate-authority and insecure-skip-tls-verify"
	config "{token: $(cat token)}" 'certificate-authority: ca.pem
    tls-server-name: not.the.server'
	vmn inspect migration
	assert_status 1
	known_as limited --tls-server-name localhost
}

@test "proxy-url is used, and only for what it can be" {
	config "{token: $(cat token)}" 'proxy-url: http://127.0.0.1:1'
	vmn inspect migration
	assert_status 1
	assert_stderr_has 127.0.0.1:1
	config "{token: $(cat token)}" 'proxy-url: ssh://127.0.0.1:1'
	vmn inspect migration
	assert_stderr "vmnetctl: proxy-url of cluster 'c': scheme 'ssh' is not http, https or socks5"
	# the environment's is not for this machine's own addresses
	config "{token: $(cat token)}"
	HTTPS_PROXY=http://127.0.0.1:1 known_as limited
}

@test "inside a pod: the service account" {
	local server in_pod

	server=$(of_lab '.clusters[].server')

	unshare -rm true 2>/dev/null || skip "no user namespaces"
	of_lab '.clusters[]["certificate-authority-data"]' | base64 -d >ca.crt
	printf kube-system >namespace
	mkdir -p files && mv token ca.crt namespace files
	# shellcheck disable=SC2016 # expanded inside
	in_pod='
		mount -t tmpfs none /run &&
		mkdir -p /run/secrets/kubernetes.io/serviceaccount &&
		cp files/* /run/secrets/kubernetes.io/serviceaccount &&
		exec env -u KUBECONFIG KUBERNETES_SERVICE_HOST=127.0.0.1 \
			KUBERNETES_SERVICE_PORT='"${server##*:}"' "$VMNETCTL" inspect migration'
	run_command unshare -rm sh -c "$in_pod"
	assert_status 1
	assert_stderr_has 'User "limited" cannot list resource' 'in the namespace "kube-system"'
	POD_NAMESPACE=default run_command unshare -rm sh -c "$in_pod"
	assert_stderr_has 'in the namespace "default"'
}

@test "no server at all" {
	vmn inspect migration
	assert_status 1
	assert_stderr_has 'no Kubernetes server is configured' 'hint: set KUBECONFIG'
}
