/* weight.h: request weight by address, in minutes aligned to the clock. Over the limit a request is refused with 429; an
 * address that goes on is banned (418), for two minutes the first time, doubling up to three days. */
#ifndef SIM_WEIGHT_H
#define SIM_WEIGHT_H

#include "base/name.h"

#include <stdint.h>

enum { WEIGHT_ADDRESSES = 64, WEIGHT_REFUSALS_TO_BAN = 10 };

enum weight_verdict { WEIGHT_OK, WEIGHT_LIMITED, WEIGHT_BANNED };

struct weight_address {
    struct name address;
    int64_t minute; /* number of the minute that `used` counts */
    int64_t used;
    unsigned refused;        /* in this minute */
    int64_t banned_until_us; /* 0: never was */
    unsigned bans;
    int64_t connects_window; /* number of the five minutes */
    int64_t connects;
};

struct weights {
    int64_t limit;                               /* a minute */
    struct weight_address all[WEIGHT_ADDRESSES]; /* the oldest is forgotten when a new one needs the place */
    unsigned next;
    uint64_t total; /* all weight ever used, for the statistics */
};

struct weight_answer {
    enum weight_verdict verdict;
    int64_t used;     /* in this minute, with this request */
    int64_t retry_us; /* LIMITED, BANNED: the instant from which requests are taken again */
};

void sim_weight_init(struct weights *w, int64_t limit);
/* Failed requests count as well, so this comes before everything else. */
struct weight_answer sim_weight_use(struct weights *w, struct span address, int64_t weight, int64_t now_us);
/* What the minute has seen so far. */
int64_t sim_weight_used(struct weights *w, struct span address, int64_t now_us);
/* True while fewer than 300 connections came in these five minutes; counts this one. */
bool sim_weight_connect(struct weights *w, struct span address, int64_t now_us);
/* Faults: as if the address had used the limit up; as if it were banned until then. */
void sim_weight_exhaust(struct weights *w, struct span address, int64_t now_us);
void sim_weight_ban(struct weights *w, struct span address, int64_t until_us);
void sim_weight_forgive(struct weights *w);

#endif
