# SPDX-License-Identifier: Apache-2.0
# netsetup apply, undo, status and host in namespaces of their own.
load ../lib/common
load netns

setup() {
	common_setup
	needs_netns
	export VMNETCTL_STATE_DIR=$BATS_TEST_TMPDIR/state
}

# manifest BINDING - a VM with two interfaces, the first with BINDING
manifest() {
	cat >"$BATS_TEST_TMPDIR/vmi.yaml" <<-END
		apiVersion: kubevirt.io/v1
		kind: VirtualMachineInstance
		metadata: {name: web}
		spec:
		  networks:
		  - {name: default, pod: {}}
		  - {name: dyn1, multus: {networkName: blue}}
		  domain:
		    devices:
		      interfaces:
		      - {name: default, $1: {}}
		      - {name: dyn1, bridge: {}}
	END
	vmi=$BATS_TEST_TMPDIR/vmi.yaml
}

# link NAME FILTER - a field of a link of the pod, by jq
link() {
	in_netns "$pod" ip -d -j link show "$1" | jq -r ".[0] | $2"
}

addresses() {
	in_netns "$pod" ip -j addr show "$1" |
		jq -r '[.[0].addr_info[] | "\(.local)/\(.prefixlen)"] | sort | join(" ")'
}

sysctl_of() {
	in_netns "$pod" sysctl -n "$1"
}

@test "bridge binding: the layout is KubeVirt's" {
	pod_up
	in_netns "$pod" ip link set eth0 mtu 1400
	mac=$(link eth0 .address)
	ifindex=$(link eth0 .ifindex)
	manifest bridge
	vmn netsetup apply --netns "pid:$pod" -f "$vmi"
	assert_status 0
	assert_stdout 'interface "default" set up (bridge: k6t-eth0, tap0)
interface "dyn1" set up (bridge: k6t-a1b579e0928, tapa1b579e0928)'

	# the bridge: the address for DHCP, up
	assert_equal "$(link k6t-eth0 .linkinfo.info_kind)" bridge
	assert_equal "$(addresses k6t-eth0)" 169.254.75.10/32
	assert_equal "$(addresses k6t-a1b579e0928)" ""
	# the CNI's link: renamed, a port with the bridge's MAC, learning off, no address
	assert_equal "$(link eth0-nic .ifindex)" "$ifindex"
	assert_equal "$(link eth0-nic .address)" "$(link k6t-eth0 .address)"
	assert_equal "$(link eth0-nic .master)" k6t-eth0
	assert_equal "$(link eth0-nic .linkinfo.info_slave_data.learning)" false
	assert_equal "$(addresses eth0-nic)" ""
	assert_equal "$(link eth0-nic '.flags | index("UP") != null')" true
	# the tap: the pod's MTU, KubeVirt's user, learning on, up
	assert_equal "$(link tap0 .mtu)" 1400
	assert_equal "$(link tap0 .linkinfo.info_data.user)" "$(getent passwd 107 | cut -d: -f1 | grep . || echo 107)"
	assert_equal "$(link tap0 .master)" k6t-eth0
	assert_equal "$(link tap0 .linkinfo.info_slave_data.learning)" true
	assert_equal "$(link tap0 '.flags | index("UP") != null')" true
	# the link that keeps the addresses: old name, MAC and MTU, down
	assert_equal "$(link eth0 .address)" "$mac"
	assert_equal "$(link eth0 .mtu)" 1400
	assert_equal "$(link eth0 '.flags | index("UP") == null')" true
	[[ "$(addresses eth0)" == "10.244.1.5/24 fd00:10:244::5/64"* ]]
	assert_equal "$(sysctl_of net.ipv4.conf.all.arp_ignore)" 1
	# of what kind it is, is told: a dummy, where the kernel has them
	kind=bridge
	! in_netns "$world" ip link add probe type dummy 2>/dev/null || kind=dummy
	assert_equal "$(link eth0 .linkinfo.info_kind)" "$kind"
	vmn netsetup status --netns "pid:$pod" -o json
	assert_json '.interfaces | map(.keeper) == [$kind, $kind]' --arg kind "$kind"
	vmn netsetup status --netns "pid:$pod" -o wide
	assert_equal "$(awk 'NR == 1 {for (i = 1; i <= NF; i++) if ($i == "KEEPER") col = i}
		NR == 2 {print $col}' <<<"$output")" "$kind"
	# nothing says an address of its own on the wire
	assert_equal "$(link eth0-nic .inet6_addr_gen_mode)" none
	assert_equal "$(link k6t-eth0 .inet6_addr_gen_mode)" none
	assert_equal "$(link tap0 .inet6_addr_gen_mode)" none
}

@test "masquerade: the layout is KubeVirt's, and traffic gets through" {
	pod_up
	manifest masquerade
	vmn netsetup apply --netns "pid:$pod" -f "$vmi"
	assert_status 0
	assert_equal "$(link k6t-eth0 .address)" 02:00:00:00:00:00
	[[ "$(addresses k6t-eth0)" == "10.0.2.1/24 fd10:0:2::1/120"* ]]
	[[ "$(addresses eth0)" == "10.244.1.5/24 fd00:10:244::5/64"* ]]
	assert_equal "$(link tap0 .master)" k6t-eth0
	assert_equal "$(sysctl_of net.ipv4.ip_forward)" 1
	assert_equal "$(sysctl_of net.ipv6.conf.all.forwarding)" 1
	assert_equal "$(sysctl_of net.ipv4.conf.k6t-eth0.route_localnet)" 1

	# A guest: a veth instead of QEMU on the bridge.
	netns_new
	guest=$netns_pid
	ipb "$pod" <<-END
		link add vg type veth peer name eth0 netns $guest
		link set vg master k6t-eth0 up
	END
	ipb "$guest" <<-END
		link set eth0 up
		addr add 10.0.2.2/24 dev eth0
		addr add fd10:0:2::2/120 dev eth0 nodad
		route add default via 10.0.2.1
		route add default via fd10:0:2::1
	END
	reaches "$guest" 10.244.1.1 "$world" 10.244.1.5
	reaches "$guest" fd00:10:244::1 "$world" fd00:10:244::5
	# and the guest's port is the pod's
	reaches "$world" 10.244.1.5 "$guest" 10.244.1.1
	reaches "$world" fd00:10:244::5 "$guest" fd00:10:244::1
}

# reaches FROM ADDRESS TO SEEN - who connects in FROM to port 8080 of ADDRESS is served in TO, where it
# comes from SEEN
reaches() {
	local client=$BATS_TEST_TMPDIR/client.py server=$BATS_TEST_TMPDIR/server.py

	needs python3
	cat >"$server" <<-'END'
		import socket
		s = socket.create_server(("::", 8080), family=socket.AF_INET6, dualstack_ipv6=True)
		print("ready", flush=True)
		c, peer = s.accept()
		print(peer[0].removeprefix("::ffff:"), flush=True)
	END
	cat >"$client" <<-'END'
		import socket, sys
		socket.create_connection((sys.argv[1], 8080), 10).recv(1)
	END
	background in_netns "$3" python3 "$server"
	wait_line "$background_out" ready
	in_netns "$1" timeout 15 python3 "$client" "$2"
	background_end ""
	assert_equal "$output" "ready
$4"
}

@test "a second apply changes nothing; what was tampered with is told and mended" {
	pod_up
	manifest bridge
	vmn netsetup apply --netns "pid:$pod" -f "$vmi"
	assert_status 0
	dump "$pod" >before
	vmn netsetup apply --netns "pid:$pod" -f "$vmi"
	assert_status 0
	assert_stdout 'interface "default" unchanged
interface "dyn1" unchanged'
	dump "$pod" | diff before -
	vmn netsetup status --netns "pid:$pod" -o json
	assert_json '.interfaces | map(.state) == ["ok", "ok"]'

	in_netns "$pod" ip link set tap0 down
	in_netns "$pod" ip addr del 169.254.75.10/32 dev k6t-eth0
	in_netns "$pod" ip link del eth0
	vmn netsetup status --netns "pid:$pod" -o json
	assert_json '.interfaces[0].state == "drifted" and .interfaces[1].state == "ok"'
	assert_json '.interfaces[0].drift | any(contains("ip link set dev tap0 up"))'
	vmn netsetup apply --netns "pid:$pod" -f "$vmi"
	assert_status 0
	assert_stdout_has 'interface "default" mended'
	vmn netsetup status --netns "pid:$pod" -o json
	assert_json '.interfaces | map(.state) == ["ok", "ok"]'
	[[ "$(addresses eth0)" == "10.244.1.5/24 fd00:10:244::5/64"* ]]
}

@test "edited rules of ours are told and mended, those of others left alone" {
	pod_up
	quiet_links "$pod"
	in_netns "$pod" nft add table ip nat '{ chain c { type nat hook postrouting priority 100; }; }'
	dump "$pod" >before
	vmn netsetup apply --netns "pid:$pod" --binding masquerade --port 80
	assert_status 0
	in_netns "$pod" nft -s list ruleset >made
	in_netns "$pod" nft add rule ip vmnetctl_k6t_eth0 prerouting tcp dport 22 drop
	in_netns "$pod" nft flush chain ip6 vmnetctl_k6t_eth0 preinbound
	in_netns "$pod" nft add rule ip nat c tcp dport 22 return
	in_netns "$pod" nft -s list ruleset >edited
	vmn netsetup status --netns "pid:$pod" -o json
	assert_json '.interfaces[0] | .state == "drifted" and (.drift | length == 1)'
	assert_json '.interfaces[0].drift[0] | contains("delete table ip vmnetctl_k6t_eth0") and
		contains("delete table ip6 vmnetctl_k6t_eth0")'
	vmn netsetup apply --netns "pid:$pod" --binding masquerade --port 80
	assert_status 0
	assert_stdout_has 'interface "default" mended'
	in_netns "$pod" nft flush chain ip nat c
	in_netns "$pod" nft -s list ruleset | diff <(sort made) <(sort)
	vmn netsetup apply --netns "pid:$pod" --binding masquerade --port 80
	assert_stdout 'interface "default" unchanged'
	# counting packets is no drift
	in_netns "$world" bash -c 'echo >/dev/udp/10.244.1.5/9'
	wait_until has_counted
	vmn netsetup status --netns "pid:$pod" -o json
	assert_json '.interfaces[0].state == "ok"'
	vmn netsetup undo --netns "pid:$pod"
	assert_status 0
	quiet_links "$pod"
	dump "$pod" | diff before -
}

has_counted() {
	in_netns "$pod" nft list table ip vmnetctl_k6t_eth0 | grep -q 'packets [1-9].* jump preinbound'
}

@test "an interface that is there with other settings is not changed" {
	pod_up
	vmn netsetup apply --netns "pid:$pod"
	assert_status 0
	vmn netsetup apply --netns "pid:$pod" --tap-owner 0
	assert_status 1
	assert_stderr_has "interface 'default' is set up already with other settings"
}

@test "interfaces set up one by one are taken back one by one" {
	pod_up
	quiet_links "$pod"
	dump "$pod" >before
	vmn netsetup apply --netns "pid:$pod"
	dump "$pod" >first
	vmn netsetup apply --netns "pid:$pod" --name dyn1
	assert_status 0
	vmn netsetup undo --netns "pid:$pod" --name dyn1
	assert_status 0
	assert_stdout 'interface "dyn1" taken back'
	quiet_links "$pod"
	dump "$pod" | diff first -
	vmn netsetup undo --netns "pid:$pod" --name dyn1
	assert_status 1
	assert_stderr_has "no interface 'dyn1' is set up"
	vmn netsetup undo --netns "pid:$pod"
	assert_status 0
	quiet_links "$pod"
	dump "$pod" | diff before -
}

@test "a dry run prints the steps and changes nothing" {
	pod_up
	quiet_links "$pod"
	dump "$pod" >before
	vmn netsetup apply --netns "pid:$pod" --binding masquerade --port 80,53/udp --dry-run
	assert_status 0
	assert_stdout_line 'ip link set dev k6t-eth0 up'
	assert_stdout_has "tcp dport { 80 } counter dnat to 10.0.2.2"
	vmn netsetup apply --netns "pid:$pod" --dry-run -o json
	assert_json '.dryRun and (.changed | not) and (.steps | length > 10)'
	assert_json '.interfaces[0].ipv4.address == "10.244.1.5/24"'
	dump "$pod" | diff before -
	vmn netsetup apply --netns "pid:$pod"
	vmn netsetup undo --netns "pid:$pod" --dry-run
	assert_status 0
	assert_stdout_line 'undo: ip link set dev tap0 up'
	vmn netsetup status --netns "pid:$pod" -o json
	assert_json '.interfaces | length == 1'
}

@test "when a step fails the namespace is as before" {
	pod_up
	quiet_links "$pod"
	# The first interface can be set up. The second cannot: a bridge cannot be a port of a bridge.
	manifest bridge
	in_netns "$pod" ip link del poda1b579e0928
	in_netns "$pod" ip link add poda1b579e0928 type bridge
	in_netns "$pod" sysctl -q -w net.ipv6.conf.poda1b579e0928.disable_ipv6=1
	in_netns "$pod" ip link set poda1b579e0928 up
	dump "$pod" >before
	vmn netsetup apply --netns "pid:$pod" -f "$vmi"
	assert_status 1
	quiet_links "$pod"
	dump "$pod" | diff before -
	vmn netsetup status --netns "pid:$pod" -o json
	assert_json '.interfaces == []'
}

@test "the layout of 0.4.1" {
	pod_up
	mac=$(link eth0 .address)
	quiet_links "$pod"
	dump "$pod" >before
	vmn netsetup apply --netns "pid:$pod" --layout v0.4.1
	assert_status 0
	assert_stdout 'interface "default" set up (bridge: br1)'
	assert_equal "$(link eth0 .master)" br1
	assert_equal "$(addresses br1)" 169.254.75.86/32
	assert_equal "$(addresses eth0)" ""
	[ "$(link eth0 .address)" != "$mac" ]
	vmn netsetup status --netns "pid:$pod" -o json
	assert_json '.interfaces[0].state == "ok" and .interfaces[0].mac == $mac' --arg mac "$mac"
	vmn netsetup undo --netns "pid:$pod"
	quiet_links "$pod"
	dump "$pod" | diff before -
}

@test "what KubeVirt set up is recognised" {
	pod_up
	ipb "$pod" <<-END
		link add k6t-eth0 type bridge
		link set eth0 down
		link set eth0 name eth0-nic
		link set eth0-nic master k6t-eth0 up
		addr add 169.254.75.10/32 dev k6t-eth0
		tuntap add tap0 mode tap
		link set tap0 master k6t-eth0
		link add eth0 type bridge
		addr add 10.244.1.5/24 dev eth0
	END
	vmn netsetup status --netns "pid:$pod" -o json
	assert_status 0
	assert_json '.interfaces | length == 1'
	assert_json '.interfaces[0] | .managedBy == "kubevirt" and .binding == "bridge" and
		.tap == "tap0" and .ipv4.address == "10.244.1.5/24"'
}

@test "host: bridge, tap, NAT and forwarding, and back" {
	pod_up
	quiet_links "$pod"
	dump "$pod" >before
	vmn netsetup host --netns "pid:$pod" --bridge br7 --tap tap7 \
		--address 192.168.57.1/24 --address fd07::1/64
	assert_status 0
	assert_equal "$(link tap7 .master)" br7
	[[ "$(addresses br7)" == "192.168.57.1/24 fd07::1/64"* ]]
	netns_new
	guest=$netns_pid
	ipb "$pod" <<-END
		link add vg type veth peer name eth0 netns $guest
		link set vg master br7 up
	END
	ipb "$guest" <<-END
		link set eth0 up
		addr add 192.168.57.2/24 dev eth0
		addr add fd07::2/64 dev eth0 nodad
		route add default via 192.168.57.1
		route add default via fd07::1
	END
	reaches "$guest" 10.244.1.1 "$world" 10.244.1.5
	reaches "$guest" fd00:10:244::1 "$world" fd00:10:244::5
	in_netns "$pod" ip link del vg
	vmn netsetup host --netns "pid:$pod" --bridge br7 --tap tap7 \
		--address 192.168.57.1/24 --address fd07::1/64
	assert_stdout 'interface "br7" unchanged'
	vmn netsetup undo --netns "pid:$pod"
	assert_status 0
	quiet_links "$pod"
	dump "$pod" | diff before -
}

@test "of runs on one namespace at once, one waits for the other" {
	local i pids=()

	pod_up
	quiet_links "$pod"
	dump "$pod" >before
	# somebody is at it: what comes waits, and has changed nothing
	hold_lock
	for i in 1 2 3; do
		"$VMNETCTL" netsetup apply --netns "pid:$pod" >"run$i" 2>&1 {lock}>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait_until waits_for_lock "$i"
	done
	dump "$pod" | diff before -
	exec {lock}>&-
	for i in "${pids[@]}"; do
		wait "$i"
	done
	assert_equal "$(sort run1 run2 run3 | grep -v 'no dummy')" \
		'interface "default" set up (bridge: k6t-eth0, tap0)
interface "default" unchanged
interface "default" unchanged'
	# apply and undo at once: whichever comes last, it is wholly there or not at all
	"$VMNETCTL" netsetup undo --netns "pid:$pod" >run1 2>&1 &
	"$VMNETCTL" netsetup apply --netns "pid:$pod" >run2 2>&1
	wait $!
	vmn netsetup status --netns "pid:$pod" -o json
	assert_json '.interfaces | map(.state) | . == [] or . == ["ok"]'
	vmn netsetup undo --netns "pid:$pod"
	assert_status 0
	quiet_links "$pod"
	dump "$pod" | diff before -
}

# hold_lock - be at work in $pod, until $lock is closed
hold_lock() {
	local state

	state=$VMNETCTL_STATE_DIR/$("$VMNETCTL" netsetup recover --netns "pid:$pod" --dry-run -o json |
		jq -r .netns)
	exec {lock}>"$state/lock"
	flock "$lock"
}

# waits_for_lock PID - it has opened the lock and sleeps
waits_for_lock() {
	find "/proc/$1/fd" -lname '*/lock' 2>/dev/null | grep -q .
}

@test "a run that others keep waiting too long says so and changes nothing" {
	pod_up
	quiet_links "$pod"
	dump "$pod" >before
	hold_lock
	vmn netsetup apply --netns "pid:$pod"
	assert_status 1
	assert_stderr_has "another run is changing network namespace"
	exec {lock}>&-
	dump "$pod" | diff before -
}

@test "many namespaces at once: the others are done when one fails" {
	pod_up
	netns_new
	vmn netsetup apply --netns "pid:$pod" --netns "pid:$netns_pid"
	assert_status 1
	assert_stdout "pid:$pod: interface \"default\" set up (bridge: k6t-eth0, tap0)"
	assert_stderr_has "namespace 'pid:$netns_pid': interface 'default': pod link 'eth0' is missing"
	run_command bash -c "printf 'pid:%s\n' $pod $netns_pid | '$VMNETCTL' netsetup status --netns - -o json"
	assert_status 0
	assert_json 'map(.interfaces | length) == [1, 0]'
}

@test "a list of namespaces: each is all or nothing, and told of by itself" {
	local pods=()

	for _ in 1 2; do
		pod_up
		pods+=("$pod")
	done
	netns_new # has no eth0
	printf '# ours\n\npid:%s\npid:%s\npid:%s\n' "${pods[0]}" "$netns_pid" "${pods[1]}" >list

	run_command bash -c "'$VMNETCTL' netsetup apply --netns - --dry-run -o json <list"
	assert_status 1
	assert_json 'map(.namespace) == ["pid:" + $a, "pid:" + $b] and all(.dryRun and (.changed | not))' \
		--arg a "${pods[0]}" --arg b "${pods[1]}"
	assert_stderr_has "namespace 'pid:$netns_pid': interface 'default': pod link 'eth0' is missing"
	run_command bash -c "'$VMNETCTL' netsetup apply --netns - --dry-run <list"
	assert_status 1
	assert_stdout_line "# netns pid:${pods[1]}"

	run_command bash -c "'$VMNETCTL' netsetup apply --netns - <list"
	assert_status 1
	assert_stdout "pid:${pods[0]}: interface \"default\" set up (bridge: k6t-eth0, tap0)
pid:${pods[1]}: interface \"default\" set up (bridge: k6t-eth0, tap0)"
	run_command bash -c "grep -v 'pid:$netns_pid' list | '$VMNETCTL' netsetup apply --netns - -o json"
	assert_status 0
	assert_json 'map(.changed) == [false, false]'
	run_command bash -c "'$VMNETCTL' netsetup undo --netns - <list"
	assert_status 0
	assert_stdout "pid:${pods[0]}: interface \"default\" taken back
pid:$netns_pid: nothing is set up
pid:${pods[1]}: interface \"default\" taken back"

	# a list of one, and of none, is a list
	run_command bash -c "echo pid:${pods[0]} | '$VMNETCTL' netsetup status --netns - -o json"
	assert_json 'length == 1 and .[0].interfaces == []'
	run_command bash -c "'$VMNETCTL' netsetup status --netns - -o json </dev/null"
	assert_status 0
	assert_json '. == []'
	run_command bash -c "'$VMNETCTL' netsetup apply --netns - </dev/null"
	assert_status 0
	assert_stdout ''
}

@test "the tap's descriptors are handed to who listens" {
	needs python3
	pod_up
	cat >listen.py <<-'END'
		import socket, fcntl, struct
		s = socket.socket(socket.AF_UNIX)
		s.bind("tap.sock")
		s.listen()
		print("ready", flush=True)
		c, _ = s.accept()
		data, fds, _, _ = socket.recv_fds(c, 100, 10)
		name = fcntl.ioctl(fds[0], 0x800454d2, bytes(40))[:16].rstrip(b"\0").decode()
		print(data.decode().strip(), len(fds), name, flush=True)
	END
	background python3 listen.py
	wait_line "$background_out" ready
	vmn netsetup apply --netns "pid:$pod" --queues 2 --tap-fd-socket tap.sock
	assert_status 0
	background_end ""
	assert_equal "$output" "ready
tap0 2 tap0"
}

@test "where nobody takes the taps nothing is set up" {
	local before

	pod_up
	before=$(nsenter --net="/proc/$pod/ns/net" ip -details link)
	vmn netsetup apply --netns "pid:$pod" --tap-fd-socket nobody.sock
	assert_status 1
	assert_stderr_has "cannot connect to 'nobody.sock': No such file or directory"
	vmn netsetup apply --netns "pid:$pod" --queues 254 --tap-fd-socket nobody.sock
	assert_status 1
	assert_stderr_has "hands over at most 253 queues"
	assert_equal "$(nsenter --net="/proc/$pod/ns/net" ip -details link)" "$before"
}

@test "every example works" {
	local line verb

	needs_mount_namespaces
	manifest bridge
	cp "$vmi" vmi.yaml
	for verb in apply host names status undo; do
		while IFS= read -r line; do
			cat >example <<-END
				set -eu -o pipefail
				mount -t tmpfs none /run/netns
				for name in pod1 lab; do
					ip netns add \$name
					nsenter --net=/run/netns/\$name ip link add eth0 type veth peer name far
					nsenter --net=/run/netns/\$name ip link set eth0 up
					nsenter --net=/run/netns/\$name ip addr add 10.1.2.3/24 dev eth0
					nsenter --net=/run/netns/\$name ip route add default via 10.1.2.1
					nsenter --net=/run/netns/\$name ip link add poda1b579e0928 type veth peer name far2
				done
				cd '$PWD'
				$line
			END
			mkdir -p /run/netns
			run_command unshare -m -n bash -c "ip link add eth0 type veth peer name far &&
				ip link set eth0 up && ip addr add 10.9.0.2/24 dev eth0 &&
				ip route add default via 10.9.0.1 && . ./example"
			[ "$status" -eq 0 ] || {
				show_run
				fail "this example of '$verb' fails: $line"
			}
		done < <("$VMNETCTL" help --examples netsetup "$verb")
	done
}

@test "a user namespace is enough, with a tap for one of its users" {
	unshare -rn true 2>/dev/null || skip "no user namespaces here"
	cat >inside <<-END
		ip link add eth0 type veth peer name far
		ip link set far up && ip link set eth0 up
		ip addr add 10.1.1.5/24 dev eth0 && ip route add default via 10.1.1.1
		'$VMNETCTL' netsetup apply --binding masquerade "\$@" && '$VMNETCTL' netsetup undo
		status=\$?
		ip -br link show type tun
		exit \$status
	END
	run_command unshare -rn bash inside
	assert_status 1
	assert_stderr_has 'cannot give a tap to its owner: Invalid argument' 'hint: --tap-owner'
	assert_stdout ''
	run_command unshare -rn bash inside --tap-owner 0
	assert_status 0
	assert_stdout 'interface "default" set up (masquerade: k6t-eth0, tap0)
interface "default" taken back'
}

@test "without the right to, the capability is named" {
	id nobody >/dev/null || skip "no user nobody"
	needs setpriv
	pod_up
	run_command nsenter -t "$pod" -n -- setpriv --reuid 65534 --regid 65534 --clear-groups \
		"$VMNETCTL" netsetup apply
	assert_status 1
	assert_stderr_has CAP_NET_ADMIN
}
