/* SPDX-License-Identifier: Apache-2.0 */
/* manifest.h - what a VirtualMachine or VirtualMachineInstance manifest wants set up (pure) */
#ifndef VMN_BINDING_MANIFEST_H
#define VMN_BINDING_MANIFEST_H

#include "lib/binding/setup.h"

/**
 * vmn_manifest_read() - the interfaces of the one VM or VMI in a stream of documents
 * @text:	YAML or JSON, capped as vmn_yaml_parse() says; documents of other kinds are passed
 *over
 * @tap_plugins: binding plugins that KubeVirt is configured to attach as a managed tap, besides
 *		"managedTap" itself
 * @ret:	interfaces are appended, hostname and subdomain set
 *
 * Unknown fields are ignored, as the API server does. Interfaces for which KubeVirt prepares
 * nothing in the namespace (SR-IOV, other plugins, state absent) become notes.
 *
 * Return: 0, or -VMN_E_INVALID with the path of the wrong field in the message
 */
int vmn_manifest_read(const char *text, size_t len, const struct vmn_strlist *tap_plugins,
		      struct vmn_setup *ret, struct vmn_err *err) VMN_MUST_CHECK;

#endif
