/* streams.c: both feeds as a whole: connect, subscribe, sync, replace, and what the gap ledger and the words say meanwhile. */
#include "rig.h"

#include <stdio.h>

static struct rig r;
#define EVER ((struct mono){0})

static void begin_live(bool key) {
    rig_begin_live(&r, key, 80 * US_PER_S);
} /* the looks at the trades that follow a start are over */

static void the_user_feed_is_live_only_when_the_trades_are_merged(void **state) {
    (void)state;
    rig_begin(&r);
    rig_key(&r);
    rig_rule(&r, "myTrades", -1, NULL);
    rig_start(&r);
    rig_ticks(&r, 8 * US_PER_S);
    assert_int_equal(r.e->user.state, FEED_SYNCING);
    rig_no_rules(&r);
    rig_ticks(&r, 20 * US_PER_S);
    assert_int_equal(r.e->user.state, FEED_LIVE);
    rig_end(&r);
}

static void without_key_a_lost_connection_is_no_gap(void **state) {
    (void)state;
    begin_live(false);
    r.refuse_connections = true;
    rig_close(&r, r.e->user.cur.id);
    assert_int_equal(r.e->gap_count, 0);
    assert_int_equal(r.e->status, STATUS_CONNECTED);
    assert_int_equal(r.e->mode, MODE_STREAMING);
    rig_end(&r);
}

/* The market feed's newest link fails before it stood. */
static void unreachable(enum err err, const char *words) {
    while (r.e->market.cur.id == 0) rig_pass(&r, US_PER_S);
    rig_handle(&r, &(struct event){.kind = EVENT_WS_CLOSED,
                                   .id = r.e->market.cur.id,
                                   .err = err,
                                   .code = 1006,
                                   .body = span_of(words),
                                   .weight_used = -1,
                                   .remaining = -1});
}

static void a_feed_that_is_not_reached_says_where_and_why_once(void **state) {
    static const char other_host[] =
        "SSL: no alternative certificate subject name matches target host name 'stream.example.org'";
    (void)state;
    rig_begin(&r);
    r.config.stream_url = "wss://stream.example.org:9443";
    rig_rule(&r, "stream.example.org", -1, NULL);
    rig_start(&r);
    for (int i = 0; i < 5; i++) {
        unreachable(ERR_TLS, "SSL certificate problem: certificate has expired");
        assert_string_equal(r.e->market.reason,
                            "TLS to stream.example.org:9443 failed: SSL certificate problem: certificate has expired");
    }
    assert_int_equal(
        rig_count(&r, "stream not reached: TLS to stream.example.org:9443 failed: SSL certificate problem", EVER), 1);
    for (int i = 0; i < 3; i++) unreachable(ERR_TLS, other_host);
    assert_non_null(strstr(r.e->market.reason, other_host)); /* to its end */
    assert_int_equal(rig_count(&r, "SSL: no alternative certificate", EVER), 1);
    for (int i = 0; i < 3; i++) unreachable(ERR_CONNECT, "Couldn't connect after 3 ms"); /* never twice the same */
    assert_string_equal(r.e->market.reason, "stream.example.org:9443: connection refused or unreachable");
    assert_int_equal(rig_count(&r, "stream.example.org:9443: connection refused", EVER), 1);
    rig_end(&r);
}

static void a_feed_that_was_live_meanwhile_says_it_again(void **state) {
    (void)state;
    begin_live(false);
    for (int i = 0; i < 2; i++) {
        rig_rule(&r, "ws://market", -1, NULL);
        rig_close(&r, r.e->market.cur.id);
        unreachable(ERR_DNS, "");
        assert_int_equal(rig_count(&r, "stream not reached: market: host name could not be resolved", EVER), i + 1);
        rig_no_rules(&r);
        rig_live(&r);
    }
    rig_end(&r);
}

static void a_shutdown_opens_the_replacement_first(void **state) {
    (void)state;
    for (int user = 0; user < 2; user++) {
        begin_live(true);
        struct feed *f = user ? &r.e->user : &r.e->market;
        uint64_t old = f->cur.id;
        struct mono from = r.now.mono;
        if (user) rig_user(&r, "{\"event\":{\"e\":\"serverShutdown\",\"E\":1}}");
        else
            rig_handle(
                &r, &(struct event){
                        .kind = EVENT_WS_TEXT,
                        .id = old,
                        .body = SPAN("{\"stream\":\"!serverShutdown\",\"data\":{\"e\":\"serverShutdown\",\"E\":1}}")});
        assert_int_equal(f->state, FEED_DRAINING);
        assert_int_equal(rig_connects(&r, "ws://", from), 1);
        assert_int_equal(rig_count(&r, "close", from), 0);
        rig_ticks(&r, 3 * US_PER_S);
        assert_int_equal(f->state, FEED_LIVE);
        assert_true(f->cur.id != old);
        assert_int_equal(rig_count(&r, "close", from), 1);
        assert_int_equal(r.e->gap_count, 0);
        rig_end(&r);
    }
}

static void a_replacement_under_a_ban_does_not_spin(void **state) {
    (void)state;
    begin_live(true);
    weight_ban(&r.e->exchange.weight, r.now, 120 * US_PER_S);
    rig_user(&r, "{\"event\":{\"e\":\"serverShutdown\",\"E\":1}}");
    uint64_t before = r.timers;
    struct mono from = r.now.mono;
    rig_ticks(&r, 100 * US_PER_S);
    assert_true(r.timers - before < 400);
    assert_int_equal(rig_connects(&r, "ws-api", from), 0);
    rig_ticks(&r, 30 * US_PER_S);
    assert_int_equal(rig_connects(&r, "ws-api", from), 1);
    assert_int_equal(r.e->user.state, FEED_LIVE);
    rig_end(&r);
}

/* A connection to the WebSocket API weighs as a question does. */
static void no_connection_is_opened_over_the_weight_limit(void **state) {
    (void)state;
    begin_live(true);
    while (r.now.wall.us % US_PER_MIN > 10 * US_PER_S) rig_ticks(&r, US_PER_S);
    weight_learn(&r.e->exchange.weight, engine_exchange_time(r.e), 5990, 6000);
    struct mono from = r.now.mono;
    rig_close(&r, r.e->user.cur.id);
    rig_ticks(&r, 40 * US_PER_S);
    assert_int_equal(rig_connects(&r, "ws-api", from), 0);
    rig_ticks(&r, 30 * US_PER_S); /* the next minute has room */
    assert_int_equal(rig_connects(&r, "ws-api", from), 1);
    assert_int_equal(r.e->user.state, FEED_LIVE);
    rig_end(&r);
}

static void an_ended_subscription_is_opened_again(void **state) {
    (void)state;
    begin_live(true);
    uint64_t old = r.e->user.cur.id;
    rig_user(&r, "{\"subscriptionId\":0,\"event\":{\"e\":\"eventStreamTerminated\",\"E\":1}}");
    rig_ticks(&r, 3 * US_PER_S);
    assert_int_equal(r.e->user.state, FEED_LIVE);
    assert_true(r.e->user.cur.id != old);
    rig_rule(&r, "session.subscriptions", 200, "[]");
    old = r.e->user.cur.id;
    rig_ticks(&r, 11 * 60 * US_PER_S);
    assert_true(r.e->user.cur.id != old);
    rig_end(&r);
}

static void ended_while_syncing_it_is_not_taken_for_live(void **state) {
    (void)state;
    rig_begin(&r);
    rig_key(&r);
    rig_rule(&r, "myTrades", -1, NULL);
    rig_start(&r);
    rig_ticks(&r, 3 * US_PER_S);
    assert_int_equal(r.e->user.state, FEED_SYNCING);
    rig_user(&r, "{\"subscriptionId\":0,\"event\":{\"e\":\"eventStreamTerminated\",\"E\":1}}");
    assert_int_equal(r.e->user.state, FEED_WAITING);
    rig_end(&r);
}

static void a_silent_user_stream_is_replaced_after_a_minute(void **state) {
    (void)state;
    begin_live(true);
    rig_user_ping(&r);
    struct mono from = r.now.mono;
    for (int i = 0; i < 58; i++) rig_pass(&r, US_PER_S), rig_tick(&r, "BTCUSDT", "100");
    assert_int_equal(rig_connects(&r, "ws-api", from), 0);
    for (int i = 0; i < 25; i++) rig_pass(&r, US_PER_S), rig_tick(&r, "BTCUSDT", "100");
    assert_int_equal(rig_connects(&r, "ws-api", from), 1);
    assert_int_equal(r.e->user.state, FEED_LIVE);
    rig_end(&r);
}

static void a_gap_is_asked_about_over_the_replacement_not_the_dead_link(void **state) {
    (void)state;
    begin_live(true);
    rig_user_ping(&r);
    uint64_t dead = r.e->user.cur.id;
    struct mono from = {r.now.mono.us + 59 * US_PER_S}; /* then it has been silent for a minute */
    size_t asked = 0;
    for (int i = 0; i < 85; i++) rig_pass(&r, US_PER_S), rig_tick(&r, "BTCUSDT", "100");
    for (size_t i = 0; i < r.seen_count; i++) {
        if (r.seen[i].at.us < from.us || strstr(r.seen[i].text, "myTrades") == NULL) continue;
        assert_int_not_equal(r.seen[i].id, dead);
        asked++;
    }
    assert_true(asked > 0);
    rig_end(&r);
}

static void events_before_the_symbols_are_known_are_kept(void **state) {
    (void)state;
    rig_begin(&r);
    rig_key(&r);
    rig_rule(&r, "/api/strategies", -1, NULL);
    rig_start(&r);
    rig_pass(&r, US_PER_S);
    assert_int_equal(r.e->pair_count, 0);
    assert_true(r.e->exchange.info_known);
    rig_fill(&r, 7, "BUY", "100", "1", "0", "USDT");
    assert_int_equal(r.e->count.other_symbol_fills, 0);
    rig_rule(&r, "xchangeInfo", 200, NULL);
    rig_no_rules(&r);
    rig_ticks(&r, 30 * US_PER_S);
    assert_int_equal(ledger_count(rig_pair(&r, "BTC/USDT")->ledger), 1);
    rig_user(&r, "{\"subscriptionId\":0,\"event\":{\"e\":\"executionReport\",\"E\":1,\"s\":\"DOGEUSDT\",\"c\":\"x\","
                 "\"S\":\"BUY\",\"o\":\"LIMIT\",\"f\":\"GTC\",\"q\":\"1\",\"p\":\"1\","
                 "\"P\":\"0\",\"F\":\"0\",\"g\":-1,\"C\":\"\",\"x\":\"TRADE\",\"X\":\"FILLED\",\"r\":\"NONE\",\"i\":1,"
                 "\"l\":\"1\",\"z\":\"1\",\"L\":\"1\",\"n\":\"0\",\"N\":null,"
                 "\"T\":1767225600000,\"t\":1,\"I\":1,\"w\":false,\"m\":true,\"M\":false,\"O\":1,\"Z\":\"0\",\"Y\":"
                 "\"1\",\"Q\":\"0\",\"W\":1,\"V\":\"NONE\"}}");
    assert_int_equal(r.e->count.other_symbol_fills, 1);
    rig_end(&r);
}

static void new_streams_are_named_though_they_come_at_once(void **state) {
    (void)state;
    begin_live(true);
    struct mono from = r.now.mono;
    static const char *const intervals[] = {"1m", "5m", "1h"};
    for (int i = 0; i < 3; i++)
        rig_handle(&r, &(struct event){.kind = EVENT_WATCH_CANDLES,
                                       .symbol = name_of("BTC/USDT"),
                                       .interval = name_of(intervals[i]),
                                       .on = true});
    rig_ticks(&r, 2 * US_PER_S);
    bool named = false;
    for (size_t i = 0; i < r.seen_count; i++)
        named |=
            r.seen[i].at.us >= from.us && strstr(r.seen[i].text, "SUBSCRIBE") && strstr(r.seen[i].text, "kline_1h");
    assert_true(named);
    rig_end(&r);
}

static void watch(const char *interval, bool on) {
    rig_handle(
        &r, &(struct event){
                .kind = EVENT_WATCH_CANDLES, .symbol = name_of("BTC/USDT"), .interval = name_of(interval), .on = on});
}

/* Frames since then that have both words. */
static size_t frames(const char *method, const char *name, struct mono from) {
    size_t n = 0;
    for (size_t i = 0; i < r.seen_count; i++)
        n += r.seen[i].at.us >= from.us && strstr(r.seen[i].text, method) && strstr(r.seen[i].text, name);
    return n;
}

static void a_closed_chart_takes_its_stream_back_and_names_nothing_else_again(void **state) {
    (void)state;
    begin_live(true);
    struct mono from = r.now.mono;
    watch("1h", true);
    rig_ticks(&r, 2 * US_PER_S);
    assert_int_equal(frames("\"SUBSCRIBE", "btcusdt@kline_1h", from), 1);
    assert_int_equal(frames("\"SUBSCRIBE", "btcusdt@ticker", from), 0);
    for (int i = 0; i < 100; i++) watch("1h", i % 2 != 0); /* nothing changes in the end */
    rig_ticks(&r, 2 * US_PER_S);
    from = r.now.mono;
    watch("1h", false);
    watch("1d", true);
    rig_ticks(&r, 2 * US_PER_S);
    assert_int_equal(frames("UNSUBSCRIBE", "btcusdt@kline_1h", from), 1);
    assert_int_equal(frames("\"SUBSCRIBE", "btcusdt@kline_1d", from), 1);
    assert_int_equal(frames("SUBSCRIBE", "kline", from), 2);
    assert_int_equal(r.e->market.state, FEED_LIVE);
    from = r.now.mono;
    rig_close(&r, r.e->market.cur.id);
    rig_ticks(&r, 10 * US_PER_S);
    assert_int_equal(frames("SUBSCRIBE", "kline_1h", from), 0);
    assert_int_equal(frames("\"SUBSCRIBE", "btcusdt@kline_1d", from), 1);
    rig_end(&r);
}

static void a_closed_chart_leaves_the_minutes_that_value_fees(void **state) {
    (void)state;
    begin_live(true);
    for (size_t i = 0; i < r.e->market_count; i++) r.e->markets[i]->needs_minutes = true;
    watch("1m", true);
    rig_ticks(&r, 2 * US_PER_S);
    struct mono from = r.now.mono;
    watch("1m", false);
    rig_ticks(&r, 2 * US_PER_S);
    assert_int_equal(frames("UNSUBSCRIBE", "kline", from), 0);
    rig_end(&r);
}

static void charts_toggled_without_end_hold_up_no_other_stream(void **state) {
    (void)state;
    static char names[120][24];
    rig_begin(&r);
    for (int i = 0; i < 120; i++) {
        (void)snprintf(names[i], sizeof names[i], "A%03d/USDT", i);
        assert_int_equal(name_set(&r.config.symbols[i], span_from(names[i], strlen(names[i]))), ERR_OK);
    }
    r.config.symbol_count = 120;
    rig_start(&r);
    for (int i = 0; i < 400; i++) { /* ten a second */
        rig_handle(&r, &(struct event){.kind = EVENT_WATCH_CANDLES,
                                       .symbol = r.config.symbols[0],
                                       .interval = name_of("5m"),
                                       .on = i % 2 == 0});
        rig_pass(&r, 100 * US_PER_MS);
    }
    assert_true(frames("\"SUBSCRIBE", "a119usdt@ticker", EVER) >= 1);
    rig_end(&r);
}

static void a_listen_key_that_is_refused_is_not_hammered(void **state) {
    (void)state;
    rig_begin(&r);
    rig_key(&r);
    r.config.user_stream = USER_STREAM_LISTEN_KEY;
    rig_rule(&r, "userDataStream", 410, "<html>410 Gone</html>");
    rig_start(&r);
    rig_ticks(&r, 10 * 60 * US_PER_S);
    assert_in_range(rig_count(&r, "userDataStream", EVER), 8, 62);
    rig_no_rules(&r);
    rig_ticks(&r, 90 * US_PER_S);
    assert_int_equal(r.e->user.state, FEED_LIVE);
    struct mono from = r.now.mono;
    rig_ticks(&r, 51 * 60 * US_PER_S);
    assert_int_equal(rig_count(&r, "userDataStream?listenKey", from), 2); /* kept alive every 25 minutes */
    rig_end(&r);
}

static void a_forgotten_listen_key_is_made_anew(void **state) {
    (void)state;
    rig_begin(&r);
    rig_key(&r);
    r.config.user_stream = USER_STREAM_LISTEN_KEY;
    rig_start(&r);
    rig_live(&r);
    rig_rule(&r, "userDataStream?listenKey", 400, "{\"code\":-1125,\"msg\":\"This listenKey does not exist.\"}");
    struct mono from = r.now.mono;
    rig_ticks(&r, 26 * 60 * US_PER_S);
    assert_int_equal(rig_connects(&r, "/ws/abc", from), 1);
    assert_int_equal(r.e->user.state, FEED_LIVE);
    rig_end(&r);
}

static void a_late_listen_key_opens_no_second_link(void **state) {
    (void)state;
    rig_begin(&r);
    rig_key(&r);
    r.config.user_stream = USER_STREAM_LISTEN_KEY;
    rig_start(&r);
    rig_live(&r);
    rig_user(&r, "{\"e\":\"listenKeyExpired\",\"E\":1,\"listenKey\":\"abc\"}"); /* a new key is asked for */
    rig_close(&r, r.e->user.cur.id);                                            /* and meanwhile the link is lost */
    rig_ticks(&r, 20 * US_PER_S);
    assert_int_equal(r.e->user.state, FEED_LIVE);
    assert_int_equal(r.e->user.next.id, 0);
    rig_end(&r);
}

static void order_report(const char *x, const char *reason) {
    char text[700];
    (void)snprintf(
        text, sizeof text,
        "{\"subscriptionId\":0,\"event\":{\"e\":\"executionReport\",\"E\":1767225999000,\"s\":\"BTCUSDT\",\"S\":"
        "\"BUY\",\"o\":\"LIMIT\",\"q\":\"1\",\"p\":\"90\",\"x\":\"%s\",\"X\":\"%s\",\"r\":\"%s\",\"i\":77,\"l\":"
        "\"0\",\"z\":\"0\",\"L\":\"0\",\"n\":\"0\",\"N\":null,\"T\":1767225999000,\"t\":-1}}",
        x, x, reason);
    rig_user(&r, text);
}

static void a_rejected_order_is_remembered_at_its_price(void **state) {
    (void)state;
    begin_live(true);
    const struct orders *o = rig_pair(&r, "BTC/USDT")->orders;
    order_report("REJECTED", "INSUFFICIENT_BALANCES");
    assert_int_equal(o->note_count, 1);
    assert_int_equal(o->notes[0].end, ORDER_REJECTED_BALANCE);
    assert_true(o->notes[0].at.us == INT64_C(1767225999000000));
    order_report("NEW", "NONE");
    assert_int_equal(o->note_count, 0);
    order_report("CANCELED", "NONE");
    assert_int_equal(o->notes[0].end, ORDER_CANCELED);
    rig_end(&r);
}

static void a_key_that_expires_on_the_replacement_is_not_used_again(void **state) {
    (void)state;
    rig_begin(&r);
    rig_key(&r);
    r.config.user_stream = USER_STREAM_LISTEN_KEY;
    rig_start(&r);
    rig_live(&r);
    rig_rule(&r, "myTrades", 500, "{}"); /* so that the replacement waits for the trades, and the old link goes on */
    rig_user(&r, "{\"e\":\"serverShutdown\",\"E\":1}");
    rig_ticks(&r, 2 * US_PER_S);
    assert_int_not_equal(r.e->user.next.id, 0);
    struct mono from = r.now.mono;
    rig_rule(&r, "userDataStream", 200, "{\"listenKey\":\"def\"}");
    rig_handle(&r, &(struct event){.kind = EVENT_WS_TEXT,
                                   .id = r.e->user.next.id,
                                   .body = SPAN("{\"e\":\"listenKeyExpired\",\"E\":1,\"listenKey\":\"abc\"}")});
    rig_ticks(&r, 30 * US_PER_S);
    assert_int_equal(rig_connects(&r, "/ws/abc", from), 0);
    assert_true(rig_connects(&r, "/ws/def", from) > 0);
    rig_end(&r);
}

static void gaps_say_what_filled_them(void **state) {
    (void)state;
    static const char row[] =
        "[{\"symbol\":\"BTCUSDT\",\"id\":50,\"orderId\":1,\"orderListId\":-1,\"price\":\"100\",\"qty\":\"1\","
        "\"quoteQty\":\"100\",\"commission\":\"0\","
        "\"commissionAsset\":\"USDT\",\"time\":%lld,\"isBuyer\":true,\"isMaker\":true,\"isBestMatch\":true}]";
    char body[400];
    rig_begin(&r);
    rig_key(&r);
    r.clock_offset_us = 30 * US_PER_S; /* the exchange's clock is not ours */
    rig_start_live(&r, 15 * US_PER_S);
    rig_fill(&r, 49, "BUY", "100", "1", "0", "USDT");
    rig_pass(&r, US_PER_S);
    rig_close(&r, r.e->user.cur.id);
    assert_int_equal(r.e->gap_count, 1);
    (void)snprintf(body, sizeof body, row, (long long)((r.now.wall.us + r.clock_offset_us) / 1000 + 100));
    rig_rule(&r, "myTrades", 200, body);
    rig_ticks(&r, 20 * US_PER_S);
    assert_int_equal(r.e->user.state, FEED_LIVE);
    assert_true(r.e->gaps[0].to.us != 0);
    assert_int_equal(r.e->gaps[0].recovered_fills, 1);
    assert_int_equal(r.e->count.fills_applied, 2);
    rig_end(&r);
}

static void words_follow_the_state(void **state) {
    (void)state;
    rig_begin(&r);
    rig_key(&r);
    r.refuse_connections = true;
    rig_rule(&r, "http://", -1, NULL);
    rig_start(&r);
    rig_pass(&r, US_PER_S);
    assert_int_equal(r.e->mode, MODE_STARTING);
    assert_int_equal(r.e->reason, REASON_STARTING);
    rig_no_rules(&r);
    rig_pass(&r, 60 * US_PER_S);
    assert_int_equal(r.e->mode, MODE_POLLING);
    assert_int_equal(r.e->status, STATUS_CONNECTED);
    r.refuse_connections = false;
    rig_ticks(&r, 90 * US_PER_S);
    assert_int_equal(r.e->mode, MODE_STREAMING);
    r.refuse_connections = true;
    rig_rule(&r, "http://", 0, NULL);
    rig_close(&r, r.e->user.cur.id);
    rig_close(&r, r.e->market.cur.id);
    rig_pass(&r, 30 * US_PER_S);
    assert_int_equal(r.e->mode, MODE_POLLING); /* not "starting" again */
    assert_int_equal(r.e->status, STATUS_RECONNECTING);
    rig_pass(&r, 120 * US_PER_S);
    assert_int_equal(r.e->status, STATUS_OFFLINE);
    assert_int_equal(r.e->mode, MODE_OFFLINE);
    assert_int_equal(r.e->reason, REASON_BREAKER);
    rig_end(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_user_feed_is_live_only_when_the_trades_are_merged),
        cmocka_unit_test(without_key_a_lost_connection_is_no_gap),
        cmocka_unit_test(a_feed_that_is_not_reached_says_where_and_why_once),
        cmocka_unit_test(a_feed_that_was_live_meanwhile_says_it_again),
        cmocka_unit_test(a_shutdown_opens_the_replacement_first),
        cmocka_unit_test(a_replacement_under_a_ban_does_not_spin),
        cmocka_unit_test(no_connection_is_opened_over_the_weight_limit),
        cmocka_unit_test(an_ended_subscription_is_opened_again),
        cmocka_unit_test(ended_while_syncing_it_is_not_taken_for_live),
        cmocka_unit_test(a_silent_user_stream_is_replaced_after_a_minute),
        cmocka_unit_test(a_gap_is_asked_about_over_the_replacement_not_the_dead_link),
        cmocka_unit_test(events_before_the_symbols_are_known_are_kept),
        cmocka_unit_test(new_streams_are_named_though_they_come_at_once),
        cmocka_unit_test(a_closed_chart_takes_its_stream_back_and_names_nothing_else_again),
        cmocka_unit_test(a_closed_chart_leaves_the_minutes_that_value_fees),
        cmocka_unit_test(charts_toggled_without_end_hold_up_no_other_stream),
        cmocka_unit_test(a_listen_key_that_is_refused_is_not_hammered),
        cmocka_unit_test(a_forgotten_listen_key_is_made_anew),
        cmocka_unit_test(a_late_listen_key_opens_no_second_link),
        cmocka_unit_test(a_rejected_order_is_remembered_at_its_price),
        cmocka_unit_test(a_key_that_expires_on_the_replacement_is_not_used_again),
        cmocka_unit_test(gaps_say_what_filled_them),
        cmocka_unit_test(words_follow_the_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
