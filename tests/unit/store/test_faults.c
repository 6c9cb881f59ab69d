/* Every operation on the disk made to fail in turn, under everything the store does (issue: fault injection at the edges): it
 * never crashes, it says what is wrong, what it reported durable is there afterwards, nothing is doubled, and a file that
 * merely looked damaged is as good as before. The same with the power cut at any instant, and writes that no sync followed
 * lost at random. */
#include "fixture.h"
#include "vfs.h"

#include "base/limits.h"
#include "store/op.h"

#include <errno.h>
#include <sys/resource.h>

/* In every day's tests some operations are passed over where one fault is much like another; GRIDSCOPE_LONG_TESTS takes all. */
enum { BATCHES = 6, BATCH_FILLS = 5, FILLS = BATCHES * BATCH_FILLS };

static const char account[] = "testnet:1";

/* ---- what the store is asked for ---- */

static struct op *op_of(enum op_kind kind, const void *items, size_t count, size_t size) {
    struct op *o = op_new(kind, 1);
    assert_non_null(o);
    (void)snprintf(o->account, sizeof o->account, "%s", account);
    if (count > 0) {
        o->items = malloc(count * size);
        assert_non_null(o->items);
        memcpy(o->items, items, count * size);
    }
    o->count = count;
    return o;
}

static enum err run_one(struct worker *w, struct op *o) {
    do op_run_group(w, o);
    while (o->more);
    enum err e = o->err;
    op_free(o);
    return e;
}

/* Fills, a mark that relies on them and candles, in one transaction. */
static bool put_batch(struct worker *w, int batch) {
    struct fill fills[BATCH_FILLS];
    const struct candle candle = {.open_time = {batch * US_PER_MIN}, .close_time = {batch + 1}, .closed = true};
    for (int i = 0; i < BATCH_FILLS; i++) fills[i] = fill_number((int64_t)batch * BATCH_FILLS + i);
    const struct stored_history history = {.symbol = fills[0].symbol, .last_id = fills[BATCH_FILLS - 1].trade_id};
    struct op *put = op_of(OP_PUT, fills, BATCH_FILLS, sizeof *fills);
    struct op *mark = op_of(OP_PUT_HISTORY, &history, 1, sizeof history);
    struct op *candles = op_of(OP_PUT_CANDLES, &candle, 1, sizeof candle);
    candles->symbol = fills[0].symbol;
    candles->interval = name_of("1m");
    put->next = mark;
    mark->next = candles;
    op_run_group(w, put);
    bool durable = put->err == ERR_OK;
    assert_int_equal(mark->err, put->err);
    assert_int_equal(candles->err, put->err);
    op_free(put);
    op_free(mark);
    op_free(candles);
    return durable;
}

/* One life of the program: it opens, writes, reads everything, verifies, and closes. */
static void live(const char *path, int first, int end, bool *durable) {
    struct worker w = {.path = path, .use = DB_USE};
    struct op *candles = op_of(OP_GET_CANDLES, NULL, 0, 0);
    candles->max = 10;
    candles->symbol = name_of("BTC/USDT");
    candles->interval = name_of("1m");
    enum err e = run_one(&w, op_of(OP_OPEN, NULL, 0, 0));
    for (int b = first; b < end; b++) durable[b] = put_batch(&w, b);
    enum err loaded = run_one(&w, op_of(OP_LOAD, NULL, 0, 0)), read = run_one(&w, candles);
    enum err verified = run_one(&w, op_of(OP_VERIFY, NULL, 0, 0));
    assert_int_equal(run_one(&w, op_of(OP_CLOSE, NULL, 0, 0)), ERR_OK);
    bool failed = e != ERR_OK || loaded != ERR_OK || read != ERR_OK || verified != ERR_OK || !durable[end - 1];
    assert_int_equal(w.failed != ERR_OK, failed);
    assert_int_equal(w.why[0] != '\0', failed); /* somebody is told, in words */
    if (failed && w.failed != ERR_MEMORY) assert_ptr_equal(strstr(w.why, path), w.why);
}

static void two_lives(const char *path, bool *durable) {
    live(path, 0, BATCHES / 2, durable);
    live(path, BATCHES / 2, BATCHES, durable);
}

/* ---- what must hold afterwards, on a sound disk ---- */

static void assert_kept(struct db *db, const bool *durable, bool all) {
    size_t count = 0;
    bool there[FILLS] = {false};
    struct fill *fills = journal_accounts(db_journal(db)) > 0 ? load_fills(db, 1, &count) : NULL;
    for (size_t i = 0; i < count; i++) {
        struct fill expected = fill_number(fills[i].trade_id);
        assert_in_range(fills[i].trade_id, 0, FILLS - 1);
        assert_false(there[fills[i].trade_id]);
        there[fills[i].trade_id] = true;
        assert_fill_equal(&fills[i], &expected);
    }
    free(fills);
    for (int b = 0; b < BATCHES; b++)
        for (int i = 0; i < BATCH_FILLS; i++) {
            bool is = there[b * BATCH_FILLS + i];
            if ((durable[b] || all) && !is) fail_msg("fill %d of batch %d is gone", i, b);
            if (is != there[b * BATCH_FILLS]) fail_msg("batch %d is there by half", b);
        }
    assert_true(verify_all(db, 1000).whole);
}

static void assert_sound(const char *path, const bool *durable) {
    bool again[BATCHES];
    vfs_plan(VFS_NONE, 0, false);
    struct db *db = db_need(path);
    assert_kept(db, durable, false);
    db_close(db);
    two_lives(path, again); /* what was not known to be kept is put once more */
    for (int b = 0; b < BATCHES; b++) assert_true(again[b]);
    db = db_need(path);
    assert_kept(db, again, true);
    db_close(db);
    vfs_settle();
}

static uint64_t operations_of_two_lives(void) {
    struct folder f;
    bool durable[BATCHES] = {false};
    folder_make(&f);
    vfs_plan(VFS_NONE, 0, false);
    two_lives(f.file, durable);
    uint64_t all = vfs_operations();
    for (int b = 0; b < BATCHES; b++) assert_true(durable[b]);
    assert_sound(f.file, durable);
    folder_remove(&f);
    return all;
}

/* ---- the tests ---- */

static bool is_long(void) { return getenv("GRIDSCOPE_LONG_TESTS") != NULL; }

/* How often a batch was refused. */
static uint64_t every_operation_fails_in_turn(enum vfs_fault fault, bool from_then_on, uint64_t step) {
    uint64_t all = operations_of_two_lives(), hits = 0, halved = 0, failures = 0;
    for (uint64_t at = 1; at <= all; at += is_long() ? 1 : step) {
        struct folder f;
        bool durable[BATCHES] = {false};
        folder_make(&f);
        vfs_plan(fault, at, from_then_on);
        two_lives(f.file, durable);
        bool hit = vfs_hits() > 0;
        hits += hit;
        halved += vfs_halved();
        for (int b = 0; b < BATCHES; b++) failures += !durable[b];
        if (hit) assert_sound(f.file, durable);
        vfs_settle();
        folder_remove(&f);
    }
    assert_true(all > 100 && hits > 5);
    assert_int_equal(halved > 0, fault == VFS_PARTIAL);
    return failures;
}

static void reading_and_writing_fail(void **state) {
    (void)state;
    assert_true(every_operation_fails_in_turn(VFS_IO, false, 1) > 200);
    assert_true(every_operation_fails_in_turn(VFS_IO, true, 1) > 400);
}

static void the_disk_is_full(void **state) {
    (void)state;
    assert_true(every_operation_fails_in_turn(VFS_FULL, false, 1) > 200);
    assert_true(every_operation_fails_in_turn(VFS_FULL, true, 4) > 100);
}

static void there_is_no_memory(void **state) {
    (void)state;
    assert_true(every_operation_fails_in_turn(VFS_MEMORY, false, 1) > 200);
}

static void another_process_holds_the_lock(void **state) {
    (void)state;
    assert_true(every_operation_fails_in_turn(VFS_BUSY, false, 1) < 10); /* it is waited for */
    assert_true(every_operation_fails_in_turn(VFS_BUSY, true, 8) > 20);
}

/* The rest is asked for again: nobody notices. */
static void half_transfers_are_no_failures(void **state) {
    (void)state;
    assert_int_equal(every_operation_fails_in_turn(VFS_PARTIAL, false, 2), 0);
    assert_int_equal(every_operation_fails_in_turn(VFS_PARTIAL, true, 8), 0);
}

static void the_power_is_cut_at_any_instant(void **state) {
    (void)state;
    uint64_t all = operations_of_two_lives();
    uint64_t seeds = is_long() ? 20 : 1;
    for (uint64_t at = 1; at <= all; at++)
        for (uint64_t seed = 0; seed < seeds; seed++) {
            struct folder f;
            bool durable[BATCHES] = {false};
            folder_make(&f);
            vfs_plan(VFS_IO, at, true); /* nothing gets through from then on */
            two_lives(f.file, durable);
            vfs_plan(VFS_NONE, 0, false);
            vfs_cut_power(at * 100 + seed);
            assert_sound(f.file, durable);
            folder_remove(&f);
        }
}

/* ---- the files themselves ---- */

static void assert_refused(const char *path, enum err expected, const char *words) {
    struct db *db = NULL;
    char why[SQL_WHY_MAX];
    assert_int_equal(db_open(&db, path, DB_USE, why), expected);
    if (strstr(why, words) == NULL) fail_msg("\"%s\" says nothing of \"%s\"", why, words);
}

static void no_descriptor_left_is_said(void **state) {
    (void)state;
    struct folder f;
    struct rlimit before, none;
    folder_make(&f);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    assert_refused(f.file, ERR_DENIED, strerror(EMFILE));
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    db_close(db_need(f.file));
    folder_remove(&f);
}

/* The same of a disk without room for another file: /proc and the like take none. */
static void a_place_that_takes_no_file_is_said(void **state) {
    (void)state;
    assert_refused("/proc/gridscope.db", ERR_DENIED, "/proc/gridscope.db");
}

static int begin(void **state) {
    (void)state;
    vfs_begin();
    return 0;
}

static int end(void **state) {
    (void)state;
    vfs_end();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reading_and_writing_fail, begin, end),
        cmocka_unit_test_setup_teardown(the_disk_is_full, begin, end),
        cmocka_unit_test_setup_teardown(there_is_no_memory, begin, end),
        cmocka_unit_test_setup_teardown(another_process_holds_the_lock, begin, end),
        cmocka_unit_test_setup_teardown(half_transfers_are_no_failures, begin, end),
        cmocka_unit_test_setup_teardown(the_power_is_cut_at_any_instant, begin, end),
        cmocka_unit_test(no_descriptor_left_is_said),
        cmocka_unit_test(a_place_that_takes_no_file_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
