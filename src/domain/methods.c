/* methods.c: one walk over all fills in order, with a rule that says from which open lot a disposal takes. A rule is three functions:
 * a lot opens, pick one for a disposal at a price, a lot is empty. Only open lots are kept; an empty one's place is used again. */
#include "domain/methods.h"

#include "base/check.h"
#include "base/map.h"

#include <stdlib.h>

/* ---- the walk ---- */

#define NO_LOT UINT32_MAX

struct lot {
    i128 left, basis, fee; /* base, and what is left of the cost and of the fee in quote */
    i128 price;            /* of the buy */
    uint32_t number;       /* in the order of the buys */
    uint32_t next;         /* fifo: bought after it; lifo: before it; unused places: the next such */
    uint32_t below, above; /* grid: subtrees of lower and higher places */
    uint32_t weight;       /* grid: above those of both subtrees */
};

struct cycle { /* a sell order, or a sell without one (ACCOUNTING 3) */
    struct dec16 result;
    bool consumed, unmatched;
};

struct method_walk {
    const struct rule *rule;
    const struct ledger *ledger;
    uint64_t revision; /* of the ledger, when the walk began */
    size_t at;         /* fills walked */
    struct name base;
    struct wall since;

    struct lot *lots;
    size_t lot_count, lot_capacity;
    uint32_t unused, buys;
    uint32_t first, last; /* fifo, lifo: the next to take from; fifo: the newest */
    uint32_t root;        /* grid: open lots by (price, newest first) */
    struct lot pool;      /* average: everything held */

    struct cycle *cycles;
    size_t cycle_count, cycle_capacity;
    struct map orders; /* order id -> cycle */
    struct ledger_totals sums;
    enum err failed; /* sticky */
};

struct rule {
    const char *name, *sentence;
    void (*opened)(struct method_walk *w, uint32_t lot);
    uint32_t (*pick)(const struct method_walk *w, i128 price); /* NO_LOT: nothing is open */
    void (*emptied)(struct method_walk *w, uint32_t lot);
};

static void put16(struct method_walk *w, struct dec16 *sum, i128 v) {
    if (dec16_add(sum, *sum, (struct dec16){v}) != ERR_OK) w->failed = ERR_RANGE;
}

static void put8(struct method_walk *w, struct dec8 *sum, i128 v) {
    if (dec8_add(sum, *sum, (struct dec8){v}) != ERR_OK) w->failed = ERR_RANGE;
}

/* ---- fifo, lifo ---- */

static void fifo_opened(struct method_walk *w, uint32_t lot) {
    w->lots[lot].next = NO_LOT;
    if (w->first == NO_LOT) w->first = lot;
    else w->lots[w->last].next = lot;
    w->last = lot;
}

static void lifo_opened(struct method_walk *w, uint32_t lot) {
    w->lots[lot].next = w->first;
    w->first = lot;
}

static uint32_t first_pick(const struct method_walk *w, i128 price) {
    (void)price;
    return w->first;
}

static void first_emptied(struct method_walk *w, uint32_t lot) { w->first = w->lots[lot].next; }

/* ---- average: one lot, the first, is everything held ---- */

static void average_opened(struct method_walk *w, uint32_t lot) {
    if (w->first == NO_LOT) {
        w->first = lot;
        w->lots[lot].next = NO_LOT;
        return;
    }
    struct lot *all = &w->lots[w->first], *one = &w->lots[lot];
    struct dec8 left = {all->left};
    struct dec16 basis = {all->basis}, fee = {all->fee};
    put8(w, &left, one->left);
    put16(w, &basis, one->basis);
    put16(w, &fee, one->fee);
    all->left = left.v, all->basis = basis.v, all->fee = fee.v;
    one->next = w->unused;
    w->unused = lot;
}

/* ---- grid: a treap, by price; of one price the newest stands first ---- */

static bool stands_before(const struct method_walk *w, uint32_t a, uint32_t b) {
    const struct lot *x = &w->lots[a], *y = &w->lots[b];
    return x->price != y->price ? x->price < y->price : x->number > y->number;
}

static void grid_opened(struct method_walk *w, uint32_t lot) {
    struct lot *l = &w->lots[lot];
    uint32_t *link = &w->root, *below = &l->below, *above = &l->above, rest;
    l->weight = (uint32_t)mix64(l->number);
    while (*link != NO_LOT && w->lots[*link].weight >= l->weight)
        link = stands_before(w, lot, *link) ? &w->lots[*link].below : &w->lots[*link].above;
    rest = *link;
    *link = lot;
    while (rest != NO_LOT) { /* the lighter subtree is split at the lot's place */
        if (stands_before(w, rest, lot)) {
            *below = rest;
            below = &w->lots[rest].above;
            rest = *below;
        } else {
            *above = rest;
            above = &w->lots[rest].below;
            rest = *above;
        }
    }
    *below = *above = NO_LOT;
}

static void grid_emptied(struct method_walk *w, uint32_t lot) {
    uint32_t *link = &w->root, below = w->lots[lot].below, above = w->lots[lot].above;
    while (*link != lot) link = stands_before(w, lot, *link) ? &w->lots[*link].below : &w->lots[*link].above;
    while (below != NO_LOT && above != NO_LOT) { /* its subtrees become one, the heavier root on top */
        bool lower = w->lots[below].weight >= w->lots[above].weight;
        *link = lower ? below : above;
        link = lower ? &w->lots[below].above : &w->lots[above].below;
        if (lower) below = *link;
        else above = *link;
    }
    *link = below != NO_LOT ? below : above;
}

/* The last lot below the price, or also at it. */
static uint32_t last_below(const struct method_walk *w, i128 price, bool at_it) {
    uint32_t found = NO_LOT;
    for (uint32_t at = w->root; at != NO_LOT;) {
        const struct lot *l = &w->lots[at];
        bool below = l->price < price || (at_it && l->price == price);
        if (below) found = at;
        at = below ? l->above : l->below;
    }
    return found;
}

static uint32_t grid_pick(const struct method_walk *w, i128 price) {
    uint32_t lot = last_below(w, price, false);
    if (lot != NO_LOT || w->root == NO_LOT) return lot;
    for (lot = w->root; w->lots[lot].below != NO_LOT;) lot = w->lots[lot].below;
    return last_below(w, w->lots[lot].price,
                      true); /* all cost as much or more: the cheapest, the oldest of its price */
}

/* ---- the methods ---- */

static const struct rule rules[METHOD_COUNT] = {
    [METHOD_FIFO] =
        {"fifo",
         "FIFO: a sale sells the coins bought first; other methods move profit between realized and unrealized, "
         "and the total is the same in all.",
         fifo_opened, first_pick, first_emptied},
    [METHOD_LIFO] = {"lifo",
                     "LIFO: a sale sells the coins bought last; against FIFO this moves profit between realized and "
                     "unrealized, and the total is the same.",
                     lifo_opened, first_pick, first_emptied},
    [METHOD_AVERAGE] =
        {"average",
         "Average cost: every coin held costs the same; against FIFO this moves profit between realized and "
         "unrealized, and the total is the same.",
         average_opened, first_pick, first_emptied},
    [METHOD_GRID] =
        {"grid",
         "Grid pair: a sale sells the most expensive coins bought below its price; against FIFO this moves profit "
         "between realized and unrealized, and the total is the same.",
         grid_opened, grid_pick, grid_emptied},
};

const char *method_name(enum method m) { return rules[m].name; }

const char *method_sentence(enum method m) { return rules[m].sentence; }

bool method_find(enum method *out, struct span name) {
    for (int m = 0; m < METHOD_COUNT; m++)
        if (span_is(name, rules[m].name)) {
            *out = (enum method)m;
            return true;
        }
    return false;
}

/* ---- one fill ---- */

static bool grow(void *array_pointer, size_t *capacity, size_t count, size_t size) {
    void *array;
    if (count < *capacity) return true;
    size_t wanted = *capacity == 0 ? 64 : *capacity + *capacity / 2;
    memcpy(&array, array_pointer, sizeof array);
    array = realloc(array, wanted * size);
    if (array == NULL) return false;
    memcpy(array_pointer, &array, sizeof array);
    *capacity = wanted;
    return true;
}

/* Room for what one more fill can open. */
static bool reserve(struct method_walk *w) {
    return grow(&w->lots, &w->lot_capacity, w->lot_count, sizeof *w->lots) &&
           grow(&w->cycles, &w->cycle_capacity, w->cycle_count, sizeof *w->cycles);
}

static bool fee_is_base(const struct method_walk *w, const struct fill *f) {
    return f->fee_state == FEE_OWN && name_eq(&f->fee_asset, &w->base);
}

static i128 share(i128 of, i128 part, i128 whole) {
    i128 out = 0;
    if (part == whole) return of; /* what remains, whatever was rounded before */
    enum err e = dec_muldiv(&out, of, part, whole);
    CHECK(e == ERR_OK); /* part < whole: the share is smaller than `of` */
    return out;
}

struct taken { /* what a disposal took out of the lots */
    i128 quantity;
    struct dec16 basis, fee;
};

static struct taken take(struct method_walk *w, i128 price, i128 want) {
    struct taken t = {0};
    uint32_t at;
    while (t.quantity < want && (at = w->rule->pick(w, price)) != NO_LOT) {
        struct lot *lot = &w->lots[at];
        i128 piece = want - t.quantity < lot->left ? want - t.quantity : lot->left;
        i128 basis = share(lot->basis, piece, lot->left), fee = share(lot->fee, piece, lot->left);
        lot->left -= piece;
        lot->basis -= basis;
        lot->fee -= fee;
        t.quantity += piece;
        put16(w, &t.basis, basis);
        put16(w, &t.fee, fee);
        if (lot->left > 0) continue;
        w->rule->emptied(w, at);
        lot->next = w->unused;
        w->unused = at;
    }
    put8(w, &w->sums.holdings, -t.quantity);
    put16(w, &w->sums.cost_basis, -t.basis.v);
    return t;
}

static void open_lot(struct method_walk *w, struct lot lot) {
    uint32_t at = w->unused;
    if (at != NO_LOT) w->unused = w->lots[at].next;
    else at = (uint32_t)w->lot_count++;
    lot.number = w->buys++;
    w->lots[at] = lot;
    w->rule->opened(w, at);
}

static i128 apply_buy(struct method_walk *w, const struct fill *f) {
    struct lot lot = {.left = f->quantity.v, .basis = f->quote_amount.v, .fee = f->fee_value.v, .price = f->price.v};
    if (fee_is_base(w, f)) {
        lot.left -= dec8_of_dec16(f->fee).v;
        lot.basis -= f->fee_value.v;
    }
    put8(w, &w->sums.holdings, lot.left);
    if (lot.left == 0) return -lot.basis - f->fee_value.v; /* the fee ate the lot: what rounding left of its cost */
    put16(w, &w->sums.cost_basis, lot.basis);
    open_lot(w, lot);
    return -f->fee_value.v;
}

static struct cycle *cycle_of(struct method_walk *w, int64_t order_id) {
    uint32_t known = (uint32_t)w->cycle_count;
    if (order_id != ORDER_ID_NONE && map_get(&w->orders, (uint64_t)order_id, &known)) return &w->cycles[known];
    if (order_id != ORDER_ID_NONE && map_put(&w->orders, (uint64_t)order_id, known) != ERR_OK) w->failed = ERR_MEMORY;
    w->cycles[w->cycle_count] = (struct cycle){0};
    return &w->cycles[w->cycle_count++];
}

/* The cycle enters the counts (sign 1) or leaves them (-1). */
static void count_cycle(struct method_walk *w, const struct cycle *c, int sign) {
    uint64_t one = (uint64_t)(int64_t)sign;
    if (!c->consumed || c->unmatched) return;
    w->sums.cycles += one;
    if (c->result.v > 0) {
        w->sums.wins += one;
        put16(w, &w->sums.gross_profit, sign * c->result.v);
    } else if (c->result.v < 0) {
        w->sums.losses += one;
        put16(w, &w->sums.gross_loss, -sign * c->result.v);
    }
}

static i128 apply_sell(struct method_walk *w, struct fill_result *r, const struct fill *f, bool counted) {
    struct taken t = take(w, f->price.v, f->quantity.v), of_fee = {0};
    struct dec16 realized = {share(f->quote_amount.v, t.quantity, f->quantity.v)};
    put16(w, &realized, -t.basis.v);
    if (fee_is_base(w, f)) { /* one more disposal, at the fill's price */
        of_fee = take(w, f->price.v, dec8_of_dec16(f->fee).v);
        put16(w, &realized, f->price.v * of_fee.quantity); /* at most the fee's value */
        put16(w, &realized, -of_fee.basis.v);
    }
    put16(w, &realized, -f->fee_value.v);
    r->matched.v = t.quantity;
    r->unmatched.v = f->quantity.v - t.quantity;
    if (!counted) return 0;
    struct cycle *c = cycle_of(w, f->order_id);
    put8(w, &w->sums.unmatched, r->unmatched.v);
    count_cycle(w, c, -1);
    put16(w, &c->result, realized.v);
    put16(w, &c->result, -t.fee.v);
    put16(w, &c->result, -of_fee.fee.v);
    c->consumed = c->consumed || t.quantity > 0;
    c->unmatched = c->unmatched || t.quantity < f->quantity.v;
    count_cycle(w, c, 1);
    return realized.v;
}

static void apply(struct method_walk *w, struct fill_result *r, const struct fill *f) {
    bool counted = f->time.us >= w->since.us;
    *r = (struct fill_result){.closes_first = -1, .closes_last = -1};
    i128 realized = f->side == SIDE_BUY ? apply_buy(w, f) : apply_sell(w, r, f, counted);
    if (!counted) return;
    r->realized.v = realized;
    put16(w, &w->sums.realized, realized);
}

/* ---- all of it ---- */

struct method_walk *method_walk_new(const struct ledger *l, enum method m, const struct name *base, struct wall since) {
    struct method_walk *w = calloc(1, sizeof *w);
    if (w == NULL) return NULL;
    w->rule = &rules[m];
    w->ledger = l;
    w->revision = ledger_revision(l);
    w->base = *base;
    w->since = since;
    w->unused = w->first = w->last = w->root = NO_LOT;
    map_init(&w->orders);
    return w;
}

void method_walk_free(struct method_walk *w) {
    if (w == NULL) return;
    map_free(&w->orders);
    free(w->lots);
    free(w->cycles);
    free(w);
}

enum method_walked method_walk_next(struct method_walk *w, struct fill *f, struct fill_result *r) {
    const struct ledger_totals *t = ledger_totals(w->ledger);
    if (t->recomputing || ledger_revision(w->ledger) != w->revision) return METHOD_CHANGED;
    if (t->refused > 0) w->failed = ERR_RANGE; /* which ones the ledger left out is not for a view to guess */
    if (w->failed == ERR_OK && w->at == ledger_count(w->ledger)) return METHOD_END;
    if (w->failed == ERR_OK && !reserve(w)) w->failed = ERR_MEMORY;
    if (w->failed == ERR_OK) {
        ledger_get(w->ledger, w->at++, f, NULL);
        apply(w, r, f);
    }
    return w->failed == ERR_OK ? METHOD_FILL : METHOD_FAILED;
}

enum err method_walk_why(const struct method_walk *w) { return w->failed; }

void method_walk_sums(struct ledger_totals *t, const struct method_walk *w) {
    t->realized = w->sums.realized;
    t->cost_basis = w->sums.cost_basis;
    t->cycles = w->sums.cycles;
    t->wins = w->sums.wins;
    t->losses = w->sums.losses;
    t->gross_profit = w->sums.gross_profit;
    t->gross_loss = w->sums.gross_loss;
}

void method_walk_totals(struct ledger_totals *out, const struct method_walk *w) {
    const struct ledger_totals *fifo = ledger_totals(w->ledger);
    CHECK(w->at == ledger_count(w->ledger) && ledger_revision(w->ledger) == w->revision);
    CHECK(w->sums.holdings.v == fifo->holdings.v && w->sums.unmatched.v == fifo->unmatched.v);
    *out = *fifo;
    method_walk_sums(out, w);
}

enum err method_totals(struct ledger_totals *out, const struct ledger *l, enum method m, const struct name *base,
                       struct wall since) {
    struct fill f;
    struct fill_result r;
    enum method_walked walked;
    if (ledger_totals(l)->recomputing) return ERR_BAD_STATE;
    if (m == METHOD_FIFO) {
        *out = *ledger_totals(l);
        return ERR_OK;
    }
    struct method_walk *w = method_walk_new(l, m, base, since);
    if (w == NULL) return ERR_MEMORY;
    do walked = method_walk_next(w, &f, &r);
    while (walked == METHOD_FILL);
    if (walked == METHOD_END) method_walk_totals(out, w);
    enum err e = walked == METHOD_END ? ERR_OK : w->failed;
    method_walk_free(w);
    return e;
}
