/* portfolio.h: the three figures over all symbols (ACCOUNTING 4), and conversion along the exchange's own tickers. Pure
 * functions over arrays; O(pairs). */
#ifndef DOMAIN_PORTFOLIO_H
#define DOMAIN_PORTFOLIO_H

#include "domain/ledger.h"

/* ---- conversion: how many display units one quote unit is worth, from last prices ---- */

struct price_source { /* looks up the last price of a market "BASE"/"QUOTE"; false where unknown */
    bool (*price)(void *arg, const struct name *base, const struct name *quote, struct dec8 *out);
    void *arg;
};

struct conversion {             /* amount x mul[0] / div[0] x mul[1] / div[1]: up to two legs */
    int legs;                   /* 0: the same asset */
    struct dec8 mul[2], div[2]; /* 1 where the leg does not multiply, divide */
    struct name via;            /* the intermediate, empty for a direct or inverse one */
};

/* Direct pair, else inverse, else through the first of USDT, BTC, BNB, EUR that has both legs (PRODUCT 6).
 * ERR_UNKNOWN. */
MUST_CHECK enum err conversion_find(struct conversion *out, const struct name *from, const struct name *to,
                                    const struct price_source *prices);
/* amount x path, rounded half-even ONCE to 16 digits (256-bit intermediate over the whole path). ERR_RANGE. */
MUST_CHECK enum err conversion_apply(struct dec16 *out, struct dec16 amount, const struct conversion *c);
/* The same rounded ONCE to 8 digits: a converted figure as it is shown (PRODUCT 6). */
MUST_CHECK enum err conversion_apply8(struct dec8 *out, struct dec16 amount, const struct conversion *c);

/* ---- the sum ---- */

struct portfolio_line { /* one symbol in */
    const struct name *symbol;
    const struct ledger_totals *totals;
    bool has_mark;
    struct dec8 mark;
    bool has_rate; /* display currency per quote; quote = display: rate 1, exact */
    bool rate_is_one;
    struct conversion rate; /* used where has_rate and not rate_is_one */
};

enum left_out_reason { LEFT_OUT_NO_MARK, LEFT_OUT_NO_RATE, LEFT_OUT_UNVALUED_FEE, LEFT_OUT_OVERFLOW };
/* "no_price", "no_rate", "unvalued_fee", "overflow" */
const char *left_out_reason_name(enum left_out_reason r);

struct portfolio { /* in the display currency */
    struct dec16 realized, unrealized, total, fees;
    bool partial;    /* something is left out, or a line is itself partial */
    bool known;      /* at least one line counted, or there are no lines at all */
    size_t left_out; /* how many reasons were written */
};

struct left_out {
    size_t line;
    enum left_out_reason reason;
};

/* Every line is first converted as a whole, rounded half-even to 8 digits where a rate other than one is used
 * (PRODUCT 6), total = realized + unrealized. A held line without mark, or any line with figures but without rate,
 * is left out of all three. An unvalued fee is named but the line counts. out_left holds room for 2 x count entries. */
void portfolio_sum(struct portfolio *out, struct left_out *out_left, const struct portfolio_line *lines, size_t count);

#endif
