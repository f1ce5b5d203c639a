/* SPDX-License-Identifier: Apache-2.0 */
/* selector.c - label selectors, as k8s.io/apimachinery's labels package reads them */
#include "config.h"

#include <ctype.h>
#include <string.h>

#include "lib/data/k8s.h"

enum requirement_op { REQ_IN, REQ_NOT_IN, REQ_EXISTS, REQ_NOT_EXISTS };

struct requirement {
	char *key;
	enum requirement_op op;
	struct vmn_strlist values;
};

struct vmn_selector {
	struct requirement *reqs; /* all must hold */
	size_t n;
};

static const char *skip_blanks(const char *p)
{
	while (isspace((unsigned char)*p))
		p++;
	return p;
}

/* A key, value or word: everything up to a blank or a character with a meaning; caller frees. */
static char *word_next(const char **p)
{
	size_t len;
	char *w;

	*p = skip_blanks(*p);
	len = strcspn(*p, " \t\r\n,=!()<>");
	w = vmn_xstrndup(*p, len);
	*p = skip_blanks(*p + len);
	return w;
}

static bool accept_text(const char **p, const char *text)
{
	if (!vmn_starts_with(*p, text))
		return false;
	*p = skip_blanks(*p + strlen(text));
	return true;
}

static int value_next(const char **p, struct requirement *req, struct vmn_err *err)
{
	vmn_auto_free char *value = word_next(p);

	if (!vmn_is_label_value(value))
		return vmn_err_set(err, VMN_E_INVALID, "'%s' cannot be a label's value", value);
	vmn_strlist_add(&req->values, value);
	return 0;
}

static int parse_set(const char **p, struct requirement *req, struct vmn_err *err)
{
	if (!accept_text(p, "("))
		return vmn_err_set(err, VMN_E_INVALID, "expected '(' at '%s'", *p);
	do {
		if (value_next(p, req, err) < 0)
			return -(int)err->code;
	} while (accept_text(p, ","));
	if (!accept_text(p, ")"))
		return vmn_err_set(err, VMN_E_INVALID, "expected ',' or ')' at '%s'", *p);
	return 0;
}

static int parse_requirement(const char **p, struct requirement *req, struct vmn_err *err)
{
	vmn_auto_free char *word = NULL;

	*p = skip_blanks(*p);
	req->op = accept_text(p, "!") ? REQ_NOT_EXISTS : REQ_EXISTS;
	req->key = word_next(p);
	if (!*req->key)
		return vmn_err_set(err, VMN_E_INVALID, "expected a label key at '%s'", *p);
	if (!vmn_is_label_key(req->key))
		return vmn_err_set(err, VMN_E_INVALID, "'%s' cannot be a label's key", req->key);
	if (req->op == REQ_NOT_EXISTS || !**p || **p == ',')
		return 0;
	if (accept_text(p, "!=")) {
		req->op = REQ_NOT_IN;
	} else if (accept_text(p, "==") || accept_text(p, "=")) {
		req->op = REQ_IN;
	} else {
		word = word_next(p);
		if (strcmp(word, "in") != 0 && strcmp(word, "notin") != 0)
			return vmn_err_set(err, VMN_E_INVALID,
					   "expected =, ==, !=, in or notin after '%s'", req->key);
		req->op = *word == 'i' ? REQ_IN : REQ_NOT_IN;
		return parse_set(p, req, err);
	}
	return value_next(p, req, err);
}

int vmn_selector_parse(const char *s, struct vmn_selector **ret, struct vmn_err *err)
{
	vmn_auto_selector struct vmn_selector *sel = vmn_xcalloc(1, sizeof(*sel));
	const char *p = skip_blanks(s);

	while (*p) {
		sel->reqs = vmn_xrealloc(sel->reqs, sel->n + 1, sizeof(*sel->reqs));
		sel->reqs[sel->n++] = (struct requirement){0};
		if (parse_requirement(&p, &sel->reqs[sel->n - 1], err) < 0)
			return vmn_err_wrap(err, "label selector '%s'", s);
		if (*p && (!accept_text(&p, ",") || !*p))
			return vmn_err_set(err, VMN_E_INVALID,
					   "label selector '%s': unexpected '%s'", s, *p ? p : ",");
	}
	*ret = vmn_steal(&sel);
	return 0;
}

static bool requirement_holds(const struct requirement *req, struct json_object *labels)
{
	struct json_object *v = NULL;
	bool has = json_object_is_type(labels, json_type_object) &&
		   json_object_object_get_ex(labels, req->key, &v);

	switch (req->op) {
	case REQ_EXISTS:
		return has;
	case REQ_NOT_EXISTS:
		return !has;
	case REQ_IN:
		return has && vmn_strlist_has(&req->values, json_object_get_string(v));
	case REQ_NOT_IN:
		return !has || !vmn_strlist_has(&req->values, json_object_get_string(v));
	}
	return false;
}

bool vmn_selector_matches(const struct vmn_selector *sel, struct json_object *labels)
{
	for (size_t i = 0; i < sel->n; i++) {
		if (!requirement_holds(&sel->reqs[i], labels))
			return false;
	}
	return true;
}

void vmn_selector_free_p(struct vmn_selector **sel)
{
	if (!*sel)
		return;
	for (size_t i = 0; i < (*sel)->n; i++) {
		free((*sel)->reqs[i].key);
		vmn_strlist_clear(&(*sel)->reqs[i].values);
	}
	free((*sel)->reqs);
	free(*sel);
	*sel = NULL;
}
