/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "lib/data/jsonparts.h"
#include "lib/kube/list.h"
#include "lib/kube/path.h"
#include "lib/virt/vmfeed.h"

enum {
	MANY_NAMES = 16,   /* from here on a list costs less than asking for each */
	NAMES_A_PAGE = 64, /* ... as long as a page brings at least about so many of them */
	FEW_LEFT = 200,	   /* objects: the next page is asked for, so that nobody waits for it */
};

/* One object of a page: its place in the order, and the parts of it we need. */
struct entry {
	char *key;  /* "NS/NAME" */
	char *text; /* JSON */
};

struct queue {
	struct entry *v;
	size_t n, next, size;
	char *last; /* key that came last, to see that the order holds */
};

struct vmn_vmfeed {
	struct vmn_vmfeed_opts o;
	struct vmn_pager vms, vmis;
	struct queue vm, vmi;
	bool is_listing; /* VMs come from a list, else the names are handed on */
	bool is_joined;	 /* VMIs come from a list as well */
	size_t pages;
	bool *is_seen;	  /* of names, once found in the list */
	size_t next_name; /* to hand on */
	struct vmn_err err;
};

/* --- queues --------------------------------------------------------------------------- */

static void queue_reset(struct queue *q)
{
	for (size_t i = q->next; i < q->n; i++) {
		free(q->v[i].key);
		free(q->v[i].text);
	}
	q->n = q->next = 0;
}

static void queue_clear(struct queue *q)
{
	queue_reset(q);
	free(q->v);
	free(q->last);
	*q = (struct queue){0};
}

static void queue_drop_first(struct queue *q)
{
	free(q->v[q->next].key);
	free(q->v[q->next].text);
	if (++q->next == q->n)
		q->n = q->next = 0;
}

static size_t queue_len(const struct queue *q)
{
	return q->n - q->next;
}

/* Return: whether the order of keys still holds */
static bool queue_add(struct queue *q, const char *ns, const char *name, const char *text)
{
	char *key = vmn_xasprintf("%s/%s", ns, name);
	bool is_sorted = !q->last || strcmp(q->last, key) < 0;

	if (q->n == q->size && q->next) {
		memmove(q->v, q->v + q->next, queue_len(q) * sizeof(*q->v));
		q->n -= q->next;
		q->next = 0;
	} else if (q->n == q->size) {
		q->size = q->size ? 2 * q->size : FEW_LEFT;
		q->v = vmn_xrealloc(q->v, q->size, sizeof(*q->v));
	}
	free(q->last);
	q->last = vmn_xstrdup(key);
	q->v[q->n++] = (struct entry){key, vmn_xstrdup(text)};
	return is_sorted;
}

/* --- the parts that planning looks at ------------------------------------------------- */

static const char *const vm_parts[] = {
	"metadata/name",
	"metadata/namespace",
	"metadata/uid",
	"metadata/resourceVersion",
	"metadata/deletionTimestamp",
	"spec/template/spec/networks",
	"spec/template/spec/domain/devices/interfaces",
	"spec/template/spec/domain/devices/autoattachPodInterface",
	"status/created",
	"status/interfaceRequests",
	"status/conditions/type",
	"status/conditions/status",
	"status/conditions/reason",
	"status/conditions/message",
	NULL,
};

static const char *const vmi_parts[] = {
	"metadata/name",
	"metadata/namespace",
	"metadata/uid",
	"metadata/deletionTimestamp",
	"metadata/ownerReferences/kind",
	"metadata/annotations",
	"spec/networks",
	"spec/domain/devices/interfaces",
	"spec/domain/memory",
	"status/phase",
	"status/interfaces/name",
	"status/interfaces/podInterfaceName",
	"status/interfaces/infoSource",
	"status/interfaces/linkState",
	"status/conditions/type",
	"status/conditions/status",
	"status/conditions/reason",
	"status/conditions/message",
	"status/migrationState/migrationUid",
	NULL,
};

static const char *const name_parts[] = {"metadata/name", "metadata/namespace", NULL};

/* Name and namespace of an object, borrowed from @ret_obj, which the caller drops. */
static bool read_name(const char *text, size_t len, struct json_object **ret_obj, const char **ns,
		      const char **name)
{
	vmn_auto_buf struct vmn_buf meta = VMN_BUF_INIT(0);
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

	if (!vmn_json_parts(text, len, name_parts, &meta) ||
	    vmn_json_parse(vmn_buf_str(&meta), meta.len, ret_obj, &err) < 0)
		return false;
	*ns = vmn_json_str(*ret_obj, "/metadata/namespace");
	*name = vmn_json_str(*ret_obj, "/metadata/name");
	return *ns && *name;
}

/* --- loading -------------------------------------------------------------------------- */

static bool is_wanted(struct vmn_vmfeed *f, const char *name)
{
	if (!f->o.names)
		return true;
	for (size_t i = 0; i < f->o.names->n; i++) {
		if (strcmp(f->o.names->v[i], name) == 0 && !f->is_seen[i])
			return f->is_seen[i] = true;
	}
	return false;
}

static void vm_item(void *arg, const char *text, size_t len)
{
	vmn_auto_json struct json_object *meta = NULL;
	struct vmn_vmfeed *f = arg;
	const char *ns, *name;

	if (read_name(text, len, &meta, &ns, &name) && is_wanted(f, name) &&
	    !queue_add(&f->vm, ns, name, text))
		f->is_joined = false;
}

static void vmi_item(void *arg, const char *text, size_t len)
{
	vmn_auto_json struct json_object *meta = NULL;
	struct vmn_vmfeed *f = arg;
	const char *ns, *name;

	if (read_name(text, len, &meta, &ns, &name) && !queue_add(&f->vmi, ns, name, text))
		f->is_joined = false;
}

static void vmi_page(void *arg, struct vmn_err *err)
{
	struct vmn_vmfeed *f = arg;

	/* Who may not list VMIs may still read each. */
	if (err)
		f->is_joined = false;
	f->o.ready(f->o.arg);
}

static void vm_page(void *arg, struct vmn_err *err)
{
	struct vmn_vmfeed *f = arg;
	size_t budget = f->o.names ? 1 + f->o.names->n / NAMES_A_PAGE : 0;

	if (err && !f->o.names) {
		(void)vmn_err_move(&f->err, err);
		(void)vmn_err_wrap(&f->err, "cannot list VMs");
	}
	/* Where names are few among many VMs, or listing is not allowed, each is asked for. */
	f->pages++;
	if (err || (budget && f->pages >= budget))
		f->vms.done = true;
	f->o.ready(f->o.arg);
}

static bool wants_page(const struct vmn_pager *p, const struct queue *q)
{
	return !p->done && !p->page && queue_len(q) <= FEW_LEFT;
}

/* Ask for the next page of each list that runs low. */
static void load(struct vmn_vmfeed *f)
{
	if (wants_page(&f->vms, &f->vm))
		vmn_pager_start_parts(f->o.k, &f->vms, vm_parts, vm_item, vm_page, f);
	/* Once all VMs are handed out nobody looks at VMIs. */
	if (f->is_joined && wants_page(&f->vmis, &f->vmi) && (f->vm.n || f->vms.page))
		vmn_pager_start_parts(f->o.k, &f->vmis, vmi_parts, vmi_item, vmi_page, f);
}

/* --- handing out ---------------------------------------------------------------------- */

struct vmn_vmfeed *vmn_vmfeed_new(const struct vmn_vmfeed_opts *opts)
{
	struct vmn_vmfeed *f = vmn_xcalloc(1, sizeof(*f));
	vmn_auto_free char *vms = vmn_kube_path(&vmn_gvr_vm, opts->ns, NULL, NULL);
	vmn_auto_free char *vmis = vmn_kube_path(&vmn_gvr_vmi, opts->ns, NULL, NULL);

	f->o = *opts;
	f->is_listing = !opts->names || opts->names->n >= MANY_NAMES;
	/* A selector picks VMs by their own labels, which their VMIs need not have. */
	f->is_joined = !opts->selector;
	if (opts->selector)
		vmn_kube_path_query(&vms, "labelSelector", opts->selector);
	if (opts->names)
		f->is_seen = vmn_xcalloc(opts->names->n + 1, sizeof(*f->is_seen));
	vmn_pager_init(&f->vms, vms);
	vmn_pager_init(&f->vmis, vmis);
	return f;
}

void vmn_vmfeed_free(struct vmn_vmfeed *f)
{
	if (!f)
		return;
	vmn_pager_clear(&f->vms);
	vmn_pager_clear(&f->vmis);
	queue_clear(&f->vm);
	queue_clear(&f->vmi);
	vmn_err_clear(&f->err);
	free(f->is_seen);
	free(f);
}

/* Return: false when it is no JSON after all; NULL is nothing to parse */
static bool parse(const char *text, struct json_object **ret)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

	return !text || vmn_json_parse(text, strlen(text), ret, &err) == 0;
}

/* Leave behind the VMIs in front of the first VM. */
static void skip_vmis(struct vmn_vmfeed *f)
{
	while (f->vm.n && f->vmi.n &&
	       strcmp(f->vmi.v[f->vmi.next].key, f->vm.v[f->vm.next].key) < 0)
		queue_drop_first(&f->vmi);
}

/* Whether the first VM is there, and its VMI if it has one. */
static bool is_ready(const struct vmn_vmfeed *f)
{
	return f->vm.n && (!f->is_joined || f->vmi.n || f->vmis.done);
}

static void hand_out(struct vmn_vmfeed *f, struct vmn_vmfeed_item *ret)
{
	struct entry *e = &f->vm.v[f->vm.next];
	size_t ns_len = strcspn(e->key, "/");
	const char *vmi = NULL;

	if (f->is_joined && f->vmi.n && strcmp(f->vmi.v[f->vmi.next].key, e->key) == 0)
		vmi = f->vmi.v[f->vmi.next].text;
	*ret = (struct vmn_vmfeed_item){
		.ns = vmn_xstrndup(e->key, ns_len),
		.name = vmn_xstrdup(e->key + ns_len + 1),
		.is_known = f->is_joined,
	};
	/* What cannot be read in a list is asked for by itself, and the answer tells what is wrong.
	 */
	if (ret->is_known)
		ret->is_known = parse(e->text, &ret->known.vm) && parse(vmi, &ret->known.vmi);
	queue_drop_first(&f->vm);
}

bool vmn_vmfeed_next(struct vmn_vmfeed *f, struct vmn_vmfeed_item *ret)
{
	if (f->is_listing) {
		skip_vmis(f);
		load(f);
		if (is_ready(f)) {
			hand_out(f, ret);
			return true;
		}
		if (f->vm.n || f->vms.page)
			return false;
	}
	for (; f->o.names && f->next_name < f->o.names->n; f->next_name++) {
		if (f->is_seen[f->next_name])
			continue;
		*ret = (struct vmn_vmfeed_item){
			.ns = vmn_xstrdup(f->o.ns),
			.name = vmn_xstrdup(f->o.names->v[f->next_name++]),
		};
		return true;
	}
	return false;
}

void vmn_vmfeed_item_clear(struct vmn_vmfeed_item *item)
{
	free(item->ns);
	free(item->name);
	json_object_put(item->known.vm);
	json_object_put(item->known.vmi);
	*item = (struct vmn_vmfeed_item){0};
}

int vmn_vmfeed_error(struct vmn_vmfeed *f, struct vmn_err *err)
{
	return f->err.code ? vmn_err_move(err, &f->err) : 0;
}
