/* SPDX-License-Identifier: Apache-2.0 */
/* Discovery documents and objects as servers might send them, with a wish: {"list", "vm", "vmi",
 * "pod", "wish": {"verb", ...}}. A plan is a request, nothing to do, or a refusal that says why. */
#include "config.h"

#include "lib/virt/plan.h"
#include "tests/fuzz/fuzz.h"

static struct vmn_wish read_wish(struct json_object *w)
{
	return (struct vmn_wish){
		.verb = (enum vmn_plug_verb)((uint64_t)vmn_json_int(w, "/verb", 0) % 3),
		.iface = vmn_json_str_or(w, "/iface", "dyn1"),
		.nad = vmn_json_str_or(w, "/nad", "nad1"),
		.binding = vmn_json_str(w, "/binding"),
		.binding_plugin = vmn_json_str(w, "/bindingPlugin"),
		.mac = vmn_json_str(w, "/mac"),
		.model = vmn_json_str(w, "/model"),
		.state = vmn_json_str(w, "/state"),
		.via = (enum vmn_via)((uint64_t)vmn_json_int(w, "/via", 0) % 3),
		.persist = vmn_json_bool(w, "/persist", false),
		.server_dry_run = vmn_json_bool(w, "/dryRun", false),
	};
}

static void plan(struct json_object *input, const struct vmn_dialects *dialects)
{
	struct vmn_wish wish = read_wish(vmn_json_get(input, "/wish"));
	struct vmn_plan_input in = {
		.dialects = dialects,
		.ns = "default",
		.name = "web-1",
		.vm = vmn_json_get(input, "/vm"),
		.vmi = vmn_json_get(input, "/vmi"),
		.pod = vmn_json_get(input, "/pod"),
		.nad = VMN_NAD_EXISTS,
	};
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_plan struct vmn_plan p = VMN_PLAN_INIT;

	if (vmn_wish_check(&wish, &err) < 0 || vmn_plan_make(&in, &wish, &p, &err) < 0) {
		fuzz_must(vmn_err_text(&err)[0] != '\0');
		return;
	}
	fuzz_must(!p.method || (p.path && vmn_starts_with(p.path, "/apis/")));
	fuzz_must(!p.method || p.body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_json struct json_object *input = NULL;
	struct vmn_dialects dialects;
	struct json_object *list;

	if (vmn_json_parse((const char *)data, size, &input, &err) < 0)
		return 0;
	list = vmn_json_get(input, "/list");
	vmn_dialects_read(list, &dialects);
	plan(input, &dialects);
	return 0;
}
