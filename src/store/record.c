#include "store/record.h"

#include "base/check.h"

/* The first byte of a fill. Two bits each for maker, source and what is known of the quote amount. */
enum {
    FLAG_MAKER_SHIFT = 0,
    FLAG_SOURCE_SHIFT = 2,
    FLAG_QUOTE_SHIFT = 4,
    FLAG_FEE = 1 << 6,
    FLAG_VALUED = 1 << 7,
    FLAG_MASK = 3,
};

enum quote_kind {
    QUOTE_NOT_SAID, /* 0: price x quantity stands */
    QUOTE_PRODUCT,  /* said, and it is price x quantity: not written again */
    QUOTE_WRITTEN,
};

enum { DECIMAL_ZEROS_MAX = 18, DECIMAL_ZEROS_MASK = 31, DECIMAL_NEGATIVE = 32, NUMBER_BYTES_MAX = 19 };

static const uint64_t powers_of_ten[DECIMAL_ZEROS_MAX + 1] = {
    1,
    10,
    100,
    1000,
    10000,
    100000,
    1000000,
    10000000,
    100000000,
    1000000000,
    10000000000,
    100000000000,
    1000000000000,
    10000000000000,
    100000000000000,
    1000000000000000,
    10000000000000000,
    100000000000000000,
    1000000000000000000,
};

static void put_byte(struct record *r, unsigned byte) {
    CHECK(r->len < RECORD_MAX);
    r->at[r->len++] = (unsigned char)byte;
}

static void put_number(struct record *r, u128 v) {
    for (; v >= 128; v >>= 7) put_byte(r, (unsigned)(v & 127) | 128);
    put_byte(r, (unsigned)v);
}

static void put_signed(struct record *r, int64_t v) { put_number(r, ((uint64_t)v << 1) ^ (uint64_t)(v >> 63)); }

static unsigned trailing_zeros(uint64_t v) {
    unsigned zeros = 0;
    for (; zeros < DECIMAL_ZEROS_MAX && v != 0 && v % 10 == 0; zeros++) v /= 10;
    return zeros;
}

static void put_decimal(struct record *r, i128 v) {
    u128 mantissa = v < 0 ? -(u128)v : (u128)v;
    unsigned zeros = mantissa <= UINT64_MAX ? trailing_zeros((uint64_t)mantissa) : 0; /* long ones stay as they are */
    put_byte(r, zeros | (v < 0 ? DECIMAL_NEGATIVE : 0));
    put_number(r, mantissa / powers_of_ten[zeros]);
}

static void put_text(struct record *r, const char *text) {
    size_t len = strlen(text);
    CHECK(len < ACCOUNT_TEXT_MAX);
    put_number(r, len);
    for (size_t i = 0; i < len; i++) put_byte(r, (unsigned char)text[i]);
}

/* A reader that remembers having failed, so that a record is checked once at its end. */
struct reader {
    const unsigned char *at, *end;
    bool bad;
};

static struct reader reader_of(struct span s) {
    const unsigned char *at = (const unsigned char *)s.at;
    return (struct reader){at, at + s.len, false};
}

static enum err reader_end(const struct reader *r) { return r->bad || r->at != r->end ? ERR_CORRUPT : ERR_OK; }

static unsigned get_byte(struct reader *r) {
    if (r->at == r->end) {
        r->bad = true;
        return 0;
    }
    return *r->at++;
}

static u128 get_long_number(struct reader *r) {
    u128 v = 0;
    for (unsigned i = 0; i < NUMBER_BYTES_MAX; i++) {
        unsigned byte = get_byte(r);
        v |= (u128)(byte & 127) << (7 * i);
        if (byte < 128) return v;
    }
    r->bad = true;
    return 0;
}

static uint64_t get_number(struct reader *r) {
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        unsigned byte = get_byte(r);
        v |= (uint64_t)(byte & 127) << shift;
        if (byte < 128) return v;
    }
    r->bad = true;
    return 0;
}

static int64_t get_signed(struct reader *r) {
    uint64_t v = get_number(r);
    return (int64_t)((v >> 1) ^ (0 - (v & 1)));
}

static i128 get_decimal(struct reader *r) {
    unsigned head = get_byte(r), zeros = head & DECIMAL_ZEROS_MASK;
    u128 mantissa = get_long_number(r);
    const u128 most = ~(u128)0 >> 1;
    if (zeros > DECIMAL_ZEROS_MAX || (mantissa > UINT64_MAX && mantissa > most / powers_of_ten[zeros])) {
        r->bad = true;
        return 0;
    }
    i128 v = (i128)(mantissa * powers_of_ten[zeros]);
    return head & DECIMAL_NEGATIVE ? -v : v;
}

static void get_text(struct reader *r, char out[static ACCOUNT_TEXT_MAX]) {
    uint64_t len = get_number(r);
    if (len >= ACCOUNT_TEXT_MAX || len > (size_t)(r->end - r->at)) {
        r->bad = true;
        return;
    }
    memcpy(out, r->at, len);
    out[len] = '\0';
    r->at += len;
}

static enum quote_kind quote_kind(const struct fill *f) {
    struct dec16 product;
    if (f->quote_amount.v == 0) return QUOTE_NOT_SAID;
    if (dec8_mul(&product, f->price, f->quantity) != ERR_OK) return QUOTE_WRITTEN;
    return dec16_cmp(product, f->quote_amount) == 0 ? QUOTE_PRODUCT : QUOTE_WRITTEN;
}

static void put_valuation(struct record *r, const struct fill *f) {
    put_decimal(r, f->fee_value.v);
    put_decimal(r, f->fee_price.v);
    put_signed(r, f->fee_candle.us);
}

static void get_valuation(struct reader *r, struct fill *f) {
    f->fee_state = FEE_VALUED;
    f->fee_value.v = get_decimal(r);
    f->fee_price.v = get_decimal(r);
    f->fee_candle.us = get_signed(r);
}

void record_put_fill(struct record *r, const struct fill *f, uint64_t asset) {
    enum quote_kind quote = quote_kind(f);
    bool has_fee = f->fee.v != 0 || asset != 0, valued = f->fee_state == FEE_VALUED;
    r->len = 0;
    put_byte(r, (unsigned)f->maker << FLAG_MAKER_SHIFT | (unsigned)f->source << FLAG_SOURCE_SHIFT |
                    (unsigned)quote << FLAG_QUOTE_SHIFT | (has_fee ? FLAG_FEE : 0) | (valued ? FLAG_VALUED : 0));
    put_signed(r, f->time.us);
    put_signed(r, f->order_id);
    put_decimal(r, f->price.v);
    put_decimal(r, f->quantity.v);
    if (quote == QUOTE_WRITTEN) put_decimal(r, f->quote_amount.v);
    if (has_fee) put_decimal(r, f->fee.v);
    if (has_fee) put_number(r, asset);
    put_signed(r, (int64_t)((uint64_t)f->received_at.us - (uint64_t)f->time.us));
    if (valued) put_valuation(r, f);
}

enum err record_get_fill(struct fill *f, uint64_t *asset, struct span record) {
    struct reader r = reader_of(record);
    unsigned flags = get_byte(&r);
    unsigned quote = flags >> FLAG_QUOTE_SHIFT & FLAG_MASK, maker = flags >> FLAG_MAKER_SHIFT & FLAG_MASK;
    *asset = 0;
    f->maker = (enum maker)maker;
    f->source = (enum fill_source)(flags >> FLAG_SOURCE_SHIFT & FLAG_MASK);
    f->time.us = get_signed(&r);
    f->order_id = get_signed(&r);
    f->price.v = get_decimal(&r);
    f->quantity.v = get_decimal(&r);
    f->quote_amount = DEC16_ZERO;
    if (quote == QUOTE_WRITTEN) f->quote_amount.v = get_decimal(&r);
    if (quote == QUOTE_PRODUCT && dec8_mul(&f->quote_amount, f->price, f->quantity) != ERR_OK) return ERR_CORRUPT;
    f->fee.v = flags & FLAG_FEE ? get_decimal(&r) : 0;
    if (flags & FLAG_FEE) *asset = get_number(&r);
    f->received_at.us = (int64_t)((uint64_t)get_signed(&r) + (uint64_t)f->time.us);
    f->fee_state = FEE_NONE;
    f->fee_value = DEC16_ZERO;
    f->fee_price = DEC8_ZERO;
    f->fee_candle.us = 0;
    if (flags & FLAG_VALUED) get_valuation(&r, f);
    if (maker > MAKER_YES || quote > QUOTE_WRITTEN) return ERR_CORRUPT;
    return reader_end(&r);
}

enum err record_get_fill_time(struct wall *out, struct span record) {
    struct reader r = reader_of(record);
    (void)get_byte(&r);
    int64_t us = get_signed(&r);
    if (r.bad) return ERR_CORRUPT;
    out->us = us;
    return ERR_OK;
}

void record_put_fee(struct record *r, const struct fill *f) {
    r->len = 0;
    put_valuation(r, f);
}

enum err record_get_fee(struct fill *f, struct span record) {
    struct reader r = reader_of(record);
    get_valuation(&r, f);
    return reader_end(&r);
}

void record_put_definition(struct record *r, const struct definition *d) {
    r->len = 0;
    put_number(r, d->number);
    put_number(r, d->of);
    put_text(r, d->text);
}

enum err record_get_definition(struct definition *out, struct span record) {
    struct reader r = reader_of(record);
    struct definition d = {0};
    d.number = get_number(&r);
    d.of = get_number(&r);
    get_text(&r, d.text);
    enum err e = reader_end(&r);
    if (e == ERR_OK) *out = d;
    return e;
}

void record_put_candle(struct record *r, const struct candle *c) {
    r->len = 0;
    put_signed(r, (int64_t)((uint64_t)c->close_time.us - (uint64_t)c->open_time.us));
    put_decimal(r, c->open.v);
    put_decimal(r, c->high.v);
    put_decimal(r, c->low.v);
    put_decimal(r, c->close.v);
    put_decimal(r, c->volume.v);
}

enum err record_get_candle(struct candle *c, struct span record) {
    struct reader r = reader_of(record);
    c->close_time.us = (int64_t)((uint64_t)get_signed(&r) + (uint64_t)c->open_time.us);
    c->open.v = get_decimal(&r);
    c->high.v = get_decimal(&r);
    c->low.v = get_decimal(&r);
    c->close.v = get_decimal(&r);
    c->volume.v = get_decimal(&r);
    c->closed = true;
    return reader_end(&r);
}
