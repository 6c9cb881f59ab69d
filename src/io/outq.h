/* outq.h: inside io/ only: what a socket has not taken yet: references to shared frames, sent in order. Empty queues own
 * no memory (there may be 10,000 of them). */
#ifndef IO_OUTQ_H
#define IO_OUTQ_H

#include "base/frame.h"
#include "io/stream.h"

struct outq {
    struct frame **ring; /* owned; capacity a power of two */
    uint32_t first, count, capacity;
    size_t sent;  /* bytes of the first frame that are gone */
    size_t bytes; /* unsent, of all */
};

/* Writes at once where nothing waits, and keeps a reference for the rest. ERR_CLOSED: the socket failed; ERR_FULL: more
 * than LIMIT_CONN_UNSENT_BYTES would wait; ERR_MEMORY. After an error the connection is of no use. */
MUST_CHECK enum err outq_send(struct outq *q, struct stream *s, struct frame *f);
/* Writes what the socket takes. *moved: bytes. ERR_CLOSED. */
MUST_CHECK enum err outq_flush(struct outq *q, struct stream *s, size_t *moved);
void outq_free(struct outq *q); /* afterwards empty */

#endif
