/* SPDX-License-Identifier: Apache-2.0 */
/* vmnetctl - composition root: the only file that sees everything */
#include "config.h"

#include "cli/program.h"
#include "subcommands/registry.h"

static const struct cmd_program program = {
	.name = "vmnetctl",
	.invocation = "vmnetctl",
	.summary = "plug, unplug, migrate and inspect KubeVirt VM interfaces",
	.description =
		"Talks to the API server of a Kubernetes cluster with KubeVirt, found and authenticated to "
		"as kubectl does. `kubectl vmnet COMMAND` is the same as `vmnetctl COMMAND`.",
	.commands = cmd_registry,
	.external_prefix = "vmnetctl-",
	.companion = "lab",
};

int main(int argc, char **argv)
{
	return cmd_main(&program, argc, argv);
}
