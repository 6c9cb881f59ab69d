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
        enum err e = csv_read_fills(span_of(csv), count_row, &rows, &csv_fault);
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_decoder_says_that_memory_is_missing),
        cmocka_unit_test(a_view_fails_as_a_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
