/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation: a scanner that knows strings and nesting, nothing else, finds where elements
 * begin and end; json-c parses (and judges) each slice, unless texts were asked for. Bytes outside
 * of the items are collected as they are, so that the rest of a List is an ordinary document:
 * {"kind":..., "items":[]}.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "lib/data/jsonstream.h"

enum { MAX_REST_BYTES = 1 << 20 };

enum where {
	AROUND,	     /* outside of the items */
	BEFORE_ITEM, /* an item must follow */
	FIRST_ITEM,  /* an item or the end must follow */
	IN_ITEM,
	AFTER_ITEM, /* a comma or the end must follow */
};

struct vmn_jsonstream {
	enum vmn_jsonstream_kind kind;
	vmn_jsonstream_fn fn;
	vmn_jsonstream_text_fn text_fn; /* instead of fn */
	void *arg;

	enum where where;
	unsigned depth; /* of open brackets: in the item while IN_ITEM, else in the rest */
	bool in_string, is_escaped;
	bool is_scalar;	  /* the item has no bracket or quote to tell its end by */
	bool is_key;	  /* AROUND, depth 1: the next string is a key */
	bool at_items;	  /* the last key at depth 1 was "items" */
	size_t key_start; /* where in rest it begins */
	struct vmn_buf item, rest;
};

struct vmn_jsonstream *vmn_jsonstream_new(enum vmn_jsonstream_kind kind, vmn_jsonstream_fn fn,
					  void *arg)
{
	struct vmn_jsonstream *s = vmn_xcalloc(1, sizeof(*s));

	s->kind = kind;
	s->fn = fn;
	s->arg = arg;
	s->where = kind == VMN_JSONSTREAM_DOCUMENTS ? FIRST_ITEM : AROUND;
	s->item.cap = VMN_JSONSTREAM_MAX_ITEM;
	s->rest.cap = MAX_REST_BYTES;
	return s;
}

void vmn_jsonstream_free(struct vmn_jsonstream *s)
{
	if (!s)
		return;
	vmn_buf_clear(&s->item);
	vmn_buf_clear(&s->rest);
	free(s);
}

void vmn_jsonstream_free_p(struct vmn_jsonstream **s)
{
	vmn_jsonstream_free(*s);
	*s = NULL;
}

void vmn_jsonstream_texts(struct vmn_jsonstream *s, vmn_jsonstream_text_fn fn)
{
	s->text_fn = fn;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static int not_json(char c, struct vmn_err *err)
{
	return vmn_err_set(err, VMN_E_INVALID, "not JSON: byte 0x%02x between elements",
			   (unsigned char)c);
}

static int hand_out(struct vmn_jsonstream *s, const char *text, size_t len, struct vmn_err *err)
{
	vmn_auto_json struct json_object *obj = NULL;
	int rc;

	if (s->text_fn)
		return s->text_fn(s->arg, text, len, err);
	rc = vmn_json_parse(text, len, &obj, err);
	return rc < 0 ? rc : s->fn(s->arg, obj, err);
}

/* The item is complete. */
static int emit(struct vmn_jsonstream *s, struct vmn_err *err)
{
	int rc;

	s->where = s->kind == VMN_JSONSTREAM_DOCUMENTS ? FIRST_ITEM : AFTER_ITEM;
	if (!vmn_buf_ok(&s->item))
		return vmn_err_set(err, VMN_E_NOMEM, "an object is larger than %d MiB",
				   VMN_JSONSTREAM_MAX_ITEM >> 20);
	rc = hand_out(s, vmn_buf_str(&s->item), s->item.len, err);
	s->item.len = 0;
	return rc;
}

/*
 * Bytes of a string up to its closing quote, or to the end of the piece.
 * Return: how many; in_string tells whether it is still open.
 */
static size_t skip_string(struct vmn_jsonstream *s, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (s->is_escaped) {
			s->is_escaped = false;
		} else if (data[i] == '\\') {
			s->is_escaped = true;
		} else if (data[i] == '"') {
			s->in_string = false;
			return i + 1;
		}
	}
	return len;
}

/* Return: how many bytes belong to the item; AFTER_ITEM or so when it ended. */
static size_t scan_item(struct vmn_jsonstream *s, const char *data, size_t len, bool *ended)
{
	size_t i = 0;

	*ended = false;
	while (i < len && !*ended) {
		if (s->in_string) {
			i += skip_string(s, data + i, len - i);
			*ended = !s->in_string && s->depth == 0;
			continue;
		}
		switch (data[i]) {
		case '"':
			s->in_string = true;
			break;
		case '{':
		case '[':
			s->depth++;
			break;
		case '}':
		case ']':
			if (s->depth == 0) { /* of the array around a scalar */
				*ended = true;
				return i;
			}
			*ended = --s->depth == 0;
			break;
		default:
			if (s->is_scalar && (data[i] == ',' || is_space(data[i]))) {
				*ended = true;
				return i;
			}
			break;
		}
		i++;
	}
	return i;
}

static int feed_item(struct vmn_jsonstream *s, const char **data, size_t *len, struct vmn_err *err)
{
	bool ended;
	size_t n = scan_item(s, *data, *len, &ended);

	vmn_buf_add(&s->item, *data, n);
	*data += n;
	*len -= n;
	if (!ended && vmn_buf_ok(&s->item))
		return 0;
	return emit(s, err);
}

/* Bytes between items. */
static int feed_between(struct vmn_jsonstream *s, const char **data, size_t *len,
			struct vmn_err *err)
{
	char c = **data;

	if (s->where != AFTER_ITEM && !is_space(c) && c != ',' && c != ']' && c != '}' &&
	    c != ':') {
		s->where = IN_ITEM;
		s->depth = 0;
		s->is_scalar = c != '{' && c != '[' && c != '"';
		return 0;
	}
	if (c == ']' && s->where != BEFORE_ITEM && s->kind == VMN_JSONSTREAM_LIST) {
		s->where = AROUND;
		s->depth = 1;
		vmn_buf_addc(&s->rest, c);
	} else if (c == ',' && s->where == AFTER_ITEM) {
		s->where = BEFORE_ITEM;
	} else if (!is_space(c)) {
		return not_json(c, err);
	}
	++*data;
	--*len;
	return 0;
}

static bool key_is_items(const struct vmn_jsonstream *s)
{
	return s->rest.len - s->key_start == strlen("\"items\"") &&
	       memcmp(s->rest.data + s->key_start, "\"items\"", strlen("\"items\"")) == 0;
}

static void note_around(struct vmn_jsonstream *s, char c)
{
	switch (c) {
	case '"':
		s->in_string = true;
		s->key_start = s->rest.len;
		break;
	case '{':
		s->is_key = ++s->depth == 1;
		break;
	case '[':
		s->depth++;
		break;
	case '}':
	case ']':
		s->depth -= s->depth > 0;
		break;
	case ',':
		if (s->depth == 1) {
			s->is_key = true;
			s->at_items = false;
		}
		break;
	case ':':
		if (s->depth == 1)
			s->is_key = false;
		break;
	default:
		break;
	}
}

/* Bytes of the List around its items: kept. */
static void feed_around(struct vmn_jsonstream *s, const char **data, size_t *len)
{
	size_t n = 1;

	if (s->in_string) {
		n = skip_string(s, *data, *len);
		vmn_buf_add(&s->rest, *data, n);
		if (!s->in_string && s->depth == 1 && s->is_key)
			s->at_items = vmn_buf_ok(&s->rest) && key_is_items(s);
	} else if (**data == '[' && s->depth == 1 && s->at_items && !s->is_key) {
		s->at_items = false;
		s->where = FIRST_ITEM;
		vmn_buf_addc(&s->rest, '[');
	} else {
		note_around(s, **data);
		vmn_buf_addc(&s->rest, **data);
	}
	*data += n;
	*len -= n;
}

int vmn_jsonstream_feed(struct vmn_jsonstream *s, const char *data, size_t len, struct vmn_err *err)
{
	int rc = 0;

	while (len && rc == 0) {
		if (s->where == IN_ITEM)
			rc = feed_item(s, &data, &len, err);
		else if (s->where == AROUND)
			feed_around(s, &data, &len);
		else
			rc = feed_between(s, &data, &len, err);
	}
	if (rc == 0 && !vmn_buf_ok(&s->rest))
		rc = vmn_err_set(err, VMN_E_NOMEM, "a list is larger than %d KiB around its items",
				 MAX_REST_BYTES >> 10);
	return rc;
}

int vmn_jsonstream_end(struct vmn_jsonstream *s, struct json_object **ret_rest, struct vmn_err *err)
{
	vmn_auto_json struct json_object *rest = NULL;
	int rc;

	/* A bare number ends only where the text does. */
	if (s->kind == VMN_JSONSTREAM_DOCUMENTS) {
		if (s->where != IN_ITEM)
			return 0;
		return s->is_scalar ? emit(s, err)
				    : vmn_err_set(err, VMN_E_INVALID, "not JSON: unexpected end");
	}
	if (s->where != AROUND)
		return vmn_err_set(err, VMN_E_INVALID, "not JSON: unexpected end among the items");
	rc = vmn_json_parse(vmn_buf_str(&s->rest), s->rest.len, &rest, err);
	if (rc < 0)
		return rc;
	if (ret_rest)
		*ret_rest = vmn_steal(&rest);
	return 0;
}
