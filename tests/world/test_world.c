/* test_world.c: the engine against the model, seed by seed. GRIDSCOPE_SEED runs one seed alone with a trace, GRIDSCOPE_SEEDS
 * sets how many, GRIDSCOPE_FIRST_SEED from where, GRIDSCOPE_EVENTS how long each. A seed that fails is shortened to the least
 * number of events that still fails, and its last steps are printed. */
#include "world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static uint64_t from_env(const char *name, uint64_t absent) {
    const char *text = getenv(name);
    return text != NULL ? strtoull(text, NULL, 10) : absent;
}

static struct world_config config_of(uint64_t seed, size_t events) {
    return (struct world_config){.seed = seed,
                                 .events = events,
                                 .symbols = 1 + seed % 4,
                                 .credentials = seed % 3 != 0,
                                 .faults = seed % 10 != 9,
                                 .source = seed % 3 == 1 ? SOURCE_IS_EXCHANGE : SOURCE_IS_BOT,
                                 .fees_in_bnb = seed % 3 != 0 && seed % 2,
                                 .short_lives = seed % 5 == 2};
}

static bool run(const struct world_config *c, struct world_result *r) {
    world_run(c, r);
    if (r->ok && r->rest_while_calm > 0) {
        r->ok = false;
        (void)snprintf(r->why, sizeof r->why, "%" PRIu64 " requests to Binance's REST in a calm while",
                       r->rest_while_calm);
    }
    if (r->ok && c->credentials && c->source == SOURCE_IS_BOT &&
        r->bot_while_calm > (uint64_t)r->calm_seconds / 2 + 25) {
        r->ok = false;
        (void)snprintf(r->why, sizeof r->why, "%" PRIu64 " requests to the bot in a calm while", r->bot_while_calm);
    }
    return r->ok;
}

static void tell(const struct world_config *c, const struct world_result *r) {
    printf("# seed %" PRIu64 ", %zu events: %s; %" PRIu64 " fills, %" PRIu64 " restarts, %" PRIu64
           " requests, calm: %" PRIu64 " REST %" PRIu64 " bot\n",
           c->seed, c->events, r->ok ? "ok" : r->why, r->fills, r->restarts, r->requests, r->rest_while_calm,
           r->bot_while_calm);
}

/* The least number of events after which, healed, the seed still fails: found by halving. */
static void shorten(struct world_config c) {
    struct world_result r;
    size_t passes = 0, fails = c.events;
    while (fails - passes > 1) {
        c.events = passes + (fails - passes) / 2;
        if (run(&c, &r)) passes = c.events;
        else fails = c.events;
    }
    c.events = fails;
    c.tell_steps = true;
    (void)run(&c, &r);
    tell(&c, &r);
    printf("# again: GRIDSCOPE_SEED=%" PRIu64 " GRIDSCOPE_EVENTS=%zu\n", c.seed, c.events);
}

int main(void) {
    uint64_t only = from_env("GRIDSCOPE_SEED", 0), first = from_env("GRIDSCOPE_FIRST_SEED", 1);
    size_t seeds = from_env("GRIDSCOPE_SEEDS", 40), events = from_env("GRIDSCOPE_EVENTS", 10000), bad = 0;
    struct timespec from, to;
    struct world_result r;
    if (only != 0) {
        struct world_config c = config_of(only, events);
        c.trace = true;
        bool ok = run(&c, &r);
        tell(&c, &r);
        return ok ? 0 : 1;
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &from);
    for (uint64_t seed = first; seed < first + seeds; seed++) {
        struct world_config c = config_of(seed, events);
        if (run(&c, &r)) continue;
        tell(&c, &r);
        if (bad++ == 0) shorten(c);
        (void)fflush(stdout);
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &to);
    double minutes = ((double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9) / 60;
    printf("# %.0f seeds a minute\n", (double)seeds / (minutes > 0 ? minutes : 1));
    printf("1..1\n%s 1 - %zu seeds of %zu events end with the exchange's truth\n", bad == 0 ? "ok" : "not ok", seeds,
           events);
    return bad != 0;
}
