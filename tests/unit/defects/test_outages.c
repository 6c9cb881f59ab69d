/* The predecessor's defects of sections A and B: its breaker never opened, and its status was green over a dead bot. */
#include "shown.h"

static struct rig r;
#define EVER ((struct mono){0})

static void begin_live(bool key) { rig_begin_live(&r, key, 15 * US_PER_S); }

static void bot_dies(void) {
    rig_rule(&r, "http://bot", 0, NULL);
    for (int s = 0; s < 120 && strcmp(shown(&r, "bot.breaker.state"), "open") != 0; s++) rig_ticks(&r, US_PER_S);
    assert_shown(&r, "bot.breaker.state", "open");
}

/* Failures come after the call has returned: as an answer, later. */
static void defect_a1_it_opens_though_failures_come_later(void **state) {
    (void)state;
    begin_live(false);
    struct mono from = r.now.mono;
    bot_dies();
    assert_shown(&r, "bot.breaker.consecutive_failures", "5");
    assert_string_not_equal(shown(&r, "bot.breaker.next_trial_at"), "null");
    assert_string_not_equal(shown(&r, "bot.breaker.last_error"), "null");
    assert_in_range(r.now.mono.us - from.us, 0, 30 * US_PER_S);
    from = mono_add(r.now.mono, 1);
    rig_ticks(&r, 55 * US_PER_S);
    assert_int_equal(rig_count(&r, "http://bot", from), 0);
    rig_end(&r);
}

/* pybreaker's listeners are our log and the browsers' deltas: each change of state is told once, and only changes are. */
static void each_change_of_the_breaker_is_told_once(void **state) {
    (void)state;
    begin_live(false);
    struct mono from = r.now.mono;
    struct buf out;
    struct view *v = view_new(r.e, r.now);
    assert_non_null(v);
    bot_dies();
    assert_int_equal(rig_count(&r, "circuit breaker open", from), 1);
    buf_init(&out, 1 << 20);
    assert_true(view_delta(v, &out, r.e, r.now, 2));
    buf_putc(&out, '\0');
    assert_non_null(strstr(out.at, "\"state\":\"open\""));
    buf_free(&out);
    rig_no_rules(&r);
    rig_ticks(&r, 65 * US_PER_S);
    assert_shown(&r, "bot.breaker.state", "closed");
    assert_int_equal(rig_count(&r, "circuit breaker open", from), 1);
    assert_int_equal(rig_count(&r, "circuit breaker closed", from), 1);
    view_free(v);
    rig_end(&r);
}

static void defect_a2_open_it_answers_without_bringing_anything_down(void **state) {
    (void)state;
    begin_live(true);
    rig_fill(&r, 1, "BUY", "100", "1", "0", "USDT");
    bot_dies();
    rig_fill(&r, 2, "SELL", "110", "1", "0", "USDT");
    rig_ticks(&r, 2 * US_PER_S);
    assert_amount(&r, "pnl.realized", "10");
    assert_shown(&r, "streams.market.state", "live");
    r.refuse_connections = true; /* a chart can only come from the bot now: refused with a word, at once or soon */
    rig_rule(&r, "http://rest", 0, NULL);
    rig_close(&r, r.e->market.cur.id);
    rig_close(&r, r.e->user.cur.id);
    rig_handle(&r, &(struct event){.kind = EVENT_WANT_CANDLES,
                                   .id = 7,
                                   .symbol = name_of("BTC/USDT"),
                                   .interval = name_of("1h"),
                                   .limit = 10});
    rig_pass(&r, 20 * US_PER_S);
    assert_int_equal(r.candles_answers, 1);
    assert_int_not_equal(r.candles_err, ERR_OK);
    assert_amount(&r, "pnl.realized", "10");
    rig_end(&r);
}

static void defect_a3_a_failing_trial_opens_it_again(void **state) {
    (void)state;
    begin_live(false);
    bot_dies();
    struct mono from = mono_add(r.now.mono, 1);
    rig_ticks(&r, 65 * US_PER_S);
    assert_int_equal(rig_count(&r, "http://bot", from), 1);
    assert_shown(&r, "bot.breaker.state", "open");
    assert_int_equal(r.e->bot.breaker.opened, 2);
    rig_no_rules(&r);
    rig_ticks(&r, 65 * US_PER_S);
    assert_shown(&r, "bot.breaker.state", "closed");
    rig_end(&r);
}

/* The questions of one round fail together: that is one outage seen, not three. */
static void defect_a4_one_round_of_questions_is_one_failure(void **state) {
    (void)state;
    begin_live(false);
    rig_rule(&r, "http://bot", 0, NULL);
    size_t asked = 0, rounds = 0;
    while (strcmp(shown(&r, "bot.breaker.state"), "open") != 0) {
        struct mono from = r.now.mono;
        int before = r.e->bot.breaker.consecutive_failures;
        rig_ticks(&r, US_PER_S);
        size_t now = rig_count(&r, "http://bot", mono_add(from, 1));
        asked += now, rounds += now > 0;
        assert_in_range(r.e->bot.breaker.consecutive_failures - before, 0, now > 0 ? 2 : 1);
    }
    assert_true(asked >= 5 && rounds >= 4);
    rig_end(&r);
}

static void defect_a5_an_endpoint_that_fails_alone_is_put_off_alone(void **state) {
    (void)state;
    begin_live(false);
    rig_rule(&r, "/api/trades", 500, "{\"error\": \"database is locked\"}");
    struct mono from = r.now.mono;
    rig_ticks(&r, 20 * 60 * US_PER_S);
    assert_in_range(rig_count(&r, "/api/trades", from), 5, 60); /* one in 5 s would be 240 */
    assert_true(rig_count(&r, "/metrics", from) > 590);
    assert_shown(&r, "bot.health", "healthy");
    assert_string_not_equal(shown(&r, "status"), "connected"); /* and it is not called well */
    rig_end(&r);
}

static void defect_a6_refusals_are_no_outages(void **state) {
    (void)state;
    static const int statuses[] = {404, 401, 403, 429};
    for (size_t i = 0; i < 4; i++) {
        begin_live(false);
        rig_rule(&r, "http://bot", statuses[i], "{}");
        rig_ticks(&r, 5 * 60 * US_PER_S);
        assert_shown(&r, "bot.breaker.state", "closed");
        assert_shown(&r, "bot.breaker.consecutive_failures", "0");
        rig_end(&r);
    }
}

static void defect_a7_the_header_tells_the_breaker_from_no_answer(void **state) {
    (void)state;
    for (int opens = 0; opens < 2; opens++) {
        rig_begin(&r);
        if (!opens) r.config.breaker.fail_max = 100;
        rig_start(&r);
        rig_live(&r);
        rig_rule(&r, "http://", 0, NULL);
        r.refuse_connections = true;
        rig_close(&r, r.e->market.cur.id);
        rig_close(&r, r.e->user.cur.id);
        rig_pass(&r, 170 * US_PER_S);
        assert_shown(&r, "bot.breaker.state", opens ? "open" : "closed");
        assert_shown(&r, "status", "offline");
        assert_shown(&r, "status_reason", opens ? "circuit_breaker" : "no_response");
        rig_end(&r);
    }
    begin_live(false); /* and while the streams keep the figures going */
    bot_dies();
    assert_shown(&r, "status_reason", "circuit_breaker");
    rig_end(&r);
}

static void defect_a8_every_question_to_the_bot_goes_through_it(void **state) {
    (void)state;
    begin_live(false);
    bot_dies();
    struct mono from = mono_add(r.now.mono, 1);
    uint64_t refused = r.e->bot.breaker.refused;
    for (enum ask ask = ASK_BOT_HEALTH; ask < ASKS; ask++) {
        struct request q = {.ask = ask,
                            .pair = 0,
                            .symbol = name_of("BTC/USDT"),
                            .interval = name_of("1m"),
                            .limit = 10,
                            .on_demand = ask == ASK_BOT_CANDLES};
        assert_false(ask_bot(r.e, &q));
    }
    assert_int_equal(r.e->bot.breaker.refused, refused + ASKS - ASK_BOT_HEALTH);
    rig_pass(&r, US_PER_S);
    assert_int_equal(rig_count(&r, "http://bot", from), 0);
    rig_end(&r);
}

/* ---- B: status ---- */

static void defect_b1_a_dead_bot_is_not_healthy_though_the_streams_live(void **state) {
    (void)state;
    begin_live(true);
    assert_shown(&r, "bot.health", "healthy");
    rig_rule(&r, "http://bot", 0, NULL);
    rig_ticks(&r, 20 * US_PER_S);
    for (int minute = 0; minute < 20; minute++) {
        assert_string_not_equal(shown(&r, "bot.health"), "healthy");
        assert_string_not_equal(shown(&r, "bot.last_ok"), "null");
        assert_shown(&r, "mode", "streaming"); /* the figures go on */
        rig_ticks(&r, US_PER_MIN);
    }
    rig_end(&r);
}

static void defect_b2_without_streams_a_dead_bot_ends_offline_and_stays_so(void **state) {
    (void)state;
    rig_begin(&r);
    rig_start(&r);
    rig_live(&r);
    r.refuse_connections = true;
    rig_rule(&r, "http://", 0, NULL);
    rig_close(&r, r.e->market.cur.id);
    rig_close(&r, r.e->user.cur.id);
    rig_pass(&r, 3 * US_PER_MIN);
    for (int minute = 0; minute < 20; minute++) {
        assert_shown(&r, "status", "offline");
        rig_pass(&r, US_PER_MIN);
    }
    rig_end(&r);
}

static void defect_b3_green_means_trading_not_process_alive(void **state) {
    (void)state;
    begin_live(true);
    rig_rule(&r, "/metrics", 200,
             "{\"timestamp\": \"2026-01-01T00:00:00\", \"uptime_seconds\": 5.5, \"heartbeat_age_seconds\": 5.5, "
             "\"bot_running\": false}");
    rig_ticks(&r, 5 * US_PER_S);
    assert_shown(&r, "bot.health", "degraded");
    assert_non_null(strstr(shown(&r, "bot.message"), "not trading"));
    rig_no_rules(&r); /* only /health, which says healthy whatever is the case: said to be all it says */
    rig_rule(&r, "/metrics", 404, "404: Not Found");
    rig_ticks(&r, 10 * US_PER_S);
    assert_non_null(strstr(shown(&r, "bot.message"), "does not say whether it trades"));
    rig_end(&r);
}

/* Nothing of the bot keeps its heartbeat: /ready is 503 for ever, and the age of the beat only grows. */
static void defect_b4_the_bots_ready_and_heartbeat_are_not_believed(void **state) {
    (void)state;
    begin_live(true);
    rig_rule(&r, "/ready", 503, "{\"status\": \"not ready\"}");
    rig_rule(
        &r, "/metrics", 200,
        "{\"timestamp\": \"2026-01-01T00:00:00\", \"uptime_seconds\": 90000.5, \"heartbeat_age_seconds\": 90000.5, "
        "\"bot_running\": true}");
    rig_ticks(&r, 2 * US_PER_MIN);
    assert_shown(&r, "bot.health", "healthy");
    assert_int_equal(rig_count(&r, "/ready", EVER), 0);
    rig_end(&r);
}

static void defect_b5_one_failing_endpoint_leaves_the_others(void **state) {
    (void)state;
    static struct bot_rows rows;
    rig_begin(&r);
    rig_symbols(&r, "BTC/USDT", NULL);
    bot_rows_begin(&rows);
    bot_row(&rows, 1, "BTC/USDT", "buy", "90", "1", "null", "\"2026-01-01T00:00:00+00:00\"");
    rig_rule(&r, "/api/trades", 200, bot_rows_end(&rows));
    rig_rule(&r, "/api/orders", 500, "{\"error\": \"database\"}");
    rig_rule(&r, "/api/strategies", 500, "{\"error\": \"database\"}");
    rig_start_live(&r, 30 * US_PER_S);
    assert_shown(&r, "bot.health", "healthy");
    assert_amount(&r, "pairs.0.price", "100");
    assert_amount(&r, "pnl.total", "10");
    rig_end(&r);
}

static void defect_b6_connected_is_said_of_a_connection_only(void **state) {
    (void)state;
    rig_begin(&r);
    rig_key(&r);
    r.refuse_connections = true;
    rig_start(&r);
    for (int s = 0; s < 300; s++) {
        rig_pass(&r, US_PER_S);
        assert_string_not_equal(shown(&r, "streams.market.state"), "live");
        assert_string_not_equal(shown(&r, "streams.user.state"), "live");
        assert_string_not_equal(shown(&r, "mode"), "streaming");
    }
    rig_end(&r);
}

static void defect_b7_a_lost_stream_is_noticed_replaced_and_told(void **state) {
    (void)state;
    begin_live(true);
    r.refuse_connections = true;
    rig_close(&r, r.e->user.cur.id);
    rig_close(&r, r.e->market.cur.id);
    assert_string_not_equal(shown(&r, "streams.user.state"), "live");
    assert_string_not_equal(shown(&r, "streams.market.state"), "live");
    rig_pass(&r, 20 * US_PER_S);
    assert_string_not_equal(shown(&r, "streams.market.attempt"), "0");
    assert_non_null(strstr(shown(&r, "streams.market.fallback"), "polling Binance"));
    assert_string_not_equal(shown(&r, "streams.user.fallback"), "null");
    assert_shown(&r, "gaps.0.to", "null");
    r.refuse_connections = false;
    rig_pass(&r, 90 * US_PER_S);
    assert_shown(&r, "streams.user.state", "live");
    assert_string_not_equal(shown(&r, "streams.user.reconnects"), "0");
    assert_string_not_equal(shown(&r, "gaps.0.to"), "null");
    rig_end(&r);
}

static void defect_b8_the_time_of_the_figures_moves_with_the_stream(void **state) {
    (void)state;
    begin_live(true);
    char before[40];
    for (int s = 0; s < 10; s++) {
        (void)snprintf(before, sizeof before, "%s", shown(&r, "last_update"));
        assert_string_not_equal(before, "null");
        rig_pass(&r, US_PER_S);
        rig_tick(&r, "BTCUSDT", s % 2 ? "100" : "101");
        assert_true(strcmp(shown(&r, "last_update"), before) > 0);
    }
    rig_end(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defect_a1_it_opens_though_failures_come_later),
        cmocka_unit_test(each_change_of_the_breaker_is_told_once),
        cmocka_unit_test(defect_a2_open_it_answers_without_bringing_anything_down),
        cmocka_unit_test(defect_a3_a_failing_trial_opens_it_again),
        cmocka_unit_test(defect_a4_one_round_of_questions_is_one_failure),
        cmocka_unit_test(defect_a5_an_endpoint_that_fails_alone_is_put_off_alone),
        cmocka_unit_test(defect_a6_refusals_are_no_outages),
        cmocka_unit_test(defect_a7_the_header_tells_the_breaker_from_no_answer),
        cmocka_unit_test(defect_a8_every_question_to_the_bot_goes_through_it),
        cmocka_unit_test(defect_b1_a_dead_bot_is_not_healthy_though_the_streams_live),
        cmocka_unit_test(defect_b2_without_streams_a_dead_bot_ends_offline_and_stays_so),
        cmocka_unit_test(defect_b3_green_means_trading_not_process_alive),
        cmocka_unit_test(defect_b4_the_bots_ready_and_heartbeat_are_not_believed),
        cmocka_unit_test(defect_b5_one_failing_endpoint_leaves_the_others),
        cmocka_unit_test(defect_b6_connected_is_said_of_a_connection_only),
        cmocka_unit_test(defect_b7_a_lost_stream_is_noticed_replaced_and_told),
        cmocka_unit_test(defect_b8_the_time_of_the_figures_moves_with_the_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
