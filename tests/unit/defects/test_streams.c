/* The predecessor's defects of section C: user and market stream read wrongly; and those of section H that a stream could have. */
#include "shown.h"

static struct rig r;
#define EVER ((struct mono){0})

static void begin_live(bool key) { rig_begin_live(&r, key, 15 * US_PER_S); }

static void defect_c1_an_order_event_is_no_trade(void **state) {
    (void)state;
    oracle_events(&r, "ten_buy_orders_placed");
    oracle_events(&r, "sell_placed_and_cancelled");
    oracle_events(&r, "expired_and_rejected_and_prevented");
    oracle_events(&r, "other_events");
}

static void defect_c2_what_was_executed_counts_not_what_was_ordered(void **state) {
    (void)state;
    oracle_events(&r, "buy_in_two_fills");
    oracle_events(&r, "market_sell");
    oracle_events(&r, "partly_filled_then_cancelled");
}

static void defect_c3_both_spellings_are_one_symbol(void **state) {
    (void)state;
    oracle_events(&r, "limit_sell_after_rest_buy");
}

static void defect_c4_each_fill_counts_once_and_ids_are_per_symbol(void **state) {
    (void)state;
    oracle_events(&r, "event_delivered_twice");
    oracle_events(&r, "fill_known_from_rest_and_stream");
    oracle_events(&r, "same_trade_id_two_symbols");
    oracle_events(&r, "late_event_older_than_last");
}

static void defect_c5_a_fee_is_taken_in_its_own_asset(void **state) {
    (void)state;
    begin_live(true);
    rig_fill(&r, 1, "BUY", "93000", "0.001", "0.000001", "BTC");
    rig_pass(&r, US_PER_S);
    assert_amount(&r, "pairs.0.holdings", "0.000999");
    assert_amount(&r, "pairs.0.fees_quote", "0.093");
    assert_amount(&r, "pairs.0.fees.BTC", "0.000001");
    int64_t minute = r.now.wall.us / US_PER_MIN - 1;
    char candle[400];
    (void)snprintf(candle, sizeof candle,
                   "[[%lld,\"900\",\"900\",\"900\",\"900\",\"1\",%lld,\"1\",1,\"1\",\"1\",\"0\"],"
                   "[%lld,\"900\",\"900\",\"900\",\"900\",\"1\",%lld,\"1\",1,\"1\",\"1\",\"0\"]]",
                   (long long)(minute * 60000), (long long)(minute * 60000 + 59999),
                   (long long)(minute * 60000 + 60000), (long long)(minute * 60000 + 119999));
    rig_rule(&r, "klines", 200, candle);
    rig_fill(&r, 2, "BUY", "93000", "0.001", "0.001", "BNB");
    rig_ticks(&r, 10 * US_PER_S);
    assert_amount(&r, "pairs.0.holdings", "0.001999"); /* nothing is missing from this lot */
    assert_amount(&r, "pairs.0.fees_quote", "0.993");  /* and 0.001 BNB is 0.90, not 0.001 */
    rig_end(&r);
}

static void defect_c7_after_a_reconnect_the_missed_fills_are_fetched(void **state) {
    (void)state;
    begin_live(true);
    rig_fill(&r, 1, "BUY", "100", "1", "0", "USDT");
    rig_ticks(&r, 2 * US_PER_S);
    char missed[400];
    (void)snprintf(missed, sizeof missed,
                   "[{\"symbol\":\"BTCUSDT\",\"id\":2,\"orderId\":2,\"orderListId\":-1,\"price\":\"110\",\"qty\":\"1\","
                   "\"quoteQty\":\"110\",\"commission\":\"0\",\"commissionAsset\":\"USDT\",\"time\":%lld,"
                   "\"isBuyer\":false,\"isMaker\":true,\"isBestMatch\":true}]",
                   (long long)(r.now.wall.us / US_PER_MS + 500));
    r.refuse_connections = true;
    rig_rule(&r, "http://", -1, NULL); /* nothing else may find it meanwhile */
    rig_close(&r, r.e->user.cur.id);
    rig_pass(&r, 5 * US_PER_S);
    rig_no_rules(&r);
    rig_rule(&r, "myTrades", 200, missed);
    r.refuse_connections = false;
    rig_ticks(&r, 60 * US_PER_S);
    assert_shown(&r, "streams.user.state", "live");
    assert_amount(&r, "pnl.realized", "10");
    assert_shown(&r, "gaps.0.recovered_fills", "1");
    rig_end(&r);
}

static void defect_c8_polling_finds_every_new_trade(void **state) {
    (void)state;
    static struct bot_rows one, two;
    bot_rows_begin(&one), bot_rows_begin(&two);
    bot_row(&one, 1, "BTC/USDT", "buy", "90", "1", "null", "\"2026-01-01T00:00:00+00:00\"");
    bot_row(&two, 1, "BTC/USDT", "buy", "90", "1", "null", "\"2026-01-01T00:00:00+00:00\"");
    bot_row(&two, 2, "BTC/USDT", "sell", "97", "1", "null", "\"2026-01-01T00:00:01+00:00\"");
    rig_begin(&r);
    rig_rule(&r, "/api/trades", 200, bot_rows_end(&one));
    rig_start_live(&r, 15 * US_PER_S);
    assert_amount(&r, "pnl.realized", "0");
    struct mono from = r.now.mono;
    rig_rule(&r, "/api/trades", 200, bot_rows_end(&two));
    rig_ticks(&r, 15 * US_PER_S);
    assert_true(rig_count(&r, "/api/trades", from) >= 2);
    assert_amount(&r, "pnl.realized", "7");
    rig_end(&r);
}

static void defect_c9_an_empty_first_answer_is_not_final(void **state) {
    (void)state;
    static struct bot_rows rows;
    bot_rows_begin(&rows);
    bot_row(&rows, 1, "BTC/USDT", "buy", "90", "1", "null", "\"2026-01-01T00:00:00+00:00\"");
    begin_live(false); /* [] so far */
    assert_shown(&r, "pairs.0.fills", "0");
    rig_rule(&r, "/api/trades", 200, bot_rows_end(&rows));
    rig_ticks(&r, 15 * US_PER_S);
    assert_shown(&r, "pairs.0.fills", "1");
    assert_amount(&r, "pnl.total", "10");
    rig_end(&r);
}

static void defect_c10_no_symbol_is_cut_after_four_letters(void **state) {
    (void)state;
    static const char *const pairs[] = {"ETH/BTC", "BTC/EUR", "BTC/FDUSD", "USDT/TRY", "BNB/USDT"};
    static const char *const names[] = {"ETHBTC", "BTCEUR", "BTCFDUSD", "USDTTRY", "BNBUSDT"};
    for (int known = 0; known < 2; known++) { /* also while the exchange's own list cannot be had */
        char info[2000], *at = info;
        rig_begin(&r);
        at += sprintf(at, "{\"rateLimits\":[],\"symbols\":[");
        for (size_t i = 0; i < 5; i++) {
            const char *slash = strchr(pairs[i], '/');
            rig_symbols(&r, pairs[i], NULL);
            at += sprintf(at,
                          "%s{\"symbol\":\"%s\",\"status\":\"TRADING\",\"baseAsset\":\"%.*s\",\"quoteAsset\":\"%s\","
                          "\"filters\":[]}",
                          i > 0 ? "," : "", names[i], (int)(slash - pairs[i]), pairs[i], slash + 1);
        }
        (void)sprintf(at, "]}");
        rig_rule(&r, "xchangeInfo", known ? 200 : 500, known ? info : "{}");
        rig_start(&r);
        rig_live(&r);
        for (int i = 0; i < 5; i++) {
            char price[4] = {(char)('1' + i), '\0'};
            rig_tick(&r, names[i], price);
        }
        for (size_t i = 0; i < 5; i++) {
            char path[40], price[4] = {(char)('1' + i), '\0'};
            (void)snprintf(path, sizeof path, "pairs.%zu.symbol", i);
            assert_shown(&r, path, pairs[i]);
            (void)snprintf(path, sizeof path, "pairs.%zu.price", i);
            assert_amount(&r, path, price);
        }
        rig_end(&r);
    }
}

static void defect_c11_a_fresh_start_subscribes_as_soon_as_the_pairs_are_known(void **state) {
    (void)state;
    for (int late = 0; late < 2; late++) { /* the bot answers after the stream is open: a minute later, or at once */
        rig_begin(&r);
        if (late) rig_rule(&r, "/api/strategies", 500, "{}");
        rig_start(&r);
        if (late) rig_pass(&r, 20 * US_PER_S);
        if (late) assert_int_equal(shown_pairs(&r), 0);
        rig_no_rules(&r);
        for (int s = 0; s < 90 && rig_count(&r, "btcusdt@ticker", EVER) == 0; s++) rig_pass(&r, US_PER_S);
        rig_ticks(&r, 3 * US_PER_S);
        assert_int_equal(shown_pairs(&r), 1);
        assert_amount(&r, "pairs.0.price", "100");
        rig_end(&r);
    }
}

static void defect_c13_the_first_wait_is_a_second(void **state) {
    (void)state;
    static const int64_t steps[] = {1, 2, 4, 8, 16, 32, 60, 60};
    rig_begin(&r);
    r.refuse_connections = true;
    rig_start(&r);
    rig_pass(&r, 6 * US_PER_MIN);
    struct mono last = {0};
    size_t n = 0;
    for (size_t i = 0; i < r.seen_count && n <= 8; i++) {
        if (r.seen[i].kind != EFFECT_WS_CONNECT || strstr(r.seen[i].text, "ws://market") == NULL) continue;
        int64_t waited = r.seen[i].at.us - last.us;
        if (n > 0)
            assert_in_range(waited, steps[n - 1] * US_PER_S / 2, steps[n - 1] * US_PER_S * 3 / 2 + US_PER_S / 10);
        last = r.seen[i].at;
        n++;
    }
    assert_true(n >= 7);
    rig_end(&r);
}

static void defect_c14_no_listen_key_where_a_signature_subscribes(void **state) {
    (void)state;
    begin_live(true);
    rig_ticks(&r, 2 * US_PER_HOUR);
    assert_true(rig_count(&r, "userDataStream.subscribe.signature", EVER) >= 1);
    assert_int_equal(rig_count(&r, "listenKey", EVER), 0);
    assert_int_equal(rig_count(&r, "api/v3/userDataStream", EVER), 0);
    rig_end(&r);
    rig_begin(&r); /* a host that still wants one: kept alive by minutes, not by seconds */
    rig_key(&r);
    r.config.user_stream = USER_STREAM_LISTEN_KEY;
    rig_start(&r);
    rig_live(&r);
    struct mono from = r.now.mono;
    rig_ticks(&r, 2 * US_PER_HOUR);
    assert_in_range(rig_count(&r, "userDataStream", from), 4, 5); /* every 25 minutes */
    rig_end(&r);
}

static void defect_c15_a_key_that_may_only_read_is_enough(void **state) {
    (void)state;
    static const char *const writing[] = {"order.place", "order.cancel", "api/v3/order?",
                                          "orderList",   "withdraw",     "sor."};
    begin_live(true); /* its account may not trade: canTrade is false */
    assert_shown(&r, "streams.user.state", "live");
    rig_fill(&r, 1, "BUY", "100", "1", "0", "USDT");
    r.refuse_connections = true;
    rig_close(&r, r.e->user.cur.id);
    rig_close(&r, r.e->market.cur.id);
    rig_pass(&r, US_PER_MIN);
    r.refuse_connections = false;
    rig_ticks(&r, 70 * US_PER_MIN);
    for (size_t i = 0; i < sizeof writing / sizeof *writing; i++) assert_int_equal(rig_count(&r, writing[i], EVER), 0);
    assert_shown(&r, "pairs.0.fills", "1");
    rig_end(&r);
}

static void defect_c16_a_burst_loses_nothing(void **state) {
    (void)state;
    begin_live(true);
    struct mono from = r.now.mono;
    for (int i = 1; i <= 5000; i++) {
        rig_tick(&r, "BTCUSDT", i % 2 ? "101" : "100");
        if (i % 10 == 0) rig_fill(&r, i, i % 20 == 0 ? "SELL" : "BUY", "100", "1", "0", "USDT");
    }
    rig_pass(&r, 5 * US_PER_S);
    assert_shown(&r, "streams.market.state", "live");
    assert_shown(&r, "streams.user.state", "live");
    assert_shown(&r, "pairs.0.fills", "500");
    assert_amount(&r, "pairs.0.holdings", "0");
    assert_int_equal(rig_connects(&r, "ws://", from), 0);
    assert_int_equal(rig_count(&r, "http://rest", from), 0); /* nor does a fill ask anything from inside */
    rig_end(&r);
}

/* ---- H: what the bot is like, and what stands on it ---- */

static void defect_h1_h2_figures_come_from_trades_not_from_the_bots_empty_tables(void **state) {
    (void)state;
    begin_live(false);
    rig_ticks(&r, 70 * US_PER_S);
    r.refuse_connections = true;
    rig_close(&r, r.e->market.cur.id);
    rig_pass(&r, 5 * US_PER_MIN);
    static const char *const empty[] = {"/api/positions", "/api/pnl",  "/api/equity",
                                        "/api/status",    "/api/grid", "/api/config"};
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++) assert_int_equal(rig_count(&r, empty[i], EVER), 0);
    rig_end(&r);
}

static void defect_h3_h4_levels_are_orders_not_the_bots_arithmetic(void **state) {
    (void)state;
    rig_begin(&r);
    rig_rule(
        &r, "/api/strategies", 200,
        "{\"strategies\": [{\"name\": \"grid\", \"symbol\": \"DOGE/USDT\", \"statistics\": {\"total_profit\": \"999\", "
        "\"total_fees\": \"5\", \"completed_cycles\": 3, \"active_buy_orders\": 1, \"active_sell_orders\": 0}, "
        "\"config\": {\"type\": \"grid\", \"lower_price\": \"0.08\", \"upper_price\": \"0.10\", \"num_grids\": 10, "
        "\"total_investment\": \"100\", \"spacing_type\": \"arithmetic\", \"grid_step\": \"0.00\"}}]}");
    rig_rule(&r, "/api/orders", 200,
             "{\"orders\": [{\"id\": \"9\", \"symbol\": \"DOGE/USDT\", \"side\": \"buy\", \"type\": \"limit\", "
             "\"price\": \"0.08222222\", \"amount\": \"100\", \"filled\": \"0\", \"remaining\": \"100\", \"status\": "
             "\"open\", "
             "\"timestamp\": \"2026-01-01T00:00:00+00:00\"}]}");
    rig_start(&r);
    rig_ticks(&r, 15 * US_PER_S);
    assert_amount(&r, "pairs.0.next_buy", "0.08222222");
    assert_shown(&r, "pairs.0.grid.spacing", "null");
    assert_amount(&r, "pairs.0.grid.lower", "0.08");
    assert_shown(&r, "pairs.0.grid.levels", "10");
    rig_end(&r);
}

/* total_profit subtracts fees twice: it is the bot's own word, and no figure of ours. */
static void defect_h5_the_bots_net_profit_is_not_ours(void **state) {
    (void)state;
    rig_begin(&r);
    rig_rule(
        &r, "/api/strategies", 200,
        "{\"strategies\": [{\"name\": \"grid\", \"symbol\": \"BTC/USDT\", \"statistics\": {\"total_profit\": \"999\", "
        "\"total_fees\": \"5\", \"completed_cycles\": 65, \"active_buy_orders\": 0, \"active_sell_orders\": 0}, "
        "\"config\": {\"type\": \"grid\", \"lower_price\": \"1\", \"upper_price\": \"2\", \"num_grids\": 3, "
        "\"total_investment\": \"100\"}}]}");
    rig_start(&r);
    rig_ticks(&r, 70 * US_PER_S);
    assert_amount(&r, "pnl.realized", "0");
    assert_amount(&r, "pnl.total", "0");
    assert_shown(&r, "pairs.0.cycles", "0");
    rig_end(&r);
}

static void defect_h6_null_for_zero_and_wrong_remaining_are_read_for_what_they_are(void **state) {
    (void)state;
    static struct bot_rows rows;
    bot_rows_begin(&rows);
    bot_row(&rows, 1, "BTC/USDT", "buy", "90", "1", "null", "\"2026-01-01T00:00:00+00:00\"");
    bot_row(&rows, 2, "BTC/USDT", "sell", "100", "0.5", "\"0E-8\"", "\"2026-01-01T00:00:01+00:00\"");
    rig_begin(&r);
    rig_symbols(&r, "BTC/USDT", NULL);
    rig_rule(&r, "/api/trades", 200, bot_rows_end(&rows));
    rig_rule(
        &r, "/api/orders", 200, /* filled whole, and yet "remaining" is the amount */
        "{\"orders\": [{\"id\": \"9\", \"symbol\": \"BTC/USDT\", \"side\": \"sell\", \"type\": \"limit\", \"price\": "
        "\"120\", \"amount\": \"1\", \"filled\": \"1\", \"remaining\": \"1\", \"status\": \"closed\", \"timestamp\": "
        "\"2026-01-01T00:00:00+00:00\"}]}");
    rig_rule(
        &r, "/api/ohlcv", 200, /* a malformed symbol is answered with another's candles */
        "{\"symbol\": \"ETH/USDT\", \"timeframe\": \"1m\", \"ohlcv\": [{\"timestamp\": \"2026-01-01T00:00:00+00:00\", "
        "\"open\": 1, \"high\": 1, \"low\": 1, \"close\": 7.5, \"volume\": 1}]}");
    r.refuse_connections = true;
    rig_rule(&r, "http://rest", 0, NULL);
    rig_start(&r);
    rig_pass(&r, US_PER_MIN);
    assert_amount(&r, "pairs.0.realized", "5");
    assert_shown(&r, "pairs.0.open_orders", "0");
    assert_shown(&r, "pairs.0.price", "null"); /* Ether's price is not Bitcoin's */
    rig_end(&r);
}

/* Of one letter: the bot drops the filter and lists everybody's rows. */
static void defect_h6_another_symbols_rows_are_left_to_it(void **state) {
    (void)state;
    static struct bot_rows rows;
    bot_rows_begin(&rows);
    bot_row(&rows, 1, "W/USDT", "buy", "2", "1", "null", "\"2026-01-01T00:00:00+00:00\"");
    bot_row(&rows, 2, "BTC/USDT", "buy", "90000", "1", "null", "\"2026-01-01T00:00:01+00:00\"");
    rig_begin(&r);
    rig_symbols(&r, "W/USDT", "BTC/USDT");
    rig_rule(&r, "/api/trades", 200, bot_rows_end(&rows));
    rig_rule(
        &r, "/api/orders", 200,
        "{\"orders\": [{\"id\": \"9\", \"symbol\": \"BTC/USDT\", \"side\": \"buy\", \"type\": \"limit\", \"price\": "
        "\"90000\", \"amount\": \"1\", \"filled\": \"0\", \"remaining\": \"1\", \"status\": \"open\", \"timestamp\": "
        "\"2026-01-01T00:00:00+00:00\"}]}");
    rig_start_live(&r, 20 * US_PER_S);
    assert_shown(&r, "pairs.0.fills", "1");
    assert_amount(&r, "pairs.0.cost_basis", "2");
    assert_shown(&r, "pairs.0.open_orders", "0");
    assert_shown(&r, "pairs.1.fills", "1");
    assert_shown(&r, "pairs.1.open_orders", "1");
    rig_end(&r);
}

/* The bot does not repeat what failed: we do. */
static void defect_h7_a_failed_answer_is_asked_for_again(void **state) {
    (void)state;
    static struct bot_rows rows;
    bot_rows_begin(&rows);
    bot_row(&rows, 1, "BTC/USDT", "buy", "90", "1", "null", "\"2026-01-01T00:00:00+00:00\"");
    rig_begin(&r);
    rig_rule(&r, "/api/trades", 500, "{\"error\": \"exchange\"}");
    rig_start_live(&r, 10 * US_PER_S);
    rig_rule(&r, "/api/trades", 200, bot_rows_end(&rows));
    rig_ticks(&r, 90 * US_PER_S);
    assert_shown(&r, "pairs.0.fills", "1");
    rig_end(&r);
}

/* One order of a kind that the bot does not know hides them all: its list is empty where orders are open. */
static void defect_h8_one_empty_list_of_orders_is_not_believed(void **state) {
    (void)state;
    begin_live(false);
    rig_rule(&r, "/api/orders", 200,
             "{\"orders\": [{\"id\": \"9\", \"symbol\": \"BTC/USDT\", \"side\": \"buy\", \"type\": \"limit\", "
             "\"price\": \"90\", "
             "\"amount\": \"1\", \"filled\": \"0\", \"remaining\": \"1\", \"status\": \"open\", \"timestamp\": "
             "\"2026-01-01T00:00:00+00:00\"}]}");
    rig_ticks(&r, 15 * US_PER_S);
    assert_shown(&r, "pairs.0.open_orders", "1");
    rig_no_rules(&r);
    size_t asked = rig_count(&r, "/api/orders", EVER);
    while (rig_count(&r, "/api/orders", EVER) == asked) rig_ticks(&r, US_PER_S);
    rig_pass(&r, US_PER_S / 2);
    assert_shown(&r, "pairs.0.open_orders", "1");
    rig_end(&r);
}

static void defect_h9_values_that_are_null_stop_nothing(void **state) {
    (void)state;
    rig_begin(&r);
    rig_rule(
        &r, "/api/strategies", 200,
        "{\"strategies\": [{\"name\": \"prediction\", \"symbol\": \"MULTI/USDT\", \"statistics\": {\"pnl\": null}, "
        "\"config\": {\"type\": \"prediction\"}, \"positions\": [{\"pnl\": null}]}, {\"name\": \"grid\", \"symbol\": "
        "\"BTC/USDT\", \"statistics\": {\"total_profit\": null, \"total_fees\": null, \"completed_cycles\": null}, "
        "\"config\": {\"type\": \"grid\", \"lower_price\": null, \"upper_price\": null, \"num_grids\": null, "
        "\"total_investment\": null}}]}");
    rig_start(&r);
    rig_ticks(&r, 10 * US_PER_S);
    assert_shown(&r, "pairs.0.symbol", "BTC/USDT");
    assert_int_equal(shown_pairs(&r), 1);
    rig_end(&r);
}

/* Its trades are always empty; what was really traded is told by the exchange. */
static void defect_h10_beside_a_prediction_bot_the_exchange_has_the_figures(void **state) {
    (void)state;
    rig_begin(&r);
    rig_key(&r);
    rig_symbols(&r, "BTC/USDT", NULL);
    rig_rule(&r, "/api/strategies", 200,
             "{\"strategies\": [{\"name\": \"prediction\", \"symbol\": \"MULTI/USDT\", \"statistics\": {}, \"config\": "
             "{\"type\": \"prediction\"}, \"positions\": []}]}");
    rig_start(&r);
    rig_live(&r);
    rig_fill(&r, 1, "BUY", "90", "1", "0", "USDT");
    rig_fill(&r, 2, "SELL", "97", "1", "0", "USDT");
    rig_ticks(&r, 5 * US_PER_S);
    assert_amount(&r, "pnl.total", "7");
    rig_end(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defect_c1_an_order_event_is_no_trade),
        cmocka_unit_test(defect_c2_what_was_executed_counts_not_what_was_ordered),
        cmocka_unit_test(defect_c3_both_spellings_are_one_symbol),
        cmocka_unit_test(defect_c4_each_fill_counts_once_and_ids_are_per_symbol),
        cmocka_unit_test(defect_c5_a_fee_is_taken_in_its_own_asset),
        cmocka_unit_test(defect_c7_after_a_reconnect_the_missed_fills_are_fetched),
        cmocka_unit_test(defect_c8_polling_finds_every_new_trade),
        cmocka_unit_test(defect_c9_an_empty_first_answer_is_not_final),
        cmocka_unit_test(defect_c10_no_symbol_is_cut_after_four_letters),
        cmocka_unit_test(defect_c11_a_fresh_start_subscribes_as_soon_as_the_pairs_are_known),
        cmocka_unit_test(defect_c13_the_first_wait_is_a_second),
        cmocka_unit_test(defect_c14_no_listen_key_where_a_signature_subscribes),
        cmocka_unit_test(defect_c15_a_key_that_may_only_read_is_enough),
        cmocka_unit_test(defect_c16_a_burst_loses_nothing),
        cmocka_unit_test(defect_h1_h2_figures_come_from_trades_not_from_the_bots_empty_tables),
        cmocka_unit_test(defect_h3_h4_levels_are_orders_not_the_bots_arithmetic),
        cmocka_unit_test(defect_h5_the_bots_net_profit_is_not_ours),
        cmocka_unit_test(defect_h6_null_for_zero_and_wrong_remaining_are_read_for_what_they_are),
        cmocka_unit_test(defect_h6_another_symbols_rows_are_left_to_it),
        cmocka_unit_test(defect_h7_a_failed_answer_is_asked_for_again),
        cmocka_unit_test(defect_h8_one_empty_list_of_orders_is_not_believed),
        cmocka_unit_test(defect_h9_values_that_are_null_stop_nothing),
        cmocka_unit_test(defect_h10_beside_a_prediction_bot_the_exchange_has_the_figures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
