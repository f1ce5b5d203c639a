#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # status, output and stderr are set by bats' run
#
# What a real guest gets from netsetup apply, host and dhcp, and whom it reaches:
#
#	world (a namespace)             pod                             QEMU
#	net0 10.244.1.1  ==veth==       eth0 10.244.1.5 -bridge- tap0 = eth0 of the guest
#
# A test boots one guest and asks it about everything.

load ../lib/common
load ../netns/netns
load guest

MTU=1400
PORTS=(22 53 80 443 8000 8001 8002 8003)

setup_file() {
	[ "$(id -u)" -eq 0 ] && can_guest >/dev/null || return 0
	guest_image
}

setup() {
	common_setup
	needs_netns
	needs_guest
	export VMNETCTL_STATE_DIR=$BATS_TEST_TMPDIR/state
	printf 'nameserver 10.96.0.10\nnameserver fd00::a\n%s\n' \
		'search ns.svc.cluster.local svc.cluster.local cluster.local' >resolv.conf
	outside_up
}

teardown() {
	# shown when the test fails
	[ ! -e "${guest_err:-}" ] || cat "$guest_err" "$guest_console" "${server_err:-/dev/null}" "$guest_out"
	common_teardown
}

# outside_up - pod_up's namespaces, the outer one with a bridge that learns who speaks, and with
# somebody who answers
outside_up() {
	pod_up
	ipb "$world" <<-END
		link add net0 type bridge
		link set net0 mtu $MTU up
		link set veth0 mtu $MTU master net0
		addr flush dev veth0
		addr add 10.244.1.1/24 dev net0
		addr add fd00:10:244::1/64 dev net0 nodad
	END
	in_netns "$pod" ip link set eth0 mtu "$MTU"
	in_netns "$pod" sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0 # each is refused
	quiet_links "$world"
	quiet_links "$pod"
	background in_netns "$world" "$PEER" serve outside "${PORTS[@]}"
	wait_line "$background_out" '^serving$'
}

# manifest TEXT - a VM with one interface, with TEXT for its binding
manifest() {
	cat >vmi.yaml <<-END
		apiVersion: kubevirt.io/v1
		kind: VirtualMachineInstance
		metadata: {name: web}
		spec:
		  hostname: web-1
		  subdomain: sub
		  networks:
		  - {name: default, pod: {}}
		  domain:
		    devices:
		      interfaces:
		      - {name: default, $1}
	END
}

# serve BRIDGE - the DHCP server of the pod
serve() {
	background "$VMNETCTL" netsetup dhcp -v=6 --netns "pid:$pod" --resolv-conf resolv.conf
	server_err=$background_err
	wait_line "$background_out" "^serving DHCP on $1\$"
}

# heard - the MACs that the world's bridge has heard
heard() {
	in_netns "$world" bridge -j fdb show br net0 |
		jq -r '[.[] | select(.state == "") | .mac] | unique | join(" ")'
}

# has_heard MACS
has_heard() {
	[ "$(heard)" = "$1" ]
}

# guest_says EXPECTED COMMAND... - in the guest
guest_says() {
	local expected=$1

	shift
	guest_run "$@"
	[ "$output" = "$expected" ] || {
		guest_run 'ip addr; ip route; ip -6 route; cat /etc/resolv.conf'
		fail "the guest to '$*'; it has
$output
expected: $expected"
	}
}

# ask PID PROTOCOL ADDRESS PORT - what is answered to somebody in a namespace
ask() {
	in_netns "$1" "$PEER" ask "$2" "$3" "$4" || true
}

guest_serves() {
	guest_run "peer serve guest ${PORTS[*]} >/run/peer 2>&1 & true"
	guest_does serving cat /run/peer
}

# udhcpc: what a small guest uses, by a script as distributions have it
guest_udhcpc() {
	guest_run udhcpc -i eth0 -s /etc/udhcpc-script -n -q -t 20 -T 1 \
		-O mtu -O search -O staticroutes -O hostname '2>/run/udhcpc'
	assert_status 0
}

# guest_is_sure - until it has IPv6 addresses and none is checked for duplicates any more
guest_is_sure() {
	guest_does '[1-9] sure' "ip -6 addr show dev eth0 | grep inet6 >/run/sure; $(
	)echo \$(grep -c . /run/sure) \$(grep -q tentative /run/sure || echo sure)"
}

# The address by DHCPv6, the route by the guest's kernel. The client wants an address that it can
# speak from, and that is in doubt for a second.
guest_dhclient6() {
	guest_is_sure
	guest_run ': >/run/conf; dhclient -6 -1 -cf /run/conf -sf /etc/dhclient6-script eth0 2>/run/dhclient'
	assert_status 0
	guest_is_sure
}

ROUTES4="ip -4 route | tr -s ' ' | sed -E 's/ (src|metric) [^ ]+//g; s/ \$//' | sort"
GLOBAL4="ip -4 addr show dev eth0 scope global | sed -n -E 's/^ *inet ([^ ]+).*/\1/p'"
GLOBAL6="ip -6 addr show dev eth0 scope global | sed -n -E 's/^ *inet6 ([^ ]+).*/\1/p'"
DEFAULT6="ip -6 route | sed -n -E 's/^(default via [^ ]+ dev [^ ]+).*/\1/p'"
SEARCH='sub.ns.svc.cluster.local ns.svc.cluster.local svc.cluster.local cluster.local'

# reaches_world SEEN4 SEEN6 - the guest is answered out there, where it is seen with these addresses
reaches_world() {
	local protocol

	for protocol in tcp udp; do
		guest_says "outside $protocol 443 $1" peer ask "$protocol" 10.244.1.1 443
		guest_says "outside $protocol 443 $2" peer ask "$protocol" fd00:10:244::1 443
	done
	# frames as long as they may be
	guest_run ping -c 1 -s $((MTU - 28)) 10.244.1.1 '&&' ping6 -c 1 -s $((MTU - 48)) fd00:10:244::1
	assert_status 0
}

# is_reached PORT/PROTOCOL... - who asks the pod from out there is answered by the guest on these
# ports, and on no other by anybody
is_reached() {
	local protocol port expected wrong=

	for protocol in tcp udp; do
		for port in "${PORTS[@]}"; do
			for address in 10.244.1.5,10.244.1.1 fd00:10:244::5,fd00:10:244::1; do
				expected=refused
				[[ " $* " != *" $port/$protocol "* ]] ||
					expected="guest $protocol $port ${address#*,}"
				output=$(ask "$world" "$protocol" "${address%,*}" "$port")
				[ "$output" = "$expected" ] ||
					wrong+="${address%,*} $port/$protocol: $output, not $expected"$'\n'
			done
		done
	done
	[ -z "$wrong" ] || fail "$wrong"
}

# Both families by one client, with its own configuration and hooks as Debian has them
guest_dhcpcd() {
	guest_run dhcpcd --waitip=46 --timeout 30 eth0 '2>&1'
	assert_status 0
}

@test "bridge binding: the guest is the pod, and is heard when it speaks" {
	manifest 'bridge: {}'
	in_netns "$pod" ip route add 10.96.0.0/12 via 10.244.1.254
	mac=$(in_netns "$pod" ip -j link show eth0 | jq -r ".[0].address")
	guest_start tap,fd=TAPFD "$mac" python3 "$TOP/tests/guest/with-tap" tap.sock
	wait_line "$guest_out" '^@listening$'
	vmn netsetup apply --netns "pid:$pod" -f vmi.yaml --tap-fd-socket tap.sock
	assert_status 0
	in_netns "$world" ip link set net0 type bridge fdb_flush
	serve k6t-eth0
	guest_ready
	[[ "$(heard)" != *"$mac"* ]]

	guest_serves
	guest_udhcpc
	guest_says "$mac" cat /sys/class/net/eth0/address
	guest_says 10.244.1.5/24 "$GLOBAL4"
	guest_says "10.244.1.0/24 dev eth0 scope link
10.96.0.0/12 via 10.244.1.254 dev eth0
default via 10.244.1.1 dev eth0" "$ROUTES4"
	guest_says "search $SEARCH
nameserver 10.96.0.10" cat /etc/resolv.conf
	guest_says "$MTU" cat /sys/class/net/eth0/mtu
	guest_says web-1 hostname
	[[ "$(heard)" == *"$mac"* ]]

	# IPv6 is the network's own affair, as in KubeVirt: a router in the world gives the pod's address.
	# It has to be one: a guest has no default route via who says "no router" to its questions.
	in_netns "$world" sysctl -qw net.ipv6.conf.all.forwarding=1
	background "$VMNETCTL" netsetup dhcp --netns "pid:$world" --bridge net0 --mtu "$MTU" \
		--client-mac "$mac" --address fd00:10:244::5/64 --dns fd00::a
	wait_line "$background_out" '^serving DHCP on net0$'
	guest_dhclient6
	guest_says fd00:10:244::5/128 "$GLOBAL6"
	guest_does 'default via fe80::.* dev eth0' "$DEFAULT6"

	reaches_world 10.244.1.5 fd00:10:244::5
	is_reached "${PORTS[@]/%//tcp}" "${PORTS[@]/%//udp}"
}

@test "masquerade: a guest behind the pod's addresses is reached at its ports, by an unprivileged QEMU" {
	needs_mount_namespaces
	manifest 'masquerade: {}, ports: [{port: 80}, {port: 53, protocol: UDP}, {port: 8001}]'
	vmn netsetup apply --netns "pid:$pod" -f vmi.yaml
	assert_status 0
	serve k6t-eth0
	# The tap's owner needs no privilege to open it, but the device, which some machines keep to root.
	guest_start tap,ifname=tap0,script=no,downscript=no 02:00:00:00:00:0a nsenter -t "$pod" -n -- \
		unshare -m sh -c 'mount -t tmpfs none /dev/net && mknod -m 666 /dev/net/tun c 10 200 &&
			exec "$@"' sh setpriv --reuid 107 --regid 107 --clear-groups
	guest_ready
	guest_serves
	guest_dhcpcd
	guest_says 10.0.2.2/24 "$GLOBAL4"
	guest_says fd10:0:2::2/128 "$GLOBAL6"
	guest_says "10.0.2.0/24 dev eth0 scope link
default via 10.0.2.1 dev eth0" "$ROUTES4"
	guest_says "default via fe80::ff:fe00:0 dev eth0" "$DEFAULT6"
	# of its routes, where dhcpcd puts it
	guest_says "$MTU" peer mtu 10.244.1.1
	guest_says "$MTU" peer mtu fd00:10:244::1
	guest_says web-1.sub.ns.svc.cluster.local hostname # the client adds the domain
	guest_says "search $SEARCH
nameserver 10.96.0.10
nameserver fd00::a" "grep -v -E '^#|^domain ' /etc/resolv.conf"

	reaches_world 10.244.1.5 fd00:10:244::5
	is_reached 80/tcp 53/udp 8001/tcp
	# and from the pod itself, as a side-car does it
	assert_equal "$(ask "$pod" tcp 127.0.0.1 80)" 'guest tcp 80 10.0.2.1'
	assert_equal "$(ask "$pod" udp 127.0.0.1 53)" 'guest udp 53 10.0.2.1'
	assert_equal "$(ask "$pod" tcp 127.0.0.1 22)" refused
}

@test "masquerade without ports: all of them are the guest's" {
	vmn netsetup apply --netns "pid:$pod" --binding masquerade \
		--vm-network-cidr 192.168.99.0/24 --vm-ipv6-network-cidr fd99::/64
	assert_status 0
	serve k6t-eth0
	guest_start tap,ifname=tap0,script=no,downscript=no 02:00:00:00:00:0b nsenter -t "$pod" -n --
	guest_ready
	guest_serves
	guest_udhcpc
	guest_dhclient6
	guest_says 192.168.99.2/24 "$GLOBAL4"
	guest_says fd99::2/128 "$GLOBAL6"
	guest_says "192.168.99.0/24 dev eth0 scope link
default via 192.168.99.1 dev eth0" "$ROUTES4"
	guest_says 'default via fe80::ff:fe00:0 dev eth0' "$DEFAULT6"
	guest_says "$MTU" peer mtu 10.244.1.1
	guest_says "$MTU" peer mtu fd00:10:244::1
	reaches_world 10.244.1.5 fd00:10:244::5
	is_reached "${PORTS[@]/%//tcp}" "${PORTS[@]/%//udp}"
}

@test "host: a guest without Kubernetes has addresses and reaches the world" {
	dump "$pod" >before
	vmn netsetup host --netns "pid:$pod" --address 192.168.57.1/24 --address fd07::1/64
	assert_status 0
	bridge6=$(in_netns "$pod" ip -6 -j addr show dev vmbr0 scope link | jq -r '[.[].addr_info[].local | values][0]')
	serve vmbr0
	guest_start tap,ifname=vmtap0,script=no,downscript=no 02:00:00:00:00:0c nsenter -t "$pod" -n --
	guest_ready
	guest_serves
	guest_udhcpc
	guest_dhclient6
	guest_says 192.168.57.2/24 "$GLOBAL4"
	guest_says fd07::2/128 "$GLOBAL6"
	guest_says "192.168.57.0/24 dev eth0 scope link
default via 192.168.57.1 dev eth0" "$ROUTES4"
	guest_says "default via $bridge6 dev eth0" "$DEFAULT6"
	guest_says "$MTU" peer mtu 10.244.1.1
	guest_says "$MTU" peer mtu fd00:10:244::1
	reaches_world 10.244.1.5 fd00:10:244::5
	is_reached # by nobody out there
	assert_equal "$(ask "$pod" tcp 192.168.57.2 22)" 'guest tcp 22 192.168.57.1'
	assert_equal "$(ask "$pod" udp fd07::2 22)" 'guest udp 22 fd07::1'

	kill "$guest_pid"
	wait_gone "$guest_pid"
	vmn netsetup undo --netns "pid:$pod"
	assert_status 0
	quiet_links "$pod"
	dump "$pod" | diff before -
}
