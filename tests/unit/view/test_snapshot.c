/* The snapshot against the contract's example: the same keys, the same nesting, the same types, and the words. */
#include "rig.h"

#include <stdio.h>

static yyjson_doc *snapshot_of(struct rig *r) {
    struct buf b;
    buf_init(&b, 1 << 22);
    view_snapshot(&b, r->e, r->now, 1842);
    yyjson_doc *doc = rig_json(&b);
    buf_free(&b);
    return doc;
}

/* The state behind the contract's example. */
static void fill_stream(struct feed *f, uint64_t messages, int64_t latency) {
    f->state = FEED_LIVE;
    f->since = rig_time("2026-11-20T09:00:00Z");
    f->last_message_at = rig_time("2026-11-20T10:15:30.120001Z");
    f->reconnects = 1;
    f->messages = messages;
    f->latency_ms = latency;
}

static void fill_pair(struct rig *r) {
    size_t i = rig_pair(r, "BTC", "USDT");
    struct pair *p = r->e->pairs[i];
    struct market *m = r->e->markets[p->market];
    m->info_known = true;
    m->info.tick_size = D8("0.01");
    m->info.step_size = D8("0.00001");
    rig_fill(r, i, SIDE_BUY, "64250.10", "0.015", "0.6", "USDT");
    rig_fill(r, i, SIDE_BUY, "63800", "0.015", "0.00072", "BNB");
    rig_fill(r, i, SIDE_SELL, "64500", "0.02", "0.5", "USDT");
    p->grid = (struct grid){.known = true,
                            .lower = D8("60000"),
                            .upper = D8("68000"),
                            .levels = 20,
                            .investment = D16("1000"),
                            .from_bot = true};
    p->grid_from_bot = true;
    p->history.state = HISTORY_COMPLETE;
    rig_order(r, i, 1, SIDE_BUY, "63500", true);
    rig_order(r, i, 2, SIDE_BUY, "63000", true);
    rig_order(r, i, 3, SIDE_SELL, "64500", true);
    rig_tick(r, i, D8("64010.5"));
}

static void fill_all(struct rig *r) {
    struct engine *e = r->e;
    e->mode = MODE_STREAMING;
    e->status = STATUS_CONNECTED;
    e->reason = REASON_NONE;
    e->bot.health = BOT_HEALTHY;
    e->bot.uptime_seconds = D16("86412.75");
    e->bot.name = name_of("CryptoTrader");
    e->bot.last_ok = rig_time("2026-11-20T10:15:29.9Z");
    e->bot.unavailable[BOT_METRICS] = e->bot.unavailable[BOT_OHLCV] = true;
    e->bot.latency_ms = 4;
    e->exchange.clock_known = true;
    e->exchange.clock_offset_us = -3400;
    e->exchange.latency_ms = 38;
    weight_spend(&e->exchange.weight, (struct wall){r->now.wall.us + e->exchange.clock_offset_us}, 42);
    fill_stream(&e->market, 91823, 41);
    fill_stream(&e->user, 311, 44);
    e->percent_known = true;
    e->total_percent = D8("7.76");
    e->windows[WINDOW_1H] = (struct window_figure){true, D16("3.1"), true, D8("0.03"), true};
    e->windows[WINDOW_30D] = (struct window_figure){true, D16("-776.24"), false, DEC8_ZERO, false};
    e->gaps[0] = (struct gap){FEED_USER, rig_time("2026-11-20T09:30:00Z"), rig_time("2026-11-20T09:30:07.4Z"),
                              "connection closed by peer (1006)", 1};
    e->gap_count = 1;
    e->trades_cached = 200;
    e->has_investment = true;
    e->investment = D16("10000");
    fill_pair(r);
}

/* ---- shape ---- */

static bool same_type(yyjson_val *a, yyjson_val *b) {
    return yyjson_get_type(a) == yyjson_get_type(b) || yyjson_is_null(a) || yyjson_is_null(b);
}

static bool free_keys(const char *path) { return strstr(path, "fees") != NULL; } /* assets are the keys */

static void compare_shape(yyjson_val *want, yyjson_val *have, const char *path) {
    char deeper[256];
    if (!same_type(want, have))
        fail_msg("%s: %s, should be %s", path, yyjson_get_type_desc(have), yyjson_get_type_desc(want));
    if (yyjson_is_arr(want) && yyjson_is_arr(have)) {
        yyjson_val *w = yyjson_arr_get_first(want), *h = yyjson_arr_get_first(have);
        if (w != NULL && h != NULL) compare_shape(w, h, path);
        return;
    }
    if (!yyjson_is_obj(want) || !yyjson_is_obj(have) || free_keys(path)) return;
    size_t i, n;
    yyjson_val *key, *value;
    yyjson_obj_foreach(want, i, n, key, value) {
        const char *name = yyjson_get_str(key);
        if (name == NULL) continue; /* keys are never */
        (void)snprintf(deeper, sizeof deeper, "%.200s.%.50s", path, name);
        yyjson_val *other = yyjson_obj_get(have, name);
        if (other == NULL) fail_msg("%s is missing", deeper);
        compare_shape(value, other, deeper);
    }
    yyjson_obj_foreach(have, i, n, key, value) {
        const char *name = yyjson_get_str(key);
        if (yyjson_obj_get(want, name) == NULL) fail_msg("%s.%s is not in the contract", path, name);
    }
}

static yyjson_doc *contract(void) {
    char path[512];
    (void)snprintf(path, sizeof path, "%s/tests/data/contract/snapshot.example.json", getenv("GRIDSCOPE_ROOT"));
    yyjson_doc *doc = yyjson_read_file(path, YYJSON_READ_NUMBER_AS_RAW, NULL, NULL);
    if (doc == NULL) fail_msg("cannot read %s", path);
    return doc;
}

static void has_the_contracts_shape(void **state) {
    (void)state;
    struct rig r;
    rig_begin(&r);
    fill_all(&r);
    yyjson_doc *want = contract(), *have = snapshot_of(&r);
    compare_shape(yyjson_doc_get_root(want), yyjson_doc_get_root(have), "");
    yyjson_doc_free(want);
    yyjson_doc_free(have);
    rig_end(&r);
}

static void has_the_same_shape_with_nothing_known(void **state) {
    (void)state;
    struct rig r;
    rig_begin(&r);
    (void)rig_pair(&r, "BTC", "USDT");
    yyjson_doc *want = contract(), *have = snapshot_of(&r);
    compare_shape(yyjson_doc_get_root(want), yyjson_doc_get_root(have), "");
    yyjson_doc_free(want);
    yyjson_doc_free(have);
    rig_end(&r);
}

/* ---- values ---- */

static void says_what_the_state_says(void **state) {
    (void)state;
    struct rig r;
    rig_begin(&r);
    fill_all(&r);
    yyjson_doc *d = snapshot_of(&r);
    assert_json(d, "type", "snapshot");
    assert_json(d, "seq", "1842");
    assert_json(d, "server_time", "2026-11-20T10:15:30.123456Z");
    assert_json(d, "version", GRIDSCOPE_VERSION);
    assert_json(d, "mode", "streaming");
    assert_json(d, "status", "connected");
    assert_json(d, "status_reason", "null");
    assert_json(d, "bot.uptime_seconds", "86412");
    assert_json(d, "bot.unavailable.0", "metrics");
    assert_json(d, "bot.unavailable.1", "ohlcv");
    assert_json(d, "bot.breaker.state", "closed");
    assert_json(d, "bot.breaker.fail_max", "5");
    assert_json(d, "exchange.weight_used_1m", "42");
    assert_json(d, "exchange.weight_limit_1m", "6000");
    assert_json(d, "exchange.clock_offset_ms", "-3");
    assert_json(d, "exchange.banned_until", "null");
    assert_json(d, "streams.market.state", "live");
    assert_json(d, "streams.market.messages", "91824");
    assert_json(d, "streams.user.latency_ms", "44");
    assert_json(d, "streams.user.fallback", "null");
    assert_json(d, "pnl.currency", "USDT");
    assert_json(d, "pnl.method", "fifo");
    assert_json(d, "pnl.total_percent", "7.76");
    assert_json(d, "windows.1h.pnl", "3.1");
    assert_json(d, "windows.1h.basis", "equity");
    assert_json(d, "windows.24h.pnl", "null");
    assert_json(d, "windows.24h.basis", "null");
    assert_json(d, "windows.30d.basis", "realized");
    assert_json(d, "windows.30d.percent", "null");
    assert_json(d, "gaps.0.feed", "user");
    assert_json(d, "gaps.0.recovered_fills", "1");
    assert_json(d, "store.durable", "true");
    assert_json(d, "store.error", "null");
    assert_json(d, "investment.source", "setting");
    yyjson_doc_free(d);
    rig_end(&r);
}

static void pair_carries_ledger_market_and_orders(void **state) {
    (void)state;
    struct rig r;
    rig_begin(&r);
    fill_all(&r);
    yyjson_doc *d = snapshot_of(&r);
    assert_json(d, "pairs.0.symbol", "BTC/USDT");
    assert_json(d, "pairs.0.exchange_symbol", "BTCUSDT");
    assert_json(d, "pairs.0.price", "64010.5");
    assert_json(d, "pairs.0.price_source", "stream");
    assert_json(d, "pairs.0.holdings", "0.01");
    assert_json(d, "pairs.0.cost_basis", "638");
    assert_json(d, "pairs.0.average_cost", "63800");
    assert_json(d, "pairs.0.realized", "6.1485"); /* 1290 - 963.7515 - 319 - 1.1 */
    assert_json(d, "pairs.0.unrealized", "2.105");
    assert_json(d, "pairs.0.total", "8.2535");
    assert_json(d, "pairs.0.fees.USDT", "1.1");
    assert_json(d, "pairs.0.fees.BNB", "0.00072");
    assert_json(d, "pairs.0.unvalued_fees.BNB", "0.00072");
    assert_json(d, "pairs.0.fees_quote", "1.1");
    assert_json(d, "pairs.0.fills", "3");
    assert_json(d, "pairs.0.open_orders", "3");
    assert_json(d, "pairs.0.next_buy", "63500");
    assert_json(d, "pairs.0.next_sell", "64500");
    assert_json(d, "pairs.0.grid.spacing", "500");
    assert_json(d, "pairs.0.grid.source", "bot");
    assert_json(d, "pairs.0.tick_size", "0.01");
    assert_json(d, "pairs.0.history.state", "complete");
    assert_json(d, "pairs.0.history.fills_loaded", "3");
    assert_json(d, "pnl.partial", "true");
    assert_json(d, "pnl.left_out.0.symbol", "BTC/USDT");
    assert_json(d, "pnl.left_out.0.reason", "unvalued_fee");
    yyjson_doc_free(d);
    rig_end(&r);
}

static void unknown_is_null_and_never_zero(void **state) {
    (void)state;
    static const char *const nulls[] = {
        "last_update",
        "bot.uptime_seconds",
        "bot.name",
        "bot.last_ok",
        "bot.latency_ms",
        "bot.message",
        "bot.breaker.last_error",
        "bot.breaker.next_trial_at",
        "exchange.clock_offset_ms",
        "exchange.latency_ms",
        "streams.market.since",
        "streams.market.latency_ms",
        "streams.market.reason",
        "pnl.total_percent",
        "windows.1h.pnl",
        "pairs.0.price",
        "pairs.0.price_at",
        "pairs.0.average_cost",
        "pairs.0.holdings",
        "pairs.0.cost_basis",
        "pairs.0.realized",
        "pairs.0.unrealized",
        "pairs.0.total",
        "pairs.0.today",
        "pairs.0.open_orders",
        "pairs.0.next_buy",
        "pairs.0.next_sell",
        "pairs.0.grid.lower",
        "pairs.0.grid.levels",
        "pairs.0.grid.investment",
        "pairs.0.grid.spacing",
        "pairs.0.grid.source",
        "pairs.0.tick_size",
        "pairs.0.step_size",
        "pairs.0.history.from",
        "investment",
    };
    struct rig r;
    rig_begin(&r);
    (void)rig_pair(&r, "BTC", "USDT");
    yyjson_doc *d = snapshot_of(&r);
    for (size_t i = 0; i < sizeof nulls / sizeof *nulls; i++) {
        if (strcmp(rig_text(d, nulls[i]), "null") != 0) fail_msg("%s is %s", nulls[i], rig_text(d, nulls[i]));
    }
    assert_json(d, "mode", "starting");
    assert_json(d, "status", "offline");
    assert_json(d, "status_reason", "starting");
    assert_json(d, "pairs.0.price_source", "none");
    assert_json(d, "pnl.total", "null"); /* nothing has been summed yet */
    yyjson_doc_free(d);
    rig_end(&r);
}

static void a_pair_known_to_have_no_fills_has_zeros(void **state) {
    (void)state;
    struct rig r;
    rig_begin(&r);
    r.e->pairs[rig_pair(&r, "BTC", "USDT")]->trades_read_at = rig_time("2026-11-20T10:15:30Z");
    yyjson_doc *d = snapshot_of(&r);
    assert_json(d, "pairs.0.holdings", "0");
    assert_json(d, "pairs.0.cost_basis", "0");
    assert_json(d, "pairs.0.realized", "0");
    yyjson_doc_free(d);
    rig_end(&r);
}

static void without_a_bot_bot_is_null(void **state) {
    (void)state;
    struct rig r;
    rig_begin(&r);
    r.config.source = SOURCE_IS_EXCHANGE;
    yyjson_doc *d = snapshot_of(&r);
    assert_json(d, "bot", "null");
    yyjson_doc_free(d);
    rig_end(&r);
}

static void a_stand_in_is_named_with_its_pace(void **state) {
    (void)state;
    struct rig r;
    rig_begin(&r);
    r.e->market_fallback = FALLBACK_REST;
    r.e->user_fallback = FALLBACK_BOT;
    yyjson_doc *d = snapshot_of(&r);
    assert_json(d, "streams.market.fallback", "polling Binance every 2 s");
    assert_json(d, "streams.user.fallback", "polling the bot every 5 s");
    yyjson_doc_free(d);
    r.e->bot.tier2_actual_us = 12540000; /* stretched by the bot's limit */
    r.config.tier1_us = 500000;
    d = snapshot_of(&r);
    assert_json(d, "streams.market.fallback", "polling Binance every 0.5 s");
    assert_json(d, "streams.user.fallback", "polling the bot every 12.5 s");
    yyjson_doc_free(d);
    rig_end(&r);
}

static void a_held_pair_without_price_is_left_out_by_name(void **state) {
    (void)state;
    struct rig r;
    rig_begin(&r);
    size_t a = rig_pair(&r, "BTC", "USDT"), b = rig_pair(&r, "ETH", "USDT");
    rig_tick(&r, a, D8("100"));
    rig_fill(&r, a, SIDE_BUY, "90", "1", "0", "USDT");
    rig_fill(&r, b, SIDE_BUY, "10", "1", "0", "USDT");
    yyjson_doc *d = snapshot_of(&r);
    assert_json(d, "pnl.unrealized", "10");
    assert_json(d, "pnl.partial", "true");
    assert_json(d, "pnl.left_out.0.symbol", "ETH/USDT");
    assert_json(d, "pnl.left_out.0.reason", "no_price");
    assert_json(d, "pairs.1.unrealized", "null");
    yyjson_doc_free(d);
    rig_end(&r);
}

static void what_was_sold_without_a_lot_is_named(void **state) {
    (void)state;
    struct rig r;
    rig_begin(&r);
    size_t a = rig_pair(&r, "BTC", "USDT");
    rig_fill(&r, a, SIDE_SELL, "64500", "0.01", "0.645", "USDT");
    yyjson_doc *d = snapshot_of(&r);
    assert_json(d, "pairs.0.unmatched_quantity", "0.01");
    assert_json(d, "pnl.unmatched.0.symbol", "BTC/USDT");
    assert_json(d, "pnl.unmatched.0.quantity", "0.01");
    assert_json(d, "pairs.0.realized", "-0.645");
    yyjson_doc_free(d);
    rig_end(&r);
}

static void words_from_outside_are_escaped(void **state) {
    (void)state;
    struct rig r;
    rig_begin(&r);
    strcpy(r.e->bot.message, "he said \"no\" \\ \n </script> \xff");
    strcpy(r.e->bot.breaker.last_error, "tab\there");
    yyjson_doc *d = snapshot_of(&r);
    assert_json(d, "bot.message", "he said \"no\" \\ \n </script> \xef\xbf\xbd");
    assert_json(d, "bot.breaker.last_error", "tab\there");
    yyjson_doc_free(d);
    rig_end(&r);
}

static void weight_and_ban_end_with_their_time(void **state) {
    (void)state;
    struct rig r;
    rig_begin(&r);
    weight_spend(&r.e->exchange.weight, r.now.wall, 500);
    weight_ban(&r.e->exchange.weight, r.now, 120 * US_PER_S);
    yyjson_doc *d = snapshot_of(&r);
    assert_json(d, "exchange.weight_used_1m", "500");
    assert_string_not_equal(rig_text(d, "exchange.banned_until"), "null");
    yyjson_doc_free(d);
    rig_wait(&r, 121 * US_PER_S);
    d = snapshot_of(&r);
    assert_json(d, "exchange.weight_used_1m", "0");
    assert_json(d, "exchange.banned_until", "null");
    yyjson_doc_free(d);
    rig_end(&r);
}

static void windows_have_the_engines_names(void **state) {
    (void)state;
    struct rig r;
    rig_begin(&r);
    for (size_t i = 0; i < WINDOWS; i++)
        r.e->windows[i] = (struct window_figure){true, {(i128)i * DEC16_ONE}, false, DEC8_ZERO, true};
    yyjson_doc *d = snapshot_of(&r);
    for (size_t i = 0; i < WINDOWS; i++) {
        char path[32], figure[8];
        (void)snprintf(path, sizeof path, "windows.%s.pnl", window_name((enum window)i));
        (void)snprintf(figure, sizeof figure, "%zu", i);
        assert_json(d, path, figure);
    }
    yyjson_doc_free(d);
    rig_end(&r);
}

static void gaps_come_oldest_first_out_of_the_ring(void **state) {
    (void)state;
    struct rig r;
    rig_begin(&r);
    for (size_t i = 0; i < LIMIT_GAPS_SHOWN; i++) r.e->gaps[i].recovered_fills = i;
    r.e->gap_head = 7;
    r.e->gap_count = LIMIT_GAPS_SHOWN;
    yyjson_doc *d = snapshot_of(&r);
    assert_json(d, "gaps.0.recovered_fills", "7");
    assert_json(d, "gaps.49.recovered_fills", "6");
    assert_json(d, "gaps.0.cause", "null");
    yyjson_doc_free(d);
    rig_end(&r);
}

static void too_small_a_buffer_says_so(void **state) {
    (void)state;
    struct rig r;
    rig_begin(&r);
    fill_all(&r);
    struct buf b;
    buf_init(&b, 1 << 20);
    view_snapshot(&b, r.e, r.now, 1);
    assert_int_equal(b.failed, ERR_OK);
    size_t whole = b.len;
    buf_free(&b);
    for (size_t max = 0; max < whole; max += 61) {
        buf_init(&b, max);
        view_snapshot(&b, r.e, r.now, 1);
        assert_int_equal(b.failed, ERR_TOO_BIG);
        buf_free(&b);
    }
    rig_end(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_the_contracts_shape),
        cmocka_unit_test(has_the_same_shape_with_nothing_known),
        cmocka_unit_test(says_what_the_state_says),
        cmocka_unit_test(pair_carries_ledger_market_and_orders),
        cmocka_unit_test(unknown_is_null_and_never_zero),
        cmocka_unit_test(a_pair_known_to_have_no_fills_has_zeros),
        cmocka_unit_test(without_a_bot_bot_is_null),
        cmocka_unit_test(a_stand_in_is_named_with_its_pace),
        cmocka_unit_test(a_held_pair_without_price_is_left_out_by_name),
        cmocka_unit_test(what_was_sold_without_a_lot_is_named),
        cmocka_unit_test(words_from_outside_are_escaped),
        cmocka_unit_test(weight_and_ban_end_with_their_time),
        cmocka_unit_test(windows_have_the_engines_names),
        cmocka_unit_test(gaps_come_oldest_first_out_of_the_ring),
        cmocka_unit_test(too_small_a_buffer_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
