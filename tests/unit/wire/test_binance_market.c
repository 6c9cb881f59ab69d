#include "wire_test.h"

#include "base/buf.h"

static int setup(void **state) { return (*state = json_new()) == NULL; }
static int teardown(void **state) {
    json_free(*state);
    return 0;
}

static struct market_message decoded(struct json *j, const char *text) {
    struct market_message m;
    struct wire_fault f;
    enum err e = market_decode(j, span_of(text), &m, &f);
    if (e != ERR_OK) fail_msg("%s", f.what);
    return m;
}

static struct market_message decoded_file(struct json *j, const char *name) {
    size_t len;
    char *text = read_data(name, &len);
    struct market_message m = decoded(j, text);
    free(text);
    return m;
}

static void ticker_takes_the_last_price_not_the_change(void **state) {
    struct market_message m = decoded_file(*state, "binance/samples/stream_combined_ticker.json");
    assert_int_equal(m.kind, MARKET_TICKER);
    assert_string_equal(m.ticker.exchange_symbol.text, "BNBBTC");
    assert_dec8(m.ticker.price, "0.0025");
    assert_wall(m.ticker.event_time, "2022-12-31T19:43:02.136000Z");
    assert_int_equal(m.event_time.us, m.ticker.event_time.us);
}

static void trades_and_mini_tickers_give_a_price(void **state) {
    static const struct {
        const char *file, *price;
    } cases[] = {{"stream_trade", "0.001"}, {"stream_aggTrade", "0.001"}, {"stream_miniTicker", "0.0025"}};
    for (size_t i = 0; i < 3; i++) {
        char name[100];
        (void)snprintf(name, sizeof name, "binance/samples/%s.json", cases[i].file);
        struct market_message m = decoded_file(*state, name);
        assert_int_equal(m.kind, MARKET_TICKER);
        assert_dec8(m.ticker.price, cases[i].price);
    }
}

static void ticker_in_microseconds(void **state) {
    struct market_message m = decoded(*state, "{\"e\":\"24hrTicker\",\"E\":1672515782136123,\"s\":\"A\",\"c\":\"1\"}");
    assert_wall(m.ticker.event_time, "2022-12-31T19:43:02.136123Z");
}

static void market_that_never_traded_has_no_price(void **state) {
    struct market_message m = decoded(*state, "{\"e\":\"24hrTicker\",\"E\":1,\"s\":\"A\",\"c\":\"0.00000000\"}");
    assert_int_equal(m.kind, MARKET_IGNORED);
}

static void repeated_and_odd_keys(void **state) {
    struct market_message m = decoded(
        *state, "{\"e\":\"24hrTicker\",\"c\":\"2\",\"c\":\"3\",\"s\":\"A\",\"\":1,\"{\":2,\"@\":3,\"\xc3\xa9\":4,"
                "\"cc\":\"9\",\"new\":{\"deep\":[1]}}");
    assert_dec8(m.ticker.price, "2");
    assert_int_equal(m.ticker.event_time.us, 0);
}

static void kline_is_read_whole(void **state) {
    struct market_message m = decoded_file(*state, "binance/samples/stream_kline.json");
    assert_int_equal(m.kind, MARKET_KLINE);
    assert_string_equal(m.symbol.text, "BNBBTC");
    assert_string_equal(m.interval.text, "1m");
    assert_wall(m.candle.open_time, "2022-12-31T19:43:00.000000Z");
    assert_wall(m.candle.close_time, "2022-12-31T19:43:59.999000Z");
    assert_dec8(m.candle.open, "0.001");
    assert_dec8(m.candle.high, "0.0025");
    assert_dec8(m.candle.low, "0.0015");
    assert_dec8(m.candle.close, "0.002");
    assert_dec16(m.candle.volume, "1000");
    assert_false(m.candle.closed);
}

static void closed_kline(void **state) {
    size_t len;
    char *text = read_data("binance/samples/stream_kline.json", &len);
    char *closed = edited(text, "\"x\": false", "\"x\": true");
    assert_true(decoded(*state, closed).candle.closed);
    free(closed);
    free(text);
}

static void replies(void **state) {
    static const struct {
        const char *text;
        int64_t id;
        int code;
        size_t subscriptions;
        const char *message;
    } cases[] = {
        {"{\"result\":null,\"id\":312}", 312, 0, 0, ""},
        {"{\"result\":[\"btcusdt@aggTrade\",\"ethusdt@ticker\"],\"id\":3}", 3, 0, 2, ""},
        {"{\"result\":true,\"id\":2}", 2, 0, 0, ""},
        {"{\"result\":null,\"id\":\"abc\"}", -1, 0, 0, ""},
        {"{\"result\":null,\"id\":null}", -1, 0, 0, ""},
        {"{\"error\":{\"code\":2,\"msg\":\"Invalid request: invalid stream\"},\"id\":2}", 2, 2, 0,
         "Invalid request: invalid stream"},
        {"{\"code\":2,\"msg\":\"flat\",\"id\":1}", 1, 2, 0, "flat"},
        {"{\"code\":3,\"msg\":\"no id\"}", -1, 3, 0, "no id"},
        {"{\"code\":0,\"msg\":\"Unknown property\",\"id\":1}", 1, -1, 0, "Unknown property"},
        {"{\"error\":{\"code\":99999999999},\"id\":1}", 1, -1, 0, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct market_message m = decoded(*state, cases[i].text);
        assert_int_equal(m.kind, MARKET_REPLY);
        assert_int_equal(m.id, cases[i].id);
        assert_int_equal(m.code, cases[i].code);
        assert_int_equal(m.subscriptions, cases[i].subscriptions);
        assert_string_equal(m.message, cases[i].message);
    }
}

static void documented_error_replies(void **state) {
    size_t len, rows = 0;
    char *text = read_data("binance/samples/stream_ctl_error_table.json", &len);
    struct json *table = json_new();
    struct json_value row;
    for (struct json_iter it = json_first(parsed(table, text)); json_next(&it, &row); rows++) {
        struct span reply;
        char one[600];
        assert_int_equal(json_text(json_get(row, "documented_text"), &reply), ERR_OK);
        (void)snprintf(one, sizeof one, "%.*s", (int)reply.len, reply.at);
        char *hole = strstr(one, "%s"); /* where the documents leave room for the id */
        if (hole != NULL) memcpy(hole, "17", 2);
        struct market_message m;
        struct wire_fault f;
        enum err e = market_decode(*state, span_of(one), &m, &f);
        if (e == ERR_SYNTAX) continue; /* a text that the documents themselves print broken */
        assert_int_equal(e, ERR_OK);
        assert_int_equal(m.kind, MARKET_REPLY);
        assert_int_not_equal(m.code, 0);
        assert_true(strlen(m.message) > 0);
    }
    assert_in_range(rows, 5, 20);
    json_free(table);
    free(text);
}

static void error_message_is_cut_at_a_character(void **state) {
    char text[400] = "{\"error\":{\"code\":1,\"msg\":\"";
    for (int i = 0; i < 98; i++) strcat(text, "x");
    strcat(text, "\xe2\x82\xac\\n\"},\"id\":1}"); /* a three-byte character over the border */
    struct market_message m = decoded(*state, text);
    assert_int_equal(strlen(m.message), 98);
}

static void shutdown_in_both_shapes(void **state) {
    struct market_message m = decoded_file(*state, "binance/samples/stream_serverShutdown_raw.json");
    assert_int_equal(m.kind, MARKET_SHUTDOWN);
    assert_wall(m.event_time, "2026-02-03T12:57:36.789000Z");
    m = decoded_file(*state, "binance/samples/stream_serverShutdown_combined.json");
    assert_int_equal(m.kind, MARKET_SHUTDOWN);
}

static void unknown_data_is_ignored(void **state) {
    static const char *const texts[] = {
        "{}",
        "[]",
        "[{\"e\":\"24hrMiniTicker\",\"s\":\"A\",\"c\":\"bad\"}]",
        "{\"e\":\"somethingNew\",\"E\":\"not even a time\"}",
        "{\"e\":\"blockTrade\",\"E\":1,\"s\":\"A\",\"p\":\"5\",\"q\":\"1\"}",
        "{\"stream\":\"x@depth5\",\"data\":{\"lastUpdateId\":1}}",
        "{\"method\":\"SUBSCRIBE\",\"params\":[],\"id\":1}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_int_equal(decoded(*state, texts[i]).kind, MARKET_IGNORED);
}

static void faults_name_the_field_and_hold_no_payload(void **state) {
    static const struct {
        const char *text;
        enum err e;
        const char *what;
    } cases[] = {
        {"", ERR_SYNTAX, "frame: malformed text"},
        {"<html>SECRET</html>", ERR_SYNTAX, "frame: malformed text"},
        {"7", ERR_TYPE, "frame: a field has the wrong type"},
        {"{\"stream\":\"s\",\"data\":7}", ERR_TYPE, "frame: a field has the wrong type"},
        {"{\"e\":7}", ERR_TYPE, "e: a field has the wrong type"},
        {"{\"e\":\"24hrTicker\",\"E\":1,\"c\":\"1\"}", ERR_MISSING, "s: a required field is missing"},
        {"{\"e\":\"24hrTicker\",\"E\":1,\"s\":\"\",\"c\":\"1\"}", ERR_VALUE,
         "s: a field has a value that is not allowed"},
        {"{\"e\":\"24hrTicker\",\"E\":1,\"s\":7,\"c\":\"1\"}", ERR_TYPE, "s: a field has the wrong type"},
        {"{\"e\":\"24hrTicker\",\"E\":1,\"s\":\"A234567890123456789012345678901234567890\",\"c\":\"1\"}", ERR_TOO_BIG,
         "s: over a limit"},
        {"{\"e\":\"24hrTicker\",\"E\":\"1\",\"s\":\"A\",\"c\":\"1\"}", ERR_TYPE, "E: a field has the wrong type"},
        {"{\"e\":\"24hrTicker\",\"E\":-5,\"s\":\"A\",\"c\":\"1\"}", ERR_RANGE, "E: number out of range"},
        {"{\"e\":\"24hrTicker\",\"E\":1,\"s\":\"A\"}", ERR_MISSING, "c: a required field is missing"},
        {"{\"e\":\"24hrTicker\",\"E\":1,\"s\":\"A\",\"c\":null}", ERR_TYPE, "c: a field has the wrong type"},
        {"{\"e\":\"24hrTicker\",\"E\":1,\"s\":\"A\",\"c\":\"SECRET\"}", ERR_SYNTAX, "c: malformed text"},
        {"{\"e\":\"24hrTicker\",\"E\":1,\"s\":\"A\",\"c\":\"-1\"}", ERR_VALUE,
         "c: a field has a value that is not allowed"},
        {"{\"e\":\"24hrTicker\",\"E\":1,\"s\":\"A\",\"c\":\"1e99\"}", ERR_RANGE, "c: number out of range"},
        {"{\"e\":\"trade\",\"E\":1,\"s\":\"A\",\"c\":\"1\"}", ERR_MISSING, "p: a required field is missing"},
        {"{\"e\":\"kline\",\"E\":1,\"s\":\"A\"}", ERR_MISSING, "k: a required field is missing"},
        {"{\"e\":\"kline\",\"E\":1,\"s\":\"A\",\"k\":[]}", ERR_TYPE, "k: a field has the wrong type"},
        {"{\"e\":\"kline\",\"E\":1,\"s\":\"A\",\"k\":{\"i\":\"1m\"}}", ERR_MISSING, "k.t: a required field is missing"},
        {"{\"e\":\"serverShutdown\",\"E\":\"x\"}", ERR_TYPE, "E: a field has the wrong type"},
        {"{\"result\":null,\"id\":1.5}", ERR_TYPE, "id: a field has the wrong type"},
        {"{\"error\":7,\"id\":1}", ERR_TYPE, "error: a field has the wrong type"},
        {"{\"error\":{\"msg\":\"SECRET\"},\"id\":1}", ERR_MISSING, "error.code: a required field is missing"},
        {"{\"code\":\"x\",\"msg\":\"SECRET\"}", ERR_TYPE, "code: a field has the wrong type"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct market_message m = {.kind = MARKET_REPLY, .id = 4711};
        struct wire_fault f = {.err = ERR_OK};
        assert_int_equal(market_decode(*state, span_of(cases[i].text), &m, &f), cases[i].e);
        assert_int_equal(f.err, cases[i].e);
        assert_string_equal(f.what, cases[i].what);
        assert_int_equal(m.id, 4711); /* untouched */
    }
}

static void each_kline_field_is_needed_and_checked(void **state) {
    static const char *const good = "{\"e\":\"kline\",\"E\":1,\"s\":\"A\",\"k\":{\"i\":\"1m\",\"t\":60000,\"T\":119999,"
                                    "\"o\":\"1\",\"h\":\"2\",\"l\":\"0.5\",\"c\":\"1.5\",\"v\":\"10\",\"x\":true}}";
    static const struct {
        const char *from, *to, *what;
    } cases[] = {
        {"\"i\":\"1m\"", "\"i\":null", "k.i: a field has the wrong type"},
        {"\"t\":60000", "\"t\":\"60000\"", "k.t: a field has the wrong type"},
        {"\"T\":119999", "\"T\":1", "k.T: a field has a value that is not allowed"},
        {"\"o\":\"1\"", "\"o\":\"0\"", "k.o: a field has a value that is not allowed"},
        {"\"h\":\"2\"", "\"H\":\"2\"", "k.h: a required field is missing"},
        {"\"l\":\"0.5\"", "\"l\":\"-0.5\"", "k.l: a field has a value that is not allowed"},
        {"\"c\":\"1.5\"", "\"c\":\"1,5\"", "k.c: malformed text"},
        {"\"v\":\"10\"", "\"v\":\"-1\"", "k.v: a field has a value that is not allowed"},
        {"\"x\":true", "\"x\":1", "k.x: a field has the wrong type"},
    };
    assert_int_equal(decoded(*state, good).kind, MARKET_KLINE);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct market_message m;
        struct wire_fault f;
        char *bad = edited(good, cases[i].from, cases[i].to);
        assert_int_not_equal(market_decode(*state, span_of(bad), &m, &f), ERR_OK);
        assert_string_equal(f.what, cases[i].what);
        free(bad);
    }
}

static void oversized_frame_is_refused(void **state) {
    size_t size = (1 << 20) + 1;
    char *text = malloc(size);
    struct market_message m;
    struct wire_fault f;
    assert_non_null(text);
    memset(text, ' ', size);
    memcpy(text, "{}", 2);
    assert_int_equal(market_decode(*state, span_from(text, size), &m, &f), ERR_TOO_BIG);
    assert_string_equal(f.what, "frame: over a limit");
    free(text);
}

static void subscribe_frames(void **state) {
    (void)state;
    static const char *const streams[] = {"btcusdt@ticker", "bnbusdt@kline_1m"};
    struct buf out;
    buf_init(&out, 8192);
    assert_int_equal(market_subscribe_frame(&out, "SUBSCRIBE", streams, 2, 7), ERR_OK);
    assert_string_equal(out.at,
                        "{\"method\":\"SUBSCRIBE\",\"params\":[\"btcusdt@ticker\",\"bnbusdt@kline_1m\"],\"id\":7}");
    buf_clear(&out);
    assert_int_equal(market_subscribe_frame(&out, "LIST_SUBSCRIPTIONS", NULL, 0, 8), ERR_OK);
    assert_string_equal(out.at, "{\"method\":\"LIST_SUBSCRIPTIONS\",\"id\":8}");
    buf_free(&out);
}

static void subscribe_frame_is_limited_to_4000_bytes(void **state) {
    (void)state;
    const char *streams[400];
    struct buf out;
    size_t fits = 0;
    for (size_t i = 0; i < 400; i++) streams[i] = "btcusdt@ticker";
    buf_init(&out, 1 << 20);
    buf_puts(&out, "kept");
    for (; fits < 400; fits++) {
        out.len = 4;
        if (market_subscribe_frame(&out, "SUBSCRIBE", streams, fits + 1, 1) != ERR_OK) break;
        assert_true(out.len <= 4004);
    }
    assert_int_equal(market_subscribe_frame(&out, "SUBSCRIBE", streams, fits + 1, 1), ERR_TOO_BIG);
    assert_string_equal(out.at, "kept");
    assert_in_range(fits, 230, 234); /* 17 bytes a stream */
    buf_free(&out);
    buf_init(&out, 10);
    assert_int_equal(market_subscribe_frame(&out, "SUBSCRIBE", streams, 1, 1), ERR_TOO_BIG);
    assert_int_equal(out.len, 0);
    buf_free(&out);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        T(ticker_takes_the_last_price_not_the_change),
        T(trades_and_mini_tickers_give_a_price),
        T(ticker_in_microseconds),
        T(market_that_never_traded_has_no_price),
        T(repeated_and_odd_keys),
        T(kline_is_read_whole),
        T(closed_kline),
        T(replies),
        T(documented_error_replies),
        T(error_message_is_cut_at_a_character),
        T(shutdown_in_both_shapes),
        T(unknown_data_is_ignored),
        T(faults_name_the_field_and_hold_no_payload),
        T(each_kline_field_is_needed_and_checked),
        T(oversized_frame_is_refused),
        cmocka_unit_test(subscribe_frames),
        cmocka_unit_test(subscribe_frame_is_limited_to_4000_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
