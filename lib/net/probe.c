/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include "lib/net/probe.h"
#include "lib/net/rtnl.h"

/* A request for a dummy link that cannot succeed; NULL: memory is out */
static struct nl_msg *impossible_dummy(void)
{
	static const unsigned char multicast[6] = {1};
	struct ifinfomsg ifi = {0};
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	struct nlattr *info;

	if (!msg || nlmsg_append(msg, &ifi, sizeof(ifi), NLMSG_ALIGNTO) < 0 ||
	    nla_put(msg, IFLA_ADDRESS, sizeof(multicast), multicast) < 0 ||
	    !(info = nla_nest_start(msg, IFLA_LINKINFO)) ||
	    nla_put_string(msg, IFLA_INFO_KIND, "dummy") < 0) {
		nlmsg_free(msg);
		return NULL;
	}
	nla_nest_end(msg, info);
	return msg;
}

int vmn_netns_has_dummy(const struct vmn_netns *ns, bool *ret, struct vmn_err *err)
{
	vmn_auto_err struct vmn_err why = VMN_ERR_INIT;
	vmn_auto_rtnl struct vmn_rtnl *rtnl = NULL;
	vmn_auto_nl_msg struct nl_msg *msg = impossible_dummy();
	int rc;

	if (!msg)
		return vmn_err_oom(err);
	rc = vmn_rtnl_open(ns, &rtnl, err);
	if (rc < 0)
		return rc;
	rc = vmn_rtnl_change(rtnl, msg, &why);
	if (rc == -VMN_E_PERMISSION)
		return vmn_err_move(err, &why);
	*ret = why.sys == EADDRNOTAVAIL;
	return 0;
}
