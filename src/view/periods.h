/* periods.h: hours, days, weeks and months up to now, in the day zone; and the P&L of each by the equity series (ACCOUNTING 6): total
 * P&L at its end less total P&L at its start, each at the point nearest to it, at most five minutes away. Before the first fill
 * the total is zero without a point. */
#ifndef VIEW_PERIODS_H
#define VIEW_PERIODS_H

#include "view/series.h"

enum period { PERIOD_HOUR, PERIOD_DAY, PERIOD_WEEK, PERIOD_MONTH, PERIODS };
enum { HOURS = 48, DAYS = 400, WEEKS = 106, MONTHS = 120, BUCKETS = HOURS + DAYS + WEEKS + MONTHS };

struct period_row {
    const char *key;
    size_t first, count; /* its buckets of all BUCKETS; the last is the present one */
};
extern const struct period_row periods[PERIODS];

static inline int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

/* The number of the period that holds t, counted from any origin, and where it starts. Weeks begin on Monday. */
int64_t period_of(enum period p, struct wall t, int64_t offset_us);
struct wall period_start(enum period p, int64_t number, int64_t offset_us);
/* The bucket of t; SIZE_MAX where it is too old, or newer than now. */
size_t period_bucket(enum period p, struct wall t, struct wall now, int64_t offset_us);

struct period_ends {
    struct wall now;
    int64_t offset_us;
    struct wall first_fill; /* 0: none */
    struct dec16 last;      /* total at the newest point */
    struct period_edge {    /* at the start of each bucket */
        int64_t distance;   /* of the point to it; beyond the tolerance: none */
        struct dec16 total;
    } edges[BUCKETS];
};

void period_ends_begin(struct period_ends *ends, struct wall now, int64_t offset_us);
/* The next point in time's order; one whose total is unknown says nothing. */
void period_ends_add(struct period_ends *ends, const struct series_point *point);
/* P&L of the i-th bucket of p; unknown where the series does not reach its ends. */
struct dec16 period_pnl(const struct period_ends *ends, enum period p, size_t i);

#endif
