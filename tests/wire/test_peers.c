/* Our client against an independent server, and our server against an independent client: Debian's python3-websockets,
 * started by peer.py. Skipped where that is not installed. */
#include "harness.h"
#include "io/ws_client.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

struct peer {
    pid_t pid;
    int in, out; /* its stdin and stdout */
};

static struct peer peer_start(const char *role, const char *port) {
    char script[512];
    int in[2], out[2];
    const char *root = getenv("GRIDSCOPE_ROOT");
    (void)snprintf(script, sizeof script, "%s/tests/wire/peer.py", root != NULL ? root : ".");
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)dup2(in[0], 0);
        (void)dup2(out[1], 1);
        (void)execl("/usr/bin/python3", "/usr/bin/python3", script, role, port, (char *)NULL);
        _exit(127);
    }
    (void)close(in[0]);
    (void)close(out[1]);
    return (struct peer){pid, in[1], out[0]};
}

static int peer_end(const struct peer *p) {
    int status;
    (void)close(p->in); /* the server ends with its stdin */
    (void)close(p->out);
    assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void need_peer(void) {
    if (system("/usr/bin/python3 -c 'import websockets' 2>/dev/null") != 0)
        fail_msg("python3-websockets is not installed");
}

struct world {
    struct loop *loop;
    struct ws_client *ws;
    struct http_server *server;
    int opened, closed, pings, texts;
    uint16_t code;
    enum err err;
    char reason[64], last[64];
    size_t last_len;
};

static void on_client(void *arg, uint64_t id, const struct ws_client_event *e) {
    struct world *w = arg;
    (void)id;
    w->opened += e->kind == WS_CLIENT_OPEN;
    w->pings += e->kind == WS_CLIENT_PING;
    if (e->kind == WS_CLIENT_TEXT) {
        w->texts++;
        w->last_len = e->data.len;
        (void)snprintf(w->last, sizeof w->last, "%.*s", (int)(e->data.len < 60 ? e->data.len : 60),
                       e->data.len > 0 ? e->data.at : "");
    }
    if (e->kind != WS_CLIENT_CLOSED) return;
    w->closed++;
    w->code = e->code;
    w->err = e->err;
    (void)snprintf(w->reason, sizeof w->reason, "%.*s", (int)e->data.len, e->data.len > 0 ? e->data.at : "");
}

static void say(struct world *w, struct span text) {
    int before = w->texts;
    assert_int_equal(ws_client_send(w->ws, 1, text), ERR_OK);
    WAIT_FOR(w->loop, w->texts == before + 1 || w->closed > 0);
}

static void talk(struct world *w) {
    static const size_t lengths[] = {0, 125, 126, 65535, 65536, 1000000};
    char *text = malloc(1000000);
    assert_non_null(text);
    memset(text, 'x', 1000000);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        say(w, span_from(text, lengths[i]));
        assert_int_equal(w->last_len, lengths[i]);
    }
    free(text);
    say(w, SPAN("fragments"));
    assert_string_equal(w->last, "fragmented \xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
    say(w, SPAN("ping"));
    assert_string_equal(w->last, "ponged");
    assert_int_equal(w->pings, 1);
    assert_int_equal(w->closed, 0);
}

static void connect_to(struct world *w, const char *url) {
    w->opened = w->closed = 0;
    assert_int_equal(ws_client_connect(w->ws, 1, url, 10 * US_PER_S, 4 << 20, on_client, w), ERR_OK);
    WAIT_FOR(w->loop, w->opened + w->closed > 0);
    assert_int_equal(w->closed, 0);
}

static void our_client_talks_to_an_independent_server(void **state) {
    (void)state;
    need_peer();
    struct world w = {.loop = loop_new(&test_log)};
    struct peer p = peer_start("server", NULL);
    char port[16] = {0}, url[64];
    assert_true(read(p.out, port, sizeof port - 1) > 0);
    (void)snprintf(url, sizeof url, "ws://localhost:%d/x", atoi(port));
    w.ws = ws_client_new(w.loop, NULL);
    connect_to(&w, url);
    talk(&w);
    assert_int_equal(ws_client_send(w.ws, 1, SPAN("close 4321 why")), ERR_OK);
    WAIT_FOR(w.loop, w.closed == 1);
    assert_int_equal(w.code, 4321);
    assert_string_equal(w.reason, "why");
    assert_int_equal(w.err, ERR_CLOSED);
    connect_to(&w, url);
    ws_client_close(w.ws, 1, 1000);
    WAIT_FOR(w.loop, w.closed == 1);
    assert_int_equal(w.err, ERR_OK);
    assert_int_equal(w.code, 1000);
    ws_client_free(w.ws);
    loop_free(w.loop);
    assert_int_equal(peer_end(&p), 0);
}

static void on_request(void *arg, conn_id id, const struct http_server_request *r) {
    struct world *w = arg;
    assert_true(r->upgrade);
    assert_true(http_upgrade(w->server, id, NULL, 0));
}

static void on_server(void *arg, conn_id id, const struct ws_server_event *e) {
    struct world *w = arg;
    if (e->kind == WS_SERVER_TEXT && span_is(e->data, "close me"))
        ws_server_close(w->server, id, 4003, SPAN("as asked"));
    else if (e->kind == WS_SERVER_TEXT) assert_true(ws_server_send_text(w->server, id, e->data));
    w->closed += e->kind == WS_SERVER_CLOSED;
}

static bool passed(const struct peer *p, struct buf *said) {
    char chunk[256];
    ssize_t n = read(p->out, chunk, sizeof chunk);
    if (n > 0) buf_put(said, chunk, (size_t)n);
    return n == 0;
}

static void our_server_talks_to_an_independent_client(void **state) {
    (void)state;
    need_peer();
    struct world w = {.loop = loop_new(&test_log)};
    const struct http_server_config config = {.host = "127.0.0.1",
                                              .max_connections = 50,
                                              .max_body = 1000,
                                              .max_message = 1 << 20,
                                              .auto_pong = true,
                                              .idle_timeout_us = 60 * US_PER_S,
                                              .on_request = on_request,
                                              .on_ws = on_server,
                                              .arg = &w};
    assert_int_equal(http_server_new(&w.server, w.loop, &config, &test_log), ERR_OK);
    char port[16];
    (void)snprintf(port, sizeof port, "%u", http_server_port(w.server));
    struct peer p = peer_start("client", port);
    struct buf said;
    buf_init(&said, 4096);
    assert_int_equal(fcntl(p.out, F_SETFL, O_NONBLOCK), 0);
    WAIT_FOR(w.loop, passed(&p, &said));
    assert_true(span_is(buf_span(&said), "passed\n"));
    assert_int_equal(peer_end(&p), 0);
    WAIT_FOR(w.loop, w.closed == 22);
    buf_free(&said);
    http_server_close(w.server, NULL, NULL);
    loop_free(w.loop);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_client_talks_to_an_independent_server),
        cmocka_unit_test(our_server_talks_to_an_independent_client),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
