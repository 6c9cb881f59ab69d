#include "base/rng.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>

static void is_the_published_generator(void **state) {
    struct rng rng = {{1, 2, 3, 4}}; /* xoshiro256** from this state, by its authors' code */
    (void)state;
    assert_true(rng_next(&rng) == 11520);
    assert_true(rng_next(&rng) == 0);
    assert_true(rng_next(&rng) == 1509978240);
    assert_true(rng_next(&rng) == UINT64_C(1215971899390074240));
}

static void one_seed_gives_one_sequence(void **state) {
    struct rng a, b, c;
    (void)state;
    rng_seed(&a, 42);
    rng_seed(&b, 42);
    rng_seed(&c, 43);
    int differ = 0;
    for (int i = 0; i < 100; i++) {
        uint64_t x = rng_next(&a);
        assert_true(x == rng_next(&b));
        differ += x != rng_next(&c);
    }
    assert_true(differ > 90);
    assert_true(a.s[0] != 0 || a.s[1] != 0 || a.s[2] != 0 || a.s[3] != 0);
}

static void stays_below_its_bound_and_reaches_everything(void **state) {
    struct rng rng;
    unsigned seen[7] = {0};
    (void)state;
    rng_seed(&rng, 0);
    for (int i = 0; i < 7000; i++) {
        uint64_t x = rng_below(&rng, 7);
        assert_true(x < 7);
        seen[x]++;
    }
    for (int i = 0; i < 7; i++) assert_in_range(seen[i], 800, 1200); /* 1000 +- 7 standard deviations */
    assert_true(rng_below(&rng, 1) == 0);
    for (int i = 0; i < 100; i++) assert_true(rng_below(&rng, UINT64_MAX) < UINT64_MAX);
}

static void chance_is_what_it_says(void **state) {
    struct rng rng;
    int hits = 0;
    (void)state;
    rng_seed(&rng, 5);
    for (int i = 0; i < 10000; i++) hits += rng_chance(&rng, 1, 4);
    assert_in_range(hits, 2200, 2800);
    assert_false(rng_chance(&rng, 0, 3));
    assert_true(rng_chance(&rng, 3, 3));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_the_published_generator),
        cmocka_unit_test(one_seed_gives_one_sequence),
        cmocka_unit_test(stays_below_its_bound_and_reaches_everything),
        cmocka_unit_test(chance_is_what_it_says),
    };
    return cmocka_run_group_tests_name("base/rng", tests, NULL, NULL);
}
