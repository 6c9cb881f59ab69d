#include "io/http_intake.h"

#include "base/check.h"

#include <string.h>

enum { KEEP_BYTES = 4096 }; /* memory kept between requests of one connection: most heads and bodies fit */

void intake_init(struct intake *n, size_t max_body) {
    *n = (struct intake){0};
    http1_gather_init(&n->gather, LIMIT_HTTP_HEAD_BYTES);
    buf_init(&n->body, max_body);
}

void intake_free(struct intake *n) {
    http1_gather_free(&n->gather);
    buf_free(&n->body);
}

void intake_reset(struct intake *n) {
    if (n->gather.bytes.cap > KEEP_BYTES) http1_gather_free(&n->gather);
    else http1_gather_clear(&n->gather);
    if (n->body.cap > KEEP_BYTES) buf_free(&n->body);
    else buf_clear(&n->body);
    n->head.header_count = 0;
    n->body_left = 0;
    n->head_known = n->keep_alive = n->wants_continue = n->upgrade = false;
    n->refused = 0;
}

bool intake_begun(const struct intake *n) { return n->gather.bytes.len > 0; }

static const struct http_header *find(const struct intake *n, const char *name) {
    return http1_find(n->head.headers, n->head.header_count, name);
}

static size_t count(const struct intake *n, const char *name) {
    return http1_count(n->head.headers, n->head.header_count, name);
}

/* Decimal digits alone, at most 18 of them. */
static bool read_size(struct span text, uint64_t *out) {
    uint64_t v = 0;
    if (text.len == 0 || text.len > 18) return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9') return false;
        v = v * 10 + (uint64_t)(text.at[i] - '0');
    }
    *out = v;
    return true;
}

/* How long the body is; or the status to refuse with. */
static int judge_body(struct intake *n) {
    size_t lengths = count(n, "Content-Length");
    if (count(n, "Transfer-Encoding") > 0) return lengths > 0 ? 400 : 411;
    if (lengths == 0) return 0;
    uint64_t size;
    if (lengths > 1 || !read_size(find(n, "Content-Length")->value, &size)) return 400;
    if (size > n->body.max) return 413;
    n->body_left = (size_t)size;
    return 0;
}

static bool base64_char(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

/* 16 bytes in base64: 22 characters and "==" */
static bool key_sound(struct span key) {
    if (key.len != 24 || key.at[22] != '=' || key.at[23] != '=') return false;
    for (int i = 0; i < 22; i++)
        if (!base64_char(key.at[i])) return false;
    return true;
}

static bool wants_websocket(const struct intake *n) { /* RFC 6455, 4.2.1 */
    const struct http_header *upgrade = find(n, "Upgrade"), *connection = find(n, "Connection"),
                             *key = find(n, "Sec-WebSocket-Key"), *version = find(n, "Sec-WebSocket-Version");
    return span_is(n->head.method, "GET") && n->head.minor == 1 && n->body_left == 0 && upgrade != NULL &&
           connection != NULL && key != NULL && version != NULL && count(n, "Sec-WebSocket-Key") == 1 &&
           count(n, "Sec-WebSocket-Version") == 1 && http1_has_token(upgrade->value, "websocket") &&
           http1_has_token(connection->value, "Upgrade") && span_is(version->value, "13") && key_sound(key->value);
}

/* 0, or the status to refuse a complete head with. */
static int judge_head(struct intake *n) {
    const struct http1_head *h = &n->head;
    if (h->too_many) return 431;
    if (h->major != 1 || h->minor > 1) return 505;
    if (h->target.at[0] != '/' && !span_is(h->target, "*")) return 400;
    if (count(n, "Host") > 1 || (h->minor == 1 && count(n, "Host") == 0)) return 400;
    int refused = judge_body(n);
    if (refused != 0) return refused;
    const struct http_header *connection = find(n, "Connection"), *expect = find(n, "Expect");
    if (expect != NULL && !http1_name_is(expect->value, "100-continue")) return 417;
    n->wants_continue = expect != NULL && n->body_left > 0;
    n->keep_alive = h->minor == 1 && !(connection != NULL && http1_has_token(connection->value, "close"));
    n->upgrade = wants_websocket(n);
    return 0;
}

static enum intake_step refuse(struct intake *n, int status) {
    n->refused = status;
    return INTAKE_REFUSED;
}

static enum intake_step take_head(struct intake *n, const char *in, size_t len, size_t *used) {
    switch (http1_gather(&n->gather, in, len, used)) {
    case HTTP1_MORE: return INTAKE_MORE;
    case HTTP1_BAD: return refuse(n, 400);
    case HTTP1_TOO_BIG: return refuse(n, 431);
    case HTTP1_WHOLE: break;
    }
    if (!http1_read(&n->head, HTTP1_REQUEST, buf_span(&n->gather.bytes))) return refuse(n, 400);
    int refused = judge_head(n);
    if (refused != 0) return refuse(n, refused);
    n->head_known = true;
    return n->body_left > 0 ? INTAKE_BODY : INTAKE_WHOLE;
}

enum intake_step intake_feed(struct intake *n, const char *in, size_t len, size_t *used) {
    CHECK(n->refused == 0);
    if (!n->head_known) return take_head(n, in, len, used);
    CHECK(n->body_left > 0);
    *used = len < n->body_left ? len : n->body_left;
    buf_put(&n->body, in, *used);
    if (n->body.failed != ERR_OK) return refuse(n, 503);
    n->body_left -= *used;
    return n->body_left > 0 ? INTAKE_MORE : INTAKE_WHOLE;
}
