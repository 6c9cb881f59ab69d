/* ledger.h: one symbol's fills and what follows from them: FIFO lots, realized P&L, fees, cycles (ACCOUNTING 2, 3,
 * 5). The ledger is a function of its fills: adding them in any order, or replaying them from nothing, gives the
 * same state to the last digit. An in-order fill is applied at once in amortized O(1). A late, corrected or newly
 * valued one is merged and only marks the earliest changed position; ledger_recompute then brings the figures up to
 * date in slices, from the nearest checkpoint (every LIMIT_CHECKPOINT_FILLS); until then the old figures stay and
 * `recomputing` is true. */
#ifndef DOMAIN_LEDGER_H
#define DOMAIN_LEDGER_H

#include "domain/flows.h"

struct ledger; /* opaque; owned by whoever made it */

enum { LEDGER_FEE_ASSETS_MAX = 16 }; /* base, quote, BNB and a few more; over it the rest is "others", and partial */

struct ledger_fee {
    struct name asset;
    struct dec16 amount;   /* paid, in the asset */
    struct dec16 unvalued; /* the part of it not valued yet */
};

struct ledger_totals {        /* all in quote unless said; sums of the fills since `since` where one is set */
    struct dec8 holdings;     /* base, >= 0 */
    struct dec16 cost_basis;  /* of the open lots */
    struct dec16 realized;    /* leaves unvalued fees out */
    struct dec16 fees_quote;  /* valued fees */
    struct dec8 unmatched;    /* base sold without a known lot */
    struct dec8 fees_outside; /* base fees for which no lot was known: paid with coins from elsewhere; of all fills */
    struct dec16 fees_outside_value; /* at their fills' prices */
    uint64_t fills, buys, sells;
    uint64_t cycles, wins, losses;         /* a cycle is a sell order that consumed lots and left nothing unmatched */
    struct dec16 gross_profit, gross_loss; /* both >= 0; grid profit = gross_profit - gross_loss */
    struct dec16 bought, sold;             /* quote amounts of buys and sells: turnover; with the fees the cash flows */
    bool turnover_over;     /* the turnover left 10^22: bought and sold stand still (the other figures go on) */
    uint64_t refused;       /* late fills whose sums would overflow: they count nowhere, `partial` says so */
    uint64_t assumed_fees;  /* fills whose fee asset was not named by the source */
    uint64_t unvalued_fees; /* fills whose third-asset fee has no price yet */
    struct ledger_fee fees[LEDGER_FEE_ASSETS_MAX];
    size_t fee_count;
    struct wall first_fill, last_fill; /* 0: none */
    bool partial;                      /* an overflow refused a fill, or a fee is unvalued */
    bool recomputing;
};

enum ledger_added {
    LEDGER_ADDED,     /* new: counted */
    LEDGER_DUPLICATE, /* known, and this record knows nothing better: dropped */
    LEDGER_REPLACED,  /* known, and this record is more authoritative: it stands now */
};

/* base, quote: told apart from third fee assets. since: ACCOUNTING 6 GRIDSCOPE_SINCE, 0 none: earlier fills build
 * lots only. NULL without memory. */
struct ledger *ledger_new(const struct name *symbol, const struct name *base, const struct name *quote,
                          struct wall since);
void ledger_free(struct ledger *l);

/* ERR_VALUE: no fill (fill_validate says which field), or a base fee above the quantity bought. ERR_RANGE: it would
 * overflow; nothing changed, the ledger is marked partial. ERR_FULL: over a thousand fee assets. ERR_MEMORY. *f is
 * copied; a base fee is rounded to the eight digits of a quantity. A late fill is only added up by ledger_recompute:
 * where its sums overflow there, it counts nowhere (`refused`). *changed (may be NULL): whether any figure changed
 * or will by recomputation. */
MUST_CHECK enum err ledger_add(struct ledger *l, const struct fill *f, enum ledger_added *what, bool *changed);

bool ledger_knows(const struct ledger *l, int64_t trade_id, enum side side);
/* The record that stands for it, as ledger_get gives it; false where none is known. */
bool ledger_find(const struct ledger *l, int64_t trade_id, enum side side, struct fill *out);

/* Works off what ledger_add and ledger_value_fee marked, over at most max_fills fills. True when all is up to date. */
bool ledger_recompute(struct ledger *l, size_t max_fills);

/* Never NULL; the figures of the last complete computation. Valid until the next call that changes the ledger. */
const struct ledger_totals *ledger_totals(const struct ledger *l);

/* The fee of a known fill in a third asset: value in quote (16 digits, rounded half-even once by the caller), price and
 * candle kept for display. ERR_UNKNOWN: no such fill; ERR_BAD_STATE: its fee is not unvalued. */
MUST_CHECK enum err ledger_value_fee(struct ledger *l, int64_t trade_id, enum side side, struct dec16 value,
                                     struct dec8 price, struct wall candle);
/* The fills with an unvalued fee, oldest first: *cursor starts at 0; false at the end. */
bool ledger_next_unvalued(const struct ledger *l, size_t *cursor, struct fill *out);

/* What the fills moved, whatever their order: a second way to the P&L (proof.h). Ahead of the totals while recomputing. */
const struct flows *ledger_flows(const struct ledger *l);
/* Counts changes of what stood in order already: the fills at known positions are the same while it is. */
uint64_t ledger_revision(const struct ledger *l);

/* What one fill did, for the history (PRODUCT 6: realized, closes). */
struct fill_result {
    struct dec16 realized;             /* of this fill: matched proceeds - basis - fee value */
    struct dec8 matched, unmatched;    /* of a sell */
    int64_t closes_first, closes_last; /* trade ids of the first and last buy consumed; -1 none */
};

/* By position in (time, trade_id, side) order, 0 .. count-1. Staged fills have none before ledger_recompute. *out
 * has the quote amount that stands (never 0) and fee_value in every fee state; added to another ledger it gives the
 * same state. out_result may be NULL; realized is 0 before `since`, so that the fills' results add up to the totals. */
size_t ledger_count(const struct ledger *l);
void ledger_get(const struct ledger *l, size_t position, struct fill *out, struct fill_result *out_result);
/* Position of the first fill at or after t. */
size_t ledger_position(const struct ledger *l, struct wall t);

/* The figures as they were after the last fill before t: from a checkpoint and at most LIMIT_CHECKPOINT_FILLS fills.
 * Not while recomputing: ERR_BAD_STATE. */
MUST_CHECK enum err ledger_totals_at(const struct ledger *l, struct wall t, struct ledger_totals *out);

/* The same at many times, each not before the one before: every fill is applied once, or skipped by a checkpoint. */
struct ledger_scan;
enum ledger_scanned {
    SCAN_THERE,   /* *out: holdings, cost basis, realized, fees in quote, unvalued fees; the rest is 0 */
    SCAN_FARTHER, /* the budget is used up: ask again */
    SCAN_CHANGED, /* recomputing, or what was scanned already has changed: begin a new scan */
};
struct ledger_scan *ledger_scan_new(const struct ledger *l); /* NULL without memory; l must outlive it */
void ledger_scan_free(struct ledger_scan *s);
/* As after the last fill before t. *budget: how many fills may be applied, less what was. *out is valid until the next call. */
MUST_CHECK enum ledger_scanned ledger_scan_to(struct ledger_scan *s, const struct ledger_totals **out, struct wall t,
                                              size_t *budget);

/* Ids of Binance count upwards per symbol: the highest and lowest known; -1 none. */
int64_t ledger_last_id(const struct ledger *l);
int64_t ledger_first_id(const struct ledger *l);

/* Unrealized P&L = holdings x mark - cost basis (ACCOUNTING 4), total = realized + unrealized; exact. ERR_RANGE. */
MUST_CHECK enum err ledger_unrealized(const struct ledger_totals *t, struct dec8 mark, struct dec16 *unrealized,
                                      struct dec16 *total);
/* The same at a mark with more digits than an exchange's price has (given by hand: "1.1E-8"); holdings x mark is
 * rounded half-even once to 16 digits. */
MUST_CHECK enum err ledger_unrealized_fine(const struct ledger_totals *t, struct dec16 mark, struct dec16 *unrealized,
                                           struct dec16 *total);
/* cost basis / holdings, half-even to 8 digits; ERR_BAD_STATE while nothing is held. */
MUST_CHECK enum err ledger_average_cost(const struct ledger_totals *t, struct dec8 *out);

/* Every invariant, walked: for CHECK_SLOW, property tests and fuzzing. */
bool ledger_ok(const struct ledger *l);

#endif
