/* lockout.h: how often a password may be tried. Each address has its own count, so that one visitor's bad tries do not lock
 * out the others: LIMIT_LOGIN_FAILURES within the lock time lock that address for the lock time. An attacker with many
 * addresses is held by a second count over all addresses that have never logged in here; those that have are not touched by
 * it. An IPv6 address counts as its /64. A try is counted when it begins and given back when it succeeds, so tries that run
 * side by side cannot slip through. Pure. */
#ifndef SERVER_LOCKOUT_H
#define SERVER_LOCKOUT_H

#include "base/limits.h"
#include "base/span.h"
#include "base/time.h"

struct lockout_key {
    unsigned char bytes[16]; /* IPv6, or IPv4 mapped into it */
};

struct lockout_entry {
    struct lockout_key key;
    bool used, known;  /* known: has logged in since the start */
    uint32_t failures; /* in a row */
    struct mono last;  /* last try */
    struct mono until; /* locked until; meaningful where failures has reached the limit */
};

struct lockout {
    struct lockout_entry entries[LIMIT_LOGIN_ADDRESSES];
    uint32_t strangers_failed; /* failures of unknown addresses in the current lock time */
    struct mono strangers_since;
};

void lockout_init(struct lockout *l);
struct lockout_key lockout_key_of(struct span address); /* what is no address is all one key */

/* Begins a try. False: locked; *wait_us until it is worth another. */
bool lockout_begin(struct lockout *l, const struct lockout_key *key, int64_t *wait_us, struct mono now);
/* The try was right: the address is known and its count starts anew. A wrong one needs no call. */
void lockout_succeed(struct lockout *l, const struct lockout_key *key, struct mono now);
/* The try could not be judged (queue full, no memory): it is given back. */
void lockout_undo(struct lockout *l, const struct lockout_key *key);

#endif
