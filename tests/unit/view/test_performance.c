#include "rig.h"

#include "base/rng.h"

static yyjson_doc *performance_by(struct rig *r, const char *symbol, enum method method) {
    struct buf b;
    struct name name = name_of(symbol);
    struct view_performance *v = view_performance_new(r->e, &name, method, r->now);
    assert_non_null(v);
    buf_init(&b, 1 << 22);
    for (int steps = 0; !view_performance_step(v, &b, r->e); steps++) assert_true(steps < 1000);
    view_performance_free(v);
    yyjson_doc *doc = rig_json(&b);
    buf_free(&b);
    return doc;
}

static yyjson_doc *performance_of(struct rig *r, const char *symbol) { return performance_by(r, symbol, METHOD_FIFO); }

static void add(struct rig *r, size_t pair, int64_t order, enum side side, const char *price, const char *quantity,
                const char *fee, const char *time) {
    struct pair *p = r->e->pairs[pair];
    struct fill f = {.symbol = p->symbol,
                     .trade_id = r->next_trade_id++,
                     .order_id = order,
                     .side = side,
                     .source = SOURCE_REST,
                     .price = D8(price),
                     .quantity = D8(quantity),
                     .fee = D16(fee),
                     .fee_asset = p->quote,
                     .time = rig_time(time)};
    enum ledger_added what;
    assert_int_equal(ledger_add(p->ledger, &f, &what, NULL), ERR_OK);
}

static size_t begin(struct rig *r) {
    rig_begin(r);
    return rig_pair(r, "BTC", "USDT");
}

static void sums_of_cycles_are_the_ledgers(void **state) {
    (void)state;
    struct rig r;
    size_t p = begin(&r);
    add(&r, p, 1, SIDE_BUY, "100", "4", "0", "2026-11-18T00:00:00Z");
    add(&r, p, 2, SIDE_SELL, "110", "1", "1", "2026-11-18T10:00:00Z"); /* +9 */
    add(&r, p, 3, SIDE_SELL, "130", "1", "0", "2026-11-19T10:00:00Z"); /* +30 */
    add(&r, p, 4, SIDE_SELL, "87", "1", "0", "2026-11-20T10:00:00Z");  /* -13 */
    rig_tick(&r, p, D8("105"));
    r.e->has_investment = true;
    r.e->investment = D16("1000");
    yyjson_doc *d = performance_of(&r, "");
    assert_json(d, "currency", "USDT");
    assert_json(d, "realized", "26");
    assert_json(d, "unrealized", "5");
    assert_json(d, "total", "31");
    assert_json(d, "grid_profit", "26");
    assert_json(d, "cycles", "3");
    assert_json(d, "wins", "2");
    assert_json(d, "losses", "1");
    assert_json(d, "gross_profit", "39");
    assert_json(d, "gross_loss", "13");
    assert_json(d, "win_rate", "66.66666667");
    assert_json(d, "profit_factor", "3");
    assert_json(d, "no_losses", "false");
    assert_json(d, "fees", "1");
    assert_json(d, "fees_share", "2.56410256");
    assert_json(d, "fees_by_asset.USDT.amount", "1");
    assert_json(d, "fees_by_asset.USDT.value", "1");
    assert_json(d, "since", "2026-11-18T00:00:00.000000Z");
    assert_json(d, "days_running", "2.42743198");
    assert_json(d, "investment.amount", "1000");
    assert_json(d, "partial", "false");
    /* 26 / 1000 / 2.42743...d x 365 x 100, whole seconds: 209730 s */
    assert_json(d, "apr.grid", "390.94836218");
    assert_json(d, "apr.total", "466.13073952");
    yyjson_doc_free(d);
    rig_end(&r);
}

static void without_a_loss_the_factor_is_no_number(void **state) {
    (void)state;
    struct rig r;
    size_t p = begin(&r);
    yyjson_doc *d = performance_of(&r, "");
    assert_json(d, "win_rate", "null");
    assert_json(d, "no_losses", "false");
    assert_json(d, "days_running", "null");
    assert_json(d, "since", "null");
    yyjson_doc_free(d);
    add(&r, p, 1, SIDE_BUY, "100", "1", "0", "2026-11-18T00:00:00Z");
    add(&r, p, 2, SIDE_SELL, "110", "1", "0", "2026-11-18T10:00:00Z");
    rig_figures(&r);
    d = performance_of(&r, "");
    assert_json(d, "profit_factor", "null");
    assert_json(d, "no_losses", "true");
    assert_json(d, "win_rate", "100");
    assert_json(d, "investment", "null");
    assert_json(d, "apr.total", "null");
    yyjson_doc_free(d);
    rig_end(&r);
}

static void what_a_cycle_brings_on_average(void **state) {
    (void)state;
    struct rig r;
    size_t p = begin(&r);
    yyjson_doc *d = performance_of(&r, "");
    assert_json(d, "average_win", "null"); /* none yet */
    assert_json(d, "average_loss", "null");
    assert_json(d, "expectancy", "null");
    yyjson_doc_free(d);
    add(&r, p, 1, SIDE_BUY, "100", "4", "0", "2026-11-18T00:00:00Z");
    add(&r, p, 2, SIDE_SELL, "110", "1", "1", "2026-11-18T10:00:00Z"); /* +9 */
    add(&r, p, 3, SIDE_SELL, "130", "1", "0", "2026-11-19T10:00:00Z"); /* +30 */
    add(&r, p, 4, SIDE_SELL, "87", "1", "0", "2026-11-20T10:00:00Z");  /* -13 */
    rig_tick(&r, p, D8("105"));
    d = performance_of(&r, "");
    assert_json(d, "average_win", "19.5");
    assert_json(d, "average_loss", "13");
    assert_json(d, "expectancy", "8.66666667");
    assert_json(d, "exposure.value", "105");
    assert_json(d, "exposure.cost_basis", "100");
    assert_json(d, "exposure.percent", "null"); /* of no investment */
    assert_json(d, "holding.value", "null");
    assert_json(d, "pairs.0.expectancy", "8.66666667");
    yyjson_doc_free(d);
    r.e->has_investment = true;
    r.e->investment = D16("1000");
    d = performance_of(&r, "");
    assert_json(d, "exposure.percent", "10.5");
    yyjson_doc_free(d);
    rig_end(&r);
}

/* 1000 would have bought 10 at 100; they are worth 1050. The bot has made 31. */
static void the_same_money_held_is_the_other_side(void **state) {
    (void)state;
    struct rig r;
    size_t p = begin(&r), q = rig_pair(&r, "ETH", "USDT");
    add(&r, p, 1, SIDE_BUY, "100", "4", "0", "2026-11-18T00:00:00Z");
    add(&r, p, 2, SIDE_SELL, "110", "1", "0", "2026-11-18T10:00:00Z");
    rig_tick(&r, p, D8("105"));
    r.e->has_investment = true;
    r.e->investment = D16("1000");
    yyjson_doc *d = performance_of(&r, "");
    assert_json(d, "total", "25");
    assert_json(d, "holding.value", "1050"); /* ETH has not traded: it has no part */
    assert_json(d, "holding.equity", "1025");
    assert_json(d, "holding.difference", "-25");
    assert_json(d, "holding.percent", "-2.5");
    assert_json(d, "pairs.0.holding.value", "null"); /* its own grid's investment is not known */
    yyjson_doc_free(d);
    add(&r, q, 3, SIDE_BUY, "30", "1", "0", "2026-11-19T00:00:00Z");
    rig_tick(&r, q, D8("40"));
    d = performance_of(&r, "");
    assert_json(d, "holding.value", "1191.66666667"); /* equal parts: 500 x 1.05 + 500 x 4/3 */
    yyjson_doc_free(d);
    r.e->pairs[p]->grid = (struct grid){.known = true, .investment = D16("300")};
    r.e->pairs[q]->grid = (struct grid){.known = true, .investment = D16("100")};
    d = performance_of(&r, "");
    assert_json(d, "holding.value", "1120.83333333"); /* 750 x 1.05 + 250 x 4/3 */
    assert_json(d, "pairs.0.holding.value", "315");
    assert_json(d, "pairs.0.holding.equity", "325");
    assert_json(d, "pairs.0.holding.difference", "10");
    yyjson_doc_free(d);
    r.e->markets[r.e->pairs[q]->market]->price.v = 0;
    d = performance_of(&r, "");
    assert_json(d, "holding.value", "null");
    yyjson_doc_free(d);
    rig_end(&r);
}

static void a_method_divides_the_same_total_otherwise(void **state) {
    (void)state;
    static const struct {
        enum method method;
        const char *realized, *unrealized, *basis, *wins, *word;
    } by[] = {{METHOD_FIFO, "20", "-5", "110", "1", "fifo"},
              {METHOD_LIFO, "10", "5", "100", "1", "lifo"},
              {METHOD_AVERAGE, "15", "0", "105", "1", "average"},
              {METHOD_GRID, "10", "5", "100", "1", "grid"}};
    struct rig r;
    size_t p = begin(&r);
    add(&r, p, 1, SIDE_BUY, "100", "1", "0", "2026-11-18T00:00:00Z");
    add(&r, p, 2, SIDE_BUY, "110", "1", "0", "2026-11-19T00:00:00Z");
    add(&r, p, 3, SIDE_SELL, "120", "1", "0", "2026-11-20T00:00:00Z");
    rig_tick(&r, p, D8("105"));
    for (size_t i = 0; i < 4; i++)
        for (int alone = 0; alone < 2; alone++) {
            yyjson_doc *d = performance_by(&r, alone ? "BTC/USDT" : "", by[i].method);
            assert_json(d, "method", by[i].word);
            assert_string_equal(rig_text(d, "method_sentence"), method_sentence(by[i].method));
            assert_json(d, "realized", by[i].realized);
            assert_json(d, "unrealized", by[i].unrealized);
            assert_json(d, "total", "15");
            assert_json(d, "exposure.cost_basis", by[i].basis);
            assert_json(d, "wins", by[i].wins);
            assert_json(d, "pairs.0.realized", by[i].realized);
            assert_json(d, "pairs.0.total", "15");
            assert_json(d, "periods.month.0.realized", by[i].realized);
            assert_json(d, "periods.month.0.cycles", "1");
            yyjson_doc_free(d);
        }
    rig_end(&r);
}

/* Whatever comes while a long history is walked: the answer is of a history that was whole. */
static void a_past_that_changes_under_way_is_walked_anew(void **state) {
    (void)state;
    struct rig r;
    struct name all = name_of("");
    struct buf b;
    size_t p = begin(&r);
    for (int i = 0; i < 12000; i++)
        add(&r, p, i, i % 2 ? SIDE_SELL : SIDE_BUY, i % 2 ? "101" : "100", "1", "0", "2026-11-18T00:00:00Z");
    rig_tick(&r, p, D8("100"));
    struct view_performance *v = view_performance_new(r.e, &all, METHOD_LIFO, r.now);
    assert_non_null(v);
    buf_init(&b, 1 << 22);
    assert_false(view_performance_step(v, &b, r.e));
    add(&r, p, 20000, SIDE_BUY, "90", "1", "0",
        "2026-11-19T00:00:00Z"); /* at the end: it is walked when its turn comes */
    assert_false(view_performance_step(v, &b, r.e));
    add(&r, p, 20001, SIDE_BUY, "80", "1", "0", "2026-11-17T00:00:00Z"); /* before all others */
    assert_false(view_performance_step(v, &b, r.e));                     /* not while it is worked in */
    while (!ledger_recompute(r.e->pairs[p]->ledger, 5000)) assert_false(view_performance_step(v, &b, r.e));
    rig_figures(&r);
    while (!view_performance_step(v, &b, r.e)) continue;
    yyjson_doc *d = rig_json(&b);
    assert_json(d, "realized", "6000"); /* each sell takes the buy just before it */
    assert_json(d, "unrealized", "30");
    assert_json(d, "fills", "12002");
    yyjson_doc_free(d);
    buf_free(&b);
    view_performance_free(v);
    rig_end(&r);
}

static void no_apr_in_the_first_hour(void **state) {
    (void)state;
    struct rig r;
    size_t p = begin(&r);
    r.e->has_investment = true;
    r.e->investment = D16("1000");
    add(&r, p, 1, SIDE_BUY, "100", "1", "0.5", "2026-11-20T10:00:00Z");
    rig_tick(&r, p, D8("100"));
    yyjson_doc *d = performance_of(&r, "");
    assert_json(d, "apr.total", "null");
    yyjson_doc_free(d);
    rig_wait(&r, US_PER_HOUR);
    d = performance_of(&r, "");
    assert_string_not_equal(rig_text(d, "apr.total"), "null");
    yyjson_doc_free(d);
    rig_end(&r);
}

static void periods_begin_in_the_day_zone(void **state) {
    (void)state;
    struct rig r;
    size_t p = begin(&r);
    add(&r, p, 1, SIDE_BUY, "100", "3", "0", "2026-10-30T12:00:00Z");
    add(&r, p, 2, SIDE_SELL, "110", "1", "1", "2026-11-18T23:30:00Z");
    add(&r, p, 3, SIDE_SELL, "120", "1", "0", "2026-11-20T09:00:00Z");
    rig_figures(&r);
    yyjson_doc *d = performance_of(&r, "");
    assert_int_equal(yyjson_arr_size(rig_at(d, "periods.month")), 2);
    assert_json(d, "periods.month.0.start", "2026-10-01T00:00:00.000000Z");
    assert_json(d, "periods.month.0.fills", "1");
    assert_json(d, "periods.month.0.realized", "0");
    assert_json(d, "periods.month.1.start", "2026-11-01T00:00:00.000000Z");
    assert_json(d, "periods.month.1.realized", "29");
    assert_json(d, "periods.month.1.fees", "1");
    assert_json(d, "periods.month.1.cycles", "2");
    assert_json(d, "periods.week.0.start", "2026-10-26T00:00:00.000000Z"); /* a Monday */
    assert_int_equal(yyjson_arr_size(rig_at(d, "periods.week")), 4);
    assert_int_equal(yyjson_arr_size(rig_at(d, "periods.day")), 22);
    assert_json(d, "periods.day.19.start", "2026-11-18T00:00:00.000000Z");
    assert_json(d, "periods.day.19.realized", "9");
    assert_json(d, "periods.day.20.realized", "0"); /* a day without a fill stands in between */
    assert_json(d, "periods.day.20.fills", "0");
    assert_json(d, "periods.day.21.realized", "20");
    assert_json(d, "periods.hour.0.start", "2026-11-18T23:00:00.000000Z");
    yyjson_doc_free(d);
    r.config.day_offset_us = 2 * US_PER_HOUR; /* 23:30 UTC is the next day there */
    d = performance_of(&r, "");
    assert_json(d, "periods.day.20.start", "2026-11-18T22:00:00.000000Z");
    assert_json(d, "periods.day.20.realized", "9");
    yyjson_doc_free(d);
    rig_end(&r);
}

static void an_order_is_one_cycle_in_the_period_of_its_first_fill(void **state) {
    (void)state;
    struct rig r;
    size_t p = begin(&r);
    add(&r, p, 1, SIDE_BUY, "100", "3", "0", "2026-11-10T12:00:00Z");
    add(&r, p, 2, SIDE_SELL, "110", "1", "0", "2026-11-18T23:50:00Z");
    add(&r, p, 2, SIDE_SELL, "110", "1", "0", "2026-11-19T00:10:00Z");
    add(&r, p, 3, SIDE_SELL, "110", "1", "0", "2026-11-19T01:00:00Z");
    add(&r, p, 3, SIDE_SELL, "110", "1", "0", "2026-11-20T01:00:00Z"); /* no lot left: order 3 is no cycle after all */
    add(&r, p, 4, SIDE_SELL, "110", "1", "0", "2026-11-20T02:00:00Z"); /* nor is 4 */
    rig_figures(&r);
    yyjson_doc *d = performance_of(&r, "");
    assert_json(d, "cycles", "1");
    assert_json(d, "periods.day.8.cycles", "1");
    assert_json(d, "periods.day.9.cycles", "0");
    assert_json(d, "periods.day.10.cycles", "0");
    assert_json(d, "periods.month.0.cycles", "1");
    yyjson_doc_free(d);
    rig_end(&r);
}

static void series_add_up_to_the_totals(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        struct rng g;
        struct rig r;
        rng_seed(&g, seed);
        rig_begin(&r);
        (void)rig_pair(&r, "BTC", "USDT");
        (void)rig_pair(&r, "ETH", "USDT");
        for (int i = 0; i < 400; i++) {
            char price[DEC_TEXT_MAX], quantity[DEC_TEXT_MAX], time[WALL_TEXT_MAX];
            dec8_format(price, (struct dec8){(i128)(100 + rng_below(&g, 100)) * DEC8_ONE});
            dec8_format(quantity, (struct dec8){(i128)(1 + rng_below(&g, 50)) * 1000000});
            wall_format(time, (struct wall){rig_time("2026-09-01").us + (int64_t)rng_below(&g, 75 * 86400) * US_PER_S});
            add(&r, rng_below(&g, 2), i / 3, rng_chance(&g, 1, 2) ? SIDE_BUY : SIDE_SELL, price, quantity, "0.25",
                time);
        }
        for (size_t i = 0; i < 2; i++)
            while (!ledger_recompute(r.e->pairs[i]->ledger, 1000)) continue;
        rig_tick(&r, 0, D8("150"));
        rig_tick(&r, 1, D8("150"));
        yyjson_doc *d = performance_of(&r, "");
        static const char *const series[] = {"periods.month", "periods.week", "periods.day"};
        for (size_t s = 0; s < 3; s++) {
            struct dec16 realized = {0}, fees = {0};
            uint64_t cycles = 0, fills = 0;
            size_t i, n;
            yyjson_val *row;
            yyjson_arr_foreach(rig_at(d, series[s]), i, n, row) {
                realized.v += D16(yyjson_get_str(yyjson_obj_get(row, "realized"))).v;
                fees.v += D16(yyjson_get_str(yyjson_obj_get(row, "fees"))).v;
                cycles += strtoull(yyjson_get_raw(yyjson_obj_get(row, "cycles")), NULL, 10);
                fills += strtoull(yyjson_get_raw(yyjson_obj_get(row, "fills")), NULL, 10);
            }
            assert_true(realized.v == D16(rig_text(d, "realized")).v);
            assert_true(fees.v == D16(rig_text(d, "fees")).v);
            assert_int_equal(cycles, strtoull(rig_text(d, "cycles"), NULL, 10));
            assert_int_equal(fills, strtoull(rig_text(d, "fills"), NULL, 10));
        }
        yyjson_doc_free(d);
        rig_end(&r);
    }
}

static void one_pair_is_told_in_its_quote(void **state) {
    (void)state;
    struct rig r;
    (void)begin(&r);
    size_t p = rig_pair(&r, "ETH", "BTC");
    add(&r, p, 1, SIDE_BUY, "0.05", "1", "0.0001", "2026-11-18T00:00:00Z");
    add(&r, p, 2, SIDE_SELL, "0.06", "1", "0", "2026-11-19T00:00:00Z");
    rig_figures(&r);
    r.e->lines[p].has_rate = false;
    yyjson_doc *d = performance_of(&r, "ethbtc");
    assert_json(d, "symbol", "ETH/BTC");
    assert_json(d, "currency", "BTC");
    assert_json(d, "realized", "0.0099");
    assert_json(d, "periods.month.0.realized", "0.0099");
    assert_json(d, "fees_by_asset.BTC.value", "0.0001");
    assert_int_equal(yyjson_arr_size(rig_at(d, "pairs")), 1);
    yyjson_doc_free(d);
    d = performance_of(&r, ""); /* in USDT it is left out, and that is said */
    assert_json(d, "partial", "true");
    assert_json(d, "cycles", "0");
    assert_json(d, "pairs.1.cycles", "1");
    yyjson_doc_free(d);
    rig_end(&r);
}

static void a_step_below_the_fees_is_flagged(void **state) {
    (void)state;
    struct rig r;
    size_t p = begin(&r);
    yyjson_doc *d = performance_of(&r, "");
    assert_json(d, "steps.0.step", "null");
    assert_json(d, "steps.0.minimum", "null");
    assert_json(d, "steps.0.below", "null");
    yyjson_doc_free(d);
    r.e->exchange.maker_rate = D8("0.001");
    rig_order(&r, p, 1, SIDE_BUY, "998", true);
    rig_order(&r, p, 2, SIDE_BUY, "999", true);
    rig_order(&r, p, 3, SIDE_SELL, "1000", true);
    d = performance_of(&r, "");
    assert_json(d, "steps.0.step", "0.1");
    assert_json(d, "steps.0.minimum", "0.2002002");
    assert_json(d, "steps.0.below", "true");
    yyjson_doc_free(d);
    rig_order(&r, p, 2, SIDE_BUY, "990", true);
    d = performance_of(&r, "");
    assert_json(d, "steps.0.step", "0.8");
    assert_json(d, "steps.0.below", "false");
    yyjson_doc_free(d);
    rig_end(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_of_cycles_are_the_ledgers),
        cmocka_unit_test(without_a_loss_the_factor_is_no_number),
        cmocka_unit_test(what_a_cycle_brings_on_average),
        cmocka_unit_test(the_same_money_held_is_the_other_side),
        cmocka_unit_test(a_method_divides_the_same_total_otherwise),
        cmocka_unit_test(a_past_that_changes_under_way_is_walked_anew),
        cmocka_unit_test(no_apr_in_the_first_hour),
        cmocka_unit_test(periods_begin_in_the_day_zone),
        cmocka_unit_test(an_order_is_one_cycle_in_the_period_of_its_first_fill),
        cmocka_unit_test(series_add_up_to_the_totals),
        cmocka_unit_test(one_pair_is_told_in_its_quote),
        cmocka_unit_test(a_step_below_the_fees_is_flagged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
