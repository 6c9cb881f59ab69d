#include "domain/row_index.h"

#include "base/check.h"

#include <stdlib.h>
#include <string.h>

void row_index_free(struct row_index *x) {
    free(x->slots);
    *x = (struct row_index){0};
}

static enum err grow(struct row_index *x, size_t capacity) {
    struct row_index bigger = {malloc(capacity * sizeof *x->slots), capacity, 0};
    if (bigger.slots == NULL) return ERR_MEMORY;
    memset(bigger.slots, 0xff, capacity * sizeof *x->slots); /* ROW_NONE everywhere */
    for (size_t i = 0; i < x->capacity; i++)
        if (x->slots[i].row != ROW_NONE) row_index_add(&bigger, x->slots[i].hash, x->slots[i].row);
    free(x->slots);
    *x = bigger;
    return ERR_OK;
}

enum err row_index_grow(struct row_index *x, size_t count) {
    size_t capacity = x->capacity == 0 ? 16 : x->capacity;
    while (count >= capacity - capacity / 4) {
        if (capacity > UINT32_MAX / 2) return ERR_MEMORY; /* the hash has no more bits to tell slots apart */
        capacity *= 2;
    }
    return grow(x, capacity);
}

void row_index_add(struct row_index *x, uint32_t hash, uint32_t row) {
    CHECK(x->count + 1 < x->capacity);
    size_t i = hash & (x->capacity - 1);
    while (x->slots[i].row != ROW_NONE) i = (i + 1) & (x->capacity - 1);
    x->slots[i] = (struct row_slot){hash, row};
    x->count++;
}
