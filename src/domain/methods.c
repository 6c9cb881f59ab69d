/* methods.c: one walk over all fills in order, with a rule that says from which open lot a disposal takes. A rule is three functions:
 * a lot opens, pick one for a disposal at a price, a lot is empty. */
#include "domain/methods.h"

#include "base/check.h"
#include "base/map.h"

#include <stdlib.h>

/* ---- the open lots in the order of their price: a set of ranks ---- */

enum { BITS_LEVELS = 6, WORD_BITS = 64 }; /* 64^6 ranks */

struct bits { /* level 0 has a bit for each rank, each higher level one for each word below it that is not 0 */
    uint64_t *level[BITS_LEVELS]; /* in one block, owned by level[0] */
    size_t words[BITS_LEVELS];
    int levels;
};

static enum err bits_init(struct bits *b, size_t ranks) {
    size_t all = 0;
    *b = (struct bits){0};
    do {
        b->words[b->levels] = (b->levels == 0 ? ranks : b->words[b->levels - 1]) / WORD_BITS + 1;
        all += b->words[b->levels];
    } while (b->words[b->levels++] > 1);
    b->level[0] = calloc(all, sizeof *b->level[0]);
    if (b->level[0] == NULL) return ERR_MEMORY;
    for (int k = 1; k < b->levels; k++) b->level[k] = b->level[k - 1] + b->words[k - 1];
    return ERR_OK;
}

static void bits_set(struct bits *b, size_t at) {
    for (int k = 0; k < b->levels; k++, at /= WORD_BITS) b->level[k][at / WORD_BITS] |= UINT64_C(1) << at % WORD_BITS;
}

static void bits_clear(struct bits *b, size_t at) {
    for (int k = 0; k < b->levels; k++, at /= WORD_BITS) {
        uint64_t *word = &b->level[k][at / WORD_BITS];
        *word &= ~(UINT64_C(1) << at % WORD_BITS);
        if (*word != 0) return;
    }
}

static size_t highest(uint64_t word) { return WORD_BITS - 1 - (size_t)__builtin_clzll(word); }

static size_t lowest(uint64_t word) { return (size_t)__builtin_ctzll(word); }

/* The largest member below `at`; SIZE_MAX none. */
static size_t bits_below(const struct bits *b, size_t at) {
    for (int k = 0; k < b->levels; k++, at /= WORD_BITS) {
        uint64_t rest = b->level[k][at / WORD_BITS] & ((UINT64_C(1) << at % WORD_BITS) - 1);
        if (rest == 0) continue;
        size_t found = at / WORD_BITS * WORD_BITS + highest(rest);
        while (k-- > 0) found = found * WORD_BITS + highest(b->level[k][found]);
        return found;
    }
    return SIZE_MAX;
}

/* The smallest member of all; SIZE_MAX none. */
static size_t bits_first(const struct bits *b) {
    size_t at = 0;
    if (b->level[b->levels - 1][0] == 0) return SIZE_MAX;
    for (int k = b->levels; k-- > 0;) at = at * WORD_BITS + lowest(b->level[k][at]);
    return at;
}

/* ---- the walk ---- */

struct lot {
    i128 left, basis, fee; /* base, and what is left of the cost and of the fee in quote */
    i128 price;            /* of the buy */
};

struct cycle { /* a sell order, or a sell without one (ACCOUNTING 3) */
    struct dec16 result;
    bool consumed, unmatched;
};

struct walk {
    const struct rule *rule;
    const struct name *base;
    struct wall since;
    struct lot *lots; /* one for each buy, in their order */
    size_t lot_count;
    uint32_t *stack; /* lifo: open lots, the newest last */
    size_t stacked;
    struct lot pool;           /* average: everything held */
    uint32_t *by_price, *rank; /* grid: lots by rising price, and of each lot its place there */
    size_t ranks;
    struct bits open; /* grid: ranks of open lots */
    struct cycle *cycles;
    size_t cycle_count;
    struct map orders; /* order id -> cycle */
    struct ledger_totals sums;
    enum err failed; /* sticky */
};

struct rule {
    const char *name, *sentence;
    enum err (*prepare)(struct walk *w, const struct ledger *l);
    void (*opened)(struct walk *w, struct lot *lot);
    struct lot *(*pick)(struct walk *w, i128 price); /* NULL: nothing is open */
    void (*emptied)(struct walk *w, struct lot *lot);
};

static void put16(struct walk *w, struct dec16 *sum, i128 v) {
    if (dec16_add(sum, *sum, (struct dec16){v}) != ERR_OK) w->failed = ERR_RANGE;
}

static void put8(struct walk *w, struct dec8 *sum, i128 v) {
    if (dec8_add(sum, *sum, (struct dec8){v}) != ERR_OK) w->failed = ERR_RANGE;
}

/* ---- lifo ---- */

static enum err lifo_prepare(struct walk *w, const struct ledger *l) {
    w->stack = calloc(ledger_count(l) + 1, sizeof *w->stack);
    return w->stack != NULL ? ERR_OK : ERR_MEMORY;
}

static void lifo_opened(struct walk *w, struct lot *lot) { w->stack[w->stacked++] = (uint32_t)(lot - w->lots); }

static struct lot *lifo_pick(struct walk *w, i128 price) {
    (void)price;
    return w->stacked > 0 ? &w->lots[w->stack[w->stacked - 1]] : NULL;
}

static void lifo_emptied(struct walk *w, struct lot *lot) {
    (void)lot;
    w->stacked--;
}

/* ---- average ---- */

static enum err average_prepare(struct walk *w, const struct ledger *l) {
    (void)w;
    (void)l;
    return ERR_OK;
}

static void average_opened(struct walk *w, struct lot *lot) {
    struct dec8 left = {w->pool.left};
    struct dec16 basis = {w->pool.basis}, fee = {w->pool.fee};
    put8(w, &left, lot->left);
    put16(w, &basis, lot->basis);
    put16(w, &fee, lot->fee);
    w->pool = (struct lot){left.v, basis.v, fee.v, 0};
}

static struct lot *average_pick(struct walk *w, i128 price) {
    (void)price;
    return w->pool.left > 0 ? &w->pool : NULL;
}

static void average_emptied(struct walk *w, struct lot *lot) {
    (void)w;
    (void)lot;
}

/* ---- grid ---- */

struct priced {
    i128 price;
    uint32_t lot;
};

static int by_price(const void *a, const void *b) {
    const struct priced *x = a, *y = b;
    if (x->price != y->price) return x->price < y->price ? -1 : 1;
    return x->lot < y->lot ? 1 : -1; /* the oldest of one price last: bits_below finds it first */
}

static enum err sort_lots(struct walk *w, size_t buys) {
    struct priced *sorted = calloc(buys + 1, sizeof *sorted);
    if (sorted == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < buys; i++) sorted[i] = (struct priced){w->lots[i].price, (uint32_t)i};
    qsort(sorted, buys, sizeof *sorted, by_price);
    for (size_t i = 0; i < buys; i++) {
        w->by_price[i] = sorted[i].lot;
        w->rank[sorted[i].lot] = (uint32_t)i;
    }
    free(sorted);
    return ERR_OK;
}

/* All buys are known, so each has its rank before the walk begins. */
static enum err grid_prepare(struct walk *w, const struct ledger *l) {
    size_t buys = 0;
    for (size_t i = 0; i < ledger_count(l); i++) {
        struct fill f;
        ledger_get(l, i, &f, NULL);
        if (f.side == SIDE_BUY) w->lots[buys++].price = f.price.v;
    }
    w->ranks = buys;
    w->by_price = calloc(buys + 1, sizeof *w->by_price);
    w->rank = calloc(buys + 1, sizeof *w->rank);
    if (w->by_price == NULL || w->rank == NULL || bits_init(&w->open, buys) != ERR_OK) return ERR_MEMORY;
    return sort_lots(w, buys);
}

static void grid_opened(struct walk *w, struct lot *lot) { bits_set(&w->open, w->rank[lot - w->lots]); }

static i128 price_at(const struct walk *w, size_t rank) { return w->lots[w->by_price[rank]].price; }

/* The first rank whose lot costs `price` or more; with `above`, more than it. */
static size_t rank_of(const struct walk *w, i128 price, bool above) {
    size_t low = 0, high = w->ranks;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (price_at(w, mid) < price || (above && price_at(w, mid) == price)) low = mid + 1;
        else high = mid;
    }
    return low;
}

static struct lot *grid_pick(struct walk *w, i128 price) {
    size_t rank = bits_below(&w->open, rank_of(w, price, false));
    if (rank == SIZE_MAX) { /* all that are open cost as much or more: the cheapest, and the oldest of its price */
        rank = bits_first(&w->open);
        if (rank == SIZE_MAX) return NULL;
        rank = bits_below(&w->open, rank_of(w, price_at(w, rank), true));
    }
    return &w->lots[w->by_price[rank]];
}

static void grid_emptied(struct walk *w, struct lot *lot) { bits_clear(&w->open, w->rank[lot - w->lots]); }

/* ---- the methods ---- */

static const struct rule rules[METHOD_COUNT] = {
    [METHOD_FIFO] =
        {"fifo",
         "FIFO: a sale sells the coins bought first; other methods move profit between realized and unrealized, "
         "and the total is the same in all.",
         NULL, NULL, NULL, NULL},
    [METHOD_LIFO] = {"lifo",
                     "LIFO: a sale sells the coins bought last; against FIFO this moves profit between realized and "
                     "unrealized, and the total is the same.",
                     lifo_prepare, lifo_opened, lifo_pick, lifo_emptied},
    [METHOD_AVERAGE] =
        {"average",
         "Average cost: every coin held costs the same; against FIFO this moves profit between realized and "
         "unrealized, and the total is the same.",
         average_prepare, average_opened, average_pick, average_emptied},
    [METHOD_GRID] =
        {"grid",
         "Grid pair: a sale sells the most expensive coins bought below its price; against FIFO this moves profit "
         "between realized and unrealized, and the total is the same.",
         grid_prepare, grid_opened, grid_pick, grid_emptied},
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

static bool fee_is_base(const struct walk *w, const struct fill *f) {
    return f->fee_state == FEE_OWN && name_eq(&f->fee_asset, w->base);
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

static struct taken take(struct walk *w, i128 price, i128 want) {
    struct taken t = {0};
    struct lot *lot;
    while (t.quantity < want && (lot = w->rule->pick(w, price)) != NULL) {
        i128 piece = want - t.quantity < lot->left ? want - t.quantity : lot->left;
        i128 basis = share(lot->basis, piece, lot->left), fee = share(lot->fee, piece, lot->left);
        lot->left -= piece;
        lot->basis -= basis;
        lot->fee -= fee;
        if (lot->left == 0) w->rule->emptied(w, lot);
        t.quantity += piece;
        put16(w, &t.basis, basis);
        put16(w, &t.fee, fee);
    }
    put8(w, &w->sums.holdings, -t.quantity);
    put16(w, &w->sums.cost_basis, -t.basis.v);
    return t;
}

static void apply_buy(struct walk *w, const struct fill *f, bool counted) {
    struct lot lot = {f->quantity.v, f->quote_amount.v, f->fee_value.v, f->price.v};
    if (fee_is_base(w, f)) {
        lot.left -= dec8_of_dec16(f->fee).v;
        lot.basis -= f->fee_value.v;
    }
    w->lots[w->lot_count++] = lot;
    put8(w, &w->sums.holdings, lot.left);
    if (lot.left != 0) {
        put16(w, &w->sums.cost_basis, lot.basis);
        w->rule->opened(w, &w->lots[w->lot_count - 1]);
    } else if (counted) {
        put16(w, &w->sums.realized, -lot.basis); /* the fee ate the lot: what rounding left of its cost */
    }
    if (counted) put16(w, &w->sums.realized, -f->fee_value.v);
}

static struct cycle *cycle_of(struct walk *w, int64_t order_id) {
    uint32_t known = (uint32_t)w->cycle_count;
    if (order_id != ORDER_ID_NONE && map_get(&w->orders, (uint64_t)order_id, &known)) return &w->cycles[known];
    if (order_id != ORDER_ID_NONE && map_put(&w->orders, (uint64_t)order_id, known) != ERR_OK) w->failed = ERR_MEMORY;
    return &w->cycles[w->cycle_count++];
}

static void apply_sell(struct walk *w, const struct fill *f, bool counted) {
    struct taken t = take(w, f->price.v, f->quantity.v), of_fee = {0};
    struct dec16 realized = {share(f->quote_amount.v, t.quantity, f->quantity.v)};
    put16(w, &realized, -t.basis.v);
    if (fee_is_base(w, f)) { /* one more disposal, at the fill's price */
        of_fee = take(w, f->price.v, dec8_of_dec16(f->fee).v);
        put16(w, &realized, f->price.v * of_fee.quantity); /* at most the fee's value */
        put16(w, &realized, -of_fee.basis.v);
    }
    put16(w, &realized, -f->fee_value.v);
    if (!counted) return;
    struct cycle *c = cycle_of(w, f->order_id);
    put16(w, &w->sums.realized, realized.v);
    put8(w, &w->sums.unmatched, f->quantity.v - t.quantity);
    put16(w, &c->result, realized.v);
    put16(w, &c->result, -t.fee.v);
    put16(w, &c->result, -of_fee.fee.v);
    c->consumed = c->consumed || t.quantity > 0;
    c->unmatched = c->unmatched || t.quantity < f->quantity.v;
}

static void count_cycles(struct walk *w) {
    for (size_t i = 0; i < w->cycle_count; i++) {
        const struct cycle *c = &w->cycles[i];
        if (!c->consumed || c->unmatched) continue;
        w->sums.cycles++;
        if (c->result.v > 0) {
            w->sums.wins++;
            put16(w, &w->sums.gross_profit, c->result.v);
        } else if (c->result.v < 0) {
            w->sums.losses++;
            put16(w, &w->sums.gross_loss, -c->result.v);
        }
    }
}

/* ---- all of it ---- */

static enum err walk_init(struct walk *w, const struct ledger *l) {
    size_t n = ledger_count(l) + 1;
    map_init(&w->orders);
    w->lots = calloc(n, sizeof *w->lots);
    w->cycles = calloc(n, sizeof *w->cycles);
    return w->lots != NULL && w->cycles != NULL ? w->rule->prepare(w, l) : ERR_MEMORY;
}

static void walk_free(struct walk *w) {
    map_free(&w->orders);
    free(w->lots);
    free(w->cycles);
    free(w->stack);
    free(w->by_price);
    free(w->rank);
    free(w->open.level[0]);
}

static enum err walk_all(struct walk *w, const struct ledger *l) {
    for (size_t i = 0; i < ledger_count(l) && w->failed == ERR_OK; i++) {
        struct fill f;
        ledger_get(l, i, &f, NULL);
        bool counted = f.time.us >= w->since.us;
        if (f.side == SIDE_BUY) apply_buy(w, &f, counted);
        else apply_sell(w, &f, counted);
    }
    if (w->failed == ERR_OK) count_cycles(w);
    return w->failed;
}

enum err method_totals(struct ledger_totals *out, const struct ledger *l, enum method m, const struct name *base,
                       struct wall since) {
    const struct ledger_totals *fifo = ledger_totals(l);
    struct walk w = {.rule = &rules[m], .base = base, .since = since};
    if (fifo->recomputing) return ERR_BAD_STATE;
    if (m == METHOD_FIFO) {
        *out = *fifo;
        return ERR_OK;
    }
    if (fifo->refused > 0) return ERR_RANGE; /* which ones the ledger left out is not for a view to guess */
    enum err e = walk_init(&w, l);
    if (e == ERR_OK) e = walk_all(&w, l);
    walk_free(&w);
    if (e != ERR_OK) return e;
    CHECK(w.sums.holdings.v == fifo->holdings.v && w.sums.unmatched.v == fifo->unmatched.v);
    *out = *fifo;
    out->realized = w.sums.realized;
    out->cost_basis = w.sums.cost_basis;
    out->cycles = w.sums.cycles;
    out->wins = w.sums.wins;
    out->losses = w.sums.losses;
    out->gross_profit = w.sums.gross_profit;
    out->gross_loss = w.sums.gross_loss;
    return ERR_OK;
}
