#include "wire_test.h"

static int setup(void **state) { return (*state = json_new()) == NULL; }
static int teardown(void **state) {
    json_free(*state);
    return 0;
}

static struct user_message decoded(struct json *j, const char *text) {
    struct user_message m;
    struct wire_fault f;
    if (user_decode(j, span_of(text), &m, &f) != ERR_OK) fail_msg("%s", f.what);
    return m;
}

static struct user_message decoded_file(struct json *j, const char *name) {
    char path[200];
    size_t len;
    (void)snprintf(path, sizeof path, "binance/samples/%s.json", name);
    char *text = read_data(path, &len);
    struct user_message m = decoded(j, text);
    free(text);
    return m;
}

static void fill_takes_executed_price_and_quantity(void **state) {
    struct user_message m = decoded_file(*state, "uds_executionReport_trade");
    assert_int_equal(m.kind, USER_FILL);
    assert_int_equal(m.subscription_id, 0);
    assert_wall(m.event_time, "2024-06-27T05:53:54.107000Z");
    assert_string_equal(m.fill.symbol.text, "LTCBNB");
    assert_int_equal(m.fill.trade_id, 7);
    assert_int_equal(m.fill.order_id, 32);
    assert_int_equal(m.fill.side, SIDE_BUY);
    assert_int_equal(m.fill.maker, MAKER_NO);
    assert_int_equal(m.fill.source, SOURCE_STREAM);
    assert_dec8(m.fill.price, "1");
    assert_dec8(m.fill.quantity, "2");
    assert_dec16(m.fill.quote_amount, "2");
    assert_dec16(m.fill.fee, "0.001");
    assert_string_equal(m.fill.fee_asset.text, "BNB");
    assert_wall(m.fill.time, "2024-06-27T05:53:54.105000Z");
    assert_int_equal(m.fill.received_at.us, 0);
    assert_int_equal(m.fill.fee_state, FEE_NONE);
}

static void order_after_a_fill(void **state) {
    struct user_message m = decoded_file(*state, "uds_executionReport_trade");
    assert_true(m.order_open);
    assert_string_equal(m.order.symbol.text, "LTCBNB");
    assert_int_equal(m.order.order_id, 32);
    assert_int_equal(m.order.type, ORDER_MARKET);
    assert_dec8(m.order.price, "0");
    assert_dec8(m.order.quantity, "6");
    assert_dec8(m.order.filled, "2");
    assert_wall(m.order.time, "2024-06-27T05:53:54.105000Z");
}

static void placed_canceled_and_expired_are_no_fills(void **state) {
    struct user_message m = decoded_file(*state, "uds_executionReport_new");
    assert_int_equal(m.kind, USER_ORDER);
    assert_true(m.order_open);
    assert_int_equal(m.order.type, ORDER_LIMIT);
    assert_dec8(m.order.price, "0.1026441");
    m = decoded_file(*state, "uds_executionReport_canceled_constructed");
    assert_int_equal(m.kind, USER_ORDER);
    assert_false(m.order_open);
    assert_int_equal(m.order.order_id, 771);
    m = decoded_file(*state, "uds_executionReport_expired");
    assert_int_equal(m.kind, USER_ORDER);
    assert_false(m.order_open);
    assert_dec8(m.order.filled, "4"); /* what was executed before stands */
}

/* A report with placeholders for what the tests vary: execution type, status, trade id. */
static struct user_message report(struct json *j, const char *x, const char *X, const char *t) {
    char text[600];
    (void)snprintf(
        text, sizeof text,
        "{\"e\":\"executionReport\",\"E\":5,\"s\":\"BTCUSDT\",\"S\":\"SELL\",\"o\":\"LIMIT_MAKER\",\"q\":\"2\","
        "\"p\":\"100\",\"x\":\"%s\",\"X\":\"%s\",\"i\":9,\"l\":\"1\",\"z\":\"1\",\"L\":\"101\",\"n\":\"0\","
        "\"N\":null,\"T\":7,\"t\":%s}",
        x, X, t);
    return decoded(j, text);
}

static void every_status_is_open_or_final(void **state) {
    static const struct {
        const char *status;
        bool open;
    } cases[] = {{"NEW", true},           {"PENDING_NEW", true},       {"PARTIALLY_FILLED", true},
                 {"FILLED", false},       {"CANCELED", false},         {"REJECTED", false},
                 {"EXPIRED", false},      {"EXPIRED_IN_MATCH", false}, {"PENDING_CANCEL", false},
                 {"SOMETHING_NEW", false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(report(*state, "NEW", cases[i].status, "-1").order_open, cases[i].open);
}

static void every_execution_type(void **state) {
    static const char *const orders[] = {"NEW", "CANCELED", "REPLACED", "REJECTED", "EXPIRED", "TRADE_PREVENTION"};
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++)
        assert_int_equal(report(*state, orders[i], "NEW", "5").kind, USER_ORDER);
    assert_int_equal(report(*state, "TRADE", "FILLED", "5").kind, USER_FILL);
    assert_int_equal(report(*state, "SOMETHING_NEW", "NEW", "5").kind, USER_IGNORED);
}

static void how_an_order_ended_is_told(void **state) {
    static const struct {
        const char *x, *status, *reason;
        enum order_end end;
    } cases[] = {{"NEW", "NEW", "NONE", ORDER_END_NONE},
                 {"TRADE", "FILLED", "NONE", ORDER_END_NONE},
                 {"CANCELED", "CANCELED", "NONE", ORDER_CANCELED},
                 {"EXPIRED", "EXPIRED", "NONE", ORDER_EXPIRED},
                 {"TRADE_PREVENTION", "EXPIRED_IN_MATCH", "NONE", ORDER_EXPIRED},
                 {"TRADE_PREVENTION", "PARTIALLY_FILLED", "NONE", ORDER_END_NONE},
                 {"REJECTED", "REJECTED", "INSUFFICIENT_BALANCES", ORDER_REJECTED_BALANCE},
                 {"REJECTED", "REJECTED", "WOULD_MATCH_IMMEDIATELY", ORDER_REJECTED_MATCH},
                 {"REJECTED", "REJECTED", "NONE", ORDER_REJECTED},
                 {"REJECTED", "REJECTED", "SOMETHING_NEW", ORDER_REJECTED}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[600];
        (void)snprintf(
            text, sizeof text,
            "{\"e\":\"executionReport\",\"E\":5,\"s\":\"BTCUSDT\",\"S\":\"SELL\",\"o\":\"LIMIT\",\"q\":\"2\","
            "\"p\":\"100\",\"x\":\"%s\",\"X\":\"%s\",\"r\":\"%s\",\"i\":9,\"l\":\"1\",\"z\":\"1\",\"L\":\"101\","
            "\"n\":\"0\",\"N\":null,\"T\":7,\"t\":5}",
            cases[i].x, cases[i].status, cases[i].reason);
        assert_int_equal(decoded(*state, text).order_end, cases[i].end);
    }
    assert_int_equal(report(*state, "REJECTED", "REJECTED", "-1").order_end, ORDER_REJECTED); /* r is left out */
}

static void fill_with_an_unknown_status_is_not_lost(void **state) {
    struct user_message m = report(*state, "TRADE", "SOMETHING_NEW", "5");
    assert_int_equal(m.kind, USER_FILL);
    assert_false(m.order_open);
}

static void allocation_is_no_fill(void **state) {
    struct user_message m = report(*state, "TRADE", "PARTIALLY_FILLED", "-1");
    assert_int_equal(m.kind, USER_ORDER);
    assert_true(m.order_open);
    assert_dec8(m.order.filled, "1");
}

static void fill_without_the_optional_fields(void **state) {
    struct user_message m = report(*state, "TRADE", "FILLED", "5");
    assert_int_equal(m.fill.maker, MAKER_UNKNOWN);
    assert_dec16(m.fill.quote_amount, "0");
    assert_true(name_empty(&m.fill.fee_asset));
    assert_dec8(m.fill.price, "101");
    assert_int_equal(m.order.time.us, 0);
    assert_int_equal(m.order.type, ORDER_LIMIT);
    assert_int_equal(m.subscription_id, -1);
}

static void report_faults_field_by_field(void **state) {
    static const char *const good = "{\"subscriptionId\":0,\"event\":{\"e\":\"executionReport\",\"E\":5,\"s\":"
                                    "\"BTCUSDT\",\"S\":\"SELL\",\"o\":\"LIMIT\","
                                    "\"q\":\"2\",\"p\":\"100\",\"x\":\"TRADE\",\"X\":\"FILLED\",\"i\":9,\"l\":\"1\","
                                    "\"z\":\"1.5\",\"L\":\"101\",\"n\":\"0.1\","
                                    "\"N\":\"BNB\",\"T\":7,\"t\":5,\"m\":true,\"O\":4,\"Y\":\"101\"}}";
    static const struct {
        const char *from, *to, *what;
    } cases[] = {
        {"\"subscriptionId\":0", "\"subscriptionId\":\"0\"", "subscriptionId: a field has the wrong type"},
        {"\"E\":5", "\"E\":{}", "event.E: a field has the wrong type"},
        {"\"x\":\"TRADE\"", "\"x\":1", "executionReport.x: a field has the wrong type"},
        {"\"x\":\"TRADE\",", "", "executionReport.x: a required field is missing"},
        {"\"X\":\"FILLED\"", "\"X\":null", "executionReport.X: a field has the wrong type"},
        {"\"s\":\"BTCUSDT\"", "\"s\":\"\"", "executionReport.s: a field has a value that is not allowed"},
        {"\"i\":9", "\"i\":-9", "executionReport.i: a field has a value that is not allowed"},
        {"\"i\":9", "\"i\":99999999999999999999", "executionReport.i: number out of range"},
        {"\"S\":\"SELL\"", "\"S\":\"sell\"", "executionReport.S: not a known name"},
        {"\"o\":\"LIMIT\"", "\"o\":[]", "executionReport.o: a field has the wrong type"},
        {"\"p\":\"100\"", "\"p\":\"-100\"", "executionReport.p: a field has a value that is not allowed"},
        {"\"q\":\"2\"", "\"q\":\"two\"", "executionReport.q: malformed text"},
        {"\"z\":\"1.5\"", "\"z\":\"1e80\"", "executionReport.z: number out of range"},
        {"\"t\":5", "\"t\":-2", "executionReport.t: a field has a value that is not allowed"},
        {"\"t\":5,", "", "executionReport.t: a required field is missing"},
        {"\"L\":\"101\"", "\"L\":\"0.00000000\"", "executionReport.L: a field has a value that is not allowed"},
        {"\"L\":\"101\"", "\"L\":\"-101\"", "executionReport.L: a field has a value that is not allowed"},
        {"\"l\":\"1\"", "\"l\":\"0.00000000\"", "executionReport.l: a field has a value that is not allowed"},
        {"\"Y\":\"101\"", "\"Y\":\"-1\"", "executionReport.Y: a field has a value that is not allowed"},
        {"\"n\":\"0.1\"", "\"n\":\"-0.1\"", "executionReport.n: a field has a value that is not allowed"},
        {"\"n\":\"0.1\",", "", "executionReport.n: a required field is missing"},
        {"\"N\":\"BNB\"", "\"N\":5", "executionReport.N: a field has the wrong type"},
        {"\"T\":7", "\"T\":0", "executionReport.T: a field has a value that is not allowed"},
        {"\"m\":true", "\"m\":\"true\"", "executionReport.m: a field has the wrong type"},
        {"\"O\":4", "\"O\":-4", "executionReport.O: number out of range"},
    };
    assert_int_equal(decoded(*state, good).kind, USER_FILL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct user_message m = {.kind = USER_IGNORED, .subscription_id = 4711};
        struct wire_fault f;
        char *bad = edited(good, cases[i].from, cases[i].to);
        assert_int_not_equal(user_decode(*state, span_of(bad), &m, &f), ERR_OK);
        assert_string_equal(f.what, cases[i].what);
        assert_int_equal(m.subscription_id, 4711); /* untouched */
        free(bad);
    }
}

static void balances_are_absolute(void **state) {
    struct user_message m = decoded_file(*state, "uds_outboundAccountPosition_after_trade");
    assert_int_equal(m.kind, USER_BALANCES);
    assert_int_equal(m.balance_count, 2);
    assert_false(m.balances_cut);
    assert_string_equal(m.balances[0].asset.text, "LTC");
    assert_dec8(m.balances[0].free, "3011.1174567");
    assert_string_equal(m.balances[1].asset.text, "BNB");
    assert_dec8(m.balances[1].locked, "0");
    m = decoded_file(*state, "ws_api_event_format");
    assert_dec8(m.balances[0].locked, "182");
}

static void too_many_balances_are_cut_and_said(void **state) {
    char text[2000] = "{\"event\":{\"e\":\"outboundAccountPosition\",\"B\":[";
    for (int i = 0; i < USER_BALANCES_MAX + 1; i++)
        (void)sprintf(text + strlen(text), "%s{\"a\":\"A%d\",\"f\":\"1\",\"l\":\"0\"}", i > 0 ? "," : "", i);
    strcat(text, "]}}");
    struct user_message m = decoded(*state, text);
    assert_int_equal(m.balance_count, USER_BALANCES_MAX);
    assert_true(m.balances_cut);
}

static void balance_faults(void **state) {
    static const struct {
        const char *text, *what;
    } cases[] = {
        {"{\"event\":{\"e\":\"outboundAccountPosition\"}}", "outboundAccountPosition.B: a required field is missing"},
        {"{\"event\":{\"e\":\"outboundAccountPosition\",\"B\":{}}}",
         "outboundAccountPosition.B: a field has the wrong type"},
        {"{\"event\":{\"e\":\"outboundAccountPosition\",\"B\":[{\"a\":\"X\",\"f\":\"1\",\"l\":\"0\"},{\"a\":\"X\","
         "\"f\":\"-1\","
         "\"l\":\"0\"}]}}",
         "outboundAccountPosition.B[1].f: a field has a value that is not allowed"},
        {"{\"event\":{\"e\":\"outboundAccountPosition\",\"B\":[7]}}",
         "outboundAccountPosition.B[0]: a field has the wrong type"},
        {"{\"event\":{\"e\":\"balanceUpdate\",\"d\":\"1\"}}", "balanceUpdate.a: a required field is missing"},
        {"{\"event\":7}", "event: a field has the wrong type"},
        {"{\"event\":{}}", "event.e: a required field is missing"},
        {"{}", "event.e: a required field is missing"},
        {"{\"id\":\"1\",\"method\":\"time\"}", "event.e: a required field is missing"},
        {"[]", "frame: a field has the wrong type"},
        {"<html>", "frame: malformed text"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct user_message m;
        struct wire_fault f;
        assert_int_not_equal(user_decode(*state, span_of(cases[i].text), &m, &f), ERR_OK);
        assert_string_equal(f.what, cases[i].what);
    }
}

static void balance_deltas_name_the_asset(void **state) {
    struct user_message m = decoded_file(*state, "uds_balanceUpdate");
    assert_int_equal(m.kind, USER_BALANCE_DELTA);
    assert_string_equal(m.asset.text, "BTC");
    m = decoded_file(*state, "uds_externalLockUpdate");
    assert_int_equal(m.kind, USER_BALANCE_DELTA);
    assert_string_equal(m.asset.text, "NEO");
}

static void ends_and_unknown_events(void **state) {
    assert_int_equal(decoded_file(*state, "uds_eventStreamTerminated").kind, USER_TERMINATED);
    assert_int_equal(decoded(*state, "{\"e\":\"listenKeyExpired\",\"E\":5,\"listenKey\":\"k\"}").kind, USER_TERMINATED);
    assert_int_equal(decoded_file(*state, "ws_api_serverShutdown").kind, USER_SHUTDOWN);
    assert_int_equal(decoded_file(*state, "uds_listStatus").kind, USER_IGNORED);
    assert_int_equal(decoded(*state, "{\"event\":{\"e\":\"somethingNew\",\"x\":[1]}}").kind, USER_IGNORED);
    assert_int_equal(decoded(*state, "{\"stream\":\"key\",\"data\":{\"e\":\"serverShutdown\",\"E\":1}}").kind,
                     USER_SHUTDOWN);
}

static void replies_carry_status_weight_and_result(void **state) {
    size_t len;
    int64_t id;
    char *text = read_data("binance/samples/ws_api_userDataStream_subscribe_response.json", &len);
    struct user_message m = decoded(*state, text);
    assert_int_equal(m.kind, USER_REPLY);
    assert_true(span_is(m.reply.id, "d3df8a21-98ea-4fe0-8f4e-0fcea5d418b7"));
    assert_int_equal(m.reply.status, 200);
    assert_int_equal(m.reply.code, 0);
    assert_int_equal(m.reply.weight_used, -1);
    assert_int_equal(json_i64(json_get(m.reply.result, "subscriptionId"), &id), ERR_OK);
    assert_int_equal(id, 0);
    free(text);
    m = decoded_file(*state, "ws_api_account_commission_response");
    assert_int_equal(m.reply.weight_used, 20);
    assert_int_equal(m.reply.weight_limit, 6000);
    m = decoded_file(*state, "ws_api_order_place_response_ack"); /* the weight is the third row */
    assert_int_equal(m.reply.weight_used, 1);
}

static void error_replies(void **state) {
    struct user_message m = decoded_file(*state, "ws_api_response_banned_418");
    assert_int_equal(m.reply.status, 418);
    assert_int_equal(m.reply.code, -1003);
    assert_wall(m.reply.retry_after, "2022-07-30T02:00:00.000000Z");
    assert_wall(m.reply.server_time, "2022-07-30T01:01:47.531000Z");
    assert_int_equal(m.reply.weight_used, 2411);
    assert_int_equal(strlen(m.reply.message), sizeof m.reply.message - 1); /* cut */
    assert_false(json_present(m.reply.result));
    m = decoded_file(*state, "ws_api_response_session_revoked_401");
    assert_int_equal(m.reply.status, 401);
    assert_int_equal(m.reply.code, -2015);
    assert_int_equal(m.reply.id.len, 0);
    assert_string_equal(m.reply.message, "Invalid API-key, IP, or permissions for action.");
}

static void reply_ids_and_odd_rate_limits(void **state) {
    struct user_message m =
        decoded(*state, "{\"id\":17,\"status\":200,\"result\":{},\"rateLimits\":[7,{},{\"rateLimitType\":"
                        "\"REQUEST_WEIGHT\",\"interval\":\"MINUTE\",\"intervalNum\":1,\"limit\":\"x\"}]}");
    assert_true(span_is(m.reply.id, "17"));
    assert_int_equal(m.reply.weight_limit, -1);
    m = decoded(*state,
                "{\"id\":\"a\",\"status\":200,\"rateLimits\":[{\"rateLimitType\":\"REQUEST_WEIGHT\",\"interval\":"
                "\"DAY\",\"intervalNum\":1,\"limit\":5,\"count\":1},{\"rateLimitType\":\"REQUEST_WEIGHT\",\"interval\":"
                "\"MINUTE\",\"intervalNum\":5,\"limit\":5,\"count\":1}]}");
    assert_int_equal(m.reply.weight_used, -1);
}

static void reply_faults(void **state) {
    static const struct {
        const char *text, *what;
    } cases[] = {
        {"{\"id\":1,\"status\":\"200\"}", "status: a field has the wrong type"},
        {"{\"id\":1,\"status\":0}", "status: a field has a value that is not allowed"},
        {"{\"id\":1,\"status\":700}", "status: number out of range"},
        {"{\"id\":true,\"status\":200}", "id: a field has the wrong type"},
        {"{\"id\":1,\"status\":400,\"error\":[]}", "error: a field has the wrong type"},
        {"{\"id\":1,\"status\":400,\"error\":{\"msg\":\"x\"}}", "error.code: a required field is missing"},
        {"{\"id\":1,\"status\":400,\"error\":{\"code\":3000000000}}", "error.code: number out of range"},
        {"{\"id\":1,\"status\":429,\"error\":{\"code\":-1003,\"data\":{\"retryAfter\":\"soon\"}}}",
         "error.data.retryAfter: a field has a value that is not allowed"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct user_message m;
        struct wire_fault f;
        assert_int_not_equal(user_decode(*state, span_of(cases[i].text), &m, &f), ERR_OK);
        assert_string_equal(f.what, cases[i].what);
    }
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        T(fill_takes_executed_price_and_quantity),
        T(order_after_a_fill),
        T(placed_canceled_and_expired_are_no_fills),
        T(every_status_is_open_or_final),
        T(every_execution_type),
        T(how_an_order_ended_is_told),
        T(fill_with_an_unknown_status_is_not_lost),
        T(allocation_is_no_fill),
        T(fill_without_the_optional_fields),
        T(report_faults_field_by_field),
        T(balances_are_absolute),
        T(too_many_balances_are_cut_and_said),
        T(balance_faults),
        T(balance_deltas_name_the_asset),
        T(ends_and_unknown_events),
        T(replies_carry_status_weight_and_result),
        T(error_replies),
        T(reply_ids_and_odd_rate_limits),
        T(reply_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
