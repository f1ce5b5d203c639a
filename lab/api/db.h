/* SPDX-License-Identifier: Apache-2.0 */
/* db.h - the store's file: SQLite, one row an object, one transaction a turn of the loop */
#ifndef VMN_LAB_API_DB_H
#define VMN_LAB_API_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"

struct lab_db;

/** lab_db_open() - open or make @path; another process holding it is an error */
int lab_db_open(const char *path, struct lab_db **ret, struct vmn_err *err) VMN_MUST_CHECK;
void lab_db_close_p(struct lab_db **db);

/** lab_db_put() - keep an object's text; @plural and @key name it */
int lab_db_put(struct lab_db *db, const char *plural, const char *key, const char *text, size_t len,
	       struct vmn_err *err) VMN_MUST_CHECK;
int lab_db_remove(struct lab_db *db, const char *plural, const char *key,
		  struct vmn_err *err) VMN_MUST_CHECK;
/** lab_db_is_dirty() - whether there is something to commit */
bool lab_db_is_dirty(const struct lab_db *db);
/** lab_db_commit() - end the transaction that the first change began; none: nothing to do */
int lab_db_commit(struct lab_db *db, struct vmn_err *err) VMN_MUST_CHECK;

/** lab_db_each() - every object; @fn returns 0 or -code to stop */
int lab_db_each(struct lab_db *db,
		int (*fn)(void *arg, const char *plural, const char *key, const char *text,
			  size_t len, struct vmn_err *err),
		void *arg, struct vmn_err *err) VMN_MUST_CHECK;

/** lab_db_setting() - a small named value, NULL when it is not set; caller frees */
char *lab_db_setting(struct lab_db *db, const char *name);
int lab_db_set(struct lab_db *db, const char *name, const char *value,
	       struct vmn_err *err) VMN_MUST_CHECK;

#endif
