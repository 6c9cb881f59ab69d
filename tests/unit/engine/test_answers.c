/* answers.c and ask.c: what a reply, good or bad, changes; and how often a refused question is put again. */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>

static struct rig r;
#define EVER ((struct mono){0})

static void begin_live(bool key) { rig_begin_live(&r, key, 0); }

/* ---- the key ---- */

static void a_refused_key_is_tried_once_a_minute(void **state) {
    (void)state;
    static const struct {
        int status;
        const char *body;
    } refusals[] = {{401, "{\"code\":-2015,\"msg\":\"Invalid API-key, IP, or permissions for action.\"}"},
                    {400, "{\"code\":-1022,\"msg\":\"Signature for this request is not valid.\"}"},
                    {400, "{\"code\":-2014,\"msg\":\"API-key format invalid.\"}"},
                    {401, "{\"code\":-1002,\"msg\":\"You are not authorized to execute this request.\"}"}};
    for (size_t i = 0; i < 4; i++) {
        rig_begin(&r);
        rig_key(&r);
        rig_rule(&r, "signature=", refusals[i].status, refusals[i].body);
        rig_rule(&r, "\"signature\"", refusals[i].status, refusals[i].body);
        rig_start(&r);
        rig_pass(&r, 10 * US_PER_S);
        assert_true(r.e->exchange.unauthorized);
        struct mono from = r.now.mono;
        rig_ticks(&r, 10 * 60 * US_PER_S);
        size_t tries = rig_count(&r, "signature", from);
        assert_in_range(tries, 5, 11); /* never hammered, never given up */
        assert_int_equal(r.e->reason, REASON_UNAUTHORIZED);
        rig_no_rules(&r); /* repaired */
        rig_ticks(&r, 150 * US_PER_S);
        assert_false(r.e->exchange.unauthorized);
        assert_int_equal(r.e->user.state, FEED_LIVE);
        assert_int_equal(rig_pair(&r, "BTC/USDT")->history.state, HISTORY_COMPLETE);
        rig_end(&r);
    }
}

static void a_key_refused_while_the_stream_lives_is_tried_again(void **state) {
    (void)state;
    begin_live(true);
    rig_rule(&r, "myTrades", 401, "{\"code\":-2015,\"msg\":\"no\"}");
    rig_ticks(&r, 65 * 60 * US_PER_S); /* the hourly look */
    rig_no_rules(&r);
    rig_ticks(&r, 130 * US_PER_S);
    assert_false(r.e->exchange.unauthorized);
    assert_int_equal(r.e->reason, REASON_NONE);
    rig_end(&r);
}

static void a_firewall_without_key_is_not_a_refused_key(void **state) {
    (void)state;
    rig_begin(&r);
    r.refuse_connections = true;
    rig_rule(&r, "http://rest", 403, "<html>forbidden</html>");
    rig_start(&r);
    rig_pass(&r, 5 * US_PER_S);
    assert_false(r.e->exchange.unauthorized);
    struct mono from = r.now.mono;
    rig_pass(&r, 5 * 60 * US_PER_S);
    assert_in_range(rig_count(&r, "http://rest", from), 3, 18); /* three kinds of questions, once a minute */
    rig_no_rules(&r);
    r.refuse_connections = false;
    rig_ticks(&r, 3 * 60 * US_PER_S);
    assert_int_equal(r.e->status, STATUS_CONNECTED);
    assert_int_equal(r.e->reason, REASON_NONE);
    rig_end(&r);
}

static void without_key_nothing_signed_goes_out(void **state) {
    (void)state;
    for (int listen_key = 0; listen_key < 2; listen_key++) {
        rig_begin(&r);
        if (listen_key) r.config.user_stream = USER_STREAM_LISTEN_KEY;
        rig_start_live(&r, 70 * 60 * US_PER_S);
        assert_int_equal(rig_count(&r, "signature", EVER), 0);
        assert_int_equal(rig_count(&r, "userDataStream", EVER), 0);
        assert_int_equal(r.e->mode, MODE_STREAMING);
        rig_end(&r);
    }
}

/* ---- the clock ---- */

static void a_wrong_clock_is_set_and_the_subscription_repeated_once(void **state) {
    (void)state;
    rig_begin(&r);
    rig_key(&r);
    r.clock_offset_us = 7 * US_PER_S;
    rig_rule(&r, "subscribe.signature", 400,
             "{\"code\":-1021,\"msg\":\"Timestamp for this request is outside of the recvWindow.\"}");
    rig_start(&r);
    while (rig_count(&r, "subscribe.signature", EVER) == 0) rig_pass(&r, US_PER_MS);
    rig_no_rules(&r);
    rig_pass(&r, 200 * US_PER_MS);
    assert_int_equal(rig_count(&r, "subscribe.signature", EVER), 2);
    assert_int_equal(rig_connects(&r, "ws-api", EVER), 1);
    assert_int_equal(r.e->user.state, FEED_LIVE);
    assert_in_range(engine_exchange_time(r.e).us - r.e->now.wall.us, 7 * US_PER_S - 20 * US_PER_MS,
                    7 * US_PER_S + 20 * US_PER_MS);
    rig_end(&r);
}

static void twice_refused_for_the_clock_the_link_goes(void **state) {
    (void)state;
    rig_begin(&r);
    rig_key(&r);
    rig_rule(&r, "subscribe.signature", 400, "{\"code\":-1021,\"msg\":\"outside\"}");
    rig_start(&r);
    rig_pass(&r, 500 * US_PER_MS);
    assert_int_equal(rig_count(&r, "subscribe.signature", EVER), 2);
    assert_int_equal(r.e->user.state, FEED_WAITING);
    rig_end(&r);
}

static void the_time_is_asked_until_it_is_known(void **state) {
    (void)state;
    begin_live(true);
    rig_ticks(&r, 10 * US_PER_S);
    rig_rule(&r, "\"method\":\"time\"", -1, NULL);
    rig_rule(&r, "myTrades", 400, "{\"code\":-1021,\"msg\":\"outside\"}");
    rig_ticks(&r, 3600 * US_PER_S);
    struct mono from = r.now.mono;
    rig_no_rules(&r);
    rig_ticks(&r, 30 * US_PER_S);
    assert_true(r.e->exchange.clock_known);
    assert_in_range(rig_count(&r, "\"method\":\"time\"", from), 1, 4);
    rig_end(&r);
}

static void a_step_of_our_clock_moves_no_timestamp(void **state) {
    (void)state;
    begin_live(true);
    rig_ticks(&r, 5 * US_PER_S);
    rig_tick(&r, "BTCUSDT", "100");
    struct wall before = engine_exchange_time(r.e);
    r.now.wall.us += US_PER_HOUR; /* somebody sets our clock */
    r.clock_offset_us = -US_PER_HOUR;
    rig_pass(&r, US_PER_S);
    rig_tick(&r, "BTCUSDT", "100");
    assert_in_range(engine_exchange_time(r.e).us - before.us, US_PER_S - 50 * US_PER_MS, US_PER_S + 50 * US_PER_MS);
    rig_pass(&r, US_PER_S);
    assert_true(r.e->exchange.clock_known); /* asked anew */
    assert_in_range(-r.e->exchange.clock_offset_us, US_PER_HOUR - 50 * US_PER_MS, US_PER_HOUR + 50 * US_PER_MS);
    rig_end(&r);
}

static void a_list_of_orders_counts_though_our_clock_went_back(void **state) {
    (void)state;
    static const char placed[] = "{\"subscriptionId\":0,\"event\":{\"e\":\"executionReport\",\"E\":1,\"s\":\"BTCUSDT\","
                                 "\"c\":\"x\",\"S\":\"BUY\",\"o\":\"LIMIT\",\"f\":\"GTC\",\"q\":\"1\",\"p\":\"90\","
                                 "\"P\":\"0\",\"F\":\"0\",\"g\":-1,\"C\":\"\",\"x\":\"NEW\",\"X\":\"NEW\",\"r\":"
                                 "\"NONE\",\"i\":7,\"l\":\"0\",\"z\":\"0\",\"L\":\"0\",\"n\":\"0\",\"N\":null,"
                                 "\"T\":1767225600000,\"t\":-1,\"I\":1,\"w\":true,\"m\":false,\"M\":false,\"O\":"
                                 "1767225600000,\"Z\":\"0\",\"Y\":\"0\",\"Q\":\"0\",\"W\":1,\"V\":\"NONE\"}}";
    begin_live(true);
    rig_user(&r, placed);
    assert_int_equal(rig_pair(&r, "BTC/USDT")->orders->count, 1);
    r.now.wall.us -= US_PER_HOUR;
    rig_close(&r, r.e->user.cur.id); /* cancelled while we did not hear */
    rig_ticks(&r, 20 * US_PER_S);
    assert_int_equal(rig_pair(&r, "BTC/USDT")->orders->count, 0);
    rig_end(&r);
}

/* ---- limits ---- */

static void silence_after_429_is_whole(void **state) {
    (void)state;
    begin_live(true);
    rig_ticks(&r, 20 * US_PER_S);
    rig_rule(&r, "klines", 429, "{\"code\":-1003,\"msg\":\"Too many requests.\"}");
    rig_handle(&r, &(struct event){.kind = EVENT_WANT_CANDLES,
                                   .id = 5,
                                   .symbol = name_of("BTC/USDT"),
                                   .interval = name_of("1h"),
                                   .limit = 10});
    rig_pass(&r, 50 * US_PER_MS);
    assert_int_equal(r.candles_err, ERR_IO);
    assert_true(weight_banned(&r.e->exchange.weight, r.now.mono));
    struct mono from = r.now.mono;
    rig_close(&r, r.e->user.cur.id); /* the WebSocket API is lost: not opened again before the time */
    size_t timers = (size_t)r.timers;
    rig_ticks(&r, 50 * US_PER_S);
    assert_true(r.timers - timers < 200);
    assert_int_equal(rig_count(&r, "http://rest", from), 0);
    assert_int_equal(rig_connects(&r, "ws-api", from), 0);
    assert_int_equal(r.e->market.state, FEED_LIVE);
    rig_no_rules(&r);
    rig_ticks(&r, 20 * US_PER_S);
    assert_int_equal(r.e->user.state, FEED_LIVE);
    rig_end(&r);
}

/* The exchange's clock may not be known, or ours be wrong by minutes: what counts is how long it said. */
static void a_ban_said_with_the_exchanges_time_lasts_as_long_as_it_said(void **state) {
    (void)state;
    begin_live(true);
    rig_ticks(&r, 20 * US_PER_S);
    rig_rule(&r, "klines", 429,
             "{\"code\":-1003,\"msg\":\"no\",\"data\":{\"serverTime\":1659142907531,\"retryAfter\":1659143007531}}");
    rig_handle(&r, &(struct event){.kind = EVENT_WANT_CANDLES,
                                   .id = 5,
                                   .symbol = name_of("BTC/USDT"),
                                   .interval = name_of("1h"),
                                   .limit = 10});
    rig_pass(&r, 50 * US_PER_MS);
    assert_in_range(r.e->exchange.weight.banned_until.us - r.now.mono.us, 99 * US_PER_S, 100 * US_PER_S);
    rig_end(&r);
}

static void retry_after_counts_on_the_clock_of_the_exchange(void **state) {
    (void)state;
    rig_begin(&r);
    r.clock_offset_us = 8 * US_PER_S;
    rig_start(&r);
    rig_live(&r);
    rig_rule_retry(&r, "ticker/price", 429, "{\"code\":-1003,\"msg\":\"no\"}", 30 * US_PER_S);
    r.refuse_connections = true;
    rig_close(&r, r.e->market.cur.id);
    rig_close(&r, r.e->user.cur.id);
    while (!weight_banned(&r.e->exchange.weight, r.now.mono)) rig_pass(&r, 10 * US_PER_MS);
    struct mono from = r.now.mono;
    rig_pass(&r, 29 * US_PER_S);
    assert_int_equal(rig_count(&r, "http://rest", mono_add(from, US_PER_MS)), 0);
    rig_pass(&r, 4 * US_PER_S);
    assert_true(rig_count(&r, "http://rest", mono_add(from, US_PER_MS)) > 0);
    rig_end(&r);
}

static void a_step_of_our_clock_does_not_shorten_a_ban(void **state) {
    (void)state;
    rig_begin(&r);
    rig_rule(&r, "/api/v3/time", -1, ""); /* the exchange's time is not known yet */
    rig_rule_retry(&r, "exchangeInfo", 429, "{\"code\":-1003,\"msg\":\"no\"}", 60 * US_PER_S);
    r.refuse_connections = true;
    rig_start(&r);
    rig_pass(&r, US_PER_S);
    assert_true(weight_banned(&r.e->exchange.weight, r.now.mono));
    struct mono from = r.now.mono;
    r.now.wall.us += US_PER_HOUR;
    rig_pass(&r, 50 * US_PER_S);
    assert_int_equal(rig_count(&r, "http://rest", from), 0);
    rig_pass(&r, 20 * US_PER_S);
    assert_true(rig_count(&r, "http://rest", from) > 0); /* nor does it prolong it */
    rig_end(&r);
}

/* Our clock is an hour fast, which shows when the exchange's time is known: a ban that is over is not begun again. */
static void a_ban_that_is_over_stays_over_when_the_time_is_known(void **state) {
    (void)state;
    rig_begin(&r);
    r.clock_offset_us = -US_PER_HOUR;
    rig_rule_retry(&r, "http://rest", 418, "{\"code\":-1003,\"msg\":\"no\"}", 30 * US_PER_S);
    r.refuse_connections = true;
    rig_start(&r);
    rig_pass(&r, US_PER_S);
    assert_true(weight_banned(&r.e->exchange.weight, r.now.mono));
    rig_no_rules(&r);
    r.refuse_connections = false;
    rig_ticks(&r, 90 * US_PER_S);
    assert_true(r.e->exchange.clock_known);
    assert_int_equal(r.e->status, STATUS_CONNECTED);
    rig_end(&r);
}

/* The bot's list was asked in the exchange's stead, and never came. */
static void open_orders_are_asked_again_when_the_bot_does_not_answer(void **state) {
    (void)state;
    rig_begin(&r);
    rig_key(&r);
    rig_rule(&r, "/api/orders", -1, "");
    rig_rule(&r, "/api/v3/openOrders", 0, "");
    rig_rule(&r, "openOrders.status", 0, "");
    rig_start(&r);
    rig_live(&r);
    rig_no_rules(&r);
    rig_ticks(&r, 60 * US_PER_S);
    assert_true(rig_pair(&r, "BTC/USDT")->orders_known);
    rig_end(&r);
}

/* A bot that has just started lists no orders, as often as one asks: after a gap the exchange has the last word. */
static void after_a_gap_the_open_orders_are_the_exchange_s(void **state) {
    (void)state;
    static const char row[] =
        "[{\"symbol\":\"BTCUSDT\",\"orderId\":9,\"orderListId\":-1,\"clientOrderId\":\"x\",\"price\":\"90\","
        "\"origQty\":\"1\","
        "\"executedQty\":\"0\",\"cummulativeQuoteQty\":\"0\",\"status\":\"NEW\",\"timeInForce\":\"GTC\",\"type\":"
        "\"LIMIT\","
        "\"side\":\"BUY\",\"stopPrice\":\"0\",\"icebergQty\":\"0\",\"time\":1767225600000,\"updateTime\":1767225600000,"
        "\"isWorking\":true,\"workingTime\":1767225600000,\"origQuoteOrderQty\":\"0\",\"selfTradePreventionMode\":"
        "\"NONE\"}]";
    rig_begin(&r);
    rig_key(&r);
    rig_rule(&r, "openOrders", 200, row);
    rig_start(&r);
    rig_live(&r);
    rig_ticks(&r, 15 * US_PER_S);
    assert_int_equal(rig_pair(&r, "BTC/USDT")->orders->count, 1);
    r.refuse_connections = true;
    rig_close(&r, r.e->user.cur.id);
    rig_ticks(&r, 60 * US_PER_S);
    assert_int_equal(rig_pair(&r, "BTC/USDT")->orders->count, 0); /* as the bot said twice */
    r.refuse_connections = false;
    rig_ticks(&r, 70 * US_PER_S);
    assert_int_equal(r.e->user.state, FEED_LIVE);
    assert_int_equal(rig_pair(&r, "BTC/USDT")->orders->count, 1);
    rig_end(&r);
}

static void repeated_429_without_a_time_doubles_the_silence(void **state) {
    (void)state;
    begin_live(false);
    r.refuse_connections = true;
    rig_rule(&r, "ticker/price", 429, "{\"code\":-1003,\"msg\":\"no\"}");
    rig_close(&r, r.e->market.cur.id);
    rig_close(&r, r.e->user.cur.id);
    struct mono from = r.now.mono;
    rig_pass(&r, 16 * 60 * US_PER_S); /* 1 + 2 + 4 + 8 minutes */
    assert_in_range(rig_count(&r, "ticker/price", from), 4, 6);
    rig_end(&r);
}

/* ---- breakers ---- */

static void one_poll_counts_one_failure(void **state) {
    (void)state;
    begin_live(false);
    rig_rule(&r, "http://bot", 0, NULL);
    struct mono from = r.now.mono;
    while (rig_count(&r, "http://bot", from) < 2) rig_pass(&r, 10 * US_PER_MS);
    rig_pass(&r, 50 * US_PER_MS);
    assert_in_range(r.e->bot.breaker.consecutive_failures, 1, 2);
    rig_ticks(&r, 20 * US_PER_S);
    assert_int_equal(r.e->bot.breaker.state, BREAKER_OPEN);
    rig_end(&r);
}

static void the_trial_is_one_cheap_call(void **state) {
    (void)state;
    begin_live(false);
    rig_rule(&r, "http://bot", 503, "{\"error\": \"Bot not initialized\"}");
    while (r.e->bot.breaker.state != BREAKER_OPEN) rig_ticks(&r, US_PER_S);
    assert_int_equal(r.e->reason, REASON_BREAKER);
    struct mono from = r.now.mono;
    rig_ticks(&r, 58 * US_PER_S);
    assert_int_equal(rig_count(&r, "http://bot", mono_add(from, 1)), 0);
    rig_ticks(&r, 5 * US_PER_S);
    assert_int_equal(rig_count(&r, "http://bot", mono_add(from, 1)), 1);
    assert_int_equal(rig_count(&r, "http://bot/metrics", mono_add(from, 1)), 1);
    assert_int_equal(r.e->bot.breaker.state, BREAKER_OPEN);
    rig_no_rules(&r);
    rig_ticks(&r, 65 * US_PER_S);
    assert_int_equal(r.e->bot.breaker.state, BREAKER_CLOSED);
    rig_end(&r);
}

static void a_trial_that_finds_no_metrics_tries_health(void **state) {
    (void)state;
    begin_live(false);
    rig_rule(&r, "http://bot", 0, NULL);
    while (r.e->bot.breaker.state != BREAKER_OPEN) rig_ticks(&r, US_PER_S);
    rig_no_rules(&r);
    rig_rule(&r, "/metrics", 500, "500 Internal Server Error");
    rig_ticks(&r, 70 * US_PER_S);
    assert_int_equal(r.e->bot.breaker.state, BREAKER_CLOSED);
    assert_int_equal(r.e->bot.health, BOT_HEALTHY);
    rig_end(&r);
}

static void neutral_answers_neither_raise_nor_reset_the_count(void **state) {
    (void)state;
    static const int statuses[] = {401, 403, 404, 429, 418};
    for (size_t i = 0; i < 5; i++) {
        begin_live(false);
        rig_rule(&r, "http://bot", 0, NULL);
        while (r.e->bot.breaker.consecutive_failures < 3) rig_ticks(&r, US_PER_S);
        int before = r.e->bot.breaker.consecutive_failures;
        rig_no_rules(&r);
        rig_rule(&r, "http://bot", statuses[i], "{}");
        rig_ticks(&r, 3 * US_PER_S);
        assert_int_equal(r.e->bot.breaker.consecutive_failures, before);
        assert_int_equal(r.e->bot.breaker.state, BREAKER_CLOSED);
        rig_end(&r);
    }
}

/* ---- the bot ---- */

static void a_bot_that_refuses_us_is_asked_once_in_ten_seconds(void **state) {
    (void)state;
    rig_begin(&r);
    rig_symbols(&r, "BTC/USDT", "ETH/USDT");
    rig_rule(&r, "/api/", 401, "{\"error\": \"Unauthorized\", \"message\": \"Valid API key required\"}");
    rig_rule(&r, "http://rest", 200, NULL);
    rig_start(&r);
    rig_ticks(&r, 15 * US_PER_S);
    assert_true(r.e->bot.unauthorized);
    assert_int_equal(r.e->reason, REASON_UNAUTHORIZED);
    struct mono from = r.now.mono;
    rig_ticks(&r, 60 * US_PER_S);
    assert_in_range(rig_count(&r, "http://bot/api", from), 4, 7);
    assert_in_range(rig_count(&r, "/metrics", from), 29, 31); /* needs no key: health goes on */
    rig_no_rules(&r);
    rig_ticks(&r, 30 * US_PER_S);
    assert_false(r.e->bot.unauthorized);
    rig_end(&r);
}

/* As an old bot answers that wants a key for what it does not have. */
static void one_refused_endpoint_is_told_and_the_others_go_on(void **state) {
    (void)state;
    for (int key = 0; key < 2; key++) {
        rig_begin(&r);
        if (key) rig_key(&r);
        rig_symbols(&r, "BTC/USDT", "ETH/USDT");
        rig_rule(&r, key ? "/api/trades" : "/api/orders", 401, "{}");
        rig_start_live(&r, 20 * US_PER_S);
        struct mono from = r.now.mono;
        for (int i = 0; i < 60; i++) {
            rig_ticks(&r, US_PER_S);
            assert_int_equal(r.e->reason, REASON_UNAUTHORIZED); /* all the time, not between two tries */
            assert_int_equal(r.e->bot.health, BOT_HEALTHY);
        }
        assert_string_equal(r.e->bot.message,
                            key ? "the bot refuses the key for: trades" : "the bot refuses the key for: orders");
        assert_in_range(rig_count(&r, key ? "/api/trades" : "/api/orders", from), 5, 7); /* of both pairs together */
        if (!key) assert_in_range(rig_count(&r, "/api/trades", from), 22, 26);           /* tier 2, of each pair */
        rig_no_rules(&r);
        rig_ticks(&r, 12 * US_PER_S);
        assert_int_equal(r.e->reason, REASON_NONE);
        assert_string_equal(r.e->bot.message, "");
        rig_end(&r);
    }
}

static void a_bot_that_wants_silence_is_told_of_while_the_streams_go_on(void **state) {
    (void)state;
    begin_live(true);
    rig_rule_retry(&r, "/metrics", 429, "{\"error\": \"Rate limit exceeded\", \"retry_after\": 60}", 60 * US_PER_S);
    rig_ticks(&r, 3 * US_PER_S);
    assert_int_equal(r.e->mode, MODE_STREAMING);
    assert_int_equal(r.e->status, STATUS_CONNECTED);
    assert_int_equal(r.e->reason, REASON_RATE_LIMITED);
    assert_non_null(strstr(r.e->bot.message, "slow down: it is asked again at 00:"));
    assert_int_equal(rig_count(&r, "rate limit (status 429): silent until 2026-01-01T00:", EVER), 1);
    rig_no_rules(&r);
    rig_ticks(&r, 62 * US_PER_S);
    assert_int_equal(r.e->reason, REASON_NONE);
    assert_string_equal(r.e->bot.message, "");
    rig_end(&r);
}

static void an_absent_endpoint_is_asked_every_ten_minutes(void **state) {
    (void)state;
    rig_begin(&r);
    rig_rule(&r, "/api/orders", 404, "404: Not Found");
    rig_start(&r);
    rig_live(&r);
    struct mono from = r.now.mono;
    rig_ticks(&r, 25 * 60 * US_PER_S);
    assert_true(r.e->bot.unavailable[BOT_ORDERS]);
    assert_in_range(rig_count(&r, "/api/orders", from), 2, 3);
    assert_true(rig_count(&r, "/api/trades", from) > 250); /* and nothing else waits for it */
    assert_int_equal(r.e->bot.breaker.consecutive_failures, 0);
    rig_end(&r);
}

static void health_is_asked_where_metrics_are_absent(void **state) {
    (void)state;
    rig_begin(&r);
    rig_rule(&r, "/metrics", 404, "404: Not Found");
    rig_start(&r);
    rig_ticks(&r, 60 * US_PER_S);
    assert_int_equal(r.e->bot.health, BOT_HEALTHY);
    assert_int_equal(rig_count(&r, "/metrics", EVER), 1);
    assert_in_range(rig_count(&r, "/health", EVER), 28, 31);
    rig_ticks(&r, 10 * 60 * US_PER_S);
    assert_int_equal(rig_count(&r, "/metrics", EVER), 2);
    rig_rule(&r, "/health", 404, "404: Not Found");
    struct mono from = r.now.mono;
    rig_ticks(&r, 5 * 60 * US_PER_S);
    assert_in_range(rig_count(&r, "/health", from), 1, 2); /* neither: no hammering */
    rig_end(&r);
}

static void an_empty_list_of_the_bot_proves_nothing(void **state) {
    (void)state;
    static const char trade[] = "{\"trades\": [{\"id\": \"5\", \"order_id\": \"1\", \"symbol\": \"BTC/USDT\", "
                                "\"side\": \"buy\", \"amount\": \"1\", \"price\": \"100\", "
                                "\"cost\": \"100\", \"fee\": null, \"timestamp\": \"2026-01-01T00:00:00+00:00\"}]}";
    static const char order[] = "{\"orders\": [{\"id\": \"9\", \"symbol\": \"BTC/USDT\", \"side\": \"buy\", \"type\": "
                                "\"limit\", \"price\": \"90\", \"amount\": \"1\", "
                                "\"filled\": \"0\", \"remaining\": \"1\", \"status\": \"open\", \"timestamp\": "
                                "\"2026-01-01T00:00:00+00:00\"}]}";
    rig_begin(&r);
    rig_rule(&r, "/api/trades", 200, trade);
    rig_rule(&r, "/api/orders", 200, order);
    rig_start_live(&r, 15 * US_PER_S);
    struct pair *p = rig_pair(&r, "BTC/USDT");
    assert_int_equal(ledger_count(p->ledger), 1);
    assert_int_equal(p->orders->count, 1);
    rig_no_rules(&r);
    rig_rule(&r, "/api/trades", 200, "{\"trades\": []}");
    rig_ticks(&r, 9 * US_PER_S);
    assert_int_equal(p->orders->count, 1); /* one empty answer is an outage as likely as not */
    rig_ticks(&r, 60 * US_PER_S);
    assert_int_equal(p->orders->count, 0);
    assert_int_equal(ledger_count(p->ledger), 1);
    assert_int_equal(r.e->status, STATUS_STALE); /* no fills were read for over a minute */
    rig_end(&r);
}

/* Two upstreams tell the open orders: what was asked for earlier is older, whenever it comes. */
static void a_list_that_was_asked_for_before_another_does_not_replace_it(void **state) {
    (void)state;
    static const char order[] = "{\"orders\": [{\"id\": \"9\", \"symbol\": \"BTC/USDT\", \"side\": \"buy\", \"type\": "
                                "\"limit\", \"price\": \"90\", \"amount\": \"1\", "
                                "\"filled\": \"0\", \"remaining\": \"1\", \"status\": \"open\", \"timestamp\": "
                                "\"2026-01-01T00:00:00+00:00\"}]}";
    rig_begin_live(&r, true, 15 * US_PER_S);
    struct pair *p = rig_pair(&r, "BTC/USDT");
    struct mono from = r.now.mono;
    rig_rule(&r, "openOrders", -1, NULL);
    rig_rule(&r, "/api/orders", 200, order);
    assert_true(ask_binance(r.e, &(struct request){.ask = ASK_OPEN_ORDERS, .pair = 0}, NEED_PNL));
    rig_ticks(&r, US_PER_S);
    const struct rig_seen *slow = rig_last(&r, "openOrders.status");
    assert_true(slow != NULL && slow->at.us >= from.us);
    assert_true(ask_bot(r.e, &(struct request){.ask = ASK_BOT_ORDERS, .pair = 0}));
    rig_ticks(&r, US_PER_S);
    assert_int_equal(p->orders->count, 1);
    char reply[100];
    const char *id = strstr(slow->text, "\"id\":");
    assert_non_null(id);
    (void)snprintf(reply, sizeof reply, "{%.*s,\"status\":200,\"result\":[]}", (int)strcspn(id, ","), id);
    rig_user(&r, reply);
    assert_int_equal(p->orders->count, 1);
    rig_no_rules(&r); /* nor is the bot's the last word: the exchange is asked again, by itself */
    rig_ticks(&r, 30 * US_PER_S);
    assert_int_equal(p->orders->count, 0);
    rig_end(&r);
}

/* ---- weight ---- */

/* The header was written before what followed the question had arrived. */
static void used_weight_counts_what_was_sent_since_the_question(void **state) {
    (void)state;
    begin_live(true);
    struct weight_budget *b = &r.e->exchange.weight;
    while (r.now.wall.us % US_PER_MIN > 30 * US_PER_S) rig_ticks(&r, US_PER_S); /* within one minute */
    struct request asked = {.spent = b->spent};
    weight_spend(b, engine_exchange_time(r.e), 20);
    request_tells_weight(r.e, &asked, 3000, -1);
    assert_int_equal(b->used, 3020);
    request_tells_weight(r.e, NULL, 3000, -1); /* nobody knows by which question: nothing is lowered */
    assert_int_equal(b->used, 3020);
    request_tells_weight(r.e, &asked, -1, 1200); /* says nothing of what is used */
    assert_int_equal(b->used, 3020);
    assert_int_equal(b->limit, 1200);
    rig_end(&r);
}

/* ---- trades ---- */

static void open_orders_that_failed_are_asked_again(void **state) {
    (void)state;
    rig_begin(&r);
    rig_key(&r);
    rig_symbols(&r, "BTC/USDT", NULL);
    r.config.source = SOURCE_IS_EXCHANGE;
    rig_rule(&r, "openOrders", 500, "{\"code\":-1000,\"msg\":\"unknown\"}");
    rig_start(&r);
    rig_ticks(&r, 20 * US_PER_S);
    assert_false(rig_pair(&r, "BTC/USDT")->orders_known);
    assert_in_range(rig_count(&r, "openOrders", EVER), 2, 6);
    rig_no_rules(&r);
    rig_ticks(&r, 20 * US_PER_S);
    assert_true(rig_pair(&r, "BTC/USDT")->orders_known);
    rig_end(&r);
}

static void an_unknown_symbol_stops_nobody(void **state) {
    (void)state;
    rig_begin(&r);
    rig_key(&r);
    rig_symbols(&r, "BTC/USDT", "NIX/USDT");
    rig_rule(&r, "NIXUSDT", 400, "{\"code\":-1121,\"msg\":\"Invalid symbol.\"}");
    rig_rule(&r, "/exchangeInfo", 200, NULL);
    rig_start_live(&r, 60 * US_PER_S);
    struct mono from = r.now.mono;
    rig_ticks(&r, 130 * 60 * US_PER_S);
    assert_int_equal(rig_count(&r, "http://rest", from), 0); /* asked hourly, over the connection */
    assert_in_range(rig_count(&r, "NIXUSDT", from), 2, 3);
    assert_int_equal(r.e->mode, MODE_STREAMING);
    rig_end(&r);
}

static void a_page_that_leads_nowhere_is_not_asked_in_a_loop(void **state) {
    (void)state;
    char *page = malloc(400 * 1000), *at = page;
    assert_non_null(page);
    for (int i = 0; i < 1000; i++)
        at += sprintf(at,
                      "%s{\"symbol\":\"BTCUSDT\",\"id\":%d,\"orderId\":1,\"orderListId\":-1,\"price\":\"100\",\"qty\":"
                      "\"1\",\"quoteQty\":\"100\",\"commission\":\"0\",\"commissionAsset\":\"USDT\",\"time\":"
                      "1767225600000,\"isBuyer\":true,\"isMaker\":true,\"isBestMatch\":true}",
                      i ? "," : "[", i);
    (void)sprintf(at, "]");
    rig_begin(&r);
    rig_key(&r);
    rig_rule(&r, "myTrades", 200, page);
    rig_start(&r);
    rig_ticks(&r, 60 * US_PER_S);
    assert_in_range(rig_count(&r, "myTrades", EVER), 4, 20);
    assert_int_equal(ledger_count(rig_pair(&r, "BTC/USDT")->ledger), 1000);
    rig_end(&r);
    free(page);
}

static void garbage_counts_and_changes_nothing(void **state) {
    (void)state;
    begin_live(true);
    uint64_t rejected = r.e->user.rejected, messages = r.e->user.messages, logs = r.logs;
    for (int i = 0; i < 50; i++) rig_user(&r, "}garbage{");
    assert_int_equal(r.e->user.rejected, rejected + 50);
    assert_int_equal(r.e->user.messages, messages + 50);
    assert_true(r.logs - logs <= 1); /* once a minute per kind */
    rig_end(&r);
}

static void charts_never_take_the_whole_table(void **state) {
    (void)state;
    begin_live(true);
    rig_rule(&r, "klines", -1, NULL);
    for (int i = 0; i < 300; i++)
        rig_handle(&r, &(struct event){.kind = EVENT_WANT_CANDLES,
                                       .id = 10 + (uint64_t)i,
                                       .symbol = name_of("BTC/USDT"),
                                       .interval = name_of("1h"),
                                       .limit = 10,
                                       .before = {1767225600000000 + i}});
    assert_int_equal(r.candles_answers, 300 - ON_DEMAND_MAX);
    assert_int_equal(r.candles_err, ERR_BAD_STATE);
    struct mono from = r.now.mono;
    rig_ticks(&r, 5 * US_PER_S);
    assert_in_range(rig_count(&r, "/metrics", from), 2, 3);
    rig_ticks(&r, 10 * US_PER_S);
    assert_int_equal(r.candles_answers, 300); /* each is answered, if only by a failure */
    rig_end(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refused_key_is_tried_once_a_minute),
        cmocka_unit_test(a_key_refused_while_the_stream_lives_is_tried_again),
        cmocka_unit_test(a_firewall_without_key_is_not_a_refused_key),
        cmocka_unit_test(without_key_nothing_signed_goes_out),
        cmocka_unit_test(a_wrong_clock_is_set_and_the_subscription_repeated_once),
        cmocka_unit_test(twice_refused_for_the_clock_the_link_goes),
        cmocka_unit_test(the_time_is_asked_until_it_is_known),
        cmocka_unit_test(a_step_of_our_clock_moves_no_timestamp),
        cmocka_unit_test(a_list_of_orders_counts_though_our_clock_went_back),
        cmocka_unit_test(a_step_of_our_clock_does_not_shorten_a_ban),
        cmocka_unit_test(open_orders_are_asked_again_when_the_bot_does_not_answer),
        cmocka_unit_test(after_a_gap_the_open_orders_are_the_exchange_s),
        cmocka_unit_test(silence_after_429_is_whole),
        cmocka_unit_test(a_ban_said_with_the_exchanges_time_lasts_as_long_as_it_said),
        cmocka_unit_test(retry_after_counts_on_the_clock_of_the_exchange),
        cmocka_unit_test(a_ban_that_is_over_stays_over_when_the_time_is_known),
        cmocka_unit_test(repeated_429_without_a_time_doubles_the_silence),
        cmocka_unit_test(one_poll_counts_one_failure),
        cmocka_unit_test(the_trial_is_one_cheap_call),
        cmocka_unit_test(a_trial_that_finds_no_metrics_tries_health),
        cmocka_unit_test(neutral_answers_neither_raise_nor_reset_the_count),
        cmocka_unit_test(a_bot_that_refuses_us_is_asked_once_in_ten_seconds),
        cmocka_unit_test(one_refused_endpoint_is_told_and_the_others_go_on),
        cmocka_unit_test(a_bot_that_wants_silence_is_told_of_while_the_streams_go_on),
        cmocka_unit_test(an_absent_endpoint_is_asked_every_ten_minutes),
        cmocka_unit_test(health_is_asked_where_metrics_are_absent),
        cmocka_unit_test(an_empty_list_of_the_bot_proves_nothing),
        cmocka_unit_test(a_list_that_was_asked_for_before_another_does_not_replace_it),
        cmocka_unit_test(used_weight_counts_what_was_sent_since_the_question),
        cmocka_unit_test(open_orders_that_failed_are_asked_again),
        cmocka_unit_test(an_unknown_symbol_stops_nobody),
        cmocka_unit_test(a_page_that_leads_nowhere_is_not_asked_in_a_loop),
        cmocka_unit_test(garbage_counts_and_changes_nothing),
        cmocka_unit_test(charts_never_take_the_whole_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
