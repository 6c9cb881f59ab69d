#include "app/tally.h"

#include <stdlib.h>

void tally_init(struct tally *t, struct wall since) { *t = (struct tally){.since = since}; }

void tally_free(struct tally *t) {
    for (size_t i = 0; i < t->count; i++) ledger_free(t->lines[i].ledger);
    free(t->lines);
    *t = (struct tally){.since = t->since};
}

struct tally_line *tally_find(struct tally *t, const struct name *symbol) {
    if (t->last < t->count && name_eq(&t->lines[t->last].symbol, symbol)) return &t->lines[t->last];
    for (size_t i = 0; i < t->count; i++)
        if (name_eq(&t->lines[i].symbol, symbol)) {
            t->last = i;
            return &t->lines[i];
        }
    return NULL;
}

bool joined_is(const struct name *base, const struct name *quote, const struct name *exchange_symbol) {
    struct span b = name_span(base), whole = name_span(exchange_symbol);
    return span_starts(whole, b) && span_eq(span_skip(whole, b.len), name_span(quote));
}

struct tally_line *tally_find_joined(struct tally *t, const struct name *exchange_symbol) {
    for (size_t i = 0; i < t->count; i++)
        if (joined_is(&t->lines[i].base, &t->lines[i].quote, exchange_symbol)) return &t->lines[i];
    return NULL;
}

static enum err new_line(struct tally *t, struct tally_line **out, const struct name *symbol) {
    struct tally_line line = {.symbol = *symbol};
    enum err e = symbol_split(&line.base, &line.quote, name_span(symbol));
    if (e != ERR_OK) return ERR_SYNTAX;
    if (t->count == t->capacity) {
        size_t capacity = t->capacity == 0 ? 16 : 2 * t->capacity;
        struct tally_line *lines = realloc(t->lines, capacity * sizeof *lines);
        if (lines == NULL) return ERR_MEMORY;
        t->lines = lines;
        t->capacity = capacity;
    }
    line.ledger = ledger_new(symbol, &line.base, &line.quote, t->since);
    if (line.ledger == NULL) return ERR_MEMORY;
    t->lines[t->count] = line;
    *out = &t->lines[t->count++];
    return ERR_OK;
}

enum err tally_add(struct tally *t, const struct fill *f) {
    struct tally_line *line = tally_find(t, &f->symbol);
    enum ledger_added what;
    enum err e = line != NULL ? ERR_OK : new_line(t, &line, &f->symbol);
    if (e == ERR_OK) e = ledger_add(line->ledger, f, &what, NULL);
    if (e != ERR_OK) return e;
    t->fills += what == LEDGER_ADDED;
    t->duplicates += what == LEDGER_DUPLICATE;
    return ERR_OK;
}

static int by_symbol(const void *a, const void *b) {
    const struct tally_line *x = a, *y = b;
    return strcmp(x->symbol.text, y->symbol.text);
}

void tally_finish(struct tally *t) {
    for (size_t i = 0; i < t->count; i++)
        while (!ledger_recompute(t->lines[i].ledger, SIZE_MAX)) {
        }
    if (t->count > 1) qsort(t->lines, t->count, sizeof *t->lines, by_symbol);
}
