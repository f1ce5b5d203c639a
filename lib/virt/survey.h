/* SPDX-License-Identifier: Apache-2.0 */
/*
 * survey.h - read all that a report is made of
 *
 * What one depends on the other for is read in turn, all else at once. An object that is not there
 * or may not be read is an answer and goes into the report as missing or unknown; any other failure
 * ends the survey.
 */
#ifndef VMN_VIRT_SURVEY_H
#define VMN_VIRT_SURVEY_H

#include "lib/kube/client.h"

/* What to read. Borrowed. */
struct vmn_survey {
	struct vmn_kube *k;
	const char *ns, *name;
	bool is_vmi; /* asked for as a VMI: that one must be there, not the VM */
};

/**
 * vmn_survey_vm() - the report of a VM or VMI, see vmn_topology_report()
 * @ret_vmi_uid:	caller frees; NULL when there is no VMI to see
 */
int vmn_survey_vm(const struct vmn_survey *in, char **ret_vmi_uid, struct json_object **ret,
		  struct vmn_err *err) VMN_MUST_CHECK;

/**
 * vmn_survey_migration() - the report of the migration called @in->name, see vmn_migration_report()
 * @ret_vmi_name:	of the VMI it is about; caller frees
 */
int vmn_survey_migration(const struct vmn_survey *in, char **ret_vmi_name, struct json_object **ret,
			 struct vmn_err *err) VMN_MUST_CHECK;

/** vmn_survey_pods_path() - collection path of the launcher pods of a VMI; caller frees */
char *vmn_survey_pods_path(const char *ns, const char *vmi_uid);

#endif
