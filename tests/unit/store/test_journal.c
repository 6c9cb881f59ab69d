/* The journal: what a record becomes, what stands afterwards, and that no row can be changed without showing. */
#include "fixture.h"

#include "base/rng.h"

static struct put_counts put_one(struct db *db, const struct fill *f) { return put_fills(db, "testnet:1", f, 1); }

static struct fill standing(struct db *db) {
    size_t count;
    struct fill *fills = load_fills(db, 1, &count);
    assert_int_equal(count, 1);
    struct fill f = fills[0];
    free(fills);
    return f;
}

static void fills_come_back_in_order(void **state) {
    (void)state;
    enum { N = 500 };
    struct fill shuffled[N];
    struct folder f;
    struct rng rng;
    size_t count;
    rng_seed(&rng, 11);
    for (int i = 0; i < N; i++) shuffled[i] = fill_number(i);
    for (size_t i = N - 1; i > 0; i--) {
        size_t k = (size_t)rng_below(&rng, i + 1);
        struct fill swap = shuffled[i];
        shuffled[i] = shuffled[k];
        shuffled[k] = swap;
    }
    folder_make(&f);
    struct db *db = db_need(f.file);
    assert_int_equal(put_fills(db, "testnet:1", shuffled, N).added, N);
    db_close(db);
    db = db_need(f.file);
    struct fill *back = load_fills(db, 1, &count);
    assert_int_equal(count, N);
    for (int i = 0; i < N; i++) {
        struct fill expected = fill_number(i);
        assert_fill_equal(&back[i], &expected);
    }
    free(back);
    db_close(db);
    folder_remove(&f);
}

static void equal_times_sort_by_id_and_buy_first(void **state) {
    (void)state;
    struct fill fills[4];
    size_t count;
    for (int i = 0; i < 4; i++) {
        fills[i] = fill_number(i < 2 ? 9 : 10); /* 10 is more than 9 as a number, not as a text */
        fills[i].time = fill_number(0).time;
        fills[i].side = i % 2 == 0 ? SIDE_BUY : SIDE_SELL;
    }
    const struct fill backwards[] = {fills[3], fills[2], fills[1], fills[0]};
    struct db *db = db_need(":memory:");
    assert_int_equal(put_fills(db, "testnet:1", backwards, 4).added, 4);
    struct fill *back = load_fills(db, 1, &count);
    assert_int_equal(count, 4);
    for (int i = 0; i < 4; i++) assert_fill_equal(&back[i], &fills[i]);
    free(back);
    db_close(db);
}

static void identity_is_account_symbol_id_and_side(void **state) {
    (void)state;
    struct fill f = fill_number(3), other = f;
    size_t count;
    struct db *db = db_need(":memory:");
    assert_int_equal(put_one(db, &f).added, 1);
    assert_int_equal(put_one(db, &f).duplicates, 1);
    other.symbol = name_of("ETH/USDT");
    assert_int_equal(put_one(db, &other).added, 1);
    other = f;
    other.side = f.side == SIDE_BUY ? SIDE_SELL : SIDE_BUY;
    assert_int_equal(put_one(db, &other).added, 1);
    assert_int_equal(put_fills(db, "testnet:2", &f, 1).added, 1);
    free(load_fills(db, 1, &count));
    assert_int_equal(count, 3);
    free(load_fills(db, 2, &count));
    assert_int_equal(count, 1);
    db_close(db);
}

static void a_higher_source_replaces_and_a_lower_does_not(void **state) {
    (void)state;
    struct fill bot = fill_number(3), rest = bot, late = bot;
    struct db *db = db_need(":memory:");
    bot.source = SOURCE_BOT;
    bot.fee = DEC16_ZERO;
    bot.fee_asset = (struct name){{0}};
    rest.source = SOURCE_REST;
    rest.time.us += 250; /* an exchange's time is finer than the bot's */
    rest.received_at.us += 5000000;
    assert_int_equal(put_one(db, &bot).added, 1);
    assert_int_equal(put_one(db, &rest).replaced, 1);
    struct fill now = standing(db), expected = rest;
    expected.received_at = bot.received_at; /* when we first heard of it */
    assert_fill_equal(&now, &expected);
    late.source = SOURCE_STREAM;
    late.price.v += 1;
    assert_int_equal(put_one(db, &late).duplicates, 1);
    now = standing(db);
    assert_fill_equal(&now, &expected);
    assert_int_equal(journal_rows(db_journal(db)),
                     5); /* account, series, fill, asset, replacement: the old row is there */
    db_close(db);
}

static void a_fee_is_valued_once(void **state) {
    (void)state;
    struct fill f = fill_number(1), again;
    struct db *db = db_need(":memory:");
    assert_int_equal(put_one(db, &f).added, 1);
    fill_value_fee(&f);
    assert_int_equal(put_one(db, &f).valued, 1);
    struct fill now = standing(db);
    assert_fill_equal(&now, &f);
    again = f;
    again.fee_value.v += 1;
    assert_int_equal(put_one(db, &again).duplicates, 1);
    now = standing(db);
    assert_fill_equal(&now, &f);
    db_close(db);
}

static void a_value_of_another_fee_is_not_taken(void **state) {
    (void)state;
    struct fill f = fill_number(1), other;
    struct db *db = db_need(":memory:");
    assert_int_equal(put_one(db, &f).added, 1);
    other = f;
    other.fee.v += 1;
    fill_value_fee(&other);
    assert_int_equal(put_one(db, &other).duplicates, 1);
    struct fill now = standing(db);
    assert_fill_equal(&now, &f);
    db_close(db);
}

static void a_replacement_keeps_the_value_of_the_same_fee(void **state) {
    (void)state;
    struct fill stream = fill_number(1), rest, expected;
    struct db *db = db_need(":memory:");
    stream.source = SOURCE_STREAM;
    assert_int_equal(put_one(db, &stream).added, 1);
    fill_value_fee(&stream);
    assert_int_equal(put_one(db, &stream).valued, 1);
    rest = fill_number(1);
    assert_int_equal(put_one(db, &rest).replaced, 1);
    expected = stream;
    expected.source = SOURCE_REST;
    struct fill now = standing(db);
    assert_fill_equal(&now, &expected);
    db_close(db);
}

static void a_corrected_fee_loses_the_old_value_and_takes_a_new_one(void **state) {
    (void)state;
    struct fill bot = fill_number(1), rest = bot;
    struct db *db = db_need(":memory:");
    bot.source = SOURCE_BOT;
    bot.fee.v += 77;
    fill_value_fee(&bot);
    assert_int_equal(put_one(db, &bot).added, 1);
    assert_int_equal(put_one(db, &rest).replaced, 1);
    struct fill now = standing(db);
    assert_fill_equal(&now, &rest);
    fill_value_fee(&rest);
    assert_int_equal(put_one(db, &rest).valued, 1);
    now = standing(db);
    assert_fill_equal(&now, &rest);
    db_close(db);
}

static void a_wiped_testnet_starts_a_new_epoch(void **state) {
    (void)state;
    struct fill f = fill_number(3);
    uint64_t number = 0, again = 0;
    size_t count;
    struct folder folder;
    folder_make(&folder);
    struct db *db = db_need(folder.file);
    assert_int_equal(put_one(db, &f).added, 1);
    assert_int_equal(db_begin(db), ERR_OK);
    assert_int_equal(journal_new_epoch(db_journal(db), &number, "testnet:1"), ERR_OK);
    assert_int_equal(db_commit(db), ERR_OK);
    assert_int_equal(number, 2);
    db_close(db);
    db = db_need(folder.file);
    assert_int_equal(put_one(db, &f).added, 1); /* the same id is another trade now */
    assert_int_equal(journal_find_account(db_journal(db), &again, "testnet:1"), ERR_OK);
    assert_int_equal(again, number);
    assert_int_equal(journal_account(db_journal(db), 1)->epoch, 1);
    for (uint64_t epoch = 1; epoch <= 2; epoch++) {
        free(load_fills(db, epoch, &count));
        assert_int_equal(count, 1);
    }
    db_close(db);
    folder_remove(&folder);
}

static void the_bots_fills_join_the_account(void **state) {
    (void)state;
    struct fill both = fill_number(1), bots = fill_number(2), keys = fill_number(3), expected;
    uint64_t from = 0, into = 0;
    size_t count;
    struct db *db = db_need(":memory:");
    both.source = bots.source = SOURCE_BOT;
    (void)put_fills(db, "testnet:bot", (struct fill[]){both, bots}, 2);
    both.source = SOURCE_REST;
    both.received_at.us += 10;
    (void)put_fills(db, "testnet:77", (struct fill[]){both, keys}, 2);
    assert_int_equal(db_begin(db), ERR_OK);
    assert_int_equal(journal_find_account(db_journal(db), &from, "testnet:bot"), ERR_OK);
    assert_int_equal(journal_find_account(db_journal(db), &into, "testnet:77"), ERR_OK);
    assert_int_equal(journal_join(db_journal(db), from, into), ERR_OK);
    uint64_t rows = journal_rows(db_journal(db));
    assert_int_equal(journal_join(db_journal(db), from, into), ERR_OK); /* once more changes nothing */
    assert_int_equal(journal_rows(db_journal(db)), rows);
    assert_int_equal(db_commit(db), ERR_OK);
    struct fill *fills = load_fills(db, into, &count);
    assert_int_equal(count, 3);
    assert_fill_equal(&fills[0], &both);
    assert_fill_equal(&fills[1], &bots);
    assert_fill_equal(&fills[2], &keys);
    free(fills);
    assert_int_equal(journal_account(db_journal(db), (size_t)from - 1)->joined, into);
    expected = bots;
    assert_int_equal(put_fills(db, "testnet:77", &expected, 1).duplicates, 1);
    expected = fill_number(4); /* the bot alone again, then once more the key: what is new follows */
    (void)put_fills(db, "testnet:bot", &expected, 1);
    assert_int_equal(db_begin(db), ERR_OK);
    assert_int_equal(journal_join(db_journal(db), from, into), ERR_OK);
    assert_int_equal(db_commit(db), ERR_OK);
    fills = load_fills(db, into, &count);
    assert_int_equal(count, 4);
    assert_fill_equal(&fills[3], &expected);
    free(fills);
    db_close(db);
}

static void a_rollback_leaves_nothing(void **state) {
    (void)state;
    struct fill first = fill_number(1), second = fill_number(2);
    struct put_counts counts = {0};
    uint64_t number;
    size_t count;
    struct db *db = db_need(":memory:");
    second.symbol = name_of("ETH/USDT");
    second.fee_asset = name_of("ETH");
    (void)put_one(db, &first);
    assert_int_equal(db_begin(db), ERR_OK);
    assert_int_equal(journal_find_account(db_journal(db), &number, "testnet:9"), ERR_OK);
    assert_int_equal(journal_put(db_journal(db), &counts, number, &second), ERR_OK);
    db_rollback(db);
    assert_int_equal(journal_accounts(db_journal(db)), 1);
    assert_int_equal(put_one(db, &second).added, 1); /* under the numbers that the rolled-back one had taken */
    struct fill *fills = load_fills(db, 1, &count);
    assert_int_equal(count, 2);
    assert_fill_equal(&fills[0], &first);
    assert_fill_equal(&fills[1], &second);
    free(fills);
    assert_true(verify_all(db, 100).whole);
    db_close(db);
}

/* ---- the chain ---- */

/* A journal with every kind of row: 2 accounts, series, assets, 40 fills, replacements, fees, a join. */
static uint64_t make_rich(const char *path) {
    struct db *db = db_need(path);
    for (int64_t i = 0; i < 40; i++) {
        struct fill f = fill_number(i);
        if (i % 4 == 0) f.source = SOURCE_STREAM;
        (void)put_fills(db, i % 2 == 0 ? "testnet:1" : "testnet:bot", &f, 1);
        f.source = SOURCE_REST;
        if (i % 8 == 0) (void)put_one(db, &f);
        fill_value_fee(&f);
        if (i % 5 == 0) (void)put_fills(db, i % 2 == 0 ? "testnet:1" : "testnet:bot", &f, 1);
    }
    assert_int_equal(db_begin(db), ERR_OK);
    assert_int_equal(journal_join(db_journal(db), 2, 1), ERR_OK);
    assert_int_equal(db_commit(db), ERR_OK);
    uint64_t rows = journal_rows(db_journal(db));
    db_close(db);
    return rows;
}

static void change(const char *path, const char *sql) {
    sqlite3 *outside;
    assert_int_equal(sqlite3_open(path, &outside), SQLITE_OK);
    if (sqlite3_exec(outside, sql, NULL, NULL, NULL) != SQLITE_OK) fail_msg("%s", sqlite3_errmsg(outside));
    assert_int_equal(sqlite3_close(outside), SQLITE_OK);
}

static struct verdict verify_file(const char *path, uint64_t step) {
    struct db *db = NULL;
    char why[SQL_WHY_MAX];
    assert_int_equal(db_open(&db, path, DB_VERIFY, why), ERR_OK);
    struct verdict v = verify_all(db, step);
    db_close(db);
    return v;
}

static void a_whole_journal_is_whole_in_any_slices(void **state) {
    (void)state;
    static const uint64_t steps[] = {1, 2, 3, 7, 1000000};
    struct folder f;
    folder_make(&f);
    uint64_t rows = make_rich(f.file);
    assert_true(rows > 60);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct verdict v = verify_file(f.file, steps[i]);
        assert_true(v.whole);
        assert_int_equal(v.rows, rows);
        assert_int_equal(v.bad_row, 0);
    }
    folder_remove(&f);
}

static void an_empty_journal_is_whole(void **state) {
    (void)state;
    struct db *db = db_need(":memory:");
    struct verdict v = verify_all(db, 10);
    assert_true(v.whole);
    assert_int_equal(v.rows, 0);
    db_close(db);
}

/* Each change is made to a fresh copy by another program; the first row that is not as it was is named. */
static void every_change_from_outside_is_found(void **state) {
    (void)state;
    static const struct {
        const char *sql;
        uint64_t bad_row;
    } changes[] = {
        {"UPDATE journal SET record = record || x'00' WHERE id = 20", 20},
        {"UPDATE journal SET record = x'dd' || substr(record, 2) WHERE id = 1", 1},
        {"UPDATE journal SET trade_id = trade_id + 1000 WHERE id = 21", 21},
        {"UPDATE journal SET series = 500 WHERE id = (SELECT max(id) FROM journal WHERE kind = 5)", 0},
        {"UPDATE journal SET kind = kind + 1 WHERE id = 22", 22},
        {"UPDATE journal SET refers = 3 WHERE id = 23", 23},
        {"UPDATE journal SET hash = randomblob(32) WHERE id = 24", 24},
        {"DELETE FROM journal WHERE id = 25", 25},
        {"DELETE FROM journal WHERE id = 1", 1},
        {"DELETE FROM journal WHERE id > 30", 31},
        {"DELETE FROM journal", 1},
        {"DELETE FROM journal WHERE id = 26; UPDATE journal SET id = id - 1 WHERE id > 26", 26},
        {"UPDATE journal SET id = 100000 WHERE id = 27; UPDATE journal SET id = 27 WHERE id = 28;"
         "UPDATE journal SET id = 28 WHERE id = 100000",
         27},
        {"INSERT INTO journal SELECT max(id) + 1, 5, 2, 99999, 0, x'00', randomblob(32) FROM journal", 0},
        {"INSERT INTO journal SELECT -5, 5, 2, 99999, 0, x'00', randomblob(32)", 1},
        {"UPDATE journal_head SET rows = rows + 1", 0},
        {"UPDATE journal_head SET hash = randomblob(32)", 0},
    };
    struct folder f;
    folder_make(&f);
    uint64_t rows = make_rich(f.file);
    struct bytes good = file_read(f.file);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        file_write(f.file, good.at, good.len);
        change(f.file, changes[i].sql);
        struct verdict v = verify_file(f.file, 1 + i);
        if (v.whole || !v.done) fail_msg("not found: %s", changes[i].sql);
        if (changes[i].bad_row != 0) assert_int_equal(v.bad_row, changes[i].bad_row);
        assert_in_range(v.bad_row, 1, rows + 1);
        assert_true(v.words[0] != '\0');
    }
    free(good.at);
    folder_remove(&f);
}

/* A cut tail is not gone on with: the rows behind it would hide what is missing. */
static void a_cut_tail_is_refused(void **state) {
    (void)state;
    struct folder f;
    struct db *db = NULL;
    char why[SQL_WHY_MAX];
    folder_make(&f);
    (void)make_rich(f.file);
    change(f.file, "DELETE FROM journal WHERE id > 40");
    assert_int_equal(db_open(&db, f.file, DB_USE, why), ERR_CORRUPT);
    assert_non_null(strstr(why, "row 41 of the journal"));
    folder_remove(&f);
}

static void a_missing_or_unreadable_row_stops_loading(void **state) {
    (void)state;
    static const char *const changes[] = {
        "DELETE FROM journal WHERE id = 20",
        "UPDATE journal SET record = x'dd' WHERE kind = 5",
        "UPDATE journal SET record = x'80' WHERE kind = 7",
        "UPDATE journal SET refers = 1 WHERE kind = 7 AND id = (SELECT min(id) FROM journal WHERE kind = 7)",
        "UPDATE journal SET series = 999 WHERE id = (SELECT max(id) FROM journal WHERE kind = 5)",
    };
    struct folder f;
    folder_make(&f);
    (void)make_rich(f.file);
    struct bytes good = file_read(f.file);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct loader *l = NULL;
        struct fill fills[64];
        size_t count = 1;
        file_write(f.file, good.at, good.len);
        change(f.file, changes[i]);
        struct db *db = db_need(f.file);
        enum err e = loader_open(&l, db_journal(db), 1);
        while (e == ERR_OK && count > 0) e = loader_next(l, fills, &count, 64);
        if (e != ERR_CORRUPT) fail_msg("loaded all the same: %s", changes[i]);
        assert_non_null(strstr(db_why(db), "left as it is"));
        loader_free(l);
        db_close(db);
    }
    free(good.at);
    folder_remove(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_come_back_in_order),
        cmocka_unit_test(equal_times_sort_by_id_and_buy_first),
        cmocka_unit_test(identity_is_account_symbol_id_and_side),
        cmocka_unit_test(a_higher_source_replaces_and_a_lower_does_not),
        cmocka_unit_test(a_fee_is_valued_once),
        cmocka_unit_test(a_value_of_another_fee_is_not_taken),
        cmocka_unit_test(a_replacement_keeps_the_value_of_the_same_fee),
        cmocka_unit_test(a_corrected_fee_loses_the_old_value_and_takes_a_new_one),
        cmocka_unit_test(a_wiped_testnet_starts_a_new_epoch),
        cmocka_unit_test(the_bots_fills_join_the_account),
        cmocka_unit_test(a_rollback_leaves_nothing),
        cmocka_unit_test(a_whole_journal_is_whole_in_any_slices),
        cmocka_unit_test(an_empty_journal_is_whole),
        cmocka_unit_test(every_change_from_outside_is_found),
        cmocka_unit_test(a_cut_tail_is_refused),
        cmocka_unit_test(a_missing_or_unreadable_row_stops_loading),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
