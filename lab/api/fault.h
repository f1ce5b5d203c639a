/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault.h - faults on request: `vmnetctl lab fault ...`
 *
 * A fault has a kind, an optional match (method, path substring) and a count of how often it
 * strikes (0: until cleared). The HTTP layer asks about each request, controllers about each step.
 */
#ifndef VMN_LAB_API_FAULT_H
#define VMN_LAB_API_FAULT_H

#include "lab/lab.h"

enum lab_fault_kind {
	LAB_FAULT_LATENCY, /* value: milliseconds before the answer */
	LAB_FAULT_RESET,   /* connection cut in mid-body; value: bytes sent before; the request took
			      effect */
	LAB_FAULT_RESET_BEFORE, /* connection cut before the request took effect */
	LAB_FAULT_STATUS,	/* answer with status value (429, 500, 503, ...), the request has no
				   effect */
	LAB_FAULT_STATUS_AFTER, /* the same, but the request took effect */
	LAB_FAULT_WATCH_CUT,	/* watches end after value events */
	LAB_FAULT_WATCH_GONE,	/* watches and continue tokens answer 410 */
	LAB_FAULT_CONFLICT,   /* writes answer 409 (or the 422 of a failed test for JSON patches) */
	LAB_FAULT_SLOW_PLUG,  /* value: milliseconds each hop of a plug or unplug takes longer */
	LAB_FAULT_NO_PLUG,    /* the CNI never delivers: stuck at P2 */
	LAB_FAULT_PLUG_ERROR, /* virt-handler fails phase 1: event NicHotplug */
	LAB_FAULT_NO_UNPLUG,  /* the guest never releases the device: stuck at U3 */
	LAB_FAULT_MIGRATION_FAIL, /* the next migration fails; text: failureReason */
	LAB_FAULT_MIGRATION_SLOW, /* value: milliseconds each phase takes longer */
	LAB_FAULT_WEBHOOK,	  /* writes of VMs and VMIMs are denied; text: the message */
	LAB_FAULT_API_DOWN,	  /* virt-api is away: 503 text on subresources, 500 on VM writes */
	LAB_FAULTS
};

struct lab_fault {
	enum lab_fault_kind kind;
	char *method; /* NULL: any */
	char *match;  /* substring of the path, or of "NAMESPACE/VM" for the webhook, plug and
			 migration kinds; NULL: any */
	int64_t value;
	int64_t retry_after; /* seconds, for LAB_FAULT_STATUS; -1: no header */
	char *text;
	uint64_t left; /* how often it still strikes; 0: always */
};

/**
 * lab_fault_hit() - does a fault of @kind strike here? Uses up one of its counts.
 * Return: borrowed, or NULL
 */
const struct lab_fault *lab_fault_hit(struct lab *lab, enum lab_fault_kind kind, const char *method,
				      const char *what);

/** lab_fault_name() - "slow-plug" */
const char *lab_fault_name(enum lab_fault_kind kind);
/** lab_fault_kind() - the kind of that name; Return: false when there is none */
bool lab_fault_kind(const char *name, enum lab_fault_kind *ret);

/**
 * lab_fault_add() - from {"kind", "method", "match", "value", "retryAfter", "text", "count"}
 *
 * All but kind may be missing. Controllers look at everything again.
 * Return: 0 or -VMN_E_INVALID
 */
int lab_fault_add(struct lab *lab, struct json_object *spec, struct vmn_err *err) VMN_MUST_CHECK;
/** lab_faults_list() - an array of the same shape, of what still strikes; caller drops it */
struct json_object *lab_faults_list(struct lab *lab);
/** lab_faults_clear() - end those of @kind (NULL: all); controllers look at everything again */
void lab_faults_clear(struct lab *lab, const enum lab_fault_kind *kind);
/** lab_faults_free() - at the end of the lab */
void lab_faults_free(struct lab *lab);

#endif
