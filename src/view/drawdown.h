/* drawdown.h: how far equity fell below an earlier peak (ACCOUNTING 6), over 7, 30 and 180 days and all, from one pass over
 * the series. Equity is the investment and the total P&L; without an investment falls are amounts, and the deepest is the one
 * of the largest amount instead of the largest share. */
#ifndef VIEW_DRAWDOWN_H
#define VIEW_DRAWDOWN_H

#include "view/series.h"

enum { DRAWDOWNS = 4 };

struct fall {
    struct dec16 peak, amount; /* amount >= 0 */
    struct dec16 share;        /* of the peak, 16 digits; unknown without an investment or below a peak above zero */
    struct wall peak_at, trough_at; /* trough_at 0: never below a peak */
};

struct drawdown {
    struct wall from;  /* points before it do not count */
    struct wall since; /* the first that did; 0 none */
    size_t points;
    struct fall deepest, current;
    bool failed; /* an amount out of range */
};

struct drawdowns {
    struct dec16 investment; /* unknown: none */
    struct drawdown of[DRAWDOWNS];
};

void drawdowns_begin(struct drawdowns *d, struct dec16 investment, struct wall now);
/* The next point in time's order; one whose total is unknown says nothing. */
void drawdowns_add(struct drawdowns *d, const struct series_point *point);
void drawdowns_out(struct buf *out, const struct drawdowns *d);

#endif
