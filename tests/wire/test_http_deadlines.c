/* Deadlines of the server, all at once, because they take as long as they say (limits.h: 10 s). */
#include "harness.h"

struct world {
    struct loop *loop;
    struct http_server *server;
    conn_id stalled;
    int requests, gone;
};

static void on_request(void *arg, conn_id id, const struct http_server_request *r) {
    struct world *w = arg;
    w->requests++;
    if (!span_is(r->path, "/stall")) {
        http_respond(w->server, id, &(struct http_reply){.status = 200, .body = SPAN("ok")});
        return;
    }
    w->stalled = id;
    struct buf big;
    buf_init(&big, 8 << 20);
    for (int i = 0; i < 1 << 20; i++) buf_puts(&big, "12345678");
    http_respond_begin(w->server, id, 200, NULL, 0);
    assert_true(http_respond_piece(w->server, id, buf_span(&big)));
    buf_free(&big);
}

static void on_reply(void *arg, conn_id id, bool gone) {
    struct world *w = arg;
    (void)id;
    w->gone += gone;
}

static void slow_peers_are_dropped_in_time(void **state) {
    (void)state;
    struct world w = {.loop = loop_new(&test_log)};
    const struct http_server_config config = {.host = "localhost",
                                              .max_connections = 20,
                                              .max_body = 1000,
                                              .idle_timeout_us = US_PER_S,
                                              .on_request = on_request,
                                              .on_reply = on_reply,
                                              .arg = &w};
    assert_int_equal(http_server_new(&w.server, w.loop, &config, &test_log), ERR_OK);
    uint16_t port = http_server_port(w.server);
    int silent = dial(port, false), head = dial(port, false), body = dial(port, false), stall = dial(port, true),
        idle = dial(port, false);
    struct seen silent_seen = seen_new(), head_seen = seen_new(), body_seen = seen_new(), idle_seen = seen_new();
    PUT(head, "GET / HTTP/1.1\r\n");
    PUT(body, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n12");
    PUT(stall, "GET /stall HTTP/1.1\r\nHost: h\r\n\r\n");
    PUT(idle, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    loop_clock_refresh(w.loop);
    int64_t began = loop_now(w.loop).mono.us;
    EXPECT_END(w.loop, &idle_seen, idle); /* after 1 s of its own setting */
    loop_clock_refresh(w.loop);
    assert_in_range(loop_now(w.loop).mono.us - began, US_PER_S / 2, 6 * US_PER_S);
    assert_true(holds(&idle_seen, "200 OK"));
    for (int i = 0; i < 15; i++) { /* drop by drop: every byte is progress, the head is late all the same */
        (void)send(head, "X", 1, MSG_NOSIGNAL);
        turn(w.loop, 400);
        look(&head_seen, head);
    }
    EXPECT_END(w.loop, &head_seen, head);
    EXPECT_END(w.loop, &body_seen, body);
    EXPECT_END(w.loop, &silent_seen, silent);
    loop_clock_refresh(w.loop);
    assert_in_range(loop_now(w.loop).mono.us - began, 9 * US_PER_S, 20 * US_PER_S);
    assert_true(holds(&head_seen, "HTTP/1.1 408 Request Timeout"));
    assert_true(holds(&body_seen, "HTTP/1.1 408 Request Timeout"));
    assert_int_equal(silent_seen.bytes.len, 0);
    WAIT_FOR(w.loop, w.gone == 1); /* nothing was read of its answer */
    assert_false(http_respond_piece(w.server, w.stalled, SPAN("x")));
    WAIT_FOR(w.loop, http_server_connections(w.server) == 0);
    const int fds[] = {silent, head, body, stall, idle};
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++) (void)close(fds[i]);
    struct seen *const all[] = {&silent_seen, &head_seen, &body_seen, &idle_seen};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) buf_free(&all[i]->bytes);
    assert_int_equal(w.requests, 2);
    http_server_close(w.server, NULL, NULL);
    loop_free(w.loop);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(slow_peers_are_dropped_in_time)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
