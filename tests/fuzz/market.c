/* market.c: frames of the market streams, and the frames that subscribe to whatever name comes. */
#include "fuzz.h"

#include "base/buf.h"
#include "wire/binance.h"

static void check_message(const struct market_message *m) {
    CHECK(m->kind <= MARKET_IGNORED);
    CHECK(memchr(m->message, '\0', sizeof m->message) != NULL && m->event_time.us >= 0);
    if (m->kind == MARKET_TICKER) {
        check_name(&m->ticker.exchange_symbol);
        CHECK(m->ticker.price.v > 0 && m->ticker.event_time.us >= 0);
    }
    if (m->kind == MARKET_KLINE) {
        check_name(&m->symbol);
        check_name(&m->interval);
        check_candle(&m->candle);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct json *j = json_new();
    struct market_message m = {.id = 4711}, again;
    struct wire_fault fault = {.err = ERR_OK};
    CHECK(j != NULL);
    struct span text = span_from(data, size);
    enum err e = market_decode(j, text, &m, &fault);
    if (e == ERR_OK) {
        check_message(&m);
        CHECK(market_decode(j, text, &again, &fault) == ERR_OK && again.kind == m.kind && again.id == m.id);
        CHECK(dec8_cmp(again.ticker.price, m.ticker.price) == 0);
    } else {
        check_fault(e, &fault);
        CHECK(m.id == 4711); /* outputs are untouched */
    }
    json_free(j);
    return 0;
}
