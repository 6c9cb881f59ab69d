/* What is kept beside the journal: there and back, replaced, bounded. */
#include "fixture.h"

#include "base/limits.h"

static struct db *open_in_transaction(void) {
    struct db *db = db_need(":memory:");
    assert_int_equal(db_begin(db), ERR_OK);
    return db;
}

static void commit_and_close(struct db *db) {
    assert_int_equal(db_commit(db), ERR_OK);
    db_close(db);
}

struct metas {
    char text[256]; /* "key=value;" of each */
    size_t count, stop_at, last_len;
};

static bool on_meta(void *arg, const char *key, const char *value) {
    struct metas *m = arg;
    size_t len = strlen(m->text);
    m->last_len = strlen(value);
    (void)snprintf(m->text + len, sizeof m->text - len, "%s=%.20s;", key, value);
    return ++m->count != m->stop_at;
}

static struct metas metas_of(struct db *db, const char *prefix) {
    struct metas m = {.count = 0};
    assert_int_equal(meta_get_all(db_sql(db), prefix, on_meta, &m), ERR_OK);
    return m;
}

static void meta_is_put_replaced_and_removed(void **state) {
    (void)state;
    struct db *db = open_in_transaction();
    assert_int_equal(metas_of(db, "").count, 0);
    assert_int_equal(meta_put(db_sql(db), "symbols", "BTC/USDT"), ERR_OK);
    assert_int_equal(meta_put(db_sql(db), "symbols", "ETH/USDT"), ERR_OK);
    assert_string_equal(metas_of(db, "").text, "symbols=ETH/USDT;");
    assert_int_equal(meta_put(db_sql(db), "symbols", NULL), ERR_OK);
    assert_int_equal(metas_of(db, "").count, 0);
    commit_and_close(db);
}

static void metas_are_found_by_their_beginning(void **state) {
    (void)state;
    struct db *db = open_in_transaction();
    struct metas m = {.stop_at = 1};
    assert_int_equal(meta_put(db_sql(db), "a:2", "two"), ERR_OK);
    assert_int_equal(meta_put(db_sql(db), "a:1", "one"), ERR_OK);
    assert_int_equal(meta_put(db_sql(db), "a", "a"), ERR_OK);
    assert_int_equal(meta_put(db_sql(db), "b:1", ""), ERR_OK);
    assert_int_equal(meta_put(db_sql(db), "A:1", "capital"), ERR_OK);
    assert_string_equal(metas_of(db, "a:").text, "a:1=one;a:2=two;");
    assert_string_equal(metas_of(db, "b:1").text, "b:1=;");
    assert_int_equal(metas_of(db, "").count, 5);
    assert_int_equal(metas_of(db, "c").count, 0);
    assert_int_equal(meta_get_all(db_sql(db), "a", on_meta, &m), ERR_OK);
    assert_int_equal(m.count, 1);
    commit_and_close(db);
}

static void long_metas_are_refused(void **state) {
    (void)state;
    struct db *db = open_in_transaction();
    char large[META_VALUE_MAX + 1];
    memset(large, 'x', sizeof large);
    large[META_VALUE_MAX] = '\0';
    assert_int_equal(meta_put(db_sql(db), "symbols", large), ERR_TOO_BIG);
    large[META_VALUE_MAX - 1] = '\0';
    assert_int_equal(meta_put(db_sql(db), "symbols", large), ERR_OK);
    assert_int_equal(metas_of(db, "symbols").last_len, META_VALUE_MAX - 1);
    assert_int_equal(meta_put(db_sql(db), large, "value"), ERR_TOO_BIG);
    commit_and_close(db);
}

static void history_is_kept_by_account_and_symbol(void **state) {
    (void)state;
    struct db *db = open_in_transaction();
    struct stored_history rows[3], h = {.symbol = name_of("ETH/USDT"), .state = 2, .first_id = 17, .last_id = 99};
    size_t count;
    h.from.us = 1763633730123456;
    assert_int_equal(history_put(db_sql(db), 1, &h), ERR_OK);
    h.last_id = 100;
    assert_int_equal(history_put(db_sql(db), 1, &h), ERR_OK);
    struct stored_history other = {.symbol = name_of("BTC/USDT"), .first_id = -1, .last_id = -1};
    assert_int_equal(history_put(db_sql(db), 1, &other), ERR_OK);
    assert_int_equal(history_put(db_sql(db), 2, &other), ERR_OK);
    assert_int_equal(history_get(db_sql(db), rows, &count, 3, 1), ERR_OK);
    assert_int_equal(count, 2);
    assert_string_equal(rows[0].symbol.text, "BTC/USDT");
    assert_int_equal(rows[0].first_id, -1);
    assert_string_equal(rows[1].symbol.text, "ETH/USDT");
    assert_int_equal(rows[1].state, 2);
    assert_int_equal(rows[1].first_id, 17);
    assert_int_equal(rows[1].last_id, 100);
    assert_int_equal(rows[1].from.us, h.from.us);
    assert_int_equal(history_get(db_sql(db), rows, &count, 1, 1), ERR_OK);
    assert_int_equal(count, 1);
    commit_and_close(db);
}

static struct symbol_info market_named(const char *symbol) {
    struct symbol_info m = {.exchange_symbol = name_of(symbol), .base = name_of("BTC"), .quote = name_of("USDT")};
    m.tick_size.v = 1000000;
    m.step_size.v = 1000;
    m.min_notional.v = 5 * DEC16_ONE;
    m.trading = true;
    return m;
}

static struct stored_markets markets_of(struct db *db, const char *environment, struct symbol_info **rows) {
    struct stored_markets m;
    assert_int_equal(markets_get(db_sql(db), &m, rows, environment), ERR_OK);
    return m;
}

static void markets_come_back_exactly(void **state) {
    (void)state;
    struct db *db = open_in_transaction();
    struct symbol_info put = market_named("BTCUSDT"), *rows;
    struct stored_markets m = {{77}, 1200, &put, 1};
    assert_int_equal(markets_put(db_sql(db), "testnet", &m), ERR_OK);
    put.tick_size.v = 1;
    assert_int_equal(markets_put(db_sql(db), "testnet", &m), ERR_OK);
    struct stored_markets back = markets_of(db, "testnet", &rows);
    assert_int_equal(back.count, 1);
    assert_int_equal(back.read_at.us, 77);
    assert_int_equal(back.weight_limit, 1200);
    assert_ptr_equal(back.at, rows);
    assert_string_equal(rows->exchange_symbol.text, "BTCUSDT");
    assert_string_equal(rows->base.text, "BTC");
    assert_string_equal(rows->quote.text, "USDT");
    assert_dec_equal(rows->tick_size.v, 1);
    assert_dec_equal(rows->step_size.v, 1000);
    assert_dec_equal(rows->min_notional.v, 5 * DEC16_ONE);
    assert_true(rows->trading);
    free(rows);
    commit_and_close(db);
}

/* What is read anew takes the place of the old as a whole: a market that was delisted is gone. */
static void markets_belong_to_their_environment_and_are_replaced_as_a_whole(void **state) {
    (void)state;
    struct db *db = open_in_transaction();
    struct symbol_info two[] = {market_named("BTCUSDT"), market_named("ETHUSDT")}, *rows;
    assert_int_equal(markets_put(db_sql(db), "production", &(struct stored_markets){{5}, -1, two, 2}), ERR_OK);
    assert_int_equal(markets_put(db_sql(db), "testnet", &(struct stored_markets){{6}, 100, two + 1, 1}), ERR_OK);
    assert_int_equal(markets_of(db, "production", &rows).count, 2);
    free(rows);
    assert_int_equal(markets_put(db_sql(db), "production", &(struct stored_markets){{7}, -1, two, 1}), ERR_OK);
    struct stored_markets back = markets_of(db, "production", &rows);
    assert_int_equal(back.count, 1);
    assert_int_equal(back.read_at.us, 7);
    assert_int_equal(back.weight_limit, -1);
    assert_string_equal(rows->exchange_symbol.text, "BTCUSDT");
    free(rows);
    back = markets_of(db, "elsewhere", &rows);
    assert_int_equal(back.read_at.us, 0);
    assert_int_equal(back.count, 0);
    assert_null(rows);
    assert_int_equal(market_data_drop(db_sql(db), "production"), ERR_OK);
    assert_int_equal(markets_of(db, "production", &rows).read_at.us, 0);
    assert_int_equal(markets_of(db, "testnet", &rows).read_at.us, 6);
    free(rows);
    commit_and_close(db);
}

static struct candle candle_number(int64_t n) {
    struct candle c = {.open_time = {n * US_PER_MIN}, .closed = true};
    c.close_time.us = c.open_time.us + US_PER_MIN - 1000;
    c.open.v = c.high.v = c.low.v = 6400000000000 + n;
    c.close.v = 6400000000000 - n;
    c.volume.v = n * DEC16_ONE;
    return c;
}

static size_t candles_of(struct db *db, struct candle *got, size_t max, const char *environment, const char *symbol,
                         const char *interval, struct wall before) {
    struct name s = name_of(symbol), i = name_of(interval);
    size_t count = max;
    assert_int_equal(candles_get(db_sql(db), got, &count, max, environment, &s, &i, before), ERR_OK);
    return count;
}

static void keep_candles(struct db *db, const char *environment, const char *symbol, const char *interval,
                         const struct candle *candles, size_t count) {
    struct name s = name_of(symbol), i = name_of(interval);
    assert_int_equal(candles_put(db_sql(db), environment, &s, &i, candles, count), ERR_OK);
}

static void candles_page_backwards_and_replace(void **state) {
    (void)state;
    struct db *db = open_in_transaction();
    struct candle put[100], got[100];
    for (int i = 0; i < 100; i++) put[i] = candle_number(i);
    assert_int_equal(candles_of(db, got, 100, "testnet", "BTC/USDT", "1m", (struct wall){0}), 0);
    keep_candles(db, "testnet", "BTC/USDT", "1m", put, 100);
    keep_candles(db, "testnet", "BTC/USDT", "1m", put + 90, 10);
    keep_candles(db, "testnet", "ETH/USDT", "1m", put, 1);
    keep_candles(db, "testnet", "BTC/USDT", "1h", put, 2);
    keep_candles(db, "production", "BTC/USDT", "1m", put, 3);
    assert_int_equal(candles_of(db, got, 100, "testnet", "BTC/USDT", "1m", (struct wall){0}), 100);
    assert_int_equal(candles_of(db, got, 10, "testnet", "BTC/USDT", "1m", put[50].open_time), 10);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(got[i].open_time.us, put[40 + i].open_time.us);
        assert_dec_equal(got[i].close.v, put[40 + i].close.v);
        assert_dec_equal(got[i].volume.v, put[40 + i].volume.v);
        assert_true(got[i].closed);
    }
    assert_int_equal(candles_of(db, got, 100, "testnet", "BTC/USDT", "1h", (struct wall){0}), 2);
    assert_int_equal(candles_of(db, got, 100, "production", "BTC/USDT", "1m", (struct wall){0}), 3);
    assert_int_equal(market_data_drop(db_sql(db), "testnet"), ERR_OK);
    assert_int_equal(candles_of(db, got, 100, "testnet", "BTC/USDT", "1m", (struct wall){0}), 0);
    assert_int_equal(candles_of(db, got, 100, "production", "BTC/USDT", "1m", (struct wall){0}), 3);
    commit_and_close(db);
}

static int64_t number_of(struct db *db, const char *text) {
    struct query q = query_start(db_sql(db), text);
    int64_t n = query_row(&q) ? query_int(&q, 0) : -1;
    assert_int_equal(query_end(&q), ERR_OK);
    return n;
}

/* So many minutes from the number `first` on, page by page. */
static void keep_many(struct db *db, const char *symbol, int64_t first, int64_t count) {
    static struct candle page[LIMIT_STORE_CANDLES];
    for (int64_t at = 0, n; at < count; at += n) {
        n = count - at < LIMIT_STORE_CANDLES ? count - at : LIMIT_STORE_CANDLES;
        for (int64_t i = 0; i < n; i++) page[i] = candle_number(first + at + i);
        keep_candles(db, "testnet", symbol, "1m", page, (size_t)n);
    }
}

static void candles_are_bounded_the_oldest_and_the_forgotten_go_first(void **state) {
    (void)state;
    struct db *db = open_in_transaction();
    struct candle got[1];
    char symbol[NAME_MAX];
    keep_many(db, "OLD/USDT", 0, LIMIT_STORE_CANDLES_SERIES + 500);
    assert_int_equal(number_of(db, "SELECT count(*) FROM candles"), LIMIT_STORE_CANDLES_SERIES);
    assert_int_equal(number_of(db, "SELECT min(open_us) FROM candles"), 500 * US_PER_MIN);
    /* ten more series of that many would be one too many: they are made up, being all the same to the bound */
    for (int i = 0; i < 9; i++) {
        (void)snprintf(symbol, sizeof symbol, "C%d/USDT", i);
        keep_many(db, symbol, LIMIT_STORE_CANDLES_SERIES + 1000 + i, 1);
    }
    struct query q = query_start(db_sql(db), "UPDATE candle_series SET rows = ? WHERE symbol != 'OLD/USDT'");
    query_put_int(&q, LIMIT_STORE_CANDLES_SERIES);
    assert_int_equal(query_run(&q), ERR_OK);
    assert_int_equal(candles_of(db, got, 1, "testnet", "OLD/USDT", "1m", (struct wall){0}), 1);
    keep_many(db, "NEW/USDT", 3, 1); /* its candle is the oldest of all, but it was just wanted */
    assert_int_equal(candles_of(db, got, 1, "testnet", "NEW/USDT", "1m", (struct wall){0}), 1);
    assert_int_equal(candles_of(db, got, 1, "testnet", "OLD/USDT", "1m", (struct wall){0}), 0);
    assert_int_equal(candles_of(db, got, 1, "testnet", "C0/USDT", "1m", (struct wall){0}), 1);
    assert_int_equal(number_of(db, "SELECT sum(rows) FROM candle_series"), 9 * LIMIT_STORE_CANDLES_SERIES + 1);
    commit_and_close(db);
}

struct points {
    int64_t times[64];
    char last[16];
    size_t count, stop_at;
};

static bool on_point(void *arg, struct wall time, struct span marks) {
    struct points *p = arg;
    p->times[p->count++] = time.us;
    (void)snprintf(p->last, sizeof p->last, "%.*s", (int)marks.len, marks.at);
    return p->count != p->stop_at;
}

static void equity_points_come_by_time(void **state) {
    (void)state;
    struct db *db = open_in_transaction();
    struct points p = {.count = 0};
    for (int64_t i = 0; i < 10; i++)
        assert_int_equal(equity_put(db_sql(db), 1, (struct wall){i * 60}, SPAN("marks")), ERR_OK);
    assert_int_equal(equity_put(db_sql(db), 1, (struct wall){120}, SPAN("better")), ERR_OK);
    assert_int_equal(equity_put(db_sql(db), 2, (struct wall){121}, SPAN("other")), ERR_OK);
    assert_int_equal(equity_get(db_sql(db), 64, 1, (struct wall){60}, (struct wall){180}, 0, on_point, &p), ERR_OK);
    assert_int_equal(p.count, 2);
    assert_int_equal(p.times[0], 60);
    assert_int_equal(p.times[1], 120);
    assert_string_equal(p.last, "better");
    p.count = 0;
    assert_int_equal(equity_get(db_sql(db), 3, 1, (struct wall){0}, (struct wall){1000}, 0, on_point, &p), ERR_OK);
    assert_int_equal(p.count, 3);
    p = (struct points){.stop_at = 2};
    assert_int_equal(equity_get(db_sql(db), 64, 1, (struct wall){0}, (struct wall){1000}, 0, on_point, &p), ERR_OK);
    assert_int_equal(p.count, 2);
    static const char large[LIMIT_STORE_BLOB_BYTES + 1] = "";
    assert_int_equal(equity_put(db_sql(db), 1, (struct wall){5}, span_from(large, sizeof large)), ERR_TOO_BIG);
    commit_and_close(db);
}

static void a_step_gives_the_first_point_of_each(void **state) {
    (void)state;
    struct db *db = open_in_transaction();
    struct points p = {.count = 0};
    static const int64_t times[] = {5, 65, 599, 601, 605, 1200, 1201, 3000};
    static const int64_t given[] = {65, 601, 1200, 3000}; /* of 60 <= time < 3001 */
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        assert_int_equal(equity_put(db_sql(db), 1, (struct wall){times[i]}, SPAN("m")), ERR_OK);
    assert_int_equal(equity_get(db_sql(db), 64, 1, (struct wall){60}, (struct wall){3001}, 600, on_point, &p), ERR_OK);
    assert_int_equal(p.count, sizeof given / sizeof *given);
    assert_memory_equal(p.times, given, sizeof given);
    p.count = 0;
    assert_int_equal(equity_get(db_sql(db), 2, 1, (struct wall){60}, (struct wall){3000}, 600, on_point, &p), ERR_OK);
    assert_int_equal(p.count, 2);
    p = (struct points){.stop_at = 1};
    assert_int_equal(equity_get(db_sql(db), 64, 1, (struct wall){0}, (struct wall){3001}, 600, on_point, &p), ERR_OK);
    assert_int_equal(p.count, 1);
    p = (struct points){.count = 0};
    assert_int_equal(equity_get(db_sql(db), 64, 1, (struct wall){9}, (struct wall){9}, 600, on_point, &p), ERR_OK);
    assert_int_equal(p.count, 0);
    commit_and_close(db);
}

static void thinning_keeps_the_first_of_each_step(void **state) {
    (void)state;
    struct db *db = open_in_transaction();
    struct points p = {.count = 0};
    static const int64_t times[] = {5, 65, 125, 600, 605, 1205, 1210, 1805, 1810, 1815, 1820};
    static const int64_t left[] = {5, 600, 1205, 1805, 1815, 1820}; /* from 1815 on nothing is thinned */
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        assert_int_equal(equity_put(db_sql(db), 1, (struct wall){times[i]}, SPAN("m")), ERR_OK);
    assert_int_equal(equity_thin(db_sql(db), 1, (struct wall){0}, (struct wall){1815}, 600), ERR_OK);
    assert_int_equal(equity_get(db_sql(db), 64, 1, (struct wall){0}, (struct wall){1825}, 0, on_point, &p), ERR_OK);
    assert_int_equal(p.count, sizeof left / sizeof *left);
    assert_memory_equal(p.times, left, sizeof left);
    commit_and_close(db);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(meta_is_put_replaced_and_removed),
        cmocka_unit_test(metas_are_found_by_their_beginning),
        cmocka_unit_test(long_metas_are_refused),
        cmocka_unit_test(history_is_kept_by_account_and_symbol),
        cmocka_unit_test(markets_come_back_exactly),
        cmocka_unit_test(markets_belong_to_their_environment_and_are_replaced_as_a_whole),
        cmocka_unit_test(candles_page_backwards_and_replace),
        cmocka_unit_test(candles_are_bounded_the_oldest_and_the_forgotten_go_first),
        cmocka_unit_test(equity_points_come_by_time),
        cmocka_unit_test(a_step_gives_the_first_point_of_each),
        cmocka_unit_test(thinning_keeps_the_first_of_each_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
