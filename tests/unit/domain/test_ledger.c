#include "domain/ledger.h"

#include "base/limits.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

/* ---- a ledger of BTC/USDT fed by short lines ---- */

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

static struct ledger *ledger_since(int64_t since_s) {
    struct name symbol = name_of("BTC/USDT"), base = name_of("BTC"), quote = name_of("USDT");
    struct ledger *l = ledger_new(&symbol, &base, &quote, (struct wall){since_s * US_PER_S});
    assert_non_null(l);
    return l;
}

static struct ledger *ledger(void) { return ledger_since(0); }

/* Trade number id happens at second id. */
static struct fill fill(int64_t id, enum side side, const char *price, const char *quantity) {
    return (struct fill){.symbol = name_of("BTC/USDT"),
                         .trade_id = id,
                         .order_id = ORDER_ID_NONE,
                         .side = side,
                         .source = SOURCE_REST,
                         .price = d8(price),
                         .quantity = d8(quantity),
                         .time = {id * US_PER_S}};
}

static struct fill with_fee(struct fill f, const char *fee, const char *asset) {
    f.fee = d16(fee);
    f.fee_asset = name_of(asset);
    return f;
}

static struct fill of_order(struct fill f, int64_t order) {
    f.order_id = order;
    return f;
}

static struct fill from_source(struct fill f, enum fill_source source) {
    f.source = source;
    return f;
}

static enum ledger_added add(struct ledger *l, struct fill f, bool expect_change) {
    enum ledger_added what = LEDGER_DUPLICATE;
    bool changed = !expect_change;
    assert_int_equal(ledger_add(l, &f, &what, &changed), ERR_OK);
    assert_int_equal(changed, expect_change);
    return what;
}

static void buy(struct ledger *l, int64_t id, const char *price, const char *quantity) {
    assert_int_equal(add(l, fill(id, SIDE_BUY, price, quantity), true), LEDGER_ADDED);
}

static void sell(struct ledger *l, int64_t id, const char *price, const char *quantity) {
    assert_int_equal(add(l, fill(id, SIDE_SELL, price, quantity), true), LEDGER_ADDED);
}

static const struct ledger_totals *settled(struct ledger *l) {
    assert_true(ledger_recompute(l, SIZE_MAX));
    assert_true(ledger_ok(l));
    return ledger_totals(l);
}

static void assert16(struct dec16 got, const char *want) {
    char text[DEC_TEXT_MAX];
    dec16_format(text, got);
    assert_string_equal(text, want);
}

static void assert8(struct dec8 got, const char *want) {
    char text[DEC_TEXT_MAX];
    dec8_format(text, got);
    assert_string_equal(text, want);
}

/* ---- identity and authority ---- */

static void in_order_fill_counts_at_once(void **state) {
    struct ledger *l = ledger();
    (void)state;
    assert_int_equal(ledger_totals(l)->fills, 0);
    buy(l, 1, "100", "2");
    assert_false(ledger_totals(l)->recomputing);
    assert8(ledger_totals(l)->holdings, "2");
    sell(l, 2, "110", "1");
    assert16(ledger_totals(l)->realized, "10");
    assert16(ledger_totals(l)->bought, "200");
    assert16(ledger_totals(l)->sold, "110");
    assert_int_equal(ledger_totals(l)->first_fill.us, US_PER_S);
    assert_int_equal(ledger_totals(l)->last_fill.us, 2 * US_PER_S);
    assert_true(ledger_knows(l, 1, SIDE_BUY));
    assert_false(ledger_knows(l, 1, SIDE_SELL));
    assert_false(ledger_knows(l, 3, SIDE_BUY));
    assert_int_equal(ledger_first_id(l), 1);
    assert_int_equal(ledger_last_id(l), 2);
    ledger_free(l);
}

static void repeated_record_is_dropped(void **state) {
    struct ledger *l = ledger();
    (void)state;
    buy(l, 1, "100", "1");
    assert_int_equal(add(l, fill(1, SIDE_BUY, "100", "1"), false), LEDGER_DUPLICATE);
    assert_int_equal(add(l, fill(1, SIDE_BUY, "999", "9"), false), LEDGER_DUPLICATE); /* no more authority */
    assert_int_equal(add(l, from_source(fill(1, SIDE_BUY, "999", "9"), SOURCE_BOT), false), LEDGER_DUPLICATE);
    assert16(settled(l)->cost_basis, "100");
    assert_int_equal(ledger_totals(l)->fills, 1);
    ledger_free(l);
}

static void self_trade_counts_on_both_sides(void **state) {
    struct ledger *l = ledger();
    struct fill s = fill(1, SIDE_SELL, "100", "1");
    (void)state;
    add(l, s, true);
    add(l, fill(1, SIDE_BUY, "100", "1"), true); /* the buy sorts before the sell of the same id */
    assert_int_equal(settled(l)->fills, 2);
    assert8(ledger_totals(l)->unmatched, "0");
    assert_int_equal(ledger_totals(l)->cycles, 1);
    ledger_free(l);
}

static void more_authority_with_equal_figures_changes_nothing(void **state) {
    struct ledger *l = ledger();
    struct fill out;
    (void)state;
    add(l, with_fee(from_source(fill(1, SIDE_BUY, "100", "1"), SOURCE_STREAM), "0.1", "USDT"), true);
    assert_int_equal(add(l, with_fee(fill(1, SIDE_BUY, "100", "1"), "0.1", "USDT"), false), LEDGER_REPLACED);
    assert_false(ledger_totals(l)->recomputing);
    ledger_get(l, 0, &out, NULL);
    assert_int_equal(out.source, SOURCE_REST);
    ledger_free(l);
}

static void more_authority_corrects_and_recomputes(void **state) {
    struct ledger *l = ledger();
    (void)state;
    add(l, with_fee(from_source(fill(1, SIDE_BUY, "100", "1"), SOURCE_BOT), "0.001", ""), true);
    sell(l, 2, "110", "0.5");
    assert_int_equal(ledger_totals(l)->assumed_fees, 1);
    assert16(ledger_totals(l)->realized, "4.999");
    assert_int_equal(add(l, with_fee(fill(1, SIDE_BUY, "100", "1"), "0.001", "BTC"), true), LEDGER_REPLACED);
    assert_true(ledger_totals(l)->recomputing);
    assert16(ledger_totals(l)->realized, "4.999"); /* the old figures stay until it is done */
    assert_int_equal(ledger_totals(l)->assumed_fees, 1);
    assert16(settled(l)->realized, "4.9");
    assert8(ledger_totals(l)->holdings, "0.499");
    assert_int_equal(ledger_totals(l)->assumed_fees, 0);
    assert_false(ledger_totals(l)->recomputing);
    ledger_free(l);
}

static void corrected_time_moves_the_fill(void **state) {
    struct ledger *l = ledger();
    struct fill late = from_source(fill(1, SIDE_BUY, "100", "1"), SOURCE_BOT), out;
    (void)state;
    late.time.us = 9 * US_PER_S;
    sell(l, 2, "110", "1");
    add(l, late, true);
    assert8(settled(l)->unmatched, "1");
    assert_int_equal(add(l, fill(1, SIDE_BUY, "100", "1"), true), LEDGER_REPLACED);
    assert_true(ledger_knows(l, 1, SIDE_BUY));
    assert8(settled(l)->unmatched, "0");
    assert16(ledger_totals(l)->realized, "10");
    assert_int_equal(ledger_totals(l)->fills, 2);
    assert_int_equal(ledger_count(l), 2);
    ledger_get(l, 0, &out, NULL);
    assert_int_equal(out.trade_id, 1);
    ledger_free(l);
}

static void corrected_order_id_joins_a_cycle(void **state) {
    struct ledger *l = ledger();
    (void)state;
    buy(l, 1, "100", "2");
    add(l, of_order(fill(2, SIDE_SELL, "110", "1"), 7), true);
    add(l, from_source(fill(3, SIDE_SELL, "80", "1"), SOURCE_BOT), true); /* alone: a loss */
    assert_int_equal(ledger_totals(l)->cycles, 2);
    add(l, of_order(fill(3, SIDE_SELL, "80", "1"), 7), true);
    assert_int_equal(settled(l)->cycles, 1);
    assert_int_equal(ledger_totals(l)->wins, 0);
    assert16(ledger_totals(l)->gross_loss, "10");
    ledger_free(l);
}

static void finds_the_record_that_stands(void **state) {
    struct ledger *l = ledger();
    struct fill out;
    (void)state;
    add(l, from_source(fill(5, SIDE_BUY, "99", "1"), SOURCE_BOT), true);
    add(l, fill(5, SIDE_BUY, "100", "1"), true);
    add(l, fill(3, SIDE_SELL, "101", "1"), true); /* staged, and found all the same */
    assert_true(ledger_find(l, 5, SIDE_BUY, &out));
    assert8(out.price, "100");
    assert_string_equal(out.symbol.text, "BTC/USDT");
    assert_true(ledger_find(l, 3, SIDE_SELL, &out));
    assert8(out.price, "101");
    assert_false(ledger_find(l, 4, SIDE_SELL, &out));
    assert_false(ledger_find(l, 3, SIDE_BUY, &out));
    assert_false(ledger_find(l, 6, SIDE_BUY, &out));
    ledger_free(l);
}

static void keeps_when_it_first_heard_of_a_fill(void **state) {
    struct ledger *l = ledger();
    struct fill f = from_source(fill(1, SIDE_BUY, "100", "1"), SOURCE_STREAM), out;
    (void)state;
    f.received_at.us = 111;
    add(l, f, true);
    f.source = SOURCE_REST;
    f.received_at.us = 222;
    add(l, f, false);
    ledger_get(l, 0, &out, NULL);
    assert_int_equal(out.received_at.us, 111);
    ledger_free(l);
}

/* ---- what is no fill, what overflows ---- */

static void what_is_no_fill_is_refused(void **state) {
    struct ledger *l = ledger();
    struct fill f = fill(1, SIDE_BUY, "100", "1");
    enum ledger_added what = LEDGER_DUPLICATE;
    (void)state;
    f.price.v = 0;
    assert_int_equal(ledger_add(l, &f, &what, NULL), ERR_VALUE);
    f = with_fee(fill(1, SIDE_BUY, "100", "1"), "1.00000001", "BTC"); /* a fee above what was bought */
    assert_int_equal(ledger_add(l, &f, &what, NULL), ERR_VALUE);
    f = with_fee(fill(1, SIDE_BUY, "100", "1"), "1", "BNB");
    f.fee_state = FEE_VALUED;
    f.fee_value.v = -1;
    assert_int_equal(ledger_add(l, &f, &what, NULL), ERR_VALUE);
    assert_int_equal(what, LEDGER_DUPLICATE);
    assert_int_equal(ledger_count(l), 0);
    assert_false(ledger_knows(l, 1, SIDE_BUY));
    assert_false(ledger_totals(l)->partial);
    ledger_free(l);
}

static void fee_that_eats_the_whole_lot_leaves_none(void **state) {
    struct ledger *l = ledger();
    struct fill f = with_fee(fill(1, SIDE_BUY, "100", "1"), "1", "BTC");
    (void)state;
    f.quote_amount = d16("100.5"); /* the exchange rounded: the rest has no lot to stay with */
    add(l, f, true);
    assert8(settled(l)->holdings, "0");
    assert16(ledger_totals(l)->cost_basis, "0");
    assert16(ledger_totals(l)->realized, "-100.5");
    sell(l, 2, "100", "1");
    assert8(ledger_totals(l)->unmatched, "1");
    ledger_free(l);
}

static void base_fee_has_eight_digits(void **state) {
    struct ledger *l = ledger();
    struct fill out;
    (void)state;
    add(l, with_fee(fill(1, SIDE_BUY, "100", "1"), "0.0000000150000001", "BTC"), true);
    assert8(settled(l)->holdings, "0.99999998");
    ledger_get(l, 0, &out, NULL);
    assert16(out.fee, "0.00000002");
    assert16(out.fee_value, "0.000002");
    ledger_free(l);
}

static void overflow_refuses_before_anything_changed(void **state) {
    struct ledger *l = ledger();
    enum ledger_added what;
    (void)state;
    buy(l, 1, "1000000", "1000000000000");                                          /* the largest single fill */
    for (int64_t id = 2; id <= 10000; id++) buy(l, id, "1000000", "1000000000000"); /* basis exactly 10^22 */
    assert16(ledger_totals(l)->cost_basis, "10000000000000000000000");
    assert_false(ledger_totals(l)->partial);
    struct fill more = fill(10001, SIDE_BUY, "0.00000001", "0.00000001");
    assert_int_equal(ledger_add(l, &more, &what, NULL), ERR_RANGE);
    assert_true(ledger_totals(l)->partial);
    assert_false(ledger_knows(l, 10001, SIDE_BUY));
    assert_int_equal(ledger_count(l), 10000);
    assert16(settled(l)->cost_basis, "10000000000000000000000");
    sell(l, 10002, "1000000", "1000000000000"); /* and it goes on */
    assert16(settled(l)->cost_basis, "9999000000000000000000");
    assert_int_equal(ledger_totals(l)->wins + ledger_totals(l)->losses, 0);
    ledger_free(l);
}

static void late_fill_that_overflows_counts_nowhere(void **state) {
    struct ledger *l = ledger();
    (void)state;
    buy(l, 100, "10000000000", "1000000000000");
    buy(l, 50, "1", "1"); /* earlier: now the large one no longer fits */
    assert_true(settled(l)->partial);
    assert_int_equal(ledger_totals(l)->refused, 1);
    assert_int_equal(ledger_totals(l)->fills, 1);
    assert16(ledger_totals(l)->cost_basis, "1");
    sell(l, 60, "2", "1"); /* room again */
    assert_int_equal(settled(l)->refused, 0);
    assert_false(ledger_totals(l)->partial);
    assert16(ledger_totals(l)->cost_basis, "10000000000000000000000");
    ledger_free(l);
}

static void turnover_above_its_limit_stands_still_and_says_so(void **state) {
    struct ledger *l = ledger();
    (void)state;
    for (int64_t i = 0; i < 3; i++) {
        buy(l, 2 * i + 1, "10000000000", "600000000000");
        sell(l, 2 * i + 2, "10000000000", "600000000000");
    }
    assert_true(ledger_totals(l)->turnover_over);
    assert16(ledger_totals(l)->bought, "6000000000000000000000");
    assert_int_equal(ledger_totals(l)->fills, 6);
    assert_int_equal(ledger_totals(l)->cycles, 3);
    assert_false(ledger_totals(l)->partial);
    ledger_free(l);
}

static void more_assets_than_a_source_can_mean_are_refused(void **state) {
    struct ledger *l = ledger();
    enum ledger_added what;
    int64_t id = 1;
    (void)state;
    for (; id < 3000; id++) {
        char asset[NAME_MAX];
        snprintf(asset, sizeof asset, "A%d", (int)id);
        struct fill f = with_fee(fill(id, SIDE_BUY, "1", "1"), "1", asset);
        enum err e = ledger_add(l, &f, &what, NULL);
        if (e == ERR_FULL) break;
        assert_int_equal(e, ERR_OK);
    }
    assert_in_range(id, 1000, 1024);
    assert_int_equal(ledger_totals(l)->fills, id - 1);
    ledger_free(l);
}

/* ---- fees ---- */

static void unvalued_fee_is_left_out_until_valued(void **state) {
    struct ledger *l = ledger();
    struct fill out;
    size_t cursor = 0;
    (void)state;
    add(l, with_fee(fill(1, SIDE_BUY, "100", "1"), "0.001", "BNB"), true);
    add(l, with_fee(fill(2, SIDE_SELL, "110", "1"), "0.002", "BNB"), true);
    const struct ledger_totals *t = settled(l);
    assert16(t->realized, "10");
    assert16(t->fees_quote, "0");
    assert_true(t->partial);
    assert_int_equal(t->unvalued_fees, 2);
    assert_int_equal(t->fee_count, 1);
    assert_string_equal(t->fees[0].asset.text, "BNB");
    assert16(t->fees[0].amount, "0.003");
    assert16(t->fees[0].unvalued, "0.003");
    assert_true(ledger_next_unvalued(l, &cursor, &out));
    assert_int_equal(out.trade_id, 1);
    assert_int_equal(ledger_value_fee(l, 1, SIDE_BUY, d16("0.6"), d8("600"), (struct wall){120000000}), ERR_OK);
    assert_true(ledger_next_unvalued(l, &cursor, &out));
    assert_int_equal(out.trade_id, 2);
    assert_false(ledger_next_unvalued(l, &cursor, &out));
    t = settled(l);
    assert16(t->realized, "9.4");
    assert16(t->fees[0].unvalued, "0.002");
    assert16(t->gross_profit, "9.4"); /* its share of the buy's fee */
    assert_int_equal(ledger_value_fee(l, 2, SIDE_SELL, d16("1.2"), d8("600"), (struct wall){120000000}), ERR_OK);
    t = settled(l);
    assert16(t->realized, "8.2");
    assert_false(t->partial);
    ledger_get(l, 0, &out, NULL);
    assert_int_equal(out.fee_state, FEE_VALUED);
    assert8(out.fee_price, "600");
    assert_int_equal(out.fee_candle.us, 120000000);
    ledger_free(l);
}

static void valuing_answers_for_what_it_cannot_value(void **state) {
    struct ledger *l = ledger();
    (void)state;
    add(l, with_fee(fill(1, SIDE_BUY, "100", "1"), "0.1", "USDT"), true);
    add(l, with_fee(fill(2, SIDE_BUY, "100", "1"), "0.1", "BNB"), true);
    assert_int_equal(ledger_value_fee(l, 9, SIDE_BUY, d16("1"), d8("1"), (struct wall){0}), ERR_UNKNOWN);
    assert_int_equal(ledger_value_fee(l, 1, SIDE_SELL, d16("1"), d8("1"), (struct wall){0}), ERR_UNKNOWN);
    assert_int_equal(ledger_value_fee(l, 1, SIDE_BUY, d16("1"), d8("1"), (struct wall){0}), ERR_BAD_STATE);
    assert_int_equal(ledger_value_fee(l, 2, SIDE_BUY, d16("-1"), d8("1"), (struct wall){0}), ERR_VALUE);
    assert_int_equal(ledger_totals(l)->unvalued_fees, 1);
    ledger_free(l);
}

static void value_of_a_fee_is_kept_unless_the_fee_is_corrected(void **state) {
    struct ledger *l = ledger();
    (void)state;
    add(l, with_fee(from_source(fill(1, SIDE_BUY, "100", "1"), SOURCE_STREAM), "0.001", "BNB"), true);
    assert_int_equal(ledger_value_fee(l, 1, SIDE_BUY, d16("0.6"), d8("600"), (struct wall){0}), ERR_OK);
    assert16(settled(l)->fees_quote, "0.6");
    struct fill rest = with_fee(fill(1, SIDE_BUY, "100", "1"), "0.001", "BNB");
    rest.fee_state = FEE_VALUED;
    rest.fee_value = d16("0.7"); /* another reading of the same fee: too late */
    add(l, rest, false);
    assert16(settled(l)->fees_quote, "0.6");
    ledger_free(l);

    l = ledger();
    add(l, with_fee(from_source(fill(1, SIDE_BUY, "100", "1"), SOURCE_STREAM), "0.001", "BNB"), true);
    assert_int_equal(ledger_value_fee(l, 1, SIDE_BUY, d16("0.6"), d8("600"), (struct wall){0}), ERR_OK);
    add(l, with_fee(fill(1, SIDE_BUY, "100", "1"), "0.002", "BNB"), true);
    assert16(settled(l)->fees_quote, "0");
    assert_int_equal(ledger_totals(l)->unvalued_fees, 1);
    ledger_free(l);
}

static void stored_value_is_taken_and_completes_an_unvalued_record(void **state) {
    struct ledger *l = ledger();
    struct fill f = with_fee(fill(1, SIDE_BUY, "100", "1"), "0.001", "BNB");
    (void)state;
    add(l, f, true);
    f.fee_state = FEE_VALUED;
    f.fee_value = d16("0.6");
    assert_int_equal(add(l, f, true), LEDGER_REPLACED);
    assert16(settled(l)->fees_quote, "0.6");
    assert_int_equal(add(l, f, false), LEDGER_DUPLICATE);
    f = with_fee(fill(2, SIDE_BUY, "100", "1"), "0.1", "USDT");
    f.fee_state = FEE_VALUED; /* nonsense for the quote asset: its value follows from itself */
    f.fee_value = d16("5");
    add(l, f, true);
    assert16(settled(l)->fees_quote, "0.7");
    ledger_free(l);
}

static void base_fee_on_a_sell_is_one_more_disposal(void **state) {
    struct ledger *l = ledger();
    struct fill_result r;
    struct fill f;
    (void)state;
    buy(l, 1, "600", "1");
    buy(l, 2, "500", "1");
    add(l, with_fee(fill(3, SIDE_SELL, "610", "1"), "0.1", "BTC"), true);
    const struct ledger_totals *t = settled(l);
    assert8(t->holdings, "0.9");
    assert16(t->cost_basis, "450");
    assert16(t->realized, "-40"); /* 10 of the sale, less the fee's basis of 50 */
    assert16(t->fees_quote, "61");
    assert_int_equal(t->cycles, 1);
    assert16(t->gross_loss, "40");
    ledger_get(l, 2, &f, &r);
    assert_int_equal(r.closes_first, 1);
    assert_int_equal(r.closes_last, 2);
    ledger_free(l);
}

static void base_fee_without_a_lot_is_an_expense_and_spoils_nothing(void **state) {
    struct ledger *l = ledger();
    (void)state;
    buy(l, 1, "600", "1");
    add(l, with_fee(fill(2, SIDE_SELL, "700", "1"), "0.1", "BTC"), true);
    const struct ledger_totals *t = settled(l);
    assert16(t->realized, "30");
    assert8(t->unmatched, "0");
    assert_int_equal(t->cycles, 1);
    assert_int_equal(t->wins, 1);
    assert16(t->gross_profit, "30");
    ledger_free(l);
}

static void fee_assets_beyond_the_table_are_summed_as_others(void **state) {
    struct ledger *l = ledger();
    (void)state;
    for (int64_t id = 1; id <= 20; id++) {
        char asset[NAME_MAX];
        snprintf(asset, sizeof asset, "A%02d", (int)id);
        add(l, with_fee(fill(id, SIDE_BUY, "1", "1"), "1", asset), true);
        assert_int_equal(ledger_value_fee(l, id, SIDE_BUY, d16("1"), d8("1"), (struct wall){0}), ERR_OK);
    }
    const struct ledger_totals *t = settled(l);
    assert_int_equal(t->fee_count, LEDGER_FEE_ASSETS_MAX);
    assert_string_equal(t->fees[14].asset.text, "A15");
    assert_string_equal(t->fees[15].asset.text, "others");
    assert16(t->fees[15].amount, "5");
    assert16(t->fees_quote, "20");
    assert_true(t->partial);
    ledger_free(l);
}

/* ---- cycles ---- */

static void fills_of_one_order_are_one_cycle_though_interleaved(void **state) {
    struct ledger *l = ledger();
    (void)state;
    buy(l, 1, "100", "10");
    add(l, of_order(fill(2, SIDE_SELL, "90", "1"), 7), true);
    assert_int_equal(ledger_totals(l)->losses, 1);
    add(l, of_order(fill(3, SIDE_SELL, "110", "1"), 8), true);
    buy(l, 4, "100", "1");
    add(l, of_order(fill(5, SIDE_SELL, "130", "1"), 7), true); /* reopens the first */
    const struct ledger_totals *t = settled(l);
    assert_int_equal(t->cycles, 2);
    assert_int_equal(t->wins, 2);
    assert_int_equal(t->losses, 0);
    assert16(t->gross_profit, "30");
    assert16(t->gross_loss, "0");
    ledger_free(l);
}

static void order_that_leaves_something_unmatched_is_no_cycle(void **state) {
    struct ledger *l = ledger();
    (void)state;
    buy(l, 1, "100", "1");
    add(l, of_order(fill(2, SIDE_SELL, "110", "1"), 7), true);
    assert_int_equal(ledger_totals(l)->cycles, 1);
    add(l, of_order(fill(3, SIDE_SELL, "110", "1"), 7), true);
    const struct ledger_totals *t = settled(l);
    assert_int_equal(t->cycles, 0);
    assert_int_equal(t->wins, 0);
    assert16(t->gross_profit, "0");
    assert16(t->realized, "10");
    assert8(t->unmatched, "1");
    buy(l, 4, "100", "1");
    add(l, of_order(fill(5, SIDE_SELL, "110", "1"), 7), true); /* once spoiled, it stays so */
    assert_int_equal(settled(l)->cycles, 0);
    ledger_free(l);
}

static void cycle_of_zero_is_neither_won_nor_lost(void **state) {
    struct ledger *l = ledger();
    (void)state;
    buy(l, 1, "100", "1");
    sell(l, 2, "100", "1");
    assert_int_equal(ledger_totals(l)->cycles, 1);
    assert_int_equal(ledger_totals(l)->wins + ledger_totals(l)->losses, 0);
    ledger_free(l);
}

/* ---- since ---- */

static void fills_before_since_build_lots_only(void **state) {
    struct ledger *l = ledger_since(10);
    struct fill_result r;
    struct fill f;
    (void)state;
    add(l, with_fee(fill(1, SIDE_BUY, "100", "2"), "1", "USDT"), true);
    add(l, with_fee(fill(2, SIDE_SELL, "500", "1"), "1", "USDT"), true);
    sell(l, 3, "500", "0.1");
    assert_int_equal(ledger_totals(l)->fills, 0);
    assert16(ledger_totals(l)->realized, "0");
    assert8(ledger_totals(l)->holdings, "0.9");
    assert_int_equal(ledger_totals(l)->fee_count, 0);
    sell(l, 10, "110", "0.9");
    const struct ledger_totals *t = settled(l);
    assert16(t->realized, "9");
    assert16(t->gross_profit, "8.55"); /* less its share of the buy's fee */
    assert_int_equal(t->fills, 1);
    assert_int_equal(t->cycles, 1);
    assert_int_equal(t->first_fill.us, 10 * US_PER_S);
    ledger_get(l, 1, &f, &r);
    assert16(r.realized, "0");
    ledger_free(l);
}

/* ---- late fills, slices, reading ---- */

static void late_fill_waits_for_the_recomputation(void **state) {
    struct ledger *l = ledger();
    (void)state;
    sell(l, 5, "110", "1");
    assert8(ledger_totals(l)->unmatched, "1");
    buy(l, 3, "100", "1");
    assert_true(ledger_knows(l, 3, SIDE_BUY));
    assert_int_equal(ledger_first_id(l), 3);
    assert_true(ledger_totals(l)->recomputing);
    assert8(ledger_totals(l)->unmatched, "1");
    struct ledger_totals at;
    assert_int_equal(ledger_totals_at(l, (struct wall){4 * US_PER_S}, &at), ERR_BAD_STATE);
    assert_int_equal(add(l, fill(3, SIDE_BUY, "100", "1"), false), LEDGER_DUPLICATE);
    assert16(settled(l)->realized, "10");
    ledger_free(l);
}

static void slices_keep_the_old_figures_until_the_end(void **state) {
    struct ledger *l = ledger();
    size_t slices = 0;
    (void)state;
    for (int64_t id = 10; id < 110; id++) sell(l, id, "110", "1");
    buy(l, 1, "100", "100");
    while (!ledger_recompute(l, 7)) {
        assert8(ledger_totals(l)->unmatched, "100");
        assert_true(ledger_totals(l)->recomputing);
        slices++;
    }
    assert_in_range(slices, 20, 40); /* 100 undone and 101 applied, 7 at a time */
    assert16(settled(l)->realized, "1000");
    assert_int_equal(ledger_totals(l)->cycles, 100);
    ledger_free(l);
}

static void fills_that_come_while_recomputing_are_not_lost(void **state) {
    struct ledger *l = ledger();
    (void)state;
    for (int64_t id = 100; id < 200; id++) sell(l, id, "110", "1");
    buy(l, 1, "100", "50");
    assert_false(ledger_recompute(l, 30));
    sell(l, 200, "110", "1");   /* at the end */
    buy(l, 150, "100", "50.5"); /* behind the changed position */
    assert_false(ledger_recompute(l, 30));
    buy(l, 2, "100", "0.5"); /* before it */
    assert16(settled(l)->realized, "1010");
    assert8(ledger_totals(l)->holdings, "0");
    assert_int_equal(ledger_totals(l)->cycles, 101);
    ledger_free(l);
}

static void results_of_single_fills(void **state) {
    struct ledger *l = ledger();
    struct fill f;
    struct fill_result r;
    (void)state;
    add(l, with_fee(fill(1, SIDE_BUY, "100", "1"), "0.5", "USDT"), true);
    buy(l, 2, "102", "1");
    sell(l, 3, "110", "3");
    settled(l);
    ledger_get(l, 0, &f, &r);
    assert_string_equal(f.symbol.text, "BTC/USDT");
    assert16(f.quote_amount, "100");
    assert16(r.realized, "-0.5");
    assert_int_equal(r.closes_first, -1);
    ledger_get(l, 2, &f, &r);
    assert16(r.realized, "18");
    assert8(r.matched, "2");
    assert8(r.unmatched, "1");
    assert_int_equal(r.closes_first, 1);
    assert_int_equal(r.closes_last, 2);
    assert_int_equal(ledger_position(l, (struct wall){0}), 0);
    assert_int_equal(ledger_position(l, (struct wall){2 * US_PER_S}), 1);
    assert_int_equal(ledger_position(l, (struct wall){2 * US_PER_S + 1}), 2);
    assert_int_equal(ledger_position(l, (struct wall){INT64_MAX}), 3);
    ledger_free(l);
}

static void keeps_every_digit_of_a_fill(void **state) {
    struct ledger *l = ledger();
    struct fill narrow = of_order(with_fee(fill(7, SIDE_SELL, "0.00001234", "5"), "0.0000000000000001", "BNB"), -77),
                out;
    struct fill wide = with_fee(fill(8, SIDE_BUY, "1000000", "1000000000000"), "123456789012.3456789", "XYZ");
    (void)state;
    narrow.maker = MAKER_YES;
    narrow.received_at.us = 99;
    wide.trade_id = wide.time.us = INT64_MAX;
    wide.quote_amount = d16("999999999999999999.9999999999999999");
    wide.fee_state = FEE_VALUED;
    wide.fee_value = d16("7777777777.7777777777777777");
    wide.fee_price = d8("99999999999999999.99999999");
    wide.fee_candle.us = 61000001;
    wide.maker = MAKER_NO;
    add(l, narrow, true);
    add(l, wide, true);
    ledger_get(l, 0, &out, NULL);
    assert_true(out.price.v == narrow.price.v && out.quantity.v == narrow.quantity.v && out.fee.v == narrow.fee.v);
    assert_true(out.order_id == -77 && out.trade_id == 7 && out.side == SIDE_SELL && out.maker == MAKER_YES);
    assert_true(out.received_at.us == 99 && out.time.us == 7 * US_PER_S && out.source == SOURCE_REST);
    assert_string_equal(out.fee_asset.text, "BNB");
    assert_int_equal(out.fee_state, FEE_UNVALUED);
    ledger_get(l, 1, &out, NULL);
    assert_true(out.price.v == wide.price.v && out.quantity.v == wide.quantity.v && out.fee.v == wide.fee.v);
    assert_true(out.quote_amount.v == wide.quote_amount.v && out.fee_value.v == wide.fee_value.v);
    assert_true(out.fee_price.v == wide.fee_price.v && out.fee_candle.us == wide.fee_candle.us);
    assert_true(out.trade_id == INT64_MAX && out.time.us == INT64_MAX && out.maker == MAKER_NO);
    ledger_free(l);
}

static void totals_at_a_time_are_those_before_it(void **state) {
    struct ledger *l = ledger();
    struct ledger_totals at;
    (void)state;
    buy(l, 1, "100", "1");
    sell(l, 2, "110", "0.5");
    sell(l, 3, "120", "0.5");
    assert_int_equal(ledger_totals_at(l, (struct wall){0}, &at), ERR_OK);
    assert_int_equal(at.fills, 0);
    assert_int_equal(ledger_totals_at(l, (struct wall){3 * US_PER_S}, &at), ERR_OK);
    assert16(at.realized, "5");
    assert8(at.holdings, "0.5");
    assert_int_equal(ledger_totals_at(l, (struct wall){3 * US_PER_S + 1}, &at), ERR_OK);
    assert16(at.realized, "15");
    ledger_free(l);
}

/* ---- valuing the holdings ---- */

static void unrealized_and_total(void **state) {
    struct ledger_totals t = {.holdings = d8("0.5"), .cost_basis = d16("50"), .realized = d16("-1")},
                         flat = {.realized = {7}};
    struct dec16 unrealized = {4711}, total = {4711};
    struct dec8 average;
    (void)state;
    assert_int_equal(ledger_unrealized(&t, d8("120"), &unrealized, &total), ERR_OK);
    assert16(unrealized, "10");
    assert16(total, "9");
    assert_int_equal(ledger_unrealized_fine(&t, d16("100.0000000000000002"), &unrealized, &total), ERR_OK);
    assert16(unrealized, "0.0000000000000001");
    assert_int_equal(ledger_unrealized(&t, d8("1E+29"), &unrealized, &total), ERR_RANGE);
    assert16(unrealized, "0.0000000000000001");
    assert_int_equal(ledger_unrealized(&flat, d8("1E+29"), &unrealized, &total), ERR_OK); /* no holdings: any price */
    assert_true(unrealized.v == 0 && total.v == 7);
    assert_int_equal(ledger_average_cost(&t, &average), ERR_OK);
    assert8(average, "100");
    t.holdings = d8("0.3");
    assert_int_equal(ledger_average_cost(&t, &average), ERR_OK);
    assert8(average, "166.66666667");
    assert_int_equal(ledger_average_cost(&flat, &average), ERR_BAD_STATE);
}

/* A hundred thousand fills behind it, one more in order and one late. */
static void large_history(void **state) {
    enum { FILLS = 100000 };
    struct ledger *l = ledger();
    (void)state;
    for (int64_t id = 1; id <= FILLS; id++)
        add(l, of_order(fill(2 * id, id % 2 == 1 ? SIDE_BUY : SIDE_SELL, id % 2 == 1 ? "100" : "101", "0.01"), id),
            true);
    assert16(ledger_totals(l)->realized, "500");
    assert_int_equal(ledger_totals(l)->cycles, FILLS / 2);
    assert_int_equal(ledger_totals(l)->wins, FILLS / 2);
    buy(l, 2 * FILLS - 2 * LIMIT_CHECKPOINT_FILLS - 1, "1", "0.01");
    size_t steps = 0;
    while (!ledger_recompute(l, 100)) steps++;
    assert_true(steps < 5 * LIMIT_CHECKPOINT_FILLS / 100); /* from the nearest checkpoint, not from the start */
    assert8(settled(l)->holdings, "0.01");
    assert_int_equal(ledger_totals(l)->fills, FILLS + 1);
    ledger_free(l);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_order_fill_counts_at_once),
        cmocka_unit_test(repeated_record_is_dropped),
        cmocka_unit_test(self_trade_counts_on_both_sides),
        cmocka_unit_test(more_authority_with_equal_figures_changes_nothing),
        cmocka_unit_test(more_authority_corrects_and_recomputes),
        cmocka_unit_test(corrected_time_moves_the_fill),
        cmocka_unit_test(corrected_order_id_joins_a_cycle),
        cmocka_unit_test(finds_the_record_that_stands),
        cmocka_unit_test(keeps_when_it_first_heard_of_a_fill),
        cmocka_unit_test(what_is_no_fill_is_refused),
        cmocka_unit_test(fee_that_eats_the_whole_lot_leaves_none),
        cmocka_unit_test(base_fee_has_eight_digits),
        cmocka_unit_test(overflow_refuses_before_anything_changed),
        cmocka_unit_test(late_fill_that_overflows_counts_nowhere),
        cmocka_unit_test(turnover_above_its_limit_stands_still_and_says_so),
        cmocka_unit_test(more_assets_than_a_source_can_mean_are_refused),
        cmocka_unit_test(unvalued_fee_is_left_out_until_valued),
        cmocka_unit_test(valuing_answers_for_what_it_cannot_value),
        cmocka_unit_test(value_of_a_fee_is_kept_unless_the_fee_is_corrected),
        cmocka_unit_test(stored_value_is_taken_and_completes_an_unvalued_record),
        cmocka_unit_test(base_fee_on_a_sell_is_one_more_disposal),
        cmocka_unit_test(base_fee_without_a_lot_is_an_expense_and_spoils_nothing),
        cmocka_unit_test(fee_assets_beyond_the_table_are_summed_as_others),
        cmocka_unit_test(fills_of_one_order_are_one_cycle_though_interleaved),
        cmocka_unit_test(order_that_leaves_something_unmatched_is_no_cycle),
        cmocka_unit_test(cycle_of_zero_is_neither_won_nor_lost),
        cmocka_unit_test(fills_before_since_build_lots_only),
        cmocka_unit_test(late_fill_waits_for_the_recomputation),
        cmocka_unit_test(slices_keep_the_old_figures_until_the_end),
        cmocka_unit_test(fills_that_come_while_recomputing_are_not_lost),
        cmocka_unit_test(results_of_single_fills),
        cmocka_unit_test(keeps_every_digit_of_a_fill),
        cmocka_unit_test(totals_at_a_time_are_those_before_it),
        cmocka_unit_test(unrealized_and_total),
        cmocka_unit_test(large_history),
    };
    return cmocka_run_group_tests_name("domain/ledger", tests, NULL, NULL);
}
