#include "fixture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

/* --- the source --- */

static struct frame *source_snapshot(void *arg, uint64_t seq) {
    struct world *w = arg;
    struct buf b;
    if (w->no_memory) return NULL;
    buf_init(&b, 64 << 20);
    buf_putf(&b, "{\"type\":\"snapshot\",\"seq\":%llu}", (unsigned long long)seq);
    for (size_t i = 0; i < w->snapshot_padding; i++) buf_putc(&b, ' ');
    struct frame *f = frame_new(buf_span(&b));
    buf_free(&b);
    return f;
}

static void source_metrics(void *arg, struct buf *out) {
    (void)arg;
    buf_puts(out, "gridscope_fills 7\n");
}

static bool source_ready(void *arg) {
    struct world *w = arg;
    return w->ready;
}

static void source_query(void *arg, uint64_t query_id, const struct server_query *q) {
    struct world *w = arg;
    w->query = *q;
    w->query_id = query_id;
    w->queries++;
}

static void source_more(void *arg, uint64_t query_id, bool gone) {
    struct world *w = arg;
    assert_true(query_id != 0);
    if (gone) w->gones++;
    else w->mores++;
}

static void source_topic(void *arg, const struct server_topic_event *e) {
    static const char *const kinds[] = {"+", "?", "-"};
    struct world *w = arg;
    size_t len = strlen(w->topics);
    snprintf(w->topics + len, sizeof w->topics - len, "%s%.*s=%zu ", kinds[e->kind], (int)e->topic.len, e->topic.at,
             e->subscribers);
}

/* --- the world --- */

enum err world_try(struct world *w, const struct server_config *config) {
    struct server_config c = *config;
    *w = (struct world){.ready = true};
    w->loop = loop_new(NULL);
    assert_non_null(w->loop);
    c.source = (struct server_source){source_snapshot, source_metrics, source_ready, source_query, source_topic, w,
                                      source_more};
    enum err e = server_new(&w->server, w->loop, &c, NULL);
    if (e != ERR_OK) w->server = NULL;
    else snprintf(w->name, sizeof w->name, "localhost:%u", server_port(w->server));
    return e;
}

void world_open(struct world *w, const struct server_config *config) {
    struct server_config c = config != NULL ? *config : (struct server_config){0};
    if (c.host == NULL) c.host = "127.0.0.1";
    if (c.first_seq == 0) c.first_seq = 100;
    if (c.timing.sweep_us == 0) c.timing.sweep_us = 20 * US_PER_MS;
    assert_int_equal(world_try(w, &c), ERR_OK);
}

static void on_closed(void *arg) {
    struct world *w = arg;
    w->closed = true;
}

void world_close(struct world *w) {
    if (w->server != NULL) {
        server_close(w->server, on_closed, w);
        for (int i = 0; i < 2000 && !w->closed; i++) world_run(w, US_PER_MS);
        assert_true(w->closed);
    }
    loop_free(w->loop);
}

static void stop(void *arg) { loop_break(arg); }

void world_run(struct world *w, int64_t us) {
    struct timer *t = timer_new(w->loop, stop, w->loop);
    loop_clock_refresh(w->loop);
    timer_at(t, mono_add(loop_now(w->loop).mono, us));
    loop_run(w->loop);
    timer_free(t);
}

/* --- HTTP --- */

int world_dial(struct world *w) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(server_port(w->server))};
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    return fd;
}

void fd_send(int fd, const char *bytes, size_t len) {
    assert_int_equal(send(fd, bytes, len, MSG_NOSIGNAL), (ssize_t)len); /* small: the socket takes it */
}

const char *header(const struct response *r, const char *name) {
    static char values[2][1024];
    static int turn;
    size_t len = strlen(name);
    char *out = values[turn++ % 2];
    out[0] = '\0';
    for (const char *line = strstr(r->text, "\r\n"); line != NULL && line + 2 < r->body;
         line = strstr(line + 2, "\r\n")) {
        if (strncasecmp(line + 2, name, len) != 0 || line[2 + len] != ':') continue;
        const char *value = line + 2 + len + 2, *end = strstr(value, "\r\n");
        snprintf(out, 1024, "%.*s", (int)(end - value), value);
    }
    return out;
}

static bool response_whole(struct response *r, bool head_only) {
    const char *end = strstr(r->text, "\r\n\r\n");
    if (end == NULL) return false;
    r->body = end + 4;
    r->body_len = r->len - (size_t)(r->body - r->text);
    r->status = atoi(r->text + 9);
    if (head_only || r->status == 101 || r->status == 304) return true;
    if (strcmp(header(r, "Transfer-Encoding"), "chunked") == 0)
        return r->len > 5 && memcmp(r->text + r->len - 5, "0\r\n\r\n", 5) == 0;
    return r->body_len >= strtoul(header(r, "Content-Length"), NULL, 10);
}

void fd_await(struct world *w, int fd, struct response *r, bool head_only) {
    *r = (struct response){0};
    for (int64_t waited = 0; waited < WAIT_US; waited += US_PER_MS) {
        ssize_t n = recv(fd, r->text + r->len, sizeof r->text - 1 - r->len, 0);
        if (n > 0) r->len += (size_t)n;
        r->text[r->len] = '\0';
        if (n > 0 && response_whole(r, head_only)) return;
        if (n == 0 || (n < 0 && errno != EAGAIN)) {
            r->status = 0;
            return;
        }
        if (n < 0) world_run(w, US_PER_MS);
    }
    fail_msg("no whole answer: %s", r->text);
}

void fd_ask(struct world *w, int fd, struct response *r, const char *request) {
    fd_send(fd, request, strlen(request));
    fd_await(w, fd, r, strncmp(request, "HEAD ", 5) == 0);
}

void ask(struct world *w, struct response *r, const char *method, const char *target, const char *extra,
         const char *body) {
    char request[8192];
    int fd = world_dial(w);
    int len = snprintf(request, sizeof request, "%s %s HTTP/1.1\r\nHost: %s\r\n%s", method, target, w->name, extra);
    if (body != NULL)
        len += snprintf(request + len, sizeof request - (size_t)len, "Content-Length: %zu\r\n", strlen(body));
    snprintf(request + len, sizeof request - (size_t)len, "\r\n%s", body != NULL ? body : "");
    fd_ask(w, fd, r, request);
    close(fd);
}

void get(struct world *w, struct response *r, const char *target) { ask(w, r, "GET", target, "", NULL); }

/* --- browsers --- */

void browser_open(struct world *w, struct browser *b, const char *target, const char *extra) {
    static struct response r;
    char request[2048];
    *b = (struct browser){.fd = world_dial(w), .answers = true};
    ws_decoder_init(&b->decoder, WS_CLIENT, 16 << 20);
    snprintf(request, sizeof request,
             "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n",
             target, w->name, extra);
    fd_ask(w, b->fd, &r, request);
    b->status = r.status;
    if (r.status != 101) return;
    b->in_len = r.body_len < sizeof b->in ? r.body_len : sizeof b->in; /* what came with the head may be megabytes */
    memcpy(b->in, r.body, b->in_len);
}

static void browser_put(struct browser *b, unsigned opcode, struct span payload) {
    struct buf out;
    buf_init(&out, 1 << 16);
    ws_put_frame(&out, opcode, payload, (const unsigned char *)"\1\2\3\4");
    send(b->fd, out.at, out.len, MSG_NOSIGNAL);
    buf_free(&out);
}

void browser_say(struct browser *b, const char *text) { browser_put(b, 1, span_of(text)); }

/* Takes what lies in the buffer up to the next text message. */
static const char *browser_take(struct browser *b) {
    static char *text;
    size_t used;
    while (b->in_len > 0 && b->closed == 0) {
        struct ws_event e = ws_feed(&b->decoder, b->in, b->in_len, &used);
        free(text);
        text = e.kind == WS_TEXT ? strndup(e.payload.at, e.payload.len) : NULL;
        if (e.kind == WS_CLOSE) b->closed = e.code;
        if (e.kind == WS_CLOSE) browser_put(b, 8, SPAN("\x03\xe8"));
        assert_true(e.kind != WS_BAD);
        if (e.kind == WS_PING) b->pings++;
        if (e.kind == WS_PING && b->answers) browser_put(b, 10, e.payload);
        b->in_len -= used;
        memmove(b->in, b->in + used, b->in_len);
        if (text != NULL) return text;
    }
    return NULL;
}

static const char *browser_wait(struct world *w, struct browser *b, int64_t us) {
    for (int64_t waited = 0; b->closed == 0; waited += US_PER_MS) {
        const char *text = browser_take(b);
        if (text != NULL || b->closed != 0) return text;
        ssize_t n = recv(b->fd, b->in + b->in_len, sizeof b->in - b->in_len, 0);
        if (n > 0) {
            b->in_len += (size_t)n;
            continue;
        }
        if (n == 0 || errno != EAGAIN) {
            b->closed = 1006;
            return NULL;
        }
        if (waited >= us) return NULL;
        world_run(w, US_PER_MS);
    }
    return NULL;
}

const char *browser_next(struct world *w, struct browser *b) {
    const char *text = browser_wait(w, b, WAIT_US);
    if (text == NULL && b->closed == 0) fail_msg("no message came");
    return text;
}

bool browser_hears(struct world *w, struct browser *b, int64_t us) { return browser_wait(w, b, us) != NULL; }

void browser_await_close(struct world *w, struct browser *b) {
    while (b->closed == 0)
        if (browser_next(w, b) == NULL) return;
}

void browser_drop(struct browser *b) {
    close(b->fd);
    ws_decoder_free(&b->decoder);
}
