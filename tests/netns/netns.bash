# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Network namespaces for tests: each lives as long as a process that does nothing, and goes with it.
#
#	world (a namespace)		pod
#	  10.244.1.1/24 veth0 ---------- eth0 10.244.1.5/24
#			veth1 ---------- poda1b579e0928 (interface dyn1)

needs_netns() {
	needs ip unshare nsenter
	[ "$(id -u)" -eq 0 ] || skip "not root"
	unshare -n true 2>/dev/null || skip "no new network namespaces here"
}

# netns_new - start a namespace; its process is $netns_pid
netns_new() {
	background unshare -n sleep 600
	# shellcheck disable=SC2154 # set by background
	netns_pid=$background_pid
	wait_until netns_is_own "$netns_pid"
	in_netns "$netns_pid" ip link set lo up
}

netns_is_own() {
	[ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ] &&
		[ "$(cat "/proc/$1/comm")" = sleep ]
}

# in_netns PID COMMAND... - run a command there
in_netns() {
	local pid=$1

	shift
	nsenter -t "$pid" -n -- "$@"
}

# ipb PID - ip -batch there, commands on stdin
ipb() {
	in_netns "$1" ip -batch -
}

# pod_up - the two namespaces of the drawing: $world and $pod
pod_up() {
	netns_new
	world=$netns_pid
	netns_new
	pod=$netns_pid
	ipb "$world" <<-END
		link add veth0 type veth peer name eth0 netns $pod
		link add veth1 type veth peer name poda1b579e0928 netns $pod
		link set veth0 up
		link set veth1 up
		addr add 10.244.1.1/24 dev veth0
		addr add fd00:10:244::1/64 dev veth0 nodad
	END
	ipb "$pod" <<-END
		link set eth0 up
		link set poda1b579e0928 up
		addr add 10.244.1.5/24 brd + dev eth0
		addr add fd00:10:244::5/64 dev eth0 nodad
		route add default via 10.244.1.1
		route add default via fd00:10:244::1
	END
}

# quiet_links PID - until no address is tentative: what the kernel adds by itself is there
quiet_links() {
	wait_until no_tentative "$1"
}

no_tentative() {
	[ -z "$(in_netns "$1" ip -6 -o addr show up tentative)" ]
}

# dump PID - everything that undoing has to bring back, without counters and lifetimes that run
dump() {
	in_netns "$1" ip -d -j link show |
		jq -S 'walk(if type == "object" then with_entries(select(.key | endswith("_timer") | not))
			else . end) | map(del(.operstate, .linkinfo.info_data,
			(.flags[] | select(. == "LOWER_UP" or . == "NO-CARRIER"))))'
	in_netns "$1" ip -d -j addr show |
		jq -S 'map({ifname, addr_info: (.addr_info | map(del(.valid_life_time, .preferred_life_time)))})'
	in_netns "$1" ip -d -4 route show table all
	in_netns "$1" ip -d -6 route show table all |
		sed 's/ expires [0-9]*sec//' | sort
	in_netns "$1" ip rule show
	in_netns "$1" ip -6 rule show
	in_netns "$1" ip neigh show nud permanent
	in_netns "$1" tc qdisc show
	in_netns "$1" sysctl -a 2>/dev/null | grep -E '^net\.ipv[46]\.(conf|ip_forward)' |
		grep -v -E 'stable_secret|mc_forwarding|base_reachable'
	! command -v nft >/dev/null || in_netns "$1" nft -s list ruleset
}
