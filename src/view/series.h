/* series.h: the equity series as figures: at each point the total and realized P&L of the ledgers as they are now, at that
 * point's own marks and rates (ACCOUNTING 6). Made in steps: one pass over the points in time's order, each ledger walked
 * once beside it. The newest month is the engine's, what lies before is asked of the store first (view.h: view_series_wants).
 *
 *   PROBE (how far back does the store reach?) -> PAGES (its points) -> READY (points come out)
 *
 * The pairs that count are those that the portfolio counts now: one that has no price today is left out of the whole series,
 * as it is left out of the figures beside it. Where one of those that count has no mark or rate at a point, the point's
 * total is unknown. */
#ifndef VIEW_SERIES_H
#define VIEW_SERIES_H

#include "engine/state.h"
#include "view/fields.h"
#include "view/view.h"

enum { SERIES_POINTS_MAX = 1500 }; /* of a curve: more than a page is wide */

enum series_density {
    SERIES_CURVE, /* evenly thinned to SERIES_POINTS_MAX, and the present moment where `to` does not end it before */
    SERIES_DENSE, /* every point in memory, hours from the store, and the present moment */
};

struct series_point {
    struct wall time;
    struct dec16 total, realized; /* UNKNOWN_DEC16 */
};

enum series_next {
    SERIES_POINT, /* *out is the next one */
    SERIES_LATER, /* the budget is used up, or a ledger is recomputing: in the next step */
    SERIES_AGAIN, /* the past has changed meanwhile: forget all points, they come again from the first */
    SERIES_END,
    SERIES_NO_MEMORY,
    SERIES_RESTLESS, /* the past changes faster than it can be read */
};

/* symbol empty: all, in the display currency; else that pair in its quote. from inclusive, to exclusive; 0: open. NULL
 * without memory. */
struct view_series *series_new(enum series_density density, const struct name *symbol, struct wall from, struct wall to,
                               struct now now);
void series_free(struct view_series *s); /* NULL is allowed */

/* *budget: fills to walk and marks to look up, less what was. What the store was not asked for is left out. */
enum series_next series_next(struct view_series *s, struct series_point *out, const struct engine *e, size_t *budget);

#endif
