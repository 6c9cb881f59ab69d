#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "server/lockout.h"

#include <stdio.h>

static struct lockout l;
static int64_t wait_us;
static const int64_t lock_us = LIMIT_LOGIN_LOCK_SECONDS * US_PER_S;

static int setup(void **state) {
    (void)state;
    lockout_init(&l);
    wait_us = 0;
    return 0;
}

static struct mono at(int64_t seconds) { return (struct mono){seconds * US_PER_S + 5}; }

static bool try(const char *address, int64_t second) {
    struct lockout_key key = lockout_key_of(span_of(address));
    return lockout_begin(&l, &key, &wait_us, at(second));
}

static void succeed(const char *address, int64_t second) {
    struct lockout_key key = lockout_key_of(span_of(address));
    lockout_succeed(&l, &key, at(second));
}

static void five_failures_lock_for_fifteen_minutes(void **state) {
    (void)state;
    for (int i = 0; i < 5; i++) assert_true(try("10.0.0.1", i));
    assert_false(try("10.0.0.1", 5));
    assert_int_equal(wait_us, lock_us - US_PER_S);
    assert_false(try("10.0.0.1", 4 + 15 * 60 - 1));
    assert_true(try("10.0.0.1", 4 + 15 * 60));
}

static void tries_while_locked_do_not_prolong_the_lock(void **state) {
    (void)state;
    for (int i = 0; i < 5; i++) assert_true(try("10.0.0.1", 0));
    for (int i = 1; i < 15 * 60; i += 60) assert_false(try("10.0.0.1", i));
    assert_true(try("10.0.0.1", 15 * 60));
    for (int i = 0; i < 4; i++) assert_true(try("10.0.0.1", 15 * 60)); /* counted anew */
    assert_false(try("10.0.0.1", 15 * 60));
}

static void another_address_is_not_locked(void **state) {
    (void)state;
    for (int i = 0; i < 5; i++) assert_true(try("10.0.0.1", 0));
    assert_false(try("10.0.0.1", 0));
    assert_true(try("10.0.0.2", 0));
}

static void success_starts_the_count_anew(void **state) {
    (void)state;
    for (int i = 0; i < 4; i++) assert_true(try("10.0.0.1", 0));
    assert_true(try("10.0.0.1", 0));
    succeed("10.0.0.1", 1);
    for (int i = 0; i < 5; i++) assert_true(try("10.0.0.1", 1));
    assert_false(try("10.0.0.1", 1));
}

static void a_quiet_lock_time_forgets_failures(void **state) {
    (void)state;
    for (int i = 0; i < 4; i++) assert_true(try("10.0.0.1", 0));
    for (int i = 0; i < 5; i++) assert_true(try("10.0.0.1", 15 * 60 + 1));
    assert_false(try("10.0.0.1", 15 * 60 + 1));
}

static void a_try_that_could_not_be_judged_is_given_back(void **state) {
    (void)state;
    struct lockout_key key = lockout_key_of(SPAN("10.0.0.1"));
    for (int i = 0; i < 20; i++) {
        assert_true(try("10.0.0.1", 0));
        lockout_undo(&l, &key);
    }
    assert_int_equal(l.strangers_failed, 0);
}

static void many_addresses_lock_strangers_but_not_the_owner(void **state) {
    (void)state;
    char address[32];
    assert_true(try("192.168.1.7", 1000));
    succeed("192.168.1.7", 1000);
    for (int i = 0; i < LIMIT_LOGIN_FAILURES_ALL; i++) {
        snprintf(address, sizeof address, "10.0.1.%d", i);
        assert_true(try(address, 1000));
    }
    assert_false(try("10.0.2.1", 1001));
    assert_true(wait_us > 0 && wait_us <= lock_us);
    assert_true(try("192.168.1.7", 1001));
    assert_true(try("10.0.2.1", 1000 + 15 * 60 + 1));
}

static void an_ipv6_network_counts_as_one(void **state) {
    (void)state;
    static const char *const same[] = {"2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8:0:0:5::1",
                                       "2001:db8::ffff"};
    for (int i = 0; i < 5; i++) assert_true(try(same[i], 0));
    assert_false(try("2001:db8::abcd", 0));
    assert_true(try("2001:db8:0:1::1", 0));
}

static void ipv4_written_as_ipv6_is_the_same_address(void **state) {
    (void)state;
    struct lockout_key a = lockout_key_of(SPAN("10.0.0.1")), b = lockout_key_of(SPAN("::ffff:10.0.0.1"));
    struct lockout_key c = lockout_key_of(SPAN("::ffff:10.0.0.2"));
    assert_memory_equal(&a, &b, sizeof a);
    assert_memory_not_equal(&b, &c, sizeof b);
}

static void a_full_table_forgets_strangers_not_locks(void **state) {
    (void)state;
    char address[32];
    for (int i = 0; i < 5; i++) assert_true(try("10.9.9.9", 0));
    for (int i = 0; i < LIMIT_LOGIN_ADDRESSES;
         i++) { /* spread over time, so that the count over all stays below its bound */
        snprintf(address, sizeof address, "10.1.%d.%d", i / 256, i % 256);
        struct lockout_key key = lockout_key_of(span_of(address));
        assert_true(lockout_begin(&l, &key, &wait_us, at(1)));
        lockout_undo(&l, &key);
    }
    assert_false(try("10.9.9.9", 2));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(five_failures_lock_for_fifteen_minutes, setup),
        cmocka_unit_test_setup(tries_while_locked_do_not_prolong_the_lock, setup),
        cmocka_unit_test_setup(another_address_is_not_locked, setup),
        cmocka_unit_test_setup(success_starts_the_count_anew, setup),
        cmocka_unit_test_setup(a_quiet_lock_time_forgets_failures, setup),
        cmocka_unit_test_setup(a_try_that_could_not_be_judged_is_given_back, setup),
        cmocka_unit_test_setup(many_addresses_lock_strangers_but_not_the_owner, setup),
        cmocka_unit_test_setup(an_ipv6_network_counts_as_one, setup),
        cmocka_unit_test_setup(ipv4_written_as_ipv6_is_the_same_address, setup),
        cmocka_unit_test_setup(a_full_table_forgets_strangers_not_locks, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
