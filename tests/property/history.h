/* history.h: random trading histories, and a naive second reading of the accounting rules: everything is computed
 * from the sorted list by walking all lots and all orders again and again, with its own rounding. Slow, short, and
 * sharing nothing with the ledger but the type of a fill. */
#ifndef TESTS_PROPERTY_HISTORY_H
#define TESTS_PROPERTY_HISTORY_H

#include "base/rng.h"
#include "domain/ledger.h"

struct history_shape {
    size_t fills;
    bool complete;   /* no sell beyond what is held, base fees included */
    bool plain_fees; /* none but quote fees */
};

/* Fills as the most authoritative source tells them, third fees unvalued, in no order. Free with free(). */
struct fill *history_make(struct rng *rng, const struct history_shape *shape);
/* What a less authoritative source says of the same fill. */
struct fill history_lesser(struct rng *rng, const struct fill *f, enum fill_source source);
/* The value of a third fee: a function of the fill alone, as a candle's price is. */
struct dec16 history_fee_value(const struct fill *f, struct dec8 *price);

void history_shuffle(struct rng *rng, struct fill *fills, size_t n);
void history_sort(struct fill *fills, size_t n);

struct naive_result {
    i128 realized, unmatched;
    int64_t first, last;
};

struct naive {
    i128 holdings, basis, realized, fees, unmatched, profit, loss, bought, sold, base_fee_value;
    uint64_t fills, buys, sells, cycles, wins, losses, assumed;
    struct naive_result *results; /* [n], owned */
};

/* fills sorted. All third fees are taken as valued by history_fee_value. */
void naive_account(struct naive *out, const struct fill *fills, size_t n, struct wall since);

#endif
