# SPDX-License-Identifier: Apache-2.0
# What Tab offers: asked of the program, then through each real shell.
load ../lib/common

setup() {
	common_setup
	export KUBECONFIG=$HOME/config
	cat >"$KUBECONFIG" <<-END
		apiVersion: v1
		kind: Config
		current-context: east
		contexts:
		- {name: east, context: {cluster: one, user: ann}}
		- {name: west, context: {cluster: two, user: bob}}
		clusters:
		- {name: one, cluster: {server: "http://127.0.0.1:1"}}
		- {name: two, cluster: {server: "https://127.0.0.1:1"}}
		users:
		- {name: ann, user: {token: a}}
		- {name: bob, user: {exec: {apiVersion: client.authentication.k8s.io/v1,
		    command: sh, args: [-c, "echo asked >&2; echo \$\$ >pid; exec sleep 60"], interactiveMode: Never}}}
	END
}

# complete WORD... - the candidates without their descriptions, on one line, then the hints
complete() {
	vmn __complete -- "$@"
	assert_status 0
	assert_stderr ""
	reply=$(cut -f1 <<<"$output" | paste -s -d' ')
}

@test "commands, with what they do" {
	complete ver
	assert_equal "$reply" "version :4"
	assert_stdout_has $'version\tshow the versions'
	complete help comp
	assert_equal "$reply" "completion :4"
}

@test "options, those that make sense" {
	complete version --cl
	assert_equal "$reply" "--client --cluster --client-certificate --client-key :4"
	complete version --client --client
	assert_equal "$reply" "--client-certificate --client-key :4" # once is enough
	complete version --as-group a --as-gr
	assert_equal "$reply" "--as-group :4" # this one may come again
	complete --kubec
	assert_equal "$reply" "--kubeconfig :4"
	complete version -- --cl
	assert_equal "$reply" ":4"
}

@test "values, joined and apart" {
	complete version --color al
	assert_equal "$reply" "always :4"
	complete version --color=al
	assert_equal "$reply" "--color=always :4"
	complete addinterface --state ""
	assert_equal "$reply" "up down :4"
	complete updateinterface --state=d
	assert_equal "$reply" "--state=down :4"
	complete addinterface --binding ma
	assert_equal "$reply" "masquerade managedTap :4"
	complete addinterface --model ne
	assert_equal "$reply" "ne2k_pci :4"
	complete version -o ""
	assert_equal "$reply" "json yaml :4" # what this command has
	complete completion ""
	assert_equal "$reply" "bash fish zsh :4"
	complete completion bash ""
	assert_equal "$reply" ":4"
	complete version --kubeconfig ""
	assert_equal "$reply" ":0" # files are the shell's business
}

@test "names from the kubeconfig that the line chooses" {
	complete version --context ""
	assert_equal "$reply" "east west :4"
	complete --cluster=t
	assert_equal "$reply" "--cluster=two :4"
	complete version --user b
	assert_equal "$reply" "bob :4"
	cat >other <<-END
		contexts: [{name: north, context: {}}]
	END
	complete --kubeconfig other --context ""
	assert_equal "$reply" "north :4"
}

@test "no server, no candidates, no complaint" {
	complete -n ""
	assert_equal "$reply" ":4"
	KUBECONFIG=/nonexistent complete -n ""
	assert_equal "$reply" ":4"
	echo '{{{' >broken
	KUBECONFIG=broken complete --context ""
	assert_equal "$reply" ":4"
}

@test "a second is all it takes, whatever hangs" {
	local start=${EPOCHREALTIME/./}

	vmn __complete -- --context west -n ""
	assert_status 0
	assert_stderr ""
	[ $((${EPOCHREALTIME/./} - start)) -lt 2500000 ]
	# and nothing goes on behind the user's back
	run kill -0 "$(cat pid)"
	[ "$status" -ne 0 ]
}

@test "nonsense is no mistake" {
	complete --nope --color purple version --frob x --cl
	assert_equal "$reply" "--client --cluster --client-certificate --client-key :4"
	vmn __complete
	assert_status 0
	vmn __complete --
	assert_status 0
}

@test "the lab completes its own words" {
	[ -x "$VMNETCTL_LAB" ] || skip "built without the lab"
	"$VMNETCTL_LAB" __complete -- "" | grep -q '^up' || skip "the lab has no commands yet"
	complete lab u
	assert_equal "$reply" "up :4"
	complete lab kubeconfig --user ""
	assert_equal "$reply" "admin edit limited nobody :4"
}

@test "bash" {
	needs bash
	run_command bash --norc -c '
		eval "$("$VMNETCTL" completion bash)"
		ask() {
			COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
			compopt() { :; }
			_vmnetctl
			printf "%s\n" "${COMPREPLY[*]}"
		}
		ask vmnetctl ver
		ask vmnetctl version --color = al
		ask vmnetctl version --context ""
		ask vmnetctl version --context =
		ask "$VMNETCTL" --user b
		touch file-a; ask vmnetctl version --kubeconfig file-
		ask vmnetctl version --kubeconfig = file-
	'
	assert_stderr ""
	assert_stdout "version
always
east west
east west
bob
file-a
file-a"
}

@test "fish" {
	needs fish
	run_command fish --no-config -c '
		$VMNETCTL completion fish | source
		complete -C "vmnetctl ver"
		complete -C "vmnetctl version --context "
		complete -C "vmnetctl version --color=al"
	'
	assert_stderr ""
	assert_stdout_line $'version\tshow the versions.*'
	assert_stdout_line east
	assert_stdout_line west
	assert_stdout_line '[-]-color=always'
}

@test "zsh" {
	needs zsh
	"$VMNETCTL" completion zsh >_vmnetctl
	RUN_TIMEOUT=20 run_command zsh -f -c '
		zmodload zsh/zpty
		zpty shell zsh -f -i
		send() { zpty -w -n shell "$1"; }
		expect() { # read on until the text appears
			local all
			zpty -r shell all "*$1*" && print -r -- "found $1"
		}
		send "PS1= RPS1=; fpath=($PWD \$fpath); autoload -U compinit; compinit -u -D; print re\"\"ady"$'"'\n'"'
		expect ready &&
		send "vmnetctl versi"$'"'\t'"'"--clie"$'"'\t'"' && expect "--client" &&
		send $'"'\025'"'"vmnetctl version --context we"$'"'\t'"' && expect "west" &&
		send $'"'\025'"'"vmnetctl version --color=alw"$'"'\t'"' && expect "color=always"
		zpty -d shell
	'
	assert_stdout_has "found --client" "found west" "found color=always"
}

@test "kubectl completes the plugin" {
	needs kubectl
	kubectl __complete help >/dev/null 2>&1 || skip "this kubectl cannot"
	mkdir bin
	ln -s "$VMNETCTL" bin/kubectl-vmnet
	cp "$TOP/completions/kubectl_complete-vmnet" bin/
	PATH=$PWD/bin:$PATH run_command kubectl __complete vmnet version --color al
	[[ $output == *always* ]] || skip "this kubectl does not complete plugins"
	assert_stdout_has ":4"
}

@test "what inspect knows: kinds, then names, joined or apart" {
	[ -x "$VMNETCTL_LAB" ] || skip "built without the lab"
	complete inspect ""
	assert_equal "$reply" "vm vmi migration :4"
	unset KUBECONFIG
	lab_up
	lab run web-1 web-2 >/dev/null
	complete inspect vm ""
	assert_equal "$reply" "web-1 web-2 :4"
	complete inspect vm/web-2
	assert_equal "$reply" "vm/web-2 :4"
	complete inspect nothing/w
	assert_equal "$reply" ":4"
}

@test "names from a server, kept for some seconds" {
	[ -x "$VMNETCTL_LAB" ] || skip "built without the lab"
	unset KUBECONFIG
	lab_up
	complete -n kube
	assert_equal "$reply" "kube-system kubevirt :4"
	complete migrate --to-node ""
	assert_equal "$reply" "node1 node2 :4"
	[ "$(stat -c %a "$XDG_CACHE_HOME/vmnetctl/complete")" = 700 ]
	lab_down
	complete -n kube # the server is gone, the answer is still there
	assert_equal "$reply" "kube-system kubevirt :4"
	find "$XDG_CACHE_HOME/vmnetctl/complete" -type f -exec touch -d '10 seconds ago' {} +
	complete -n kube
	assert_equal "$reply" ":4"
}
