# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # status and stderr are set by bats' run
#
# Each fault of the lab against each command, at KubeVirt 1.0 and 1.9: nothing is lost, nothing is done
# twice, and the exit status tells. A cell of the matrix is [VERSION:]COMMAND=STATUS/TIMES: the exit
# status, and how often the VM shows what the command does; a command not named is done once, with 0.
load ../lib/common

setup_file() {
	local version

	for version in 1.0 1.9; do
		lab_up --kubevirt "$version"
		lab run --quiet --count 150 --interface dyn0=nad1 --interface other=nad1 --wait=60s vm
		echo "$LAB_NAME" >"$BATS_FILE_TMPDIR/lab-$version"
	done
}

# at VERSION - speak with that lab from here on
at() {
	version=$1
	LAB_NAME=$(<"$BATS_FILE_TMPDIR/lab-$version")
	KUBECONFIG=$(lab kubeconfig)
	export LAB_NAME KUBECONFIG
}

# next_vm - the next VM of this lab that nobody touched yet, as $vm
next_vm() {
	echo >>"$BATS_FILE_TMPDIR/used-$version"
	vm=vm-$(wc -l <"$BATS_FILE_TMPDIR/used-$version")
}

# command_on_vm NAME - run it on $vm, waiting for $wait
command_on_vm() {
	case $1 in
	add) vmn addinterface "$vm" --name dyn1 --network-attachment-definition-name nad2 "--wait=$wait" ;;
	remove) vmn removeinterface "$vm" --name dyn0 "--wait=$wait" ;;
	update) vmn updateinterface "$vm" --name dyn0 --state down "--wait=$wait" ;;
	migrate) vmn migrate "$vm" "--wait=$wait" ;;
	inspect) vmn inspect vm "$vm" ;;
	esac
}

# done_times NAME - how often the VM shows what it does
done_times() {
	local nics='.spec.template.spec.domain.devices.interfaces[]'

	case $1 in
	add) vm_has "$nics | select(.name == \"dyn1\" and .state != \"absent\")" ;;
	remove) echo $((1 - $(vm_has "$nics | select(.name == \"dyn0\" and .state != \"absent\")"))) ;;
	update) vm_has "$nics | select(.name == \"dyn0\" and .state == \"down\")" ;;
	migrate)
		"$KUBECTL" get virtualmachineinstancemigrations -o json |
			jq "[.items[] | select(.spec.vmiName == \"$vm\")] | length"
		;;
	inspect) vm_has . ;;
	esac
}

vm_has() {
	"$KUBECTL" get vm "$vm" -o json | jq "[$1] | length"
}

# strikes "FAULT..." [CELL...] - one row of the matrix
strikes() {
	local fault=$1 command cell expected wait wanted

	needs_kubectl
	shift
	for version in 1.0 1.9; do
		at "$version"
		for command in add remove update migrate inspect; do
			expected=0/1
			[ "$version $command" != "1.0 update" ] || expected=1/0 # it cannot do that
			for cell in "$@"; do
				case $cell in
				"$command"=* | "$version:$command"=*) expected=${cell#*=} ;;
				esac
			done
			wait=30s
			[ "${expected%/*}" != 124 ] || wait=2s
			next_vm
			# shellcheck disable=SC2086 # words
			lab fault add --quiet $fault
			command_on_vm "$command"
			lab fault clear --quiet
			wanted="$version $command: exit status ${expected%/*}, done ${expected#*/} times"
			assert_equal "$version $command: exit status $status, done $(done_times "$command") times" \
				"$wanted" || {
				show_run
				return 1
			}
			[ "$status" -eq 0 ] || assert_stderr_line 'vmnetctl: cannot .*'
		done
	done
}

@test "a slow server" {
	strikes "latency --value 30"
}

@test "a request answered by 429 is sent again" {
	strikes "status --value 429 --retry-after 0 --count 2"
}

@test "a request answered by 503 is sent again" {
	strikes "status --value 503 --retry-after 0 --count 2"
}

@test "a read cut in its answer is read again" {
	strikes "reset --method GET --count 1"
}

@test "a read cut before its answer is read again" {
	strikes "reset-before --method GET --count 1"
}

@test "a PUT cut in its answer was done" {
	strikes "reset --method PUT"
}

@test "a patch cut in its answer was done" {
	strikes "reset --method PATCH"
}

@test "a PUT cut before it arrived was not done, nor is it sent again" {
	strikes "reset-before --method PUT" 1.0:add=1/0 1.0:remove=1/0 migrate=1/0
}

@test "a patch cut before it arrived was not done, nor is it sent again" {
	strikes "reset-before --method PATCH" 1.9:add=1/0 1.9:remove=1/0 update=1/0
}

@test "a failing PUT is not sent again" {
	strikes "status --value 500 --method PUT" 1.0:add=1/0 1.0:remove=1/0 migrate=1/0
}

@test "a failing patch is not sent again" {
	strikes "status --value 500 --method PATCH" 1.9:add=1/0 1.9:remove=1/0 update=1/0
}

@test "a PUT that fails after it was done counts as done" {
	strikes "status-after --value 500 --method PUT"
}

@test "a patch that fails after it was done counts as done" {
	strikes "status-after --value 500 --method PATCH"
}

@test "a conflict is planned anew" {
	strikes "conflict --count 2"
}

@test "a watch that is cut goes on" {
	strikes "watch-cut --value 1"
}

@test "a watch too old begins anew" {
	strikes "watch-gone --count 2"
}

@test "a slow plug is waited for" {
	strikes "slow-plug --value 100"
}

@test "a plug that never comes times out" {
	strikes "no-plug" add=124/1
}

@test "a plug that fails is told at once" {
	strikes "plug-error --text broken" add=1/1
}

@test "a guest that keeps the device times out" {
	strikes "no-unplug" remove=124/1
}

@test "a migration that fails is told" {
	strikes "migration-fail --text broken" migrate=1/1
}

@test "a slow migration is waited for" {
	strikes "migration-slow --value 50"
}

@test "a webhook's refusal is told" {
	strikes "webhook --text no" migrate=1/0 1.9:add=1/0 1.9:remove=1/0 update=1/0
}

@test "without virt-api nothing is changed" {
	strikes "api-down" add=1/0 remove=1/0 migrate=1/0 update=1/0
}
