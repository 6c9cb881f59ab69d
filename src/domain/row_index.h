/* row_index.h: a hash index of 32-bit row numbers, eight bytes a slot: the row and 32 bits of its key's hash. The key itself
 * stays in the row, so the caller compares; the hash bits make a wrong candidate (a cache miss in a large ledger) rare, and
 * let the index grow without touching a row. Rows are never taken out: a row number is replaced in its slot. */
#ifndef DOMAIN_ROW_INDEX_H
#define DOMAIN_ROW_INDEX_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ROW_NONE UINT32_MAX

struct row_slot {
    uint32_t hash;
    uint32_t row; /* ROW_NONE: free */
};

struct row_index {
    struct row_slot *slots; /* owned */
    size_t capacity;        /* a power of two, or 0; at most 3/4 full */
    size_t count;
};

void row_index_free(struct row_index *x); /* afterwards empty, as after zero-initialisation */
/* Room for `count` rows in all, so that no row_index_add up to there can fail. */
MUST_CHECK enum err row_index_grow(struct row_index *x, size_t count);

static inline MUST_CHECK enum err row_index_reserve(struct row_index *x, size_t count) {
    return count < x->capacity - x->capacity / 4 ? ERR_OK : row_index_grow(x, count);
}

/* There must be room, and the key must not be in the index yet. */
void row_index_add(struct row_index *x, uint32_t hash, uint32_t row);

/* The first slot at or behind *at that may hold the key; false where there is none. Start with row_index_home. */
static inline size_t row_index_home(const struct row_index *x, uint32_t hash) {
    return x->capacity == 0 ? 0 : hash & (x->capacity - 1);
}

/* Asks the memory for the home slot ahead of its use: in a large index it is a cache miss. */
static inline void row_index_prefetch(const struct row_index *x, uint32_t hash) {
    if (x->capacity != 0) __builtin_prefetch(&x->slots[row_index_home(x, hash)], 1);
}

static inline bool row_index_seek(const struct row_index *x, uint32_t hash, size_t *at) {
    if (x->capacity == 0) return false;
    size_t i = *at & (x->capacity - 1);
    while (x->slots[i].row != ROW_NONE && x->slots[i].hash != hash) i = (i + 1) & (x->capacity - 1);
    *at = i;
    return x->slots[i].row != ROW_NONE;
}

#endif
