/* ledger_scan.c: the past of a ledger in time's order. A walk of its own goes over positions that are applied already,
 * so what it computes is what the ledger computed when it passed there. */
#include "domain/ledger_impl.h"

#include <stdlib.h>

struct ledger_scan {
    const struct ledger *ledger;
    uint64_t revision; /* of the ledger, when the scan began */
    size_t at;         /* positions walked */
    struct walk walk;
    struct ledger_totals totals;
};

struct ledger_scan *ledger_scan_new(const struct ledger *l) {
    struct ledger_scan *s = calloc(1, sizeof *s);
    if (s == NULL) return NULL;
    s->ledger = l;
    s->revision = l->revision;
    return s;
}

void ledger_scan_free(struct ledger_scan *s) { free(s); }

/* Over what no one asked for: the ledger's own walk stands behind the last fill, its checkpoints on the way. */
static void leap(struct ledger_scan *s, size_t end) {
    const struct ledger *l = s->ledger;
    size_t nearest = end / LIMIT_CHECKPOINT_FILLS;
    if (end == l->count) {
        s->walk = l->walk;
        s->at = end;
    } else if (nearest * LIMIT_CHECKPOINT_FILLS > s->at) {
        s->walk = l->checkpoints[nearest];
        s->at = nearest * LIMIT_CHECKPOINT_FILLS;
    }
}

static void walk_one(struct ledger_scan *s) {
    const struct ledger *l = s->ledger;
    const struct row *r = &l->facts.rows[l->order[s->at]];
    struct sale sale;
    uint32_t prev = r->sell ? l->facts.sales[r->sale].prev : ROW_NONE;
    if (walk_apply(&s->walk, &sale, l, s->at, prev) != ERR_OK) s->walk.sums.refused++; /* as the ledger did */
    s->at++;
}

enum ledger_scanned ledger_scan_to(struct ledger_scan *s, const struct ledger_totals **out, struct wall t,
                                   size_t *budget) {
    const struct ledger *l = s->ledger;
    if (l->totals.recomputing || l->revision != s->revision) return SCAN_CHANGED;
    size_t end = ledger_position(l, t);
    if (end > s->at) leap(s, end);
    for (; s->at<end && * budget> 0; --*budget) walk_one(s);
    if (s->at < end) return SCAN_FARTHER;
    const struct sums *sums = &s->walk.sums;
    s->totals = (struct ledger_totals){.holdings = sums->holdings,
                                       .cost_basis = sums->cost_basis,
                                       .realized = sums->realized,
                                       .fees_quote = sums->fees_quote,
                                       .unvalued_fees = sums->unvalued};
    *out = &s->totals;
    return SCAN_THERE;
}
