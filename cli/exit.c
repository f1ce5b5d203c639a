/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "cli/exit.h"

const struct cmd_exit_doc cmd_exit_docs[] = {
	{"0", "done, or nothing to do"},
	{"1",
	 "any error, a wrong command line included; with several objects: at least one failed, "
	 "each failure was reported, the others are done"},
	{"2", "the work was done and the answer is bad: a failed check, a limit exceeded"},
	{"124", "a time given with --wait or --request-timeout ran out"},
	{"128+N", "ended by signal N, after undoing or finishing what was half done"},
	{0},
};

int cmd_exit_status(enum vmn_code code)
{
	switch (code) {
	case VMN_OK:
		return 0;
	case VMN_E_VERDICT:
		return 2;
	case VMN_E_TIMEOUT:
		return 124;
	case VMN_E_USAGE:
	case VMN_E_CONFIG:
	case VMN_E_AUTH:
	case VMN_E_FORBIDDEN:
	case VMN_E_NOT_FOUND:
	case VMN_E_CONFLICT:
	case VMN_E_EXISTS:
	case VMN_E_INVALID:
	case VMN_E_RANGE:
	case VMN_E_UNREACHABLE:
	case VMN_E_PERMISSION:
	case VMN_E_SYSTEM:
	case VMN_E_NETLINK:
	case VMN_E_PROTOCOL:
	case VMN_E_NOMEM:
	case VMN_E_PARTIAL:
	case VMN_E_CANCELLED: /* by a signal: the dispatcher ends by that signal */
	case VMN_E_UNSUPPORTED:
	case VMN_E_SERVER:
	case VMN_E_INTERNAL:
		break;
	}
	return 1;
}
