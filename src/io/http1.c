#include "io/http1.h"

#include "base/check.h"

#include <strings.h>

void http1_gather_init(struct http1_gather *g, size_t max) {
    *g = (struct http1_gather){0};
    buf_init(&g->bytes, max);
}

void http1_gather_free(struct http1_gather *g) {
    buf_free(&g->bytes);
    g->line_at = 0;
}

void http1_gather_clear(struct http1_gather *g) {
    buf_clear(&g->bytes);
    g->line_at = 0;
}

/* A line with its LF. An empty one is the end of the head; *empty says so. */
static bool line_sound(struct span line, bool *empty) {
    if (line.len < 2 || line.at[line.len - 2] != '\r') return false;
    struct span inside = {line.at, line.len - 2};
    *empty = inside.len == 0;
    if (*empty) return true;
    return memchr(inside.at, '\r', inside.len) == NULL && memchr(inside.at, '\0', inside.len) == NULL &&
           inside.at[0] != ' ' && inside.at[0] != '\t';
}

/* Looks at the lines that are complete; the head ends at the first empty one. */
static enum http1_step judge_lines(struct http1_gather *g, size_t look_from) {
    struct buf *b = &g->bytes;
    for (const char *lf; (lf = memchr(b->at + look_from, '\n', b->len - look_from)) != NULL;) {
        size_t end = (size_t)(lf - b->at) + 1;
        bool empty;
        if (!line_sound(span_from(b->at + g->line_at, end - g->line_at), &empty)) return HTTP1_BAD;
        if (empty && g->line_at == 0) return HTTP1_BAD;
        g->line_at = look_from = end;
        if (empty) return HTTP1_WHOLE;
    }
    return HTTP1_MORE;
}

enum http1_step http1_gather(struct http1_gather *g, const char *in, size_t len, size_t *used) {
    struct buf *b = &g->bytes;
    size_t before = b->len, room = b->max - before;
    size_t n = len < room ? len : room;
    *used = n;
    if (n == 0) return len == 0 ? HTTP1_MORE : HTTP1_TOO_BIG;
    buf_put(b, in, n);
    if (b->failed != ERR_OK) return HTTP1_TOO_BIG;
    enum http1_step step = judge_lines(g, before);
    if (step == HTTP1_WHOLE) {
        *used = g->line_at - before;
        b->len = g->line_at;
    }
    return step == HTTP1_MORE && b->len == b->max ? HTTP1_TOO_BIG : step;
}

bool http1_name_is(struct span name, const char *wanted) {
    return name.len == strlen(wanted) && (name.len == 0 || strncasecmp(name.at, wanted, name.len) == 0);
}

const struct http_header *http1_find(const struct http_header *headers, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++)
        if (http1_name_is(headers[i].name, name)) return &headers[i];
    return NULL;
}

size_t http1_count(const struct http_header *headers, size_t count, const char *name) {
    size_t n = 0;
    for (size_t i = 0; i < count; i++) n += http1_name_is(headers[i].name, name);
    return n;
}

static struct span trim(struct span s) {
    while (s.len > 0 && (s.at[0] == ' ' || s.at[0] == '\t')) s = span_skip(s, 1);
    while (s.len > 0 && (s.at[s.len - 1] == ' ' || s.at[s.len - 1] == '\t')) s.len--;
    return s;
}

bool http1_has_token(struct span value, const char *token) {
    while (value.len > 0) {
        const char *comma = memchr(value.at, ',', value.len);
        size_t n = comma != NULL ? (size_t)(comma - value.at) : value.len;
        if (http1_name_is(trim(span_from(value.at, n)), token)) return true;
        value = span_skip(value, n + 1);
    }
    return false;
}

bool http1_clean(struct span value) {
    for (size_t i = 0; i < value.len; i++)
        if (value.at[i] == '\r' || value.at[i] == '\n' || value.at[i] == '\0') return false;
    return true;
}

static bool token_char(unsigned char c) { /* RFC 9110, 5.6.2 */
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool token(struct span s) {
    for (size_t i = 0; i < s.len; i++)
        if (!token_char((unsigned char)s.at[i])) return false;
    return s.len > 0;
}

/* The request line has exactly two spaces: method, target, version. */
static bool request_line_sound(struct http1_head *out, struct span head) {
    const char *end = memchr(head.at, '\r', head.len);
    CHECK(end != NULL);
    struct span line = {head.at, (size_t)(end - head.at)};
    size_t spaces = 0;
    for (size_t i = 0; i < line.len; i++) {
        unsigned char c = (unsigned char)line.at[i];
        if (c < 0x20 || c >= 0x7f) return false; /* raw bytes beyond ASCII have to be percent-encoded */
        spaces += c == ' ';
    }
    if (spaces != 2) return false;
    const char *space = memchr(line.at, ' ', line.len);
    out->method = span_from(line.at, (size_t)(space - line.at));
    return token(out->method) && out->target.len > 0;
}

bool http1_read(struct http1_head *out, enum http1_kind kind, struct span head) {
    *out = (struct http1_head){0};
    if (!http1_parse(out, kind, head)) return false;
    for (size_t i = 0; i < out->header_count; i++) {
        if (!token(out->headers[i].name)) return false;
        out->headers[i].value = trim(out->headers[i].value);
    }
    return kind == HTTP1_RESPONSE || request_line_sound(out, head);
}
