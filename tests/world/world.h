/* world.h: a deterministic world around the real engine: a model exchange and bot, a network that delays, loses, repeats and
 * breaks, a store, crashes and restarts; all on virtual time and chosen by a seed. One thread, no clock, no socket.
 *
 *   faults.c      what can go wrong, in one table, and when it does      exchange.c   the model exchange and its truth
 *   invariants.c  what must hold at every step, in one table             bot.c        the model bot
 *   healed.c      what must hold when everything has healed              network.c    queue, links, store: effects in, events out
 *   page.c        a browser's page that knows only the deltas            world.c      life, death, and the run of events
 *   kept.c        candles and exchange information in the store
 *
 * An event is one thing given to the engine: a message, an answer, a connection opened or lost, a commit, a timer, a wish of a
 * page, or a blow of fate (a crash, an outage, a clock that jumps). The model's truth is the list of trades it made, and its
 * holdings. Its candles follow from market and minute, and are another while they are open.
 *
 * The exchange counts weight as the real one does, ours and that of others behind our address: what goes over the limit is
 * refused with 429 until the minute ends, and who goes on asking gets 418. The store is asked before it: what is kept of
 * candles and of exchange information survives a start, but for the last second and a half before a crash. */
#ifndef TESTS_WORLD_WORLD_H
#define TESTS_WORLD_WORLD_H

#include "faults.h"
#include "invariants.h"

#include "engine/state.h"

struct world_config {
    uint64_t seed;
    size_t events;    /* how many to run with faults, before everything heals */
    unsigned hours;   /* to run instead of a number of events; see `hourly` */
    size_t symbols;   /* 1..6 */
    size_t old;       /* trades from before the start, at most */
    bool credentials; /* else the bot's API is the only source of fills */
    enum source source;
    enum user_stream user_stream;
    const char *environment; /* "production", or "testnet": which may be wiped */
    const char *display;     /* currency of the portfolio; NULL: the default */
    bool faults;
    bool memory_fails; /* of the engine, by the caller's doing: what it could not keep it asks for again */
    bool fees_in_bnb;
    bool short_lives;            /* connections are renewed every few minutes, as at the 24 h limit */
    bool low_limit;              /* the exchange allows little weight a minute */
    bool page;                   /* a page applies every delta, as text */
    bool calm;                   /* half an hour of calm at the end: what is asked then is counted */
    unsigned trades_in_an_hour;  /* about; 0: 600 */
    bool plant;                  /* a bug in the model's store: a crash loses a fill that was committed */
    bool trace;                  /* print every step to stderr */
    bool tell_steps;             /* print the last steps of a run that fails */
    const struct fault_at *only; /* these faults alone; NULL: those that the seed chooses */
    size_t only_count;
    bool
        appointed; /* `only` strikes at its chances whatever the seed says: for a fault of each second that is the second */
    /* With `hours`, each hour: its last minute has no trades, and half a second after it all must be the exchange's truth.
     * Then this; model_bytes: what the model itself keeps that grows with what happens. NULL: none. */
    void (*hourly)(void *arg, const struct engine *e, uint64_t events, size_t model_bytes);
    void *hourly_arg;
};

enum { FAULTS_KEPT = 8192 };

struct world_result {
    bool ok;
    char why[256];
    uint64_t events, healing; /* given to the engine with faults, and while healing */
    uint64_t fills, restarts, reconnects, requests, fill_duplicates;
    uint64_t cut_by_age;                 /* connections that reached the exchange's limit of 24 h */
    int64_t seconds;                     /* of virtual time */
    int64_t healed_after;                /* seconds */
    uint64_t checked[INVARIANTS];        /* how often each was looked at */
    uint64_t struck[FAULTS];             /* how often each fault struck */
    struct fault_at faults[FAULTS_KEPT]; /* in order */
    size_t fault_count;
};

void world_run(const struct world_config *config, struct world_result *out);

#endif
