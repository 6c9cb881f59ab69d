#include "view/fills.h"

#include <stdio.h>

/* ---- keys and cursors ---- */

int fill_key_compare(const struct fill_key *a, const struct fill_key *b) {
    if (a->time.us != b->time.us) return a->time.us < b->time.us ? -1 : 1;
    int by_symbol = strcmp(a->symbol.text, b->symbol.text);
    if (by_symbol != 0) return by_symbol;
    if (a->trade_id != b->trade_id) return a->trade_id < b->trade_id ? -1 : 1;
    return (int)a->side - (int)b->side;
}

struct fill_key fill_key_of(const struct fill *f) {
    return (struct fill_key){f->time, f->symbol, f->trade_id, f->side};
}

void cursor_write(char out[static CURSOR_TEXT_MAX], const struct fill_key *key) {
    int at = snprintf(out, CURSOR_TEXT_MAX, "%llx-%llx-%c-", (unsigned long long)key->time.us,
                      (unsigned long long)key->trade_id, key->side == SIDE_BUY ? 'b' : 's');
    for (const char *c = key->symbol.text; *c != '\0'; c++)
        at += snprintf(out + at, CURSOR_TEXT_MAX - (size_t)at, "%02x", (unsigned char)*c);
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

/* One to sixteen digits and the dash behind them. */
static bool take_hex(struct span *s, int64_t *out) {
    uint64_t v = 0;
    size_t n = 0;
    for (; n < s->len && hex_digit(s->at[n]) >= 0; n++) {
        if (n == 16) return false;
        v = v << 4 | (uint64_t)hex_digit(s->at[n]);
    }
    if (n == 0 || n == s->len || s->at[n] != '-') return false;
    *s = span_skip(*s, n + 1);
    *out = (int64_t)v;
    return true;
}

static bool take_symbol(struct span s, struct name *out) {
    char text[NAME_MAX];
    if (s.len == 0 || s.len % 2 != 0 || s.len / 2 >= NAME_MAX) return false;
    for (size_t i = 0; i < s.len; i += 2) {
        int high = hex_digit(s.at[i]), low = hex_digit(s.at[i + 1]);
        if (high < 0 || low < 0) return false;
        text[i / 2] = (char)(high << 4 | low);
    }
    return name_set(out, span_from(text, s.len / 2)) == ERR_OK;
}

enum err cursor_read(struct fill_key *out, struct span text) {
    struct fill_key key = {0};
    if (!take_hex(&text, &key.time.us) || !take_hex(&text, &key.trade_id)) return ERR_SYNTAX;
    if (!span_starts(text, SPAN("b-")) && !span_starts(text, SPAN("s-"))) return ERR_SYNTAX;
    key.side = text.at[0] == 'b' ? SIDE_BUY : SIDE_SELL;
    if (!take_symbol(span_skip(text, 2), &key.symbol)) return ERR_SYNTAX;
    *out = key;
    return ERR_OK;
}

/* ---- the filter ---- */

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

static bool starts_anycase(const char *text, const char *part) {
    while (*part != '\0' && lower(*text) == lower(*part)) text++, part++;
    return *part == '\0';
}

static bool holds(const char *text, const char *part) {
    for (; *text != '\0'; text++)
        if (starts_anycase(text, part)) return true;
    return *part == '\0';
}

static bool same_anycase(const char *a, const char *b) { return strlen(a) == strlen(b) && starts_anycase(a, b); }

bool filter_takes_pair(const struct fill_filter *f, const struct pair *p) {
    return name_empty(&f->symbol) || same_anycase(p->symbol.text, f->symbol.text) ||
           same_anycase(p->exchange_symbol.text, f->symbol.text);
}

static bool id_holds(int64_t id, const char *part) {
    char text[24];
    (void)snprintf(text, sizeof text, "%lld", (long long)id);
    return holds(text, part);
}

bool filter_takes_fill(const struct fill_filter *f, const struct fill *fill) {
    if (f->has_side && f->side != fill->side) return false;
    if (f->text[0] == '\0') return true;
    return holds(fill->symbol.text, f->text) || id_holds(fill->trade_id, f->text) ||
           (fill->order_id >= 0 && id_holds(fill->order_id, f->text)) || holds(fill->fee_asset.text, f->text) ||
           holds(side_name(fill->side), f->text) || holds(fill_source_name(fill->source), f->text);
}

/* ---- the merge ---- */

static bool newer(const struct fill_head *a, const struct fill_head *b) {
    return fill_key_compare(&a->key, &b->key) > 0;
}

static void sift_down(struct fill_walk *w, size_t at) {
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= w->count) return;
        if (child + 1 < w->count && newer(&w->heads[child + 1], &w->heads[child])) child++;
        if (!newer(&w->heads[child], &w->heads[at])) return;
        struct fill_head swap = w->heads[at];
        w->heads[at] = w->heads[child];
        w->heads[child] = swap;
        at = child;
    }
}

/* Reads the key at left - 1; false where the ledger is worked off. */
static bool load_head(const struct fill_walk *w, struct fill_head *h) {
    struct fill fill;
    if (h->left == 0) return false;
    ledger_get(w->e->pairs[h->pair]->ledger, h->left - 1, &fill, NULL);
    h->key = fill_key_of(&fill);
    return h->key.time.us >= w->from.us;
}

/* The position of the first fill that stands at or behind the key: only fills of the same time need a look. */
static size_t position_at(const struct ledger *l, const struct fill_key *key, bool *is_it) {
    struct fill fill;
    size_t at = ledger_position(l, key->time), count = ledger_count(l);
    *is_it = false;
    for (; at < count; at++) {
        ledger_get(l, at, &fill, NULL);
        struct fill_key here = fill_key_of(&fill);
        int order = fill_key_compare(&here, key);
        *is_it = order == 0;
        if (order >= 0) break;
    }
    return at;
}

size_t fill_position_after(const struct ledger *l, const struct fill_key *key) {
    bool is_it;
    size_t at = position_at(l, key, &is_it);
    return at + is_it;
}

void fill_walk_begin(struct fill_walk *w, const struct engine *e, const struct fill_filter *f,
                     const struct fill_key *below) {
    w->e = e;
    w->from = f->from;
    w->count = 0;
    for (size_t i = 0; i < e->pair_count; i++) {
        const struct ledger *l = e->pairs[i]->ledger;
        if (!filter_takes_pair(f, e->pairs[i])) continue;
        struct fill_head h = {.pair = i, .left = f->to.us != 0 ? ledger_position(l, f->to) : ledger_count(l)};
        bool is_it;
        size_t before = below != NULL ? position_at(l, below, &is_it) : h.left;
        if (before < h.left) h.left = before;
        if (load_head(w, &h)) w->heads[w->count++] = h;
    }
    for (size_t i = w->count / 2; i-- > 0;) sift_down(w, i);
}

bool fill_walk_next(struct fill_walk *w, struct fill *out, struct fill_result *result, size_t *pair) {
    if (w->count == 0) return false;
    struct fill_head *top = &w->heads[0];
    *pair = top->pair;
    ledger_get(w->e->pairs[top->pair]->ledger, --top->left, out, result);
    if (!load_head(w, top)) w->heads[0] = w->heads[--w->count];
    sift_down(w, 0);
    return true;
}
