/* SPDX-License-Identifier: Apache-2.0 */
/* path.h - request paths with every part escaped (pure) */
#ifndef VMN_KUBE_PATH_H
#define VMN_KUBE_PATH_H

#include "lib/base/str.h"

/* A resource of the API, by group, version and plural. */
struct vmn_gvr {
	const char *group;   /* "" for the core group */
	const char *version; /* "v1" */
	const char *plural;  /* "pods" */
};

extern const struct vmn_gvr vmn_gvr_vm, vmn_gvr_vmi, vmn_gvr_vmim, vmn_gvr_kubevirt, vmn_gvr_nad,
	vmn_gvr_pod, vmn_gvr_node, vmn_gvr_event, vmn_gvr_namespace;

/**
 * vmn_kube_path() - "/apis/GROUP/VERSION/namespaces/NS/PLURAL/NAME/SUB"
 * @ns:		NULL: cluster-scoped, or all namespaces of a namespaced resource
 * @name:	NULL: the collection
 * @sub:	subresource such as "status" or "addinterface", or NULL
 *
 * Return: path, caller frees
 */
char *vmn_kube_path(const struct vmn_gvr *gvr, const char *ns, const char *name, const char *sub);

/** vmn_kube_path_query() - append "?key=value" or "&key=value", escaped, to *@path (reallocated) */
void vmn_kube_path_query(char **path, const char *key, const char *value);

/** vmn_url_escape() - percent-encode all but RFC 3986 unreserved characters; caller frees */
char *vmn_url_escape(const char *s);

#endif
