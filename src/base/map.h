/* map.h: a hash map from a 64-bit key to a 32-bit value, open addressing, at most 3/4 full. Memory: 16 bytes a slot. */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map_slot {
    uint64_t key;
    uint32_t value;
    uint32_t used;
};

struct map {
    struct map_slot *slots; /* owned */
    size_t capacity;        /* a power of two, or 0 */
    size_t count;
};

void map_init(struct map *m);
void map_free(struct map *m); /* afterwards as after map_init */
/* Sets or replaces. ERR_MEMORY leaves the map as it was. */
MUST_CHECK enum err map_put(struct map *m, uint64_t key, uint32_t value);
bool map_get(const struct map *m, uint64_t key, uint32_t *value);
bool map_remove(struct map *m, uint64_t key);
/* Room for `count` entries in all, so that the next puts cannot fail. */
MUST_CHECK enum err map_reserve(struct map *m, size_t count);

/* A good 64-bit mix of a 64-bit number (splitmix64's finisher), and FNV-1a over bytes. */
uint64_t mix64(uint64_t x);
uint64_t fnv1a64(const void *bytes, size_t len);

#endif
