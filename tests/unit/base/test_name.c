#include "base/name.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>

static void is_zero_filled_behind_its_text(void **state) {
    struct name a, b;
    (void)state;
    memset(&a, 'x', sizeof a);
    assert_int_equal(name_set(&a, SPAN("BTC/USDT")), ERR_OK);
    b = name_of("BTC/USDT");
    assert_memory_equal(&a, &b, sizeof a);
    assert_true(name_eq(&a, &b));
    assert_true(name_is(&a, "BTC/USDT"));
    assert_false(name_is(&a, "BTC/USD"));
    assert_true(span_is(name_span(&a), "BTC/USDT"));
}

static void takes_31_bytes_and_no_more(void **state) {
    struct name n = name_of("kept");
    (void)state;
    assert_int_equal(name_set(&n, SPAN("12345678901234567890123456789012")), ERR_TOO_BIG);
    assert_true(name_is(&n, "kept"));
    assert_int_equal(name_set(&n, SPAN("1234567890123456789012345678901")), ERR_OK);
    assert_int_equal(strlen(n.text), 31);
}

static void refuses_control_characters(void **state) {
    struct name n = name_of("kept");
    (void)state;
    assert_int_equal(name_set(&n, span_from("a\0b", 3)), ERR_SYNTAX);
    assert_int_equal(name_set(&n, SPAN("a\n")), ERR_SYNTAX);
    assert_int_equal(name_set(&n, SPAN("a\x7f")), ERR_SYNTAX);
    assert_true(name_is(&n, "kept"));
}

static void takes_other_scripts_and_nothing(void **state) {
    struct name n;
    (void)state;
    assert_int_equal(name_set(&n, SPAN("\xe5\xb8\x81\xe5\xae\x89USDT")), ERR_OK);
    assert_false(name_empty(&n));
    assert_int_equal(name_set(&n, span_from(NULL, 0)), ERR_OK);
    assert_true(name_empty(&n));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_zero_filled_behind_its_text),
        cmocka_unit_test(takes_31_bytes_and_no_more),
        cmocka_unit_test(refuses_control_characters),
        cmocka_unit_test(takes_other_scripts_and_nothing),
    };
    return cmocka_run_group_tests_name("base/name", tests, NULL, NULL);
}
