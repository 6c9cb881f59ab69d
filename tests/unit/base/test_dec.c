#include "base/dec.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define TEN22 "10000000000000000000000"

struct reading {
    const char *text, *as8, *as16; /* NULL: ERR_RANGE */
};

static const char *text8(struct dec8 d) {
    static char text[DEC_TEXT_MAX];
    dec8_format(text, d);
    return text;
}

static const char *text16(struct dec16 d) {
    static char text[DEC_TEXT_MAX];
    dec16_format(text, d);
    return text;
}

static struct dec8 d8(const char *text) {
    struct dec8 d = {0};
    assert_int_equal(dec8_parse(&d, span_of(text)), ERR_OK);
    return d;
}

static struct dec16 d16(const char *text) {
    struct dec16 d = {0};
    assert_int_equal(dec16_parse(&d, span_of(text)), ERR_OK);
    return d;
}

static void reads_every_form(void **state) {
    (void)state;
    static const struct reading readings[] = {
        {"0", "0", "0"},
        {"-0", "0", "0"},
        {"-0.0", "0", "0"},
        {"67123.45", "67123.45", "67123.45"},
        {"-0.5", "-0.5", "-0.5"},
        {"007", "7", "7"},
        {"1E-8", "0.00000001", "0.00000001"},
        {"0E-8", "0", "0"},
        {"0E-16", "0", "0"},
        {"0E+999", "0", "0"},
        {"1.2e+5", "120000", "120000"},
        {"1.2e5", "120000", "120000"},
        {"1E+11", "100000000000", "100000000000"},
        {"-12.5E-1", "-1.25", "-1.25"},
        {"1E-99", "0", "0"},
        {"1E-999999999999999999999", "0", "0"},
        {"0.000000000000000000000000000000000000000000000000000000000000000001", "0", "0"},
        {"000000000000000000000000000000000000000000000000000000000000000001", "1", "1"},
        {"1000000000000.00000000", "1000000000000", "1000000000000"},
        {TEN22, TEN22, TEN22},
        {"-" TEN22, "-" TEN22, "-" TEN22},
        {TEN22 ".0000000000000000", TEN22, TEN22},
        {"9999999999999999999999.99999999999999994", TEN22, "9999999999999999999999.9999999999999999"},
        {"1E+22", TEN22, TEN22},
        {"1E+30", "1000000000000000000000000000000", NULL},
        {"10000000000000000000001", "10000000000000000000001", NULL},
        {"1E+31", NULL, NULL},
        {"123456789012345678901234567890123456789012345678901234567890", NULL, NULL},
        {"1E+999999999999999999999", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof readings / sizeof readings[0]; i++) {
        const struct reading *r = &readings[i];
        struct dec8 eight = {4711};
        struct dec16 sixteen = {4711};
        assert_int_equal(dec8_parse(&eight, span_of(r->text)), r->as8 != NULL ? ERR_OK : ERR_RANGE);
        assert_int_equal(dec16_parse(&sixteen, span_of(r->text)), r->as16 != NULL ? ERR_OK : ERR_RANGE);
        if (r->as8 != NULL) assert_string_equal(text8(eight), r->as8);
        else assert_true(eight.v == 4711);
        if (r->as16 != NULL) assert_string_equal(text16(sixteen), r->as16);
        else assert_true(sixteen.v == 4711);
    }
}

static void refuses_what_is_no_number(void **state) {
    static const char *const texts[] = {
        "",      "-",   ".5",  "5.",    "+1",       "1.2.3", "1,5",  " 1",   "1 ",
        "NaN",   "nan", "inf", "-inf",  "Infinity", "0x10",  "1e",   "1e+",  "e5",
        "1e5.0", "--1", "1-",  "1_000", "1e--5",    "abc",   "1.e5", "1e 5", "\xd9\xa1",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct dec8 eight = {4711};
        struct dec16 sixteen = {4711};
        if (dec8_parse(&eight, span_of(texts[i])) != ERR_SYNTAX) fail_msg("read \"%s\"", texts[i]);
        assert_int_equal(dec16_parse(&sixteen, span_of(texts[i])), ERR_SYNTAX);
        assert_true(eight.v == 4711 && sixteen.v == 4711);
    }
    struct dec8 d;
    assert_int_equal(dec8_parse(&d, span_from("1\0", 2)), ERR_SYNTAX);
}

static void refuses_over_128_characters(void **state) {
    char text[140];
    struct dec8 d;
    (void)state;
    memset(text, '0', sizeof text);
    assert_int_equal(dec8_parse(&d, span_from(text, 128)), ERR_OK);
    assert_int_equal(dec8_parse(&d, span_from(text, 129)), ERR_SYNTAX);
}

static void rounds_half_even(void **state) {
    static const struct {
        const char *text, *as8;
    } cases[] = {
        {"0.000000005", "0"},
        {"0.000000015", "0.00000002"},
        {"0.000000025", "0.00000002"},
        {"-0.000000015", "-0.00000002"},
        {"0.0000000050000000000000000000001", "0.00000001"},
        {"0.00000000499999999999999999999999999999999999999999", "0"},
        {"0.999999995", "1"},
        {"0.999999985", "0.99999998"},
        {"0.0000000150000000000000000000000000000000000000000000000000000001", "0.00000002"},
        {"0.0000000250000000000000000000000000000000000000000000000000000001", "0.00000003"},
        {"5E-9", "0"},
        {"15E-9", "0.00000002"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(text8(d8(cases[i].text)), cases[i].as8);
    assert_string_equal(text16(d16("0.00000000000000005")), "0");
    assert_string_equal(text16(d16("0.00000000000000015")), "0.0000000000000002");
}

static void prints_a_fixed_number_of_digits(void **state) {
    static const struct {
        const char *text;
        unsigned digits;
        const char *printed;
    } cases[] = {
        {"1.005", 2, "1.00"},   {"1.015", 2, "1.02"},   {"-1.005", 2, "-1.00"},    {"-0.001", 2, "0.00"},
        {"-0.005", 2, "0.00"},  {"-0.006", 2, "-0.01"}, {"2.5", 0, "2"},           {"3.5", 0, "4"},
        {"0", 8, "0.00000000"}, {"12", 1, "12.0"},      {"999.995", 2, "1000.00"},
    };
    char text[DEC_TEXT_MAX];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t len = dec8_format_fixed(text, d8(cases[i].text), cases[i].digits);
        assert_string_equal(text, cases[i].printed);
        assert_int_equal(len, strlen(text));
        len = dec16_format_fixed(text, d16(cases[i].text), cases[i].digits);
        assert_string_equal(text, cases[i].printed);
        assert_int_equal(len, strlen(text));
    }
    dec16_format_fixed(text, d16("-" TEN22), 16);
    assert_string_equal(text, "-" TEN22 ".0000000000000000");
}

static void adds_and_subtracts_up_to_the_limit(void **state) {
    struct dec16 sum = {4711}, limit = d16(TEN22), one = {1};
    struct dec8 eight = DEC8_ZERO;
    (void)state;
    assert_int_equal(dec16_add(&sum, limit, one), ERR_RANGE);
    assert_int_equal(dec16_add(&sum, limit, limit), ERR_RANGE);
    assert_int_equal(dec16_sub(&sum, dec16_neg(limit), one), ERR_RANGE);
    assert_true(sum.v == 4711);
    assert_int_equal(dec16_sub(&sum, limit, one), ERR_OK);
    assert_int_equal(dec16_add(&sum, sum, one), ERR_OK);
    assert_true(sum.v == limit.v);
    assert_int_equal(dec16_add(&sum, limit, dec16_neg(limit)), ERR_OK);
    assert_true(sum.v == 0);
    assert_int_equal(dec8_add(&eight, d8("0.1"), d8("0.2")), ERR_OK);
    assert_string_equal(text8(eight), "0.3");
    assert_int_equal(dec8_sub(&eight, d8("0.1"), d8("0.2")), ERR_OK);
    assert_string_equal(text8(eight), "-0.1");
    assert_int_equal(dec8_add(&eight, d8("1E+30"), d8("1E-8")), ERR_RANGE);
}

static void multiplies_exactly(void **state) {
    struct dec16 product = {4711};
    (void)state;
    assert_int_equal(dec8_mul(&product, d8("1000000000000"), d8("1000000")), ERR_OK);
    assert_string_equal(text16(product), "1000000000000000000");
    assert_int_equal(dec8_mul(&product, d8("0.00000001"), d8("-0.00000001")), ERR_OK);
    assert_string_equal(text16(product), "-0.0000000000000001");
    assert_int_equal(dec8_mul(&product, d8("1523456789.12345678"), d8("12345.12345678")), ERR_OK);
    assert_string_equal(text16(product), "18807262142798.7282700965279684");
    assert_int_equal(dec8_mul(&product, d8("100000000000"), d8("100000000000")), ERR_OK);
    assert_string_equal(text16(product), TEN22);
    assert_int_equal(dec8_mul(&product, d8("100000000000"), d8("100000000000.00000001")), ERR_RANGE);
    assert_int_equal(dec8_mul(&product, d8("1E+30"), d8("1E+30")), ERR_RANGE);
    assert_string_equal(text16(product), TEN22);
}

static void divides_with_one_rounding(void **state) {
    i128 q = 4711, huge = d16(TEN22).v;
    struct dec16 out;
    struct dec8 ratio;
    (void)state;
    assert_int_equal(dec_muldiv(&q, 1, 1, 0), ERR_RANGE);
    assert_int_equal(dec_muldiv(&q, huge, 2, 1), ERR_RANGE);
    assert_int_equal(dec_muldiv(&q, huge, huge, 1), ERR_RANGE);
    assert_true(q == 4711);
    assert_int_equal(dec_muldiv(&q, huge, huge, huge), ERR_OK);
    assert_true(q == huge);
    assert_int_equal(dec_muldiv(&q, -huge, huge - 1, -huge), ERR_OK);
    assert_true(q == huge - 1);
    assert_int_equal(dec_muldiv(&q, 5, 1, 2), ERR_OK);
    assert_true(q == 2);
    assert_int_equal(dec_muldiv(&q, 7, -1, 2), ERR_OK);
    assert_true(q == -4);
    assert_int_equal(dec16_times(&out, d16("0.00072"), d8("600.25")), ERR_OK);
    assert_string_equal(text16(out), "0.43218");
    assert_int_equal(dec16_over(&out, d16("1"), d8("3")), ERR_OK);
    assert_string_equal(text16(out), "0.3333333333333333");
    assert_int_equal(dec16_over(&out, d16("1"), DEC8_ZERO), ERR_RANGE);
    assert_int_equal(dec16_ratio(&ratio, d16("2"), d16("-3")), ERR_OK);
    assert_string_equal(text8(ratio), "-0.66666667");
    assert_int_equal(dec16_ratio(&ratio, d16("1"), DEC16_ZERO), ERR_RANGE);
}

static void changes_scale(void **state) {
    struct dec16 out = {4711};
    (void)state;
    assert_int_equal(dec16_of_dec8(&out, d8("-1.00000001")), ERR_OK);
    assert_string_equal(text16(out), "-1.00000001");
    assert_int_equal(dec16_of_dec8(&out, d8("1E+30")), ERR_RANGE);
    assert_string_equal(text8(dec8_of_dec16(d16("1.000000015"))), "1.00000002");
    assert_string_equal(text8(dec8_of_dec16(d16("-1.000000025"))), "-1.00000002");
    assert_string_equal(text16(dec16_round(d16("1.2345"), 2)), "1.23");
    assert_string_equal(text16(dec16_round(d16("1.235"), 2)), "1.24");
    assert_string_equal(text16(dec16_round(d16("-2.5"), 0)), "-2");
    assert_string_equal(text16(dec16_round(d16("0.0000000000000001"), 16)), "0.0000000000000001");
}

static void the_very_limit(void **state) {
    struct dec8 d = {4711};
    struct dec16 e = {4711};
    (void)state;
    assert_int_equal(dec8_parse(&d, span_of("1000000000000000000000000000000")), ERR_OK);
    assert_int_equal(dec8_parse(&d, span_of("1000000000000000000000000000000.00000005")), ERR_RANGE); /* 39 digits */
    assert_int_equal(dec8_parse(&d, span_of("1e-47")), ERR_OK);
    assert_true(d.v == 0);
    assert_int_equal(dec8_parse(&d, span_of("100000000000000000000000000000000000005e-47")),
                     ERR_OK); /* a tenth of a unit */
    assert_true(d.v == 0);
    assert_int_equal(dec16_of_dec8(&e, (struct dec8){(i128)1200000000000000000 * 1000000000000}),
                     ERR_RANGE);                                              /* 10^38 < it < 2^127 */
    assert_int_equal(dec16_of_dec8(&e, (struct dec8){DEC_LIMIT}), ERR_RANGE); /* above 2^127 */
    assert_true(dec16_round((struct dec16){DEC_LIMIT}, 0).v == DEC_LIMIT);
    assert_true(dec16_round((struct dec16){DEC_LIMIT - 1}, 0).v == DEC_LIMIT);
    assert_true(dec16_round((struct dec16){-DEC_LIMIT + 1}, 8).v == -DEC_LIMIT);
}

static void compares(void **state) {
    (void)state;
    assert_int_equal(dec8_cmp(d8("1"), d8("2")), -1);
    assert_int_equal(dec8_cmp(d8("2"), d8("2.0")), 0);
    assert_int_equal(dec16_cmp(d16("-1"), d16("-2")), 1);
    assert_int_equal(dec8_sign(d8("-3")), -1);
    assert_int_equal(dec16_sign(d16("0")), 0);
    assert_true(dec8_of_int(-3).v == d8("-3").v);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_form),
        cmocka_unit_test(refuses_what_is_no_number),
        cmocka_unit_test(refuses_over_128_characters),
        cmocka_unit_test(rounds_half_even),
        cmocka_unit_test(prints_a_fixed_number_of_digits),
        cmocka_unit_test(adds_and_subtracts_up_to_the_limit),
        cmocka_unit_test(multiplies_exactly),
        cmocka_unit_test(divides_with_one_rounding),
        cmocka_unit_test(changes_scale),
        cmocka_unit_test(the_very_limit),
        cmocka_unit_test(compares),
    };
    return cmocka_run_group_tests_name("base/dec", tests, NULL, NULL);
}
