#include "history.h"

#include "base/check.h"

#include <stdlib.h>

/* ---- making ---- */

static struct dec8 some_price(struct rng *rng) {
    return (struct dec8){(i128)(rng_below(rng, 90000) + 10000) * 1000000};
}

static void some_fee(struct rng *rng, struct fill *f, bool plain) {
    uint64_t kind = plain ? rng_below(rng, 2) : rng_below(rng, 6);
    f->fee.v = (i128)(rng_below(rng, 100000) + 1) * 100000000;
    f->fee_asset = name_of("USDT");
    if (kind == 0) f->fee.v = 0;
    if (kind == 2) { /* base: eight digits, below a thousandth; now and then large enough to take several lots */
        uint64_t part = rng_chance(rng, 1, 3) ? 2 : 1000;
        f->fee_asset = name_of("BTC");
        f->fee.v = (i128)rng_below(rng, (uint64_t)f->quantity.v / part + 1) * DEC8_ONE;
    }
    if (kind == 3) f->fee_asset = name_of("BNB");
    if (kind == 4) f->fee_asset = name_of("XYZ");
    if (kind == 5) f->fee_asset = name_of(""); /* nobody ever names it: assumed */
}

/* Orders of a few fills each, some of them under way at the same time; a fill without an order now and then. */
static int64_t some_order(struct rng *rng, size_t i) {
    if (rng_chance(rng, 1, 8)) return ORDER_ID_NONE;
    uint64_t back = rng_below(rng, rng_chance(rng, 1, 4) ? 300 : 6); /* some orders wait long for their rest */
    return (int64_t)(1000 + (i > back ? i - back : 0) / 2);
}

struct fill *history_make(struct rng *rng, const struct history_shape *shape) {
    struct fill *fills = calloc(shape->fills + 1, sizeof *fills);
    CHECK(fills != NULL);
    i128 held = 0;
    int64_t time = INT64_C(1767600000000000), id = 1;
    for (size_t i = 0; i < shape->fills; i++) {
        struct fill *f = &fills[i];
        if (!rng_chance(rng, 1, 4)) time += (int64_t)rng_below(rng, 90000000); /* else the same microsecond */
        f->symbol = name_of("BTC/USDT");
        f->side = rng_chance(rng, 1, 2) ? SIDE_SELL : SIDE_BUY;
        f->price = some_price(rng);
        f->quantity.v = (i128)(rng_below(rng, 200000) + 1000) * 1000;
        if (shape->complete && f->side == SIDE_SELL && held < 2000000) f->side = SIDE_BUY;
        if (shape->complete && f->side == SIDE_SELL && f->quantity.v > held / 3) f->quantity.v = held / 3;
        bool self_trade = i > 0 && f->side == SIDE_SELL && fills[i - 1].side == SIDE_BUY && rng_chance(rng, 1, 5);
        if (self_trade) time = fills[i - 1].time.us;
        else id += 1 + (int64_t)rng_below(rng, 3);
        f->trade_id = id;
        f->order_id = some_order(rng, i);
        f->source = SOURCE_REST;
        f->time.us = time;
        enum err e = dec8_mul(&f->quote_amount, f->price, f->quantity);
        CHECK(e == ERR_OK);
        if (rng_chance(rng, 1, 5)) f->quote_amount.v += (i128)rng_below(rng, 2000001) - 1000000; /* rounded */
        some_fee(rng, f, shape->plain_fees);
        held += f->side == SIDE_BUY ? f->quantity.v : -f->quantity.v;
        if (name_is(&f->fee_asset, "BTC")) held -= f->fee.v / DEC8_ONE;
    }
    return fills;
}

struct fill history_lesser(struct rng *rng, const struct fill *f, enum fill_source source) {
    struct fill less = *f;
    less.source = source;
    if (source == SOURCE_BOT) { /* names no fee asset, and may know neither order nor quote amount */
        less.fee_asset = name_of("");
        if (rng_chance(rng, 1, 3)) less.order_id = ORDER_ID_NONE;
        if (rng_chance(rng, 1, 3)) less.quote_amount.v = 0;
        if (rng_chance(rng, 1, 6)) less.time.us += (int64_t)rng_below(rng, 3000000) - 1500000; /* its own clock */
    }
    return less;
}

struct dec16 history_fee_value(const struct fill *f, struct dec8 *price) {
    struct dec16 value = {0};
    price->v = 60000000000 + (f->time.us / US_PER_MIN % 97) * 12345678;
    enum err e = dec16_times(&value, f->fee, *price);
    CHECK(e == ERR_OK);
    return value;
}

void history_shuffle(struct rng *rng, struct fill *fills, size_t n) {
    for (size_t i = n; i > 1; i--) {
        size_t other = (size_t)rng_below(rng, i);
        struct fill f = fills[other];
        fills[other] = fills[i - 1];
        fills[i - 1] = f;
    }
}

static int by_time_id_side(const void *a, const void *b) {
    const struct fill *x = a, *y = b;
    if (x->time.us != y->time.us) return x->time.us < y->time.us ? -1 : 1;
    if (x->trade_id != y->trade_id) return x->trade_id < y->trade_id ? -1 : 1;
    return (int)x->side - (int)y->side;
}

void history_sort(struct fill *fills, size_t n) { qsort(fills, n, sizeof *fills, by_time_id_side); }

/* ---- the naive reading ---- */

struct naive_lot {
    i128 quantity, basis, fee;
    int64_t id;
};

/* a x b / c rounded half-even; the product must fit. */
static i128 portion(i128 a, i128 b, i128 c) {
    i128 n = a * b, q = n / c, rest = n % c;
    int sign = (n < 0) != (c < 0) ? -1 : 1;
    if (rest < 0) rest = -rest;
    if (c < 0) c = -c;
    if (2 * rest > c || (2 * rest == c && q % 2 != 0)) q += sign;
    return q;
}

static i128 fee_in_quote(const struct fill *f) {
    struct dec8 price;
    if (name_is(&f->fee_asset, "USDT") || name_empty(&f->fee_asset)) return f->fee.v;
    if (name_is(&f->fee_asset, "BTC")) return f->fee.v / DEC8_ONE * f->price.v;
    return history_fee_value(f, &price).v;
}

struct disposal {
    i128 quantity, basis, fee;
    int64_t first, last;
};

static struct disposal dispose(struct naive_lot *lots, size_t n, i128 want) {
    struct disposal d = {0, 0, 0, -1, -1};
    for (size_t i = 0; i < n && want > 0; i++) {
        if (lots[i].quantity == 0) continue;
        i128 q = want < lots[i].quantity ? want : lots[i].quantity;
        i128 basis = portion(lots[i].basis, q, lots[i].quantity), fee = portion(lots[i].fee, q, lots[i].quantity);
        lots[i].quantity -= q;
        lots[i].basis -= basis;
        lots[i].fee -= fee;
        d.quantity += q;
        d.basis += basis;
        d.fee += fee;
        if (d.first < 0) d.first = lots[i].id;
        d.last = lots[i].id;
        want -= q;
    }
    return d;
}

struct part { /* of a cycle: one sell fill */
    int64_t order;
    bool sell, consumed, unmatched, seen;
    i128 result;
};

static void sell(struct naive *out, struct part *part, struct naive_result *result, struct naive_lot *lots, size_t n,
                 const struct fill *f, i128 fee_value) {
    struct disposal d = dispose(lots, n, f->quantity.v), fee = {.first = -1, .last = -1};
    i128 proceeds = portion(f->quote_amount.v, d.quantity, f->quantity.v);
    if (name_is(&f->fee_asset, "BTC")) fee = dispose(lots, n, f->fee.v / DEC8_ONE);
    result->realized = proceeds - d.basis + fee.quantity * f->price.v - fee.basis - fee_value;
    result->unmatched = f->quantity.v - d.quantity;
    result->first = d.first;
    result->last = fee.last >= 0 ? fee.last : d.last;
    *part = (struct part){f->order_id,           true,  d.quantity > 0,
                          result->unmatched > 0, false, result->realized - d.fee - fee.fee};
    out->unmatched += result->unmatched;
}

static void count_cycles(struct naive *out, struct part *parts, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (!parts[i].sell || parts[i].seen) continue;
        bool consumed = false, unmatched = false;
        i128 result = 0;
        for (size_t k = i; k < n; k++) {
            if (!parts[k].sell || (k != i && (parts[i].order == ORDER_ID_NONE || parts[k].order != parts[i].order)))
                continue;
            parts[k].seen = true;
            consumed |= parts[k].consumed;
            unmatched |= parts[k].unmatched;
            result += parts[k].result;
        }
        if (!consumed || unmatched) continue;
        out->cycles++;
        if (result > 0) out->wins++, out->profit += result;
        if (result < 0) out->losses++, out->loss -= result;
    }
}

void naive_account(struct naive *out, const struct fill *fills, size_t n, struct wall since) {
    struct naive_lot *lots = calloc(n + 1, sizeof *lots);
    struct part *parts = calloc(n + 1, sizeof *parts);
    *out = (struct naive){.results = calloc(n + 1, sizeof *out->results)};
    CHECK(lots != NULL && parts != NULL && out->results != NULL);
    for (size_t i = 0; i < n; i++) {
        const struct fill *f = &fills[i];
        struct naive_result *result = &out->results[i];
        struct naive scratch = {0}, *to = f->time.us >= since.us ? out : &scratch;
        i128 fee = fee_in_quote(f), base_fee = name_is(&f->fee_asset, "BTC") ? f->fee.v / DEC8_ONE : 0;
        *result = (struct naive_result){.realized = -fee, .first = -1, .last = -1};
        if (f->side == SIDE_BUY)
            lots[i] = (struct naive_lot){f->quantity.v - base_fee, f->quote_amount.v - base_fee * f->price.v, fee,
                                         f->trade_id};
        else sell(to, &parts[i], result, lots, i, f, fee);
        if (to == &scratch) parts[i].sell = false, result->realized = 0;
        to->realized += result->realized;
        to->fees += fee;
        to->base_fee_value += base_fee * f->price.v;
        to->fills++;
        to->buys += f->side == SIDE_BUY;
        to->sells += f->side == SIDE_SELL;
        to->assumed += f->fee.v > 0 && name_empty(&f->fee_asset);
        *(f->side == SIDE_BUY ? &to->bought : &to->sold) += f->quote_amount.v;
    }
    count_cycles(out, parts, n);
    for (size_t i = 0; i < n; i++) out->holdings += lots[i].quantity, out->basis += lots[i].basis;
    free(lots);
    free(parts);
}
