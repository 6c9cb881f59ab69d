/* front.c: see front.h. */
#include "sim/front.h"

#include "base/check.h"

#include <stdarg.h>
#include <stdio.h>

void front_init(struct front_reply *r) {
    *r = (struct front_reply){.status = 200};
    buf_init(&r->body, FRONT_BODY_MAX);
}

void front_free(struct front_reply *r) { buf_free(&r->body); }

void front_header(struct front_reply *r, const char *name, const char *format, ...) {
    CHECK(r->header_count < FRONT_HEADERS_MAX);
    struct front_header *h = &r->headers[r->header_count++];
    va_list args;
    va_start(args, format);
    h->name = name;
    vsnprintf(h->value, sizeof h->value, format, args);
    va_end(args);
}

void front_text(struct front_reply *r, int status, const char *content_type, const char *text) {
    r->status = status;
    buf_clear(&r->body);
    buf_puts(&r->body, text);
    front_header(r, "Content-Type", "%s", content_type);
}
