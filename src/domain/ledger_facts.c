/* ledger_facts.c: fills as compact rows. Numbers that fit in 64 bits (nearly all) stand in the row; the others in a
 * wide row beside it. The quote amount is kept only where it is not price x quantity. */
#include "domain/ledger_impl.h"

#include "base/check.h"

#include <stdlib.h>

enum err array_grow(void *array_pointer, size_t *capacity, size_t count, size_t size) {
    void *array;
    memcpy(&array, array_pointer, sizeof array);
    size_t wanted = *capacity + *capacity / 2;
    if (wanted < count) wanted = count < 16 ? 16 : count;
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

static bool fits(i128 v) { return (u128)v <= INT64_MAX; } /* and is not below zero: no number of a fill is */

/* The product of two numbers of 64 bits has room in 128. */
static bool is_narrow(const struct fill *f) {
    return fits(f->price.v) && fits(f->quantity.v) && fits(f->fee.v) && fits(f->fee_value.v) && fits(f->fee_price.v) &&
           f->price.v * f->quantity.v == f->quote_amount.v && f->fee_candle.us >= 0 &&
           f->fee_candle.us % US_PER_MIN == 0 && f->fee_candle.us / US_PER_MIN <= UINT32_MAX;
}

static enum err put_numbers(struct facts *s, struct row *r, const struct fill *f) {
    if (is_narrow(f)) {
        r->price = (int64_t)f->price.v;
        r->quantity = (int64_t)f->quantity.v;
        r->fee = (int64_t)f->fee.v;
        r->fee_value = (int64_t)f->fee_value.v;
        r->fee_price = (int64_t)f->fee_price.v;
        r->candle = (uint32_t)(f->fee_candle.us / US_PER_MIN);
        r->wide = 0; /* a wide row it may have had stays unused: corrections are few, at most one a source */
        return ERR_OK;
    }
    if (r->wide == 0) {
        enum err e = array_reserve(&s->wides, &s->wide_capacity, s->wide_count + 1, sizeof *s->wides);
        if (e != ERR_OK) return e;
        r->wide = (uint32_t)++s->wide_count;
    }
    s->wides[r->wide - 1] = (struct wide_row){f->price.v,     f->quantity.v,  f->quote_amount.v, f->fee.v,
                                              f->fee_value.v, f->fee_price.v, f->fee_candle.us};
    return ERR_OK;
}

static enum err put(struct facts *s, struct row *r, const struct fill *f, uint16_t asset) {
    enum err e = put_numbers(s, r, f);
    if (e != ERR_OK) return e;
    r->time = f->time.us;
    r->trade_id = f->trade_id;
    r->order_id = f->order_id;
    r->received_at = f->received_at.us;
    r->asset = asset;
    r->words = (uint8_t)((unsigned)f->fee_state | (unsigned)f->maker << 3 | (unsigned)f->source << 5);
    return ERR_OK;
}

enum err facts_add(struct facts *s, uint32_t *out_row, const struct fill *f, uint16_t asset) {
    struct row r = {0};
    if (s->count >= ROW_NONE) return ERR_FULL;
    enum err e = array_reserve(&s->rows, &s->capacity, s->count + 1, sizeof *s->rows);
    if (e == ERR_OK && f->side == SIDE_SELL)
        e = array_reserve(&s->sales, &s->sale_capacity, s->sale_count + 1, sizeof *s->sales);
    if (e == ERR_OK) e = put(s, &r, f, asset);
    if (e != ERR_OK) return e;
    if (f->side == SIDE_SELL) {
        r.flags = ROW_SELL;
        r.sale = (uint32_t)s->sale_count;
        s->sales[s->sale_count++] = (struct sale){.first = ROW_NONE, .last = ROW_NONE, .prev = ROW_NONE};
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
    if (row_side(r) == SIDE_SELL) s->sale_count--;
    if (r->wide != 0) s->wide_count--;
}

struct amounts facts_amounts(const struct facts *s, uint32_t row) {
    const struct row *r = &s->rows[row];
    if (r->wide != 0) {
        const struct wide_row *w = &s->wides[r->wide - 1];
        return (struct amounts){w->price, w->quantity, w->quote, w->fee, w->fee_value};
    }
    return (struct amounts){r->price, r->quantity, (i128)r->price * r->quantity, r->fee, r->fee_value};
}

void facts_get(const struct facts *s, struct fill *out, uint32_t row) {
    const struct row *r = &s->rows[row];
    struct amounts a = facts_amounts(s, row);
    i128 fee_price = r->wide != 0 ? s->wides[r->wide - 1].fee_price : r->fee_price;
    int64_t candle_us = r->wide != 0 ? s->wides[r->wide - 1].candle_us : (int64_t)r->candle * US_PER_MIN;
    *out = (struct fill){
        .trade_id = r->trade_id,
        .order_id = r->order_id,
        .side = row_side(r),
        .maker = (enum maker)(r->words >> 3 & 3),
        .source = (enum fill_source)(r->words >> 5),
        .price = {a.price},
        .quantity = {a.quantity},
        .quote_amount = {a.quote},
        .fee = {a.fee},
        .fee_asset = s->assets[r->asset],
        .time = {r->time},
        .received_at = {r->received_at},
        .fee_state = row_fee_state(r),
        .fee_value = {a.fee_value},
        .fee_price = {fee_price},
        .fee_candle = {candle_us},
    };
}
