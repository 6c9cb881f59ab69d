/* buf.h: a growing byte buffer with a maximum given at birth. A write that would pass the maximum, or find no memory,
 * changes nothing and sets a sticky error, so that a long encoding checks once at its end. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/err.h"
#include "base/span.h"

#include <stdarg.h>

struct buf {
    char *at; /* owned; NULL until the first write. Always NUL-terminated behind len once it is not NULL */
    size_t len, cap, max;
    enum err failed; /* ERR_OK, or the first failure: ERR_TOO_BIG, ERR_MEMORY */
};

/* max: the most bytes it may hold. Nothing is allocated. */
void buf_init(struct buf *b, size_t max);
void buf_free(struct buf *b);                 /* frees; afterwards as after buf_init with the same max */
static inline void buf_clear(struct buf *b) { /* keeps the memory */
    b->len = 0;
    b->failed = ERR_OK;
    if (b->at != NULL) b->at[0] = '\0';
}

void buf_put(struct buf *b, const void *bytes, size_t len);
void buf_putc(struct buf *b, char c);
void buf_puts(struct buf *b, const char *text);
void buf_put_span(struct buf *b, struct span s);
void buf_putf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vputf(struct buf *b, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
void buf_put_u64(struct buf *b, unsigned long long v);
void buf_put_i64(struct buf *b, long long v);
/* The text as the inside of a JSON string: quotes, backslashes and control characters escaped; no quotes around it.
 * Invalid UTF-8 becomes U+FFFD. */
void buf_put_json_text(struct buf *b, struct span text);

/* Room for at least `more` bytes behind len; false (and failed set) where it cannot be had. */
bool buf_reserve(struct buf *b, size_t more);

/* Drops n bytes from the front; n <= len. */
void buf_consume(struct buf *b, size_t n);

static inline struct span buf_span(const struct buf *b) { return (struct span){b->at, b->len}; }

#endif
