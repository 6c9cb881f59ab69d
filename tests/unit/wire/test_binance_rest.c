#include "wire_test.h"

static int setup(void **state) { return (*state = json_new()) == NULL; }
static int teardown(void **state) {
    json_free(*state);
    return 0;
}

static struct wire_fault fault;

static struct json_value file_root(struct json *j, const char *name) {
    char path[200];
    size_t len;
    struct json_value root = {NULL};
    (void)snprintf(path, sizeof path, "binance/samples/%s.json", name);
    char *text = read_data(path, &len);
    assert_int_equal(json_parse(j, span_from(text, len), len, &root), ERR_OK);
    free(text);
    return root;
}

static struct json_value api_result(struct json *j, const char *name) { return json_get(file_root(j, name), "result"); }

static void trades_become_fills_of_rest(void **state) {
    static struct kept_fills k;
    k.count = 0;
    assert_int_equal(my_trades_decode(file_root(*state, "rest_myTrades"), keep_fills, &k, &fault), ERR_OK);
    assert_int_equal(k.count, 1);
    const struct fill *f = &k.at[0];
    assert_string_equal(f->symbol.text, "BNBBTC");
    assert_int_equal(f->trade_id, 28457);
    assert_int_equal(f->order_id, 100234);
    assert_int_equal(f->side, SIDE_BUY);
    assert_int_equal(f->maker, MAKER_NO);
    assert_int_equal(f->source, SOURCE_REST);
    assert_dec8(f->price, "4.000001");
    assert_dec8(f->quantity, "12");
    assert_dec16(f->quote_amount, "48.000012");
    assert_dec16(f->fee, "10.1");
    assert_string_equal(f->fee_asset.text, "BNB");
    assert_wall(f->time, "2017-07-12T13:19:09.590000Z");
    k.count = 0;
    assert_int_equal(my_trades_decode(api_result(*state, "ws_api_myTrades_response"), keep_fills, &k, &fault), ERR_OK);
    assert_int_equal(k.count, 2);
    assert_int_equal(k.at[0].side, SIDE_SELL);
    assert_int_equal(k.at[1].maker, MAKER_YES);
    assert_int_equal(k.at[1].trade_id, 1650422482);
}

#define TRADE                                                                                                          \
    "{\"symbol\":\"A\",\"id\":1,\"orderId\":2,\"price\":\"3\",\"qty\":\"4\",\"quoteQty\":\"12\",\"commission\":\"0."   \
    "1\","                                                                                                             \
    "\"commissionAsset\":\"BNB\",\"time\":5,\"isBuyer\":true,\"isMaker\":false}"

static void one_bad_trade_costs_all_rows_and_is_named(void **state) {
    static const struct {
        const char *from, *to, *what;
    } cases[] = {
        {"\"symbol\":\"A\",", "", "trades[1].symbol: a required field is missing"},
        {"\"id\":1", "\"id\":\"1\"", "trades[1].id: a field has the wrong type"},
        {"\"id\":1", "\"id\":-1", "trades[1].id: a field has a value that is not allowed"},
        {"\"orderId\":2", "\"orderId\":null", "trades[1].orderId: a field has the wrong type"},
        {"\"price\":\"3\"", "\"price\":\"-3\"", "trades[1].price: a field has a value that is not allowed"},
        {"\"price\":\"3\"", "\"price\":\"0\"", "trades[1].price: a field has a value that is not allowed"},
        {"\"price\":\"3\"", "\"price\":\"1e60\"", "trades[1].price: number out of range"},
        {"\"qty\":\"4\"", "\"qty\":\"0.000000001\"", "trades[1].qty: a field has a value that is not allowed"},
        {"\"quoteQty\":\"12\"", "\"quoteQty\":\"x\"", "trades[1].quoteQty: malformed text"},
        {"\"commission\":\"0.1\"", "\"commission\":\"-0.1\"",
         "trades[1].commission: a field has a value that is not allowed"},
        {"\"commission\":\"0.1\",", "", "trades[1].commission: a required field is missing"},
        {"\"commissionAsset\":\"BNB\"", "\"commissionAsset\":null",
         "trades[1].commissionAsset: a field has the wrong type"},
        {"\"time\":5", "\"time\":0", "trades[1].time: a field has a value that is not allowed"},
        {"\"isBuyer\":true", "\"isBuyer\":1", "trades[1].isBuyer: a field has the wrong type"},
        {"\"isMaker\":false", "\"isMaker\":\"no\"", "trades[1].isMaker: a field has the wrong type"},
        {TRADE, "7", "trades[1]: a field has the wrong type"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        static struct kept_fills k;
        char *row = edited(TRADE, cases[i].from, cases[i].to), text[1000];
        k.count = 0;
        (void)snprintf(text, sizeof text, "[" TRADE ",%s," TRADE "]", row);
        assert_int_not_equal(my_trades_decode(parsed(*state, text), keep_fills, &k, &fault), ERR_OK);
        assert_string_equal(fault.what, cases[i].what);
        assert_int_equal(k.count, 0);
        free(row);
    }
}

static void lists_must_be_lists(void **state) {
    static struct kept_fills k;
    struct json_value object = parsed(*state, "{\"code\":-1}"), absent = {NULL};
    k.count = 0;
    assert_int_equal(my_trades_decode(object, keep_fills, &k, &fault), ERR_TYPE);
    assert_string_equal(fault.what, "trades: a field has the wrong type");
    assert_int_equal(my_trades_decode(absent, keep_fills, &k, &fault), ERR_MISSING);
    assert_int_equal(open_orders_decode(object, NULL, NULL, &fault), ERR_TYPE);
    assert_int_equal(klines_decode(object, (struct wall){0}, NULL, NULL, &fault), ERR_TYPE);
    assert_int_equal(ticker_prices_decode(absent, NULL, NULL, &fault), ERR_MISSING);
    assert_int_equal(my_trades_decode(parsed(*state, "[]"), keep_fills, &k, &fault), ERR_OK);
    assert_int_equal(k.count, 0);
}

static void open_orders(void **state) {
    static struct kept_orders k;
    k.count = 0;
    struct json_value v = api_result(*state, "ws_api_openOrders_status_response");
    assert_int_equal(open_orders_decode(v, keep_orders, &k, &fault), ERR_OK);
    assert_int_equal(k.count, 1);
    assert_string_equal(k.at[0].symbol.text, "BTCUSDT");
    assert_int_equal(k.at[0].order_id, 12569099453);
    assert_int_equal(k.at[0].side, SIDE_SELL);
    assert_int_equal(k.at[0].type, ORDER_LIMIT);
    assert_dec8(k.at[0].price, "23416.1");
    assert_dec8(k.at[0].quantity, "0.00847");
    assert_dec8(k.at[0].filled, "0.0072");
    assert_wall(k.at[0].time, "2022-08-18T05:48:35.639000Z");
}

static void orders_that_are_over_are_left_out(void **state) {
    static struct kept_orders k;
    k.count = 0;
    struct json_value v = parsed(
        *state,
        "[{\"symbol\":\"A\",\"orderId\":1,\"side\":\"BUY\",\"type\":\"STOP_LOSS\",\"price\":\"0\",\"origQty\":\"1\","
        "\"executedQty\":\"1\",\"status\":\"FILLED\"},{\"symbol\":\"A\",\"orderId\":2,\"side\":\"BUY\",\"type\":"
        "\"STOP_LOSS\",\"price\":\"0\",\"origQty\":\"1\",\"executedQty\":\"0\"}]");
    assert_int_equal(open_orders_decode(v, keep_orders, &k, &fault), ERR_OK);
    assert_int_equal(k.count, 1);
    assert_int_equal(k.at[0].order_id, 2);
    assert_int_equal(k.at[0].type, ORDER_OTHER);
}

static void bad_order_is_named(void **state) {
    static struct kept_orders k;
    struct json_value v = parsed(*state, "[{\"symbol\":\"A\",\"orderId\":1,\"side\":\"HOLD\"}]");
    assert_int_equal(open_orders_decode(v, keep_orders, &k, &fault), ERR_UNKNOWN);
    assert_string_equal(fault.what, "orders[0].side: not a known name");
}

static void klines_close_by_the_servers_time(void **state) {
    static struct kept_candles k;
    struct json_value v = parsed(*state, "[[60000,\"1\",\"4\",\"0.5\",\"2\",\"10\",119999,\"x\"],"
                                         "[120000,\"2\",\"3\",\"1.5\",\"2.5\",\"11.5\",179999]]");
    k.count = 0;
    assert_int_equal(klines_decode(v, wall_of_ms(120000), keep_candles, &k, &fault), ERR_OK);
    assert_int_equal(k.count, 2);
    assert_true(k.at[0].closed);
    assert_false(k.at[1].closed);
    assert_int_equal(k.at[0].open_time.us, 60000000);
    assert_int_equal(k.at[0].close_time.us, 119999000);
    assert_dec8(k.at[0].open, "1");
    assert_dec8(k.at[0].high, "4");
    assert_dec8(k.at[0].low, "0.5");
    assert_dec8(k.at[0].close, "2");
    assert_dec16(k.at[1].volume, "11.5");
    k.count = 0;
    assert_int_equal(klines_decode(v, wall_of_ms(119999), keep_candles, &k, &fault), ERR_OK);
    assert_false(k.at[0].closed); /* at its close time a candle is still open */
}

static void kline_faults(void **state) {
    static const struct {
        const char *text, *what;
    } cases[] = {
        {"[7]", "klines[0]: a field has the wrong type"},
        {"[[]]", "klines[0].open time: a required field is missing"},
        {"[[1,\"1\",\"1\",\"1\",\"1\",\"1\"]]", "klines[0].close time: a required field is missing"},
        {"[[1,\"0\"]]", "klines[0].open: a field has a value that is not allowed"},
        {"[[1,\"1\",\"1\",\"1\",\"1\",\"-1\",2]]", "klines[0].volume: a field has a value that is not allowed"},
        {"[[5,\"1\",\"1\",\"1\",\"1\",\"1\",4]]", "klines[0].close time: a field has a value that is not allowed"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum err e = klines_decode(parsed(*state, cases[i].text), (struct wall){0}, NULL, NULL, &fault);
        assert_int_not_equal(e, ERR_OK);
        assert_string_equal(fault.what, cases[i].what);
    }
}

static void prices_one_or_many(void **state) {
    static struct kept_tickers k;
    k.count = 0;
    assert_int_equal(ticker_prices_decode(file_root(*state, "rest_ticker_price"), keep_tickers, &k, &fault), ERR_OK);
    assert_int_equal(k.count, 1);
    assert_string_equal(k.at[0].exchange_symbol.text, "LTCBTC");
    assert_dec8(k.at[0].price, "4.000002");
    assert_int_equal(k.at[0].event_time.us, 0);
    k.count = 0;
    struct json_value v = parsed(*state, "[{\"symbol\":\"A\",\"price\":\"0.00\"},{\"symbol\":\"B\",\"price\":\"2\"}]");
    assert_int_equal(ticker_prices_decode(v, keep_tickers, &k, &fault), ERR_OK);
    assert_int_equal(k.count, 1); /* a market that never traded has no price */
    assert_string_equal(k.at[0].exchange_symbol.text, "B");
    v = parsed(*state, "{\"symbol\":\"A\",\"price\":\"0\"}");
    assert_int_equal(ticker_prices_decode(v, keep_tickers, &k, &fault), ERR_OK);
    assert_int_equal(k.count, 1);
    v = parsed(*state, "{\"symbol\":\"A\"}");
    assert_int_equal(ticker_prices_decode(v, keep_tickers, &k, &fault), ERR_MISSING);
    assert_string_equal(fault.what, "price.price: a required field is missing");
}

static void server_time(void **state) {
    struct wall t;
    assert_int_equal(server_time_decode(file_root(*state, "rest_time"), &t, &fault), ERR_OK);
    assert_wall(t, "2017-07-12T02:41:59.559000Z");
    assert_int_equal(server_time_decode(parsed(*state, "{\"serverTime\":\"x\"}"), &t, &fault), ERR_TYPE);
    assert_string_equal(fault.what, "time.serverTime: a field has the wrong type");
    assert_int_equal(server_time_decode(parsed(*state, "[]"), &t, &fault), ERR_TYPE);
}

static void exchange_info(void **state) {
    static struct kept_symbols k;
    struct exchange_limits limits;
    size_t skipped;
    k.count = 0;
    struct json_value v = api_result(*state, "ws_api_exchangeInfo_response");
    assert_int_equal(exchange_info_decode(v, &limits, keep_symbols, &k, &skipped, &fault), ERR_OK);
    assert_int_equal(limits.weight_limit_1m, 6000);
    assert_int_equal(k.count, 1);
    assert_string_equal(k.at[0].exchange_symbol.text, "BNBBTC");
    assert_string_equal(k.at[0].base.text, "BNB");
    assert_string_equal(k.at[0].quote.text, "BTC");
    assert_true(k.at[0].trading);
    assert_dec8(k.at[0].tick_size, "0.000001");
    assert_dec8(k.at[0].step_size, "0.001");
    assert_dec16(k.at[0].min_notional, "0"); /* the sample shows no such filter */
    k.count = 0;
    v = file_root(*state, "rest_exchangeInfo");
    assert_int_equal(exchange_info_decode(v, &limits, keep_symbols, &k, &skipped, &fault), ERR_OK);
    assert_int_equal(limits.weight_limit_1m, -1);
    assert_dec8(k.at[0].tick_size, "0");
}

static void every_documented_filter_is_accepted(void **state) {
    static struct kept_symbols k;
    struct exchange_limits limits;
    size_t skipped, len, n;
    char *filters = read_data("binance/samples/filters_all.json", &len), *text = malloc(len * 2 + 1000);
    struct json *j = json_new();
    struct json_value filter;
    assert_non_null(text);
    n = (size_t)sprintf(text, "{\"symbols\":[{\"symbol\":\"AB\",\"baseAsset\":\"A\",\"quoteAsset\":\"B\",\"status\":"
                              "\"CANCEL_ONLY\",\"filters\":[");
    /* the sample is keyed by type: take the members' texts */
    struct json_value root = parsed(j, filters);
    const char *at = filters;
    size_t count = 0;
    for (struct json_iter it = json_first(root); json_next(&it, &filter); count++) {
        at = strchr(at, ':') + 1;
        at = strchr(at, '{');
        const char *end = strchr(at, '}');
        n += (size_t)sprintf(text + n, "%s%.*s", count > 0 ? "," : "", (int)(end - at + 1), at);
        at = end;
    }
    (void)sprintf(text + n, "]}]}");
    k.count = 0;
    assert_int_equal(exchange_info_decode(parsed(*state, text), &limits, keep_symbols, &k, &skipped, &fault), ERR_OK);
    assert_int_equal(k.count, 1);
    assert_in_range(count, 10, 40);
    assert_false(k.at[0].trading);
    assert_dec8(k.at[0].tick_size, "0.000001");
    assert_dec8(k.at[0].step_size, "0.001");
    assert_dec16(k.at[0].min_notional, "10"); /* NOTIONAL stands behind MIN_NOTIONAL */
    json_free(j);
    free(text);
    free(filters);
}

static void odd_symbols_are_skipped_and_counted(void **state) {
    static struct kept_symbols k;
    struct exchange_limits limits;
    size_t skipped;
    k.count = 0;
    struct json_value v = parsed(
        *state, "{\"rateLimits\":7,\"symbols\":[7,{},{\"symbol\":\"AB\",\"baseAsset\":\"A\",\"quoteAsset\":\"B\","
                "\"status\":\"TRADING\","
                "\"filters\":[{\"filterType\":\"PRICE_FILTER\",\"tickSize\":\"-1\"}]},"
                "{\"symbol\":\"AC\",\"baseAsset\":\"A\",\"quoteAsset\":\"C\",\"status\":\"TRADING\",\"filters\":[{}]},"
                "{\"symbol\":\"AD\",\"baseAsset\":\"A\",\"quoteAsset\":\"D\",\"status\":\"BREAK\",\"filters\":[{"
                "\"filterType\":\"NEW\"}]},"
                "{\"symbol\":\"\xef\xbc\x91\xef\xbc\x92\",\"baseAsset\":\"\xef\xbc\x91\",\"quoteAsset\":"
                "\"\xef\xbc\x92\",\"status\":"
                "\"TRADING\"}]}");
    assert_int_equal(exchange_info_decode(v, &limits, keep_symbols, &k, &skipped, &fault), ERR_OK);
    assert_int_equal(skipped, 4);
    assert_int_equal(k.count, 2);
    assert_string_equal(k.at[0].exchange_symbol.text, "AD");
    assert_false(k.at[0].trading);
    assert_string_equal(k.at[1].base.text, "\xef\xbc\x91");
    assert_int_equal(limits.weight_limit_1m, -1);
    assert_int_equal(exchange_info_decode(parsed(*state, "{}"), &limits, keep_symbols, &k, &skipped, &fault),
                     ERR_MISSING);
    assert_string_equal(fault.what, "exchangeInfo.symbols: a required field is missing");
    assert_int_equal(exchange_info_decode(parsed(*state, "[]"), &limits, keep_symbols, &k, &skipped, &fault), ERR_TYPE);
}

static void account(void **state) {
    static struct kept_balances k;
    struct account_info a;
    k.count = 0;
    assert_int_equal(account_decode(file_root(*state, "rest_account"), &a, keep_balances, &k, &fault), ERR_OK);
    assert_int_equal(a.uid, 354937868);
    assert_true(a.can_trade);
    assert_true(a.can_withdraw);
    assert_dec8(a.maker_rate, "0.0015");
    assert_dec8(a.taker_rate, "0.0015");
    assert_int_equal(k.count, 2);
    assert_string_equal(k.at[1].asset.text, "LTC");
    assert_dec8(k.at[1].free, "4763368.68006011");
}

static void account_with_little_in_it(void **state) {
    static struct kept_balances k;
    struct account_info a;
    k.count = 0;
    struct json_value v =
        parsed(*state, "{\"balances\":[],\"commissionRates\":{\"maker\":\"0.001\",\"taker\":\"0.002\","
                       "\"buyer\":\"0.0003\",\"seller\":\"0.0001\"}}");
    assert_int_equal(account_decode(v, &a, keep_balances, &k, &fault), ERR_OK);
    assert_int_equal(a.uid, -1);
    assert_false(a.can_trade || a.can_withdraw);
    assert_dec8(a.maker_rate, "0.0013");
    assert_dec8(a.taker_rate, "0.0023");
    assert_int_equal(account_decode(parsed(*state, "{\"balances\":[]}"), &a, keep_balances, &k, &fault), ERR_OK);
    assert_dec8(a.maker_rate, "0");
}

static void account_faults(void **state) {
    static const struct {
        const char *text, *what;
    } cases[] = {
        {"[]", "account: a field has the wrong type"},
        {"{\"uid\":\"5\"}", "account.uid: a field has the wrong type"},
        {"{\"canTrade\":1}", "account.canTrade: a field has the wrong type"},
        {"{\"commissionRates\":7}", "commissionRates: a field has the wrong type"},
        {"{\"commissionRates\":{\"maker\":\"x\"}}", "commissionRates.maker: malformed text"},
        {"{\"uid\":5}", "balances: a required field is missing"},
        {"{\"balances\":[{\"asset\":\"A\",\"free\":\"1\",\"locked\":\"0\"},{\"asset\":\"B\",\"free\":\"1\"}]}",
         "balances[1].locked: a required field is missing"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        static struct kept_balances k;
        struct account_info a = {.uid = 4711};
        k.count = 0;
        assert_int_not_equal(account_decode(parsed(*state, cases[i].text), &a, keep_balances, &k, &fault), ERR_OK);
        assert_string_equal(fault.what, cases[i].what);
        assert_int_equal(k.count, 0);
        assert_int_equal(a.uid, 4711);
    }
}

static void commission_is_the_sum_of_its_kinds(void **state) {
    struct dec8 maker, taker;
    assert_int_equal(commission_decode(file_root(*state, "rest_account_commission"), &maker, &taker, &fault), ERR_OK);
    assert_dec8(maker, "0.0500028");  /* 0.00000010+40 standard, 0.01+0.04 special, 0.00000112+118 tax */
    assert_dec8(taker, "0.06000292"); /* 0.00000020+40, 0.02+0.04, 0.00000114+118 */
    struct json_value v = parsed(*state, "{\"standardCommission\":{\"maker\":\"0.001\",\"taker\":\"0.002\"}}");
    assert_int_equal(commission_decode(v, &maker, &taker, &fault), ERR_OK);
    assert_dec8(maker, "0.001");
    assert_int_equal(commission_decode(parsed(*state, "{}"), &maker, &taker, &fault), ERR_MISSING);
    assert_string_equal(fault.what, "standardCommission: a required field is missing");
    v = parsed(*state,
               "{\"standardCommission\":{\"maker\":\"0.1\",\"taker\":\"0.1\"},\"taxCommission\":{\"maker\":\"-1\"}}");
    assert_int_equal(commission_decode(v, &maker, &taker, &fault), ERR_VALUE);
    assert_dec8(maker, "0.001"); /* untouched */
    v = parsed(*state, "{\"standardCommission\":{\"maker\":\"9e29\",\"taker\":\"1\",\"buyer\":\"9e29\"}}");
    assert_int_equal(commission_decode(v, &maker, &taker, &fault), ERR_RANGE);
}

static void error_bodies(void **state) {
    int code = 5;
    char message[120] = "untouched";
    static const char *const none[] = {"",
                                       "<html>410 Gone</html>",
                                       "{}",
                                       "[]",
                                       "{\"code\":\"-1\",\"msg\":\"x\"}",
                                       "{\"code\":-1}",
                                       "{\"msg\":\"x\"}",
                                       "{\"code\":-1121,\"msg\":7}",
                                       "{\"code\":99999999999,\"msg\":\"x\"}"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        assert_false(rest_error_decode(*state, span_of(none[i]), &code, message));
    assert_int_equal(code, 5);
    assert_string_equal(message, "untouched");
    assert_true(rest_error_decode(*state, SPAN("{\"code\":-1121,\"msg\":\"Invalid\\nsymbol.\"}"), &code, message));
    assert_int_equal(code, -1121);
    assert_string_equal(message, "Invalid symbol.");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        T(trades_become_fills_of_rest),
        T(one_bad_trade_costs_all_rows_and_is_named),
        T(lists_must_be_lists),
        T(open_orders),
        T(orders_that_are_over_are_left_out),
        T(bad_order_is_named),
        T(klines_close_by_the_servers_time),
        T(kline_faults),
        T(prices_one_or_many),
        T(server_time),
        T(exchange_info),
        T(every_documented_filter_is_accepted),
        T(odd_symbols_are_skipped_and_counted),
        T(account),
        T(account_with_little_in_it),
        T(account_faults),
        T(commission_is_the_sum_of_its_kinds),
        T(error_bodies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
