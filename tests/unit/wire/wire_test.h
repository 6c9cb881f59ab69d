/* wire_test.h: what the tests of wire/ share: files of tests/data, decimals and times from text, and takers that keep the
 * rows they are given. */
#ifndef WIRE_TEST_H
#define WIRE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/binance.h"

/* The file's bytes, NUL-terminated, to be freed; the test fails where it cannot be read. */
static inline char *read_file(const char *path, size_t *len) {
    FILE *f = fopen(path, "rb");
    if (f == NULL) fail_msg("%s cannot be opened", path);
    char *bytes = NULL;
    size_t room = 0;
    *len = 0;
    for (size_t got = 1; got > 0; *len += got) {
        if (room - *len < 4096) bytes = realloc(bytes, room = room * 2 + 8192);
        assert_non_null(bytes);
        got = fread(bytes + *len, 1, room - *len - 1, f);
    }
    bytes[*len] = '\0';
    (void)fclose(f);
    return bytes;
}

static inline char *data_path(char out[static 512], const char *name) {
    const char *root = getenv("GRIDSCOPE_ROOT");
    (void)snprintf(out, 512, "%s/tests/data/%s", root != NULL ? root : ".", name);
    return out;
}

static inline char *read_data(const char *name, size_t *len) {
    char path[512];
    return read_file(data_path(path, name), len);
}

static inline struct dec8 d8(const char *text) {
    struct dec8 d;
    assert_int_equal(dec8_parse(&d, span_of(text)), ERR_OK);
    return d;
}

static inline struct dec16 d16(const char *text) {
    struct dec16 d;
    assert_int_equal(dec16_parse(&d, span_of(text)), ERR_OK);
    return d;
}

#define assert_dec8(value, text)                                                                                       \
    do {                                                                                                               \
        char shown_[DEC_TEXT_MAX];                                                                                     \
        (void)dec8_format(shown_, (value));                                                                            \
        assert_string_equal(shown_, (text));                                                                           \
    } while (0)
#define assert_dec16(value, text)                                                                                      \
    do {                                                                                                               \
        char shown_[DEC_TEXT_MAX];                                                                                     \
        (void)dec16_format(shown_, (value));                                                                           \
        assert_string_equal(shown_, (text));                                                                           \
    } while (0)
#define assert_wall(value, text)                                                                                       \
    do {                                                                                                               \
        char shown_[WALL_TEXT_MAX];                                                                                    \
        (void)wall_format(shown_, (value));                                                                            \
        assert_string_equal(shown_, (text));                                                                           \
    } while (0)

enum { KEPT_MAX = 2048 };

#define DEFINE_TAKER(type, noun)                                                                                       \
    struct kept_##noun {                                                                                               \
        size_t count;                                                                                                  \
        struct type at[KEPT_MAX];                                                                                      \
    };                                                                                                                 \
    static inline void keep_##noun(void *arg, const struct type *row) {                                                \
        struct kept_##noun *k = arg;                                                                                   \
        assert_true(k->count < KEPT_MAX);                                                                              \
        k->at[k->count++] = *row;                                                                                      \
    }

DEFINE_TAKER(fill, fills)
DEFINE_TAKER(order, orders)
DEFINE_TAKER(symbol_info, symbols)
DEFINE_TAKER(candle, candles)
DEFINE_TAKER(ticker, tickers)
DEFINE_TAKER(balance, balances)

static inline struct json_value parsed(struct json *j, const char *text) {
    struct json_value root = {NULL};
    assert_int_equal(json_parse(j, span_of(text), 1 << 20, &root), ERR_OK);
    return root;
}

/* A copy of `text` with the first `from` replaced by `to`, to be freed; the test fails where `from` is not in it. */
static inline char *edited(const char *text, const char *from, const char *to) {
    const char *at = strstr(text, from);
    if (at == NULL) fail_msg("%s is not in the text", from);
    size_t head = (size_t)(at - text), size = strlen(text) + strlen(to) + 1;
    char *out = calloc(1, size);
    assert_non_null(out);
    memcpy(out, text, head);
    (void)snprintf(out + head, size - head, "%s%s", to, at + strlen(from));
    return out;
}

#endif
