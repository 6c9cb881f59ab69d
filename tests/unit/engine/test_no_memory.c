/* One allocation after the other is made to fail in an engine at work: nothing crashes, no figure contradicts itself, and what
 * was only missed is asked for again. The linker puts the functions below between the engine and the allocator. */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>

static bool armed;
static size_t calls, fail_at; /* 0: none */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *at, size_t size);
void __real_engine_handle(struct engine *e, const struct event *event, struct now now);
bool __real_engine_turn(struct engine *e, struct now now);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *at, size_t size);
void __wrap_engine_handle(struct engine *e, const struct event *event, struct now now);
bool __wrap_engine_turn(struct engine *e, struct now now);

static bool fails(void) { return armed && ++calls == fail_at; }

void *__wrap_malloc(size_t size) { return fails() ? NULL : __real_malloc(size); }
void *__wrap_calloc(size_t count, size_t size) { return fails() ? NULL : __real_calloc(count, size); }
void *__wrap_realloc(void *at, size_t size) { return fails() ? NULL : __real_realloc(at, size); }

void __wrap_engine_handle(struct engine *e, const struct event *event, struct now now) {
    armed = true;
    __real_engine_handle(e, event, now);
    armed = false;
}

bool __wrap_engine_turn(struct engine *e, struct now now) {
    armed = true;
    bool more = __real_engine_turn(e, now);
    armed = false;
    return more;
}

static void work(bool key) {
    static const char orders[] =
        "[{\"symbol\":\"BTCUSDT\",\"orderId\":8,\"orderListId\":-1,\"clientOrderId\":\"x\",\"price\":\"90\","
        "\"origQty\":\"1\",\"executedQty\":\"0\",\"cummulativeQuoteQty\":\"0\","
        "\"status\":\"NEW\",\"timeInForce\":\"GTC\",\"type\":\"LIMIT\",\"side\":\"BUY\",\"stopPrice\":\"0\","
        "\"icebergQty\":\"0\",\"time\":1,\"updateTime\":1,\"isWorking\":true,"
        "\"workingTime\":1,\"origQuoteOrderQty\":\"0\",\"selfTradePreventionMode\":\"NONE\"}]";
    static const char candles[] =
        "[[1767225540000,\"1\",\"9\",\"1\",\"600\",\"5\",1767225599999,\"1\",1,\"1\",\"1\",\"0\"]]";
    static const char trades[] =
        "[{\"symbol\":\"BTCUSDT\",\"id\":1,\"orderId\":1,\"orderListId\":-1,\"price\":\"100\",\"qty\":\"1\","
        "\"quoteQty\":\"100\",\"commission\":\"0.001\","
        "\"commissionAsset\":\"BNB\",\"time\":1767225605000,\"isBuyer\":true,\"isMaker\":true,\"isBestMatch\":true}]";
    static struct rig r;
    rig_begin(&r);
    if (key) rig_key(&r);
    r.config.display_currency = name_of("EUR");
    rig_rule(&r, "openOrders", 200, orders);
    rig_rule(&r, "klines", 200, candles);
    rig_rule(&r, "myTrades", 200, trades);
    rig_start(&r);
    rig_ticks(&r, 20 * US_PER_S);
    for (int i = 2; i < 8; i++) rig_fill(&r, i, i % 2 ? "SELL" : "BUY", "100", "1", "0.001", "BNB");
    rig_handle(&r, &(struct event){.kind = EVENT_WANT_CANDLES,
                                   .id = 5,
                                   .symbol = name_of("BTC/USDT"),
                                   .interval = name_of("1h"),
                                   .limit = 10});
    rig_handle(&r,
               &(struct event){
                   .kind = EVENT_WATCH_CANDLES, .symbol = name_of("BTC/USDT"), .interval = name_of("1h"), .on = true});
    rig_tick(&r, "EURUSDT", "1.1");
    rig_close(&r, r.e->market.cur.id);
    rig_close(&r, r.e->user.cur.id);
    rig_ticks(&r, 150 * US_PER_S);
    struct dec16 sum;
    assert_int_equal(dec16_add(&sum, r.e->portfolio.realized, r.e->portfolio.unrealized), ERR_OK);
    assert_true(sum.v == r.e->portfolio.total.v);
    assert_int_equal(r.e->market.state, FEED_LIVE);
    if (key) assert_int_equal(r.e->user.state, FEED_LIVE);
    for (size_t i = 0; i < r.e->pair_count; i++) assert_true(ledger_ok(r.e->pairs[i]->ledger));
    rig_handle(&r, &(struct event){.kind = EVENT_STOP});
    rig_end(&r);
}

static void any_allocation_may_fail(void **state) {
    (void)state;
    for (int key = 0; key < 2; key++) {
        calls = fail_at = 0;
        work(key);
        size_t all = calls, step = all / 300 + 1;
        if (all < 100) fail_msg("only %zu allocations: the linker did not put us in between", all);
        for (size_t k = 1; k <= all;
             k += k < 150 ? 1 : step) { /* the first ones are each of a kind, later they repeat */
            calls = 0;
            fail_at = k;
            work(key);
        }
    }
}

static void an_engine_without_memory_is_none(void **state) {
    (void)state;
    struct engine_config config = {.environment = "x",
                                   .heartbeat_stream = "",
                                   .breaker = {5, 1, 1},
                                   .bot_url = "",
                                   .rest_url = "",
                                   .stream_url = "",
                                   .ws_api_url = ""};
    struct engine *e = NULL;
    for (fail_at = 1; fail_at < 100 && e == NULL; fail_at++) {
        calls = 0;
        armed = true;
        e = engine_new(&config, (struct now){{1}, {1}});
        armed = false;
    }
    assert_non_null(e);
    assert_true(fail_at > 5);
    engine_free(e);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(any_allocation_may_fail),
                                       cmocka_unit_test(an_engine_without_memory_is_none)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
