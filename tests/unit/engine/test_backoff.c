#include "engine/backoff.h"

#include "base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void steps_double_up_to_a_minute(void **state) {
    (void)state;
    static const int64_t seconds[] = {1, 2, 4, 8, 16, 32, 60, 60, 60};
    for (unsigned i = 0; i < sizeof seconds / sizeof *seconds; i++)
        assert_true(backoff_step(i) == seconds[i] * US_PER_S);
    assert_true(backoff_step(UINT32_MAX) == 60 * US_PER_S);
}

static void jitter_stays_within_half_of_the_step(void **state) {
    (void)state;
    struct rng rng;
    rng_seed(&rng, 7);
    for (unsigned attempt = 0; attempt < 12; attempt++) {
        int64_t step = backoff_step(attempt), least = INT64_MAX, most = 0;
        for (int i = 0; i < 2000; i++) {
            struct backoff b = {attempt};
            int64_t wait = backoff_next(&b, &rng);
            least = wait < least ? wait : least;
            most = wait > most ? wait : most;
            assert_int_equal(b.attempt, attempt + 1);
        }
        int64_t high = step + step / 2 < 60 * US_PER_S ? step + step / 2 : 60 * US_PER_S;
        assert_true(least >= step / 2 && least < step / 2 + step / 10); /* and it is used */
        assert_true(most <= high && most > high - step / 10);
    }
}

static void first_wait_is_about_a_second_again_after_proof_of_life(void **state) {
    (void)state;
    struct rng rng;
    rng_seed(&rng, 8);
    struct backoff b = {0};
    for (int i = 0; i < 30; i++) (void)backoff_next(&b, &rng);
    assert_true(backoff_next(&b, &rng) >= 30 * US_PER_S);
    backoff_reset(&b);
    assert_true(backoff_next(&b, &rng) <= 3 * US_PER_S / 2);
}

static void the_count_never_wraps_to_a_short_wait(void **state) {
    (void)state;
    struct rng rng;
    rng_seed(&rng, 9);
    struct backoff b = {UINT32_MAX - 1};
    for (int i = 0; i < 4; i++) assert_true(backoff_next(&b, &rng) >= 30 * US_PER_S);
    assert_int_equal(b.attempt, UINT32_MAX);
}

static void the_same_seed_waits_the_same(void **state) {
    (void)state;
    struct rng one, two;
    rng_seed(&one, 11);
    rng_seed(&two, 11);
    struct backoff a = {0}, b = {0};
    for (int i = 0; i < 10; i++) assert_true(backoff_next(&a, &one) == backoff_next(&b, &two));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_double_up_to_a_minute),
        cmocka_unit_test(jitter_stays_within_half_of_the_step),
        cmocka_unit_test(first_wait_is_about_a_second_again_after_proof_of_life),
        cmocka_unit_test(the_count_never_wraps_to_a_short_wait),
        cmocka_unit_test(the_same_seed_waits_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
