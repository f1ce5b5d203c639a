/* SPDX-License-Identifier: Apache-2.0 */
/* completion - print what makes a shell ask vmnetctl when Tab is pressed */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "completions/shims.h"
#include "subcommands/registry.h"

static const char *const shells[] = {"bash", "fish", "zsh", NULL};

static int run_completion(struct cmd_ctx *ctx, const void *opts, int argc, char **argv,
			  struct vmn_err *err)
{
	static const char *const shims[] = {bash_shim, fish_shim, zsh_shim};

	(void)ctx, (void)opts, (void)argc;
	for (size_t i = 0; shells[i]; i++) {
		if (strcmp(shells[i], argv[0]) != 0)
			continue;
		(void)fputs(shims[i], stdout);
		return 0;
	}
	(void)vmn_err_set(err, VMN_E_USAGE, "no completion for the shell '%s'", argv[0]);
	return vmn_err_hint(err, "there is one for bash, fish and zsh");
}

static const struct cmd_example examples[] = {
	{"source <(vmnetctl completion bash)",
	 "completion in this bash; in ~/.bashrc the line serves every new one"},
	{"vmnetctl completion zsh >_vmnetctl", "for zsh: a file in a folder of its fpath"},
	{"vmnetctl completion fish >vmnetctl.fish",
	 "for fish: a file in ~/.config/fish/completions"},
	{0},
};

const struct cmd cmd_completion = {
	.name = "completion",
	.group = "About",
	.summary = "print the completion script of a shell",
	.operands = "bash|fish|zsh",
	.description =
		"The script asks vmnetctl itself for candidates: commands, options, their values, and "
		"the names of VMs, their interfaces, networks, nodes, namespaces and contexts, "
		"for a second at most and with answers kept for some seconds. `make install` "
		"puts the scripts where the shells look for them.",
	.min_args = 1,
	.max_args = 1,
	.complete = CMD_COMPLETE_WORDS,
	.operand_words = shells,
	.examples = examples,
	.run = run_completion,
};
