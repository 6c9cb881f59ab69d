/* The server over real sockets: requests, limits, answers. Upgraded connections: test_ws_server.c. */
#include "harness.h"

#include <sys/resource.h>

struct world {
    struct loop *loop;
    struct http_server *server;
    int requests, closed;
    conn_id last;                    /* of a request that is to be answered later */
    struct http_server_request seen; /* spans are not to be used */
    char path[64], query[64], peer[64], method[16];
    struct buf body;
    int pieces_wanted, pieces_gone;
};

static void reply_text(struct http_server *s, conn_id id, int status, struct span body, bool close) {
    const struct http_header type = {SPAN("Content-Type"), SPAN("text/plain")};
    http_respond(
        s, id,
        &(struct http_reply){.status = status, .headers = &type, .header_count = 1, .body = body, .close = close});
}

static void copy(char *out, size_t size, struct span s) {
    assert_true(s.len < size);
    memcpy(out, s.at, s.len);
    out[s.len] = '\0';
}

static void answer_frame(struct world *w, conn_id id) {
    struct frame *f = frame_new(SPAN("shared body"));
    http_respond(w->server, id, &(struct http_reply){.status = 200, .frame = f});
    assert_true(f->refs >= 1);
    frame_unref(f);
}

static void answer_pieces(struct world *w, conn_id id) {
    http_respond_begin(w->server, id, 200, NULL, 0);
    assert_true(http_respond_piece(w->server, id, SPAN("one,")));
    assert_true(http_respond_piece(w->server, id, SPAN("")));
    assert_true(http_respond_piece(w->server, id, SPAN("two")));
    http_respond_end(w->server, id);
}

static void on_request(void *arg, conn_id id, const struct http_server_request *r) {
    struct world *w = arg;
    w->requests++;
    copy(w->path, sizeof w->path, r->path);
    copy(w->query, sizeof w->query, r->query);
    copy(w->peer, sizeof w->peer, r->peer);
    copy(w->method, sizeof w->method, r->method);
    buf_clear(&w->body);
    buf_put_span(&w->body, r->body);
    w->seen = *r;
    w->last = id;
    const struct http_header evil = {SPAN("X-Evil"), SPAN("a\r\nSet-Cookie: b")};
    if (span_is(r->path, "/later")) return;
    if (span_is(r->path, "/frame")) answer_frame(w, id);
    else if (span_is(r->path, "/pieces")) answer_pieces(w, id);
    else if (span_is(r->path, "/drop")) http_drop(w->server, id);
    else if (span_is(r->path, "/raw"))
        http_send_raw(w->server, id, SPAN("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"));
    else if (span_is(r->path, "/nothing")) http_respond(w->server, id, &(struct http_reply){.status = 204});
    else if (span_is(r->path, "/evil"))
        http_respond(w->server, id, &(struct http_reply){.status = 200, .headers = &evil, .header_count = 1});
    else if (span_is(r->path, "/bye")) reply_text(w->server, id, 200, SPAN("bye"), true);
    else if (span_is(r->path, "/echo")) reply_text(w->server, id, 200, r->body, false);
    else reply_text(w->server, id, 200, r->target, false);
}

static void on_ws(void *arg, conn_id id, const struct ws_server_event *e) {
    (void)arg;
    (void)id;
    (void)e;
    fail_msg("no WebSocket was asked for");
}

static void on_reply(void *arg, conn_id id, bool gone) {
    struct world *w = arg;
    (void)id;
    if (gone) w->pieces_gone++;
    else w->pieces_wanted++;
}

static void on_closed(void *arg) { ((struct world *)arg)->closed++; }

static struct http_server_config config_of(struct world *w) {
    return (struct http_server_config){.host = "127.0.0.1",
                                       .max_connections = 4,
                                       .max_body = 1000,
                                       .max_message = 1000,
                                       .idle_timeout_us = 60 * US_PER_S,
                                       .on_request = on_request,
                                       .on_ws = on_ws,
                                       .on_reply = on_reply,
                                       .arg = w};
}

static void open_world(void **state, size_t max_connections) {
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    buf_init(&w->body, 1 << 20);
    w->loop = loop_new(&test_log);
    struct http_server_config config = config_of(w);
    config.max_connections = max_connections;
    assert_int_equal(http_server_new(&w->server, w->loop, &config, &test_log), ERR_OK);
    *state = w;
}

static int setup(void **state) {
    open_world(state, 4);
    return 0;
}

enum { FEW_DESCRIPTORS = 40 };

/* A server that may have a thousand connections, on a system that gives it 40 descriptors. */
static int setup_few_descriptors(void **state) {
    struct rlimit before, few;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = (struct rlimit){FEW_DESCRIPTORS, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    open_world(state, 1000);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0); /* this test's own sockets count too */
    return 0;
}

static int teardown(void **state) {
    struct world *w = *state;
    http_server_close(w->server, on_closed, w);
    loop_free(w->loop); /* checks that nothing is left */
    assert_int_equal(w->closed, 1);
    buf_free(&w->body);
    free(w);
    return 0;
}

static uint16_t port_of(const struct world *w) { return http_server_port(w->server); }

static void hang_up(int fd, struct seen *s) {
    (void)close(fd);
    buf_free(&s->bytes);
}

static void answers_and_keeps_the_connection(void **state) {
    struct world *w = *state;
    int fd = dial(port_of(w), false);
    struct seen s = seen_new();
    PUT(fd, "GET /a%20b?x=1&y=2 HTTP/1.1\r\nHost: h\r\nX-Thing:  two words \t\r\n\r\n");
    EXPECT(w->loop, &s, fd, "\r\n\r\n/a%20b?x=1&y=2");
    assert_string_equal(w->path, "/a%20b");
    assert_string_equal(w->query, "x=1&y=2");
    assert_string_equal(w->peer, "127.0.0.1");
    assert_true(w->seen.peer_port != 0);
    assert_string_equal(w->method, "GET");
    assert_false(w->seen.upgrade || w->seen.tls);
    assert_true(holds(&s, "HTTP/1.1 200 OK\r\nDate: "));
    assert_true(holds(&s, " GMT\r\n"));
    assert_true(holds(&s, "Connection: keep-alive\r\n"));
    assert_true(holds(&s, "Content-Length: 14\r\n"));
    PUT(fd, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello");
    EXPECT(w->loop, &s, fd, "\r\n\r\nhello");
    assert_int_equal(http_server_connections(w->server), 1);
    hang_up(fd, &s);
    WAIT_FOR(w->loop, http_server_connections(w->server) == 0);
}

static void takes_a_request_split_at_every_byte(void **state) {
    struct world *w = *state;
    static const char request[] = "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody";
    int fd = dial(port_of(w), false);
    struct seen s = seen_new();
    for (size_t cut = 1; cut < sizeof request - 1; cut++) {
        put(fd, span_from(request, cut));
        turn(w->loop, 0);
        put(fd, span_from(request + cut, sizeof request - 1 - cut));
        WAIT_FOR(w->loop, (look(&s, fd), times(&s, "\r\n\r\nbody") == cut));
    }
    hang_up(fd, &s);
}

static void answers_pipelined_requests_in_order(void **state) {
    struct world *w = *state;
    int fd = dial(port_of(w), false);
    struct seen s = seen_new();
    PUT(fd, "GET /later HTTP/1.1\r\nHost: h\r\n\r\nGET /second HTTP/1.1\r\nHost: h\r\n\r\nGET /third HTTP/1.1\r\nHost: "
            "h\r\n\r\n");
    WAIT_FOR(w->loop, w->requests == 1);
    turn(w->loop, 20);
    assert_int_equal(w->requests, 1);
    reply_text(w->server, w->last, 200, SPAN("first"), false);
    assert_int_equal(w->requests, 1); /* never from inside a call */
    EXPECT(w->loop, &s, fd, "/third");
    const char *first = memmem(s.bytes.at, s.bytes.len, "first", 5),
               *second = memmem(s.bytes.at, s.bytes.len, "/second", 7);
    assert_true(first != NULL && second != NULL && first < second);
    hang_up(fd, &s);
}

static void an_answer_to_a_gone_connection_is_dropped(void **state) {
    struct world *w = *state;
    int fd = dial(port_of(w), false);
    PUT(fd, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
    WAIT_FOR(w->loop, w->requests == 1);
    conn_id old = w->last;
    struct linger now = {1, 0}; /* a reset: a mere end would still be answered */
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
    (void)close(fd);
    WAIT_FOR(w->loop, http_server_connections(w->server) == 0);
    fd = dial(port_of(w), false);
    struct seen s = seen_new();
    PUT(fd, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
    WAIT_FOR(w->loop, w->requests == 2);
    assert_int_not_equal(old, w->last); /* the same slot, another generation */
    reply_text(w->server, old, 200, SPAN("stale"), false);
    assert_int_equal(conn_unsent(w->server, old), 0);
    assert_null(conn_data(w->server, old));
    reply_text(w->server, w->last, 200, SPAN("fresh"), false);
    EXPECT(w->loop, &s, fd, "fresh");
    assert_false(holds(&s, "stale"));
    hang_up(fd, &s);
}

static void a_peer_that_only_half_closed_gets_its_answer(void **state) {
    struct world *w = *state;
    int fd = dial(port_of(w), false);
    struct seen s = seen_new();
    PUT(fd, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    WAIT_FOR(w->loop, w->requests == 1);
    turn(w->loop, 10);
    reply_text(w->server, w->last, 200, SPAN("late"), false);
    EXPECT(w->loop, &s, fd, "late");
    EXPECT_END(w->loop, &s, fd);
    hang_up(fd, &s);
}

static const struct {
    const char *request, *status;
} refused[] = {
    {"GET / HTTP/1.1\nHost: h\n\n", "400"}, /* bare LF */
    {"GET / HTTP/1.1\r\nHost: h\nX: y\r\n\r\n", "400"},
    {"GET / HTTP/1.1\r\nHost: h\r\rX: y\r\n\r\n", "400"},       /* bare CR */
    {"GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n", "400"}, /* folded */
    {"GET / HTTP/1.1\r\nHost: h\r\nX : a\r\n\r\n", "400"},      /* space before the colon */
    {"GET / HTTP/1.1\r\nHost: h\r\n: a\r\n\r\n", "400"},
    {"GET / HTTP/1.1\r\nHost: h\r\nnothing\r\n\r\n", "400"},
    {"GET / HTTP/1.1\r\n\r\n", "400"}, /* no Host */
    {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"},
    {"GET  / HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
    {"GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
    {"GET /\t HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
    {"GET /\xc3\xa4 HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
    {"GET http://h/ HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
    {"CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
    {"GET /\r\n\r\n", "400"}, /* HTTP/0.9 */
    {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ""},
    {"\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
    {"\x16\x03\x01\x02\x01\n", "400"}, /* TLS on a plain port */
    {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx", "400"},
    {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +1\r\n\r\nx", "400"},
    {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1, 1\r\n\r\nx", "400"},
    {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0x1\r\n\r\nx", "400"},
    {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\nx", "400"},
    {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length:\r\n\r\nx", "400"},
    {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999999\r\n\r\nx", "400"},
    {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
    {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "411"},
    {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", "411"},
    {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n", "413"},
    {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: miracles\r\n\r\n", "417"},
};

static void refuses_what_two_readers_could_read_differently(void **state) {
    struct world *w = *state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        int fd = dial(port_of(w), false);
        struct seen s = seen_new();
        char status[32];
        (void)snprintf(status, sizeof status, "HTTP/1.1 %s", refused[i].status);
        put(fd, span_of(refused[i].request));
        EXPECT_END(w->loop, &s, fd);
        if (!holds(&s, status)) fail_msg("%s: %.60s", refused[i].request, s.bytes.at);
        assert_false(s.reset);
        assert_true(holds(&s, "Connection: close\r\n"));
        hang_up(fd, &s);
    }
    assert_int_equal(w->requests, 0);
    WAIT_FOR(w->loop, http_server_connections(w->server) == 0);
}

static void a_nul_in_a_head_is_refused(void **state) {
    struct world *w = *state;
    int fd = dial(port_of(w), false);
    struct seen s = seen_new();
    PUT(fd, "GET / HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n");
    EXPECT(w->loop, &s, fd, "HTTP/1.1 400");
    hang_up(fd, &s);
}

/* A head of exactly so many bytes. */
static void put_head_of(struct buf *b, size_t bytes) {
    buf_puts(b, "GET /long HTTP/1.1\r\nHost: h\r\nX-Long: ");
    while (b->len < bytes - 4) buf_putc(b, 'x');
    buf_puts(b, "\r\n\r\n");
}

static void a_head_may_fill_its_limit_but_not_pass_it(void **state) {
    struct world *w = *state;
    for (int over = 0; over <= 1; over++) {
        struct buf b;
        buf_init(&b, 1 << 20);
        put_head_of(&b, LIMIT_HTTP_HEAD_BYTES + over);
        int fd = dial(port_of(w), false);
        struct seen s = seen_new();
        put(fd, buf_span(&b));
        EXPECT(w->loop, &s, fd, over ? "HTTP/1.1 431" : "HTTP/1.1 200");
        hang_up(fd, &s);
        buf_free(&b);
    }
}

static void too_many_headers_are_refused_not_dropped(void **state) {
    struct world *w = *state;
    for (int n = HTTP_HEADERS_MAX; n <= HTTP_HEADERS_MAX + 1; n++) {
        struct buf b;
        buf_init(&b, 1 << 20);
        buf_puts(&b, "GET / HTTP/1.1\r\nHost: h\r\n");
        for (int i = 1; i < n; i++) buf_puts(&b, "X: y\r\n");
        buf_puts(&b, "\r\n");
        int fd = dial(port_of(w), false);
        struct seen s = seen_new();
        put(fd, buf_span(&b));
        EXPECT(w->loop, &s, fd, n > HTTP_HEADERS_MAX ? "HTTP/1.1 431" : "HTTP/1.1 200");
        hang_up(fd, &s);
        buf_free(&b);
    }
}

static void a_refusal_arrives_though_the_peer_still_sends(void **state) {
    struct world *w = *state;
    int fd = dial(port_of(w), false);
    struct seen s = seen_new();
    PUT(fd, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n");
    char junk[10000] = {0};
    for (int i = 0; i < 10; i++) {
        put(fd, span_from(junk, sizeof junk));
        turn(w->loop, 1);
    }
    EXPECT(w->loop, &s, fd, "Content Too Large");
    EXPECT_END(w->loop, &s, fd);
    assert_false(s.reset);
    hang_up(fd, &s);
}

static void head_has_the_length_and_no_body(void **state) {
    struct world *w = *state;
    int fd = dial(port_of(w), false);
    struct seen s = seen_new();
    PUT(fd, "HEAD /abc HTTP/1.1\r\nHost: h\r\n\r\nGET /nothing HTTP/1.1\r\nHost: h\r\n\r\nGET /end HTTP/1.1\r\nHost: "
            "h\r\n\r\n");
    EXPECT(w->loop, &s, fd, "\r\n\r\n/end");
    assert_true(holds(&s, "Content-Length: 4\r\n"));
    assert_false(holds(&s, "/abc"));
    assert_true(holds(&s, "HTTP/1.1 204 No Content\r\n"));
    assert_int_equal(times(&s, "Content-Length"), 2); /* none for 204 */
    hang_up(fd, &s);
}

static void http_1_0_is_answered_and_closed(void **state) {
    struct world *w = *state;
    int fd = dial(port_of(w), false);
    struct seen s = seen_new();
    PUT(fd, "GET /old HTTP/1.0\r\n\r\n");
    EXPECT_END(w->loop, &s, fd);
    assert_true(holds(&s, "\r\n\r\n/old"));
    assert_true(holds(&s, "Connection: close\r\n"));
    hang_up(fd, &s);
}

static void closes_when_either_side_asks(void **state) {
    struct world *w = *state;
    static const char *const asks[] = {"GET /x HTTP/1.1\r\nHost: h\r\nConnection: foo, Close\r\n\r\n",
                                       "GET /bye HTTP/1.1\r\nHost: h\r\n\r\n"};
    for (int i = 0; i < 2; i++) {
        int fd = dial(port_of(w), false);
        struct seen s = seen_new();
        put(fd, span_of(asks[i]));
        EXPECT_END(w->loop, &s, fd);
        assert_true(holds(&s, "Connection: close\r\n"));
        assert_false(s.reset);
        hang_up(fd, &s);
    }
}

static void a_shared_frame_is_a_body(void **state) {
    struct world *w = *state;
    int fd = dial(port_of(w), false);
    struct seen s = seen_new();
    PUT(fd, "GET /frame HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT(w->loop, &s, fd, "Content-Length: 11\r\nConnection: keep-alive\r\n\r\nshared body");
    hang_up(fd, &s);
}

static void an_answer_in_pieces_is_chunked(void **state) {
    struct world *w = *state;
    int fd = dial(port_of(w), false);
    struct seen s = seen_new();
    PUT(fd, "GET /pieces HTTP/1.1\r\nHost: h\r\n\r\nGET /next HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT(w->loop, &s, fd, "\r\n\r\n4\r\none,\r\n3\r\ntwo\r\n0\r\n\r\nHTTP/1.1 200");
    assert_true(holds(&s, "Transfer-Encoding: chunked\r\n"));
    hang_up(fd, &s);
    fd = dial(port_of(w), false);
    s = seen_new();
    PUT(fd, "GET /pieces HTTP/1.0\r\n\r\n");
    EXPECT_END(w->loop, &s, fd);
    assert_true(holds(&s, "\r\n\r\none,two"));
    hang_up(fd, &s);
}

static void pieces_are_asked_for_and_called_off(void **state) {
    struct world *w = *state;
    int fd = dial(port_of(w), true);
    struct seen s = seen_new();
    PUT(fd, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
    WAIT_FOR(w->loop, w->requests == 1);
    struct buf big;
    buf_init(&big, 8 << 20);
    for (int i = 0; i < 1 << 19; i++) buf_puts(&big, "12345678");
    http_respond_begin(w->server, w->last, 200, NULL, 0);
    assert_true(http_respond_piece(w->server, w->last, buf_span(&big)));
    assert_true(conn_unsent(w->server, w->last) > 0);
    assert_int_equal(w->pieces_wanted, 0);
    WAIT_FOR(w->loop, (look(&s, fd), w->pieces_wanted == 1));
    assert_int_equal(conn_unsent(w->server, w->last), 0);
    assert_true(http_respond_piece(w->server, w->last, buf_span(&big)));
    (void)close(fd); /* with input unread: a reset */
    WAIT_FOR(w->loop, w->pieces_gone == 1);
    assert_false(http_respond_piece(w->server, w->last, SPAN("more")));
    buf_free(&big);
    buf_free(&s.bytes);
}

static void a_continue_is_sent_to_who_waits_for_it(void **state) {
    struct world *w = *state;
    int fd = dial(port_of(w), false);
    struct seen s = seen_new();
    PUT(fd, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
    EXPECT(w->loop, &s, fd, "HTTP/1.1 100 Continue\r\n\r\n");
    PUT(fd, "data");
    EXPECT(w->loop, &s, fd, "\r\n\r\ndata");
    hang_up(fd, &s);
}

static void a_header_cannot_smuggle_a_line(void **state) {
    struct world *w = *state;
    int fd = dial(port_of(w), false);
    struct seen s = seen_new();
    PUT(fd, "GET /evil HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT(w->loop, &s, fd, "\r\n\r\n");
    assert_false(holds(&s, "Evil") || holds(&s, "Set-Cookie"));
    hang_up(fd, &s);
}

static void raw_bytes_are_the_last(void **state) {
    struct world *w = *state;
    int fd = dial(port_of(w), false);
    struct seen s = seen_new();
    PUT(fd, "GET /raw HTTP/1.1\r\nHost: h\r\n\r\nGET /x HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT(w->loop, &s, fd, "\r\n\r\nhalf");
    reply_text(w->server, w->last, 200, SPAN("too late"), false);
    turn(w->loop, 20);
    look(&s, fd);
    assert_int_equal(w->requests, 1);
    assert_false(s.end || holds(&s, "too late"));
    http_drop(w->server, w->last);
    EXPECT_END(w->loop, &s, fd);
    hang_up(fd, &s);
}

static void a_dropped_connection_just_ends(void **state) {
    struct world *w = *state;
    int fd = dial(port_of(w), false);
    struct seen s = seen_new();
    PUT(fd, "GET /drop HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_END(w->loop, &s, fd);
    assert_int_equal(s.bytes.len, 0);
    hang_up(fd, &s);
    WAIT_FOR(w->loop, http_server_connections(w->server) == 0);
}

static void beyond_the_maximum_is_503(void **state) {
    struct world *w = *state;
    int fd[5];
    struct seen s = seen_new();
    for (int i = 0; i < 4; i++) fd[i] = dial(port_of(w), false);
    WAIT_FOR(w->loop, http_server_connections(w->server) == 4);
    fd[4] = dial(port_of(w), false);
    PUT(fd[4], "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_END(w->loop, &s, fd[4]);
    assert_true(holds(&s, "HTTP/1.1 503 Service Unavailable\r\n"));
    assert_false(s.reset);
    assert_int_equal(w->requests, 0);
    for (int i = 0; i < 4; i++) (void)close(fd[i]);
    WAIT_FOR(w->loop, http_server_connections(w->server) <= 1);
    hang_up(fd[4], &s);
}

/* Else whoever holds connections open keeps the program from its upstreams and its database. */
static void callers_leave_descriptors_to_the_rest_of_the_program(void **state) {
    enum { MOST = FEW_DESCRIPTORS / 2 };
    struct world *w = *state;
    int fd[MOST + 1];
    struct seen s = seen_new();
    for (int i = 0; i < MOST; i++) fd[i] = dial(port_of(w), false);
    WAIT_FOR(w->loop, http_server_connections(w->server) == MOST);
    fd[MOST] = dial(port_of(w), false);
    PUT(fd[MOST], "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_END(w->loop, &s, fd[MOST]);
    assert_true(holds(&s, "HTTP/1.1 503 Service Unavailable\r\n"));
    for (int i = 0; i < MOST; i++) (void)close(fd[i]);
    hang_up(fd[MOST], &s);
}

static void a_second_server_on_the_port_is_an_error(void **state) {
    struct world *w = *state;
    struct http_server_config config = config_of(w);
    struct http_server *second = NULL;
    config.port = port_of(w);
    assert_int_equal(http_server_new(&second, w->loop, &config, NULL), ERR_IO);
    config.host = "no address";
    assert_int_equal(http_server_new(&second, w->loop, &config, NULL), ERR_IO);
    config.host = "127.0.0.1";
    config.port = 0;
    config.cert_file = config.key_file = "/nonexistent.pem";
    assert_int_equal(http_server_new(&second, w->loop, &config, NULL), ERR_TLS);
    assert_null(second);
}

int main(void) {
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(answers_and_keeps_the_connection),
        CASE(takes_a_request_split_at_every_byte),
        CASE(answers_pipelined_requests_in_order),
        CASE(an_answer_to_a_gone_connection_is_dropped),
        CASE(a_peer_that_only_half_closed_gets_its_answer),
        CASE(refuses_what_two_readers_could_read_differently),
        CASE(a_nul_in_a_head_is_refused),
        CASE(a_head_may_fill_its_limit_but_not_pass_it),
        CASE(too_many_headers_are_refused_not_dropped),
        CASE(a_refusal_arrives_though_the_peer_still_sends),
        CASE(head_has_the_length_and_no_body),
        CASE(http_1_0_is_answered_and_closed),
        CASE(closes_when_either_side_asks),
        CASE(a_shared_frame_is_a_body),
        CASE(an_answer_in_pieces_is_chunked),
        CASE(pieces_are_asked_for_and_called_off),
        CASE(a_continue_is_sent_to_who_waits_for_it),
        CASE(a_header_cannot_smuggle_a_line),
        CASE(raw_bytes_are_the_last),
        CASE(a_dropped_connection_just_ends),
        CASE(beyond_the_maximum_is_503),
        cmocka_unit_test_setup_teardown(callers_leave_descriptors_to_the_rest_of_the_program, setup_few_descriptors,
                                        teardown),
        CASE(a_second_server_on_the_port_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
