/* fills.c where it is seldom: no store at all, a store that answers late or without words, full lists, sums that overflow, and
 * prices that are missing, absurd or of no use. It calls the inner functions where no message leads there quickly. */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>

static struct rig r;
static bool no_memory; /* the next malloc or realloc fails (--wrap, meson.build) */

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_realloc(void *at, size_t size);
void *__wrap_realloc(void *at, size_t size);

static bool fails(void) {
    bool now = no_memory;
    no_memory = false;
    return now;
}

void *__wrap_malloc(size_t size) { return fails() ? NULL : __real_malloc(size); }
void *__wrap_realloc(void *at, size_t size) { return fails() ? NULL : __real_realloc(at, size); }

static void begin_live(void) { rig_begin_live(&r, true, 15 * US_PER_S); }

static const struct ledger_totals *totals(void) { return ledger_totals(rig_pair(&r, "BTC/USDT")->ledger); }

static struct fill made(int64_t id, int64_t price, const char *fee_asset, struct wall time) {
    return (struct fill){.symbol = name_of("BTC/USDT"),
                         .trade_id = id,
                         .order_id = id,
                         .side = SIDE_BUY,
                         .source = SOURCE_STREAM,
                         .price = {price * DEC8_ONE},
                         .quantity = {DEC8_ONE},
                         .fee = {fee_asset != NULL ? DEC16_ONE : 0},
                         .fee_asset = name_of(fee_asset != NULL ? fee_asset : ""),
                         .time = time,
                         .received_at = time};
}

/* One candle of a market's minute, closed at that price. */
static char *candle(int64_t minute, const char *close) {
    char *text = malloc(300);
    assert_non_null(text);
    (void)snprintf(text, 300, "[[%lld,\"1\",\"9\",\"1\",\"%s\",\"5\",%lld,\"1\",1,\"1\",\"1\",\"0\"]]",
                   (long long)minute * 60000, close, (long long)minute * 60000 + 59999);
    return text;
}

/* ---- the store ---- */

static void without_a_store_fills_enter_at_once(void **state) {
    (void)state;
    rig_begin(&r);
    rig_key(&r);
    r.config.persist = false;
    rig_start(&r);
    rig_live(&r);
    rig_fill(&r, 1, "BUY", "100", "1", "0", "USDT");
    assert_int_equal(totals()->fills, 1);
    assert_int_equal(rig_count(&r, "persist", (struct mono){0}), 0);
    rig_end(&r);
}

static void a_store_that_fails_without_a_word_has_one_all_the_same(void **state) {
    (void)state;
    begin_live();
    rig_handle(&r, &(struct event){.kind = EVENT_STORE_FAILED});
    assert_string_equal(r.e->store_error, "the store failed");
    rig_end(&r);
    begin_live();
    r.commit_after_us = -1;
    rig_fill(&r, 1, "BUY", "100", "1", "0", "USDT");
    rig_handle(&r, &(struct event){.kind = EVENT_COMMITTED, .id = r.e->priv->in_store_batch + 7, .err = ERR_IO});
    assert_true(r.e->durable); /* no batch of ours */
    rig_handle(&r, &(struct event){.kind = EVENT_COMMITTED, .id = r.e->priv->in_store_batch, .err = ERR_IO});
    assert_false(r.e->durable);
    assert_string_equal(r.e->store_error, err_text(ERR_IO));
    assert_int_equal(totals()->fills, 1);
    rig_end(&r);
}

static void a_commit_after_the_store_failed_does_not_make_it_durable(void **state) {
    (void)state;
    begin_live();
    r.commit_after_us = -1;
    rig_fill(&r, 1, "BUY", "100", "1", "0", "USDT");
    uint64_t batch = r.e->priv->in_store_batch;
    rig_handle(&r, &(struct event){.kind = EVENT_STORE_FAILED, .error = "disk full"});
    assert_int_equal(totals()->fills, 1);
    rig_handle(&r, &(struct event){.kind = EVENT_COMMITTED, .id = batch});
    assert_false(r.e->durable);
    assert_int_equal(totals()->fills, 1);
    rig_end(&r);
}

static void a_slow_store_that_then_fails_is_logged_once_and_shows_why(void **state) {
    (void)state;
    begin_live();
    r.commit_after_us = -1;
    rig_fill(&r, 1, "BUY", "100", "1", "0", "USDT");
    rig_ticks(&r, 2 * US_PER_S);
    assert_false(r.e->durable);
    assert_string_equal(r.e->store_error, "the store takes over a second");
    assert_int_equal(rig_count(&r, "history is not durable", (struct mono){0}), 1);
    rig_handle(&r, &(struct event){.kind = EVENT_STORE_FAILED, .error = "the disk is gone"});
    assert_string_equal(r.e->store_error, "the disk is gone");
    assert_int_equal(rig_count(&r, "history is not durable", (struct mono){0}), 1);
    assert_int_equal(totals()->fills, 1);
    rig_end(&r);
}

/* ---- told twice, told late ---- */

static void a_fill_told_twice_in_one_turn_is_one(void **state) {
    (void)state;
    begin_live();
    struct fill f = made(1, 100, NULL, r.now.wall), other_side = f;
    other_side.side = SIDE_SELL;
    uint64_t dropped = r.e->count.duplicates_dropped;
    assert_true(fills_accept(r.e, 0, &f));
    assert_true(fills_accept(r.e, 0, &f));
    assert_true(fills_accept(r.e, 0, &other_side));
    assert_int_equal(r.e->priv->pending_count, 2);
    assert_int_equal(r.e->count.duplicates_dropped, dropped + 1);
    rig_ticks(&r, US_PER_S);
    assert_int_equal(totals()->fills, 2);
    rig_end(&r);
}

/* An exchange's clock that is ahead puts the time of a fill into a gap that began after it was heard of. */
static void a_fill_heard_before_a_gap_is_not_recovered_in_it(void **state) {
    (void)state;
    begin_live();
    struct gap *g = &r.e->gaps[(r.e->gap_head + r.e->gap_count++) % LIMIT_GAPS_SHOWN];
    *g = (struct gap){.feed = FEED_USER, .from = {r.now.wall.us - 10 * US_PER_S}, .to = r.now.wall};
    struct fill f = made(1, 100, NULL, (struct wall){r.now.wall.us - 5 * US_PER_S});
    f.received_at.us = g->from.us - 1;
    assert_true(fills_accept(r.e, 0, &f));
    rig_ticks(&r, 2 * US_PER_S);
    assert_int_equal(totals()->fills, 1);
    assert_int_equal(g->recovered_fills, 0);
    f.trade_id = 2;
    f.received_at = r.now.wall;
    assert_true(fills_accept(r.e, 0, &f));
    rig_ticks(&r, 2 * US_PER_S);
    assert_int_equal(g->recovered_fills, 1);
    rig_end(&r);
}

static void that_two_accounts_are_one_is_told_once_there_is_an_account_and_room(void **state) {
    const struct mono ever = {0};
    struct effect effect;
    (void)state;
    begin_live();
    struct fill f = made(1, 100, NULL, r.now.wall);
    int64_t uid = r.e->exchange.uid;
    assert_true(uid >= 0);
    f.source = SOURCE_BOT;
    assert_true(fills_accept(r.e, 0, &f));
    rig_ticks(&r, US_PER_S);
    f.source = SOURCE_REST;
    assert_true(fills_accept(r.e, 0, &f));
    r.e->exchange.uid = -1; /* the key's account is not known yet */
    fills_flush(r.e);
    assert_false(r.e->priv->join_told);
    rig_handle(&r, &(struct event){.kind = EVENT_TIMER}); /* what was handed over is performed */
    r.e->exchange.uid = uid;
    while (engine_effect(r.e, EFFECT_LOG) != NULL) {
    }
    fills_flush(r.e);
    assert_false(r.e->priv->join_told);
    while (engine_next_effect(r.e, &effect)) effect_free(&effect);
    rig_ticks(&r, 2 * US_PER_S);
    assert_true(r.e->priv->join_told);
    assert_int_equal(rig_count(&r, "joined", ever), 1);
    rig_end(&r);
}

/* ---- bounds ---- */

static void what_is_no_fill_is_counted_and_named_once_a_minute(void **state) {
    (void)state;
    begin_live();
    uint64_t logs = r.logs, refused = r.e->count.fills_refused;
    struct fill f = made(1, 0, NULL, r.now.wall);
    for (int i = 0; i < 3; i++) assert_true(fills_accept(r.e, 0, &f));
    rig_pass(&r, US_PER_MS);
    assert_int_equal(r.e->count.fills_refused, refused + 3);
    rig_ticks(&r, US_PER_S);
    assert_int_equal(r.logs, logs + 1);
    assert_int_equal(totals()->fills, 0);
    rig_end(&r);
}

static void more_fills_than_may_wait_are_read_again(void **state) {
    (void)state;
    begin_live();
    struct engine_private *p = r.e->priv;
    struct fill *full = calloc(LIMIT_PENDING_FILLS, sizeof *full), f = made(1, 100, NULL, r.now.wall);
    assert_non_null(full);
    free(p->pending);
    p->pending = full;
    p->pending_count = p->pending_capacity = LIMIT_PENDING_FILLS;
    assert_false(fills_accept(r.e, 0, &f));
    assert_int_equal(r.e->count.pending_overflow, 1);
    assert_true(r.e->pairs[0]->history.wanted);
    p->pending_count = 0;
    rig_end(&r);
}

static void a_fill_whose_sums_overflow_is_refused_and_its_pair_partial(void **state) {
    (void)state;
    begin_live();
    rig_fill(&r, 1, "BUY", "10000000000", "900000000000", "0", "USDT");
    rig_fill(&r, 2, "BUY", "10000000000", "900000000000", "0", "USDT");
    rig_pass(&r, US_PER_S);
    assert_int_equal(totals()->fills, 1);
    assert_true(totals()->partial);
    assert_int_equal(r.e->count.fills_refused, 1);
    assert_int_equal(r.e->pairs[0]->history.state, HISTORY_COMPLETE); /* reading it again would change nothing */
    rig_end(&r);
}

static void a_full_list_of_effects_loses_no_fill(void **state) {
    (void)state;
    begin_live();
    struct effect e;
    struct fill f = made(1, 100, NULL, r.now.wall);
    assert_true(fills_accept(r.e, 0, &f));
    r.e->pairs[0]->history.complete_to = 0; /* a mark is due, too */
    while (engine_effect(r.e, EFFECT_LOG) != NULL) {
    }
    fills_flush(r.e); /* no room to hand them over, nor for the mark */
    assert_int_equal(r.e->priv->pending_count, 1);
    r.e->durable = false; /* and no room to tell of what was shown */
    fills_flush(r.e);
    assert_int_equal(totals()->fills, 1);
    while (engine_next_effect(r.e, &e)) effect_free(&e);
    r.e->durable = true;
    rig_pass(&r, 2 * US_PER_S);
    assert_int_equal(r.committed_fills, 1);
    assert_int_equal(totals()->fills, 1);
    rig_end(&r);
}

static void a_mark_without_room_waits(void **state) {
    struct effect e;
    (void)state;
    begin_live();
    r.e->pairs[0]->history.complete_to = 77;
    while (engine_effect(r.e, EFFECT_LOG) != NULL) {
    }
    fills_flush(r.e);
    assert_true(r.e->pairs[0]->history.marked != 77);
    while (engine_next_effect(r.e, &e)) effect_free(&e);
    rig_ticks(&r, US_PER_S);
    assert_int_equal(r.history_mark, 77);
    rig_end(&r);
}

static void long_histories_are_recomputed_in_slices_one_after_the_other(void **state) {
    enum { FILLS = 30000 };
    (void)state;
    rig_begin(&r);
    rig_key(&r);
    rig_symbols(&r, "BTC/USDT", "ETH/USDT");
    rig_restart(&r);
    struct name symbols[2] = {name_of("BTC/USDT"), name_of("ETH/USDT")};
    for (int s = 0; s < 2; s++) {
        for (int64_t i = FILLS; i > 0; i--) { /* the newest first: all of it is late */
            struct fill f = made(i, 100, NULL, (struct wall){r.now.wall.us - US_PER_DAY + i * US_PER_S});
            f.symbol = symbols[s];
            engine_load_fill(r.e, &f);
        }
    }
    r.e->now = r.now;
    assert_true(fills_recompute(r.e));
    assert_true(ledger_totals(r.e->pairs[0]->ledger)->recomputing && ledger_totals(r.e->pairs[1]->ledger)->recomputing);
    int slices = 1;
    while (fills_recompute(r.e)) slices++;
    assert_in_range(slices, 3, 6);
    for (int s = 0; s < 2; s++) assert_int_equal(ledger_totals(r.e->pairs[s]->ledger)->fills, FILLS);
    rig_end(&r);
}

/* ---- before the symbols are known ---- */

static void early_fills_of_strangers_are_counted_when_that_is_known(void **state) {
    (void)state;
    static const char stranger[] = "{\"subscriptionId\":0,\"event\":{\"e\":\"executionReport\",\"E\":1767225607000,"
                                   "\"s\":\"ETHUSDT\",\"c\":\"x\",\"S\":"
                                   "\"BUY\",\"o\":\"LIMIT\",\"f\":\"GTC\",\"q\":\"1\",\"p\":\"1\",\"P\":\"0\",\"F\":"
                                   "\"0\",\"g\":-1,\"C\":\"\",\"x\":\"TRADE\","
                                   "\"X\":\"FILLED\",\"r\":\"NONE\",\"i\":5,\"l\":\"1\",\"z\":\"1\",\"L\":\"1\",\"n\":"
                                   "\"0\",\"N\":\"USDT\",\"T\":1767225607000,"
                                   "\"t\":5,\"I\":1,\"w\":false,\"m\":true,\"M\":false,\"O\":1767225607000,\"Z\":\"0\","
                                   "\"Y\":\"0\",\"Q\":\"0\",\"W\":1,\"V\":"
                                   "\"NONE\"}}";
    for (int info = 0; info < 2; info++) { /* the bot's pairs are late, or the exchange's list is */
        rig_begin(&r);
        rig_key(&r);
        rig_rule(&r, info ? "xchangeInfo" : "/api/strategies", 500, "{}");
        rig_start(&r);
        rig_ticks(&r, 5 * US_PER_S);
        rig_user(&r, stranger);
        if (!info) rig_fill(&r, 9, "BUY", "100", "1", "0", "USDT");
        assert_int_equal(r.e->count.other_symbol_fills, 0);
        fills_adopt_early(r.e); /* looked at too early, they stay */
        assert_true(r.e->priv->early_count > 0);
        rig_no_rules(&r);
        rig_ticks(&r, 90 * US_PER_S);
        assert_int_equal(r.e->count.other_symbol_fills, 1);
        if (!info) assert_int_equal(totals()->fills, 1);
        assert_int_equal(r.e->priv->early_count, 0);
        rig_end(&r);
    }
}

/* ---- fees in a third asset ---- */

static void more_fees_than_the_list_holds_are_valued_all_the_same(void **state) {
    enum { FILLS = FEE_WAITS_MAX + 500 };
    (void)state;
    rig_begin(&r);
    rig_key(&r);
    rig_symbols(&r, "BTC/USDT", "ETH/USDT");
    rig_start_live(&r, 5 * US_PER_S);
    struct wall at = {r.now.wall.us - 5 * US_PER_MIN};
    rig_rule(&r, "klines", 500, "{}");
    for (int64_t i = 1; i <= FILLS; i++) {
        struct fill f = made(i, 100, "BNB", at);
        f.symbol = r.e->pairs[i % 2]->symbol;
        assert_true(fills_accept(r.e, (size_t)(i % 2), &f));
        if (i % 500 == 0) rig_pass(&r, 20 * US_PER_MS);
    }
    rig_ticks(&r, 2 * US_PER_S);
    assert_int_equal(r.e->priv->fee_wait_count, FEE_WAITS_MAX);
    char *body = candle(at.us / US_PER_MIN - 1, "600");
    rig_no_rules(&r);
    rig_rule(&r, "klines", 200, body);
    for (int s = 0; s < 180 && r.e->pairs[0]->ledger != NULL; s++) {
        rig_ticks(&r, US_PER_S);
        if (ledger_totals(r.e->pairs[0]->ledger)->unvalued_fees + ledger_totals(r.e->pairs[1]->ledger)->unvalued_fees ==
            0)
            break;
    }
    for (int s = 0; s < 2; s++) {
        const struct ledger_totals *t = ledger_totals(r.e->pairs[s]->ledger);
        assert_int_equal(t->unvalued_fees, 0);
        assert_int_equal(t->fees_quote.v, (i128)600 * DEC16_ONE * t->fills);
    }
    rig_end(&r);
    free(body);
}

static void a_list_full_with_one_pair_leaves_the_other_for_later(void **state) {
    enum { FILLS = FEE_WAITS_MAX + 10 };
    (void)state;
    rig_begin(&r);
    rig_key(&r);
    rig_symbols(&r, "BTC/USDT", "ETH/USDT");
    rig_restart(&r);
    struct wall at = {r.now.wall.us - 5 * US_PER_MIN};
    for (int64_t i = 1; i <= FILLS + 1; i++) {
        struct fill f = made(i, 100, "BNB", at);
        if (i > FILLS) f.symbol = name_of("ETH/USDT");
        engine_load_fill(r.e, &f);
    }
    char *body = candle(at.us / US_PER_MIN - 1, "600");
    rig_rule(&r, "klines", 200, body);
    rig_go(&r);
    rig_live(&r);
    rig_ticks(&r, 60 * US_PER_S);
    assert_int_equal(ledger_totals(r.e->pairs[1]->ledger)->unvalued_fees, 0);
    assert_int_equal(totals()->unvalued_fees, 0);
    rig_end(&r);
    free(body);
}

static void a_wait_whose_fill_is_gone_is_dropped(void **state) {
    (void)state;
    begin_live();
    struct engine_private *p = r.e->priv;
    p->fee_waits[p->fee_wait_count++] = (struct fee_wait){0, 999, SIDE_BUY};
    fills_need_markets(r.e);
    fills_ask_fee_prices(r.e);
    assert_int_equal(p->fee_wait_count, 0);
    rig_end(&r);
}

static void a_candle_of_a_market_that_prices_no_fee_is_not_kept(void **state) {
    (void)state;
    begin_live();
    fills_minute_closed(r.e, 0, (struct wall){60 * US_PER_S}, (struct dec8){DEC8_ONE});
    assert_null(r.e->markets[0]->minutes);
    assert_false(r.e->priv->fee_work);
    rig_end(&r);
}

/* A price at which the value has no room, or one at which even a whole of the asset has none. */
static void a_value_that_overflows_leaves_the_fee_unvalued(void **state) {
    static const struct {
        i128 fee, close;
    } cases[] = {{(i128)DEC16_ONE * 1000000, (i128)DEC8_ONE * 1000000000000 * 100000}, /* 10^6 at 10^17 */
                 {1, (i128)DEC8_ONE * 1000000000000 * 1000000000000}};                 /* 10^-16 at 10^24 */
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        begin_live();
        struct fill f = made(1, 100, "BNB", r.now.wall);
        f.fee.v = cases[i].fee;
        assert_true(fills_accept(r.e, 0, &f));
        rig_ticks(&r, US_PER_S);
        size_t market = SIZE_MAX;
        struct name bnb = name_of("BNBUSDT");
        assert_non_null(market_by_exchange_symbol(r.e, &bnb, &market));
        fills_minute_closed(r.e, market, (struct wall){f.time.us - f.time.us % US_PER_MIN - US_PER_MIN},
                            (struct dec8){cases[i].close});
        rig_ticks(&r, 5 * US_PER_S);
        assert_int_equal(totals()->unvalued_fees, 1);
        assert_true(totals()->partial);
        rig_end(&r);
    }
}

static void without_a_store_a_value_is_shown_and_not_kept(void **state) {
    (void)state;
    rig_begin(&r);
    rig_key(&r);
    r.config.persist = false;
    rig_start_live(&r, 15 * US_PER_S);
    struct fill f = made(1, 100, "BNB", (struct wall){r.now.wall.us - 5 * US_PER_MIN});
    char *body = candle(f.time.us / US_PER_MIN - 1, "600");
    rig_rule(&r, "klines", 200, body);
    assert_true(fills_accept(r.e, 0, &f));
    rig_ticks(&r, 10 * US_PER_S);
    assert_true(totals()->fees_quote.v == (i128)600 * DEC16_ONE);
    assert_int_equal(r.valued_fills, 0);
    rig_end(&r);
    free(body);
}

static void a_fill_of_another_minute_is_not_priced_by_the_one_that_is_known(void **state) {
    (void)state;
    begin_live();
    struct fill f = made(1, 100, "BNB", (struct wall){r.now.wall.us - 5 * US_PER_MIN});
    char *body = candle(f.time.us / US_PER_MIN - 1, "600");
    rig_rule(&r, "klines", 200, body);
    assert_true(fills_accept(r.e, 0, &f));
    rig_ticks(&r, 10 * US_PER_S);
    assert_true(totals()->fees_quote.v == (i128)600 * DEC16_ONE);
    f.trade_id = 2;
    f.time.us += 2 * US_PER_MIN;
    struct mono from = r.now.mono;
    assert_true(fills_accept(r.e, 0, &f));
    rig_ticks(&r, US_PER_S);
    assert_int_equal(totals()->unvalued_fees, 1);
    assert_true(totals()->fees_quote.v == (i128)600 * DEC16_ONE);
    assert_true(rig_count(&r, "klines", from) > 0);
    rig_end(&r);
    free(body);
}

/* A minute that has just closed: its candle comes by the stream within moments, unless that is down. */
static void a_close_about_to_be_streamed_is_asked_for_only_where_the_stream_is_down(void **state) {
    (void)state;
    for (int down = 0; down < 2; down++) {
        begin_live();
        struct fill f = made(1, 100, "BNB", (struct wall){r.now.wall.us - 5 * US_PER_MIN});
        char *body = candle(f.time.us / US_PER_MIN - 1, "600");
        rig_rule(&r, "klines", 200, body);
        assert_true(fills_accept(r.e, 0, &f)); /* its markets are known from here on */
        rig_ticks(&r, 5 * US_PER_S);
        assert_int_equal(totals()->unvalued_fees, 0);
        rig_ticks(&r, US_PER_MIN - r.now.wall.us % US_PER_MIN);
        if (down) {
            r.refuse_connections = true;
            rig_close(&r, r.e->market.cur.id);
        }
        struct mono from = r.now.mono;
        f.trade_id = 2;
        f.time = engine_exchange_time(r.e);
        assert_true(fills_accept(r.e, 0, &f));
        rig_handle(&r, &(struct event){.kind = EVENT_TIMER}); /* to the store, and then into the ledger */
        rig_pass(&r, 100 * US_PER_MS);
        assert_int_equal(totals()->unvalued_fees, 1);
        assert_int_equal(rig_count(&r, "klines", from) > 0, down);
        rig_end(&r);
        free(body);
    }
}

static void a_value_without_memory_is_tried_again(void **state) {
    (void)state;
    begin_live();
    struct fill f = made(1, 100, "BNB", r.now.wall);
    f.fee.v = (i128)DEC16_ONE * 10; /* at 600 it needs a wide row */
    assert_true(fills_accept(r.e, 0, &f));
    rig_ticks(&r, US_PER_S);
    size_t market = SIZE_MAX;
    struct name bnb = name_of("BNBUSDT");
    assert_non_null(market_by_exchange_symbol(r.e, &bnb, &market));
    fills_minute_closed(r.e, market, (struct wall){f.time.us - f.time.us % US_PER_MIN - US_PER_MIN},
                        (struct dec8){600 * DEC8_ONE});
    no_memory = true;
    fills_ask_fee_prices(r.e);
    assert_false(no_memory);
    assert_int_equal(totals()->unvalued_fees, 1);
    rig_ticks(&r, 3 * US_PER_S);
    assert_int_equal(totals()->unvalued_fees, 0);
    assert_true(totals()->fees_quote.v == (i128)6000 * DEC16_ONE);
    rig_end(&r);
}

/* Neither a chart nor the question for another fee's market is the answer that is waited for. */
static void each_market_of_a_fee_is_asked_for_on_its_own(void **state) {
    (void)state;
    begin_live();
    rig_rule(&r, "klines", -1, NULL);
    rig_handle(&r, &(struct event){.kind = EVENT_WANT_CANDLES,
                                   .id = 5,
                                   .symbol = name_of("BTC/USDT"),
                                   .interval = name_of("1m"),
                                   .limit = 10});
    struct mono from = r.now.mono;
    struct fill f = made(1, 100, "BNB", (struct wall){r.now.wall.us - 5 * US_PER_MIN});
    assert_true(fills_accept(r.e, 0, &f));
    rig_ticks(&r, 2 * US_PER_S);
    assert_int_equal(rig_count(&r, "BNBUSDT", from), 1);
    f = made(2, 100, "EUR", (struct wall){r.now.wall.us - 9 * US_PER_MIN}); /* older: it comes first */
    assert_true(fills_accept(r.e, 0, &f));
    rig_ticks(&r, 2 * US_PER_S);
    assert_true(rig_count(&r, "klines", from) >= 2);
    size_t eur = 0;
    for (size_t i = 0; i < r.seen_count; i++)
        eur += strstr(r.seen[i].text, "klines") != NULL && strstr(r.seen[i].text, "EURUSDT") != NULL;
    assert_int_equal(eur, 1);
    rig_end(&r);
}

static void a_market_whose_minutes_nobody_needs_prices_nothing(void **state) {
    (void)state;
    begin_live();
    struct fill f = made(1, 100, "BNB", (struct wall){r.now.wall.us - 5 * US_PER_MIN});
    char *body = candle(f.time.us / US_PER_MIN - 1, "600");
    assert_true(fills_accept(r.e, 0, &f));
    rig_ticks(&r, US_PER_S);
    size_t market = SIZE_MAX;
    struct name bnb = name_of("BNBUSDT");
    assert_non_null(market_by_exchange_symbol(r.e, &bnb, &market));
    r.e->markets[market]->needs_minutes = false;
    rig_rule(&r, "klines", 200, body);
    rig_ticks(&r, 3 * US_PER_S);
    assert_int_equal(totals()->unvalued_fees, 1);
    r.e->markets[market]->needs_minutes = true;
    rig_ticks(&r, 3 * US_PER_S);
    assert_int_equal(totals()->unvalued_fees, 0);
    rig_end(&r);
    free(body);
}

static void of_two_missing_markets_the_nearest_path_is_asked_for(void **state) {
    struct name eur = name_of("EUR"), btc = name_of("BTC"), eurusdt = name_of("EURUSDT");
    (void)state;
    begin_live();
    size_t cross = market_ensure(r.e, &eur, &btc); /* as another pair's fee may have made it */
    assert_true(cross != SIZE_MAX);
    r.e->markets[cross]->needs_minutes = true;
    struct fill f = made(1, 100, "EUR", (struct wall){r.now.wall.us - 5 * US_PER_MIN});
    char *body = candle(f.time.us / US_PER_MIN - 1, "1.1");
    rig_rule(&r, "EURUSDT", 200, body);
    assert_true(fills_accept(r.e, 0, &f));
    rig_ticks(&r, 5 * US_PER_S);
    assert_non_null(market_by_exchange_symbol(r.e, &eurusdt, NULL));
    assert_int_equal(totals()->unvalued_fees, 0);
    assert_true(totals()->fees_quote.v == (i128)11 * DEC16_ONE / 10);
    rig_end(&r);
    free(body);
}

/* What does not fit one transaction is valued again at the next start, alike. */
static void a_value_beyond_one_transaction_stands_without_being_kept(void **state) {
    (void)state;
    begin_live();
    struct fill f = made(1, 100, "BNB", (struct wall){r.now.wall.us - 5 * US_PER_MIN});
    assert_true(fills_accept(r.e, 0, &f));
    rig_ticks(&r, US_PER_S);
    size_t market = SIZE_MAX;
    struct name bnb = name_of("BNBUSDT");
    assert_non_null(market_by_exchange_symbol(r.e, &bnb, &market));
    fills_minute_closed(r.e, market, (struct wall){f.time.us - f.time.us % US_PER_MIN - US_PER_MIN},
                        (struct dec8){600 * DEC8_ONE});
    r.e->priv->valued_count = LIMIT_STORE_GROUP_FILLS;
    fills_ask_fee_prices(r.e);
    assert_int_equal(r.e->priv->valued_count, LIMIT_STORE_GROUP_FILLS);
    r.e->priv->valued_count = 0;
    assert_int_equal(totals()->fees_quote.v, 0); /* published with the recomputation */
    rig_ticks(&r, US_PER_S);
    assert_true(totals()->fees_quote.v == (i128)600 * DEC16_ONE);
    assert_int_equal(r.valued_fills, 0);
    rig_end(&r);
}

static void a_fee_without_a_name_waits_for_no_market(void **state) {
    (void)state;
    begin_live();
    struct fill f = made(1, 100, NULL, r.now.wall);
    f.fee = (struct dec16){DEC16_ONE};
    assert_true(fills_accept(r.e, 0, &f));
    rig_ticks(&r, US_PER_S);
    assert_int_equal(r.e->priv->fee_wait_count, 0);
    assert_int_equal(totals()->assumed_fees, 1);
    rig_end(&r);
}

static void a_large_batch_without_memory_waits_and_is_kept_whole(void **state) {
    enum { FILLS = LIMIT_STORE_GROUP_FILLS + 100 };
    (void)state;
    begin_live();
    for (int64_t i = 1; i <= FILLS; i++) {
        struct fill f = made(i, 100, NULL, r.now.wall);
        assert_true(fills_accept(r.e, 0, &f));
    }
    no_memory = true;
    fills_flush(r.e);
    assert_int_equal(r.e->priv->pending_count, FILLS);
    assert_false(no_memory);
    rig_ticks(&r, 2 * US_PER_S);
    assert_int_equal(r.committed_fills, FILLS);
    assert_int_equal(totals()->fills, FILLS);
    rig_end(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_store_fills_enter_at_once),
        cmocka_unit_test(a_store_that_fails_without_a_word_has_one_all_the_same),
        cmocka_unit_test(a_commit_after_the_store_failed_does_not_make_it_durable),
        cmocka_unit_test(a_slow_store_that_then_fails_is_logged_once_and_shows_why),
        cmocka_unit_test(a_fill_told_twice_in_one_turn_is_one),
        cmocka_unit_test(a_fill_heard_before_a_gap_is_not_recovered_in_it),
        cmocka_unit_test(that_two_accounts_are_one_is_told_once_there_is_an_account_and_room),
        cmocka_unit_test(what_is_no_fill_is_counted_and_named_once_a_minute),
        cmocka_unit_test(more_fills_than_may_wait_are_read_again),
        cmocka_unit_test(a_fill_whose_sums_overflow_is_refused_and_its_pair_partial),
        cmocka_unit_test(a_full_list_of_effects_loses_no_fill),
        cmocka_unit_test(a_mark_without_room_waits),
        cmocka_unit_test(long_histories_are_recomputed_in_slices_one_after_the_other),
        cmocka_unit_test(early_fills_of_strangers_are_counted_when_that_is_known),
        cmocka_unit_test(more_fees_than_the_list_holds_are_valued_all_the_same),
        cmocka_unit_test(a_list_full_with_one_pair_leaves_the_other_for_later),
        cmocka_unit_test(a_wait_whose_fill_is_gone_is_dropped),
        cmocka_unit_test(a_candle_of_a_market_that_prices_no_fee_is_not_kept),
        cmocka_unit_test(a_value_that_overflows_leaves_the_fee_unvalued),
        cmocka_unit_test(without_a_store_a_value_is_shown_and_not_kept),
        cmocka_unit_test(a_fill_of_another_minute_is_not_priced_by_the_one_that_is_known),
        cmocka_unit_test(a_close_about_to_be_streamed_is_asked_for_only_where_the_stream_is_down),
        cmocka_unit_test(a_value_without_memory_is_tried_again),
        cmocka_unit_test(each_market_of_a_fee_is_asked_for_on_its_own),
        cmocka_unit_test(a_market_whose_minutes_nobody_needs_prices_nothing),
        cmocka_unit_test(of_two_missing_markets_the_nearest_path_is_asked_for),
        cmocka_unit_test(a_value_beyond_one_transaction_stands_without_being_kept),
        cmocka_unit_test(a_fee_without_a_name_waits_for_no_market),
        cmocka_unit_test(a_large_batch_without_memory_waits_and_is_kept_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
