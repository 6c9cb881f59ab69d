/* methods.h: which of the bought coins did a sale sell? FIFO (ledger.h, ACCOUNTING 3) is the answer that the figures are kept by;
 * the others are views over the same fills, computed from all of them when somebody asks. Buys, fees, what is unmatched and the
 * splitting of a lot follow ACCOUNTING 3 in every method; only the lot that a disposal takes from differs:
 *
 *   fifo     the oldest
 *   lifo     the newest
 *   average  one pool of everything held: a piece takes its share of the pool's cost
 *   grid     the most expensive one bought below the selling price, where there is none the cheapest of the others; of
 *            several at one price the oldest
 *
 * Holdings and unmatched quantity are the same in all, and so is realized + unrealized, to the last digit: what a method adds to
 * realized it takes from unrealized. (Not so under `since`: what an earlier sale realized is not counted, and it differs.) */
#ifndef DOMAIN_METHODS_H
#define DOMAIN_METHODS_H

#include "domain/ledger.h"

enum method { METHOD_FIFO, METHOD_LIFO, METHOD_AVERAGE, METHOD_GRID, METHOD_COUNT };

/* "fifo", "lifo", "average", "grid". Static text. */
const char *method_name(enum method m);
bool method_find(enum method *out, struct span name);
/* One sentence for users: how it matches, and that the total is the same. */
const char *method_sentence(enum method m);

/* The ledger's totals by another method: realized, cost_basis, cycles, wins, losses, gross_profit and gross_loss are the method's,
 * everything else is the ledger's. base, since: as the ledger was made. O(fills x log lots). ERR_BAD_STATE while recomputing; ERR_RANGE
 * where a sum overflows, or the ledger has refused fills that do not fit; ERR_MEMORY. */
MUST_CHECK enum err method_totals(struct ledger_totals *out, const struct ledger *l, enum method m,
                                  const struct name *base, struct wall since);

/* The same fill by fill, in steps of the caller's size; the ledger may grow meanwhile. base is copied, l must outlive it. NULL
 * without memory. */
struct method_walk;
enum method_walked {
    METHOD_FILL,    /* *f is the next fill, *r what it did by the method (closes_first, closes_last: -1) */
    METHOD_END,     /* all of them are walked: method_walk_totals */
    METHOD_CHANGED, /* recomputing, or what was walked already has changed: begin a new walk */
    METHOD_FAILED,  /* method_walk_why */
};
struct method_walk *method_walk_new(const struct ledger *l, enum method m, const struct name *base, struct wall since);
void method_walk_free(struct method_walk *w); /* NULL is allowed */
MUST_CHECK enum method_walked method_walk_next(struct method_walk *w, struct fill *f, struct fill_result *r);
enum err method_walk_why(const struct method_walk *w); /* after METHOD_FAILED: ERR_RANGE or ERR_MEMORY */
/* Sets what is the method's in *t, as of the fills walked so far. */
void method_walk_sums(struct ledger_totals *t, const struct method_walk *w);
/* After METHOD_END and before the ledger changes: as method_totals. */
void method_walk_totals(struct ledger_totals *out, const struct method_walk *w);

#endif
