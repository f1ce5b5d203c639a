/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "lib/net/sandbox.h"

#include <cap-ng.h>
#include <errno.h>
#include <seccomp.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(VMN_COVERAGE)
#define KEEPS_SYSTEM_CALLS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(undefined_behavior_sanitizer)
#define KEEPS_SYSTEM_CALLS 1
#endif
#endif
#ifndef KEEPS_SYSTEM_CALLS
#define KEEPS_SYSTEM_CALLS 0
#endif

/* Messages in and out, waiting, memory, clocks, and what ending takes. */
static const int allowed[] = {
	SCMP_SYS(poll),		  SCMP_SYS(ppoll),
	SCMP_SYS(recvmsg),	  SCMP_SYS(recvfrom),
	SCMP_SYS(sendmsg),	  SCMP_SYS(sendto),
	SCMP_SYS(read),		  SCMP_SYS(write),
	SCMP_SYS(writev),	  SCMP_SYS(close),
	SCMP_SYS(fstat),	  SCMP_SYS(newfstatat),
	SCMP_SYS(lseek),	  SCMP_SYS(brk),
	SCMP_SYS(mmap),		  SCMP_SYS(munmap),
	SCMP_SYS(mremap),	  SCMP_SYS(madvise),
	SCMP_SYS(futex),	  SCMP_SYS(clock_gettime),
	SCMP_SYS(getrandom),	  SCMP_SYS(rt_sigreturn),
	SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigaction),
	SCMP_SYS(exit_group),	  SCMP_SYS(restart_syscall),
	SCMP_SYS(getpid),	  SCMP_SYS(gettid),
	SCMP_SYS(exit),
};

static const unsigned network[] = {CAP_NET_ADMIN, CAP_NET_BIND_SERVICE, CAP_NET_RAW, CAP_SYS_ADMIN};

/* Drop what is not among the first @n of @kept; what the process has not it does not get. */
static int keep_capabilities(const unsigned *kept, size_t n, struct vmn_err *err)
{
	bool had[VMN_ARRAY_LEN(network)] = {false};

	for (size_t i = 0; i < n; i++)
		had[i] = capng_have_capability(CAPNG_EFFECTIVE, kept[i]);
	capng_clear(CAPNG_SELECT_BOTH);
	for (size_t i = 0; i < n; i++)
		if (had[i])
			(void)capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, kept[i]);
	/* the bounding set needs CAP_SETPCAP, and without privileges to gain it means nothing */
	if (capng_apply(CAPNG_SELECT_CAPS) != 0)
		return vmn_err_sys(err, errno, "cannot drop capabilities");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return vmn_err_sys(err, errno, "cannot renounce new privileges");
	return 0;
}

static int add_rules(scmp_filter_ctx filter)
{
	int ret = 0;

	for (size_t i = 0; i < VMN_ARRAY_LEN(allowed) && ret == 0; i++)
		ret = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
	/* whether a link is still there */
	if (ret == 0)
		ret = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
				       SCMP_A1(SCMP_CMP_EQ, SIOCGIFNAME, 0));
	return ret;
}

static int limit_calls(struct vmn_err *err)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int ret = filter ? add_rules(filter) : -ENOMEM;

	if (ret == 0)
		ret = seccomp_load(filter);
	seccomp_release(filter);
	return ret == 0 ? 0 : vmn_err_sys(err, -ret, "cannot limit system calls");
}

int vmn_sandbox_keep_network(struct vmn_err *err)
{
	return keep_capabilities(network, VMN_ARRAY_LEN(network), err);
}

int vmn_sandbox_enter(struct vmn_err *err)
{
	int ret = keep_capabilities(NULL, 0, err);

	return ret < 0 || KEEPS_SYSTEM_CALLS ? ret : limit_calls(err);
}
