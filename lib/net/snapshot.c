/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/base/file.h"
#include "lib/data/json.h"
#include "lib/net/decode.h"
#include "lib/net/nft.h"
#include "lib/net/record.h"
#include "lib/net/rtnl.h"

enum {
	LIFETIME_SLACK_S = 3, /* two dumps of one address, each rounded to seconds */
	SYSCTL_MAX_BYTES = 4096,
	MAX_OBJECTS = 1 << 20,
};

/* --- the arrays, all alike ------------------------------------------------------------ */

struct array {
	const char *key; /* in JSON */
	const struct vmn_record *rec;
	size_t items, n; /* offsets in struct vmn_snapshot */
};

#define ARRAY(name) offsetof(struct vmn_snapshot, name), offsetof(struct vmn_snapshot, n_##name)

static const struct array arrays[] = {
	{"links", &vmn_link_record, ARRAY(links)},
	{"addresses", &vmn_addr_record, ARRAY(addrs)},
	{"nexthops", &vmn_nexthop_record, ARRAY(nexthops)},
	{"routes", &vmn_route_record, ARRAY(routes)},
	{"neighbours", &vmn_neigh_record, ARRAY(neighs)},
	{"rules", &vmn_rule_record, ARRAY(rules)},
	{"qdiscs", &vmn_qdisc_record, ARRAY(qdiscs)},
	{"sysctls", &vmn_sysctl_record, ARRAY(sysctls)},
};

static void **items_of(const struct array *a, const struct vmn_snapshot *s)
{
	return (void **)((char *)s + a->items);
}

static size_t *n_of(const struct array *a, const struct vmn_snapshot *s)
{
	return (size_t *)((char *)s + a->n);
}

static void *item_of(const struct array *a, const struct vmn_snapshot *s, size_t i)
{
	return (char *)*items_of(a, s) + i * a->rec->size;
}

/* Room for one more, zeroed and not counted yet; NULL: no memory, or far too many. */
static void *next_item(const struct array *a, struct vmn_snapshot *s)
{
	size_t n = *n_of(a, s);
	void *items = *items_of(a, s);

	if (n >= MAX_OBJECTS)
		return NULL;
	if ((n & (n - 1)) == 0) { /* grows at powers of two */
		items = realloc(items, (n ? 2 * n : 1) * a->rec->size);
		if (!items)
			return NULL;
		*items_of(a, s) = items;
	}
	return memset((char *)items + n * a->rec->size, 0, a->rec->size);
}

static void clear_array(const struct array *a, struct vmn_snapshot *s)
{
	for (size_t i = 0; i < *n_of(a, s); i++)
		vmn_record_clear(a->rec, item_of(a, s, i));
	*n_of(a, s) = 0;
}

void vmn_snapshot_clear(struct vmn_snapshot *s)
{
	for (size_t i = 0; i < VMN_ARRAY_LEN(arrays); i++) {
		clear_array(&arrays[i], s);
		free(*items_of(&arrays[i], s));
	}
	free(s->nft);
	*s = (struct vmn_snapshot){0};
}

void vmn_snapshot_copy(const struct vmn_snapshot *from, struct vmn_snapshot *to)
{
	to->at_s = from->at_s;
	to->nft = from->nft ? vmn_xstrdup(from->nft) : NULL;
	for (size_t i = 0; i < VMN_ARRAY_LEN(arrays); i++) {
		const struct array *a = &arrays[i];
		size_t n = *n_of(a, from), room = 1;

		while (room < n) /* as next_item() grows it */
			room *= 2;
		*items_of(a, to) = n ? vmn_xcalloc(room, a->rec->size) : NULL;
		*n_of(a, to) = n;
		for (size_t k = 0; k < n; k++)
			vmn_record_copy(a->rec, item_of(a, from, k), item_of(a, to, k));
	}
}

/* --- dumps ---------------------------------------------------------------------------- */

struct dump {
	const struct array *array;
	struct vmn_snapshot *s;
	int family;   /* AF_UNSPEC: any */
	size_t start; /* how many there were before this dump */
	int (*decode)(const struct nlmsghdr *h, void *ret, struct vmn_err *err);
};

#define DECODER(name, type)                                                                        \
	static int name(const struct nlmsghdr *h, void *ret, struct vmn_err *err)                  \
	{                                                                                          \
		return vmn_decode_##type(h, ret, err);                                             \
	}
DECODER(decode_link, link)
DECODER(decode_addr, addr)
DECODER(decode_nexthop, nexthop)
DECODER(decode_route, route)
DECODER(decode_neigh, neigh)
DECODER(decode_rule, rule)
DECODER(decode_qdisc, qdisc)
#undef DECODER

static void restart(void *arg)
{
	struct dump *d = arg;

	while (*n_of(d->array, d->s) > d->start)
		vmn_record_clear(d->array->rec, item_of(d->array, d->s, --*n_of(d->array, d->s)));
}

static int keep(void *arg, const struct nlmsghdr *h, struct vmn_err *err)
{
	struct dump *d = arg;
	void *item;
	int rc;

	/* A kernel without a family answers with those it has. All headers start with the family.
	 */
	if (d->family && (!nlmsg_datalen(h) || *(const uint8_t *)nlmsg_data(h) != d->family))
		return 0;
	item = next_item(d->array, d->s);
	if (!item)
		return vmn_err_oom(err);
	rc = d->decode(h, item, err);
	if (rc == 1)
		++*n_of(d->array, d->s);
	else
		vmn_record_clear(d->array->rec, item);
	return rc < 0 ? rc : 0;
}

static int dump(struct vmn_rtnl *rtnl, int type, const void *head, size_t head_len, struct dump *d,
		struct vmn_err *err)
{
	vmn_auto_nl_msg struct nl_msg *msg = nlmsg_alloc_simple(type, 0);
	uint32_t ext_mask = RTEXT_FILTER_SKIP_STATS;
	int rc;

	if (!msg || nlmsg_append(msg, (void *)head, head_len, NLMSG_ALIGNTO) < 0 ||
	    (type == RTM_GETLINK && nla_put_u32(msg, IFLA_EXT_MASK, ext_mask) < 0))
		return vmn_err_oom(err);
	d->start = *n_of(d->array, d->s);
	rc = vmn_rtnl_dump(rtnl, msg, restart, keep, d, err);
	if (rc < 0 && (d->family == AF_INET6 || type == RTM_GETNEXTHOP) &&
	    (err->sys == EOPNOTSUPP || err->sys == EAFNOSUPPORT)) {
		vmn_err_clear(err);
		return 0;
	}
	return rc < 0 ? vmn_err_wrap(err, "cannot read %s", d->array->key) : 0;
}

static const struct array *array_of(const struct vmn_record *rec)
{
	for (size_t i = 0; i < VMN_ARRAY_LEN(arrays); i++)
		if (arrays[i].rec == rec)
			return &arrays[i];
	abort();
}

static int dump_family(struct vmn_rtnl *rtnl, int family, struct vmn_snapshot *s,
		       struct vmn_err *err)
{
	struct ifaddrmsg ifa = {.ifa_family = (uint8_t)family};
	struct rtmsg rtm = {.rtm_family = (uint8_t)family};
	struct ndmsg ndm = {.ndm_family = (uint8_t)family}, proxies = ndm;
	struct fib_rule_hdr frh = {.family = (uint8_t)family};
	struct dump addrs = {array_of(&vmn_addr_record), s, family, 0, decode_addr};
	struct dump routes = {array_of(&vmn_route_record), s, family, 0, decode_route};
	struct dump neighs = {array_of(&vmn_neigh_record), s, family, 0, decode_neigh};
	struct dump rules = {array_of(&vmn_rule_record), s, family, 0, decode_rule};
	int rc;

	proxies.ndm_flags = NTF_PROXY;
	rc = dump(rtnl, RTM_GETADDR, &ifa, sizeof(ifa), &addrs, err);
	if (rc == 0)
		rc = dump(rtnl, RTM_GETROUTE, &rtm, sizeof(rtm), &routes, err);
	if (rc == 0)
		rc = dump(rtnl, RTM_GETNEIGH, &ndm, sizeof(ndm), &neighs, err);
	if (rc == 0)
		rc = dump(rtnl, RTM_GETNEIGH, &proxies, sizeof(proxies), &neighs, err);
	if (rc == 0)
		rc = dump(rtnl, RTM_GETRULE, &frh, sizeof(frh), &rules, err);
	return rc;
}

static int dump_all(struct vmn_rtnl *rtnl, struct vmn_snapshot *s, struct vmn_err *err)
{
	struct ifinfomsg ifi = {.ifi_family = AF_UNSPEC};
	struct nhmsg nhm = {.nh_family = AF_UNSPEC}; /* Linux 5.3 */
	struct tcmsg tcm = {.tcm_family = AF_UNSPEC};
	struct dump nexthops = {array_of(&vmn_nexthop_record), s, AF_UNSPEC, 0, decode_nexthop};
	struct dump links = {array_of(&vmn_link_record), s, AF_UNSPEC, 0, decode_link};
	struct dump qdiscs = {array_of(&vmn_qdisc_record), s, AF_UNSPEC, 0, decode_qdisc};
	int rc = dump(rtnl, RTM_GETLINK, &ifi, sizeof(ifi), &links, err);

	if (rc == 0)
		rc = dump(rtnl, RTM_GETNEXTHOP, &nhm, sizeof(nhm), &nexthops, err);
	if (rc == 0)
		rc = dump_family(rtnl, AF_INET, s, err);
	if (rc == 0)
		rc = dump_family(rtnl, AF_INET6, s, err);
	if (rc == 0)
		rc = dump(rtnl, RTM_GETQDISC, &tcm, sizeof(tcm), &qdiscs, err);
	return rc;
}

/* --- sysctls -------------------------------------------------------------------------- */

struct sysctl_call {
	struct vmn_snapshot *s;
	const char *const *keys;
};

/* What is not there has no value; that is no failure. */
static int read_sysctl(struct vmn_snapshot *s, const char *key, struct vmn_err *err)
{
	vmn_auto_free char *path = vmn_xasprintf("/proc/sys/%s", key);
	vmn_auto_buf struct vmn_buf value = VMN_BUF_INIT(SYSCTL_MAX_BYTES);
	vmn_auto_err struct vmn_err why = VMN_ERR_INIT;
	struct vmn_sysctl *item;

	if (vmn_snapshot_sysctl(s, key))
		return 0;
	item = next_item(array_of(&vmn_sysctl_record), s);
	if (!item)
		return vmn_err_oom(err);
	s->n_sysctls++;
	item->key = vmn_xstrdup(key);
	if (vmn_file_read(path, &value, &why) < 0)
		return why.code == VMN_E_NOT_FOUND ? 0 : vmn_err_move(err, &why);
	while (value.len && value.data[value.len - 1] == '\n')
		value.data[--value.len] = '\0';
	item->value = vmn_xstrdup(vmn_buf_str(&value));
	return 0;
}

static int read_sysctls(void *arg, struct vmn_err *err)
{
	static const char *const each[] = {"disable_ipv6", "accept_dad"};
	const struct sysctl_call *c = arg;
	int rc = 0;

	for (const char *const *key = c->keys; key && *key && rc == 0; key++)
		rc = read_sysctl(c->s, *key, err);
	for (size_t i = 0; i < c->s->n_links; i++)
		for (size_t k = 0; k < VMN_ARRAY_LEN(each) && rc == 0; k++) {
			vmn_auto_free char *key =
				vmn_xasprintf("net/ipv6/conf/%s/%s", c->s->links[i].name, each[k]);

			rc = read_sysctl(c->s, key, err);
		}
	return rc;
}

int vmn_snapshot_take(const struct vmn_netns *ns, const char *const *sysctls,
		      struct vmn_snapshot *ret, struct vmn_err *err)
{
	vmn_auto_rtnl struct vmn_rtnl *rtnl = NULL;
	vmn_auto_snapshot struct vmn_snapshot s = {0};
	struct sysctl_call call = {&s, sysctls};
	struct timespec now;
	int rc = vmn_rtnl_open(ns, &rtnl, err);

	if (rc == 0)
		rc = dump_all(rtnl, &s, err);
	if (rc == 0)
		rc = vmn_netns_run(ns, read_sysctls, &call, err);
	if (rc == 0)
		rc = vmn_nft_list(ns, &s.nft, err);
	if (rc < 0)
		return rc;
	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	s.at_s = now.tv_sec;
	*ret = s;
	s = (struct vmn_snapshot){0};
	return 0;
}

/* --- JSON ----------------------------------------------------------------------------- */

struct json_object *vmn_snapshot_json(const struct vmn_snapshot *s)
{
	struct json_object *out = json_object_new_object();

	vmn_json_set_int(out, "atS", s->at_s);
	for (size_t i = 0; i < VMN_ARRAY_LEN(arrays); i++) {
		struct json_object *list = json_object_new_array();

		for (size_t k = 0; k < *n_of(&arrays[i], s); k++)
			vmn_json_append_take(
				list, vmn_record_json(arrays[i].rec, item_of(&arrays[i], s, k)));
		vmn_json_set_take(out, arrays[i].key, list);
	}
	if (s->nft)
		vmn_json_set_str(out, "nft", s->nft);
	return out;
}

static int parse_array(const struct array *a, struct json_object *list, struct vmn_snapshot *s,
		       struct vmn_err *err)
{
	vmn_json_each(json, list) {
		void *item = next_item(a, s);

		if (!item)
			return vmn_err_oom(err);
		++*n_of(a, s);
		if (vmn_record_parse(a->rec, json, item, err) < 0)
			return -(int)err->code;
	}
	return 0;
}

int vmn_snapshot_parse(struct json_object *json, struct vmn_snapshot *ret, struct vmn_err *err)
{
	vmn_auto_snapshot struct vmn_snapshot s = {.at_s = vmn_json_int(json, "/atS", 0)};
	const char *nft = vmn_json_str(json, "/nft");

	for (size_t i = 0; i < VMN_ARRAY_LEN(arrays); i++) {
		struct json_object *list = NULL;

		(void)json_object_object_get_ex(json, arrays[i].key, &list);
		if (parse_array(&arrays[i], list, &s, err) < 0)
			return -(int)err->code;
	}
	s.nft = nft ? vmn_xstrdup(nft) : NULL;
	*ret = s;
	s = (struct vmn_snapshot){0};
	return 0;
}

/* --- compared ------------------------------------------------------------------------- */

/* Whether an end that was @a_s away at one time is @b_s away @later_s after that. */
static bool is_same_end(uint32_t a_s, uint32_t b_s, int64_t later_s)
{
	int64_t left = (int64_t)a_s - later_s;

	if (a_s == UINT32_MAX || b_s == UINT32_MAX)
		return a_s == b_s;
	if (left < 0)
		left = 0;
	return llabs(left - (int64_t)b_s) <= LIFETIME_SLACK_S;
}

static bool is_same(const struct vmn_record *rec, const void *a, const void *b, int64_t later_s)
{
	const struct vmn_addr *x = a, *y = b;

	return vmn_record_eq(rec, a, b) &&
	       (rec != &vmn_addr_record || (is_same_end(x->valid_s, y->valid_s, later_s) &&
					    is_same_end(x->preferred_s, y->preferred_s, later_s)));
}

static void add_line(const struct vmn_record *rec, const void *obj, char sign, struct vmn_buf *out)
{
	vmn_auto_json struct json_object *json = vmn_record_json(rec, obj);

	vmn_buf_addf(out, "%c %s %s\n", sign, rec->name, vmn_json_text(json));
}

static void diff_array(const struct array *a, const struct vmn_snapshot *x,
		       const struct vmn_snapshot *y, struct vmn_buf *out)
{
	size_t n = *n_of(a, x), m = *n_of(a, y);
	vmn_auto_free bool *is_used = vmn_xcalloc(m + 1, sizeof(*is_used));

	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		while (k < m && (is_used[k] || !is_same(a->rec, item_of(a, x, i), item_of(a, y, k),
							y->at_s - x->at_s)))
			k++;
		if (k < m)
			is_used[k] = true;
		else
			add_line(a->rec, item_of(a, x, i), '-', out);
	}
	for (size_t k = 0; k < m; k++)
		if (!is_used[k])
			add_line(a->rec, item_of(a, y, k), '+', out);
}

void vmn_snapshot_diff(const struct vmn_snapshot *a, const struct vmn_snapshot *b,
		       struct vmn_buf *out)
{
	for (size_t i = 0; i < VMN_ARRAY_LEN(arrays); i++)
		diff_array(&arrays[i], a, b, out);
	if (vmn_streq(a->nft, b->nft))
		return;
	if (a->nft)
		vmn_buf_addf(out, "- nft %s\n", a->nft);
	if (b->nft)
		vmn_buf_addf(out, "+ nft %s\n", b->nft);
}

/* --- finding -------------------------------------------------------------------------- */

const struct vmn_link *vmn_snapshot_link(const struct vmn_snapshot *s, const char *name)
{
	for (size_t i = 0; i < s->n_links; i++)
		if (strcmp(s->links[i].name, name) == 0)
			return &s->links[i];
	return NULL;
}

const struct vmn_link *vmn_snapshot_link_at(const struct vmn_snapshot *s, int ifindex)
{
	for (size_t i = 0; i < s->n_links; i++)
		if (s->links[i].ifindex == ifindex)
			return &s->links[i];
	return NULL;
}

const char *vmn_snapshot_sysctl(const struct vmn_snapshot *s, const char *key)
{
	for (size_t i = 0; i < s->n_sysctls; i++)
		if (strcmp(s->sysctls[i].key, key) == 0)
			return s->sysctls[i].value;
	return NULL;
}
