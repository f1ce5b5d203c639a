/* SPDX-License-Identifier: Apache-2.0 */
/* YAML streams: what is read and written again reads as the same tree */
#include "config.h"

#include "lib/data/yaml.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_json struct json_object *docs = NULL;

	if (vmn_yaml_parse((const char *)data, size, &docs, &err) < 0) {
		fuzz_must(vmn_err_text(&err)[0] != '\0');
		return 0;
	}
	vmn_json_each(doc, docs) {
		vmn_auto_buf struct vmn_buf text = VMN_BUF_INIT(0);
		vmn_auto_json struct json_object *again = NULL;

		vmn_yaml_write(doc, &text);
		fuzz_must(vmn_yaml_parse(vmn_buf_str(&text), text.len, &again, &err) == 0);
		fuzz_must(vmn_json_len(again) == 1);
		fuzz_must(strcmp(vmn_json_text(json_object_array_get_idx(again, 0)),
				 vmn_json_text(doc)) == 0);
	}
	return 0;
}
