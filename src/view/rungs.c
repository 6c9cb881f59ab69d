/* rungs.c: see rungs.h. The ratio of a geometric grid is the root of upper / lower, found by halving in 64-bit binary fixed
 * point (8 bits before the point, 56 after it): no floating point, and an error far below any tick. */
#include "view/rungs.h"

enum { ROOT_BITS = 56 };
#define ROOT_ONE ((uint64_t)1 << ROOT_BITS)

/* a x b; UINT64_MAX where it does not fit. */
static uint64_t times(uint64_t a, uint64_t b) {
    u128 product = (u128)a * b >> ROOT_BITS;
    return product > UINT64_MAX ? UINT64_MAX : (uint64_t)product;
}

static uint64_t power(uint64_t base, unsigned exponent) {
    uint64_t result = ROOT_ONE;
    for (; exponent > 0; exponent /= 2) {
        if (exponent % 2 == 1) result = times(result, base);
        base = times(base, base);
    }
    return result;
}

/* The largest number whose power is at most the target. */
static uint64_t root(uint64_t target, unsigned exponent) {
    uint64_t low = ROOT_ONE, high = target;
    while (low < high) {
        uint64_t middle = low + (high - low + 1) / 2;
        if (power(middle, exponent) <= target) low = middle;
        else high = middle - 1;
    }
    return low;
}

static struct dec8 on_tick(i128 v, struct dec8 tick) {
    return (struct dec8){tick.v > 0 ? (v + tick.v / 2) / tick.v * tick.v : v};
}

static void lay_geometric(struct rungs *r, const struct grid *g, struct dec8 tick) {
    size_t last = (size_t)g->levels - 1;
    i128 ratio = (i128)(((u128)g->upper.v << ROOT_BITS) / (u128)g->lower.v);
    uint64_t step = root((uint64_t)ratio, (unsigned)last), factor = ROOT_ONE;
    r->count = last + 1;
    for (size_t i = 0; i < last; i++, factor = times(factor, step))
        r->at[i] = on_tick((i128)((u128)g->lower.v * factor >> ROOT_BITS), tick);
    r->at[last] = g->upper;
}

static void lay_arithmetic(struct rungs *r, const struct grid *g, struct dec8 tick) {
    int last = g->levels - 1;
    r->count = (size_t)g->levels;
    for (int i = 0; i <= last; i++) r->at[i] = on_tick(g->lower.v + (g->upper.v - g->lower.v) * i / last, tick);
}

size_t rungs_on(const struct rungs *r, struct dec8 price) {
    for (size_t i = 0; i < r->count; i++) {
        i128 away = price.v - r->at[i].v, step = 0;
        if (away == 0) return i;
        if (away > 0 && i + 1 < r->count) step = r->at[i + 1].v - r->at[i].v;
        if (away < 0 && i > 0) step = r->at[i].v - r->at[i - 1].v;
        if ((away < 0 ? -away : away) < step / 8) return i;
    }
    return SIZE_MAX;
}

/* How many of the prices inside the bounds lie on a level; 0 where too few do. */
static size_t fit(const struct rungs *r, const struct grid *g, const struct dec8 *seen, size_t count) {
    size_t inside = 0, on = 0;
    for (size_t i = 0; i < count; i++) {
        if (dec8_cmp(seen[i], g->lower) <= 0 || dec8_cmp(seen[i], g->upper) >= 0) continue;
        inside++;
        if (rungs_on(r, seen[i]) != SIZE_MAX) on++;
    }
    return inside >= 2 && on * 4 >= inside * 3 ? on : 0;
}

/* Bounds 256 times apart are no grid, and no ratio the fixed point holds; the shift by ROOT_BITS above and the products with
 * a 64-bit factor stay inside 128 bits. */
static bool usable(const struct grid *g) {
    return g->known && g->levels >= 3 && g->levels <= RUNGS_MAX && g->lower.v > 0 && dec8_cmp(g->lower, g->upper) < 0 &&
           g->upper.v <= INT64_MAX && g->upper.v / 256 < g->lower.v;
}

void rungs_find(struct rungs *out, const struct grid *g, struct dec8 tick, const struct dec8 *seen, size_t count) {
    struct rungs even;
    out->count = 0;
    if (!usable(g)) return;
    lay_arithmetic(&even, g, tick);
    lay_geometric(out, g, tick);
    size_t fits = fit(out, g, seen, count), fits_even = fit(&even, g, seen, count);
    if (fits_even > fits) *out = even; /* where both fit alike they hardly differ: the bot's own way is the geometric */
    else if (fits == 0) out->count = 0;
}
