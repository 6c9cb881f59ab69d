/* bot.c: one body through every decoder of the bot's API. */
#include "fuzz.h"

#include "wire/bot.h"

static void take_fill(void *arg, const struct fill *f) {
    check_fill(f);
    CHECK(f->source == SOURCE_BOT && f->maker == MAKER_UNKNOWN && name_empty(&f->fee_asset));
    ++*(size_t *)arg;
}

static void take_order(void *arg, const struct order *o) {
    check_order(o);
    CHECK(o->quantity.v > 0);
    ++*(size_t *)arg;
}

static void take_candle(void *arg, const struct candle *c) {
    check_candle(c);
    ++*(size_t *)arg;
}

static void take_strategy(void *arg, const struct bot_strategy *s) {
    CHECK(memchr(s->name, '\0', sizeof s->name) != NULL && s->completed_cycles >= -1);
    CHECK(!s->is_grid || !name_empty(&s->symbol));
    if (s->grid.known)
        CHECK(s->is_grid && s->grid.lower.v > 0 && s->grid.upper.v > s->grid.lower.v && s->grid.levels > 0);
    ++*(size_t *)arg;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct json *j = json_new();
    struct span body = span_from(data, size);
    struct wire_fault f = {.err = ERR_OK};
    struct bot_health health;
    struct name symbol, timeframe;
    size_t rows = 0, refused = 0;
    CHECK(j != NULL);
    enum err e = bot_health_decode(j, body, &health, &f);
    if (e != ERR_OK) check_fault(e, &f);
    else CHECK(health.alive && (health.has_running || !health.running) && health.uptime_seconds.v >= 0);
    e = bot_strategies_decode(j, body, take_strategy, &rows, &f);
    if (e != ERR_OK) check_fault(e, &f);
    CHECK(e == ERR_OK || rows == 0);
    rows = 0;
    e = bot_trades_decode(j, body, take_fill, &rows, &refused, &f);
    if (e != ERR_OK || refused > 0) check_fault(f.err, &f);
    CHECK(e == ERR_OK || rows == 0);
    rows = refused = 0;
    e = bot_orders_decode(j, body, take_order, &rows, &refused, &f);
    if (e != ERR_OK || refused > 0) check_fault(f.err, &f);
    CHECK(e == ERR_OK || rows == 0);
    rows = 0;
    e = bot_ohlcv_decode(j, body, &symbol, &timeframe, take_candle, &rows, &f);
    if (e != ERR_OK) check_fault(e, &f);
    CHECK(e == ERR_OK || rows == 0);
    json_free(j);
    return 0;
}
