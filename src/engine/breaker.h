/* breaker.h: the circuit breaker of one upstream (PRODUCT 2).
 *
 *            fail_max consecutive failures               reset time over and a call wanted
 *   CLOSED ------------------------------------> OPEN ------------------------------------> HALF_OPEN
 *      ^                                          ^                                             |
 *      |                                          +---------------- trial failed ---------------+
 *      +----------------------- `successes_needed` trials answered -----------------------------+
 *
 * A failure is a connection error, a timeout, a 5xx or an unreadable body. 401, 403, 404, 429 and 418 are neutral: they neither
 * raise nor reset the count, but as the half-open trial they count as an answer. Pure: now is an argument. */
#ifndef ENGINE_BREAKER_H
#define ENGINE_BREAKER_H

#include "base/time.h"

enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_HALF_OPEN };

enum { BREAKER_ERROR_MAX = 120 };

struct breaker_config {
    int fail_max;         /* consecutive failures that open it, >= 1 */
    int64_t reset_us;     /* how long it stays open, > 0 */
    int successes_needed; /* answered trials that close it, >= 1 */
};

struct breaker {
    struct breaker_config config;
    enum breaker_state state;
    int consecutive_failures;
    int trial_successes;
    bool trial_out;                     /* half-open: the one trial is under way */
    struct mono next_trial;             /* open: when half-open may begin */
    struct wall next_trial_at;          /* the same for people; 0 unless open */
    struct wall since;                  /* of the current state */
    uint64_t opened;                    /* how often */
    uint64_t refused;                   /* calls answered without touching the network */
    char last_error[BREAKER_ERROR_MAX]; /* "" none since it last closed */
};

void breaker_init(struct breaker *b, const struct breaker_config *config, struct now now);

enum breaker_answer {
    BREAKER_CALL,   /* closed: go on */
    BREAKER_TRIAL,  /* half-open: make the upstream's cheapest call, and only that; it is taken as under way now */
    BREAKER_REFUSE, /* do not touch the network */
};
/* Asked before each call; moves open to half-open when its time is over. */
enum breaker_answer breaker_ask(struct breaker *b, struct now now);

void breaker_success(struct breaker *b, struct now now);
void breaker_failure(struct breaker *b, struct now now, const char *why);
void breaker_neutral(struct breaker *b, struct now now);
/* The trial never went out or was canceled: the next ask gives another. */
void breaker_forget_trial(struct breaker *b);

/* "closed", "open", "half_open" */
const char *breaker_state_name(enum breaker_state s);

#endif
