/* intake.c: bytes of a connection as HTTP requests, one behind the other, read whole and read in small pieces: the same
 * requests must come out, and the same refusal. The first byte chooses the piece. */
#include "fuzz.h"

#include "base/map.h"
#include "io/http_intake.h"

enum { BODY_MAX = 2048 };

struct seen {
    uint64_t requests, bytes;
    int refused;
};

static uint64_t mix(uint64_t h, struct span s) { return (h ^ fnv1a64(s.len > 0 ? s.at : "", s.len)) * 1099511628211u; }

static void take(struct seen *s, const struct intake *n) {
    const struct http1_head *h = &n->head;
    CHECK(h->method.len > 0 && h->target.len > 0 && h->header_count <= HTTP_HEADERS_MAX && !h->too_many);
    CHECK(h->target.at[0] == '/' || span_is(h->target, "*"));
    CHECK(n->body.len <= BODY_MAX && n->body_left == 0);
    CHECK(!n->upgrade || n->body.len == 0);
    s->requests++;
    s->bytes = mix(mix(s->bytes, h->method), h->target);
    for (size_t i = 0; i < h->header_count; i++) {
        CHECK(h->headers[i].name.len > 0 && http1_clean(h->headers[i].value));
        s->bytes = mix(mix(s->bytes, h->headers[i].name), h->headers[i].value);
    }
    s->bytes = mix(s->bytes, buf_span(&n->body)) + n->keep_alive * 3u + n->upgrade * 5u + n->wants_continue * 7u;
}

static struct seen read_all(const char *in, size_t size, size_t piece) {
    struct intake n;
    struct seen s = {0};
    intake_init(&n, BODY_MAX);
    for (size_t at = 0; at < size && s.refused == 0;) {
        size_t len = size - at < piece ? size - at : piece, used = 0;
        enum intake_step step = intake_feed(&n, in + at, len, &used);
        if (step == INTAKE_REFUSED) {
            CHECK(n.refused >= 400 && n.refused < 600);
            s.refused = n.refused;
            break;
        }
        CHECK(used > 0 && used <= len && intake_begun(&n));
        at += used;
        if (step == INTAKE_MORE) CHECK(used == len);
        if (step != INTAKE_WHOLE) continue;
        take(&s, &n);
        intake_reset(&n);
    }
    intake_free(&n);
    return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) return 0;
    const char *text = (const char *)data + 1;
    struct seen whole = read_all(text, size - 1, size), cut = read_all(text, size - 1, 1 + data[0] % 32);
    CHECK(whole.requests == cut.requests && whole.bytes == cut.bytes && whole.refused == cut.refused);
    return 0;
}
