/* The HTTP and the WebSocket client against our own server, plain and with TLS, and against broken peers. Against
 * independent peers: test_peers.c. */
#include "harness.h"
#include "io/ws_client.h"
#include "test_ca.h"

struct world {
    struct loop *loop;
    struct http_server *server;
    struct test_ca ca;
    struct http_client *http;
    struct ws_client *ws;
    /* what the server saw */
    conn_id last, ws_conn;
    int requests, server_pongs;
    uint16_t server_code;
    bool server_closed;
    struct buf body, headers;
    char method[16], target[128];
    /* what the HTTP client saw */
    int answers;
    struct http_answer answer;
    struct buf answer_body;
    char answer_header[64];
    bool free_in_callback;
    /* what the WebSocket client saw */
    int opened, closed, pings, pongs, texts;
    struct ws_client_event end;
    char words[200];
    struct buf text;
};

static void copy(char *out, size_t size, struct span s) {
    assert_true(s.len < size);
    if (s.len > 0) memcpy(out, s.at, s.len);
    out[s.len] = '\0';
}

static void refuse_upgrade(struct world *w, conn_id id) {
    const struct http_header retry = {SPAN("Retry-After"), SPAN("17")};
    http_respond(w->server, id,
                 &(struct http_reply){.status = 429, .headers = &retry, .header_count = 1, .body = SPAN("no")});
}

static void on_request(void *arg, conn_id id, const struct http_server_request *r) {
    struct world *w = arg;
    w->requests++;
    w->last = id;
    copy(w->method, sizeof w->method, r->method);
    copy(w->target, sizeof w->target, r->target);
    buf_clear(&w->body);
    buf_put_span(&w->body, r->body);
    buf_clear(&w->headers);
    for (size_t i = 0; i < r->header_count; i++)
        buf_putf(&w->headers, "%.*s=%.*s\n", (int)r->headers[i].name.len, r->headers[i].name.at,
                 (int)r->headers[i].value.len, r->headers[i].value.at);
    const struct http_header out[] = {{SPAN("X-Mbx-Used-Weight"), SPAN("42")}, {SPAN("Location"), SPAN("/elsewhere")}};
    if (span_is(r->path, "/later")) return;
    if (span_is(r->path, "/drop")) http_drop(w->server, id);
    else if (span_is(r->path, "/half"))
        http_send_raw(w->server, id, SPAN("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"));
    else if (span_is(r->path, "/garbage")) http_send_raw(w->server, id, SPAN("\x00\x01not http at all\r\n\r\n"));
    else if (span_is(r->path, "/no")) refuse_upgrade(w, id);
    else if (span_is(r->path, "/wrong-accept"))
        http_send_raw(
            w->server, id,
            SPAN("HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n"));
    else if (r->upgrade) assert_true(http_upgrade(w->server, id, NULL, 0));
    else
        http_respond(w->server, id,
                     &(struct http_reply){.status = span_is(r->path, "/moved") ? 302 : 200,
                                          .headers = out,
                                          .header_count = 2,
                                          .body = r->body.len > 0 ? r->body : r->target});
}

static void on_server_ws(void *arg, conn_id id, const struct ws_server_event *e) {
    struct world *w = arg;
    w->ws_conn = id;
    w->server_pongs += e->kind == WS_SERVER_PONG;
    if (e->kind == WS_SERVER_TEXT) assert_true(ws_server_send_text(w->server, id, e->data));
    if (e->kind == WS_SERVER_CLOSED) {
        w->server_closed = true;
        w->server_code = e->code;
    }
}

static void serve(struct world *w, const struct test_pair *pair) {
    const struct http_server_config config = {.host = "127.0.0.1",
                                              .max_connections = 50,
                                              .max_body = 4 << 20,
                                              .max_message = 4 << 20,
                                              .idle_timeout_us = 60 * US_PER_S,
                                              .auto_pong = true,
                                              .on_request = on_request,
                                              .on_ws = on_server_ws,
                                              .arg = w,
                                              .cert_file = pair != NULL ? pair->cert_file : NULL,
                                              .key_file = pair != NULL ? pair->key_file : NULL};
    assert_int_equal(http_server_new(&w->server, w->loop, &config, &test_log), ERR_OK);
}

static void client_trusting(struct world *w, const char *ca_file) {
    const struct tls_client_config tls = {.ca_file = ca_file};
    w->http = http_client_new(w->loop, &tls);
    w->ws = ws_client_new(w->loop, &tls);
    assert_non_null(w->http);
    assert_non_null(w->ws);
}

static struct world *world_new(void) {
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    buf_init(&w->body, 8 << 20);
    buf_init(&w->headers, 1 << 20);
    buf_init(&w->answer_body, 8 << 20);
    buf_init(&w->text, 8 << 20);
    w->loop = loop_new(&test_log);
    assert_non_null(w->loop);
    return w;
}

static int setup_plain(void **state) {
    struct world *w = world_new();
    serve(w, NULL);
    client_trusting(w, NULL);
    *state = w;
    return 0;
}

/* A CA and nothing else: each TLS test has its own certificate. */
static int setup_ca(void **state) {
    struct world *w = world_new();
    w->ca = test_ca_new();
    *state = w;
    return 0;
}

static int setup_tls(void **state) {
    struct world *w = world_new();
    w->ca = test_ca_new();
    struct test_pair pair = test_ca_issue(&w->ca, "localhost", -DAY_SECONDS, DAY_SECONDS);
    serve(w, &pair);
    client_trusting(w, w->ca.ca_file);
    *state = w;
    return 0;
}

static int teardown(void **state) {
    struct world *w = *state;
    http_client_free(w->http);
    ws_client_free(w->ws);
    if (w->server != NULL) http_server_close(w->server, NULL, NULL);
    loop_free(w->loop);
    if (w->ca.cert != NULL) test_ca_free(&w->ca);
    buf_free(&w->body);
    buf_free(&w->headers);
    buf_free(&w->answer_body);
    buf_free(&w->text);
    free(w);
    return 0;
}

/* No resolver takes a label of more than 63 bytes: refused at once, without a network. */
#define NO_HOST "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.invalid"

/* ---- HTTP ---- */

static void on_answer(void *arg, uint64_t id, const struct http_answer *a) {
    struct world *w = arg;
    assert_int_equal(id, 7);
    w->answers++;
    w->answer = *a;
    buf_clear(&w->answer_body);
    buf_put_span(&w->answer_body, a->body);
    const struct http_header *h = http_answer_header(a, "x-mbx-used-weight");
    copy(w->answer_header, sizeof w->answer_header, h != NULL ? h->value : SPAN(""));
    if (!w->free_in_callback) return;
    http_client_free(w->http);
    w->http = NULL;
}

static const char *url_of(const struct world *w, const char *scheme, const char *host, const char *path) {
    static char url[256];
    (void)snprintf(url, sizeof url, "%s://%s:%u%s", scheme, host, http_server_port(w->server), path);
    return url;
}

static void ask_with(struct world *w, struct http_request r) {
    int before = w->answers;
    if (r.timeout_us == 0) r.timeout_us = 10 * US_PER_S;
    if (r.max_body == 0) r.max_body = 4 << 20;
    assert_int_equal(http_start(w->http, 7, &r, on_answer, w), ERR_OK);
    assert_int_equal(w->answers, before); /* never from inside the call */
    WAIT_FOR(w->loop, w->answers == before + 1);
}

static void ask(struct world *w, const char *scheme, const char *host, const char *path) {
    ask_with(w, (struct http_request){.method = "GET", .url = url_of(w, scheme, host, path)});
}

static void expect_body(struct world *w, const char *body) {
    assert_int_equal(w->answer.err, ERR_OK);
    assert_int_equal(w->answer_body.len, strlen(body));
    assert_memory_equal(w->answer_body.at, body, strlen(body));
}

static void gets_and_reads_headers(void **state) {
    struct world *w = *state;
    ask(w, "http", "127.0.0.1", "/a?b=c");
    expect_body(w, "/a?b=c");
    assert_int_equal(w->answer.status, 200);
    assert_string_equal(w->answer_header, "42");
    assert_true(w->answer.elapsed_us > 0);
    assert_string_equal(w->method, "GET");
}

static void sends_methods_headers_and_bodies(void **state) {
    struct world *w = *state;
    static const struct {
        const char *method, *body;
    } kinds[] = {{"POST", "a=b"}, {"POST", ""},    {"PUT", "c=d"}, {"PUT", ""},
                 {"DELETE", ""},  {"DELETE", "e"}, {"GET", ""}};
    const struct http_header headers[] = {{SPAN("X-MBX-APIKEY"), SPAN("key")}, {SPAN("X-Empty"), SPAN("")}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        ask_with(w, (struct http_request){.method = kinds[i].method,
                                          .url = url_of(w, "http", "127.0.0.1", "/m"),
                                          .headers = headers,
                                          .header_count = 2,
                                          .body = span_of(kinds[i].body)});
        assert_int_equal(w->answer.status, 200);
        assert_string_equal(w->method, kinds[i].method);
        assert_true(span_is(buf_span(&w->body), kinds[i].body));
        assert_non_null(strstr(w->headers.at, "X-MBX-APIKEY=key\n"));
        assert_non_null(strstr(w->headers.at, "X-Empty=\n"));
        assert_null(strstr(w->headers.at, "Expect="));
        assert_null(strstr(w->headers.at, "Content-Type="));
    }
}

static void keeps_the_connection_between_requests(void **state) {
    struct world *w = *state;
    ask(w, "http", "127.0.0.1", "/1");
    conn_id first = w->last;
    ask(w, "http", "127.0.0.1", "/2");
    assert_int_equal(w->last, first);
}

static void does_not_follow_redirects(void **state) {
    struct world *w = *state;
    ask(w, "http", "127.0.0.1", "/moved");
    assert_int_equal(w->answer.status, 302);
    assert_int_equal(w->requests, 1);
}

static void a_large_body_goes_both_ways(void **state) {
    struct world *w = *state;
    struct buf big;
    buf_init(&big, 4 << 20);
    for (int i = 0; i < 300000; i++) buf_putf(&big, "%d,", i);
    ask_with(w, (struct http_request){
                    .method = "POST", .url = url_of(w, "http", "127.0.0.1", "/big"), .body = buf_span(&big)});
    assert_true(span_eq(buf_span(&w->answer_body), buf_span(&big)));
    buf_free(&big);
}

static void a_body_over_the_limit_is_too_big(void **state) {
    struct world *w = *state;
    ask_with(w, (struct http_request){.method = "GET", .url = url_of(w, "http", "127.0.0.1", "/12345"), .max_body = 6});
    expect_body(w, "/12345");
    ask_with(w,
             (struct http_request){.method = "GET", .url = url_of(w, "http", "127.0.0.1", "/123456"), .max_body = 6});
    assert_int_equal(w->answer.err, ERR_TOO_BIG);
    assert_true(w->answer.error[0] != '\0');
}

static void every_failure_has_its_error(void **state) {
    struct world *w = *state;
    ask(w, "http", "127.0.0.1", "/drop");
    assert_int_equal(w->answer.err, ERR_CLOSED);
    ask(w, "http", "127.0.0.1", "/garbage");
    assert_int_equal(w->answer.err, ERR_PROTOCOL);
    ask_with(w, (struct http_request){
                    .method = "GET", .url = url_of(w, "http", "127.0.0.1", "/later"), .timeout_us = 100 * US_PER_MS});
    assert_int_equal(w->answer.err, ERR_TIMEOUT);
    ask_with(w, (struct http_request){
                    .method = "GET", .url = url_of(w, "http", "127.0.0.1", "/half"), .timeout_us = 200 * US_PER_MS});
    assert_int_equal(w->answer.err, ERR_TIMEOUT);
    ask(w, "http", NO_HOST, "/");
    assert_int_equal(w->answer.err, ERR_DNS);
    ask(w, "https", "127.0.0.1", "/plain-port");
    assert_int_equal(w->answer.err, ERR_TLS);
    ask_with(w, (struct http_request){.method = "GET", .url = "http://127.0.0.1:1/"});
    assert_int_equal(w->answer.err, ERR_CONNECT);
}

static void bad_urls_and_headers_are_refused_at_once(void **state) {
    struct world *w = *state;
    static const char *const urls[] = {"",        "nonsense",   "ftp://127.0.0.1/", "file:///etc/passwd",
                                       "http://", "http://a b/"};
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        const struct http_request r = {.method = "GET", .url = urls[i], .timeout_us = US_PER_S, .max_body = 10};
        assert_int_equal(http_start(w->http, 7, &r, on_answer, w), ERR_SYNTAX);
    }
    const struct http_header evil = {SPAN("X"), SPAN("a\r\nY: b")};
    const struct http_request r = {.method = "GET",
                                   .url = url_of(w, "http", "127.0.0.1", "/"),
                                   .headers = &evil,
                                   .header_count = 1,
                                   .timeout_us = US_PER_S,
                                   .max_body = 10};
    assert_int_equal(http_start(w->http, 7, &r, on_answer, w), ERR_SYNTAX);
    turn(w->loop, 20);
    assert_int_equal(w->answers, 0);
}

static void a_canceled_request_is_silent(void **state) {
    struct world *w = *state;
    const struct http_request r = {
        .method = "GET", .url = url_of(w, "http", "127.0.0.1", "/later"), .timeout_us = US_PER_S, .max_body = 10};
    assert_int_equal(http_start(w->http, 7, &r, on_answer, w), ERR_OK);
    WAIT_FOR(w->loop, w->requests == 1);
    http_cancel(w->http, 7);
    http_cancel(w->http, 8); /* unknown: ignored */
    WAIT_FOR(w->loop, http_server_connections(w->server) <= 1);
    turn(w->loop, 20);
    assert_int_equal(w->answers, 0);
}

static void a_client_may_be_freed_in_its_callback(void **state) {
    struct world *w = *state;
    w->free_in_callback = true;
    const struct http_request r = {
        .method = "GET", .url = url_of(w, "http", "127.0.0.1", "/later"), .timeout_us = US_PER_S, .max_body = 10};
    assert_int_equal(http_start(w->http, 99, &r, on_answer, w), ERR_OK);
    ask(w, "http", "127.0.0.1", "/1");
    assert_null(w->http);
    turn(w->loop, 20);
    assert_int_equal(w->answers, 1);
}

/* ---- WebSocket ---- */

static void on_ws(void *arg, uint64_t id, const struct ws_client_event *e) {
    struct world *w = arg;
    assert_int_equal(id, 5);
    assert_int_equal(w->closed, 0);
    w->opened += e->kind == WS_CLIENT_OPEN;
    w->pings += e->kind == WS_CLIENT_PING;
    w->pongs += e->kind == WS_CLIENT_PONG;
    w->texts += e->kind == WS_CLIENT_TEXT;
    if (e->kind == WS_CLIENT_TEXT) {
        buf_clear(&w->text);
        buf_put_span(&w->text, e->data);
    }
    if (e->kind != WS_CLIENT_CLOSED) return;
    w->closed++;
    w->end = *e;
    copy(w->words, sizeof w->words, e->data);
}

static void begin_ws(struct world *w, const char *url, int64_t timeout_us) {
    w->opened = w->closed = w->texts = 0;
    assert_int_equal(ws_client_connect(w->ws, 5, url, timeout_us, 4 << 20, on_ws, w), ERR_OK);
    assert_int_equal(w->opened + w->closed, 0);
}

static void open_ws(struct world *w, const char *scheme, const char *host) {
    begin_ws(w, url_of(w, scheme, host, "/ws?x=1"), 10 * US_PER_S);
    WAIT_FOR(w->loop, w->opened == 1 || w->closed == 1);
    if (w->closed) fail_msg("%s", w->words);
    WAIT_FOR(w->loop, w->ws_conn != 0);
}

/* Plain or TLS, as the test was set up. */
static void open_usual(struct world *w) {
    open_ws(w, w->ca.cert != NULL ? "wss" : "ws", w->ca.cert != NULL ? "localhost" : "127.0.0.1");
}

static void echoes_messages_of_all_lengths(void **state) {
    struct world *w = *state;
    static const size_t lengths[] = {0, 1, 125, 126, 127, 65535, 65536, 1000000};
    open_usual(w);
    assert_string_equal(w->target, "/ws?x=1");
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct buf b;
        buf_init(&b, 2 << 20);
        for (size_t k = 0; k < lengths[i]; k++) buf_putc(&b, (char)('a' + k % 26));
        int before = w->texts;
        assert_int_equal(ws_client_send(w->ws, 5, buf_span(&b)), ERR_OK);
        WAIT_FOR(w->loop, w->texts == before + 1);
        assert_true(span_eq(buf_span(&w->text), buf_span(&b)));
        buf_free(&b);
    }
}

static void answers_pings_and_reports_pongs(void **state) {
    struct world *w = *state;
    open_ws(w, "ws", "127.0.0.1");
    assert_true(ws_server_ping(w->server, w->ws_conn, SPAN("are you there")));
    WAIT_FOR(w->loop, w->server_pongs == 1 && w->pings == 1);
    assert_int_equal(ws_client_ping(w->ws, 5), ERR_OK);
    WAIT_FOR(w->loop, w->pongs == 1);
}

static void our_close_is_answered(void **state) {
    struct world *w = *state;
    open_ws(w, "ws", "127.0.0.1");
    ws_client_close(w->ws, 5, 1000);
    assert_int_equal(ws_client_send(w->ws, 5, SPAN("x")), ERR_BAD_STATE);
    WAIT_FOR(w->loop, w->closed == 1 && w->server_closed);
    assert_int_equal(w->end.err, ERR_OK);
    assert_int_equal(w->end.code, 1000);
    assert_int_equal(w->server_code, 1000);
    ws_client_close(w->ws, 5, 1000); /* unknown by now */
    assert_int_equal(ws_client_send(w->ws, 5, SPAN("x")), ERR_BAD_STATE);
}

static void the_peers_close_has_code_and_reason(void **state) {
    struct world *w = *state;
    open_ws(w, "ws", "127.0.0.1");
    ws_server_close(w->server, w->ws_conn, 4001, SPAN("enough"));
    WAIT_FOR(w->loop, w->closed == 1 && w->server_closed);
    assert_int_equal(w->end.err, ERR_CLOSED);
    assert_int_equal(w->end.code, 4001);
    assert_string_equal(w->words, "enough");
    assert_int_equal(w->server_code, 4001);
}

static void a_vanished_peer_is_1006(void **state) {
    struct world *w = *state;
    open_ws(w, "ws", "127.0.0.1");
    http_drop(w->server, w->ws_conn);
    WAIT_FOR(w->loop, w->closed == 1 && w->server_closed);
    assert_int_equal(w->end.err, ERR_CLOSED);
    assert_int_equal(w->end.code, 1006);
    assert_int_equal(w->server_code, 1006);
}

static void a_refused_upgrade_has_its_status(void **state) {
    struct world *w = *state;
    begin_ws(w, url_of(w, "ws", "127.0.0.1", "/no"), 10 * US_PER_S);
    WAIT_FOR(w->loop, w->closed == 1);
    assert_int_equal(w->end.err, ERR_DENIED);
    assert_int_equal(w->end.status, 429);
    assert_int_equal(w->end.retry_after, 17);
    assert_int_equal(w->opened, 0);
}

static void a_false_upgrade_is_a_protocol_error(void **state) {
    struct world *w = *state;
    static const char *const paths[] = {"/wrong-accept", "/garbage"};
    for (int i = 0; i < 2; i++) {
        begin_ws(w, url_of(w, "ws", "127.0.0.1", paths[i]), 10 * US_PER_S);
        WAIT_FOR(w->loop, w->closed == 1);
        assert_int_equal(w->end.err, ERR_PROTOCOL);
        assert_int_equal(w->opened, 0);
    }
}

static void connecting_has_a_deadline(void **state) {
    struct world *w = *state;
    begin_ws(w, url_of(w, "ws", "127.0.0.1", "/later"), 150 * US_PER_MS);
    WAIT_FOR(w->loop, w->closed == 1);
    assert_int_equal(w->end.err, ERR_TIMEOUT);
    begin_ws(w, "ws://127.0.0.1:1/", US_PER_S);
    WAIT_FOR(w->loop, w->closed == 1);
    assert_int_equal(w->end.err, ERR_CONNECT);
    begin_ws(w, "ws://" NO_HOST "/", 10 * US_PER_S);
    WAIT_FOR(w->loop, w->closed == 1);
    assert_int_equal(w->end.err, ERR_DNS);
    begin_ws(w, url_of(w, "ws", "127.0.0.1", "/later"), 10 * US_PER_S);
    ws_client_close(w->ws, 5, 1000);
    WAIT_FOR(w->loop, w->closed == 1);
    assert_int_equal(w->end.err, ERR_CANCELED);
}

static void a_bad_frame_is_a_protocol_error(void **state) {
    struct world *w = *state;
    open_ws(w, "ws", "127.0.0.1");
    http_send_raw(w->server, w->ws_conn, SPAN("\x81\x05half"));
    turn(w->loop, 20);
    assert_int_equal(w->texts + w->closed, 0);
    http_drop(w->server, w->ws_conn);
    WAIT_FOR(w->loop, w->closed == 1);
    assert_int_equal(w->end.err, ERR_CLOSED);
    open_ws(w, "ws", "127.0.0.1");
    http_send_raw(w->server, w->ws_conn, SPAN("\xff\xff\xff\xff"));
    WAIT_FOR(w->loop, w->closed == 1);
    assert_int_equal(w->end.err, ERR_PROTOCOL);
    assert_int_equal(w->end.code, 1002);
}

static void unsent_bytes_have_a_limit(void **state) {
    struct world *w = *state;
    struct buf b;
    buf_init(&b, 1 << 20);
    for (int i = 0; i < 1 << 16; i++) buf_putc(&b, 'x');
    open_usual(w);
    conn_pause_reading(w->server, w->ws_conn, true);
    enum err e = ERR_OK;
    for (int i = 0; i < 1000 && e == ERR_OK; i++) e = ws_client_send(w->ws, 5, buf_span(&b));
    assert_int_equal(e, ERR_FULL);
    conn_pause_reading(w->server, w->ws_conn, false);
    WAIT_FOR(w->loop, w->texts > 16);
    assert_int_equal(ws_client_send(w->ws, 5, SPAN("again")), ERR_OK);
    WAIT_FOR(w->loop, w->text.len == 5);
    buf_free(&b);
}

static void bad_addresses_are_refused_at_once(void **state) {
    struct world *w = *state;
    static const char *const urls[] = {"http://127.0.0.1/", "127.0.0.1", "ws://", "wss://a b", "ws://h/\r\nX: y", ""};
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++)
        assert_int_equal(ws_client_connect(w->ws, 5, urls[i], US_PER_S, 100, on_ws, w), ERR_SYNTAX);
}

/* ---- TLS ---- */

static void the_extra_ca_is_trusted(void **state) {
    struct world *w = *state;
    ask(w, "https", "localhost", "/tls");
    expect_body(w, "/tls");
    open_ws(w, "wss", "localhost");
}

static void tls_carries_large_bodies(void **state) {
    struct world *w = *state;
    struct buf big;
    buf_init(&big, 4 << 20);
    for (int i = 0; i < 300000; i++) buf_putf(&big, "%d,", i);
    ask_with(w, (struct http_request){
                    .method = "POST", .url = url_of(w, "https", "localhost", "/big"), .body = buf_span(&big)});
    assert_int_equal(w->answer.err, ERR_OK);
    assert_true(span_eq(buf_span(&w->answer_body), buf_span(&big)));
    buf_free(&big);
}

/* Both clients must refuse the server, with ERR_TLS and a word that says why. */
static void expect_refusal(struct world *w, const char *word) {
    ask(w, "https", "localhost", "/");
    assert_int_equal(w->answer.err, ERR_TLS);
    if (strstr(w->answer.error, word) == NULL) fail_msg("no \"%s\" in: %s", word, w->answer.error);
    begin_ws(w, url_of(w, "wss", "localhost", "/ws"), 10 * US_PER_S);
    WAIT_FOR(w->loop, w->closed == 1);
    assert_int_equal(w->end.err, ERR_TLS);
    if (strstr(w->words, word) == NULL) fail_msg("no \"%s\" in: %s", word, w->words);
    assert_int_equal(w->requests, 0);
}

static void an_unknown_ca_is_refused(void **state) {
    struct world *w = *state;
    struct test_pair pair = test_ca_issue(&w->ca, "localhost", -DAY_SECONDS, DAY_SECONDS);
    serve(w, &pair);
    client_trusting(w, NULL);
    expect_refusal(w, "issuer certificate");
}

static void a_wrong_host_name_is_refused(void **state) {
    struct world *w = *state;
    struct test_pair pair = test_ca_issue(&w->ca, "example.org", -DAY_SECONDS, DAY_SECONDS);
    serve(w, &pair);
    client_trusting(w, w->ca.ca_file);
    expect_refusal(w, "subject name matches target host"); /* libcurl 8.14 writes the next word to it */
}

static void an_expired_certificate_is_refused(void **state) {
    struct world *w = *state;
    struct test_pair pair = test_ca_issue(&w->ca, "localhost", -2L * DAY_SECONDS, -DAY_SECONDS);
    serve(w, &pair);
    client_trusting(w, w->ca.ca_file);
    expect_refusal(w, "expired");
}

static void a_ca_file_that_cannot_be_read_is_said(void **state) {
    struct world *w = *state;
    struct test_pair pair = test_ca_issue(&w->ca, "localhost", -DAY_SECONDS, DAY_SECONDS);
    serve(w, &pair);
    client_trusting(w, "/nonexistent/ca.pem");
    expect_refusal(w, "extra CA file");
}

static void a_key_of_another_certificate_is_refused_by_the_server(void **state) {
    struct world *w = *state;
    struct test_pair pair = test_ca_issue(&w->ca, "localhost", -DAY_SECONDS, DAY_SECONDS);
    write_key(pair.key_file, w->ca.key);
    const struct http_server_config config = {
        .host = "127.0.0.1", .cert_file = pair.cert_file, .key_file = pair.key_file};
    assert_int_equal(http_server_new(&w->server, w->loop, &config, NULL), ERR_TLS);
    assert_null(w->server);
}

int main(void) {
#define PLAIN(f) cmocka_unit_test_setup_teardown(f, setup_plain, teardown)
#define CA(f) cmocka_unit_test_setup_teardown(f, setup_ca, teardown)
#define TLS(f)                                                                                                         \
    { "tls_" #f, f, setup_tls, teardown, NULL }
    const struct CMUnitTest tests[] = {
        PLAIN(gets_and_reads_headers),
        PLAIN(sends_methods_headers_and_bodies),
        PLAIN(keeps_the_connection_between_requests),
        PLAIN(does_not_follow_redirects),
        PLAIN(a_large_body_goes_both_ways),
        PLAIN(a_body_over_the_limit_is_too_big),
        PLAIN(every_failure_has_its_error),
        PLAIN(bad_urls_and_headers_are_refused_at_once),
        PLAIN(a_canceled_request_is_silent),
        PLAIN(a_client_may_be_freed_in_its_callback),
        PLAIN(echoes_messages_of_all_lengths),
        PLAIN(answers_pings_and_reports_pongs),
        PLAIN(our_close_is_answered),
        PLAIN(the_peers_close_has_code_and_reason),
        PLAIN(a_vanished_peer_is_1006),
        PLAIN(a_refused_upgrade_has_its_status),
        PLAIN(a_false_upgrade_is_a_protocol_error),
        PLAIN(connecting_has_a_deadline),
        PLAIN(a_bad_frame_is_a_protocol_error),
        PLAIN(unsent_bytes_have_a_limit),
        PLAIN(bad_addresses_are_refused_at_once),
        TLS(echoes_messages_of_all_lengths),
        TLS(unsent_bytes_have_a_limit),
        TLS(the_extra_ca_is_trusted),
        TLS(tls_carries_large_bodies),
        CA(an_unknown_ca_is_refused),
        CA(a_wrong_host_name_is_refused),
        CA(an_expired_certificate_is_refused),
        CA(a_ca_file_that_cannot_be_read_is_said),
        CA(a_key_of_another_certificate_is_refused_by_the_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
