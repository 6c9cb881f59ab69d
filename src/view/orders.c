/* orders.c: the open orders, and for one pair the levels of its grid: each price with an open order, each price between the
 * grid's bounds at which one of the last fills happened, and each level of the grid (rungs.h) where neither is so: missing,
 * with what is known of why. One level is always empty and not missing: the one the price is at. */
#include "base/check.h"
#include "engine/state.h"
#include "view/rungs.h"
#include "view/sums.h"
#include "view/view.h"

#include <stdio.h>
#include <stdlib.h>

struct level {
    struct dec8 price;
    const char *state;
    uint64_t fills;
    struct dec16 profit;            /* of the sells at this price */
    struct wall last_fill;          /* 0 none */
    const char *reason;             /* of a missing one; */
    const struct order_note *ended; /* or what became of the last order here */
};

/* every order, every fill looked at and every rung its own price */
enum { LEVELS_MAX = ORDERS_MAX + LIMIT_FILLS_SHOWN + RUNGS_MAX };

struct levels {
    size_t count;
    struct level of[LEVELS_MAX]; /* by rising price */
};

/* ---- rows ---- */

static void out_id(struct buf *out, const char *key, int64_t id) {
    char text[24];
    (void)snprintf(text, sizeof text, "%lld", (long long)id);
    out_word(out, key, id >= 0 ? text : NULL);
}

static void out_order(struct buf *out, const struct pair *p, const struct order *o) {
    static const char *const types[] = {"limit", "market", "other"};
    out_object(out, NULL);
    out_time(out, "time", o->time);
    out_name(out, "symbol", &p->symbol);
    out_id(out, "order_id", o->order_id);
    out_word(out, "side", side_name(o->side));
    out_word(out, "type", types[o->type]);
    if (o->price.v == 0) out_null(out, "price"); /* a market order has none */
    else out_dec8(out, "price", o->price);
    out_dec8(out, "quantity", o->quantity);
    out_dec8(out, "filled", o->filled);
    out_object_end(out);
}

static void out_rows(struct buf *out, const struct engine *e, const struct name *symbol) {
    bool known = true;
    out_array(out, "rows");
    for (size_t i = 0; i < e->pair_count; i++) {
        const struct pair *p = e->pairs[i];
        if (!name_empty(symbol) && !name_eq(&p->symbol, symbol) && !name_eq(&p->exchange_symbol, symbol)) continue;
        known &= p->orders_known;
        for (size_t k = 0; k < p->orders->count; k++) out_order(out, p, &p->orders->rows[k]);
    }
    out_array_end(out);
    out_bool(out, "known", known); /* false: not all of them have been read yet */
}

/* ---- levels ---- */

/* The level at the price, made where there is none. */
static struct level *level_at(struct levels *l, struct dec8 price) {
    size_t low = 0, high = l->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (dec8_cmp(l->of[middle].price, price) < 0) low = middle + 1;
        else high = middle;
    }
    if (low < l->count && l->of[low].price.v == price.v) return &l->of[low];
    memmove(&l->of[low + 1], &l->of[low], (l->count - low) * sizeof l->of[0]);
    l->count++;
    l->of[low] = (struct level){.price = price, .state = "filled"};
    return &l->of[low];
}

static void add_orders(struct levels *l, const struct orders *o) {
    for (size_t i = 0; i < o->count; i++)
        if (o->rows[i].price.v > 0)
            level_at(l, o->rows[i].price)->state = o->rows[i].side == SIDE_BUY ? "open_buy" : "open_sell";
}

static void add_fills(struct levels *l, const struct pair *p) {
    size_t count = ledger_count(p->ledger);
    size_t first = count > LIMIT_FILLS_SHOWN ? count - LIMIT_FILLS_SHOWN : 0;
    for (size_t i = first; i < count; i++) {
        struct fill f;
        struct fill_result r;
        ledger_get(p->ledger, i, &f, &r);
        if (p->grid.known && (dec8_cmp(f.price, p->grid.lower) < 0 || dec8_cmp(f.price, p->grid.upper) > 0)) continue;
        struct level *level = level_at(l, f.price);
        level->fills++;
        level->last_fill = f.time; /* fills come by rising time */
        if (f.side == SIDE_SELL) sum_add(&level->profit, r.realized);
    }
}

/* ---- missing levels ---- */

static bool is_open(const struct level *level) { return level->state[0] == 'o'; }

/* The grid's levels as the open orders confirm them; where too few stand, as the fills do. */
static void find_rungs(struct rungs *out, const struct levels *l, const struct pair *p, struct dec8 tick) {
    struct dec8 seen[LEVELS_MAX];
    out->count = 0;
    for (int pass = 0; pass < 2 && out->count == 0; pass++) {
        size_t count = 0;
        for (size_t i = 0; i < l->count; i++)
            if (pass == 1 || is_open(&l->of[i])) seen[count++] = l->of[i].price;
        rungs_find(out, &p->grid, tick, seen, count);
    }
}

/* Whether an open order stands between the two prices. */
static bool order_between(const struct levels *l, struct dec8 a, struct dec8 b) {
    struct dec8 low = dec8_cmp(a, b) < 0 ? a : b, high = dec8_cmp(a, b) < 0 ? b : a;
    for (size_t i = 0; i < l->count; i++)
        if (is_open(&l->of[i]) && dec8_cmp(l->of[i].price, low) > 0 && dec8_cmp(l->of[i].price, high) < 0) return true;
    return false;
}

/* Of the levels without an order, the nearest to the price is the one it left last, or will reach next. SIZE_MAX: none. */
static size_t rung_at_price(const struct rungs *r, const bool *taken, const struct levels *l, struct dec8 price) {
    size_t best = SIZE_MAX;
    i128 least = 0;
    for (size_t i = 0; i < r->count; i++) {
        i128 away = price.v - r->at[i].v;
        if (away < 0) away = -away;
        if (taken[i] || (best != SIZE_MAX && away >= least)) continue;
        best = i, least = away;
    }
    return best != SIZE_MAX && order_between(l, price, r->at[best]) ? SIZE_MAX : best;
}

/* What is still for sale: of the coins bought, those that no sell order has promised. */
static struct dec8 unsold(const struct pair *p) {
    i128 left = ledger_totals(p->ledger)->holdings.v;
    for (size_t i = 0; i < p->orders->count; i++) {
        const struct order *o = &p->orders->rows[i];
        if (o->side == SIDE_SELL) left -= o->quantity.v - o->filled.v;
    }
    return (struct dec8){left > 0 ? left : 0};
}

/* The quantity of the open order nearest to the price: the bot's orders are of one size. 0: there is none. */
static struct dec8 usual_quantity(const struct orders *o, struct dec8 price) {
    struct dec8 quantity = DEC8_ZERO;
    i128 least = 0;
    for (size_t i = 0; i < o->count; i++) {
        i128 away = o->rows[i].price.v - price.v;
        if (away < 0) away = -away;
        if (quantity.v > 0 && away >= least) continue;
        quantity = o->rows[i].quantity, least = away;
    }
    return quantity;
}

static const char *why_missing(const struct pair *p, const struct market *m, struct dec8 rung) {
    struct dec8 quantity = usual_quantity(p->orders, rung);
    struct dec16 amount;
    bool sell = dec8_cmp(rung, m->price) > 0;
    if (quantity.v > 0 && m->info_known && dec8_mul(&amount, quantity, rung) == ERR_OK &&
        dec16_cmp(amount, m->info.min_notional) < 0)
        return "an order of the usual size would be below the exchange's least amount";
    if (sell && quantity.v > 0 && p->history.state == HISTORY_COMPLETE && dec8_cmp(unsold(p), quantity) < 0)
        return "the coins bought are all on sale at other levels already";
    return sell ? "no sell order here; the bot does not say why" : "no buy order here; the bot does not say why";
}

/* What the exchange said of the last order on that rung; NULL: nothing since an order stood there. */
static const struct order_note *note_on(const struct orders *o, const struct rungs *r, size_t rung) {
    for (size_t i = o->note_count; i-- > 0;)
        if (rungs_on(r, o->notes[i].price) == rung) return &o->notes[i];
    return NULL;
}

static void add_missing(struct levels *l, const struct engine *e, const struct pair *p) {
    const struct market *m = e->markets[p->market];
    struct rungs r;
    bool taken[RUNGS_MAX] = {false};
    if (!p->orders_known || !p->grid_from_bot || m->price_at.us == 0) return;
    find_rungs(&r, l, p, m->info_known ? m->info.tick_size : DEC8_ZERO);
    for (size_t i = 0; i < l->count; i++) {
        size_t rung = rungs_on(&r, l->of[i].price);
        if (rung != SIZE_MAX) taken[rung] = true;
    }
    size_t at_price = rung_at_price(&r, taken, l, m->price);
    for (size_t i = 0; i < r.count; i++) {
        if (taken[i] || i == at_price) continue;
        struct level *level = level_at(l, r.at[i]);
        level->state = "missing";
        level->ended = note_on(p->orders, &r, i);
        if (level->ended == NULL) level->reason = why_missing(p, m, r.at[i]);
    }
}

/* "the last order here was rejected by the exchange, 2026-11-20 10:15 UTC: not enough balance" */
static void out_ended(struct buf *out, const struct order_note *n) {
    static const struct {
        const char *what, *why;
    } words[] = {
        [ORDER_REJECTED] = {"was rejected by the exchange", "it does not say why"},
        [ORDER_REJECTED_BALANCE] = {"was rejected by the exchange", "not enough balance"},
        [ORDER_REJECTED_MATCH] = {"was rejected by the exchange", "it would have matched at once"},
        [ORDER_CANCELED] = {"was cancelled", "by the bot or by hand"},
        [ORDER_EXPIRED] = {"expired", "the exchange ended it"},
    };
    char at[WALL_TEXT_MAX], text[160];
    CHECK((size_t)n->end < sizeof words / sizeof *words && words[n->end].what != NULL);
    wall_format(at, n->at);
    at[10] = ' ';
    (void)snprintf(text, sizeof text, "the last order here %s, %.16s UTC: %s", words[n->end].what, at,
                   words[n->end].why);
    out_word(out, "reason", text);
}

static void out_level(struct buf *out, const struct level *level) {
    out_object(out, NULL);
    out_dec8(out, "price", level->price);
    out_word(out, "state", level->state);
    out_count(out, "fills", level->fills);
    out_amount(out, "profit", level->profit);
    out_time(out, "last_fill", level->last_fill);
    if (level->ended != NULL) out_ended(out, level->ended);
    else out_word(out, "reason", level->reason);
    out_object_end(out);
}

static void out_levels(struct buf *out, const struct engine *e, const struct pair *p) {
    struct levels *l = calloc(1, sizeof *l);
    if (l == NULL) {
        out->failed = ERR_MEMORY;
        return;
    }
    add_orders(l, p->orders);
    add_fills(l, p);
    add_missing(l, e, p);
    out_array(out, "levels");
    for (size_t i = 0; i < l->count; i++) out_level(out, &l->of[i]);
    out_array_end(out);
    free(l);
}

static void out_body(struct buf *out, const struct engine *e, const struct name *symbol) {
    out_rows(out, e, symbol);
    for (size_t i = 0; i < e->pair_count && !name_empty(symbol); i++) {
        const struct pair *p = e->pairs[i];
        if (name_eq(&p->symbol, symbol) || name_eq(&p->exchange_symbol, symbol)) out_levels(out, e, p);
    }
}

void view_orders(struct buf *out, const struct engine *e, const struct name *symbol) {
    out_object(out, NULL);
    out_body(out, e, symbol);
    out_object_end(out);
}

void view_orders_topic(struct buf *out, const struct engine *e, const struct name *symbol, uint64_t seq) {
    char topic[NAME_MAX + 16];
    (void)snprintf(topic, sizeof topic, "orders:%s", symbol->text);
    out_object(out, NULL);
    out_word(out, "type", "orders");
    out_word(out, "topic", topic);
    out_name(out, "symbol", symbol);
    out_count(out, "seq", seq);
    out_body(out, e, symbol);
    out_object_end(out);
}
