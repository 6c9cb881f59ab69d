#include "view/json_out.h"

void out_next(struct buf *b) {
    if (b->len == 0) return;
    char last = b->at[b->len - 1];
    if (last != '{' && last != '[' && last != ':') buf_putc(b, ',');
}

static void quoted(struct buf *b, struct span text) {
    buf_putc(b, '"');
    buf_put_json_text(b, text);
    buf_putc(b, '"');
}

void out_key(struct buf *b, const char *key) {
    out_next(b);
    quoted(b, span_of(key));
    buf_putc(b, ':');
}

static void begin(struct buf *b, const char *key) {
    if (key != NULL) out_key(b, key);
    else out_next(b);
}

void out_object(struct buf *b, const char *key) {
    begin(b, key);
    buf_putc(b, '{');
}

void out_object_end(struct buf *b) { buf_putc(b, '}'); }

void out_array(struct buf *b, const char *key) {
    begin(b, key);
    buf_putc(b, '[');
}

void out_array_end(struct buf *b) { buf_putc(b, ']'); }

void out_null(struct buf *b, const char *key) {
    begin(b, key);
    buf_put(b, "null", 4);
}

void out_bool(struct buf *b, const char *key, bool v) {
    begin(b, key);
    buf_puts(b, v ? "true" : "false");
}

void out_count(struct buf *b, const char *key, uint64_t v) {
    begin(b, key);
    buf_put_u64(b, v);
}

void out_int(struct buf *b, const char *key, int64_t v) {
    begin(b, key);
    buf_put_i64(b, v);
}

void out_text(struct buf *b, const char *key, struct span text) {
    begin(b, key);
    quoted(b, text);
}

void out_word(struct buf *b, const char *key, const char *word) {
    if (word == NULL) out_null(b, key);
    else out_text(b, key, span_of(word));
}

void out_name(struct buf *b, const char *key, const struct name *n) {
    out_word(b, key, name_empty(n) ? NULL : n->text);
}

/* Digits, a point, a sign, or a time: nothing in it needs escaping. */
static void plain(struct buf *b, const char *key, const char *text, size_t len) {
    begin(b, key);
    buf_putc(b, '"');
    buf_put(b, text, len);
    buf_putc(b, '"');
}

void out_dec8(struct buf *b, const char *key, struct dec8 d) {
    char text[DEC_TEXT_MAX];
    size_t len = dec8_format(text, d);
    plain(b, key, text, len);
}

void out_dec16(struct buf *b, const char *key, struct dec16 d) {
    char text[DEC_TEXT_MAX];
    size_t len = dec16_format(text, d);
    plain(b, key, text, len);
}

void out_time(struct buf *b, const char *key, struct wall t) {
    char text[WALL_TEXT_MAX];
    if (t.us == 0) {
        out_null(b, key);
        return;
    }
    size_t len = wall_format(text, t);
    plain(b, key, text, len);
}

void out_take_back(struct buf *b, size_t len) {
    if (b->len <= len) return;
    b->len = len;
    b->at[len] = '\0';
}
