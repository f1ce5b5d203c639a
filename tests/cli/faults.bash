# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # status and stderr are set by bats' run
#
# Each fault of the lab against each command: nothing is lost, nothing is done twice, and the exit
# status tells. faults-1.0.bats and faults-1.9.bats load this; a cell of the matrix is a
# command, the exit status and how often the VM shows what the command does.
load ../lib/common

# faults_setup VERSION - a lab of that KubeVirt, with VMs to spend
faults_setup() {
	export version=$1
	lab_up --kubevirt "$version"
	lab run --quiet --count 150 --interface dyn0=nad1 --interface other=nad1 --wait=60s vm
}

# next_vm - the next VM that nobody touched yet, as $vm
next_vm() {
	echo >>"$BATS_FILE_TMPDIR/used"
	vm=vm-$(wc -l <"$BATS_FILE_TMPDIR/used")
}

# command_on_vm NAME - run it on $vm
command_on_vm() {
	case $1 in
	add) vmn addinterface "$vm" --name dyn1 --network-attachment-definition-name nad2 --wait=3s ;;
	remove) vmn removeinterface "$vm" --name dyn0 --wait=3s ;;
	update) vmn updateinterface "$vm" --name dyn0 --state down --wait=3s ;;
	migrate) vmn migrate "$vm" --wait=3s ;;
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

# strikes "FAULT..." COMMAND=STATUS/TIMES... - one row; a command not named is done once, with status 0
strikes() {
	local fault=$1 command cell expected wanted

	needs_kubectl
	shift
	for command in add remove update migrate inspect; do
		expected=0/1
		[ "$version $command" != "1.0 update" ] || expected=1/0 # it cannot do that
		for cell in "$@"; do
			[ "${cell%=*}" != "$command" ] || expected=${cell#*=}
		done
		next_vm
		# shellcheck disable=SC2086 # words
		lab fault add --quiet $fault
		command_on_vm "$command"
		lab fault clear --quiet
		wanted="$command: exit status ${expected%/*}, done ${expected#*/} times"
		assert_equal "$command: exit status $status, done $(done_times "$command") times" "$wanted" || {
			show_run
			return 1
		}
		[ "$status" -eq 0 ] || assert_stderr_line 'vmnetctl: cannot .*'
	done
}
