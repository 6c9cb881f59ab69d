/* fuzz.h: what the fuzz targets share. A target is one function over one input; it stops the program where a decoder
 * broke a promise of its header. The same object is linked twice: with libFuzzer's main (-Dfuzz=true, clang), and with
 * replay.c, which runs the committed inputs in the normal test suite. */
#ifndef FUZZ_H
#define FUZZ_H

#include "base/check.h"
#include "domain/market.h"
#include "wire/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A failure says which and where, in the room it has. */
static inline void check_fault(enum err e, const struct wire_fault *f) {
    CHECK(e != ERR_OK && e < ERR_COUNT && f->err == e);
    CHECK(f->what[0] != '\0' && memchr(f->what, '\0', sizeof f->what) != NULL);
}

static inline void check_name(const struct name *n) {
    CHECK(memchr(n->text, '\0', sizeof n->text) != NULL && !name_empty(n));
}

static inline void check_order(const struct order *o) {
    check_name(&o->symbol);
    CHECK(o->price.v >= 0 && o->quantity.v >= 0 && o->filled.v >= 0 && o->time.us >= 0 && o->order_id != ORDER_ID_NONE);
    CHECK(o->side == SIDE_BUY || o->side == SIDE_SELL);
}

static inline void check_fill(const struct fill *f) {
    const char *field;
    enum err e = fill_validate(f, &field);
    CHECK(e == ERR_OK);
    check_name(&f->symbol);
    CHECK(f->time.us > 0 && f->order_id >= INT64_MIN / 2 && f->maker <= MAKER_YES && f->fee_state == FEE_NONE);
}

static inline void check_candle(const struct candle *c) {
    CHECK(c->open.v > 0 && c->high.v > 0 && c->low.v > 0 && c->close.v > 0 && c->volume.v >= 0);
    CHECK(c->open_time.us >= 0 && c->close_time.us >= c->open_time.us);
}

static inline void check_balance(const struct balance *b) {
    check_name(&b->asset);
    CHECK(b->free.v >= 0 && b->locked.v >= 0);
}

#endif
