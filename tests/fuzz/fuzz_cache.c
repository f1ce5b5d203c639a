/* SPDX-License-Identifier: Apache-2.0 */
/* Files of the discovery cache: what is believed names this server, is fresh and has resources */
#include "config.h"

#include "lib/data/json.h"
#include "lib/kube/discovery.h"
#include "tests/fuzz/fuzz.h"

#define SERVER "https://127.0.0.1:6443"
#define NOW 1800000000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vmn_auto_json struct json_object *list = vmn_discovery_read_cached(
		(const char *)data, size, SERVER, "kubevirt.io", "v1", NOW);
	vmn_auto_json struct json_object *other = vmn_discovery_read_cached(
		(const char *)data, size, "https://other", "kubevirt.io", "v1", NOW);

	if (!list)
		return 0;
	fuzz_must(!other);
	fuzz_must(memmem(data, size, "127.0.0.1", 9));
	vmn_json_each(resource, vmn_json_array(list, "/resources"))
		fuzz_must(vmn_discovery_has(list, vmn_json_str(resource, "/name")));
	return 0;
}
