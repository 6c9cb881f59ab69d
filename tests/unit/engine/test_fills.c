/* fills.c: persist, then show; duplicates; fees in a third asset; what the bot cannot tell. */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>

static struct rig r;
#define EVER ((struct mono){0})

static void begin_live(void) { rig_begin_live(&r, true, 15 * US_PER_S); }

static const struct ledger_totals *totals(void) { return ledger_totals(rig_pair(&r, "BTC/USDT")->ledger); }

static void shown_only_when_the_store_has_it(void **state) {
    (void)state;
    begin_live();
    r.commit_after_us = 300 * US_PER_MS;
    rig_fill(&r, 1, "BUY", "100", "1", "0", "USDT");
    rig_pass(&r, 290 * US_PER_MS);
    assert_int_equal(totals()->fills, 0);
    assert_int_equal(r.applied_fills, 0);
    rig_pass(&r, 20 * US_PER_MS);
    assert_int_equal(totals()->fills, 1);
    assert_int_equal(r.applied_fills, 1);
    assert_true(r.e->durable);
    rig_end(&r);
}

static void fills_of_one_turn_go_in_one_batch_and_the_next_waits(void **state) {
    (void)state;
    begin_live();
    r.commit_after_us = 300 * US_PER_MS;
    struct mono from = r.now.mono;
    for (int i = 1; i <= 5; i++) rig_fill(&r, i, "BUY", "100", "1", "0", "USDT");
    assert_int_equal(rig_count(&r, "persist", from), 1); /* the others wait for its commit */
    rig_pass(&r, 310 * US_PER_MS);
    assert_int_equal(rig_count(&r, "persist", from), 2);
    rig_pass(&r, 310 * US_PER_MS);
    assert_int_equal(totals()->fills, 5);
    assert_int_equal(r.committed_fills, 5);
    rig_end(&r);
}

/* As on a first start: pages of many pairs come in while the disk works. */
static void what_came_while_the_store_was_busy_goes_in_batches_it_takes(void **state) {
    const int many = 2 * LIMIT_STORE_GROUP_FILLS + 100;
    (void)state;
    begin_live();
    r.commit_after_us = 900 * US_PER_MS;
    struct mono from = r.now.mono;
    for (int i = 1; i <= 1 + many; i++) rig_fill(&r, i, "BUY", "100", "1", "0", "USDT"); /* the first one goes alone */
    r.commit_after_us = 300 * US_PER_MS;
    rig_ticks(&r, 4 * US_PER_S);
    assert_int_equal(rig_count(&r, "persist", from), 4);
    assert_int_equal(r.committed_fills, 1 + many);
    assert_int_equal(totals()->fills, 1 + many);
    assert_int_equal(r.applied_fills, 1 + many);
    assert_true(r.e->durable);
    rig_end(&r);
}

static void a_slow_store_costs_durability_not_figures(void **state) {
    (void)state;
    begin_live();
    r.commit_after_us = 5 * US_PER_S;
    rig_fill(&r, 1, "BUY", "100", "1", "0", "USDT");
    rig_ticks(&r, 2 * US_PER_S);
    assert_int_equal(totals()->fills, 1);
    assert_false(r.e->durable);
    rig_fill(&r, 2, "BUY", "100", "1", "0", "USDT"); /* shown at once now, and still to be kept */
    assert_int_equal(totals()->fills, 2);
    r.commit_after_us = 5 * US_PER_MS;
    rig_ticks(&r, 5 * US_PER_S);
    assert_true(r.e->durable);
    assert_int_equal(r.committed_fills, 2);
    assert_int_equal(totals()->fills, 2);
    assert_int_equal(r.applied_fills, 2);
    assert_int_equal(r.e->count.duplicates_dropped, 0);
    rig_end(&r);
}

static void a_store_that_failed_loses_nothing_on_the_screen(void **state) {
    (void)state;
    begin_live();
    r.commit_err = ERR_IO;
    rig_fill(&r, 1, "BUY", "100", "1", "0", "USDT");
    rig_fill(&r, 2, "BUY", "100", "1", "0", "USDT");
    rig_ticks(&r, US_PER_S);
    assert_int_equal(totals()->fills, 2);
    assert_false(r.e->durable);
    assert_string_equal(r.e->store_error, "disk full");
    struct mono from = r.now.mono;
    rig_fill(&r, 3, "SELL", "110", "1", "0", "USDT");
    assert_int_equal(totals()->fills, 3);
    assert_int_equal(rig_count(&r, "persist", from), 0); /* failed for good */
    rig_end(&r);
}

static void an_idle_store_that_fails_is_told(void **state) {
    (void)state;
    begin_live();
    rig_handle(&r, &(struct event){.kind = EVENT_STORE_FAILED, .error = "no such folder"});
    assert_false(r.e->durable);
    rig_fill(&r, 1, "BUY", "100", "1", "0", "USDT");
    assert_int_equal(totals()->fills, 1);
    rig_end(&r);
}

static void repeated_fills_are_counted_once_each(void **state) {
    (void)state;
    begin_live();
    for (int i = 0; i < 3; i++) rig_fill(&r, 1, "BUY", "100", "1", "0", "USDT"); /* two while it is on its way */
    rig_pass(&r, 100 * US_PER_MS);
    rig_fill(&r, 1, "BUY", "100", "1", "0", "USDT");
    assert_int_equal(totals()->fills, 1);
    assert_int_equal(r.e->count.duplicates_dropped, 3);
    rig_fill(&r, 1, "SELL", "100", "1", "0", "USDT"); /* a self-trade: the other side of the same id */
    rig_pass(&r, 100 * US_PER_MS);
    assert_int_equal(totals()->fills, 2);
    assert_int_equal(r.e->count.duplicates_dropped, 3);
    rig_end(&r);
}

static void the_mark_of_history_waits_for_the_disk(void **state) {
    (void)state;
    static const char row[] =
        "[{\"symbol\":\"BTCUSDT\",\"id\":50,\"orderId\":1,\"orderListId\":-1,\"price\":\"100\",\"qty\":\"1\","
        "\"quoteQty\":\"100\",\"commission\":\"0\","
        "\"commissionAsset\":\"USDT\",\"time\":1767225600000,\"isBuyer\":true,\"isMaker\":true,\"isBestMatch\":true}]";
    rig_begin(&r);
    rig_key(&r);
    r.commit_after_us = 500 * US_PER_MS;
    rig_rule(&r, "myTrades", 200, row);
    rig_start(&r);
    while (rig_count(&r, "persist", EVER) == 0) rig_pass(&r, US_PER_MS);
    rig_pass(&r, 400 * US_PER_MS);
    assert_int_equal(r.history_mark, -1);
    rig_pass(&r, 400 * US_PER_MS);
    assert_int_equal(r.history_mark, 50);
    rig_end(&r);
}

static void a_mark_without_its_fills_is_not_believed(void **state) {
    (void)state;
    struct name symbol = name_of("BTC/USDT");
    struct fill f = {.symbol = symbol,
                     .trade_id = 10,
                     .order_id = 1,
                     .side = SIDE_BUY,
                     .source = SOURCE_REST,
                     .price = {DEC8_ONE},
                     .quantity = {DEC8_ONE},
                     .time = {1767225600000000}};
    rig_begin(&r);
    rig_key(&r);
    rig_restart(&r);
    engine_load_symbol(r.e, &symbol);
    engine_load_fill(r.e, &f);
    engine_load_history(r.e, &symbol, 99);
    rig_go(&r);
    rig_live(&r);
    assert_true(rig_count(&r, "myTrades", EVER) > 0);
    assert_int_equal(rig_count(&r, "fromId=100", EVER) + rig_count(&r, "\"fromId\":100", EVER), 0);
    rig_end(&r);
}

/* The store holds fills, but no mark that says how far the exchange's were read: it failed before. */
static void a_wipe_is_noticed_without_a_mark(void **state) {
    (void)state;
    static const char row[] =
        "[{\"symbol\":\"BTCUSDT\",\"id\":3,\"orderId\":1,\"orderListId\":-1,\"price\":\"1\",\"qty\":\"1\","
        "\"quoteQty\":\"1\",\"commission\":\"0\","
        "\"commissionAsset\":\"USDT\",\"time\":1767225600000,\"isBuyer\":true,\"isMaker\":true,\"isBestMatch\":true}]";
    static const enum fill_source sources[] = {SOURCE_REST, SOURCE_BOT, SOURCE_BOT};
    struct name symbol = name_of("BTC/USDT");
    for (int k = 0; k < 3; k++) { /* 1: the bot's fill 3 is the key's too, so both are of one account; 2: another's */
        rig_begin(&r);
        rig_key(&r);
        rig_rule(&r, "myTrades", 200, row);
        rig_restart(&r);
        engine_load_symbol(r.e, &symbol);
        for (int64_t id = k == 2 ? 500 : 3; id <= 500; id += 497) {
            struct fill f = {.symbol = symbol,
                             .trade_id = id,
                             .order_id = 1,
                             .side = SIDE_BUY,
                             .source = sources[k],
                             .price = {DEC8_ONE},
                             .quantity = {DEC8_ONE},
                             .time = {1767225500000000}};
            engine_load_fill(r.e, &f);
        }
        rig_go(&r);
        rig_ticks(&r, 60 * US_PER_S);
        assert_int_equal(r.e->user.state, FEED_LIVE);
        assert_int_equal(rig_count(&r, "epoch", EVER), k == 2 ? 0 : 1);
        assert_int_equal(totals()->fills, k == 2 ? 2 : 1);
        rig_end(&r);
    }
}

/* Polled over REST, from the last known trade on, a wiped testnet has nothing new for ever: its newest is looked at too. */
static void a_wipe_is_noticed_while_trades_are_polled(void **state) {
    (void)state;
#define TRADE(id)                                                                                                      \
    "[{\"symbol\":\"BTCUSDT\",\"id\":" id ",\"orderId\":1,\"orderListId\":-1,\"price\":\"1\",\"qty\":\"1\","           \
    "\"quoteQty\":\"1\",\"commission\":\"0\",\"commissionAsset\":\"USDT\",\"time\":1767225600000,"                     \
    "\"isBuyer\":true,\"isMaker\":true,\"isBestMatch\":true}]"
    rig_begin(&r);
    rig_key(&r);
    rig_symbols(&r, "BTC/USDT", NULL);
    r.config.source = SOURCE_IS_EXCHANGE;
    r.refuse_connections = true;
    rig_rule(&r, "myTrades", 200, TRADE("500"));
    rig_start(&r);
    rig_pass(&r, 3 * US_PER_MIN);
    assert_int_equal(r.e->user_fallback, FALLBACK_REST);
    assert_int_equal(totals()->fills, 1);
    rig_rule(&r, "myTrades", 200, TRADE("3"));
    rig_rule(&r, "fromId=501", 200, "[]");
    rig_pass(&r, 3 * US_PER_MIN);
    assert_int_equal(rig_count(&r, "epoch", EVER), 1);
    assert_int_equal(totals()->fills, 1);
    assert_int_equal(ledger_last_id(rig_pair(&r, "BTC/USDT")->ledger), 3);
    rig_end(&r);
#undef TRADE
}

static void a_wiped_testnet_begins_a_new_epoch(void **state) {
    (void)state;
    static const char row[] =
        "[{\"symbol\":\"BTCUSDT\",\"id\":3,\"orderId\":1,\"orderListId\":-1,\"price\":\"100\",\"qty\":\"1\","
        "\"quoteQty\":\"100\",\"commission\":\"0\","
        "\"commissionAsset\":\"USDT\",\"time\":1767225600000,\"isBuyer\":true,\"isMaker\":true,\"isBestMatch\":true}]";
    static const char later[] =
        "[{\"symbol\":\"BTCUSDT\",\"id\":500,\"orderId\":1,\"orderListId\":-1,\"price\":\"1\",\"qty\":\"1\","
        "\"quoteQty\":\"1\",\"commission\":\"0\","
        "\"commissionAsset\":\"USDT\",\"time\":1767225600000,\"isBuyer\":true,\"isMaker\":true,\"isBestMatch\":true}]";
    struct name symbol = name_of("BTC/USDT");
    for (int wiped = 0; wiped < 3; wiped++) { /* 2: the answer only lagged */
        rig_begin(&r);
        rig_key(&r);
        if (wiped == 0) r.config.environment = "production";
        rig_rule(&r, "myTrades", 200, row);
        rig_restart(&r);
        engine_load_symbol(r.e, &symbol);
        for (int64_t id = 3; id <= 500; id += 497) {
            struct fill f = {.symbol = symbol,
                             .trade_id = id,
                             .order_id = 1,
                             .side = SIDE_BUY,
                             .source = SOURCE_REST,
                             .price = {DEC8_ONE},
                             .quantity = {DEC8_ONE},
                             .time = {1767225600000000}};
            engine_load_fill(r.e, &f);
        }
        engine_load_history(r.e, &symbol, 500);
        rig_go(&r);
        rig_ticks(&r, 5 * US_PER_S);
        if (wiped == 2) rig_rule(&r, "myTrades", 200, later);
        rig_ticks(&r, 40 * US_PER_S);
        assert_int_equal(r.e->user.state, FEED_LIVE);
        assert_int_equal(totals()->fills, wiped == 1 ? 1 : 2);
        assert_int_equal(rig_count(&r, "epoch", EVER), wiped == 1 ? 1 : 0);
        if (wiped == 1) assert_int_equal(totals()->cost_basis.v, (i128)100 * DEC16_ONE);
        assert_int_equal(r.history_mark, wiped == 1 ? 3 : 500);
        rig_end(&r);
    }
}

static void fills_of_an_account_that_became_known_are_shown(void **state) {
    (void)state;
    begin_live();
    struct fill f = {.symbol = name_of("BTC/USDT"),
                     .trade_id = 10,
                     .order_id = 1,
                     .side = SIDE_BUY,
                     .source = SOURCE_REST,
                     .price = {DEC8_ONE},
                     .quantity = {DEC8_ONE},
                     .time = {1767225600000000}};
    engine_clean(r.e);
    engine_load_fill(r.e, &f);
    rig_tick(&r, "EURUSDT", "1.1");
    assert_int_equal(totals()->fills, 1);
    assert_true(rig_pair(&r, "BTC/USDT")->unrealized_known);
    assert_int_equal(rig_pair(&r, "BTC/USDT")->unrealized.v, (i128)99 * DEC16_ONE);
    rig_end(&r);
}

/* ---- fees in a third asset ---- */

static char *klines(int64_t first_minute, size_t count, const char *close) {
    char *text = malloc(count * 100 + 10), *at = text;
    assert_non_null(text);
    for (size_t i = 0; i < count; i++)
        at += sprintf(at, "%s[%lld,\"1\",\"9\",\"1\",\"%s\",\"5\",%lld,\"1\",1,\"1\",\"1\",\"0\"]", i ? "," : "[",
                      (long long)(first_minute + (int64_t)i) * 60000, close,
                      (long long)(first_minute + (int64_t)i) * 60000 + 59999);
    (void)sprintf(at, "]");
    return text;
}

/* An answer that comes after the minute's end was written before: its last candle may have been open, and is no price. */
static void an_open_candle_prices_no_fee(void **state) {
    (void)state;
    for (int followed = 0; followed < 2; followed++) {
        begin_live();
        int64_t minute = r.now.wall.us / US_PER_MIN - 1;
        char *body = klines(minute, 1 + (size_t)followed, "600");
        rig_rule(&r, "klines", 200, body);
        rig_fill(&r, 1, "BUY", "100", "1", "0.001", "BNB");
        rig_ticks(&r, 10 * US_PER_S);
        assert_int_equal(totals()->unvalued_fees, followed ? 0 : 1);
        rig_ticks(&r, 3 * US_PER_MIN); /* by then it is closed for certain */
        assert_int_equal(totals()->unvalued_fees, 0);
        rig_end(&r);
        free(body);
    }
}

/* Whether a last candle is closed says the exchange's clock. While that is not known, only one that another follows is: our own
 * clock may be minutes ahead. */
static void while_no_clock_is_known_a_last_candle_prices_no_fee(void **state) {
    (void)state;
    for (int followed = 0; followed < 2; followed++) {
        rig_begin(&r);
        rig_key(&r);
        rig_rule(&r, "/api/v3/time", 500, "{}");
        rig_rule(&r, "\"method\":\"time\"", 500, "{}");
        rig_start_live(&r, 3 * US_PER_S);
        char *body = klines(r.now.wall.us / US_PER_MIN - 1, 1 + (size_t)followed, "600");
        rig_rule(&r, "klines", 200, body);
        rig_fill(&r, 1, "BUY", "100", "1", "0.001", "BNB");
        rig_ticks(&r, 5 * US_PER_MIN);
        assert_false(r.e->priv->clock_based);
        assert_int_equal(totals()->unvalued_fees, followed ? 0 : 1);
        rig_end(&r);
        free(body);
    }
}

/* The candle behind a fee is late: it is asked for with growing pauses, not as fast as it is not given. */
static void a_minute_that_is_not_given_is_asked_for_with_pauses(void **state) {
    (void)state;
    begin_live();
    rig_rule(&r, "klines", 200, "[]");
    rig_fill(&r, 1, "BUY", "100", "1", "0.001", "BNB");
    struct mono from = r.now.mono;
    rig_ticks(&r, 30 * US_PER_S);
    assert_in_range(rig_count(&r, "klines", from), 3, 8);
    assert_int_equal(totals()->unvalued_fees, 1);
    rig_no_rules(&r);
    char *body = klines(r.now.wall.us / US_PER_MIN - 3, 3, "600.25");
    rig_rule(&r, "klines", 200, body);
    rig_ticks(&r, 40 * US_PER_S);
    assert_int_equal(totals()->unvalued_fees, 0);
    rig_end(&r);
    free(body);
}

static void a_fee_in_bnb_takes_the_close_before_the_fill(void **state) {
    (void)state;
    begin_live();
    char *body = klines(r.now.wall.us / US_PER_MIN - 1, 2, "600.25");
    rig_rule(&r, "klines", 200, body);
    rig_fill(&r, 1, "BUY", "100", "1", "0.001", "BNB");
    rig_pass(&r, 50 * US_PER_MS);
    assert_int_equal(totals()->unvalued_fees, 1); /* never counted as 0 in silence */
    assert_true(totals()->partial);
    rig_ticks(&r, 10 * US_PER_S);
    assert_int_equal(totals()->unvalued_fees, 0);
    assert_int_equal(totals()->fees_quote.v, (i128)60025 * DEC16_ONE / 100000);
    assert_int_equal(r.valued_fills, 1);
    rig_end(&r);
    free(body);
}

static void a_fee_is_valued_along_a_cross_with_an_inverse_leg(void **state) {
    (void)state;
    /* a fee in EUR on ETH/BTC: EUR/BTC and BTC/EUR do not exist; EUR/USDT times, BTC/USDT divides */
    rig_begin(&r);
    rig_key(&r);
    rig_symbols(&r, "ETH/BTC", NULL);
    rig_start_live(&r, 15 * US_PER_S);
    int64_t minute = r.now.wall.us / US_PER_MIN - 1;
    char *eur = klines(minute, 2, "1.1"), *btc = klines(minute, 2, "70000");
    rig_rule(&r, "EURUSDT", 200, eur);
    rig_rule(&r, "\"symbol\":\"BTCUSDT\"", 200, btc);
    struct fill f = {.symbol = name_of("ETH/BTC"),
                     .trade_id = 3,
                     .order_id = 1,
                     .side = SIDE_BUY,
                     .source = SOURCE_STREAM,
                     .price = {DEC8_ONE / 20},
                     .quantity = {DEC8_ONE},
                     .fee = {DEC16_ONE * 7},
                     .fee_asset = name_of("EUR"),
                     .time = r.now.wall,
                     .received_at = r.now.wall};
    assert_true(fills_accept(r.e, 0, &f));
    rig_ticks(&r, 20 * US_PER_S);
    const struct ledger_totals *t = ledger_totals(rig_pair(&r, "ETH/BTC")->ledger);
    assert_int_equal(t->unvalued_fees, 0);
    assert_int_equal(t->fees_quote.v, (i128)DEC16_ONE * 11 / 100000); /* 7 x 1.1 / 70000 */
    rig_end(&r);
    free(eur);
    free(btc);
}

static void a_fee_heard_before_the_markets_are_known_is_valued(void **state) {
    (void)state;
    rig_begin(&r);
    rig_key(&r);
    rig_symbols(&r, "BTC/USDT", NULL);
    rig_rule(&r, "xchangeInfo", 500, "{}");
    rig_start(&r);
    rig_live(&r);
    char *body = klines(r.now.wall.us / US_PER_MIN - 1, 2, "1.1");
    rig_fill(&r, 1, "BUY", "100", "1", "1", "EUR"); /* not the usual asset */
    rig_ticks(&r, 5 * US_PER_S);
    assert_int_equal(totals()->unvalued_fees, 1);
    rig_no_rules(&r);
    rig_rule(&r, "EURUSDT", 200, body);
    rig_ticks(&r, 30 * US_PER_S);
    assert_int_equal(totals()->unvalued_fees, 0);
    rig_end(&r);
    free(body);
}

static void candles_that_fail_are_asked_for_with_a_backoff(void **state) {
    (void)state;
    begin_live();
    rig_rule(&r, "klines", 500, "{}");
    rig_fill(&r, 1, "BUY", "100", "1", "0.001", "BNB");
    struct mono from = r.now.mono;
    rig_ticks(&r, 5 * 60 * US_PER_S);
    assert_in_range(rig_count(&r, "klines", from), 6, 14);
    rig_end(&r);
}

static void a_young_minute_without_candle_is_asked_again(void **state) {
    (void)state;
    begin_live(); /* klines: [] */
    rig_fill(&r, 1, "BUY", "100", "1", "0.001", "BNB");
    char *body = klines(r.now.wall.us / US_PER_MIN - 1, 2, "600");
    rig_ticks(&r, 5 * US_PER_S);
    rig_rule(&r, "klines", 200, body);
    rig_ticks(&r, 10 * US_PER_S);
    assert_int_equal(totals()->unvalued_fees, 0);
    rig_end(&r);
    free(body);
}

/* ---- the bot alone ---- */

static char *bot_trades(int first, int count) {
    char *text = malloc((size_t)count * 260 + 100), *at = text;
    assert_non_null(text);
    at += sprintf(at, "{\"trades\": [");
    for (int i = first + count - 1; i >= first; i--)
        at += sprintf(at,
                      "%s{\"id\": \"%d\", \"order_id\": \"%d\", \"symbol\": \"BTC/USDT\", \"side\": \"buy\", "
                      "\"amount\": \"0.1\", \"price\": \"100\", \"cost\": \"10\", \"fee\": \"1E-8\", "
                      "\"timestamp\": \"2026-01-01T%02d:%02d:%02d+00:00\"}",
                      i < first + count - 1 ? ", " : "", i, i, i / 3600, i / 60 % 60, i % 60);
    (void)sprintf(at, "]}");
    return text;
}

/* The bot lists the newest first: all but one of its answer are late; and the store's are in no answer at all. */
static void late_and_stored_fills_count_as_cached(void **state) {
    (void)state;
    struct name symbol = name_of("BTC/USDT");
    struct fill f = {.symbol = symbol,
                     .trade_id = 1000,
                     .side = SIDE_BUY,
                     .source = SOURCE_BOT,
                     .price = {DEC8_ONE},
                     .quantity = {DEC8_ONE},
                     .time = {1767225600000000}};
    char *bot = bot_trades(1, 10), *many = bot_trades(1, 600);
    rig_begin(&r);
    rig_restart(&r);
    engine_load_symbol(r.e, &symbol);
    engine_load_fill(r.e, &f);
    rig_go(&r);
    assert_int_equal(r.e->trades_cached, 1);
    rig_rule(&r, "/api/trades", 200, bot);
    rig_live(&r);
    rig_ticks(&r, 10 * US_PER_S);
    assert_int_equal(totals()->fills, 11);
    assert_int_equal(r.e->trades_cached, 11);
    rig_rule(&r, "/api/trades", 200, many);
    rig_ticks(&r, 10 * US_PER_S);
    assert_int_equal(totals()->fills, 601);
    assert_int_equal(r.e->trades_cached, LIMIT_FILLS_SHOWN);
    rig_end(&r);
    free(bot), free(many);
}

static void more_than_the_bot_can_list_is_a_gap(void **state) {
    (void)state;
    char *old = bot_trades(0, 10), *few = bot_trades(5, 900), *full = bot_trades(500, 1000),
         *beyond = bot_trades(2000, 1000);
    rig_begin(&r);
    rig_rule(&r, "/api/trades", 200, old);
    rig_start_live(&r, 10 * US_PER_S);
    struct pair *p = rig_pair(&r, "BTC/USDT");
    assert_int_equal(p->history.state, HISTORY_SINCE);
    rig_rule(&r, "/api/trades", 200, few);
    rig_ticks(&r, 10 * US_PER_S);
    rig_rule(&r, "/api/trades", 200, full); /* overlaps */
    rig_ticks(&r, 10 * US_PER_S);
    assert_int_equal(p->history.state, HISTORY_SINCE);
    assert_int_equal(ledger_count(p->ledger), 1500);
    rig_rule(&r, "/api/trades", 200, beyond); /* 500 went by unseen */
    rig_ticks(&r, 10 * US_PER_S);
    assert_int_equal(p->history.state, HISTORY_GAP);
    assert_true(r.gap_told); /* a restart would not see it any more */
    rig_ticks(&r, 10 * US_PER_S);
    assert_int_equal(p->history.state, HISTORY_GAP); /* and stays one */
    rig_end(&r);
    free(old), free(few), free(full), free(beyond);
}

static const char the_same_by_the_exchange[] =
    "[{\"symbol\":\"BTCUSDT\",\"id\":7,\"orderId\":7,\"orderListId\":-1,\"price\":\"100\",\"qty\":\"0.1\","
    "\"quoteQty\":\"10\",\"commission\":\"0.0001\",\"commissionAsset\":\"BTC\","
    "\"time\":1767225607000,\"isBuyer\":true,\"isMaker\":true,\"isBestMatch\":true}]";

static void the_exchange_corrects_what_the_bot_said(void **state) {
    (void)state;
    char *bot = bot_trades(7, 1);
    rig_begin(&r);
    rig_key(&r);
    rig_rule(&r, "/api/trades", 200, bot);
    rig_rule(&r, "myTrades", -1, NULL);
    rig_start(&r);
    rig_ticks(&r, 3 * US_PER_S);
    assert_int_equal(totals()->fills, 1);
    assert_int_equal(totals()->assumed_fees, 1);
    rig_rule(&r, "myTrades", 200, the_same_by_the_exchange);
    rig_ticks(&r, 30 * US_PER_S);
    assert_int_equal(totals()->fills, 1);
    assert_int_equal(totals()->assumed_fees, 0);
    assert_int_equal(totals()->holdings.v, 9990000);
    assert_int_equal(r.e->count.corrections, 1);
    rig_end(&r);
    free(bot);
}

static void what_the_exchange_is_late_to_list_is_looked_for_again(void **state) {
    (void)state;
    char *bot = bot_trades(7, 1);
    rig_begin(&r);
    rig_key(&r);
    rig_rule(&r, "/api/trades", 200, bot);
    rig_start_live(&r, 25 * US_PER_S); /* myTrades knows of nothing, ten seconds after the start neither */
    assert_int_equal(totals()->assumed_fees, 1);
    rig_rule(&r, "myTrades", 200, the_same_by_the_exchange);
    rig_ticks(&r, US_PER_MIN);
    assert_int_equal(totals()->assumed_fees, 0);
    struct mono from = r.now.mono;
    rig_ticks(&r, 50 * US_PER_MIN);
    assert_int_equal(rig_count(&r, "myTrades", from), 0); /* nothing is missing any more: every hour */
    rig_end(&r);
    free(bot);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shown_only_when_the_store_has_it),
        cmocka_unit_test(fills_of_one_turn_go_in_one_batch_and_the_next_waits),
        cmocka_unit_test(what_came_while_the_store_was_busy_goes_in_batches_it_takes),
        cmocka_unit_test(a_slow_store_costs_durability_not_figures),
        cmocka_unit_test(a_store_that_failed_loses_nothing_on_the_screen),
        cmocka_unit_test(an_idle_store_that_fails_is_told),
        cmocka_unit_test(repeated_fills_are_counted_once_each),
        cmocka_unit_test(the_mark_of_history_waits_for_the_disk),
        cmocka_unit_test(a_mark_without_its_fills_is_not_believed),
        cmocka_unit_test(a_wiped_testnet_begins_a_new_epoch),
        cmocka_unit_test(a_wipe_is_noticed_without_a_mark),
        cmocka_unit_test(a_wipe_is_noticed_while_trades_are_polled),
        cmocka_unit_test(fills_of_an_account_that_became_known_are_shown),
        cmocka_unit_test(an_open_candle_prices_no_fee),
        cmocka_unit_test(while_no_clock_is_known_a_last_candle_prices_no_fee),
        cmocka_unit_test(a_minute_that_is_not_given_is_asked_for_with_pauses),
        cmocka_unit_test(a_fee_in_bnb_takes_the_close_before_the_fill),
        cmocka_unit_test(a_fee_is_valued_along_a_cross_with_an_inverse_leg),
        cmocka_unit_test(a_fee_heard_before_the_markets_are_known_is_valued),
        cmocka_unit_test(candles_that_fail_are_asked_for_with_a_backoff),
        cmocka_unit_test(a_young_minute_without_candle_is_asked_again),
        cmocka_unit_test(late_and_stored_fills_count_as_cached),
        cmocka_unit_test(more_than_the_bot_can_list_is_a_gap),
        cmocka_unit_test(the_exchange_corrects_what_the_bot_said),
        cmocka_unit_test(what_the_exchange_is_late_to_list_is_looked_for_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
