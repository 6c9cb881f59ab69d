/* Market streams without sockets: names, control messages, what is due when, and a book that can be kept from its diffs. */
#include "unit.h"

#include "base/time.h"
#include "sim/streams.h"

#include <yyjson.h>

#define NOW (INT64_C(1767700800) * US_PER_S)

enum { LEVELS_MAX = 256 };

struct level {
    int64_t price, quantity;
};

struct fixture {
    struct world w;
    struct streams st;
    struct stream_client c;
    struct buf reply, last; /* the last frame */
    size_t frames;
    struct level bids[LEVELS_MAX]; /* kept from depthUpdate events */
    size_t bid_count;
    uint64_t last_update;
    bool keep_book;
};

static void set_level(struct fixture *f, int64_t price, int64_t quantity) {
    for (size_t i = 0; i < f->bid_count; i++) {
        if (f->bids[i].price != price) continue;
        f->bids[i].quantity = quantity;
        if (quantity == 0) f->bids[i] = f->bids[--f->bid_count];
        return;
    }
    assert_true(quantity > 0 && f->bid_count < LEVELS_MAX);
    f->bids[f->bid_count++] = (struct level){price, quantity};
}

static void apply_levels(struct fixture *f, yyjson_val *list) {
    size_t i, n;
    yyjson_val *row;
    yyjson_arr_foreach(list, i, n, row) {
        set_level(f, dec(yyjson_get_str(yyjson_arr_get(row, 0))), dec(yyjson_get_str(yyjson_arr_get(row, 1))));
    }
}

static void apply_diff(struct fixture *f, struct span text) {
    yyjson_doc *doc = yyjson_read(text.at, text.len, 0);
    yyjson_val *root = yyjson_doc_get_root(doc);
    assert_int_equal(yyjson_get_uint(yyjson_obj_get(root, "U")), f->last_update + 1);
    f->last_update = yyjson_get_uint(yyjson_obj_get(root, "u"));
    apply_levels(f, yyjson_obj_get(root, "b"));
    yyjson_doc_free(doc);
}

static void on_send(void *arg, struct stream_client *c, struct span text) {
    struct fixture *f = arg;
    (void)c;
    f->frames++;
    buf_clear(&f->last);
    buf_put_span(&f->last, text);
    if (f->keep_book) apply_diff(f, text);
}

static int setup(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    struct world_config config = {.seed = 5,
                                  .symbols = "BTC/USDT,ETH/USDT",
                                  .history_fills = 20,
                                  .history_step_us = 20 * US_PER_S,
                                  .tick_us = 200 * US_PER_MS,
                                  .pace_percent = 800,
                                  .fee_rate = 100000};
    assert_non_null(f);
    assert_true(world_init(&f->w, &config, NOW));
    streams_init(&f->st, &f->w, US_PER_S, on_send, f);
    stream_client_init(&f->c, false, false, f);
    buf_init(&f->reply, 1 << 20);
    buf_init(&f->last, 1 << 20);
    f->st.clock_us = NOW;
    *state = f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    stream_client_leave(&f->st, &f->c);
    assert_int_equal(f->st.topic_count, 0);
    streams_free(&f->st);
    world_free(&f->w);
    buf_free(&f->reply);
    buf_free(&f->last);
    free(f);
    return 0;
}

static const char *control(struct fixture *f, const char *text) {
    buf_clear(&f->reply);
    streams_control(&f->st, &f->c, span_of(text), &f->reply);
    return f->reply.len > 0 ? f->reply.at : "";
}

static void control_messages_answer_as_documented(void **state) {
    struct fixture *f = *state;
    static const struct {
        const char *message, *reply;
    } cases[] = {
        {"{\"method\":\"SUBSCRIBE\",\"params\":[\"btcusdt@aggTrade\",\"none@depth\"],\"id\":1}",
         "{\"result\":null,\"id\":1}"},
        {"{\"method\":\"LIST_SUBSCRIPTIONS\",\"id\":3}", "{\"result\":[\"btcusdt@aggTrade\",\"none@depth\"],\"id\":3}"},
        {"{\"method\":\"UNSUBSCRIBE\",\"params\":[\"none@depth\"],\"id\":\"a\"}", "{\"result\":null,\"id\":\"a\"}"},
        {"{\"method\":\"GET_PROPERTY\",\"params\":[\"combined\"],\"id\":2}", "{\"result\":false,\"id\":2}"},
        {"{\"method\":\"SET_PROPERTY\",\"params\":[\"combined\",true],\"id\":null}", "{\"result\":null,\"id\":null}"},
        {"{\"method\":\"GET_PROPERTY\",\"params\":[\"combined\"],\"id\":2}", "{\"result\":true,\"id\":2}"},
        {"{\"method\":\"GET_PROPERTY\",\"params\":[\"x\"],\"id\":1}",
         "{\"error\":{\"code\":0,\"msg\":\"Unknown property\"},\"id\":1}"},
        {"{\"method\":\"SET_PROPERTY\",\"params\":[\"combined\",1],\"id\":1}",
         "{\"error\":{\"code\":1,\"msg\":\"Invalid value type: expected Boolean\"},\"id\":1}"},
        {"{\"method\":\"SET_PROPERTY\",\"params\":[],\"id\":1}",
         "{\"error\":{\"code\":2,\"msg\":\"Invalid request: property name must be a string\"},\"id\":1}"},
        {"{\"method\":\"SUBSCRIBE\",\"params\":[\"btcusdt\"],\"id\":2}",
         "{\"error\":{\"code\":2,\"msg\":\"Invalid request: invalid stream\"},\"id\":2}"},
        {"{\"method\":\"SUBSCRIBE\",\"params\":[\"!ticker@arr\"],\"id\":2}",
         "{\"error\":{\"code\":2,\"msg\":\"Invalid request: invalid stream\"},\"id\":2}"},
        {"nonsense", "{\"error\":{\"code\":3,\"msg\":\"Invalid JSON: expected value at line 1 column 1\"}}"},
        {"{\"method\":\"LIST_SUBSCRIPTIONS\",\"id\":[]}",
         "{\"error\":{\"code\":2,\"msg\":\"Invalid request: request ID must be an unsigned integer\"}}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(control(f, cases[i].message), cases[i].reply);
}

static void a_control_frame_over_4096_bytes_is_not_answered(void **state) {
    struct fixture *f = *state;
    char text[CONTROL_FRAME_MAX];
    memset(text, ' ', sizeof text);
    text[0] = '{';
    text[CONTROL_FRAME_MAX - 8] = '\0';
    text[CONTROL_FRAME_MAX - 9] = '}';
    assert_string_not_equal(control(f, text), "");
    text[CONTROL_FRAME_MAX - 8] = ' ';
    text[CONTROL_FRAME_MAX - 7] = '\0';
    assert_string_equal(control(f, text), "");
}

static void a_connection_holds_1024_streams(void **state) {
    struct fixture *f = *state;
    char text[128];
    for (int i = 0; i < STREAMS_PER_CLIENT; i++) {
        snprintf(text, sizeof text, "{\"method\":\"SUBSCRIBE\",\"params\":[\"x%d@ticker\"],\"id\":1}", i);
        assert_string_equal(control(f, text), "{\"result\":null,\"id\":1}");
    }
    assert_non_null(
        strstr(control(f, "{\"method\":\"SUBSCRIBE\",\"params\":[\"btcusdt@ticker\"],\"id\":1}"), "too many streams"));
}

static void a_ticker_speaks_once_a_second(void **state) {
    struct fixture *f = *state;
    assert_true(stream_client_open(&f->st, &f->c, SPAN("btcusdt@ticker")));
    for (int64_t ms = 0; ms < 5000; ms += 100) streams_poll(&f->st, ms * US_PER_MS);
    assert_int_equal(f->frames, 5);
}

static void a_closed_candle_is_told_once(void **state) {
    struct fixture *f = *state;
    size_t closed = 0;
    assert_true(stream_client_open(&f->st, &f->c, SPAN("btcusdt@kline_1m")));
    for (int i = 0; i < 150 * 5; i++) { /* 150 seconds: two or three minutes end */
        world_step(&f->w);
        size_t before = f->frames;
        streams_poll(&f->st, f->w.venue.now_us);
        if (f->frames == before + 2) closed++; /* the closed one and the first of the new */
    }
    assert_true(closed >= 2 && closed <= 3);
    assert_non_null(strstr(f->last.at, "\"x\":false"));
}

static void a_book_kept_from_diffs_equals_the_book(void **state) {
    struct fixture *f = *state;
    const struct book *b = &f->w.venue.symbols[0]->book;
    for (size_t i = 0; i < sim_book_levels(b, SIDE_BUY); i++)
        set_level(f, sim_book_at(b, SIDE_BUY, i)->price, sim_book_at(b, SIDE_BUY, i)->quantity);
    f->last_update = b->updates;
    f->keep_book = true;
    assert_true(stream_client_open(&f->st, &f->c, SPAN("btcusdt@depth@100ms")));
    for (int i = 0; i < 200; i++) {
        world_step(&f->w);
        streams_poll(&f->st, f->w.venue.now_us);
    }
    assert_true(f->frames > 100);
    assert_int_equal(f->bid_count, sim_book_levels(b, SIDE_BUY));
    for (size_t i = 0; i < f->bid_count; i++) {
        bool found = false;
        for (size_t k = 0; k < sim_book_levels(b, SIDE_BUY); k++) {
            const struct book_level *l = sim_book_at(b, SIDE_BUY, k);
            found = found || (l->price == f->bids[i].price && l->quantity == f->bids[i].quantity);
        }
        assert_true(found);
    }
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(control_messages_answer_as_documented), CASE(a_control_frame_over_4096_bytes_is_not_answered),
        CASE(a_connection_holds_1024_streams),       CASE(a_ticker_speaks_once_a_second),
        CASE(a_closed_candle_is_told_once),          CASE(a_book_kept_from_diffs_equals_the_book),
    };
    return RUN(tests);
}
