/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "lib/kube/path.h"

const struct vmn_gvr vmn_gvr_vm = {"kubevirt.io", "v1", "virtualmachines"};
const struct vmn_gvr vmn_gvr_vmi = {"kubevirt.io", "v1", "virtualmachineinstances"};
const struct vmn_gvr vmn_gvr_vmim = {"kubevirt.io", "v1", "virtualmachineinstancemigrations"};
const struct vmn_gvr vmn_gvr_kubevirt = {"kubevirt.io", "v1", "kubevirts"};
const struct vmn_gvr vmn_gvr_nad = {"k8s.cni.cncf.io", "v1", "network-attachment-definitions"};
const struct vmn_gvr vmn_gvr_pod = {"", "v1", "pods"};
const struct vmn_gvr vmn_gvr_node = {"", "v1", "nodes"};
const struct vmn_gvr vmn_gvr_event = {"", "v1", "events"};
const struct vmn_gvr vmn_gvr_namespace = {"", "v1", "namespaces"};

/* Letters and digits are told apart by hand: isalnum() follows the locale. */
static bool is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("-._~", c));
}

static void add_escaped(struct vmn_buf *b, const char *s)
{
	for (; *s; s++) {
		if (is_unreserved(*s))
			vmn_buf_addc(b, *s);
		else
			vmn_buf_addf(b, "%%%02X", (unsigned char)*s);
	}
}

static void add_segment(struct vmn_buf *b, const char *s)
{
	vmn_buf_addc(b, '/');
	/* As they are, "." and ".." would be taken for steps through the path. */
	if (strcmp(s, ".") == 0)
		vmn_buf_adds(b, "%2E");
	else if (strcmp(s, "..") == 0)
		vmn_buf_adds(b, "%2E%2E");
	else
		add_escaped(b, s);
}

char *vmn_kube_path(const struct vmn_gvr *gvr, const char *ns, const char *name, const char *sub)
{
	vmn_auto_buf struct vmn_buf b = VMN_BUF_INIT(0);

	if (gvr->group[0]) {
		vmn_buf_adds(&b, "/apis");
		add_segment(&b, gvr->group);
	} else {
		vmn_buf_adds(&b, "/api");
	}
	add_segment(&b, gvr->version);
	if (ns) {
		vmn_buf_adds(&b, "/namespaces");
		add_segment(&b, ns);
	}
	add_segment(&b, gvr->plural);
	if (name)
		add_segment(&b, name);
	if (sub)
		add_segment(&b, sub);
	return vmn_buf_steal(&b);
}

void vmn_kube_path_query(char **path, const char *key, const char *value)
{
	vmn_auto_buf struct vmn_buf b = VMN_BUF_INIT(0);

	vmn_buf_adds(&b, *path);
	vmn_buf_addc(&b, strchr(*path, '?') ? '&' : '?');
	add_escaped(&b, key);
	vmn_buf_addc(&b, '=');
	add_escaped(&b, value);
	free(*path);
	*path = vmn_buf_steal(&b);
}

char *vmn_url_escape(const char *s)
{
	vmn_auto_buf struct vmn_buf b = VMN_BUF_INIT(0);

	add_escaped(&b, s);
	return vmn_buf_steal(&b);
}
