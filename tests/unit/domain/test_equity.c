#include "domain/equity.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>

/* A day at its noon: windows reach back without becoming negative. */
static const int64_t noon = INT64_C(1767614400) * US_PER_S;

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

struct world { /* one or two symbols in USDT */
    struct name symbols[2], quote;
    struct ledger *ledgers[2];
    struct equity_line lines[2];
    struct equity *equity;
    size_t count;
    int64_t id;
};

static struct world *world_of(size_t count) {
    static const char *const bases[] = {"BTC", "ETH"};
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->quote = name_of("USDT");
    w->count = count;
    w->equity = equity_new();
    assert_non_null(w->equity);
    for (size_t i = 0; i < count; i++) {
        struct name base = name_of(bases[i]);
        w->symbols[i] = name_of(i == 0 ? "BTC/USDT" : "ETH/USDT");
        w->ledgers[i] = ledger_new(&w->symbols[i], &base, &w->quote, (struct wall){0});
        assert_non_null(w->ledgers[i]);
        w->lines[i] = (struct equity_line){.ledger = w->ledgers[i], .quote = &w->quote};
        w->lines[i].now = (struct portfolio_line){
            .symbol = &w->symbols[i], .totals = ledger_totals(w->ledgers[i]), .has_rate = true, .rate_is_one = true};
    }
    return w;
}

static void world_free(struct world *w) {
    for (size_t i = 0; i < w->count; i++) ledger_free(w->ledgers[i]);
    equity_free(w->equity);
    free(w);
}

static void mark(struct world *w, size_t i, const char *price) {
    w->lines[i].now.has_mark = price != NULL;
    w->lines[i].now.mark = price != NULL ? d8(price) : DEC8_ZERO;
}

static void trade(struct world *w, size_t i, int64_t at, enum side side, const char *price, const char *quantity) {
    struct fill f = {.symbol = w->symbols[i],
                     .trade_id = ++w->id,
                     .order_id = ORDER_ID_NONE,
                     .side = side,
                     .source = SOURCE_REST,
                     .price = d8(price),
                     .quantity = d8(quantity),
                     .time = {at}};
    enum ledger_added what;
    assert_int_equal(ledger_add(w->ledgers[i], &f, &what, NULL), ERR_OK);
    assert_true(ledger_recompute(w->ledgers[i], SIZE_MAX));
}

static void record(struct world *w, enum equity_kind kind, int64_t at) {
    assert_int_equal(equity_record(w->equity, kind, (struct wall){at}, w->lines, w->count), ERR_OK);
}

static struct equity_window window(const struct world *w, int64_t start, const char *investment) {
    struct equity_window out;
    assert_int_equal(equity_window(w->equity, &out, w->lines, w->count, (struct wall){start}, d16(investment)), ERR_OK);
    return out;
}

static void assert_pnl(struct equity_window got, enum window_basis basis, const char *pnl) {
    char text[DEC_TEXT_MAX];
    dec16_format(text, got.pnl);
    assert_string_equal(text, pnl);
    assert_int_equal(got.basis, basis);
}

static void window_is_total_now_less_total_then(void **state) {
    struct world *w = world_of(1);
    (void)state;
    trade(w, 0, noon - 2 * US_PER_HOUR, SIDE_BUY, "100", "2");
    mark(w, 0, "110");
    record(w, EQUITY_MINUTE, noon - US_PER_HOUR); /* total 20 */
    trade(w, 0, noon - US_PER_MIN, SIDE_SELL, "120", "1");
    mark(w, 0, "130"); /* total 20 + 30 */
    assert_pnl(window(w, noon - US_PER_HOUR, "0"), BASIS_EQUITY, "30");
    assert_false(window(w, noon - US_PER_HOUR, "0").has_percent);
    struct equity_window of_investment = window(w, noon - US_PER_HOUR, "900");
    assert_true(of_investment.has_percent);
    assert_true(of_investment.percent.v == d8("3.33333333").v);
    world_free(w);
}

/* A point holds marks, not totals: what is learnt later about earlier fills is no profit of today. */
static void late_fill_changes_the_past_and_not_today(void **state) {
    struct world *w = world_of(1);
    (void)state;
    trade(w, 0, noon - 2 * US_PER_HOUR, SIDE_BUY, "100", "1");
    mark(w, 0, "110");
    record(w, EQUITY_MINUTE, noon - US_PER_HOUR);
    assert_pnl(window(w, noon - US_PER_HOUR, "0"), BASIS_EQUITY, "0");
    trade(w, 0, noon - 3 * US_PER_HOUR, SIDE_BUY, "50", "1"); /* a backfill: 60 unrealized, long before */
    assert_pnl(window(w, noon - US_PER_HOUR, "0"), BASIS_EQUITY, "0");
    trade(w, 0, noon - US_PER_MIN, SIDE_SELL, "112", "1");
    assert_pnl(window(w, noon - US_PER_HOUR, "0"), BASIS_EQUITY, "2");
    world_free(w);
}

static void point_counts_the_fills_up_to_and_with_its_time(void **state) {
    struct world *w = world_of(1);
    (void)state;
    trade(w, 0, noon - US_PER_HOUR, SIDE_BUY, "100", "1");
    mark(w, 0, "105");
    record(w, EQUITY_FILL, noon - US_PER_HOUR); /* total 5 already at that point */
    assert_pnl(window(w, noon - US_PER_HOUR, "0"), BASIS_EQUITY, "0");
    world_free(w);
}

static void needs_a_point_within_five_minutes(void **state) {
    struct world *w = world_of(1);
    (void)state;
    trade(w, 0, noon - 2 * US_PER_HOUR, SIDE_BUY, "100", "2");
    mark(w, 0, "100");
    record(w, EQUITY_MINUTE, noon);
    mark(w, 0, "107");
    trade(w, 0, noon + US_PER_HOUR, SIDE_SELL, "101", "1");
    assert_pnl(window(w, noon - 5 * US_PER_MIN, "0"), BASIS_EQUITY, "8");
    assert_pnl(window(w, noon + 5 * US_PER_MIN, "0"), BASIS_EQUITY, "8");
    assert_pnl(window(w, noon - 5 * US_PER_MIN - 1, "0"), BASIS_REALIZED, "1"); /* the series is younger */
    assert_pnl(window(w, noon + 5 * US_PER_MIN + 1, "0"), BASIS_REALIZED, "1");
    assert_pnl(window(w, noon + 2 * US_PER_HOUR, "0"), BASIS_REALIZED, "0");
    world_free(w);
}

static void mark_unknown_then_falls_back_to_realized(void **state) {
    struct world *w = world_of(1);
    (void)state;
    trade(w, 0, noon - 2 * US_PER_HOUR, SIDE_BUY, "100", "2");
    record(w, EQUITY_MINUTE, noon - US_PER_HOUR);
    mark(w, 0, "130");
    trade(w, 0, noon, SIDE_SELL, "120", "1");
    assert_pnl(window(w, noon - US_PER_HOUR, "0"), BASIS_REALIZED, "20");
    world_free(w);
}

static void symbol_that_joined_later_had_nothing_then(void **state) {
    struct world *w = world_of(2);
    (void)state;
    w->count = 1;
    trade(w, 0, noon - 2 * US_PER_HOUR, SIDE_BUY, "100", "1");
    mark(w, 0, "100");
    record(w, EQUITY_MINUTE, noon - US_PER_HOUR);
    w->count = 2;
    trade(w, 1, noon - US_PER_MIN, SIDE_BUY, "10", "1");
    mark(w, 0, "101");
    mark(w, 1, "12");
    assert_pnl(window(w, noon - US_PER_HOUR, "0"), BASIS_EQUITY, "3");
    world_free(w);
}

static void symbol_left_out_now_is_left_out_then(void **state) {
    struct world *w = world_of(2);
    (void)state;
    trade(w, 0, noon - 2 * US_PER_HOUR, SIDE_BUY, "100", "1");
    trade(w, 1, noon - 2 * US_PER_HOUR, SIDE_BUY, "10", "1");
    mark(w, 0, "110");
    mark(w, 1, "20");
    record(w, EQUITY_MINUTE, noon - US_PER_HOUR);
    mark(w, 0, "111");
    mark(w, 1, NULL);
    struct equity_window got = window(w, noon - US_PER_HOUR, "0");
    assert_pnl(got, BASIS_EQUITY, "1");
    assert_true(got.partial);
    mark(w, 0, NULL);
    assert_int_equal(window(w, noon - US_PER_HOUR, "100").basis, BASIS_UNKNOWN);
    assert_false(window(w, noon - US_PER_HOUR, "100").has_percent);
    world_free(w);
}

static void rate_then_and_rate_now(void **state) {
    struct world *w = world_of(1);
    struct portfolio_line *line = &w->lines[0].now;
    (void)state;
    trade(w, 0, noon - 2 * US_PER_HOUR, SIDE_BUY, "100", "1");
    trade(w, 0, noon - 2 * US_PER_HOUR + 1, SIDE_SELL, "120", "1"); /* realized 20 USDT */
    line->rate_is_one = false;
    line->rate = (struct conversion){.legs = 2, .mul = {d8("3"), d8("1")}, .div = {d8("1"), d8("4")}};
    record(w, EQUITY_MINUTE, noon - US_PER_HOUR); /* 15 */
    line->rate = (struct conversion){.legs = 1, .mul = {d8("1")}, .div = {d8("2")}};
    assert_pnl(window(w, noon - US_PER_HOUR, "0"), BASIS_EQUITY, "-5");
    line->rate_is_one = true; /* in its own quote: as it was then, without the rate that was recorded */
    assert_pnl(window(w, noon - US_PER_HOUR, "0"), BASIS_EQUITY, "0");
    world_free(w);
}

static void recomputing_ledger_is_asked_again_later(void **state) {
    struct world *w = world_of(1);
    struct equity_window out = {.basis = BASIS_UNKNOWN, .pnl = {4711}};
    struct fill late = {.trade_id = 99, .price = {1}, .quantity = {1}, .time = {1}};
    enum ledger_added what;
    (void)state;
    trade(w, 0, noon, SIDE_BUY, "100", "1");
    mark(w, 0, "100");
    assert_int_equal(ledger_add(w->ledgers[0], &late, &what, NULL), ERR_OK);
    assert_int_equal(equity_window(w->equity, &out, w->lines, 1, (struct wall){noon}, DEC16_ZERO), ERR_BAD_STATE);
    assert_true(out.pnl.v == 4711);
    world_free(w);
}

static void no_symbols_no_profit(void **state) {
    struct world *w = world_of(0);
    (void)state;
    assert_pnl(window(w, noon, "100"), BASIS_REALIZED, "0");
    assert_int_equal(equity_since(w->equity).us, 0);
    world_free(w);
}

static void takes_one_point_a_minute_in_order(void **state) {
    struct world *w = world_of(1);
    (void)state;
    mark(w, 0, "100");
    assert_true(equity_due(w->equity, (struct wall){noon + 30 * US_PER_S}));
    record(w, EQUITY_MINUTE, noon + 30 * US_PER_S);
    assert_false(equity_due(w->equity, (struct wall){noon + 59 * US_PER_S}));
    assert_false(equity_due(w->equity, (struct wall){noon - US_PER_HOUR}));
    assert_true(equity_due(w->equity, (struct wall){noon + 60 * US_PER_S}));
    trade(w, 0, noon - US_PER_HOUR, SIDE_BUY, "100", "1");
    mark(w, 0, "500");
    record(w, EQUITY_MINUTE, noon + 59 * US_PER_S); /* dropped */
    record(w, EQUITY_FILL, noon - US_PER_MIN);
    record(w, EQUITY_FILL, noon - US_PER_MIN); /* not later: dropped */
    assert_pnl(window(w, noon + 31 * US_PER_S, "0"), BASIS_EQUITY, "400");
    assert_int_equal(equity_since(w->equity).us, noon - US_PER_MIN);
    world_free(w);
}

/* Forty days of minutes, each up to 40 s late: any start within 31 days finds a point, and memory stays. */
static void every_start_of_a_month_finds_a_point(void **state) {
    struct world *w = world_of(1);
    const int64_t minutes = 40 * 24 * 60, first = noon - minutes * US_PER_MIN;
    (void)state;
    trade(w, 0, first - 1, SIDE_BUY, "1", "1");
    for (int64_t m = 0; m < minutes; m++) {
        w->lines[0].now.has_mark = true;
        w->lines[0].now.mark.v = (m + 1) * DEC8_ONE;
        record(w, EQUITY_MINUTE, first + m * US_PER_MIN + m * 7919 % (40 * US_PER_S));
    }
    for (int64_t back = 1; back < 31 * 24 * 60 - 20; back += 11) {
        struct equity_window got = window(w, noon - back * US_PER_MIN, "0");
        i128 exact = back * DEC16_ONE;
        assert_int_equal(got.basis, BASIS_EQUITY);
        i128 tolerance = (back < 26 * 60 - 2 ? 1 : 6) * DEC16_ONE;
        assert_true(got.pnl.v <= exact + tolerance && got.pnl.v >= exact - tolerance);
    }
    assert_int_equal(window(w, noon - 33 * US_PER_DAY, "0").basis, BASIS_REALIZED);
    assert_true(equity_since(w->equity).us > noon - 32 * US_PER_DAY);
    world_free(w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(window_is_total_now_less_total_then),
        cmocka_unit_test(late_fill_changes_the_past_and_not_today),
        cmocka_unit_test(point_counts_the_fills_up_to_and_with_its_time),
        cmocka_unit_test(needs_a_point_within_five_minutes),
        cmocka_unit_test(mark_unknown_then_falls_back_to_realized),
        cmocka_unit_test(symbol_that_joined_later_had_nothing_then),
        cmocka_unit_test(symbol_left_out_now_is_left_out_then),
        cmocka_unit_test(rate_then_and_rate_now),
        cmocka_unit_test(recomputing_ledger_is_asked_again_later),
        cmocka_unit_test(no_symbols_no_profit),
        cmocka_unit_test(takes_one_point_a_minute_in_order),
        cmocka_unit_test(every_start_of_a_month_finds_a_point),
    };
    return cmocka_run_group_tests_name("domain/equity", tests, NULL, NULL);
}
