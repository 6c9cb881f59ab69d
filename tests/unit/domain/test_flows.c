/* What the fills moved: every kind of fee goes where it belongs, and what is taken back leaves nothing behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "domain/flows.h"

static const struct name base = {"BTC"};
static const struct wall ever = {0};

static struct fill fill(enum side side, int64_t quote, int64_t quantity, const char *fee_asset,
                        enum fee_state fee_state) {
    return (struct fill){.side = side,
                         .source = SOURCE_STREAM,
                         .price = dec8_of_int(100),
                         .quantity = dec8_of_int(quantity),
                         .quote_amount = {quote * DEC16_ONE},
                         .fee = {fee_state == FEE_NONE ? 0 : 3 * DEC16_ONE},
                         .fee_asset = name_of(fee_asset),
                         .fee_state = fee_state,
                         .fee_value = {fee_state == FEE_VALUED ? 7 * DEC16_ONE : 0},
                         .time = {50}};
}

static void money_and_coins_go_both_ways(void **state) {
    (void)state;
    struct flows s = {0};
    struct fill buy = fill(SIDE_BUY, 200, 2, "", FEE_NONE), sell = fill(SIDE_SELL, 110, 1, "", FEE_NONE);
    flows_put(&s, &buy, 1, &base, ever);
    flows_put(&s, &sell, 1, &base, ever);
    assert_true(s.bought.v == 200 * DEC16_ONE && s.sold.v == 110 * DEC16_ONE);
    assert_true(s.coins_bought.v == 2 * DEC8_ONE && s.coins_sold.v == DEC8_ONE);
    assert_int_equal(s.fills, 2);
    assert_int_equal(s.by_source[SOURCE_STREAM], 2);
    assert_false(s.over);
}

static void every_fee_goes_where_it_was_paid(void **state) {
    (void)state;
    struct flows s = {0};
    const struct fill fills[] = {fill(SIDE_BUY, 100, 1, "USDT", FEE_OWN), fill(SIDE_BUY, 100, 1, "BTC", FEE_OWN),
                                 fill(SIDE_BUY, 100, 1, "", FEE_ASSUMED), fill(SIDE_BUY, 100, 1, "BNB", FEE_VALUED),
                                 fill(SIDE_BUY, 100, 1, "XYZ", FEE_UNVALUED)};
    for (size_t i = 0; i < 5; i++) flows_put(&s, &fills[i], 1, &base, ever);
    assert_true(s.fees_quote.v == 6 * DEC16_ONE); /* its own and the assumed one */
    assert_true(s.fees_other.v == 7 * DEC16_ONE); /* the kept value; what has none is left out */
    assert_true(s.coins_fees.v == 3 * DEC8_ONE);
    assert_int_equal(s.assumed, 1);
    assert_int_equal(s.unvalued, 1);
    assert_int_equal(s.asset_count, 2);
    assert_string_equal(s.assets[0].asset.text, "BNB");
    assert_true(s.assets[0].amount.v == 3 * DEC16_ONE && s.assets[1].amount.v == 3 * DEC16_ONE);
}

static void what_is_taken_back_leaves_nothing(void **state) {
    (void)state;
    struct flows s = {0};
    const char *const assets[] = {"USDT", "BTC", "", "BNB", "XYZ"};
    const enum fee_state states[] = {FEE_OWN, FEE_OWN, FEE_ASSUMED, FEE_VALUED, FEE_UNVALUED};
    for (int sign = 1; sign >= -1; sign -= 2)
        for (size_t i = 0; i < 5; i++) {
            struct fill f = fill(i % 2 ? SIDE_SELL : SIDE_BUY, 100, 1, assets[i], states[i]);
            flows_put(&s, &f, sign, &base, (struct wall){51});
            assert_int_equal(s.before_since, s.fills);
        }
    assert_true(s.sold.v == 0 && s.bought.v == 0 && s.fees_quote.v == 0 && s.fees_other.v == 0);
    assert_true(s.coins_sold.v == 0 && s.coins_bought.v == 0 && s.coins_fees.v == 0);
    assert_true(s.fills == 0 && s.before_since == 0 && s.unvalued == 0 && s.assumed == 0 &&
                s.by_source[SOURCE_STREAM] == 0);
    for (size_t i = 0; i < s.asset_count; i++) assert_true(s.assets[i].amount.v == 0);
}

static void what_does_not_fit_says_so(void **state) {
    (void)state;
    struct flows s = {0};
    struct fill f = fill(SIDE_SELL, 1, 1, "", FEE_NONE);
    f.quote_amount.v = DEC_LIMIT;
    flows_put(&s, &f, 1, &base, ever);
    assert_false(s.over);
    flows_put(&s, &f, 1, &base, ever);
    assert_true(s.over);
}

static void more_fee_assets_than_places_are_not_forgotten_in_silence(void **state) {
    (void)state;
    struct flows s = {0};
    for (int i = 0; i <= FLOWS_ASSETS_MAX; i++) {
        char asset[8] = {'A', (char)('A' + i), '\0'};
        struct fill f = fill(SIDE_BUY, 1, 1, asset, FEE_VALUED);
        flows_put(&s, &f, 1, &base, ever);
        assert_int_equal(s.assets_over, i == FLOWS_ASSETS_MAX);
    }
    assert_true(s.fees_other.v == (FLOWS_ASSETS_MAX + 1) * 7 * DEC16_ONE); /* their values are summed all the same */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(money_and_coins_go_both_ways),
        cmocka_unit_test(every_fee_goes_where_it_was_paid),
        cmocka_unit_test(what_is_taken_back_leaves_nothing),
        cmocka_unit_test(what_does_not_fit_says_so),
        cmocka_unit_test(more_fee_assets_than_places_are_not_forgotten_in_silence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
