/* world.h: a deterministic world around the real engine: a model exchange and bot, a network that delays, loses, repeats and
 * breaks, a store, crashes and restarts; all on virtual time and chosen by a seed. One thread, no clock, no socket.
 *
 * The model's truth is the list of trades it made, and balances it keeps by itself. */
#ifndef TESTS_WORLD_WORLD_H
#define TESTS_WORLD_WORLD_H

#include "engine/state.h"

struct world_config {
    uint64_t seed;
    size_t events;    /* how many deliveries and timers to run with faults, before everything heals */
    size_t symbols;   /* 1..6 */
    bool credentials; /* else the bot's API is the only source of fills */
    enum source source;
    bool faults;
    bool fees_in_bnb;
    bool short_lives; /* connections are renewed every few minutes, as at the 24 h limit */
    bool trace;       /* print every step to stderr */
    bool tell_steps;  /* print the last steps of a run that fails */
};

struct world_result {
    bool ok;
    char why[256];
    uint64_t fills, restarts, reconnects, requests, fill_duplicates;
    uint64_t rest_while_calm, bot_while_calm; /* requests in the calm hour at the end */
    int64_t calm_seconds;
};

void world_run(const struct world_config *config, struct world_result *out);

#endif
