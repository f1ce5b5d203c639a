/* SPDX-License-Identifier: Apache-2.0 */
/* A list or a watch in pieces, as large as the first byte says: the same as in one piece */
#include "config.h"

#include "lib/base/str.h"
#include "lib/data/jsonstream.h"
#include "tests/fuzz/fuzz.h"

struct outcome {
	struct vmn_buf items;
	struct json_object *rest;
	int ret;
};

static int take(void *arg, struct json_object *item, struct vmn_err *err)
{
	struct outcome *o = arg;

	(void)err;
	vmn_buf_adds(&o->items, vmn_json_text(item));
	vmn_buf_addc(&o->items, '\n');
	return 0;
}

static void stream(struct outcome *o, enum vmn_jsonstream_kind kind, const char *text, size_t size,
		   size_t piece)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_jsonstream struct vmn_jsonstream *s = vmn_jsonstream_new(kind, take, o);

	while (size > 0 && o->ret == 0) {
		size_t n = size < piece ? size : piece;

		o->ret = vmn_jsonstream_feed(s, text, n, &err);
		text += n;
		size -= n;
	}
	if (o->ret == 0)
		o->ret = vmn_jsonstream_end(s, &o->rest, &err);
	fuzz_must(o->ret == 0 || vmn_err_text(&err)[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data + 1;

	if (size == 0)
		return 0;
	size--;
	for (int kind = VMN_JSONSTREAM_LIST; kind <= VMN_JSONSTREAM_DOCUMENTS; kind++) {
		struct outcome whole = {0}, pieces = {0};

		stream(&whole, kind, text, size, SIZE_MAX);
		stream(&pieces, kind, text, size, 1u + *data % 16);
		fuzz_must(whole.ret == pieces.ret);
		fuzz_must(strcmp(vmn_buf_str(&whole.items), vmn_buf_str(&pieces.items)) == 0);
		fuzz_must(json_object_equal(whole.rest, pieces.rest));
		vmn_buf_clear(&whole.items);
		vmn_buf_clear(&pieces.items);
		vmn_json_put_p(&whole.rest);
		vmn_json_put_p(&pieces.rest);
	}
	return 0;
}
