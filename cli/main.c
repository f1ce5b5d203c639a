/* SPDX-License-Identifier: Apache-2.0 */
/* vmnetctl - composition root: the only file that sees everything */
#include "config.h"

#include "cli/program.h"
#include "subcommands/registry.h"

static const char *const groups[] = {"Interfaces", "Migration", "Inspection", "About", NULL};

static const struct cmd_program program = {
	.name = "vmnetctl",
	.invocation = "vmnetctl",
	.summary = "plug, unplug, migrate and inspect KubeVirt VM interfaces",
	.description =
		"Talks to the API server of a Kubernetes cluster with KubeVirt, found and authenticated to "
		"as kubectl does. `kubectl vmnet COMMAND` is the same as `vmnetctl COMMAND`.",
	.commands = cmd_registry,
	.groups = groups,
	.external_prefix = "vmnetctl-",
	.companion = "lab",
	.companion_summary = "a one-machine KubeVirt to try things on",
};

int main(int argc, char **argv)
{
	return cmd_main(&program, argc, argv);
}
