/* SPDX-License-Identifier: Apache-2.0 */
/* vmnetctl - composition root: the only file that sees everything */
#include "config.h"

#include <stdio.h>

int main(void)
{
	return printf("vmnetctl %s\n", PACKAGE_VERSION) < 0;
}
