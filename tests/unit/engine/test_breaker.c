/* The breaker's behaviour, case by case as the circuit breakers in wide use are tested: thresholds, refusal while open, the
 * single trial, the number of successes it takes, and answers that are no failures. */
#include "engine/breaker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define SECOND US_PER_S

static struct now at(int64_t seconds) {
    return (struct now){{1000 + seconds * SECOND}, {INT64_C(1700000000) * SECOND + seconds * SECOND}};
}

static struct breaker made(int fail_max, int successes) {
    struct breaker b;
    breaker_init(&b, &(struct breaker_config){fail_max, 60 * SECOND, successes}, at(0));
    return b;
}

static void fail_times(struct breaker *b, int n, int64_t seconds) {
    for (int i = 0; i < n; i++) breaker_failure(b, at(seconds), "connection refused");
}

static void starts_closed_and_lets_calls_through(void **state) {
    (void)state;
    struct breaker b = made(5, 1);
    assert_int_equal(b.state, BREAKER_CLOSED);
    assert_int_equal(b.consecutive_failures, 0);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(breaker_ask(&b, at(i)), BREAKER_CALL);
        breaker_success(&b, at(i));
    }
    assert_int_equal(b.consecutive_failures, 0);
    assert_int_equal(b.opened, 0);
    assert_int_equal(b.next_trial_at.us, 0);
}

static void one_failure_is_counted_and_named(void **state) {
    (void)state;
    struct breaker b = made(5, 1);
    breaker_failure(&b, at(1), "timed out");
    assert_int_equal(b.consecutive_failures, 1);
    assert_int_equal(b.state, BREAKER_CLOSED);
    assert_string_equal(b.last_error, "timed out");
}

static void stays_closed_below_the_threshold(void **state) {
    (void)state;
    struct breaker b = made(5, 1);
    fail_times(&b, 4, 1);
    assert_int_equal(b.state, BREAKER_CLOSED);
    assert_int_equal(breaker_ask(&b, at(1)), BREAKER_CALL);
}

static void opens_at_the_threshold(void **state) {
    (void)state;
    struct breaker b = made(5, 1);
    fail_times(&b, 5, 7);
    assert_int_equal(b.state, BREAKER_OPEN);
    assert_int_equal(b.consecutive_failures, 5);
    assert_int_equal(b.opened, 1);
    assert_true(b.next_trial_at.us == at(67).wall.us);
    assert_true(b.since.us == at(7).wall.us);
}

static void threshold_of_one_opens_at_once(void **state) {
    (void)state;
    struct breaker b = made(1, 1);
    fail_times(&b, 1, 0);
    assert_int_equal(b.state, BREAKER_OPEN);
}

static void success_resets_the_count(void **state) {
    (void)state;
    struct breaker b = made(5, 1);
    for (int round = 0; round < 10; round++) {
        fail_times(&b, 4, round);
        breaker_success(&b, at(round));
        assert_int_equal(b.consecutive_failures, 0);
        assert_string_equal(b.last_error, "");
    }
    assert_int_equal(b.state, BREAKER_CLOSED);
}

static void open_refuses_until_its_time_is_over(void **state) {
    (void)state;
    struct breaker b = made(5, 1);
    fail_times(&b, 5, 0);
    for (int64_t s = 0; s < 60; s++) assert_int_equal(breaker_ask(&b, at(s)), BREAKER_REFUSE);
    assert_int_equal(b.refused, 60);
    struct now just_before = at(60);
    just_before.mono.us--;
    assert_int_equal(breaker_ask(&b, just_before), BREAKER_REFUSE);
    assert_int_equal(b.state, BREAKER_OPEN);
    assert_int_equal(breaker_ask(&b, at(60)), BREAKER_TRIAL);
    assert_int_equal(b.state, BREAKER_HALF_OPEN);
    assert_int_equal(b.next_trial_at.us, 0);
}

static void stays_open_while_nobody_asks(void **state) {
    (void)state;
    struct breaker b = made(5, 1);
    fail_times(&b, 5, 0);
    assert_int_equal(b.state, BREAKER_OPEN);
    assert_int_equal(breaker_ask(&b, at(100000)), BREAKER_TRIAL);
}

static void a_jump_of_the_wall_clock_does_not_open_the_door(void **state) {
    (void)state;
    struct breaker b = made(5, 1);
    fail_times(&b, 5, 0);
    struct now jumped = at(1);
    jumped.wall.us += 3600 * SECOND;
    assert_int_equal(breaker_ask(&b, jumped), BREAKER_REFUSE);
}

static void half_open_gives_one_trial_only(void **state) {
    (void)state;
    struct breaker b = made(5, 1);
    fail_times(&b, 5, 0);
    assert_int_equal(breaker_ask(&b, at(60)), BREAKER_TRIAL);
    for (int i = 0; i < 20; i++) assert_int_equal(breaker_ask(&b, at(60 + i)), BREAKER_REFUSE);
    assert_int_equal(b.state, BREAKER_HALF_OPEN);
}

static void trial_success_closes(void **state) {
    (void)state;
    struct breaker b = made(5, 1);
    fail_times(&b, 5, 0);
    (void)breaker_ask(&b, at(60));
    breaker_success(&b, at(61));
    assert_int_equal(b.state, BREAKER_CLOSED);
    assert_int_equal(b.consecutive_failures, 0);
    assert_string_equal(b.last_error, "");
    assert_int_equal(breaker_ask(&b, at(61)), BREAKER_CALL);
    fail_times(&b, 4, 62); /* the count began anew */
    assert_int_equal(b.state, BREAKER_CLOSED);
}

static void trial_failure_opens_for_another_full_time(void **state) {
    (void)state;
    struct breaker b = made(5, 1);
    fail_times(&b, 5, 0);
    (void)breaker_ask(&b, at(90));
    breaker_failure(&b, at(95), "timed out");
    assert_int_equal(b.state, BREAKER_OPEN);
    assert_int_equal(b.opened, 2);
    assert_int_equal(b.consecutive_failures, 6);
    assert_string_equal(b.last_error, "timed out");
    assert_int_equal(breaker_ask(&b, at(154)), BREAKER_REFUSE);
    assert_int_equal(breaker_ask(&b, at(155)), BREAKER_TRIAL);
}

static void takes_as_many_successes_as_it_is_told(void **state) {
    (void)state;
    struct breaker b = made(5, 3);
    fail_times(&b, 5, 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(breaker_ask(&b, at(60 + i)), BREAKER_TRIAL);
        breaker_success(&b, at(60 + i));
        assert_int_equal(b.state, BREAKER_HALF_OPEN);
    }
    assert_int_equal(breaker_ask(&b, at(62)), BREAKER_TRIAL);
    breaker_success(&b, at(62));
    assert_int_equal(b.state, BREAKER_CLOSED);
}

static void a_failure_between_successes_starts_over(void **state) {
    (void)state;
    struct breaker b = made(5, 3);
    fail_times(&b, 5, 0);
    for (int i = 0; i < 2; i++) {
        (void)breaker_ask(&b, at(60));
        breaker_success(&b, at(60));
    }
    (void)breaker_ask(&b, at(61));
    breaker_failure(&b, at(61), "reset");
    assert_int_equal(b.state, BREAKER_OPEN);
    for (int i = 0; i < 2; i++) {
        (void)breaker_ask(&b, at(121));
        breaker_success(&b, at(121));
    }
    assert_int_equal(b.state, BREAKER_HALF_OPEN); /* the two from before do not count */
}

static void excluded_answers_neither_raise_nor_reset(void **state) {
    (void)state;
    struct breaker b = made(5, 1);
    fail_times(&b, 4, 0);
    for (int i = 0; i < 10; i++) breaker_neutral(&b, at(1));
    assert_int_equal(b.consecutive_failures, 4);
    assert_int_equal(b.state, BREAKER_CLOSED);
    assert_string_equal(b.last_error, "connection refused");
    fail_times(&b, 1, 2);
    assert_int_equal(b.state, BREAKER_OPEN);
}

static void an_excluded_answer_to_the_trial_closes(void **state) {
    (void)state;
    struct breaker b = made(5, 1);
    fail_times(&b, 5, 0);
    (void)breaker_ask(&b, at(60));
    breaker_neutral(&b, at(60));
    assert_int_equal(b.state, BREAKER_CLOSED);
}

static void late_answers_do_not_move_an_open_breaker(void **state) {
    (void)state;
    struct breaker b = made(5, 1);
    fail_times(&b, 5, 0);
    breaker_success(&b, at(1));
    breaker_neutral(&b, at(1));
    breaker_failure(&b, at(2), "late");
    assert_int_equal(b.state, BREAKER_OPEN);
    assert_int_equal(b.opened, 1);
    assert_int_equal(b.consecutive_failures, 5);
    assert_string_equal(b.last_error, "connection refused");
    assert_int_equal(breaker_ask(&b, at(60)), BREAKER_TRIAL); /* nor its time */
}

static void late_answers_are_not_the_trials(void **state) {
    (void)state;
    struct breaker b = made(5, 2);
    fail_times(&b, 5, 0);
    (void)breaker_ask(&b, at(60));
    breaker_success(&b, at(60));
    breaker_success(&b, at(60)); /* no trial is under way */
    breaker_neutral(&b, at(60));
    breaker_failure(&b, at(60), "late");
    assert_int_equal(b.state, BREAKER_HALF_OPEN);
    assert_int_equal(b.trial_successes, 1);
}

static void a_forgotten_trial_is_given_again(void **state) {
    (void)state;
    struct breaker b = made(5, 1);
    fail_times(&b, 5, 0);
    assert_int_equal(breaker_ask(&b, at(60)), BREAKER_TRIAL);
    assert_int_equal(breaker_ask(&b, at(61)), BREAKER_REFUSE);
    breaker_forget_trial(&b);
    assert_int_equal(b.state, BREAKER_HALF_OPEN);
    assert_int_equal(breaker_ask(&b, at(62)), BREAKER_TRIAL);
}

static void a_long_reason_is_cut(void **state) {
    (void)state;
    struct breaker b = made(1, 1);
    char why[400];
    memset(why, 'x', sizeof why - 1);
    why[sizeof why - 1] = '\0';
    breaker_failure(&b, at(0), why);
    assert_int_equal(strlen(b.last_error), BREAKER_ERROR_MAX - 1);
}

static void two_breakers_know_nothing_of_each_other(void **state) {
    (void)state;
    struct breaker a = made(5, 1), b = made(5, 1);
    fail_times(&a, 5, 0);
    assert_int_equal(a.state, BREAKER_OPEN);
    assert_int_equal(breaker_ask(&b, at(0)), BREAKER_CALL);
}

static void states_have_the_words_of_the_interface(void **state) {
    (void)state;
    assert_string_equal(breaker_state_name(BREAKER_CLOSED), "closed");
    assert_string_equal(breaker_state_name(BREAKER_OPEN), "open");
    assert_string_equal(breaker_state_name(BREAKER_HALF_OPEN), "half_open");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_closed_and_lets_calls_through),
        cmocka_unit_test(one_failure_is_counted_and_named),
        cmocka_unit_test(stays_closed_below_the_threshold),
        cmocka_unit_test(opens_at_the_threshold),
        cmocka_unit_test(threshold_of_one_opens_at_once),
        cmocka_unit_test(success_resets_the_count),
        cmocka_unit_test(open_refuses_until_its_time_is_over),
        cmocka_unit_test(stays_open_while_nobody_asks),
        cmocka_unit_test(a_jump_of_the_wall_clock_does_not_open_the_door),
        cmocka_unit_test(half_open_gives_one_trial_only),
        cmocka_unit_test(trial_success_closes),
        cmocka_unit_test(trial_failure_opens_for_another_full_time),
        cmocka_unit_test(takes_as_many_successes_as_it_is_told),
        cmocka_unit_test(a_failure_between_successes_starts_over),
        cmocka_unit_test(excluded_answers_neither_raise_nor_reset),
        cmocka_unit_test(an_excluded_answer_to_the_trial_closes),
        cmocka_unit_test(late_answers_do_not_move_an_open_breaker),
        cmocka_unit_test(late_answers_are_not_the_trials),
        cmocka_unit_test(a_forgotten_trial_is_given_again),
        cmocka_unit_test(a_long_reason_is_cut),
        cmocka_unit_test(two_breakers_know_nothing_of_each_other),
        cmocka_unit_test(states_have_the_words_of_the_interface),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
