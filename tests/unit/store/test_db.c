/* Transactions when the world fails: a disk that is full at every single write, and SIGKILL at any instant. */
#include "fixture.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

/* ---- a disk that fails: the default VFS with a counter in its writes and syncs ---- */

static struct {
    sqlite3_vfs vfs;
    sqlite3_vfs *real;
    struct {
        sqlite3_io_methods ours;
        const sqlite3_io_methods *real;
    } kinds[2];      /* the database's own file, which locks; and the others */
    int writes_left; /* negative: never fails */
    int result;      /* what a failing write answers */
} disk = {.writes_left = -1};

static bool disk_fails(void) {
    if (disk.writes_left < 0) return false;
    if (disk.writes_left > 0) disk.writes_left--;
    return disk.writes_left == 0;
}

static const sqlite3_io_methods *real_methods(const sqlite3_file *f) {
    return f->pMethods == &disk.kinds[0].ours ? disk.kinds[0].real : disk.kinds[1].real;
}

static int disk_write(sqlite3_file *f, const void *at, int len, sqlite3_int64 offset) {
    return disk_fails() ? disk.result : real_methods(f)->xWrite(f, at, len, offset);
}

static int disk_sync(sqlite3_file *f, int flags) {
    return disk_fails() ? SQLITE_IOERR_FSYNC : real_methods(f)->xSync(f, flags);
}

static int disk_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *f, int flags, int *out_flags) {
    (void)vfs;
    int result = disk.real->xOpen(disk.real, name, f, flags, out_flags);
    if (result != SQLITE_OK || f->pMethods == NULL) return result;
    int kind = flags & SQLITE_OPEN_MAIN_DB ? 0 : 1;
    disk.kinds[kind].real = f->pMethods;
    disk.kinds[kind].ours = *f->pMethods;
    disk.kinds[kind].ours.xWrite = disk_write;
    disk.kinds[kind].ours.xSync = disk_sync;
    f->pMethods = &disk.kinds[kind].ours;
    return result;
}

static int disk_insert(void **state) {
    (void)state;
    disk.real = sqlite3_vfs_find(NULL);
    disk.vfs = *disk.real;
    disk.vfs.pNext = NULL;
    disk.vfs.zName = "failing";
    disk.vfs.xOpen = disk_open;
    disk.writes_left = -1;
    return sqlite3_vfs_register(&disk.vfs, 1) == SQLITE_OK ? 0 : 1;
}

static int disk_remove(void **state) {
    (void)state;
    disk.writes_left = -1;
    return sqlite3_vfs_unregister(&disk.vfs) == SQLITE_OK ? 0 : 1;
}

/* Commits fills 10 .. 29; what came of it. */
static enum err try_batch(struct db *db) {
    struct put_counts counts = {0};
    uint64_t account = 0;
    enum err e = db_begin(db);
    if (e != ERR_OK) return e;
    e = journal_find_account(db_journal(db), &account, "testnet:1");
    for (int64_t n = 10; n < 30 && e == ERR_OK; n++) {
        struct fill f = fill_number(n);
        e = journal_put(db_journal(db), &counts, account, &f);
    }
    if (e == ERR_OK) return db_commit(db);
    db_rollback(db);
    return e;
}

/* Returns whether the batch was committed in spite of it (the failure came too late to hurt). */
static bool fail_at_write(int write, int result, enum err expected) {
    struct folder folder;
    struct fill first[10];
    size_t count;
    for (int i = 0; i < 10; i++) first[i] = fill_number(i);
    folder_make(&folder);
    struct db *db = db_need(folder.file);
    (void)put_fills(db, "testnet:1", first, 10);
    disk.writes_left = write;
    disk.result = result;
    enum err e = try_batch(db);
    disk.writes_left = -1;
    if (e != ERR_OK) {
        assert_true(e == expected || e == ERR_IO); /* a failed sync is input or output */
        assert_true(strstr(db_why(db), folder.file) != NULL);
        if (e == ERR_FULL) assert_non_null(strstr(db_why(db), "the disk is full"));
    }
    db_close(db);
    db = db_need(folder.file);
    free(load_fills(db, 1, &count));
    assert_int_equal(count, e == ERR_OK ? 30 : 10); /* all or nothing, as was answered */
    assert_true(verify_all(db, 1000).whole);
    db_close(db);
    folder_remove(&folder);
    return e == ERR_OK;
}

static void a_full_disk_at_any_write_leaves_all_or_nothing(void **state) {
    (void)state;
    int write = 1;
    while (!fail_at_write(write, SQLITE_FULL, ERR_FULL)) write++;
    assert_true(write > 3); /* a frame's head and page, the sync: there were several to fail */
}

static void a_broken_disk_at_any_write_leaves_all_or_nothing(void **state) {
    (void)state;
    int write = 1;
    while (!fail_at_write(write, SQLITE_IOERR_WRITE, ERR_IO)) write++;
    assert_true(write > 3);
}

static void after_a_full_disk_the_same_database_works_on(void **state) {
    (void)state;
    struct folder folder;
    size_t count;
    folder_make(&folder);
    struct db *db = db_need(folder.file);
    struct fill first = fill_number(1);
    (void)put_fills(db, "testnet:1", &first, 1);
    disk.writes_left = 2;
    disk.result = SQLITE_FULL;
    assert_int_equal(try_batch(db), ERR_FULL);
    free(load_fills(db, 1, &count)); /* still readable */
    assert_int_equal(count, 1);
    disk.writes_left = -1;
    assert_int_equal(try_batch(db), ERR_OK); /* somebody made room */
    free(load_fills(db, 1, &count));
    assert_int_equal(count, 21);
    assert_true(verify_all(db, 1000).whole);
    db_close(db);
    folder_remove(&folder);
}

static void opening_on_a_full_disk_says_so(void **state) {
    (void)state;
    struct folder folder;
    char why[SQL_WHY_MAX];
    struct db *db = NULL;
    folder_make(&folder);
    for (int write = 1; write < 8; write++) {
        disk.writes_left = write;
        disk.result = SQLITE_FULL;
        enum err e = db_open(&db, folder.file, DB_USE, why);
        disk.writes_left = -1;
        assert_true(e == ERR_FULL || e == ERR_IO);
        assert_non_null(strstr(why, folder.file));
    }
    db_close(db_need(folder.file)); /* what was left behind is a good beginning */
    folder_remove(&folder);
}

/* ---- SIGKILL ---- */

enum { KILL_BATCH_MAX = 20, KILL_ROUNDS_SHORT = 20 };

/* The child: commits batches of 1 to 20 fills and reports each on the pipe only after the commit, until it is killed. */
static void commit_for_ever(const char *path, int64_t next, int report) {
    struct db *db = db_need(path);
    for (int64_t batch = 1;; batch = batch % KILL_BATCH_MAX + 1) {
        struct fill fills[KILL_BATCH_MAX];
        for (int64_t i = 0; i < batch; i++) fills[i] = fill_number(next + i);
        (void)put_fills(db, "testnet:1", fills, (size_t)batch);
        next += batch;
        if (write(report, &next, sizeof next) != sizeof next) _exit(1);
    }
}

/* One round: starts a child, kills it after a while, returns up to where it had reported. */
static int64_t kill_one(const char *path, int64_t next, unsigned round) {
    int ends[2], status;
    int64_t reported = next, n;
    struct timespec wait = {0, (long)(1 + round * 7919 % 40) * 1000000};
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(ends[0]);
        commit_for_ever(path, next, ends[1]);
    }
    close(ends[1]);
    if (round % 4 != 0) assert_int_equal(read(ends[0], &reported, sizeof reported), sizeof reported); /* else: early */
    while (nanosleep(&wait, &wait) != 0 && errno == EINTR) continue;
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    while (read(ends[0], &n, sizeof n) == sizeof n) reported = n;
    close(ends[0]);
    return reported;
}

static void killed_at_any_instant_nothing_reported_is_lost_or_doubled(void **state) {
    (void)state;
    const char *wanted = getenv("GRIDSCOPE_KILL_ROUNDS");
    int rounds = wanted != NULL ? atoi(wanted) : KILL_ROUNDS_SHORT;
    struct folder folder;
    int64_t next = 0;
    size_t count = 0;
    folder_make(&folder);
    for (int round = 0; round < rounds; round++) {
        int64_t reported = kill_one(folder.file, next, (unsigned)round);
        struct db *db = db_need(folder.file);
        struct fill none = fill_number(0);
        if (journal_accounts(db_journal(db)) == 0) (void)put_fills(db, "testnet:1", &none, 0); /* killed that early */
        struct fill *fills = load_fills(db, 1, &count);
        assert_true((int64_t)count >= reported && (int64_t)count <= reported + KILL_BATCH_MAX);
        for (size_t i = 0; i < count; i++) {
            struct fill expected = fill_number((int64_t)i);
            assert_fill_equal(&fills[i], &expected);
        }
        free(fills);
        assert_true(verify_all(db, 100000).whole);
        db_close(db);
        next = (int64_t)count;
    }
    assert_true(next > rounds); /* it did work meanwhile */
    folder_remove(&folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_full_disk_at_any_write_leaves_all_or_nothing, disk_insert, disk_remove),
        cmocka_unit_test_setup_teardown(a_broken_disk_at_any_write_leaves_all_or_nothing, disk_insert, disk_remove),
        cmocka_unit_test_setup_teardown(after_a_full_disk_the_same_database_works_on, disk_insert, disk_remove),
        cmocka_unit_test_setup_teardown(opening_on_a_full_disk_says_so, disk_insert, disk_remove),
        cmocka_unit_test(killed_at_any_instant_nothing_reported_is_lost_or_doubled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
