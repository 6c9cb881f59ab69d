/* The venue: locking, maker and taker fills, fees in each asset, cancels, and books that balance. */
#include "unit.h"

#include "base/time.h"
#include "sim/exchange.h"

#define T0 (INT64_C(1767700800) * US_PER_S)

enum { EVENTS_MAX = 64 };

struct fixture {
    struct venue v;
    struct venue_symbol *s;
    enum report_kind kinds[EVENTS_MAX];
    struct venue_fill fills[EVENTS_MAX];
    size_t reports, accounts, last_account;
};

static void on_report(void *arg, const struct venue_report *r) {
    struct fixture *f = arg;
    assert_true(f->reports < EVENTS_MAX);
    f->kinds[f->reports] = r->kind;
    if (r->fill != NULL) f->fills[f->reports] = *r->fill;
    f->reports++;
}

static void on_account(void *arg, const uint32_t *assets, size_t count, int64_t time_us) {
    struct fixture *f = arg;
    (void)assets, (void)time_us;
    f->accounts++;
    f->last_account = count;
}

static int setup(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    venue_init(&f->v, 1);
    sim_market_add(&f->v.market, "USDT", NUM_ONE, 0, false);
    sim_market_add(&f->v.market, "BTC", dec("50000"), 0, false);
    sim_market_add(&f->v.market, "BNB", dec("500"), 0, false);
    f->s = venue_add_symbol(&f->v, "BTC", "USDT", dec("0.01"), dec("0.00001"), dec("5"), false);
    f->v.fees.bnb = 2;
    f->v.hooks = (struct venue_hooks){.on_report = on_report, .on_account = on_account, .arg = f};
    venue_reach(&f->v, T0);
    venue_deposit(&f->v, 0, dec("10000"));
    f->accounts = 0;
    *state = f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    assert_true(sim_ledger_balances(&f->v.ledger));
    assert_true(sim_book_sound(&f->s->book));
    venue_free(&f->v);
    free(f);
    return 0;
}

static int64_t usdt(const struct fixture *f) { return (int64_t)venue_free_balance(&f->v, 0); }
static int64_t btc(const struct fixture *f) { return (int64_t)venue_free_balance(&f->v, 1); }

static void a_resting_buy_locks_and_fills_at_its_own_price_as_maker(void **state) {
    struct fixture *f = *state;
    int64_t id = venue_place_limit(&f->v, f->s, SIDE_BUY, dec("50000"), dec("0.01"), "b1");
    assert_true(id > 0);
    assert_int_equal(usdt(f), dec("9500"));
    assert_int_equal(venue_locked_balance(&f->v, 0), dec("500"));
    venue_crowd_take(&f->v, f->s, SIDE_SELL, dec("49000"), dec("0.004"));
    venue_crowd_take(&f->v, f->s, SIDE_SELL, dec("49000"), dec("0.02"));
    assert_int_equal(f->reports, 3);
    assert_true(f->kinds[0] == REPORT_NEW && f->kinds[1] == REPORT_TRADE && f->kinds[2] == REPORT_TRADE);
    assert_true(f->fills[1].maker && f->fills[1].price == dec("50000") && f->fills[1].quantity == dec("0.004"));
    assert_int_equal(venue_order(f->s, id)->status, STATUS_FILLED);
    assert_int_equal(venue_locked_balance(&f->v, 0), 0);
    assert_int_equal(btc(f), dec("0.00999")); /* 0.1 % in the received asset */
}

static void a_crossing_buy_takes_the_book_s_prices_and_gets_the_rest_back(void **state) {
    struct fixture *f = *state;
    sim_book_add(&f->s->book, SIDE_SELL, dec("49990"), dec("0.004"), 0, 0);
    sim_book_add(&f->s->book, SIDE_SELL, dec("49995"), dec("0.004"), 0, 0);
    venue_place_limit(&f->v, f->s, SIDE_BUY, dec("50000"), dec("0.01"), "b1");
    assert_int_equal(f->reports, 3);
    assert_true(!f->fills[1].maker && f->fills[1].price == dec("49990") && f->fills[2].price == dec("49995"));
    assert_int_equal(venue_locked_balance(&f->v, 0), dec("100")); /* 0.002 still wait at 50000 */
    assert_int_equal(usdt(f), dec("10000") - dec("199.96") - dec("199.98") - dec("100"));
    assert_int_equal(f->accounts, 1); /* one action, one telling */
}

static void a_market_order_over_an_empty_book_expires_in_part(void **state) {
    struct fixture *f = *state;
    sim_book_add(&f->s->book, SIDE_SELL, dec("50000"), dec("0.003"), 0, 0);
    int64_t id = venue_place_market(&f->v, f->s, SIDE_BUY, dec("0.01"), "m1");
    assert_int_equal(venue_order(f->s, id)->status, STATUS_EXPIRED);
    assert_int_equal(venue_order(f->s, id)->filled, dec("0.003"));
    assert_true(f->kinds[0] == REPORT_NEW && f->kinds[1] == REPORT_TRADE && f->kinds[2] == REPORT_EXPIRED);
}

static void fees_are_paid_in_bnb_at_a_discount_until_it_runs_out(void **state) {
    struct fixture *f = *state;
    f->v.fees.in_bnb = true;
    venue_deposit(&f->v, 2, dec("0.00000001"));
    venue_place_limit(&f->v, f->s, SIDE_BUY, dec("50000"), dec("0.01"), "b1");
    venue_crowd_take(&f->v, f->s, SIDE_SELL, 0, dec("0.002")); /* needs 0.00015 BNB: not there */
    assert_true(f->fills[1].fee_asset == 1 && f->fills[1].fee == dec("0.000002"));
    venue_deposit(&f->v, 2, dec("0.0002"));
    venue_crowd_take(&f->v, f->s, SIDE_SELL, 0, dec("0.002"));
    assert_true(f->fills[2].fee_asset == 2 && f->fills[2].fee == dec("0.00015")); /* 100 x 0.001 / 500 x 0.75 */
    assert_int_equal(f->last_account, 3); /* base, quote and fee asset were touched */
    venue_crowd_take(&f->v, f->s, SIDE_SELL, 0, dec("0.002"));
    assert_int_equal(f->fills[3].fee_asset, 1);
    assert_int_equal(venue_fees_paid(&f->v, f->s, 2), dec("0.00015"));
    assert_int_equal(venue_fees_paid(&f->v, f->s, 1), dec("0.000004"));
}

static void a_sell_pays_in_quote(void **state) {
    struct fixture *f = *state;
    venue_deposit(&f->v, 1, dec("1"));
    venue_place_limit(&f->v, f->s, SIDE_SELL, dec("50000"), dec("0.01"), "s1");
    assert_int_equal(venue_locked_balance(&f->v, 1), dec("0.01"));
    venue_crowd_take(&f->v, f->s, SIDE_BUY, 0, dec("0.01"));
    assert_true(f->fills[1].fee_asset == 0 && f->fills[1].fee == dec("0.5"));
    assert_int_equal(usdt(f), dec("10499.5"));
    assert_int_equal(venue_flow(&f->v, f->s, 1), dec("-0.01"));
    assert_int_equal(venue_flow(&f->v, f->s, 0), dec("500"));
}

static void a_cancel_unlocks_and_swaps_the_client_ids(void **state) {
    struct fixture *f = *state;
    int64_t id = venue_place_limit(&f->v, f->s, SIDE_BUY, dec("50000"), dec("0.01"), "b1");
    venue_crowd_take(&f->v, f->s, SIDE_SELL, 0, dec("0.004"));
    assert_true(venue_cancel(&f->v, f->s, id, "cancel-7"));
    const struct venue_order *o = venue_order(f->s, id);
    assert_string_equal(o->client_id, "cancel-7");
    assert_string_equal(o->placed_id, "b1");
    assert_int_equal(usdt(f), dec("9800"));
    assert_int_equal(venue_locked_balance(&f->v, 0), 0);
    assert_false(venue_cancel(&f->v, f->s, id, "again"));
}

static void rules_and_balances_refuse_orders(void **state) {
    struct fixture *f = *state;
    assert_int_equal(venue_place_limit(&f->v, f->s, SIDE_BUY, dec("50000.001"), dec("0.01"), "x"), 0);
    assert_int_equal(venue_place_limit(&f->v, f->s, SIDE_BUY, dec("50000"), dec("0.000005"), "x"), 0);
    assert_int_equal(venue_place_limit(&f->v, f->s, SIDE_BUY, dec("50000"), dec("0.00009"), "x"), 0);
    assert_int_equal(venue_place_limit(&f->v, f->s, SIDE_BUY, dec("50000"), dec("0.3"), "x"), 0);
    assert_int_equal(venue_place_limit(&f->v, f->s, SIDE_SELL, dec("50000"), dec("0.01"), "x"), 0);
    assert_int_equal(f->reports, 0);
}

static void a_trade_with_oneself_shows_both_sides_under_one_id(void **state) {
    struct fixture *f = *state;
    venue_deposit(&f->v, 1, dec("1"));
    venue_place_limit(&f->v, f->s, SIDE_SELL, dec("50000"), dec("0.01"), "s1");
    venue_place_limit(&f->v, f->s, SIDE_BUY, dec("50000"), dec("0.01"), "b1");
    assert_int_equal(f->s->fill_count, 2);
    assert_int_equal(f->s->fills[0].id, f->s->fills[1].id);
    assert_true(f->s->fills[0].buyer != f->s->fills[1].buyer && f->s->fills[0].maker != f->s->fills[1].maker);
    assert_int_equal(venue_flow(&f->v, f->s, 1), 0);
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(a_resting_buy_locks_and_fills_at_its_own_price_as_maker),
        CASE(a_crossing_buy_takes_the_book_s_prices_and_gets_the_rest_back),
        CASE(a_market_order_over_an_empty_book_expires_in_part),
        CASE(fees_are_paid_in_bnb_at_a_discount_until_it_runs_out),
        CASE(a_sell_pays_in_quote),
        CASE(a_cancel_unlocks_and_swaps_the_client_ids),
        CASE(rules_and_balances_refuse_orders),
        CASE(a_trade_with_oneself_shows_both_sides_under_one_id),
    };
    return RUN(tests);
}
