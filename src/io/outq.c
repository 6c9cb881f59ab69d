#include "io/outq.h"

#include "base/check.h"
#include "base/limits.h"

#include <stdlib.h>

enum { FIRST_CAPACITY = 8 };

static bool grow(struct outq *q) {
    uint32_t capacity = q->capacity == 0 ? FIRST_CAPACITY : q->capacity * 2;
    struct frame **ring = calloc(capacity, sizeof *ring);
    if (ring == NULL) return false;
    for (uint32_t i = 0; i < q->count; i++) ring[i] = q->ring[(q->first + i) & (q->capacity - 1)];
    free(q->ring);
    q->ring = ring;
    q->first = 0;
    q->capacity = capacity;
    return true;
}

static enum err push(struct outq *q, struct frame *f, size_t sent) {
    if (f->len - sent > LIMIT_CONN_UNSENT_BYTES - q->bytes) return ERR_FULL;
    if (q->count == q->capacity && !grow(q)) return ERR_MEMORY;
    if (q->count == 0) q->sent = sent;
    q->ring[(q->first + q->count++) & (q->capacity - 1)] = frame_ref(f);
    q->bytes += f->len - sent;
    return ERR_OK;
}

static void pop(struct outq *q) {
    frame_unref(q->ring[q->first]);
    q->first = (q->first + 1) & (q->capacity - 1);
    q->count--;
    q->sent = 0;
}

/* Writes a frame from *sent on until it is gone or the socket is full. */
static enum err write_frame(struct stream *s, const struct frame *f, size_t *sent) {
    while (*sent < f->len) {
        long n = s->ops->write(s, f->at + *sent, f->len - *sent);
        if (n == STREAM_AGAIN) return ERR_OK;
        if (n < 0) return ERR_CLOSED;
        *sent += (size_t)n;
    }
    return ERR_OK;
}

enum err outq_send(struct outq *q, struct stream *s, struct frame *f) {
    size_t sent = 0;
    if (q->count == 0) {
        enum err e = write_frame(s, f, &sent);
        if (e != ERR_OK) return e;
    }
    return sent == f->len ? ERR_OK : push(q, f, sent);
}

enum err outq_flush(struct outq *q, struct stream *s, size_t *moved) {
    *moved = 0;
    while (q->count > 0) {
        const struct frame *f = q->ring[q->first];
        size_t before = q->sent;
        enum err e = write_frame(s, f, &q->sent);
        *moved += q->sent - before;
        q->bytes -= q->sent - before;
        if (e != ERR_OK) return e;
        if (q->sent < f->len) return ERR_OK;
        pop(q);
    }
    CHECK(q->bytes == 0);
    outq_free(q);
    return ERR_OK;
}

void outq_free(struct outq *q) {
    while (q->count > 0) pop(q);
    free(q->ring);
    *q = (struct outq){0};
}
