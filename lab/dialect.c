/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <string.h>

#include "lab/dialect.h"

static const char *const names[] = {
	[LAB_KUBEVIRT_1_0_RC] = "1.0-rc",
	[LAB_KUBEVIRT_1_0] = "1.0",
	[LAB_KUBEVIRT_1_9] = "1.9",
};

const char *lab_dialect_name(enum lab_dialect dialect)
{
	return names[dialect];
}

bool lab_dialect_find(const char *name, enum lab_dialect *ret)
{
	for (size_t i = 0; i < VMN_ARRAY_LEN(names); i++) {
		if (strcmp(names[i], name) == 0) {
			*ret = (enum lab_dialect)i;
			return true;
		}
	}
	return false;
}
