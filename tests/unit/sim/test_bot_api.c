/* The bot's HTTP API: key, sliding limit, clamped parameters, and the errors the web framework makes itself. */
#include "unit.h"

#include "base/time.h"
#include "sim/bot_api.h"

#define NOW (INT64_C(1767700800) * US_PER_S)

struct fixture {
    struct world w;
    struct faults faults;
    struct bot_server b;
    struct front_reply r;
};

static int setup(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    struct world_config config = {.seed = 5,
                                  .symbols = "BTC/USDT,ETH/USDT",
                                  .history_fills = 40,
                                  .history_step_us = 20 * US_PER_S,
                                  .tick_us = US_PER_S,
                                  .pace_percent = 800,
                                  .fee_rate = 100000};
    assert_non_null(f);
    assert_true(world_init(&f->w, &config, NOW));
    bot_server_init(&f->b, &f->w, &f->faults, "key", 100, NOW);
    f->b.clock_us = NOW;
    front_init(&f->r);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    front_free(&f->r);
    bot_server_free(&f->b);
    world_free(&f->w);
    free(f);
    return 0;
}

static int ask_as(struct fixture *f, const char *path, const char *query, const char *key, const char *authorization) {
    struct front_question q = {.method = SPAN("GET"),
                               .path = span_of(path),
                               .query = span_of(query),
                               .peer = SPAN("127.0.0.1"),
                               .api_key = span_of(key),
                               .authorization = span_of(authorization)};
    front_free(&f->r);
    front_init(&f->r);
    bot_answer(&f->b, &q, &f->r);
    return f->r.status;
}

static int ask(struct fixture *f, const char *path, const char *query) { return ask_as(f, path, query, "key", ""); }

static const char *header(const struct fixture *f, const char *name) {
    for (size_t i = 0; i < f->r.header_count; i++)
        if (strcmp(f->r.headers[i].name, name) == 0) return f->r.headers[i].value;
    return "";
}

static size_t count(const struct fixture *f, const char *what) {
    size_t n = 0;
    for (const char *at = f->r.body.at; (at = strstr(at, what)) != NULL; at++) n++;
    return n;
}

static void the_key_may_come_in_three_ways(void **state) {
    struct fixture *f = *state;
    assert_int_equal(ask_as(f, "/api/orders", "", "", ""), 401);
    assert_string_equal(f->r.body.at, "{\"error\": \"Unauthorized\", \"message\": \"Valid API key required\"}");
    assert_int_equal(ask_as(f, "/api/orders", "", "key", ""), 200);
    assert_int_equal(ask_as(f, "/api/orders", "", "", "Bearer key"), 200);
    assert_int_equal(ask_as(f, "/api/orders", "", "", "key"), 200);
    assert_int_equal(ask_as(f, "/api/orders", "", "", "bearer key"), 401);
    assert_int_equal(ask_as(f, "/api/orders", "", "wrong", "Bearer key"), 401);
    assert_int_equal(ask_as(f, "/health", "", "", ""), 200);
    assert_int_equal(ask_as(f, "/api/grid", "", "", ""), 401);
    assert_int_equal(ask(f, "/api/grid", ""), 404);
    assert_string_equal(header(f, "X-Frame-Options"), "");
}

static void a_hundred_requests_in_any_sixty_seconds(void **state) {
    struct fixture *f = *state;
    for (int i = 0; i < 100; i++) {
        f->b.clock_us = NOW + i * 600 * US_PER_MS; /* an even flow just fits */
        assert_int_equal(ask(f, "/health", ""), 200);
    }
    assert_string_equal(header(f, "X-RateLimit-Remaining"), "0");
    assert_int_equal(ask(f, "/health", ""), 429);
    assert_string_equal(header(f, "Retry-After"), "60");
    assert_string_equal(header(f, "X-RateLimit-Remaining"), "");
    f->b.clock_us = NOW + 60 * US_PER_S;
    assert_int_equal(ask(f, "/health", ""), 200);
    assert_int_equal(ask(f, "/health", ""), 429);
}

static void wrong_parameters_are_replaced_in_silence(void **state) {
    struct fixture *f = *state;
    static const struct {
        const char *query;
        size_t rows;
    } cases[] = {{"limit=7", 7}, {"limit=%207", 7}, {"limit=0", 1}, {"limit=-5", 1}, {"limit=3&symbol=BTCUSDT", 3}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(ask(f, "/api/trades", cases[i].query), 200);
        assert_int_equal(count(f, "\"order_id\""), cases[i].rows);
    }
    assert_int_equal(ask(f, "/api/trades", "limit=3.5"), 200);
    size_t standard = count(f, "\"order_id\"");
    assert_true(standard > 7 && standard <= 100);
    assert_int_equal(ask(f, "/api/trades", "symbol=doge/usdt"), 200);
    assert_string_equal(f->r.body.at, "{\"trades\": []}");
    assert_int_equal(ask(f, "/api/trades", "symbol=eth/usdt"), 200);
    assert_int_equal(count(f, "BTC/USDT"), 0);
    assert_int_equal(ask(f, "/api/ohlcv", "timeframe=1M&limit=2"), 200);
    assert_int_equal(count(f, "\"timeframe\": \"1m\""), 1);
    assert_int_equal(ask(f, "/api/ohlcv", "symbol=DOGE/USDT"), 500);
    assert_string_equal(f->r.body.at, "{\"error\": \"Invalid symbol: DOGE/USDT\"}");
}

static void ready_only_in_the_first_minute(void **state) {
    struct fixture *f = *state;
    assert_int_equal(ask(f, "/ready", ""), 200);
    f->b.clock_us = NOW + 61 * US_PER_S;
    assert_int_equal(ask(f, "/ready", ""), 503);
    assert_string_equal(f->r.body.at, "{\"status\": \"not_ready\", \"reason\": \"Heartbeat stale (61s)\"}");
    f->faults.bot_stopped = true;
    assert_int_equal(ask(f, "/ready", ""), 503);
    assert_string_equal(f->r.body.at, "{\"status\": \"not_ready\", \"reason\": \"Bot not running\"}");
}

static void zero_fees_and_costs_are_null(void **state) {
    struct fixture *f = *state;
    struct venue_symbol *s = f->w.bots[0].symbol;
    s->fills[s->fill_count - 1].fee = 0;
    s->fills[s->fill_count - 1].quote = 0;
    assert_int_equal(ask(f, "/api/trades", "symbol=BTC/USDT&limit=1"), 200);
    assert_int_equal(count(f, "\"cost\": null, \"fee\": null"), 1);
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(the_key_may_come_in_three_ways),
        CASE(a_hundred_requests_in_any_sixty_seconds),
        CASE(wrong_parameters_are_replaced_in_silence),
        CASE(ready_only_in_the_first_minute),
        CASE(zero_fees_and_costs_are_null),
    };
    return RUN(tests);
}
