/* symbols.c: every market that exists at the exchange, for finding conversion legs and splitting names without guessing. */
#include "engine/private.h"

#include <stdlib.h>

enum { SYMBOLS_MAX = 20000 }; /* Binance lists about 3,500; a wrong answer must not take all memory */

static int compare(const void *a, const void *b) {
    const struct symbol_info *x = a, *y = b;
    return memcmp(x->exchange_symbol.text, y->exchange_symbol.text, NAME_MAX);
}

const struct symbol_info *symbols_find(const struct symbol_table *t, const struct name *exchange_symbol) {
    struct symbol_info key = {.exchange_symbol = *exchange_symbol};
    return t->count == 0 ? NULL : bsearch(&key, t->rows, t->count, sizeof *t->rows, compare);
}

const struct symbol_info *symbols_find_pair(const struct symbol_table *t, const struct name *base,
                                            const struct name *quote) {
    char text[2 * NAME_MAX];
    size_t b = strlen(base->text), q = strlen(quote->text);
    struct name joined;
    memcpy(text, base->text, b);
    memcpy(text + b, quote->text, q);
    if (name_set(&joined, span_from(text, b + q)) != ERR_OK) return NULL;
    const struct symbol_info *s = symbols_find(t, &joined);
    return s != NULL && name_eq(&s->base, base) && name_eq(&s->quote, quote) ? s : NULL;
}

void symbols_append(struct symbol_table *t, const struct symbol_info *s) {
    if (t->count == SYMBOLS_MAX) return;
    if (t->count == t->capacity) {
        size_t capacity = t->capacity == 0 ? 64 : t->capacity * 2;
        struct symbol_info *grown = realloc(t->rows, capacity * sizeof *grown);
        if (grown == NULL) {
            t->incomplete = true;
            return;
        }
        t->rows = grown;
        t->capacity = capacity;
    }
    t->rows[t->count++] = *s;
}

void symbols_put(struct symbol_table *t, const struct symbol_info *s) {
    size_t i = 0;
    while (i < t->count && !name_eq(&t->rows[i].exchange_symbol, &s->exchange_symbol)) i++;
    if (i < t->count) t->rows[i] = *s;
    else symbols_append(t, s);
    symbols_sort(t);
}

void symbols_sort(struct symbol_table *t) {
    if (t->count > 0) qsort(t->rows, t->count, sizeof *t->rows, compare);
}

void symbols_free(struct symbol_table *t) {
    free(t->rows);
    *t = (struct symbol_table){0};
}
