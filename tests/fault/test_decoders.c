/* Every decoder of wire/ over every sample of tests/data and every input of its fuzz corpus, with each allocation failing in turn,
 * those of the JSON parser among them: either the answer is the one without a failure, or it is ERR_MEMORY, named, and nothing
 * was handed out. And what writes requests: whole, or the buffer as it was. */
#include "../unit/wire/wire_test.h"
#include "fault.h"

#include "wire/bot.h"
#include "wire/csv.h"
#include "wire/sign.h"

#include <dirent.h>
#include <yyjson.h>

enum { PAST_THE_POOL = 17 << 10 }; /* json.c: longer texts take their memory from malloc */

/* ---- the parser's allocations, through fault.c as well ---- */

static void *parser_malloc(void *ctx, size_t size) {
    (void)ctx;
    return malloc(size);
}
static void *parser_realloc(void *ctx, void *at, size_t old_size, size_t size) {
    (void)ctx, (void)old_size;
    return realloc(at, size);
}
static void parser_free(void *ctx, void *at) {
    (void)ctx;
    free(at);
}

yyjson_doc *__real_yyjson_read_opts(char *dat, size_t len, yyjson_read_flag flags, const yyjson_alc *alc,
                                    yyjson_read_err *err);
yyjson_doc *__wrap_yyjson_read_opts(char *dat, size_t len, yyjson_read_flag flags, const yyjson_alc *alc,
                                    yyjson_read_err *err);
yyjson_doc *__wrap_yyjson_read_opts(char *dat, size_t len, yyjson_read_flag flags, const yyjson_alc *alc,
                                    yyjson_read_err *err) {
    static const yyjson_alc failing = {parser_malloc, parser_realloc, parser_free, NULL};
    return __real_yyjson_read_opts(dat, len, flags, alc != NULL ? alc : &failing, err);
}

/* ---- the decoders, each as one function over a text ---- */

struct result {
    enum err err;
    size_t rows;
};

static void fills(void *arg, const struct fill *f) { ++*(size_t *)arg, assert_true(f->price.v > 0); }
static void orders(void *arg, const struct order *o) { ++*(size_t *)arg, assert_true(o->quantity.v >= 0); }
static void candles(void *arg, const struct candle *c) { ++*(size_t *)arg, assert_true(c->open.v > 0); }
static void tickers(void *arg, const struct ticker *t) { ++*(size_t *)arg, assert_true(t->price.v > 0); }
static void symbols(void *arg, const struct symbol_info *s) { ++*(size_t *)arg, assert_false(name_empty(&s->base)); }
static void balances(void *arg, const struct balance *b) { ++*(size_t *)arg, assert_true(b->free.v >= 0); }
static void strategies(void *arg, const struct bot_strategy *s) { ++*(size_t *)arg, assert_true(s != NULL); }

typedef struct result decoder(struct json *j, struct span text, struct wire_fault *f);

static struct result run_market(struct json *j, struct span text, struct wire_fault *f) {
    struct market_message m = {.id = 4711};
    struct result r = {market_decode(j, text, &m, f), 0};
    assert_true(r.err == ERR_OK || m.id == 4711);
    return r;
}
static struct result run_user(struct json *j, struct span text, struct wire_fault *f) {
    struct user_message m;
    return (struct result){user_decode(j, text, &m, f), 0};
}
static struct result run_health(struct json *j, struct span text, struct wire_fault *f) {
    struct bot_health h;
    return (struct result){bot_health_decode(j, text, &h, f), 0};
}
static struct result run_strategies(struct json *j, struct span text, struct wire_fault *f) {
    struct result r = {ERR_OK, 0};
    r.err = bot_strategies_decode(j, text, strategies, &r.rows, f);
    return r;
}
static struct result run_bot_trades(struct json *j, struct span text, struct wire_fault *f) {
    struct result r = {ERR_OK, 0};
    size_t refused = 0;
    r.err = bot_trades_decode(j, text, fills, &r.rows, &refused, f);
    return r;
}
static struct result run_bot_orders(struct json *j, struct span text, struct wire_fault *f) {
    struct result r = {ERR_OK, 0};
    size_t refused = 0;
    r.err = bot_orders_decode(j, text, orders, &r.rows, &refused, f);
    return r;
}
static struct result run_ohlcv(struct json *j, struct span text, struct wire_fault *f) {
    struct result r = {ERR_OK, 0};
    struct name symbol, timeframe;
    r.err = bot_ohlcv_decode(j, text, &symbol, &timeframe, candles, &r.rows, f);
    return r;
}

enum rest {
    REST_TRADES,
    REST_ORDERS,
    REST_KLINES,
    REST_PRICES,
    REST_TIME,
    REST_INFO,
    REST_ACCOUNT,
    REST_COMMISSION,
    RESTS
};

static enum err decode_rest(enum rest what, struct json_value v, size_t *rows, struct wire_fault *f) {
    struct wall t;
    struct exchange_limits limits;
    struct account_info account;
    struct dec8 maker, taker;
    size_t skipped;
    switch (what) {
    case REST_TRADES: return my_trades_decode(v, fills, rows, f);
    case REST_ORDERS: return open_orders_decode(v, orders, rows, f);
    case REST_KLINES: return klines_decode(v, wall_of_ms(1700000000000), candles, rows, f);
    case REST_PRICES: return ticker_prices_decode(v, tickers, rows, f);
    case REST_TIME: return server_time_decode(v, &t, f);
    case REST_INFO: return exchange_info_decode(v, &limits, symbols, rows, &skipped, f);
    case REST_ACCOUNT: return account_decode(v, &account, balances, rows, f);
    default: return commission_decode(v, &maker, &taker, f);
    }
}

static enum rest rest_kind; /* of the decoder under test */

static struct result run_rest(struct json *j, struct span text, struct wire_fault *f) {
    struct json_value root;
    struct result r = {json_parse(j, text, 1 << 20, &root), 0};
    if (r.err != ERR_OK) wire_fault_set(f, r.err, "body");
    else r.err = decode_rest(rest_kind, root, &r.rows, f);
    return r;
}

static void refused(void *arg, const struct csv_fault *why) {
    ++*(size_t *)arg;
    assert_int_equal(why->err, ERR_VALUE);
}

static struct result run_csv(struct json *j, struct span text, struct wire_fault *f) {
    struct result r = {ERR_OK, 0};
    struct csv_fault fault;
    (void)j;
    r.err = csv_read_fills(text, fills, refused, &r.rows, &fault);
    if (r.err != ERR_OK) wire_fault_set(f, fault.err, "csv"), assert_int_equal(fault.err, r.err);
    return r;
}

/* ---- one text through one decoder ---- */

static uint64_t failures;

static void fail_each(decoder *decode, struct span text, const char *file) {
    struct wire_fault f = {.err = ERR_OK};
    struct json *j = json_new();
    assert_non_null(j);
    struct result sound = decode(j, text, &f);
    json_free(j);
    FOR_EACH_FAILURE(n, failed) {
        struct result r = {ERR_MEMORY, 0};
        f = (struct wire_fault){.err = ERR_MEMORY, .what = "no parser"};
        fault_arm(n);
        j = json_new();
        if (j != NULL) r = decode(j, text, &f);
        failed = fault_disarm();
        bool same = r.err == sound.err && r.rows == sound.rows;
        bool short_of_memory = failed && r.err == ERR_MEMORY && r.rows == 0;
        if (!same && !short_of_memory)
            fail_msg("%s, allocation %llu: %s", file, (unsigned long long)n, err_text(r.err));
        if (r.err != ERR_OK) assert_true(f.err == r.err && f.what[0] != '\0');
        json_free(j);
        failures += failed;
    }
}

static decoder *const decoders[] = {run_market,     run_user,       run_health, run_strategies,
                                    run_bot_trades, run_bot_orders, run_ohlcv};

static void every_decoder(const char *path, const char *file) {
    size_t len;
    char *bytes = read_file(path, &len);
    bytes = realloc(bytes, len + PAST_THE_POOL);
    assert_non_null(bytes);
    memset(bytes + len, ' ', PAST_THE_POOL); /* harmless, but now it is a long text */
    for (int padded = 0; padded < 2; padded++) {
        struct span text = span_from(bytes, len + (padded ? PAST_THE_POOL : 0));
        for (size_t i = 0; i < sizeof decoders / sizeof *decoders; i++) fail_each(decoders[i], text, file);
        for (rest_kind = 0; rest_kind < RESTS; rest_kind++) fail_each(run_rest, text, file);
    }
    free(bytes);
}

static int every_file(const char *folder, void (*use)(const char *path, const char *file)) {
    char path[600], name[1000];
    int count = 0;
    (void)snprintf(path, sizeof path, "%s/tests/%s", getenv("GRIDSCOPE_ROOT"), folder);
    DIR *dir = opendir(path);
    if (dir == NULL) fail_msg("%s is missing", path);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        if (entry->d_name[0] == '.' || entry->d_type == DT_DIR) continue;
        (void)snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        use(name, entry->d_name);
        count++;
    }
    (void)closedir(dir);
    return count;
}

static void the_exchanges_samples(void **state) {
    (void)state;
    failures = 0;
    assert_true(every_file("data/binance/samples", every_decoder) > 60);
    for (int i = 0; i < 3; i++)
        (void)every_file((const char *[]){"fuzz/corpus/market", "fuzz/corpus/user", "fuzz/corpus/rest"}[i],
                         every_decoder);
    print_message("# %llu failures\n", (unsigned long long)failures);
    assert_true(failures > 1000);
}

static void the_bots_samples(void **state) {
    (void)state;
    failures = 0;
    int files = every_file("data/bot/samples", every_decoder) + every_file("data/bot/samples/edge", every_decoder);
    assert_true(files + every_file("fuzz/corpus/bot", every_decoder) > 20);
    print_message("# %llu failures\n", (unsigned long long)failures);
    assert_true(failures > 1000);
}

static void one_csv(const char *path, const char *file) {
    size_t len;
    char *bytes = read_file(path, &len);
    fail_each(run_csv, span_from(bytes, len), file);
    free(bytes);
}

static void files_of_fills(void **state) {
    (void)state;
    failures = 0;
    assert_true(every_file("fuzz/corpus/csv", one_csv) >= 5);
    assert_true(failures > 5);
}

/* ---- requests ---- */

static enum err write_request(struct buf *out, int kind) {
    const struct param params[] = {{"symbol", SPAN("BTCUSDT"), false}, {"limit", SPAN("1000"), true}};
    const struct signing_key key = {KEY_HMAC, SPAN("key"), SPAN("secret")};
    const char *const streams[] = {"btcusdt@ticker", "ethusdt@kline_1m"};
    struct fill f = {.symbol = name_of("BTC/USDT"), .price = {DEC8_ONE}, .quantity = {DEC8_ONE}, .time = {1}};
    switch (kind) {
    case 0: return rest_target(out, "/api/v3/myTrades", params, 2, &key);
    case 1: return api_frame(out, SPAN("7"), "myTrades", params, 2, &key);
    case 2: return market_subscribe_frame(out, "SUBSCRIBE", streams, 2, 7);
    case 3: percent_encode(out, SPAN("a b/c")); return out->failed;
    case 4: csv_write_header(out); return out->failed;
    default: csv_write_fill(out, &f); return out->failed;
    }
}

static void requests_are_whole_or_not_at_all(void **state) {
    (void)state;
    for (int kind = 0; kind <= 5; kind++) {
        size_t whole = 0;
        for (int round = 0; round < 2; round++) { /* how long it is, then with failures */
            FOR_EACH_FAILURE(n, failed) {
                struct buf out;
                buf_init(&out, 1 << 16);
                if (round == 1) fault_arm(n);
                enum err e = write_request(&out, kind);
                failed = fault_disarm() && round == 1;
                if (round == 0) whole = out.len;
                assert_true(failed ? e == ERR_MEMORY : e == ERR_OK && out.len == whole);
                buf_free(&out);
            }
        }
        assert_true(whole > 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_exchanges_samples),
        cmocka_unit_test(the_bots_samples),
        cmocka_unit_test(files_of_fills),
        cmocka_unit_test(requests_are_whole_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
