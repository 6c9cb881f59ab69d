#include "base/buf.h"

#include "base/check.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIRST_CAPACITY = 256 };

void buf_init(struct buf *b, size_t max) { *b = (struct buf){.max = max}; }

void buf_free(struct buf *b) {
    free(b->at);
    buf_init(b, b->max);
}

static bool fail(struct buf *b, enum err e) {
    if (b->failed == ERR_OK) b->failed = e;
    return false;
}

bool buf_reserve(struct buf *b, size_t more) {
    if (b->failed != ERR_OK) return false;
    if (more > b->max - b->len) return fail(b, ERR_TOO_BIG);
    size_t need = b->len + more + 1; /* the NUL */
    if (need <= b->cap) return true;
    size_t cap = b->cap < FIRST_CAPACITY ? FIRST_CAPACITY : b->cap;
    while (cap < need) cap *= 2;
    if (cap > b->max + 1) cap = b->max + 1;
    char *grown = realloc(b->at, cap);
    if (grown == NULL) return fail(b, ERR_MEMORY);
    b->at = grown;
    b->cap = cap;
    return true;
}

void buf_put(struct buf *b, const void *bytes, size_t len) {
    if (len == 0 || !buf_reserve(b, len)) return;
    memcpy(b->at + b->len, bytes, len);
    b->len += len;
    b->at[b->len] = '\0';
}

void buf_putc(struct buf *b, char c) { buf_put(b, &c, 1); }

void buf_puts(struct buf *b, const char *text) { buf_put(b, text, strlen(text)); }

void buf_put_span(struct buf *b, struct span s) { buf_put(b, s.at, s.len); }

void buf_vputf(struct buf *b, const char *format, va_list args) {
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    CHECK(n >= 0);
    if (buf_reserve(b, (size_t)n)) {
        (void)vsnprintf(b->at + b->len, (size_t)n + 1, format, again);
        b->len += (size_t)n;
    }
    va_end(again);
}

void buf_putf(struct buf *b, const char *format, ...) {
    va_list args;
    va_start(args, format);
    buf_vputf(b, format, args);
    va_end(args);
}

void buf_put_u64(struct buf *b, unsigned long long v) {
    char text[24];
    size_t at = sizeof text;
    do {
        text[--at] = (char)('0' + (int)(v % 10));
        v /= 10;
    } while (v != 0);
    buf_put(b, text + at, sizeof text - at);
}

void buf_put_i64(struct buf *b, long long v) {
    if (v < 0) buf_putc(b, '-');
    buf_put_u64(b, v < 0 ? 0ULL - (unsigned long long)v : (unsigned long long)v);
}

/* Length of the valid UTF-8 sequence at the start of s, 0 where there is none. */
static size_t utf8_length(struct span s) {
    unsigned char c = (unsigned char)s.at[0];
    size_t n = c < 0x80 ? 1 : c >= 0xc2 && c < 0xe0 ? 2 : c >= 0xe0 && c < 0xf0 ? 3 : c >= 0xf0 && c < 0xf5 ? 4 : 0;
    if (n == 0 || n > s.len) return 0;
    for (size_t i = 1; i < n; i++)
        if (((unsigned char)s.at[i] & 0xc0) != 0x80) return 0;
    unsigned char second = n > 1 ? (unsigned char)s.at[1] : 0;
    if ((c == 0xe0 && second < 0xa0) || (c == 0xed && second > 0x9f) || (c == 0xf0 && second < 0x90) ||
        (c == 0xf4 && second > 0x8f))
        return 0;
    return n;
}

static void put_escape(struct buf *b, unsigned char c) {
    switch (c) {
    case '"': buf_puts(b, "\\\""); break;
    case '\\': buf_puts(b, "\\\\"); break;
    case '\n': buf_puts(b, "\\n"); break;
    case '\r': buf_puts(b, "\\r"); break;
    case '\t': buf_puts(b, "\\t"); break;
    default: buf_putf(b, "\\u%04x", c);
    }
}

void buf_put_json_text(struct buf *b, struct span text) {
    while (text.len > 0) {
        unsigned char c = (unsigned char)text.at[0];
        size_t n = utf8_length(text);
        if (n == 0) buf_puts(b, "\xef\xbf\xbd");
        else if (c < 0x20 || c == '"' || c == '\\' || c == 0x7f) put_escape(b, c);
        else buf_put(b, text.at, n);
        text = span_skip(text, n == 0 ? 1 : n);
    }
}

void buf_consume(struct buf *b, size_t n) {
    CHECK(n <= b->len);
    if (n == 0) return;
    memmove(b->at, b->at + n, b->len - n);
    b->len -= n;
    b->at[b->len] = '\0';
}
