#include "store/sql.h"

#include "base/check.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    APPLICATION_ID = 0x47534350, /* "GSCP": another program's database is told apart by it */
    BUSY_WAIT_MS = 2500, /* a predecessor takes up to 2 s to close, and so does `check`; longer is a second process */
    FILE_HEAD_BYTES = 16,
};

struct kept_statement {
    const char *text; /* the literal's address is the key */
    sqlite3_stmt *statement;
};

struct sql {
    sqlite3 *handle;
    struct kept_statement kept[SQL_STATEMENTS_MAX];
    size_t kept_count;
    char path[PATH_MAX];
    char why[SQL_WHY_MAX];
};

/* What SQLite's primary result codes mean to the program and to its user. */
static const struct meaning {
    int result;
    enum err err;
    const char *words;
} meanings[] = {
    {SQLITE_FULL, ERR_FULL, "the disk is full: free some space and start again"},
    {SQLITE_READONLY, ERR_DENIED, "it is read-only: check the permissions of the file and of its folder"},
    {SQLITE_PERM, ERR_DENIED, "access is not permitted: check the permissions of the file and of its folder"},
    {SQLITE_AUTH, ERR_DENIED, "access is not permitted: check the permissions of the file and of its folder"},
    {SQLITE_CANTOPEN, ERR_DENIED, "it cannot be opened: check that its folder exists and may be written"},
    {SQLITE_BUSY, ERR_BAD_STATE, "another process uses it: stop that one first, or give this one another GRIDSCOPE_DB"},
    {SQLITE_LOCKED, ERR_BAD_STATE,
     "another process uses it: stop that one first, or give this one another GRIDSCOPE_DB"},
    {SQLITE_CORRUPT, ERR_CORRUPT,
     "the file is damaged; it is left as it is: put a backup in its place or move it away"},
    {SQLITE_NOTADB, ERR_CORRUPT, "it is no database; it is left as it is: move it away or name another GRIDSCOPE_DB"},
    {SQLITE_NOMEM, ERR_MEMORY, "out of memory"},
    {SQLITE_TOOBIG, ERR_TOO_BIG, "a value is too large"},
    {SQLITE_IOERR, ERR_IO, "reading or writing it failed"},
};

static const struct meaning *meaning_of(int result) {
    static const struct meaning other = {0, ERR_IO, "the database refused"};
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
        if (meanings[i].result == (result & 0xff)) return &meanings[i];
    return &other;
}

enum err sql_fail(struct sql *s, enum err e, const char *format, ...) {
    if (s->why[0] != '\0') return e; /* the first failure is the cause, later ones its consequences */
    va_list args;
    int n = snprintf(s->why, sizeof s->why, "%.300s: ", s->path);
    CHECK(n > 0 && (size_t)n < sizeof s->why);
    va_start(args, format);
    (void)vsnprintf(s->why + n, sizeof s->why - (size_t)n, format, args);
    va_end(args);
    return e;
}

/* result: a failure of SQLite's. A file found damaged is not tidied up at the end either. */
static enum err fail_sqlite(struct sql *s, int result) {
    const struct meaning *m = meaning_of(result);
    int system = sqlite3_system_errno(s->handle);
    if (m->err == ERR_CORRUPT) (void)sqlite3_db_config(s->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    if (m->err == ERR_IO && system != 0)
        return sql_fail(s, m->err, "%s (%s; %s)", m->words, sqlite3_errmsg(s->handle), strerror(system));
    return sql_fail(s, m->err, "%s (%s)", m->words, sqlite3_errmsg(s->handle));
}

const char *sql_why(const struct sql *s) { return s->why; }

enum err sql_run(struct sql *s, const char *text) {
    int result = sqlite3_exec(s->handle, text, NULL, NULL, NULL);
    return result == SQLITE_OK ? ERR_OK : fail_sqlite(s, result);
}

void sql_rollback(struct sql *s) { (void)sqlite3_exec(s->handle, "ROLLBACK", NULL, NULL, NULL); }

/* ---- opening ---- */

static bool is_memory(const char *path) { return strcmp(path, ":memory:") == 0; }

/* Every missing folder above the file. What cannot be made shows when the file is opened. */
static void make_folders(const char *path) {
    char folder[PATH_MAX];
    (void)snprintf(folder, sizeof folder, "%s", path);
    for (char *at = folder + 1; *at != '\0'; at++) {
        if (*at != '/') continue;
        *at = '\0';
        (void)mkdir(folder, 0700);
        *at = '/';
    }
}

static enum err no_file(struct sql *s, int why) {
    enum err e = why == ENOSPC || why == EDQUOT ? ERR_FULL : why == EIO || why == EISDIR ? ERR_IO : ERR_DENIED;
    return sql_fail(s, e, "it cannot be opened for writing: %s", strerror(why));
}

/* Fills are private: the file is made for its owner alone before SQLite, whose own default is wider, sees it; the WAL takes
 * its permissions from it. A file that is there is not opened here: closing it would drop this process's POSIX locks. */
static enum err make_file(struct sql *s) {
    struct stat st;
    make_folders(s->path);
    int fd = open(s->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0) return close(fd) == 0 ? ERR_OK : no_file(s, errno);
    if (errno != EEXIST) return no_file(s, errno);
    if (stat(s->path, &st) != 0) return no_file(s, errno);
    if (!S_ISREG(st.st_mode)) return no_file(s, EISDIR);
    return faccessat(AT_FDCWD, s->path, R_OK | W_OK, AT_EACCESS) == 0 ? ERR_OK : no_file(s, errno);
}

static enum err read_int(struct sql *s, const char *text, int64_t *out) {
    struct query q = query_start(s, text);
    if (query_row(&q)) *out = query_int(&q, 0);
    return query_end(&q);
}

/* A database with tables that does not carry our mark belongs to another program. */
static enum err check_owner(struct sql *s) {
    int64_t id = 0, tables = 0;
    enum err e = read_int(s, "PRAGMA application_id", &id);
    if (e == ERR_OK) e = read_int(s, "SELECT count(*) FROM sqlite_schema", &tables);
    if (e != ERR_OK || id == APPLICATION_ID) return e;
    if (id == 0 && tables == 0) return ERR_OK;
    return sql_fail(s, ERR_CORRUPT, "it is another program's database; it is left as it is: name another GRIDSCOPE_DB");
}

/* Exclusive locking must stand before the first access in WAL mode: then there is no shared-memory file and the lock is
 * held until the end. */
static enum err configure(struct sql *s) {
    (void)sqlite3_extended_result_codes(s->handle, 1);
    (void)sqlite3_busy_timeout(s->handle, BUSY_WAIT_MS);
    (void)sqlite3_db_config(s->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    enum err e = sql_run(s, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;");
    if (e == ERR_OK) e = check_owner(s);
    if (e == ERR_OK) e = sql_run(s, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY;");
    if (e == ERR_OK) e = sql_run(s, "PRAGMA cache_size=-512;");  /* kB: what is read once is not read again */
    if (e == ERR_OK) e = sql_run(s, "BEGIN EXCLUSIVE; COMMIT;"); /* takes the lock for good */
    return e;
}

static enum err open_file(struct sql *s) {
    enum err e = is_memory(s->path) ? ERR_OK : make_file(s);
    if (e != ERR_OK) return e;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int result = sqlite3_open_v2(s->path, &s->handle, flags, NULL);
    if (result != SQLITE_OK) return fail_sqlite(s, result);
    return configure(s);
}

enum err sql_open(struct sql **out, const char *path, char why[static SQL_WHY_MAX]) {
    struct sql *s = calloc(1, sizeof *s);
    enum err e = s == NULL ? ERR_MEMORY : ERR_OK;
    if (e == ERR_OK && snprintf(s->path, sizeof s->path, "%s", path) >= (int)sizeof s->path) e = ERR_TOO_BIG;
    if (e == ERR_OK) e = open_file(s);
    if (e == ERR_OK) {
        *out = s;
        return ERR_OK;
    }
    (void)snprintf(why, SQL_WHY_MAX, "%s", s != NULL && s->why[0] != '\0' ? s->why : err_text(e));
    sql_close(s);
    return e;
}

void sql_close(struct sql *s) {
    if (s == NULL) return;
    for (size_t i = 0; i < s->kept_count; i++) (void)sqlite3_finalize(s->kept[i].statement);
    CHECK(sqlite3_close(s->handle) == SQLITE_OK); /* busy would be a statement that we forgot */
    free(s);
}

/* ---- statements ---- */

static int keep_statement(struct sql *s, const char *text, sqlite3_stmt **out) {
    for (size_t i = 0; i < s->kept_count; i++) {
        if (s->kept[i].text != text) continue;
        *out = s->kept[i].statement;
        return SQLITE_OK;
    }
    CHECK(s->kept_count < SQL_STATEMENTS_MAX);
    int result = sqlite3_prepare_v3(s->handle, text, -1, SQLITE_PREPARE_PERSISTENT, out, NULL);
    if (result == SQLITE_OK) s->kept[s->kept_count++] = (struct kept_statement){text, *out};
    return result;
}

struct query query_start(struct sql *s, const char *text) {
    struct query q = {.sql = s};
    q.result = keep_statement(s, text, &q.statement);
    return q;
}

static void note(struct query *q, int result) {
    if (q->result == SQLITE_OK) q->result = result;
}

void query_put_int(struct query *q, int64_t v) { note(q, sqlite3_bind_int64(q->statement, ++q->bound, v)); }

void query_put_null(struct query *q) { note(q, sqlite3_bind_null(q->statement, ++q->bound)); }

void query_put_text(struct query *q, const char *text) {
    note(q, sqlite3_bind_text(q->statement, ++q->bound, text, -1, SQLITE_STATIC));
}

void query_put_bytes(struct query *q, struct span bytes) {
    const void *at = bytes.len > 0 ? bytes.at : ""; /* a null pointer would bind NULL */
    note(q, sqlite3_bind_blob64(q->statement, ++q->bound, at, bytes.len, SQLITE_STATIC));
}

bool query_row(struct query *q) {
    if (q->result != SQLITE_OK && q->result != SQLITE_ROW) return false;
    q->result = sqlite3_step(q->statement);
    return q->result == SQLITE_ROW;
}

int64_t query_int(const struct query *q, int column) { return sqlite3_column_int64(q->statement, column); }

bool query_is_null(const struct query *q, int column) {
    return sqlite3_column_type(q->statement, column) == SQLITE_NULL;
}

const char *query_text(const struct query *q, int column) {
    const unsigned char *text = sqlite3_column_text(q->statement, column);
    return text != NULL ? (const char *)text : "";
}

struct span query_bytes(const struct query *q, int column) {
    const void *at = sqlite3_column_blob(q->statement, column); /* before its size: SQLite's rule */
    return span_from(at, (size_t)sqlite3_column_bytes(q->statement, column));
}

enum err query_end(struct query *q) {
    bool good = q->result == SQLITE_OK || q->result == SQLITE_ROW || q->result == SQLITE_DONE;
    enum err e = good ? ERR_OK : fail_sqlite(q->sql, q->result);
    if (q->statement != NULL) {
        (void)sqlite3_reset(q->statement);
        (void)sqlite3_clear_bindings(q->statement);
    }
    q->statement = NULL;
    return e;
}

enum err query_run(struct query *q) {
    (void)query_row(q);
    return query_end(q);
}
