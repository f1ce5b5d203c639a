/* SPDX-License-Identifier: Apache-2.0 */
/* Plans over the snapshot of a pod: eth0 with addresses of both families, a secondary link without.
 */
#include "config.h"

#include <linux/rtnetlink.h>

#include "lib/binding/apply.h"
#include "tests/unit/unit.h"

static const struct vmn_netplan_env env = {.keeper_kind = "dummy"};

static void load(struct vmn_snapshot *ret)
{
	vmn_auto_json struct json_object *json = unit_data("netns-pod.json");
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

	if (vmn_snapshot_parse(json, ret, &err) < 0)
		fail_msg("%s", vmn_err_text(&err));
}

static struct vmn_link *link_named(struct vmn_snapshot *s, const char *name)
{
	for (size_t i = 0; i < s->n_links; i++)
		if (strcmp(s->links[i].name, name) == 0)
			return &s->links[i];
	fail_msg("no link '%s'", name);
	return NULL;
}

static struct vmn_setup_nic *want(struct vmn_setup *setup, const char *name,
				  enum vmn_binding_kind kind)
{
	struct vmn_setup_nic *nic = vmn_setup_add(setup, name);

	nic->kind = kind;
	nic->index = (unsigned)setup->n_nics - 1;
	nic->is_primary = strcmp(name, "default") == 0;
	nic->ordinal = nic->is_primary ? 0 : nic->index;
	setup->tap_uid = setup->tap_gid = 107;
	return nic;
}

/* The whole plan as text, one step a line (nft: several) */
static char *plan_text(const struct vmn_snapshot *s, const struct vmn_setup *setup)
{
	vmn_auto_netplan struct vmn_netplan plan = {0};
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	struct vmn_buf out = VMN_BUF_INIT(0);

	if (vmn_netplan_make(NULL, s, setup, &env, &plan, &err) < 0)
		fail_msg("%s", vmn_err_text(&err));
	for (size_t i = 0; i < plan.steps.n; i++) {
		vmn_step_text(&plan.steps.v[i], &out);
		vmn_buf_addc(&out, '\n');
	}
	return out.data ? vmn_buf_steal(&out) : vmn_xstrdup("");
}

static void assert_has(const char *text, const char *wanted)
{
	if (!strstr(text, wanted))
		fail_msg("no '%s' in:\n%s", wanted, text);
}

static void assert_lacks(const char *text, const char *unwanted)
{
	if (strstr(text, unwanted))
		fail_msg("'%s' in:\n%s", unwanted, text);
}

/* Each of @lines, ended by NULL, occurs after the one before it. */
static void assert_order(const char *text, const char *const *lines)
{
	const char *from = text;

	for (; *lines; lines++) {
		const char *at = strstr(from, *lines);

		if (!at)
			fail_msg("no '%s' after the others in:\n%s", *lines, text);
		from = at + strlen(*lines);
	}
}

static void test_bridge_with_addresses(void **state)
{
	static const char *const order[] = {
		"ip link add k6t-eth0 ",
		"ip link set dev k6t-eth0 addrgenmode none\n",
		"ip address add 169.254.75.10/32 dev k6t-eth0\n",
		"ip link set dev k6t-eth0 up\n",
		"ip address del ",
		"ip address del 10.244.1.5/24 dev eth0\n",
		"ip link set dev eth0 down\n",
		"ip link set dev eth0 name eth0-nic\n",
		"ip link set dev eth0-nic address ",
		"ip link set dev eth0-nic addrgenmode none\n",
		"ip link set dev eth0-nic master k6t-eth0\n",
		"ip link set dev eth0-nic up\n",
		"bridge link set dev eth0-nic learning off\n",
		"ip tuntap add dev tap0 mode tap user 107 group 107",
		"ip link set dev tap0 addrgenmode none\n",
		"ip link set dev tap0 master k6t-eth0\n",
		"ip link set dev tap0 up\n",
		"ip link add eth0 ",
		"ip address add 10.244.1.5/24 ",
		"net/ipv4/conf/all/arp_ignore=1\n",
		NULL,
	};
	vmn_auto_snapshot struct vmn_snapshot s = {0};
	vmn_auto_setup struct vmn_setup setup = {0};
	vmn_auto_free char *text = NULL;

	(void)state;
	load(&s);
	(void)want(&setup, "default", VMN_BINDING_BRIDGE);
	text = plan_text(&s, &setup);
	assert_order(text, order);
	assert_has(text, "ip address add fd00:10:244::6/64 dev eth0");
	assert_has(text, " mtu 1400");
	assert_has(text, "type dummy");
	assert_lacks(text, "ip link set dev eth0 up");
}

static void test_facts_of_a_bridge(void **state)
{
	vmn_auto_snapshot struct vmn_snapshot s = {0};
	vmn_auto_setup struct vmn_setup setup = {.hostname = vmn_xstrdup("web")};
	vmn_auto_netplan struct vmn_netplan plan = {0};
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	const struct vmn_binding_facts *f;
	char buf[VMN_CIDR_TEXT_SIZE];

	(void)state;
	load(&s);
	(void)want(&setup, "default", VMN_BINDING_BRIDGE);
	assert_int_equal(vmn_netplan_make(NULL, &s, &setup, &env, &plan, &err), 0);
	f = &plan.facts.v[0];
	assert_string_equal(f->hostname, "web");
	assert_string_equal(vmn_cidr_text(&f->ip4, buf), "10.244.1.5/24");
	assert_string_equal(vmn_ip_text(&f->server4, buf), "169.254.75.10");
	assert_string_equal(vmn_ip_text(&f->gateway4, buf), "10.244.1.1");
	assert_memory_equal(f->mac, link_named(&s, "eth0")->mac, VMN_MAC_SIZE);
	assert_int_equal(f->mtu, 1400);
	/* The default route and 10.96.0.0/12, but not the pod's own subnet. */
	assert_int_equal(f->n_routes4, 2);
	assert_int_equal(f->ip6.ip.family, AF_UNSPEC);
}

static void test_without_addresses_there_is_no_server(void **state)
{
	vmn_auto_snapshot struct vmn_snapshot s = {0};
	vmn_auto_setup struct vmn_setup setup = {0};
	vmn_auto_free char *text = NULL;

	(void)state;
	load(&s);
	want(&setup, "dyn1", VMN_BINDING_BRIDGE)->index = 1;
	text = plan_text(&s, &setup);
	assert_has(text, "ip link set dev poda1b579e0928 name a1b579e0928-nic\n");
	assert_has(text, "ip link set dev tapa1b579e0928 master k6t-a1b579e0928\n");
	assert_has(text, "ip link add poda1b579e0928 ");
	assert_lacks(text, "169.254.75");
	assert_lacks(text, "arp_ignore");
}

static void test_managed_tap_is_a_bridge_without_server(void **state)
{
	vmn_auto_snapshot struct vmn_snapshot s = {0};
	vmn_auto_setup struct vmn_setup setup = {0};
	vmn_auto_free char *text = NULL;

	(void)state;
	load(&s);
	want(&setup, "default", VMN_BINDING_MANAGED_TAP)->queues = 4;
	text = plan_text(&s, &setup);
	assert_lacks(text, "169.254.75");
	assert_has(text, "multi_queue");
	assert_has(text, "ip address add 10.244.1.5/24 ");
	assert_has(text, "arp_ignore=1");
}

static void test_masquerade(void **state)
{
	static const char *const order[] = {
		"ip link add k6t-eth0 address 02:00:00:00:00:00 mtu 1400 type bridge\n",
		"ip address add 10.9.0.1/16 dev k6t-eth0\n",
		"ip address add fd10:0:2::1/120 dev k6t-eth0",
		"ip link set dev k6t-eth0 up\n",
		"net/ipv4/conf/k6t-eth0/route_localnet=1\n",
		"ip tuntap add dev tap0 ",
		"table ip vmnetctl_k6t_eth0 {",
		"tcp dport { 80, 8000-8010 } counter dnat to 10.9.0.2\n",
		"udp dport { 53 } counter dnat to 10.9.0.2\n",
		"ip saddr 127.0.0.1 tcp dport { 80, 8000-8010 } counter snat to 10.9.0.1\n",
		"iifname \"eth0\" counter jump preinbound\n",
		"ip daddr 127.0.0.1 udp dport { 53 } counter dnat to 10.9.0.2\n",
		"ip saddr 10.9.0.2 counter masquerade\n",
		"oifname \"k6t-eth0\" counter jump postinbound\n",
		"table ip6 vmnetctl_k6t_eth0 {",
		"ip6 saddr fd10:0:2::2 counter masquerade\n",
		"net/ipv4/ip_forward=1\n",
		"net/ipv6/conf/all/forwarding=1\n",
		NULL,
	};
	vmn_auto_snapshot struct vmn_snapshot s = {0};
	vmn_auto_setup struct vmn_setup setup = {0};
	vmn_auto_free char *text = NULL;
	struct vmn_setup_nic *nic;

	(void)state;
	load(&s);
	nic = want(&setup, "default", VMN_BINDING_MASQUERADE);
	assert_true(vmn_guest_cidr_parse(AF_INET, "10.9.1.1/16", &nic->cidr4));
	vmn_port_add(nic, (struct vmn_port_range){6, 80, 80});
	vmn_port_add(nic, (struct vmn_port_range){17, 53, 53});
	vmn_port_add(nic, (struct vmn_port_range){6, 8000, 8010});
	text = plan_text(&s, &setup);
	assert_order(text, order);
	assert_lacks(text, "dev eth0");
}

static void test_layout_of_0_4_1(void **state)
{
	static const char *const order[] = {
		"ip address del 10.244.1.5/24 dev eth0\n",
		"ip link set dev eth0 down\n",
		"ip link set dev eth0 address ",
		"ip link set dev eth0 up\n",
		"ip link add br1 ",
		"ip link set dev eth0 master br1\n",
		"ip link set dev br1 up\n",
		"ip address add 169.254.75.86/32 dev br1\n",
		NULL,
	};
	vmn_auto_snapshot struct vmn_snapshot s = {0};
	vmn_auto_setup struct vmn_setup setup = {.layout = VMN_LAYOUT_V0_4_1};
	vmn_auto_free char *text = NULL;
	vmn_auto_netplan struct vmn_netplan plan = {0};
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

	(void)state;
	load(&s);
	(void)want(&setup, "default", VMN_BINDING_BRIDGE);
	text = plan_text(&s, &setup);
	assert_order(text, order);
	assert_lacks(text, "tuntap");
	assert_lacks(text, "dummy");
	(void)want(&setup, "dyn1", VMN_BINDING_BRIDGE);
	assert_int_equal(vmn_netplan_make(NULL, &s, &setup, &env, &plan, &err), -VMN_E_UNSUPPORTED);
}

static void test_what_cannot_be_planned(void **state)
{
	static const struct {
		const char *network;
		const char *rename_from, *rename_to; /* a link of the snapshot */
		const char *want;
		int code;
	} rows[] = {
		{"other", NULL, NULL, "is missing", VMN_E_NOT_FOUND},
		{"default", "poda1b579e0928", "k6t-eth0", "is of kind 'veth', not 'bridge'",
		 VMN_E_CONFLICT},
		{"default", "poda1b579e0928", "tap0", "is of kind 'veth', not 'tun'",
		 VMN_E_CONFLICT},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		vmn_auto_snapshot struct vmn_snapshot s = {0};
		vmn_auto_setup struct vmn_setup setup = {0};
		vmn_auto_netplan struct vmn_netplan plan = {0};
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

		load(&s);
		if (rows[i].rename_from)
			snprintf(link_named(&s, rows[i].rename_from)->name, IFNAMSIZ, "%s",
				 rows[i].rename_to);
		(void)want(&setup, rows[i].network, VMN_BINDING_BRIDGE);
		assert_int_equal(vmn_netplan_make(NULL, &s, &setup, &env, &plan, &err),
				 -rows[i].code);
		assert_has(vmn_err_text(&err), rows[i].want);
	}
}

static void test_ordinal_names_are_recognised(void **state)
{
	vmn_auto_snapshot struct vmn_snapshot s = {0};
	vmn_auto_setup struct vmn_setup setup = {0};
	vmn_auto_free char *text = NULL;

	(void)state;
	load(&s);
	snprintf(link_named(&s, "poda1b579e0928")->name, IFNAMSIZ, "net1");
	(void)want(&setup, "default", VMN_BINDING_BRIDGE);
	(void)want(&setup, "dyn1", VMN_BINDING_BRIDGE);
	text = plan_text(&s, &setup);
	assert_has(text, "ip link set dev net1 name net1-nic\n");
	assert_has(text, "ip link set dev tap1 master k6t-net1\n");
}

static void test_addresses_that_guests_can_have(void **state)
{
	static const struct {
		const char *text;
		bool is_global;
	} rows[] = {
		{"10.0.0.1", true},    {"169.254.75.10", false}, {"127.0.0.1", false},
		{"224.0.0.1", false},  {"0.0.0.0", false},	 {"255.255.255.255", false},
		{"2001:db8::1", true}, {"fd00::1", true},	 {"fe80::1", false},
		{"ff02::1", false},    {"::1", false},		 {"::", false},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		struct vmn_ip ip;

		assert_true(vmn_ip_parse(rows[i].text, &ip));
		assert_int_equal(vmn_ip_is_global(&ip), rows[i].is_global);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bridge_with_addresses),
		cmocka_unit_test(test_facts_of_a_bridge),
		cmocka_unit_test(test_without_addresses_there_is_no_server),
		cmocka_unit_test(test_managed_tap_is_a_bridge_without_server),
		cmocka_unit_test(test_masquerade),
		cmocka_unit_test(test_layout_of_0_4_1),
		cmocka_unit_test(test_what_cannot_be_planned),
		cmocka_unit_test(test_ordinal_names_are_recognised),
		cmocka_unit_test(test_addresses_that_guests_can_have),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
