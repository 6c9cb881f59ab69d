/* The curve and the drawdown equal a plain recomputation: every point by itself out of its ledgers, every fall out of every
 * pair of points; whatever the steps it is made in, and with the past partly in memory and partly in a store. */
#include "seed.h"
#include "unit/view/rig.h"

#include "base/rng.h"
#include "view/series.h"

enum { POINTS = 600, IN_STORE = 250, PAIRS = 2, ROUNDS = 5 };

struct point { /* what was known at a moment */
    struct wall time;
    struct equity_line lines[PAIRS];
    struct buf bytes;
    struct dec16 total; /* by itself */
};

struct world {
    struct rig rig;
    struct rng rng;
    struct wall first_fill;
    struct point points[POINTS];
};

static void trade(struct world *w, size_t pair, struct wall at) {
    struct pair *p = w->rig.e->pairs[pair];
    struct fill f = {.symbol = p->symbol,
                     .trade_id = w->rig.next_trade_id++,
                     .source = SOURCE_REST,
                     .time = at,
                     .order_id = rng_chance(&w->rng, 1, 2) ? ORDER_ID_NONE : w->rig.next_trade_id / 3};
    enum ledger_added what;
    f.side = rng_chance(&w->rng, 1, 2) ? SIDE_BUY : SIDE_SELL;
    f.price.v = (i128)(90 + rng_below(&w->rng, 20)) * DEC8_ONE + (i128)rng_below(&w->rng, 100000000);
    f.quantity.v = 1 + (i128)rng_below(&w->rng, DEC8_ONE / 20);
    f.fee.v = (i128)rng_below(&w->rng, 1000) * DEC8_ONE;
    f.fee_asset = p->quote;
    assert_int_equal(ledger_add(p->ledger, &f, &what, NULL), ERR_OK);
}

/* Prices of a moment, sometimes not known; ETH/BTC is converted at the price of BTC/USDT. */
static void set_lines(struct world *w, struct equity_line *lines) {
    struct dec8 btc = {0};
    for (size_t i = 0; i < PAIRS; i++) {
        const struct pair *p = w->rig.e->pairs[i];
        struct portfolio_line now = {.symbol = &p->symbol, .totals = ledger_totals(p->ledger)};
        now.has_mark = !rng_chance(&w->rng, 1, 40);
        now.mark.v = now.has_mark ? (i128)(80 + rng_below(&w->rng, 40)) * DEC8_ONE + (i128)rng_below(&w->rng, 1000) : 0;
        if (i == 0) btc = now.mark;
        now.rate_is_one = i == 0;
        now.has_rate = i == 0 || btc.v > 0;
        if (i != 0 && btc.v > 0) now.rate = (struct conversion){.legs = 1, .mul = {btc}, .div = {{DEC8_ONE}}};
        lines[i] = (struct equity_line){p->ledger, &p->quote, now};
    }
}

static void begin(struct world *w) {
    rig_begin(&w->rig);
    rig_pair(&w->rig, "BTC", "USDT");
    rig_pair(&w->rig, "ETH", "BTC");
    int64_t start = w->rig.now.wall.us - (2 * POINTS + 1) * US_PER_MIN;
    for (size_t i = 0; i < POINTS; i++) {
        struct point *p = &w->points[i];
        p->time.us = start + (int64_t)i * 2 * US_PER_MIN + (int64_t)rng_below(&w->rng, US_PER_MIN);
        size_t fills =
            rng_chance(&w->rng, 1, 300) ? 5000 : (size_t)rng_below(&w->rng, 6); /* over a checkpoint, at times */
        for (size_t n = 0; n < fills; n++)
            trade(w, n % PAIRS, (struct wall){start + (int64_t)i * 2 * US_PER_MIN + (int64_t)n * 7});
        set_lines(w, p->lines);
        buf_init(&p->bytes, 4096);
        equity_point_write(&p->bytes, &w->rig.e->display, p->lines, PAIRS);
        if (i >= IN_STORE)
            assert_int_equal(equity_record(w->rig.e->equity, EQUITY_MINUTE, p->time, p->lines, PAIRS), ERR_OK);
    }
    w->first_fill.us = INT64_MAX;
    for (size_t i = 0; i < PAIRS; i++) {
        struct fill f;
        ledger_get(w->rig.e->pairs[i]->ledger, 0, &f, NULL);
        if (f.time.us < w->first_fill.us) w->first_fill = f.time;
    }
    struct equity_line now[PAIRS];
    do {
        set_lines(w, now);
    } while (!now[0].now.has_mark || !now[1].now.has_mark);
    for (size_t i = 0; i < PAIRS; i++) w->rig.e->lines[i] = now[i].now;
}

static void end(struct world *w) {
    for (size_t i = 0; i < POINTS; i++) buf_free(&w->points[i].bytes);
    rig_end(&w->rig);
}

/* What the store has of it, as store_get_points answers, a few at a time. */
static void answer(struct world *w, struct view_series *s) {
    struct wall from, to;
    int64_t step;
    for (int rounds = 0; view_series_wants(s, w->rig.e, &from, &to, &step); rounds++) {
        size_t given = 0, most = 1 + (size_t)rng_below(&w->rng, 100);
        int64_t next = from.us;
        assert_true(rounds < 1000);
        for (size_t i = 0; i < POINTS && given < most; i++) {
            const struct point *p = &w->points[i];
            if (p->time.us < next || p->time.us >= to.us) continue;
            view_series_stored(s, p->time, buf_span(&p->bytes));
            next = step > 2 * US_PER_DAY ? INT64_MAX : (p->time.us / step + 1) * step;
            given++;
        }
        view_series_stored_end(s);
    }
}

/* By itself: the ledgers at its time, its marks and rates. */
static struct dec16 plain_total(const struct equity_line *lines, struct wall time) {
    struct ledger_totals totals[PAIRS];
    struct portfolio_line plain[PAIRS];
    struct left_out left[2 * PAIRS];
    struct portfolio sum;
    for (size_t i = 0; i < PAIRS; i++) {
        assert_int_equal(ledger_totals_at(lines[i].ledger, (struct wall){time.us + 1}, &totals[i]), ERR_OK);
        plain[i] = lines[i].now;
        plain[i].totals = &totals[i];
    }
    portfolio_sum(&sum, left, plain, PAIRS);
    return sum.left_out > 0 ? UNKNOWN_DEC16 : sum.total;
}

static struct dec16 total_now(const struct world *w) {
    struct left_out left[2 * PAIRS];
    struct portfolio sum;
    portfolio_sum(&sum, left, w->rig.e->lines, PAIRS);
    return sum.total;
}

static void assert_total(yyjson_doc *d, size_t at, struct dec16 total) {
    char path[64], text[DEC_TEXT_MAX];
    (void)snprintf(path, sizeof path, "points.%zu.total", at);
    (void)dec16_format(text, total);
    assert_json(d, path, total.v == UNKNOWN_DEC ? "null" : text);
}

static void check_curve(struct world *w) {
    struct view_equity *v = view_equity_new((struct wall){0}, (struct wall){0}, w->rig.now);
    struct buf b;
    assert_non_null(v);
    answer(w, view_equity_series(v));
    buf_init(&b, 1 << 22);
    for (int steps = 0; !view_equity_step(v, &b, w->rig.e); steps++) assert_true(steps < 1000);
    yyjson_doc *d = rig_json(&b);
    assert_int_equal(yyjson_arr_size(rig_at(d, "points")), POINTS + 1);
    for (size_t i = 0; i < POINTS; i++) assert_total(d, i, w->points[i].total);
    assert_total(d, POINTS, total_now(w));
    yyjson_doc_free(d);
    buf_free(&b);
    view_equity_free(v);
}

/* The deepest fall over all pairs of points, as a share of the earlier one, or as an amount. */
static void plain_drawdown(const struct dec16 *equity, size_t count, bool shares, i128 *amount, i128 *percent) {
    i128 best = 0, best_peak = 1;
    for (size_t i = 0; i < count; i++)
        for (size_t j = i + 1; j < count; j++) {
            i128 fall = equity[i].v - equity[j].v, left, right;
            if (fall <= 0) continue;
            if (!shares && fall > best) best = fall, best_peak = equity[i].v;
            if (!shares || equity[i].v <= 0) continue;
            assert_int_equal(dec_muldiv(&left, fall, DEC16_ONE, equity[i].v), ERR_OK);
            assert_int_equal(dec_muldiv(&right, best, DEC16_ONE, best_peak), ERR_OK);
            if (left > right) best = fall, best_peak = equity[i].v;
        }
    *amount = best;
    *percent = 0;
    if (shares) assert_int_equal(dec_muldiv(percent, best, 100 * DEC8_ONE, best_peak), ERR_OK);
}

/* Whether a dense answer has that point: all in memory, of the store's the first of each hour. */
static bool in_answer(const struct world *w, size_t i) {
    return i >= IN_STORE || i == 0 || w->points[i].time.us / US_PER_HOUR != w->points[i - 1].time.us / US_PER_HOUR;
}

/* Total at the known point nearest to t, within five minutes; before all fills it is zero. */
static struct dec16 total_near(const struct world *w, struct wall t) {
    struct dec16 found = t.us <= w->first_fill.us ? DEC16_ZERO : UNKNOWN_DEC16;
    int64_t best = 5 * US_PER_MIN + 1;
    for (size_t i = 0; i < POINTS; i++) {
        int64_t distance = llabs(w->points[i].time.us - t.us);
        if (!in_answer(w, i) || distance >= best) continue;
        struct dec16 total = w->points[i].total;
        if (total.v == UNKNOWN_DEC) continue;
        best = distance;
        found = total;
    }
    return found;
}

/* Every period's P&L is the difference of the totals at its ends, or what was realized where one is not known. */
static void check_periods(const struct world *w, yyjson_doc *d, const char *key) {
    yyjson_val *rows = rig_at(d, key);
    size_t count = yyjson_arr_size(rows), by_equity = 0;
    for (size_t i = 0; i < count; i++) {
        yyjson_val *row = yyjson_arr_get(rows, i), *next = yyjson_arr_get(rows, i + 1);
        struct wall from = rig_time(yyjson_get_str(yyjson_obj_get(row, "start")));
        struct dec16 start = total_near(w, from);
        struct dec16 end =
            next == NULL ? total_now(w) : total_near(w, rig_time(yyjson_get_str(yyjson_obj_get(next, "start"))));
        bool known = start.v != UNKNOWN_DEC && end.v != UNKNOWN_DEC;
        struct dec16 wanted =
            known ? (struct dec16){end.v - start.v} : D16(yyjson_get_str(yyjson_obj_get(row, "realized")));
        assert_true(D16(yyjson_get_str(yyjson_obj_get(row, "pnl"))).v == wanted.v);
        assert_string_equal(yyjson_get_str(yyjson_obj_get(row, "basis")), known ? "equity" : "realized");
        by_equity += known;
    }
    assert_true(by_equity > 0);
}

static void check_drawdown(struct world *w, const char *investment) {
    const struct name all = {{0}};
    struct dec16 equity[POINTS + 1], put = D16(investment);
    size_t count = 0;
    i128 amount, percent;
    char text[DEC_TEXT_MAX];
    struct buf b;
    w->rig.e->has_investment = put.v > 0;
    w->rig.e->investment = put;
    for (size_t i = 0; i < POINTS; i++) {
        struct dec16 total = in_answer(w, i) ? w->points[i].total : UNKNOWN_DEC16;
        if (total.v != UNKNOWN_DEC) equity[count++].v = total.v + put.v;
    }
    equity[count++].v = total_now(w).v + put.v;
    plain_drawdown(equity, count, put.v > 0, &amount, &percent);
    struct view_performance *v = view_performance_new(w->rig.e, &all, METHOD_FIFO, w->rig.now);
    assert_non_null(v);
    answer(w, view_performance_series(v));
    buf_init(&b, 1 << 22);
    for (int steps = 0; !view_performance_step(v, &b, w->rig.e); steps++) assert_true(steps < 1000);
    yyjson_doc *d = rig_json(&b);
    (void)dec16_format(text, (struct dec16){amount});
    assert_json(d, "drawdown.3.amount", text);
    assert_json(d, "drawdown.0.amount", text); /* it is all of these seven days */
    (void)dec8_format(text, (struct dec8){percent});
    assert_json(d, "drawdown.3.percent", put.v > 0 ? text : "null");
    check_periods(w, d, "periods.hour");
    check_periods(w, d, "periods.day");
    check_periods(w, d, "periods.month");
    yyjson_doc_free(d);
    buf_free(&b);
    view_performance_free(v);
}

static void every_point_and_every_fall_is_as_computed_by_itself(void **state) {
    struct world *w = *state;
    rng_seed(&w->rng, property_seed("equity"));
    for (int round = 0; round < ROUNDS; round++) {
        begin(w);
        for (size_t i = 0; i < POINTS; i++) w->points[i].total = plain_total(w->points[i].lines, w->points[i].time);
        check_curve(w);
        check_drawdown(w, "100000");
        check_drawdown(w, "0");
        end(w);
    }
}

static int make(void **state) {
    *state = calloc(1, sizeof(struct world));
    return *state == NULL;
}

static int unmake(void **state) {
    free(*state);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_point_and_every_fall_is_as_computed_by_itself, make, unmake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
