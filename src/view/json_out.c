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

/* Printable ASCII without quotes and backslashes: may stand in a JSON string as it is. */
static bool is_plain(const char *text, size_t len) {
    unsigned odd = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        odd |= (c < 0x20) | (c > 0x7e) | (c == '"') | (c == '\\');
    }
    return odd == 0;
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

/* A whole member, or element where key is NULL, in one piece: room is asked for once, since deltas are made of
 * thousands of these a second. quotes: around the value. The value needs no escaping. */
static void member(struct buf *b, const char *key, const char *value, size_t len, bool quotes) {
    size_t key_len = key != NULL ? strlen(key) : 0;
    if (key != NULL && !is_plain(key, key_len)) {
        out_key(b, key);
        key = NULL;
        key_len = 0;
    }
    size_t before = b->len;
    if (!buf_reserve(b, key_len + len + 6)) return; /* comma, two pairs of quotes, colon */
    char *w = b->at + before, last = before > 0 ? w[-1] : '{';
    if (last != '{' && last != '[' && last != ':') *w++ = ',';
    if (key != NULL) {
        *w++ = '"';
        memcpy(w, key, key_len);
        w += key_len;
        *w++ = '"';
        *w++ = ':';
    }
    if (quotes) *w++ = '"';
    memcpy(w, value, len);
    w += len;
    if (quotes) *w++ = '"';
    *w = '\0';
    b->len = (size_t)(w - b->at);
}

void out_object(struct buf *b, const char *key) { member(b, key, "{", 1, false); }

void out_object_end(struct buf *b) { buf_putc(b, '}'); }

void out_array(struct buf *b, const char *key) { member(b, key, "[", 1, false); }

void out_array_end(struct buf *b) { buf_putc(b, ']'); }

void out_null(struct buf *b, const char *key) { member(b, key, "null", 4, false); }

void out_bool(struct buf *b, const char *key, bool v) { member(b, key, v ? "true" : "false", v ? 4 : 5, false); }

void out_count(struct buf *b, const char *key, uint64_t v) {
    begin(b, key);
    buf_put_u64(b, v);
}

void out_int(struct buf *b, const char *key, int64_t v) {
    begin(b, key);
    buf_put_i64(b, v);
}

void out_text(struct buf *b, const char *key, struct span text) {
    if (text.len > 0 && is_plain(text.at, text.len)) {
        member(b, key, text.at, text.len, true);
        return;
    }
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

void out_dec8(struct buf *b, const char *key, struct dec8 d) {
    char text[DEC_TEXT_MAX];
    size_t len = dec8_format(text, d);
    member(b, key, text, len, true);
}

void out_dec16(struct buf *b, const char *key, struct dec16 d) {
    char text[DEC_TEXT_MAX];
    size_t len = dec16_format(text, d);
    member(b, key, text, len, true);
}

void out_time(struct buf *b, const char *key, struct wall t) {
    char text[WALL_TEXT_MAX];
    if (t.us == 0) {
        out_null(b, key);
        return;
    }
    size_t len = wall_format(text, t);
    member(b, key, text, len, true);
}

void out_take_back(struct buf *b, size_t len) {
    if (b->len <= len) return;
    b->len = len;
    b->at[len] = '\0';
}
