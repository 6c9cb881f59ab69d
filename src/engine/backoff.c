#include "engine/backoff.h"

#include "base/time.h"

#define BACKOFF_LONGEST (60 * US_PER_S)

int64_t backoff_step(unsigned attempt) { return attempt >= 6 ? BACKOFF_LONGEST : US_PER_S << attempt; }

int64_t backoff_next(struct backoff *b, struct rng *rng) {
    int64_t step = backoff_step(b->attempt);
    if (b->attempt < UINT32_MAX) b->attempt++;
    int64_t wait = step / 2 + (int64_t)rng_below(rng, (uint64_t)step + 1);
    return wait < BACKOFF_LONGEST ? wait : BACKOFF_LONGEST;
}
