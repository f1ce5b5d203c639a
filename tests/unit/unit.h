/* SPDX-License-Identifier: Apache-2.0 */
/* unit.h - what every unit test includes: cmocka and its prerequisites */
#ifndef VMN_TESTS_UNIT_H
#define VMN_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/err.h"
#include "lib/base/file.h"
#include "lib/data/json.h"
#include "lib/data/yaml.h"

/* A tree from a literal; aborts when it is not JSON. Caller drops it. */
static inline struct json_object *unit_json(const char *text)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	struct json_object *obj = NULL;

	if (vmn_json_parse(text, strlen(text), &obj, &err) < 0)
		fail_msg("bad literal: %s", vmn_err_text(&err));
	return obj;
}

/* tests/unit/data/NAME; Automake tells where the sources are. Caller drops it. */
static inline struct json_object *unit_data(const char *name)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_buf struct vmn_buf text = VMN_BUF_INIT(1 << 20);
	const char *srcdir = getenv("srcdir");
	vmn_auto_free char *path =
		vmn_xasprintf("%s/tests/unit/data/%s", srcdir ? srcdir : ".", name);

	if (vmn_file_read(path, &text, &err) < 0)
		fail_msg("%s", vmn_err_text(&err));
	return unit_json(vmn_buf_str(&text));
}

/* The same from YAML. */
static inline struct json_object *unit_yaml(const char *name)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_buf struct vmn_buf text = VMN_BUF_INIT(1 << 20);
	const char *srcdir = getenv("srcdir");
	vmn_auto_free char *path =
		vmn_xasprintf("%s/tests/unit/data/%s", srcdir ? srcdir : ".", name);
	struct json_object *obj = NULL;

	if (vmn_file_read(path, &text, &err) < 0 ||
	    vmn_yaml_parse_one(text.data, text.len, &obj, &err) < 0)
		fail_msg("%s: %s", path, vmn_err_text(&err));
	return obj;
}

#endif
