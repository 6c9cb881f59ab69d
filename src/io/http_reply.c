/* http_reply.c: answers: a head and a body as frames, whole or in pieces. */
#include "io/http_conn.h"

#include "base/check.h"

#include <time.h>

enum { REPLY_HEAD_MAX = 64 << 10 }; /* our own headers; cookies and a content security policy are under 4 kB */

static const struct {
    int status;
    const char *reason;
} reasons[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {418, "I'm a teapot"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

static const char *reason_of(int status) {
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].status == status) return reasons[i].reason;
    return "Unknown";
}

/* The Date header's value (RFC 9110, 5.6.7), made once a second. */
static const char *date_text(struct http_server *s) {
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int64_t second = loop_now(s->loop).wall.us / US_PER_S;
    if (second == s->date_second) return s->date;
    time_t t = (time_t)second;
    struct tm tm;
    CHECK(gmtime_r(&t, &tm) != NULL);
    size_t n = strftime(s->date, sizeof s->date, "xxx, %d xxx %Y %H:%M:%S GMT", &tm);
    CHECK(n == 29);
    memcpy(s->date, days[tm.tm_wday], 3); /* by hand: strftime's names follow the locale */
    memcpy(s->date + 8, months[tm.tm_mon], 3);
    s->date_second = second;
    return s->date;
}

static void put_headers(struct buf *out, const struct http_header *headers, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (!http1_clean(headers[i].name) || !http1_clean(headers[i].value)) continue;
        buf_put_span(out, headers[i].name);
        buf_puts(out, ": ");
        buf_put_span(out, headers[i].value);
        buf_puts(out, "\r\n");
    }
}

static void put_head(struct conn *c, struct buf *out, int status, const struct http_header *headers, size_t count) {
    buf_putf(out, "HTTP/1.1 %d %s\r\nDate: %s\r\n", status, reason_of(status), date_text(c->server));
    put_headers(out, headers, count);
}

static void put_connection(struct conn *c, struct buf *out) {
    buf_puts(out, c->keep_alive ? "Connection: keep-alive\r\n" : "Connection: close\r\n");
}

static bool has_body(int status) { return status >= 200 && status != 204 && status != 304; }

/* The answer is complete: the next request may come, or the connection ends. */
static void answered(struct conn *c) {
    if (c->state == CONN_DEAD) return;
    conn_enter(c, c->keep_alive ? CONN_DRAINING : CONN_FLUSHING);
    conn_changed(c);
}

static void respond(struct conn *c, const struct http_reply *r) {
    struct span body = r->frame != NULL ? span_from(r->frame->at, r->frame->len) : r->body;
    struct buf out;
    buf_init(&out, REPLY_HEAD_MAX + body.len);
    c->keep_alive = c->keep_alive && !r->close;
    put_head(c, &out, r->status, r->headers, r->header_count);
    if (has_body(r->status)) buf_putf(&out, "Content-Length: %zu\r\n", body.len);
    put_connection(c, &out);
    buf_puts(&out, "\r\n");
    bool sends_body = has_body(r->status) && !c->head_only && body.len > 0;
    if (sends_body && r->frame == NULL) buf_put_span(&out, body);
    if (out.failed != ERR_OK) conn_die(c);
    else conn_send_bytes(c, buf_span(&out));
    if (sends_body && r->frame != NULL && c->state != CONN_DEAD) conn_send(c, r->frame);
    buf_free(&out);
    answered(c);
}

void conn_refuse(struct conn *c, int status) {
    const struct http_header type = {SPAN("Content-Type"), SPAN("text/plain; charset=utf-8")};
    conn_enter(c, CONN_BUSY);
    respond(
        c,
        &(struct http_reply){
            .status = status, .headers = &type, .header_count = 1, .body = span_of(reason_of(status)), .close = true});
}

void conn_continue(struct conn *c) { conn_send_bytes(c, SPAN("HTTP/1.1 100 Continue\r\n\r\n")); }

/* The connection whose request waits for an answer; NULL where it is gone or was silenced. */
static struct conn *find_waiting(const struct http_server *s, conn_id id, enum conn_state expected) {
    struct conn *c = conn_find(s, id);
    if (c == NULL || c->state == CONN_MUTE) return NULL;
    CHECK(c->state == expected);
    return c;
}

void http_respond(struct http_server *s, conn_id id, const struct http_reply *r) {
    struct conn *c = find_waiting(s, id, CONN_BUSY);
    if (c != NULL) respond(c, r);
}

void http_respond_begin(struct http_server *s, conn_id id, int status, const struct http_header *headers,
                        size_t count) {
    struct conn *c = find_waiting(s, id, CONN_BUSY);
    if (c == NULL) return;
    CHECK(has_body(status));
    c->chunked = c->intake->head.minor == 1;
    c->keep_alive = c->keep_alive && c->chunked;
    struct buf out;
    buf_init(&out, REPLY_HEAD_MAX);
    put_head(c, &out, status, headers, count);
    if (c->chunked) buf_puts(&out, "Transfer-Encoding: chunked\r\n");
    put_connection(c, &out);
    buf_puts(&out, "\r\n");
    conn_enter(c, CONN_STREAMING);
    if (out.failed != ERR_OK) conn_die(c);
    else conn_send_bytes(c, buf_span(&out));
    buf_free(&out);
    conn_changed(c);
}

bool http_respond_piece(struct http_server *s, conn_id id, struct span piece) {
    struct conn *c = find_waiting(s, id, CONN_STREAMING);
    if (c == NULL) return false;
    if (piece.len == 0 || c->head_only) return true; /* an empty chunk would be the end */
    struct buf out;
    buf_init(&out, piece.len + 32);
    if (c->chunked) buf_putf(&out, "%zx\r\n", piece.len);
    buf_put_span(&out, piece);
    if (c->chunked) buf_puts(&out, "\r\n");
    if (out.failed != ERR_OK) conn_die(c);
    else conn_send_bytes(c, buf_span(&out));
    buf_free(&out);
    conn_changed(c);
    return c->state != CONN_DEAD;
}

void http_respond_end(struct http_server *s, conn_id id) {
    struct conn *c = find_waiting(s, id, CONN_STREAMING);
    if (c == NULL) return;
    if (c->chunked && !c->head_only) conn_send_bytes(c, SPAN("0\r\n\r\n"));
    answered(c);
}

void http_send_raw(struct http_server *s, conn_id id, struct span bytes) {
    struct conn *c = conn_find(s, id);
    if (c == NULL || c->state == CONN_MUTE) return;
    conn_enter(c, CONN_MUTE);
    conn_send_bytes(c, bytes);
    conn_changed(c);
}

bool http_upgrade(struct http_server *s, conn_id id, const struct http_header *headers, size_t count) {
    struct conn *c = find_waiting(s, id, CONN_BUSY);
    if (c == NULL) return false;
    CHECK(c->intake->upgrade);
    const struct http1_head *head = &c->intake->head;
    char accept[29];
    ws_accept_key(accept, http1_find(head->headers, head->header_count, "Sec-WebSocket-Key")->value);
    struct buf out;
    buf_init(&out, REPLY_HEAD_MAX);
    put_head(c, &out, 101, headers, count);
    buf_putf(&out, "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n", accept);
    ws_decoder_init(&c->decoder, WS_SERVER, s->config.max_message);
    conn_enter(c, CONN_OPEN);
    c->upgraded = c->open_due = true;
    if (out.failed != ERR_OK) conn_die(c);
    else conn_send_bytes(c, buf_span(&out));
    buf_free(&out);
    conn_changed(c);
    return true;
}
