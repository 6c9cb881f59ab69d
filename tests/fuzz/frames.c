/* frames.c: WebSocket bytes through the decoder twice, whole and cut into small pieces: the same messages must come out.
 * The first byte chooses the role and how the second reading is cut. */
#include "fuzz.h"

#include "base/map.h"
#include "io/ws_codec.h"

#include <stdlib.h>

enum { MESSAGE_MAX = 4096 };

struct seen {
    uint64_t events, bytes; /* how many, and a hash over kinds, codes and payloads */
    bool bad;
};

static void take(struct seen *s, const struct ws_event *e) {
    CHECK(e->kind <= WS_BAD && !s->bad);
    CHECK(e->kind == WS_BAD || e->payload.len <= MESSAGE_MAX);
    if (e->kind == WS_PING || e->kind == WS_PONG) CHECK(e->payload.len <= 125);
    if (e->kind == WS_CLOSE) CHECK(e->code == 1005 || (e->code >= 1000 && e->code < 5000));
    s->bad = e->kind == WS_BAD;
    if (s->bad) CHECK(e->code == 1002 || e->code == 1007 || e->code == 1009);
    s->events++;
    uint64_t of_this = s->bad ? 0 : fnv1a64(e->payload.len > 0 ? e->payload.at : "", e->payload.len);
    s->bytes = s->bytes * 1099511628211u + (of_this ^ e->kind ^ (s->bad ? 0u : (uint64_t)e->code << 8));
}

static struct seen decode(enum ws_role role, const uint8_t *data, size_t size, size_t piece) {
    struct ws_decoder d;
    struct seen s = {0};
    char *copy = malloc(size + 1); /* unmasking writes into it */
    CHECK(copy != NULL);
    if (size > 0) memcpy(copy, data, size);
    ws_decoder_init(&d, role, MESSAGE_MAX);
    for (size_t at = 0; at < size && !s.bad;) {
        size_t len = size - at < piece ? size - at : piece, used = 0;
        struct ws_event e = ws_feed(&d, copy + at, len, &used);
        CHECK(used <= len);
        CHECK(e.kind != WS_MORE || used == len); /* "everything was taken" */
        at += used;
        if (e.kind != WS_MORE) take(&s, &e);
    }
    ws_decoder_free(&d);
    free(copy);
    return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) return 0;
    enum ws_role role = data[0] & 1 ? WS_SERVER : WS_CLIENT;
    size_t piece = 1 + (data[0] >> 1) % 24;
    struct seen whole = decode(role, data + 1, size - 1, size);
    struct seen cut = decode(role, data + 1, size - 1, piece);
    CHECK(whole.events == cut.events && whole.bytes == cut.bytes && whole.bad == cut.bad);
    return 0;
}
