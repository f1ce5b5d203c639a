/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nft.h - nftables through libnftables, which is loaded when it is needed first
 *
 * All that we make is in tables whose names begin alike: "vmnetctl", or "vmnetctl_br0" where there
 * can be several. Nothing else is touched.
 */
#ifndef VMN_NET_NFT_H
#define VMN_NET_NFT_H

#include "lib/net/netns.h"

#define VMN_NFT_TABLE "vmnetctl"

/**
 * vmn_nft_run() - run commands as `nft -f` does: one transaction, all or nothing
 * @ret_out:	what they print, caller frees; NULL: not wanted
 *
 * Return: 0, -VMN_E_NETLINK with nft's own words, -VMN_E_UNSUPPORTED without libnftables
 */
int vmn_nft_run(const struct vmn_netns *ns, const char *commands, char **ret_out,
		struct vmn_err *err) VMN_MUST_CHECK;

/**
 * vmn_nft_list() - the listing of our tables without counts, in the kernel's order; NULL when
 * there is none; caller frees
 *
 * Whether there is one is asked of the kernel first, so that a namespace without costs next to
 * nothing.
 */
int vmn_nft_list(const struct vmn_netns *ns, char **ret, struct vmn_err *err) VMN_MUST_CHECK;

#endif
