/* SPDX-License-Identifier: Apache-2.0 */
/* steps as data: lists, JSON, text */
#include "config.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "lib/data/json.h"
#include "lib/net/record.h"
#include "lib/net/step.h"

static const char *const kind_names[] = {
	[VMN_STEP_LINK_ADD] = "link-add",
	[VMN_STEP_TAP_ADD] = "tap-add",
	[VMN_STEP_LINK_RENAME] = "link-rename",
	[VMN_STEP_LINK_MAC] = "link-mac",
	[VMN_STEP_LINK_MTU] = "link-mtu",
	[VMN_STEP_LINK_UP] = "link-up",
	[VMN_STEP_LINK_DOWN] = "link-down",
	[VMN_STEP_LINK_MASTER] = "link-master",
	[VMN_STEP_LINK_ADDRGEN] = "link-addrgen",
	[VMN_STEP_LINK_ALIAS] = "link-alias",
	[VMN_STEP_BRPORT] = "brport",
	[VMN_STEP_ADDR_ADD] = "addr-add",
	[VMN_STEP_ADDR_DEL] = "addr-del",
	[VMN_STEP_ROUTE_ADD] = "route-add",
	[VMN_STEP_SYSCTL] = "sysctl",
	[VMN_STEP_NFT] = "nft",
};

#define AT(member) .key = #member, .offset = offsetof(struct vmn_step, member)
#define TEXT(name, member)                                                                         \
	VMN_FIELD_TEXT, .key = (name), .offset = offsetof(struct vmn_step, member),                \
			.size = sizeof(((struct vmn_step *)NULL)->member)

/* All but the kind and what is a record of its own. */
static const struct vmn_record step_record = {
	"step",
	(const struct vmn_field[]){
		{TEXT("link", link.name)},
		{VMN_FIELD_INT, .key = "ifindex",
		 .offset = offsetof(struct vmn_step, link.ifindex)},
		{TEXT("other", other.name)},
		{VMN_FIELD_INT, .key = "otherIfindex",
		 .offset = offsetof(struct vmn_step, other.ifindex)},
		{TEXT("name", name)},
		{TEXT("type", type)},
		{VMN_FIELD_BOOL, .key = "hasMac", .offset = offsetof(struct vmn_step, has_mac)},
		{VMN_FIELD_MAC, AT(mac)},
		{VMN_FIELD_U32, AT(mtu)},
		{VMN_FIELD_U32, AT(value)},
		{VMN_FIELD_U32, AT(mask)},
		{VMN_FIELD_I64, AT(owner)},
		{VMN_FIELD_I64, AT(group)},
		{VMN_FIELD_U32, AT(queues)},
		{VMN_FIELD_BOOL, .key = "vnetHdr",
		 .offset = offsetof(struct vmn_step, has_vnet_hdr)},
		{VMN_FIELD_STR, AT(key)},
		{VMN_FIELD_STR, AT(text)},
		{VMN_FIELD_STR, AT(undo)},
		{0},
	},
	sizeof(struct vmn_step),
};

/* --- lists ---------------------------------------------------------------------------- */

struct vmn_step *vmn_steps_add(struct vmn_steps *steps, enum vmn_step_kind kind)
{
	struct vmn_step *step;

	steps->v = vmn_xrealloc(steps->v, steps->n + 1, sizeof(*steps->v));
	step = &steps->v[steps->n++];
	*step = (struct vmn_step){.kind = kind, .owner = -1, .group = -1};
	return step;
}

void vmn_step_clear(struct vmn_step *step)
{
	vmn_record_clear(&vmn_addr_record, &step->addr);
	vmn_record_clear(&vmn_route_record, &step->route);
	vmn_record_clear(&step_record, step);
}

void vmn_step_copy(const struct vmn_step *from, struct vmn_step *to)
{
	vmn_record_copy(&step_record, from, to);
	vmn_record_copy(&vmn_addr_record, &from->addr, &to->addr);
	vmn_record_copy(&vmn_route_record, &from->route, &to->route);
}

void vmn_steps_clear(struct vmn_steps *steps)
{
	for (size_t i = 0; i < steps->n; i++)
		vmn_step_clear(&steps->v[i]);
	free(steps->v);
	*steps = (struct vmn_steps){0};
}

struct vmn_step_link vmn_step_link_new(const char *name)
{
	struct vmn_step_link link = {0};
	size_t len = strnlen(name, sizeof(link.name) - 1);

	memcpy(link.name, name, len);
	return link;
}

struct vmn_step_link vmn_step_link(const struct vmn_link *link)
{
	struct vmn_step_link ref = vmn_step_link_new(link->name);

	ref.ifindex = link->ifindex;
	return ref;
}

/* --- JSON ----------------------------------------------------------------------------- */

static bool has_addr(const struct vmn_step *step)
{
	return step->kind == VMN_STEP_ADDR_ADD || step->kind == VMN_STEP_ADDR_DEL;
}

struct json_object *vmn_step_json(const struct vmn_step *step)
{
	vmn_auto_json struct json_object *fields = vmn_record_json(&step_record, step);
	struct json_object *out = json_object_new_object();

	vmn_json_set_str(out, "kind", kind_names[step->kind]);
	json_object_object_foreach(fields, key, value)
		vmn_json_set_take(out, key, json_object_get(value));
	if (has_addr(step))
		vmn_json_set_take(out, "addr", vmn_record_json(&vmn_addr_record, &step->addr));
	if (step->kind == VMN_STEP_ROUTE_ADD)
		vmn_json_set_take(out, "route", vmn_record_json(&vmn_route_record, &step->route));
	return out;
}

static enum vmn_step_kind parse_kind(const char *name)
{
	for (size_t i = 1; name && i < VMN_ARRAY_LEN(kind_names); i++)
		if (strcmp(kind_names[i], name) == 0)
			return (enum vmn_step_kind)i;
	return 0;
}

int vmn_step_parse(struct json_object *json, struct vmn_step *ret, struct vmn_err *err)
{
	struct json_object *addr = vmn_json_get(json, "/addr"),
			   *route = vmn_json_get(json, "/route");
	int rc;

	*ret = (struct vmn_step){.kind = parse_kind(vmn_json_str(json, "/kind"))};
	if (!ret->kind)
		return vmn_err_set(err, VMN_E_INVALID, "step: 'kind' is malformed");
	rc = vmn_record_parse(&step_record, json, ret, err);
	if (rc == 0 && has_addr(ret))
		rc = vmn_record_parse(&vmn_addr_record, addr, &ret->addr, err);
	if (rc == 0 && ret->kind == VMN_STEP_ROUTE_ADD)
		rc = vmn_record_parse(&vmn_route_record, route, &ret->route, err);
	if (rc < 0)
		vmn_step_clear(ret);
	return rc;
}

/* --- text ----------------------------------------------------------------------------- */

static void add_link_add(const struct vmn_step *s, struct vmn_buf *out)
{
	char mac[VMN_MAC_TEXT_SIZE];

	vmn_buf_addf(out, "ip link add %s", s->link.name);
	if (s->has_mac)
		vmn_buf_addf(out, " address %s", vmn_mac_text(s->mac, mac));
	if (s->mtu)
		vmn_buf_addf(out, " mtu %u", s->mtu);
	vmn_buf_addf(out, " type %s", s->type);
	if (*s->name)
		vmn_buf_addf(out, " peer name %s", s->name);
}

static void add_tap_add(const struct vmn_step *s, struct vmn_buf *out)
{
	vmn_buf_addf(out, "ip tuntap add dev %s mode tap", s->link.name);
	if (s->owner >= 0)
		vmn_buf_addf(out, " user %lld", (long long)s->owner);
	if (s->group >= 0)
		vmn_buf_addf(out, " group %lld", (long long)s->group);
	if (s->has_vnet_hdr)
		vmn_buf_adds(out, " vnet_hdr");
	if (s->queues > 1)
		vmn_buf_adds(out, " multi_queue");
	if (s->mtu)
		vmn_buf_addf(out, " && ip link set dev %s mtu %u", s->link.name, s->mtu);
}

static void add_mac(const struct vmn_step *s, struct vmn_buf *out)
{
	char mac[VMN_MAC_TEXT_SIZE];

	if (s->has_mac)
		vmn_buf_addf(out, "ip link set dev %s address %s", s->link.name,
			     vmn_mac_text(s->mac, mac));
	else
		vmn_buf_addf(out, "ip link set dev %s address $(cat /sys/class/net/%s/address)",
			     s->link.name, s->other.name);
}

static void add_addrgen(const struct vmn_step *s, struct vmn_buf *out)
{
	static const char *const modes[] = {
		[IN6_ADDR_GEN_MODE_EUI64] = "eui64",
		[IN6_ADDR_GEN_MODE_NONE] = "none",
		[IN6_ADDR_GEN_MODE_STABLE_PRIVACY] = "stable_secret",
		[IN6_ADDR_GEN_MODE_RANDOM] = "random",
	};

	vmn_buf_addf(out, "ip link set dev %s addrgenmode %s", s->link.name,
		     s->value < VMN_ARRAY_LEN(modes) ? modes[s->value] : "eui64");
}

static void add_brport(const struct vmn_step *s, struct vmn_buf *out)
{
	static const struct {
		unsigned flag;
		const char *name;
	} rows[] = {
		{VMN_BRPORT_LEARNING, "learning"},
		{VMN_BRPORT_ISOLATED, "isolated"},
		{VMN_BRPORT_HAIRPIN, "hairpin"},
		{VMN_BRPORT_FLOOD, "flood"},
	};

	vmn_buf_addf(out, "bridge link set dev %s", s->link.name);
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++)
		if (s->mask & rows[i].flag)
			vmn_buf_addf(out, " %s %s", rows[i].name,
				     s->value & rows[i].flag ? "on" : "off");
}

static void add_addr(const struct vmn_step *s, const char *verb, struct vmn_buf *out)
{
	char ip[VMN_IP_TEXT_SIZE];
	const struct vmn_addr *a = &s->addr;
	bool is_del = s->kind == VMN_STEP_ADDR_DEL;

	vmn_buf_addf(out, "ip address %s %s", verb, vmn_ip_text(&a->local, ip));
	if (a->peer.family)
		vmn_buf_addf(out, " peer %s", vmn_ip_text(&a->peer, ip));
	vmn_buf_addf(out, "/%u", a->prefix_len);
	if (!is_del && a->brd.family)
		vmn_buf_addf(out, " broadcast %s", vmn_ip_text(&a->brd, ip));
	vmn_buf_addf(out, " dev %s", s->link.name);
	if (is_del)
		return;
	if (a->scope == RT_SCOPE_LINK || a->scope == RT_SCOPE_HOST)
		vmn_buf_addf(out, " scope %s", a->scope == RT_SCOPE_LINK ? "link" : "host");
	if (a->valid_s && a->valid_s != UINT32_MAX)
		vmn_buf_addf(out, " valid_lft %u preferred_lft %u", a->valid_s, a->preferred_s);
	if (a->metric)
		vmn_buf_addf(out, " metric %u", a->metric);
	if (a->flags & IFA_F_NODAD)
		vmn_buf_adds(out, " nodad");
	if (a->flags & IFA_F_NOPREFIXROUTE)
		vmn_buf_adds(out, " noprefixroute");
}

static void add_route(const struct vmn_step *s, struct vmn_buf *out)
{
	char ip[VMN_IP_TEXT_SIZE];
	const struct vmn_route *r = &s->route;

	vmn_buf_addf(out, "ip %sroute add ", r->family == AF_INET6 ? "-6 " : "");
	if (r->dst_len)
		vmn_buf_addf(out, "%s/%u", vmn_ip_text(&r->dst, ip), r->dst_len);
	else
		vmn_buf_adds(out, "default");
	if (r->n_hops && r->hops[0].via.family)
		vmn_buf_addf(out, " via %s", vmn_ip_text(&r->hops[0].via, ip));
	vmn_buf_addf(out, " dev %s", s->link.name);
	if (r->n_hops && r->hops[0].flags & RTNH_F_ONLINK)
		vmn_buf_adds(out, " onlink");
	if (r->prefsrc.family)
		vmn_buf_addf(out, " src %s", vmn_ip_text(&r->prefsrc, ip));
	if (r->priority)
		vmn_buf_addf(out, " metric %u", r->priority);
	if (r->table && r->table != RT_TABLE_MAIN)
		vmn_buf_addf(out, " table %u", r->table);
}

static void add_sysctl(const struct vmn_step *s, struct vmn_buf *out)
{
	vmn_buf_addf(out, "sysctl -w %s=%s", s->key, s->text);
}

static void add_nft(const struct vmn_step *s, struct vmn_buf *out)
{
	size_t len = strlen(s->text);

	vmn_buf_addf(out, "nft -f - <<END\n%s%sEND", s->text,
		     len && s->text[len - 1] == '\n' ? "" : "\n");
}

void vmn_step_text(const struct vmn_step *s, struct vmn_buf *out)
{
	switch (s->kind) {
	case VMN_STEP_LINK_ADD:
		add_link_add(s, out);
		break;
	case VMN_STEP_TAP_ADD:
		add_tap_add(s, out);
		break;
	case VMN_STEP_LINK_RENAME:
		vmn_buf_addf(out, "ip link set dev %s name %s", s->link.name, s->name);
		break;
	case VMN_STEP_LINK_MAC:
		add_mac(s, out);
		break;
	case VMN_STEP_LINK_MTU:
		vmn_buf_addf(out, "ip link set dev %s mtu %u", s->link.name, s->value);
		break;
	case VMN_STEP_LINK_UP:
		vmn_buf_addf(out, "ip link set dev %s up", s->link.name);
		break;
	case VMN_STEP_LINK_DOWN:
		vmn_buf_addf(out, "ip link set dev %s down", s->link.name);
		break;
	case VMN_STEP_LINK_MASTER:
		vmn_buf_addf(out, "ip link set dev %s %s%s", s->link.name,
			     *s->other.name ? "master " : "nomaster", s->other.name);
		break;
	case VMN_STEP_LINK_ADDRGEN:
		add_addrgen(s, out);
		break;
	case VMN_STEP_LINK_ALIAS:
		vmn_buf_addf(out, "ip link set dev %s alias '%s'", s->link.name, s->text);
		break;
	case VMN_STEP_BRPORT:
		add_brport(s, out);
		break;
	case VMN_STEP_ADDR_ADD:
		add_addr(s, "add", out);
		break;
	case VMN_STEP_ADDR_DEL:
		add_addr(s, "del", out);
		break;
	case VMN_STEP_ROUTE_ADD:
		add_route(s, out);
		break;
	case VMN_STEP_SYSCTL:
		add_sysctl(s, out);
		break;
	case VMN_STEP_NFT:
		add_nft(s, out);
		break;
	}
}
