/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <arpa/inet.h>

#include "lib/dhcp/bytes.h"
#include "lib/dhcp/lease4.h"
#include "lib/dhcp/lease6.h"
#include "lib/dhcp/ra.h"
#include "tests/unit/unit.h"

#define CLIENT "\0\1\0\x0a\0\3\0\1\2\0\0\0\0\x0a"
#define SERVER "\0\2\0\x0a\0\3\0\1\2\0\0\0\0\0"
#define OTHER "\0\2\0\x0a\0\3\0\1\2\0\0\0\0\1"
#define IA                                                                                         \
	"\0\3\0\x0c"                                                                               \
	"IAID"                                                                                     \
	"\0\0\0\0\0\0\0\0"
#define IA_WITH(address)                                                                           \
	"\0\3\0\x28"                                                                               \
	"IAID"                                                                                     \
	"\0\0\0\0\0\0\0\0"                                                                         \
	"\0\5\0\x18" address "\0\0\0\0\0\0\0\0"
#define PD                                                                                         \
	"\0\x19\0\x0c"                                                                             \
	"PDPD"                                                                                     \
	"\0\0\0\0\0\0\0\0"
#define OURS "\xfd\x10\0\0\0\2\0\0\0\0\0\0\0\0\0\2"
#define NEIGHBOUR "\xfd\x10\0\0\0\2\0\0\0\0\0\0\0\0\0\3"
#define ELSEWHERE "\xfd\x99\0\0\0\2\0\0\0\0\0\0\0\0\0\2"
#define ORO "\0\6\0\4\0\x17\0\x18"
#define ORO_DNS "\0\6\0\2\0\x17"
#define RAPID "\0\x0e\0\0"

static const uint8_t bridge_mac[VMN_MAC_SIZE] = {2, 0, 0, 0, 0, 0};

static void make_lease(struct vmn_lease6 *lease, struct vmn_ra *ra)
{
	vmn_auto_resolv struct vmn_resolv names = {0};
	struct vmn_binding_facts facts = {.binding = VMN_BINDING_MASQUERADE, .mtu = 1400};

	assert_true(vmn_cidr_parse("fd10:0:2::2/120", &facts.ip6));
	assert_true(vmn_ip_parse("fd10:0:2::1", &facts.gateway6));
	vmn_resolv_parse("nameserver 10.96.0.10\nnameserver fd00::a\nsearch a.b cluster.local\n",
			 &names);
	vmn_lease6_init(lease, &facts, &names, bridge_mac, VMN_LEASE_DEFAULT_S,
			VMN_DHCP_COMPAT_NONE);
	vmn_ra_make(ra, &facts, &names, bridge_mac);
}

/* "2/0,0,2+fd10:0:2::2=86313600": each option of a reply in a few letters */
static void reply_text(const struct vmn_reply6 *reply, struct vmn_buf *out)
{
	struct vmn_dhcp6_opt opt, inner;
	const uint8_t *opts = reply->message.bytes + 4;
	size_t len = reply->message.len - 4;
	char ip[INET6_ADDRSTRLEN];

	for (size_t at = 0; vmn_dhcp6_next(opts, len, &at, &opt);) {
		vmn_buf_addf(out, " %u", opt.code);
		if (opt.code == VMN_OPT6_STATUS)
			vmn_buf_addf(out, "=%u", vmn_get16(opt.data));
		if (opt.code != VMN_OPT6_IA_NA && opt.code != VMN_OPT6_IA_PD)
			continue;
		for (size_t in = 12; vmn_dhcp6_next(opt.data, opt.len, &in, &inner);) {
			if (inner.code == VMN_OPT6_STATUS) {
				vmn_buf_addf(out, "(%u)", vmn_get16(inner.data));
				continue;
			}
			inet_ntop(AF_INET6, inner.data, ip, sizeof(ip));
			vmn_buf_addf(out, "(%s %u)", ip, vmn_get32(inner.data + 20));
		}
	}
}

#define BYTES(s) s, sizeof(s) - 1

static void test_steps(void **state)
{
	static const struct {
		const char *label, *bytes;
		size_t len;
		uint8_t type; /* 0: no reply */
		const char *options;
	} rows[] = {
		{"solicit", BYTES("\1xid" CLIENT IA ORO), VMN_DHCP6_ADVERTISE,
		 " 1 2 3(fd10:0:2::2 86313600) 23 24"},
		{"rapid commit", BYTES("\1xid" CLIENT IA RAPID ORO_DNS), VMN_DHCP6_REPLY,
		 " 1 2 14 3(fd10:0:2::2 86313600) 23"},
		{"no list of options", BYTES("\1xid" CLIENT IA), VMN_DHCP6_ADVERTISE,
		 " 1 2 3(fd10:0:2::2 86313600) 23 24"},
		{"two associations, a prefix", BYTES("\1xid" CLIENT IA IA PD "\0\6\0\0"),
		 VMN_DHCP6_ADVERTISE, " 1 2 3(fd10:0:2::2 86313600) 3(2) 25(6)"},
		{"solicit without client", BYTES("\1xid" IA), 0, NULL},
		{"solicit with server", BYTES("\1xid" CLIENT SERVER IA), 0, NULL},
		{"request", BYTES("\3xid" CLIENT SERVER IA ORO_DNS), VMN_DHCP6_REPLY,
		 " 1 2 3(fd10:0:2::2 86313600) 23"},
		{"request to another", BYTES("\3xid" CLIENT OTHER IA), 0, NULL},
		{"request to nobody", BYTES("\3xid" CLIENT IA), 0, NULL},
		{"renew", BYTES("\5xid" CLIENT SERVER IA_WITH(OURS) ORO_DNS), VMN_DHCP6_REPLY,
		 " 1 2 3(fd10:0:2::2 86313600) 23"},
		{"renew of a wrong address",
		 BYTES("\5xid" CLIENT SERVER IA_WITH(ELSEWHERE) ORO_DNS), VMN_DHCP6_REPLY,
		 " 1 2 3(fd10:0:2::2 86313600)(fd99:0:2::2 0) 23"},
		{"rebind", BYTES("\6xid" CLIENT IA_WITH(OURS) ORO_DNS), VMN_DHCP6_REPLY,
		 " 1 2 3(fd10:0:2::2 86313600) 23"},
		{"rebind with server", BYTES("\6xid" CLIENT SERVER IA_WITH(OURS)), 0, NULL},
		{"confirm", BYTES("\4xid" CLIENT IA_WITH(OURS)), VMN_DHCP6_REPLY, " 1 2 13=0"},
		{"confirm of a neighbour's", BYTES("\4xid" CLIENT IA_WITH(NEIGHBOUR)),
		 VMN_DHCP6_REPLY, " 1 2 13=0"},
		{"confirm of another link", BYTES("\4xid" CLIENT IA_WITH(ELSEWHERE)),
		 VMN_DHCP6_REPLY, " 1 2 13=4"},
		{"confirm of nothing", BYTES("\4xid" CLIENT IA), 0, NULL},
		{"release", BYTES("\x08xid" CLIENT SERVER IA_WITH(OURS)), VMN_DHCP6_REPLY,
		 " 1 2 13=0"},
		{"release to another", BYTES("\x08xid" CLIENT OTHER IA_WITH(OURS)), 0, NULL},
		{"decline", BYTES("\x09xid" CLIENT SERVER IA_WITH(OURS)), VMN_DHCP6_REPLY,
		 " 1 2 13=0"},
		{"information", BYTES("\x0bxid" CLIENT ORO), VMN_DHCP6_REPLY, " 1 2 23 24"},
		{"information without client", BYTES("\x0bxid" ORO), VMN_DHCP6_REPLY, " 2 23 24"},
		{"information from another", BYTES("\x0bxid" CLIENT OTHER ORO), 0, NULL},
		{"information and address", BYTES("\x0bxid" CLIENT IA), 0, NULL},
	};
	struct vmn_lease6 lease;
	struct vmn_ra ra;

	(void)state;
	make_lease(&lease, &ra);
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		vmn_auto_buf struct vmn_buf text = VMN_BUF_INIT(0);
		struct vmn_dhcp6 msg;
		struct vmn_reply6 reply;
		const char *why = NULL;

		if (!vmn_dhcp6_decode(rows[i].bytes, rows[i].len, &msg))
			fail_msg("%s: refused", rows[i].label);
		if (vmn_lease6_step(&lease, &msg, &reply, &why) != (rows[i].type != 0))
			fail_msg("%s: %s", rows[i].label, why);
		if (rows[i].type == 0)
			continue;
		assert_int_equal(reply.message.bytes[0], rows[i].type);
		assert_memory_equal(reply.message.bytes + 1, "xid", 3);
		reply_text(&reply, &text);
		if (strcmp(vmn_buf_str(&text), rows[i].options) != 0)
			fail_msg("%s:%s", rows[i].label, vmn_buf_str(&text));
	}
}

static void test_bad_messages(void **state)
{
	static const struct {
		const char *label, *bytes;
		size_t len;
	} rows[] = {
		{"empty", BYTES("")},
		{"cut in the header", BYTES("\1xi")},
		{"of a server", BYTES("\7xid" CLIENT)},
		{"of a relay", BYTES("\x0cxid" CLIENT)},
		{"type 0", BYTES("\0xid" CLIENT)},
		{"cut in an option's head", BYTES("\1xid" CLIENT "\0\6\0")},
		{"option beyond the end", BYTES("\1xid\0\1\0\xff"
						"abc")},
		{"two clients", BYTES("\1xid" CLIENT CLIENT)},
		{"short name", BYTES("\1xid\0\1\0\2ab")},
		{"odd list", BYTES("\1xid" CLIENT "\0\6\0\1a")},
		{"rapid commit with a value", BYTES("\1xid" CLIENT "\0\x0e\0\1a")},
		{"short association", BYTES("\1xid" CLIENT "\0\3\0\4IAID")},
		{"address beyond its association", BYTES("\1xid" CLIENT "\0\3\0\x14"
							 "IAID"
							 "\0\0\0\0\0\0\0\0"
							 "\0\5\0\x18"
							 "abcd")},
		{"short address", BYTES("\1xid" CLIENT "\0\3\0\x14"
					"IAID"
					"\0\0\0\0\0\0\0\0"
					"\0\5\0\4"
					"abcd")},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		struct vmn_dhcp6 msg;

		if (vmn_dhcp6_decode(rows[i].bytes, rows[i].len, &msg))
			fail_msg("%s: was taken", rows[i].label);
	}
}

static void test_advertisement(void **state)
{
	static const char expected[] =
		"\x86\0\0\0\x40\xc0\x23\x28\0\0\0\0\0\0\0\0" /* managed, other, 9000 s */
		"\1\1\2\0\0\0\0\0"			     /* our MAC */
		"\5\1\0\0\0\0\5\x78"			     /* 1400 */
		"\3\4\x78\x80\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0"
		"\xfd\x10\0\0\0\2\0\0\0\0\0\0\0\0\0\0" /* the prefix */
		"\x19\3\0\0\0\0\x23\x28"
		"\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x0a"			    /* DNS */
		"\x1f\4\0\0\0\0\x23\x28\1a\1b\0\7cluster\5local\0\0\0\0\0"; /* search */
	struct vmn_lease6 lease;
	struct vmn_ra ra;

	(void)state;
	make_lease(&lease, &ra);
	assert_int_equal(ra.len, sizeof(expected) - 1);
	assert_memory_equal(ra.bytes, expected, ra.len);
}

static void test_solicitations(void **state)
{
	static const struct {
		const char *label, *bytes;
		size_t len;
		int hops;
		bool is_unspecified, is_ok;
	} rows[] = {
		{"bare", BYTES("\x85\0\0\0\0\0\0\0"), 255, true, true},
		{"with a MAC", BYTES("\x85\0\0\0\0\0\0\0\1\1\2\0\0\0\0\1"), 255, false, true},
		{"a MAC without address", BYTES("\x85\0\0\0\0\0\0\0\1\1\2\0\0\0\0\1"), 255, true,
		 false},
		{"from afar", BYTES("\x85\0\0\0\0\0\0\0"), 254, false, false},
		{"short", BYTES("\x85\0\0\0\0\0\0"), 255, false, false},
		{"code 1", BYTES("\x85\1\0\0\0\0\0\0"), 255, false, false},
		{"an advertisement", BYTES("\x86\0\0\0\0\0\0\0"), 255, false, false},
		{"an option of nothing", BYTES("\x85\0\0\0\0\0\0\0\x0e\0abcdef"), 255, false,
		 false},
		{"an option beyond", BYTES("\x85\0\0\0\0\0\0\0\x0e\2abcdef"), 255, false, false},
		{"a cut option", BYTES("\x85\0\0\0\0\0\0\0\x0e\1ab"), 255, false, false},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++)
		if (vmn_rs_check(rows[i].bytes, rows[i].len, rows[i].hops,
				 rows[i].is_unspecified) != rows[i].is_ok)
			fail_msg("%s", rows[i].label);
}

static void test_intervals(void **state)
{
	(void)state;
	assert_int_equal(vmn_ra_interval_ms(0, 12345), 16000);
	assert_int_equal(vmn_ra_interval_ms(2, 12345), 16000);
	assert_int_equal(vmn_ra_interval_ms(3, 0), 200000);
	assert_in_range(vmn_ra_interval_ms(9, UINT32_MAX), 200000, 600000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps),	      cmocka_unit_test(test_bad_messages),
		cmocka_unit_test(test_advertisement), cmocka_unit_test(test_solicitations),
		cmocka_unit_test(test_intervals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
