/* echo.c: both sides of our WebSocket code as an echo, for the cases of autobahn.py.
 *
 *   echo server        serves on a free port, prints it, and sends back every message
 *   echo client PORT   connects to PORT, sends back every message, and when it was closed connects again
 *
 * Both end with the message "the end". */
#include "harness.h"
#include "io/ws_client.h"

enum { MAX_MESSAGE = 1 << 20 }; /* what feeds are allowed: LIMIT_WS_MESSAGE_BYTES */

struct echo {
    struct http_server *server;
    struct ws_client *client;
    char url[64];
    bool again, end;
};

static void send_back(struct echo *w, conn_id id, unsigned opcode, struct span data) {
    struct buf b;
    buf_init(&b, 2 * MAX_MESSAGE);
    ws_put_frame(&b, opcode, data, NULL);
    struct frame *f = frame_new(buf_span(&b));
    (void)ws_server_send_frame(w->server, id, f); /* false: the connection is lost, and its end is told */
    frame_unref(f);
    buf_free(&b);
}

static void on_server(void *arg, conn_id id, const struct ws_server_event *e) {
    struct echo *w = arg;
    if (e->kind == WS_SERVER_TEXT && span_is(e->data, "the end")) w->end = true;
    else if (e->kind == WS_SERVER_TEXT) send_back(w, id, 1, e->data);
    else if (e->kind == WS_SERVER_BINARY) send_back(w, id, 2, e->data);
}

static void on_request(void *arg, conn_id id, const struct http_server_request *r) {
    struct echo *w = arg;
    assert_true(r->upgrade);
    assert_true(http_upgrade(w->server, id, NULL, 0));
}

/* A client may have so much unsent, 1 MiB with the frame's head: what would not fit is answered by its length. */
static void reply(struct echo *w, uint64_t id, struct span data) {
    char words[32];
    (void)snprintf(words, sizeof words, "%zu bytes", data.len);
    assert_int_equal(ws_client_send(w->client, id, data.len < MAX_MESSAGE / 2 ? data : span_of(words)), ERR_OK);
}

static void on_client(void *arg, uint64_t id, const struct ws_client_event *e) {
    struct echo *w = arg;
    if (e->kind == WS_CLIENT_TEXT && span_is(e->data, "the end")) w->end = true;
    else if (e->kind == WS_CLIENT_TEXT) reply(w, id, e->data);
    w->again = e->kind == WS_CLIENT_CLOSED;
}

static void serve(struct echo *w, struct loop *l) {
    const struct http_server_config config = {.host = "127.0.0.1",
                                              .max_connections = 50,
                                              .max_body = 1000,
                                              .max_message = MAX_MESSAGE,
                                              .auto_pong = true,
                                              .idle_timeout_us = 60 * US_PER_S,
                                              .on_request = on_request,
                                              .on_ws = on_server,
                                              .arg = w};
    assert_int_equal(http_server_new(&w->server, l, &config, &test_log), ERR_OK);
    (void)printf("%u\n", http_server_port(w->server));
    (void)fflush(stdout);
    while (!w->end) turn(l, 20);
    http_server_close(w->server, NULL, NULL);
}

static void call(struct echo *w, struct loop *l, const char *port) {
    (void)snprintf(w->url, sizeof w->url, "ws://127.0.0.1:%s/", port);
    w->client = ws_client_new(l, NULL);
    assert_non_null(w->client);
    w->again = true;
    while (!w->end) {
        if (w->again) {
            w->again = false;
            assert_int_equal(
                ws_client_connect(w->client, 1, w->url, PATIENCE_MS * US_PER_MS, MAX_MESSAGE, on_client, w), ERR_OK);
        }
        turn(l, 1);
    }
    ws_client_free(w->client);
}

int main(int argc, char **argv) {
    struct echo w = {0};
    struct loop *l = loop_new(&test_log);
    if (l == NULL || argc < 2) return 2;
    if (argc == 3) call(&w, l, argv[2]);
    else serve(&w, l);
    loop_free(l);
    return 0;
}
