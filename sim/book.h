/* book.h: one symbol's order book with price-time priority. Both sides are arrays of levels with the best level last, so
 * that trading at the touch and quoting near it move little memory; the orders of a level form a queue. An order is named
 * by a handle; handle 0 is none. Owner 0 is the crowd of background traders; other owners are the caller's. */
#ifndef SIM_BOOK_H
#define SIM_BOOK_H

#include "sim/num.h"

enum side { SIDE_BUY, SIDE_SELL };

static inline enum side side_other(enum side s) { return s == SIDE_BUY ? SIDE_SELL : SIDE_BUY; }

struct book_order {
    int64_t price, left;
    uint64_t born; /* the caller's clock when it was added */
    uint32_t owner;
    uint32_t next, prev; /* in its level's queue, or next in the free list */
    enum side side;
};

struct book_level {
    int64_t price, quantity;
    uint32_t first, last; /* handles: the oldest order first */
    uint32_t orders;
};

struct book_side {
    struct book_level *levels; /* owned; sorted, the best last */
    size_t count, capacity;
};

struct book {
    struct book_side sides[2]; /* by enum side */
    struct book_order *orders; /* owned; [0] unused */
    uint32_t order_count, order_capacity, free_first;
    uint64_t updates; /* one more for each change of a level: lastUpdateId */
};

void sim_book_init(struct book *b);
void sim_book_free(struct book *b);
/* Rests an order; it must not cross the other side. Returns its handle. */
uint32_t sim_book_add(struct book *b, enum side side, int64_t price, int64_t quantity, uint32_t owner, uint64_t born);
void sim_book_cancel(struct book *b, uint32_t handle);
const struct book_order *sim_book_order(const struct book *b, uint32_t handle);

/* One match: the resting order (already reduced; gone from the book where its left is 0), the price, the quantity. */
typedef void book_match_fn(void *arg, uint32_t handle, const struct book_order *resting, int64_t price,
                           int64_t quantity);
/* Takes up to `quantity` from the side opposite to `taker` at prices not worse than `limit` (0: any price), best first,
 * oldest first. Returns the quantity left. */
int64_t sim_book_take(struct book *b, enum side taker, int64_t limit, int64_t quantity, book_match_fn *fn, void *arg);

/* The best level, or NULL where the side is empty; the i-th best. */
const struct book_level *sim_book_best(const struct book *b, enum side side);
const struct book_level *sim_book_at(const struct book *b, enum side side, size_t i);
static inline size_t sim_book_levels(const struct book *b, enum side side) { return b->sides[side].count; }
/* Everything the book promises, walked: order, no crossing, sums, queues. */
bool sim_book_sound(const struct book *b);

#endif
