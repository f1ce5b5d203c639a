/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of failed requests behind a digit for the HTTP status: always an error with a text, also
 * after -o json */
#include "config.h"

#include "lib/data/json.h"
#include "lib/kube/status.h"
#include "tests/fuzz/fuzz.h"

/* In the order of the digits '0' to '9'. */
static const int http_codes[] = {500, 401, 403, 409, 404, 422, 429, 503, 400, 410};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT, again = VMN_ERR_INIT;
	vmn_auto_json struct json_object *status = NULL;
	const char *text;
	int http, ret;

	if (size == 0)
		return 0;
	http = http_codes[(*data - '0' + 10u) % VMN_ARRAY_LEN(http_codes)];
	ret = vmn_status_to_err(http, (const char *)data + 1, size - 1, &err);
	fuzz_must(ret < 0 && ret == -(int)err.code);
	fuzz_must(err.http == http);
	fuzz_must(vmn_err_text(&err)[0]);

	status = vmn_err_to_status(&err);
	fuzz_must(vmn_streq(vmn_json_str(status, "/kind"), "Status"));
	text = vmn_json_text(status);
	fuzz_must(vmn_status_to_err(http, text, strlen(text), &again) == ret);
	return 0;
}
