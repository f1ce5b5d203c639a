/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Announcements: byte by byte, and as they arrive on the wire.
 *
 *	eth0 (holds the addresses)      eth0-nic ---- peer0 (captures)
 */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <poll.h>

#include "lib/base/clock.h"
#include "lib/migrate/announce.h"
#include "tests/netns/netns.h"

static const uint8_t mac[VMN_MAC_SIZE] = {0x02, 0xab, 0xcd, 0xef, 0x01, 0x02};

static void assert_hex(const struct vmn_frame *f, const char *want)
{
	char hex[2 * VMN_FRAME_SIZE + 1] = "";

	for (size_t i = 0; i < f->len; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", f->data[i]);
	assert_string_equal(hex, want);
}

static struct vmn_ip ip(const char *text)
{
	struct vmn_ip a;

	assert_true(vmn_ip_parse(text, &a));
	return a;
}

static void test_frames(void **state)
{
	struct vmn_ip v4 = ip("10.244.1.3"), v6 = ip("fd00:10::3");
	struct vmn_frame f;

	(void)state;
	vmn_frame_rarp(mac, &f);
	assert_hex(&f, "ffffffffffff"
		       "02abcdef0102"
		       "8035"
		       "0001"
		       "0800"
		       "06"
		       "04"
		       "0003"
		       "02abcdef0102"
		       "00000000"
		       "02abcdef0102"
		       "00000000"
		       "000000000000000000000000000000000000");
	vmn_frame_arp(mac, &v4, false, &f);
	assert_hex(&f, "ffffffffffff"
		       "02abcdef0102"
		       "0806"
		       "0001"
		       "0800"
		       "06"
		       "04"
		       "0001"
		       "02abcdef0102"
		       "0af40103"
		       "000000000000"
		       "0af40103"
		       "000000000000000000000000000000000000");
	vmn_frame_arp(mac, &v4, true, &f);
	assert_hex(&f, "ffffffffffff"
		       "02abcdef0102"
		       "0806"
		       "0001"
		       "0800"
		       "06"
		       "04"
		       "0002"
		       "02abcdef0102"
		       "0af40103"
		       "02abcdef0102"
		       "0af40103"
		       "000000000000000000000000000000000000");
	vmn_frame_na(mac, &v6, &f);
	assert_hex(&f, "333300000001"
		       "02abcdef0102"
		       "86dd"
		       "60000000"
		       "0020"
		       "3a"
		       "ff"
		       "fd000010000000000000000000000003"
		       "ff020000000000000000000000000001"
		       "8800"
		       "8adb"
		       "20000000"
		       "fd000010000000000000000000000003"
		       "0201"
		       "02abcdef0102");
}

/* QEMU sends at 0, 50, 200, 450 and 800 ms. */
static void test_timing(void **state)
{
	static const int64_t want[] = {50, 150, 250, 350, 450, 550, 550};

	(void)state;
	for (unsigned i = 0; i < VMN_ARRAY_LEN(want); i++)
		assert_int_equal(vmn_announce_delay_ms(i), want[i]);
}

static int capture_socket(struct vmn_netns *ns, const char *name)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_snapshot struct vmn_snapshot s = {0};
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	int fd;

	if (vmn_snapshot_take(ns, NULL, &s, &err) < 0 ||
	    vmn_netns_socket(ns, AF_PACKET, SOCK_RAW, 0, &fd, &err) < 0)
		fail_msg("%s", vmn_err_text(&err));
	at.sll_ifindex = vmn_snapshot_link(&s, name)->ifindex;
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

/* The next frame that our guest is the sender of. */
static size_t next_frame(int fd, uint8_t *buf, size_t size)
{
	int64_t deadline_ms = vmn_deadline_in(5000);
	struct pollfd pfd = {.fd = fd, .events = POLLIN};

	while (poll(&pfd, 1, vmn_deadline_left(deadline_ms)) > 0) {
		ssize_t n = recv(fd, buf, size, 0);

		if (n >= 14 && memcmp(buf + 6, mac, sizeof(mac)) == 0)
			return (size_t)n;
	}
	fail_msg("no frame came");
	return 0;
}

static void test_on_the_wire(void **state)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_snapshot struct vmn_snapshot s = {0};
	vmn_auto_announcement struct vmn_announcement a = {0};
	vmn_auto_close int fd = netns_new(), wire = -1;
	vmn_auto_netns struct vmn_netns *ns = netns_open(fd);
	vmn_auto_free struct vmn_frame *want = NULL;
	int64_t start_ms;
	size_t n;

	(void)state;
	netns_sh(fd, "ip link add eth0-nic type veth peer name peer0\n"
		     "ip link set eth0-nic up; ip link set peer0 up\n"
		     "ip link add eth0 address 02:ab:cd:ef:01:02 type bridge\n"
		     "ip address add 10.244.1.3/24 dev eth0\n"
		     "ip address add fd00:10::3/64 dev eth0 nodad\n");
	if (vmn_snapshot_take(ns, NULL, &s, &err) < 0 ||
	    vmn_announce_find(&s, "eth0-nic", &a, &err) < 0)
		fail_msg("%s", vmn_err_text(&err));
	assert_memory_equal(a.mac, mac, sizeof(mac));
	assert_int_equal(a.n_ips, 2);
	wire = capture_socket(ns, "peer0");
	start_ms = vmn_now_ms();
	if (vmn_announce_send(ns, &a, 3, &err) < 0)
		fail_msg("%s", vmn_err_text(&err));
	assert_true(vmn_now_ms() - start_ms >= 50 + 150);
	want = vmn_announce_frames(&a, &n);
	assert_int_equal(n, 4);
	for (size_t i = 0; i < 3 * n; i++) {
		uint8_t buf[2048];

		assert_int_equal(next_frame(wire, buf, sizeof(buf)), want[i % n].len);
		assert_memory_equal(buf, want[i % n].data, want[i % n].len);
	}
}

static void test_port_is_down(void **state)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_snapshot struct vmn_snapshot s = {0};
	vmn_auto_announcement struct vmn_announcement a = {0};
	vmn_auto_close int fd = netns_new();
	vmn_auto_netns struct vmn_netns *ns = netns_open(fd);

	(void)state;
	netns_sh(fd, "ip link add eth0 type veth peer name peer0\n");
	assert_int_equal(vmn_snapshot_take(ns, NULL, &s, &err), 0);
	assert_int_equal(vmn_announce_find(&s, "eth1", &a, &err), -VMN_E_NOT_FOUND);
	vmn_err_clear(&err);
	assert_int_equal(vmn_announce_find(&s, "eth0", &a, &err), 0);
	assert_int_equal(vmn_announce_send(ns, &a, 1, &err), -VMN_E_SYSTEM);
	assert_int_equal(err.sys, ENETDOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_timing),
		cmocka_unit_test(test_on_the_wire),
		cmocka_unit_test(test_port_is_down),
	};

	if (!netns_permitted()) {
		(void)puts("1..0 # SKIP network namespaces are not permitted here");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
