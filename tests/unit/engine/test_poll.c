/* poll.c: what is asked, how often, and by whom while a stream is down (PRODUCT 2, points 1 to 3). */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>

static struct rig r;
#define EVER ((struct mono){0})

static void streams_live_nothing_is_asked_of_rest(void **state) {
    (void)state;
    for (int key = 0; key < 2; key++) {
        rig_begin(&r);
        if (key) rig_key(&r);
        rig_start_live(&r, 60 * US_PER_S);
        struct mono from = r.now.mono;
        rig_ticks(&r, US_PER_HOUR);
        assert_int_equal(rig_count(&r, "http://rest", from), 0);
        assert_in_range(rig_count(&r, "/metrics", from), 1790, 1801);
        assert_in_range(rig_count(&r, "/api/strategies", from), 58, 61);
        if (key)
            assert_int_equal(rig_count(&r, "http://bot", from),
                             rig_count(&r, "/metrics", from) + rig_count(&r, "/api/strategies", from));
        if (key) assert_in_range(rig_count(&r, "myTrades", from), 1, 2);              /* hourly, by id */
        if (key) assert_in_range(rig_count(&r, "session.subscriptions", from), 5, 6); /* every 10 minutes */
        assert_in_range(rig_count(&r, "\"method\":\"time\"", from), 1, 2);
        rig_end(&r);
    }
}

static void health_faster_than_its_share_comes_evenly(void **state) {
    (void)state;
    rig_begin(&r);
    r.config.tier1_us = US_PER_S / 2;
    rig_start_live(&r, 60 * US_PER_S);
    for (int i = 0; i < 12; i++) {
        struct mono from = r.now.mono;
        rig_ticks(&r, 10 * US_PER_S);
        assert_in_range(rig_count(&r, "/metrics", from), 4, 6);
    }
    rig_end(&r);
}

/* Trades first; orders at tier 2 too where the bot's minute has room for both, else at least every other round. */
static void orders_are_polled_at_tier_two_as_well(void **state) {
    static const struct {
        size_t pairs, trades, orders; /* questions about each in two minutes */
    } cases[] = {{1, 24, 24}, {2, 24, 24}, {3, 24, 14}, {4, 19, 9}};
    static const char *const symbols[] = {"BTC/USDT", "ETH/USDT", "BNB/USDT", "ETH/BTC"};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rig_begin(&r);
        for (size_t k = 0; k < cases[i].pairs; k++) rig_symbols(&r, symbols[k], NULL);
        rig_start_live(&r, 60 * US_PER_S);
        struct mono from = r.now.mono;
        rig_ticks(&r, 120 * US_PER_S);
        for (size_t k = 0; k < cases[i].pairs; k++) {
            char trades[80], orders[80];
            (void)snprintf(trades, sizeof trades, "/api/trades?symbol=%.3s%%2F%.4s", symbols[k], symbols[k] + 4);
            (void)snprintf(orders, sizeof orders, "/api/orders?symbol=%.3s%%2F%.4s", symbols[k], symbols[k] + 4);
            assert_in_range(rig_count(&r, trades, from), cases[i].trades - 1, cases[i].trades + 1);
            assert_in_range(rig_count(&r, orders, from), cases[i].orders - 1, cases[i].orders + 1);
        }
        assert_true(rig_count(&r, "http://bot", from) <= 2 * RATE_LIMIT_MAX);
        rig_end(&r);
    }
}

static void many_pairs_stretch_tier_two_within_the_limit(void **state) {
    (void)state;
    char symbol[20];
    rig_begin(&r);
    for (int i = 0; i < 40; i++) {
        (void)snprintf(symbol, sizeof symbol, "C%02d/USDT", i);
        rig_symbols(&r, symbol, NULL);
    }
    rig_start(&r);
    rig_ticks(&r, 180 * US_PER_S);
    struct mono from = r.now.mono;
    rig_ticks(&r, 60 * US_PER_S);
    assert_in_range(rig_count(&r, "http://bot", mono_add(from, 1)), 70, 90);
    rig_ticks(&r, 240 * US_PER_S);
    assert_true(r.e->bot.tier2_actual_us > 40 * US_PER_S);
    for (int i = 0; i < 40; i++) { /* and each has its turn */
        (void)snprintf(symbol, sizeof symbol, "symbol=C%02d", i);
        size_t n = 0;
        for (size_t k = 0; k < r.seen_count; k++)
            n += r.seen[k].at.us >= from.us && strstr(r.seen[k].text, "/api/trades") && strstr(r.seen[k].text, symbol);
        assert_in_range(n, 3, 6);
    }
    rig_end(&r);
}

static void a_hung_request_does_not_spin_the_timer(void **state) {
    (void)state;
    rig_begin(&r);
    rig_start(&r);
    rig_live(&r);
    rig_rule(&r, "http://", -1, NULL);
    uint64_t before = r.timers;
    rig_ticks(&r, 60 * US_PER_S);
    assert_in_range(r.timers - before, 30, 400);
    rig_end(&r);
}

static void a_down_market_stream_is_polled_and_handed_back(void **state) {
    (void)state;
    rig_begin(&r);
    rig_key(&r);
    rig_start_live(&r, 20 * US_PER_S);
    r.refuse_connections = true;
    rig_close(&r, r.e->market.cur.id);
    assert_int_equal(r.e->status, STATUS_RECONNECTING);
    struct mono from = r.now.mono;
    rig_pass(&r, 20 * US_PER_S);
    assert_int_equal(r.e->market_fallback, FALLBACK_REST);
    assert_in_range(rig_count(&r, "ticker.price", from), 9, 11);
    assert_int_equal(r.e->mode, MODE_PARTIAL);
    assert_int_equal(r.e->status, STATUS_CONNECTED);
    assert_int_equal(r.e->markets[0]->price_source, PRICE_POLL);
    assert_int_equal(r.e->user.state, FEED_LIVE); /* the other one goes on */
    r.refuse_connections = false;
    rig_pass(&r, 60 * US_PER_S);
    assert_int_equal(r.e->market_fallback, FALLBACK_NONE);
    from = r.now.mono;
    rig_ticks(&r, 20 * US_PER_S);
    assert_int_equal(rig_count(&r, "ticker.price", from), 0);
    assert_int_equal(r.e->markets[0]->price_source, PRICE_STREAM);
    rig_end(&r);
}

static void the_bot_gives_every_pair_its_price(void **state) {
    (void)state;
    static const char body[] = "{\"timeframe\": \"1m\", \"ohlcv\": [{\"timestamp\": \"2026-01-01T00:00:00+00:00\", "
                               "\"open\": 1, \"high\": 1, \"low\": 1, \"close\": 7.5, \"volume\": 1}]}";
    rig_begin(&r);
    rig_symbols(&r, "BTC/USDT", "ETH/USDT");
    r.refuse_connections = true;
    rig_rule(&r, "http://rest", 0, NULL);
    rig_rule(&r, "/api/ohlcv", 200, body);
    rig_start(&r);
    rig_pass(&r, 3 * 60 * US_PER_S);
    assert_int_equal(r.e->market_fallback, FALLBACK_BOT);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(r.e->markets[i]->price_source, PRICE_CANDLE);
        assert_true(r.now.wall.us - r.e->markets[i]->price_at.us < 20 * US_PER_S);
        assert_false(r.e->pairs[i]->price_stale);
    }
    rig_end(&r);
}

static void empty_candles_of_the_bot_are_not_hammered(void **state) {
    (void)state;
    rig_begin(&r);
    r.refuse_connections = true;
    rig_rule(&r, "http://rest", 0, NULL);
    rig_start(&r);
    rig_pass(&r, 2 * 60 * US_PER_S);
    assert_int_equal(r.e->market_fallback, FALLBACK_BOT);
    struct mono from = r.now.mono;
    rig_pass(&r, 60 * US_PER_S);
    assert_in_range(rig_count(&r, "/api/ohlcv", from), 8, 13);
    assert_in_range(rig_count(&r, "/api/trades", from), 10, 13);
    rig_end(&r);
}

static void fills_fall_back_to_rest_where_the_bot_refuses_us(void **state) {
    (void)state;
    rig_begin(&r);
    rig_key(&r);
    rig_symbols(&r, "BTC/USDT", NULL);
    rig_rule(&r, "http://bot/api", 401, "{}");
    rig_start(&r);
    rig_live(&r);
    r.refuse_connections = true;
    rig_close(&r, r.e->user.cur.id);
    struct mono from = r.now.mono;
    rig_ticks(&r, 60 * US_PER_S);
    assert_int_equal(r.e->user_fallback, FALLBACK_REST);
    assert_in_range(rig_count(&r, "/api/v3/myTrades", from), 8, 14);
    assert_int_equal(r.e->status, STATUS_CONNECTED);
    rig_end(&r);
}

/* Each ticker is an event, and none of them puts off what is due. */
static void what_failed_is_asked_again_in_time_however_busy_the_streams_are(void **state) {
    (void)state;
    rig_begin(&r);
    rig_key(&r);
    r.config.source = SOURCE_IS_EXCHANGE;
    rig_symbols(&r, "BTC/USDT", NULL);
    rig_rule(&r, "openOrders", 500, "{}");
    rig_start(&r);
    rig_live(&r);
    rig_ticks(&r, 15 * US_PER_S);
    struct mono from = r.now.mono;
    for (int i = 0; i < 300; i++) {
        rig_tick(&r, "BTCUSDT", "100");
        rig_pass(&r, US_PER_S / 10);
    }
    assert_in_range(rig_count(&r, "openOrders", from), 2, 6); /* unanswered for 10 s, again after 5 */
    rig_end(&r);
}

static void a_pair_that_leaves_is_inactive_and_still_reconciled(void **state) {
    (void)state;
    rig_begin(&r);
    rig_key(&r);
    rig_start(&r);
    rig_live(&r);
    rig_fill(&r, 5, "BUY", "100", "1", "0", "USDT");
    rig_rule(&r, "/api/strategies", 200, "{\"strategies\": []}");
    rig_ticks(&r, 90 * US_PER_S);
    struct pair *p = rig_pair(&r, "BTC/USDT");
    assert_false(p->active);
    assert_int_equal(ledger_count(p->ledger), 1);
    rig_fill(&r, 6, "SELL", "100", "0.5", "0", "USDT"); /* sold by hand */
    rig_ticks(&r, US_PER_S);
    assert_int_equal(ledger_count(p->ledger), 2);
    struct mono from = r.now.mono;
    rig_close(&r, r.e->user.cur.id);
    rig_ticks(&r, 30 * US_PER_S);
    assert_int_equal(r.e->user.state, FEED_LIVE);
    assert_true(rig_count(&r, "myTrades", from) >= 1); /* what was sold meanwhile is found */
    rig_no_rules(&r);
    rig_ticks(&r, 90 * US_PER_S);
    assert_true(p->active);
    assert_int_equal(r.e->pair_count, 1);
    rig_end(&r);
}

static void prediction_strategies_are_no_pairs(void **state) {
    (void)state;
    rig_begin(&r);
    rig_rule(&r, "/api/strategies", 200,
             "{\"strategies\": [{\"name\": \"prediction\", \"symbol\": \"MULTI/USDT\", \"statistics\": {}, \"config\": "
             "{\"type\": \"prediction\"}, \"positions\": []}]}");
    rig_start_live(&r, 70 * US_PER_S);
    assert_int_equal(r.e->pair_count, 0);
    assert_int_equal(r.e->status, STATUS_CONNECTED); /* and nothing is waited for */
    rig_end(&r);
}

static void the_trial_is_asked_for_by_a_page(void **state) {
    (void)state;
    for (int open = 0; open < 2; open++) {
        rig_begin(&r);
        r.config.source = SOURCE_IS_EXCHANGE;
        rig_symbols(&r, "BTC/USDT", NULL);
        rig_start_live(&r, 5 * US_PER_S);
        breaker_failure(&r.e->exchange.breaker, r.now, "x");
        for (int i = 0; i < 4; i++) breaker_failure(&r.e->exchange.breaker, r.now, "x");
        assert_int_equal(r.e->exchange.breaker.state, BREAKER_OPEN);
        if (open) rig_handle(&r, &(struct event){.kind = EVENT_PAGE, .on = true});
        rig_ticks(&r, 70 * US_PER_S);
        assert_int_equal(rig_count(&r, "/api/v3/ping", EVER), open);
        assert_int_equal(r.e->exchange.breaker.state, open ? BREAKER_CLOSED : BREAKER_OPEN);
        rig_end(&r);
    }
}

static void at_eighty_percent_only_what_pnl_needs_goes_out(void **state) {
    (void)state;
    rig_begin(&r);
    rig_key(&r);
    rig_start_live(&r, 5 * US_PER_S);
    weight_learn(&r.e->exchange.weight, engine_exchange_time(r.e), 4900, -1);
    rig_pass(&r, 2 * US_PER_S);
    assert_true(r.e->exchange.throttled);
    rig_handle(&r, &(struct event){.kind = EVENT_WANT_CANDLES,
                                   .id = 5,
                                   .symbol = name_of("BTC/USDT"),
                                   .interval = name_of("1h"),
                                   .limit = 10,
                                   .before = {1767225600000000}});
    assert_int_equal(r.candles_err, ERR_BAD_STATE);
    struct mono from = r.now.mono;
    rig_close(&r, r.e->user.cur.id);
    rig_ticks(&r, 10 * US_PER_S);
    assert_int_equal(r.e->user.state, FEED_LIVE); /* the trades of the gap were asked for */
    assert_true(rig_count(&r, "myTrades", from) > 0);
    rig_end(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_live_nothing_is_asked_of_rest),
        cmocka_unit_test(health_faster_than_its_share_comes_evenly),
        cmocka_unit_test(orders_are_polled_at_tier_two_as_well),
        cmocka_unit_test(many_pairs_stretch_tier_two_within_the_limit),
        cmocka_unit_test(a_hung_request_does_not_spin_the_timer),
        cmocka_unit_test(a_down_market_stream_is_polled_and_handed_back),
        cmocka_unit_test(the_bot_gives_every_pair_its_price),
        cmocka_unit_test(empty_candles_of_the_bot_are_not_hammered),
        cmocka_unit_test(fills_fall_back_to_rest_where_the_bot_refuses_us),
        cmocka_unit_test(what_failed_is_asked_again_in_time_however_busy_the_streams_are),
        cmocka_unit_test(a_pair_that_leaves_is_inactive_and_still_reconciled),
        cmocka_unit_test(prediction_strategies_are_no_pairs),
        cmocka_unit_test(the_trial_is_asked_for_by_a_page),
        cmocka_unit_test(at_eighty_percent_only_what_pnl_needs_goes_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
