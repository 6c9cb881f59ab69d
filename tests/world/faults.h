/* faults.h: what can go wrong. Each chance of a fault has a number of its own, and whether it strikes is a function of the
 * seed, the kind and that number alone: so a fault keeps its name ("late:117") in a run from which others are left out, and a
 * failing run can be shortened fault by fault. Each seed leaves out a quarter of the kinds: one fault may hide what another shows,
 * as a link that breaks makes good what was missed before. */
#ifndef TESTS_WORLD_FAULTS_H
#define TESTS_WORLD_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fault {
    /* in the network: at each message, answer or connection */
    FAULT_LATE,
    FAULT_REPEATED,
    FAULT_CUT_BEFORE_REPORT,
    FAULT_TIMEOUT,
    FAULT_BAD_GATEWAY,
    FAULT_TEAPOT,
    FAULT_HALF_BODY,
    FAULT_REFUSED,
    FAULT_UNANSWERED,
    FAULT_BAD_TIMESTAMP,
    FAULT_ANSWERS_LAG,
    FAULT_BOT_EMPTY,
    FAULT_BOT_DIFFERS,
    FAULT_BOT_ABSENT,
    FAULT_BOT_LIMIT,
    FAULT_ORDERS_FAIL,
    FAULT_COMMIT_LATE,
    FAULT_COMMIT_FAILS,
    FAULT_CRASH_IN_COMMIT,
    FAULT_READ_LATE,
    FAULT_READ_FAILS,
    /* in the world: at each second */
    FAULT_REST_DOWN,
    FAULT_BOT_DOWN,
    FAULT_STREAMS_DOWN,
    FAULT_STREAMS_FLAP,
    FAULT_BAN,
    FAULT_BAN_UNTOLD,
    FAULT_WEIGHT_TAKEN,
    FAULT_EXCHANGE_CLOCK,
    FAULT_OUR_CLOCK,
    FAULT_CRASH,
    FAULT_RESTART,
    FAULT_OFF,
    FAULT_DISK_FULL,
    FAULT_STORE_GONE,
    FAULT_KEY_REFUSED,
    FAULT_PAIR_LEAVES,
    FAULT_BOT_RESTARTS,
    FAULT_LINKS_DROP,
    FAULT_LINKS_STALL,
    FAULT_SHUTDOWN,
    FAULT_UNSUBSCRIBED,
    FAULT_GARBAGE,
    FAULT_WIPE,
    FAULTS
};

struct fault_at {
    enum fault kind;
    uint32_t chance; /* the how manieth of its kind in the run */
    int64_t at;      /* virtual time in us: told, not compared */
};

struct fault_row {
    const char *name, *sentence;
    unsigned one_in; /* chances */
};
extern const struct fault_row fault_rows[FAULTS];

struct world;
uint64_t faults_left_out(uint64_t seed); /* a bit for each kind */
/* Whether the fault strikes at this chance; world.draw is then a random number for its size. */
bool fault_strikes(struct world *w, enum fault kind);
/* "late:117,crash:3" to a list; how many, 0 where the text is wrong. */
size_t faults_parse(struct fault_at *out, size_t room, const char *text);

#endif
