/* name.h: a short text held by value: a symbol ("BTC/USDT", "BTCUSDT"), an asset ("BNB"), an interval. Always
 * NUL-terminated and zero-filled behind the text, so that names compare with memcmp and copy by assignment. Exchange
 * names may hold non-ASCII UTF-8; the longest known symbol has 20 bytes. */
#ifndef BASE_NAME_H
#define BASE_NAME_H

#include "base/err.h"
#include "base/span.h"

enum { NAME_MAX = 32 }; /* bytes including the NUL: a symbol of two 14-byte assets and a slash still fits */

struct name {
    char text[NAME_MAX];
};

/* ERR_TOO_BIG when the text does not fit, ERR_SYNTAX when it holds a NUL or another control character. */
MUST_CHECK enum err name_set(struct name *out, struct span text);

static inline bool name_empty(const struct name *n) { return n->text[0] == '\0'; }

static inline bool name_eq(const struct name *a, const struct name *b) {
    return memcmp(a->text, b->text, NAME_MAX) == 0;
}

static inline struct span name_span(const struct name *n) { return span_of(n->text); }

static inline bool name_is(const struct name *n, const char *text) { return strcmp(n->text, text) == 0; }

/* From a literal known to fit: a longer one is our own mistake and stops the program. */
struct name name_of(const char *text);

#endif
