/* proof.h: the check on all of it (ACCOUNTING 7): with complete history, realized + unrealized equals cash flows plus holdings at
 * the mark, to the last digit. One side is the ledger's, by its lots; the other is summed from the records' own amounts (flows.h).
 * Pure, O(1). */
#ifndef DOMAIN_PROOF_H
#define DOMAIN_PROOF_H

#include "domain/flows.h"
#include "domain/ledger.h"

enum proof_state {
    PROOF_UNCHECKED, /* it cannot be said now: `reasons` */
    PROOF_EXACT,     /* nothing is off, to the last digit */
    PROOF_DRIFT,
};

enum proof_reason {
    PROOF_RECOMPUTING, /* the records are ahead of the figures */
    PROOF_UNMATCHED,   /* coins sold whose purchase is not known: their proceeds are cash and no P&L */
    PROOF_SINCE,       /* what fills before GRIDSCOPE_SINCE realized is cash and not counted */
    PROOF_REFUSED,     /* records that count nowhere, their sums would overflow */
    PROOF_NO_PRICE,    /* something is held and has no mark */
    PROOF_NO_RATE,     /* of the portfolio: no way into the display currency */
    PROOF_OVERFLOW,
    PROOF_REASONS
};

const char *proof_state_name(enum proof_state s);   /* "unchecked", "exact", "drift" */
const char *proof_reason_name(enum proof_reason r); /* "recomputing", "unmatched", ... */

struct proof { /* in quote; sums are there whatever the state, unless `over` */
    enum proof_state state;
    unsigned reasons;                   /* 1 << enum proof_reason */
    bool over;                          /* a sum left its range: none of the figures holds */
    bool valued;                        /* there is a mark where one is needed: holdings_value and worth hold */
    struct dec16 cash;                  /* sold - bought - fees_quote - fees_other - fees_outside */
    struct dec8 held;                   /* coins bought - sold - fees + fees_outside */
    struct dec16 holdings_value, worth; /* held at the mark; cash + that */
    struct dec16 drift;                 /* total - worth; 0 unless PROOF_DRIFT */
};

void proof_of(struct proof *out, const struct flows *f, const struct ledger_totals *t, bool has_mark, struct dec8 mark);

#endif
