/* figures.h: P&L, cycles and what follows from them (ACCOUNTING 6), of one pair in its quote or of all in the display currency, by
 * any method of accounting. The ledgers' sums are taken as they are; nothing walks over fills here.
 *
 *   average win   gross profit / wins          exposure   holdings at the mark
 *   average loss  gross loss / losses          holding    what the same money would be worth now, had it been held:
 *   expectancy    grid profit / cycles                    the investment buys the base at the price of the first fill, without a
 *                                                         fee, and is valued at the mark
 *
 * Held over all pairs: the investment is divided over the pairs that have traded, in proportion to their grids' investments
 * where each has one, else equally; each part buys its pair's base. So a quote asset's own rise and fall against the display
 * currency is on neither side. */
#ifndef VIEW_FIGURES_H
#define VIEW_FIGURES_H

#include "engine/state.h"
#include "view/fields.h"

struct figures {
    struct dec16 realized, unrealized, total, gross_profit, gross_loss, fees, cost_basis;
    struct dec16 exposure;   /* unknown without a mark */
    struct dec16 investment; /* unknown: none */
    struct dec16 held;       /* unknown: no investment, no fill or no mark */
    uint64_t cycles, wins, losses, fills;
    struct wall first_fill;
};

/* t: the pair's totals by the method asked for. */
struct figures figures_of(const struct engine *e, size_t pair, const struct ledger_totals *t);
/* totals: of all pairs by another method, in the engine's order; NULL: the ledgers' own. P&L and fees are the portfolio's, so that
 * no two places can differ; another method divides the same total otherwise. *partial is set where a pair is left out. */
struct figures figures_of_all(const struct engine *e, const struct ledger_totals *totals, bool *partial);

/* Everything from "realized" to "fills", as members of an open object. */
void figures_out(struct buf *out, const struct figures *f);
/* "apr": {"grid","total"}; unknown in the first hour. */
void figures_out_apr(struct buf *out, const struct figures *f, int64_t running_us);

/* num x factor / den with 8 digits; null where den is not above zero or anything is unknown. */
void out_ratio(struct buf *out, const char *key, struct dec16 num, i128 factor, struct dec16 den);

#endif
