#include "domain/portfolio.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>

struct market_price {
    const char *base, *quote, *price;
};

struct prices {
    const struct market_price *rows;
    size_t count;
};

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

static bool look_up(void *arg, const struct name *base, const struct name *quote, struct dec8 *out) {
    const struct prices *p = arg;
    for (size_t i = 0; i < p->count; i++) {
        if (!name_is(base, p->rows[i].base) || !name_is(quote, p->rows[i].quote)) continue;
        *out = d8(p->rows[i].price);
        return true;
    }
    return false;
}

static enum err find(struct conversion *out, const char *from, const char *to, const struct market_price *rows,
                     size_t count) {
    struct prices p = {rows, count};
    struct price_source source = {look_up, &p};
    struct name f = name_of(from), t = name_of(to);
    return conversion_find(out, &f, &t, &source);
}

static void assert_converts(const struct conversion *c, const char *amount, const char *to) {
    char text[DEC_TEXT_MAX];
    struct dec16 out;
    assert_int_equal(conversion_apply(&out, d16(amount), c), ERR_OK);
    dec16_format(text, out);
    assert_string_equal(text, to);
}

static void converts_directly_before_inversely(void **state) {
    static const struct market_price rows[] = {{"USDC", "USDT", "0.9998"}, {"USDT", "USDC", "5"}};
    struct conversion c;
    (void)state;
    assert_int_equal(find(&c, "USDC", "USDT", rows, 2), ERR_OK);
    assert_int_equal(c.legs, 1);
    assert_true(name_empty(&c.via));
    assert_converts(&c, "10", "9.998");
}

static void inverse_leg_divides(void **state) {
    static const struct market_price rows[] = {{"EUR", "USDT", "1.1"}};
    struct conversion c;
    (void)state;
    assert_int_equal(find(&c, "USDT", "EUR", rows, 1), ERR_OK);
    assert_converts(&c, "11", "10"); /* through a rounded reciprocal it would be 9.9999... */
    assert_converts(&c, "1", "0.9090909090909091");
    assert_converts(&c, "-1", "-0.9090909090909091");
}

static void takes_the_first_intermediate_with_both_legs(void **state) {
    static const struct market_price rows[] = {{"TRY", "USDT", "0"},
                                               {"BTC", "TRY", "3500000"},
                                               {"BTC", "EUR", "70000"},
                                               {"BNB", "TRY", "25000"},
                                               {"BNB", "EUR", "1"}};
    struct conversion c;
    (void)state;
    assert_int_equal(find(&c, "TRY", "EUR", rows, 5), ERR_OK); /* the price of 0 is none: USDT has no legs */
    assert_int_equal(c.legs, 2);
    assert_true(name_is(&c.via, "BTC"));
    assert_converts(&c, "100", "2");
    assert_converts(&c, "1", "0.02");
}

static void two_legs_are_rounded_once(void **state) {
    static const struct market_price rows[] = {{"BTC", "TRY", "3"}, {"BTC", "EUR", "3"}};
    struct conversion c;
    (void)state;
    assert_int_equal(find(&c, "TRY", "EUR", rows, 2), ERR_OK);
    assert_converts(&c, "1", "1"); /* 1/3 x 3 with one rounding */
}

static void same_asset_needs_no_price(void **state) {
    struct conversion c;
    (void)state;
    assert_int_equal(find(&c, "USDT", "USDT", NULL, 0), ERR_OK);
    assert_int_equal(c.legs, 0);
    assert_converts(&c, "1.2345678901234567", "1.2345678901234567");
}

static void without_a_path_it_is_unknown(void **state) {
    static const struct market_price rows[] = {{"TRY", "USDT", "0.03"}, {"BTC", "EUR", "1"}};
    struct conversion c = {.legs = 77};
    (void)state;
    assert_int_equal(find(&c, "TRY", "EUR", rows, 2), ERR_UNKNOWN);
    assert_int_equal(c.legs, 77);
}

static void conversion_beyond_the_limit_is_refused(void **state) {
    static const struct market_price rows[] = {{"BTC", "VND", "10000000000000"}};
    struct conversion c;
    struct dec16 out = {4711};
    struct dec8 out8 = {4711};
    (void)state;
    assert_int_equal(find(&c, "BTC", "VND", rows, 1), ERR_OK);
    assert_int_equal(conversion_apply(&out, d16("10000000000"), &c), ERR_RANGE);
    assert_int_equal(conversion_apply8(&out8, d16("10000000000000000000000"), &c), ERR_RANGE);
    assert_true(out.v == 4711 && out8.v == 4711);
}

static void eight_digits_are_rounded_once(void **state) {
    struct conversion c = {.legs = 1, .mul = {d8("1")}, .div = {d8("1")}};
    struct dec8 out;
    (void)state;
    assert_int_equal(conversion_apply8(&out, d16("0.0000000149999999"), &c), ERR_OK);
    assert_true(out.v == 1);
    c.div[0] = d8("7");
    assert_int_equal(conversion_apply8(&out, d16("0.0000001750000001"), &c), ERR_OK);
    assert_true(out.v == 3); /* 2.5000000014...: to 16 digits first it would be the tie 2.5 and become 2 */
}

/* ---- the sum ---- */

static struct portfolio_line line(const struct ledger_totals *t, const char *mark) {
    static const struct name symbol = {"BTC/USDT"};
    return (struct portfolio_line){.symbol = &symbol,
                                   .totals = t,
                                   .has_mark = mark != NULL,
                                   .mark = mark != NULL ? d8(mark) : DEC8_ZERO,
                                   .has_rate = true,
                                   .rate_is_one = true};
}

static struct ledger_totals held(void) {
    return (struct ledger_totals){
        .holdings = d8("2"), .cost_basis = d16("200"), .realized = d16("5"), .fees_quote = d16("1")};
}

static void adds_its_lines(void **state) {
    struct ledger_totals a = held(), b = {.realized = d16("-1.5")};
    struct portfolio_line lines[] = {line(&a, "110"), line(&b, NULL)};
    struct left_out left[4];
    struct portfolio p;
    (void)state;
    portfolio_sum(&p, left, lines, 2);
    assert_true(p.realized.v == d16("3.5").v && p.unrealized.v == d16("20").v && p.total.v == d16("23.5").v);
    assert_true(p.fees.v == d16("1").v);
    assert_true(p.known && !p.partial && p.left_out == 0);
}

static void nothing_is_known_and_zero(void **state) {
    struct portfolio p;
    struct left_out left[1];
    (void)state;
    portfolio_sum(&p, left, NULL, 0);
    assert_true(p.known && !p.partial && p.total.v == 0);
}

static void held_line_without_mark_is_left_out_of_all_three(void **state) {
    struct ledger_totals a = held(), b = held();
    struct portfolio_line lines[] = {line(&a, NULL), line(&b, "100")};
    struct left_out left[4];
    struct portfolio p;
    (void)state;
    portfolio_sum(&p, left, lines, 2);
    assert_true(p.realized.v == d16("5").v && p.unrealized.v == 0 && p.fees.v == d16("1").v);
    assert_true(p.known && p.partial);
    assert_int_equal(p.left_out, 1);
    assert_int_equal(left[0].line, 0);
    assert_int_equal(left[0].reason, LEFT_OUT_NO_MARK);
    portfolio_sum(&p, left, lines, 1);
    assert_false(p.known);
}

static void line_without_rate_is_left_out_unless_it_has_no_figures(void **state) {
    struct ledger_totals a = {.realized = d16("1")}, none = {0};
    struct portfolio_line lines[] = {line(&a, "1"), line(&none, NULL)};
    struct left_out left[4];
    struct portfolio p;
    (void)state;
    lines[0].has_rate = lines[1].has_rate = false;
    portfolio_sum(&p, left, lines, 2);
    assert_int_equal(p.left_out, 1);
    assert_int_equal(left[0].reason, LEFT_OUT_NO_RATE);
    assert_true(p.realized.v == 0 && p.known && p.partial);
}

static void unvalued_fee_is_named_but_the_line_counts(void **state) {
    struct ledger_totals a = held();
    struct left_out left[2];
    struct portfolio p;
    (void)state;
    a.unvalued_fees = 1;
    a.partial = true;
    struct portfolio_line l = line(&a, "100");
    portfolio_sum(&p, left, &l, 1);
    assert_int_equal(p.left_out, 1);
    assert_int_equal(left[0].reason, LEFT_OUT_UNVALUED_FEE);
    assert_true(p.partial && p.known && p.realized.v == d16("5").v);
}

static void partial_line_makes_it_partial(void **state) {
    struct ledger_totals a = held();
    struct left_out left[2];
    struct portfolio p;
    (void)state;
    a.partial = true;
    struct portfolio_line l = line(&a, "100");
    portfolio_sum(&p, left, &l, 1);
    assert_true(p.partial && p.left_out == 0);
}

static void converted_figures_have_eight_digits_and_still_add_up(void **state) {
    struct ledger_totals a = {
        .holdings = d8("1"), .cost_basis = d16("1"), .realized = d16("1"), .fees_quote = d16("0.1")};
    struct portfolio_line l = line(&a, "2");
    struct left_out left[2];
    struct portfolio p;
    (void)state;
    l.rate_is_one = false;
    l.rate = (struct conversion){.legs = 1, .mul = {d8("1")}, .div = {d8("3")}};
    portfolio_sum(&p, left, &l, 1);
    assert_true(p.realized.v == d16("0.33333333").v && p.unrealized.v == d16("0.33333333").v);
    assert_true(p.total.v == d16("0.66666666").v); /* the sum of what is shown, not 0.66666667 */
    assert_true(p.fees.v == d16("0.03333333").v);
}

static void line_that_overflows_is_left_out(void **state) {
    struct ledger_totals big = {.realized = d16("10000000000000000000000")}, small = {.realized = d16("1")};
    struct portfolio_line lines[] = {line(&big, NULL), line(&small, NULL)};
    struct left_out left[4];
    struct portfolio p;
    (void)state;
    portfolio_sum(&p, left, lines, 2);
    assert_int_equal(p.left_out, 1);
    assert_int_equal(left[0].line, 1);
    assert_int_equal(left[0].reason, LEFT_OUT_OVERFLOW);
    assert_true(p.realized.v == big.realized.v && p.total.v == big.realized.v && p.partial);
    struct ledger_totals held_big = {.holdings = d8("1000000000000"), .cost_basis = d16("1")};
    struct portfolio_line l = line(&held_big, "100000000000");
    portfolio_sum(&p, left, &l, 1);
    assert_int_equal(left[0].reason, LEFT_OUT_OVERFLOW);
    assert_false(p.known);
}

static void names_its_reasons(void **state) {
    (void)state;
    assert_string_equal(left_out_reason_name(LEFT_OUT_NO_MARK), "no_price");
    assert_string_equal(left_out_reason_name(LEFT_OUT_NO_RATE), "no_rate");
    assert_string_equal(left_out_reason_name(LEFT_OUT_UNVALUED_FEE), "unvalued_fee");
    assert_string_equal(left_out_reason_name(LEFT_OUT_OVERFLOW), "overflow");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(converts_directly_before_inversely),
        cmocka_unit_test(inverse_leg_divides),
        cmocka_unit_test(takes_the_first_intermediate_with_both_legs),
        cmocka_unit_test(two_legs_are_rounded_once),
        cmocka_unit_test(same_asset_needs_no_price),
        cmocka_unit_test(without_a_path_it_is_unknown),
        cmocka_unit_test(conversion_beyond_the_limit_is_refused),
        cmocka_unit_test(eight_digits_are_rounded_once),
        cmocka_unit_test(adds_its_lines),
        cmocka_unit_test(nothing_is_known_and_zero),
        cmocka_unit_test(held_line_without_mark_is_left_out_of_all_three),
        cmocka_unit_test(line_without_rate_is_left_out_unless_it_has_no_figures),
        cmocka_unit_test(unvalued_fee_is_named_but_the_line_counts),
        cmocka_unit_test(partial_line_makes_it_partial),
        cmocka_unit_test(converted_figures_have_eight_digits_and_still_add_up),
        cmocka_unit_test(line_that_overflows_is_left_out),
        cmocka_unit_test(names_its_reasons),
    };
    return cmocka_run_group_tests_name("domain/portfolio", tests, NULL, NULL);
}
