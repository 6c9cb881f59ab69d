#include "base/span.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

static void compares_bytes_and_length(void **state) {
    (void)state;
    assert_true(span_eq(SPAN("abc"), span_from("abcd", 3)));
    assert_false(span_eq(SPAN("abc"), SPAN("abd")));
    assert_false(span_eq(SPAN("abc"), SPAN("ab")));
    assert_true(span_eq(span_of(NULL), span_from("x", 0)));
    assert_true(span_is(SPAN("x"), "x"));
    assert_true(span_is(span_from("a\0b", 1), "a"));
}

static void starts_with_a_prefix(void **state) {
    (void)state;
    assert_true(span_starts(SPAN("BTC/USDT"), SPAN("BTC")));
    assert_true(span_starts(SPAN("BTC"), SPAN("")));
    assert_false(span_starts(SPAN("BT"), SPAN("BTC")));
}

static void skips_at_most_its_length(void **state) {
    (void)state;
    assert_true(span_is(span_skip(SPAN("abc"), 2), "c"));
    assert_int_equal(span_skip(SPAN("abc"), 9).len, 0);
    assert_null(span_skip(span_of(NULL), 1).at);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compares_bytes_and_length),
        cmocka_unit_test(starts_with_a_prefix),
        cmocka_unit_test(skips_at_most_its_length),
    };
    return cmocka_run_group_tests_name("base/span", tests, NULL, NULL);
}
