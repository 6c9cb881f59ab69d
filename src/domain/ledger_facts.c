/* ledger_facts.c: fills as compact rows. Prices, quantities and fees have few digits, so they are kept without the zeros at
 * their end, in 32 bits each; what a fee is worth follows from the fill, but for a third asset's. Those with more digits have
 * 64 bits apart, and what does not fit there either, by even one number, stands in a wide row. */
#include "domain/ledger_impl.h"

#include "base/check.h"

#include <stdlib.h>

enum { FIRST_BYTES = 256 };
#define FEE_UNIT INT64_C(100000000) /* a base fee is a quantity: it has eight of the sixteen digits */

enum err array_grow(void *array_pointer, size_t *capacity, size_t count, size_t size) {
    void *array;
    memcpy(&array, array_pointer, sizeof array);
    size_t wanted = *capacity + *capacity / 2;
    if (wanted * size < FIRST_BYTES) wanted = FIRST_BYTES / size; /* a few small ones, one large one */
    if (wanted < count) wanted = count;
    CHECK(wanted <= SIZE_MAX / size); /* no array here has more elements than ROW_NONE */
    array = realloc(array, wanted * size);
    if (array == NULL) return ERR_MEMORY;
    memcpy(array_pointer, &array, sizeof array);
    *capacity = wanted;
    return ERR_OK;
}

enum err facts_init(struct facts *s, const struct name *base, const struct name *quote) {
    enum err e = array_reserve(&s->assets, &s->asset_capacity, ASSET_FIRST_OTHER, sizeof *s->assets);
    if (e != ERR_OK) return e;
    s->assets[ASSET_QUOTE] = *quote;
    s->assets[ASSET_BASE] = *base;
    s->assets[ASSET_UNNAMED] = (struct name){{0}};
    s->asset_count = ASSET_FIRST_OTHER;
    return ERR_OK;
}

void facts_free(struct facts *s) {
    free(s->rows);
    free(s->sales);
    free(s->far_sales);
    free(s->far_numbers);
    free(s->priced_fees);
    free(s->far_fees);
    free(s->wides);
    free(s->assets);
}

enum err facts_asset(struct facts *s, uint16_t *out, const struct name *asset) {
    size_t i = 0;
    while (i < s->asset_count && !name_eq(&s->assets[i], asset)) i++;
    if (i == s->asset_count) {
        if (i == ASSETS_MAX) return ERR_FULL;
        enum err e = array_reserve(&s->assets, &s->asset_capacity, i + 1, sizeof *s->assets);
        if (e != ERR_OK) return e;
        s->assets[s->asset_count++] = *asset;
    }
    *out = (uint16_t)i;
    return ERR_OK;
}

/* ---- numbers ---- */

enum { DIGITS_OF_MARK = 8 };

static const int64_t tens[] = {1,
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
                               10000000000000000};

static bool fits(i128 v) { return (u128)v <= INT64_MAX; } /* and is not below zero: no number of a fill is */

/* v = digits x 10^zeros; false: it has too many digits. What brings 63 bits into 32 are twelve zeros at most: twice
 * as many, less eight, are the last of the tens. */
static bool pack(uint32_t *digits, unsigned *zeros, i128 v) {
    if (!fits(v)) return false;
    uint64_t rest = (uint64_t)v;
    *zeros = 0;
    for (; rest > UINT32_MAX && rest % 10000 == 0; *zeros += 4) rest /= 10000;
    for (; rest > UINT32_MAX && rest % 10 == 0; ++*zeros) rest /= 10;
    *digits = (uint32_t)rest;
    return rest <= UINT32_MAX;
}

static int64_t unpack(uint32_t digits, unsigned zeros) { return digits * tens[zeros]; }

/* In quote, of a fee that is neither valued nor far: as the ledger has settled it. */
static i128 fee_worth(const struct row *r, int64_t price, int64_t fee) {
    if (r->fee_state == FEE_OWN && r->asset == ASSET_BASE) return (i128)price * (fee / FEE_UNIT);
    return r->fee_state == FEE_OWN || r->fee_state == FEE_ASSUMED ? fee : 0;
}

/* What dec16_times gives for the two numbers: fee x price / 10^8, half-even. */
static i128 worth_at(uint32_t fee, uint32_t price, unsigned zeros) {
    uint64_t product = (uint64_t)fee * price;
    if (zeros >= DIGITS_OF_MARK) return (i128)product * tens[zeros - DIGITS_OF_MARK];
    uint64_t unit = (uint64_t)tens[DIGITS_OF_MARK - zeros], whole = product / unit, rest = product % unit;
    bool up = rest > unit / 2 || (rest == unit / 2 && whole % 2 == 1);
    return (i128)whole + up;
}

/* Identity and times; false: one has no room. */
static bool put_times(struct row *r, const struct fill *f) {
    uint64_t time = (uint64_t)f->time.us, id = (uint64_t)f->trade_id;
    uint64_t lag = f->received_at.us == 0 ? 0 : (uint64_t)f->received_at.us - time + LAG_BIAS;
    if (time >> ROW_TIME_BITS != 0 || id >> ROW_ID_BITS != 0 || lag >> ROW_LAG_BITS != 0) return false;
    if (lag == 0 && f->received_at.us != 0) return false; /* to the microsecond */
    r->time = time & ((UINT64_C(1) << ROW_TIME_BITS) - 1);
    r->trade_id = id & ((UINT64_C(1) << ROW_ID_BITS) - 1);
    r->lag = lag & ((UINT64_C(1) << ROW_LAG_BITS) - 1);
    return true;
}

/* The product of two numbers of 64 bits has room in 128. */
static bool is_product(const struct fill *f) {
    return fits(f->price.v) && fits(f->quantity.v) && f->price.v * f->quantity.v == f->quote_amount.v;
}

/* Of a fill that is a product. */
static enum err put_numbers(struct facts *s, struct row *r, const struct fill *f) {
    uint32_t price, quantity;
    unsigned price_zeros, quantity_zeros;
    bool far = !pack(&price, &price_zeros, f->price.v) || !pack(&quantity, &quantity_zeros, f->quantity.v);
    if (far && !r->far) {
        enum err e =
            array_reserve(&s->far_numbers, &s->far_number_capacity, s->far_number_count + 1, sizeof *s->far_numbers);
        if (e != ERR_OK) return e;
        r->price = (uint32_t)s->far_number_count++;
    }
    r->wide = false;
    r->far = far;
    if (far) {
        s->far_numbers[r->price] = (struct far_numbers){(int64_t)f->price.v, (int64_t)f->quantity.v};
        return ERR_OK;
    }
    r->price = price;
    r->quantity = quantity;
    r->price_zeros = price_zeros & 15;
    r->quantity_zeros = quantity_zeros & 15;
    return ERR_OK;
}

/* The number of a new one behind `count`, or of the row's own where it has one of that form. */
static enum err place_fee(struct row *r, enum fee_form form, void *array_pointer, size_t *count, size_t *capacity,
                          size_t size) {
    if (r->fee_form == form) return ERR_OK;
    enum err e = array_reserve(array_pointer, capacity, *count + 1, size);
    if (e != ERR_OK) return e;
    r->fee = (uint32_t)(*count)++;
    r->fee_form = form;
    return ERR_OK;
}

/* ERR_VALUE: it has no room there either. */
static enum err put_far_fee(struct facts *s, struct row *r, const struct fill *f) {
    struct far_fee fee = {(int64_t)f->fee.v, (int64_t)f->fee_value.v, (int64_t)f->fee_price.v,
                          (uint32_t)(f->fee_candle.us / US_PER_MIN)};
    if (!fits(f->fee.v) || !fits(f->fee_value.v) || !fits(f->fee_price.v)) return ERR_VALUE;
    if (fee.candle * US_PER_MIN != f->fee_candle.us) return ERR_VALUE;
    enum err e = place_fee(r, FEE_FAR, &s->far_fees, &s->far_fee_count, &s->far_fee_capacity, sizeof *s->far_fees);
    if (e == ERR_OK) s->far_fees[r->fee] = fee;
    return e;
}

static enum err put_valued(struct facts *s, struct row *r, const struct fill *f, uint32_t digits, unsigned zeros) {
    unsigned price_zeros;
    struct priced_fee fee = {.fee = digits};
    uint64_t candle = (uint64_t)f->fee_candle.us / US_PER_MIN;
    bool whole = candle >> 28 == 0 && (uint64_t)f->fee_candle.us % US_PER_MIN == 0;
    if (!whole || !pack(&fee.price, &price_zeros, f->fee_price.v) ||
        worth_at(digits, fee.price, zeros + price_zeros) != f->fee_value.v)
        return put_far_fee(s, r, f);
    fee.candle = (uint32_t)candle & 0xfffffff;
    fee.price_zeros = price_zeros & 15;
    enum err e = place_fee(r, FEE_PRICED, &s->priced_fees, &s->priced_fee_count, &s->priced_fee_capacity,
                           sizeof *s->priced_fees);
    if (e != ERR_OK) return e;
    s->priced_fees[r->fee] = fee;
    r->fee_zeros = zeros & 15;
    return ERR_OK;
}

static enum err put_fee(struct facts *s, struct row *r, const struct fill *f) {
    unsigned zeros;
    uint32_t digits;
    if (!pack(&digits, &zeros, f->fee.v)) return put_far_fee(s, r, f);
    if (f->fee_state == FEE_VALUED) return put_valued(s, r, f, digits, zeros);
    r->fee = digits;
    r->fee_zeros = zeros & 15;
    r->fee_form = FEE_NEAR;
    return ERR_OK;
}

static enum err put_wide(struct facts *s, struct row *r, const struct fill *f) {
    if (!r->wide) {
        enum err e = array_reserve(&s->wides, &s->wide_capacity, s->wide_count + 1, sizeof *s->wides);
        if (e != ERR_OK) return e;
        r->price = (uint32_t)s->wide_count++;
        r->wide = true;
    }
    r->far = false;
    r->fee_form = FEE_NEAR;
    s->wides[r->price] = (struct wide_row){.price = f->price.v,
                                           .quantity = f->quantity.v,
                                           .quote = f->quote_amount.v,
                                           .fee = f->fee.v,
                                           .fee_value = f->fee_value.v,
                                           .fee_price = f->fee_price.v,
                                           .time = f->time.us,
                                           .trade_id = f->trade_id,
                                           .received_us = f->received_at.us,
                                           .candle_us = f->fee_candle.us};
    return ERR_OK;
}

/* A place elsewhere that it had and needs no more stays unused: corrections are few, at most one a source. */
static enum err put(struct facts *s, struct row *r, const struct fill *f, uint16_t asset) {
    struct row changed = *r, narrow = *r;
    enum err e = put_times(&narrow, f) && is_product(f) ? put_fee(s, &narrow, f) : ERR_VALUE;
    if (e == ERR_OK) e = put_numbers(s, &narrow, f);
    if (e == ERR_OK) changed = narrow;
    else if (e == ERR_VALUE) e = put_wide(s, &changed, f);
    if (e != ERR_OK) return e;
    changed.order_id = f->order_id;
    changed.asset = asset;
    changed.fee_state = f->fee_state & 7;
    changed.maker = f->maker & 3;
    changed.source = f->source & 3;
    *r = changed;
    return ERR_OK;
}

/* ---- rows ---- */

enum err facts_add(struct facts *s, uint32_t *out_row, const struct fill *f, uint16_t asset) {
    struct row r = {0};
    if (s->count >= ROW_NONE) return ERR_FULL;
    enum err e = array_reserve(&s->rows, &s->capacity, s->count + 1, sizeof *s->rows);
    if (e == ERR_OK && f->side == SIDE_SELL)
        e = array_reserve(&s->sales, &s->sale_capacity, s->sale_count + 1, sizeof *s->sales);
    if (e == ERR_OK) e = put(s, &r, f, asset);
    if (e != ERR_OK) return e;
    if (f->side == SIDE_SELL) {
        r.sell = true;
        r.sale = (uint32_t)s->sale_count;
        s->sales[s->sale_count++] = (struct kept_sale){.first = ROW_NONE, .last = ROW_NONE, .prev = ROW_NONE};
    }
    *out_row = (uint32_t)s->count;
    s->rows[s->count++] = r;
    return ERR_OK;
}

enum err facts_set(struct facts *s, uint32_t row, const struct fill *f, uint16_t asset) {
    return put(s, &s->rows[row], f, asset);
}

void facts_drop_last(struct facts *s) {
    const struct row *r = &s->rows[--s->count];
    if (r->sell) s->sale_count--;
    if (r->wide) s->wide_count--;
    if (r->far) s->far_number_count--;
    if (r->fee_form == FEE_PRICED) s->priced_fee_count--;
    if (r->fee_form == FEE_FAR) s->far_fee_count--;
}

struct amounts facts_amounts(const struct facts *s, uint32_t row) {
    const struct row *r = &s->rows[row];
    if (r->wide) {
        const struct wide_row *w = &s->wides[r->price];
        return (struct amounts){w->price, w->quantity, w->quote, w->fee, w->fee_value};
    }
    int64_t price = r->far ? s->far_numbers[r->price].price : unpack(r->price, r->price_zeros);
    int64_t quantity = r->far ? s->far_numbers[r->price].quantity : unpack(r->quantity, r->quantity_zeros);
    struct amounts a = {price, quantity, (i128)price * quantity, 0, 0};
    if (r->fee_form == FEE_NEAR) {
        int64_t fee = unpack(r->fee, r->fee_zeros);
        a.fee = fee;
        a.fee_value = fee_worth(r, price, fee);
    } else if (r->fee_form == FEE_PRICED) {
        const struct priced_fee *p = &s->priced_fees[r->fee];
        a.fee = unpack(p->fee, r->fee_zeros);
        a.fee_value = worth_at(p->fee, p->price, r->fee_zeros + p->price_zeros);
    } else {
        a.fee = s->far_fees[r->fee].fee;
        a.fee_value = s->far_fees[r->fee].value;
    }
    return a;
}

static void get_rest(const struct facts *s, struct fill *out, const struct row *r) {
    if (r->wide) {
        const struct wide_row *w = &s->wides[r->price];
        out->received_at.us = w->received_us;
        out->fee_price.v = w->fee_price;
        out->fee_candle.us = w->candle_us;
        return;
    }
    if (r->lag != 0) out->received_at.us = (int64_t)((uint64_t)r->time + (uint64_t)r->lag - LAG_BIAS);
    if (r->fee_form == FEE_PRICED) {
        const struct priced_fee *p = &s->priced_fees[r->fee];
        out->fee_price.v = unpack(p->price, p->price_zeros);
        out->fee_candle.us = p->candle * US_PER_MIN;
    } else if (r->fee_form == FEE_FAR) {
        out->fee_price.v = s->far_fees[r->fee].price;
        out->fee_candle.us = s->far_fees[r->fee].candle * US_PER_MIN;
    }
}

void facts_get(const struct facts *s, struct fill *out, uint32_t row) {
    const struct row *r = &s->rows[row];
    struct amounts a = facts_amounts(s, row);
    *out = (struct fill){
        .trade_id = facts_trade_id(s, r),
        .order_id = r->order_id,
        .side = row_side(r),
        .maker = (enum maker)r->maker,
        .source = (enum fill_source)r->source,
        .price = {a.price},
        .quantity = {a.quantity},
        .quote_amount = {a.quote},
        .fee = {a.fee},
        .fee_asset = s->assets[r->asset],
        .time = {facts_time(s, r)},
        .fee_state = row_fee_state(r),
        .fee_value = {a.fee_value},
    };
    get_rest(s, out, r);
}

/* ---- sales ---- */

static bool sale_fits(i128 v) { return v >> 77 == 0 || v >> 77 == -1; }

enum err facts_reserve_sale(struct facts *s) {
    return array_reserve(&s->far_sales, &s->far_sale_capacity, s->far_sale_count + 1, sizeof *s->far_sales);
}

void facts_keep_sale(struct facts *s, uint32_t sale, const struct sale *from) {
    struct kept_sale *k = &s->sales[sale];
    bool far = k->far || from->unmatched != 0 || !sale_fits(from->realized) || !sale_fits(from->result);
    k->first = from->first;
    k->last = from->last;
    k->prev = from->prev;
    k->flags = from->flags & 7;
    if (far) {
        if (!k->far) k->realized = s->far_sale_count++;
        k->far = true;
        CHECK(s->far_sale_count <= s->far_sale_capacity);
        s->far_sales[k->realized] = (struct far_sale){from->realized, from->result, from->unmatched};
        return;
    }
    k->realized = (uint64_t)from->realized;
    k->result = (uint64_t)from->result;
    k->realized_high = (uint32_t)(from->realized >> 64) & 0x3fff;
    k->result_high = (uint32_t)(from->result >> 64) & 0x3fff;
}

static i128 joined(uint32_t high, uint64_t low) { /* the sign is the highest of 78 bits */
    return (i128)(((u128)high << 64 | low) << 50) >> 50;
}

struct sale facts_sale(const struct facts *s, uint32_t sale) {
    const struct kept_sale *k = &s->sales[sale];
    struct sale out = {.first = k->first, .last = k->last, .prev = k->prev, .flags = k->flags};
    if (k->far) {
        const struct far_sale *f = &s->far_sales[k->realized];
        out.realized = f->realized;
        out.result = f->result;
        out.unmatched = f->unmatched;
    } else {
        out.realized = joined(k->realized_high, k->realized);
        out.result = joined(k->result_high, k->result);
    }
    return out;
}
