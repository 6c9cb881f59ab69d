/* frame.h: bytes encoded once and shared by many readers: a reference count, the length, the bytes. One thread only. */
#ifndef BASE_FRAME_H
#define BASE_FRAME_H

#include "base/span.h"

#include <stdint.h>

struct frame {
    uint32_t refs;
    uint64_t seq; /* the caller's: the sequence number of a delta, else 0 */
    size_t len;
    char at[]; /* len bytes */
};

/* A copy of the bytes with one reference, which the caller owns; NULL without memory. */
struct frame *frame_new(struct span bytes);
/* Room for len bytes, to be written before it is shared. */
struct frame *frame_alloc(size_t len);
struct frame *frame_ref(struct frame *f); /* one more reference; returns f */
void frame_unref(struct frame *f);        /* drops one, frees at zero; NULL is allowed */

#endif
