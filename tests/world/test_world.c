/* test_world.c: the engine against the model, seed by seed. GRIDSCOPE_SEED runs one seed alone with a trace, GRIDSCOPE_SEEDS
 * sets how many, GRIDSCOPE_EVENTS how long each. */
#include "world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t from_env(const char *name, uint64_t absent) {
    const char *text = getenv(name);
    return text != NULL ? strtoull(text, NULL, 10) : absent;
}

static bool run_seed(uint64_t seed, size_t events, bool trace) {
    struct world_config c = {.seed = seed, .events = events, .symbols = 1 + seed % 4, .credentials = seed % 3 != 0, .faults = seed % 10 != 9,
                             .source = seed % 3 == 1 ? SOURCE_IS_EXCHANGE : SOURCE_IS_BOT, .fees_in_bnb = seed % 3 != 0 && seed % 2, .trace = trace};
    struct world_result r;
    world_run(&c, &r);
    if (r.ok && r.rest_while_calm > 0) {
        r.ok = false;
        (void)snprintf(r.why, sizeof r.why, "%" PRIu64 " requests to Binance's REST in a calm while", r.rest_while_calm);
    }
    if (r.ok && c.credentials && c.source == SOURCE_IS_BOT && r.bot_while_calm > (uint64_t)r.calm_seconds / 2 + 25) {
        r.ok = false;
        (void)snprintf(r.why, sizeof r.why, "%" PRIu64 " requests to the bot in a calm while", r.bot_while_calm);
    }
    if (!r.ok || trace)
        printf("# seed %" PRIu64 ": %s; %" PRIu64 " fills, %" PRIu64 " restarts, %" PRIu64 " requests, calm: %" PRIu64 " REST %" PRIu64 " bot\n", seed,
               r.ok ? "ok" : r.why, r.fills, r.restarts, r.requests, r.rest_while_calm, r.bot_while_calm);
    return r.ok;
}

int main(void) {
    uint64_t only = from_env("GRIDSCOPE_SEED", 0), first = from_env("GRIDSCOPE_FIRST_SEED", 1);
    size_t seeds = from_env("GRIDSCOPE_SEEDS", 60), events = from_env("GRIDSCOPE_EVENTS", 10000), bad = 0;
    if (only != 0) return run_seed(only, events, true) ? 0 : 1;
    for (uint64_t seed = first; seed < first + seeds; seed++) bad += !run_seed(seed, events, false);
    printf("1..1\n%s 1 - %zu seeds of %zu events end with the exchange's truth\n", bad == 0 ? "ok" : "not ok", seeds, events);
    return bad != 0;
}
