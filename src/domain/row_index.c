#include "domain/row_index.h"

#include "base/check.h"

#include <stdlib.h>
#include <string.h>

void row_index_free(struct row_index *x) {
    free(x->rising.at);
    free(x->falling.at);
    free(x->below.at);
    free(x->slots);
    *x = (struct row_index){0};
}

static enum err grow_list(struct row_list *list) {
    size_t capacity = list->capacity < 16 ? 16 : list->capacity + list->capacity / 2;
    if (list->count < list->capacity) return ERR_OK;
    uint32_t *grown = realloc(list->at, capacity * sizeof *grown);
    if (grown == NULL) return ERR_MEMORY;
    list->at = grown;
    list->capacity = capacity;
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
    enum err e = grow_list(&x->rising);
    if (e == ERR_OK) e = grow_list(&x->falling);
    if (e == ERR_OK) e = grow_list(&x->below);
    if (e == ERR_OK && x->count + 1 >= x->capacity - x->capacity / 4) e = grow_slots(x);
    return e;
}

void row_list_add(struct row_list *list, uint32_t row) {
    CHECK(list->count < list->capacity);
    list->at[list->count++] = row;
}

void row_index_add(struct row_index *x, uint32_t hash, uint32_t row) {
    CHECK(x->count + 1 < x->capacity);
    size_t i = hash & (x->capacity - 1);
    while (x->slots[i].row != ROW_NONE) i = (i + 1) & (x->capacity - 1);
    x->slots[i] = (struct row_slot){hash, row};
    x->count++;
}
