# SPDX-License-Identifier: Apache-2.0
# migrate, against the lab
load ../lib/common

setup_file() {
	lab_up --kubevirt 1.9 --nodes 3
}

setup() {
	common_setup
	needs_kubectl
}

# faults do not outlive their test
teardown() {
	lab fault clear
	common_teardown
}

# run_vm NAME... - VMs that run
run_vm() {
	lab run --wait "$@" >/dev/null
}

# migrations_of VM - how many migrations it ever had
migrations_of() {
	"$KUBECTL" get vmim -l "kubevirt.io/vmi-name=$1" -o name | wc -l
}

node_of() {
	"$KUBECTL" get vmi "$1" -o 'jsonpath={.status.nodeName}'
}

# slow_migrations VM [MS] - each step of its migrations takes longer
slow_migrations() {
	lab fault add migration-slow --match "default/$1" --value "${2:-20000}"
}

# migrating VM - start a followed migration in the background, and wait until it is in a phase
migrating() {
	background "$VMNETCTL" migrate "$1" --wait=1m
	wait_line "$background_err" "default/$1: $2"
}

# --- one VM ---------------------------------------------------------------------------

@test "a VM migrates; each phase is a line on a pipe, the result tells the way" {
	local from

	run_vm one-1
	from=$(node_of one-1)
	vmn migrate one-1 --wait
	assert_status 0
	assert_stdout_line "virtualmachine/one-1 migrated from node $from to node [a-z0-9-]+ in [0-9]+ s \(kubevirt-migrate-vm-[a-z0-9]+\)"
	assert_stderr_line 'default/one-1: Scheduling.*'
	assert_stderr_line 'default/one-1: Running, target node .*'
	assert_stderr_line 'default/one-1: Succeeded.*'
	[ "$(node_of one-1)" != "$from" ]
	assert_equal "$(migrations_of one-1)" 1
}

@test "without --wait the name of the migration is told and it goes on by itself" {
	run_vm one-2
	vmn migrate one-2
	assert_status 0
	assert_stdout_line 'virtualmachine/one-2 migration started \(kubevirt-migrate-vm-[a-z0-9]+\)'
	name=${output##*\(}
	wait_object vmim "${name%)}" '.status.phase == "Succeeded"'
}

@test "-o json reports one migration, -o name names it" {
	run_vm one-3
	vmn migrate one-3 --wait -o json
	assert_status 0
	assert_json '.vmi == "one-3" and .phase == "Succeeded" and (.durationSeconds | type) == "number"
		and .sourceNode != .targetNode and (.phases | length) >= 6'
	vmn migrate one-3 --wait -o name
	assert_stdout_line 'virtualmachineinstancemigration.kubevirt.io/kubevirt-migrate-vm-[a-z0-9]+'
}

@test "a VM that does not run, and one that does not exist" {
	run_vm one-4
	"$KUBECTL" patch vm one-4 --type merge -p '{"spec":{"runStrategy":"Halted","running":null}}' >/dev/null
	wait_until gone vmi one-4
	vmn migrate one-4
	assert_status 1
	assert_stderr_has "cannot migrate vm default/one-4: " "hint: only a running VM can migrate"
	vmn migrate nosuchvm
	assert_status 1
	assert_stderr_has 'cannot migrate vm default/nosuchvm: ' '"nosuchvm" not found'
}

gone() {
	! "$KUBECTL" get "$1" "$2" >/dev/null 2>&1
}

@test "a bare VMI migrates" {
	run_vm one-5
	"$KUBECTL" get vm one-5 -o json | jq '.spec.template | {apiVersion: "kubevirt.io/v1",
		kind: "VirtualMachineInstance", metadata: {name: "bare-5", namespace: "default"}, spec}' |
		"$KUBECTL" create -f - >/dev/null
	wait_object vmi bare-5 '.status.phase == "Running"'
	vmn migrate bare-5 --wait
	assert_status 0
	assert_stdout_line 'virtualmachineinstance/bare-5 migrated from node .* \(vmnetctl-migrate-[a-z0-9]+\)'
}

@test "--dry-run changes nothing, and the server judges" {
	run_vm one-6
	for mode in --dry-run=client --dry-run '--dry-run client'; do
		# shellcheck disable=SC2086 # one or two words
		vmn migrate one-6 $mode
		assert_status 0
		assert_stdout 'PUT /apis/subresources.kubevirt.io/v1/namespaces/default/virtualmachines/one-6/migrate
{}'
	done
	vmn migrate one-6 --dry-run server
	assert_status 0
	assert_stdout "virtualmachine/one-6 migration started (server dry run)"
	vmn migrate nosuchvm --dry-run server
	assert_status 1
	assert_equal "$(migrations_of one-6)" 0
}

@test "--from-node names a node that is there" {
	vmn migrate --from-node nosuchnode
	assert_status 1
	assert_stderr_has 'nodes "nosuchnode" not found'
}

# --- others at work ----------------------------------------------------------------------

@test "two users migrate different VMs at once and each follows its own" {
	run_vm two-1 two-2
	background "$VMNETCTL" migrate two-1 --wait -o json
	first=$background_pid first_out=$background_out
	background "$VMNETCTL" migrate two-2 --wait -o json
	background_end ""
	assert_status 0
	assert_json '.vmi == "two-2" and .phase == "Succeeded"'
	background_pid=$first background_out=$first_out
	background_end ""
	assert_status 0
	assert_json '.vmi == "two-1" and .phase == "Succeeded"'
}

@test "of several who migrate one VM at once one wins and the others are told why" {
	local i pids="" won=0 lost=0

	run_vm two-3
	slow_migrations two-3 300
	for i in 1 2 3 4; do
		background "$VMNETCTL" migrate two-3 --wait
		pids="$pids $background_pid:$background_err"
	done
	for i in $pids; do
		status=0
		wait "${i%%:*}" || status=$?
		if [ "$status" -eq 0 ]; then
			won=$((won + 1))
		else
			grep -q "in-flight migration detected" "${i#*:}"
			lost=$((lost + 1))
		fi
	done
	assert_equal "$won $lost" "1 3"
	assert_equal "$(migrations_of two-3)" 1
}

@test "a second migrate while one runs is a conflict in plain words" {
	run_vm two-4
	slow_migrations two-4
	migrating two-4 Scheduling
	vmn migrate two-4
	assert_status 1
	assert_stderr_has "cannot migrate vm default/two-4: in-flight migration detected" \
		"hint: wait for it to end, or stop it: vmnetctl migrate --cancel -n default two-4"
	assert_stderr_lacks "Internal error" "webhook"
	vmn migrate two-4 --cancel --wait
	assert_status 0
}

# --- failure, cancel, interruption -------------------------------------------------------------

@test "a failing migration is told with its reason and last event" {
	run_vm bad-1
	lab fault add migration-fail --match default/bad-1 --text "the disk is on fire"
	vmn migrate bad-1 --wait
	assert_status 1
	assert_stdout ""
	assert_stderr_has "cannot migrate vm default/bad-1: migration 'kubevirt-migrate-vm-" " failed" \
		"the disk is on fire" "(FailedMigration)"
	vmn migrate bad-1 --wait -o json
	assert_status 1
	assert_json '.vmi == "bad-1" and .phase == "Failed" and .failureReason == "the disk is on fire"
		and any(.events[]; .reason == "FailedMigration")'
	tail -n 1 <<<"$stderr" | jq -e '.kind == "Status" and .status == "Failure"' >/dev/null
}

@test "--cancel works in each phase, and who follows is told" {
	local phase n=0

	for phase in Scheduling PreparingTarget Running; do
		n=$((n + 1))
		run_vm "stop-$n"
		slow_migrations "stop-$n" 2000
		migrating "stop-$n" "$phase"
		vmn migrate "stop-$n" --cancel --wait
		assert_status 0
		assert_stdout_line "virtualmachine/stop-$n migration cancelled \(kubevirt-migrate-vm-[a-z0-9]+\)"
		background_end ""
		assert_status 1
		assert_stderr_has "cannot migrate vm default/stop-$n: migration 'kubevirt-migrate-vm-" \
			"was cancelled"
	done
}

@test "--cancel without a migration is an error" {
	run_vm stop-9
	vmn migrate stop-9 --cancel
	assert_status 1
	assert_stderr "vmnetctl: cannot cancel the migration of vm default/stop-9: no migration is under way"
}

@test "SIGINT ends the waiting, not the migration" {
	run_vm int-1
	slow_migrations int-1
	migrating int-1 Scheduling
	background_end INT
	assert_status 130
	assert_stderr_has "cannot migrate vm default/int-1: interrupted: migration 'kubevirt-migrate-vm-" \
		"is in phase Scheduling and goes on"
	vmn inspect migration -o json
	assert_json '[.items[] | select(.vmi == "int-1" and .phase == "Scheduling" and .deletionTimestamp == null)] | length == 1'
	vmn migrate int-1 --cancel --wait
	assert_status 0
}

@test "when the time runs out the exit status is 124 and the migration goes on" {
	run_vm time-1
	slow_migrations time-1
	vmn migrate time-1 --wait=1s
	assert_status 124
	assert_stderr_has "cannot migrate vm default/time-1: time ran out: migration 'kubevirt-migrate-vm-" \
		"goes on" "hint: see how it goes: vmnetctl inspect migration -n default kubevirt-migrate-vm-"
	vmn migrate time-1 --cancel --wait -o json
	assert_status 0
	assert_json '.vmi == "time-1" and .deletionTimestamp != null'
}

# --- answers that get lost ----------------------------------------------------------------------

@test "when the answer is lost, the migration it caused is found" {
	run_vm lost-1
	lab fault add reset --method PUT --match lost-1/migrate --count 1
	vmn migrate lost-1 --wait
	assert_status 0
	assert_equal "$(migrations_of lost-1)" 1
}

@test "a server error after the fact is no reason to migrate twice" {
	run_vm lost-2
	lab fault add status-after --value 500 --method PUT --match lost-2/migrate --count 1
	vmn migrate lost-2 --wait
	assert_status 0
	assert_equal "$(migrations_of lost-2)" 1
}

@test "looking for what was started survives cut connections" {
	run_vm lost-4
	lab fault add latency --value 2000 --method PUT --match lost-4/migrate
	background "$VMNETCTL" migrate lost-4 --wait -v=6
	wait_line "$background_err" "GET .*vmi-name.*lost-4 200"
	lab fault add reset --value 20 --method GET --match virtualmachineinstancemigrations --count 2
	background_end ""
	assert_status 0
	assert_stdout_has "virtualmachine/lost-4 migrated"
	assert_equal "$(migrations_of lost-4)" 1
}

@test "when the request is lost, nothing is started and that is said" {
	run_vm lost-3
	lab fault add reset-before --method PUT --match lost-3/migrate --count 1
	vmn migrate lost-3 --wait
	assert_status 1
	assert_stderr_has "cannot migrate vm default/lost-3: " \
		"hint: no migration came of it so far; before you try again see: vmnetctl inspect migration -n default"
	assert_equal "$(migrations_of lost-3)" 0
}

@test "without virt-api the hint says where to look" {
	run_vm away-1
	lab fault add api-down
	vmn migrate away-1 --wait
	lab fault clear
	assert_status 1
	assert_stderr_has 'Error from server (ServiceUnavailable)' 'kubevirt.io=virt-api'
	assert_equal "$(migrations_of away-1)" 0
}

@test "a migration is followed across cut watches and lost history" {
	run_vm cut-1
	slow_migrations cut-1 100
	lab fault add watch-cut --value 1 --match virtualmachineinstancemigrations --count 3
	vmn migrate cut-1 --wait
	assert_status 0
	lab fault add watch-gone --match virtualmachineinstancemigrations --count 2
	vmn migrate cut-1 --wait
	assert_status 0
	assert_equal "$(migrations_of cut-1)" 2
}

# --- rights ---------------------------------------------------------------------------------------

@test "who may create but not PUT still migrates" {
	run_vm may-1
	lab fault add status --value 403 --method PUT --match may-1/migrate
	vmn migrate may-1 --wait
	assert_status 0
	assert_stdout_line 'virtualmachine/may-1 migrated from node .* \(vmnetctl-migrate-[a-z0-9]+\)'
}

@test "who may PUT but not create still migrates" {
	run_vm may-2
	lab fault add status --value 403 --method POST --match virtualmachineinstancemigrations
	vmn migrate may-2 --wait
	assert_status 0
	assert_stdout_line 'virtualmachine/may-2 migrated from node .* \(kubevirt-migrate-vm-[a-z0-9]+\)'
}

@test "who may do neither is told which role helps" {
	run_vm may-3
	vmn --context edit migrate may-3
	assert_status 1
	assert_stderr_has "cannot migrate vm default/may-3: Error from server (Forbidden)" \
		"virtualmachines/migrate" "hint: have ClusterRole kubevirt.io:migrate bound"
	vmn --context nobody migrate may-3 --cancel
	assert_status 1
	assert_stderr_has "cannot cancel the migration of vm default/may-3: cannot look for the migration: "
	assert_equal "$(migrations_of may-3)" 0
}

# --- where to -----------------------------------------------------------------------------------------

@test "--to-node and --node-selector are honoured" {
	local from to

	run_vm to-1
	from=$(node_of to-1)
	to=$("$KUBECTL" get nodes -o name | sed 's|.*/||' | grep -v -x "$from" | tail -n 1)
	vmn migrate to-1 --to-node "$to" --wait
	assert_status 0
	assert_stdout_has "migrated from node $from to node $to"
	vmn migrate to-1 --to-node "$to" --wait
	assert_status 0
	assert_stdout "virtualmachine/to-1 is on node $to already"
	vmn migrate to-1 --to-node "$to" -o json
	assert_status 0
	assert_json '.vmi == "to-1" and .node == $n' --arg n "$to"
	vmn migrate to-1 --addedNodeSelector "kubernetes.io/hostname=$from,kubevirt.io/schedulable=true" --wait
	assert_status 0
	assert_stdout_has "migrated from node $to to node $from"
	vmn migrate to-1 --to-node nosuchnode
	assert_status 1
	assert_stderr_has '"nosuchnode" not found'
	assert_equal "$(migrations_of to-1)" 2
}

@test "KubeVirt 1.0 drops the node selector: refused, unless forced" {
	lab_up --kubevirt 1.0 --nodes 3
	run_vm old-1
	vmn migrate old-1 --node-selector kubernetes.io/os=linux
	assert_status 1
	assert_stderr_has "cannot migrate vm default/old-1: this server's KubeVirt drops the node selector" \
		"hint: migrate without it, or with --force"
	assert_equal "$(migrations_of old-1)" 0
	vmn migrate old-1 --node-selector kubernetes.io/os=linux --force --wait
	assert_status 0
	vmn --context edit migrate old-1 --wait
	assert_status 0
}

# --- several ---------------------------------------------------------------------------------------------

@test "a node is emptied; what cannot leave is reported" {
	local node

	run_vm many-1 many-2 many-3 many-4 many-5 many-6
	node=$(node_of many-1)
	vmn migrate --from-node "$node" --wait --max-parallel 3
	assert_status 0
	assert_stdout_line "virtualmachine/many-1 migrated from node $node to .*"
	"$KUBECTL" get vmi -o json | jq -e --arg n "$node" 'all(.items[]; .status.nodeName != $n)'
	vmn migrate --from-node "$node" --wait
	assert_status 0
	assert_stdout ""
	assert_stderr_has "no running VM matches"
	run_vm --binding bridge stay-1
	node=$(node_of stay-1)
	vmn migrate --from-node "$node" --wait
	assert_status 1
	assert_stderr_has "cannot migrate vm default/stay-1: InterfaceNotLiveMigratable" \
		"hint: it stays on node '$node'; see: vmnetctl migrate --check -n default stay-1"
	"$KUBECTL" get vmi -o json |
		jq -e --arg n "$node" '[.items[] | select(.status.nodeName == $n) | .metadata.name] == ["stay-1"]'
	vmn migrate stay-1
	assert_status 1
	assert_stderr_has "cannot migrate vm default/stay-1: Cannot migrate VMI, Reason: InterfaceNotLiveMigratable"
	vmn migrate stay-1 --check -o json
	assert_status 2
	assert_json '.checks[] | select(.id == "podNetwork") | .verdict == "bad" and (.hint | contains("masquerade"))'
	vmn migrate stay-1 many-1 --wait
	assert_status 1
	assert_stdout_line "virtualmachine/many-1 migrated .*"
}

@test "VMs chosen by label; each is reported, the others are done" {
	run_vm sel-1 sel-2 sel-3
	"$KUBECTL" label vm sel-1 sel-2 sel-3 tier=web >/dev/null
	lab fault add migration-fail --match default/sel-2 --text boom
	vmn migrate -l tier=web --wait
	assert_status 1
	assert_stdout_has "virtualmachine/sel-1 migrated" "virtualmachine/sel-3 migrated"
	assert_stderr_has "cannot migrate vm default/sel-2: "
	lab fault clear
	vmn migrate -l tier=web --wait -o json
	assert_status 0
	assert_json '[.items[].vmi] | sort == ["sel-1","sel-2","sel-3"]'
	vmn migrate -l tier=nosuch
	assert_status 0
	assert_stderr_has "nothing to do"
}

# --- --check -------------------------------------------------------------------------------------------------

@test "--check of a VM that can migrate" {
	run_vm check-1
	vmn migrate check-1 --check
	assert_status 0
	assert_stdout_line 'NAME +CHECK +VERDICT +MESSAGE'
	assert_stdout_line 'check-1 +running +ok .*'
	assert_stdout_line 'check-1 +targetNodes +ok .*'
	vmn migrate check-1 --check -o json
	assert_json '.canMigrate and (.checks | length) == 5 and all(.checks[]; .verdict == "ok")'
	vmn migrate check-1 --check -o yaml
	assert_stdout_line 'canMigrate: true'
}

@test "--check finds what is in the way: exit status 2" {
	run_vm check-2
	slow_migrations check-2
	migrating check-2 Scheduling
	vmn migrate check-2 --check -o json
	assert_status 2
	assert_json '.canMigrate == false and any(.checks[]; .id == "noMigration" and .verdict == "bad")'
	vmn migrate check-2 --cancel --wait
	vmn migrate check-2 --check --node-selector disk=tape -o json
	assert_status 2
	assert_json 'any(.checks[]; .id == "targetNodes" and .verdict == "bad")'
	vmn migrate check-2 nosuchvm --check
	assert_status 1
	assert_stderr_has "cannot check vm default/nosuchvm" "not found"
}

# --- command line --------------------------------------------------------------------------------------------

@test "wrong command lines are refused before anything is sent" {
	vmn migrate
	assert_status 1
	assert_stderr_has "no VM is named" "hint: name VMs"
	vmn migrate a --all
	assert_status 1
	vmn migrate --all -l a=b
	assert_status 1
	vmn migrate a -A
	assert_status 1
	vmn migrate a --cancel --check
	assert_status 1
	vmn migrate a --cancel --to-node n
	assert_status 1
	vmn migrate a --node-selector nonsense
	assert_status 1
	assert_stderr_has "'nonsense' is not LABEL=VALUE"
	vmn migrate a --node-selector 'a b=c'
	assert_status 1
	assert_stderr_has "no node can have the label 'a b=c'"
	vmn migrate a --node-selector 'zone=-1'
	assert_status 1
	assert_stderr_has "no node can have the label 'zone=-1'"
	vmn migrate a --max-parallel 0
	assert_status 1
	vmn migrate -l ''
	assert_status 1
	assert_stderr_has "the selector is empty"
	vmn migrate a --to-node ''
	assert_status 1
	assert_stderr_has "--to-node: '' is not the name of a node"
	vmn migrate --from-node ''
	assert_status 1
	assert_stderr_has "--from-node: '' is not the name of a node"
	vmn migrate ''
	assert_status 1
	assert_stderr_has "'' is not the name of a VM"
	vmn migrate pod/a
	assert_status 1
	assert_stderr_has "'pod/a' is neither a VM nor a VMI"
}

@test "a VM is named as commands print it, too" {
	vmn migrate virtualmachine/a vmi/b a --dry-run
	assert_status 0
	assert_equal "$(grep -c ^PUT <<<"$output")" 2
	assert_stdout_has '/virtualmachines/a/migrate' '/virtualmachines/b/migrate'
}
