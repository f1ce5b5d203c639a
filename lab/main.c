/* SPDX-License-Identifier: Apache-2.0 */
/* vmnetctl-lab - a one-machine KubeVirt network world */
#include "config.h"

#include <stdio.h>

int main(void)
{
	return printf("vmnetctl-lab %s\n", PACKAGE_VERSION) < 0;
}
