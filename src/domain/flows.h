/* flows.h: what the fills of a symbol moved, summed as they come: money in and out, coins in and out, fees. No lot, no order of
 * fills and no checkpoint takes part, so it is a second way to the P&L (proof.h): every record that enters the ledger is added, one
 * that is replaced is taken back out first. O(1) a fill. */
#ifndef DOMAIN_FLOWS_H
#define DOMAIN_FLOWS_H

#include "domain/fill.h"

enum { FLOWS_ASSETS_MAX = 16, FLOWS_SOURCES = SOURCE_REST + 1 };

struct flows_fee { /* paid in a third asset */
    struct name asset;
    struct dec16 amount;
};

struct flows {
    struct dec16 sold, bought; /* quote amounts */
    struct dec16 fees_quote,
        fees_other; /* paid in quote, or taken as such; third assets at the values kept with the fills */
    struct dec8 coins_sold, coins_bought, coins_fees; /* base; fees paid in it */
    uint64_t fills, before_since, unvalued, assumed;
    uint64_t by_source[FLOWS_SOURCES]; /* whose record of each fill stands */
    size_t asset_count;
    struct flows_fee assets[FLOWS_ASSETS_MAX];
    bool assets_over; /* more third assets than there are places: the further ones are not in the list */
    bool over;        /* a sum left its range: they say nothing any more */
};

/* Adds (sign 1) or takes back (-1) a fill as the ledger has settled it: quote amount, fee state and fee value stand. base: of the
 * symbol. since: GRIDSCOPE_SINCE, 0 none. */
void flows_put(struct flows *s, const struct fill *f, int sign, const struct name *base, struct wall since);

#endif
