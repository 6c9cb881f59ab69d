/* rng.h: seeded random numbers for jitter and for tests (xoshiro256**, seeded through splitmix64). Not for secrets. */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include <stdint.h>

struct rng {
    uint64_t s[4];
};

void rng_seed(struct rng *r, uint64_t seed);
uint64_t rng_next(struct rng *r);
/* Uniform in 0 .. bound-1; bound > 0. */
uint64_t rng_below(struct rng *r, uint64_t bound);
/* True `numerator` times in `denominator`. */
static inline int rng_chance(struct rng *r, uint64_t numerator, uint64_t denominator) {
    return rng_below(r, denominator) < numerator;
}

#endif
