#include "wire_test.h"

#include "wire/bot.h"

static int setup(void **state) { return (*state = json_new()) == NULL; }
static int teardown(void **state) {
    json_free(*state);
    return 0;
}

DEFINE_TAKER(bot_strategy, strategies)

static struct wire_fault fault;

static char *bot_file(const char *name, struct span *out) {
    char path[200];
    (void)snprintf(path, sizeof path, "bot/samples/%s.json", name);
    char *bytes = read_data(path, &out->len);
    out->at = bytes;
    return bytes;
}

static struct bot_health health_of(struct json *j, const char *name) {
    struct span body;
    struct bot_health h;
    char *bytes = bot_file(name, &body);
    assert_int_equal(bot_health_decode(j, body, &h, &fault), ERR_OK);
    free(bytes);
    return h;
}

static void metrics_say_whether_the_bot_runs(void **state) {
    struct bot_health h = health_of(*state, "metrics");
    assert_true(h.alive && h.has_running && h.running);
    assert_dec16(h.uptime_seconds, "406149.227276");
    assert_string_equal(h.name.text, "grid_BTC_USDT");
    h = health_of(*state, "edge/metrics_no_bot");
    assert_true(h.alive && h.has_running && !h.running);
    assert_true(name_empty(&h.name));
}

static void health_says_only_alive(void **state) {
    struct bot_health h = health_of(*state, "health");
    assert_true(h.alive);
    assert_false(h.has_running);
    assert_false(h.running);
}

static void long_strategy_name_is_cut(void **state) {
    struct bot_health h;
    assert_int_equal(
        bot_health_decode(*state,
                          SPAN("{\"bot_running\":true,\"uptime_seconds\":1,\"strategy\":{\"name\":\"0123456789"
                               "01234567890123456789\xe2\x82\xac\"}}"),
                          &h, &fault),
        ERR_OK);
    assert_string_equal(h.name.text, "012345678901234567890123456789");
}

static void bodies_of_other_programs_are_no_health(void **state) {
    static const struct {
        const char *text, *what;
    } cases[] = {
        {"", "body: malformed text"},
        {"<html>", "body: malformed text"},
        {"[]", "body: a field has the wrong type"},
        {"{}", "bot_running: a required field is missing"},
        {"{\"bot_running\":1,\"uptime_seconds\":1}", "bot_running: a required field is missing"},
        {"{\"bot_running\":true}", "uptime_seconds: a required field is missing"},
        {"{\"status\":\"ok\"}", "uptime_seconds: a required field is missing"},
        {"{\"status\":\"healthy\",\"uptime_seconds\":-1}", "uptime_seconds: a field has a value that is not allowed"},
        {"{\"status\":\"healthy\",\"uptime_seconds\":NaN}", "body: malformed text"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bot_health h = {.running = true};
        assert_int_not_equal(bot_health_decode(*state, span_of(cases[i].text), &h, &fault), ERR_OK);
        assert_string_equal(fault.what, cases[i].what);
        assert_true(h.running && !h.alive);
    }
}

static struct kept_strategies *strategies_of(struct json *j, const char *name) {
    static struct kept_strategies k;
    struct span body;
    char *bytes = bot_file(name, &body);
    k.count = 0;
    assert_int_equal(bot_strategies_decode(j, body, keep_strategies, &k, &fault), ERR_OK);
    free(bytes);
    return &k;
}

static void grids_of_both_commits(void **state) {
    static const char *const files[] = {"strategies", "edge/strategies_jan2026"};
    for (size_t i = 0; i < 2; i++) {
        struct kept_strategies *k = strategies_of(*state, files[i]);
        assert_int_equal(k->count, 2);
        const struct bot_strategy *s = &k->at[0];
        assert_string_equal(s->name, "grid_BTC_USDT");
        assert_string_equal(s->symbol.text, "BTC/USDT");
        assert_true(s->is_grid && s->grid.known && s->grid.from_bot);
        assert_dec8(s->grid.lower, "88000");
        assert_dec8(s->grid.upper, "94000");
        assert_int_equal(s->grid.levels, 10);
        assert_dec16(s->grid.investment, "300");
        assert_dec16(s->total_profit, "8.6729433429");
        assert_dec16(s->total_fees, "3.2552177571");
        assert_int_equal(s->completed_cycles, 48);
        assert_string_equal(k->at[1].symbol.text, "ETH/USDT");
    }
}

static void prediction_and_unknown_strategies_are_no_grids(void **state) {
    struct kept_strategies *k = strategies_of(*state, "edge/strategies_prediction");
    assert_int_equal(k->count, 1);
    assert_string_equal(k->at[0].symbol.text, "MULTI/USDT");
    assert_false(k->at[0].is_grid || k->at[0].grid.known);
    assert_int_equal(k->at[0].completed_cycles, -1);
    k = strategies_of(*state, "edge/strategies_unknown_names");
    assert_int_equal(k->count, 1);
    assert_true(name_empty(&k->at[0].symbol));
    assert_false(k->at[0].is_grid);
}

static struct bot_strategy one_strategy(struct json *j, const char *row) {
    static struct kept_strategies k;
    char text[1000];
    k.count = 0;
    (void)snprintf(text, sizeof text, "{\"strategies\":[%s]}", row);
    if (bot_strategies_decode(j, span_of(text), keep_strategies, &k, &fault) != ERR_OK) fail_msg("%s", fault.what);
    assert_int_equal(k.count, 1);
    return k.at[0];
}

static void which_strategy_is_a_grid(void **state) {
    assert_true(one_strategy(*state, "{\"name\":\"g\",\"symbol\":\"A/B\"}").is_grid);
    assert_false(one_strategy(*state, "{\"name\":\"g\",\"symbol\":\"A/B\"}").grid.known);
    assert_false(one_strategy(*state, "{\"symbol\":\"A/B\",\"config\":{\"type\":\"prediction\"}}").is_grid);
    assert_false(one_strategy(*state, "{\"symbol\":\"A/B\",\"config\":{\"type\":7}}").is_grid);
    assert_false(one_strategy(*state, "{\"symbol\":\"MULTI/USDT\",\"config\":{\"type\":\"grid\"}}").is_grid);
    assert_false(one_strategy(*state, "{\"symbol\":\"A/B/C\"}").is_grid);
    assert_false(one_strategy(*state, "{}").is_grid);
    static const char *const unknown[] = {
        "{\"symbol\":\"A/B\",\"config\":{\"lower_price\":0.0,\"upper_price\":0.0,\"num_grids\":0}}",
        "{\"symbol\":\"A/B\",\"config\":{\"lower_price\":\"5\",\"upper_price\":\"5\",\"num_grids\":3}}",
        "{\"symbol\":\"A/B\",\"config\":{\"lower_price\":\"5\",\"num_grids\":3}}",
    };
    for (size_t i = 0; i < 3; i++) assert_false(one_strategy(*state, unknown[i]).grid.known);
}

static void strategy_faults(void **state) {
    static const struct {
        const char *text, *what;
    } cases[] = {
        {"{\"strategies\":{}}", "strategies: a field has the wrong type"},
        {"{\"error\":\"division by zero\"}", "strategies: a required field is missing"},
        {"{\"strategies\":[{},7]}", "strategies[1]: a field has the wrong type"},
        {"{\"strategies\":[{\"statistics\":{\"total_profit\":\"x\"}}]}", "strategies[0].total_profit: malformed text"},
        {"{\"strategies\":[{\"statistics\":{\"completed_cycles\":1.5}}]}",
         "strategies[0].completed_cycles: a field has the wrong type"},
        {"{\"strategies\":[{\"symbol\":\"A/B\",\"config\":{\"lower_price\":\"-1\"}}]}",
         "strategies[0].lower_price: a field has a value that is not allowed"},
        {"{\"strategies\":[{\"symbol\":\"A/B\",\"config\":{\"num_grids\":99999999}}]}",
         "strategies[0].num_grids: number out of range"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        static struct kept_strategies k;
        k.count = 0;
        assert_int_not_equal(bot_strategies_decode(*state, span_of(cases[i].text), keep_strategies, &k, &fault),
                             ERR_OK);
        assert_string_equal(fault.what, cases[i].what);
        assert_int_equal(k.count, 0);
    }
}

static struct kept_fills *trades_of(struct json *j, struct span body, size_t want_refused) {
    static struct kept_fills k;
    size_t refused = 77;
    k.count = 0;
    assert_int_equal(bot_trades_decode(j, body, keep_fills, &k, &refused, &fault), ERR_OK);
    assert_int_equal(refused, want_refused);
    return &k;
}

static void trades_become_fills_of_the_bot(void **state) {
    struct span body;
    char *bytes = bot_file("trades", &body);
    struct kept_fills *k = trades_of(*state, body, 0);
    const struct fill *f = &k->at[1];
    assert_string_equal(f->symbol.text, "BTC/USDT");
    assert_int_equal(f->trade_id, 5120387195);
    assert_int_equal(f->order_id, 48010236038);
    assert_int_equal(f->side, SIDE_BUY);
    assert_int_equal(f->maker, MAKER_UNKNOWN);
    assert_int_equal(f->source, SOURCE_BOT);
    assert_dec8(f->price, "91955.87");
    assert_dec8(f->quantity, "0.00037");
    assert_dec16(f->quote_amount, "34.0236719");
    assert_dec16(f->fee, "0.00000037"); /* "3.7E-7" */
    assert_true(name_empty(&f->fee_asset));
    assert_wall(f->time, "2026-01-06T14:15:20.948000Z");
    free(bytes);
}

static void odd_python_numbers(void **state) {
    struct span body;
    char *bytes = bot_file("edge/trades_odd_numbers", &body);
    struct kept_fills *k = trades_of(*state, body, 0);
    assert_int_equal(k->count, 6);
    assert_dec16(k->at[0].quote_amount, "27386.073000000004");
    assert_dec16(k->at[0].fee, "0");                        /* null */
    assert_int_equal(k->at[0].trade_id, k->at[1].trade_id); /* unique per symbol only */
    assert_dec8(k->at[1].price, "0.00000001");
    assert_dec8(k->at[1].quantity, "12345678901.5");
    assert_int_equal(k->at[3].order_id, ORDER_ID_NONE);
    assert_dec16(k->at[3].quote_amount, "0"); /* null */
    free(bytes);
}

#define ROW                                                                                                            \
    "{\"id\":\"7\",\"order_id\":\"8\",\"symbol\":\"A/"                                                                 \
    "B\",\"side\":\"buy\",\"amount\":\"2\",\"price\":\"3\",\"cost\":\"6\","                                            \
    "\"fee\":\"0E-8\",\"timestamp\":\"2026-01-06T12:00:00\"}"

static void bad_trade_is_refused_alone_and_named(void **state) {
    static const struct {
        const char *from, *to, *what;
    } cases[] = {
        {"\"id\":\"7\"", "\"id\":\"DRY_000001\"", "trades[1].id: a field has the wrong type"},
        {"\"id\":\"7\"", "\"id\":null", "trades[1].id: a field has the wrong type"},
        {"\"id\":\"7\"", "\"id\":-7", "trades[1].id: a field has a value that is not allowed"},
        {"\"id\":\"7\"", "\"id\":\"99999999999999999999\"", "trades[1].id: number out of range"},
        {"\"id\":\"7\"", "\"id\":\"\"", "trades[1].id: a field has a value that is not allowed"},
        {"\"symbol\":\"A/B\"", "\"symbol\":null", "trades[1].symbol: a field has the wrong type"},
        {"\"side\":\"buy\"", "\"side\":\"BUY\"", "trades[1].side: not a known name"},
        {"\"amount\":\"2\"", "\"amount\":\"0\"", "trades[1].amount: a field has a value that is not allowed"},
        {"\"price\":\"3\"", "\"price\":null", "trades[1].price: a field has the wrong type"},
        {"\"price\":\"3\",", "", "trades[1].price: a required field is missing"},
        {"\"cost\":\"6\"", "\"cost\":\"-6\"", "trades[1].cost: a field has a value that is not allowed"},
        {"\"fee\":\"0E-8\"", "\"fee\":\"-1\"", "trades[1].fee: a field has a value that is not allowed"},
        {"\"timestamp\":\"2026-01-06T12:00:00\"", "\"timestamp\":null",
         "trades[1].timestamp: a field has the wrong type"},
        {"\"timestamp\":\"2026-01-06T12:00:00\"", "\"timestamp\":\"yesterday\"", "trades[1].timestamp: malformed text"},
        {ROW, "7", "trades[1]: a field has the wrong type"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *row = edited(ROW, cases[i].from, cases[i].to), text[1000];
        (void)snprintf(text, sizeof text, "{\"trades\":[" ROW ",%s," ROW ",7]}", row);
        struct kept_fills *k = trades_of(*state, span_of(text), 2);
        assert_int_equal(k->count, 2);
        assert_string_equal(fault.what, cases[i].what); /* the first one */
        free(row);
    }
}

static void time_without_zone_is_utc_and_odd_order_ids_are_hashed(void **state) {
    struct kept_fills *k = trades_of(*state, SPAN("{\"trades\":[" ROW "]}"), 0);
    assert_wall(k->at[0].time, "2026-01-06T12:00:00.000000Z");
    assert_int_equal(k->at[0].order_id, 8);
    char *text = edited("{\"trades\":[" ROW "," ROW "]}", "\"order_id\":\"8\"", "\"order_id\":\"DRY_000001\"");
    k = trades_of(*state, span_of(text), 0);
    assert_true(k->at[0].order_id <= -2);
    assert_int_equal(k->at[1].order_id, 8);
    free(text);
}

static void body_without_trades_is_an_error(void **state) {
    static const char *const texts[] = {"{\"error\":\"Bot not initialized\"}", "[]", "{\"trades\":null}",
                                        "404: Not Found"};
    static const char *const what[] = {"trades: a required field is missing", "body: a field has the wrong type",
                                       "trades: a field has the wrong type", "body: malformed text"};
    for (size_t i = 0; i < 4; i++) {
        size_t refused = 77;
        assert_int_not_equal(bot_trades_decode(*state, span_of(texts[i]), keep_fills, NULL, &refused, &fault), ERR_OK);
        assert_string_equal(fault.what, what[i]);
        assert_int_equal(refused, 77);
    }
}

static void orders_with_odd_kinds(void **state) {
    static struct kept_orders k;
    struct span body;
    size_t refused;
    char *bytes = bot_file("edge/orders_odd", &body);
    k.count = 0;
    assert_int_equal(bot_orders_decode(*state, body, keep_orders, &k, &refused, &fault), ERR_OK);
    assert_int_equal(refused, 0);
    assert_int_equal(k.count, 5);
    assert_int_equal(k.at[0].type, ORDER_MARKET);
    assert_dec8(k.at[0].price, "0"); /* null */
    assert_int_equal(k.at[1].type, ORDER_OTHER);
    assert_int_equal(k.at[1].side, SIDE_SELL);
    assert_int_equal(k.at[2].type, ORDER_LIMIT);
    assert_dec8(k.at[2].filled, "0.2");
    assert_dec8(k.at[3].quantity, "0.0000001");
    assert_wall(k.at[4].time, "2026-01-06T12:00:00.004000Z");
    free(bytes);
}

static void closed_orders_are_left_out_and_bad_ones_refused(void **state) {
    static struct kept_orders k;
    size_t refused;
    k.count = 0;
    const struct span body = SPAN(
        "{\"orders\":[{\"id\":\"DRY_000001\",\"symbol\":\"A/B\",\"side\":\"buy\",\"type\":\"limit\",\"price\":\"1\","
        "\"amount\":\"2\"},{\"id\":\"2\",\"symbol\":\"A/"
        "B\",\"side\":\"buy\",\"type\":\"limit\",\"amount\":\"2\",\"status\":"
        "\"canceled\"},{\"id\":\"3\",\"symbol\":\"A/"
        "B\",\"side\":\"buy\",\"type\":\"limit\",\"amount\":\"0\"},{\"id\":\"4\","
        "\"symbol\":\"A/B\",\"side\":\"buy\",\"type\":\"limit\",\"amount\":\"2\",\"status\":\"somethingNew\"}]}");
    assert_int_equal(bot_orders_decode(*state, body, keep_orders, &k, &refused, &fault), ERR_OK);
    assert_int_equal(refused, 1);
    assert_string_equal(fault.what, "orders[2].amount: a field has a value that is not allowed");
    assert_int_equal(k.count, 2);
    assert_true(k.at[0].order_id <= -2);
    assert_int_equal(k.at[0].time.us, 0);
    assert_int_equal(k.at[1].order_id, 4);
}

static void candles_of_the_answer(void **state) {
    static struct kept_candles k;
    struct name symbol, timeframe;
    struct span body;
    char *bytes = bot_file("edge/ohlcv_malformed_symbol_default", &body);
    k.count = 0;
    assert_int_equal(bot_ohlcv_decode(*state, body, &symbol, &timeframe, keep_candles, &k, &fault), ERR_OK);
    assert_string_equal(symbol.text, "BTC/USDT");
    assert_string_equal(timeframe.text, "1h");
    assert_int_equal(k.count, 2);
    assert_true(k.at[0].closed);
    assert_false(k.at[1].closed);
    assert_wall(k.at[0].open_time, "2026-01-06T15:00:00.000000Z");
    assert_wall(k.at[0].close_time, "2026-01-06T15:59:59.999000Z");
    assert_dec8(k.at[0].open, "92054.35");
    assert_dec8(k.at[0].high, "92484.56");
    assert_dec8(k.at[0].low, "91879.03");
    assert_dec8(k.at[0].close, "92062.36");
    assert_dec16(k.at[0].volume, "392.3664");
    free(bytes);
}

static void every_timeframe_has_its_length(void **state) {
    static const struct {
        const char *frame;
        int64_t minutes;
    } frames[] = {{"1m", 1}, {"5m", 5}, {"15m", 15}, {"30m", 30}, {"1h", 60}, {"4h", 240}, {"1d", 1440}, {"1w", 10080}};
    for (size_t i = 0; i < 8; i++) {
        static struct kept_candles k;
        struct name symbol, timeframe;
        char text[300];
        k.count = 0;
        (void)snprintf(text, sizeof text,
                       "{\"timeframe\":\"%s\",\"ohlcv\":[{\"timestamp\":\"2026-01-01\",\"open\":1,\"high\":1,\"low\":1,"
                       "\"close\":1,\"volume\":0}]}",
                       frames[i].frame);
        assert_int_equal(bot_ohlcv_decode(*state, span_of(text), &symbol, &timeframe, keep_candles, &k, &fault),
                         ERR_OK);
        assert_true(name_empty(&symbol));
        assert_int_equal(k.at[0].close_time.us - k.at[0].open_time.us, frames[i].minutes * US_PER_MIN - US_PER_MS);
        assert_false(k.at[0].closed);
    }
}

static void candle_faults(void **state) {
    static const struct {
        const char *text, *what;
    } cases[] = {
        {"{\"error\":\"Invalid symbol: DOGE/USDT\"}", "ohlcv: a required field is missing"},
        {"{\"ohlcv\":[{}]}", "timeframe: a required field is missing"},
        {"{\"timeframe\":\"7x\",\"ohlcv\":[{}]}", "timeframe: not a known name"},
        {"{\"timeframe\":7,\"ohlcv\":[]}", "timeframe: a field has the wrong type"},
        {"{\"timeframe\":\"1m\",\"ohlcv\":[7]}", "ohlcv[0]: a field has the wrong type"},
        {"{\"timeframe\":\"1m\",\"ohlcv\":[{\"timestamp\":\"2026-01-01\",\"open\":0}]}",
         "ohlcv[0].open: a field has a value that is not allowed"},
        {"{\"timeframe\":\"1m\",\"ohlcv\":[{\"timestamp\":\"2026-01-01\",\"open\":1,\"high\":1,\"low\":1,\"close\":"
         "null}]}",
         "ohlcv[0].close: a field has the wrong type"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct name symbol = name_of("untouched"), timeframe;
        enum err e = bot_ohlcv_decode(*state, span_of(cases[i].text), &symbol, &timeframe, NULL, NULL, &fault);
        assert_int_not_equal(e, ERR_OK);
        assert_string_equal(fault.what, cases[i].what);
        assert_string_equal(symbol.text, "untouched");
    }
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        T(metrics_say_whether_the_bot_runs),
        T(health_says_only_alive),
        T(long_strategy_name_is_cut),
        T(bodies_of_other_programs_are_no_health),
        T(grids_of_both_commits),
        T(prediction_and_unknown_strategies_are_no_grids),
        T(which_strategy_is_a_grid),
        T(strategy_faults),
        T(trades_become_fills_of_the_bot),
        T(odd_python_numbers),
        T(bad_trade_is_refused_alone_and_named),
        T(time_without_zone_is_utc_and_odd_order_ids_are_hashed),
        T(body_without_trades_is_an_error),
        T(orders_with_odd_kinds),
        T(closed_orders_are_left_out_and_bad_ones_refused),
        T(candles_of_the_answer),
        T(every_timeframe_has_its_length),
        T(candle_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
