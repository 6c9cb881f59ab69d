/* The history of fills: pages against a naive sort of the same fills, totals against a naive sum, CSV read back. */
#include "rig.h"

#include "base/rng.h"
#include "view/fills.h"
#include "wire/csv.h"

enum { MANY = 600 };

struct world {
    struct rig r;
    struct fill fills[MANY]; /* as they were added */
    size_t count;
};

static const char *const bases[] = {"BTC", "ETH", "SOL"};

static void add(struct world *w, size_t pair, struct fill f) {
    enum ledger_added what;
    f.symbol = w->r.e->pairs[pair]->symbol;
    f.received_at = f.time;
    if (ledger_add(w->r.e->pairs[pair]->ledger, &f, &what, NULL) != ERR_OK) fail_msg("fill refused");
    if (what != LEDGER_ADDED) return;
    assert_true(w->count < MANY);
    w->fills[w->count++] = f;
}

/* Times repeat within a pair and between pairs, ids between pairs; some fills come late. */
static struct fill random_fill(struct rng *g, int64_t i) {
    static const char *const fee_assets[] = {"USDT", "BNB", ""};
    struct fill f = {.trade_id = i,
                     .order_id = 5000 + i / 3,
                     .side = rng_chance(g, 1, 2) ? SIDE_BUY : SIDE_SELL,
                     .maker = (enum maker)rng_below(g, 3),
                     .source = SOURCE_STREAM};
    f.time.us = rig_time("2026-01-01").us + (int64_t)(rng_below(g, 60)) * US_PER_HOUR;
    f.price.v = (i128)(1000 + rng_below(g, 1000)) * DEC8_ONE;
    f.quantity.v = (i128)(1 + rng_below(g, 1000)) * 100000;
    f.fee.v = (i128)rng_below(g, 100) * 10000000000;
    f.fee_asset = name_of(fee_assets[rng_below(g, 3)]);
    return f;
}

static struct world *world_new(uint64_t seed, size_t fills) {
    struct world *w = calloc(1, sizeof *w);
    struct rng g;
    rng_seed(&g, seed);
    rig_begin(&w->r);
    for (size_t i = 0; i < 3; i++) (void)rig_pair(&w->r, bases[i], i == 2 ? "BTC" : "USDT");
    for (size_t i = 0; i < fills; i++) add(w, rng_below(&g, 3), random_fill(&g, (int64_t)i / 2));
    for (size_t i = 0; i < 3; i++)
        while (!ledger_recompute(w->r.e->pairs[i]->ledger, 1000)) continue;
    rig_figures(&w->r);
    return w;
}

static void world_free(struct world *w) {
    rig_end(&w->r);
    free(w);
}

static int newest_first(const void *a, const void *b) {
    struct fill_key x = fill_key_of(a), y = fill_key_of(b);
    return fill_key_compare(&y, &x);
}

static bool naive_takes(const struct view_trades_query *q, const struct fill *f) {
    return (name_empty(&q->symbol) || name_eq(&q->symbol, &f->symbol)) && (!q->has_side || q->side == f->side) &&
           f->time.us >= q->from.us && (q->to.us == 0 || f->time.us < q->to.us);
}

static size_t naive(struct fill *out, const struct world *w, const struct view_trades_query *q) {
    size_t n = 0;
    for (size_t i = 0; i < w->count; i++)
        if (naive_takes(q, &w->fills[i])) out[n++] = w->fills[i];
    qsort(out, n, sizeof *out, newest_first);
    return n;
}

static yyjson_doc *page_of(struct world *w, const struct view_trades_query *q) {
    struct view_trades *t;
    struct buf b;
    buf_init(&b, 1 << 24);
    assert_int_equal(view_trades_new(&t, q, VIEW_TRADES_JSON), ERR_OK);
    for (int steps = 0; !view_trades_step(t, &b, w->r.e); steps++) assert_true(steps < 1000);
    view_trades_free(t);
    yyjson_doc *doc = rig_json(&b);
    buf_free(&b);
    return doc;
}

static void assert_row_is(yyjson_val *row, const struct fill *f) {
    char time[WALL_TEXT_MAX], price[DEC_TEXT_MAX];
    wall_format(time, f->time);
    dec8_format(price, f->price);
    assert_string_equal(yyjson_get_str(yyjson_obj_get(row, "time")), time);
    assert_string_equal(yyjson_get_str(yyjson_obj_get(row, "symbol")), f->symbol.text);
    assert_string_equal(yyjson_get_str(yyjson_obj_get(row, "side")), side_name(f->side));
    assert_string_equal(yyjson_get_str(yyjson_obj_get(row, "price")), price);
    assert_int_equal(strtoll(yyjson_get_str(yyjson_obj_get(row, "trade_id")), NULL, 10), f->trade_id);
    assert_int_equal(strtoll(yyjson_get_str(yyjson_obj_get(row, "order_id")), NULL, 10), f->order_id);
}

/* Every page of the query, followed by its cursors. */
static void assert_pages_are(struct world *w, struct view_trades_query q) {
    static struct fill want[MANY];
    size_t n = naive(want, w, &q), at = 0;
    char cursor[CURSOR_TEXT_MAX] = "";
    for (;;) {
        q.cursor = cursor;
        yyjson_doc *page = page_of(w, &q);
        yyjson_val *rows = rig_at(page, "rows"), *row, *next = rig_at(page, "next_cursor");
        size_t i, count;
        yyjson_arr_foreach(rows, i, count, row) {
            assert_true(at < n);
            assert_row_is(row, &want[at++]);
        }
        assert_int_equal(strtoull(rig_text(page, "totals.count"), NULL, 10), n);
        bool more = !yyjson_is_null(next);
        assert_true(more == (at < n));
        if (more) {
            assert_int_equal(yyjson_arr_size(rows), q.limit);
            assert_true(strlen(yyjson_get_str(next)) < sizeof cursor);
            strcpy(cursor, yyjson_get_str(next));
        }
        yyjson_doc_free(page);
        if (!more) break;
    }
    assert_int_equal(at, n);
}

static void pages_follow_one_another_without_hole_or_repeat(void **state) {
    (void)state;
    static const uint32_t limits[] = {1, 7, 100, 1000};
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct world *w = world_new(seed, 400);
        for (size_t i = 0; i < 4; i++) assert_pages_are(w, (struct view_trades_query){.limit = limits[i]});
        world_free(w);
    }
}

static void filters_cut_the_same_set_as_a_naive_reading(void **state) {
    (void)state;
    struct world *w = world_new(9, 500);
    for (int i = 0; i < 32; i++) {
        struct view_trades_query q = {.limit = 33};
        if (i & 1) q.symbol = name_of("ETH/USDT");
        if (i & 2) q.has_side = true, q.side = SIDE_SELL;
        if (i & 4) q.from = rig_time("2026-01-01T10:00:00Z");
        if (i & 8) q.to = rig_time("2026-01-02T05:00:00Z");
        if (i & 16) q.has_side = true, q.side = SIDE_BUY;
        assert_pages_are(w, q);
    }
    world_free(w);
}

static size_t count_of(struct world *w, struct view_trades_query q) {
    q.limit = 5;
    yyjson_doc *page = page_of(w, &q);
    size_t n = strtoull(rig_text(page, "totals.count"), NULL, 10);
    yyjson_doc_free(page);
    return n;
}

static void text_finds_symbols_ids_assets_sides(void **state) {
    (void)state;
    struct world *w = world_new(4, 300);
    size_t eth = 0, sells = 0, order = 0;
    for (size_t i = 0; i < w->count; i++) {
        eth += strstr(w->fills[i].symbol.text, "ETH") != NULL;
        sells += w->fills[i].side == SIDE_SELL;
        order += w->fills[i].order_id == 5013;
    }
    assert_int_equal(count_of(w, (struct view_trades_query){.text = "eth/"}), eth);
    assert_int_equal(count_of(w, (struct view_trades_query){.text = "SELL"}), sells);
    assert_true(order > 0);
    assert_int_equal(count_of(w, (struct view_trades_query){.text = "5013"}), order);
    assert_int_equal(count_of(w, (struct view_trades_query){.text = "nothing like it"}), 0);
    assert_int_equal(count_of(w, (struct view_trades_query){.symbol = name_of("ethusdt")}), eth);
    assert_int_equal(count_of(w, (struct view_trades_query){.symbol = name_of("DOGE/USDT")}), 0);
    world_free(w);
}

static void a_page_stays_where_it_is_when_newer_fills_come(void **state) {
    (void)state;
    struct world *w = world_new(5, 200);
    struct view_trades_query q = {.limit = 20};
    yyjson_doc *first = page_of(w, &q);
    q.cursor = rig_text(first, "next_cursor");
    yyjson_doc *before = page_of(w, &q);
    for (int64_t i = 0; i < 30; i++) {
        struct fill f = {.trade_id = 90000 + i,
                         .order_id = 1,
                         .side = SIDE_BUY,
                         .source = SOURCE_REST,
                         .price = D8("5"),
                         .quantity = D8("1"),
                         .time = rig_time("2026-02-01")};
        add(w, (size_t)i % 3, f);
    }
    yyjson_doc *after = page_of(w, &q);
    assert_true(yyjson_equals(rig_at(before, "rows"), rig_at(after, "rows")));
    assert_true(yyjson_equals(rig_at(before, "next_cursor"), rig_at(after, "next_cursor")));
    yyjson_doc_free(first);
    yyjson_doc_free(before);
    yyjson_doc_free(after);
    world_free(w);
}

/* Without a filter the ledgers' own sums are taken, with one the fills are walked: both must say the same. */
static void ledger_sums_and_walked_sums_agree(void **state) {
    (void)state;
    struct world *w = world_new(6, 500);
    struct view_trades_query all = {.limit = 1}, walked = {.limit = 1, .to = rig_time("2030-01-01")};
    yyjson_doc *a = page_of(w, &all), *b = page_of(w, &walked);
    static const char *const sums[] = {
        "count",
        "buys",
        "sells",
        "unvalued_fees",
        "assumed_fees",
        "fees.USDT",
        "fees.BNB",
        "fees.BTC",
        "quotes.USDT.bought",
        "quotes.USDT.sold",
        "quotes.USDT.fees",
        "quotes.USDT.realized",
        "quotes.BTC.bought",
        "quotes.BTC.sold",
        "quotes.BTC.fees",
        "quotes.BTC.realized",
    };
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++) {
        char path[64] = "totals.";
        strcat(path, sums[i]);
        if (strcmp(rig_text(a, path), rig_text(b, path)) != 0)
            fail_msg("%s: %s, walked %s", path, rig_text(a, path), rig_text(b, path));
    }
    yyjson_doc_free(a);
    yyjson_doc_free(b);
    world_free(w);
}

static void a_sum_that_cannot_be_converted_is_null(void **state) {
    (void)state;
    struct world *w = world_new(6, 100);
    struct view_trades_query q = {.limit = 1};
    w->r.e->lines[2].has_rate = false; /* SOL/BTC */
    yyjson_doc *page = page_of(w, &q);
    assert_json(page, "totals.currency", "USDT");
    assert_json(page, "totals.realized", "null");
    assert_string_not_equal(rig_text(page, "totals.quotes.BTC.realized"), "null");
    yyjson_doc_free(page);
    q.symbol = name_of("BTC/USDT"); /* its own quote alone is the display currency */
    page = page_of(w, &q);
    assert_string_equal(rig_text(page, "totals.realized"), rig_text(page, "totals.quotes.USDT.realized"));
    yyjson_doc_free(page);
    world_free(w);
}

static void a_row_says_what_the_fill_did(void **state) {
    (void)state;
    struct rig r;
    struct view_trades *t;
    struct buf b;
    rig_begin(&r);
    size_t p = rig_pair(&r, "BTC", "USDT");
    rig_fill(&r, p, SIDE_BUY, "100", "1", "0.1", "USDT");
    rig_wait(&r, US_PER_S);
    rig_fill(&r, p, SIDE_BUY, "110", "1", "0", "");
    rig_wait(&r, US_PER_S);
    rig_fill(&r, p, SIDE_SELL, "120", "1.5", "0.001", "BNB");
    rig_wait(&r, US_PER_S);
    rig_fill(&r, p, SIDE_SELL, "120", "1", "0", "USDT"); /* half of it has no lot */
    rig_wait(&r, US_PER_S);
    rig_fill(&r, p, SIDE_SELL, "120", "1", "0", "USDT"); /* none of it */
    rig_wait(&r, US_PER_S);
    rig_fill(&r, p, SIDE_SELL, "120", "2", "0.3", "USDT"); /* likewise, with a fee */
    buf_init(&b, 1 << 16);
    assert_int_equal(view_trades_new(&t, &(struct view_trades_query){.limit = 10}, VIEW_TRADES_JSON), ERR_OK);
    while (!view_trades_step(t, &b, r.e)) continue;
    yyjson_doc *d = rig_json(&b);
    assert_json(d, "rows.0.realized", "-0.3"); /* its fee was paid: rows and totals agree */
    assert_json(d, "rows.0.unmatched", "2");
    assert_json(d, "rows.1.realized", "null");
    assert_json(d, "rows.1.closes", "null");
    assert_json(d, "rows.1.unmatched", "1");
    assert_json(d, "rows.2.realized", "5"); /* 60 - 55 */
    assert_json(d, "rows.2.unmatched", "0.5");
    assert_json(d, "rows.3.realized", "25"); /* 180 - 100 - 55, the fee is not valued */
    assert_json(d, "rows.3.closes.first", "1000");
    assert_json(d, "rows.3.closes.last", "1001");
    assert_json(d, "rows.3.fee", "0.001");
    assert_json(d, "rows.3.fee_asset", "BNB");
    assert_json(d, "rows.3.fee_value", "null");
    assert_json(d, "rows.3.maker", "true");
    assert_json(d, "rows.3.source", "stream");
    assert_json(d, "rows.5.realized", "-0.1");
    assert_json(d, "rows.5.fee_value", "0.1");
    assert_json(d, "rows.5.order_id", "77");
    assert_json(d, "totals.realized", "29.6");
    assert_json(d, "totals.quote_amount", "870");
    assert_json(d, "totals.unvalued_fees", "1");
    yyjson_doc_free(d);
    view_trades_free(t);
    buf_free(&b);
    rig_end(&r);
}

static void fills_before_the_set_start_have_no_result(void **state) {
    (void)state;
    struct rig r;
    rig_begin(&r);
    size_t p = rig_pair(&r, "BTC", "USDT");
    r.config.since = (struct wall){r.now.wall.us + 1};
    rig_fill(&r, p, SIDE_BUY, "100", "1", "0.1", "USDT");
    struct view_trades *t;
    struct buf b;
    buf_init(&b, 1 << 16);
    assert_int_equal(
        view_trades_new(&t, &(struct view_trades_query){.limit = 10, .to = rig_time("2030-01-01")}, VIEW_TRADES_JSON),
        ERR_OK);
    while (!view_trades_step(t, &b, r.e)) continue;
    yyjson_doc *d = rig_json(&b);
    assert_json(d, "rows.0.realized", "null");
    assert_json(d, "totals.count", "0");
    yyjson_doc_free(d);
    view_trades_free(t);
    buf_free(&b);
    rig_end(&r);
}

struct csv_seen {
    struct fill fills[MANY];
    size_t count;
};

static void take_csv(void *arg, const struct fill *f) {
    struct csv_seen *s = arg;
    s->fills[s->count++] = *f;
}

static void none_refused(void *arg, const struct csv_fault *why) {
    (void)arg;
    fail_msg("%s", why->what);
}

static void csv_in_pieces_is_exactly_the_filtered_set(void **state) {
    (void)state;
    static struct fill want[MANY];
    struct world *w = world_new(7, 500);
    struct csv_seen *seen = calloc(1, sizeof *seen);
    struct view_trades_query q = {
        .has_side = true, .side = SIDE_SELL, .from = rig_time("2026-01-01T03:00:00Z"), .limit = 3};
    size_t n = naive(want, w, &q);
    struct view_trades *t;
    struct buf piece, whole;
    buf_init(&piece, 1 << 20);
    buf_init(&whole, 1 << 20);
    assert_int_equal(view_trades_new(&t, &q, VIEW_TRADES_CSV), ERR_OK);
    for (bool done = false; !done;) {
        done = view_trades_step(t, &piece, w->r.e);
        buf_put_span(&whole, buf_span(&piece));
        buf_clear(&piece);
    }
    struct csv_fault fault;
    assert_int_equal(csv_read_fills(buf_span(&whole), take_csv, none_refused, seen, &fault), ERR_OK);
    assert_int_equal(seen->count, n);
    for (size_t i = 0; i < n; i++) {
        struct fill_key a = fill_key_of(&want[i]), b = fill_key_of(&seen->fills[i]);
        assert_int_equal(fill_key_compare(&a, &b), 0);
        assert_true(want[i].price.v == seen->fills[i].price.v && want[i].quantity.v == seen->fills[i].quantity.v);
    }
    view_trades_free(t);
    buf_free(&piece);
    buf_free(&whole);
    free(seen);
    world_free(w);
}

/* Over VIEW_STEP_FILLS the answer takes several steps, and fills that come in between change nothing below. */
static void a_long_history_is_answered_in_steps(void **state) {
    (void)state;
    struct rig r;
    rig_begin(&r);
    size_t p = rig_pair(&r, "BTC", "USDT");
    struct fill f = {.symbol = r.e->pairs[p]->symbol,
                     .order_id = 1,
                     .side = SIDE_BUY,
                     .source = SOURCE_REST,
                     .price = D8("5"),
                     .quantity = D8("1")};
    enum ledger_added what;
    enum { LONG = 3 * VIEW_STEP_FILLS + 10 };
    for (int64_t i = 0; i < LONG; i++) {
        f.trade_id = i;
        f.time.us = rig_time("2026-01-01").us + i;
        assert_int_equal(ledger_add(r.e->pairs[p]->ledger, &f, &what, NULL), ERR_OK);
    }
    struct view_trades *t;
    struct buf b;
    buf_init(&b, 1 << 24);
    assert_int_equal(
        view_trades_new(&t, &(struct view_trades_query){.text = "buy", .limit = UINT32_MAX}, VIEW_TRADES_JSON), ERR_OK);
    int steps = 1;
    size_t written = 0;
    for (; !view_trades_step(t, &b, r.e); steps++) {
        f.trade_id++;
        f.time.us += 1000000;
        assert_int_equal(ledger_add(r.e->pairs[p]->ledger, &f, &what, NULL), ERR_OK);
        size_t rows = 0;
        for (size_t at = 0; at < b.len; at++) rows += b.at[at] == '{';
        assert_in_range(rows - written, 0, 300); /* a row takes longer than a look: few of them in one step */
        written = rows;
        assert_true(steps < 200);
    }
    assert_true(steps >= 60);
    yyjson_doc *d = rig_json(&b);
    assert_int_equal(yyjson_arr_size(rig_at(d, "rows")), LONG);
    yyjson_doc_free(d);
    view_trades_free(t);
    buf_free(&b);
    rig_end(&r);
}

static void a_text_that_is_nowhere_is_looked_for_in_short_steps(void **state) {
    (void)state;
    struct rig r;
    rig_begin(&r);
    size_t p = rig_pair(&r, "BTC", "USDT");
    struct fill f = {.symbol = r.e->pairs[p]->symbol, .source = SOURCE_REST, .price = D8("5"), .quantity = D8("1")};
    enum ledger_added what;
    for (f.trade_id = 0; f.trade_id < 2 * VIEW_STEP_FILLS; f.trade_id++, f.time.us += US_PER_S)
        assert_int_equal(ledger_add(r.e->pairs[p]->ledger, &f, &what, NULL), ERR_OK);
    static const struct {
        const char *text;
        int least, most;
    } cases[] = {{NULL, 3, 5}, {"nowhere", 16, 20}}; /* rows and totals: each fill is searched twice */
    for (size_t i = 0; i < 2; i++) {
        struct view_trades *t;
        struct buf b;
        const struct view_trades_query q = {.text = cases[i].text, .limit = 1, .to = {INT64_C(1) << 60}};
        int steps = 1;
        buf_init(&b, 1 << 20);
        assert_int_equal(view_trades_new(&t, &q, VIEW_TRADES_JSON), ERR_OK);
        while (!view_trades_step(t, &b, r.e)) steps++;
        assert_in_range(steps, cases[i].least, cases[i].most);
        view_trades_free(t);
        buf_free(&b);
    }
    rig_end(&r);
}

static void cursors_are_read_back_and_others_refused(void **state) {
    (void)state;
    static const char *const bad[] = {"",          "x",
                                      "1-2-b-",    "1-2-b-4",
                                      "1-2-q-42",  "1--b-42",
                                      "1-2-b-4g",  "11111111111111111-2-b-42",
                                      "1-2-b-00",  "1-2-b-42-",
                                      "1-2-b",     "1-2",
                                      "-1-2-b-42", "1-2-b-4254432F"};
    char text[CURSOR_TEXT_MAX];
    struct fill_key key = {{-5}, name_of("1234567890123456789012345678901"), INT64_MAX, SIDE_SELL}, back;
    cursor_write(text, &key);
    assert_int_equal(cursor_read(&back, span_of(text)), ERR_OK);
    assert_int_equal(fill_key_compare(&key, &back), 0);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(cursor_read(&back, span_of(bad[i])), ERR_SYNTAX);
    struct view_trades *t = NULL;
    assert_int_equal(
        view_trades_new(&t, &(struct view_trades_query){.cursor = "nonsense", .limit = 1}, VIEW_TRADES_JSON),
        ERR_VALUE);
    assert_null(t);
}

static void the_topic_tells_what_the_ledger_knows(void **state) {
    (void)state;
    struct rig r;
    struct buf b;
    rig_begin(&r);
    size_t p = rig_pair(&r, "BTC", "USDT");
    rig_fill(&r, p, SIDE_BUY, "100", "1", "0.1", "USDT");
    rig_fill(&r, p, SIDE_SELL, "110", "1", "0.11", "USDT");
    struct fill sent = {.symbol = name_of("BTC/USDT"), .trade_id = 1001, .side = SIDE_SELL, .time = r.now.wall};
    buf_init(&b, 1 << 16);
    view_trades_topic(&b, r.e, &sent, 1, 12);
    yyjson_doc *d = rig_json(&b);
    assert_json(d, "type", "trades");
    assert_json(d, "topic", "trades");
    assert_json(d, "seq", "12");
    assert_json(d, "rows.0.realized", "9.89");
    assert_json(d, "rows.0.price", "110");
    yyjson_doc_free(d);
    buf_free(&b);
    rig_end(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_follow_one_another_without_hole_or_repeat),
        cmocka_unit_test(filters_cut_the_same_set_as_a_naive_reading),
        cmocka_unit_test(text_finds_symbols_ids_assets_sides),
        cmocka_unit_test(a_page_stays_where_it_is_when_newer_fills_come),
        cmocka_unit_test(ledger_sums_and_walked_sums_agree),
        cmocka_unit_test(a_sum_that_cannot_be_converted_is_null),
        cmocka_unit_test(a_row_says_what_the_fill_did),
        cmocka_unit_test(fills_before_the_set_start_have_no_result),
        cmocka_unit_test(csv_in_pieces_is_exactly_the_filtered_set),
        cmocka_unit_test(a_long_history_is_answered_in_steps),
        cmocka_unit_test(a_text_that_is_nowhere_is_looked_for_in_short_steps),
        cmocka_unit_test(cursors_are_read_back_and_others_refused),
        cmocka_unit_test(the_topic_tells_what_the_ledger_knows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
