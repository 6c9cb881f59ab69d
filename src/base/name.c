#include "base/name.h"

#include "base/check.h"

enum err name_set(struct name *out, struct span text) {
    if (text.len >= NAME_MAX) return ERR_TOO_BIG;
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.at[i] < 0x20 || text.at[i] == 0x7f) return ERR_SYNTAX;
    struct name n = {{0}};
    if (text.len > 0) memcpy(n.text, text.at, text.len);
    *out = n;
    return ERR_OK;
}

struct name name_of(const char *text) {
    struct name n = {{0}};
    enum err e = name_set(&n, span_of(text));
    CHECK(e == ERR_OK);
    return n;
}
