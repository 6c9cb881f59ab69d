/* The table of ACCOUNTING 7, one test a row, and its closing check: total = cash flows + holdings at the mark. */
#include "oracle.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

struct worked_fill {
    enum side side;
    const char *price, *quantity, *fee, *fee_asset, *fee_price;
};

struct worked {
    const char *symbol, *mark;
    struct worked_fill fills[3];
    const char *realized, *unrealized, *total, *holdings, *basis, *unmatched;
};

static const struct worked rows[] = {
    {"BTC/USDT",
     "120",
     {{SIDE_BUY, "100", "1", "0.1", "USDT", NULL}, {SIDE_SELL, "110", "1", "0.11", "USDT", NULL}},
     "9.79",
     "0",
     "9.79",
     "0",
     "0",
     "0"},
    {"BTC/USDT",
     "120",
     {{SIDE_BUY, "100", "1", "0.001", "BTC", NULL}, {SIDE_SELL, "110", "0.5", "0.055", "USDT", NULL}},
     "4.845",
     "9.98",
     "14.825",
     "0.499",
     "49.9",
     "0"},
    {"BTC/USDT",
     "64010.50",
     {{SIDE_BUY, "64250.10", "0.015", "0.00072", "BNB", "600.25"},
      {SIDE_BUY, "63800", "0.015", "0.00072", "BNB", "598"},
      {SIDE_SELL, "64500", "0.02", "0.00097", "BNB", "601"}},
     "5.80279",
     "2.105",
     "7.90779",
     "0.01",
     "638",
     "0"},
    {"BTC/USDT",
     "64100",
     {{SIDE_SELL, "64500", "0.01", "0.645", "USDT", NULL}, {SIDE_BUY, "64000", "0.005", "0.32", "USDT", NULL}},
     "-0.965",
     "0.5",
     "-0.465",
     "0.005",
     "320",
     "0.01"},
    {"SHIB/USDT",
     "0.00001236",
     {{SIDE_BUY, "0.00001234", "100000000000", "1234", "USDT", NULL}},
     "-1234",
     "2000",
     "766",
     "100000000000",
     "1234000",
     "0"},
    {"BNB/USDT",
     "620",
     {{SIDE_BUY, "600", "1", "0.001", "BNB", NULL}, {SIDE_SELL, "610", "0.5", "0.0005", "BNB", NULL}},
     "4.1",
     "9.97",
     "14.07",
     "0.4985",
     "299.1",
     "0"},
};

static struct fill fill_of(const struct worked *row, size_t i) {
    const struct worked_fill *f = &row->fills[i];
    return (struct fill){
        .symbol = name_of(row->symbol),
        .trade_id = (int64_t)i + 1,
        .order_id = (int64_t)i + 100,
        .side = f->side,
        .source = SOURCE_REST,
        .price = dec8_text(f->price),
        .quantity = dec8_text(f->quantity),
        .fee = dec16_text(f->fee),
        .fee_asset = name_of(f->fee_asset),
        .time = {(int64_t)(i + 1) * US_PER_S},
    };
}

static void value_fee(struct ledger *l, const struct fill *f, const char *price_text) {
    struct dec16 value;
    struct dec8 price = dec8_text(price_text);
    assert_int_equal(dec16_times(&value, f->fee, price), ERR_OK);
    assert_int_equal(ledger_value_fee(l, f->trade_id, f->side, value, price, (struct wall){0}), ERR_OK);
}

static struct ledger *ledger_of(const struct worked *row) {
    struct name symbol = name_of(row->symbol), base, quote;
    assert_int_equal(symbol_split(&base, &quote, name_span(&symbol)), ERR_OK);
    struct ledger *l = ledger_new(&symbol, &base, &quote, (struct wall){0});
    assert_non_null(l);
    for (size_t i = 0; i < 3 && row->fills[i].price != NULL; i++) {
        struct fill f = fill_of(row, i);
        enum ledger_added what;
        bool changed;
        assert_int_equal(ledger_add(l, &f, &what, &changed), ERR_OK);
        assert_int_equal(what, LEDGER_ADDED);
        assert_true(changed);
        if (row->fills[i].fee_price != NULL) value_fee(l, &f, row->fills[i].fee_price);
    }
    while (!ledger_recompute(l, 1)) assert_true(ledger_totals(l)->recomputing);
    return l;
}

static void a_worked_row(void **state) {
    const struct worked *row = *state;
    struct ledger *l = ledger_of(row);
    const struct ledger_totals *t = ledger_totals(l);
    struct dec16 unrealized, total;
    assert_int_equal(ledger_unrealized(t, dec8_text(row->mark), &unrealized, &total), ERR_OK);
    assert_true(t->realized.v == dec16_text(row->realized).v);
    assert_true(unrealized.v == dec16_text(row->unrealized).v);
    assert_true(total.v == dec16_text(row->total).v);
    assert_true(t->holdings.v == dec8_text(row->holdings).v);
    assert_true(t->cost_basis.v == dec16_text(row->basis).v);
    assert_true(t->unmatched.v == dec8_text(row->unmatched).v);
    assert_false(t->partial);
    assert_true(ledger_ok(l));
    ledger_free(l);
}

/* Fees in base are already missing from the holdings; all others are cash. */
static void total_is_cash_plus_holdings_at_the_mark(void **state) {
    const struct worked *row = *state;
    struct ledger *l = ledger_of(row);
    const struct ledger_totals *t = ledger_totals(l);
    struct dec16 unrealized, total, worth;
    i128 cash = t->sold.v - t->bought.v;
    for (size_t i = 0; i < ledger_count(l); i++) {
        struct fill f;
        ledger_get(l, i, &f, NULL);
        struct span symbol = span_of(row->symbol);
        bool base_fee = span_starts(symbol, name_span(&f.fee_asset));
        if (!base_fee) cash -= f.fee_value.v;
    }
    assert_int_equal(dec8_mul(&worth, t->holdings, dec8_text(row->mark)), ERR_OK);
    assert_int_equal(ledger_unrealized(t, dec8_text(row->mark), &unrealized, &total), ERR_OK);
    if (t->unmatched.v == 0) assert_true(total.v == cash + worth.v);
    else assert_false(total.v == cash + worth.v); /* history incomplete: the proceeds are nobody's profit */
    ledger_free(l);
}

#define ROW(i, name)                                                                                                   \
    {name, a_worked_row, NULL, NULL, (void *)(uintptr_t)&rows[i]}, {                                                   \
        name "_cash_flows", total_is_cash_plus_holdings_at_the_mark, NULL, NULL, (void *)(uintptr_t)&rows[i]           \
    }

int main(void) {
    const struct CMUnitTest tests[] = {
        ROW(0, "quote_fees"),       ROW(1, "base_fee_on_the_buy"), ROW(2, "fees_in_bnb"),
        ROW(3, "sell_without_lot"), ROW(4, "tiny_price"),          ROW(5, "base_is_the_fee_asset"),
    };
    return cmocka_run_group_tests_name("oracle/worked_figures", tests, NULL, NULL);
}
