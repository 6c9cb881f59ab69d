/* binance_rest.c: results that REST and the WebSocket API share (BINANCE 4.3). Lists are read twice: once for form,
 * then row by row to the caller, so that nothing is handed out of an answer with a bad row, and nothing is buffered. */
#include "wire/binance.h"

#include "base/limits.h"
#include "wire/binance_words.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

bool rest_error_decode(struct json *j, struct span body, int *code, char message[static 120]) {
    struct json_value root;
    struct span text;
    int64_t n;
    if (json_parse(j, body, LIMIT_HTTP_BODY_BYTES, &root) != ERR_OK) return false;
    if (json_i64(json_get(root, "code"), &n) != ERR_OK || n != (int)n) return false;
    if (json_text(json_get(root, "msg"), &text) != ERR_OK) return false;
    *code = (int)n;
    text_cut(message, 120, text);
    return true;
}

/* ---- lists ---- */

/* Decodes one row into row_out; row_out is as large as the caller of walk_rows made it. */
typedef enum err row_decode(void *row_out, struct json_value row, const struct place *p, struct wire_fault *fault);
typedef void row_give(void *arg, const void *row);

struct rows { /* what a list's rows are, and who takes them */
    const char *name;
    row_decode *decode;
    row_give *give;
    void *arg;
};

static enum err walk_rows(struct json_value list, const struct rows *how, void *scratch, bool give,
                          struct wire_fault *fault) {
    struct json_value row;
    struct json_iter it = json_first(list);
    for (struct place p = {.name = how->name, .listed = true}; json_next(&it, &row); p.row++) {
        enum err e = how->decode(scratch, row, &p, fault);
        if (e == ERR_CANCELED) continue; /* sound, and not to be handed out */
        if (e != ERR_OK) return e;
        if (give) how->give(how->arg, scratch);
    }
    return ERR_OK;
}

static enum err decode_rows(struct json_value list, const struct rows *how, void *scratch, struct wire_fault *fault) {
    if (!json_is_array(list))
        return fault_at(fault, &(struct place){.name = how->name}, NULL, json_present(list) ? ERR_TYPE : ERR_MISSING);
    enum err e = walk_rows(list, how, scratch, false, fault);
    return e != ERR_OK ? e : walk_rows(list, how, scratch, true, fault);
}

/* ---- myTrades ---- */

static const struct field trade_fields[] = {
    {"symbol", FIELD_NAME, FIELD_MUST, offsetof(struct fill, symbol), NULL},
    {"id", FIELD_I64, FIELD_MUST | FIELD_NOT_NEGATIVE, offsetof(struct fill, trade_id), NULL},
    {"orderId", FIELD_I64, FIELD_MUST | FIELD_NOT_NEGATIVE, offsetof(struct fill, order_id), NULL},
    {"price", FIELD_DEC8, FIELD_MUST | FIELD_ABOVE_ZERO, offsetof(struct fill, price), NULL},
    {"qty", FIELD_DEC8, FIELD_MUST | FIELD_ABOVE_ZERO, offsetof(struct fill, quantity), NULL},
    {"quoteQty", FIELD_DEC16, FIELD_NOT_NEGATIVE, offsetof(struct fill, quote_amount), NULL},
    {"commission", FIELD_DEC16, FIELD_MUST | FIELD_NOT_NEGATIVE, offsetof(struct fill, fee), NULL},
    {"commissionAsset", FIELD_NAME, FIELD_MUST, offsetof(struct fill, fee_asset), NULL},
    {"time", FIELD_MS, FIELD_MUST | FIELD_ABOVE_ZERO, offsetof(struct fill, time), NULL},
    {"isBuyer", FIELD_BUYER, FIELD_MUST, offsetof(struct fill, side), NULL},
    {"isMaker", FIELD_MAKER, 0, offsetof(struct fill, maker), NULL},
};

static enum err trade_row(void *out, struct json_value row, const struct place *p, struct wire_fault *fault) {
    struct fill *f = out;
    *f = (struct fill){.source = SOURCE_REST};
    return fields_read(row, trade_fields, COUNT(trade_fields), f, p, fault);
}

struct fill_taker {
    fill_take *take;
    void *arg;
};

static void give_fill(void *arg, const void *row) {
    const struct fill_taker *t = arg;
    t->take(t->arg, row);
}

enum err my_trades_decode(struct json_value result, fill_take *take, void *arg, struct wire_fault *fault) {
    struct fill_taker taker = {take, arg};
    struct fill f;
    return decode_rows(result, &(struct rows){"trades", trade_row, give_fill, &taker}, &f, fault);
}

/* ---- openOrders ---- */

struct order_row {
    struct order order;
    int open;
};

static const struct field order_fields[] = {
    {"symbol", FIELD_NAME, FIELD_MUST, offsetof(struct order_row, order.symbol), NULL},
    {"orderId", FIELD_I64, FIELD_MUST | FIELD_NOT_NEGATIVE, offsetof(struct order_row, order.order_id), NULL},
    {"side", FIELD_WORD, FIELD_MUST, offsetof(struct order_row, order.side), binance_sides},
    {"type", FIELD_WORD, FIELD_MUST | FIELD_ANY_WORD, offsetof(struct order_row, order.type), binance_order_types},
    {"price", FIELD_DEC8, FIELD_MUST | FIELD_NOT_NEGATIVE, offsetof(struct order_row, order.price), NULL},
    {"origQty", FIELD_DEC8, FIELD_MUST | FIELD_NOT_NEGATIVE, offsetof(struct order_row, order.quantity), NULL},
    {"executedQty", FIELD_DEC8, FIELD_MUST | FIELD_NOT_NEGATIVE, offsetof(struct order_row, order.filled), NULL},
    {"time", FIELD_MS, 0, offsetof(struct order_row, order.time), NULL},
    {"status", FIELD_WORD, FIELD_ANY_WORD, offsetof(struct order_row, open), binance_open_statuses},
};

static enum err order_row(void *out, struct json_value row, const struct place *p, struct wire_fault *fault) {
    struct order_row *o = out;
    *o = (struct order_row){.open = true};
    enum err e = fields_read(row, order_fields, COUNT(order_fields), o, p, fault);
    return e == ERR_OK && !o->open ? ERR_CANCELED : e;
}

struct order_taker {
    order_take *take;
    void *arg;
};

static void give_order(void *arg, const void *row) {
    const struct order_taker *t = arg;
    const struct order_row *o = row;
    t->take(t->arg, &o->order);
}

enum err open_orders_decode(struct json_value result, order_take *take, void *arg, struct wire_fault *fault) {
    struct order_taker taker = {take, arg};
    struct order_row o;
    return decode_rows(result, &(struct rows){"orders", order_row, give_order, &taker}, &o, fault);
}

/* ---- klines: rows are arrays, the key stands for the position ---- */

struct kline_row {
    struct candle candle;
    struct wall server_time; /* set by the caller before every row */
};

static const struct field kline_fields[] = {
    {"open time", FIELD_MS, FIELD_MUST, offsetof(struct candle, open_time), NULL},
    {"open", FIELD_DEC8, FIELD_MUST | FIELD_ABOVE_ZERO, offsetof(struct candle, open), NULL},
    {"high", FIELD_DEC8, FIELD_MUST | FIELD_ABOVE_ZERO, offsetof(struct candle, high), NULL},
    {"low", FIELD_DEC8, FIELD_MUST | FIELD_ABOVE_ZERO, offsetof(struct candle, low), NULL},
    {"close", FIELD_DEC8, FIELD_MUST | FIELD_ABOVE_ZERO, offsetof(struct candle, close), NULL},
    {"volume", FIELD_DEC16, FIELD_MUST | FIELD_NOT_NEGATIVE, offsetof(struct candle, volume), NULL},
    {"close time", FIELD_MS, FIELD_MUST, offsetof(struct candle, close_time), NULL},
};

static enum err kline_row(void *out, struct json_value row, const struct place *p, struct wire_fault *fault) {
    struct kline_row *k = out;
    struct json_iter it = json_first(row);
    struct candle c = {.closed = false};
    if (!json_is_array(row)) return fault_at(fault, p, NULL, ERR_TYPE);
    for (size_t i = 0; i < COUNT(kline_fields); i++) {
        struct json_value v = {NULL};
        (void)json_next(&it, &v);
        enum err e = field_read(&kline_fields[i], v, &c);
        if (e != ERR_OK) return fault_at(fault, p, kline_fields[i].key, e);
    }
    if (c.close_time.us < c.open_time.us) return fault_at(fault, p, "close time", ERR_VALUE);
    c.closed = c.close_time.us < k->server_time.us;
    k->candle = c;
    return ERR_OK;
}

struct candle_taker {
    candle_take *take;
    void *arg;
};

static void give_candle(void *arg, const void *row) {
    const struct candle_taker *t = arg;
    const struct kline_row *k = row;
    t->take(t->arg, &k->candle);
}

enum err klines_decode(struct json_value result, struct wall server_time, candle_take *take, void *arg,
                       struct wire_fault *fault) {
    struct candle_taker taker = {take, arg};
    struct kline_row k = {.server_time = server_time};
    return decode_rows(result, &(struct rows){"klines", kline_row, give_candle, &taker}, &k, fault);
}

/* ---- ticker/price ---- */

static const struct field price_fields[] = {
    {"symbol", FIELD_NAME, FIELD_MUST, offsetof(struct ticker, exchange_symbol), NULL},
    {"price", FIELD_DEC8, FIELD_MUST | FIELD_NOT_NEGATIVE, offsetof(struct ticker, price), NULL},
};

static enum err price_row(void *out, struct json_value row, const struct place *p, struct wire_fault *fault) {
    struct ticker *t = out;
    *t = (struct ticker){.price = DEC8_ZERO};
    enum err e = fields_read(row, price_fields, COUNT(price_fields), t, p, fault);
    return e == ERR_OK && t->price.v == 0 ? ERR_CANCELED : e; /* a market without any trade has no price */
}

struct ticker_taker {
    ticker_take *take;
    void *arg;
};

static void give_ticker(void *arg, const void *row) {
    const struct ticker_taker *t = arg;
    t->take(t->arg, row);
}

enum err ticker_prices_decode(struct json_value result, ticker_take *take, void *arg, struct wire_fault *fault) {
    static const struct place one = {.name = "price"};
    struct ticker_taker taker = {take, arg};
    struct ticker t;
    if (!json_is_object(result))
        return decode_rows(result, &(struct rows){"prices", price_row, give_ticker, &taker}, &t, fault);
    enum err e = price_row(&t, result, &one, fault);
    if (e == ERR_OK) take(arg, &t);
    return e == ERR_CANCELED ? ERR_OK : e;
}

enum err server_time_decode(struct json_value result, struct wall *out, struct wire_fault *fault) {
    static const struct place p = {.name = "time"};
    static const struct field time = {"serverTime", FIELD_MS, FIELD_MUST | FIELD_ABOVE_ZERO, 0, NULL};
    return fields_read(result, &time, 1, out, &p, fault);
}

/* ---- exchangeInfo ---- */

static const struct word trading_words[] = {{"TRADING", true}, {NULL, false}};

struct symbol_row {
    struct symbol_info info;
    int trading;
};

static const struct field symbol_fields[] = {
    {"symbol", FIELD_NAME, FIELD_MUST, offsetof(struct symbol_row, info.exchange_symbol), NULL},
    {"baseAsset", FIELD_NAME, FIELD_MUST, offsetof(struct symbol_row, info.base), NULL},
    {"quoteAsset", FIELD_NAME, FIELD_MUST, offsetof(struct symbol_row, info.quote), NULL},
    {"status", FIELD_WORD, FIELD_MUST | FIELD_ANY_WORD, offsetof(struct symbol_row, trading), trading_words},
};

static const struct { /* by filterType */
    const char *type;
    struct field field;
} filters[] = {
    {"PRICE_FILTER",
     {"tickSize", FIELD_DEC8, FIELD_MUST | FIELD_NOT_NEGATIVE, offsetof(struct symbol_info, tick_size), NULL}},
    {"LOT_SIZE",
     {"stepSize", FIELD_DEC8, FIELD_MUST | FIELD_NOT_NEGATIVE, offsetof(struct symbol_info, step_size), NULL}},
    {"MIN_NOTIONAL",
     {"minNotional", FIELD_DEC16, FIELD_MUST | FIELD_NOT_NEGATIVE, offsetof(struct symbol_info, min_notional), NULL}},
    {"NOTIONAL",
     {"minNotional", FIELD_DEC16, FIELD_MUST | FIELD_NOT_NEGATIVE, offsetof(struct symbol_info, min_notional), NULL}},
};

static enum err filters_read(struct symbol_info *s, struct json_value list) {
    struct json_value filter;
    struct json_iter it = json_first(list);
    while (json_next(&it, &filter)) {
        struct span type;
        enum err e = json_text(json_get(filter, "filterType"), &type);
        if (e != ERR_OK) return e;
        for (size_t i = 0; i < COUNT(filters); i++) {
            if (!span_is(type, filters[i].type)) continue;
            e = field_read(&filters[i].field, json_get(filter, filters[i].field.key), s);
            if (e != ERR_OK) return e;
        }
    }
    return ERR_OK;
}

static enum err symbol_decode(struct symbol_info *out, struct json_value row) {
    static const struct place p = {.name = "symbol"};
    struct wire_fault ignored; /* the caller counts */
    struct symbol_row s = {.trading = false};
    enum err e = fields_read(row, symbol_fields, COUNT(symbol_fields), &s, &p, &ignored);
    if (e == ERR_OK) e = filters_read(&s.info, json_get(row, "filters"));
    if (e != ERR_OK) return e;
    s.info.trading = s.trading;
    *out = s.info;
    return ERR_OK;
}

enum err exchange_info_decode(struct json_value result, struct exchange_limits *limits, symbol_take *take, void *arg,
                              size_t *skipped, struct wire_fault *fault) {
    static const struct place p = {.name = "exchangeInfo"};
    struct json_value row, list = json_get(result, "symbols");
    struct json_iter it = json_first(list);
    int64_t used;
    if (!json_is_object(result)) return fault_at(fault, &p, NULL, json_present(result) ? ERR_TYPE : ERR_MISSING);
    if (!json_is_array(list)) return fault_at(fault, &p, "symbols", json_present(list) ? ERR_TYPE : ERR_MISSING);
    binance_weight_read(json_get(result, "rateLimits"), &used, &limits->weight_limit_1m);
    for (*skipped = 0; json_next(&it, &row);) {
        struct symbol_info s;
        if (symbol_decode(&s, row) == ERR_OK) take(arg, &s);
        else ++*skipped;
    }
    return ERR_OK;
}

/* ---- account and commission ---- */

struct rates {
    struct dec8 maker, taker, buyer, seller;
};

static const struct field rate_fields[] = {
    {"maker", FIELD_DEC8, FIELD_MUST | FIELD_NOT_NEGATIVE, offsetof(struct rates, maker), NULL},
    {"taker", FIELD_DEC8, FIELD_MUST | FIELD_NOT_NEGATIVE, offsetof(struct rates, taker), NULL},
    {"buyer", FIELD_DEC8, FIELD_NOT_NEGATIVE, offsetof(struct rates, buyer), NULL},
    {"seller", FIELD_DEC8, FIELD_NOT_NEGATIVE, offsetof(struct rates, seller), NULL},
};

/* Adds one kind of commission: a rate is (maker or taker) + (buyer or seller) (BINANCE 7); the dearer side counts. */
static enum err rates_add(struct dec8 *maker, struct dec8 *taker, struct json_value v, const struct place *p,
                          struct wire_fault *fault) {
    struct rates r = {.buyer = DEC8_ZERO};
    enum err e = fields_read(v, rate_fields, COUNT(rate_fields), &r, p, fault);
    if (e != ERR_OK) return e;
    struct dec8 side = dec8_cmp(r.buyer, r.seller) > 0 ? r.buyer : r.seller;
    if ((e = dec8_add(&r.maker, r.maker, side)) != ERR_OK || (e = dec8_add(&r.taker, r.taker, side)) != ERR_OK ||
        (e = dec8_add(maker, *maker, r.maker)) != ERR_OK || (e = dec8_add(taker, *taker, r.taker)) != ERR_OK)
        return fault_at(fault, p, NULL, e);
    return ERR_OK;
}

enum err commission_decode(struct json_value result, struct dec8 *maker, struct dec8 *taker, struct wire_fault *fault) {
    static const struct place kinds[] = {
        {.name = "standardCommission"}, {.name = "specialCommission"}, {.name = "taxCommission"}};
    struct dec8 m = DEC8_ZERO, t = DEC8_ZERO;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct json_value v = json_get(result, kinds[i].name);
        if (!json_present(v) && i > 0) continue; /* only the standard one has always been there */
        enum err e = rates_add(&m, &t, v, &kinds[i], fault);
        if (e != ERR_OK) return e;
    }
    *maker = m;
    *taker = t;
    return ERR_OK;
}

static const struct field account_fields[] = {
    {"uid", FIELD_I64, FIELD_NOT_NEGATIVE, offsetof(struct account_info, uid), NULL},
    {"canTrade", FIELD_BOOL, 0, offsetof(struct account_info, can_trade), NULL},
    {"canWithdraw", FIELD_BOOL, 0, offsetof(struct account_info, can_withdraw), NULL},
};

static const struct field balance_fields[] = {
    {"asset", FIELD_NAME, FIELD_MUST, offsetof(struct balance, asset), NULL},
    {"free", FIELD_DEC8, FIELD_MUST | FIELD_NOT_NEGATIVE, offsetof(struct balance, free), NULL},
    {"locked", FIELD_DEC8, FIELD_MUST | FIELD_NOT_NEGATIVE, offsetof(struct balance, locked), NULL},
};

static enum err balance_row(void *out, struct json_value row, const struct place *p, struct wire_fault *fault) {
    return fields_read(row, balance_fields, COUNT(balance_fields), out, p, fault);
}

struct balance_taker {
    balance_take *take;
    void *arg;
};

static void give_balance(void *arg, const void *row) {
    const struct balance_taker *t = arg;
    t->take(t->arg, row);
}

enum err account_decode(struct json_value result, struct account_info *out, balance_take *take, void *arg,
                        struct wire_fault *fault) {
    static const struct place p = {.name = "account"}, rates = {.name = "commissionRates"};
    struct account_info a = {.uid = -1};
    struct balance_taker taker = {take, arg};
    struct balance b;
    enum err e = fields_read(result, account_fields, COUNT(account_fields), &a, &p, fault);
    if (e != ERR_OK) return e;
    struct json_value r = json_get(result, "commissionRates");
    if (json_present(r)) e = rates_add(&a.maker_rate, &a.taker_rate, r, &rates, fault);
    if (e != ERR_OK) return e;
    e = decode_rows(json_get(result, "balances"), &(struct rows){"balances", balance_row, give_balance, &taker}, &b,
                    fault);
    if (e == ERR_OK) *out = a;
    return e;
}
