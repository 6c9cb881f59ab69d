/* Open orders with their grid levels, and candles. */
#include "rig.h"

static yyjson_doc *orders_of(struct rig *r, const char *symbol) {
    struct buf b;
    struct name name = name_of(symbol);
    buf_init(&b, 1 << 22);
    view_orders(&b, r->e, &name);
    yyjson_doc *doc = rig_json(&b);
    buf_free(&b);
    return doc;
}

static void begin(struct rig *r) {
    rig_begin(r);
    size_t a = rig_pair(r, "BTC", "USDT"), b = rig_pair(r, "ETH", "USDT");
    rig_order(r, a, 11, SIDE_BUY, "90", true);
    rig_order(r, a, 12, SIDE_SELL, "120", true);
    rig_order(r, b, 13, SIDE_BUY, "9", true);
}

static void rows_are_the_open_orders_by_price(void **state) {
    (void)state;
    struct rig r;
    begin(&r);
    yyjson_doc *d = orders_of(&r, "BTC/USDT");
    assert_int_equal(yyjson_arr_size(rig_at(d, "rows")), 2);
    assert_json(d, "rows.0.order_id", "11");
    assert_json(d, "rows.0.side", "buy");
    assert_json(d, "rows.0.type", "limit");
    assert_json(d, "rows.0.price", "90");
    assert_json(d, "rows.0.quantity", "0.01");
    assert_json(d, "rows.0.filled", "0");
    assert_json(d, "rows.0.time", "2026-11-20T10:15:30.123456Z");
    assert_json(d, "rows.1.side", "sell");
    assert_json(d, "known", "true");
    yyjson_doc_free(d);
    rig_end(&r);
}

static void all_pairs_together_have_no_levels(void **state) {
    (void)state;
    struct rig r;
    begin(&r);
    yyjson_doc *d = orders_of(&r, "");
    assert_int_equal(yyjson_arr_size(rig_at(d, "rows")), 3);
    assert_null(rig_at(d, "levels"));
    yyjson_doc_free(d);
    rig_end(&r);
}

static void an_unknown_symbol_has_no_rows(void **state) {
    (void)state;
    struct rig r;
    begin(&r);
    yyjson_doc *d = orders_of(&r, "DOGE/USDT");
    assert_int_equal(yyjson_arr_size(rig_at(d, "rows")), 0);
    yyjson_doc_free(d);
    rig_end(&r);
}

static void orders_not_read_yet_are_said_to_be_unknown(void **state) {
    (void)state;
    struct rig r;
    begin(&r);
    r.e->pairs[1]->orders_known = false;
    yyjson_doc *d = orders_of(&r, "");
    assert_json(d, "known", "false");
    yyjson_doc_free(d);
    rig_end(&r);
}

static void levels_join_orders_and_fills(void **state) {
    (void)state;
    struct rig r;
    begin(&r);
    struct pair *p = r.e->pairs[0];
    p->grid = (struct grid){.known = true, .lower = D8("80"), .upper = D8("130")};
    rig_fill(&r, 0, SIDE_BUY, "90", "1", "0", "USDT");
    rig_fill(&r, 0, SIDE_BUY, "90", "1", "0", "USDT");
    rig_fill(&r, 0, SIDE_SELL, "100", "1", "0", "USDT");
    rig_fill(&r, 0, SIDE_SELL, "100", "1", "0.5", "USDT");
    rig_fill(&r, 0, SIDE_BUY, "70", "1", "0", "USDT"); /* outside the grid: by hand */
    yyjson_doc *d = orders_of(&r, "BTCUSDT");
    assert_int_equal(yyjson_arr_size(rig_at(d, "levels")), 3);
    assert_json(d, "levels.0.price", "90");
    assert_json(d, "levels.0.state", "open_buy");
    assert_json(d, "levels.0.fills", "2");
    assert_json(d, "levels.0.profit", "0");
    assert_json(d, "levels.1.price", "100");
    assert_json(d, "levels.1.state", "filled");
    assert_json(d, "levels.1.fills", "2");
    assert_json(d, "levels.1.profit", "19.5");
    assert_json(d, "levels.2.price", "120");
    assert_json(d, "levels.2.state", "open_sell");
    assert_json(d, "levels.2.fills", "0");
    yyjson_doc_free(d);
    rig_end(&r);
}

/* The sample of the bot: ten geometric levels from 88000 to 94000, bought down to 91284.42, one coin on sale. */
static void begin_grid(struct rig *r) {
    static const char *const buys[] = {"88000", "88647.29", "89299.34", "89956.19", "90617.87", "91284.42"};
    rig_begin(r);
    size_t pair = rig_pair(r, "BTC", "USDT");
    for (int i = 0; i < 6; i++) rig_order(r, pair, 1 + i, SIDE_BUY, buys[i], true);
    rig_order(r, pair, 7, SIDE_SELL, "92632.26", true);
    struct pair *p = r->e->pairs[pair];
    p->grid = (struct grid){.known = true, .lower = D8("88000"), .upper = D8("94000"), .levels = 10};
    p->grid_from_bot = p->orders_known = true;
    r->e->markets[p->market]->info_known = true;
    r->e->markets[p->market]->info.tick_size = D8("0.01");
    rig_tick(r, pair, D8("91700"));
}

static void a_level_with_neither_order_nor_fill_is_missing(void **state) {
    (void)state;
    struct rig r;
    begin_grid(&r);
    yyjson_doc *d = orders_of(&r, "BTC/USDT");
    assert_int_equal(yyjson_arr_size(rig_at(d, "levels")), 9); /* without 91955.87, where the price is */
    assert_json(d, "levels.5.state", "open_buy");
    assert_json(d, "levels.5.reason", "null");
    assert_json(d, "levels.6.price", "92632.26");
    assert_json(d, "levels.7.price", "93313.62");
    assert_json(d, "levels.7.state", "missing");
    assert_json(d, "levels.7.fills", "0");
    assert_json(d, "levels.7.last_fill", "null");
    assert_json(d, "levels.7.reason", "no sell order here; the bot does not say why");
    assert_json(d, "levels.8.price", "94000");
    assert_json(d, "levels.8.state", "missing");
    yyjson_doc_free(d);
    rig_end(&r);
}

static void a_missing_level_says_what_became_of_its_last_order(void **state) {
    static const struct {
        enum order_end end;
        const char *reason;
    } cases[] = {
        {ORDER_REJECTED_BALANCE,
         "the last order here was rejected by the exchange, 2026-11-20 10:15 UTC: not enough balance"},
        {ORDER_REJECTED_MATCH,
         "the last order here was rejected by the exchange, 2026-11-20 10:15 UTC: it would have matched at once"},
        {ORDER_REJECTED, "the last order here was rejected by the exchange, 2026-11-20 10:15 UTC: it does not say why"},
        {ORDER_CANCELED, "the last order here was cancelled, 2026-11-20 10:15 UTC: by the bot or by hand"},
        {ORDER_EXPIRED, "the last order here expired, 2026-11-20 10:15 UTC: the exchange ended it"},
        {ORDER_END_NONE, "no sell order here; the bot does not say why"},
    };
    (void)state;
    struct rig r;
    begin_grid(&r);
    struct order at = {.price = D8("93313.62")}, elsewhere = {.price = D8("93000")};
    (void)orders_note(r.e->pairs[0]->orders, &elsewhere, ORDER_CANCELED, r.now.wall); /* on no level */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        (void)orders_note(r.e->pairs[0]->orders, &at, cases[i].end, r.now.wall);
        yyjson_doc *d = orders_of(&r, "BTC/USDT");
        assert_json(d, "levels.7.price", "93313.62");
        assert_json(d, "levels.7.reason", cases[i].reason);
        assert_json(d, "levels.8.reason", "no sell order here; the bot does not say why");
        yyjson_doc_free(d);
    }
    rig_end(&r);
}

static void a_filled_level_is_not_missing_and_says_when(void **state) {
    (void)state;
    struct rig r;
    begin_grid(&r);
    rig_fill(&r, 0, SIDE_SELL, "93313.62", "0.01", "0", "USDT");
    yyjson_doc *d = orders_of(&r, "BTC/USDT");
    assert_json(d, "levels.7.state", "filled");
    assert_json(d, "levels.7.last_fill", "2026-11-20T10:15:30.123456Z");
    assert_json(d, "levels.8.state", "missing");
    yyjson_doc_free(d);
    rig_end(&r);
}

static void a_taken_away_order_is_missed_once_the_price_is_elsewhere(void **state) {
    (void)state;
    struct rig r;
    begin_grid(&r);
    rig_order(&r, 0, 3, SIDE_BUY, "89299.34", false);
    yyjson_doc *d = orders_of(&r, "BTC/USDT");
    assert_json(d, "levels.2.price", "89299.34");
    assert_json(d, "levels.2.state", "missing");
    assert_json(d, "levels.2.reason", "no buy order here; the bot does not say why");
    yyjson_doc_free(d);
    rig_end(&r);
}

static void the_reason_is_what_the_data_say(void **state) {
    (void)state;
    struct rig r;
    begin_grid(&r);
    r.e->pairs[0]->history.state = HISTORY_COMPLETE; /* 0.01 a sell order, and no coin was ever bought */
    yyjson_doc *d = orders_of(&r, "BTC/USDT");
    assert_json(d, "levels.7.reason", "the coins bought are all on sale at other levels already");
    yyjson_doc_free(d);
    rig_fill(&r, 0, SIDE_BUY, "91284.42", "0.03", "0", "USDT");
    d = orders_of(&r, "BTC/USDT");
    assert_json(d, "levels.7.reason", "no sell order here; the bot does not say why");
    yyjson_doc_free(d);
    r.e->markets[0]->info.min_notional = D16("1000");
    d = orders_of(&r, "BTC/USDT");
    assert_json(d, "levels.7.reason", "an order of the usual size would be below the exchange's least amount");
    yyjson_doc_free(d);
    rig_end(&r);
}

static void nothing_is_missing_where_too_little_is_known(void **state) {
    (void)state;
    struct rig r;
    begin_grid(&r);
    r.e->pairs[0]->orders_known = false;
    yyjson_doc *d = orders_of(&r, "BTC/USDT");
    assert_int_equal(yyjson_arr_size(rig_at(d, "levels")), 7);
    yyjson_doc_free(d);
    r.e->pairs[0]->orders_known = true;
    r.e->pairs[0]->grid_from_bot = false; /* worked out from the orders themselves */
    d = orders_of(&r, "BTC/USDT");
    assert_int_equal(yyjson_arr_size(rig_at(d, "levels")), 7);
    yyjson_doc_free(d);
    r.e->pairs[0]->grid_from_bot = true;
    r.e->pairs[0]->grid.levels = 13; /* the orders lie on no such grid */
    d = orders_of(&r, "BTC/USDT");
    assert_int_equal(yyjson_arr_size(rig_at(d, "levels")), 7);
    yyjson_doc_free(d);
    rig_end(&r);
}

static void levels_are_bounded_whatever_happened(void **state) {
    (void)state;
    struct rig r;
    char price[DEC_TEXT_MAX];
    begin(&r);
    for (int i = 0; i < ORDERS_MAX + 50; i++) {
        dec8_format(price, (struct dec8){(1000 + i) * DEC8_ONE});
        rig_order(&r, 0, 1000 + i, SIDE_SELL, price, true);
    }
    for (int i = 0; i < LIMIT_FILLS_SHOWN + 50; i++) {
        dec8_format(price, (struct dec8){(5000 - i) * DEC8_ONE});
        rig_wait(&r, 1);
        rig_fill(&r, 0, SIDE_BUY, price, "1", "0", "USDT");
    }
    yyjson_doc *d = orders_of(&r, "BTC/USDT");
    assert_int_equal(yyjson_arr_size(rig_at(d, "levels")), ORDERS_MAX + LIMIT_FILLS_SHOWN);
    yyjson_doc_free(d);
    rig_end(&r);
}

static void topic_message_names_its_topic(void **state) {
    (void)state;
    struct rig r;
    struct buf b;
    struct name symbol = name_of("BTC/USDT");
    begin(&r);
    buf_init(&b, 1 << 20);
    view_orders_topic(&b, r.e, &symbol, 9);
    yyjson_doc *d = rig_json(&b);
    assert_json(d, "topic", "orders:BTC/USDT");
    assert_json(d, "seq", "9");
    assert_json(d, "rows.1.price", "120");
    yyjson_doc_free(d);
    buf_free(&b);
    rig_end(&r);
}

static void strategies_say_what_their_source_says(void **state) {
    (void)state;
    struct rig r;
    struct buf b;
    begin(&r);
    struct pair *p = r.e->pairs[0];
    strcpy(p->strategy, "grid \"a\"");
    p->grid = (struct grid){
        .known = true, .lower = D8("60000"), .upper = D8("68000.5"), .levels = 20, .investment = D16("1000")};
    p->grid_from_bot = true;
    buf_init(&b, 1 << 16);
    view_strategies(&b, r.e);
    yyjson_doc *d = rig_json(&b);
    assert_json(d, "0.symbol", "BTC/USDT");
    assert_json(d, "0.name", "grid \"a\"");
    assert_json(d, "0.source", "bot");
    assert_json(d, "0.upper", "68000.5");
    assert_json(d, "0.levels", "20");
    assert_json(d, "0.investment", "1000");
    assert_json(d, "1.name", "null");
    assert_json(d, "1.lower", "null");
    yyjson_doc_free(d);
    buf_free(&b);
    rig_end(&r);
}

static void candles_as_the_chart_wants_them(void **state) {
    (void)state;
    struct name symbol = name_of("BTC/USDT"), interval = name_of("1m");
    struct candle c[2] = {{.open_time = rig_time("2026-11-20T10:15:00Z"),
                           .close_time = rig_time("2026-11-20T10:15:59.999Z"),
                           .open = D8("1"),
                           .high = D8("4"),
                           .low = D8("0.5"),
                           .close = D8("2"),
                           .volume = D16("12.5"),
                           .closed = true},
                          {.open_time = rig_time("2026-11-20T10:16:00Z"), .open = D8("2"), .close = D8("3")}};
    struct buf b;
    buf_init(&b, 1 << 16);
    view_candles(&b, &symbol, &interval, c, 2);
    yyjson_doc *d = rig_json(&b);
    assert_json(d, "symbol", "BTC/USDT");
    assert_json(d, "interval", "1m");
    assert_json(d, "candles.0.time", "2026-11-20T10:15:00.000000Z");
    assert_json(d, "candles.0.high", "4");
    assert_json(d, "candles.0.volume", "12.5");
    assert_json(d, "candles.0.closed", "true");
    assert_json(d, "candles.1.closed", "false");
    yyjson_doc_free(d);
    buf_clear(&b);
    view_candles_topic(&b, &symbol, &interval, &c[1], 77);
    d = rig_json(&b);
    assert_json(d, "topic", "candles:BTC/USDT:1m");
    assert_json(d, "seq", "77");
    assert_json(d, "candles.0.close", "3");
    yyjson_doc_free(d);
    buf_clear(&b);
    view_candles(&b, &symbol, &interval, NULL, 0);
    assert_string_equal(b.at, "{\"symbol\":\"BTC/USDT\",\"interval\":\"1m\",\"candles\":[]}");
    buf_free(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_the_open_orders_by_price),
        cmocka_unit_test(all_pairs_together_have_no_levels),
        cmocka_unit_test(an_unknown_symbol_has_no_rows),
        cmocka_unit_test(orders_not_read_yet_are_said_to_be_unknown),
        cmocka_unit_test(levels_join_orders_and_fills),
        cmocka_unit_test(a_level_with_neither_order_nor_fill_is_missing),
        cmocka_unit_test(a_missing_level_says_what_became_of_its_last_order),
        cmocka_unit_test(a_filled_level_is_not_missing_and_says_when),
        cmocka_unit_test(a_taken_away_order_is_missed_once_the_price_is_elsewhere),
        cmocka_unit_test(the_reason_is_what_the_data_say),
        cmocka_unit_test(nothing_is_missing_where_too_little_is_known),
        cmocka_unit_test(levels_are_bounded_whatever_happened),
        cmocka_unit_test(topic_message_names_its_topic),
        cmocka_unit_test(strategies_say_what_their_source_says),
        cmocka_unit_test(candles_as_the_chart_wants_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
