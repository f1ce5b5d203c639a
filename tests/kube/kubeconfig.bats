# SPDX-License-Identifier: Apache-2.0
# Kubeconfig files are read and merged as kubectl reads and merges them: `kubectl config view`
# is asked the same question and must give the same answer.
load ../lib/common

# Both answers as {clusters: {NAME: ...}, users, contexts, current} without what says nothing, and
# without the fields that not every kubectl knows.
NORMALISE='
def clean: walk(if type == "object"
	then with_entries(select(.value | . != null and . != "" and . != false and . != [] and . != {}))
	else . end);
def known: del(.clusters[]?."disable-compression", .users[]?."as-uid",
	.users[]?.exec?.interactiveMode?);
clean | known | .clusters //= {} | .users //= {} | .contexts //= {} | .current //= ""'
FROM_KUBECTL='{clusters: ((.clusters // []) | map({key: .name, value: .cluster}) | from_entries),
	users: ((.users // []) | map({key: .name, value: .user}) | from_entries),
	contexts: ((.contexts // []) | map({key: .name, value: .context}) | from_entries),
	current: ."current-context"}'

setup() {
	common_setup
	needs jq
	needs_kubectl
	[ -x "$BUILDDIR/tests/kube/kubeconfig_dump" ] || skip "make check builds kubeconfig_dump"
	mkdir one two
}

# same - $KUBECONFIG (or the file named) means the same to both
same() {
	local theirs ours

	theirs=$("$KUBECTL" ${1:+--kubeconfig "$1"} config view --raw --flatten -o json |
		jq -S "$FROM_KUBECTL | $NORMALISE")
	ours=$("$BUILDDIR/tests/kube/kubeconfig_dump" "$@" | jq -S "$NORMALISE")
	assert_equal "$ours" "$theirs"
}

# refused - neither takes it
refused() {
	run "$KUBECTL" config view --raw -o json
	[ "$status" -ne 0 ] || fail "kubectl takes it"
	run "$BUILDDIR/tests/kube/kubeconfig_dump"
	[ "$status" -eq 1 ] || fail "we take it"
}

@test "entries: the first file wins, whole entries at a time" {
	cat >one/config <<-EOF
		apiVersion: v1
		kind: Config
		clusters:
		- name: a
		  cluster: {server: "https://one"}
		- name: only-one
		  cluster: {server: "https://x", tls-server-name: y}
		users:
		- name: u
		  user: {token: "1"}
		contexts:
		- name: c
		  context: {cluster: a}
	EOF
	cat >two/config <<-EOF
		current-context: second
		clusters:
		- name: a
		  cluster: {server: "https://two", tls-server-name: two, proxy-url: "http://p"}
		- name: b
		  cluster: {server: "https://b", insecure-skip-tls-verify: true}
		users:
		- name: u
		  user: {username: x, password: y}
		- name: v
		  user: {as: jane, as-groups: [g, h], as-user-extra: {k: [v]}}
		contexts:
		- name: c
		  context: {cluster: b, user: u, namespace: n}
	EOF
	KUBECONFIG=one/config:two/config same
	KUBECONFIG=two/config:one/config same
	KUBECONFIG=one/config:one/config same
}

@test "current context: the first that is set" {
	echo 'current-context: ""' >one/config
	echo 'current-context: two' >two/config
	echo 'current-context: three' >three
	KUBECONFIG=one/config:two/config:three same
	KUBECONFIG=three:two/config same
}

@test "missing files, empty names and empty files are passed over" {
	echo 'current-context: two' >two/config
	: >empty
	printf '# nothing\n' >comment
	KUBECONFIG=/nonexistent:::two/config: same
	KUBECONFIG=/nonexistent same
	KUBECONFIG=empty:comment:two/config same
	KUBECONFIG='' same
	mkdir .kube
	echo 'current-context: home' >.kube/config
	unset KUBECONFIG
	same
	KUBECONFIG=two/config same .kube/config
}

@test "paths start from the file that holds them" {
	echo ca >one/ca
	echo cert >two/cert
	echo key >two/key
	cat >one/config <<-EOF
		clusters:
		- name: a
		  cluster: {server: s, certificate-authority: ca}
		- name: b
		  cluster: {server: s, certificate-authority: .//../two/./cert}
	EOF
	cat >two/config <<-EOF
		users:
		- name: u
		  user: {client-certificate: cert, client-key: ../two/key}
	EOF
	KUBECONFIG=one/config:two/config same
	KUBECONFIG=$PWD/one/config:./two/../two/config same
	ln -s one/config link
	KUBECONFIG=link run "$BUILDDIR/tests/kube/kubeconfig_dump"
	[ "$status" -eq 1 ] # a link's directory is the link's, as for kubectl
	KUBECONFIG=link run "$KUBECTL" config view --raw --flatten
	[ "$status" -ne 0 ]
}

@test "YAML: anchors, merge keys, duplicate keys, documents, JSON" {
	cat >one/config <<-EOF
		x-base: &base {server: "https://m", tls-server-name: t}
		clusters:
		- name: before
		  cluster: {<<: *base, server: "https://own"}
		- name: after
		  cluster: {server: "https://own", <<: *base}
		- name: twice
		  cluster: {server: "https://1", server: "https://2"}
		- name: folded
		  cluster:
		    server: >-
		      https://folded
		current-context: a
		current-context: b
		---
		current-context: another document
	EOF
	printf '\xef\xbb\xbf{"users":\t[{"name": "\\u00e9", "user": {"token": "a/b"}}]}' >two/config
	KUBECONFIG=one/config:two/config same
}

@test "scalars that look like strings but are not, and the other way round" {
	local value

	for value in 0123 1e3 yes n true 2026-11-21 12:30:45 ~ '"~"' null "'yes'" .5 0x1 a=b @x; do
		printf 'users: [{name: u, user: {token: %s}}]\n' "$value" >one/config
		export KUBECONFIG=one/config
		if "$KUBECTL" config view --raw >/dev/null 2>&1; then
			same
		else
			refused
		fi
	done
}

@test "what kubectl refuses we refuse" {
	local text

	export KUBECONFIG=one/config
	for text in 'clusters: {}' 'clusters: [{name: 1}]' 'kind: Pod' 'apiVersion: v2' '[]' \
		'contexts: [{name: x}, {name: x}]' 'users: [{name: u, user: {token: [a]}}]' \
		'clusters: [{name: c, cluster: {insecure-skip-tls-verify: "true"}}]' \
		'current-context: 7' 'a: [' 'users: [{name: u, user: {as-groups: x}}]' \
		'users: [{name: u, user: {as-user-extra: {k: v}}}]'; do
		printf '%s\n' "$text" >one/config
		refused
	done
}

@test "exec plugins and extensions come through" {
	cat >one/config <<-EOF
		clusters:
		- name: c
		  cluster:
		    server: https://c
		    extensions:
		    - name: client.authentication.k8s.io/exec
		      extension: {audience: x, apiVersion: v1, kind: Thing, n: 1, b: yes}
		users:
		- name: u
		  user:
		    exec:
		      apiVersion: client.authentication.k8s.io/v1beta1
		      command: on-path
		      args: [a, "1"]
		      env:
		      - {name: A, value: b}
		      provideClusterInfo: true
		      installHint: get it
		- name: p
		  user: {auth-provider: {name: gcp, config: {cmd-path: x}}}
	EOF
	KUBECONFIG=one/config same
}
