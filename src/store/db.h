/* db.h: a whole database of ours: the file, its schema brought up to date, the journal, and transactions around both. The
 * plain synchronous layer; the door for the rest of the program is store.h, which runs this one on a worker. */
#ifndef STORE_DB_H
#define STORE_DB_H

#include "store/facts.h"
#include "store/journal.h"

struct db;

enum db_use {
    DB_USE,    /* everything; a journal that does not end where it was left is refused */
    DB_VERIFY, /* journal_verify alone: a damaged journal is opened all the same */
};

/* As sql_open, and ERR_UNKNOWN for a database of a newer version of this program. On failure *out is untouched, why has the
 * words ("" else), and a file that was there before is as it was. */
MUST_CHECK enum err db_open(struct db **out, const char *path, enum db_use use, char why[static SQL_WHY_MAX]);
void db_close(struct db *db); /* NULL is allowed; an open transaction is rolled back */

struct sql *db_sql(struct db *db);         /* for facts.h */
struct journal *db_journal(struct db *db); /* for journal.h */
const char *db_why(const struct db *db);   /* the words of the first failure; "" without one */

/* One transaction at a time. After db_commit said ERR_OK the changes are on the disk (WAL, synchronous=FULL); after any other
 * answer, or db_rollback, nothing of them is, and the database can be read on. */
MUST_CHECK enum err db_begin(struct db *db);
MUST_CHECK enum err db_commit(struct db *db);
void db_rollback(struct db *db);

#endif
