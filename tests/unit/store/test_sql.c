/* Opening the file: what is refused, with which words, and that a refused file stays as it was. */
#include "fixture.h"

#include "base/rng.h"

#include <sys/wait.h>

/* A valid but empty database of ours, in its WAL-less form on the disk. */
static void make_database(const char *path) { db_close(db_need(path)); }

static void assert_refused(const char *path, enum err expected, const char *words) {
    struct db *db = NULL;
    char why[SQL_WHY_MAX] = "";
    assert_int_equal(db_open(&db, path, DB_USE, why), expected);
    assert_null(db);
    if (strstr(why, words) == NULL || strstr(why, path) == NULL) fail_msg("words: %s", why);
}

static void assert_refused_and_untouched(const char *path, enum err expected, const char *words) {
    struct bytes before = file_read(path);
    assert_refused(path, expected, words);
    struct bytes after = file_read(path);
    assert_int_equal(before.len, after.len);
    assert_memory_equal(before.at, after.at, before.len);
    free(before.at);
    free(after.at);
}

static void a_new_file_is_private_and_its_folders_are_made(void **state) {
    (void)state;
    struct folder f;
    struct stat st;
    char path[FIXTURE_PATH_MAX];
    folder_make(&f);
    (void)snprintf(path, sizeof path, "%s/state/gridscope/a.db", f.path);
    struct db *db = db_need(path);
    (void)put_fills(db, "testnet:1", &(struct fill){.symbol = name_of("A/B")}, 1);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    (void)snprintf(path, sizeof path, "%s/state/gridscope/a.db-wal", f.path);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    (void)snprintf(path, sizeof path, "%s/state/gridscope", f.path);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    db_close(db);
    folder_remove(&f);
}

static void memory_needs_no_file(void **state) {
    (void)state;
    struct fill f = fill_number(1);
    size_t count;
    struct db *db = db_need(":memory:");
    assert_int_equal(put_fills(db, "demo:1", &f, 1).added, 1);
    struct fill *back = load_fills(db, 1, &count);
    assert_int_equal(count, 1);
    assert_fill_equal(back, &f);
    free(back);
    db_close(db);
    assert_int_equal(access(":memory:", F_OK), -1);
}

static void noise_is_no_database_and_stays(void **state) {
    (void)state;
    struct folder f;
    struct rng rng;
    char noise[9000];
    folder_make(&f);
    rng_seed(&rng, 3);
    for (size_t i = 0; i < sizeof noise; i++) noise[i] = (char)rng_next(&rng);
    file_write(f.file, noise, sizeof noise);
    assert_refused_and_untouched(f.file, ERR_CORRUPT, "no database");
    file_write(f.file, "hello\n", 6);
    assert_refused_and_untouched(f.file, ERR_CORRUPT, "no database");
    folder_remove(&f);
}

/* Garbage over each page in turn: opening and reading either work or say so, and where they say so the file is as it was. */
static void a_damaged_page_is_reported_and_stays(void **state) {
    (void)state;
    struct folder f;
    struct fill fills[200];
    int refused = 0;
    folder_make(&f);
    for (int i = 0; i < 200; i++) fills[i] = fill_number(i);
    struct db *db = db_need(f.file);
    (void)put_fills(db, "testnet:1", fills, 200);
    db_close(db);
    struct bytes good = file_read(f.file);
    assert_true(good.len > 8 * 4096);
    for (size_t page = 0; page < good.len / 4096; page++) {
        struct bytes bad = {malloc(good.len), good.len};
        assert_non_null(bad.at);
        memcpy(bad.at, good.at, good.len);
        memset(bad.at + page * 4096 + (page == 0 ? 100 : 0), 0xa5, page == 0 ? 3996 : 4096);
        file_write(f.file, bad.at, bad.len);
        char why[SQL_WHY_MAX];
        struct loader *l = NULL;
        db = NULL;
        enum err e = db_open(&db, f.file, DB_USE, why);
        if (e == ERR_OK) e = loader_open(&l, db_journal(db), 1);
        loader_free(l);
        db_close(db);
        if (e != ERR_OK) {
            struct bytes after = file_read(f.file);
            assert_int_equal(e, ERR_CORRUPT);
            assert_int_equal(after.len, bad.len);
            assert_memory_equal(after.at, bad.at, bad.len);
            free(after.at);
            refused++;
        }
        free(bad.at);
    }
    assert_true(refused >= 5); /* the first page, the head, the journal's pages */
    free(good.at);
    folder_remove(&f);
}

static void another_programs_database_stays(void **state) {
    (void)state;
    struct folder f;
    sqlite3 *other;
    folder_make(&f);
    assert_int_equal(sqlite3_open(f.file, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "CREATE TABLE journal(a)", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
    assert_refused_and_untouched(f.file, ERR_CORRUPT, "another program's database");
    folder_remove(&f);
}

static void a_newer_schema_is_refused(void **state) {
    (void)state;
    struct folder f;
    sqlite3 *later;
    folder_make(&f);
    make_database(f.file);
    assert_int_equal(sqlite3_open(f.file, &later), SQLITE_OK);
    assert_int_equal(sqlite3_exec(later, "PRAGMA user_version = 4711", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(later), SQLITE_OK);
    assert_refused_and_untouched(f.file, ERR_UNKNOWN, "newer version of this program (schema 4711");
    folder_remove(&f);
}

static void a_folder_in_the_way_is_refused(void **state) {
    (void)state;
    struct folder f;
    folder_make(&f);
    assert_refused(f.path, ERR_IO, "cannot be opened for writing");
    folder_remove(&f);
}

/* Runs fn in a child that is not root (permissions mean nothing to root) and returns what it returned. */
static int as_nobody(int (*fn)(const char *path), const char *path) {
    int status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) _exit(99);
        _exit(fn(path));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int open_is_denied(const char *path) {
    struct db *db = NULL;
    char why[SQL_WHY_MAX] = "";
    if (db_open(&db, path, DB_USE, why) != ERR_DENIED) return 1;
    return strstr(why, "opened for writing: ") != NULL && strstr(why, path) != NULL ? 0 : 2;
}

static int folder_is_denied(const char *path) {
    struct db *db = NULL;
    char why[SQL_WHY_MAX] = "";
    enum err e = db_open(&db, path, DB_USE, why);
    return e == ERR_DENIED && strstr(why, "permissions") != NULL ? 0 : 1;
}

static void a_read_only_file_or_folder_is_refused(void **state) {
    (void)state;
    struct folder f;
    folder_make(&f);
    assert_int_equal(chmod(f.path, 0555), 0);
    assert_int_equal(as_nobody(open_is_denied, f.file), 0); /* no file, and none can be made */
    assert_int_equal(chmod(f.path, 0755), 0);
    make_database(f.file);
    assert_int_equal(chmod(f.file, 0444), 0);
    assert_int_equal(as_nobody(open_is_denied, f.file), 0); /* a file that cannot be written */
    assert_int_equal(chmod(f.file, 0666), 0);
    assert_int_equal(chmod(f.path, 0555), 0);
    assert_int_equal(as_nobody(folder_is_denied, f.file), 0); /* no room for the WAL beside it */
    folder_remove(&f);
}

static int second_is_refused(const char *path) {
    struct db *db = NULL;
    char why[SQL_WHY_MAX] = "";
    if (db_open(&db, path, DB_USE, why) != ERR_BAD_STATE) return 1;
    return strstr(why, "another process uses it") != NULL ? 0 : 2;
}

static int in_child(int (*fn)(const char *path), const char *path) {
    int status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) _exit(fn(path));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void a_second_process_is_refused(void **state) {
    (void)state;
    struct folder f;
    folder_make(&f);
    struct db *db = db_need(f.file);
    assert_int_equal(in_child(second_is_refused, f.file), 0);
    struct fill one = fill_number(1);
    assert_int_equal(put_fills(db, "testnet:1", &one, 1).added, 1);   /* the first goes on */
    assert_refused(f.file, ERR_BAD_STATE, "another process uses it"); /* nor twice in one process */
    db_close(db);
    db_close(db_need(f.file));
    folder_remove(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_file_is_private_and_its_folders_are_made),
        cmocka_unit_test(memory_needs_no_file),
        cmocka_unit_test(noise_is_no_database_and_stays),
        cmocka_unit_test(a_damaged_page_is_reported_and_stays),
        cmocka_unit_test(another_programs_database_stays),
        cmocka_unit_test(a_newer_schema_is_refused),
        cmocka_unit_test(a_folder_in_the_way_is_refused),
        cmocka_unit_test(a_read_only_file_or_folder_is_refused),
        cmocka_unit_test(a_second_process_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
