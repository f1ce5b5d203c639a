/* SPDX-License-Identifier: Apache-2.0 */
/* vmnetctl-lab - a one-machine KubeVirt network world */
#include "config.h"

#include "cli/program.h"
#include "lab/commands/registry.h"

static const struct cmd_program program = {
	.name = "vmnetctl-lab",
	.invocation = "vmnetctl lab",
	.summary = "a one-machine KubeVirt network world for trying, teaching and CI",
	.description =
		"An API server on loopback that answers as kube-apiserver with KubeVirt does, in the "
		"version of your choice. `vmnetctl lab up` starts it and writes a kubeconfig; from then "
		"on every other command, kubectl and virtctl work against it as against a cluster. Nodes "
		"and guests are emulated.",
	.commands = lab_commands,
};

int main(int argc, char **argv)
{
	return cmd_main(&program, argc, argv);
}
