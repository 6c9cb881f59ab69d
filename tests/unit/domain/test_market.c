#include "domain/market.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>

static void joins_and_splits_a_symbol(void **state) {
    struct name joined, base = name_of("1000SATS"), quote = name_of("FDUSD"), b, q;
    (void)state;
    assert_int_equal(symbol_join(&joined, &base, &quote), ERR_OK);
    assert_string_equal(joined.text, "1000SATS/FDUSD");
    assert_int_equal(symbol_split(&b, &q, name_span(&joined)), ERR_OK);
    assert_true(name_eq(&b, &base) && name_eq(&q, &quote));
}

static void join_refuses_what_does_not_fit(void **state) {
    struct name joined = name_of("kept"), base = name_of("ABCDEFGHIJKLMNOP"), quote = name_of("ABCDEFGHIJKLMNO");
    (void)state;
    assert_int_equal(symbol_join(&joined, &base, &quote), ERR_TOO_BIG);
    assert_true(name_is(&joined, "kept"));
    quote = name_of("ABCDEFGHIJKLMN");
    assert_int_equal(symbol_join(&joined, &base, &quote), ERR_OK);
    assert_int_equal(strlen(joined.text), 31);
}

static void split_wants_exactly_one_slash_between_two_parts(void **state) {
    static const char *const texts[] = {"", "/", "BTCUSDT", "BTC/", "/USDT", "A/B/C", "A//B", "A/B/"};
    struct name base = name_of("kept"), quote = name_of("kept");
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_int_equal(symbol_split(&base, &quote, span_of(texts[i])), ERR_SYNTAX);
    assert_int_equal(symbol_split(&base, &quote, SPAN("A/\n")), ERR_SYNTAX);
    assert_int_equal(symbol_split(&base, &quote, SPAN("A/12345678901234567890123456789012")), ERR_TOO_BIG);
    assert_true(name_is(&base, "kept") && name_is(&quote, "kept"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(joins_and_splits_a_symbol),
        cmocka_unit_test(join_refuses_what_does_not_fit),
        cmocka_unit_test(split_wants_exactly_one_slash_between_two_parts),
    };
    return cmocka_run_group_tests_name("domain/market", tests, NULL, NULL);
}
