/* equity.h: the equity series in memory (ACCOUNTING 6): a point a minute and one a fill. A point holds marks and
 * rates, never totals: a total is computed from the ledgers as they are now, so that a backfill or a corrected fee
 * changes the past where it belongs and never looks like profit of today.
 *
 * Memory is bounded by three rings: every minute of the last 26 hours, the last 512 fills, and one point in nine
 * minutes for 31 days: the start of any window must lie within five minutes of a point, and a recorded minute may be
 * late by one. A symbol costs 8 bytes a point as they come, about 57 kB after a month; a quote asset four times as much. */
#ifndef DOMAIN_EQUITY_H
#define DOMAIN_EQUITY_H

#include "base/buf.h"
#include "base/limits.h"
#include "domain/portfolio.h"

enum {
    EQUITY_MINUTES = 26 * 60, /* a day and a time-zone change */
    EQUITY_FILLS = 512,       /* LIMIT_FILLS_SHOWN and some room */
    EQUITY_STEP_MINUTES = 9,
    EQUITY_STEPS = 31 * 24 * 60 / EQUITY_STEP_MINUTES,
    EQUITY_TOLERANCE_MINUTES = 5, /* ACCOUNTING 6 */
    EQUITY_SYMBOLS_MAX = LIMIT_PAIRS,
    EQUITY_QUOTES_MAX = 16, /* quote assets of all pairs together; rates of further ones are not recorded */
};

struct equity; /* opaque */

struct equity_line { /* one symbol as it is now */
    const struct ledger *ledger;
    const struct name *quote;
    struct portfolio_line now; /* symbol, totals, mark, rate */
};

struct equity *equity_new(void); /* NULL without memory */
void equity_free(struct equity *e);

/* Whether the minute of `now` has no point yet. */
bool equity_due(const struct equity *e, struct wall now);

enum equity_kind { EQUITY_MINUTE, EQUITY_FILL };

/* Records the lines' marks and rates. Points come in time order: one that is not later than the last of its kind is
 * dropped, as is a second one of a minute. A mark or rate unknown now, or beyond 9.2 x 10^10, is unknown at that
 * point. ERR_MEMORY: nothing was recorded. Also restores a stored series, oldest first. */
MUST_CHECK enum err equity_record(struct equity *e, enum equity_kind kind, struct wall at,
                                  const struct equity_line *lines, size_t count);

/* Time of the oldest point; 0 none. */
struct wall equity_since(const struct equity *e);

/* Time of the first point at or after `from`, of any kind; false where there is none. */
bool equity_next(const struct equity *e, struct wall from, struct wall *at);
/* Gives the lines the marks and rates of the point of exactly that time; a line whose quote is the display currency now keeps
 * its rate of one. False: there is no such point (any more), the lines are untouched. */
bool equity_marks_at(const struct equity *e, struct wall at, struct equity_line *lines, size_t count);

/* ---- a point as bytes, for a store (equity_point.c) ---- */

/* Appends the lines' marks and rates; display: the currency that the rates lead to. What equity_record would not keep is left
 * out. At most 64 bytes a symbol. */
void equity_point_write(struct buf *out, const struct name *display, const struct equity_line *lines, size_t count);
/* Gives the lines the marks and rates of such a point, unknown where it has none; a line whose quote is the display currency
 * now keeps its rate of one, other rates are unknown where the point's lead to another currency. ERR_CORRUPT: not a point as
 * written by equity_point_write, of a version known; then the lines know no mark and no rate. */
MUST_CHECK enum err equity_point_read(struct span point, const struct name *display, struct equity_line *lines,
                                      size_t count);

enum window_basis {
    BASIS_UNKNOWN,  /* nothing can be said */
    BASIS_EQUITY,   /* total P&L now less at the start of the window */
    BASIS_REALIZED, /* the series does not reach back: realized P&L of the window */
};

struct equity_window {
    enum window_basis basis;
    struct dec16 pnl; /* display currency */
    bool has_percent;
    struct dec8 percent; /* of the investment */
    bool partial;        /* a symbol is left out, as in the portfolio */
};

/* P&L of the window from `start` to now (ACCOUNTING 6); the caller says where "24h" or today starts. investment: 0
 * unknown. A line whose rate is one now has had it always: so a pair alone can be asked for in its own quote,
 * whatever was recorded. ERR_BAD_STATE while a ledger is recomputing, ERR_RANGE: *out untouched. */
MUST_CHECK enum err equity_window(const struct equity *e, struct equity_window *out, const struct equity_line *lines,
                                  size_t count, struct wall start, struct dec16 investment);

#endif
