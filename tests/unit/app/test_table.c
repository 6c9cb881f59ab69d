#include "app/table.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <cmocka.h>

static const struct table_column columns[] = {{"NAME", false}, {"MONEY", true}, {"N", true}};

static struct dec16 d16(const char *text) {
    struct dec16 d = {0};
    assert_int_equal(dec16_parse(&d, span_of(text)), ERR_OK);
    return d;
}

static void assert_printed(struct table *t, const char *want) {
    struct buf out;
    buf_init(&out, 1 << 16);
    table_print(t, &out);
    assert_int_equal(out.failed, ERR_OK);
    assert_string_equal(out.at, want);
    buf_free(&out);
    table_free(t);
}

static void numbers_stand_point_under_point(void **state) {
    struct table t;
    (void)state;
    table_init(&t, columns, 3);
    table_text(&t, "a");
    table_dec16(&t, d16("1234.5"), true, true);
    table_count(&t, 7);
    table_text(&t, "long name");
    table_dec16(&t, d16("-0.25"), true, true);
    table_count(&t, 123);
    table_text(&t, "unknown");
    table_dec16(&t, d16("5"), false, true);
    table_count(&t, 0);
    assert_printed(&t, "NAME          MONEY    N\n"
                       "a          +1234.5     7\n"
                       "long name     -0.25  123\n"
                       "unknown        -       0\n");
}

static void heads_wider_than_their_cells_and_names_of_other_scripts(void **state) {
    static const struct table_column wide[] = {{"NAME", false}, {"REALIZED", true}, {"END", false}};
    struct table t;
    (void)state;
    table_init(&t, wide, 3);
    table_text(&t, "币安人生");
    table_dec16(&t, d16("1.5"), true, false);
    table_text(&t, "x");
    assert_printed(&t, "NAME  REALIZED  END\n"
                       "币安人生       1.5  x\n");
}

static void money_is_rounded_for_people_and_zero_has_no_sign(void **state) {
    struct table t;
    (void)state;
    table_init(&t, columns, 3);
    table_text(&t, "a");
    table_dec16(&t, d16("0.000000015"), true, true); /* half-even at the eighth digit */
    table_count(&t, 1);
    table_text(&t, "b");
    table_dec16(&t, d16("-0.0000000000000001"), true, true);
    table_count(&t, 1);
    assert_printed(&t, "NAME        MONEY  N\n"
                       "a     +0.00000002  1\n"
                       "b      0           1\n");
}

static void no_rows_leave_the_head(void **state) {
    struct table t;
    (void)state;
    table_init(&t, columns, 3);
    assert_printed(&t, "NAME  MONEY  N\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_stand_point_under_point),
        cmocka_unit_test(heads_wider_than_their_cells_and_names_of_other_scripts),
        cmocka_unit_test(money_is_rounded_for_people_and_zero_has_no_sign),
        cmocka_unit_test(no_rows_leave_the_head),
    };
    return cmocka_run_group_tests_name("app/table", tests, NULL, NULL);
}
