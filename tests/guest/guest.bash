# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # set by what is called here
# shellcheck disable=SC2034 # used by who calls
#
# A guest: Debian's cloud kernel and busybox in QEMU, which runs what a test tells it to. It is
# QEMU's own emulation (TCG): it runs everywhere, and /dev/kvm may be there and of no use.

: "${GUEST_TOOLS:=$TOP/build/tools/guest}"
PEER=$BUILDDIR/tests/guest/peer
# Not a multiple of 256 KiB: with TCG, QEMU 7.2 corrupts such memory when a guest migrates.
GUEST_MEMORY=98312K

# can_guest - Return: whether guests can be booted; prints why not
can_guest() {
	local program

	for program in qemu-system-x86_64 setpriv python3 busybox dhcpcd dhclient; do
		command -v "$program" >/dev/null || {
			echo "no $program"
			return 1
		}
	done
	if [ ! -e "$GUEST_TOOLS/vmlinuz" ]; then
		echo "no kernel for guests: 'scripts/deps test' gets one"
	elif [ ! -x "$PEER" ]; then
		echo "no tests/guest/peer: 'make check' builds it"
	elif [ ! -c /dev/net/tun ]; then
		echo "no /dev/net/tun"
	else
		return 0
	fi
	return 1
}

needs_guest() {
	local why

	why=$(can_guest) || skip "$why"
}

# guest_image - once for a file: $GUEST_IMAGE
guest_image() {
	export GUEST_IMAGE=$BATS_FILE_TMPDIR/guest.cpio
	"$TOP/tests/guest/image" "$GUEST_TOOLS" "$GUEST_IMAGE" "$PEER"
}

# guest_start NETDEV MAC COMMAND... - start QEMU by COMMAND, with the backend NETDEV for its NIC
guest_start() {
	local netdev=$1 mac=$2

	shift 2
	guest_in=$BATS_TEST_TMPDIR/guest.in
	guest_console=$BATS_TEST_TMPDIR/guest.console
	: >"$guest_console"
	rm -f "$guest_in"
	mkfifo "$guest_in"
	# QEMU may run as somebody who cannot open these by name.
	# shellcheck disable=SC2016 # the inner shell's
	background bash -c 'exec <>"$0" 7>"$1" 8<"$2" 9<"$3" && exec "${@:4}"' \
		"$guest_in" "$guest_console" "$GUEST_TOOLS/vmlinuz" "$GUEST_IMAGE" \
		"$@" setpriv --pdeathsig KILL -- \
		qemu-system-x86_64 -accel tcg,thread=multi -machine q35 -cpu max -smp 1 \
		-m "$GUEST_MEMORY" -nodefaults -no-user-config -display none -no-reboot \
		-kernel /proc/self/fd/8 -initrd /proc/self/fd/9 \
		-append 'console=ttyS0 quiet panic=-1' \
		-netdev "$netdev,id=net0" -device "virtio-net-pci,netdev=net0,mac=$mac,romfile=" \
		-add-fd fd=7,set=1 -serial file:/dev/fdset/1 \
		-chardev stdio,id=port,signal=off -serial chardev:port
	guest_pid=$background_pid guest_out=$background_out guest_err=$background_err
}

# guest_ready - until it has booted
guest_ready() {
	wait_line "$guest_out" '^@ready'
}

# guest_run COMMAND... - in the guest: sets $status and $output, without stderr
guest_run() {
	local mark=$((++guest_runs))

	# opened for both: who only writes waits for a reader, and QEMU may have ended
	printf '%s\n' "echo @begin $mark; ($*); echo @end $mark \$?" 1<>"$guest_in"
	wait_line "$guest_out" "^@end $mark "
	status=$(sed -n -E "s/^@end $mark ([0-9]+)$/\1/p" "$guest_out")
	output=$(sed -n "/^@begin $mark\$/,/^@end $mark /p" "$guest_out" | sed '1d;$d')
	stderr=
}
guest_runs=0

# guest_does REGEX COMMAND... - until a line that it prints matches
guest_does() {
	local regex=$1

	shift
	wait_until guest_did "$regex" "$@"
}

guest_did() {
	local regex=$1

	shift
	guest_run "$@"
	grep -q -E -x -- "$regex" <<<"$output"
}
