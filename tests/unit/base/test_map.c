#include "base/map.h"

#include "base/rng.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>

static void puts_replaces_and_removes(void **state) {
    struct map m;
    uint32_t value = 0;
    (void)state;
    map_init(&m);
    assert_false(map_get(&m, 1, &value));
    assert_false(map_remove(&m, 1));
    assert_int_equal(map_put(&m, 1, 10), ERR_OK);
    assert_int_equal(map_put(&m, 0, 20), ERR_OK);
    assert_int_equal(map_put(&m, 1, 30), ERR_OK);
    assert_int_equal(m.count, 2);
    assert_true(map_get(&m, 1, &value));
    assert_int_equal(value, 30);
    assert_true(map_get(&m, 0, &value));
    assert_int_equal(value, 20);
    assert_true(map_remove(&m, 1));
    assert_false(map_get(&m, 1, &value));
    assert_int_equal(m.count, 1);
    map_free(&m);
    assert_int_equal(m.count, 0);
    assert_false(map_get(&m, 0, &value));
}

static void agrees_with_an_array_over_random_changes(void **state) {
    enum { KEYS = 700 };
    struct map m;
    struct rng rng;
    bool known[KEYS] = {false};
    uint32_t values[KEYS] = {0};
    (void)state;
    map_init(&m);
    rng_seed(&rng, 3);
    for (uint32_t step = 0; step < 200000; step++) {
        size_t k = (size_t)rng_below(&rng, KEYS);
        uint64_t key = k % 2 == 0 ? k : mix64(k); /* dense and scattered */
        uint32_t value = 0;
        assert_int_equal(map_get(&m, key, &value), known[k]);
        if (known[k]) assert_int_equal(value, values[k]);
        if (rng_chance(&rng, 1, 2)) {
            assert_int_equal(map_put(&m, key, step), ERR_OK);
            known[k] = true;
            values[k] = step;
        } else {
            assert_int_equal(map_remove(&m, key), known[k]);
            known[k] = false;
        }
    }
    size_t count = 0;
    for (size_t k = 0; k < KEYS; k++) count += known[k];
    assert_int_equal(m.count, count);
    assert_true(m.count <= m.capacity - m.capacity / 4);
    map_free(&m);
}

static void reserved_room_is_enough(void **state) {
    struct map m;
    (void)state;
    map_init(&m);
    assert_int_equal(map_reserve(&m, 1000), ERR_OK);
    size_t capacity = m.capacity;
    for (uint32_t i = 0; i < 1000; i++) assert_int_equal(map_put(&m, i, i), ERR_OK);
    assert_int_equal(m.capacity, capacity);
    assert_int_equal(map_reserve(&m, SIZE_MAX / 2), ERR_MEMORY);
    assert_int_equal(m.count, 1000);
    map_free(&m);
}

static void hashes_are_the_published_ones(void **state) {
    (void)state;
    assert_true(fnv1a64("", 0) == UINT64_C(0xcbf29ce484222325));
    assert_true(fnv1a64("a", 1) == UINT64_C(0xaf63dc4c8601ec8c));
    assert_true(fnv1a64("foobar", 6) == UINT64_C(0x85944171f73967e8));
    assert_true(mix64(UINT64_C(0x9e3779b97f4a7c15)) == UINT64_C(0xe220a8397b1dcdaf)); /* splitmix64 of seed 0 */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(puts_replaces_and_removes),
        cmocka_unit_test(agrees_with_an_array_over_random_changes),
        cmocka_unit_test(reserved_room_is_enough),
        cmocka_unit_test(hashes_are_the_published_ones),
    };
    return cmocka_run_group_tests_name("base/map", tests, NULL, NULL);
}
