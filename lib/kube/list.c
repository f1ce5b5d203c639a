/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdlib.h>

#include "lib/base/clock.h"
#include "lib/data/jsonparts.h"
#include "lib/data/jsonstream.h"
#include "lib/kube/list.h"
#include "lib/kube/path.h"
#include "lib/kube/trace.h"
#include "lib/kube/transfer.h"

/* How often one page may be answered with 410 and a fresh token. */
enum { MAX_FRESH_TOKENS = 3 };

/* One page on its way. */
struct vmn_page {
	struct vmn_kube *k;
	struct vmn_pager *pager;
	vmn_item_fn item;
	const char *const *parts; /* of an item, for item_text instead of item; or NULL */
	vmn_item_text_fn item_text;
	struct vmn_buf text;
	vmn_page_fn done;
	void *arg;
	struct vmn_xfer *xfer;
	struct vmn_jsonstream *stream;
	bool is_feeding, is_dropped;
	unsigned fresh_tokens;
};

static void page_free(struct vmn_page *page)
{
	vmn_jsonstream_free(page->stream);
	vmn_buf_clear(&page->text);
	free(page);
}

/* Safe from inside its own callbacks: page_data() frees it then. */
static void page_drop(struct vmn_page *page)
{
	if (!page)
		return;
	vmn_xfer_cancel(vmn_steal(&page->xfer));
	page->is_dropped = true;
	if (!page->is_feeding)
		page_free(page);
}

void vmn_pager_init(struct vmn_pager *p, const char *path)
{
	*p = (struct vmn_pager){.path = vmn_xstrdup(path)};
}

void vmn_pager_clear(struct vmn_pager *p)
{
	page_drop(p->page);
	free(p->path);
	free(p->cont);
	free(p->resource_version);
	*p = (struct vmn_pager){0};
}

static int check_dropped(const struct vmn_page *page, struct vmn_err *err)
{
	return page->is_dropped ? vmn_err_set(err, VMN_E_CANCELLED, "the list was dropped") : 0;
}

static int page_item(void *arg, struct json_object *item, struct vmn_err *err)
{
	struct vmn_page *page = arg;

	vmn_trace_object(page->k->log, '<', item);
	page->item(page->arg, item);
	return check_dropped(page, err);
}

/* Where @text cannot be taken apart, or is to be shown, a parser has to look at it. */
static int page_text(void *arg, const char *text, size_t len, struct vmn_err *err)
{
	struct vmn_page *page = arg;
	vmn_auto_json struct json_object *item = NULL;

	page->text.len = 0;
	if (vmn_log_on(page->k->log, 8) || !vmn_json_parts(text, len, page->parts, &page->text)) {
		if (vmn_json_parse(text, len, &item, err) < 0)
			return -(int)err->code;
		vmn_trace_object(page->k->log, '<', item);
		page->text.len = 0;
		vmn_buf_adds(&page->text, vmn_json_text(item));
	}
	page->item_text(page->arg, vmn_buf_str(&page->text), page->text.len);
	return check_dropped(page, err);
}

static int page_data(void *arg, const char *data, size_t len, struct vmn_err *err)
{
	struct vmn_page *page = arg;
	int rc;

	page->is_feeding = true;
	rc = vmn_jsonstream_feed(page->stream, data, len, err);
	page->is_feeding = false;
	if (page->is_dropped)
		page_free(page);
	return rc;
}

/* The end of a good page: what the List says about itself. */
static int read_rest(struct vmn_page *page, struct vmn_err *err)
{
	vmn_auto_json struct json_object *rest = NULL;
	struct vmn_pager *p = page->pager;
	const char *cont, *version;
	int rc;

	rc = vmn_jsonstream_end(page->stream, &rest, err);
	if (rc < 0)
		return vmn_err_wrap(err, "the server's list is malformed");
	if (!vmn_ends_with(vmn_json_str_or(rest, "/kind", ""), "List"))
		return vmn_err_set(err, VMN_E_PROTOCOL, "the server's answer is not a list");
	cont = vmn_json_str_or(rest, "/metadata/continue", "");
	version = vmn_json_str(rest, "/metadata/resourceVersion");
	if (*cont && vmn_streq(cont, p->cont))
		return vmn_err_set(err, VMN_E_PROTOCOL, "the server's list does not get on");
	free(vmn_steal(&p->cont));
	if (*cont)
		p->cont = vmn_xstrdup(cont);
	else
		p->done = true;
	/* The first page's: after a fresh token a later one would skip changes of earlier pages. */
	if (version && !p->resource_version)
		p->resource_version = vmn_xstrdup(version);
	return 0;
}

/*
 * A token lives as long as etcd's history, five minutes or so. The 410 then carries one that goes
 * on from the same key, at the price of a list that is not of one moment. Source:
 * kubernetes.io/docs/reference/using-api/api-concepts, "Retrieving large results sets in chunks"
 */
static bool take_fresh_token(struct vmn_page *page, const struct vmn_answer *answer)
{
	vmn_auto_err struct vmn_err ignored = VMN_ERR_INIT;
	vmn_auto_json struct json_object *status = NULL;
	const char *cont;

	if (answer->status != 410 || !page->pager->cont ||
	    page->fresh_tokens++ == MAX_FRESH_TOKENS ||
	    vmn_json_parse(answer->text, answer->len, &status, &ignored) < 0)
		return false;
	cont = vmn_json_str(status, "/metadata/continue");
	if (vmn_is_empty(cont))
		return false;
	free(page->pager->cont);
	page->pager->cont = vmn_xstrdup(cont);
	return true;
}

static void page_send(struct vmn_page *page);

static void page_done(void *arg, const struct vmn_answer *answer, struct vmn_err *err)
{
	struct vmn_page *page = arg;

	page->xfer = NULL;
	if (err->code && take_fresh_token(page, answer)) {
		vmn_logf(page->k->log, 1,
			 "the list's continue token expired, going on with a fresh one");
		page_send(page);
		return;
	}
	page->pager->page = NULL;
	if (!err->code)
		(void)read_rest(page, err);
	page->done(page->arg, err->code ? err : NULL);
	page_free(page);
}

static void page_send(struct vmn_page *page)
{
	static const struct vmn_xfer_ops ops = {.data = page_data, .done = page_done};
	vmn_auto_free char *path = vmn_xstrdup(page->pager->path);
	vmn_auto_free char *limit = vmn_xasprintf("%d", VMN_PAGE_SIZE);

	vmn_kube_path_query(&path, "limit", limit);
	if (page->pager->cont)
		vmn_kube_path_query(&path, "continue", page->pager->cont);
	vmn_jsonstream_free(page->stream);
	page->stream = vmn_jsonstream_new(VMN_JSONSTREAM_LIST, page_item, page);
	if (page->parts)
		vmn_jsonstream_texts(page->stream, page_text);
	page->xfer = vmn_xfer_start(page->k, &(struct vmn_xfer_spec){
						     .req = {.method = "GET", .path = path},
						     .ops = &ops,
						     .arg = page,
					     });
}

/* @how is copied. */
static void pager_start(struct vmn_pager *p, const struct vmn_page *how)
{
	struct vmn_page *page = vmn_xcalloc(1, sizeof(*page));

	*page = *how;
	page->pager = p;
	p->started = true;
	p->page = page;
	page_send(page);
}

void vmn_pager_start(struct vmn_kube *k, struct vmn_pager *p, vmn_item_fn item, vmn_page_fn done,
		     void *arg)
{
	pager_start(p, &(struct vmn_page){.k = k, .item = item, .done = done, .arg = arg});
}

void vmn_pager_start_parts(struct vmn_kube *k, struct vmn_pager *p, const char *const *parts,
			   vmn_item_text_fn item, vmn_page_fn done, void *arg)
{
	pager_start(p, &(struct vmn_page){
			       .k = k,
			       .parts = parts,
			       .item_text = item,
			       .done = done,
			       .arg = arg,
		       });
}

struct waited_page {
	vmn_item_fn item;
	void *arg;
	bool is_done;
	struct vmn_err err;
};

static void waited_item(void *arg, struct json_object *item)
{
	struct waited_page *w = arg;

	w->item(w->arg, item);
}

static void waited_done(void *arg, struct vmn_err *err)
{
	struct waited_page *w = arg;

	w->is_done = true;
	if (err)
		(void)vmn_err_move(&w->err, err);
}

static bool is_waited_done(void *arg)
{
	return ((struct waited_page *)arg)->is_done;
}

int vmn_list_all(struct vmn_kube *k, const char *path, vmn_item_fn item, void *arg,
		 char **ret_resource_version, struct vmn_err *err)
{
	vmn_auto_pager struct vmn_pager p;

	vmn_pager_init(&p, path);
	while (!p.done) {
		vmn_auto_err struct vmn_err loop_err = VMN_ERR_INIT;
		struct waited_page w = {.item = item, .arg = arg};

		vmn_pager_start(k, &p, waited_item, waited_done, &w);
		(void)vmn_kube_loop(k, VMN_NEVER, is_waited_done, &w, &loop_err);
		if (w.err.code)
			return vmn_err_move(err, &w.err);
		if (!w.is_done)
			return vmn_err_move(err, &loop_err);
	}
	if (ret_resource_version)
		*ret_resource_version = vmn_steal(&p.resource_version);
	return 0;
}
