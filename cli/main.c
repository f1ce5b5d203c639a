/* SPDX-License-Identifier: Apache-2.0 */
/* vmnetctl - composition root: the only file that sees everything */
#include "config.h"

#include <string.h>

#include "cli/program.h"
#include "subcommands/registry.h"

static const char *const groups[] = {"Interfaces", "Migration", "Inspection",
				     "Namespaces", "About",	NULL};

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

/* Whether kubectl runs us as its plugin, by the name that makes `kubectl vmnet` find us. */
static bool is_plugin(const char *argv0)
{
	const char *slash = strrchr(argv0, '/');

	return strcmp(slash ? slash + 1 : argv0, "kubectl-vmnet") == 0;
}

int main(int argc, char **argv)
{
	struct cmd_program p = program;

	if (argc > 0 && is_plugin(argv[0]))
		p.invocation = "kubectl vmnet";
	return cmd_main(&p, argc, argv);
}
