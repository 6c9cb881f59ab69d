/* Decoders and views without memory: an error or a failed buffer, nothing handed out that is not whole, nothing leaked. */
#include "fault.h"
#include "unit/view/rig.h"

#include "wire/binance.h"
#include "wire/bot.h"
#include "wire/csv.h"

#include <stdio.h>

static void count_row(void *arg, const struct fill *f) {
    (void)f;
    ++*(size_t *)arg;
}

static void count_strategy(void *arg, const struct bot_strategy *s) {
    (void)s;
    ++*(size_t *)arg;
}

/* A page of trades, larger than the parser's pool. */
static struct buf large_page(void) {
    struct buf b;
    buf_init(&b, 8 << 20);
    buf_putc(&b, '[');
    for (int i = 0; i < 3000; i++)
        buf_putf(&b,
                 "%s{\"id\":\"%d\",\"symbol\":\"BTC/"
                 "USDT\",\"side\":\"buy\",\"price\":\"100.5\",\"quantity\":\"1\",\"status\":\"open\"}",
                 i > 0 ? "," : "", i);
    buf_putc(&b, ']');
    assert_int_equal(b.failed, ERR_OK);
    return b;
}

static void no_refusal(void *arg, const struct csv_fault *why) {
    (void)arg;
    fail_msg("%s", why->what);
}

static void a_decoder_says_that_memory_is_missing(void **state) {
    struct buf page = large_page();
    static const char csv[] =
        "time,symbol,trade_id,order_id,side,price,quantity,quote_amount,fee,fee_asset,maker,source\n"
        "2026-01-06T14:15:20.948000Z,BTC/USDT,28457,100234,sell,67123.45,0.00037,24.8356765,0.00001234,BNB,true,rest\n";
    uint64_t runs = 0;
    (void)state;
    FOR_EACH_FAILURE(n, failed) {
        struct wire_fault fault = {.err = ERR_OK};
        struct csv_fault csv_fault = {.line = 0};
        struct market_message m = {.id = 4711};
        size_t rows = 0;
        fault_arm(n);
        struct json *j = json_new();
        if (j != NULL) {
            enum err e = bot_strategies_decode(j, buf_span(&page), count_strategy, &rows, &fault);
            assert_true(e == ERR_OK || rows == 0);
            e = market_decode(j, SPAN("{\"e\":\"nonsense\"}"), &m, &fault);
            assert_true(e == ERR_OK || m.id == 4711);
        }
        rows = 0;
        enum err e = csv_read_fills(span_of(csv), count_row, no_refusal, &rows, &csv_fault);
        assert_true(e == ERR_OK || rows == 0);
        failed = fault_disarm();
        if (!failed) assert_true(e == ERR_OK && rows == 1);
        json_free(j);
        runs++;
    }
    assert_true(runs > 4);
    buf_free(&page);
}

static void a_view_fails_as_a_whole(void **state) {
    struct rig r;
    uint64_t runs = 0;
    (void)state;
    rig_begin(&r);
    for (int i = 0; i < 3; i++) {
        char base[4] = {'A', (char)('A' + i), '\0'};
        size_t pair = rig_pair(&r, base, "USDT");
        rig_fill(&r, pair, SIDE_BUY, "100", "2", "0.1", "USDT");
        rig_fill(&r, pair, SIDE_SELL, "110", "1", "0.1", "USDT");
        rig_order(&r, pair, 7 + i, SIDE_BUY, "90", true);
        rig_tick(&r, pair, D8("105"));
    }
    rig_figures(&r);
    FOR_EACH_FAILURE(n, failed) {
        struct buf whole, delta, known, metrics;
        buf_init(&whole, 1 << 22), buf_init(&delta, 1 << 22), buf_init(&known, 1 << 22), buf_init(&metrics, 1 << 22);
        fault_arm(n);
        view_snapshot(&whole, r.e, r.now, 1);
        view_metrics(&metrics, r.e, r.now);
        struct view *v = view_new(r.e, r.now);
        bool said = v != NULL && view_delta(v, &delta, r.e, r.now, 2);
        if (v != NULL) view_known(v, &known, r.now, 2);
        failed = fault_disarm();
        if (whole.failed == ERR_OK) yyjson_doc_free(rig_json(&whole));
        if (said && delta.failed == ERR_OK) yyjson_doc_free(rig_json(&delta));
        if (v != NULL && known.failed == ERR_OK) {
            yyjson_doc *doc = rig_json(&known);
            assert_json(doc, "pairs.0.price", "105");
            assert_json(doc, "pairs.2.price", "105");
            yyjson_doc_free(doc);
        }
        if (!failed)
            assert_true(v != NULL && whole.failed == ERR_OK && known.failed == ERR_OK && metrics.failed == ERR_OK);
        view_free(v);
        buf_free(&whole), buf_free(&delta), buf_free(&known), buf_free(&metrics);
        runs++;
    }
    assert_true(runs > 8);
    rig_end(&r);
}

/* ---- the answers that are made in steps ---- */

enum answer {
    PERFORMANCE,
    PERFORMANCE_OF_ONE,
    PERFORMANCE_BY_AVERAGE,
    EQUITY,
    TRADES,
    TRADES_OF_A_TEXT,
    TRADES_CSV,
    PROOF,
    PROVENANCE,
    ANSWERS
};

/* What the store has of the past: nothing, and said to be all. */
static void feed_stored(struct view_series *s, const struct rig *r) {
    struct wall from, to;
    int64_t step;
    while (view_series_wants(s, r->e, &from, &to, &step)) view_series_stored_end(s);
}

static void answer_performance(struct buf *out, const struct rig *r, bool one, enum method method) {
    struct name symbol = {{0}};
    if (one) symbol = r->e->pairs[0]->symbol;
    struct view_performance *v = view_performance_new(r->e, &symbol, method, r->now);
    if (v == NULL) {
        out->failed = ERR_MEMORY;
        return;
    }
    feed_stored(view_performance_series(v), r);
    while (!view_performance_step(v, out, r->e)) {
    }
    view_performance_free(v);
}

static void answer_equity(struct buf *out, const struct rig *r) {
    struct view_equity *v = view_equity_new((struct wall){0}, (struct wall){0}, r->now);
    if (v == NULL) {
        out->failed = ERR_MEMORY;
        return;
    }
    feed_stored(view_equity_series(v), r);
    while (!view_equity_step(v, out, r->e)) {
    }
    view_equity_free(v);
}

static void answer_trades(struct buf *out, const struct rig *r, const char *text, enum view_trades_format format) {
    struct view_trades *t;
    const struct view_trades_query q = {.text = text, .limit = 50};
    out->failed = view_trades_new(&t, &q, format);
    if (out->failed != ERR_OK) return;
    while (!view_trades_step(t, out, r->e)) {
    }
    view_trades_free(t);
}

static void answer(struct buf *out, const struct rig *r, enum answer what) {
    switch (what) {
    case PERFORMANCE: answer_performance(out, r, false, METHOD_FIFO); break;
    case PERFORMANCE_OF_ONE: answer_performance(out, r, true, METHOD_FIFO); break;
    case PERFORMANCE_BY_AVERAGE: answer_performance(out, r, false, METHOD_AVERAGE); break;
    case EQUITY: answer_equity(out, r); break;
    case TRADES: answer_trades(out, r, NULL, VIEW_TRADES_JSON); break;
    case TRADES_OF_A_TEXT: answer_trades(out, r, "sell", VIEW_TRADES_JSON); break;
    case TRADES_CSV: answer_trades(out, r, NULL, VIEW_TRADES_CSV); break;
    case PROOF: view_proof(out, r->e, r->now); break;
    default: view_provenance(out, r->e, r->now); break;
    }
}

static void an_answer_is_whole_or_said_to_have_failed(void **state) {
    struct rig r;
    uint64_t failures = 0;
    (void)state;
    rig_begin(&r);
    for (int i = 0; i < 3; i++) {
        char base[4] = {'A', (char)('A' + i), '\0'};
        size_t pair = rig_pair(&r, base, "USDT");
        for (int k = 0; k < 20; k++) {
            rig_fill(&r, pair, k % 2 ? SIDE_SELL : SIDE_BUY, k % 2 ? "110" : "100", "1", "0.1", k % 3 ? "USDT" : "BNB");
            rig_wait(&r, US_PER_MIN);
        }
        rig_tick(&r, pair, D8("105"));
    }
    rig_figures(&r);
    for (enum answer what = 0; what < ANSWERS; what++) {
        struct buf sound, out;
        buf_init(&sound, 1 << 22);
        answer(&sound, &r, what);
        assert_int_equal(sound.failed, ERR_OK);
        FOR_EACH_FAILURE(n, failed) {
            buf_init(&out, 1 << 22);
            fault_arm(n);
            answer(&out, &r, what);
            failed = fault_disarm();
            bool same = out.failed == ERR_OK && out.len == sound.len && memcmp(out.at, sound.at, out.len) == 0;
            if (!same && !(failed && out.failed == ERR_MEMORY)) fail_msg("answer %d, allocation %d", (int)what, (int)n);
            buf_free(&out);
            failures += failed;
        }
        buf_free(&sound);
    }
    print_message("# %llu failures\n", (unsigned long long)failures);
    assert_true(failures > 50);
    rig_end(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_decoder_says_that_memory_is_missing),
        cmocka_unit_test(a_view_fails_as_a_whole),
        cmocka_unit_test(an_answer_is_whole_or_said_to_have_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
