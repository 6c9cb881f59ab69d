#include "base/frame.h"

#include "base/check.h"

#include <stdlib.h>

struct frame *frame_alloc(size_t len) {
    struct frame *f = malloc(sizeof *f + len);
    if (f != NULL) *f = (struct frame){.refs = 1, .len = len};
    return f;
}

struct frame *frame_new(struct span bytes) {
    struct frame *f = frame_alloc(bytes.len);
    if (f != NULL && bytes.len > 0) memcpy(f->at, bytes.at, bytes.len);
    return f;
}

struct frame *frame_ref(struct frame *f) {
    CHECK(f->refs > 0 && f->refs < UINT32_MAX);
    f->refs++;
    return f;
}

void frame_unref(struct frame *f) {
    if (f == NULL) return;
    CHECK(f->refs > 0);
    if (--f->refs == 0) free(f);
}
