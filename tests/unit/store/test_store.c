/* The asynchronous door, on a real loop: every request is answered once, in order, by its id; and what happens when the
 * database fails or the store is closed in the middle. */
#include "fixture.h"

#include "base/limits.h"
#include "store/store.h"

enum { EVENTS_MAX = 8192 };

/* What the loop told: the events in order, by name and id, and the latest values. */
struct told {
    struct loop *loop;
    struct store *store;
    struct {
        const char *name;
        uint64_t id;
        enum err err;
    } events[EVENTS_MAX];
    size_t count;
    struct put_counts counts;
    struct fill *fills; /* all that were loaded */
    size_t fill_count, batches;
    uint64_t total;
    struct stored_history histories[8];
    size_t history_count;
    struct candle candles[8];
    size_t candle_count;
    struct store_point points[8];
    char marks[8][16];
    size_t point_count;
    struct symbol_info markets[8];
    struct wall markets_read;
    size_t market_count;
    char meta[64];
    struct verdict verdict;
    char words[SQL_WHY_MAX];
    size_t accounts;
    bool closed;
    void (*on_fills)(struct told *t); /* something to do in the middle of a load */
};

static void tell(struct told *t, const char *name, uint64_t id, enum err err) {
    assert_true(t->count < EVENTS_MAX);
    t->events[t->count].name = name;
    t->events[t->count].id = id;
    t->events[t->count++].err = err;
}

static void on_opened(void *arg, const struct stored_account *accounts, size_t count) {
    struct told *t = arg;
    for (size_t i = 0; i < count; i++) assert_int_equal(accounts[i].number, i + 1);
    t->accounts = count;
    tell(t, "opened", 0, ERR_OK);
}

static void on_failed(void *arg, enum err err, const char *words) {
    struct told *t = arg;
    (void)snprintf(t->words, sizeof t->words, "%s", words);
    tell(t, "failed", 0, err);
}

static void on_fills(void *arg, uint64_t id, const struct fill *fills, size_t count) {
    struct told *t = arg;
    assert_in_range(count, 1, LIMIT_STORE_LOAD_FILLS);
    t->fills = realloc(t->fills, (t->fill_count + count) * sizeof *fills);
    assert_non_null(t->fills);
    memcpy(t->fills + t->fill_count, fills, count * sizeof *fills);
    t->fill_count += count;
    t->batches++;
    tell(t, "fills", id, ERR_OK);
    if (t->on_fills != NULL) t->on_fills(t);
}

static void on_loaded(void *arg, uint64_t id, enum err err, uint64_t total, const struct stored_history *histories,
                      size_t count) {
    struct told *t = arg;
    t->total = total;
    t->history_count = count;
    for (size_t i = 0; i < count; i++) t->histories[i] = histories[i];
    tell(t, "loaded", id, err);
}

static void on_committed(void *arg, uint64_t id, enum err err, const struct put_counts *counts) {
    struct told *t = arg;
    t->counts = *counts;
    tell(t, "committed", id, err);
}

static void on_written(void *arg, uint64_t id, enum err err) { tell(arg, "written", id, err); }

static void on_metas(void *arg, uint64_t id, enum err err, const struct stored_meta *metas, size_t count) {
    struct told *t = arg;
    t->meta[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(t->meta);
        (void)snprintf(t->meta + len, sizeof t->meta - len, "%s=%s;", metas[i].key, metas[i].value);
    }
    tell(t, "metas", id, err);
}

static void on_markets(void *arg, uint64_t id, enum err err, const struct stored_markets *m) {
    struct told *t = arg;
    t->market_count = m->count;
    t->markets_read = m->read_at;
    for (size_t i = 0; i < m->count; i++) t->markets[i] = m->at[i];
    tell(t, "markets", id, err);
}

static void on_candles(void *arg, uint64_t id, enum err err, const struct candle *candles, size_t count) {
    struct told *t = arg;
    t->candle_count = count;
    for (size_t i = 0; i < count; i++) t->candles[i] = candles[i];
    tell(t, "candles", id, err);
}

static void on_points(void *arg, uint64_t id, enum err err, const struct store_point *points, size_t count) {
    struct told *t = arg;
    t->point_count = count;
    for (size_t i = 0; i < count; i++) {
        t->points[i] = points[i];
        (void)snprintf(t->marks[i], sizeof t->marks[i], "%.*s", (int)points[i].marks.len, points[i].marks.at);
    }
    tell(t, "points", id, err);
}

static void on_verified(void *arg, uint64_t id, enum err err, const struct verdict *v) {
    struct told *t = arg;
    t->verdict = *v;
    tell(t, "verified", id, err);
}

static void on_closed(void *arg) {
    struct told *t = arg;
    t->closed = true;
    t->store = NULL;
    tell(t, "closed", 0, ERR_OK);
}

static const struct store_events all_events = {
    .opened = on_opened,
    .failed = on_failed,
    .fills = on_fills,
    .loaded = on_loaded,
    .committed = on_committed,
    .written = on_written,
    .metas = on_metas,
    .markets = on_markets,
    .candles = on_candles,
    .points = on_points,
    .verified = on_verified,
    .closed = on_closed,
};

static void begin(struct told *t, const char *path, enum store_use use) {
    *t = (struct told){.loop = loop_new(NULL)};
    assert_non_null(t->loop);
    assert_int_equal(store_open(&t->store, t->loop, path, use, NULL, &all_events, t), ERR_OK);
    assert_int_equal(store_state(t->store), STORE_OPENING);
}

/* Until nothing is left to do: the loop ends by itself then. */
static void settle(struct told *t) { loop_run(t->loop); }

static void end(struct told *t) {
    if (t->store != NULL) store_close(t->store);
    settle(t);
    assert_true(t->closed);
    assert_string_equal(t->events[t->count - 1].name, "closed");
    loop_free(t->loop);
    free(t->fills);
}

static void assert_event(const struct told *t, size_t index, const char *name, uint64_t id, enum err err) {
    assert_true(index < t->count);
    assert_string_equal(t->events[index].name, name);
    assert_int_equal(t->events[index].id, id);
    assert_int_equal(t->events[index].err, err);
}

static void put_run(struct told *t, uint64_t id, int64_t first, size_t count) {
    struct fill *fills = calloc(count, sizeof *fills);
    assert_non_null(fills);
    for (size_t i = 0; i < count; i++) fills[i] = fill_number(first + (int64_t)i);
    assert_int_equal(store_put(t->store, id, "testnet:1", fills, count), ERR_OK);
    free(fills); /* copied */
}

static void requests_are_answered_in_order_by_their_ids(void **state) {
    (void)state;
    struct told t;
    struct name symbol = name_of("BTC/USDT"), minute = name_of("1m");
    struct candle candle = {.open_time = {60000000}, .close_time = {119999000}, .closed = true};
    struct symbol_info market = {
        .exchange_symbol = name_of("BTCUSDT"), .base = name_of("BTC"), .quote = name_of("USDT")};
    struct stored_markets markets = {{5}, 6000, &market, 1};
    struct stored_history history = {.symbol = symbol, .state = 3, .first_id = 1, .last_id = 9};
    const struct wall all = {1000};
    begin(&t, ":memory:", STORE_USE);
    put_run(&t, 11, 0, 10); /* before it is open */
    assert_int_equal(store_put_history(t.store, 12, "testnet:1", &history), ERR_OK);
    assert_int_equal(store_load(t.store, 13, "testnet:1"), ERR_OK);
    assert_int_equal(store_put_meta(t.store, 14, "symbols", "BTC/USDT"), ERR_OK);
    assert_int_equal(store_get_metas(t.store, 15, "sym"), ERR_OK);
    assert_int_equal(store_put_markets(t.store, 16, "testnet", &markets), ERR_OK);
    assert_int_equal(store_get_markets(t.store, 17, "testnet"), ERR_OK);
    assert_int_equal(store_put_candles(t.store, 18, "testnet", &symbol, &minute, &candle, 1), ERR_OK);
    assert_int_equal(store_get_candles(t.store, 19, "testnet", &symbol, &minute, (struct wall){0}, 8), ERR_OK);
    assert_int_equal(store_put_point(t.store, 20, "testnet:1", (struct wall){7}, SPAN("marks")), ERR_OK);
    assert_int_equal(store_put_point(t.store, 21, "testnet:1", (struct wall){8}, SPAN("thin")), ERR_OK);
    assert_int_equal(store_thin_points(t.store, 22, "testnet:1", (struct wall){0}, all, 100), ERR_OK);
    assert_int_equal(store_get_points(t.store, 23, "testnet:1", (struct wall){0}, all, 0), ERR_OK);
    assert_int_equal(store_verify(t.store, 24), ERR_OK);
    assert_int_equal(store_waiting(t.store), 15 + 10);
    settle(&t);
    static const char *const names[] = {"opened",  "committed", "written", "fills",   "loaded",  "written",
                                        "metas",   "written",   "markets", "written", "candles", "written",
                                        "written", "written",   "points",  "verified"};
    static const uint64_t ids[] = {0, 11, 12, 13, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24};
    assert_int_equal(t.count, sizeof names / sizeof *names);
    for (size_t i = 0; i < t.count; i++) assert_event(&t, i, names[i], ids[i], ERR_OK);
    assert_int_equal(store_state(t.store), STORE_READY);
    assert_int_equal(store_waiting(t.store), 0);
    assert_int_equal(t.counts.added, 10);
    assert_int_equal(t.total, 10);
    assert_int_equal(t.history_count, 1);
    assert_int_equal(t.histories[0].last_id, 9);
    assert_string_equal(t.meta, "symbols=BTC/USDT;");
    assert_int_equal(t.market_count, 1);
    assert_int_equal(t.markets_read.us, 5);
    assert_string_equal(t.markets[0].quote.text, "USDT");
    assert_int_equal(t.candle_count, 1);
    assert_int_equal(t.candles[0].close_time.us, 119999000);
    assert_int_equal(t.point_count, 1);
    assert_string_equal(t.marks[0], "marks");
    assert_true(t.verdict.whole);
    for (int64_t i = 0; i < 10; i++) {
        struct fill expected = fill_number(i);
        assert_fill_equal(&t.fills[i], &expected);
    }
    end(&t);
}

static void what_is_not_there_is_answered_empty(void **state) {
    (void)state;
    struct told t;
    struct name symbol = name_of("X/Y"), minute = name_of("1m");
    begin(&t, ":memory:", STORE_USE);
    assert_int_equal(store_load(t.store, 1, "testnet:1"), ERR_OK);
    assert_int_equal(store_get_metas(t.store, 2, ""), ERR_OK);
    assert_int_equal(store_get_markets(t.store, 3, "testnet"), ERR_OK);
    assert_int_equal(store_get_candles(t.store, 4, "testnet", &symbol, &minute, (struct wall){0}, 8), ERR_OK);
    assert_int_equal(store_get_points(t.store, 5, "testnet:1", (struct wall){0}, (struct wall){9}, 0), ERR_OK);
    assert_int_equal(store_join(t.store, 6, "testnet:bot", "testnet:1"), ERR_OK);
    assert_int_equal(store_thin_points(t.store, 7, "testnet:1", (struct wall){0}, (struct wall){9}, 1), ERR_OK);
    assert_int_equal(store_drop_market_data(t.store, 8, "testnet"), ERR_OK);
    settle(&t);
    assert_int_equal(t.count, 9);
    for (size_t i = 1; i < t.count; i++) {
        assert_int_equal(t.events[i].id, i);
        assert_int_equal(t.events[i].err, ERR_OK);
    }
    assert_int_equal(t.total + t.history_count + t.market_count + t.candle_count + t.point_count, 0);
    assert_string_equal(t.meta, "");
    end(&t);
}

static void fills_survive_a_restart_and_load_in_batches(void **state) {
    (void)state;
    enum { N = 10000 };
    struct folder f;
    struct told t;
    folder_make(&f);
    begin(&t, f.file, STORE_USE);
    for (uint64_t i = 0; i < N / 1000; i++) put_run(&t, i, (int64_t)i * 1000, 1000);
    end(&t);
    begin(&t, f.file, STORE_USE);
    assert_int_equal(store_load(t.store, 5, "testnet:1"), ERR_OK);
    settle(&t);
    assert_int_equal(t.accounts, 1);
    assert_int_equal(t.fill_count, N);
    assert_int_equal(t.total, N);
    assert_int_equal(t.batches, 3);
    for (int64_t i = 0; i < N; i++) assert_int_equal(t.fills[i].trade_id, i);
    end(&t);
    folder_remove(&f);
}

static void put_in_the_middle(struct told *t) {
    if (t->batches == 1) put_run(t, 77, 1000000, 1);
}

static void a_commit_does_not_wait_for_the_whole_load(void **state) {
    (void)state;
    struct told t;
    begin(&t, ":memory:", STORE_USE);
    for (int64_t i = 0; i < 3; i++) put_run(&t, 1, i * LIMIT_STORE_GROUP_FILLS, LIMIT_STORE_GROUP_FILLS);
    assert_int_equal(store_load(t.store, 2, "testnet:1"), ERR_OK);
    t.on_fills = put_in_the_middle;
    settle(&t);
    size_t committed = 0, loaded = 0;
    for (size_t i = 0; i < t.count; i++) {
        if (t.events[i].id == 77) committed = i;
        if (strcmp(t.events[i].name, "loaded") == 0) loaded = i;
    }
    assert_true(committed > 0 && committed < loaded);
    assert_int_equal(t.total, 3 * LIMIT_STORE_GROUP_FILLS); /* what came meanwhile is not part of it */
    end(&t);
}

static void accounts_epochs_and_joins_work_through_the_door(void **state) {
    (void)state;
    struct told t;
    struct fill bots = fill_number(1), keys = fill_number(2);
    bots.source = SOURCE_BOT;
    begin(&t, ":memory:", STORE_USE);
    assert_int_equal(store_put(t.store, 1, "testnet:bot", &bots, 1), ERR_OK);
    assert_int_equal(store_put(t.store, 2, "testnet:9", &keys, 1), ERR_OK);
    assert_int_equal(store_join(t.store, 3, "testnet:bot", "testnet:9"), ERR_OK);
    assert_int_equal(store_load(t.store, 4, "testnet:9"), ERR_OK);
    settle(&t);
    assert_int_equal(t.total, 2);
    assert_int_equal(store_new_epoch(t.store, 5, "testnet:9"), ERR_OK);
    assert_int_equal(store_load(t.store, 6, "testnet:9"), ERR_OK);
    settle(&t);
    assert_int_equal(t.total, 0);
    end(&t);
}

static void a_file_that_cannot_be_opened_fails_once_with_words(void **state) {
    (void)state;
    struct folder f;
    struct told t;
    folder_make(&f);
    file_write(f.file, "this is no database, by a long way", 34);
    begin(&t, f.file, STORE_USE);
    put_run(&t, 1, 0, 5);
    assert_int_equal(store_load(t.store, 2, "testnet:1"), ERR_OK);
    settle(&t);
    assert_int_equal(t.count, 3);
    assert_event(&t, 0, "failed", 0, ERR_CORRUPT);
    assert_event(&t, 1, "committed", 1, ERR_CORRUPT);
    assert_event(&t, 2, "loaded", 2, ERR_CORRUPT);
    assert_int_equal(t.counts.added, 0);
    assert_non_null(strstr(t.words, "no database"));
    assert_string_equal(store_why(t.store), t.words);
    assert_int_equal(store_state(t.store), STORE_FAILED);
    assert_int_equal(store_waiting(t.store), 0);
    assert_int_equal(store_load(t.store, 3, "testnet:1"), ERR_BAD_STATE);
    end(&t);
    struct bytes after = file_read(f.file);
    assert_int_equal(after.len, 34);
    free(after.at);
    folder_remove(&f);
}

/* Somebody changes the file below us (the lock keeps programs out, not people): from the first failure on, nothing. */
static void a_failure_on_the_way_ends_it_for_good(void **state) {
    (void)state;
    struct folder f;
    struct told t;
    folder_make(&f);
    begin(&t, f.file, STORE_USE);
    put_run(&t, 1, 0, 2000);
    end(&t);
    struct bytes file = file_read(f.file);
    for (size_t i = 8 * 4096; i < file.len; i += 4096) memset(file.at + i, 0x5a, 100);
    file_write(f.file, file.at, file.len);
    begin(&t, f.file, STORE_USE);
    settle(&t);
    size_t opened = t.count;
    if (store_state(t.store) == STORE_READY) {
        assert_int_equal(store_load(t.store, 2, "testnet:1"), ERR_OK);
        put_run(&t, 3, 5000, 1);
        settle(&t);
        assert_event(&t, opened, "failed", 0, ERR_CORRUPT);
        assert_event(&t, opened + 1, "loaded", 2, ERR_CORRUPT);
        assert_event(&t, opened + 2, "committed", 3, ERR_CORRUPT);
    }
    assert_int_equal(store_state(t.store), STORE_FAILED);
    assert_int_equal(t.total, 0);
    assert_int_equal(store_put_meta(t.store, 4, "a", "b"), ERR_BAD_STATE);
    end(&t);
    struct bytes after = file_read(f.file);
    assert_int_equal(after.len, file.len);
    assert_memory_equal(after.at, file.at, file.len);
    free(after.at);
    free(file.at);
    folder_remove(&f);
}

static void closing_finishes_what_was_asked(void **state) {
    (void)state;
    struct folder f;
    struct told t;
    folder_make(&f);
    begin(&t, f.file, STORE_USE);
    for (uint64_t i = 0; i < 20; i++) put_run(&t, i, (int64_t)i * 10, 10);
    store_close(t.store); /* at once: nothing has run yet */
    assert_int_equal(store_load(t.store, 99, "testnet:1"), ERR_BAD_STATE);
    settle(&t);
    assert_true(t.closed);
    assert_int_equal(t.count, 21); /* never opened for us, but everything was written */
    for (uint64_t i = 0; i < 20; i++) assert_event(&t, i, "committed", i, ERR_OK);
    loop_free(t.loop);
    begin(&t, f.file, STORE_USE);
    assert_int_equal(store_load(t.store, 1, "testnet:1"), ERR_OK);
    settle(&t);
    assert_int_equal(t.total, 200);
    end(&t);
    folder_remove(&f);
}

static void close_in_the_middle(struct told *t) {
    if (t->batches == 1) store_close(t->store);
}

static void closing_cuts_a_load_short(void **state) {
    (void)state;
    struct told t;
    begin(&t, ":memory:", STORE_USE);
    for (int64_t i = 0; i < 3; i++) put_run(&t, 1, i * LIMIT_STORE_GROUP_FILLS, LIMIT_STORE_GROUP_FILLS);
    assert_int_equal(store_load(t.store, 2, "testnet:1"), ERR_OK);
    t.on_fills = close_in_the_middle;
    settle(&t);
    assert_true(t.closed);
    assert_event(&t, t.count - 2, "loaded", 2, ERR_CANCELED);
    assert_int_equal(t.total, 0);
    assert_true(t.batches < 3);
    loop_free(t.loop);
    free(t.fills);
}

static void too_much_waiting_is_refused(void **state) {
    (void)state;
    struct told t;
    struct fill *fills = calloc(LIMIT_STORE_GROUP_FILLS + 1, sizeof *fills);
    assert_non_null(fills);
    for (int i = 0; i <= LIMIT_STORE_GROUP_FILLS; i++) fills[i] = fill_number(i);
    begin(&t, ":memory:", STORE_USE);
    assert_int_equal(store_put(t.store, 1, "testnet:1", fills, LIMIT_STORE_GROUP_FILLS + 1), ERR_TOO_BIG);
    size_t taken = 0;
    enum err e;
    while ((e = store_put(t.store, 1, "testnet:1", fills, LIMIT_STORE_GROUP_FILLS)) == ERR_OK) taken++;
    assert_int_equal(e, ERR_FULL);
    assert_int_equal(taken, LIMIT_PENDING_FILLS / LIMIT_STORE_GROUP_FILLS);
    size_t metas = 0;
    while ((e = store_put_meta(t.store, 2, "a", "b")) == ERR_OK) metas++;
    assert_int_equal(e, ERR_FULL);
    assert_int_equal(metas + taken + 1, LIMIT_STORE_OPS);
    settle(&t);
    assert_int_equal(t.count, 1 + taken + metas);
    assert_int_equal(store_waiting(t.store), 0);
    put_run(&t, 3, 0, 1); /* room again */
    end(&t);
    free(fills);
}

static void long_texts_are_refused(void **state) {
    (void)state;
    struct told t;
    struct fill f = fill_number(1);
    char text[META_VALUE_MAX + 1];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    begin(&t, ":memory:", STORE_USE);
    assert_int_equal(store_put_meta(t.store, 1, "key", text), ERR_TOO_BIG);
    text[META_KEY_MAX] = '\0';
    assert_int_equal(store_put_meta(t.store, 1, text, "value"), ERR_TOO_BIG);
    assert_int_equal(store_get_metas(t.store, 1, text), ERR_TOO_BIG);
    memset(text, 'x', ACCOUNT_TEXT_MAX);
    text[ACCOUNT_TEXT_MAX] = '\0';
    assert_int_equal(store_put(t.store, 1, text, &f, 1), ERR_TOO_BIG);
    assert_int_equal(store_join(t.store, 1, "testnet:bot", text), ERR_TOO_BIG);
    end(&t);
    assert_int_equal(t.count, 1);
}

static void verify_names_a_row_of_a_broken_journal(void **state) {
    (void)state;
    struct folder f;
    struct told t;
    sqlite3 *outside;
    folder_make(&f);
    begin(&t, f.file, STORE_USE);
    put_run(&t, 1, 0, 100);
    end(&t);
    assert_int_equal(sqlite3_open(f.file, &outside), SQLITE_OK);
    assert_int_equal(sqlite3_exec(outside, "DELETE FROM journal WHERE id > 50", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(outside), SQLITE_OK);
    begin(&t, f.file, STORE_USE);
    settle(&t);
    assert_int_equal(store_state(t.store), STORE_FAILED);
    end(&t);
    begin(&t, f.file, STORE_VERIFY);
    assert_int_equal(store_verify(t.store, 9), ERR_OK);
    settle(&t);
    assert_event(&t, 1, "verified", 9, ERR_OK);
    assert_false(t.verdict.whole);
    assert_int_equal(t.verdict.rows, 50);
    assert_int_equal(t.verdict.bad_row, 51);
    end(&t);
    folder_remove(&f);
}

static void events_may_be_left_out(void **state) {
    (void)state;
    static const struct store_events none = {0};
    struct store *s;
    struct fill f = fill_number(1);
    struct loop *l = loop_new(NULL);
    assert_non_null(l);
    assert_int_equal(store_open(&s, l, ":memory:", STORE_USE, NULL, &none, NULL), ERR_OK);
    assert_int_equal(store_put(s, 1, "testnet:1", &f, 1), ERR_OK);
    assert_int_equal(store_load(s, 1, "testnet:1"), ERR_OK);
    assert_int_equal(store_get_metas(s, 1, "a"), ERR_OK);
    assert_int_equal(store_verify(s, 1), ERR_OK);
    store_close(s);
    loop_run(l);
    loop_free(l);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_answered_in_order_by_their_ids),
        cmocka_unit_test(what_is_not_there_is_answered_empty),
        cmocka_unit_test(fills_survive_a_restart_and_load_in_batches),
        cmocka_unit_test(a_commit_does_not_wait_for_the_whole_load),
        cmocka_unit_test(accounts_epochs_and_joins_work_through_the_door),
        cmocka_unit_test(a_file_that_cannot_be_opened_fails_once_with_words),
        cmocka_unit_test(a_failure_on_the_way_ends_it_for_good),
        cmocka_unit_test(closing_finishes_what_was_asked),
        cmocka_unit_test(closing_cuts_a_load_short),
        cmocka_unit_test(too_much_waiting_is_refused),
        cmocka_unit_test(long_texts_are_refused),
        cmocka_unit_test(verify_names_a_row_of_a_broken_journal),
        cmocka_unit_test(events_may_be_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
