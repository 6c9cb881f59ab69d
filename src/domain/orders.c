#include "domain/orders.h"

#include "base/check.h"

#include <stdlib.h>

struct orders *orders_new(void) {
    struct orders *o = calloc(1, sizeof *o);
    if (o == NULL) return NULL;
    o->touches = calloc(ORDERS_TOUCHES, sizeof *o->touches);
    if (o->touches == NULL) {
        free(o);
        return NULL;
    }
    return o;
}

void orders_free(struct orders *o) {
    if (o == NULL) return;
    free(o->rows);
    free(o->touches);
    free(o);
}

static int compare(const void *a, const void *b) {
    const struct order *x = a, *y = b;
    int by_price = dec8_cmp(x->price, y->price);
    return by_price != 0 ? by_price : (x->order_id > y->order_id) - (x->order_id < y->order_id);
}

static bool same(const struct order *a, const struct order *b) {
    return a->order_id == b->order_id && a->side == b->side && a->type == b->type && a->price.v == b->price.v &&
           a->quantity.v == b->quantity.v && a->filled.v == b->filled.v;
}

static size_t find(const struct orders *o, int64_t id) {
    size_t i = 0;
    while (i < o->count && o->rows[i].order_id != id) i++;
    return i;
}

static void remove_at(struct orders *o, size_t i) {
    memmove(&o->rows[i], &o->rows[i + 1], (o->count - i - 1) * sizeof *o->rows);
    o->count--;
}

static bool reserve(struct orders *o, size_t count) {
    if (count <= o->capacity) return true;
    size_t capacity = o->capacity < 16 ? 16 : o->capacity;
    while (capacity < count) capacity *= 2;
    struct order *grown = realloc(o->rows, capacity * sizeof *grown);
    if (grown == NULL) return false;
    o->rows = grown;
    o->capacity = capacity;
    return true;
}

static bool insert(struct orders *o, const struct order *order) {
    if (o->count >= ORDERS_MAX || !reserve(o, o->count + 1)) {
        o->refused++;
        return false;
    }
    size_t i = o->count;
    while (i > 0 && compare(&o->rows[i - 1], order) > 0) i--;
    memmove(&o->rows[i + 1], &o->rows[i], (o->count - i) * sizeof *o->rows);
    o->rows[i] = *order;
    o->count++;
    return true;
}

static bool apply(struct orders *o, const struct order *order, bool open) {
    size_t i = find(o, order->order_id);
    bool there = i < o->count;
    if (there && open && same(&o->rows[i], order)) return false;
    if (there) remove_at(o, i);
    return (open && insert(o, order)) || there;
}

bool orders_event(struct orders *o, const struct order *order, bool open, struct wall now) {
    size_t slot = (o->touch_head + o->touch_count) % ORDERS_TOUCHES;
    if (o->touch_count == ORDERS_TOUCHES) o->touch_head = (o->touch_head + 1) % ORDERS_TOUCHES;
    else o->touch_count++;
    o->touches[slot] = (struct order_touch){order->order_id, now, open, *order};
    return apply(o, order, open);
}

bool orders_replace(struct orders *o, const struct order *rows, size_t count, struct wall asked) {
    bool changed = false;
    for (size_t i = o->count; i-- > 0;) { /* drop what the list does not have */
        bool listed = false;
        for (size_t k = 0; k < count && !listed; k++) listed = rows[k].order_id == o->rows[i].order_id;
        if (!listed) remove_at(o, i), changed = true;
    }
    for (size_t k = 0; k < count; k++) changed |= apply(o, &rows[k], true);
    for (size_t i = 0; i < o->touch_count; i++) { /* what happened since it was asked for stands */
        const struct order_touch *t = &o->touches[(o->touch_head + i) % ORDERS_TOUCHES];
        if (t->at.us >= asked.us) changed |= apply(o, &t->order, t->open);
    }
    return changed;
}

bool orders_next(const struct orders *o, struct dec8 price, enum side side, struct dec8 *out) {
    bool found = false;
    for (size_t i = 0; i < o->count; i++) {
        const struct order *r = &o->rows[i];
        if (r->side != side || r->price.v <= 0) continue;
        bool beyond = price.v == 0 || (side == SIDE_BUY ? r->price.v <= price.v : r->price.v >= price.v);
        if (!beyond) continue;
        *out = r->price;
        found = true;
        if (side == SIDE_SELL) break; /* ascending: the first sell is the lowest, the last buy the highest */
    }
    return found;
}

void orders_grid(const struct orders *o, struct grid *out) {
    *out = (struct grid){0};
    struct dec8 last = {-1};
    for (size_t i = 0; i < o->count; i++) {
        struct dec8 price = o->rows[i].price;
        if (price.v <= 0 || price.v == last.v) continue;
        if (out->levels == 0) out->lower = price;
        out->upper = price;
        out->levels++;
        last = price;
    }
    out->known = out->levels > 0;
}
