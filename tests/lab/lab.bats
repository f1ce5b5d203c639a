#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # status, output and stderr are set by bats' run
# The verbs of `vmnetctl lab`: a lab comes up, stays, goes.

load ../lib/common

# lab_run VERB [ARG...] - a verb on the lab that lab_up started; look at $status, $output, $stderr
lab_run() {
	local verb=$1

	shift
	run_command "$VMNETCTL_LAB" "$verb" --name "$LAB_NAME" "$@"
}

lab_pid() {
	lab status -o json | jq .pid
}

@test "up says what it does and is content with a running lab" {
	lab_up
	lab_run up
	assert_status 0
	assert_stdout_line "lab \"$LAB_NAME\" is running already"
	lab_run status -o json
	assert_json '.state == "running" and .kubevirt == "1.9" and .nodes == 2'
	lab_run up --kubevirt 1.9 --nodes 2
	assert_status 0
	lab_run up --kubevirt 1.0
	assert_status 1
	assert_stderr_has "is running, and plays KubeVirt 1.9 with 2 nodes"
	lab_run up --nodes 3
	assert_status 1
}

@test "objects, port and certificates survive a restart" {
	needs_kubectl
	lab_up --kubevirt 1.0
	server=$(lab status -o json | jq -r .server)
	kc create namespace kept
	assert_status 0
	version=$("$KUBECTL" get namespace kept -o jsonpath='{.metadata.resourceVersion}')
	lab_run down
	assert_stdout "lab \"$LAB_NAME\" stopped"
	lab_run status -o json
	assert_json '.state == "stopped"'
	lab_run up 3>&- 4>&-
	assert_status 0
	assert_equal "$(lab status -o json | jq -r .server)" "$server"
	kc get namespace kept -o jsonpath='{.metadata.resourceVersion}'
	assert_stdout "$version"
}

@test "another KubeVirt on an existing lab is refused, with a hint" {
	lab_up --kubevirt 1.0
	lab down
	lab_run up --kubevirt 1.9
	assert_status 1
	assert_stderr_has "plays KubeVirt 1.0, not 1.9" "hint: " "--purge"
	lab_run up --kubevirt 1.0 3>&- 4>&-
	assert_status 0
}

@test "nodes can be added, not taken away" {
	needs_kubectl
	lab_up --nodes 1
	lab down
	lab_run up --nodes 3 3>&- 4>&-
	assert_status 0
	kc get nodes -o name
	assert_equal "$(wc -l <<<"$output")" 3
	lab down
	lab_run up --nodes 2
	assert_status 1
	assert_stderr_has "has 3 nodes already"
}

@test "down waits for the end, leaves nothing running, and purge leaves nothing at all" {
	lab_up
	pid=$(lab_pid)
	lab_run down --purge
	assert_status 0
	process_gone "$pid"
	[ ! -e "$VMNETCTL_LAB_DIR/$LAB_NAME" ]
	lab_run down
	assert_status 0
	assert_stdout "lab \"$LAB_NAME\" is not running"
	lab_run status
	assert_status 1
	assert_stderr_has "there is no lab '$LAB_NAME'"
}

@test "down ends open watches, and a killed server leaves no lock behind" {
	needs_kubectl
	lab_up
	background "$KUBECTL" get namespaces --watch -o name
	wait_line "$background_out" namespace/default
	lab_run down
	assert_status 0
	background_end ""
	lab_run up 3>&- 4>&-
	assert_status 0
	pid=$(lab_pid)
	kill -KILL "$pid"
	wait_gone "$pid"
	lab_run status -o json
	assert_json '.state == "stopped"'
	lab_run up 3>&- 4>&-
	assert_status 0
	assert_stdout_has "started again"
}

@test "a pid file that names another process harms nobody" {
	lab_up
	lab down
	sleep 60 3>&- 4>&- &
	innocent=$!
	echo "$innocent" >"$VMNETCTL_LAB_DIR/$LAB_NAME/lab.pid"
	lab_run down
	assert_status 0
	assert_stdout "lab \"$LAB_NAME\" is not running"
	kill -0 "$innocent"
	kill "$innocent"
}

@test "two labs run side by side" {
	lab_up --kubevirt 1.0
	first=$LAB_NAME
	lab_up --kubevirt 1.9
	[ "$first" != "$LAB_NAME" ]
	LAB_NAME=$first lab_run status -o json
	assert_json '.state == "running" and .kubevirt == "1.0"'
	lab_run status -o json
	assert_json '.state == "running" and .kubevirt == "1.9"'
}

@test "a server that cannot start tells why" {
	export VMNETCTL_LAB_DIR=$BATS_TEST_TMPDIR/broken
	mkdir -p "$VMNETCTL_LAB_DIR/default"
	echo "this is no database, and long enough for SQLite to see that it is none" \
		>"$VMNETCTL_LAB_DIR/default/objects.db"
	run_command "$VMNETCTL_LAB" up
	assert_status 1
	assert_stderr_has "cannot start lab 'default'" "database"
	[ ! -s "$VMNETCTL_LAB_DIR/default/kubeconfig" ]
}

@test "wrong names, versions and users are refused before anything starts" {
	run_command "$VMNETCTL_LAB" up --name ../x
	assert_status 1
	assert_stderr_has "is no name for a lab"
	run_command "$VMNETCTL_LAB" up --kubevirt 7
	assert_status 1
	run_command "$VMNETCTL_LAB" kubeconfig --user root
	assert_status 1
	assert_stderr_has "a lab has no user 'root'"
	[ ! -e "$XDG_STATE_HOME/vmnetctl" ]
}

@test "every user has a kubeconfig, by certificate and by token" {
	needs_kubectl
	lab_up
	for user in admin edit limited nobody; do
		config=$(lab kubeconfig --user "$user")
		for context in "$user" "$user-token"; do
			kc --kubeconfig "$config" --context "$context" get --raw /apis
			assert_status 0
		done
	done
	config=$(lab kubeconfig --user nobody)
	kc --kubeconfig "$config" get vms
	assert_status 1
	assert_stderr_has 'User "nobody" cannot list resource "virtualmachines"'
	sed "s/token: .*/token: wrong/" "$config" >"$BATS_TEST_TMPDIR/wrong"
	kc --kubeconfig "$BATS_TEST_TMPDIR/wrong" --context nobody-token get --raw /apis
	assert_status 1
	assert_stderr_has "Unauthorized"
}

@test "logs show requests, and follow new ones" {
	needs_kubectl
	lab_up
	background "$VMNETCTL_LAB" logs --name "$LAB_NAME" --follow
	kc create namespace seen
	wait_line "$background_out" 'POST /api/v1/namespaces 201 admin'
	background_end INT
	assert_equal "$status" 130
	lab_run logs
	assert_stdout_has "POST /api/v1/namespaces 201 admin"
	vmn lab logs --name nosuch
	assert_status 1
	assert_stderr_has "there is no lab 'nosuch'" 'hint: start it'
}
