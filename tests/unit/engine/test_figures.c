/* figures.c: the portfolio's currency, today, staleness. */
#include "rig.h"

#include <stdio.h>

static struct rig r;

static struct fill fill_of(const char *symbol, int64_t id, enum side side, int64_t price, int64_t quantity,
                           struct wall time) {
    return (struct fill){.symbol = name_of(symbol),
                         .trade_id = id,
                         .order_id = id,
                         .side = side,
                         .source = SOURCE_REST,
                         .price = {price * DEC8_ONE},
                         .quantity = {quantity * DEC8_ONE},
                         .time = time,
                         .received_at = time};
}

static void the_currency_is_what_all_pairs_share(void **state) {
    (void)state;
    static const struct {
        const char *one, *two, *setting, *expected;
    } cases[] = {{"BTC/USDT", "ETH/USDT", NULL, "USDT"}, {"ETH/BTC", NULL, NULL, "BTC"},
                 {"ETH/BTC", "BTC/USDT", NULL, "USDT"},  {"BTC/EUR", "ETH/EUR", NULL, "EUR"},
                 {"BTC/EUR", "ETH/BTC", NULL, "USDT"},   {"BTC/USDT", NULL, "EUR", "EUR"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rig_begin(&r);
        rig_symbols(&r, cases[i].one, cases[i].two);
        if (cases[i].setting) r.config.display_currency = name_of(cases[i].setting);
        rig_rule(&r, "http://rest", -1, NULL); /* also before the exchange has said anything */
        rig_start(&r);
        assert_string_equal(r.e->display.text, cases[i].expected);
        rig_no_rules(&r);
        rig_ticks(&r, 30 * US_PER_S);
        assert_string_equal(r.e->display.text, cases[i].expected);
        rig_end(&r);
    }
}

static void another_currency_is_converted_by_the_exchanges_tickers(void **state) {
    (void)state;
    rig_begin(&r);
    rig_symbols(&r, "BTC/USDT", NULL);
    r.config.display_currency = name_of("EUR");
    rig_start(&r);
    rig_live(&r);
    struct fill f = fill_of("BTC/USDT", 1, SIDE_BUY, 100, 1, r.now.wall);
    assert_true(fills_accept(r.e, 0, &f));
    rig_tick(&r, "BTCUSDT", "122");
    rig_pass(&r, 500 * US_PER_MS);
    rig_tick(&r, "BTCUSDT", "122");
    assert_int_equal(r.e->portfolio.left_out, 1); /* no rate yet: named, not guessed */
    rig_tick(&r, "EURUSDT", "1.1");               /* subscribed without being asked for: inverse */
    assert_int_equal(r.e->portfolio.left_out, 0);
    assert_int_equal(r.e->portfolio.total.v, (i128)20 * DEC16_ONE);
    rig_tick(&r, "EURUSDT", "2.2");
    assert_int_equal(r.e->portfolio.total.v, (i128)10 * DEC16_ONE);
    assert_true(rig_count(&r, "eurusdt@ticker", (struct mono){0}) > 0);
    rig_end(&r);
}

static void a_new_currency_begins_a_new_series(void **state) {
    (void)state;
    const struct name other = name_of("BTC/USDT");
    rig_begin(&r);
    rig_symbols(&r, "ETH/BTC", NULL);
    rig_start_live(&r, 3 * US_PER_MIN);
    assert_true(equity_since(r.e->equity).us != 0);
    assert_non_null(pair_ensure(r.e, &other, NULL));
    assert_string_equal(r.e->display.text, "USDT");
    assert_int_equal(equity_since(r.e->equity).us, 0); /* its rates led to BTC */
    rig_end(&r);
}

static void today_begins_at_midnight_of_the_zone(void **state) {
    (void)state;
    static const int64_t offsets[] = {0, 2 * US_PER_HOUR, -5 * US_PER_HOUR, 14 * US_PER_HOUR, -12 * US_PER_HOUR};
    for (size_t i = 0; i < 5; i++) {
        rig_begin(&r);
        rig_key(&r);
        r.config.day_offset_us = offsets[i];
        r.config.environment = "production"; /* a testnet that does not list what the store holds was wiped */
        rig_symbols(&r, "BTC/USDT", NULL);
        rig_rule(&r, "http://bot/api/trades", -1, NULL);
        r.now.wall.us += 11 * US_PER_HOUR;
        rig_restart(&r);
        int64_t local = r.now.wall.us + offsets[i];
        struct wall midnight = {local - local % US_PER_DAY - offsets[i]};
        struct fill bought = fill_of("BTC/USDT", 1, SIDE_BUY, 100, 10, (struct wall){midnight.us - US_PER_DAY});
        struct fill before = fill_of("BTC/USDT", 2, SIDE_SELL, 150, 1, (struct wall){midnight.us - 1});
        struct fill after = fill_of("BTC/USDT", 3, SIDE_SELL, 107, 1, midnight);
        engine_load_fill(r.e, &bought);
        engine_load_fill(r.e, &before);
        engine_load_fill(r.e, &after);
        rig_go(&r);
        rig_live(&r);
        rig_ticks(&r, 75 * US_PER_S);
        struct pair *p = rig_pair(&r, "BTC/USDT");
        assert_true(p->today_known);
        assert_int_equal(p->today.v, (i128)7 * DEC16_ONE);
        rig_end(&r);
    }
}

static void a_bot_of_another_account_is_named(void **state) {
    (void)state;
    static const char trades[] =
        "{\"trades\":[{\"id\":\"7\",\"order_id\":\"1\",\"symbol\":\"BTC/USDT\",\"side\":\"buy\","
        "\"amount\":\"1\",\"price\":\"100\",\"cost\":\"100\",\"fee\":null,\"timestamp\":\"2020-01-01T00:00:00+00:00\"}]"
        "}";
    rig_begin(&r);
    rig_key(&r);
    rig_symbols(&r, "BTC/USDT", NULL);
    rig_rule(&r, "http://bot/api/trades", 200, trades);
    rig_start(&r);
    rig_live(&r); /* the key's account has no trades at all */
    rig_ticks(&r, 30 * US_PER_S);
    assert_true(r.e->bot.other_account);
    assert_non_null(strstr(r.e->bot.message, "different accounts"));
    rig_end(&r);
}

static void since_builds_lots_only(void **state) {
    (void)state;
    rig_begin(&r);
    r.config.since = (struct wall){r.now.wall.us - US_PER_HOUR};
    rig_symbols(&r, "BTC/USDT", NULL);
    rig_restart(&r);
    struct fill buy = fill_of("BTC/USDT", 1, SIDE_BUY, 100, 2, (struct wall){r.now.wall.us - 2 * US_PER_HOUR});
    struct fill early = fill_of("BTC/USDT", 2, SIDE_SELL, 500, 1, (struct wall){r.now.wall.us - 2 * US_PER_HOUR + 1});
    struct fill late = fill_of("BTC/USDT", 3, SIDE_SELL, 103, 1, (struct wall){r.now.wall.us - US_PER_MIN});
    engine_load_fill(r.e, &buy);
    engine_load_fill(r.e, &early);
    engine_load_fill(r.e, &late);
    rig_go(&r);
    rig_ticks(&r, 2 * US_PER_S);
    assert_int_equal(ledger_totals(rig_pair(&r, "BTC/USDT")->ledger)->realized.v, (i128)3 * DEC16_ONE);
    rig_end(&r);
}

static void a_clock_set_back_makes_no_old_price_young(void **state) {
    (void)state;
    rig_begin(&r);
    rig_key(&r);
    rig_start(&r);
    rig_live(&r);
    rig_tick(&r, "BTCUSDT", "100");
    const struct market *m = r.e->markets[rig_pair(&r, "BTC/USDT")->market];
    rig_pass(&r, 5 * US_PER_S);
    int64_t age = r.now.wall.us - m->price_at.us;
    r.now.wall.us -= 10 * US_PER_MIN;
    rig_pass(&r, US_PER_S);
    assert_in_range(r.now.wall.us - m->price_at.us, age + US_PER_S, age + 2 * US_PER_S);
    rig_end(&r);
}

static void a_fill_of_a_pair_that_is_new_in_this_turn_is_shown_without_a_store(void **state) {
    (void)state;
    rig_begin(&r);
    rig_start(&r);
    rig_live(&r);
    rig_handle(&r, &(struct event){.kind = EVENT_STORE_FAILED, .error = "gone", .weight_used = -1, .remaining = -1});
    struct name symbol = name_of("NEW/USDT");
    size_t index;
    assert_non_null(pair_ensure(r.e, &symbol, &index));
    struct fill f = fill_of("NEW/USDT", 1, SIDE_BUY, 100, 1, r.now.wall);
    assert_true(fills_accept(r.e, index, &f));
    rig_pass(&r, US_PER_S);
    assert_int_equal(ledger_count(rig_pair(&r, "NEW/USDT")->ledger), 1);
    rig_end(&r);
}

static void one_silent_symbol_makes_its_own_price_stale(void **state) {
    (void)state;
    for (int held = 0; held < 2; held++) {
        rig_begin(&r);
        rig_key(&r);
        rig_symbols(&r, "BTC/USDT", "ETH/USDT");
        rig_rule(&r, "http://bot/api/trades", -1, NULL);
        rig_start(&r);
        rig_live(&r);
        struct fill f = fill_of("ETH/USDT", 1, SIDE_BUY, 100, 1, r.now.wall);
        if (held) assert_true(fills_accept(r.e, 1, &f));
        rig_tick(&r, "ETHUSDT", "100");
        rig_ticks(&r, 58 * US_PER_S);
        assert_false(rig_pair(&r, "ETH/USDT")->price_stale);
        rig_ticks(&r, 5 * US_PER_S);
        assert_true(rig_pair(&r, "ETH/USDT")->price_stale);
        assert_false(rig_pair(&r, "BTC/USDT")->price_stale);
        assert_int_equal(r.e->market.state, FEED_LIVE);
        assert_int_equal(r.e->status, held ? STATUS_STALE : STATUS_CONNECTED);
        rig_tick(&r, "ETHUSDT", "101");
        rig_ticks(&r, 2 * US_PER_S);
        assert_int_equal(r.e->status, STATUS_CONNECTED);
        rig_end(&r);
    }
}

static void user_events_alone_keep_us_from_being_offline(void **state) {
    (void)state;
    rig_begin(&r);
    rig_key(&r);
    rig_symbols(&r, "BTC/USDT", NULL);
    r.config.source = SOURCE_IS_EXCHANGE;
    rig_start(&r);
    rig_live(&r);
    r.refuse_connections = true;
    rig_rule(&r, "", -1, NULL);
    rig_close(&r, r.e->market.cur.id);
    for (int i = 0; i < 20; i++) {
        rig_pass(&r, 20 * US_PER_S);
        rig_user_ping(&r);
        rig_fill(&r, 100 + i, "BUY", "100", "1", "0", "USDT");
    }
    assert_int_not_equal(r.e->status, STATUS_OFFLINE);
    assert_int_equal(r.e->mode, MODE_PARTIAL);
    rig_end(&r);
}

/* Realized P&L is as old as what changed it, and says what that was; the proof is made once a turn. */
static void a_change_of_realized_is_dated_and_the_proof_is_made(void **state) {
    (void)state;
    rig_begin(&r);
    rig_key(&r);
    rig_symbols(&r, "BTC/USDT", NULL);
    rig_start(&r);
    rig_live(&r);
    assert_int_equal(r.e->pairs[0]->realized_change.at.us, 0);
    rig_fill(&r, 1, "BUY", "100", "1", "0.5", "USDT");
    rig_ticks(&r, US_PER_S);
    rig_tick(&r, "BTCUSDT", "120");
    const struct pair *p = r.e->pairs[0];
    assert_int_equal(p->realized_change.source, CHANGE_FILL);
    assert_int_equal(p->realized_change.fill, SOURCE_STREAM);
    struct wall at = p->realized_change.at;
    assert_true(at.us > 0 && at.us <= r.now.wall.us);
    assert_int_equal(p->proof.state, PROOF_EXACT);
    assert_true(p->proof.worth.v == p->total.v && p->total.v == (i128)195 * DEC16_ONE / 10);
    assert_true(r.e->proof.state == PROOF_EXACT && r.e->proof.has_drift && r.e->proof.drift.v == 0);
    rig_tick(&r, "BTCUSDT", "130"); /* a price changes nothing of it */
    assert_true(p->realized_change.at.us == at.us);
    rig_fill(&r, 2, "SELL", "100", "2", "0", "USDT");
    rig_ticks(&r, US_PER_S);
    assert_int_equal(p->proof.reasons, 1U << PROOF_UNMATCHED);
    assert_true(r.e->proof.state == PROOF_UNCHECKED && !r.e->proof.has_drift);
    rig_end(&r);
}

static void a_start_of_the_figures_in_the_future_is_told(void **state) {
    (void)state;
    for (int later = 0; later < 2; later++) {
        rig_begin(&r);
        r.config.since.us = r.now.wall.us + (later ? US_PER_DAY : -US_PER_DAY);
        rig_start(&r);
        assert_int_equal(rig_count(&r, "GRIDSCOPE_SINCE lies in the future", (struct mono){0}), later);
        rig_end(&r);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_start_of_the_figures_in_the_future_is_told),
        cmocka_unit_test(the_currency_is_what_all_pairs_share),
        cmocka_unit_test(another_currency_is_converted_by_the_exchanges_tickers),
        cmocka_unit_test(a_new_currency_begins_a_new_series),
        cmocka_unit_test(today_begins_at_midnight_of_the_zone),
        cmocka_unit_test(a_bot_of_another_account_is_named),
        cmocka_unit_test(a_change_of_realized_is_dated_and_the_proof_is_made),
        cmocka_unit_test(since_builds_lots_only),
        cmocka_unit_test(a_fill_of_a_pair_that_is_new_in_this_turn_is_shown_without_a_store),
        cmocka_unit_test(one_silent_symbol_makes_its_own_price_stale),
        cmocka_unit_test(a_clock_set_back_makes_no_old_price_young),
        cmocka_unit_test(user_events_alone_keep_us_from_being_offline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
