/* SPDX-License-Identifier: Apache-2.0 */
/* filter.c - labelSelector and fieldSelector of a list or watch */
#include "config.h"

#include <string.h>

#include "lab/api/rest.h"
#include "lab/api/status.h"
#include "lib/data/k8s.h"

struct term {
	char *pointer; /* "/spec/nodeName" */
	char *value;
	bool is_negated;
};

struct lab_filter {
	struct vmn_selector *labels;
	bool has_labels;
	struct term *terms;
	size_t n;
};

void lab_filter_free_p(struct lab_filter **f)
{
	if (!*f)
		return;
	vmn_selector_free_p(&(*f)->labels);
	for (size_t i = 0; i < (*f)->n; i++) {
		free((*f)->terms[i].pointer);
		free((*f)->terms[i].value);
	}
	free((*f)->terms);
	free(*f);
	*f = NULL;
}

static bool is_known_field(const struct lab_kind *kind, const char *pointer)
{
	if (strcmp(pointer, "/metadata/name") == 0)
		return true;
	if (strcmp(pointer, "/metadata/namespace") == 0)
		return kind->namespaced;
	for (size_t i = 0; kind->fields[i]; i++) {
		if (strcmp(pointer, kind->fields[i]) == 0)
			return true;
	}
	return false;
}

static char *pointer_of(const char *field, size_t len)
{
	char *pointer = vmn_xasprintf("/%.*s", (int)len, field);

	for (char *p = pointer; *p; p++)
		*p = *p == '.' ? '/' : *p;
	return pointer;
}

/* "a.b=x", "a.b==x" or "a.b!=x" */
static int add_term(struct lab_filter *f, const struct lab_kind *kind, const char *text,
		    struct vmn_err *err)
{
	size_t len = strcspn(text, "=!");
	struct term t = {.is_negated = text[len] == '!'};
	const char *op = text + len;

	if (!*op || (t.is_negated && op[1] != '='))
		return lab_fail(err, 400, "invalid field selector: '%s'; can't understand '%s'",
				text, text);
	t.pointer = pointer_of(text, len);
	if (!is_known_field(kind, t.pointer)) {
		free(t.pointer);
		return lab_fail(err, 400, "field label not supported: %.*s", (int)len, text);
	}
	op += t.is_negated || op[1] == '=' ? 2 : 1;
	t.value = vmn_xstrdup(op);
	f->terms = vmn_xrealloc(f->terms, f->n + 1, sizeof(t));
	f->terms[f->n++] = t;
	return 0;
}

int lab_filter_new(const struct lab_request *req, const struct lab_kind *kind,
		   struct lab_filter **ret, struct vmn_err *err)
{
	lab_auto_filter struct lab_filter *f = vmn_xcalloc(1, sizeof(*f));
	const char *labels = lab_param(req, "labelSelector");
	const char *fields = lab_param(req, "fieldSelector");
	vmn_auto_strlist struct vmn_strlist list = {0};
	vmn_auto_err struct vmn_err why = VMN_ERR_INIT;

	f->has_labels = !vmn_is_empty(labels);
	if (f->has_labels && vmn_selector_parse(labels, &f->labels, &why) < 0)
		return lab_fail(err, 400, "unable to parse requirement: %s", vmn_err_text(&why));
	if (!vmn_is_empty(fields))
		vmn_strlist_split(&list, fields, ',');
	for (size_t i = 0; i < list.n; i++) {
		if (*list.v[i] && add_term(f, kind, list.v[i], err) < 0)
			return -(int)err->code;
	}
	*ret = vmn_steal(&f);
	return 0;
}

bool lab_filter_is_empty(const struct lab_filter *f)
{
	return !f->has_labels && !f->n;
}

bool lab_filter_matches(const struct lab_filter *f, struct json_object *obj)
{
	for (size_t i = 0; i < f->n; i++) {
		struct json_object *v = vmn_json_get(obj, f->terms[i].pointer);
		const char *text = v ? json_object_get_string(v) : "";

		if ((strcmp(text, f->terms[i].value) == 0) == f->terms[i].is_negated)
			return false;
	}
	return !f->has_labels ||
	       vmn_selector_matches(f->labels, vmn_json_get(obj, "/metadata/labels"));
}
