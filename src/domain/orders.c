#include "domain/orders.h"

#include "base/check.h"

#include <stdlib.h>

enum { FIRST_TOUCHES = 8 }; /* most pairs never see more between two snapshots: 256 would be 37 kB a pair */

struct orders *orders_new(void) {
    struct orders *o = calloc(1, sizeof *o);
    if (o == NULL) return NULL;
    o->version = 1;
    o->touch_capacity = FIRST_TOUCHES;
    o->touches = calloc(FIRST_TOUCHES, sizeof *o->touches);
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
    free(o->notes);
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
    bool changed = (open && insert(o, order)) || there;
    if (changed) o->version++;
    return changed;
}

/* While the ring has never been full, its oldest stands first. */
static void grow_touches(struct orders *o) {
    size_t capacity = 2 * o->touch_capacity;
    struct order_touch *grown = realloc(o->touches, capacity * sizeof *grown);
    if (grown == NULL) return; /* then it is full */
    o->touches = grown;
    o->touch_capacity = capacity;
}

bool orders_event(struct orders *o, const struct order *order, bool open, struct wall now) {
    if (o->touch_count == o->touch_capacity && o->touch_capacity < ORDERS_TOUCHES && o->touch_head == 0)
        grow_touches(o);
    size_t slot = (o->touch_head + o->touch_count) % o->touch_capacity;
    if (o->touch_count == o->touch_capacity) o->touch_head = (o->touch_head + 1) % o->touch_capacity;
    else o->touch_count++;
    o->touches[slot] = (struct order_touch){order->order_id, now, open, *order};
    return apply(o, order, open);
}

static bool forget(struct orders *o, struct dec8 price) {
    for (size_t i = 0; i < o->note_count; i++) {
        if (o->notes[i].price.v != price.v) continue;
        memmove(&o->notes[i], &o->notes[i + 1], (--o->note_count - i) * sizeof *o->notes);
        return true;
    }
    return false;
}

bool orders_note(struct orders *o, const struct order *order, enum order_end end, struct wall at) {
    if (order->price.v <= 0) return false;
    bool changed = forget(o, order->price);
    if (end == ORDER_END_NONE) return changed;
    if (o->notes == NULL) o->notes = calloc(ORDERS_NOTES, sizeof *o->notes);
    if (o->notes == NULL) return changed; /* a reason less is told */
    if (o->note_count == ORDERS_NOTES) (void)forget(o, o->notes[0].price);
    o->notes[o->note_count++] = (struct order_note){order->price, end, at};
    return true;
}

/* The last thing an event said of the order at or after `since`, or NULL. */
static const struct order_touch *last_touch(const struct orders *o, int64_t id, struct wall since) {
    for (size_t i = o->touch_count; i-- > 0;) {
        const struct order_touch *t = &o->touches[(o->touch_head + i) % o->touch_capacity];
        if (t->order_id == id && t->at.us >= since.us) return t;
    }
    return NULL;
}

static bool is_listed(const struct order *rows, size_t count, int64_t id) {
    for (size_t k = 0; k < count; k++)
        if (rows[k].order_id == id) return true;
    return false;
}

bool orders_replace(struct orders *o, const struct order *rows, size_t count, struct wall asked) {
    bool changed = false;
    for (size_t i = o->count; i-- > 0;) { /* what the list does not have goes, unless it is newer than the list */
        const struct order old = o->rows[i];
        if (is_listed(rows, count, old.order_id) || last_touch(o, old.order_id, asked) != NULL) continue;
        changed |= apply(o, &old, false);
    }
    for (size_t k = 0; k < count; k++) {
        const struct order_touch *t = last_touch(o, rows[k].order_id, asked);
        if (t == NULL) (void)forget(o, rows[k].price); /* it stands, whatever was heard of an earlier one */
        changed |= t != NULL ? apply(o, &t->order, t->open) : apply(o, &rows[k], true);
    }
    return changed;
}

/* The first row with a price above the given one. */
static size_t first_above(const struct orders *o, struct dec8 price) {
    size_t low = 0, high = o->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (o->rows[middle].price.v > price.v) high = middle;
        else low = middle + 1;
    }
    return low;
}

/* Asked on every tick of a price: buys stand below it and sells above, so the walk from the price ends at once. */
bool orders_next(const struct orders *o, struct dec8 price, enum side side, struct dec8 *out) {
    size_t i = side == SIDE_BUY ? (price.v == 0 ? o->count : first_above(o, price))
                                : first_above(o, (struct dec8){price.v - 1});
    while (side == SIDE_BUY ? i > 0 : i < o->count) {
        const struct order *r = &o->rows[side == SIDE_BUY ? --i : i++];
        if (r->side != side || r->price.v <= 0) continue;
        *out = r->price;
        return true;
    }
    return false;
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
