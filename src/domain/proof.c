#include "domain/proof.h"

const char *proof_state_name(enum proof_state s) {
    static const char *const names[] = {"unchecked", "exact", "drift"};
    return (unsigned)s < sizeof names / sizeof names[0] ? names[s] : "?";
}

const char *proof_reason_name(enum proof_reason r) {
    static const char *const names[PROOF_REASONS] = {"recomputing", "unmatched", "since",   "refused",
                                                     "no_price",    "no_rate",   "overflow"};
    return (unsigned)r < PROOF_REASONS ? names[r] : "?";
}

/* Money and coins as the records say. Fees in coins that no fill had brought came from elsewhere: they are paid at the price of
 * their fill, as a third asset's would be, and take nothing out of what is held. */
static enum err sum_records(struct proof *p, const struct flows *f, const struct ledger_totals *t) {
    enum err e = f->over ? ERR_RANGE : dec16_sub(&p->cash, f->sold, f->bought);
    if (e == ERR_OK) e = dec16_sub(&p->cash, p->cash, f->fees_quote);
    if (e == ERR_OK) e = dec16_sub(&p->cash, p->cash, f->fees_other);
    if (e == ERR_OK) e = dec16_sub(&p->cash, p->cash, t->fees_outside_value);
    if (e == ERR_OK) e = dec8_sub(&p->held, f->coins_bought, f->coins_sold);
    if (e == ERR_OK) e = dec8_sub(&p->held, p->held, f->coins_fees);
    if (e == ERR_OK) e = dec8_add(&p->held, p->held, t->fees_outside);
    return e;
}

static enum err value(struct proof *p, struct dec8 mark) {
    enum err e = p->held.v != 0 ? dec8_mul(&p->holdings_value, mark, p->held) : ERR_OK;
    return e == ERR_OK ? dec16_add(&p->worth, p->cash, p->holdings_value) : e;
}

static unsigned bit(enum proof_reason r, bool set) { return set ? 1U << r : 0; }

void proof_of(struct proof *out, const struct flows *f, const struct ledger_totals *t, bool has_mark,
              struct dec8 mark) {
    struct dec16 unrealized, total;
    struct proof p = {.state = PROOF_UNCHECKED};
    p.over = sum_records(&p, f, t) != ERR_OK;
    p.valued = !p.over && (has_mark || (p.held.v == 0 && t->holdings.v == 0));
    if (p.valued && value(&p, mark) != ERR_OK) p.over = true;
    p.reasons = bit(PROOF_RECOMPUTING, t->recomputing) | bit(PROOF_UNMATCHED, t->unmatched.v != 0) |
                bit(PROOF_SINCE, f->before_since > 0) | bit(PROOF_REFUSED, t->refused > 0) |
                bit(PROOF_NO_PRICE, !p.over && !p.valued);
    if (!p.over && p.valued && ledger_unrealized(t, mark, &unrealized, &total) != ERR_OK) p.over = true;
    p.reasons |= bit(PROOF_OVERFLOW, p.over);
    if (p.reasons == 0) {
        if (dec16_sub(&p.drift, total, p.worth) != ERR_OK) p.reasons = bit(PROOF_OVERFLOW, p.over = true);
        else p.state = p.drift.v == 0 ? PROOF_EXACT : PROOF_DRIFT;
    }
    *out = p;
}
