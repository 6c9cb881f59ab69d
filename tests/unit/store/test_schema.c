/* Migrations: databases as earlier versions of the schema left them, written out here and never changed again, become
 * today's without losing a row. They also prove that today's program reads yesterday's bytes and hashes. */
#include "fixture.h"

#include "store/schema.h"

#define MARK(version) "PRAGMA application_id = 0x47534350; PRAGMA user_version = " #version ";"

static const char version_1[] = "PRAGMA journal_mode=WAL;" MARK(
    1) "CREATE TABLE journal(id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, series INTEGER, trade_id INTEGER, re"
       "fers INTEGER, record BLOB NOT NULL, hash BLOB NOT NULL);"
       "CREATE TABLE journal_head(one INTEGER PRIMARY KEY CHECK (one = 1), rows INTEGER NOT NULL, hash BLOB NOT "
       "NULL);"
       "CREATE UNIQUE INDEX journal_identity ON journal(series, trade_id, refers) WHERE series IS NOT NULL;"
       "CREATE INDEX journal_definitions ON journal(id) WHERE series IS NULL;"
       "INSERT INTO journal VALUES(1,1,NULL,NULL,NULL,X'010009746573746e65743a31',X'a0fce33147c14e342ae0eedce472"
       "40c7e6d05a87f742ffdb022a4026e2f7b8a1');"
       "INSERT INTO journal VALUES(2,2,NULL,NULL,NULL,X'0101084254432f55534454',X'e6279747af2855a4ac6823f8f9e809"
       "baec4320258a335a1101f34b6878a1ef92');"
       "INSERT INTO journal VALUES(3,3,NULL,NULL,NULL,X'01000455534454',X'7644b24ddb426b1a90c6324c29e634b3e514dd"
       "3d58a16ddbaa5fddce4b25f618');"
       "INSERT INTO journal VALUES(4,5,2,0,0,X'58f0d3fb9fff80a20680f6e04207c59b27050f0b4801a6f105',X'4328377aab5"
       "90fb1281413e71bb3928c67355276d7ea8f6bb098dc22e3029842');"
       "INSERT INTO journal VALUES(5,3,NULL,NULL,NULL,X'020003424e42',X'f7f32f2dc14d82255ca842d53414c6053109fe13"
       "a5ede70c7bfedbed1e802d1f');"
       "INSERT INTO journal VALUES(6,5,2,1,0,X'5df0dcf5a0ff80a20680f6e04206b393880303dd0b0b4902a6f105',X'e500f3c"
       "87ad91b3c779d43f8633b716481a1e3870adb28b2df3f4e44c88b69df');"
       "INSERT INTO journal VALUES(7,6,2,0,4,X'5cf0d3fb9fff80a20680f6e04207c59b27050f0b4801a6f105',X'7838f9745f8"
       "7f31cfe7d02a9507a86d848512de62c264c367695fc488fba79ac');"
       "INSERT INTO journal VALUES(8,7,2,1,6,X'0081a0a9cef7d4d60706f9d40380a882cafe80a206',X'f5428d5d5c48e53c373"
       "d3ddf7443d718647e87f3df5471a2256f3cc11dab06f9');"
       "INSERT INTO journal_head VALUES(1,8,X'f5428d5d5c48e53c373d3ddf7443d718647e87f3df5471a2256f3cc11dab06f9')"
       ";";

static const char version_2[] = /* on top of version 1 */
    MARK(2) "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
            "CREATE TABLE history(account INTEGER, symbol TEXT, state INTEGER NOT NULL, first_id INTEGER NOT NULL, la"
            "st_id INTEGER NOT NULL, from_us INTEGER NOT NULL, PRIMARY KEY(account, symbol)) WITHOUT ROWID;"
            "CREATE TABLE markets(exchange_symbol TEXT PRIMARY KEY, base TEXT NOT NULL, quote TEXT NOT NULL, tick_siz"
            "e TEXT NOT NULL, step_size TEXT NOT NULL, min_notional TEXT NOT NULL, trading INTEGER NOT NULL, read_us "
            "INTEGER NOT NULL) WITHOUT ROWID;"
            "CREATE TABLE candle_series(id INTEGER PRIMARY KEY, symbol TEXT NOT NULL, interval TEXT NOT NULL, UNIQUE("
            "symbol, interval));"
            "CREATE TABLE candles(series INTEGER, open_us INTEGER, record BLOB NOT NULL, PRIMARY KEY(series, open_us)"
            ") WITHOUT ROWID;"
            "INSERT INTO meta VALUES('symbols','BTC/USDT');";

static const char version_3[] = /* on top of version 2 */
    MARK(3) "CREATE TABLE equity(account INTEGER, time_us INTEGER, marks BLOB NOT NULL, PRIMARY KEY(account, time_us)"
            ") WITHOUT ROWID;"
            "INSERT INTO equity VALUES(1, 60000000, X'6d61726b73');"
            "INSERT INTO markets VALUES('BTCUSDT','BTC','USDT','0.01','0.00001','5',1,77);";

/* What an earlier version left, by statements run one after the other; NULL: nothing more. */
static const struct past {
    int version;
    const char *texts[3];
} pasts[] = {
    {0, {NULL}},
    {1, {version_1}},
    {2, {version_1, version_2}},
    {3, {version_1, version_2, version_3}},
};

enum { PASTS = sizeof pasts / sizeof *pasts };

static void make_past(const char *path, const struct past *past) {
    sqlite3 *then;
    assert_int_equal(sqlite3_open(path, &then), SQLITE_OK);
    for (int i = 0; i < 3 && past->texts[i] != NULL; i++)
        if (sqlite3_exec(then, past->texts[i], NULL, NULL, NULL) != SQLITE_OK) fail_msg("%s", sqlite3_errmsg(then));
    assert_int_equal(sqlite3_close(then), SQLITE_OK);
}

static void assert_history_is_there(struct db *db) {
    size_t count;
    struct fill a = fill_number(0), b = fill_number(1);
    fill_value_fee(&b);
    struct fill *fills = load_fills(db, 1, &count);
    assert_int_equal(count, 2);
    assert_fill_equal(&fills[0], &a);
    assert_fill_equal(&fills[1], &b);
    free(fills);
    struct verdict v = verify_all(db, 3);
    assert_true(v.whole);
    assert_int_equal(v.rows, 8);
}

/* Every table of today takes a row. */
static void assert_all_works(struct db *db) {
    struct fill f = fill_number(7);
    struct name symbol = name_of("BTC/USDT"), interval = name_of("1m");
    struct candle c = {.close_time = {59999000}, .closed = true};
    assert_int_equal(put_fills(db, "testnet:1", &f, 1).added, 1);
    assert_int_equal(db_begin(db), ERR_OK);
    assert_int_equal(meta_put(db_sql(db), "a", "b"), ERR_OK);
    assert_int_equal(history_put(db_sql(db), 1, &(struct stored_history){.symbol = symbol}), ERR_OK);
    struct symbol_info market = {.exchange_symbol = symbol};
    assert_int_equal(markets_put(db_sql(db), "testnet", &(struct stored_markets){{1}, 2, &market, 1}), ERR_OK);
    assert_int_equal(candles_put(db_sql(db), "testnet", &symbol, &interval, &c, 1), ERR_OK);
    assert_int_equal(equity_put(db_sql(db), 1, (struct wall){5}, SPAN("marks")), ERR_OK);
    assert_int_equal(db_commit(db), ERR_OK);
}

static void every_earlier_version_becomes_todays(void **state) {
    (void)state;
    for (int i = 0; i < PASTS; i++) {
        struct folder f;
        folder_make(&f);
        make_past(f.file, &pasts[i]);
        struct db *db = db_need(f.file);
        if (pasts[i].version >= 1) assert_history_is_there(db);
        assert_all_works(db);
        db_close(db);
        db = db_need(f.file); /* and it stays so */
        assert_true(verify_all(db, 100).whole);
        db_close(db);
        folder_remove(&f);
    }
}

static void no_version_is_without_a_test(void **state) {
    (void)state;
    for (int i = 0; i < PASTS; i++) assert_int_equal(pasts[i].version, i);
    assert_int_equal(schema_version(), PASTS);
}

static bool is_the_symbols(void *arg, const char *key, const char *value) {
    *(bool *)arg = strcmp(key, "symbols") == 0 && strcmp(value, "BTC/USDT") == 0;
    return true;
}

static void what_version_2_knew_is_kept(void **state) {
    (void)state;
    struct folder f;
    bool kept = false;
    folder_make(&f);
    make_past(f.file, &pasts[2]);
    struct db *db = db_need(f.file);
    assert_int_equal(meta_get_all(db_sql(db), "", is_the_symbols, &kept), ERR_OK);
    assert_true(kept);
    db_close(db);
    folder_remove(&f);
}

static bool is_the_point(void *arg, struct wall time, struct span marks) {
    *(bool *)arg = time.us == 60000000 && span_is(marks, "marks");
    return true;
}

/* Exchange information without an environment says nothing any more. */
static void what_version_3_knew_is_kept_but_for_its_markets(void **state) {
    (void)state;
    struct folder f;
    bool kept = false;
    struct stored_markets m;
    struct symbol_info *rows;
    folder_make(&f);
    make_past(f.file, &pasts[3]);
    struct db *db = db_need(f.file);
    assert_int_equal(equity_get(db_sql(db), 9, 1, (struct wall){0}, (struct wall){INT64_MAX}, 0, is_the_point, &kept),
                     ERR_OK);
    assert_true(kept);
    assert_int_equal(markets_get(db_sql(db), &m, &rows, "testnet"), ERR_OK);
    assert_int_equal(m.count, 0);
    db_close(db);
    folder_remove(&f);
}

/* A step that cannot be taken (a table of that name is in the way) leaves the version before, whole. */
static void a_failed_step_leaves_the_version_before(void **state) {
    (void)state;
    struct folder f;
    struct db *db = NULL;
    char why[SQL_WHY_MAX];
    sqlite3 *outside;
    sqlite3_stmt *version;
    folder_make(&f);
    make_past(f.file, &pasts[1]);
    assert_int_equal(sqlite3_open(f.file, &outside), SQLITE_OK);
    assert_int_equal(sqlite3_exec(outside, "CREATE TABLE candles(a)", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(outside), SQLITE_OK);
    assert_int_not_equal(db_open(&db, f.file, DB_USE, why), ERR_OK);
    assert_non_null(strstr(why, "candles"));
    assert_int_equal(sqlite3_open(f.file, &outside), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(outside, "PRAGMA user_version", -1, &version, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(version), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(version, 0), 1);
    (void)sqlite3_finalize(version);
    assert_int_not_equal(sqlite3_exec(outside, "SELECT * FROM meta", NULL, NULL, NULL),
                         SQLITE_OK); /* its first table */
    assert_int_equal(sqlite3_exec(outside, "DROP TABLE candles", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(outside), SQLITE_OK);
    db = db_need(f.file);
    assert_history_is_there(db);
    db_close(db);
    folder_remove(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_earlier_version_becomes_todays),
        cmocka_unit_test(no_version_is_without_a_test),
        cmocka_unit_test(what_version_2_knew_is_kept),
        cmocka_unit_test(what_version_3_knew_is_kept_but_for_its_markets),
        cmocka_unit_test(a_failed_step_leaves_the_version_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
