#include "domain/market.h"

enum err symbol_join(struct name *out, const struct name *base, const struct name *quote) {
    char text[2 * NAME_MAX];
    struct span b = name_span(base), q = name_span(quote);
    memcpy(text, b.at, b.len);
    text[b.len] = '/';
    memcpy(text + b.len + 1, q.at, q.len);
    return name_set(out, span_from(text, b.len + 1 + q.len));
}

enum err symbol_split(struct name *base, struct name *quote, struct span symbol) {
    const char *slash = symbol.len > 0 ? memchr(symbol.at, '/', symbol.len) : NULL;
    if (slash == NULL) return ERR_SYNTAX;
    struct span head = span_from(symbol.at, (size_t)(slash - symbol.at));
    struct span tail = span_skip(symbol, head.len + 1);
    if (head.len == 0 || tail.len == 0 || memchr(tail.at, '/', tail.len) != NULL) return ERR_SYNTAX;
    struct name b, q;
    enum err e = name_set(&b, head);
    if (e == ERR_OK) e = name_set(&q, tail);
    if (e != ERR_OK) return e;
    *base = b;
    *quote = q;
    return ERR_OK;
}
