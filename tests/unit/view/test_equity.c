#include "rig.h"

#include "view/drawdown.h"

#define NOON "2026-11-20T12:00:00Z"

static void trade(struct rig *r, size_t pair, enum side side, const char *price, const char *quantity, struct wall at) {
    struct pair *p = r->e->pairs[pair];
    struct fill f = {.symbol = p->symbol,
                     .trade_id = r->next_trade_id++,
                     .order_id = ORDER_ID_NONE,
                     .side = side,
                     .source = SOURCE_REST,
                     .price = D8(price),
                     .quantity = D8(quantity),
                     .fee_asset = p->quote,
                     .time = at};
    enum ledger_added what;
    assert_int_equal(ledger_add(p->ledger, &f, &what, NULL), ERR_OK);
}

static struct equity_line line_of(struct rig *r, size_t pair, const char *price) {
    const struct pair *p = r->e->pairs[pair];
    struct equity_line line = {p->ledger, &p->quote, {.symbol = &p->symbol, .has_rate = true, .rate_is_one = true}};
    line.now.has_mark = price != NULL;
    if (price != NULL) line.now.mark = D8(price);
    return line;
}

static void record(struct rig *r, struct wall at, const char *price) {
    struct equity_line line = line_of(r, 0, price);
    assert_int_equal(equity_record(r->e->equity, EQUITY_MINUTE, at, &line, 1), ERR_OK);
}

static struct wall minutes_ago(const struct rig *r, int64_t minutes) {
    return (struct wall){r->now.wall.us - minutes * US_PER_MIN};
}

static void begin(struct rig *r) {
    rig_begin(r);
    r->now.wall = rig_time(NOON);
    rig_pair(r, "BTC", "USDT");
}

static yyjson_doc *finish(struct rig *r, struct view_equity *v) {
    struct buf b;
    buf_init(&b, 1 << 20);
    for (int steps = 0; !view_equity_step(v, &b, r->e); steps++) assert_true(steps < 100);
    yyjson_doc *d = rig_json(&b);
    buf_free(&b);
    view_equity_free(v);
    return d;
}

static yyjson_doc *curve(struct rig *r, struct wall from, struct wall to) {
    struct view_equity *v = view_equity_new(from, to, r->now);
    assert_non_null(v);
    return finish(r, v);
}

static void totals_follow_fills_and_the_marks_of_their_time(void **state) {
    (void)state;
    struct rig r;
    begin(&r);
    trade(&r, 0, SIDE_BUY, "100", "2", minutes_ago(&r, 25));
    trade(&r, 0, SIDE_SELL, "120", "1", minutes_ago(&r, 15));
    record(&r, minutes_ago(&r, 30), "90");
    record(&r, minutes_ago(&r, 20), "110");
    record(&r, minutes_ago(&r, 10), "95");
    rig_tick(&r, 0, D8("130"));
    yyjson_doc *d = curve(&r, (struct wall){0}, (struct wall){0});
    assert_json(d, "currency", "USDT");
    assert_json(d, "investment", "null");
    assert_int_equal(yyjson_arr_size(rig_at(d, "points")), 4);
    assert_json(d, "points.0.time", "2026-11-20T11:30:00.000000Z");
    assert_json(d, "points.0.total", "0");
    assert_json(d, "points.1.total", "20");
    assert_json(d, "points.1.realized", "0");
    assert_json(d, "points.2.total", "15");
    assert_json(d, "points.2.realized", "20");
    assert_json(d, "points.3.time", "2026-11-20T12:00:00.000000Z"); /* the present moment: as in the header */
    assert_json(d, "points.3.total", "50");
    yyjson_doc_free(d);
    d = curve(&r, minutes_ago(&r, 20), minutes_ago(&r, 10)); /* inclusive, exclusive */
    assert_int_equal(yyjson_arr_size(rig_at(d, "points")), 1);
    assert_json(d, "points.0.total", "20");
    yyjson_doc_free(d);
    rig_end(&r);
}

static void a_point_without_a_mark_is_unknown_its_realized_is_not(void **state) {
    (void)state;
    struct rig r;
    begin(&r);
    trade(&r, 0, SIDE_BUY, "100", "2", minutes_ago(&r, 25));
    trade(&r, 0, SIDE_SELL, "120", "1", minutes_ago(&r, 15));
    record(&r, minutes_ago(&r, 10), NULL);
    rig_tick(&r, 0, D8("130"));
    yyjson_doc *d = curve(&r, (struct wall){0}, (struct wall){0});
    assert_json(d, "points.0.total", "null");
    assert_json(d, "points.0.realized", "20");
    yyjson_doc_free(d);
    rig_end(&r);
}

/* As in the figures beside it: a pair that has no price now is left out of the whole series, or nothing would be left. */
static void a_pair_without_a_price_now_is_left_out_throughout(void **state) {
    (void)state;
    struct rig r;
    begin(&r);
    rig_pair(&r, "OLD", "USDT");
    trade(&r, 0, SIDE_BUY, "100", "1", minutes_ago(&r, 25));
    trade(&r, 1, SIDE_BUY, "5", "1", minutes_ago(&r, 25));
    record(&r, minutes_ago(&r, 10), "110");
    rig_tick(&r, 0, D8("130"));
    yyjson_doc *d = curve(&r, (struct wall){0}, (struct wall){0});
    assert_json(d, "points.0.total", "10");
    assert_json(d, "points.1.total", "30");
    yyjson_doc_free(d);
    rig_end(&r);
}

static void a_long_range_is_thinned_evenly(void **state) {
    (void)state;
    struct rig r;
    begin(&r);
    trade(&r, 0, SIDE_BUY, "100", "1", minutes_ago(&r, 60 * 24 * 20));
    for (int64_t m = 60 * 24 * 20; m > 0; m--) record(&r, minutes_ago(&r, m), "110");
    rig_tick(&r, 0, D8("120"));
    yyjson_doc *d = curve(&r, (struct wall){0}, (struct wall){0});
    size_t count = yyjson_arr_size(rig_at(d, "points"));
    assert_in_range(count, 1300, SERIES_POINTS_MAX + 2);
    struct wall before = rig_time(rig_text(d, "points.0.time"));
    for (size_t i = 1; i < count; i++) {
        char path[64];
        (void)snprintf(path, sizeof path, "points.%zu.time", i);
        struct wall at = rig_time(rig_text(d, path));
        assert_true(at.us > before.us && at.us - before.us <= 40 * US_PER_MIN); /* 20 minutes, and a place in nine */
        before = at;
    }
    yyjson_doc_free(d);
    d = curve(&r, minutes_ago(&r, 24 * 60), (struct wall){0}); /* a day: every minute */
    assert_int_equal(yyjson_arr_size(rig_at(d, "points")), 24 * 60 + 1);
    yyjson_doc_free(d);
    rig_end(&r);
}

/* Old fills that come in while the answer is being made: it is made anew, of one past. */
static void a_past_that_changes_meanwhile_is_read_again(void **state) {
    (void)state;
    struct rig r;
    struct buf b;
    begin(&r);
    struct wall first = minutes_ago(&r, 25);
    record(&r, minutes_ago(&r, 30), "100");
    for (int64_t i = 0; i < 12300; i++) trade(&r, 0, SIDE_BUY, "100", "0.001", (struct wall){first.us + i * 100000});
    for (int64_t i = 4000; i < 12300; i += 4100)
        record(&r, (struct wall){first.us + i * 100000 + 1}, "110"); /* far from checkpoints */
    rig_tick(&r, 0, D8("110"));
    struct view_equity *v = view_equity_new((struct wall){0}, (struct wall){0}, r.now);
    buf_init(&b, 1 << 20);
    assert_false(view_equity_step(v, &b, r.e));
    trade(&r, 0, SIDE_BUY, "90", "1", minutes_ago(&r, 40));
    assert_false(view_equity_step(v, &b, r.e)); /* recomputing: nothing to go by */
    while (!ledger_recompute(r.e->pairs[0]->ledger, SIZE_MAX)) {
    }
    rig_figures(&r);
    buf_free(&b);
    yyjson_doc *d = finish(&r, v);
    assert_int_equal(yyjson_arr_size(rig_at(d, "points")), 5);
    assert_json(d, "points.0.total", "10");
    assert_json(d, "points.1.total", "60.01"); /* 20, and 4,001 of 0.01 */
    assert_json(d, "points.3.total", "142.01");
    assert_json(d, "points.4.total", "143");
    yyjson_doc_free(d);
    rig_end(&r);
}

static void what_the_store_has_comes_before_memory(void **state) {
    (void)state;
    struct rig r;
    struct wall from, to;
    struct buf point;
    int64_t step;
    begin(&r);
    trade(&r, 0, SIDE_BUY, "100", "1", minutes_ago(&r, 60 * 24 * 60));
    record(&r, minutes_ago(&r, 10), "110");
    rig_tick(&r, 0, D8("120"));
    buf_init(&point, 1024);
    struct equity_line line = line_of(&r, 0, "105");
    equity_point_write(&point, &r.e->display, &line, 1);
    struct view_equity *v = view_equity_new((struct wall){0}, (struct wall){0}, r.now);
    struct view_series *s = view_equity_series(v);
    assert_true(view_series_wants(s, r.e, &from, &to, &step)); /* how far back? */
    view_series_stored(s, minutes_ago(&r, 60 * 24 * 50), buf_span(&point));
    view_series_stored_end(s);
    assert_true(view_series_wants(s, r.e, &from, &to, &step));
    assert_int_equal(from.us, minutes_ago(&r, 60 * 24 * 50).us);
    assert_int_equal(to.us, minutes_ago(&r, 10).us);
    assert_int_equal(step, 49 * US_PER_MIN); /* 50 days in 1,500 */
    view_series_stored(s, from, buf_span(&point));
    view_series_stored(s, minutes_ago(&r, 60 * 24), SPAN("no point")); /* damaged: as if it were not there */
    view_series_stored(s, minutes_ago(&r, 60 * 12), buf_span(&point));
    view_series_stored_end(s);
    assert_true(view_series_wants(s, r.e, &from, &to, &step));
    view_series_stored_end(s);
    assert_false(view_series_wants(s, r.e, &from, &to, &step));
    yyjson_doc *d = finish(&r, v);
    assert_int_equal(yyjson_arr_size(rig_at(d, "points")), 4);
    assert_json(d, "points.0.total", "5");
    assert_json(d, "points.1.time", "2026-11-20T00:00:00.000000Z");
    assert_json(d, "points.2.total", "10");
    yyjson_doc_free(d);
    buf_free(&point);
    rig_end(&r);
}

/* ---- drawdown ---- */

static void add(struct drawdowns *d, int64_t day, const char *total) {
    struct series_point p = {{day * US_PER_DAY}, total != NULL ? D16(total) : UNKNOWN_DEC16, UNKNOWN_DEC16};
    drawdowns_add(d, &p);
}

static yyjson_doc *drawdown_json(const struct drawdowns *d) {
    struct buf b;
    buf_init(&b, 1 << 16);
    buf_puts(&b, "{");
    drawdowns_out(&b, d);
    buf_puts(&b, "}");
    yyjson_doc *doc = rig_json(&b);
    buf_free(&b);
    return doc;
}

static void the_deepest_share_below_a_peak_with_its_dates(void **state) {
    (void)state;
    struct drawdowns d;
    drawdowns_begin(&d, D16("100"), (struct wall){1000 * US_PER_DAY});
    add(&d, 700, "0");
    add(&d, 710, "-20"); /* 20 of 100: the deepest share */
    add(&d, 850, "100");
    add(&d, 860, NULL);
    add(&d, 870, "70"); /* 30 of 200 */
    add(&d, 995, "140");
    add(&d, 996, "116"); /* 24 of 240 */
    add(&d, 1000, "128");
    yyjson_doc *doc = drawdown_json(&d);
    assert_json(doc, "drawdown.0.days", "7");
    assert_json(doc, "drawdown.0.amount", "24");
    assert_json(doc, "drawdown.0.percent", "10");
    assert_json(doc, "drawdown.2.days", "180");
    assert_json(doc, "drawdown.2.percent", "15");
    assert_json(doc, "drawdown.2.since", "1972-04-30T00:00:00.000000Z"); /* day 850 */
    assert_json(doc, "drawdown.3.days", "null");
    assert_json(doc, "drawdown.3.amount", "20");
    assert_json(doc, "drawdown.3.percent", "20");
    assert_json(doc, "drawdown.3.peak_time", "1971-12-02T00:00:00.000000Z");
    assert_json(doc, "drawdown.3.trough_time", "1971-12-12T00:00:00.000000Z");
    assert_json(doc, "drawdown.3.current.amount", "12");
    assert_json(doc, "drawdown.3.current.percent", "5");
    yyjson_doc_free(doc);
}

static void without_an_investment_the_deepest_is_an_amount(void **state) {
    (void)state;
    struct drawdowns d;
    drawdowns_begin(&d, UNKNOWN_DEC16, (struct wall){10 * US_PER_DAY});
    add(&d, 4, "1");
    yyjson_doc *doc = drawdown_json(&d);
    assert_json(doc, "drawdown.3.amount", "null"); /* one point alone has none before it */
    yyjson_doc_free(doc);
    add(&d, 5, "-4");
    add(&d, 6, "50");
    add(&d, 7, "44");
    add(&d, 8, "60");
    doc = drawdown_json(&d);
    assert_json(doc, "drawdown.3.amount", "6");
    assert_json(doc, "drawdown.3.percent", "null");
    assert_json(doc, "drawdown.3.current.amount", "0");
    assert_json(doc, "drawdown.3.current.peak_time", "null");
    yyjson_doc_free(doc);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(totals_follow_fills_and_the_marks_of_their_time),
        cmocka_unit_test(a_point_without_a_mark_is_unknown_its_realized_is_not),
        cmocka_unit_test(a_pair_without_a_price_now_is_left_out_throughout),
        cmocka_unit_test(a_long_range_is_thinned_evenly),
        cmocka_unit_test(a_past_that_changes_meanwhile_is_read_again),
        cmocka_unit_test(what_the_store_has_comes_before_memory),
        cmocka_unit_test(the_deepest_share_below_a_peak_with_its_dates),
        cmocka_unit_test(without_an_investment_the_deepest_is_an_amount),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
