/* SPDX-License-Identifier: Apache-2.0 */
/* dialect.h - the versions of KubeVirt that the lab plays, by the names of `up --kubevirt` */
#ifndef VMN_LAB_DIALECT_H
#define VMN_LAB_DIALECT_H

#include "lab/lab.h"

/** lab_dialect_name() - "1.0-rc", "1.0", "1.9" */
const char *lab_dialect_name(enum lab_dialect dialect);
/** lab_dialect_find() - Return: false when there is none of that name */
bool lab_dialect_find(const char *name, enum lab_dialect *ret);

#endif
