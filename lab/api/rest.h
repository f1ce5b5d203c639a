/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rest.h - the API server proper: rest.c routes a request, one file a family of verbs answers it
 *
 * Verbs return 0 with call->resp filled, or -code with @err carrying http and reason; rest.c makes
 * the Status.
 */
#ifndef VMN_LAB_API_REST_H
#define VMN_LAB_API_REST_H

#include "lab/api/http.h"

/* What the client asked to get back. */
enum lab_form { LAB_FORM_JSON, LAB_FORM_TABLE };

/* A request for a resource of ours, its rights checked. */
struct lab_call {
	struct lab *lab;
	const struct lab_request *req;
	struct lab_response *resp;
	const struct lab_kind *kind;
	const char *ns;	  /* NULL: cluster scope, or all namespaces */
	const char *name; /* NULL: the collection */
	const char *sub;  /* "status" or NULL */
	enum lab_form form;
};

/**
 * lab_rest() - answer one request; the handler that http.c calls
 *
 * What it changed is in the file before the client is told: the process may be killed any time.
 */
void lab_rest(struct lab *lab, const struct lab_request *req, struct lab_response *ret);

/* --- answers -------------------------------------------------------------------------- */
void lab_reply_json(struct lab_response *resp, int status, struct json_object *obj_take);
void lab_reply_text(struct lab_response *resp, int status, const char *text);
/** lab_reply_object() - one object in the form the client asked for */
void lab_reply_object(struct lab_call *c, int status, struct json_object *obj);

/* --- verbs.c -------------------------------------------------------------------------- */
int lab_verb_get(struct lab_call *c, struct vmn_err *err);
int lab_verb_create(struct lab_call *c, struct vmn_err *err);
int lab_verb_update(struct lab_call *c, struct vmn_err *err);
int lab_verb_patch(struct lab_call *c, struct vmn_err *err);
int lab_verb_delete(struct lab_call *c, struct vmn_err *err);
int lab_verb_delete_collection(struct lab_call *c, struct vmn_err *err);

/** lab_body() - the request's body as an object, JSON or YAML; caller drops it */
int lab_body(const struct lab_request *req, struct json_object **ret,
	     struct vmn_err *err) VMN_MUST_CHECK;

/* --- list.c, watch.c ------------------------------------------------------------------ */
int lab_verb_list(struct lab_call *c, struct vmn_err *err);
int lab_verb_watch(struct lab_call *c, struct vmn_err *err);

/**
 * lab_check_list_options() - 422 for resourceVersionMatch and sendInitialEvents where they cannot
 * be
 *
 * Source: k8s.io/apimachinery pkg/apis/meta/internalversion/validation, ValidateListOptions().
 */
int lab_check_list_options(const struct lab_request *req, bool is_watch,
			   struct vmn_err *err) VMN_MUST_CHECK;

/** lab_continue_encode() - token for the page behind @key; @version 0: of whatever is there then */
char *lab_continue_encode(uint64_t version, const char *key);
/** lab_continue_decode() - Return: false when it is no token of ours; caller frees @ret_key */
bool lab_continue_decode(const char *token, uint64_t *ret_version, char **ret_key);

/* --- filter.c: label and field selectors together ------------------------------------- */
struct lab_filter;
/** lab_filter_new() - from the request's parameters; 400 when they are wrong */
int lab_filter_new(const struct lab_request *req, const struct lab_kind *kind,
		   struct lab_filter **ret, struct vmn_err *err) VMN_MUST_CHECK;
bool lab_filter_is_empty(const struct lab_filter *f);
bool lab_filter_matches(const struct lab_filter *f, struct json_object *obj);
void lab_filter_free_p(struct lab_filter **f);
#define lab_auto_filter VMN_CLEANUP(lab_filter_free_p)

/* --- table.c -------------------------------------------------------------------------- */
enum lab_include { LAB_INCLUDE_METADATA, LAB_INCLUDE_OBJECT, LAB_INCLUDE_NONE };
enum lab_include lab_table_include(const struct lab_request *req);
/** lab_table_begin() - a Table up to its rows; lab_table_end() closes it with the list's metadata,
 * JSON */
void lab_table_begin(struct vmn_buf *b, const struct lab_kind *kind);
void lab_table_row(struct vmn_buf *b, const struct lab_kind *kind, struct json_object *obj,
		   const char *text, enum lab_include include);
void lab_table_end(struct vmn_buf *b, const char *list_meta);

/* --- discovery.c, openapi.c, review.c ------------------------------------------------- */
/* The API server that the lab plays. */
#define LAB_KUBERNETES_VERSION "v1.31.0"

/** lab_openapi_v2() - answer /openapi/v2, protobuf to who asks for it */
void lab_openapi_v2(const struct lab_request *req, struct lab_response *ret);
/** lab_discovery() - answer /api, /apis, /version, /openapi...; Return: false when it is none of
 * these */
bool lab_discovery(struct lab *lab, const struct lab_request *req, struct lab_response *ret);
/* Kinds that are answered and not kept, all of version v1. */
struct lab_review {
	const char *group, *plural, *kind;
	struct json_object *(*status)(struct lab *lab, const struct lab_user *user,
				      struct json_object *spec);
};
extern const struct lab_review lab_reviews[];
extern const size_t lab_reviews_len;
bool lab_is_review_group(const char *group);
/** lab_review() - answer one of lab_reviews */
int lab_review(struct lab *lab, const char *group, const char *plural,
	       const struct lab_request *req, struct lab_response *ret, struct vmn_err *err);

#endif
