/* The simulator's decimals: text, products, and Python's way of printing them. */
#include "unit.h"

#include "sim/pytext.h"

static void expect(struct buf *b, const char *text) {
    assert_string_equal(b->at, text);
    buf_free(b);
}

static void parses_and_prints_eight_decimals(void **state) {
    struct buf b;
    (void)state;
    buf_init(&b, 100);
    sim_num_put(&b, dec("-0.5"));
    expect(&b, "-0.50000000");
    sim_num_put_short(&b, dec("12.3400"));
    expect(&b, "12.34");
    sim_num_put_digits(&b, dec("1.23987"), 3);
    expect(&b, "1.239");
}

static void refuses_what_is_not_a_plain_decimal(void **state) {
    static const char *const bad[] = {"", ".", ".5", "5.", "1e5", "1.123456789", "x", "1.2.3", "--1", "99999999999999"};
    int64_t v;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) assert_false(sim_num_parse(&v, span_of(bad[i])));
    assert_true(sim_num_parse(&v, SPAN("92233720368.54775807")));
    assert_int_equal(v, INT64_MAX);
}

static void products_are_exact_where_the_decimals_fit(void **state) {
    (void)state;
    assert_int_equal(sim_num_mul(dec("91234.56"), dec("0.00123")), dec("112.2185088"));
    assert_int_equal(sim_num_mul(dec("34.2739362"), dec("0.001")), dec("0.03427393")); /* a fee is truncated */
    assert_int_equal(sim_num_div(dec("1"), dec("3")), dec("0.33333333"));
    assert_int_equal(sim_num_floor(dec("0.1234"), dec("0.01")), dec("0.12"));
    assert_int_equal(sim_num_round(dec("0.125"), dec("0.01")), dec("0.13"));
}

static void python_texts_are_python_s(void **state) {
    static const struct {
        const char *value, *as_float, *as_decimal;
    } cases[] = {
        {"88000", "88000.0", "88000.0"},
        {"0.00000037", "3.7e-07", "3.7E-7"},
        {"0.0000084", "8.4e-06", "0.0000084"},
        {"0.00000001", "1e-08", "1E-8"},
        {"0.0001", "0.0001", "0.0001"},
        {"0.00001234", "1.234e-05", "0.00001234"},
        {"26.610696", "26.610696", "26.610696"},
        {"12345678901.5", "12345678901.5", "12345678901.5"},
        {"-22.1", "-22.1", "-22.1"},
    };
    struct buf b;
    (void)state;
    buf_init(&b, 100);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        py_float(&b, dec(cases[i].value));
        expect(&b, cases[i].as_float);
        py_decimal(&b, dec(cases[i].value));
        expect(&b, cases[i].as_decimal);
    }
}

static void python_times_have_a_fraction_only_where_there_is_one(void **state) {
    struct buf b;
    (void)state;
    buf_init(&b, 100);
    py_time(&b, INT64_C(1767700800) * 1000000, true);
    expect(&b, "2026-01-06T12:00:00+00:00");
    py_time(&b, INT64_C(1767700800) * 1000000 + 123000, false);
    expect(&b, "2026-01-06T12:00:00.123000");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses_and_prints_eight_decimals),
        cmocka_unit_test(refuses_what_is_not_a_plain_decimal),
        cmocka_unit_test(products_are_exact_where_the_decimals_fit),
        cmocka_unit_test(python_texts_are_python_s),
        cmocka_unit_test(python_times_have_a_fraction_only_where_there_is_one),
    };
    return RUN(tests);
}
