/* sql.h: one SQLite connection, the way this store uses it: WAL, synchronous=FULL, locked against every other process,
 * prepared statements kept, and every failure turned into an enum err and a sentence for people. Seen by this folder only.
 *
 * A file that SQLite finds damaged, or that is not ours, is never written to, not even when closing. */
#ifndef STORE_SQL_H
#define STORE_SQL_H

#include "base/err.h"
#include "base/span.h"

#include <sqlite3.h>
#include <stdint.h>

enum {
    SQL_WHY_MAX = 512,       /* a sentence with a path in it */
    SQL_STATEMENTS_MAX = 64, /* about twice as many as the folder has */
};

struct sql;

/* path: a file, created (mode 0600, with its missing folders, 0700) where there is none, or ":memory:". On failure *out is
 * untouched and why says what is wrong and what to do: ERR_DENIED (permission, read-only), ERR_BAD_STATE (another process
 * has it), ERR_CORRUPT (damaged, or no database, or another program's), ERR_FULL, ERR_IO, ERR_MEMORY. */
MUST_CHECK enum err sql_open(struct sql **out, const char *path, char why[static SQL_WHY_MAX]);
void sql_close(struct sql *s); /* NULL is allowed */

/* The sentence of the first failure since sql_open; "" while there was none. */
const char *sql_why(const struct sql *s);
/* For failures that SQLite does not see (a record that cannot be read): returns e. */
enum err sql_fail(struct sql *s, enum err e, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Statements without parameters and rows, one or more. */
MUST_CHECK enum err sql_run(struct sql *s, const char *text);
/* Ends a transaction that failed. SQLite may have rolled back by itself (a full disk): that is no further failure. */
void sql_rollback(struct sql *s);

/* A statement in use. Failures stick: bind everything, read the rows, ask once at query_end.
 *     struct query q = query_start(s, "SELECT a FROM t WHERE b = ?");
 *     query_put_int(&q, 5);
 *     while (query_row(&q)) use(query_int(&q, 0));
 *     return query_end(&q);                                                                                          */
struct query {
    struct sql *sql;
    sqlite3_stmt *statement;
    int result, bound;
};

/* text: a literal; it is prepared once and known by its address. */
struct query query_start(struct sql *s, const char *text);
void query_put_int(struct query *q, int64_t v);
void query_put_null(struct query *q);
void query_put_text(struct query *q, const char *text);   /* borrowed until query_end */
void query_put_bytes(struct query *q, struct span bytes); /* borrowed until query_end */
bool query_row(struct query *q);                          /* false at the end and after a failure */
int64_t query_int(const struct query *q, int column);
bool query_is_null(const struct query *q, int column);
const char *query_text(const struct query *q, int column);  /* never NULL; until the next row */
struct span query_bytes(const struct query *q, int column); /* until the next row */
MUST_CHECK enum err query_end(struct query *q);
/* For statements that answer no rows: query_row and query_end in one. */
MUST_CHECK enum err query_run(struct query *q);

#endif
