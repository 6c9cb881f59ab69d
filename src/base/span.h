/* span.h: bytes that belong to somebody else. A span never owns and is never NUL-terminated; `at` may be NULL only when
 * len is 0. */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct span {
    const char *at;
    size_t len;
};

/* For string literals only. */
#define SPAN(literal) ((struct span){"" literal, sizeof(literal) - 1})

static inline struct span span_of(const char *text) { return (struct span){text, text != NULL ? strlen(text) : 0}; }

static inline struct span span_from(const void *at, size_t len) { return (struct span){at, len}; }

static inline bool span_eq(struct span a, struct span b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

static inline bool span_is(struct span a, const char *text) { return span_eq(a, span_of(text)); }

static inline bool span_starts(struct span a, struct span prefix) {
    return a.len >= prefix.len && span_eq(span_from(a.at, prefix.len), prefix);
}

/* The rest after n bytes; n is capped at the length. */
static inline struct span span_skip(struct span a, size_t n) {
    n = n < a.len ? n : a.len;
    return (struct span){a.len > 0 ? a.at + n : a.at, a.len - n};
}

#endif
