/* rungs.h: the prices of a grid's levels, worked out. The bot tells the bounds and the number of levels, not how they are
 * spaced; a geometric grid has price(i) = lower (upper / lower)^(i / (levels - 1)), an arithmetic one equal steps. Neither is
 * taken on faith: a spacing is believed when the prices that orders stand at lie on it. */
#ifndef VIEW_RUNGS_H
#define VIEW_RUNGS_H

#include "domain/market.h"

enum { RUNGS_MAX = 500 }; /* more than any market allows open orders (MAX_NUM_ORDERS is 200) */

struct rungs {
    size_t count;              /* 0: not known */
    struct dec8 at[RUNGS_MAX]; /* rising */
};

/* `seen`: prices at which orders stand or stood, rising. A spacing is believed when at least two of them lie inside the
 * bounds and three of four of these on a level; the others were placed by hand. Prices are rounded to the tick; 0: to
 * 8 digits. */
void rungs_find(struct rungs *out, const struct grid *g, struct dec8 tick, const struct dec8 *seen, size_t count);

/* The level the price lies on: nearer to it than an eighth of a step. SIZE_MAX: none. */
size_t rungs_on(const struct rungs *r, struct dec8 price);

#endif
