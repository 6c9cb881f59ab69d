/* market.h: what things are worth. Each asset has a fair value in the reference currency that moves like a market: noise
 * whose volatility clusters, regimes (calm, trends, storms) that come and go, rare jumps, a shock shared by all coins, and
 * a slow pull towards an anchor that wanders by itself. A pair's fair price is the ratio of its two assets, so cross rates
 * agree. Integer arithmetic only: one seed gives one sequence on every machine and compiler. */
#ifndef SIM_MARKET_H
#define SIM_MARKET_H

#include "base/rng.h"
#include "sim/num.h"

enum market_regime { REGIME_CALM, REGIME_RISING, REGIME_FALLING, REGIME_STORM, REGIME_COUNT };

struct market_asset {
    char name[16];
    num_wide value;        /* reference currency, units of 10^-16 */
    num_wide anchor;       /* where value is pulled to */
    num_wide origin;       /* where the anchor is pulled to */
    int64_t sigma_ppb;     /* usual standard deviation of one full step, parts per 10^9 of the value; 0: never moves */
    int64_t now_sigma_ppb; /* at present */
    enum market_regime regime;
    bool follows; /* feels the shock that all coins share */
    struct rng rng;
};

struct market {
    struct market_asset *assets; /* owned */
    size_t count;
    struct rng shared;
};

/* A full step stands for this much market time; a shorter one moves less (by the root of the time). */
#define MARKET_STEP_PPM INT64_C(1000000)

void sim_market_init(struct market *m, uint64_t seed);
void sim_market_free(struct market *m);
/* price: reference currency, units of 10^-8. Returns the asset's number; an asset that is there already keeps its price. */
size_t sim_market_add(struct market *m, const char *name, int64_t price, int64_t sigma_ppb, bool follows);
/* The number of an asset, or -1. */
int sim_market_find(const struct market *m, const char *name);
/* Moves every asset on by dt_ppm / 10^6 of a full step. */
void sim_market_step(struct market *m, int64_t dt_ppm);
/* Fair price of base in quote, units of 10^-8. */
int64_t sim_market_rate(const struct market *m, size_t base, size_t quote);
/* Sets an asset's value at once (tests, forced moves): value x ppm / 10^6. */
void sim_market_shift(struct market *m, size_t asset, int64_t ppm);

#endif
