/* candles.c: the store first, the exchange for what it does not have, and only once (issue: closed candles are kept). */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct rig r;

enum { LISTED_HOURS = 300 }; /* how long the market has been there */
#define EVER ((struct mono){0})

/* ---- an exchange with hourly and one-minute candles; hole: an hour that it does not have ---- */

static int64_t hole_us;

static int64_t number_after(const char *text, const char *name) {
    const char *at = strstr(text, name);
    if (at == NULL) return 0;
    at += strlen(name);
    while (*at == '"' || *at == ':' || *at == '=') at++;
    return strtoll(at, NULL, 10);
}

static int put_candle(char *at, size_t room, const char *before, int64_t open, int64_t step) {
    long long ms = (long long)(open / US_PER_MS), minutes = (long long)(open / US_PER_MIN % 100000);
    return snprintf(at, room, "%s[%lld,\"1\",\"200000\",\"1\",\"%lld\",\"5\",%lld,\"1\",1,\"1\",\"1\",\"0\"]", before,
                    ms, minutes + 1, ms + (long long)(step / US_PER_MS) - 1);
}

static char *klines(struct rig *rig, const char *text) {
    bool hours = strstr(text, "1h") != NULL;
    int64_t step = hours ? US_PER_HOUR : US_PER_MIN, now = rig->now.wall.us + rig->clock_offset_us;
    int64_t listed = now / US_PER_HOUR * US_PER_HOUR - LISTED_HOURS * US_PER_HOUR;
    int64_t from = number_after(text, "startTime") * US_PER_MS, to = number_after(text, "endTime") * US_PER_MS;
    int64_t limit = number_after(text, "limit"), last = (to != 0 && to < now ? to : now) / step * step;
    if (from == 0) from = last - (limit - 1) * step;
    if (hole_us != 0 && number_after(text, "startTime") == 0 && hole_us >= from && hole_us <= last) from -= step;
    if (from < listed) from = listed;
    size_t room = (size_t)limit * 120 + 400, len = 0;
    char *body = malloc(room);
    assert_non_null(body);
    body[len++] = '[';
    for (int64_t open = from; open <= last && limit > 0; open += step) {
        if (open == hole_us) continue;
        len += (size_t)put_candle(body + len, room - len, len > 1 ? "," : "", open, step);
        limit--;
    }
    (void)snprintf(body + len, room - len, "]");
    return body;
}

static void begin(void) {
    rig_begin(&r);
    r.config.keeps_candles = true;
    r.klines = klines;
    hole_us = 0;
    rig_start_live(&r, 90 * US_PER_S); /* the last hour has been closed for a minute */
}

static void restart(void) {
    rig_restart(&r);
    rig_go(&r);
    rig_live(&r);
    rig_ticks(&r, 5 * US_PER_S);
}

static void want(const char *interval, int limit, struct wall before) {
    uint64_t answers = r.candles_answers;
    rig_handle(&r, &(struct event){.kind = EVENT_WANT_CANDLES,
                                   .id = 77,
                                   .symbol = name_of("BTC/USDT"),
                                   .interval = name_of(interval),
                                   .limit = limit,
                                   .before = before,
                                   .weight_used = -1,
                                   .remaining = -1});
    rig_pass(&r, 200 * US_PER_MS);
    assert_int_equal(r.candles_answers, answers + 1);
}

static int64_t this_hour(void) { return r.now.wall.us / US_PER_HOUR * US_PER_HOUR; }

/* count candles, one an hour, the newest opening at `last`, each with its own close. */
static void assert_hours(size_t count, int64_t last) {
    assert_int_equal(r.candles_err, ERR_OK);
    assert_int_equal(r.candles_count, count);
    for (size_t i = 0; i < count; i++) {
        int64_t open = last - (int64_t)(count - 1 - i) * US_PER_HOUR;
        assert_int_equal(r.candles[i].open_time.us, open);
        assert_int_equal(r.candles[i].close.v, (open / US_PER_MIN % 100000 + 1) * DEC8_ONE);
    }
}

static size_t asked(void) { return rig_count(&r, "klines\"", EVER) + rig_count(&r, "/klines", EVER); }

static const char *last_question(void) {
    const struct rig_seen *s = rig_last(&r, "klines");
    assert_non_null(s);
    return s->text;
}

/* ---- charts ---- */

static void closed_candles_are_kept_and_the_open_one_is_not(void **state) {
    (void)state;
    begin();
    want("1h", 100, (struct wall){0});
    assert_hours(100, this_hour());
    assert_int_equal(r.kept_count, 99);
    assert_int_equal(r.kept[98].candle.open_time.us, this_hour() - US_PER_HOUR);
    rig_end(&r);
}

static void a_second_look_asks_only_for_the_open_candle(void **state) {
    (void)state;
    begin();
    want("1h", 100, (struct wall){0});
    assert_int_equal(asked(), 1);
    restart();
    want("1h", 100, (struct wall){0});
    assert_hours(100, this_hour());
    assert_int_equal(asked(), 2);
    assert_int_equal(number_after(last_question(), "limit"), 3);
    rig_ticks(&r, 5 * US_PER_HOUR);
    want("1h", 100, (struct wall){0});
    assert_hours(100, this_hour());
    assert_int_equal(number_after(last_question(), "limit"), 8);
    assert_int_equal(r.kept_count, 104);
    rig_end(&r);
}

static void a_page_back_in_time_is_asked_for_once(void **state) {
    (void)state;
    begin();
    want("1h", 50, (struct wall){0});
    struct wall before = r.candles[0].open_time;
    want("1h", 50, before);
    assert_hours(50, before.us - US_PER_HOUR);
    assert_int_equal(asked(), 2);
    restart();
    want("1h", 50, before);
    assert_hours(50, before.us - US_PER_HOUR);
    want("1h", 20, (struct wall){before.us - 10 * US_PER_HOUR});
    assert_hours(20, before.us - 11 * US_PER_HOUR);
    assert_int_equal(asked(), 2);
    rig_end(&r);
}

static void only_what_came_before_the_kept_run_is_asked_for(void **state) {
    (void)state;
    begin();
    want("1h", 50, (struct wall){0});
    struct wall before = r.candles[40].open_time; /* ten of the page are kept less one for each hour behind them */
    want("1h", 60, before);
    assert_hours(60, before.us - US_PER_HOUR);
    assert_int_equal(asked(), 2);
    assert_int_equal(number_after(last_question(), "limit"), 20);
    rig_end(&r);
}

static void both_ends_missing_is_one_question_for_all(void **state) {
    (void)state;
    begin();
    want("1h", 10, (struct wall){0});
    rig_ticks(&r, 3 * US_PER_HOUR);
    want("1h", 100, (struct wall){0});
    assert_hours(100, this_hour());
    assert_int_equal(asked(), 2);
    assert_int_equal(number_after(last_question(), "limit"), 100);
    rig_end(&r);
}

static void the_listing_of_a_market_ends_its_chart(void **state) {
    (void)state;
    begin();
    want("1h", 1000, (struct wall){0});
    assert_hours(LISTED_HOURS + 1, this_hour());
    want("1h", 1000, (struct wall){0});
    assert_hours(LISTED_HOURS + 1, this_hour());
    want("1h", 100, r.candles[0].open_time);
    assert_int_equal(r.candles_err, ERR_OK);
    assert_int_equal(r.candles_count, 0);
    rig_end(&r);
}

static void a_hole_of_the_exchange_is_no_harm(void **state) {
    (void)state;
    begin();
    hole_us = this_hour() - 20 * US_PER_HOUR;
    for (int i = 0; i < 3; i++) {
        want("1h", 50, (struct wall){0});
        assert_int_equal(r.candles_err, ERR_OK);
        assert_int_equal(r.candles_count, 50);
        assert_int_equal(r.candles[49].open_time.us, this_hour());
        assert_int_equal(r.candles[29].open_time.us, hole_us - US_PER_HOUR); /* fifty, without the missing one */
        for (int k = 1; k < 50; k++) assert_true(r.candles[k].open_time.us > r.candles[k - 1].open_time.us);
    }
    rig_end(&r);
}

/* Our clock an hour and more behind: nothing is decided by it. */
static void a_clock_that_is_behind_costs_a_question_and_no_candle(void **state) {
    (void)state;
    begin();
    want("1h", 50, (struct wall){0});
    rig_rule(&r, "\"method\":\"time\"", -1, NULL);
    rig_rule(&r, "/time", -1, NULL);
    rig_restart(&r);
    r.clock_offset_us = 10 * US_PER_HOUR;
    rig_go(&r);
    rig_live(&r);
    size_t before = asked(), kept = r.kept_count;
    want("1h", 50, (struct wall){0});
    assert_hours(50, this_hour() + 10 * US_PER_HOUR);
    assert_int_equal(asked(), before + 2);
    assert_int_equal(r.kept_count, kept); /* which are closed is not known without the exchange's clock */
    rig_end(&r);
}

static void a_store_that_keeps_silent_is_not_waited_for(void **state) {
    (void)state;
    begin();
    r.store_silent = true;
    rig_handle(&r, &(struct event){.kind = EVENT_WANT_CANDLES,
                                   .id = 5,
                                   .symbol = name_of("BTC/USDT"),
                                   .interval = name_of("1h"),
                                   .limit = 10,
                                   .weight_used = -1,
                                   .remaining = -1});
    rig_pass(&r, 500 * US_PER_MS);
    assert_int_equal(r.candles_answers, 0);
    rig_pass(&r, 2 * US_PER_S);
    assert_int_equal(r.candles_answers, 1);
    assert_hours(10, this_hour());
    rig_end(&r);
}

static void a_failed_question_is_an_error_not_half_a_chart(void **state) {
    (void)state;
    begin();
    want("1h", 50, (struct wall){0});
    rig_rule(&r, "klines", 500, "{\"code\":-1000,\"msg\":\"no\"}");
    want("1h", 50, (struct wall){0});
    assert_int_equal(r.candles_err, ERR_IO);
    rig_no_rules(&r);
    want("1h", 50, (struct wall){0});
    assert_hours(50, this_hour());
    rig_end(&r);
}

static void a_closed_candle_of_the_stream_is_kept(void **state) {
    (void)state;
    begin();
    size_t links = r.link_count;
    uint64_t id = 0;
    for (size_t i = 0; i < links; i++)
        if (r.links[i].market && !r.links[i].gone) id = r.links[i].id;
    rig_handle(&r, &(struct event){
                       .kind = EVENT_WS_TEXT,
                       .id = id,
                       .weight_used = -1,
                       .remaining = -1,
                       .body = SPAN("{\"stream\":\"btcusdt@kline_5m\",\"data\":{\"e\":\"kline\",\"E\":1767225600100,"
                                    "\"s\":\"BTCUSDT\",\"k\":{\"t\":1767225300000,\"T\":1767225599999,\"s\":"
                                    "\"BTCUSDT\",\"i\":\"5m\",\"o\":\"1\",\"c\":\"2\",\"h\":\"3\",\"l\":\"1\","
                                    "\"v\":\"4\",\"x\":true}}}")});
    assert_int_equal(r.kept_count, 1);
    assert_string_equal(r.kept[0].symbol.text, "BTC/USDT");
    assert_string_equal(r.kept[0].interval.text, "5m");
    assert_int_equal(r.kept[0].candle.close.v, 2 * DEC8_ONE);
    rig_end(&r);
}

/* ---- minutes for fees ---- */

static const struct ledger_totals *totals(void) { return ledger_totals(rig_pair(&r, "BTC/USDT")->ledger); }

static void begin_with_key(void) {
    rig_begin(&r);
    rig_key(&r);
    rig_symbols(&r, "BTC/USDT", NULL);
    r.config.keeps_candles = true;
    r.klines = klines;
    hole_us = 0;
    rig_start_live(&r, 10 * US_PER_S);
}

static void accept_with_fee(int64_t trade_id, int64_t minutes_ago) {
    struct fill f = {.symbol = name_of("BTC/USDT"),
                     .trade_id = trade_id,
                     .order_id = 1,
                     .side = SIDE_BUY,
                     .source = SOURCE_STREAM,
                     .price = {100 * DEC8_ONE},
                     .quantity = {DEC8_ONE},
                     .fee = {DEC16_ONE},
                     .fee_asset = name_of("BNB"),
                     .time = {r.now.wall.us - minutes_ago * US_PER_MIN},
                     .received_at = r.now.wall};
    assert_true(fills_accept(r.e, 0, &f));
    rig_ticks(&r, 10 * US_PER_S);
}

static void minutes_that_priced_a_fee_are_asked_for_once(void **state) {
    (void)state;
    begin_with_key();
    accept_with_fee(1, 500);
    assert_int_equal(totals()->unvalued_fees, 0);
    assert_int_equal(asked(), 1);
    assert_in_range(r.kept_count, 495, 501);
    i128 fees = totals()->fees_quote.v;
    rig_restart(&r);
    rig_go(&r);
    rig_live(&r);
    rig_ticks(&r, 10 * US_PER_S);
    accept_with_fee(2, 500);
    assert_int_equal(totals()->unvalued_fees, 0);
    assert_true(totals()->fees_quote.v != 0);
    assert_in_range((int64_t)((totals()->fees_quote.v - fees) / DEC16_ONE), 0,
                    2); /* a minute or two later: their own close */
    accept_with_fee(3, 300);
    assert_int_equal(totals()->unvalued_fees, 0);
    assert_int_equal(asked(), 1);
    rig_end(&r);
}

static void a_silent_store_does_not_hold_back_a_fee(void **state) {
    (void)state;
    begin_with_key();
    r.store_silent = true;
    accept_with_fee(1, 500);
    assert_int_equal(totals()->unvalued_fees, 0);
    assert_int_equal(asked(), 1);
    rig_end(&r);
}

/* ---- what else the store is told ---- */

static void the_bots_fills_are_the_keys_once_a_trade_is_seen_in_both(void **state) {
    (void)state;
    struct name symbol = name_of("BTC/USDT");
    struct fill f = {.symbol = symbol,
                     .trade_id = 7,
                     .order_id = 1,
                     .side = SIDE_BUY,
                     .source = SOURCE_BOT,
                     .price = {100 * DEC8_ONE},
                     .quantity = {DEC8_ONE},
                     .time = {r.now.wall.us}};
    begin_with_key();
    assert_int_equal(rig_count(&r, "joined", EVER), 0);
    rig_restart(&r);
    engine_load_fill(r.e, &f);
    rig_go(&r);
    rig_live(&r);
    rig_ticks(&r, 5 * US_PER_S);
    assert_int_equal(rig_count(&r, "joined", EVER), 0);
    f.source = SOURCE_REST;
    assert_true(fills_accept(r.e, 0, &f));
    rig_ticks(&r, 10 * US_PER_S);
    assert_int_equal(rig_count(&r, "joined", EVER), 1); /* told once */
    rig_end(&r);
}

static void a_gap_that_only_the_bot_could_fill_is_remembered(void **state) {
    (void)state;
    struct name symbol = name_of("BTC/USDT");
    for (int key = 0; key < 2; key++) {
        rig_begin(&r);
        if (key) rig_key(&r);
        rig_restart(&r);
        engine_load_symbol(r.e, &symbol);
        engine_load_gap(r.e, &symbol);
        rig_go(&r);
        rig_live(&r);
        rig_ticks(&r, 30 * US_PER_S);
        assert_int_equal(rig_pair(&r, "BTC/USDT")->history.state, key ? HISTORY_COMPLETE : HISTORY_GAP);
        rig_end(&r);
    }
}

/* ---- exchange information ---- */

static struct symbol_info market(const char *base, const char *quote) {
    struct symbol_info m = {.base = name_of(base), .quote = name_of(quote), .trading = true};
    (void)snprintf(m.exchange_symbol.text, sizeof m.exchange_symbol.text, "%s%s", base, quote);
    return m;
}

static size_t info_asked(void) { return rig_count(&r, "xchangeInfo", EVER); }

static void what_is_read_is_told_to_the_store_as_a_whole(void **state) {
    (void)state;
    begin();
    assert_true(r.markets_kept >= 2);
    assert_int_equal(info_asked(), 1);
    rig_end(&r);
}

static void a_recent_reading_spares_the_question(void **state) {
    (void)state;
    const struct symbol_info known[] = {market("BTC", "USDT"), market("BNB", "USDT")};
    rig_begin(&r);
    rig_symbols(&r, "BTC/USDT", NULL);
    r.config.source = SOURCE_IS_EXCHANGE;
    r.e = engine_new(&r.config, r.now);
    assert_non_null(r.e);
    engine_load_markets(r.e, known, 1, 600, (struct wall){r.now.wall.us - US_PER_HOUR}, r.now); /* too old */
    engine_load_markets(r.e, known, 1, 600, (struct wall){r.now.wall.us + 1}, r.now);           /* of no time */
    assert_false(r.e->exchange.info_known);
    engine_load_markets(r.e, known, 2, 1200, (struct wall){r.now.wall.us - US_PER_HOUR + 1}, r.now);
    rig_go(&r);
    rig_live(&r);
    rig_ticks(&r, US_PER_HOUR);
    assert_int_equal(info_asked(), 0);
    assert_int_equal(r.e->exchange.weight.limit, 1200);
    assert_true(r.e->markets[0]->info_known);
    rig_ticks(&r, 24 * US_PER_HOUR);
    assert_int_equal(info_asked(), 1); /* daily, over the WebSocket API */
    rig_end(&r);
}

static void a_symbol_that_the_reading_does_not_name_is_asked_for_at_once(void **state) {
    (void)state;
    const struct symbol_info known[] = {market("BNB", "USDT")};
    rig_begin(&r);
    rig_symbols(&r, "BTC/USDT", NULL);
    r.e = engine_new(&r.config, r.now);
    assert_non_null(r.e);
    engine_load_markets(r.e, known, 1, -1, r.now.wall, r.now);
    rig_go(&r);
    rig_live(&r);
    rig_ticks(&r, 5 * US_PER_S);
    assert_int_equal(info_asked(), 1);
    assert_true(r.e->markets[0]->info_known);
    rig_end(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(closed_candles_are_kept_and_the_open_one_is_not),
        cmocka_unit_test(a_second_look_asks_only_for_the_open_candle),
        cmocka_unit_test(a_page_back_in_time_is_asked_for_once),
        cmocka_unit_test(only_what_came_before_the_kept_run_is_asked_for),
        cmocka_unit_test(both_ends_missing_is_one_question_for_all),
        cmocka_unit_test(the_listing_of_a_market_ends_its_chart),
        cmocka_unit_test(a_hole_of_the_exchange_is_no_harm),
        cmocka_unit_test(a_clock_that_is_behind_costs_a_question_and_no_candle),
        cmocka_unit_test(a_store_that_keeps_silent_is_not_waited_for),
        cmocka_unit_test(a_failed_question_is_an_error_not_half_a_chart),
        cmocka_unit_test(a_closed_candle_of_the_stream_is_kept),
        cmocka_unit_test(minutes_that_priced_a_fee_are_asked_for_once),
        cmocka_unit_test(a_silent_store_does_not_hold_back_a_fee),
        cmocka_unit_test(the_bots_fills_are_the_keys_once_a_trade_is_seen_in_both),
        cmocka_unit_test(a_gap_that_only_the_bot_could_fill_is_remembered),
        cmocka_unit_test(what_is_read_is_told_to_the_store_as_a_whole),
        cmocka_unit_test(a_recent_reading_spares_the_question),
        cmocka_unit_test(a_symbol_that_the_reading_does_not_name_is_asked_for_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
