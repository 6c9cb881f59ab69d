/* http1_parser.c: http1_parse with http-parser (Debian 12). The head comes whole, so each callback gives a whole piece. */
#include "io/http1.h"

#include <http_parser.h>

enum { STOP = -1 }; /* what a callback answers to end the parse */

struct reading {
    struct http1_head *out;
    bool whole;
};

static int on_url(http_parser *p, const char *at, size_t len) {
    struct reading *r = p->data;
    r->out->target = span_from(at, len);
    return 0;
}

static int on_field(http_parser *p, const char *at, size_t len) {
    struct http1_head *out = ((struct reading *)p->data)->out;
    out->too_many = out->too_many || out->header_count == HTTP_HEADERS_MAX;
    if (!out->too_many) out->headers[out->header_count++] = (struct http_header){.name = span_from(at, len)};
    return 0;
}

static int on_value(http_parser *p, const char *at, size_t len) {
    struct http1_head *out = ((struct reading *)p->data)->out;
    if (!out->too_many && out->header_count > 0) out->headers[out->header_count - 1].value = span_from(at, len);
    return 0;
}

static int on_head(http_parser *p) {
    struct reading *r = p->data;
    r->out->major = p->http_major;
    r->out->minor = p->http_minor;
    r->out->status = (int)p->status_code;
    r->whole = true;
    return STOP;
}

bool http1_parse(struct http1_head *out, enum http1_kind kind, struct span head) {
    const http_parser_settings settings = {
        .on_url = on_url, .on_header_field = on_field, .on_header_value = on_value, .on_headers_complete = on_head};
    struct reading r = {.out = out};
    http_parser p;
    http_parser_init(&p, kind == HTTP1_REQUEST ? HTTP_REQUEST : HTTP_RESPONSE);
    p.data = &r;
    (void)http_parser_execute(&p, &settings, head.at, head.len);
    return r.whole && HTTP_PARSER_ERRNO(&p) == HPE_CB_headers_complete;
}
