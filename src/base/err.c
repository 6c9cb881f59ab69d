#include "base/err.h"

const char *err_name(enum err e) {
#define ERR_NAME(name, text) #name,
    static const char *const names[] = {ERR_MAP(ERR_NAME)};
#undef ERR_NAME
    return (unsigned)e < ERR_COUNT ? names[e] : "?";
}

const char *err_text(enum err e) {
#define ERR_TEXT(name, text) text,
    static const char *const texts[] = {ERR_MAP(ERR_TEXT)};
#undef ERR_TEXT
    return (unsigned)e < ERR_COUNT ? texts[e] : "?";
}
