/* backoff.h: waits of 1, 2, 4, 8, 16, 32, 60, 60 ... seconds with a jitter of at most +-50 % (PRODUCT 2 and 6). Reset by proof
 * of life, never by a mere connect. */
#ifndef ENGINE_BACKOFF_H
#define ENGINE_BACKOFF_H

#include "base/rng.h"

struct backoff {
    unsigned attempt; /* waits taken since the last proof of life */
};

/* The next wait in microseconds, jitter included: between half and one and a half of the step, at most 60 s. */
int64_t backoff_next(struct backoff *b, struct rng *rng);
/* The step without jitter of attempt 0, 1, 2 ...: 1 s, 2 s, 4 s ... 60 s. */
int64_t backoff_step(unsigned attempt);
static inline void backoff_reset(struct backoff *b) { b->attempt = 0; }

#endif
