/* SPDX-License-Identifier: Apache-2.0 */
/* subresource.h - the group subresources.kubevirt.io: virt-api's own routes */
#ifndef VMN_LAB_KUBEVIRT_SUBRESOURCE_H
#define VMN_LAB_KUBEVIRT_SUBRESOURCE_H

#include "lab/api/kinds.h"

/* A request below /apis/subresources.kubevirt.io; rights were checked already. */
struct lab_subrequest {
	const char *method;   /* "PUT" */
	const char *version;  /* "v1", "v1alpha3" */
	const char *ns;	      /* NULL for "version", "guestfs", ... */
	const char *resource; /* "virtualmachines", or "version" without namespace */
	const char *name;
	const char *subresource; /* "addinterface", "evacuate/cancel" */
	const char *accept;	 /* header, "" when absent */
	const char *body;
	size_t body_len;
	const struct lab_user *user;
};

struct lab_subresponse {
	int status;
	const char *content_type; /* NULL: none (202 with empty body) */
	const char *allow;	  /* Allow header of a 405, or NULL */
	char *body;		  /* owned; NULL: empty */
};

/** lab_subresource() - answer one request as the dialect's virt-api does, errors included */
void lab_subresource(struct lab *lab, const struct lab_subrequest *req,
		     struct lab_subresponse *ret);
/** lab_subresource_discovery() - APIResourceList of the dialect, quirks included; caller drops it
 */
struct json_object *lab_subresource_discovery(struct lab *lab, const char *version);

#endif
