/* query.c: see query.h. */
#include "sim/query.h"

static int hex(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool query_decode(struct span *out, char **room, struct span text, bool plus) {
    char *start = *room;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if (c == '%') {
            if (i + 2 >= text.len || hex(text.at[i + 1]) < 0 || hex(text.at[i + 2]) < 0) return false;
            c = (char)(hex(text.at[i + 1]) * 16 + hex(text.at[i + 2]));
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        *(*room)++ = c;
    }
    *out = span_from(start, (size_t)(*room - start));
    return true;
}

/* The first part up to '&'; text goes on behind it. */
static struct span part(struct span *text) {
    const char *end = memchr(text->at, '&', text->len);
    size_t len = end != NULL ? (size_t)(end - text->at) : text->len;
    struct span first = {text->at, len};
    *text = span_skip(*text, end != NULL ? len + 1 : len);
    return first;
}

bool query_parse(struct api_params *out, char *room, struct span text, bool plus) {
    while (text.len > 0) {
        struct span pair = part(&text);
        if (pair.len == 0) continue;
        if (out->count == API_PARAMS_MAX) return false;
        const char *equals = memchr(pair.at, '=', pair.len);
        size_t name_len = equals != NULL ? (size_t)(equals - pair.at) : pair.len;
        struct api_param *p = &out->all[out->count++];
        struct span value = span_skip(pair, equals != NULL ? name_len + 1 : name_len);
        if (!query_decode(&p->name, &room, span_from(pair.at, name_len), plus)) return false;
        if (!query_decode(&p->value, &room, value, plus)) return false;
    }
    return true;
}

void query_unsigned(struct buf *out, struct span *signature, struct span text) {
    size_t start = out->len;
    while (text.len > 0) {
        struct span pair = part(&text);
        if (span_starts(pair, SPAN("signature="))) {
            *signature = span_skip(pair, sizeof "signature=" - 1);
            continue;
        }
        if (out->len > start) buf_putc(out, '&');
        buf_put_span(out, pair);
    }
}

bool query_ascii(struct span text) {
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.at[i] < 0x21 || (unsigned char)text.at[i] > 0x7e) return false;
    return true;
}
