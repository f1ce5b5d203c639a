/* SPDX-License-Identifier: Apache-2.0 */
/*
 * masquerade.h - the planner's part for masquerade: a guest with private addresses behind the pod's
 *
 * The nft rules do what KubeVirt's do, in tables of our own (`ip` and `ip6`, named by
 * vmn_nft_table()), each made by one transaction:
 *
 *	prerouting   what arrives at the pod's NIC, all of it or the ports of the manifest, goes to
 *the guest output       the same for what the pod itself sends to its loopback address postrouting
 *what the guest sends gets the pod's address; what the pod sends to the guest from a loopback
 *address comes from the gateway
 *
 * Left out, for they concern none but KubeVirt's own pods: exceptions for Istio's proxy, and for
 *the migration ports of launchers before 0.58.
 */
#ifndef VMN_BINDING_MASQUERADE_H
#define VMN_BINDING_MASQUERADE_H

#include "lib/binding/discover.h"

struct vmn_planner;

int vmn_masquerade_plan(struct vmn_planner *p, const struct vmn_setup_nic *nic,
			const struct vmn_found *f, struct vmn_err *err) VMN_MUST_CHECK;
/** vmn_masquerade_finish() - what follows when all interfaces are planned: forwarding */
void vmn_masquerade_finish(struct vmn_planner *p);
/** vmn_masquerade_facts() - what the guest will be told */
void vmn_masquerade_facts(const struct vmn_setup_nic *nic, const struct vmn_found *f,
			  struct vmn_binding_facts *facts);

/** vmn_masquerade_sysctl() - of @bridge: the guest may be reached through the pod's loopback
 * address; caller frees */
char *vmn_masquerade_sysctl(const char *bridge);

/** vmn_nft_table() - "vmnetctl_k6t_eth0": the name of our tables for @bridge; caller frees */
char *vmn_nft_table(const char *bridge);
/**
 * vmn_nft_section() - what the listing of our tables has of table @name of @family ("ip", "ip6")
 * @listing: may be NULL
 *
 * Return: a copy, caller frees; NULL: nothing
 */
char *vmn_nft_section(const char *listing, const char *family, const char *name);
/**
 * vmn_planner_nft() - one transaction that makes the tables, where they are not there or somebody
 * edited them
 * @text_ip, @text_ip6: "table ip ... { ... }", or "" for none
 */
void vmn_planner_nft(struct vmn_planner *p, const char *table, const char *text_ip,
		     const char *text_ip6);

#endif
