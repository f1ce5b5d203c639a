/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>

#include "lib/base/str.h"
#include "lib/kube/curl.h"

enum { OLDEST = 0x075000 }; /* 7.80.0 */

#define NEEDED "libcurl 7.80 or later, OpenSSL flavour"

/* OpenSSL and its forks take PEM blobs for CA, certificate and key; GnuTLS and NSS do not. */
static bool takes_blobs(const char *ssl_version)
{
	static const char *const flavours[] = {"OpenSSL/", "LibreSSL/", "quictls/", "BoringSSL",
					       "AWS-LC/"};

	for (size_t i = 0; i < VMN_ARRAY_LEN(flavours); i++)
		if (ssl_version && vmn_starts_with(ssl_version, flavours[i]))
			return true;
	return false;
}

static int resolve(void *lib, struct vmn_curl *c, struct vmn_err *err)
{
	static const struct {
		const char *symbol;
		size_t offset;
	} rows[] = {
#define ROW(name) {"curl_" #name, offsetof(struct vmn_curl, name)},
		VMN_CURL_FUNCTIONS(ROW)
#undef ROW
	};

	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		void *fn = dlsym(lib, rows[i].symbol);

		if (!fn) {
			(void)vmn_err_set(err, VMN_E_UNSUPPORTED, "libcurl lacks %s",
					  rows[i].symbol);
			return vmn_err_hint(err, "install %s", NEEDED);
		}
		memcpy((char *)c + rows[i].offset, &fn, sizeof(fn));
	}
	return 0;
}

int vmn_curl_load(const struct vmn_curl **ret, struct vmn_err *err)
{
	static struct vmn_curl table;
	static bool is_loaded;
	const curl_version_info_data *v;
	void *lib;
	int rc;

	if (is_loaded) {
		*ret = &table;
		return 0;
	}
	lib = dlopen("libcurl.so.4", RTLD_LAZY | RTLD_LOCAL);
	if (!lib) {
		(void)vmn_err_set(err, VMN_E_UNSUPPORTED, "cannot load libcurl: %s", dlerror());
		return vmn_err_hint(err, "install %s (Debian: apt-get install libcurl4)", NEEDED);
	}
	rc = resolve(lib, &table, err);
	if (rc < 0)
		return rc;
	v = table.version_info(CURLVERSION_NOW);
	if (v->version_num < OLDEST || !takes_blobs(v->ssl_version)) {
		(void)vmn_err_set(err, VMN_E_UNSUPPORTED, "libcurl %s with %s is not usable",
				  v->version, v->ssl_version ? v->ssl_version : "no TLS");
		return vmn_err_hint(err, "install %s", NEEDED);
	}
	if (table.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return vmn_err_set(err, VMN_E_UNSUPPORTED, "cannot initialise libcurl");
	is_loaded = true;
	*ret = &table;
	return 0;
}
