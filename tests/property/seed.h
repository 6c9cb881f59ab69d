/* seed.h: the seed of a property test: GRIDSCOPE_SEED where set, else from the clock; printed, so that a failure can be
 * replayed. */
#ifndef TESTS_PROPERTY_SEED_H
#define TESTS_PROPERTY_SEED_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline uint64_t property_seed(const char *test) {
    const char *text = getenv("GRIDSCOPE_SEED");
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    uint64_t seed =
        text != NULL ? strtoull(text, NULL, 10) : (uint64_t)now.tv_sec * 1000000007u + (uint64_t)now.tv_nsec;
    fprintf(stderr, "# %s: GRIDSCOPE_SEED=%llu\n", test, (unsigned long long)seed);
    return seed;
}

#endif
