#include "domain/fill.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>

static struct fill good(void) { return (struct fill){.trade_id = 0, .price = {1}, .quantity = {1}}; }

static void assert_refused(const struct fill *f, const char *field) {
    const char *named = NULL;
    assert_int_equal(fill_validate(f, &named), ERR_VALUE);
    assert_string_equal(named, field);
}

static void accepts_the_smallest_fill(void **state) {
    struct fill f = good();
    const char *field = "untouched";
    (void)state;
    assert_int_equal(fill_validate(&f, &field), ERR_OK);
    assert_string_equal(field, "untouched");
}

static void names_the_field_that_makes_it_no_fill(void **state) {
    struct fill f;
    (void)state;
    f = good(), f.price.v = 0, assert_refused(&f, "price");
    f = good(), f.price.v = -1, assert_refused(&f, "price");
    f = good(), f.quantity.v = 0, assert_refused(&f, "quantity");
    f = good(), f.quantity.v = -1, assert_refused(&f, "quantity");
    f = good(), f.trade_id = -1, assert_refused(&f, "trade_id");
    f = good(), f.quote_amount.v = -1, assert_refused(&f, "quote_amount");
    f = good(), f.fee.v = -1, assert_refused(&f, "fee");
}

static void names_its_words(void **state) {
    (void)state;
    assert_string_equal(side_name(SIDE_BUY), "buy");
    assert_string_equal(side_name(SIDE_SELL), "sell");
    assert_string_equal(fill_source_name(SOURCE_IMPORT), "import");
    assert_string_equal(fill_source_name(SOURCE_BOT), "bot");
    assert_string_equal(fill_source_name(SOURCE_STREAM), "stream");
    assert_string_equal(fill_source_name(SOURCE_REST), "rest");
    assert_true(SOURCE_IMPORT < SOURCE_BOT && SOURCE_BOT < SOURCE_STREAM && SOURCE_STREAM < SOURCE_REST);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_the_smallest_fill),
        cmocka_unit_test(names_the_field_that_makes_it_no_fill),
        cmocka_unit_test(names_its_words),
    };
    return cmocka_run_group_tests_name("domain/fill", tests, NULL, NULL);
}
