/* market.c: see market.h. The step of one asset:
 *   noise   = own or shared bell-shaped draw x current sigma
 *   sigma  -> drifts back to its regime's level, pushed up by large moves (volatility clusters)
 *   pull    = (anchor - value) / value, a two-thousandth a step
 *   jump    = every few thousand steps, several sigma at once */
#include "sim/market.h"

#include "base/check.h"
#include "base/map.h"

#include <stdlib.h>
#include <string.h>

enum { PPB = 1000000000, REGIME_STEPS = 400, JUMP_STEPS = 3000, PULL_STEPS = 2000, ANCHOR_PULL_STEPS = 20000 };

static const struct {
    int64_t sigma_percent, drift_percent; /* of the asset's usual sigma */
    uint64_t weight;
} regimes[REGIME_COUNT] = {
    [REGIME_CALM] = {70, 0, 50},
    [REGIME_RISING] = {100, 12, 20},
    [REGIME_FALLING] = {105, -12, 20},
    [REGIME_STORM] = {230, 0, 10},
};

void sim_market_init(struct market *m, uint64_t seed) {
    *m = (struct market){0};
    rng_seed(&m->shared, mix64(seed ^ UINT64_C(0x6d61726b6574)));
}

void sim_market_free(struct market *m) {
    free(m->assets);
    m->assets = NULL;
    m->count = 0;
}

int sim_market_find(const struct market *m, const char *name) {
    for (size_t i = 0; i < m->count; i++)
        if (strcmp(m->assets[i].name, name) == 0) return (int)i;
    return -1;
}

size_t sim_market_add(struct market *m, const char *name, int64_t price, int64_t sigma_ppb, bool follows) {
    int known = sim_market_find(m, name);
    if (known >= 0) return (size_t)known;
    struct market_asset *more = realloc(m->assets, (m->count + 1) * sizeof *more);
    CHECK(more != NULL);
    m->assets = more;
    struct market_asset *a = &more[m->count];
    *a = (struct market_asset){.value = (num_wide)price * NUM_ONE,
                               .sigma_ppb = sigma_ppb,
                               .now_sigma_ppb = sigma_ppb,
                               .regime = REGIME_CALM,
                               .follows = follows};
    a->anchor = a->origin = a->value;
    CHECK(strlen(name) < sizeof a->name);
    memcpy(a->name, name, strlen(name) + 1);
    struct rng seeds = m->shared; /* a copy: adding an asset does not move the shared sequence */
    rng_seed(&a->rng, mix64(rng_next(&seeds) ^ fnv1a64(name, strlen(name))));
    return m->count++;
}

/* Roughly normal, standard deviation 1024, within +-3.5 of them: four uniform 16-bit parts of one draw. */
static int64_t bell(struct rng *r) {
    uint64_t x = rng_next(r);
    int64_t sum =
        (int64_t)(x & 0xffff) + (int64_t)(x >> 16 & 0xffff) + (int64_t)(x >> 32 & 0xffff) + (int64_t)(x >> 48);
    return (sum - 131070) * 1024 / 37837;
}

static int64_t root(int64_t x) {
    int64_t r = x, y = (x + 1) / 2;
    while (y < r) {
        r = y;
        y = (r + x / r) / 2;
    }
    return r;
}

/* True once in `steps` full steps on average. */
static bool once_in(struct rng *r, uint64_t steps, int64_t dt_ppm) {
    return rng_below(r, steps * (uint64_t)MARKET_STEP_PPM) < (uint64_t)dt_ppm;
}

static void pick_regime(struct market_asset *a) {
    uint64_t draw = rng_below(&a->rng, 100);
    for (int i = 0; i < REGIME_COUNT; i++) {
        if (draw < regimes[i].weight) {
            a->regime = (enum market_regime)i;
            return;
        }
        draw -= regimes[i].weight;
    }
}

static int64_t pull_ppb(num_wide from, num_wide to, int64_t steps) {
    return (int64_t)((to - from) * PPB / from / steps);
}

static void move(num_wide *value, int64_t ppb) {
    *value += *value * ppb / PPB;
    if (*value < NUM_ONE) *value = NUM_ONE; /* never to nothing: 10^-8 of the reference currency */
}

static void asset_step(struct market_asset *a, int64_t shared, int64_t dt_ppm) {
    if (a->sigma_ppb == 0) return;
    if (once_in(&a->rng, REGIME_STEPS, dt_ppm)) pick_regime(a);
    int64_t own = bell(&a->rng);
    int64_t draw = a->follows ? (own * 800 + shared * 600) / 1000 : own;
    int64_t full = draw * a->now_sigma_ppb / 1024, size = full < 0 ? -full : full;
    int64_t usual = a->sigma_ppb * regimes[a->regime].sigma_percent / 100;
    int64_t news = (usual - a->now_sigma_ppb) / 20 + (size * 5 / 4 - a->now_sigma_ppb) / 10;
    a->now_sigma_ppb += news * dt_ppm / MARKET_STEP_PPM;
    int64_t ppb = full * root(dt_ppm) / 1000;
    int64_t steady = a->sigma_ppb * regimes[a->regime].drift_percent / 100 + pull_ppb(a->value, a->anchor, PULL_STEPS);
    ppb += steady * dt_ppm / MARKET_STEP_PPM;
    if (once_in(&a->rng, JUMP_STEPS, dt_ppm)) ppb += bell(&a->rng) * a->sigma_ppb * 6 / 1024;
    move(&a->value, ppb);
    int64_t wander = bell(&a->rng) * a->sigma_ppb / 4 / 1024 * root(dt_ppm) / 1000;
    move(&a->anchor, wander + pull_ppb(a->anchor, a->origin, ANCHOR_PULL_STEPS) * dt_ppm / MARKET_STEP_PPM);
}

void sim_market_step(struct market *m, int64_t dt_ppm) {
    int64_t shared = bell(&m->shared);
    for (size_t i = 0; i < m->count; i++) asset_step(&m->assets[i], shared, dt_ppm);
}

int64_t sim_market_rate(const struct market *m, size_t base, size_t quote) {
    CHECK(base < m->count && quote < m->count);
    return (int64_t)(m->assets[base].value * NUM_ONE / m->assets[quote].value);
}

void sim_market_shift(struct market *m, size_t asset, int64_t ppm) {
    CHECK(asset < m->count && ppm > 0);
    struct market_asset *a = &m->assets[asset];
    a->value = a->value * ppm / MARKET_STEP_PPM;
    a->anchor = a->anchor * ppm / MARKET_STEP_PPM;
    a->origin = a->origin * ppm / MARKET_STEP_PPM;
}
