/* http1_llhttp.c: http1_parse with llhttp (where it is packaged instead of http-parser). The head comes whole, so each
 * callback gives a whole piece. */
#include "io/http1.h"

#include <llhttp.h>

struct reading {
    struct http1_head *out;
    bool whole;
};

static int on_url(llhttp_t *p, const char *at, size_t len) {
    struct reading *r = p->data;
    r->out->target = span_from(at, len);
    return 0;
}

static int on_field(llhttp_t *p, const char *at, size_t len) {
    struct http1_head *out = ((struct reading *)p->data)->out;
    out->too_many = out->too_many || out->header_count == HTTP_HEADERS_MAX;
    if (!out->too_many) out->headers[out->header_count++] = (struct http_header){.name = span_from(at, len)};
    return 0;
}

static int on_value(llhttp_t *p, const char *at, size_t len) {
    struct http1_head *out = ((struct reading *)p->data)->out;
    if (!out->too_many && out->header_count > 0) out->headers[out->header_count - 1].value = span_from(at, len);
    return 0;
}

static int on_head(llhttp_t *p) {
    struct reading *r = p->data;
    r->out->major = llhttp_get_http_major(p);
    r->out->minor = llhttp_get_http_minor(p);
    r->out->status = p->status_code;
    r->whole = true;
    return HPE_PAUSED;
}

bool http1_parse(struct http1_head *out, enum http1_kind kind, struct span head) {
    llhttp_settings_t settings;
    llhttp_settings_init(&settings);
    settings.on_url = on_url;
    settings.on_header_field = on_field;
    settings.on_header_value = on_value;
    settings.on_headers_complete = on_head;
    struct reading r = {.out = out};
    llhttp_t p;
    llhttp_init(&p, kind == HTTP1_REQUEST ? HTTP_REQUEST : HTTP_RESPONSE, &settings);
    p.data = &r;
    return llhttp_execute(&p, head.at, head.len) == HPE_PAUSED && r.whole;
}
