#include "store/db.h"

#include "base/check.h"
#include "store/schema.h"

#include <stdio.h>
#include <stdlib.h>

struct db {
    struct sql *sql;         /* owned */
    struct journal *journal; /* owned */
    bool in_transaction;
    enum err broken; /* not even a rollback could be undone in memory: nothing works any more */
};

static enum err open_parts(struct db *db, const char *path, enum db_use use, char why[static SQL_WHY_MAX]) {
    enum err e = sql_open(&db->sql, path, why);
    if (e != ERR_OK) return e;
    e = schema_migrate(db->sql);
    if (e == ERR_OK) e = journal_open(&db->journal, db->sql);
    if (e == ERR_OK && use == DB_USE) e = journal_reload(db->journal);
    if (e != ERR_OK)
        (void)snprintf(why, SQL_WHY_MAX, "%s", sql_why(db->sql)[0] != '\0' ? sql_why(db->sql) : err_text(e));
    return e;
}

enum err db_open(struct db **out, const char *path, enum db_use use, char why[static SQL_WHY_MAX]) {
    struct db *db = calloc(1, sizeof *db);
    (void)snprintf(why, SQL_WHY_MAX, "%s", err_text(ERR_MEMORY));
    enum err e = db == NULL ? ERR_MEMORY : open_parts(db, path, use, why);
    if (e != ERR_OK) {
        db_close(db);
        return e;
    }
    why[0] = '\0'; /* the words of a later failure are not these */
    *out = db;
    return ERR_OK;
}

void db_close(struct db *db) {
    if (db == NULL) return;
    journal_close(db->journal);
    sql_close(db->sql); /* SQLite rolls back what is open */
    free(db);
}

struct sql *db_sql(struct db *db) {
    return db->sql;
}

struct journal *db_journal(struct db *db) {
    return db->journal;
}

const char *db_why(const struct db *db) { return sql_why(db->sql); }

enum err db_begin(struct db *db) {
    CHECK(!db->in_transaction);
    if (db->broken != ERR_OK) return db->broken;
    enum err e = sql_run(db->sql, "BEGIN IMMEDIATE");
    db->in_transaction = e == ERR_OK;
    return e;
}

enum err db_commit(struct db *db) {
    CHECK(db->in_transaction);
    enum err e = journal_seal(db->journal);
    if (e == ERR_OK) e = sql_run(db->sql, "COMMIT");
    if (e == ERR_OK) db->in_transaction = false;
    else db_rollback(db);
    return e;
}

void db_rollback(struct db *db) {
    if (!db->in_transaction) return;
    sql_rollback(db->sql);
    db->in_transaction = false;
    db->broken = journal_reload(db->journal);
}
