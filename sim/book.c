/* book.c: see book.h. */
#include "sim/book.h"

#include "base/check.h"

#include <stdlib.h>
#include <string.h>

void sim_book_init(struct book *b) { *b = (struct book){.order_count = 1}; }

void sim_book_free(struct book *b) {
    free(b->sides[SIDE_BUY].levels);
    free(b->sides[SIDE_SELL].levels);
    free(b->orders);
    sim_book_init(b);
}

static bool better(enum side side, int64_t a, int64_t b) { return side == SIDE_BUY ? a > b : a < b; }

static uint32_t order_new(struct book *b) {
    if (b->free_first != 0) {
        uint32_t handle = b->free_first;
        b->free_first = b->orders[handle].next;
        return handle;
    }
    if (b->order_count >= b->order_capacity) {
        b->order_capacity = b->order_capacity == 0 ? 128 : b->order_capacity * 2;
        b->orders = realloc(b->orders, b->order_capacity * sizeof *b->orders);
        CHECK(b->orders != NULL);
    }
    return b->order_count++;
}

static void order_drop(struct book *b, uint32_t handle) {
    b->orders[handle] = (struct book_order){.next = b->free_first};
    b->free_first = handle;
}

/* The position of the level with this price, or where it belongs (*found false). */
static size_t level_find(const struct book_side *s, enum side side, int64_t price, bool *found) {
    size_t low = 0, high = s->count;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (better(side, price, s->levels[mid].price)) low = mid + 1;
        else high = mid;
    }
    *found = low < s->count && s->levels[low].price == price;
    return low;
}

static struct book_level *level_get(struct book_side *s, enum side side, int64_t price) {
    bool found;
    size_t at = level_find(s, side, price, &found);
    if (found) return &s->levels[at];
    if (s->count == s->capacity) {
        s->capacity = s->capacity == 0 ? 32 : s->capacity * 2;
        s->levels = realloc(s->levels, s->capacity * sizeof *s->levels);
        CHECK(s->levels != NULL);
    }
    memmove(&s->levels[at + 1], &s->levels[at], (s->count - at) * sizeof *s->levels);
    s->count++;
    s->levels[at] = (struct book_level){.price = price};
    return &s->levels[at];
}

static void level_drop(struct book_side *s, size_t at) {
    memmove(&s->levels[at], &s->levels[at + 1], (s->count - at - 1) * sizeof *s->levels);
    s->count--;
}

uint32_t sim_book_add(struct book *b, enum side side, int64_t price, int64_t quantity, uint32_t owner, uint64_t born) {
    CHECK(price > 0 && quantity > 0);
    const struct book_level *opposite = sim_book_best(b, side_other(side));
    CHECK(opposite == NULL || better(side, opposite->price, price));
    uint32_t handle = order_new(b);
    struct book_level *level = level_get(&b->sides[side], side, price);
    b->orders[handle] = (struct book_order){
        .price = price, .left = quantity, .born = born, .owner = owner, .prev = level->last, .side = side};
    if (level->last != 0) b->orders[level->last].next = handle;
    else level->first = handle;
    level->last = handle;
    level->quantity += quantity;
    level->orders++;
    b->updates++;
    return handle;
}

/* Takes the order out of its level's queue; the level goes with its last order. */
static void unlink_order(struct book *b, uint32_t handle) {
    struct book_order *o = &b->orders[handle];
    struct book_side *s = &b->sides[o->side];
    bool found;
    size_t at = level_find(s, o->side, o->price, &found);
    CHECK(found);
    struct book_level *level = &s->levels[at];
    if (o->prev != 0) b->orders[o->prev].next = o->next;
    else level->first = o->next;
    if (o->next != 0) b->orders[o->next].prev = o->prev;
    else level->last = o->prev;
    level->quantity -= o->left;
    if (--level->orders == 0) level_drop(s, at);
    order_drop(b, handle);
    b->updates++;
}

void sim_book_cancel(struct book *b, uint32_t handle) {
    CHECK(handle > 0 && handle < b->order_count && b->orders[handle].price > 0);
    unlink_order(b, handle);
}

const struct book_order *sim_book_order(const struct book *b, uint32_t handle) {
    return handle > 0 && handle < b->order_count && b->orders[handle].price > 0 ? &b->orders[handle] : NULL;
}

int64_t sim_book_take(struct book *b, enum side taker, int64_t limit, int64_t quantity, book_match_fn *fn, void *arg) {
    enum side side = side_other(taker);
    while (quantity > 0) {
        const struct book_level *best = sim_book_best(b, side);
        if (best == NULL || (limit > 0 && better(side, limit, best->price))) break;
        uint32_t handle = best->first;
        struct book_order *o = &b->orders[handle];
        int64_t take = o->left < quantity ? o->left : quantity, price = o->price;
        o->left -= take;
        b->sides[side].levels[b->sides[side].count - 1].quantity -= take;
        struct book_order resting = *o;
        b->updates++;
        if (o->left == 0) unlink_order(b, handle);
        quantity -= take;
        fn(arg, handle, &resting, price, take);
    }
    return quantity;
}

const struct book_level *sim_book_best(const struct book *b, enum side side) { return sim_book_at(b, side, 0); }

const struct book_level *sim_book_at(const struct book *b, enum side side, size_t i) {
    const struct book_side *s = &b->sides[side];
    return i < s->count ? &s->levels[s->count - 1 - i] : NULL;
}

static bool level_sound(const struct book *b, enum side side, const struct book_level *level) {
    int64_t sum = 0;
    uint32_t orders = 0, before = 0;
    for (uint32_t h = level->first; h != 0; before = h, h = b->orders[h].next) {
        const struct book_order *o = &b->orders[h];
        if (o->price != level->price || o->side != side || o->left <= 0 || o->prev != before) return false;
        sum += o->left;
        orders++;
    }
    return before == level->last && sum == level->quantity && orders == level->orders && orders > 0;
}

bool sim_book_sound(const struct book *b) {
    for (int s = 0; s < 2; s++) {
        const struct book_side *side = &b->sides[s];
        for (size_t i = 0; i < side->count; i++) {
            if (!level_sound(b, (enum side)s, &side->levels[i])) return false;
            if (i > 0 && !better((enum side)s, side->levels[i].price, side->levels[i - 1].price)) return false;
        }
    }
    const struct book_level *bid = sim_book_best(b, SIDE_BUY), *ask = sim_book_best(b, SIDE_SELL);
    return bid == NULL || ask == NULL || bid->price < ask->price;
}
