/* SPDX-License-Identifier: Apache-2.0 */
/* Patches, as {"doc": ..., "patch": [...], "merge": {...}}: all or nothing, and the document stays
 * as it was */
#include "config.h"

#include "lib/base/mem.h"
#include "lib/data/patch.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT, patch_err = VMN_ERR_INIT;
	vmn_auto_json struct json_object *input = NULL, *patched = NULL, *merged = NULL,
					 *again = NULL;
	vmn_auto_free char *before = NULL;
	struct json_object *doc, *patch, *merge;

	if (vmn_json_parse((const char *)data, size, &input, &err) < 0)
		return 0;
	doc = vmn_json_get(input, "/doc");
	patch = vmn_json_get(input, "/patch");
	merge = vmn_json_get(input, "/merge");
	if (!doc)
		return 0;
	before = vmn_xstrdup(vmn_json_text(doc));
	if (patch && vmn_patch_json(doc, patch, &patched, &patch_err) < 0)
		fuzz_must(!patched && vmn_err_text(&patch_err)[0]);
	if (merge) {
		merged = vmn_patch_merge(doc, merge);
		again = vmn_patch_merge(merged, merge);
		fuzz_must(json_object_equal(merged, again)); /* RFC 7386: idempotent */
	}
	fuzz_must(strcmp(before, vmn_json_text(doc)) == 0);
	return 0;
}
