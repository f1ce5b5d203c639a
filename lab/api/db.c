/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lab/api/db.h"

enum statement { PUT, REMOVE, EACH, SETTING, SET, STATEMENTS };

static const char *const statement_sql[STATEMENTS] = {
	[PUT] = "INSERT OR REPLACE INTO object (plural, key, text) VALUES (?, ?, ?)",
	[REMOVE] = "DELETE FROM object WHERE plural = ? AND key = ?",
	[EACH] = "SELECT plural, key, text FROM object ORDER BY plural, key",
	[SETTING] = "SELECT value FROM setting WHERE name = ?",
	[SET] = "INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)",
};

/* A lab may lose its last moments in a power cut, never its consistency: no fsync. */
static const char schema_sql[] =
	"PRAGMA locking_mode = EXCLUSIVE;"
	"PRAGMA journal_mode = WAL;"
	"PRAGMA synchronous = OFF;"
	"CREATE TABLE IF NOT EXISTS object (plural TEXT, key TEXT, text TEXT,"
	" PRIMARY KEY (plural, key)) WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;"
	"BEGIN IMMEDIATE; COMMIT;";

struct lab_db {
	sqlite3 *sqlite;
	sqlite3_stmt *stmt[STATEMENTS];
	bool in_transaction;
};

static int db_error(struct lab_db *db, const char *what, struct vmn_err *err)
{
	return vmn_err_set(err, VMN_E_SYSTEM, "cannot %s the lab's database: %s", what,
			   sqlite3_errmsg(db->sqlite));
}

void lab_db_close_p(struct lab_db **db)
{
	if (!*db)
		return;
	for (size_t i = 0; i < STATEMENTS; i++)
		(void)sqlite3_finalize((*db)->stmt[i]);
	(void)sqlite3_close((*db)->sqlite);
	free(*db);
	*db = NULL;
}

int lab_db_open(const char *path, struct lab_db **ret, struct vmn_err *err)
{
	VMN_CLEANUP(lab_db_close_p) struct lab_db *db = vmn_xcalloc(1, sizeof(*db));

	if (sqlite3_open(path, &db->sqlite) != SQLITE_OK ||
	    sqlite3_exec(db->sqlite, schema_sql, NULL, NULL, NULL) != SQLITE_OK)
		return db_error(db, "open", err);
	for (size_t i = 0; i < STATEMENTS; i++) {
		if (sqlite3_prepare_v3(db->sqlite, statement_sql[i], -1, SQLITE_PREPARE_PERSISTENT,
				       &db->stmt[i], NULL) != SQLITE_OK)
			return db_error(db, "open", err);
	}
	*ret = vmn_steal(&db);
	return 0;
}

static void bind_text(sqlite3_stmt *stmt, int pos, const char *text, size_t len)
{
	(void)sqlite3_bind_text64(stmt, pos, text, len, SQLITE_STATIC, SQLITE_UTF8);
}

/* Run a statement that changes something, inside the turn's transaction. */
static int change(struct lab_db *db, enum statement which, struct vmn_err *err)
{
	sqlite3_stmt *stmt = db->stmt[which];
	int rc = SQLITE_OK;

	if (!db->in_transaction)
		rc = sqlite3_exec(db->sqlite, "BEGIN", NULL, NULL, NULL);
	if (rc == SQLITE_OK) {
		db->in_transaction = true;
		rc = sqlite3_step(stmt);
	}
	(void)sqlite3_reset(stmt);
	(void)sqlite3_clear_bindings(stmt);
	return rc == SQLITE_DONE ? 0 : db_error(db, "write", err);
}

int lab_db_put(struct lab_db *db, const char *plural, const char *key, const char *text, size_t len,
	       struct vmn_err *err)
{
	bind_text(db->stmt[PUT], 1, plural, strlen(plural));
	bind_text(db->stmt[PUT], 2, key, strlen(key));
	bind_text(db->stmt[PUT], 3, text, len);
	return change(db, PUT, err);
}

int lab_db_remove(struct lab_db *db, const char *plural, const char *key, struct vmn_err *err)
{
	bind_text(db->stmt[REMOVE], 1, plural, strlen(plural));
	bind_text(db->stmt[REMOVE], 2, key, strlen(key));
	return change(db, REMOVE, err);
}

bool lab_db_is_dirty(const struct lab_db *db)
{
	return db->in_transaction;
}

int lab_db_commit(struct lab_db *db, struct vmn_err *err)
{
	if (!db->in_transaction)
		return 0;
	db->in_transaction = false;
	if (sqlite3_exec(db->sqlite, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
		return db_error(db, "write", err);
	return 0;
}

int lab_db_each(struct lab_db *db,
		int (*fn)(void *arg, const char *plural, const char *key, const char *text,
			  size_t len, struct vmn_err *err),
		void *arg, struct vmn_err *err)
{
	sqlite3_stmt *stmt = db->stmt[EACH];
	int rc, r = 0;

	while (r == 0 && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		r = fn(arg, (const char *)sqlite3_column_text(stmt, 0),
		       (const char *)sqlite3_column_text(stmt, 1),
		       (const char *)sqlite3_column_text(stmt, 2),
		       (size_t)sqlite3_column_bytes(stmt, 2), err);
	}
	if (r == 0 && rc != SQLITE_DONE)
		r = db_error(db, "read", err);
	(void)sqlite3_reset(stmt);
	return r;
}

char *lab_db_setting(struct lab_db *db, const char *name)
{
	sqlite3_stmt *stmt = db->stmt[SETTING];
	char *value = NULL;

	bind_text(stmt, 1, name, strlen(name));
	if (sqlite3_step(stmt) == SQLITE_ROW)
		value = vmn_xstrdup((const char *)sqlite3_column_text(stmt, 0));
	(void)sqlite3_reset(stmt);
	(void)sqlite3_clear_bindings(stmt);
	return value;
}

int lab_db_set(struct lab_db *db, const char *name, const char *value, struct vmn_err *err)
{
	bind_text(db->stmt[SET], 1, name, strlen(name));
	bind_text(db->stmt[SET], 2, value, strlen(value));
	return change(db, SET, err);
}
