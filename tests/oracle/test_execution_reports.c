/* User-data events on top of trades known from the bot: only x = TRADE is a fill, at the last executed price and
 * quantity. */
#include "oracle.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>

static const char *text_of(yyjson_val *event, const char *field) {
    return yyjson_get_str(yyjson_obj_get(event, field));
}

static bool is_trade(yyjson_val *event) {
    const char *execution = text_of(event, "x");
    return strcmp(text_of(event, "e"), "executionReport") == 0 && execution != NULL && strcmp(execution, "TRADE") == 0;
}

static struct fill fill_of_event(const struct world *w, yyjson_val *e) {
    const char *fee_asset = text_of(e, "N");
    return (struct fill){
        .symbol = w->symbols[world_symbol(w, text_of(e, "s"))],
        .trade_id = yyjson_get_sint(yyjson_obj_get(e, "t")),
        .order_id = yyjson_get_sint(yyjson_obj_get(e, "i")),
        .side = strcmp(text_of(e, "S"), "SELL") == 0 ? SIDE_SELL : SIDE_BUY,
        .maker = yyjson_get_bool(yyjson_obj_get(e, "m")) ? MAKER_YES : MAKER_NO,
        .source = SOURCE_STREAM,
        .price = dec8_text(text_of(e, "L")),
        .quantity = dec8_text(text_of(e, "l")),
        .quote_amount = dec16_text(text_of(e, "Y")),
        .fee = dec16_text(text_of(e, "n")),
        .fee_asset = name_of(fee_asset != NULL ? fee_asset : ""),
        .time = wall_of_ms(yyjson_get_sint(yyjson_obj_get(e, "T"))),
    };
}

static void assert_figure(yyjson_val *a_case, const char *field, struct dec16 got) {
    char text[DEC_TEXT_MAX];
    const char *want = yyjson_get_str(yyjson_obj_get(yyjson_obj_get(a_case, "expected"), field));
    dec16_format(text, got);
    if (strcmp(text, want) != 0)
        fail_msg("%s: %s is %s, the oracle says %s", yyjson_get_str(yyjson_obj_get(a_case, "name")), field, text, want);
}

static void assert_world(yyjson_val *a_case, const struct world *w) {
    struct dec16 realized = {0}, unrealized = {0}, total = {0};
    uint64_t fills = 0;
    for (size_t i = 0; i < w->count; i++) {
        struct dec16 u, t;
        const struct ledger_totals *totals = ledger_totals(w->ledgers[i]);
        assert_int_equal(ledger_unrealized_fine(totals, w->marks[i], &u, &t), ERR_OK);
        realized.v += totals->realized.v;
        unrealized.v += u.v;
        total.v += t.v;
        fills += totals->fills;
        assert_true(ledger_ok(w->ledgers[i]));
    }
    assert_int_equal(fills, yyjson_get_uint(yyjson_obj_get(yyjson_obj_get(a_case, "expected"), "fills")));
    assert_figure(a_case, "realized", realized);
    assert_figure(a_case, "unrealized", unrealized);
    assert_figure(a_case, "total", total);
}

static void add_known(struct world *w, yyjson_val *rows) {
    yyjson_val *row;
    size_t i, n;
    yyjson_arr_foreach(rows, i, n, row) {
        struct fill f = fill_of_row(w, row);
        world_add(w, &f);
    }
}

static void add_events(struct world *w, yyjson_val *events) {
    yyjson_val *wrapped;
    size_t i, n;
    yyjson_arr_foreach(events, i, n, wrapped) {
        yyjson_val *event = yyjson_obj_get(wrapped, "event");
        if (!is_trade(event)) continue;
        struct fill f = fill_of_event(w, event);
        world_add(w, &f);
    }
}

static void run(yyjson_val *a_case, bool events_first) {
    struct world w;
    world_init(&w, a_case, "rest_trades_at_start");
    if (events_first) add_events(&w, yyjson_obj_get(a_case, "events"));
    add_known(&w, yyjson_obj_get(a_case, "rest_trades_at_start"));
    if (!events_first) add_events(&w, yyjson_obj_get(a_case, "events"));
    world_recompute(&w, SIZE_MAX);
    assert_world(a_case, &w);
    world_free(&w);
}

static void every_sequence_of_events(void **state) {
    (void)state;
    yyjson_doc *doc = oracle_open("execution_reports.json");
    yyjson_val *a_case;
    size_t i, n;
    assert_int_equal(yyjson_arr_size(yyjson_doc_get_root(doc)), 12);
    yyjson_arr_foreach(yyjson_doc_get_root(doc), i, n, a_case) {
        run(a_case, false);
        run(a_case, true);
    }
    yyjson_doc_free(doc);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_sequence_of_events)};
    return cmocka_run_group_tests_name("oracle/execution_reports", tests, NULL, NULL);
}
