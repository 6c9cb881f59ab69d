#include "domain/row_index.h"

#include "base/rng.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>

static size_t candidates(const struct row_index *x, uint32_t hash, uint32_t row) {
    size_t found = 0;
    for (size_t at = row_index_home(x, hash); row_index_seek(x, hash, &at); at++) {
        assert_int_equal(x->slots[at].hash, hash);
        found += x->slots[at].row == row;
    }
    return found;
}

static void empty_index_has_no_candidates(void **state) {
    struct row_index x = {0};
    size_t at = row_index_home(&x, 7);
    (void)state;
    assert_false(row_index_seek(&x, 7, &at));
    row_index_free(&x);
}

static void finds_every_row_through_growth_and_equal_hashes(void **state) {
    enum { ROWS = 20000 };
    struct row_index x = {0};
    struct rng rng;
    static uint32_t hashes[ROWS];
    (void)state;
    rng_seed(&rng, 9);
    for (uint32_t i = 0; i < ROWS; i++) {
        hashes[i] = (uint32_t)rng_below(&rng, rng_chance(&rng, 1, 2) ? 50 + i / 4 : UINT32_MAX);
        assert_int_equal(row_index_reserve(&x), ERR_OK);
        row_index_add(&x, hashes[i], i);
    }
    assert_int_equal(x.count, ROWS);
    assert_true(x.count < x.capacity - x.capacity / 4);
    for (uint32_t i = 0; i < ROWS; i++) assert_int_equal(candidates(&x, hashes[i], i), 1);
    for (uint32_t i = 0; i < ROWS; i++) assert_int_equal(candidates(&x, hashes[i], ROWS + i), 0);
    row_index_free(&x);
    assert_int_equal(x.capacity, 0);
}

static void rising_rows_are_a_plain_list(void **state) {
    struct row_index x = {0};
    (void)state;
    for (uint32_t i = 0; i < 1000; i++) {
        assert_int_equal(row_index_reserve(&x), ERR_OK);
        row_list_add(&x.rising, 7 * i);
        if (i % 2 == 0) row_list_add(&x.below, i);
        if (i % 4 == 0) row_list_add(&x.falling, i);
    }
    assert_int_equal(x.rising.count, 1000);
    assert_int_equal(x.below.count, 500);
    assert_int_equal(x.falling.count, 250);
    assert_int_equal(x.count, 0);
    for (uint32_t i = 0; i < 1000; i++) assert_int_equal(x.rising.at[i], 7 * i);
    for (uint32_t i = 0; i < 500; i++) assert_int_equal(x.below.at[i], 2 * i);
    row_index_free(&x);
    assert_int_equal(x.rising.count + x.falling.count + x.below.count, 0);
}

static void one_reservation_is_room_in_every_part(void **state) {
    struct row_index x = {0};
    (void)state;
    for (uint32_t i = 0; i < 5000; i++) {
        assert_int_equal(row_index_reserve(&x), ERR_OK);
        assert_true(x.rising.count < x.rising.capacity && x.below.count < x.below.capacity);
        assert_true(x.falling.count < x.falling.capacity);
        assert_true(x.count + 1 < x.capacity - x.capacity / 4);
        if (i % 4 == 0) row_list_add(&x.rising, i);
        else if (i % 4 == 1) row_list_add(&x.below, i);
        else if (i % 4 == 2) row_list_add(&x.falling, i);
        else row_index_add(&x, i * 7919, i);
    }
    row_index_free(&x);
}

/* As if the table were as large as the hash can tell its slots apart: it is refused before the slots are looked at. */
static void a_table_as_large_as_the_hash_does_not_grow(void **state) {
    struct row_index x = {.capacity = (size_t)1 << 32, .count = (size_t)3 << 30};
    (void)state;
    assert_int_equal(row_index_reserve(&x), ERR_MEMORY);
    assert_true(x.capacity == (size_t)1 << 32 && x.slots == NULL);
    row_index_free(&x);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_index_has_no_candidates),
        cmocka_unit_test(finds_every_row_through_growth_and_equal_hashes),
        cmocka_unit_test(rising_rows_are_a_plain_list),
        cmocka_unit_test(one_reservation_is_room_in_every_part),
        cmocka_unit_test(a_table_as_large_as_the_hash_does_not_grow),
    };
    return cmocka_run_group_tests_name("domain/row_index", tests, NULL, NULL);
}
