/* SPDX-License-Identifier: Apache-2.0 */
/* gc.h - the garbage collector: dependants of what is gone, contents of dying namespaces, old
 * events */
#ifndef VMN_LAB_API_GC_H
#define VMN_LAB_API_GC_H

#include "lab/api/store.h"

/** lab_gc_start() - listen to the store and take up what an earlier run left */
void lab_gc_start(struct lab *lab);
void lab_gc_stop(struct lab *lab);

/** lab_gc_orphan() - take the owner @uid out of its dependants' ownerReferences */
void lab_gc_orphan(struct lab *lab, const char *uid);

/* What a foreground deletion and a dying namespace wait with. */
#define LAB_FOREGROUND_FINALIZER "foregroundDeletion"
#define LAB_NAMESPACE_FINALIZER "kubernetes"

#endif
