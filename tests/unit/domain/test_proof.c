/* The check on all of it: the worked figures of the accounting rules, and every case in which nothing can be said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "domain/proof.h"

static const struct name symbol = {"BTC/USDT"}, base = {"BTC"}, quote = {"USDT"};

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

static struct ledger *new_ledger(int64_t since) {
    struct ledger *l = ledger_new(&symbol, &base, &quote, (struct wall){since});
    assert_non_null(l);
    return l;
}

/* Trade number id happens at second id. */
static void add(struct ledger *l, int64_t id, enum side side, const char *price, const char *quantity, const char *fee,
                const char *asset) {
    struct fill f = {.symbol = symbol,
                     .trade_id = id,
                     .order_id = ORDER_ID_NONE,
                     .side = side,
                     .source = SOURCE_REST,
                     .price = d8(price),
                     .quantity = d8(quantity),
                     .fee = d16(fee),
                     .fee_asset = name_of(asset),
                     .time = {id * US_PER_S}};
    enum ledger_added what;
    assert_int_equal(ledger_add(l, &f, &what, NULL), ERR_OK);
}

static struct proof proof_at(const struct ledger *l, const char *mark) {
    struct proof p;
    bool has = mark != NULL;
    proof_of(&p, ledger_flows(l), ledger_totals(l), has, has ? d8(mark) : DEC8_ZERO);
    return p;
}

static void assert_exact(struct ledger *l, const char *mark, const char *worth) {
    struct proof p = proof_at(l, mark);
    assert_int_equal(p.reasons, 0);
    assert_int_equal(p.state, PROOF_EXACT);
    assert_true(p.drift.v == 0 && p.worth.v == d16(worth).v);
    ledger_free(l);
}

static void assert_unchecked(struct ledger *l, const char *mark, enum proof_reason reason) {
    struct proof p = proof_at(l, mark);
    assert_int_equal(p.state, PROOF_UNCHECKED);
    assert_int_equal(p.reasons, 1U << reason);
    ledger_free(l);
}

static void the_worked_figures_are_worth_their_totals(void **state) {
    (void)state;
    struct ledger *l = new_ledger(0);
    add(l, 1, SIDE_BUY, "100", "1", "0.1", "USDT");
    add(l, 2, SIDE_SELL, "110", "1", "0.11", "USDT");
    assert_exact(l, "120", "9.79");
    l = new_ledger(0);
    add(l, 1, SIDE_BUY, "100", "1", "0.001", "BTC");
    add(l, 2, SIDE_SELL, "110", "0.5", "0.055", "USDT");
    assert_exact(l, "120", "14.825");
    l = new_ledger(0);
    add(l, 1, SIDE_BUY, "0.00001234", "100000000000", "1234", "USDT");
    assert_exact(l, "0.00001236", "766");
    l = new_ledger(0);
    add(l, 1, SIDE_BUY, "600", "1", "0.001", "BTC");
    add(l, 2, SIDE_SELL, "610", "0.5", "0.0005", "BTC");
    assert_exact(l, "620", "14.07");
}

static void fees_in_third_assets_are_paid_at_their_kept_values(void **state) {
    (void)state;
    static const char *const prices[] = {"600.25", "598", "601"};
    struct ledger *l = new_ledger(0);
    add(l, 1, SIDE_BUY, "64250.10", "0.015", "0.00072", "BNB");
    add(l, 2, SIDE_BUY, "63800", "0.015", "0.00072", "BNB");
    add(l, 3, SIDE_SELL, "64500", "0.02", "0.00097", "BNB");
    struct proof p = proof_at(l, "64010.50"); /* no value yet: left out on both sides */
    assert_int_equal(p.state, PROOF_EXACT);
    assert_int_equal(ledger_flows(l)->unvalued, 3);
    for (int64_t id = 1; id <= 3; id++) {
        struct dec16 value;
        assert_int_equal(dec16_times(&value, d16(id < 3 ? "0.00072" : "0.00097"), d8(prices[id - 1])), ERR_OK);
        assert_int_equal(
            ledger_value_fee(l, id, id < 3 ? SIDE_BUY : SIDE_SELL, value, d8(prices[id - 1]), (struct wall){0}),
            ERR_OK);
    }
    assert_int_equal(proof_at(l, "64010.50").reasons, 1U << PROOF_RECOMPUTING);
    assert_true(ledger_recompute(l, SIZE_MAX));
    assert_exact(l, "64010.50", "7.90779");
}

/* A sell of everything, its fee in the same coin: that came from elsewhere, and is an expense at the fill's price. */
static void a_fee_paid_with_coins_from_elsewhere_is_cash(void **state) {
    (void)state;
    struct ledger *l = new_ledger(0);
    add(l, 1, SIDE_BUY, "600", "1", "0", "");
    add(l, 2, SIDE_SELL, "610", "1", "0.001", "BTC");
    struct proof p = proof_at(l, "700");
    assert_true(p.held.v == 0 && p.cash.v == d16("9.39").v);
    assert_true(ledger_totals(l)->fees_outside.v == d8("0.001").v);
    add(l, 3, SIDE_BUY, "600", "1", "0", "");
    assert_exact(l, "700", "109.39");
}

static void what_cannot_be_said_is_named(void **state) {
    (void)state;
    struct ledger *l = new_ledger(0);
    add(l, 1, SIDE_SELL, "100", "1", "0", "");
    assert_unchecked(l, "100", PROOF_UNMATCHED);
    l = new_ledger(0);
    add(l, 1, SIDE_BUY, "100", "1", "0", "");
    assert_unchecked(l, NULL, PROOF_NO_PRICE);
    l = new_ledger(2 * US_PER_S);
    add(l, 1, SIDE_BUY, "100", "1", "0", "");
    add(l, 2, SIDE_BUY, "100", "1", "0", "");
    assert_unchecked(l, "100", PROOF_SINCE);
    l = new_ledger(US_PER_S);
    add(l, 1, SIDE_BUY, "100", "1", "0", "");
    assert_exact(l, "100", "0"); /* nothing lies before it */
    l = new_ledger(0);
    add(l, 2, SIDE_BUY, "100", "1", "0", "");
    add(l, 1, SIDE_BUY, "100", "1", "0", "");
    assert_unchecked(l, "100", PROOF_RECOMPUTING);
    assert_exact(new_ledger(0), NULL, "0"); /* no fill: nothing made, nothing spent */
}

static void sold_out_needs_no_mark(void **state) {
    (void)state;
    struct ledger *l = new_ledger(0);
    add(l, 1, SIDE_BUY, "100", "1", "0", "");
    add(l, 2, SIDE_SELL, "101", "1", "0", "");
    assert_exact(l, NULL, "1");
}

static void a_wrong_figure_is_a_drift_to_the_last_digit(void **state) {
    (void)state;
    struct ledger *l = new_ledger(0);
    struct proof p;
    add(l, 1, SIDE_BUY, "100", "1", "0.1", "USDT");
    add(l, 2, SIDE_SELL, "110", "0.5", "0.11", "USDT");
    for (int which = 0; which < 3; which++) {
        struct ledger_totals wrong = *ledger_totals(l);
        if (which == 0) wrong.realized.v += 1;
        if (which == 1) wrong.cost_basis.v += 1;
        if (which == 2) wrong.holdings.v += 1;
        proof_of(&p, ledger_flows(l), &wrong, true, d8("120"));
        assert_int_equal(p.state, PROOF_DRIFT);
        assert_true(p.drift.v == (which == 0 ? 1 : which == 1 ? -1 : d8("120").v));
    }
    struct flows lost = *ledger_flows(l); /* a fill that never reached the figures */
    lost.sold.v += 5;
    proof_of(&p, &lost, ledger_totals(l), true, d8("120"));
    assert_true(p.state == PROOF_DRIFT && p.drift.v == -5);
    ledger_free(l);
}

static void sums_out_of_range_are_no_drift(void **state) {
    (void)state;
    struct ledger *l = new_ledger(0);
    struct proof p;
    add(l, 1, SIDE_BUY, "100", "1", "0", "");
    struct flows over = *ledger_flows(l);
    over.over = true;
    proof_of(&p, &over, ledger_totals(l), true, d8("100"));
    assert_int_equal(p.state, PROOF_UNCHECKED);
    assert_int_equal(p.reasons, 1U << PROOF_OVERFLOW);
    ledger_free(l);
}

static void words(void **state) {
    (void)state;
    assert_string_equal(proof_state_name(PROOF_EXACT), "exact");
    assert_string_equal(proof_state_name(PROOF_DRIFT), "drift");
    assert_string_equal(proof_state_name(PROOF_UNCHECKED), "unchecked");
    assert_string_equal(proof_reason_name(PROOF_RECOMPUTING), "recomputing");
    assert_string_equal(proof_reason_name(PROOF_OVERFLOW), "overflow");
    assert_string_equal(proof_reason_name(PROOF_REASONS), "?");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_worked_figures_are_worth_their_totals),
        cmocka_unit_test(fees_in_third_assets_are_paid_at_their_kept_values),
        cmocka_unit_test(a_fee_paid_with_coins_from_elsewhere_is_cash),
        cmocka_unit_test(what_cannot_be_said_is_named),
        cmocka_unit_test(sold_out_needs_no_mark),
        cmocka_unit_test(a_wrong_figure_is_a_drift_to_the_last_digit),
        cmocka_unit_test(sums_out_of_range_are_no_drift),
        cmocka_unit_test(words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
