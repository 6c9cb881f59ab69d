#include "base/map.h"

#include "base/check.h"

#include <stdlib.h>

uint64_t mix64(uint64_t z) {
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint64_t fnv1a64(const void *bytes, size_t len) {
    const unsigned char *at = bytes;
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < len; i++) h = (h ^ at[i]) * UINT64_C(0x100000001b3);
    return h;
}

void map_init(struct map *m) { *m = (struct map){0}; }

void map_free(struct map *m) {
    free(m->slots);
    map_init(m);
}

/* The slot that holds key, or the free one where it would go. */
static size_t find_slot(const struct map *m, uint64_t key) {
    size_t i = (size_t)mix64(key) & (m->capacity - 1);
    while (m->slots[i].used && m->slots[i].key != key) i = (i + 1) & (m->capacity - 1);
    return i;
}

static enum err grow(struct map *m, size_t capacity) {
    struct map bigger = {calloc(capacity, sizeof *m->slots), capacity, m->count};
    if (bigger.slots == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < m->capacity; i++)
        if (m->slots[i].used) bigger.slots[find_slot(&bigger, m->slots[i].key)] = m->slots[i];
    free(m->slots);
    *m = bigger;
    return ERR_OK;
}

enum err map_reserve(struct map *m, size_t count) {
    size_t capacity = m->capacity == 0 ? 16 : m->capacity;
    while (count >= capacity - capacity / 4) {
        if (capacity > SIZE_MAX / sizeof *m->slots / 2) return ERR_MEMORY;
        capacity *= 2;
    }
    return capacity == m->capacity ? ERR_OK : grow(m, capacity);
}

enum err map_put(struct map *m, uint64_t key, uint32_t value) {
    enum err e = map_reserve(m, m->count + 1);
    if (e != ERR_OK) return e;
    size_t i = find_slot(m, key);
    m->count += !m->slots[i].used;
    m->slots[i] = (struct map_slot){key, value, 1};
    return ERR_OK;
}

bool map_get(const struct map *m, uint64_t key, uint32_t *value) {
    if (m->capacity == 0) return false;
    size_t i = find_slot(m, key);
    if (!m->slots[i].used) return false;
    *value = m->slots[i].value;
    return true;
}

bool map_remove(struct map *m, uint64_t key) {
    if (m->capacity == 0) return false;
    size_t i = find_slot(m, key), mask = m->capacity - 1;
    if (!m->slots[i].used) return false;
    for (size_t j = (i + 1) & mask; m->slots[j].used; j = (j + 1) & mask) { /* close the gap */
        size_t home = (size_t)mix64(m->slots[j].key) & mask;
        if (((j - home) & mask) >= ((j - i) & mask)) m->slots[i] = m->slots[j], i = j;
    }
    m->slots[i] = (struct map_slot){0};
    m->count--;
    return true;
}
