/* rest.c: one body through every decoder of Binance's results. A list that fails has handed out nothing. */
#include "fuzz.h"

#include "wire/binance.h"

static void take_fill(void *arg, const struct fill *f) {
    check_fill(f);
    CHECK(f->source == SOURCE_REST && f->order_id >= 0);
    ++*(size_t *)arg;
}

static void take_order(void *arg, const struct order *o) {
    check_order(o);
    ++*(size_t *)arg;
}

static void take_candle(void *arg, const struct candle *c) {
    check_candle(c);
    ++*(size_t *)arg;
}

static void take_ticker(void *arg, const struct ticker *t) {
    check_name(&t->exchange_symbol);
    CHECK(t->price.v > 0);
    ++*(size_t *)arg;
}

static void take_symbol(void *arg, const struct symbol_info *s) {
    check_name(&s->exchange_symbol);
    check_name(&s->base);
    check_name(&s->quote);
    CHECK(s->tick_size.v >= 0 && s->step_size.v >= 0 && s->min_notional.v >= 0);
    ++*(size_t *)arg;
}

static void take_balance(void *arg, const struct balance *b) {
    check_balance(b);
    ++*(size_t *)arg;
}

static void check_list(enum err e, const struct wire_fault *f, size_t rows, size_t elements) {
    CHECK(rows <= elements);
    if (e == ERR_OK) return;
    check_fault(e, f);
    CHECK(rows == 0);
}

static void run_lists(struct json_value v) {
    struct wire_fault f = {.err = ERR_OK};
    size_t rows = 0, n = json_size(v);
    enum err e = my_trades_decode(v, take_fill, &rows, &f);
    check_list(e, &f, rows, n);
    rows = 0;
    e = open_orders_decode(v, take_order, &rows, &f);
    check_list(e, &f, rows, n);
    rows = 0;
    e = klines_decode(v, wall_of_ms(1700000000000), take_candle, &rows, &f);
    check_list(e, &f, rows, n);
    rows = 0;
    e = ticker_prices_decode(v, take_ticker, &rows, &f);
    check_list(e, &f, rows, n);
}

static void run_objects(struct json_value v) {
    struct wire_fault f = {.err = ERR_OK};
    struct wall t;
    struct exchange_limits limits;
    struct account_info account;
    struct dec8 maker, taker;
    size_t rows = 0, skipped = 0;
    enum err e = server_time_decode(v, &t, &f);
    if (e != ERR_OK) check_fault(e, &f);
    else CHECK(t.us > 0);
    e = exchange_info_decode(v, &limits, take_symbol, &rows, &skipped, &f);
    if (e != ERR_OK) check_fault(e, &f);
    else CHECK(rows + skipped == json_size(json_get(v, "symbols")) && limits.weight_limit_1m >= -1);
    rows = 0;
    e = account_decode(v, &account, take_balance, &rows, &f);
    check_list(e, &f, rows, json_size(json_get(v, "balances")));
    if (e == ERR_OK) CHECK(account.uid >= -1 && account.maker_rate.v >= 0 && account.taker_rate.v >= 0);
    e = commission_decode(v, &maker, &taker, &f);
    if (e != ERR_OK) check_fault(e, &f);
    else CHECK(maker.v >= 0 && taker.v >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct json *j = json_new();
    struct json_value root;
    int code;
    char message[120];
    CHECK(j != NULL);
    struct span body = span_from(data, size);
    if (rest_error_decode(j, body, &code, message)) CHECK(memchr(message, '\0', sizeof message) != NULL);
    if (json_parse(j, body, 1 << 20, &root) == ERR_OK) {
        run_lists(root);
        run_objects(root);
    }
    json_free(j);
    return 0;
}
