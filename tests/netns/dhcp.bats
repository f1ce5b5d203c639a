#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # status, output and stderr are set by bats' run
#
# The DHCP server and real clients:
#
#	namespace SERVER                    namespace CLIENT
#	br0 169.254.75.10, fd10:0:2::1 --- port ===veth=== eth0 02:00:00:00:00:0a

load ../lib/common

GUEST=10.244.0.5
GUEST6=fd10:0:2::2
CORPUS=$TOP/tests/fuzz/corpus/dhcp4

setup() {
	common_setup
	export VMNETCTL_STATE_DIR=$BATS_TEST_TMPDIR/state
	PATH=$PATH:/usr/sbin:/sbin
	SERVER=vmn-dhcp-s-$$ CLIENT=vmn-dhcp-c-$$
	ip netns add "$SERVER" 2>/dev/null || skip "no permission to make network namespaces"
	ip netns add "$CLIENT"
	# Not `ip netns exec` and `ip -n`, which want a root directory that is a mount: a chroot's is none.
	in_server=(nsenter --net="/run/netns/$SERVER" --)
	in_client=(nsenter --net="/run/netns/$CLIENT" --)
	"${in_server[@]}" ip link add br0 address 02:00:00:00:00:00 type bridge
	"${in_server[@]}" ip addr add 169.254.75.10/32 dev br0
	"${in_server[@]}" ip addr add fd10:0:2::1/120 dev br0 nodad
	"${in_server[@]}" ip link add port type veth peer name eth0 netns "$CLIENT"
	"${in_server[@]}" ip link set port master br0 up
	"${in_server[@]}" ip link set br0 up
	"${in_server[@]}" sysctl -qw net.ipv6.conf.all.forwarding=1
	"${in_client[@]}" ip link set lo up
	"${in_client[@]}" ip link set eth0 address 02:00:00:00:00:0a up
	printf 'nameserver 10.96.0.10\nnameserver fd00::a\n%s\n' \
		'search ns.svc.cluster.local svc.cluster.local cluster.local' >resolv.conf
}

teardown() {
	jobs_end
	ip netns del "$SERVER" 2>/dev/null || true
	ip netns del "$CLIENT" 2>/dev/null || true
	common_teardown
}

guest_options() {
	printf '%s\n' --netns "$SERVER" --bridge br0 --client-mac 02:00:00:00:00:0a \
		--address "$GUEST/24,$GUEST6/120" --server 169.254.75.10 --gateway 10.244.0.1 \
		--route 0.0.0.0/0=10.244.0.1,10.96.0.0/12=10.244.0.1 --mtu 1400 --hostname web-1 \
		--subdomain sub --resolv-conf resolv.conf
}

# serve OPTION... - the server in the background, ready
serve() {
	local options

	mapfile -t options < <(guest_options)
	background "$VMNETCTL" netsetup dhcp -v=6 "${options[@]}" "$@"
	server_pid=$background_pid server_out=$background_out server_err=$background_err
	wait_line "$server_out" '^serving DHCP on br0$'
	# a link-local address that is not yet checked for duplicates cannot be spoken from
	wait_until has_address6 br0 "${in_server[@]}"
	wait_until has_address6 eth0 "${in_client[@]}"
}

# has_address6 DEVICE PREFIX... - it can be spoken from; PREFIX enters its namespace
has_address6() {
	"${@:2}" ip -6 address show dev "$1" scope link -tentative | grep -q inet6
}

# power_off - end the client and all its helpers as a guest that is switched off, keeping what is on disk
power_off() {
	ip netns pids "$CLIENT" | xargs -r kill -KILL 2>/dev/null || true
	wait_gone "$background_pid"
	wait "$background_pid" || true
	# shellcheck disable=SC2034 # assert_stderr_has reads it
	stderr=$(cat "$background_err")
	"${in_client[@]}" ip address flush dev eth0 scope global
}

# said COUNT REGEX - that many lines of the server's log match
said() {
	[ "$(grep -E -c -- "$2" "$server_err")" -ge "$1" ]
}

# --- clients ----------------------------------------------------------------------------------

@test "udhcpc gets a lease with all it asked for, renews it and comes back after a reboot" {
	needs busybox
	serve
	cat >script <<-'END'
		#!/bin/sh
		echo "$1 ip=$ip mask=$mask router=$router dns=$dns mtu=$mtu hostname=$hostname" \
			"domain=$domain search=$search routes=$staticroutes" >>"$HOME/events"
		[ -z "$ip" ] || ip address replace "$ip/$mask" dev "$interface"
	END
	chmod +x script
	: >events
	background "${in_client[@]}" busybox udhcpc -f -i eth0 -s "$HOME/script" -t 20 -T 1 \
		-O mtu -O search -O staticroutes
	wait_line events '^bound '
	grep -F -x "bound ip=$GUEST mask=24 router=10.244.0.1 dns=10.96.0.10 mtu=1400 hostname=web-1$(
	) domain=sub.ns.svc.cluster.local search=sub.ns.svc.cluster.local ns.svc.cluster.local$(
	) svc.cluster.local cluster.local routes=10.96.0.0/12 10.244.0.1 0.0.0.0/0 10.244.0.1" events
	kill -USR1 "$background_pid"
	wait_line events '^renew ip='
	background_end
	wait_until said 1 'DHCPv4 REQUEST .*: renewed'

	run_command "${in_client[@]}" busybox udhcpc -f -q -n -i eth0 -s "$HOME/script" \
		-t 20 -T 1 -r "$GUEST"
	assert_status 0
	assert_stderr_has "lease of $GUEST obtained"
}

@test "dhclient gets a lease, renews it, reboots, and loses an address that is not its own" {
	needs dhclient
	serve --lease-time 6s
	printf 'request subnet-mask, routers, domain-name-servers, interface-mtu, host-name;\n' >conf
	: >leases
	printf '#!/bin/sh\n[ -z "$new_ip_address" ] || ip address replace "$new_ip_address/24" dev eth0\n' \
		>script
	printf 'ip route replace 169.254.75.10 dev eth0\n' >>script
	chmod +x script
	"${in_server[@]}" ip route add "$GUEST" dev br0
	dhclient=("${in_client[@]}" dhclient -4 -d -v -cf "$HOME/conf" -lf "$HOME/leases"
		-pf "$HOME/pid" -sf "$HOME/script" eth0)
	background "${dhclient[@]}"
	wait_line "$background_err" "^bound to $GUEST"
	wait_until said 1 'DHCPv4 REQUEST .*: renewed'
	background_end
	grep -q 'option interface-mtu 1400;' leases
	grep -q 'option host-name "web-1";' leases

	sed -i -E 's/(renew|rebind|expire) .*;/\1 never;/' leases # it was switched off for long
	background "${dhclient[@]}"
	wait_line "$background_err" "^bound to $GUEST"
	background_end
	assert_stderr_lacks DHCPDISCOVER
	wait_until said 1 'acknowledged after a reboot'

	sed -i "s/fixed-address .*;/fixed-address 10.244.0.77;/" leases
	background "${dhclient[@]}"
	wait_line "$background_err" "^bound to $GUEST"
	background_end
	assert_stderr_has DHCPNAK DHCPDISCOVER
}

@test "dhclient gets an IPv6 address, renews, confirms and releases it" {
	needs dhclient
	serve --lease-time 6s
	: >conf
	: >leases
	dhclient=("${in_client[@]}" dhclient -6 -d -v -cf "$HOME/conf" -lf "$HOME/leases"
		-pf "$HOME/pid" -sf /bin/true eth0)
	background "${dhclient[@]}"
	wait_line "$background_err" '^PRC: Bound to lease'
	wait_until said 1 'DHCPv6 RENEW .*: renewed'
	background_end
	grep -q "iaaddr $GUEST6 {" leases
	grep -q 'dhcp6.name-servers fd00::a;' leases
	grep -q 'dhcp6.domain-search "sub.ns.svc.cluster.local."' leases

	background "${dhclient[@]}"
	wait_until said 1 'DHCPv6 (CONFIRM .*: confirmed|REBIND .*: renewed)'
	background_end
	guarded "${dhclient[@]:0:5}" -r "${dhclient[@]:5}" 2>/dev/null
	wait_until said 1 'DHCPv6 RELEASE .*: released'
}

@test "dhcpcd gets both addresses and a default route, renews them and comes back after a reboot" {
	needs dhcpcd
	needs_mount_namespaces
	[ -d /var/lib/dhcpcd ] || skip "no /var/lib/dhcpcd"
	serve
	printf '%s\n' duid noarp 'nohook resolv.conf' 'option interface_mtu, domain_name_servers' \
		'option classless_static_routes' >conf
	chmod 0755 "$HOME"
	# with places of its own for what it writes
	dhcpcd=("${in_client[@]}" unshare -m sh -c
		'mount -t tmpfs none /run && mount --bind "$0" /var/lib/dhcpcd && exec "$@"' "$HOME"
		dhcpcd --config "$HOME/conf" --script /bin/true --nobackground --debug
		--timeout 20 eth0)
	background "${dhcpcd[@]}"
	wait_line "$background_err" "^eth0: leased $GUEST "
	wait_line "$background_err" "^eth0: adding address $GUEST6/128"
	wait_line "$background_err" '^eth0: adding default route via fe80::ff:fe00:0'
	# it renews by unicast, which goes to the gateway
	"${in_server[@]}" ip addr add 10.244.0.1/32 dev br0
	"${in_server[@]}" ip route add "$GUEST" dev br0
	guarded nsenter -t "$background_pid" -m -n dhcpcd --config "$HOME/conf" --renew eth0
	wait_until said 1 'DHCPv4 REQUEST .*: renewed'
	wait_until said 1 'DHCPv6 RENEW .*: renewed'
	power_off
	assert_stderr_has "offered $GUEST from 169.254.75.10"

	background "${dhcpcd[@]}"
	wait_line "$background_err" "^eth0: acknowledged $GUEST from 169.254.75.10"
	wait_line "$background_err" '^eth0: REPLY6 received'
	power_off
	assert_stderr_has "rebinding lease of $GUEST"
	wait_until said 1 'acknowledged after a reboot'
	wait_until said 1 'DHCPv6 (REBIND|CONFIRM) '
}

@test "the kernel of a guest takes its default route from an advertisement" {
	serve
	# router solicitations are sent when the link comes up
	"${in_client[@]}" ip link set eth0 down
	"${in_client[@]}" ip link set eth0 up
	wait_until default_route6
	run_command "${in_client[@]}" ip -6 address show dev eth0 scope global
	assert_stdout '' # addresses come by DHCPv6 alone
}

@test "a router that does not forward is told that its guest will keep no route by it" {
	"${in_server[@]}" sysctl -qw net.ipv6.conf.br0.forwarding=0
	serve
	grep -F -x "vmnetctl: warning: br0: sysctl net/ipv6/conf/br0/forwarding is 0: the guest will $(
	)not keep its IPv6 default route" "$server_err"
	background_end
	"${in_server[@]}" sysctl -qw net.ipv6.conf.br0.forwarding=1
	serve
	wait_until default_route6
	background_end
	assert_stderr_lacks warning
}

default_route6() {
	"${in_client[@]}" ip -6 route show default | grep -q 'via fe80::ff:fe00:0 dev eth0 proto ra .* mtu 1400'
}

# --- who is not answered ------------------------------------------------------------------------

@test "hostile messages are not answered and change nothing" {
	needs python3
	serve
	local bad=() name

	for name in truncated no-end hlen htype magic reply group other-mac release decline \
		other-server overload-loop overload-open short empty; do
		bad+=("$CORPUS/$name")
	done
	run_command "${in_client[@]}" python3 "$TOP/tests/netns/dhcp-packets.py" eth0 \
		"$CORPUS/discover" "${bad[@]}"
	assert_status 0
	assert_stdout "2 $GUEST"
	run_command "${in_client[@]}" python3 "$TOP/tests/netns/dhcp-packets.py" eth0 \
		"$CORPUS/relay" "${bad[@]}"
	assert_stdout "2 $GUEST" # to the client: the relay is nobody
	run_command "${in_client[@]}" python3 "$TOP/tests/netns/dhcp-packets.py" eth0 \
		"$CORPUS/reboot-wrong"
	assert_stdout '6 0.0.0.0'
}

@test "KubeVirt's ways: a request for a wrong address is acknowledged" {
	needs python3
	serve --compat kubevirt
	run_command "${in_client[@]}" python3 "$TOP/tests/netns/dhcp-packets.py" eth0 \
		"$CORPUS/reboot-wrong" "$CORPUS/inform"
	assert_status 0
	assert_stdout "5 $GUEST"
}

# --- the process ---------------------------------------------------------------------------------

@test "it gives up its capabilities, its system calls and needs little memory" {
	serve
	grep -q -E '^CapEff:\s+0+$' "/proc/$server_pid/status"
	grep -q -E '^CapPrm:\s+0+$' "/proc/$server_pid/status"
	grep -q -E '^NoNewPrivs:\s+1$' "/proc/$server_pid/status"
	local file
	while read -r file; do # nothing but what the test itself gave it
		[[ $file != /* || $file == /dev/null || $file == "$BATS_RUN_TMPDIR"/* ]] || fail "has $file open"
	done < <(find "/proc/$server_pid/fd" -type l -printf '%l\n')
	if ! grep -q -a -E '__asan_init|__ubsan_' "$VMNETCTL"; then
		grep -q -E '^Seccomp:\s+2$' "/proc/$server_pid/status"
		[ "$(awk '/^VmHWM:/ { print $2 }' "/proc/$server_pid/status")" -le 6144 ]
	fi
	background_end
	assert_status 0
	assert_stdout 'serving DHCP on br0'
}

@test "it tells systemd when it is ready" {
	needs python3
	cat >listen.py <<-'END'
		import socket
		s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		s.bind("notify")
		print("listening", flush=True)
		s.settimeout(20)
		print(s.recv(64).decode(), flush=True)
		print(s.recv(64).decode(), flush=True)
	END
	background python3 listen.py
	local listen_out=$background_out
	wait_line "$listen_out" '^listening$'
	NOTIFY_SOCKET=$HOME/notify serve
	wait_line "$listen_out" '^READY=1$'
	background_end
	assert_status 0
	wait_line "$listen_out" '^STOPPING=1$'
}

@test "a second server on the same bridge is refused, and one without its bridge ends" {
	serve
	mapfile -t options < <(guest_options)
	vmn netsetup dhcp "${options[@]}"
	assert_status 1
	assert_stderr "vmnetctl: cannot serve DHCP on 'br0': another DHCP server is running there"
	"${in_server[@]}" ip link del br0
	background_pid=$server_pid background_out=$server_out background_err=$server_err
	background_end ''
	assert_status 1
	assert_stderr_line 'vmnetctl: warning: br0: the bridge is gone'
	assert_stderr_line 'vmnetctl: no bridge is left to serve'
}

@test "--dry-run prints the options of each reply and serves nobody" {
	mapfile -t options < <(guest_options)
	vmn netsetup dhcp "${options[@]}" --dry-run -o json
	assert_status 0
	assert_json '[.bridges[].replies[] | .protocol + " " + .message] == ["DHCPv4 OFFER",
		"DHCPv4 ACK", "DHCPv4 NAK", "DHCPv6 ADVERTISE", "DHCPv6 REPLY",
		"ICMPv6 ROUTER-ADVERTISEMENT"]'
	assert_json '[.bridges[0].replies[1].options[] | select(.code == 121 or .code == 3) | .value]
		== ["10.96.0.0/12,10.244.0.1 0.0.0.0/0,10.244.0.1", "10.244.0.1"]'
	assert_json '[.bridges[0].replies[1].options[].code] | index(121) < index(3)'
	vmn netsetup dhcp "${options[@]}" --dry-run
	assert_stdout_line 'br0 +DHCPv4 +ACK +26 +interface-mtu +1400'
	assert_stdout_line 'br0 +ICMPv6 +ROUTER-ADVERTISEMENT +- +prefix +fd10:0:2::/120'
}

@test "name servers are those of the process whose namespace it is" {
	needs_mount_namespaces
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	printf 'nameserver 10.7.7.7\n' >pod.conf
	background "${in_server[@]}" unshare -m sh -c \
		'mount --bind "$0/pod.conf" /etc/resolv.conf && echo ready && exec sleep 600' "$HOME"
	wait_line "$background_out" '^ready$'
	vmn netsetup dhcp --netns "pid:$background_pid" --bridge br0 --address 10.0.2.2/24 \
		--gateway 10.0.2.1 --dry-run
	assert_status 0
	assert_stdout_line 'br0 +DHCPv4 +ACK +6 +domain-name-servers +10\.7\.7\.7'
	background_end
}

@test "what apply set up is served" {
	needs python3
	"${in_server[@]}" ip link del br0
	"${in_server[@]}" ip addr add 10.128.0.7/24 dev port
	"${in_server[@]}" ip route add default via 10.128.0.1
	vmn netsetup apply --netns "$SERVER" --binding masquerade --pod-interface port --name default
	assert_status 0
	vmn netsetup dhcp --netns "$SERVER" --dry-run -o json
	assert_json '.bridges | length == 1'
	assert_json '[.bridges[0].replies[] | select(.message == "ACK").options[]
		| select(.code == 54 or .code == 3 or .code == 1) | .value]
		== ["10.0.2.1", "255.255.255.0", "10.0.2.1"]'
	background "$VMNETCTL" netsetup dhcp --netns "$SERVER"
	wait_line "$background_out" '^serving DHCP on k6t-port$'
	# a guest: one more port of the bridge
	"${in_server[@]}" ip link add guest type veth peer name eth1 netns "$CLIENT"
	"${in_server[@]}" ip link set guest master k6t-port up
	"${in_client[@]}" ip link set eth1 up
	run_command "${in_client[@]}" python3 "$TOP/tests/netns/dhcp-packets.py" eth1 \
		"$CORPUS/discover"
	assert_status 0
	assert_stdout '2 10.0.2.2'
	background_end
	assert_status 0
}

# guest_port BRIDGE LINK - a guest behind a bridge of $SERVER: LINK of $CLIENT
guest_port() {
	"${in_server[@]}" ip link add "p$2" type veth peer name "$2" netns "$CLIENT"
	"${in_server[@]}" ip link set "p$2" master "$1" up
	"${in_client[@]}" ip link set "$2" up
}

@test "a running server follows what is set up and taken back" {
	needs python3
	local apply=("$VMNETCTL" netsetup apply --netns "$SERVER" --binding masquerade) watcher

	"${in_server[@]}" ip link del br0
	"${in_server[@]}" ip addr add 10.128.0.7/24 dev port
	"${in_server[@]}" ip link add two type veth peer name far
	"${in_server[@]}" ip addr add 10.129.0.7/24 dev two
	guarded "${apply[@]}" --pod-interface port --name default
	background "$VMNETCTL" netsetup dhcp --netns "$SERVER"
	server_pid=$background_pid server_out=$background_out server_err=$background_err
	wait_line "$server_out" '^serving DHCP on k6t-port$'
	watcher=$(pgrep -P "$server_pid")

	# one more interface: both guests are served
	guarded "${apply[@]}" --pod-interface two --name second --vm-network-cidr 10.0.3.0/24
	wait_line "$server_out" '^serving DHCP on k6t-two$'
	guest_port k6t-port eth1
	guest_port k6t-two eth2
	for row in "eth1 10.0.2.2" "eth2 10.0.3.2"; do
		run_command "${in_client[@]}" python3 "$TOP/tests/netns/dhcp-packets.py" \
			"${row% *}" "$CORPUS/discover"
		assert_stdout "2 ${row#* }"
	done
	# it was not restarted for that, and has no more rights than before
	grep -q -E '^CapEff:\s+0+$' "/proc/$server_pid/status"

	# taken back, and set up again with other settings
	guarded "$VMNETCTL" netsetup undo --netns "$SERVER"
	wait_line "$server_err" 'k6t-port: the bridge is gone'
	wait_line "$server_err" 'k6t-two: the bridge is gone'
	guarded "${apply[@]}" --pod-interface port --name default --vm-network-cidr 10.0.4.0/24
	wait_until said_twice
	"${in_server[@]}" ip link set peth1 master k6t-port
	run_command "${in_client[@]}" python3 "$TOP/tests/netns/dhcp-packets.py" eth1 \
		"$CORPUS/discover"
	assert_stdout '2 10.0.4.2'

	# an apply that changes nothing is no news
	guarded "${apply[@]}" --pod-interface port --name default --vm-network-cidr 10.0.4.0/24
	background_pid=$server_pid background_out=$server_out background_err=$server_err
	background_end
	assert_status 0
	assert_stdout 'serving DHCP on k6t-port
serving DHCP on k6t-two
serving DHCP on k6t-port'
	wait_gone "$watcher"
}

said_twice() {
	[ "$(grep -c '^serving DHCP on k6t-port$' "$server_out")" -eq 2 ]
}

# watcher_is_limited - to CAP_NET_BIND_SERVICE, CAP_NET_ADMIN, CAP_NET_RAW and CAP_SYS_ADMIN
watcher_is_limited() {
	grep -q '^CapEff:.0000000000203400$' "/proc/$watcher/status" &&
		grep -q '^SigIgn:.*[4567c-f]...$' "/proc/$watcher/status"
}

@test "a server outlives the process that watches for it" {
	needs python3
	"${in_server[@]}" ip link del br0
	"${in_server[@]}" ip addr add 10.128.0.7/24 dev port
	guarded "$VMNETCTL" netsetup apply --netns "$SERVER" --binding masquerade --pod-interface port
	background "$VMNETCTL" netsetup dhcp --netns "$SERVER"
	wait_line "$background_out" '^serving DHCP on k6t-port$'
	watcher=$(pgrep -P "$background_pid")
	wait_until watcher_is_limited
	kill -INT "$watcher" # as Ctrl-C does; it ends when the server has
	kill -TERM "$watcher"
	run process_gone "$watcher"
	[ "$status" -ne 0 ]
	kill -KILL "$watcher"
	wait_line "$background_err" 'what is set up later is not served'
	guest_port k6t-port eth1
	run_command "${in_client[@]}" python3 "$TOP/tests/netns/dhcp-packets.py" eth1 \
		"$CORPUS/discover"
	assert_stdout '2 10.0.2.2'
	background_end
	assert_status 0
}

@test "wrong options are refused before anything is opened" {
	local row

	while read -r row; do
		# shellcheck disable=SC2086 # a line of words
		vmn netsetup dhcp --netns "$SERVER" ${row%%:*}
		assert_status 1
		assert_stderr_has "${row#*:}"
	done <<-'END'
		--bridge br0:--bridge needs --address
		--bridge br0 --address 10.0.2.2/24:an IPv4 --address needs --server or --gateway
		--bridge br0 --address 10.0.2.2:--address is wrong
		--address 10.0.2.2/24:options of one guest need --bridge
		--bridge br0 --address 10.0.2.2/24 --gateway x:--gateway is wrong
		--bridge br0 --address 10.0.2.2/24 --gateway 10.0.2.1 --client-mac x:--client-mac is wrong
		--bridge br9 --address 10.0.2.2/24 --gateway 10.0.2.1:there is no link 'br9'
		--hostname x:options of one guest need --bridge
		--lease-time 1s:--lease-time is out of bounds
	END
	vmn netsetup dhcp --netns "$SERVER"
	assert_status 1
	assert_stderr_has 'nothing that is set up here needs DHCP' 'netsetup apply'
}
