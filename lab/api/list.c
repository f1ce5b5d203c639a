/* SPDX-License-Identifier: Apache-2.0 */
/* list.c - LIST: pages of one snapshot, however long the client takes to fetch them */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lab/api/fault.h"
#include "lab/api/rest.h"
#include "lab/api/status.h"
#include "lib/base/encode.h"

/* A page being made. */
struct page {
	struct lab_call *c;
	struct lab_filter *filter;
	enum lab_include include;
	uint64_t limit; /* 0: no limit */
	struct vmn_buf items;
	uint64_t n, remaining; /* taken, and seen behind the last taken */
	char *last_key;
};

static void page_clear(struct page *p)
{
	lab_filter_free_p(&p->filter);
	vmn_buf_clear(&p->items);
	free(p->last_key);
}

char *lab_continue_encode(uint64_t version, const char *key)
{
	vmn_auto_json struct json_object *token =
		vmn_json_build("{\"v\":\"meta.k8s.io/v1\",\"start\":%s}", key);
	const char *text;
	char *out;

	vmn_json_set_int(token, "rv", version ? (int64_t)version : -1);
	text = vmn_json_text(token);
	out = vmn_base64_encode(text, strlen(text));
	for (char *p = out; *p; p++)
		*p = *p == '+' ? '-' : *p == '/' ? '_' : *p == '=' ? '\0' : *p;
	return out;
}

bool lab_continue_decode(const char *token, uint64_t *ret_version, char **ret_key)
{
	size_t len = strlen(token);
	vmn_auto_free char *padded = vmn_xcalloc(len + 4, 1), *text = NULL;
	vmn_auto_json struct json_object *obj = NULL;
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	int64_t version;

	for (size_t i = 0; i < len; i++)
		padded[i] = (char)(token[i] == '-' ? '+' : token[i] == '_' ? '/' : token[i]);
	for (; len % 4; len++)
		padded[len] = '=';
	if (!vmn_base64_decode(padded, &text, NULL) ||
	    vmn_json_parse(text, strlen(text), &obj, &err) < 0 || !vmn_json_str(obj, "/start") ||
	    !vmn_streq(vmn_json_str(obj, "/v"), "meta.k8s.io/v1"))
		return false;
	version = vmn_json_int(obj, "/rv", 0);
	if (version == 0 || version < -1)
		return false;
	*ret_version = version < 0 ? 0 : (uint64_t)version;
	*ret_key = vmn_xstrdup(vmn_json_str(obj, "/start"));
	return true;
}

static bool add_item(void *arg, const char *key, struct json_object *obj, struct lab_text *text)
{
	struct page *p = arg;
	struct lab_call *c = p->c;
	bool is_plain = lab_filter_is_empty(p->filter);
	vmn_auto_json struct json_object *parsed = NULL;
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

	if (!obj && (!is_plain || c->form == LAB_FORM_TABLE)) {
		if (vmn_json_parse(text->data, text->len, &parsed, &err) < 0)
			abort(); /* a text of ours */
		obj = parsed;
	}
	if (!is_plain && !lab_filter_matches(p->filter, obj))
		return false;
	if (p->limit && p->n == p->limit) {
		p->remaining++;
		return !is_plain;
	}
	if (c->form == LAB_FORM_TABLE) {
		lab_table_row(&p->items, c->kind, obj, text->data, p->include);
	} else {
		if (p->n)
			vmn_buf_addc(&p->items, ',');
		vmn_buf_add(&p->items, text->data, text->len);
	}
	if (++p->n == p->limit)
		p->last_key = vmn_xstrdup(key);
	return false;
}

/* The list's metadata as JSON; caller frees. */
static char *list_meta(const struct page *p, uint64_t version)
{
	vmn_auto_json struct json_object *meta = json_object_new_object();
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, version);
	vmn_json_set_str(meta, "resourceVersion", text);
	if (p->remaining) {
		vmn_auto_free char *token = lab_continue_encode(version, p->last_key);

		vmn_json_set_str(meta, "continue", token);
		/* With a selector the server does not know how many are left. */
		if (lab_filter_is_empty(p->filter))
			vmn_json_set_int(meta, "remainingItemCount", (int64_t)p->remaining);
	}
	return vmn_xstrdup(vmn_json_text(meta));
}

static void reply(struct page *p, uint64_t version)
{
	const struct lab_kind *k = p->c->kind;
	struct vmn_buf *b = &p->c->resp->body;
	vmn_auto_free char *meta = list_meta(p, version);

	p->c->resp->status = 200;
	p->c->resp->content_type = "application/json";
	if (p->c->form == LAB_FORM_TABLE) {
		*b = p->items;
		p->items = VMN_BUF_INIT(0);
		lab_table_end(b, meta);
		return;
	}
	/* Custom resources come in alphabetic order, their lists' metadata last. */
	vmn_buf_addf(b, "{\"apiVersion\":\"%s%s%s\",\"items\":[", k->group, *k->group ? "/" : "",
		     k->version);
	vmn_buf_add(b, vmn_buf_str(&p->items), p->items.len);
	vmn_buf_addf(b, "],\"kind\":\"%sList\",\"metadata\":%s}\n", k->kind, meta);
}

static int expired(const char *key, struct lab_call *c, struct vmn_err *err)
{
	vmn_auto_free char *token = lab_continue_encode(0, key);
	vmn_auto_json struct json_object *status = NULL;

	(void)lab_fail(err, 410,
		       "The provided continue parameter is too old to display a consistent list "
		       "result. You can start a new list without the continue parameter, or use "
		       "the continue token in this response to retrieve the remainder of the "
		       "results. Continuing with the provided token results in an inconsistent "
		       "list - objects that were created, modified, or deleted between the time "
		       "the first chunk was returned and now may show up in the list.");
	status = lab_status(err, NULL, NULL);
	vmn_json_set_str(vmn_json_get(status, "/metadata"), "continue", token);
	vmn_err_clear(err);
	lab_reply_json(c->resp, 410, vmn_steal(&status));
	return 0;
}

static int too_new(uint64_t version, uint64_t now, struct vmn_err *err)
{
	int r = lab_fail(err, 504, "Too large resource version: %" PRIu64 ", current: %" PRIu64,
			 version, now);

	err->causes = vmn_xstrdup("Too large resource version");
	return r;
}

/* Which version to show. Without resourceVersionMatch=Exact anything fresh enough will do. */
static int choose_version(struct lab_call *c, uint64_t *ret, struct vmn_err *err)
{
	const char *text = lab_param(c->req, "resourceVersion");
	uint64_t now = lab_version(c->lab), version = 0;

	*ret = now;
	if (vmn_is_empty(text) || strcmp(text, "0") == 0)
		return 0;
	if (!vmn_parse_u64(text, &version))
		return lab_fail(err, 400, "Invalid value: \"%s\": must be a number", text);
	if (version > now)
		return too_new(version, now, err);
	if (!vmn_streq(lab_param(c->req, "resourceVersionMatch"), "Exact"))
		return 0;
	if (!lab_has_history(c->lab, version))
		return lab_fail(err, 410, "The resourceVersion for the provided list is too old.");
	*ret = version;
	return 0;
}

/* Return: "FIELD: TEXT" of an option that cannot be, caller frees; NULL: all can. */
static char *bad_option(const struct lab_request *req, bool is_watch)
{
	const char *match = lab_param(req, "resourceVersionMatch");
	const char *version = lab_param(req, "resourceVersion");
	const char *why = NULL;

	/* Clients that try a streaming list take this answer as "use LIST". */
	if (lab_param(req, "sendInitialEvents"))
		return vmn_xasprintf("sendInitialEvents: Forbidden: sendInitialEvents is forbidden "
				     "for %s",
				     is_watch ? "watch unless the WatchList feature gate is enabled"
					      : "list");
	if (vmn_is_empty(match))
		return NULL;
	if (is_watch)
		why = "is forbidden for watch unless sendInitialEvents is provided";
	else if (vmn_is_empty(version))
		why = "is forbidden unless resourceVersion is provided";
	else if (!vmn_is_empty(lab_param(req, "continue")))
		why = "is forbidden when continue is provided";
	else if (strcmp(match, "Exact") == 0 && strcmp(version, "0") == 0)
		why = "\"exact\" is forbidden for resourceVersion \"0\"";
	else if (strcmp(match, "Exact") != 0 && strcmp(match, "NotOlderThan") != 0)
		return vmn_xasprintf("resourceVersionMatch: Unsupported value: \"%s\": supported "
				     "values: \"Exact\", \"NotOlderThan\", \"\"",
				     match);
	return why ? vmn_xasprintf("resourceVersionMatch: Forbidden: resourceVersionMatch %s", why)
		   : NULL;
}

int lab_check_list_options(const struct lab_request *req, bool is_watch, struct vmn_err *err)
{
	vmn_auto_free char *why = bad_option(req, is_watch);

	if (!why)
		return 0;
	(void)lab_fail(err, 422, "ListOptions.meta.k8s.io \"\" is invalid: %s", why);
	err->causes = vmn_steal(&why);
	return -(int)err->code;
}

int lab_verb_list(struct lab_call *c, struct vmn_err *err)
{
	VMN_CLEANUP(page_clear) struct page p = {.c = c, .include = lab_table_include(c->req)};
	const char *token = lab_param(c->req, "continue"), *limit = lab_param(c->req, "limit");
	vmn_auto_free char *after = NULL;
	uint64_t version;

	if (limit && !vmn_parse_u64(limit, &p.limit))
		return lab_fail(err, 400, "invalid limit '%s'", limit);
	if (lab_check_list_options(c->req, false, err) < 0 ||
	    lab_filter_new(c->req, c->kind, &p.filter, err) < 0 ||
	    choose_version(c, &version, err) < 0)
		return -(int)err->code;
	if (!vmn_is_empty(token)) {
		const char *other = lab_param(c->req, "resourceVersion");

		if (!vmn_is_empty(other) && strcmp(other, "0") != 0)
			return lab_fail(err, 400,
					"specifying resource version is not allowed when using "
					"continue");
		if (!lab_continue_decode(token, &version, &after))
			return lab_fail(err, 400, "continue key is not valid");
		if (version &&
		    (!lab_has_history(c->lab, version) ||
		     lab_fault_hit(c->lab, LAB_FAULT_WATCH_GONE, c->req->method, c->req->path)))
			return expired(after, c, err);
		version = version ? version : lab_version(c->lab);
	}
	if (c->form == LAB_FORM_TABLE)
		lab_table_begin(&p.items, c->kind);
	lab_snapshot(c->lab, c->kind->id, c->ns, after, version, add_item, &p);
	reply(&p, version);
	return 0;
}
