/* SPDX-License-Identifier: Apache-2.0 */
/* Discovery documents: a dialect is chosen only from resources that are named */
#include "config.h"

#include "lib/kube/discovery.h"
#include "lib/virt/dialect.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_json struct json_object *list = NULL;
	struct vmn_dialects dialects;

	if (vmn_json_parse((const char *)data, size, &list, &err) < 0)
		return 0;
	vmn_dialects_read(list, &dialects);
	fuzz_must(dialects.vm_add == vmn_discovery_has(list, "virtualmachines/addinterface"));
	for (int verb = VMN_PLUG_ADD; verb <= VMN_PLUG_UPDATE; verb++) {
		for (int via = VMN_VIA_AUTO; via <= VMN_VIA_SPEC; via++) {
			vmn_auto_err struct vmn_err choose_err = VMN_ERR_INIT;
			enum vmn_dialect dialect;

			if (vmn_dialect_choose(&dialects, verb, via, size & 1, &dialect,
					       &choose_err) < 0) {
				fuzz_must(vmn_err_text(&choose_err)[0]);
				continue;
			}
			fuzz_must(dialect != VMN_DIALECT_VM || dialects.vm_add ||
				  dialects.vm_remove);
			fuzz_must(dialect != VMN_DIALECT_VMI || dialects.vmi_add ||
				  dialects.vmi_remove);
		}
	}
	return 0;
}
