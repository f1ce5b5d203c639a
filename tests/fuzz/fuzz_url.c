/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses (the first line) and a NO_PROXY list (the second): what is normal already stays as it
 * is */
#include "config.h"

#include "lib/base/mem.h"
#include "lib/base/str.h"
#include "lib/kube/path.h"
#include "lib/kube/url.h"
#include "tests/fuzz/fuzz.h"

static void parse(const char *text)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_url struct vmn_url url = {0};

	if (vmn_url_parse(text, &url, &err) < 0) {
		fuzz_must(vmn_err_text(&err)[0]);
		return;
	}
	fuzz_must(url.scheme[0] && url.host[0]);
	fuzz_must(!url.port || (url.port[0] && strspn(url.port, "0123456789") == strlen(url.port)));
	fuzz_must(!vmn_ends_with(url.path, "/"));
	fuzz_must(!url.path[0] || url.path[0] == '/');
}

static void server(const char *text, const char *no_proxy)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_free char *once = NULL, *twice = NULL;

	if (vmn_server_url(text, &once, &err) < 0)
		return;
	fuzz_must(vmn_server_url(once, &twice, &err) == 0);
	fuzz_must(strcmp(once, twice) == 0);
	(void)vmn_no_proxy_has(no_proxy, once);
	fuzz_must(vmn_no_proxy_has("*", once));
}

static void escape(const char *text)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~%";
	vmn_auto_free char *escaped = vmn_url_escape(text);
	const char *s = escaped;

	fuzz_must(strspn(escaped, plain) == strlen(escaped));
	for (; *text; text++, s++) {
		unsigned byte = (unsigned char)*s;

		if (byte == '%') {
			fuzz_must(sscanf(s + 1, "%2x", &byte) == 1);
			s += 2;
		}
		fuzz_must(byte == (unsigned char)*text);
	}
	fuzz_must(!*s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_free char *text = vmn_xstrndup((const char *)data, size), *proxy = NULL;
	char *no_proxy = strchr(text, '\n');

	if (no_proxy)
		*no_proxy++ = '\0';
	parse(text);
	server(text, no_proxy);
	escape(text);
	if (vmn_proxy_url(text, size & 1, &proxy, &err) == 0)
		fuzz_must(strstr(proxy, "://"));
	return 0;
}
