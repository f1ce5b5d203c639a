/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of an object: what a parser finds at their paths in the whole text */
#include "config.h"

#include "lib/data/json.h"
#include "lib/data/jsonparts.h"
#include "tests/fuzz/fuzz.h"

static const char *const parts[] = {"metadata/name", "spec", "status/list/type", NULL};

static void compare(const char *text, size_t size, const struct vmn_buf *out)
{
	static const char *const paths[] = {"/metadata/name", "/spec"};
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_json struct json_object *whole = NULL, *some = NULL;

	if (vmn_json_parse(text, size, &whole, &err) < 0)
		return;
	fuzz_must(vmn_json_parse(vmn_buf_str(out), out->len, &some, &err) == 0);
	for (size_t i = 0; i < VMN_ARRAY_LEN(paths); i++)
		fuzz_must(json_object_equal(vmn_json_get(whole, paths[i]),
					    vmn_json_get(some, paths[i])));
	fuzz_must(vmn_json_len(vmn_json_array(whole, "/status/list")) ==
		  vmn_json_len(vmn_json_array(some, "/status/list")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vmn_auto_buf struct vmn_buf out = VMN_BUF_INIT(0), again = VMN_BUF_INIT(0);
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_json struct json_object *whole = NULL;
	const char *text = (const char *)data;

	if (vmn_json_parts(text, size, parts, &out)) {
		fuzz_must(vmn_json_parts(vmn_buf_str(&out), out.len, parts, &again));
		fuzz_must(strcmp(vmn_buf_str(&out), vmn_buf_str(&again)) == 0);
		compare(text, size, &out);
	} else if (vmn_json_parse(text, size, &whole, &err) == 0) {
		fuzz_must(!json_object_is_type(whole, json_type_object));
	}
	return 0;
}
