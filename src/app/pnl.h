/* pnl.h: P&L of a file of fills (PRODUCT 6, ACCOUNTING 3 and 4): options and text in, figures out as JSON or as a table. It opens and
 * prints nothing: that is the command's (pnl_command.c).
 *
 *   csv rows --symbol named with a slash--> ledgers --fee prices--> figures by symbol --marks, rates--> portfolio
 *
 * The portfolio is in the quote asset that all symbols share, else in USDT; other quotes are converted along the marks. What cannot
 * be converted, or has no mark, makes the figure unknown: nothing is left out in silence. */
#ifndef APP_PNL_H
#define APP_PNL_H

#include "app/report.h"
#include "app/tally.h"
#include "base/limits.h"
#include "domain/methods.h"
#include "wire/csv.h"

enum { PNL_FEE_PRICES_MAX = 64, PNL_WHY_MAX = 200, PNL_REFUSED_TOLD = 20 /* a screen; the others are counted */ };

struct pnl_price {                   /* --mark BTC/USDT=P; --fee-price BNB=P (in any quote) or BNB/EUR=P */
    struct name symbol, base, quote; /* a fee price for any quote: quote is empty. A mark given as BTCUSDT: both are */
    struct dec16 price;              /* > 0 */
};

struct pnl_options {
    const char *file; /* "-": stdin; NULL with help */
    struct pnl_price marks[LIMIT_PAIRS], fee_prices[PNL_FEE_PRICES_MAX];
    size_t mark_count, fee_price_count;
    enum method method;
    bool grouped; /* --by: realized P&L in rows as `gridscope report` prints them, days in UTC */
    enum report_by by;
    bool json, csv, help; /* csv: grouped only */
};

/* argv[1] .. argv[argc - 1]. False: why says what is wrong and what is allowed. */
bool pnl_options_read(struct pnl_options *o, char why[static PNL_WHY_MAX], int argc, char **argv);
const char *pnl_usage(void);

struct pnl_figures { /* of a symbol in its quote, of the portfolio in its currency */
    bool money;      /* false: not even realized is known (a rate is missing, or a sum overflows) */
    bool valued;     /* unrealized and total are known: a mark for everything held */
    bool partial;    /* fees without a price are left out */
    struct dec16 realized, unrealized, total, fees_quote, cost_basis, gross_profit, gross_loss;
    struct dec8 holdings, unmatched; /* the portfolio has no holdings */
    uint64_t fills, buys, sells, cycles, wins, losses, unvalued_fees, assumed_fees;
};

struct pnl_parked { /* a fill whose symbol has no slash and is not known yet */
    size_t line;
    struct fill fill;
};

struct pnl {
    const struct pnl_options *options; /* borrowed */
    struct tally tally;
    struct pnl_parked *parked;
    size_t parked_count, parked_capacity;
    uint64_t refused;                                 /* rows that are no fill: price or quantity not above zero */
    char refused_why[PNL_REFUSED_TOLD][CSV_WHAT_MAX]; /* of the first of them */
    struct name currency;                             /* of the portfolio */
    struct pnl_figures *figures;                      /* of tally.lines */
    struct pnl_figures portfolio;
    struct csv_fault *fault;                     /* while reading: the reader's, which names the row that it is at */
    struct csv_fault failure;                    /* the first row that cannot be counted; .err ERR_OK: none */
    void (*progress)(void *arg, uint64_t fills); /* while reading, every 65,536 fills; NULL none */
    void *progress_arg;
};

void pnl_init(struct pnl *p, const struct pnl_options *o);
void pnl_free(struct pnl *p);
/* Once. All rows or none (csv.h), but for those that are refused: on an error *fault names the line and the field, and the
 * figures are not to be used. */
MUST_CHECK enum err pnl_read(struct pnl *p, struct span text, struct csv_fault *fault);

/* PRODUCT 6. */
void pnl_json(const struct pnl *p, struct buf *out);
/* The same for people, with notes under it. */
void pnl_table(const struct pnl *p, struct buf *out);

#endif
