/* ws_server.c: upgraded connections: frames in, events to the owner; shared frames out. */
#include "io/http_conn.h"

#include "base/check.h"

enum {
    OP_TEXT = 1,
    OP_CLOSE = 8,
    OP_PING = 9,
    OP_PONG = 10,
    CONTROL_MAX = 125,
    REASON_MAX = 123,
    CODE_NONE = 1005,
    CODE_ABNORMAL = 1006
};

void conn_tell(struct conn *c, int kind, struct span data, uint16_t code) {
    struct http_server *s = c->server;
    if (s->closing || !c->upgraded) return;
    struct ws_server_event e = {.kind = kind, .data = data, .code = code};
    s->config.on_ws(s->config.arg, conn_id_of(c), &e);
}

/* The last event; what is left is to get our bytes out and hang up. */
static void finish(struct conn *c, struct span reason, uint16_t code) {
    conn_enter(c, CONN_FLUSHING);
    conn_tell(c, WS_SERVER_CLOSED, reason, code);
    c->upgraded = false;
    if (c->state != CONN_DEAD) conn_forget_id(c);
}

/* One frame of our own making. */
static struct frame *frame_of(unsigned opcode, struct span payload) {
    unsigned char head[WS_HEAD_MAX];
    size_t n = ws_frame_head(head, opcode, payload.len, NULL);
    struct frame *f = frame_alloc(n + payload.len);
    if (f == NULL) return NULL;
    memcpy(f->at, head, n);
    if (payload.len > 0) memcpy(f->at + n, payload.at, payload.len);
    return f;
}

static void send_new(struct conn *c, unsigned opcode, struct span payload) {
    struct frame *f = frame_of(opcode, payload);
    if (f == NULL) conn_die(c);
    else conn_send(c, f);
    frame_unref(f);
}

void conn_send_close(struct conn *c, uint16_t code, struct span reason) {
    char payload[CONTROL_MAX] = {(char)(code >> 8), (char)code};
    size_t n = reason.len < REASON_MAX ? reason.len : REASON_MAX;
    while (n < reason.len && n > 0 && ((unsigned char)reason.at[n] & 0xc0) == 0x80) n--; /* not inside a character */
    if (n > 0) memcpy(payload + 2, reason.at, n);
    send_new(c, OP_CLOSE, code == CODE_NONE ? SPAN("") : span_from(payload, 2 + n));
}

/* RFC 6455, 5.5.3: only the newest ping needs an answer. A peer that pings and does not read gets one pong, later. */
static void answer_ping(struct conn *c, struct span payload) {
    if (c->out.count == 0) {
        send_new(c, OP_PONG, payload);
        return;
    }
    frame_unref(c->owed_pong);
    c->owed_pong = frame_of(OP_PONG, payload);
    if (c->owed_pong == NULL) conn_die(c);
}

void conn_drained(struct conn *c) {
    struct frame *pong = c->owed_pong;
    c->owed_pong = NULL;
    if (pong != NULL && c->state == CONN_OPEN) conn_send(c, pong);
    frame_unref(pong);
    if (c->state == CONN_OPEN && c->out.count == 0) conn_tell(c, WS_SERVER_WRITABLE, SPAN(""), 0);
}

static void on_open_event(struct conn *c, const struct ws_event *e) {
    switch (e->kind) {
    case WS_TEXT: conn_tell(c, WS_SERVER_TEXT, e->payload, 0); break;
    case WS_BINARY: conn_tell(c, WS_SERVER_BINARY, e->payload, 0); break;
    case WS_PONG: conn_tell(c, WS_SERVER_PONG, e->payload, 0); break;
    case WS_PING:
        if (c->server->config.auto_pong) answer_ping(c, e->payload);
        if (c->state == CONN_OPEN) conn_tell(c, WS_SERVER_PING, e->payload, 0);
        break;
    case WS_CLOSE:
    case WS_BAD:
        conn_send_close(c, e->code, SPAN(""));
        if (c->state != CONN_DEAD) finish(c, e->payload, e->code);
        break;
    case WS_MORE: break;
    }
}

static void on_closing_event(struct conn *c, const struct ws_event *e) {
    if (e->kind == WS_CLOSE) finish(c, e->payload, e->code);
    if (e->kind == WS_BAD) finish(c, e->payload, CODE_ABNORMAL);
}

size_t conn_take_frames(struct conn *c, char *in, size_t len) {
    size_t used = 0;
    while (used < len && ((c->state == CONN_OPEN && !c->paused) || c->state == CONN_CLOSING)) {
        size_t n;
        struct ws_event e = ws_feed(&c->decoder, in + used, len - used, &n);
        used += n;
        if (c->state == CONN_OPEN) on_open_event(c, &e);
        else on_closing_event(c, &e);
    }
    return used;
}

/* ---- the owner's calls ---- */

static struct conn *find_open(const struct http_server *s, conn_id id) {
    struct conn *c = conn_find(s, id);
    return c != NULL && c->state == CONN_OPEN ? c : NULL;
}

bool ws_server_send_frame(struct http_server *s, conn_id id, struct frame *f) {
    struct conn *c = find_open(s, id);
    if (c == NULL) return false;
    conn_send(c, f);
    return c->state == CONN_OPEN;
}

static bool send_to(struct http_server *s, conn_id id, unsigned opcode, struct span payload) {
    struct conn *c = find_open(s, id);
    if (c == NULL) return false;
    send_new(c, opcode, payload);
    return c->state == CONN_OPEN;
}

bool ws_server_send_text(struct http_server *s, conn_id id, struct span text) { return send_to(s, id, OP_TEXT, text); }

bool ws_server_ping(struct http_server *s, conn_id id, struct span payload) { return send_to(s, id, OP_PING, payload); }

bool ws_server_pong(struct http_server *s, conn_id id, struct span payload) { return send_to(s, id, OP_PONG, payload); }

void ws_server_close(struct http_server *s, conn_id id, uint16_t code, struct span reason) {
    struct conn *c = find_open(s, id);
    if (c == NULL) return;
    conn_enter(c, CONN_CLOSING);
    conn_send_close(c, code, reason);
    conn_changed(c);
}
