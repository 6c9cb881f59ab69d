/* row_index.h: finds 32-bit row numbers by a 64-bit key that stands in the row. Keys mostly arrive in rising order
 * (an exchange counts its ids upwards): those are kept as a plain sorted list of four bytes a row, and a key above
 * all others is known to be new without looking anything up. A history that is read while new fills arrive falls or
 * rises below the first of those, as it is read from its end or from its beginning: each has a list, too. The others
 * go into a hash table, eight bytes a slot: the row and 32 bits of the key's hash, which make a wrong candidate (a
 * cache miss in a large ledger) rare and let the table grow without touching a row. The caller compares keys. Rows are
 * never taken out; a row number is replaced in its place. */
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

struct row_list {
    uint32_t *at; /* owned; rows of strictly rising keys, or falling ones */
    size_t count, capacity;
};

struct row_index {
    struct row_list rising;
    struct row_list falling, below; /* falling and rising ones; all keys are below the first of rising */
    struct row_slot *slots;         /* owned; all other rows */
    size_t capacity;                /* a power of two, or 0; at most 3/4 full */
    size_t count;                   /* rows in slots */
};

void row_index_free(struct row_index *x); /* afterwards empty, as after zero-initialisation */

MUST_CHECK enum err row_index_grow(struct row_index *x);

/* Room for one more row, wherever it goes, so that the next add cannot fail. */
static inline MUST_CHECK enum err row_index_reserve(struct row_index *x) {
    bool room = x->rising.count < x->rising.capacity && x->falling.count < x->falling.capacity &&
                x->below.count < x->below.capacity && x->count + 1 < x->capacity - x->capacity / 4;
    return room ? ERR_OK : row_index_grow(x);
}

/* The key must be above those of all rows of the list (of falling ones: below); outside `rising`, below all of that. */
void row_list_add(struct row_list *list, uint32_t row);
/* The key must not be in the index yet. */
void row_index_add(struct row_index *x, uint32_t hash, uint32_t row);

/* The first slot at or behind *at that may hold the key; false where there is none. Start with row_index_home. */
static inline size_t row_index_home(const struct row_index *x, uint32_t hash) {
    return x->capacity == 0 ? 0 : hash & (x->capacity - 1);
}

static inline bool row_index_seek(const struct row_index *x, uint32_t hash, size_t *at) {
    if (x->capacity == 0) return false;
    size_t i = *at & (x->capacity - 1);
    while (x->slots[i].row != ROW_NONE && x->slots[i].hash != hash) i = (i + 1) & (x->capacity - 1);
    *at = i;
    return x->slots[i].row != ROW_NONE;
}

#endif
