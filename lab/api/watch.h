/* SPDX-License-Identifier: Apache-2.0 */
/* watch.h - the set of open watches; lab_verb_watch() of rest.h opens one */
#ifndef VMN_LAB_API_WATCH_H
#define VMN_LAB_API_WATCH_H

#include "lab/lab.h"

/** lab_watches_start() - after the store is open, before the server listens */
void lab_watches_start(struct lab *lab);
/** lab_watches_stop() - after the server has stopped and closed every stream */
void lab_watches_stop(struct lab *lab);

#endif
