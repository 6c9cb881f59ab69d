/* orders.c: the open orders, and for one pair the levels of its grid: each price with an open order, and each price
 * between the grid's bounds at which one of the last fills happened. */
#include "engine/state.h"
#include "view/sums.h"
#include "view/view.h"

#include <stdio.h>
#include <stdlib.h>

struct level {
    struct dec8 price;
    const char *state;
    uint64_t fills;
    struct dec16 profit; /* of the sells at this price */
};

enum { LEVELS_MAX = ORDERS_MAX + LIMIT_FILLS_SHOWN }; /* every order and every fill looked at its own price */

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
        if (f.side == SIDE_SELL) sum_add(&level->profit, r.realized);
    }
}

static void out_levels(struct buf *out, const struct pair *p) {
    struct levels *l = calloc(1, sizeof *l);
    if (l == NULL) {
        out->failed = ERR_MEMORY;
        return;
    }
    add_orders(l, p->orders);
    add_fills(l, p);
    out_array(out, "levels");
    for (size_t i = 0; i < l->count; i++) {
        out_object(out, NULL);
        out_dec8(out, "price", l->of[i].price);
        out_word(out, "state", l->of[i].state);
        out_count(out, "fills", l->of[i].fills);
        out_amount(out, "profit", l->of[i].profit);
        out_object_end(out);
    }
    out_array_end(out);
    free(l);
}

static void out_body(struct buf *out, const struct engine *e, const struct name *symbol) {
    out_rows(out, e, symbol);
    for (size_t i = 0; i < e->pair_count && !name_empty(symbol); i++) {
        const struct pair *p = e->pairs[i];
        if (name_eq(&p->symbol, symbol) || name_eq(&p->exchange_symbol, symbol)) out_levels(out, p);
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
