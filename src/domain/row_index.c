#include "domain/row_index.h"

#include "base/check.h"

#include <stdlib.h>
#include <string.h>

void row_index_free(struct row_index *x) {
    free(x->rising);
    free(x->slots);
    *x = (struct row_index){0};
}

static enum err grow_rising(struct row_index *x) {
    size_t capacity = x->rising_capacity < 16 ? 16 : x->rising_capacity + x->rising_capacity / 2;
    uint32_t *grown = realloc(x->rising, capacity * sizeof *grown);
    if (grown == NULL) return ERR_MEMORY;
    x->rising = grown;
    x->rising_capacity = capacity;
    return ERR_OK;
}

static enum err grow_slots(struct row_index *x) {
    struct row_index bigger = {.capacity = x->capacity == 0 ? 16 : x->capacity * 2};
    if (x->capacity > UINT32_MAX / 2) return ERR_MEMORY; /* the hash has no more bits to tell slots apart */
    bigger.slots = malloc(bigger.capacity * sizeof *x->slots);
    if (bigger.slots == NULL) return ERR_MEMORY;
    memset(bigger.slots, 0xff, bigger.capacity * sizeof *x->slots); /* ROW_NONE everywhere */
    for (size_t i = 0; i < x->capacity; i++)
        if (x->slots[i].row != ROW_NONE) row_index_add(&bigger, x->slots[i].hash, x->slots[i].row);
    free(x->slots);
    x->slots = bigger.slots;
    x->capacity = bigger.capacity;
    return ERR_OK;
}

enum err row_index_grow(struct row_index *x) {
    enum err e = x->rising_count < x->rising_capacity ? ERR_OK : grow_rising(x);
    if (e == ERR_OK && x->count + 1 >= x->capacity - x->capacity / 4) e = grow_slots(x);
    return e;
}

void row_index_add_rising(struct row_index *x, uint32_t row) {
    CHECK(x->rising_count < x->rising_capacity);
    x->rising[x->rising_count++] = row;
}

void row_index_add(struct row_index *x, uint32_t hash, uint32_t row) {
    CHECK(x->count + 1 < x->capacity);
    size_t i = hash & (x->capacity - 1);
    while (x->slots[i].row != ROW_NONE) i = (i + 1) & (x->capacity - 1);
    x->slots[i] = (struct row_slot){hash, row};
    x->count++;
}
