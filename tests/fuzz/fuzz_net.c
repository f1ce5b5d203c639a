/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages of the kernel (a letter for the type, then the payload) and what the journal wrote down
 * (JSON): whatever is taken can be written down and read back as the same.
 */
#include "config.h"

#include <linux/rtnetlink.h>

#include "lib/data/json.h"
#include "lib/net/decode.h"
#include "lib/net/record.h"
#include "lib/net/step.h"
#include "tests/fuzz/fuzz.h"

/* Room for any of the structs that are decoded. */
union object {
	struct vmn_link link;
	struct vmn_addr addr;
	struct vmn_nhobj nexthop;
	struct vmn_route route;
	struct vmn_neigh neigh;
	struct vmn_rule rule;
	struct vmn_qdisc qdisc;
};

static void check_record(const struct vmn_record *rec, const void *obj)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_json struct json_object *json = vmn_record_json(rec, obj);
	union object back = {0};

	fuzz_must(vmn_record_parse(rec, json, &back, &err) == 0);
	fuzz_must(vmn_record_eq(rec, obj, &back));
	vmn_record_clear(rec, &back);
}

static void decode(char letter, struct nlmsghdr *h)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	const struct vmn_record *rec = NULL;
	union object o = {0};
	int rc = 0;

#define ROW(c, message, type)                                                                      \
	if (letter == (c)) {                                                                       \
		h->nlmsg_type = (message);                                                         \
		rec = &vmn_##type##_record;                                                        \
		rc = vmn_decode_##type(h, &o.type, &err);                                          \
	}
	ROW('l', RTM_NEWLINK, link)
	ROW('a', RTM_NEWADDR, addr)
	ROW('h', RTM_NEWNEXTHOP, nexthop)
	ROW('r', RTM_NEWROUTE, route)
	ROW('n', RTM_NEWNEIGH, neigh)
	ROW('u', RTM_NEWRULE, rule)
	ROW('q', RTM_NEWQDISC, qdisc)
#undef ROW
	if (!rec)
		return;
	fuzz_must(rc >= 0 || vmn_err_text(&err)[0]);
	if (rc == 1 &&
	    letter != 'l') /* names of links are the kernel's, which are no JSON text always */
		check_record(rec, &o);
	vmn_record_clear(rec, &o);
}

static void parse(struct json_object *json)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT, step_err = VMN_ERR_INIT;
	vmn_auto_snapshot struct vmn_snapshot s = {0}, again = {0};
	vmn_auto_buf struct vmn_buf text = VMN_BUF_INIT(0), diff = VMN_BUF_INIT(0);
	struct vmn_step step;

	if (vmn_snapshot_parse(json, &s, &err) == 0) {
		vmn_auto_json struct json_object *out = vmn_snapshot_json(&s);

		fuzz_must(vmn_snapshot_parse(out, &again, &err) == 0);
		vmn_snapshot_diff(&s, &again, &diff);
		fuzz_must(diff.len == 0);
	}
	if (vmn_step_parse(json, &step, &step_err) == 0) {
		vmn_auto_json struct json_object *out = vmn_step_json(&step);

		vmn_step_text(&step, &text);
		vmn_step_clear(&step);
		fuzz_must(vmn_step_parse(out, &step, &step_err) == 0);
		vmn_step_clear(&step);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_json struct json_object *json = NULL;
	vmn_auto_free struct nlmsghdr *h = NULL;

	if (!size)
		return 0;
	if (vmn_json_parse((const char *)data, size, &json, &err) == 0) {
		parse(json);
		return 0;
	}
	h = vmn_xcalloc(1, NLMSG_HDRLEN + size - 1);
	h->nlmsg_len = (uint32_t)(NLMSG_HDRLEN + size - 1);
	memcpy((char *)h + NLMSG_HDRLEN, data + 1, size - 1);
	decode((char)data[0], h);
	return 0;
}
