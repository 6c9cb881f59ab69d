/* test_samples.c: every payload of tests/data is decoded, or ignored on purpose: a file that is in the folder and not in
 * the table fails, and so does a row without a file. */
#include "wire_test.h"

#include "wire/bot.h"

#include <dirent.h>

enum how {
    MARKET, /* a market stream's frame: expect is its market_kind */
    USER,   /* a user frame: expect is its user_kind */
    USERS,  /* an array of such frames: expect is their number, kinds tells what each is */
    TRADES,
    ORDERS,
    KLINES,
    PRICES,
    INFO,
    ACCOUNT, /* results: expect is the number of rows handed out */
    TIME,
    COMMISSION, /* results */
    FAILURE,    /* a REST error body: expect is the code */
    HEALTH,     /* bot: expect is bot_running, -1 where it does not say */
    STRATEGIES, /* bot: expect is the number of rows */
    BOT_TRADES,
    BOT_ORDERS,
    CANDLES,   /* bot: expect is the number of rows handed out, refused none */
    NOT_ASKED, /* no request of ours brings this answer; it must still be a JSON text */
    NOT_JSON,  /* bot: text that every decoder must survive: expect is the err of all of them */
    NO_LIST,   /* bot: a JSON error body: every decoder of lists and of health says what is missing */
};

struct sample {
    const char *file;
    enum how how;
    int expect;
    bool reply;        /* the result lies in a WebSocket API reply */
    const char *kinds; /* of USERS: F fill, O order, B balances */
};

static const struct sample binance[] = {
    {"INDEX.json", NOT_ASKED, 0, false, NULL}, /* the folder's own table of contents */
    {"commission_faq_config.json", COMMISSION, 0, false, NULL},
    {"enums_rate_limiters.json", NOT_ASKED, 0, false, NULL}, /* read inside exchangeInfo */
    {"filters_all.json", NOT_ASKED, 0, false, NULL},         /* read inside exchangeInfo: test_binance_rest.c */
    {"rest_account.json", ACCOUNT, 2, false, NULL},
    {"rest_account_commission.json", COMMISSION, 0, false, NULL},
    {"rest_aggTrades.json", NOT_ASKED, 0, false, NULL},
    {"rest_allOrders.json", NOT_ASKED, 0, false, NULL},
    {"rest_avgPrice.json", NOT_ASKED, 0, false, NULL},
    {"rest_depth.json", NOT_ASKED, 0, false, NULL},
    {"rest_error.json", FAILURE, -1121, false, NULL},
    {"rest_exchangeInfo.json", INFO, 1, false, NULL},
    {"rest_klines.json", KLINES, 1, false, NULL},
    {"rest_myAllocations.json", NOT_ASKED, 0, false, NULL}, /* only of orders placed through smart order routing */
    {"rest_myFilters.json", NOT_ASKED, 0, false, NULL},
    {"rest_myTrades.json", TRADES, 1, false, NULL},
    {"rest_openOrders.json", ORDERS, 1, false, NULL},
    /* answers to requests that change orders: this program has none */
    {"rest_openOrders_cancelAll.json", NOT_ASKED, 0, false, NULL},
    {"rest_order.json", NOT_ASKED, 0, false, NULL},
    {"rest_order_amend.json", NOT_ASKED, 0, false, NULL},
    {"rest_order_amendments.json", NOT_ASKED, 0, false, NULL},
    {"rest_order_cancel.json", NOT_ASKED, 0, false, NULL},
    {"rest_order_new_ack.json", NOT_ASKED, 0, false, NULL},
    {"rest_order_new_expired_market.json", NOT_ASKED, 0, false, NULL},
    {"rest_order_new_full.json", NOT_ASKED, 0, false, NULL},
    {"rest_order_new_result.json", NOT_ASKED, 0, false, NULL},
    {"rest_ping.json", NOT_ASKED, 0, false, NULL}, /* its status is the answer */
    {"rest_rateLimit_order.json", NOT_ASKED, 0, false, NULL},
    {"rest_ticker_24hr_full.json", NOT_ASKED, 0, false, NULL},
    {"rest_ticker_24hr_full_array.json", NOT_ASKED, 0, false, NULL},
    {"rest_ticker_24hr_mini.json", NOT_ASKED, 0, false, NULL},
    {"rest_ticker_24hr_mini_array.json", NOT_ASKED, 0, false, NULL},
    {"rest_ticker_bookTicker.json", NOT_ASKED, 0, false, NULL},
    {"rest_ticker_bookTicker_array.json", NOT_ASKED, 0, false, NULL},
    {"rest_ticker_price.json", PRICES, 1, false, NULL},
    {"rest_ticker_price_array.json", PRICES, 2, false, NULL},
    {"rest_time.json", TIME, 0, false, NULL},
    {"rest_trades.json", NOT_ASKED, 0, false, NULL},
    {"stream_aggTrade.json", MARKET, MARKET_TICKER, false, NULL},
    {"stream_avgPrice.json", MARKET, MARKET_IGNORED, false, NULL},
    {"stream_blockTrade.json", MARKET, MARKET_IGNORED, false, NULL}, /* negotiated beside the book */
    {"stream_bookTicker.json", MARKET, MARKET_IGNORED, false, NULL},
    {"stream_combined_bookTicker.json", MARKET, MARKET_IGNORED, false, NULL},
    {"stream_combined_miniTicker_arr.json", MARKET, MARKET_IGNORED, false, NULL},
    {"stream_combined_ticker.json", MARKET, MARKET_TICKER, false, NULL},
    {"stream_ctl_error_observed.json", MARKET, MARKET_REPLY, false, NULL},
    {"stream_ctl_error_table.json", MARKET, MARKET_IGNORED, false, NULL}, /* its rows: test_binance_market.c */
    /* what we send, not what we receive */
    {"stream_ctl_get_property_request.json", MARKET, MARKET_IGNORED, false, NULL},
    {"stream_ctl_get_property_response.json", MARKET, MARKET_REPLY, false, NULL},
    {"stream_ctl_list_subscriptions_request.json", MARKET, MARKET_IGNORED, false, NULL},
    {"stream_ctl_list_subscriptions_response.json", MARKET, MARKET_REPLY, false, NULL},
    {"stream_ctl_set_property_request.json", MARKET, MARKET_IGNORED, false, NULL},
    {"stream_ctl_set_property_response.json", MARKET, MARKET_REPLY, false, NULL},
    {"stream_ctl_subscribe_request.json", MARKET, MARKET_IGNORED, false, NULL},
    {"stream_ctl_subscribe_response.json", MARKET, MARKET_REPLY, false, NULL},
    {"stream_ctl_unsubscribe_request.json", MARKET, MARKET_IGNORED, false, NULL},
    {"stream_ctl_unsubscribe_response.json", MARKET, MARKET_REPLY, false, NULL},
    {"stream_depthUpdate.json", MARKET, MARKET_IGNORED, false, NULL},
    {"stream_depth_partial.json", MARKET, MARKET_IGNORED, false, NULL},
    {"stream_kline.json", MARKET, MARKET_KLINE, false, NULL},
    {"stream_miniTicker.json", MARKET, MARKET_TICKER, false, NULL},
    {"stream_miniTicker_arr.json", MARKET, MARKET_IGNORED, false, NULL},
    {"stream_referencePrice.json", MARKET, MARKET_IGNORED, false, NULL},
    {"stream_serverShutdown_combined.json", MARKET, MARKET_SHUTDOWN, false, NULL},
    {"stream_serverShutdown_raw.json", MARKET, MARKET_SHUTDOWN, false, NULL},
    {"stream_ticker.json", MARKET, MARKET_TICKER, false, NULL},
    {"stream_ticker_rolling_1h.json", MARKET, MARKET_IGNORED, false, NULL}, /* @ticker gives the same price */
    {"stream_trade.json", MARKET, MARKET_TICKER, false, NULL},
    {"uds_balanceUpdate.json", USER, USER_BALANCE_DELTA, false, NULL},
    {"uds_eventStreamTerminated.json", USER, USER_TERMINATED, false, NULL},
    {"uds_executionReport_canceled_constructed.json", USER, USER_ORDER, false, NULL},
    {"uds_executionReport_conditional_fields.json", NOT_ASKED, 0, false, NULL}, /* part of an event, not an event */
    {"uds_executionReport_expired.json", USER, USER_ORDER, false, NULL},
    {"uds_executionReport_new.json", USER, USER_ORDER, false, NULL},
    {"uds_executionReport_trade.json", USER, USER_FILL, false, NULL},
    {"uds_executionReport_trade_2nd_fill.json", USER, USER_FILL, false, NULL},
    {"uds_externalLockUpdate.json", USER, USER_BALANCE_DELTA, false, NULL},
    {"uds_listStatus.json", USER, USER_IGNORED, false, NULL}, /* every order of the list has its own report */
    {"uds_outboundAccountPosition.json", USER, USER_BALANCES, false, NULL},
    {"uds_outboundAccountPosition_after_trade.json", USER, USER_BALANCES, false, NULL},
    {"uds_sequence_limit_buy_constructed.json", USERS, 3, false, "OFF"},
    {"uds_sequence_market_order.json", USERS, 5, false, "OFFOB"},
    {"uds_sequence_market_order_unwrapped.json", USERS, 5, false, "OFFOB"},
    {"ws_api_account_commission_request.json", NOT_ASKED, 0, false, NULL}, /* a _request is what we send */
    {"ws_api_account_commission_response.json", COMMISSION, 0, true, NULL},
    {"ws_api_account_rateLimits_orders_request.json", NOT_ASKED, 0, false, NULL},
    {"ws_api_account_rateLimits_orders_response.json", USER, USER_REPLY, false, NULL},
    {"ws_api_account_status_request.json", NOT_ASKED, 0, false, NULL},
    {"ws_api_account_status_response.json", ACCOUNT, 3, true, NULL},
    {"ws_api_allOrders_request.json", NOT_ASKED, 0, false, NULL},
    {"ws_api_allOrders_response.json", ORDERS, 0, true, NULL}, /* one order, and it is filled */
    {"ws_api_event_format.json", USER, USER_BALANCES, false, NULL},
    {"ws_api_exchangeInfo_request.json", NOT_ASKED, 0, false, NULL},
    {"ws_api_exchangeInfo_response.json", INFO, 1, true, NULL},
    {"ws_api_klines_request.json", NOT_ASKED, 0, false, NULL},
    {"ws_api_klines_response.json", KLINES, 1, true, NULL},
    {"ws_api_myFilters_request.json", NOT_ASKED, 0, false, NULL},
    {"ws_api_myFilters_response.json", USER, USER_REPLY, false, NULL},
    {"ws_api_myTrades_request.json", NOT_ASKED, 0, false, NULL},
    {"ws_api_myTrades_response.json", TRADES, 2, true, NULL},
    {"ws_api_openOrders_status_request.json", NOT_ASKED, 0, false, NULL},
    {"ws_api_openOrders_status_response.json", ORDERS, 1, true, NULL},
    {"ws_api_order_amendments_request.json", NOT_ASKED, 0, false, NULL},
    {"ws_api_order_amendments_response.json", USER, USER_REPLY, false, NULL},
    {"ws_api_order_cancel_request.json", NOT_ASKED, 0, false, NULL},
    {"ws_api_order_cancel_response.json", USER, USER_REPLY, false, NULL},
    {"ws_api_order_place_response_ack.json", USER, USER_REPLY, false, NULL},
    {"ws_api_order_place_response_full.json", USER, USER_REPLY, false, NULL},
    {"ws_api_order_place_response_result.json", USER, USER_REPLY, false, NULL},
    {"ws_api_order_status_request.json", NOT_ASKED, 0, false, NULL},
    {"ws_api_order_status_response.json", USER, USER_REPLY, false, NULL},
    {"ws_api_ping_request.json", NOT_ASKED, 0, false, NULL},
    {"ws_api_ping_response.json", USER, USER_REPLY, false, NULL},
    {"ws_api_request_order_place.json", NOT_ASKED, 0, false, NULL},
    {"ws_api_response_banned_418.json", USER, USER_REPLY, false, NULL},
    {"ws_api_response_error.json", USER, USER_REPLY, false, NULL},
    {"ws_api_response_session_revoked_401.json", USER, USER_REPLY, false, NULL},
    {"ws_api_response_success.json", USER, USER_REPLY, false, NULL},
    {"ws_api_serverShutdown.json", USER, USER_SHUTDOWN, false, NULL},
    {"ws_api_session_logon_request.json", NOT_ASKED, 0, false, NULL},
    {"ws_api_session_logon_response.json", USER, USER_REPLY, false, NULL},
    {"ws_api_session_logout_request.json", NOT_ASKED, 0, false, NULL},
    {"ws_api_session_logout_response.json", USER, USER_REPLY, false, NULL},
    {"ws_api_session_status_request.json", NOT_ASKED, 0, false, NULL},
    {"ws_api_session_status_response.json", USER, USER_REPLY, false, NULL},
    {"ws_api_session_subscriptions_request.json", NOT_ASKED, 0, false, NULL},
    {"ws_api_session_subscriptions_response.json", USER, USER_REPLY, false, NULL},
    {"ws_api_ticker_24hr_request.json", NOT_ASKED, 0, false, NULL},
    {"ws_api_ticker_24hr_response.json", USER, USER_REPLY, false, NULL},
    {"ws_api_ticker_book_request.json", NOT_ASKED, 0, false, NULL},
    {"ws_api_ticker_book_response.json", USER, USER_REPLY, false, NULL},
    {"ws_api_ticker_price_request.json", NOT_ASKED, 0, false, NULL},
    {"ws_api_ticker_price_response.json", PRICES, 1, true, NULL},
    {"ws_api_ticker_price_response_array.json", PRICES, 3, true, NULL},
    {"ws_api_time_request.json", NOT_ASKED, 0, false, NULL},
    {"ws_api_time_request_no_rate_limits.json", NOT_ASKED, 0, false, NULL},
    {"ws_api_time_response.json", TIME, 0, true, NULL},
    {"ws_api_time_response_no_rate_limits.json", TIME, 0, true, NULL},
    {"ws_api_userDataStream_subscribe_request.json", NOT_ASKED, 0, false, NULL},
    {"ws_api_userDataStream_subscribe_response.json", USER, USER_REPLY, false, NULL},
    {"ws_api_userDataStream_subscribe_signature_request.json", NOT_ASKED, 0, false, NULL},
    {"ws_api_userDataStream_subscribe_signature_response.json", USER, USER_REPLY, false, NULL},
    {"ws_api_userDataStream_unsubscribe_request.json", NOT_ASKED, 0, false, NULL},
    {"ws_api_userDataStream_unsubscribe_response.json", USER, USER_REPLY, false, NULL},
};

/* The bot's database endpoints carry no information (BOT_API 6.5), /ready and /api/status neither. */
static const struct sample bot[] = {
    {"equity.json", NOT_ASKED, 0, false, NULL},
    {"health.json", HEALTH, -1, false, NULL},
    {"index.json", NOT_ASKED, 0, false, NULL},
    {"metrics.json", HEALTH, true, false, NULL},
    {"metrics_prometheus.txt", NOT_JSON, ERR_SYNTAX, false, NULL},
    {"ohlcv_btc_1d_30.json", CANDLES, 5, false, NULL},
    {"ohlcv_btc_1h_100.json", CANDLES, 100, false, NULL},
    {"ohlcv_btc_1h_48.json", CANDLES, 48, false, NULL},
    {"ohlcv_btc_1m_1.json", CANDLES, 1, false, NULL},
    {"ohlcv_btc_1m_60.json", CANDLES, 60, false, NULL},
    {"ohlcv_btc_1w_12.json", CANDLES, 2, false, NULL},
    {"ohlcv_btc_4h_24.json", CANDLES, 24, false, NULL},
    {"ohlcv_eth_1d_30.json", CANDLES, 5, false, NULL},
    {"ohlcv_eth_1h_100.json", CANDLES, 100, false, NULL},
    {"ohlcv_eth_1h_48.json", CANDLES, 48, false, NULL},
    {"ohlcv_eth_1m_1.json", CANDLES, 1, false, NULL},
    {"ohlcv_eth_1m_60.json", CANDLES, 60, false, NULL},
    {"ohlcv_eth_1w_12.json", CANDLES, 2, false, NULL},
    {"ohlcv_eth_4h_24.json", CANDLES, 24, false, NULL},
    {"orders.json", BOT_ORDERS, 13, false, NULL},
    {"orders_eth.json", BOT_ORDERS, 6, false, NULL},
    {"pnl_all.json", NOT_ASKED, 0, false, NULL},
    {"pnl_daily.json", NOT_ASKED, 0, false, NULL},
    {"pnl_monthly.json", NOT_ASKED, 0, false, NULL},
    {"pnl_weekly.json", NOT_ASKED, 0, false, NULL},
    {"positions.json", NOT_ASKED, 0, false, NULL},
    {"prediction_history_grid.json", NOT_ASKED, 0, false, NULL},
    {"ready.json", NOT_ASKED, 0, false, NULL},
    {"status.json", NOT_ASKED, 0, false, NULL},
    {"strategies.json", STRATEGIES, 2, false, NULL},
    {"trades.json", BOT_TRADES, 164, false, NULL},
    {"trades_btc_100.json", BOT_TRADES, 100, false, NULL},
    {"trades_eth_100.json", BOT_TRADES, 44, false, NULL},
    {"edge/equity_empty.json", NOT_ASKED, 0, false, NULL},
    {"edge/err401.json", NO_LIST, ERR_MISSING, false, NULL},
    {"edge/err401_unknown_path.json", NO_LIST, ERR_MISSING, false, NULL},
    {"edge/err404_api_config.txt", NOT_JSON, ERR_SYNTAX, false, NULL},
    {"edge/err404_api_grid.txt", NOT_JSON, ERR_SYNTAX, false, NULL},
    {"edge/err405.txt", NOT_JSON, ERR_SYNTAX, false, NULL},
    {"edge/err429.json", NO_LIST, ERR_MISSING, false, NULL},
    {"edge/err500_bad_limit_jan2026.txt", NOT_JSON, ERR_SYNTAX, false, NULL},
    {"edge/err500_equity.json", NO_LIST, ERR_MISSING, false, NULL},
    {"edge/err500_ohlcv.json", NO_LIST, ERR_MISSING, false, NULL},
    {"edge/err500_pnl.json", NO_LIST, ERR_MISSING, false, NULL},
    {"edge/err500_positions.json", NO_LIST, ERR_MISSING, false, NULL},
    {"edge/err500_status.txt", NOT_JSON, ERR_SYNTAX, false, NULL},
    {"edge/err500_strategies.json", NO_LIST, ERR_MISSING, false, NULL},
    {"edge/err503_pnl_no_database.json", NO_LIST, ERR_MISSING, false, NULL},
    {"edge/err503_trades_no_bot.json", NO_LIST, ERR_MISSING, false, NULL},
    {"edge/metrics_no_bot.json", HEALTH, false, false, NULL},
    {"edge/ohlcv_1M_is_1m.json", CANDLES, 2, false, NULL},
    {"edge/ohlcv_bad_symbol.json", NO_LIST, ERR_MISSING, false, NULL},
    {"edge/ohlcv_malformed_symbol_default.json", CANDLES, 2, false, NULL},
    {"edge/ohlcv_no_exchange.json", CANDLES, 0, false, NULL},
    {"edge/orders_empty.json", BOT_ORDERS, 0, false, NULL},
    {"edge/orders_exchange_down.json", BOT_ORDERS, 0, false, NULL},
    {"edge/orders_odd.json", BOT_ORDERS, 5, false, NULL},
    {"edge/pnl_all_empty.json", NOT_ASKED, 0, false, NULL},
    {"edge/pnl_empty.json", NOT_ASKED, 0, false, NULL},
    {"edge/pnl_one_zero_trade.json", NOT_ASKED, 0, false, NULL},
    {"edge/pnl_unknown_period.json", NOT_ASKED, 0, false, NULL},
    {"edge/pnl_unknown_period_jan2026.json", NOT_ASKED, 0, false, NULL},
    {"edge/positions_empty.json", NOT_ASKED, 0, false, NULL},
    {"edge/prediction_history.json", NOT_ASKED, 0, false, NULL},
    {"edge/prediction_history_before_first_training.json", NOT_ASKED, 0, false, NULL},
    {"edge/ready_200.json", NOT_ASKED, 0, false, NULL},
    {"edge/ready_no_bot.json", NOT_ASKED, 0, false, NULL},
    {"edge/ready_not_running.json", NOT_ASKED, 0, false, NULL},
    {"edge/status_no_bot.json", NOT_ASKED, 0, false, NULL},
    {"edge/status_prediction.json", NOT_ASKED, 0, false, NULL},
    {"edge/status_stopped.json", NOT_ASKED, 0, false, NULL},
    {"edge/strategies_empty.json", STRATEGIES, 0, false, NULL},
    {"edge/strategies_jan2026.json", STRATEGIES, 2, false, NULL},
    {"edge/strategies_prediction.json", STRATEGIES, 1, false, NULL},
    {"edge/strategies_unknown_names.json", STRATEGIES, 1, false, NULL},
    {"edge/trades_empty.json", BOT_TRADES, 0, false, NULL},
    {"edge/trades_exchange_down.json", BOT_TRADES, 0, false, NULL},
    {"edge/trades_limit20.json", BOT_TRADES, 20, false, NULL},
    {"edge/trades_malformed_symbol_ignored.json", BOT_TRADES, 5, false, NULL},
    {"edge/trades_no_exchange.json", BOT_TRADES, 0, false, NULL},
    {"edge/trades_odd_numbers.json", BOT_TRADES, 6, false, NULL},
    {"edge/trades_prediction_bot.json", BOT_TRADES, 0, false, NULL},
    {"edge/trades_unknown_symbol.json", BOT_TRADES, 0, false, NULL},
};

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* ---- takers that count and check what must always hold ---- */

static void count_fill(void *arg, const struct fill *f) {
    assert_true(f->price.v > 0 && f->quantity.v > 0 && f->trade_id >= 0 && f->time.us > 0 && f->fee.v >= 0);
    ++*(int *)arg;
}
static void count_order(void *arg, const struct order *o) {
    assert_true(o->price.v >= 0 && o->quantity.v >= 0 && o->filled.v >= 0 && !name_empty(&o->symbol));
    ++*(int *)arg;
}
static void count_candle(void *arg, const struct candle *c) {
    assert_true(c->low.v > 0 && c->high.v >= c->low.v && c->close_time.us > c->open_time.us);
    ++*(int *)arg;
}
static void count_ticker(void *arg, const struct ticker *t) {
    assert_true(t->price.v > 0);
    ++*(int *)arg;
}
static void count_symbol(void *arg, const struct symbol_info *s) {
    assert_true(s->trading && !name_empty(&s->base) && !name_empty(&s->quote));
    ++*(int *)arg;
}
static void count_balance(void *arg, const struct balance *b) {
    assert_true(b->free.v >= 0 && b->locked.v >= 0);
    ++*(int *)arg;
}
static void count_strategy(void *arg, const struct bot_strategy *s) {
    assert_true(!s->grid.known || s->is_grid);
    ++*(int *)arg;
}

/* ---- one sample ---- */

static const char *file; /* the sample at hand, for messages */

#define expect_int(got, want)                                                                                          \
    do {                                                                                                               \
        if ((int)(got) != (int)(want)) fail_msg("%s: %d instead of %d", file, (int)(got), (int)(want));                \
    } while (0)

static char kind_letter(enum user_kind kind) {
    return kind == USER_FILL ? 'F' : kind == USER_ORDER ? 'O' : kind == USER_BALANCES ? 'B' : '?';
}

/* The elements of the array that `text` begins with, each given to `each` as its own text. */
static int for_each_element(struct span text, void (*each)(struct json *j, struct span one, int i, const char *kinds),
                            struct json *j, const char *kinds) {
    int depth = 0, count = 0;
    const char *start = NULL;
    bool quoted = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if (quoted) {
            if (c == '\\') i++;
            else if (c == '"') quoted = false;
            continue;
        }
        if (c == '"') quoted = true;
        if ((c == '{' || c == '[') && depth++ == 1) start = text.at + i;
        if (c != '}' && c != ']') continue;
        if (--depth == 0) break;
        if (depth == 1) each(j, span_from(start, (size_t)(text.at + i + 1 - start)), count++, kinds);
    }
    return count;
}

static void check_user(struct json *j, struct span one, int i, const char *kinds) {
    struct user_message m;
    struct wire_fault fault;
    expect_int(user_decode(j, one, &m, &fault), ERR_OK);
    expect_int(kind_letter(m.kind), kinds[i]);
}

static void check_market(struct json *j, struct span text, int kind) {
    struct market_message m;
    struct wire_fault fault;
    expect_int(market_decode(j, text, &m, &fault), ERR_OK);
    expect_int(m.kind, kind);
    if (kind == MARKET_TICKER) assert_true(m.ticker.price.v > 0 && !name_empty(&m.ticker.exchange_symbol));
}

static struct json_value result_of(struct json *j, struct span text, bool reply) {
    struct user_message m;
    struct wire_fault fault;
    struct json_value root = {NULL};
    if (!reply) {
        expect_int(json_parse(j, text, text.len, &root), ERR_OK);
        return root;
    }
    expect_int(user_decode(j, text, &m, &fault), ERR_OK);
    expect_int(m.kind, USER_REPLY);
    expect_int(m.reply.status, 200);
    return m.reply.result;
}

static void check_result(struct json *j, struct span text, const struct sample *s) {
    struct json_value v = result_of(j, text, s->reply);
    struct wire_fault f;
    struct wall t = {0};
    struct dec8 maker = {0}, taker = {0};
    struct account_info account;
    struct exchange_limits limits;
    size_t skipped = 0;
    int rows = 0;
    enum err e = ERR_BAD_STATE;
    if (s->how == TRADES) e = my_trades_decode(v, count_fill, &rows, &f);
    if (s->how == ORDERS) e = open_orders_decode(v, count_order, &rows, &f);
    if (s->how == KLINES) e = klines_decode(v, wall_of_ms(1700000000000), count_candle, &rows, &f);
    if (s->how == PRICES) e = ticker_prices_decode(v, count_ticker, &rows, &f);
    if (s->how == INFO) e = exchange_info_decode(v, &limits, count_symbol, &rows, &skipped, &f);
    if (s->how == ACCOUNT) e = account_decode(v, &account, count_balance, &rows, &f);
    if (s->how == TIME) e = server_time_decode(v, &t, &f);
    if (s->how == COMMISSION) e = commission_decode(v, &maker, &taker, &f);
    expect_int(e, ERR_OK);
    expect_int(rows, s->expect);
    expect_int(skipped, 0);
    if (s->how == TIME) assert_true(t.us > 0);
    if (s->how == COMMISSION) assert_true(maker.v > 0 && taker.v > maker.v);
}

static void check_bot(struct json *j, struct span text, const struct sample *s) {
    struct wire_fault f;
    struct bot_health health = {.alive = false};
    struct name symbol, timeframe;
    size_t refused = 0;
    int rows = 0;
    enum err e = ERR_BAD_STATE;
    if (s->how == HEALTH) e = bot_health_decode(j, text, &health, &f);
    if (s->how == STRATEGIES) e = bot_strategies_decode(j, text, count_strategy, &rows, &f);
    if (s->how == BOT_TRADES) e = bot_trades_decode(j, text, count_fill, &rows, &refused, &f);
    if (s->how == BOT_ORDERS) e = bot_orders_decode(j, text, count_order, &rows, &refused, &f);
    if (s->how == CANDLES) e = bot_ohlcv_decode(j, text, &symbol, &timeframe, count_candle, &rows, &f);
    expect_int(e, ERR_OK);
    expect_int(refused, 0);
    if (s->how != HEALTH) {
        expect_int(rows, s->expect);
        return;
    }
    expect_int(health.alive, true);
    expect_int(health.has_running ? health.running : -1, s->expect);
}

static void check_refused(struct json *j, struct span text, enum err want) {
    struct wire_fault f;
    struct bot_health health;
    struct name symbol, timeframe;
    size_t refused;
    int rows = 0;
    expect_int(bot_health_decode(j, text, &health, &f), want);
    expect_int(bot_strategies_decode(j, text, count_strategy, &rows, &f), want);
    expect_int(bot_trades_decode(j, text, count_fill, &rows, &refused, &f), want);
    expect_int(bot_orders_decode(j, text, count_order, &rows, &refused, &f), want);
    expect_int(bot_ohlcv_decode(j, text, &symbol, &timeframe, count_candle, &rows, &f), want);
    expect_int(f.err, want);
    expect_int(rows, 0);
}

static void check_sample(struct json *j, const char *folder, const struct sample *s) {
    char name[300];
    size_t len;
    int code = 0;
    char message[120];
    struct json_value root;
    struct wire_fault fault;
    struct user_message m;
    (void)snprintf(name, sizeof name, "%s/%s", folder, s->file);
    file = s->file;
    char *bytes = read_data(name, &len);
    struct span text = span_from(bytes, len);
    switch (s->how) {
    case MARKET: check_market(j, text, s->expect); break;
    case USER:
        expect_int(user_decode(j, text, &m, &fault), ERR_OK);
        expect_int(m.kind, s->expect);
        break;
    case USERS: expect_int(for_each_element(text, check_user, j, s->kinds), s->expect); break;
    case TRADES:
    case ORDERS:
    case KLINES:
    case PRICES:
    case INFO:
    case ACCOUNT:
    case TIME:
    case COMMISSION: check_result(j, text, s); break;
    case FAILURE:
        expect_int(rest_error_decode(j, text, &code, message), true);
        expect_int(code, s->expect);
        break;
    case HEALTH:
    case STRATEGIES:
    case BOT_TRADES:
    case BOT_ORDERS:
    case CANDLES: check_bot(j, text, s); break;
    case NOT_ASKED: expect_int(json_parse(j, text, len, &root), ERR_OK); break;
    case NOT_JSON:
    case NO_LIST: check_refused(j, text, s->expect); break;
    }
    free(bytes);
}

static bool in_table(const struct sample *table, size_t count, const char *prefix, const char *name) {
    size_t n = strlen(prefix);
    for (size_t i = 0; i < count; i++)
        if (strncmp(table[i].file, prefix, n) == 0 && strcmp(table[i].file + n, name) == 0) return true;
    return false;
}

/* Every regular name in the folder is in the table; returns how many there are. */
static size_t folder_is_covered(const char *folder, const char *prefix, const struct sample *table, size_t count) {
    char path[512], name[300];
    size_t n = 0;
    (void)snprintf(name, sizeof name, "%s/%s", folder, prefix);
    DIR *dir = opendir(data_path(path, name));
    if (dir == NULL) fail_msg("%s is missing", path);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        if (strchr(entry->d_name, '.') == NULL || entry->d_name[0] == '.') continue; /* a folder */
        if (!in_table(table, count, prefix, entry->d_name)) fail_msg("%s%s is not in the table", prefix, entry->d_name);
        n++;
    }
    (void)closedir(dir);
    return n;
}

static void every_binance_sample_is_decoded_or_ignored_on_purpose(void **state) {
    (void)state;
    struct json *j = json_new();
    assert_int_equal(folder_is_covered("binance/samples", "", binance, COUNT(binance)), COUNT(binance));
    for (size_t i = 0; i < COUNT(binance); i++) check_sample(j, "binance/samples", &binance[i]);
    json_free(j);
}

static void every_bot_sample_is_decoded_or_ignored_on_purpose(void **state) {
    (void)state;
    struct json *j = json_new();
    size_t files = folder_is_covered("bot/samples", "", bot, COUNT(bot));
    files += folder_is_covered("bot/samples", "edge/", bot, COUNT(bot));
    assert_int_equal(files, COUNT(bot));
    for (size_t i = 0; i < COUNT(bot); i++) check_sample(j, "bot/samples", &bot[i]);
    json_free(j);
}

/* Whatever is fed to whatever decoder: an error or rows that hold what they promise, never more. */
static void every_sample_through_every_decoder(void **state) {
    (void)state;
    struct json *j = json_new();
    char name[300];
    for (size_t i = 0; i < COUNT(binance) + COUNT(bot); i++) {
        const struct sample *s = i < COUNT(binance) ? &binance[i] : &bot[i - COUNT(binance)];
        struct wire_fault f = {.err = ERR_OK};
        struct market_message market;
        struct user_message user;
        struct bot_health health;
        struct name symbol, timeframe;
        size_t len, refused;
        int rows = 0;
        (void)snprintf(name, sizeof name, "%s/samples/%s", i < COUNT(binance) ? "binance" : "bot", s->file);
        char *bytes = read_data(name, &len);
        struct span text = span_from(bytes, len);
        if (market_decode(j, text, &market, &f) != ERR_OK) assert_true(strlen(f.what) > 0 && f.err != ERR_OK);
        if (user_decode(j, text, &user, &f) != ERR_OK) assert_true(strlen(f.what) > 0 && f.err != ERR_OK);
        if (bot_health_decode(j, text, &health, &f) != ERR_OK) assert_true(strlen(f.what) > 0);
        if (bot_trades_decode(j, text, count_fill, &rows, &refused, &f) != ERR_OK) assert_true(strlen(f.what) > 0);
        if (bot_orders_decode(j, text, count_order, &rows, &refused, &f) != ERR_OK) assert_true(strlen(f.what) > 0);
        if (bot_strategies_decode(j, text, count_strategy, &rows, &f) != ERR_OK) assert_true(strlen(f.what) > 0);
        if (bot_ohlcv_decode(j, text, &symbol, &timeframe, count_candle, &rows, &f) != ERR_OK)
            assert_true(strlen(f.what) > 0);
        free(bytes);
    }
    json_free(j);
}

/* ---- the oracle's events ---- */

static int oracle_fills, oracle_orders, oracle_others;

static bool holds(struct span s, const char *piece) { return memmem(s.at, s.len, piece, strlen(piece)) != NULL; }

/* The executed price, out of the text itself. */
static struct dec8 last_price(struct span one) {
    char price[40];
    const char *at = memmem(one.at, one.len, "\"L\": \"", 6);
    assert_non_null(at);
    assert_int_equal(sscanf(at + 6, "%39[0-9.]", price), 1);
    return d8(price);
}

static void check_oracle_event(struct json *j, struct span one, int i, const char *kinds) {
    struct user_message m;
    struct wire_fault fault;
    (void)i, (void)kinds;
    if (user_decode(j, one, &m, &fault) != ERR_OK) fail_msg("%s", fault.what);
    if (holds(one, "\"x\": \"TRADE\"")) {
        expect_int(m.kind, USER_FILL);
        assert_true(m.fill.price.v == last_price(one).v && m.fill.quantity.v > 0 && m.fill.quote_amount.v > 0);
        oracle_fills++;
    } else if (holds(one, "\"executionReport\"")) {
        expect_int(m.kind, USER_ORDER);
        oracle_orders++;
    } else {
        assert_true(m.kind != USER_FILL && m.kind != USER_ORDER && m.kind != USER_REPLY);
        oracle_others++;
    }
}

static void every_event_of_the_oracle_is_told_apart(void **state) {
    (void)state;
    struct json *j = json_new();
    size_t len;
    char *bytes = read_data("oracle/execution_reports.json", &len);
    file = "execution_reports.json";
    oracle_fills = oracle_orders = oracle_others = 0;
    for (const char *at = bytes; (at = strstr(at, "\"events\"")) != NULL;) {
        at = strchr(at, '[');
        assert_non_null(at);
        (void)for_each_element(span_from(at, (size_t)(bytes + len - at)), check_oracle_event, j, NULL);
    }
    assert_int_equal(oracle_fills, 12);
    assert_int_equal(oracle_orders, 21);
    assert_int_equal(oracle_others, 5);
    free(bytes);
    json_free(j);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_binance_sample_is_decoded_or_ignored_on_purpose),
        cmocka_unit_test(every_bot_sample_is_decoded_or_ignored_on_purpose),
        cmocka_unit_test(every_sample_through_every_decoder),
        cmocka_unit_test(every_event_of_the_oracle_is_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
