/* REST and WebSocket API without sockets: the documented signatures pass through the whole front, parameters are judged,
 * lists follow their rules, sessions keep their subscriptions. */
#include "unit.h"

#include "base/time.h"
#include "sim/rest.h"
#include "sim/ws_api.h"

#include <stdio.h>

#define STAMP_US (INT64_C(1747385641636) * 1000) /* of the vectors in tests/data/binance/signing_vectors.json */

static const char key[] = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A";
static const char secret[] = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j";

struct fixture {
    struct world w;
    struct api api;
    struct front_reply r;
    struct ws_session session;
    struct ws_after after;
};

static int setup(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    struct world_config config = {.seed = 5,
                                  .symbols = "BTC/USDT",
                                  .history_fills = 250,
                                  .history_step_us = 20 * US_PER_S,
                                  .tick_us = US_PER_S,
                                  .pace_percent = 800,
                                  .fee_rate = 100000};
    assert_non_null(f);
    assert_true(world_init(&f->w, &config, STAMP_US));
    f->api =
        (struct api){.world = &f->w, .keys = sim_sign_new(key, secret, NULL), .clock_us = STAMP_US + 100000, .uid = 1};
    assert_non_null(f->api.keys);
    sim_weight_init(&f->api.weights, 6000);
    front_init(&f->r);
    ws_session_init(&f->session, false, false, STAMP_US);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    front_free(&f->r);
    sim_sign_free((struct sign_keys *)(uintptr_t)f->api.keys);
    world_free(&f->w);
    free(f);
    return 0;
}

static const char *ask(struct fixture *f, const char *path, const char *query) {
    struct front_question q = {.method = SPAN("GET"),
                               .path = span_of(path),
                               .query = span_of(query),
                               .peer = SPAN("127.0.0.1"),
                               .api_key = span_of(key)};
    front_free(&f->r);
    front_init(&f->r);
    rest_answer(&f->api, &q, &f->r);
    return f->r.body.len > 0 ? f->r.body.at : "";
}

static bool says(const char *text, const char *part) { return strstr(text, part) != NULL; }

static size_t count(const char *text, const char *part) {
    size_t n = 0;
    for (; (text = strstr(text, part)) != NULL; text++) n++;
    return n;
}

#define ACCOUNT_QUERY "omitZeroBalances=true&recvWindow=5000&timestamp=1747385641636"
#define ACCOUNT_SIGNATURE "signature=6c978aeccd527cb59e0fcd0f3caa8635b5f8d50dc4f5f8c8c198efbdec1e6530"

static void documented_signatures_pass(void **state) {
    struct fixture *f = *state;
    assert_true(says(ask(f, "/api/v3/account", ACCOUNT_QUERY "&" ACCOUNT_SIGNATURE), "\"balances\":["));
    assert_int_equal(f->r.status, 200);
    ask(f, "/api/v3/myTrades",
        "symbol=BTCUSDT&fromId=28457&limit=1000&recvWindow=5000&timestamp=1747385641636"
        "&signature=8e25a2d168f674b2a9173fbeb8333c7e53a4483f03f3d6f6cace140c06be556c");
    assert_int_equal(f->r.status, 200);
    ask(f, "/api/v3/openOrders",
        "symbol=BTCUSDT&recvWindow=6000.346&timestamp=1747385641636123"
        "&signature=8c2c028103b7b3be72a14b98313c2142884f4d8c97b9e38cd591690ea4eab38b");
    assert_int_equal(f->r.status, 200);
}

static void the_signature_may_stand_anywhere_but_covers_the_rest_as_sent(void **state) {
    struct fixture *f = *state;
    ask(f, "/api/v3/account", ACCOUNT_SIGNATURE "&" ACCOUNT_QUERY);
    assert_int_equal(f->r.status, 200);
    assert_true(says(
        ask(f, "/api/v3/account", "recvWindow=5000&omitZeroBalances=true&timestamp=1747385641636&" ACCOUNT_SIGNATURE),
        "-1022"));
    assert_true(says(
        ask(f, "/api/v3/account", "omitZeroBalances=tru%65&recvWindow=5000&timestamp=1747385641636&" ACCOUNT_SIGNATURE),
        "-1022"));
    assert_true(
        says(ask(f, "/api/v3/account", "omitZeroBalances=\xef\xbc\x91&timestamp=1747385641636&" ACCOUNT_SIGNATURE),
             "-1022"));
}

static void time_is_checked_both_ways(void **state) {
    struct fixture *f = *state;
    f->api.clock_us = STAMP_US + 5000 * 1000;
    ask(f, "/api/v3/account", ACCOUNT_QUERY "&" ACCOUNT_SIGNATURE);
    assert_int_equal(f->r.status, 200);
    f->api.clock_us++;
    assert_true(says(ask(f, "/api/v3/account", ACCOUNT_QUERY "&" ACCOUNT_SIGNATURE), "-1021"));
    f->api.clock_us = STAMP_US - 999 * 1000;
    ask(f, "/api/v3/account", ACCOUNT_QUERY "&" ACCOUNT_SIGNATURE);
    assert_int_equal(f->r.status, 200);
    f->api.clock_us = STAMP_US - 1000 * 1000;
    assert_true(says(ask(f, "/api/v3/account", ACCOUNT_QUERY "&" ACCOUNT_SIGNATURE), "-1021"));
}

static void parameters_are_judged(void **state) {
    struct fixture *f = *state;
    static const struct {
        const char *path, *query, *code;
    } cases[] = {
        {"/api/v3/klines", "symbol=BTCUSDT", "-1102"},
        {"/api/v3/klines", "symbol=BTCUSDT&interval=7m", "-1120"},
        {"/api/v3/klines", "symbol=btcusdt&interval=1m", "-1121"},
        {"/api/v3/klines", "symbol=BTCUSDT&interval=1m&foo=1", "-1104"},
        {"/api/v3/klines", "symbol=BTCUSDT&interval=1m&timeZone=15", "-1130"},
        {"/api/v3/ping", "foo=1", "-1101"},
        {"/api/v3/depth", "symbol=BTCUSDT&symbol=BTCUSDT", "-1101"},
        {"/api/v3/depth", "symbol=BTCUSDT&limit=abc", "-1100"},
        {"/api/v3/ticker/price", "symbol=BTCUSDT&symbols=%5B%22BTCUSDT%22%5D", "-1128"},
        {"/api/v3/ticker/price", "symbols=%5B%22BTCUSDT%22,%22BTCUSDT%22%5D", "-1151"},
        {"/api/v3/ticker/price", "symbol=BTCUSDT&symbolStatus=HALT", "-1220"},
        {"/api/v3/ticker/24hr", "symbol=BTCUSDT&type=HUGE", "-1139"},
        {"/api/v3/account", "timestamp=1747385641636", "-1102"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (!says(ask(f, cases[i].path, cases[i].query), cases[i].code))
            fail_msg("%s?%s", cases[i].path, cases[i].query);
        assert_int_equal(f->r.status, 400);
    }
    assert_int_equal((ask(f, "/api/v3/nothing", ""), f->r.status), 404);
}

static void lists_are_clipped_and_cut_as_documented(void **state) {
    struct fixture *f = *state;
    char query[160];
    assert_int_equal(count(ask(f, "/api/v3/klines", "symbol=BTCUSDT&interval=1m&limit=7"), "],["), 6);
    assert_int_equal(count(ask(f, "/api/v3/klines", "symbol=BTCUSDT&interval=1m&limit=0"), ",\"0\"]"), 1);
    assert_int_equal(count(ask(f, "/api/v3/klines", "symbol=BTCUSDT&interval=1m&limit=5000"), ",\"0\"]"), 1000);
    assert_true(f->w.venue.symbols[0]->minutes.count > 1000);
    const struct candle *c = &f->w.venue.symbols[0]->minutes.all[10];
    snprintf(query, sizeof query, "symbol=BTCUSDT&interval=1m&startTime=%lld&endTime=%lld",
             (long long)(c->open_us / 1000), (long long)(c->open_us / 1000 + 120000));
    assert_int_equal(count(ask(f, "/api/v3/klines", query), ",\"0\"]"), 3);
    snprintf(query, sizeof query, "symbol=BTCUSDT&interval=1m&startTime=%lld&limit=2",
             (long long)(c->open_us / 1000 + 1));
    ask(f, "/api/v3/klines", query);
    snprintf(query, sizeof query, "[[%lld,", (long long)(c[1].open_us / 1000));
    assert_true(says(f->r.body.at, query)); /* the first bar that opens at or after the start time */
    assert_int_equal(count(ask(f, "/api/v3/trades", "symbol=BTCUSDT&limit=9"), "\"id\""), 9);
    assert_int_equal(count(ask(f, "/api/v3/aggTrades", "symbol=BTCUSDT&limit=9"), "\"a\""), 9);
}

static const char *call(struct fixture *f, struct buf *b, const char *text) {
    buf_clear(b);
    ws_api_answer(&f->api, &f->session, SPAN("127.0.0.1"), span_of(text), b, &f->after);
    return b->at;
}

#define SIGNED(method)                                                                                                 \
    "{\"id\":1,\"method\":\"" method "\",\"params\":{\"timestamp\":1747385641636,\"apiKey\":"                          \
    "\"vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A\",\"signature\":"                              \
    "\"681110a6057ad58657af22f5640fab9dd17418834cdfccdc81be8b0f7b2cde3e\"}}"
#define SUBSCRIBE SIGNED("userDataStream.subscribe.signature")

static void a_session_subscribes_once_and_ids_rise(void **state) {
    struct fixture *f = *state;
    struct buf b;
    buf_init(&b, 1 << 20);
    assert_string_equal(call(f, &b, SUBSCRIBE), "{\"id\":1,\"status\":200,\"result\":{\"subscriptionId\":0}}");
    assert_true(says(call(f, &b, SUBSCRIBE), "-2035"));
    assert_string_equal(call(f, &b, "{\"id\":\"x\",\"method\":\"session.subscriptions\"}"),
                        "{\"id\":\"x\",\"status\":200,\"result\":[{\"subscriptionId\":0}]}");
    assert_true(
        says(call(f, &b, "{\"id\":2,\"method\":\"userDataStream.unsubscribe\",\"params\":{\"subscriptionId\":4}}"),
             "-2036"));
    assert_string_equal(call(f, &b, "{\"id\":null,\"method\":\"userDataStream.unsubscribe\"}"),
                        "{\"id\":null,\"status\":200,\"result\":{}}");
    assert_true(f->after.terminated && f->after.terminated_id == 0);
    assert_true(says(call(f, &b, SUBSCRIBE), "\"subscriptionId\":1"));
    buf_free(&b);
}

static void an_hmac_key_cannot_log_on(void **state) {
    struct fixture *f = *state;
    struct buf b;
    buf_init(&b, 1 << 20);
    assert_true(says(call(f, &b, SIGNED("session.logon")), "-4056"));
    buf_free(&b);
}

static void malformed_requests_are_refused_and_removed_methods_too(void **state) {
    struct fixture *f = *state;
    struct buf b;
    buf_init(&b, 1 << 20);
    assert_true(says(call(f, &b, "nonsense"), "{\"id\":null,\"status\":400,\"error\":{\"code\":-1135"));
    assert_true(says(call(f, &b, "{\"id\":1}"), "-1135"));
    assert_true(says(call(f, &b, "{\"id\":[],\"method\":\"ping\"}"), "-1135"));
    assert_true(says(call(f, &b, "{\"id\":1,\"method\":\"order.place\",\"params\":{}}"), "\"status\":400"));
    assert_true(
        says(call(f, &b, "{\"id\":1,\"method\":\"userDataStream.start\",\"params\":{\"apiKey\":\"x\"}}"), "-1020"));
    assert_true(says(call(f, &b, "{\"id\":1,\"method\":\"userDataStream.subscribe\",\"params\":{\"a\":1}}"), "-1104"));
    assert_true(says(call(f, &b, "{\"id\":1,\"method\":\"v3/ping\"}"), "\"status\":200"));
    buf_free(&b);
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(documented_signatures_pass),
        CASE(the_signature_may_stand_anywhere_but_covers_the_rest_as_sent),
        CASE(time_is_checked_both_ways),
        CASE(parameters_are_judged),
        CASE(lists_are_clipped_and_cut_as_documented),
        CASE(a_session_subscribes_once_and_ids_rise),
        CASE(an_hmac_key_cannot_log_on),
        CASE(malformed_requests_are_refused_and_removed_methods_too),
    };
    return RUN(tests);
}
